package straddle.tcg.op;

import straddle.tcg.Cpu;
import straddle.tcg.mmu.Raw;

/// Atomic updates of guest memory that several vCPUs share.
///
/// A naturally contained value is exchanged by a compare-and-set of the host's. One that crosses an
/// 8-byte boundary, or lies in memory that is watched or no RAM, is updated under one lock for the
/// whole process: atomic between such accesses, as split locks are rare enough to need no more.
public final class Atomic {
    private static final Object SPLIT = new Object();

    private Atomic() {}

    /// Replaces `width` bytes if they still are what was seen.
    public static boolean compareAndSet(Cpu c, long virtual, int width, long seen, long value) {
        long host = c.hostAddressForStore(virtual, width);
        if (host == 0 || (host & 7) + width > 8) {
            synchronized (SPLIT) {
                if (c.load(virtual, width) != Reg.unsigned(seen, width)) {
                    return false;
                }
                c.store(virtual, width, value);
                return true;
            }
        }
        if (width == 8) {
            return Raw.compareAndSetLong(host, seen, value);
        }
        if (width == 4 && (host & 3) == 0) {
            return Raw.compareAndSetInt(host, (int) seen, (int) value);
        }
        long aligned = host & -8;
        int shift = (int) (host & 7) * 8;
        long mask = (1L << 8 * width) - 1 << shift;
        long before = Raw.getLong(aligned);
        if ((before & mask) != (seen << shift & mask)) {
            return false;
        }
        return Raw.compareAndSetLong(aligned, before, before & ~mask | value << shift & mask);
    }
}
