package straddle.tcg.op;

import java.util.Optional;
import straddle.core.memory.WideExchange;
import straddle.tcg.Cpu;
import straddle.tcg.mmu.Raw;

/// Atomic updates of guest memory that several vCPUs share.
///
/// A naturally contained value is exchanged by a compare-and-set of the host's. One that crosses an
/// 8-byte boundary, or lies in memory that is watched or no RAM, is exchanged while no other vCPU runs: see
/// [straddle.tcg.CpuGroup#exclusively].
public final class Atomic {
    private Atomic() {}

    /// Replaces `width` bytes if they still are what was seen.
    public static boolean compareAndSet(Cpu c, long virtual, int width, long seen, long value) {
        long host = c.hostAddressForStore(virtual, width);
        if (host == 0 || (host & 7) + width > 8) {
            boolean inSteps = (virtual & 7) + width > 8;
            return c.group()
                    .exclusively(c, inSteps, () -> compareAndStore(c, virtual, width, seen, value));
        }
        if (width == 8) {
            return Raw.compareAndSetLong(host, seen, value);
        }
        if (width == 4 && (host & 3) == 0) {
            return Raw.compareAndSetInt(host, (int) seen, (int) value);
        }
        return compareAndSetPart(host, width, seen, value);
    }

    /// 16 aligned bytes.
    public static boolean compareAndSetWide(
            Cpu c, long virtual, long seenLow, long seenHigh, long low, long high) {
        long host = c.hostAddressForStore(virtual, 16);
        Optional<WideExchange> wide = c.group().wide();
        if (host != 0 && wide.isPresent()) {
            return wide.get().compareAndSet(host, seenLow, seenHigh, low, high);
        }
        return c.group()
                .exclusively(
                        c,
                        true,
                        () -> {
                            c.probeStore(virtual, 16);
                            if (c.load64(virtual) != seenLow || c.load64(virtual + 8) != seenHigh) {
                                return false;
                            }
                            c.store64(virtual, low);
                            c.store64(virtual + 8, high);
                            return true;
                        });
    }

    private static boolean compareAndStore(Cpu c, long virtual, int width, long seen, long value) {
        c.probeStore(virtual, width);
        if (c.load(virtual, width) != Reg.unsigned(seen, width)) {
            return false;
        }
        c.store(virtual, width, value);
        return true;
    }

    private static boolean compareAndSetPart(long host, int width, long seen, long value) {
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
