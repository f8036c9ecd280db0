package straddle.launcher.measure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import straddle.machines.embedded.Phase;

class PaceTest {
    private static final Phase SIEVE =
            new Phase(1, 3, Phase.Kind.INTEGER, 1500, 1_830_000, 0, "sieve");
    private static final Phase CRC =
            new Phase(2, 3, Phase.Kind.INTEGER, 2000, 1_180_000, 0, "crc32");
    private static final Phase SYSCALL =
            new Phase(10, 0, Phase.Kind.SYSTEM, 5_000_000, 42, 0, "syscall");
    private static final Phase TIMER = new Phase(13, 0, Phase.Kind.SYSTEM, 50, 0, 0, "timer");

    @Test
    void whatAPhaseTookDecidesHowOftenItRunsNext() {
        Pace pace = new Pace();
        pace.learn(SIEVE, 10, 20_000_000);

        assertEquals(250, pace.operations(SIEVE, 500e6));
    }

    @Test
    void onePhaseTellsOfTheNext() {
        Pace pace = new Pace();
        pace.learn(SIEVE, 1, 1_830_000);

        assertEquals(423, pace.operations(CRC, 500e6));
    }

    @Test
    void aPhaseNeverDoesMoreThanItsDefaultAndNeverNothing() {
        Pace pace = new Pace();
        pace.learn(SIEVE, 1, 1);
        pace.learn(CRC, 1, 1_000_000_000_000L);

        assertEquals(1500, pace.operations(SIEVE, 500e6));
        assertEquals(1, pace.operations(CRC, 500e6));
    }

    @Test
    void systemPhasesStartCautiously() {
        Pace pace = new Pace();

        assertTrue(pace.operations(SYSCALL, 500e6) < 10_000);
        assertEquals(9, pace.operations(TIMER, 500e6));
    }
}
