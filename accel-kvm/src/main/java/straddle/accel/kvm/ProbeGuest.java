package straddle.accel.kvm;

import static straddle.core.arch.x86.X86.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import java.util.List;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.GuestArchitecture;
import straddle.core.accel.HostVerdict.GuestMode;
import straddle.core.accel.VmResources;
import straddle.core.arch.x86.Segment;
import straddle.core.arch.x86.X86State;
import straddle.core.bus.MachineLock;
import straddle.core.bus.PortBus;
import straddle.core.irq.InterruptSource;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.RamBlock;
import straddle.core.memory.RamUnavailableException;
import straddle.core.time.VirtualClock;
import straddle.core.vcpu.Exit;
import straddle.host.HostException;
import straddle.host.SharedMemory;

/// A guest of a few instructions, to see what a host's KVM does with them.
///
/// Its long-mode address space has two windows of 2 MiB. User code, data and stack lie in the first; a
/// monitor in the second, which user code can't reach: GDT, TSS, and an IDT whose 256 gates lead to a stub
/// each that writes to the port of its vector's number. So whatever ends user code shows as a port exit.
final class ProbeGuest implements AutoCloseable {
    static final long USER = 0x40_0000;
    static final long READ_ONLY_PAGE = USER + 0x1000;
    static final long NO_EXECUTE_PAGE = USER + 0x2000;
    static final long SUPERVISOR_PAGE = USER + 0x3000;
    static final long DATA_PAGE = USER + 0x4000;

    /// Never mapped, and no address that any guest would use.
    static final long LSTAR = 0xffff_ffff_8100_0000L;

    private static final long STACK_TOP = USER + 0x6000;
    private static final long MONITOR = 0x80_0000;
    private static final long STUBS = MONITOR + 0x1000;
    private static final long TABLES = MONITOR + 0x2000;
    private static final long MONITOR_STACK_TOP = MONITOR + 0x4000;

    /// Where the windows lie in physical memory, and the page tables.
    private static final int USER_GPA = 0x2_0000;

    private static final int MONITOR_GPA = 0x3_0000;
    private static final int PML4 = 0x1_0000;
    private static final int PDPT = 0x1_1000;
    private static final int DIRECTORY = 0x1_2000;
    private static final int USER_TABLE = 0x1_3000;
    private static final int MONITOR_TABLE = 0x1_4000;
    private static final int RAM_BYTES = 1 << 20;

    private static final long PRESENT = 1;
    private static final long WRITABLE = 1 << 1;
    private static final long USER_PAGE = 1 << 2;
    private static final long NO_EXECUTE = 1L << 63;

    private static final int CODE64_KERNEL = 0x08;
    private static final int DATA_KERNEL = 0x10;
    private static final int CODE32_USER = 0x18 | 3;
    private static final int DATA_USER = 0x20 | 3;
    private static final int CODE64_USER = 0x28 | 3;
    private static final int TASK = 0x30;
    private static final int TSS_OFFSET = 0x800;
    private static final int STUB_BYTES = 8;

    private static final int FLAT = Segment.P | Segment.S | Segment.G;
    private static final int READ_WRITE = 3;
    private static final int EXECUTE_READ = 0xb;

    private final Arena arena;
    private final MemorySegment ram;
    private final KvmAccelerator accelerator;
    private final KvmVcpu vcpu;

    /// How a piece of user code ended.
    ///
    /// @param vector of the exception; -1 if something else ended it, as `what` says
    /// @param state of the vCPU in the monitor's stub
    record Outcome(
            int vector, long errorCode, long rip, long rflags, X86State state, String what) {}

    /// @param hidden bits of CPUID leaf 1's ECX that the guest is not to see
    static ProbeGuest create(KvmDevice device, int hidden)
            throws AcceleratorException, HostException {
        Arena arena = Arena.ofShared();
        MachineLock lock = new MachineLock();
        AddressSpace memory = new AddressSpace(lock);
        try {
            RamBlock block = RamBlock.allocate("probe", RAM_BYTES, SharedMemory.RAM, arena);
            memory.mapRam(0, block);
            KvmAccelerator accelerator =
                    KvmAccelerator.create(
                            device,
                            new VmResources(
                                    GuestArchitecture.X86_64,
                                    memory,
                                    new PortBus(lock),
                                    new VirtualClock(System::nanoTime, lock),
                                    1,
                                    false),
                            false);
            try {
                return new ProbeGuest(arena, block.bytes(), accelerator, hidden);
            } catch (AcceleratorException e) {
                accelerator.close();
                throw e;
            }
        } catch (RamUnavailableException e) {
            arena.close();
            throw new AcceleratorException(e.getMessage(), e);
        } catch (AcceleratorException e) {
            arena.close();
            throw e;
        }
    }

    /// Whether SYSCALL leaves the privilege as it is, so that the fetch at LSTAR faults with user rights: see [SyscallTrap].
    ///
    /// @param device is closed
    static boolean losesSyscalls(KvmDevice device) throws AcceleratorException, HostException {
        try (ProbeGuest guest = create(device, 0)) {
            X86State state = inMode(GuestMode.LONG_USER);
            state.efer |= EFER_SCE;
            state.msrs.put(MSR_LSTAR, LSTAR);
            state.msrs.put(MSR_STAR, (long) CODE64_KERNEL << 32 | (long) CODE32_USER << 48);
            // syscall
            Outcome outcome = guest.run(state, "0f05");
            return outcome.vector() == PF && (outcome.errorCode() & 4) != 0;
        }
    }

    private ProbeGuest(Arena arena, MemorySegment ram, KvmAccelerator accelerator, int hidden)
            throws AcceleratorException {
        this.arena = arena;
        this.ram = ram;
        this.accelerator = accelerator;
        List<CpuidEntry> shown =
                accelerator.cpuid(0).stream()
                        .map(e -> e.function() == 1 ? hide(e, hidden) : e)
                        .toList();
        vcpu = accelerator.createVcpu(0, InterruptSource.NONE, shown);
        buildPageTables();
        buildMonitor();
    }

    private static CpuidEntry hide(CpuidEntry leaf1, int hidden) {
        return leaf1.with(leaf1.eax(), leaf1.ebx(), leaf1.ecx() & ~hidden, leaf1.edx());
    }

    private void buildPageTables() {
        put(PML4, PDPT | PRESENT | WRITABLE | USER_PAGE);
        put(PDPT, DIRECTORY | PRESENT | WRITABLE | USER_PAGE);
        put(DIRECTORY + 8 * (USER >>> 21), USER_TABLE | PRESENT | WRITABLE | USER_PAGE);
        put(DIRECTORY + 8 * (MONITOR >>> 21), MONITOR_TABLE | PRESENT | WRITABLE);
        long user = PRESENT | WRITABLE | USER_PAGE;
        for (int page = 0; page < 6; page++) {
            put(USER_TABLE + 8L * page, USER_GPA + 0x1000L * page | user);
        }
        put(USER_TABLE + 8, USER_GPA + 0x1000 | PRESENT | USER_PAGE);
        put(USER_TABLE + 16, USER_GPA + 0x2000 | user | NO_EXECUTE);
        put(USER_TABLE + 24, USER_GPA + 0x3000 | PRESENT | WRITABLE);
        for (int page = 0; page < 4; page++) {
            put(MONITOR_TABLE + 8L * page, MONITOR_GPA + 0x1000L * page | PRESENT | WRITABLE);
        }
    }

    private void buildMonitor() {
        for (int vector = 0; vector < 256; vector++) {
            long stub = STUBS + (long) vector * STUB_BYTES;
            Monitor.putGate(ram, MONITOR_GPA + 16L * vector, CODE64_KERNEL, stub, 3);
            // out vector, al; iretq
            put(MONITOR_GPA + (stub - MONITOR), 0xe6 | (long) vector << 8 | 0xcf48L << 16);
        }
        long tables = MONITOR_GPA + (TABLES - MONITOR);
        put(tables + CODE64_KERNEL, 0x00af_9b00_0000_ffffL);
        put(tables + DATA_KERNEL, 0x00cf_9300_0000_ffffL);
        put(tables + (CODE32_USER & ~7), 0x00cf_fb00_0000_ffffL);
        put(tables + (DATA_USER & ~7), 0x00cf_f300_0000_ffffL);
        put(tables + (CODE64_USER & ~7), 0x00af_fb00_0000_ffffL);
        Monitor.putTask(ram, tables + TSS_OFFSET, MONITOR_STACK_TOP);
    }

    private void put(long gpa, long value) {
        ram.set(ValueLayout.JAVA_LONG, gpa, value);
    }

    /// The state of a mode in front of the code page, to be changed by the caller as it likes.
    static X86State inMode(GuestMode mode) {
        X86State state = new X86State();
        state.rip = USER;
        state.gpr[RSP] = STACK_TOP;
        switch (mode) {
            case REAL -> {
                // 16-bit segments reach the code page where it lies in physical memory.
                state.segments[CS].set(
                        USER_GPA >>> 4, USER_GPA, 0xffff, Segment.P | Segment.S | EXECUTE_READ);
                state.rip = 0;
                state.gpr[RSP] = 0x8000;
            }
            case PROTECTED_KERNEL, PROTECTED_USER -> {
                int dpl = mode == GuestMode.PROTECTED_USER ? 3 : 0;
                state.cr0 = CR0_PE | CR0_ET | CR0_NE;
                segments(state, dpl, Segment.DB, dpl == 0 ? CODE64_KERNEL : CODE32_USER);
                state.rip = USER_GPA;
                state.gpr[RSP] = USER_GPA + (STACK_TOP - USER);
                // IN and OUT at CPL 3 then need no TSS.
                state.rflags |= dpl == 0 ? 0 : RFLAGS_IOPL;
            }
            case LONG_KERNEL -> {
                longMode(state);
                segments(state, 0, Segment.L, CODE64_KERNEL);
                state.gpr[RSP] = MONITOR_STACK_TOP;
            }
            case COMPATIBILITY_USER -> {
                longMode(state);
                segments(state, 3, Segment.DB, CODE32_USER);
                state.rflags |= RFLAGS_IOPL;
            }
            case LONG_USER -> {
                longMode(state);
                segments(state, 3, Segment.L, CODE64_USER);
            }
        }
        return state;
    }

    private static void longMode(X86State state) {
        state.cr0 = CR0_PE | CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP;
        state.cr3 = PML4;
        state.cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT;
        state.efer = EFER_LME | EFER_LMA | EFER_NXE;
        state.idtBase = MONITOR;
        state.idtLimit = 0xfff;
        state.gdtBase = TABLES;
        state.gdtLimit = TASK + 15;
        state.tr.set(TASK, TABLES + TSS_OFFSET, Monitor.TSS_BYTES - 1, Segment.P | 0xb);
    }

    private static void segments(X86State state, int dpl, int width, int code) {
        int level = dpl << Segment.DPL_SHIFT;
        for (Segment segment : state.segments) {
            segment.set(
                    dpl == 0 ? DATA_KERNEL : DATA_USER,
                    0,
                    -1,
                    FLAT | Segment.DB | level | READ_WRITE);
        }
        state.segments[CS].set(code, 0, -1, FLAT | width | level | EXECUTE_READ);
    }

    /// Places code on the code page and the vCPU in front of it.
    void prepare(X86State state, String hex) throws AcceleratorException {
        byte[] code = HexFormat.of().parseHex(hex.replace(" ", ""));
        ram.asSlice(USER_GPA, 0x1000).fill((byte) 0xcc);
        MemorySegment.copy(code, 0, ram, ValueLayout.JAVA_BYTE, USER_GPA, code.length);
        vcpu.load(state);
    }

    /// Runs until the next port exit; its port, or -1 for any other exit.
    ///
    /// @throws AcceleratorException also when the probe's time is over
    int runToPort() throws AcceleratorException {
        Exit exit = vcpu.run();
        if (exit == Exit.Kicked.KICKED) {
            throw new AcceleratorException("The probe of this host's KVM took too long.");
        }
        return exit instanceof Exit.PortWrite write ? write.port : -1;
    }

    /// Runs user code until an exception ends it.
    Outcome run(X86State state, String hex) throws AcceleratorException {
        prepare(state, hex);
        Exit exit = vcpu.run();
        X86State after = new X86State();
        vcpu.save(after);
        if (!(exit instanceof Exit.PortWrite write)) {
            return new Outcome(-1, 0, after.rip, after.rflags, after, nameOf(exit));
        }
        boolean hasError = Monitor.hasErrorCode(write.port);
        long frame = after.gpr[RSP];
        return new Outcome(
                write.port,
                hasError ? onStack(frame) : 0,
                onStack(frame + (hasError ? 8 : 0)),
                onStack(frame + (hasError ? 24 : 16)),
                after,
                "");
    }

    private static String nameOf(Exit exit) {
        return switch (exit) {
            case Exit.Shutdown _ -> "a triple fault";
            case Exit.Unhandled _ -> "KVM gave up";
            case Exit.Kicked _ -> "it did not end";
            default -> "an exit of another kind";
        };
    }

    private long onStack(long address) {
        long gpa = address - MONITOR + MONITOR_GPA;
        return gpa < MONITOR_GPA || gpa > MONITOR_GPA + 0x4000 - 8
                ? 0
                : ram.get(ValueLayout.JAVA_LONG_UNALIGNED, gpa);
    }

    KvmVcpu vcpu() {
        return vcpu;
    }

    /// What the guest was to see of a CPUID leaf; null if it is not there.
    CpuidEntry asked(int function, int index) {
        return accelerator.cpuid(0).stream()
                .filter(e -> e.function() == function && e.index() == index)
                .findFirst()
                .orElse(null);
    }

    @Override
    public void close() {
        vcpu.close();
        accelerator.close();
        arena.close();
    }
}
