package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static straddle.core.arch.x86.X86.*;
import static straddle.tcg.x86.Snippet.COMPLETED;
import static straddle.tcg.x86.Snippet.DATA;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The bytecode of vector micro-ops does what the interpreter does.
class VectorCodeTest {
    /// Enough rounds for the loop to become a region.
    private static final int ROUNDS = 5_100;

    private static final int DATA_BYTES = 512;

    /// In between, its flags go to AX.
    private static final String LOOP = "0f90c0 9f ffce 0f85";

    private static final String DIVSD_THEN_COUNT = "f20f5ec1 ffc2 ffce 75f6";

    private static Snippet prepared() {
        Snippet snippet = new Snippet();
        Random random = new Random(11);
        for (int i = 0; i < 16; i++) {
            snippet.setXmm(i, random.nextLong(), Double.doubleToRawLongBits(random.nextDouble()));
        }
        for (int i = 0; i < DATA_BYTES; i += 8) {
            snippet.putLong(DATA + i, random.nextLong());
        }
        snippet.putLong(DATA, 0x1f80);
        snippet.putLong(DATA + 24, 0x1f80);
        snippet.state.gpr[RSI] = ROUNDS;
        return snippet;
    }

    private static String looped(String code) {
        int back = -(code.length() / 2 + 12);
        return code + LOOP + "%08x".formatted(Integer.reverseBytes(back));
    }

    @ParameterizedTest
    @MethodSource("straddle.tcg.x86.VectorsTest#everyEncoding")
    void everyInstructionDoesTheSameInARegion(String code) {
        try (Snippet interpreted = prepared();
                Snippet compiled = prepared()) {
            compiled.compile();
            assertEquals(COMPLETED, interpreted.run(looped(code)));
            assertEquals(COMPLETED, compiled.run(looped(code)));
            byte[] expected = new byte[DATA_BYTES];
            byte[] actual = new byte[DATA_BYTES];
            interpreted.bytes(DATA, DATA_BYTES).get(expected);
            compiled.bytes(DATA, DATA_BYTES).get(actual);
            assertAll(
                    () -> assertNotEquals(0, compiled.regions()),
                    () -> assertArrayEquals(interpreted.state.gpr, compiled.state.gpr),
                    () -> assertArrayEquals(interpreted.state.xsave, compiled.state.xsave),
                    () -> assertArrayEquals(expected, actual));
        }
    }

    @Test
    void anExceptionInARegionFindsTheRegistersAsTheyWere() {
        try (Snippet snippet = new Snippet()) {
            snippet.compile();
            snippet.setMxcsr(0x1f80 & ~0x800);
            snippet.state.gpr[RSI] = 2 * ROUNDS;
            snippet.state.gpr[RDX] = 0;
            // Underflows, unmasked, after more than ROUNDS halvings.
            snippet.setXmm(0, Double.doubleToRawLongBits(0x1p1000), 0);
            snippet.setXmm(1, Double.doubleToRawLongBits(0x1.5p0), 0);
            assertEquals(XM, snippet.run(DIVSD_THEN_COUNT));
            assertNotEquals(0, snippet.regions());
            assertEquals(2L * ROUNDS - snippet.state.gpr[RDX], snippet.state.gpr[RSI]);
        }
    }
}
