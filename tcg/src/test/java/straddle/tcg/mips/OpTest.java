package straddle.tcg.mips;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class OpTest {
    private static final long SEED = 6;

    @Test
    void noTwoRowsHaveAWordInCommon() {
        List<String> overlaps = new ArrayList<>();
        for (Op a : Op.values()) {
            for (Op b : Op.values()) {
                int both = a.mask() & b.mask();
                if (a.compareTo(b) < 0 && (a.bits() & both) == (b.bits() & both)) {
                    overlaps.add(a + " and " + b);
                }
            }
        }
        assertEquals(List.of(), overlaps);
    }

    @Test
    void rowsStandInTheManualsOrder() {
        List<String> names = Arrays.stream(Op.values()).map(OpTest::instruction).toList();
        assertEquals(names.stream().sorted().toList(), names);
    }

    private static String instruction(Op op) {
        return op.name().replaceAll("_.*", "");
    }

    @ParameterizedTest
    @EnumSource(Op.class)
    void theDecoderFindsARowWhateverItsOperands(Op op) {
        SplittableRandom random = new SplittableRandom(SEED);
        for (int i = 0; i < 100; i++) {
            assertSame(op, Decoder.decode(op.bits() | random.nextInt() & ~op.mask()));
        }
    }
}
