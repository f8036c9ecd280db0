package straddle.devices.input;

import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;

/// A queue of a few bytes; what does not fit is refused.
final class ByteQueue {
    private final byte[] bytes;
    private int first;
    private int size;

    ByteQueue(int capacity) {
        bytes = new byte[capacity];
    }

    boolean isEmpty() {
        return size == 0;
    }

    int free() {
        return bytes.length - size;
    }

    void clear() {
        first = 0;
        size = 0;
    }

    void add(int value) {
        if (size < bytes.length) {
            bytes[(first + size++) % bytes.length] = (byte) value;
        }
    }

    /// The oldest byte, 0 to 255; only if there is one.
    int remove() {
        int value = Byte.toUnsignedInt(bytes[first]);
        first = (first + 1) % bytes.length;
        size--;
        return value;
    }

    void save(String name, SnapshotWriter out) {
        byte[] waiting = new byte[size];
        for (int i = 0; i < size; i++) {
            waiting[i] = bytes[(first + i) % bytes.length];
        }
        out.putBytes(name, waiting);
    }

    void restore(String name, SnapshotReader in) throws SnapshotException {
        byte[] waiting = in.getBytes(name);
        if (waiting.length > bytes.length) {
            throw new SnapshotException(
                    "The snapshot is damaged: " + name + " has " + waiting.length + " bytes.");
        }
        clear();
        System.arraycopy(waiting, 0, bytes, 0, waiting.length);
        size = waiting.length;
    }
}
