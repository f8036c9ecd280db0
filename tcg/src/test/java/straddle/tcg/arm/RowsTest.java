package straddle.tcg.arm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RowsTest {
    /// Of two rows that fit the same word, the one that fixes more bits counts; so none may fix as many unless both are the same instruction.
    @Test
    void noTwoInstructionsFitAWordEquallyWell() {
        List<String> overlaps = new ArrayList<>();
        List<Row> rows = Rows.all();
        for (int i = 0; i < rows.size(); i++) {
            for (int j = i + 1; j < rows.size(); j++) {
                Row a = rows.get(i);
                Row b = rows.get(j);
                int word = aWord(a) | aWord(b);
                boolean overlap = a.matches(word) && b.matches(word);
                if (a.set() == b.set()
                        && a.op() != b.op()
                        && a.fixedBits() == b.fixedBits()
                        && a.mask() != b.mask()
                        && overlap) {
                    overlaps.add(a.text() + " and " + b.text());
                }
            }
        }
        assertEquals(List.of(), overlaps);
    }

    /// The row's fixed bits, and elements of a size that it has.
    private static int aWord(Row row) {
        return IntStream.range(0, 1 << 7)
                .map(i -> row.bits() | ((i & 0x3f) << 16 | i << 1 & 0x80) & ~row.mask())
                .filter(word -> row.sizes().isEmpty() || row.matches(word))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void everyInstructionHasAnEncoding() {
        Set<Op> encoded = Rows.all().stream().map(Row::op).collect(Collectors.toSet());
        assertEquals(EnumSet.allOf(Op.class), EnumSet.copyOf(encoded));
    }

    @Test
    void theDecoderFindsEachRowByItsOwnBits() {
        List<String> wrong = new ArrayList<>();
        Insn insn = new Insn();
        for (Row row : Rows.all()) {
            int word = aWord(row);
            switch (row.set()) {
                case A32 -> insn.decodeA32(word);
                case T16 -> insn.decodeT16(word);
                default -> insn.decodeT32(word);
            }
            boolean moreSpecific = insn.row != null && insn.row.fixedBits() > row.fixedBits();
            if (insn.row == null || insn.op != row.op() && !moreSpecific) {
                wrong.add(row.text());
            }
        }
        assertEquals(List.of(), wrong);
    }
}
