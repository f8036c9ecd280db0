package straddle.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Optional;
import straddle.linux.libc.Libc;
import straddle.linux.libc.flock;

/// A lock on a file that is used by one writer or any number of readers: fcntl(2), open file description locks.
///
/// It holds against other processes and within this one, whoever else opens and closes the file, and ends with the
/// process. The bytes that are locked are those by which QEMU marks an image, so that the two respect each other: from 100
/// on, one for each thing that a holder does; from 200 on, one for each that it suffers nobody else to do.
public final class FileLock implements AutoCloseable {
    private static final long DOES_READ = 100;
    private static final long DOES_WRITE = 101;
    private static final long NOBODY_WRITES = 201;
    private static final long ALL = 104;

    private final Descriptor descriptor;

    private FileLock(Descriptor descriptor) {
        this.descriptor = descriptor;
    }

    /// Takes the lock, without waiting.
    ///
    /// @param exclusive as the writer, else as a reader
    /// @return nothing if somebody has the file whom this would disturb
    /// @throws HostException if the file can't be opened so, or its file system has no locks
    public static Optional<FileLock> tryAcquire(Path file, boolean exclusive) throws HostException {
        Descriptor descriptor =
                Descriptor.open(file.toString(), exclusive ? Libc.O_RDWR() : Libc.O_RDONLY());
        boolean taken = false;
        try {
            taken =
                    exclusive
                            ? set(descriptor, Libc.F_WRLCK(), DOES_READ, ALL)
                            : set(descriptor, Libc.F_RDLCK(), DOES_READ, 1)
                                    && set(descriptor, Libc.F_RDLCK(), NOBODY_WRITES, 1)
                                    && isFree(descriptor, DOES_WRITE);
            return taken ? Optional.of(new FileLock(descriptor)) : Optional.empty();
        } finally {
            if (!taken) {
                descriptor.close();
            }
        }
    }

    /// Whether it could be had.
    private static boolean set(Descriptor descriptor, int type, long start, long length)
            throws HostException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment range = range(arena, type, start, length);
            int result = NativeCall.fcntl(descriptor.number(), Libc.F_OFD_SETLK(), range.address());
            boolean held = result == -Libc.EAGAIN() || result == -Libc.EACCES();
            if (result < 0 && !held) {
                throw new HostException("fcntl(F_OFD_SETLK)", -result, "");
            }
            return result >= 0;
        }
    }

    private static boolean isFree(Descriptor descriptor, long start) throws HostException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment range = range(arena, Libc.F_WRLCK(), start, 1);
            int result = NativeCall.fcntl(descriptor.number(), Libc.F_OFD_GETLK(), range.address());
            if (result < 0) {
                throw new HostException("fcntl(F_OFD_GETLK)", -result, "");
            }
            return flock.l_type(range) == Libc.F_UNLCK();
        }
    }

    private static MemorySegment range(Arena arena, int type, long start, long length) {
        MemorySegment range = arena.allocate(flock.layout());
        flock.l_type(range, (short) type);
        flock.l_whence(range, (short) Libc.SEEK_SET());
        flock.l_start(range, start);
        flock.l_len(range, length);
        return range;
    }

    @Override
    public void close() {
        descriptor.close();
    }
}
