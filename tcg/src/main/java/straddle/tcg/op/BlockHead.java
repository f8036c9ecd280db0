package straddle.tcg.op;

import straddle.tcg.Cpu;
import straddle.tcg.block.Tb;
import straddle.tcg.machine.MachineCode;

/// Begins every interpreted block: looks for interrupts and other requests, and counts.
public final class BlockHead extends MicroOp {
    /// Entries after which a block is worth compiling. Tests that compare regions with the processor lower it.
    public static final int HOT = Math.max(1, Integer.getInteger("straddle.tcg.hot", 5_000));

    private final Tb tb;
    private final int insns;
    private int untilHot = HOT;
    private int untilWarm = MachineCode.WARM;
    private boolean postponed;
    private boolean machinePostponed;

    private BlockHead(Tb tb) {
        this.tb = tb;
        this.insns = tb.insns;
        this.pc = tb.pc;
    }

    /// Gives a block its head, and what it does: the first of its micro-ops.
    public static void lead(Tb tb, MicroOp first) {
        BlockHead head = new BlockHead(tb);
        head.next = first;
        tb.head = head;
        tb.first = head;
    }

    @Override
    public MicroOp exec(Cpu c) {
        if (c.wantsAttention()) {
            c.pc = pc;
            return c.attend(tb);
        }
        if (c.machine != null) {
            if (tb.machine == null && --untilWarm == 0) {
                c.machine.warm(tb);
            }
            if (tb.machine != null) {
                return c.machine.run(tb.machine);
            }
        }
        c.current = tb;
        c.retired += insns;
        int before = untilHot;
        untilHot = before - c.entryWeight;
        if (before > 0 && untilHot <= 0) {
            c.hot(tb);
        }
        return next;
    }

    /// Counts from anew until its machine code is made.
    public void coolMachine() {
        untilWarm = MachineCode.WARM;
        machinePostponed = false;
    }

    /// Asks for machine code again after so many more entries.
    public void postponeMachine(int entries) {
        untilWarm = entries;
        machinePostponed = true;
    }

    public boolean wasMachinePostponed() {
        return machinePostponed;
    }

    public Tb tb() {
        return tb;
    }

    /// How often the block was entered so far, at most [#HOT].
    public int entries() {
        return postponed ? HOT : HOT - Math.max(untilHot, 0);
    }

    /// Asks again after so many more entries.
    public void postpone(int entries) {
        untilHot = entries;
        postponed = true;
    }

    public boolean wasPostponed() {
        return postponed;
    }

    /// Counts from anew, for a block whose region was dropped.
    public void cool() {
        untilHot = HOT;
        postponed = false;
    }
}
