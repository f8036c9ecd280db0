package straddle.linux.user;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// A thread's memory of the host's for what calls pass to the kernel.
final class Scratch {
    static final int PATH_BYTES = 4096 + 64;
    static final int STRUCT_BYTES = 64 << 10;
    private static final int FIRST_DATA_BYTES = 64 << 10;

    /// Longer transfers are made in parts.
    static final int MOST_DATA_BYTES = 1 << 20;

    private final MemorySegment paths = Arena.ofAuto().allocate(2L * PATH_BYTES, 8);
    private MemorySegment structs;
    private MemorySegment data;

    Scratch() {}

    /// Puts a path there, with its zero.
    ///
    /// @param which of two
    /// @return its address
    long path(int which, byte[] path) {
        long at = (long) which * PATH_BYTES;
        MemorySegment.copy(MemorySegment.ofArray(path), 0, paths, at, path.length);
        paths.set(java.lang.foreign.ValueLayout.JAVA_BYTE, at + path.length, (byte) 0);
        return paths.address() + at;
    }

    /// A byte of a path that was put there.
    byte byteAt(long address) {
        return paths.get(java.lang.foreign.ValueLayout.JAVA_BYTE, address - paths.address());
    }

    MemorySegment structs() {
        if (structs == null) {
            structs = Arena.ofAuto().allocate(STRUCT_BYTES, 64);
        }
        return structs;
    }

    /// How much of a transfer is made at once.
    ///
    /// @param bytes as a program said it, unsigned
    static long part(long bytes) {
        return bytes < 0 ? MOST_DATA_BYTES : Math.min(bytes, MOST_DATA_BYTES);
    }

    /// @param bytes at most [#MOST_DATA_BYTES]
    MemorySegment data(long bytes) {
        if (data == null || data.byteSize() < bytes) {
            data = Arena.ofAuto().allocate(Math.max(FIRST_DATA_BYTES, bytes), 64);
        }
        return data;
    }
}
