package straddle.tcg;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.LongUnaryOperator;

/// Runs random loops, which become machine code as a whole.
///
/// `-Dstraddle.test.loops=N` runs so many, from `-Dstraddle.test.seed` on.
public final class RandomLoops {
    public static final long SEED = Long.getLong("straddle.test.seed", 1);

    private static final int LOOPS = Integer.getInteger("straddle.test.loops", 40);

    private RandomLoops() {}

    /// Fails if too few became machine code.
    ///
    /// @param compare compares the loop of a seed with what the interpreter makes of it, and answers how many were compiled
    public static void run(LongUnaryOperator compare) {
        long loops = 0;
        for (int i = 0; i < LOOPS; i++) {
            loops += compare.applyAsLong(SEED + i);
        }
        assertTrue(
                loops >= LOOPS / 3,
                "Only " + loops + " of " + LOOPS + " loops were compiled as such");
    }
}
