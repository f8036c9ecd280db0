package straddle.accel.kvm;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import straddle.core.arch.x86.Segment;
import straddle.core.arch.x86.X86;
import straddle.core.vcpu.UserState;

/// What runs around the guest's user code in its address space: descriptor tables and, for each vector, a stub
/// that writes to the port of its number. So whatever ends user code shows as a port exit.
///
/// SYSCALL goes to a *gate*, which is such a write, too, but user code's: one port is its by the task's I/O
/// permissions. Where KVM leaves the privilege as it is at SYSCALL, that spares it an exception.
///
/// One range of kernel addresses holds it all, of which user code can reach the gate's page alone; no guest kernel runs here.
final class Monitor {
    /// The last entry of the top-level table leads here.
    static final long BASE = 0xffff_ff80_0000_0000L;

    static final int ROOT_INDEX = 511;

    /// The port that the gate writes to: a vector that the architecture reserves.
    static final int SYSCALL_PORT = 15;

    /// What SYSCALL clears of RFLAGS: all that a kernel may want cleared, IF above all.
    static final long SFMASK = 0x4_7700;

    private static final int IDT_PAGE = 0;
    private static final int STUBS_PAGE = 1;
    private static final int TABLES_PAGE = 2;
    private static final int STACK_PAGE = 3;
    private static final int GATE_PAGE = 4;
    private static final int LOCAL_PAGE = 5;
    private static final int LOCAL_PAGES = 16;
    private static final int PAGES = LOCAL_PAGE + LOCAL_PAGES;

    private static final int GATE_BYTES = 2;
    private static final byte HLT = (byte) 0xf4;

    private static final int STUB_BYTES = 16;

    /// Selectors from here on are the monitor's, below it those of the guest's user code.
    private static final int FIRST_OWN_SELECTOR = 0x7c0;

    private static final int CODE_KERNEL = FIRST_OWN_SELECTOR;
    private static final int TASK = FIRST_OWN_SELECTOR + 0x10;
    private static final int TSS_OFFSET = 0x800;

    /// Flat segments of 64-bit user code (SDM volume 3, 3.4.5).
    static final long USER_CODE = 0x00af_fb00_0000_ffffL;

    static final long USER_DATA = 0x00cf_f300_0000_ffffL;
    private static final int TSS_MAP = 104;

    /// With a bit for each of 24 ports; the processor looks at two bytes for one of the first 16.
    static final int TSS_BYTES = TSS_MAP + 3;

    private static final int FRAME_BYTES = 40;

    /// Its first word's index in the stack's page.
    private static final int FRAME = (4096 - FRAME_BYTES) / 8;

    private static final long PRESENT_WRITABLE = 3;
    private static final long SUPERVISOR_ACCESSED = 0x60;
    private static final long USER_PAGE = 4;

    private final TablePool pool;
    private final int first;
    private final int directory;
    private final UserDescriptors.Shown global;
    private final UserDescriptors.Shown local;

    /// Its pages outlive the pool's reset: a stub may have the frame of user code that goes on.
    Monitor(TablePool pool) {
        this.pool = pool;
        first = pool.take();
        for (int i = 1; i < PAGES; i++) {
            pool.take();
        }
        int table = pool.take();
        for (int i = 0; i < PAGES; i++) {
            pool.setEntry(table, i, pool.gpa(first + i) | PRESENT_WRITABLE | SUPERVISOR_ACCESSED);
        }
        long forUser = SUPERVISOR_ACCESSED | USER_PAGE;
        pool.setEntry(table, GATE_PAGE, pool.gpa(first + GATE_PAGE) | UserTables.PRESENT | forUser);
        int middle = pool.take();
        pool.setEntry(middle, 0, pool.gpa(table) | PRESENT_WRITABLE | forUser);
        directory = pool.take();
        pool.setEntry(directory, 0, pool.gpa(middle) | PRESENT_WRITABLE | forUser);
        buildGate();
        for (int vector = 0; vector < 256; vector++) {
            buildGate(vector);
            buildStub(vector);
        }
        buildTables();
        MemorySegment tables = pool.bytes(first + TABLES_PAGE);
        global = new UserDescriptors.Shown(tables.asSlice(0, FIRST_OWN_SELECTOR), false);
        local = new UserDescriptors.Shown(pool.bytes(first + LOCAL_PAGE, LOCAL_PAGES), true);
        pool.keep();
    }

    /// The entry of a top-level table that shows it.
    long rootEntry() {
        return pool.gpa(directory) | PRESENT_WRITABLE | SUPERVISOR_ACCESSED | USER_PAGE;
    }

    /// An interrupt gate that user code may not use, so that INT n and INT3 raise #GP in front of them (SDM volume 3, 7.14.1).
    private void buildGate(int vector) {
        MemorySegment idt = pool.bytes(first + IDT_PAGE);
        putGate(idt, 16L * vector, CODE_KERNEL, stub(vector), 0);
    }

    /// A 64-bit interrupt gate (SDM volume 3, 7.14.1).
    ///
    /// @param at its place in the memory
    /// @param level which INT n needs
    static void putGate(MemorySegment to, long at, int selector, long handler, int level) {
        long type = 0x8e | level << 5;
        to.set(
                ValueLayout.JAVA_LONG,
                at,
                handler & 0xffff
                        | (long) selector << 16
                        | type << 40
                        | (handler >>> 16 & 0xffff) << 48);
        to.set(ValueLayout.JAVA_LONG, at + 8, handler >>> 32);
    }

    /// `out 15, al`. Whoever jumps behind it gets an exception.
    private void buildGate() {
        MemorySegment page = pool.bytes(first + GATE_PAGE);
        page.fill(HLT);
        page.set(ValueLayout.JAVA_SHORT, 0, (short) (0xe6 | SYSCALL_PORT << 8));
    }

    /// `out vector, al`, then back to what the frame says, the error code dropped.
    private void buildStub(int vector) {
        MemorySegment stubs = pool.bytes(first + STUBS_PAGE);
        long at = (long) vector * STUB_BYTES;
        long dropErrorCode = 0x08c4_8348L;
        long iretq = 0xcf48L;
        if (hasErrorCode(vector)) {
            stubs.set(
                    ValueLayout.JAVA_LONG,
                    at,
                    0xe6 | (long) vector << 8 | dropErrorCode << 16 | iretq << 48);
        } else {
            stubs.set(ValueLayout.JAVA_LONG, at, 0xe6 | (long) vector << 8 | iretq << 16);
        }
    }

    private void buildTables() {
        MemorySegment tables = pool.bytes(first + TABLES_PAGE);
        tables.set(ValueLayout.JAVA_LONG, CODE_KERNEL, 0x00af_9b00_0000_ffffL);
        // The task's descriptor (SDM volume 3, 9.2.3).
        long tss = BASE + TABLES_PAGE * 4096L + TSS_OFFSET;
        tables.set(
                ValueLayout.JAVA_LONG,
                TASK,
                TSS_BYTES - 1 | (tss & 0xff_ffff) << 16 | 0x8bL << 40 | (tss >>> 24 & 0xff) << 56);
        tables.set(ValueLayout.JAVA_LONG, TASK + 8, tss >>> 32);
        putTask(tables, TSS_OFFSET, stackTop());
    }

    /// A task of [#TSS_BYTES] whose user code has a stack for its exceptions, and the one port.
    static void putTask(MemorySegment to, long at, long stack) {
        // RSP0 lies at an odd multiple of four (SDM volume 3, 9.7).
        to.set(ValueLayout.JAVA_LONG_UNALIGNED, at + 4, stack);
        to.set(ValueLayout.JAVA_SHORT, at + 102, (short) TSS_MAP);
        for (int i = TSS_MAP; i < TSS_BYTES; i++) {
            to.set(ValueLayout.JAVA_BYTE, at + i, (byte) -1);
        }
        long map = at + TSS_MAP + SYSCALL_PORT / 8;
        to.set(ValueLayout.JAVA_BYTE, map, (byte) ~(1 << SYSCALL_PORT % 8));
    }

    /// Shows user code the guest's descriptors that it can use, and lets IRETQ load the selectors that it runs with.
    ///
    /// @return false if it can't: they are not what they were when the guest loaded them, or among the monitor's own
    boolean admit(UserState user, UserDescriptors guest) {
        global.show(user, guest);
        local.show(user, guest);
        return admits(user, X86.CS) && admits(user, X86.SS);
    }

    private boolean admits(UserState user, int register) {
        Segment segment = user.segments[register];
        UserDescriptors.Shown table = (segment.selector & 4) == 0 ? global : local;
        return table.has(segment, user.is64());
    }

    /// SDM volume 3, table 7-1.
    static boolean hasErrorCode(int vector) {
        return vector == X86.DF || vector >= X86.TS && vector <= X86.PF || vector == X86.AC;
    }

    static long stub(int vector) {
        return BASE + STUBS_PAGE * 4096L + (long) vector * STUB_BYTES;
    }

    /// Where SYSCALL leads.
    static long gate() {
        return BASE + GATE_PAGE * 4096L;
    }

    /// Behind the write that the gate is.
    static boolean isPastGate(long rip) {
        return rip == gate() + GATE_BYTES;
    }

    static long stackTop() {
        return BASE + (STACK_PAGE + 1) * 4096L;
    }

    static long idtBase() {
        return BASE + IDT_PAGE * 4096L;
    }

    static long gdtBase() {
        return BASE + TABLES_PAGE * 4096L;
    }

    static int gdtLimit() {
        return TASK + 15;
    }

    /// What SYSCALL loads into CS, where KVM executes it.
    static long star() {
        return (long) CODE_KERNEL << 32;
    }

    static void task(Segment to) {
        to.set(TASK, gdtBase() + TSS_OFFSET, TSS_BYTES - 1, Segment.P | 0xb);
    }

    /// Of a task with the gate's port, or without: only 64-bit code comes to the gate.
    static int taskLimit(boolean is64) {
        return (is64 ? TSS_BYTES : TSS_MAP) - 1;
    }

    static long localBase() {
        return BASE + LOCAL_PAGE * 4096L;
    }

    static int localLimit() {
        return LOCAL_PAGES * 4096 - 1;
    }

    /// Whether a stub, or the gate, has not executed its OUT yet.
    static boolean isAtOut(long rip) {
        return (rip - stub(0)) % STUB_BYTES == 0;
    }

    static boolean isInStubs(long rip) {
        return rip >= stub(0) && rip - stub(0) < 4096;
    }

    /// What the processor pushed: RIP, CS, RFLAGS, RSP and SS by index.
    long frame(int index) {
        return pool.entry(first + STACK_PAGE, FRAME + index);
    }

    /// Has a stub return to where user code is to go on.
    void setFrame(UserState user) {
        int stack = first + STACK_PAGE;
        pool.setEntry(stack, FRAME, user.rip);
        pool.setEntry(stack, FRAME + 1, user.segments[X86.CS].selector);
        pool.setEntry(stack, FRAME + 2, user.rflags);
        pool.setEntry(stack, FRAME + 3, user.gpr[X86.RSP]);
        pool.setEntry(stack, FRAME + 4, user.segments[X86.SS].selector);
    }

    /// Whether a stack pointer is a stub's, with a frame and at most an error code on the stack.
    static boolean isAtFrame(long rsp) {
        return rsp == stackTop() - FRAME_BYTES || rsp == stackTop() - FRAME_BYTES - 8;
    }

    long errorCode() {
        return pool.entry(first + STACK_PAGE, FRAME - 1);
    }
}
