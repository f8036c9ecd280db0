package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import straddle.core.arch.x86.Segment;
import straddle.core.arch.x86.X86State;
import straddle.core.bus.MachineLock;
import straddle.core.bus.PortBus;
import straddle.core.irq.InterruptSource;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.RamAllocator;
import straddle.core.memory.RamBlock;
import straddle.core.memory.RamUnavailableException;
import straddle.core.observe.ExitObserver;
import straddle.core.observe.Trace;
import straddle.core.time.VirtualClock;
import straddle.core.vcpu.Exit;
import straddle.core.vcpu.Statistics;
import straddle.tcg.Sampler;
import straddle.tcg.block.Tb;
import straddle.tcg.machine.MachineCode;

/// A processor in 64-bit mode at privilege level 0 over 2 MiB of RAM mapped one to one, which runs a few
/// bytes of machine code. An exception ends the code, and is its answer.
final class Snippet implements AutoCloseable {
    /// Answered when the code came to its end.
    static final int COMPLETED = -1;

    /// Answered when the processor could not go on.
    static final int SHUT_DOWN = -2;

    static final int DATA = 0x2_0000;

    // Of a page fault's error code, as the manual has them (SDM volume 3, 5.7), not the translator.
    static final int ERROR_PRESENT = 1;
    static final int ERROR_WRITE = 2;
    static final int ERROR_USER = 4;
    static final int ERROR_RESERVED = 8;
    static final int ERROR_FETCH = 16;

    /// The page from here on is not mapped.
    static final int HOLE = 0x10_0000;

    /// The page tables: of the highest of four levels, of the one before the last, and of the last.
    static final int TABLES = 0x1000;

    static final int DIRECTORY = 0x3000;
    static final int PAGE_TABLE = 0x4000;

    // Of the tables' entries.
    static final int PRESENT = 1;
    static final int WRITABLE = 2;
    static final int USER = 4;

    static final int GDT = 0x6000;
    static final int IDT = 0x7000;
    static final int STACK = 0xf000;

    /// Where the first code is.
    static final int CODE = 0x1_0000;

    private static final int BYTES = 2 << 20;
    private static final int HANDLERS = 0x8000;
    private static final int SPACING = 0x100;
    private static final String HLT = "f4";
    private static final int CODE_SELECTOR = 8;
    private static final int INTERRUPT_GATE = 0x8e00;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment ram;
    final X86Cpu cpu;

    /// Each code has an address of its own: those translated are not looked at again.
    private int code = CODE;

    /// What the code starts with, and what it left.
    final X86State state = new X86State();

    Snippet() {
        this(InterruptSource.NONE);
    }

    Snippet(InterruptSource interrupts) {
        this(CpuModel.of(CpuModels.MAX), interrupts);
    }

    Snippet(CpuModel model, InterruptSource interrupts) {
        MachineLock lock = new MachineLock();
        AddressSpace memory = new AddressSpace(lock);
        try {
            RamBlock block = RamBlock.allocate("ram", BYTES, RamAllocator.OFF_HEAP, arena);
            memory.mapRam(0, block);
            ram = block.bytes();
        } catch (RamUnavailableException e) {
            throw new IllegalStateException(e);
        }
        cpu =
                new X86Cpu(
                        model,
                        memory,
                        new PortBus(lock),
                        new VirtualClock(() -> 0, lock),
                        interrupts,
                        arena);
        tables();
        enterLongMode(state, TABLES);
        state.cr4 |= CR4_OSXMMEXCPT | CR4_OSXSAVE;
        state.xcr0 = 7;
        state.gdtBase = GDT;
        state.gdtLimit = 0xff;
        state.idtBase = IDT;
        state.idtLimit = 0x1ff;
        state.gpr[RDI] = DATA;
    }

    private void tables() {
        link(0);
        for (int page = 0; page < BYTES; page += 0x1000) {
            map(page, page == HOLE ? 0 : page | PRESENT | WRITABLE);
        }
        putLong(GDT + CODE_SELECTOR, 0x00af_9b00_0000_ffffL);
        for (int vector = 0; vector < 32; vector++) {
            int handler = HANDLERS + vector;
            putLong(IDT + 16 * vector, handler | CODE_SELECTOR << 16 | (long) INTERRUPT_GATE << 32);
            put(handler, HLT);
        }
    }

    private void link(int rights) {
        for (int table = TABLES; table < PAGE_TABLE; table += 0x1000) {
            putLong(table, table + 0x1000 | PRESENT | WRITABLE | rights);
        }
    }

    /// Where the page-table entry of a page is.
    static int entryOf(int page) {
        return PAGE_TABLE + 8 * (page >> 12);
    }

    /// Gives a page another entry.
    void map(int page, long entry) {
        putLong(entryOf(page), entry);
    }

    /// Leaves it to the pages' entries what user code may access.
    void letUserIn() {
        link(USER);
    }

    /// 64-bit mode at privilege level 0.
    static void enterLongMode(X86State state, int tables) {
        state.cr0 = CR0_PE | CR0_PG | CR0_ET | CR0_NE | CR0_MP;
        state.cr3 = tables;
        state.cr4 = CR4_PAE | CR4_OSFXSR;
        state.efer = EFER_LME | EFER_LMA;
        for (Segment segment : state.segments) {
            segment.set(0, 0, -1, Segment.P | Segment.S | Segment.DB | Segment.G | 3);
        }
        int code = Segment.P | Segment.S | Segment.L | Segment.G | 0xb;
        state.segments[CS].set(CODE_SELECTOR, 0, -1, code);
    }

    /// Runs code given in hexadecimal; the exception's vector, or [#COMPLETED].
    int run(String hex) {
        int end = put(code, hex);
        put(end, HLT);
        state.rip = code;
        code += SPACING;
        state.gpr[RSP] = STACK;
        state.halted = false;
        cpu.load(state);
        cpu.run();
        cpu.save(state);
        if (!(cpu.exit instanceof Exit.Halt)) {
            throw new AssertionError(cpu.exit + "\n" + state);
        }
        return state.rip == end + 1 ? COMPLETED : (int) state.rip - 1 - HANDLERS;
    }

    /// Runs what bytes lie at an address until an exception, and answers its vector; or -2 if the processor shuts down.
    int runAt(int at) {
        runAgain(at, state.gpr[RSP] == 0 ? STACK : state.gpr[RSP]);
        cpu.save(state);
        return cpu.exit instanceof Exit.Shutdown ? SHUT_DOWN : (int) state.rip - 1 - HANDLERS;
    }

    /// The guest's memory, to map more into it.
    AddressSpace memory() {
        return cpu.memory;
    }

    /// Which processor of a machine this is.
    void place(int id, int processors) {
        cpu.place(id, processors);
    }

    /// Where the next code will be.
    int nextCode() {
        return code;
    }

    /// Says what runs warm blocks from now on.
    void use(Tier tier) {
        tier.runCodeOf(cpu, arena);
    }

    /// From now on hot blocks become regions at once.
    void compile() {
        use(Tier.REGIONS);
    }

    /// From now on warm blocks become machine code.
    void machineCode() {
        use(Tier.MACHINE_CODE);
    }

    /// The same, with so many bytes of it.
    void machineCode(long bytes) {
        cpu.machine = new MachineCode(cpu, Tier.hostCode(), X86Cpu.ZERO, arena, bytes);
    }

    /// From now on the runs of regions are checked.
    void verify() {
        compile();
        cpu.verify(100);
    }

    /// From now on warm blocks become machine code, whose runs are checked.
    void verifyMachineCode() {
        machineCode();
        cpu.verify(100);
    }

    /// Why it left the guest.
    Exit exit() {
        return cpu.exit;
    }

    Statistics statistics() {
        Statistics statistics = new Statistics();
        cpu.statistics(statistics, new Sampler());
        return statistics;
    }

    /// Runs from an address of an earlier code on, whatever comes of it.
    void runAgain(int at) {
        runAgain(at, STACK);
    }

    private void runAgain(int at, long stack) {
        state.rip = at;
        state.gpr[RSP] = stack;
        state.halted = false;
        cpu.load(state);
        cpu.run();
    }

    /// The block at an address.
    Tb block(int at) {
        cpu.pc = at;
        return cpu.block();
    }

    /// From now on what it does is traced.
    void trace(Trace by) {
        cpu.trace(by, 0);
    }

    /// From now on accesses to devices are told.
    void observe(ExitObserver by) {
        cpu.observe(0, by);
    }

    long regions() {
        return cpu.regions.installed();
    }

    /// Guest instructions so far.
    long retired() {
        return cpu.retiredInstructions();
    }

    long retiredInRegions() {
        return cpu.retiredInRegions;
    }

    /// Bytes given in hexadecimal; the address behind them.
    int put(int at, String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
        MemorySegment.copy(bytes, 0, ram, ValueLayout.JAVA_BYTE, at, bytes.length);
        return at + bytes.length;
    }

    void putLong(int at, long value) {
        ram.set(ValueLayout.JAVA_LONG_UNALIGNED, at, value);
    }

    long getLong(int at) {
        return ram.get(ValueLayout.JAVA_LONG_UNALIGNED, at);
    }

    /// What lies on the stack, counted from its top.
    long stack(int slot) {
        return getLong((int) state.gpr[RSP] + 8 * slot);
    }

    void putDouble(int at, double value) {
        putLong(at, Double.doubleToRawLongBits(value));
    }

    double getDouble(int at) {
        return Double.longBitsToDouble(getLong(at));
    }

    /// The bytes of RAM from an address on.
    ByteBuffer bytes(int at, int count) {
        return ram.asSlice(at, count).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }

    void setXmm(int register, long low, long high) {
        state.xsaveBuffer().putLong(160 + 16 * register, low);
        state.xsaveBuffer().putLong(168 + 16 * register, high);
    }

    /// Bits 255:128.
    void setUpper(int register, long low, long high) {
        state.xsave[X86State.XSTATE_BV_OFFSET] |= 4;
        state.xsaveBuffer().putLong(576 + 16 * register, low);
        state.xsaveBuffer().putLong(584 + 16 * register, high);
    }

    /// Bits 191:128.
    long upperLow(int register) {
        return state.xsaveBuffer().getLong(576 + 16 * register);
    }

    /// Bits 255:192.
    long upperHigh(int register) {
        return state.xsaveBuffer().getLong(584 + 16 * register);
    }

    long low(int register) {
        return state.xsaveBuffer().getLong(160 + 16 * register);
    }

    long high(int register) {
        return state.xsaveBuffer().getLong(168 + 16 * register);
    }

    int mxcsr() {
        return state.xsaveBuffer().getInt(24);
    }

    void setMxcsr(int value) {
        state.xsaveBuffer().putInt(24, value);
    }

    /// The x87 status word.
    int fsw() {
        return state.xsaveBuffer().getShort(2) & 0xffff;
    }

    /// A bit for each x87 register that is in use.
    int tags() {
        return state.xsave[4] & 0xff;
    }

    @Override
    public void close() {
        arena.close();
    }
}
