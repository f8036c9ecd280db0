package straddle.linux.user;

import static straddle.linux.user.Errno.*;

import java.lang.foreign.MemorySegment;
import straddle.core.user.BadAddressException;
import straddle.core.user.UserMemory;

/// process_vm_readv(2) and process_vm_writev(2): copies between guest processes.
final class RemoteMemory {
    private static final int MOST_VECTORS = 1024;
    private static final int PART_BYTES = 64 << 10;

    private RemoteMemory() {}

    /// @param a process, own vectors and their count, the other's and their count, flags
    static long copy(GuestThread t, long[] a, boolean reads) throws BadAddressException {
        if (a[5] != 0 || isBeyond(a[2]) || isBeyond(a[4])) {
            return -EINVAL;
        }
        FileCalls.Vectors own = FileCalls.Vectors.read(t, a[1], a[2]);
        if (own == null) {
            return -EINVAL;
        }
        if (own.total() == 0) {
            return 0;
        }
        FileCalls.Vectors others = FileCalls.Vectors.read(t, a[3], a[4]);
        if (others == null) {
            return -EINVAL;
        }
        if (others.total() == 0) {
            return 0;
        }
        GuestProcess of = t.kernel().processWith((int) a[0]);
        if (of == null || of.exiting) {
            return -ESRCH;
        }
        UserMemory there = of.memory();
        return reads
                ? copy(t, others.cursor(), there, own.cursor(), t.memory())
                : copy(t, own.cursor(), t.memory(), others.cursor(), there);
    }

    private static boolean isBeyond(long count) {
        return count < 0 || count > MOST_VECTORS;
    }

    /// @return how many bytes were copied before the first that could not be; -EFAULT if none
    private static long copy(
            GuestThread t,
            FileCalls.Cursor from,
            UserMemory source,
            FileCalls.Cursor to,
            UserMemory target) {
        MemorySegment data = t.scratch.data(PART_BYTES);
        long done = 0;
        while (from.left() > 0 && to.left() > 0) {
            long part = Math.min(Math.min(from.left(), to.left()), PART_BYTES);
            long read = source.copyIn(from.address(), data, 0, part);
            long written = target.copyOut(to.address(), data, 0, read);
            done += written;
            if (written < part) {
                return done > 0 ? done : -EFAULT;
            }
            from.advance(part);
            to.advance(part);
        }
        return done;
    }
}
