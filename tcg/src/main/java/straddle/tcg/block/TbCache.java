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
/// Bounded: when it is full, each new block takes the place of the oldest one. What is still in use is translated anew, one
/// block after another: forgetting 200,000 at once would have the guest stand still for tenths of a second.
public final class TbCache {
    private static final int CAPACITY = 200_000;
    private static final int BUCKETS = 1 << 15;

    private final AddressSpace memory;
    private final Tb[] buckets = new Tb[BUCKETS];
    private final Map<Long, List<Tb>> byPage = new HashMap<>();
    private final CodeWatch watch;
    private final int capacity;
    private LongConsumer announced = gpa -> {};
    private int size;
    private long translated;
    private long invalidated;
    private long displaced;
    private boolean forgetting;

    /// The first and the last one of the list that goes by age.
    private Tb oldest;

    private Tb newest;

    /// Told which pages hold code, so that stores to them take the slow path.
    public interface CodeWatch {
        void holds(Region.Ram ram, long page);

        void releases(long page);

        void disarmIfUnheld(Region.Ram ram, long page);
    }

    public TbCache(AddressSpace memory, CodeWatch watch) {
        this(memory, watch, CAPACITY);
    }

    /// @param capacity blocks that it holds at most, 1 or more
    TbCache(AddressSpace memory, CodeWatch watch, int capacity) {
        this.memory = memory;
        this.watch = watch;
        this.capacity = capacity;
    }

    /// Told of each page, by its gpa, before code is read from it that stores have not been noticed to so far.
    public void announce(LongConsumer listener) {
        announced = listener;
    }

    /// Code is about to be read from a page: stores to it are noticed from now on.
    ///
    /// @return whether this cache was told of them before
    public boolean watchPage(long page) {
        if (!(memory.at(page) instanceof Region.Ram ram)) {
            return true;
        }
        long offset = page - ram.gpa() + ram.offset();
        boolean armed = (ram.block().dirty().readersAt(offset) & DirtyPages.CODE) != 0;
        if (armed && byPage.containsKey(page)) {
            return true;
        }
        watch.holds(ram, page);
        if (!armed) {
            announced.accept(page);
        }
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
        if (size >= capacity) {
            displaced++;
            forgetting = true;
            invalidate(oldest);
            forgetting = false;
        }
        int bucket = bucket(tb.gpa);
        tb.nextInBucket = buckets[bucket];
        buckets[bucket] = tb;
        tb.older = newest;
        if (newest == null) {
            oldest = tb;
        } else {
            newest.newer = tb;
        }
        newest = tb;
        size++;
        translated++;
        register(tb.gpa & -4096, tb);
        if (tb.spansPages()) {
            register(tb.secondPage, tb);
        }
    }

    private void register(long page, Tb tb) {
        watchPage(page);
        byPage.computeIfAbsent(page, _ -> new ArrayList<>()).add(tb);
    }

    /// Guest memory that may hold code is written: drops the blocks it was translated to.
    public void written(Region.Ram ram, long gpa, long length) {
        long page = gpa & -4096;
        drop(gpa, length);
        if (!byPage.containsKey(page)) {
            watch.releases(page);
            watch.disarmIfUnheld(ram, page);
        }
    }

    /// Drops the blocks that a range within a page was translated to.
    public void drop(long gpa, long length) {
        List<Tb> there = byPage.get(gpa & -4096);
        if (there != null) {
            for (Tb tb : List.copyOf(there)) {
                if (tb.overlaps(gpa, length)) {
                    invalidate(tb);
                }
            }
        }
    }

    /// Drops all blocks that were translated from a byte in a range.
    public void dropRange(long start, long end) {
        if (((start ^ end - 1) & -4096) == 0) {
            drop(start, end - start);
            return;
        }
        byPage.keySet().stream()
                .filter(page -> page >= start && page < end)
                .toList()
                .forEach(page -> drop(page, 4096));
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
        takeOutOfAges(tb);
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
                watch.releases(page);
            }
        }
    }

    private void takeOutOfAges(Tb tb) {
        if (tb.older == null) {
            oldest = tb.newer;
        } else {
            tb.older.newer = tb.newer;
        }
        if (tb.newer == null) {
            newest = tb.older;
        } else {
            tb.newer.older = tb.older;
        }
        tb.older = null; // one that somebody still knows keeps no others
        tb.newer = null;
    }

    /// Forgets every block.
    public void clear() {
        forgetting = true;
        while (newest != null) {
            invalidate(newest);
        }
        forgetting = false;
    }

    /// Whether what becomes invalid now has not been written.
    public boolean isForgetting() {
        return forgetting;
    }

    public long translated() {
        return translated;
    }

    public long invalidated() {
        return invalidated;
    }

    /// How many blocks had to make room for new ones.
    public long displaced() {
        return displaced;
    }

    public int size() {
        return size;
    }

    private static int bucket(long gpa) {
        return (int) (gpa * 0x9E37_79B9_7F4A_7C15L >>> 49);
    }
}
