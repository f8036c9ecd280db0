package straddle.machines.kernel;

import static straddle.core.arch.x86.X86.*;

import straddle.core.arch.x86.Segment;
import straddle.core.arch.x86.X86State;
import straddle.core.memory.AddressSpace;

/// 32-bit protected mode without paging, all segments from 0 to 4 GiB: how both PVH and Multiboot enter a kernel.
final class FlatMode {
    private static final long GDT = 0x6000;
    private static final int CODE = 0x08;
    private static final int DATA = 0x10;
    private static final int TASK = 0x18;
    private static final long CODE_DESCRIPTOR = 0x00cf_9b00_0000_ffffL;
    private static final long DATA_DESCRIPTOR = 0x00cf_9300_0000_ffffL;
    private static final long TASK_DESCRIPTOR = 0x0000_8b00_0000_0067L;
    private static final int TASK_LIMIT = 0x67;

    private FlatMode() {}

    static X86State enter(AddressSpace memory, long entry) {
        memory.write(GDT + CODE, 8, CODE_DESCRIPTOR);
        memory.write(GDT + DATA, 8, DATA_DESCRIPTOR);
        memory.write(GDT + TASK, 8, TASK_DESCRIPTOR);
        X86State state = new X86State();
        state.cr0 = CR0_PE | CR0_ET;
        state.gdtBase = GDT;
        state.gdtLimit = TASK + 7;
        state.idtLimit = 0;
        int flat = Segment.P | Segment.S | Segment.G | Segment.DB;
        for (Segment segment : state.segments) {
            segment.set(DATA, 0, -1, flat | 3);
        }
        state.segments[CS].set(CODE, 0, -1, flat | 0xb);
        state.tr.set(TASK, 0, TASK_LIMIT, Segment.P | 0xb);
        state.gpr[RDX] = 0;
        state.rip = entry;
        return state;
    }
}
