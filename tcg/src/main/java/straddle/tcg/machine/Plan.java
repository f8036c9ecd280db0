package straddle.tcg.machine;

import java.util.BitSet;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import straddle.tcg.block.Tb;
import straddle.tcg.op.Jump;
import straddle.tcg.op.MicroOp;

/// How a block is to be compiled, and what earlier attempts have taught.
final class Plan {
    /// Blocks of a loop, counting one anew for each way that leads to it.
    private static final int MOST_BLOCKS = 24;

    private static final int MOST_INSNS = 400;

    /// How far the way back is looked for.
    private static final int FARTHEST = 8;

    final Tb tb;

    /// Micro-ops of each block, by number, to call whatever they say.
    private final IdentityHashMap<Tb, BitSet> called = new IdentityHashMap<>();

    /// Whether to follow direct jumps, and to keep registers on the way back to the block.
    boolean followsLoop;

    /// Whether what is known of values on the way back is used.
    boolean keepsFacts = true;

    /// Whether flags stay in registers on the way back.
    boolean keepsFlags = true;

    /// Whether outcomes that nobody asked for are still to be computed behind the way back.
    boolean keepsOutcomes = true;

    /// Whether there is such an outcome.
    boolean hasOutcomes;

    /// What else was compiled besides the block itself.
    final Set<Tb> members = Collections.newSetFromMap(new IdentityHashMap<>());

    private int blocks;
    private int insns;

    Plan(Tb tb, boolean followsLoop) {
        this.tb = tb;
        this.followsLoop = followsLoop;
    }

    /// Before an attempt.
    void begin() {
        members.clear();
        blocks = 0;
        insns = 0;
    }

    boolean canWeaken(Snapshot.Mismatch reason) {
        return reason.isOfFlags ? keepsFlags : keepsFacts || hasOutcomes && keepsOutcomes;
    }

    /// Asks less of the way back next time.
    void weaken(Snapshot.Mismatch reason) {
        if (!canWeaken(reason)) {
            followsLoop = false;
        } else if (reason.isOfFlags) {
            keepsFlags = false;
        } else if (hasOutcomes && keepsOutcomes) {
            keepsOutcomes = false;
        } else {
            keepsFacts = false;
        }
    }

    BitSet called(Tb block) {
        return called.computeIfAbsent(block, _ -> new BitSet());
    }

    /// Whether what a jump leads to is to be compiled in its place.
    boolean follows(Jump jump) {
        Tb to = jump.linked();
        if (!followsLoop || !isNear(jump)) {
            return false;
        }
        return to == tb || blocks < MOST_BLOCKS && insns < MOST_INSNS && leadsBack(to, FARTHEST);
    }

    /// It is compiled there.
    void follow(Tb to) {
        blocks++;
        insns += to.insns;
        if (to != tb) {
            members.add(to);
        }
    }

    private boolean isNear(Jump jump) {
        Tb to = jump.linked();
        return to != null && to.valid && jump.staysInPage();
    }

    private boolean leadsBack(Tb from, int atMost) {
        for (Jump jump : jumps(from)) {
            if (isNear(jump)
                    && (jump.linked() == tb
                            || atMost > 0 && leadsBack(jump.linked(), atMost - 1))) {
                return true;
            }
        }
        return false;
    }

    private static List<Jump> jumps(Tb of) {
        List<Jump> last = List.of();
        for (MicroOp op = of.head.next; op != null; op = op.next) {
            last = op.jumps();
        }
        return last;
    }
}
