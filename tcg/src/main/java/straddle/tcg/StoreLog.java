package straddle.tcg;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongConsumer;
import straddle.tcg.mmu.Raw;

/// The stores of a stretch of guest code to RAM, so that they can be taken back and compared with what the
/// same code stores when it runs again. One thread's.
public final class StoreLog {
    /// Stores after which a stretch should come to an end.
    public static final int COMFORTABLE = 4096;

    private long[] addresses = new long[256];
    private long[] before = new long[256];
    private int[] widths = new int[256];
    private int size;
    private boolean recording;

    /// What the bytes that were stored to hold once it has run, by host address.
    private final Map<Long, Byte> after = new HashMap<>();

    /// Records nothing yet.
    public StoreLog() {}

    /// Begins a stretch: forgets what was recorded before.
    public void begin() {
        size = 0;
        recording = true;
    }

    public void end() {
        recording = false;
    }

    /// How many stores there were.
    public int size() {
        return size;
    }

    /// Tells the host addresses of each store's first and last byte, in order.
    ///
    /// @param from how many stores to leave out
    public void addresses(int from, LongConsumer to) {
        for (int i = from; i < size; i++) {
            to.accept(addresses[i]);
            to.accept(addresses[i] + widths[i] - 1);
        }
    }

    public boolean isFull() {
        return size >= COMFORTABLE;
    }

    /// A store is about to happen.
    void before(long hva, int width) {
        if (!recording) {
            return;
        }
        if (size == addresses.length) {
            addresses = Arrays.copyOf(addresses, 2 * size);
            before = Arrays.copyOf(before, 2 * size);
            widths = Arrays.copyOf(widths, 2 * size);
        }
        addresses[size] = hva;
        widths[size] = width;
        before[size++] = get(hva, width);
    }

    /// Takes all stores back, the last first; keeps what they had left for [#difference].
    public void undo() {
        after.clear();
        for (int i = 0; i < size; i++) {
            for (int b = 0; b < widths[i]; b++) {
                after.put(addresses[i] + b, Raw.getByte(addresses[i] + b));
            }
        }
        for (int i = size - 1; i >= 0; i--) {
            put(addresses[i], widths[i], before[i]);
        }
    }

    /// After the second run, which was recorded in its turn: the host address of a byte that differs from
    /// what the first run left, or 0.
    public long difference() {
        Map<Long, Byte> untouched = new HashMap<>();
        for (int i = 0; i < size; i++) {
            for (int b = 0; b < widths[i]; b++) {
                long hva = addresses[i] + b;
                if (!after.containsKey(hva)) {
                    untouched.putIfAbsent(hva, (byte) (before[i] >>> 8 * b));
                }
            }
        }
        for (Map.Entry<Long, Byte> each : after.entrySet()) {
            if (Raw.getByte(each.getKey()) != each.getValue()) {
                return each.getKey();
            }
        }
        for (Map.Entry<Long, Byte> each : untouched.entrySet()) {
            if (Raw.getByte(each.getKey()) != each.getValue()) {
                return each.getKey();
            }
        }
        return 0;
    }

    private static long get(long hva, int width) {
        return switch (width) {
            case 1 -> Raw.getByte(hva);
            case 2 -> Raw.getShort(hva);
            case 4 -> Raw.getInt(hva);
            default -> Raw.getLong(hva);
        };
    }

    private static void put(long hva, int width, long value) {
        switch (width) {
            case 1 -> Raw.putByte(hva, (byte) value);
            case 2 -> Raw.putShort(hva, (short) value);
            case 4 -> Raw.putInt(hva, (int) value);
            default -> Raw.putLong(hva, value);
        }
    }
}
