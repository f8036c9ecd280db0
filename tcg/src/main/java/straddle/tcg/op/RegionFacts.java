package straddle.tcg.op;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/// What emitting a region's method once tells for emitting it again: the slots that it uses, which get a local each,
/// and what its jumps leave in the flags for the blocks they lead to.
public final class RegionFacts {
    private final BitSet used = new BitSet();
    private final Map<Long, Integer> kinds = new HashMap<>();
    private final Map<Long, Set<Long>> ways = new HashMap<>();
    private final Set<Long> looping = new HashSet<>();
    private long block;
    private final long entry;
    private final AtomicInteger sites;
    private final boolean leavesOnMiss;
    private int[] slots;

    /// @param entry where the region begins, with whatever flags
    /// @param sites how many sites of accesses have been given away, see [straddle.tcg.mmu.Tlb]
    /// @param leavesOnMiss whether an access that the TLB does not answer leaves the region, instead of being made by a
    ///     call from it: the better choice unless there are many of them
    public RegionFacts(long entry, AtomicInteger sites, boolean leavesOnMiss) {
        this.entry = entry;
        this.sites = sites;
        this.leavesOnMiss = leavesOnMiss;
    }

    boolean leavesOnMiss() {
        return leavesOnMiss;
    }

    /// Ends the gathering: what comes next is emitted by it.
    public void complete() {
        slots = used.stream().toArray();
        ways.keySet().stream().filter(this::leadsBack).forEach(looping::add);
    }

    private boolean leadsBack(long pc) {
        Set<Long> seen = new HashSet<>();
        ArrayDeque<Long> open = new ArrayDeque<>(ways.get(pc));
        while (!open.isEmpty()) {
            long at = open.poll();
            if (at == pc) {
                return true;
            }
            if (seen.add(at)) {
                open.addAll(ways.getOrDefault(at, Set.of()));
            }
        }
        return false;
    }

    /// What follows is of this block.
    void begin(long pc) {
        block = pc;
    }

    /// Whether a block can lead back to itself within the region.
    boolean loops(long pc) {
        return looping.contains(pc);
    }

    /// The number of an access's site.
    int nextSite() {
        return slots == null ? 0 : sites.getAndIncrement();
    }

    /// How many slots have a local.
    int slots() {
        return slots == null ? 0 : slots.length;
    }

    /// The slot of a local.
    int slot(int index) {
        return slots[index];
    }

    /// The number of a slot's local.
    int index(int slot) {
        if (slots == null) {
            used.set(slot);
            return 0;
        }
        return Arrays.binarySearch(slots, slot);
    }

    /// A jump leads to a block with what is known of the flags there.
    void reaches(long pc, int kind) {
        if (slots == null) {
            kinds.merge(pc, kind, RegionFacts::common);
            ways.computeIfAbsent(block, _ -> new HashSet<>()).add(pc);
        }
    }

    private static int common(int a, int b) {
        if (a == b) {
            return a;
        }
        return Emitter.recorded(a) == Emitter.recorded(b) ? Emitter.recorded(a) : Emitter.NO_KIND;
    }

    /// What all jumps to a block leave in the flags.
    int kindAt(long pc) {
        return slots == null || pc == entry
                ? Emitter.NO_KIND
                : kinds.getOrDefault(pc, Emitter.NO_KIND);
    }
}
