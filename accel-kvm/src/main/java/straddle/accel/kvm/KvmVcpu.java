package straddle.accel.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import straddle.core.accel.AcceleratorException;
import straddle.core.arch.x86.Segment;
import straddle.core.arch.x86.X86;
import straddle.core.arch.x86.X86State;
import straddle.core.bus.PortBus;
import straddle.core.irq.InterruptSource;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.Region;
import straddle.core.observe.ExitObserver;
import straddle.core.vcpu.Exit;
import straddle.core.vcpu.Statistics;
import straddle.core.vcpu.TranslatedVcpu;
import straddle.core.vcpu.Vcpu;
import straddle.host.Descriptor;
import straddle.host.HostException;
import straddle.host.KickSignal;
import straddle.linux.kvm.Kvm;
import straddle.linux.kvm.kvm_cpuid2;
import straddle.linux.kvm.kvm_cpuid_entry2;
import straddle.linux.kvm.kvm_device_attr;
import straddle.linux.kvm.kvm_interrupt;
import straddle.linux.kvm.kvm_mp_state;
import straddle.linux.kvm.kvm_run;
import straddle.linux.kvm.kvm_signal_mask;
import straddle.linux.libc.Libc;

/// A vCPU of KVM's (Linux's Documentation/virt/kvm/api.rst, "vCPU ioctls" and "The kvm_run structure").
///
/// [#run()] allocates nothing for port, MMIO, halt, window and kick exits.
///
/// A kick sets `immediate_exit`, which KVM_RUN looks at first, and signals the thread if it is inside. The
/// thread can't leave `run()` while a signal is on its way to it, so that none ever reaches a thread that
/// does not block it.
final class KvmVcpu implements Vcpu {
    private static final int OUTSIDE = 0;
    private static final int INSIDE = 1;
    private static final int SIGNALLING = 2;
    private static final int SIGNALLED = 3;

    /// How much vector code the stand-in executes at once, in instructions, and how many others between two of it.
    private static final int MOST_TOGETHER = 2000;

    private static final int MOST_BETWEEN = 8;

    private static final int NOTHING = 0;
    private static final int MMIO_READ = 1;
    private static final int OTHER = 2;

    private static final int EINTR = Libc.EINTR();
    private static final int EAGAIN = Libc.EAGAIN();
    private static final long KVM_RUN = Kvm.KVM_RUN();
    private static final long KVM_INTERRUPT = Kvm.KVM_INTERRUPT();

    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    private static final long REQUEST_WINDOW = kvm_run.request_interrupt_window$offset();
    private static final long IMMEDIATE_EXIT = kvm_run.immediate_exit$offset();
    private static final long EXIT_REASON = kvm_run.exit_reason$offset();
    private static final long READY_FOR_INTERRUPT = kvm_run.ready_for_interrupt_injection$offset();
    private static final long IF_FLAG = kvm_run.if_flag$offset();
    private static final long CR8 = kvm_run.cr8$offset();
    private static final long VALID_REGS = kvm_run.kvm_valid_regs$offset();
    private static final long IO = kvm_run.io$offset();
    private static final long IO_DIRECTION = IO + kvm_run.io.direction$offset();
    private static final long IO_SIZE = IO + kvm_run.io.size$offset();
    private static final long IO_PORT = IO + kvm_run.io.port$offset();
    private static final long IO_COUNT = IO + kvm_run.io.count$offset();
    private static final long IO_DATA_OFFSET = IO + kvm_run.io.data_offset$offset();
    private static final long MMIO_GPA = kvm_run.mmio$offset() + kvm_run.mmio.phys_addr$offset();
    private static final long MMIO_DATA = kvm_run.mmio$offset() + kvm_run.mmio.data$offset();
    private static final long MMIO_LENGTH = kvm_run.mmio$offset() + kvm_run.mmio.len$offset();
    private static final long MMIO_IS_WRITE =
            kvm_run.mmio$offset() + kvm_run.mmio.is_write$offset();

    private static final VarHandle IMMEDIATE = BYTE.varHandle();
    private static final VarHandle PLACE;
    private static final VarHandle KICKED;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            PLACE = lookup.findVarHandle(KvmVcpu.class, "place", int.class);
            KICKED = lookup.findVarHandle(KvmVcpu.class, "kicked", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final int id;
    private final MemorySlots slots;
    private final Rescuer rescuer;
    private final AddressSpace memory;
    private final PortBus ports;
    private final InterruptSource interrupts;
    private final boolean kernelIrqChip;

    /// Whether a local APIC of ours has the task priority that CR8 shows.
    private final boolean ownApic;

    private final Descriptor vcpu;
    private final Arena arena;
    private final MemorySegment run;
    private final MemorySegment interrupt;
    private final VcpuState registers;

    /// Null where SYSCALL works.
    private final SyscallTrap syscalls;

    /// The registers that `kvm_run` shows after each exit.
    private long shown;

    private ExitObserver observer;

    private final Exit.PortRead portRead = new Exit.PortRead();
    private final Exit.PortWrite portWrite = new Exit.PortWrite();
    private final Exit.MmioRead mmioRead = new Exit.MmioRead();
    private final Exit.MmioWrite mmioWrite = new Exit.MmioWrite();

    @SuppressWarnings("unused") // through PLACE
    private volatile int place = OUTSIDE;

    @SuppressWarnings("unused") // through KICKED
    private volatile boolean kicked;

    private volatile boolean closed;
    private volatile Thread runner;
    private volatile int runnerId;

    /// What the last exit left for the next KVM_RUN to finish.
    private int unfinished = NOTHING;

    /// Stopped by HLT; KVM itself keeps that only with its own interrupt controllers.
    private boolean halted;

    /// The enable bit of IA32_APIC_BASE, which is kept from KVM where there is no local APIC: CPUID would show one.
    private long apicEnabled = X86.APIC_BASE_ENABLE;

    private long signals;
    private long injected;

    /// Executes what KVM refuses; made with the first such instruction.
    private TranslatedVcpu standIn;

    private X86State refused;
    private long rescued;

    /// What a vCPU works with, of its VM.
    ///
    /// @param rescuer null if whoever runs the vCPU executes what KVM refuses
    /// @param losesSyscalls whether SYSCALL ends as [SyscallTrap] says
    /// @param shown which registers `kvm_run` has after each exit: KVM_SYNC_X86 bits
    /// @param msrs that the host's KVM can save and load
    record Setting(
            KvmVm vm,
            Rescuer rescuer,
            MemorySlots slots,
            AddressSpace memory,
            PortBus ports,
            boolean kernelIrqChip,
            boolean losesSyscalls,
            long shown,
            List<Integer> msrs) {}

    /// Creates a vCPU in its reset state.
    static KvmVcpu create(
            int id, Setting setting, InterruptSource interrupts, List<CpuidEntry> cpuid)
            throws HostException {
        Descriptor descriptor = setting.vm.createVcpu(id);
        Arena arena = Arena.ofShared();
        try {
            MemorySegment run = descriptor.map(setting.vm.device().runBytes(), arena);
            setCpuid(descriptor, cpuid);
            showHostTsc(descriptor);
            return new KvmVcpu(id, setting, interrupts, new Parts(descriptor, arena, run));
        } catch (HostException | RuntimeException e) {
            arena.close();
            descriptor.close();
            throw e;
        }
    }

    private record Parts(Descriptor descriptor, Arena arena, MemorySegment run) {}

    private KvmVcpu(int id, Setting setting, InterruptSource interrupts, Parts parts)
            throws HostException {
        this.id = id;
        this.slots = setting.slots;
        this.rescuer = setting.rescuer;
        this.memory = setting.memory;
        this.ports = setting.ports;
        this.kernelIrqChip = setting.kernelIrqChip;
        this.interrupts = interrupts;
        ownApic = !kernelIrqChip && interrupts.hasMsr(X86.MSR_APIC_BASE);
        this.vcpu = parts.descriptor;
        this.arena = parts.arena;
        this.run = parts.run;
        interrupt = kvm_interrupt.allocate(arena);
        registers = new VcpuState(vcpu, run, setting.msrs, arena);
        syscalls =
                setting.losesSyscalls
                        ? new SyscallTrap(vcpu, registers.sregs(), memory, arena)
                        : null;
        shown = setting.shown | (syscalls == null ? 0 : Kvm.KVM_SYNC_X86_SREGS());
        run.set(LONG, VALID_REGS, shown);
        portRead.data = run;
        portWrite.data = run;
    }

    private static void setCpuid(Descriptor vcpu, List<CpuidEntry> entries) throws HostException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment list =
                    arena.allocate(
                            kvm_cpuid2.sizeof() + entries.size() * kvm_cpuid_entry2.sizeof(), 8);
            kvm_cpuid2.nent(list, entries.size());
            for (int i = 0; i < entries.size(); i++) {
                entries.get(i)
                        .writeTo(
                                list.asSlice(
                                        kvm_cpuid2.sizeof() + i * kvm_cpuid_entry2.sizeof(),
                                        kvm_cpuid_entry2.sizeof()));
            }
            vcpu.ioctl("KVM_SET_CPUID2", Kvm.KVM_SET_CPUID2(), list.address());
        }
    }

    /// KVM starts a guest's TSC at 0 by an offset, which a software KVM does not apply to native code: with
    /// none, all code sees the same. Hosts that lack the attribute apply what they have everywhere.
    private static void showHostTsc(Descriptor vcpu) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attribute = kvm_device_attr.allocate(arena);
            attribute.fill((byte) 0);
            kvm_device_attr.group(attribute, Kvm.KVM_VCPU_TSC_CTRL());
            kvm_device_attr.attr(attribute, Kvm.KVM_VCPU_TSC_OFFSET());
            kvm_device_attr.addr(attribute, arena.allocate(LONG).address());
            vcpu.ioctl(Kvm.KVM_SET_DEVICE_ATTR(), attribute.address());
        }
    }

    @Override
    public int id() {
        return id;
    }

    @Override
    public Exit run() throws AcceleratorException {
        try {
            slots.check();
            if (Thread.currentThread() != runner) {
                adoptThread();
            }
            while (true) {
                if (kicked) {
                    run.set(BYTE, IMMEDIATE_EXIT, (byte) 0);
                    if ((boolean) KICKED.getAndSet(this, false)) {
                        return Exit.Kicked.KICKED;
                    }
                }
                if (!kernelIrqChip) {
                    Exit still = offerInterrupt();
                    if (still != null) {
                        return still;
                    }
                }
                int result = enter();
                if (result < 0) {
                    run.set(BYTE, IMMEDIATE_EXIT, (byte) 0);
                    failUnlessInterrupted(result);
                    // One that nobody here sent would end each KVM_RUN at once.
                    KickSignal.drain();
                } else {
                    if (syscalls != null) {
                        syscalls.follow();
                    }
                    Exit exit = decode();
                    if (exit != null) {
                        return exit;
                    }
                }
            }
        } catch (HostException e) {
            throw KvmRefusal.of(e);
        }
    }

    /// KVM_RUN, once: what was left unfinished first.
    private int enter() {
        putAnswer();
        int priority = 0;
        if (ownApic) {
            priority = interrupts.taskPriority();
            run.set(LONG, CR8, priority);
        }
        PLACE.setVolatile(this, INSIDE);
        int result = vcpu.ioctl(KVM_RUN, 0);
        if (!PLACE.compareAndSet(this, INSIDE, OUTSIDE)) {
            leaveSignalled();
        }
        if (ownApic && run.get(LONG, CR8) != priority) {
            interrupts.setTaskPriority((int) run.get(LONG, CR8));
        }
        return result;
    }

    private void putAnswer() {
        if (unfinished == MMIO_READ) {
            run.set(LONG, MMIO_DATA, mmioRead.value);
        }
        unfinished = NOTHING;
    }

    private void leaveSignalled() {
        while (place == SIGNALLING) {
            Thread.onSpinWait();
        }
        place = OUTSIDE;
        KickSignal.drain();
    }

    private void failUnlessInterrupted(int result) throws HostException {
        // EAGAIN: an application processor that waited for its INIT has got it.
        if (result != -EINTR && result != -EAGAIN) {
            throw new HostException("ioctl(KVM_RUN)", -result, "");
        }
    }

    @Override
    public void kick() {
        try {
            kicked = true;
            IMMEDIATE.setVolatile(run, IMMEDIATE_EXIT, (byte) 1);
        } catch (IllegalStateException _) {
            return; // closed meanwhile: nobody runs it any more
        }
        if (PLACE.compareAndSet(this, INSIDE, SIGNALLING)) {
            KickSignal.send(runnerId);
            signals++;
            place = SIGNALLED;
        }
    }

    /// Blocks the kick's signal in this thread and has KVM unblock it inside KVM_RUN.
    private void adoptThread() throws HostException {
        try (Arena local = Arena.ofConfined()) {
            MemorySegment mask = local.allocate(kvm_signal_mask.sizeof() + Long.BYTES, 8);
            // The kernel's signal set is 8 bytes, unlike the C library's.
            kvm_signal_mask.len(mask, Long.BYTES);
            mask.set(ValueLayout.JAVA_LONG_UNALIGNED, kvm_signal_mask.sizeof(), KickSignal.block());
            vcpu.ioctl("KVM_SET_SIGNAL_MASK", Kvm.KVM_SET_SIGNAL_MASK(), mask.address());
        }
        runnerId = KickSignal.threadId();
        runner = Thread.currentThread();
    }

    /// Hands KVM a pending interrupt if the guest can take it, or asks for an exit when it can.
    ///
    /// @return an exit, if the guest still sleeps
    private Exit offerInterrupt() throws HostException {
        boolean pending = interrupts.pending();
        if (halted) {
            if (!pending || run.get(BYTE, IF_FLAG) == 0) {
                return halt();
            }
            halted = false;
        }
        if (pending && run.get(BYTE, READY_FOR_INTERRUPT) != 0) {
            int vector = interrupts.acknowledge();
            if (vector >= 0) {
                interrupt.set(INT, 0, vector);
                int result = vcpu.ioctl(KVM_INTERRUPT, interrupt.address());
                if (result < 0) {
                    throw new HostException("ioctl(KVM_INTERRUPT)", -result, "");
                }
                injected++;
                run.set(BYTE, READY_FOR_INTERRUPT, (byte) 0);
            }
            pending = interrupts.pending();
        }
        run.set(BYTE, REQUEST_WINDOW, (byte) (pending ? 1 : 0));
        return null;
    }

    /// @return null where KVM only has to be entered again
    private Exit decode() throws HostException, AcceleratorException {
        int reason = run.get(INT, EXIT_REASON);
        if (reason == Kvm.KVM_EXIT_IO()) {
            return portExit();
        } else if (reason == Kvm.KVM_EXIT_MMIO()) {
            return mmioExit();
        } else if (reason == Kvm.KVM_EXIT_IRQ_WINDOW_OPEN()) {
            return Exit.InterruptWindow.INTERRUPT_WINDOW;
        } else if (reason == Kvm.KVM_EXIT_HLT()) {
            halted = true;
            return halt();
        } else if (reason == Kvm.KVM_EXIT_INTR() || reason == Kvm.KVM_EXIT_SET_TPR()) {
            return null;
        } else if (reason == Kvm.KVM_EXIT_SHUTDOWN()) {
            return new Exit.Shutdown("a triple fault");
        } else if (reason == Kvm.KVM_EXIT_DEBUG()) {
            Exit.Debug exit = VcpuReport.debug(run);
            return syscalls != null && syscalls.isAt(exit.pc()) ? rescue(reason) : exit;
        } else if (reason == Kvm.KVM_EXIT_INTERNAL_ERROR() && isRefusedInstruction()) {
            return rescue(reason);
        } else {
            return unhandled(reason);
        }
    }

    private boolean isRefusedInstruction() {
        return kvm_run.internal.suberror(kvm_run.internal(run))
                == Kvm.KVM_INTERNAL_ERROR_EMULATION();
    }

    /// Has the translator execute an instruction: that at RIP, which KVM refused or stopped at, or the SYSCALL that led there.
    private Exit rescue(int reason) throws HostException, AcceleratorException {
        if (rescuer == null) {
            return unhandled(reason);
        }
        if (standIn == null) {
            refused = new X86State();
            standIn = rescuer.vcpu(id, interrupts).orElse(null);
            if (standIn == null) {
                return unhandled(reason);
            }
            standIn.observe(observer);
        }
        fetch(refused);
        if (!VcpuReport.isInMemory(refused, vcpu, memory)) {
            return unhandled(reason);
        }
        if (reason == Kvm.KVM_EXIT_DEBUG()) {
            syscalls.takeBack(refused);
        }
        standIn.load(refused);
        Exit exit = standIn.step();
        if (reason != Kvm.KVM_EXIT_DEBUG() && exit == null) {
            exit = goOn();
        }
        standIn.save(refused);
        load(refused, true);
        rescued += reason == Kvm.KVM_EXIT_DEBUG() ? 0 : 1;
        return exit;
    }

    /// Where KVM refused one instruction of vector code it would refuse the next ones, each at the price of moving the vCPU's state twice: the
    /// stand-in executes them, with the plain ones between.
    private Exit goOn() throws AcceleratorException {
        boolean plain64 =
                refused.segments[X86.CS].has(Segment.L) && (refused.rflags & X86.RFLAGS_TF) == 0;
        Exit exit = null;
        int sinceVector = 0;
        long page = -1;
        long gpa = -1;
        for (int i = 0; plain64 && exit == null && i < MOST_TOGETHER; i++) {
            long rip = standIn.programCounter();
            long inPage = rip & 4095;
            if (rip - inPage != page) {
                page = rip - inPage;
                gpa = VcpuReport.translate(page, vcpu);
            }
            boolean readable =
                    gpa >= 0
                            && inPage <= 4096 - VectorCode.BYTES
                            && memory.at(gpa) instanceof Region.Ram;
            VectorCode.Kind kind =
                    readable
                            ? VectorCode.of(memory.read(gpa + inPage, VectorCode.BYTES))
                            : VectorCode.Kind.OTHER;
            sinceVector = kind == VectorCode.Kind.VECTOR ? 0 : sinceVector + 1;
            if (kind == VectorCode.Kind.OTHER || sinceVector > MOST_BETWEEN) {
                break;
            }
            exit = standIn.step();
        }
        return exit;
    }

    private Exit halt() {
        return run.get(BYTE, IF_FLAG) == 0 ? Exit.Halt.MASKED : Exit.Halt.HALT;
    }

    private Exit portExit() {
        boolean out = run.get(BYTE, IO_DIRECTION) == Kvm.KVM_EXIT_IO_OUT();
        Exit.Port exit = out ? portWrite : portRead;
        exit.port = Short.toUnsignedInt(run.get(SHORT, IO_PORT));
        exit.width = run.get(BYTE, IO_SIZE);
        exit.count = run.get(INT, IO_COUNT);
        exit.offset = run.get(LONG, IO_DATA_OFFSET);
        unfinished = OTHER;
        return out ? portWrite : portRead;
    }

    private Exit mmioExit() {
        int length = run.get(INT, MMIO_LENGTH);
        long gpa = run.get(LONG, MMIO_GPA);
        boolean write = run.get(BYTE, MMIO_IS_WRITE) != 0;
        if (Integer.bitCount(length) != 1) {
            serveBytes(gpa, length, write);
            unfinished = OTHER;
            return null;
        }
        long mask = length == Long.BYTES ? -1 : (1L << (8 * length)) - 1;
        Exit.Mmio exit = write ? mmioWrite : mmioRead;
        exit.gpa = gpa;
        exit.width = length;
        exit.value = write ? run.get(LONG, MMIO_DATA) & mask : 0;
        unfinished = write ? OTHER : MMIO_READ;
        return write ? mmioWrite : mmioRead;
    }

    /// KVM splits an access at a page's end into parts of any length, which no [Exit] carries.
    private void serveBytes(long gpa, int length, boolean write) {
        for (int i = 0; i < length; i++) {
            if (write) {
                memory.write(gpa + i, 1, run.get(BYTE, MMIO_DATA + i));
            } else {
                run.set(BYTE, MMIO_DATA + i, (byte) memory.read(gpa + i, 1));
            }
        }
    }

    private Exit unhandled(int reason) throws HostException, AcceleratorException {
        X86State state = new X86State();
        fetch(state);
        return VcpuReport.unhandled(run, reason, state, vcpu, memory);
    }

    @Override
    public void save(X86State to) throws AcceleratorException {
        try {
            fetch(to);
            if (syscalls != null) {
                syscalls.takeBackBegun(to);
            }
        } catch (HostException e) {
            throw KvmRefusal.of(e);
        }
    }

    private void fetch(X86State to) throws HostException, AcceleratorException {
        settle();
        registers.save(to);
        if (ownApic) {
            to.cr8 = interrupts.taskPriority();
            to.apicBase = interrupts.readMsr(X86.MSR_APIC_BASE);
        } else if (!kernelIrqChip) {
            to.apicBase |= apicEnabled;
        }
        to.halted = kernelIrqChip ? mpState() == Kvm.KVM_MP_STATE_HALTED() : halted;
    }

    @Override
    public void load(X86State from) throws AcceleratorException {
        load(from, false);
    }

    private void load(X86State from, boolean sinceSave) throws AcceleratorException {
        try {
            settle();
            apicEnabled = from.apicBase & X86.APIC_BASE_ENABLE;
            registers.load(
                    from,
                    kernelIrqChip || ownApic ? from.apicBase : from.apicBase ^ apicEnabled,
                    sinceSave);
            if (ownApic && interrupts.taskPriority() != from.cr8) {
                interrupts.setTaskPriority((int) from.cr8);
            }
            settle();
            if (syscalls != null) {
                syscalls.follow();
            }
            halted = from.halted;
            if (kernelIrqChip) {
                setMpState(halted ? Kvm.KVM_MP_STATE_HALTED() : Kvm.KVM_MP_STATE_RUNNABLE());
            }
            run.set(BYTE, IF_FLAG, (byte) ((from.rflags & X86.RFLAGS_IF) != 0 ? 1 : 0));
            run.set(BYTE, READY_FOR_INTERRUPT, (byte) 0);
        } catch (HostException e) {
            throw KvmRefusal.of(e);
        }
    }

    /// Runs KVM_RUN without entering the guest: it finishes what an exit left, takes registers that are to be
    /// loaded, and leaves them all in `kvm_run`.
    private void settle() throws HostException, AcceleratorException {
        while (true) {
            run.set(LONG, VALID_REGS, VcpuState.ALL);
            IMMEDIATE.setVolatile(run, IMMEDIATE_EXIT, (byte) 1);
            putAnswer();
            int result = vcpu.ioctl(KVM_RUN, 0);
            run.set(LONG, VALID_REGS, shown);
            if (!kicked) {
                run.set(BYTE, IMMEDIATE_EXIT, (byte) 0);
            }
            if (result < 0) {
                failUnlessInterrupted(result);
                return;
            }
            // An access of several parts goes on with its next one, which nobody else could serve.
            serveHere(decode());
        }
    }

    private void serveHere(Exit exit) throws HostException {
        switch (exit) {
            case Exit.PortRead read -> {
                for (int i = 0; i < read.count; i++) {
                    read.set(i, ports.read(read.port, read.width));
                }
            }
            case Exit.PortWrite write -> {
                for (int i = 0; i < write.count; i++) {
                    ports.write(write.port, write.width, write.get(i));
                }
            }
            case Exit.MmioRead read -> read.value = memory.read(read.gpa, read.width);
            case Exit.MmioWrite write -> memory.write(write.gpa, write.width, write.value);
            case null -> {}
            default ->
                    throw new HostException(
                            "ioctl(KVM_RUN)",
                            0,
                            "The guest can't be stopped between two instructions: " + exit);
        }
    }

    private int mpState() throws HostException {
        try (Arena local = Arena.ofConfined()) {
            MemorySegment state = kvm_mp_state.allocate(local);
            vcpu.ioctl("KVM_GET_MP_STATE", Kvm.KVM_GET_MP_STATE(), state.address());
            return kvm_mp_state.mp_state(state);
        }
    }

    private void setMpState(int value) throws HostException {
        try (Arena local = Arena.ofConfined()) {
            MemorySegment state = kvm_mp_state.allocate(local);
            kvm_mp_state.mp_state(state, value);
            vcpu.ioctl("KVM_SET_MP_STATE", Kvm.KVM_SET_MP_STATE(), state.address());
        }
    }

    /// The registers as the last exit left them in `kvm_run`, of those that the setting shows.
    VcpuState registers() {
        return registers;
    }

    /// Completes an exit without entering the guest.
    void complete() throws HostException, AcceleratorException {
        settle();
    }

    /// For what only this package asks of a vCPU: its local APIC, debugging.
    Descriptor descriptor() {
        return vcpu;
    }

    /// Shows the general registers after each exit, the program counter among them.
    @Override
    public void observe(ExitObserver by) {
        observer = by;
        shown |= Kvm.KVM_SYNC_X86_REGS();
        run.set(LONG, VALID_REGS, shown);
        if (standIn != null) {
            standIn.observe(by);
        }
    }

    @Override
    public long programCounter() {
        return registers.rip();
    }

    @Override
    public void statistics(Statistics to) {
        to.tier("in KVM", -1, -1);
        to.count("events", "interrupts", injected);
        to.count("events", "kicks by signal", signals);
        to.count("events", "refused instructions translated", rescued);
        if (syscalls != null) {
            to.count("events", "lost SYSCALLs found", syscalls.caught());
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            if (standIn != null) {
                standIn.close();
            }
            vcpu.close();
            arena.close();
        }
    }
}
