package straddle.tcg.block;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.DirtyPages;
import straddle.core.memory.Region;

/// One vCPU's translation blocks, found by guest-physical address and mode, and by page for invalidation.
///
/// Bounded: when full it forgets everything, which costs only a new translation of what is still hot.
public final class TbCache {
    static final int CAPACITY = 200_000;
    private static final int BUCKETS = 1 << 15;

    private final AddressSpace memory;
    private final Tb[] buckets = new Tb[BUCKETS];
    private final Map<Long, List<Tb>> byPage = new HashMap<>();
    private CodeWatch watch = hva -> {};
    private LongConsumer announced = gpa -> {};
    private int size;
    private long translated;
    private long invalidated;
    private long flushes;

    /// Told when a page starts to hold code, so that stores to it take the slow path.
    @FunctionalInterface
    public interface CodeWatch {
        void protect(long hvaPage);
    }

    public TbCache(AddressSpace memory) {
        this.memory = memory;
    }

    public void watch(CodeWatch watcher) {
        watch = watcher;
    }

    /// Told of each page, by its gpa, before code is read from it that stores have not been noticed to so far.
    public void announce(LongConsumer listener) {
        announced = listener;
    }

    /// Code is about to be read from a page: stores to it are noticed from now on.
    ///
    /// @return whether they were before
    public boolean watchPage(long page) {
        if (!(memory.at(page) instanceof Region.Ram ram)) {
            return true;
        }
        long offset = page - ram.gpa() + ram.offset();
        if ((ram.block().dirty().readersAt(offset) & DirtyPages.CODE) != 0) {
            return true;
        }
        ram.block().dirty().arm(offset, DirtyPages.CODE);
        watch.protect(ram.hva(page));
        announced.accept(page);
        return false;
    }

    public Tb find(long gpa, long pc, long mode) {
        for (Tb tb = buckets[bucket(gpa)]; tb != null; tb = tb.nextInBucket) {
            if (tb.gpa == gpa && tb.pc == pc && tb.mode == mode) {
                return tb;
            }
        }
        return null;
    }

    public void add(Tb tb) {
        if (size >= CAPACITY) {
            flushes++;
            clear();
        }
        int bucket = bucket(tb.gpa);
        tb.nextInBucket = buckets[bucket];
        buckets[bucket] = tb;
        size++;
        translated++;
        register(tb.gpa & -4096, tb);
        if (tb.spansPages()) {
            register(tb.secondPage, tb);
        }
    }

    private void register(long page, Tb tb) {
        byPage.computeIfAbsent(page, _ -> new ArrayList<>()).add(tb);
        watchPage(page);
    }

    /// Guest memory that may hold code is written: drops the blocks it was translated to.
    public void written(Region.Ram ram, long gpa, long length) {
        long page = gpa & -4096;
        List<Tb> there = byPage.get(page);
        if (there != null) {
            for (Tb tb : List.copyOf(there)) {
                if (tb.overlaps(gpa, length)) {
                    invalidate(tb);
                }
            }
        }
        if (!byPage.containsKey(page)) {
            ram.block().dirty().disarm(page - ram.gpa() + ram.offset(), DirtyPages.CODE);
        }
    }

    /// Drops all blocks of a page.
    public void dropPage(long page) {
        List<Tb> there = byPage.get(page);
        if (there != null) {
            List.copyOf(there).forEach(this::invalidate);
        }
    }

    /// Drops all blocks that have a byte in a range of pages.
    public void dropRange(long start, long end) {
        List<Long> pages =
                byPage.keySet().stream().filter(page -> page >= start && page < end).toList();
        pages.forEach(this::dropPage);
    }

    public void invalidate(Tb tb) {
        if (!tb.valid) {
            return;
        }
        tb.valid = false;
        tb.unlink();
        tb.invalidated();
        int bucket = bucket(tb.gpa);
        if (buckets[bucket] == tb) {
            buckets[bucket] = tb.nextInBucket;
        } else {
            for (Tb at = buckets[bucket]; at != null; at = at.nextInBucket) {
                if (at.nextInBucket == tb) {
                    at.nextInBucket = tb.nextInBucket;
                    break;
                }
            }
        }
        unregister(tb.gpa & -4096, tb);
        if (tb.spansPages()) {
            unregister(tb.secondPage, tb);
        }
        size--;
        invalidated++;
    }

    private void unregister(long page, Tb tb) {
        List<Tb> there = byPage.get(page);
        if (there != null) {
            there.remove(tb);
            if (there.isEmpty()) {
                byPage.remove(page);
            }
        }
    }

    /// Forgets every block.
    public void clear() {
        List<Tb> all = new ArrayList<>();
        byPage.values().forEach(all::addAll);
        all.forEach(this::invalidate);
    }

    public long translated() {
        return translated;
    }

    public long invalidated() {
        return invalidated;
    }

    /// How often it was full and forgot everything.
    public long flushes() {
        return flushes;
    }

    public int size() {
        return size;
    }

    private static int bucket(long gpa) {
        return (int) (gpa * 0x9E37_79B9_7F4A_7C15L >>> 49);
    }
}
