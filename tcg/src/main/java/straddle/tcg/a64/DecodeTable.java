package straddle.tcg.a64;

import java.util.ArrayList;
import java.util.List;

/// Finds an instruction word's row, by its bits 31 to 21 and then one by one.
public final class DecodeTable {
    private static final int SHIFT = 21;

    private static final Entry[] NONE = {};

    private record Entry(Pattern pattern, Row row) {}

    private static final Entry[][] TABLE = build();

    private DecodeTable() {}

    /// Every row, chapter after chapter.
    public static List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        rows.addAll(List.of(DataImmediate.values()));
        rows.addAll(List.of(Control.values()));
        rows.addAll(List.of(LoadStore.values()));
        rows.addAll(List.of(DataRegister.values()));
        rows.addAll(List.of(ScalarFloat.values()));
        rows.addAll(List.of(Simd.values()));
        return rows;
    }

    private static Entry[][] build() {
        List<List<Entry>> lists = new ArrayList<>();
        for (int i = 0; i < 1 << 32 - SHIFT; i++) {
            lists.add(null);
        }
        for (Row row : rows()) {
            for (Pattern pattern : row.patterns()) {
                add(lists, new Entry(pattern, row));
            }
        }
        Entry[][] table = new Entry[lists.size()][];
        for (int i = 0; i < table.length; i++) {
            table[i] = lists.get(i) == null ? NONE : lists.get(i).toArray(Entry[]::new);
        }
        return table;
    }

    /// Adds an entry to each list whose number has the pattern's fixed bits.
    private static void add(List<List<Entry>> lists, Entry entry) {
        int fixed = entry.pattern.bits() >>> SHIFT;
        int free = ~entry.pattern.mask() >>> SHIFT;
        int some = 0;
        do {
            int number = fixed | some;
            if (lists.get(number) == null) {
                lists.set(number, new ArrayList<>());
            }
            lists.get(number).add(entry);
            some = some - free & free;
        } while (some != 0);
    }

    /// The row of an instruction, or null if it is unallocated.
    public static Row find(int word) {
        for (Entry entry : TABLE[word >>> SHIFT]) {
            if (entry.pattern.matches(word)) {
                return entry.row;
            }
        }
        return null;
    }

    /// Whether an instruction is one that this processor has, fields that a row's encodings don't tell of included.
    public static boolean isAllocated(int word) {
        return new Translator(null).allocates(word);
    }

    /// The encoding of an instruction that has a row.
    static Pattern pattern(int word) {
        for (Entry entry : TABLE[word >>> SHIFT]) {
            if (entry.pattern.matches(word)) {
                return entry.pattern;
            }
        }
        throw new IllegalArgumentException(Integer.toHexString(word));
    }

    /// All rows of an instruction: one at most, if the table has no mistakes.
    static List<Row> findAll(int word) {
        List<Row> found = new ArrayList<>();
        for (Entry entry : TABLE[word >>> SHIFT]) {
            if (entry.pattern.matches(word)) {
                found.add(entry.row);
            }
        }
        return found;
    }
}
