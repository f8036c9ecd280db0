package straddle.accel.kvm;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import straddle.accel.kvm.HybridAccelerator.ProtectedMode;
import straddle.core.accel.AcceleratorException;
import straddle.core.arch.x86.X86;
import straddle.core.arch.x86.X86State;
import straddle.core.irq.InterruptSource;
import straddle.core.memory.AddressSpace;
import straddle.core.observe.ExitObserver;
import straddle.core.vcpu.Exit;
import straddle.core.vcpu.ExitCounts.Kind;
import straddle.core.vcpu.Statistics;
import straddle.core.vcpu.TranslatedVcpu;
import straddle.core.vcpu.UserCodeTaker;
import straddle.core.vcpu.UserState;
import straddle.core.vcpu.Vcpu;
import straddle.host.HostException;

/// A vCPU whose kernel code is translated and whose user code runs on the processor, where that pays.
///
/// The translator's vCPU holds the state. User code's part of it moves to KVM's vCPU and comes back with
/// whatever ends the slice: an exception, a system call, an interrupt. The translator then executes the
/// instruction in question with full semantics, so the guest's kernel sees what it would see of one processor.
final class HybridVcpu implements Vcpu, UserCodeTaker {
    private static final int NO_VECTOR = -1;
    private static final long DR6_SINGLE_STEP = 1 << 14;
    private static final int LENGTH_SHIFT = 9;
    private static final int LENGTHS = 2048;
    private static final String TOPIC = "hybrid";

    private final TranslatedVcpu soft;
    private final KvmVcpu kvm;
    private final VcpuState registers;
    private final UserTables tables;
    private final Monitor monitor;
    private final Governor governor;
    private final InterruptSource interrupts;
    private final UserCodePages pages;
    private final AddressSpace memory;

    /// Null unless native code is to be checked.
    private final NativeCheck check;

    private final Crossing crossing;
    private final UserDescriptors descriptors;
    private final ProtectedMode protectedMode;
    private final UserState user;
    private final X86State extended = new X86State();

    /// The loop wants this vCPU's thread.
    private volatile boolean kicked;

    /// An interrupt waits, which is the translator's to deliver.
    private volatile boolean interrupted;

    /// In native code, or on the way there with page tables that were right when it set out.
    private volatile boolean inNative;

    /// How often native code was left.
    private volatile long departures;

    private long departed;

    /// Nothing else is locked under it.
    private final ReentrantLock departure = new ReentrantLock();

    /// Native code was left while somebody waited for that, or may be entered again.
    private final Condition moved = departure.newCondition();

    private final AtomicInteger awaiting = new AtomicInteger();

    /// Another vCPU changes memory in a way that native code must not see half of.
    private volatile boolean keptOut;

    private final ForeignVectors vectors;

    /// Null where KVM has them.
    private final ThreadSelectors selectors;

    private final Runnable takingExtended = this::takeExtended;

    /// Whether KVM's vCPU has x87 and vector state, and whose it is.
    private boolean extendedIsNative;

    private long extendedSpace;
    private long extendedThread;
    private long extendedXcr0;
    private long extendedMoves;

    /// Where the processor refused an instruction that the translator had refused; or -1.
    private long undefinedAt = -1;

    /// Where the processor needed a page that it may not have unnoticed, and which; or -1.
    private long withheldAt = -1;

    private long withheld;

    /// Where the processor was sent with an instruction that the translator has not: its faults there are the guest's,
    /// as the translator can't raise them. Or -1.
    private long unknownAt = -1;

    private long undefinedTried;
    private int exitsOfSlice;
    private long slices;
    private long slicesOfProtectedMode;

    /// Slices by their lengths in steps of 512 ns, up to 1 ms.
    private final int[] lengths = new int[LENGTHS];

    private long nativeNanos;
    private long syscalls;
    private final long[] exceptions = new long[256];
    private long faultsOfGuest;

    /// What of the guest's user code must not be written unnoticed, among all vCPUs.
    @FunctionalInterface
    interface UserCodePages {
        void protect(long gpa);
    }

    /// Carries what the host refused through the translator.
    private static final class UncheckedHostException extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final transient HostException cause;

        UncheckedHostException(HostException cause) {
            super(cause);
            this.cause = cause;
        }

        @Override
        public synchronized HostException getCause() {
            return cause;
        }
    }

    /// What a vCPU is made of.
    ///
    /// @param selectors null where KVM has those of native code
    /// @param protectedMode how 32-bit and 16-bit code is to run
    /// @param verify of how many in a hundred native slices the interpreter checks
    record Parts(
            TranslatedVcpu soft,
            KvmVcpu kvm,
            UserTables tables,
            Governor governor,
            InterruptSource interrupts,
            UserCodePages pages,
            ForeignVectors vectors,
            ThreadSelectors selectors,
            ProtectedMode protectedMode,
            AddressSpace memory,
            int verify) {}

    HybridVcpu(Parts parts) throws AcceleratorException {
        soft = parts.soft;
        kvm = parts.kvm;
        registers = kvm.registers();
        tables = parts.tables;
        monitor = tables.monitor();
        governor = parts.governor;
        interrupts = parts.interrupts;
        pages = parts.pages;
        vectors = parts.vectors;
        selectors = parts.selectors;
        memory = parts.memory;
        check = parts.verify > 0 ? new NativeCheck(soft, tables, parts.memory, parts.verify) : null;
        crossing = new Crossing(kvm, monitor);
        user = crossing.user;
        descriptors = soft::descriptors;
        protectedMode = parts.protectedMode;
        soft.offerUserCode(this);
    }

    @Override
    public int id() {
        return soft.id();
    }

    // ---- running

    @Override
    public Exit run() throws AcceleratorException {
        try {
            Exit exit = Exit.UserCode.USER_CODE;
            if (!soft.isAtUserCode() || !wants(soft.addressSpace())) {
                exit = soft.run();
            }
            while (exit == Exit.UserCode.USER_CODE) {
                exit = runNatively();
                if (exit == null) {
                    exit = soft.run();
                }
            }
            return exit;
        } catch (HostException e) {
            throw KvmRefusal.of(e);
        } catch (UncheckedHostException e) {
            throw KvmRefusal.of(e.getCause());
        }
    }

    @Override
    public boolean takesProtectedMode() {
        return protectedMode != ProtectedMode.TRANSLATED;
    }

    @Override
    public boolean wants(long addressSpace) {
        if (!governor.wantsNative(addressSpace) || interrupts.pending()) {
            return false;
        }
        if (governor.hasRun(addressSpace) && !tables.knows(addressSpace)) {
            // Another process by now. Each begins translated: it asks CPUID early.
            governor.forget(addressSpace);
            return governor.wantsNative(addressSpace);
        }
        return true;
    }

    @Override
    public boolean wantsUndefined(long pc) {
        boolean first = pc != undefinedAt && (pc != withheldAt || tables.release(withheld));
        undefinedAt = -1;
        withheldAt = -1;
        undefinedTried += first ? 1 : 0;
        unknownAt = first ? pc : -1;
        return first;
    }

    @Override
    public void translated(long addressSpace, long instructions, boolean goesOn) {
        if (goesOn) {
            governor.goesOnTranslated(addressSpace, instructions);
        } else {
            governor.translated(addressSpace, instructions);
        }
    }

    @Override
    public void codeFound(long gpa) {
        pages.protect(gpa);
    }

    /// Runs user code until something needs the translator, whose the state then is again.
    ///
    /// @return null if it goes on from there; [Exit.Kicked] if the loop wants the thread
    private Exit runNatively() throws HostException, AcceleratorException {
        interrupted = false;
        if (interrupts.pending()) {
            return null;
        }
        soft.saveUser(user);
        if (!crossing.canRun(descriptors)) {
            soft.loadUser(user);
            return null;
        }
        if (check != null) {
            check.begin();
            noticeInterrupts();
        }
        long start = System.nanoTime();
        giveExtended();
        if (selectors != null && user.is64()) {
            selectors.put(user);
        }
        exitsOfSlice = 0;
        Exit exit = stayNative();
        extendedThread = user.threadBase();
        soft.loadUser(user);
        if (extendedIsNative) {
            soft.leaveExtended(takingExtended);
        }
        if (trap != NO_VECTOR) {
            deliverTrap();
        }
        long nanos = System.nanoTime() - start;
        slices++;
        slicesOfProtectedMode += user.is64() ? 0 : 1;
        nativeNanos += nanos;
        lengths[(int) Math.min(nanos >>> LENGTH_SHIFT, LENGTHS - 1)]++;
        governor.ranNatively(
                user.addressSpace, nanos, exitsOfSlice, endedBy == Monitor.SYSCALL_PORT);
        if (observer != null) {
            long pc = endedBy == NO_VECTOR ? -1 : user.rip;
            observer.nativeCode(id(), Kind.NATIVE_SLICE, pc, reason(endedBy), nanos);
        }
        return exit;
    }

    /// Has KVM's vCPU have x87 and vector state, which stays there until the translator touches it: most kernel
    /// entries end without.
    private void giveExtended() throws HostException {
        boolean there =
                extendedIsNative
                        && extendedSpace == user.addressSpace
                        && extendedThread == user.threadBase()
                        && extendedXcr0 == user.xcr0;
        if (!there) {
            soft.saveExtended(extended);
            vectors.complete(extended, user);
            registers.loadExtended(extended);
            extendedIsNative = true;
            extendedSpace = user.addressSpace;
            extendedXcr0 = user.xcr0;
            extendedMoves++;
        }
    }

    private void takeExtended() {
        try {
            extendedIsNative = false;
            registers.saveExtended(extended);
            if (tables.knows(extendedSpace)) {
                vectors.keep(extended, extendedSpace, extendedThread, extendedXcr0);
            }
            soft.loadExtended(extended);
        } catch (HostException e) {
            throw new UncheckedHostException(e);
        }
    }

    /// An exception to deliver as the processor raised it, or [#NO_VECTOR].
    private int trap = NO_VECTOR;

    private Exit stayNative() throws HostException, AcceleratorException {
        long loadedRoot = -1;
        try {
            while (true) {
                setOut();
                long root = tables.root(GuestPaging.of(user), user.addressSpace);
                if (check != null && check.isUnderWay()) {
                    check.arm(user);
                    root = tables.root(GuestPaging.of(user), user.addressSpace);
                }
                if (loadedRoot == -1) {
                    enter(root);
                } else if (root != loadedRoot) {
                    registers.loadRoot(root);
                }
                loadedRoot = root;
                Exit exit = kvm.run();
                leave();
                if (exit instanceof Exit.Port port && registers.cpl() == 3) {
                    exitsOfSlice++;
                    return endAtPort(port);
                } else if (exit instanceof Exit.PortWrite write) {
                    exitsOfSlice++;
                    exceptions[write.port & 255]++;
                    if (Monitor.isAtOut(registers.rip())) {
                        kvm.complete();
                    }
                    if (write.port != X86.PF || !serveObserved()) {
                        if (check == null || !check.isUnderWay()) {
                            takeOut(write.port);
                            if (write.port == X86.PF && refused) {
                                trap = X86.PF;
                            }
                            return null;
                        }
                        Exit disagreement = endCheck(write.port);
                        if (disagreement != null || trap != NO_VECTOR) {
                            return disagreement;
                        }
                        if (!checkedToItsEnd) {
                            return null;
                        }
                        if (mustLeave()) {
                            return heed();
                        }
                        giveExtended();
                        loadedRoot = -1;
                    } else if (mustLeave() && (check == null || !check.isUnderWay())) {
                        takeOut(NO_VECTOR);
                        return heed();
                    }
                } else if (exit == Exit.Kicked.KICKED) {
                    if (check != null && check.isUnderWay()) {
                        if (check.isLate() && takeOutKicked()) {
                            showTranslator();
                            return check.lost("nothing in two seconds");
                        }
                    } else if (mustLeave() && takeOutKicked()) {
                        return heed();
                    }
                } else {
                    return giveUp(exit);
                }
            }
        } finally {
            leave();
            if (check != null) {
                check.abandon();
            }
        }
    }

    private boolean mustLeave() {
        return kicked || interrupted;
    }

    /// @return null if only an interrupt waits
    private Exit heed() {
        if (!kicked) {
            return null;
        }
        kicked = false;
        return Exit.Kicked.KICKED;
    }

    /// An exit of a slice that is being checked, which the slice does not survive otherwise.
    ///
    /// @return what the VM is to stop with, or null
    private Exit endCheck(int vector) {
        long rip = monitor.frame(0);
        // An interpreting KVM may not have an INT that leads to a 64-bit kernel.
        boolean fault = (vector == X86.GP || vector == X86.UD) && check.isEnd(rip);
        checkedToItsEnd = fault || vector == X86.BP && check.isEnd(rip - 1);
        boolean lacking =
                vector == X86.UD && !user.is64() && protectedMode == ProtectedMode.INTERPRETED;
        if (!checkedToItsEnd && (lacking || vector == X86.PF && withheldAt == rip)) {
            check.abandon();
            takeOut(vector);
            return null;
        }
        takeOut(vector);
        if (checkedToItsEnd) {
            trap = NO_VECTOR;
            user.rip = check.end();
            exitsOfSlice--;
            showTranslator();
            Exit disagreement = check.compare();
            noticeInterrupts();
            return disagreement;
        }
        showTranslator();
        return check.lost("exception %d at 0x%x".formatted(vector, user.rip));
    }

    private boolean checkedToItsEnd;

    /// A check reads the time-stamp counter, and so has timers that are due fire on this thread: nobody is told of those.
    private void noticeInterrupts() {
        if (interrupts.pending()) {
            interrupt();
        }
    }

    /// User code has accessed the one port that it can: as the gate that SYSCALL leads to, as a rule.
    ///
    /// @return what the VM is to stop with, or null
    private Exit endAtPort(Exit.Port port) throws HostException, AcceleratorException {
        boolean system = crossing.isAtSyscall();
        takeOut(system ? Monitor.SYSCALL_PORT : NO_VECTOR);
        if (!system) {
            crossing.rewindAccess(port, this::byteOfUser);
        }
        if (check != null && check.isUnderWay()) {
            showTranslator();
            return check.lost("an access to a port at 0x%x".formatted(user.rip));
        }
        return null;
    }

    private int byteOfUser(long linear) {
        long entry = tables.granted(linear);
        return (entry & UserTables.PRESENT) == 0
                ? 0
                : (int) memory.read((entry & UserTables.ADDRESS) + (linear & 4095), 1);
    }

    private void showTranslator() {
        soft.loadUser(user);
        extendedThread = user.threadBase();
        soft.leaveExtended(takingExtended);
    }

    /// Puts user code's registers into KVM's vCPU: no more of them than have to, as a change of segments or control
    /// registers costs KVM more than the rest of an entry.
    private void enter(long root) {
        if (!registers.isLoadedBesides(user, root)) {
            registers.loadUser(user, root);
        } else if (registers.cpl() == 3 && registers.hasCodeAndStackOf(user)) {
            registers.loadGeneral(user);
        } else if (Monitor.isInStubs(registers.rip())
                && Monitor.isAtFrame(registers.gpr(X86.RSP))) {
            monitor.setFrame(user);
            registers.loadGeneralInMonitor(user);
        } else {
            registers.loadUser(user, root);
        }
    }

    private void setOut() {
        inNative = true;
        while (keptOut) {
            leave();
            departure.lock();
            try {
                while (keptOut) {
                    moved.awaitUninterruptibly();
                }
            } finally {
                departure.unlock();
            }
            inNative = true;
        }
    }

    private void leave() {
        if (inNative) {
            inNative = false;
            departures = ++departed;
            if (awaiting.get() != 0) {
                signalMoved();
            }
        }
    }

    // ---- what is told of it

    private ExitObserver observer;

    /// What ended the last slice: a vector, [#NO_VECTOR] or [Monitor#SYSCALL_PORT].
    private int endedBy = NO_VECTOR;

    @Override
    public void observe(ExitObserver by) {
        observer = by;
        soft.observe(by);
    }

    @Override
    public long programCounter() {
        return soft.programCounter();
    }

    private static String reason(int vector) {
        return switch (vector) {
            case NO_VECTOR -> "interrupt";
            case Monitor.SYSCALL_PORT -> "system call";
            case X86.PF -> "page fault";
            case X86.GP -> "#GP";
            case X86.UD -> "#UD";
            case X86.DB -> "#DB";
            case X86.BP -> "#BP";
            default -> "vector " + vector;
        };
    }

    private boolean serveObserved() {
        if (observer == null) {
            return serveFault();
        }
        long start = System.nanoTime();
        boolean served = serveFault();
        if (served) {
            observer.nativeCode(
                    id(),
                    Kind.NATIVE_FAULT,
                    monitor.frame(0),
                    "page filled in",
                    System.nanoTime() - start);
        }
        return served;
    }

    /// The last page fault is the guest's kernel's to serve. The translator need not find out again by executing the
    /// instruction, for which it would want vector state, as a rule: big memory is touched by vector code.
    private boolean refused;

    /// Whether a page fault was ours to serve, and user code goes on.
    private boolean serveFault() {
        refused = false;
        if (!crossing.isFaultOfUser()) {
            return false;
        }
        long linear = registers.cr2();
        boolean write = crossing.isFaultOfStore();
        if (!soft.touch(linear, write, crossing.isFaultOfFetch())) {
            faultsOfGuest++;
            refused = true;
            return false;
        }
        if (tables.fill(linear, write)) {
            return true;
        }
        withheldAt = monitor.frame(0);
        withheld = linear;
        return false;
    }

    /// False if the monitor has yet to tell what ended user code.
    private boolean takeOutKicked() throws HostException {
        if (!crossing.isTold()) {
            return false;
        }
        takeOut(NO_VECTOR);
        return true;
    }

    /// Takes user code's registers out of KVM's vCPU, in front of what has to be done.
    ///
    /// @param vector the exception that ended user code, whose frame the monitor has; or [#NO_VECTOR]
    private void takeOut(int vector) {
        crossing.takeOut(vector);
        if (selectors != null && user.is64()) {
            selectors.take(user);
        }
        trap = NO_VECTOR;
        endedBy = vector;
        if (vector == Monitor.SYSCALL_PORT) {
            rewindSyscall();
            return;
        }
        if (vector == X86.UD) {
            undefinedAt = user.rip;
        }
        boolean ofUnknown = user.rip == unknownAt && vector >= 0 && vector != X86.UD;
        if (vector == X86.DB || vector == X86.BP || ofUnknown) {
            trap = vector;
        } else if (crossing.isLostSyscall()) {
            rewindSyscall();
        }
    }

    private void rewindSyscall() {
        syscalls++;
        endedBy = Monitor.SYSCALL_PORT;
        crossing.rewindSyscall();
    }

    private void deliverTrap() throws AcceleratorException {
        int vector = trap;
        trap = NO_VECTOR;
        if (vector == X86.PF) {
            soft.raisePageFault(
                    registers.cr2(), crossing.isFaultOfStore(), crossing.isFaultOfFetch());
            return;
        }
        X86State state = new X86State();
        soft.save(state);
        if (vector == X86.DB && (user.rflags & X86.RFLAGS_TF) != 0) {
            state.dr[6] |= DR6_SINGLE_STEP;
        }
        state.pendingVector = vector;
        state.pendingKind = X86State.EventKind.EXCEPTION;
        state.pendingErrorCode = Monitor.hasErrorCode(vector) ? (int) monitor.errorCode() : -1;
        soft.load(state);
    }

    /// KVM stopped with something that is no exception of user code's: the translator goes on if user code is at fault.
    private Exit giveUp(Exit exit) {
        if (check != null) {
            check.abandon();
        }
        if (exit instanceof Exit.Unhandled && registers.cpl() == 3) {
            registers.dropException();
            takeOut(NO_VECTOR);
            return null;
        }
        return exit;
    }

    // ---- other threads

    @Override
    public void kick() {
        kicked = true;
        soft.kick();
        kvm.kick();
    }

    @Override
    public void interrupt() {
        interrupted = true;
        soft.interrupt();
        kvm.kick();
    }

    /// Follows a write to a page table. Any thread. Native code may go on with what it had, as with a TLB's: the
    /// guest's kernel interrupts it before it relies on the change, and it comes back under tables that have it.
    void tableWritten(long gpa, long length) {
        tables.tableWritten(gpa, length);
    }

    /// The guest has moved to another engine.
    void retire() {
        tables.retire();
    }

    /// Stores to a page must be noticed. Any thread.
    void protect(long gpa) {
        if (tables.protect(gpa)) {
            awaitDeparture();
        }
    }

    /// The memory map has changed. Any thread.
    void forgetMap() {
        tables.forgetMap();
        awaitDeparture();
    }

    /// Returns once native code that began with the old tables has been left. Waits asleep: this vCPU's thread may
    /// need the processor that the caller has.
    private void awaitDeparture() {
        long before = departures;
        if (!inNative) {
            return;
        }
        departure.lock();
        try {
            awaiting.incrementAndGet();
            kvm.kick();
            while (inNative && departures == before) {
                moved.awaitUninterruptibly();
            }
            awaiting.decrementAndGet();
        } finally {
            departure.unlock();
        }
    }

    private void signalMoved() {
        departure.lock();
        try {
            moved.signalAll();
        } finally {
            departure.unlock();
        }
    }

    @Override
    public void keepOut() {
        keptOut = true;
        awaitDeparture();
    }

    @Override
    public void letIn() {
        keptOut = false;
        signalMoved();
    }

    // ---- state

    @Override
    public void save(X86State to) throws AcceleratorException {
        soft.save(to);
    }

    @Override
    public void load(X86State from) throws AcceleratorException {
        extendedIsNative = false;
        soft.load(from);
    }

    @Override
    public long retiredInstructions() {
        return soft.retiredInstructions();
    }

    @Override
    public void statistics(Statistics to) {
        soft.statistics(to);
        to.tier("on the processor", -1, nativeNanos);
        to.count("hybrid", "slices on the processor", slices);
        if (id() == 0) {
            to.nanos("hybrid", "median slice", medianSlice());
        }
        to.countAny("hybrid", "slices of 32-bit and 16-bit code", slicesOfProtectedMode);
        to.count("hybrid", "system calls from there", syscalls);
        to.count("hybrid", "vector states sent there", extendedMoves);
        for (int vector = 0; vector < exceptions.length; vector++) {
            to.countAny("hybrid", "exits with vector " + vector, exceptions[vector]);
        }
        to.count("hybrid", "page faults of the guest's", faultsOfGuest);
        to.countAny("hybrid", "instructions that only the processor may have", undefinedTried);
        if (id() == 0) {
            to.countAny(
                    "hybrid",
                    "threads with vectors that the guest doesn't know",
                    vectors.threads());
        }
        to.count("hybrid", "pages filled in", tables.fills());
        to.count("hybrid", "rights taken away", tables.revocations());
        to.count("hybrid", "tables moved", tables.moves());
        to.count("hybrid", "tables all forgotten", tables.resets());
        if (check != null) {
            check.statistics(to);
        }
        to.count("hybrid", "address spaces sent there", governor.toNative());
        to.count("hybrid", "address spaces taken back", governor.toTranslated());
    }

    private long medianSlice() {
        long seen = 0;
        int at = 0;
        while (at < LENGTHS - 1 && 2 * (seen + lengths[at]) < slices) {
            seen += lengths[at++];
        }
        return (2L * at + 1 << LENGTH_SHIFT) / 2;
    }

    @Override
    public Map<String, String> topics() {
        Map<String, String> topics = new TreeMap<>(soft.topics());
        topics.put(TOPIC, "what user code runs on the processor, and why");
        return topics;
    }

    @Override
    public String describe(String topic) {
        if (!topic.equals(TOPIC)) {
            return soft.describe(topic);
        }
        return "%,d slices on the processor, %,d ms, the median %.1f us; %,d system calls; %,d pages filled in, %,d tables moved%n"
                        .formatted(
                                slices,
                                nativeNanos / 1_000_000,
                                medianSlice() / 1000.0,
                                syscalls,
                                tables.fills(),
                                tables.moves())
                + governor.describe();
    }

    @Override
    public void close() {
        HybridSummaryEvent event = new HybridSummaryEvent();
        if (event.isEnabled()) {
            event.vcpu = id();
            event.slices = slices;
            event.systemCalls = syscalls;
            event.nanos = nativeNanos;
            event.medianSlice = medianSlice();
            event.sent = governor.toNative();
            event.takenBack = governor.toTranslated();
            event.commit();
        }
        tables.close();
        kvm.close();
        soft.close();
    }
}
