package straddle.machines.kernel;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import straddle.core.memory.AddressSpace;

/// The memory below 640 KiB in which a loader leaves what it tells a kernel, part after part.
final class BootArea {
    static final long START = 0x1_0000;
    private static final long END = 0x9_0000;

    /// What fits with ample room for structures: command lines of a kernel and its modules.
    static final int MOST_TEXT_BYTES = 0x4_0000;

    private final AddressSpace memory;
    private long next = START;

    BootArea(AddressSpace memory) {
        this.memory = memory;
    }

    static ByteBuffer structure(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /// Puts bytes into memory; returns their address, a multiple of 16.
    long put(byte[] bytes) {
        long at = next;
        if (at + bytes.length > END) {
            throw new IllegalStateException(bytes.length + " bytes of boot data do not fit");
        }
        memory.write(at, MemorySegment.ofArray(bytes));
        next = at + bytes.length + 15 & ~15L;
        return at;
    }

    long put(ByteBuffer structure) {
        byte[] bytes = new byte[structure.capacity()];
        structure.get(0, bytes);
        return put(bytes);
    }

    /// Text with a zero behind it.
    long put(String text) {
        return put((text + "\0").getBytes(StandardCharsets.UTF_8));
    }
}
