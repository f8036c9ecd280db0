package straddle.tcg.a64;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class DecodeTableTest {
    private static final int SAMPLES = 200;

    /// A word that a pattern matches, its fields at random; null if none was found in a few tries.
    static Integer sample(Pattern pattern, SplittableRandom random) {
        for (int i = 0; i < 200; i++) {
            int word = random.nextInt() & ~pattern.mask() | pattern.bits();
            if (pattern.matches(word)) {
                return word;
            }
        }
        return null;
    }

    @Test
    void noInstructionBelongsToTwoRows() {
        SplittableRandom random = new SplittableRandom(1);
        List<String> shared = new ArrayList<>();
        for (Row row : DecodeTable.rows()) {
            for (Pattern pattern : row.patterns()) {
                for (int i = 0; i < SAMPLES; i++) {
                    int word = sample(pattern, random);
                    if (DecodeTable.findAll(word).size() != 1) {
                        shared.add(DecodeTable.findAll(word) + " " + Integer.toHexString(word));
                    }
                }
            }
        }
        assertEquals(List.of(), shared);
    }

    @Test
    void everyBitOfAnEncodingIsFixedOrAField() {
        for (Row row : DecodeTable.rows()) {
            for (Pattern pattern : row.patterns()) {
                int fields = 0;
                for (Pattern.Field field : pattern.fields()) {
                    int mask = (1 << field.width()) - 1 << field.low();
                    assertEquals(0, fields & mask, row.name());
                    fields |= mask;
                }
                assertEquals(~pattern.mask(), fields, row.name());
            }
        }
    }

    @Test
    void knownInstructionsAreFound() {
        assertSame(DataImmediate.ADD, DecodeTable.find(0x9100_43ff)); // add sp, sp, #16
        assertSame(LoadStore.STP_PRE, DecodeTable.find(0xa9bf_7bfd)); // stp x29, x30, [sp, -16]!
        assertSame(Control.RET, DecodeTable.find(0xd65f_03c0));
        assertSame(Simd.FMLA, DecodeTable.find(0x4e62_cc20)); // fmla v0.2d, v1.2d, v2.2d
        assertSame(ScalarFloat.FMADD, DecodeTable.find(0x1f42_0c20)); // fmadd d0, d1, d2, d3
        assertTrue(DecodeTable.findAll(0).isEmpty());
    }
}
