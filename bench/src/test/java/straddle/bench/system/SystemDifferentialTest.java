package straddle.bench.system;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.EnumSet;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import straddle.bench.Tier;
import straddle.core.accel.AcceleratorException;

/// A slice of [SystemDifferential], whose long run is a command.
class SystemDifferentialTest {
    private static final long SEED = 20261122;
    private static final int CASES = 700;
    private static final long SLICE_NANOS = 10_000_000_000L;

    @AfterEach
    void anyTier() {
        System.clearProperty("straddle.tcg.interpret");
        System.clearProperty("straddle.tcg.machine");
    }

    @Test
    @Tag("kvm")
    void systemInstructionsDoWhatTheyDoUnderKvm() throws AcceleratorException {
        SystemDifferential test;
        try {
            test = new SystemDifferential("kvm", "tcg", SEED, 0);
        } catch (AcceleratorException e) {
            assumeTrue(false, e.getMessage());
            throw new IllegalStateException(e);
        }
        try (test) {
            test.run(CASES, System.nanoTime() + SLICE_NANOS, 5);
            assertEquals(List.of(), test.report(), "seed " + SEED);
            assertTrue(test.compared() > 0, "nothing could be compared");
        }
    }

    @ParameterizedTest
    @EnumSource(Tier.class)
    void anEngineAgreesWithItself(Tier tier) throws AcceleratorException {
        tier.choose();
        try (SystemDifferential test = new SystemDifferential("tcg", "tcg", SEED, 0)) {
            test.run(CASES, System.nanoTime() + SLICE_NANOS, 5);
            assertEquals(List.of(), test.report(), "seed " + SEED);
        }
    }

    @Test
    void aSeedAndANumberGiveTheSameCaseAgain() {
        SystemCase one = new SystemCase(SEED, 77);
        SystemCase two = new SystemCase(SEED, 77);
        assertArrayEquals(one.memory, two.memory);
        assertEquals(one.toString(), two.toString());
    }

    @Test
    void everyRowComesInEveryMode() {
        int rows = SystemRow.values().length;
        for (SystemRow row : SystemRow.values()) {
            EnumSet<SystemCase.Mode> modes = EnumSet.noneOf(SystemCase.Mode.class);
            LongStream.range(0, SystemCase.Mode.values().length)
                    .mapToObj(i -> new SystemCase(SEED, i * rows + row.ordinal()))
                    .peek(each -> assertEquals(row, each.row))
                    .forEach(each -> modes.add(each.mode));
            assertEquals(EnumSet.allOf(SystemCase.Mode.class), modes);
        }
    }
}
