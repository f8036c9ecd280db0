package straddle.launcher.measure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import straddle.machines.embedded.Phase;

class ModeResultTest {
    private static final Phase SIEVE =
            new Phase(1, 3, Phase.Kind.INTEGER, 1500, 1_000_000, 7, "sieve");
    private static final Phase CRC =
            new Phase(2, 3, Phase.Kind.INTEGER, 1500, 1_000_000, 7, "crc32");

    @Test
    void theMedianOfThreeIsTheMiddleOne() {
        assertEquals(20, result(ModeResult.Choice.MEDIAN, 10, 50, 20).nanos(SIEVE));
    }

    @Test
    void theMedianOfTwoLiesBetweenThem() {
        assertEquals(15, result(ModeResult.Choice.MEDIAN, 20, 10).nanos(SIEVE));
    }

    @Test
    void theFastestIsTheSmallest() {
        assertEquals(10, result(ModeResult.Choice.FASTEST, 50, 10, 20).nanos(SIEVE));
    }

    @Test
    void theSpreadIsAPartOfTheTime() {
        assertEquals(2, result(ModeResult.Choice.MEDIAN, 10, 50, 20).spread(SIEVE));
        assertEquals(0, result(ModeResult.Choice.MEDIAN, 10).spread(SIEVE));
    }

    @Test
    void whatDidNotRunIsNotThere() {
        assertFalse(result(ModeResult.Choice.MEDIAN, 10).ran(CRC));
    }

    private static ModeResult result(ModeResult.Choice choice, long... nanos) {
        ModeResult result = new ModeResult("tcg", choice);
        for (long each : nanos) {
            result.add(new ModeRun(List.of(new PhaseTime(SIEVE, 2, 2 * each, true)), Map.of()));
        }
        return result;
    }
}
