package straddle.tcg.op;

import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/// What emitting a region's method once tells for emitting it again: the slots that it uses, which get a local each,
/// and what its jumps leave in the flags for the blocks they lead to.
public final class RegionFacts {
    private final BitSet used = new BitSet();
    private final Map<Long, Integer> kinds = new HashMap<>();
    private final long entry;
    private int[] slots;

    /// @param entry where the region begins, with whatever flags
    public RegionFacts(long entry) {
        this.entry = entry;
    }

    /// Ends the gathering: what comes next is emitted by it.
    public void complete() {
        slots = used.stream().toArray();
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
