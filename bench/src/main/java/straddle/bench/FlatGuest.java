package straddle.bench;

import static straddle.core.arch.x86.X86.*;

import straddle.core.arch.x86.Segment;
import straddle.core.arch.x86.X86State;
import straddle.core.memory.AddressSpace;

/// 64-bit code at privilege level 0 over memory that is mapped one to one, without an operating system.
final class FlatGuest {
    private static final int TABLES = 0x1000;
    private static final int LARGE_PRESENT_AND_WRITABLE = 0x83;
    private static final int PRESENT_AND_WRITABLE = 3;

    private FlatGuest() {}

    /// Puts its page tables at 4 KiB, of 12 KiB.
    ///
    /// @param bytes a multiple of 2 MiB, up to 1 GiB
    static void map(AddressSpace memory, int bytes) {
        memory.write(TABLES, 8, TABLES + 0x1000 | PRESENT_AND_WRITABLE);
        memory.write(TABLES + 0x1000, 8, TABLES + 0x2000 | PRESENT_AND_WRITABLE);
        for (int i = 0; i < bytes >> 21; i++) {
            memory.write(TABLES + 0x2000 + 8L * i, 8, (long) i << 21 | LARGE_PRESENT_AND_WRITABLE);
        }
    }

    /// In front of the code at an address.
    static X86State state(long rip) {
        X86State state = new X86State();
        state.cr0 = CR0_PE | CR0_PG | CR0_ET | CR0_NE;
        state.cr3 = TABLES;
        state.cr4 = CR4_PAE;
        state.efer = EFER_LME | EFER_LMA;
        for (Segment segment : state.segments) {
            segment.set(0, 0, -1, Segment.P | Segment.S | Segment.DB | Segment.G | 3);
        }
        state.segments[CS].set(8, 0, -1, Segment.P | Segment.S | Segment.L | Segment.G | 0xb);
        state.rip = rip;
        return state;
    }
}
