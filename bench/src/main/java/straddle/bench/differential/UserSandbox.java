package straddle.bench.differential;

import static straddle.core.arch.x86.X86.*;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import straddle.core.arch.x86.Segment;
import straddle.core.arch.x86.X86State;
import straddle.core.memory.AddressSpace;

/// The guest in which instructions are tried: 64-bit user code, data and stack, and above them a
/// supervisor-only area with GDT, TSS, IDT and a stub for each vector.
///
/// A stub is `out vector, al; hlt`: an engine that returns for the port access and one that calls
/// the port's device itself both stop there, with the exception's frame on the ring-0 stack.
/// Page tables, descriptors and gates as in SDM volume 3, 4.5, 3.4.5 and 7.14.
final class UserSandbox {
    static final long RAM_BYTES = 2 << 20;

    /// Two pages of code, not writable by the user.
    static final long CODE = 0x40_0000;

    static final int CODE_BYTES = 0x2000;

    /// Two pages of data; the pages before and after them are not mapped.
    static final long DATA = 0x5000_0000L;

    /// The second data page again, and after it the read-only page.
    static final long DATA_THEN_READ_ONLY = 0x5104_0000L;

    static final long READ_ONLY = DATA_THEN_READ_ONLY + 0x1000;

    /// A page for the supervisor alone.
    static final long SUPERVISOR = 0x5200_0000L;

    /// Both data pages again, as the last ones below the non-canonical hole.
    static final long DATA_BELOW_HOLE = 0x7fff_ffff_e000L;

    /// Where sequences note flags and count their rounds.
    static final long LOG = 0x6001_0000L;

    /// Two pages; RSP starts near their middle.
    static final long STACK = 0x7002_0000L;

    static final int STACK_BYTES = 0x2000;

    /// Where saved cases have the log and the stack. The places above are such that no two of the pages share a TLB
    /// entry of the translator's: an access that misses leaves a region.
    private static final long OLD_LOG = 0x6000_0000L;

    private static final long OLD_STACK = 0x7000_0000L;

    /// What a case fills before and compares after a run.
    static final int COMPARED_BYTES = 0x8000;

    /// Offsets of the pages within the compared memory.
    static final int DATA_OFFSET = 0;

    static final int READ_ONLY_OFFSET = 0x2000;
    static final int SUPERVISOR_OFFSET = 0x3000;
    static final int LOG_OFFSET = 0x4000;
    static final int STACK_OFFSET = 0x6000;

    static final int USER_CODE = 0x2b;
    static final int USER_DATA = 0x23;

    /// Guest-physical. Pages that follow one another do so neither here nor in the host's memory, but the other way round
    /// and with others between them: an access across two that takes both for one is seen.
    private static final long CODE_GPA = 0x10_0000;

    private static final long COMPARED_GPA = 0x11_0000;
    private static final int PAGE_BYTES = 0x1000;
    private static final int FRAME_DISTANCE = 2 * PAGE_BYTES;

    private static final long MONITOR = 0xffff_8000_0000_0000L;
    private static final long MONITOR_GPA = 0x4_0000;
    private static final int GDT = 0;
    private static final int IDT = 0x1000;
    private static final int STUBS = 0x2000;
    private static final int TSS = 0x3000;
    private static final int STACK0_TOP = 0x5000;
    private static final int MONITOR_PAGES = 5;
    private static final int STUB_BYTES = 8;

    private static final long PRESENT = 1;
    private static final long WRITABLE = 2;
    private static final long USER = 4;
    private static final long NO_EXECUTE = 1L << 63;
    private static final long FRAME = 0x000f_ffff_ffff_f000L;

    private static final long ROOT = 0x1000;

    private final AddressSpace memory;
    private long nextTable = ROOT + 0x1000;

    private UserSandbox(AddressSpace memory) {
        this.memory = memory;
    }

    /// Writes tables and stubs into RAM, which starts at 0 and is zero-filled.
    static void install(AddressSpace memory) {
        UserSandbox sandbox = new UserSandbox(memory);
        sandbox.mapPages();
        sandbox.writeMonitor();
    }

    private void mapPages() {
        for (int at = 0; at < CODE_BYTES; at += PAGE_BYTES) {
            map(CODE + at, codeFrame(at), USER);
        }
        mapCompared(DATA, DATA_OFFSET, 2, USER | WRITABLE | NO_EXECUTE);
        mapCompared(DATA_THEN_READ_ONLY, DATA_OFFSET + PAGE_BYTES, 1, USER | WRITABLE | NO_EXECUTE);
        mapCompared(READ_ONLY, READ_ONLY_OFFSET, 1, USER | NO_EXECUTE);
        mapCompared(SUPERVISOR, SUPERVISOR_OFFSET, 1, WRITABLE | NO_EXECUTE);
        mapCompared(DATA_BELOW_HOLE, DATA_OFFSET, 2, USER | WRITABLE | NO_EXECUTE);
        mapCompared(LOG, LOG_OFFSET, 1, USER | WRITABLE | NO_EXECUTE);
        mapCompared(STACK, STACK_OFFSET, 2, USER | WRITABLE | NO_EXECUTE);
        mapCompared(OLD_LOG, LOG_OFFSET, 1, USER | WRITABLE | NO_EXECUTE);
        mapCompared(OLD_STACK, STACK_OFFSET, 2, USER | WRITABLE | NO_EXECUTE);
        for (int at = 0; at < MONITOR_PAGES * PAGE_BYTES; at += PAGE_BYTES) {
            map(MONITOR + at, MONITOR_GPA + at, WRITABLE);
        }
    }

    private static long codeFrame(int offset) {
        return CODE_GPA
                + (long) (CODE_BYTES / PAGE_BYTES - 1 - offset / PAGE_BYTES) * FRAME_DISTANCE;
    }

    /// Where a page of the compared memory is, by its offset in it.
    private static long comparedFrame(int offset) {
        return COMPARED_GPA
                + (long) (COMPARED_BYTES / PAGE_BYTES - 1 - offset / PAGE_BYTES) * FRAME_DISTANCE;
    }

    private void mapCompared(long virtual, int offset, int pages, long rights) {
        for (int at = 0; at < pages * PAGE_BYTES; at += PAGE_BYTES) {
            map(virtual + at, comparedFrame(offset + at), rights);
        }
    }

    private void map(long virtual, long gpa, long rights) {
        long table = ROOT;
        for (int shift = 39; shift > 12; shift -= 9) {
            table = lowerTable(table + (virtual >>> shift & 511) * 8);
        }
        memory.write(table + (virtual >>> 12 & 511) * 8, 8, gpa | rights | PRESENT);
    }

    /// Puts the compared memory's content where it is.
    static void writeCompared(AddressSpace memory, byte[] content) {
        MemorySegment bytes = MemorySegment.ofArray(content);
        for (int at = 0; at < COMPARED_BYTES; at += PAGE_BYTES) {
            memory.write(comparedFrame(at), bytes.asSlice(at, PAGE_BYTES));
        }
    }

    /// The compared memory's content.
    ///
    /// @param ram the guest's, from 0 on
    static byte[] compared(MemorySegment ram) {
        byte[] content = new byte[COMPARED_BYTES];
        for (int at = 0; at < COMPARED_BYTES; at += PAGE_BYTES) {
            MemorySegment.copy(
                    ram, ValueLayout.JAVA_BYTE, comparedFrame(at), content, at, PAGE_BYTES);
        }
        return content;
    }

    private long lowerTable(long entry) {
        long value = memory.read(entry, 8);
        if ((value & PRESENT) == 0) {
            value = nextTable | PRESENT | WRITABLE | USER;
            nextTable += 0x1000;
            memory.write(entry, 8, value);
        }
        return value & FRAME;
    }

    private void writeMonitor() {
        long gdt = MONITOR_GPA + GDT;
        memory.write(gdt + 0x08, 8, 0x00af_9a00_0000_ffffL);
        memory.write(gdt + 0x10, 8, 0x00cf_9200_0000_ffffL);
        memory.write(gdt + 0x18, 8, 0x00cf_fa00_0000_ffffL);
        memory.write(gdt + (USER_DATA & ~7), 8, 0x00cf_f200_0000_ffffL);
        memory.write(gdt + (USER_CODE & ~7), 8, 0x00af_fa00_0000_ffffL);
        long tss = MONITOR + TSS;
        memory.write(
                gdt + 0x30,
                8,
                103 | (tss & 0xff_ffff) << 16 | 0x8bL << 40 | (tss >>> 24 & 0xff) << 56);
        memory.write(gdt + 0x38, 8, tss >>> 32);
        memory.write(MONITOR_GPA + TSS + 4, 8, MONITOR + STACK0_TOP);
        memory.write(MONITOR_GPA + TSS + 102, 2, 104);
        for (int vector = 0; vector < 256; vector++) {
            long stub = MONITOR + STUBS + (long) vector * STUB_BYTES;
            // INT3 and INTO are the user's to raise.
            long type = vector == BP || vector == OF ? 0xee00 : 0x8e00;
            memory.write(
                    MONITOR_GPA + IDT + vector * 16L,
                    8,
                    stub & 0xffff | 0x08 << 16 | type << 32 | (stub >>> 16 & 0xffff) << 48);
            memory.write(MONITOR_GPA + IDT + vector * 16L + 8, 8, stub >>> 32);
            memory.write(
                    MONITOR_GPA + STUBS + (long) vector * STUB_BYTES,
                    8,
                    0x9090_90fd_ebf4_00e6L | (long) vector << 8);
        }
    }

    /// User code about to run, its general registers and XSAVE area still those of reset.
    static X86State userState() {
        X86State state = new X86State();
        state.cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_PG;
        state.cr3 = ROOT;
        state.cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_FSGSBASE | CR4_UMIP | CR4_OSXSAVE;
        state.xcr0 = 7;
        state.efer = EFER_LME | EFER_LMA | EFER_NXE;
        state.gdtBase = MONITOR + GDT;
        state.gdtLimit = 0x3f;
        state.idtBase = MONITOR + IDT;
        state.idtLimit = 0xfff;
        int user = Segment.P | Segment.S | 3 << Segment.DPL_SHIFT | Segment.G;
        for (Segment segment : state.segments) {
            segment.set(USER_DATA, 0, -1, user | Segment.DB | 3);
        }
        state.segments[CS].set(USER_CODE, 0, -1, user | Segment.L | 0xb);
        state.ldtr.set(0, 0, 0, Segment.UNUSABLE);
        state.tr.set(0x30, MONITOR + TSS, 103, Segment.P | 0xb);
        state.rflags = RFLAGS_FIXED | RFLAGS_IF;
        return state;
    }

    /// Whether an address lies on the ring-0 stack, where an exception's frame is.
    static boolean isOnMonitorStack(long rsp) {
        return rsp >= MONITOR + STACK0_TOP - 0x100 && rsp < MONITOR + STACK0_TOP;
    }

    /// A quadword of the ring-0 stack.
    static long monitorStack(AddressSpace memory, long rsp) {
        return memory.read(rsp - MONITOR + MONITOR_GPA, 8);
    }

    static void writeCode(AddressSpace memory, long entry, byte[] code) {
        MemorySegment bytes = MemorySegment.ofArray(code);
        int start = (int) (entry - CODE);
        for (int at = start; at < start + code.length; at = (at | PAGE_BYTES - 1) + 1) {
            int end = Math.min((at | PAGE_BYTES - 1) + 1, start + code.length);
            memory.write(codeFrame(at) + at % PAGE_BYTES, bytes.asSlice(at - start, end - at));
        }
    }
}
