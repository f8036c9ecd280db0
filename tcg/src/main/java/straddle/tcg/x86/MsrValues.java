package straddle.tcg.x86;

import java.util.Map;

/// The model-specific registers that are nothing but values, by number: without boxing, as SYSCALL and SWAPGS look some
/// up each time.
final class MsrValues {
    private static final int HASH = 0x9e37_79b1;

    /// Numbers plus 1, or 0 where there is none; a power of two of them, at most half of them used.
    private int[] keys = new int[128];

    private long[] values = new long[128];
    private int size;

    /// The value of a register, or another if it has none.
    long get(int number, long otherwise) {
        int at = find(number);
        return keys[at] == 0 ? otherwise : values[at];
    }

    void put(int number, long value) {
        int at = find(number);
        if (keys[at] == 0) {
            if (2 * size == keys.length) {
                grow();
                at = find(number);
            }
            keys[at] = number + 1;
            size++;
        }
        values[at] = value;
    }

    private int find(int number) {
        int[] k = keys;
        int at = (number * HASH >>> 16) & k.length - 1;
        while (k[at] != 0 && k[at] != number + 1) {
            at = at + 1 & k.length - 1;
        }
        return at;
    }

    private void grow() {
        int[] oldKeys = keys;
        long[] oldValues = values;
        keys = new int[2 * oldKeys.length];
        values = new long[keys.length];
        size = 0;
        for (int i = 0; i < oldKeys.length; i++) {
            if (oldKeys[i] != 0) {
                put(oldKeys[i] - 1, oldValues[i]);
            }
        }
    }

    void clear() {
        keys = new int[keys.length];
        size = 0;
    }

    void putAll(Map<Integer, Long> from) {
        from.forEach(this::put);
    }

    void addTo(Map<Integer, Long> to) {
        for (int i = 0; i < keys.length; i++) {
            if (keys[i] != 0) {
                to.put(keys[i] - 1, values[i]);
            }
        }
    }
}
