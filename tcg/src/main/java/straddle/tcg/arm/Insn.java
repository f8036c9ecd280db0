package straddle.tcg.arm;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// A decoded instruction: its row and fields.
final class Insn {
    private static final Row[] NONE = {};
    private static final int FIELDS = Field.values().length;

    /// Rows by the bits that tell them apart best, found when first asked for: several vCPUs may find the same.
    private static final Row[][] A32 = new Row[4096][];

    private static final Row[][] T16 = new Row[1024][];
    private static final Row[][] T32 = new Row[8192][];
    private static final Map<Row.Set, List<Row>> BY_SET = new EnumMap<>(Row.Set.class);

    static {
        for (Row.Set set : Row.Set.values()) {
            BY_SET.put(
                    set,
                    Rows.all().stream()
                            .filter(row -> row.set() == set)
                            .sorted(Comparator.comparingInt(Row::fixedBits).reversed())
                            .toList());
        }
    }

    Row row;
    Op op;

    /// Of the elements of a vector, as for [Row#size].
    int size;

    /// In bytes: 2 or 4.
    int length;

    private final int[] fields = new int[FIELDS];

    int get(Field field) {
        return fields[field.ordinal()];
    }

    void set(Field field, int value) {
        fields[field.ordinal()] = value;
    }

    /// Decodes a word of A32; the row is null if there is none.
    void decodeA32(int word) {
        int key = word >>> 16 & 0xff0 | word >>> 4 & 0xf;
        Row[] rows = A32[key];
        if (rows == null) {
            rows = find(Row.Set.A32, 0x0ff0_00f0, word);
            A32[key] = rows;
        }
        take(rows, word, 4);
    }

    void decodeT16(int halfword) {
        Row[] rows = T16[halfword >>> 6];
        if (rows == null) {
            rows = find(Row.Set.T16, 0xffc0, halfword);
            T16[halfword >>> 6] = rows;
        }
        take(rows, halfword, 2);
    }

    /// @param word the first halfword in the upper half
    void decodeT32(int word) {
        int first = word >>> 24;
        if ((first & 0xef) == 0xef) {
            decodeA32(0xf200_0000 | (first & 0x10) << 20 | word & 0xff_ffff); // vectors
            return;
        }
        if (first == 0xf9 && (word & 1 << 20) == 0) {
            decodeA32(0xf400_0000 | word & 0xff_ffff); // structures of vectors
            return;
        }
        if (word >>> 26 == 0x3b) {
            decodeA32(word); // coprocessors
            return;
        }
        int key = word >>> 16 & 0x1ff0 | word >>> 4 & 0xf;
        Row[] rows = T32[key];
        if (rows == null) {
            rows = find(Row.Set.T32, 0x1ff0_00f0, word);
            T32[key] = rows;
        }
        take(rows, word, 4);
    }

    private static Row[] find(Row.Set set, int keyMask, int word) {
        List<Row> found = new ArrayList<>();
        for (Row row : BY_SET.get(set)) {
            int both = row.mask() & keyMask;
            if ((row.bits() & both) == (word & both)) {
                found.add(row);
            }
        }
        return found.toArray(NONE);
    }

    private void take(Row[] rows, int word, int bytes) {
        length = bytes;
        for (Row each : rows) {
            if (each.matches(word)) {
                row = each;
                op = each.op();
                size = each.size(word);
                java.util.Arrays.fill(fields, 0);
                for (Row.Part part : each.parts()) {
                    if (part.field() == null) {
                        continue;
                    }
                    int bits = word >>> part.low() & (int) ((1L << part.width()) - 1);
                    fields[part.field().ordinal()] |= bits << part.to();
                }
                each.implied().forEach((field, value) -> fields[field.ordinal()] = value);
                return;
            }
        }
        row = null;
        op = null;
    }

    static boolean isWide(int halfword) {
        return halfword >>> 11 >= 0x1d;
    }
}
