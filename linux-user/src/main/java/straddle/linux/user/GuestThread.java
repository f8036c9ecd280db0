package straddle.linux.user;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import straddle.core.observe.Trace;
import straddle.core.user.BadAddressException;
import straddle.core.user.UserMemory;
import straddle.core.user.UserStop;
import straddle.core.user.UserVcpu;
import straddle.host.LinuxCall;

/// A thread of a guest process: a thread of this JVM with a vCPU of its own.
final class GuestThread implements Runnable {
    private static final int FUTEX_WAITERS = 0x8000_0000;
    private static final int FUTEX_OWNER_DIED = 0x4000_0000;
    private static final int FUTEX_TID_MASK = 0x3fff_ffff;
    private static final int MOST_ROBUST = 2048;

    GuestProcess process;
    UserVcpu vcpu;

    /// The vCPU that has been told to trace.
    private UserVcpu traced;

    int tid;

    /// Its own name, or null for its process's.
    volatile String name;

    Thread host;
    private volatile int hostThread;

    /// Processor time that the host's thread had used before, in nanoseconds.
    volatile long timeBefore;

    final Scratch scratch;
    AltStack altStack = new AltStack();

    /// Blocked signals: bit n - 1 is signal n.
    volatile long mask;

    /// The mask to go back to after a handler that a call with a mask of its own let in, if there is one.
    private long maskBefore;

    private boolean hasMaskBefore;

    /// Signals to this thread alone; under the kernel's lock.
    private final PendingSignals pending = new PendingSignals();

    private volatile long waitedFor;

    /// Where to store 0 and wake a futex at the end, or 0.
    long clearAtExit;

    long robustList;
    volatile Scheduling scheduling = Scheduling.DEFAULT;
    private volatile boolean inHostCall;
    volatile boolean ended;
    private Runnable afterwards;
    private final List<Paths.Located> located = new ArrayList<>();

    /// Files of the present call that other threads may close.
    private final List<OpenFile> inUse = new ArrayList<>();

    GuestThread(GuestProcess process, UserVcpu vcpu, Scratch scratch) {
        this.process = process;
        this.vcpu = vcpu;
        this.scratch = scratch;
    }

    UserMemory memory() {
        return process.program.memory;
    }

    Kernel kernel() {
        return process.kernel;
    }

    /// On the host's thread that it begins on.
    void hostThread(int id) {
        hostThread = id;
        timeBefore = ProcessorTime.ofHostThread(id);
    }

    int hostThread() {
        return hostThread;
    }

    // ---- running

    @Override
    public void run() {
        GuestAbi.CallRegisters before = null;
        Trace trace = kernel().options.trace();
        while (!process.exiting && !ended) {
            if (trace != null && traced != vcpu) {
                traced = vcpu;
                traced.trace(trace, tid);
            }
            UserStop stop = vcpu.run();
            long pc = vcpu.pc();
            long start = trace == null ? 0 : System.nanoTime();
            long result = -Errno.NO_RESULT;
            switch (stop) {
                case SYSTEM_CALL -> {
                    GuestAbi abi = process.abi;
                    int number = abi.callNumber(vcpu);
                    before = abi.callRegisters(vcpu);
                    result = kernel().calls.call(this, number);
                    if (result >= -Errno.ERESTARTNOHAND && result <= -Errno.ERESTART) {
                        abi.result(vcpu, -Errno.EINTR);
                    } else if (result != -Errno.NO_RESULT) {
                        abi.result(vcpu, result);
                    }
                }
                case KICKED -> {}
                default -> faulted(stop);
            }
            if (trace != null && trace.takes(Trace.Event.EXIT, tid, -1, pc)) {
                String why = stop.name().toLowerCase(Locale.ROOT).replace('_', ' ');
                long nanos = System.nanoTime() - start;
                trace.show(Trace.Event.EXIT, tid, pc, "%s, served in %,d ns".formatted(why, nanos));
            }
            boolean restarts = result >= -Errno.ERESTARTNOHAND && result <= -Errno.ERESTART;
            if (restarts || hasSignal() || process.stopped || hasMaskBefore) {
                deliverSignals(restarts ? before : null, result == -Errno.ERESTART);
            }
            Runnable next = afterwards;
            if (next != null) {
                afterwards = null;
                next.run();
            }
        }
        kernel().ended(this);
    }

    /// Has a path that a call was given stay usable until the call has been answered.
    void closeAfterCall(Paths.Located path) {
        located.add(path);
    }

    /// The present call has been answered.
    void called() {
        if (!located.isEmpty()) {
            located.forEach(Paths.Located::close);
            located.clear();
        }
        if (!inUse.isEmpty()) {
            inUse.forEach(OpenFile::release);
            inUse.clear();
        }
    }

    /// The file of a descriptor, or null: it stays open until the present call has been answered, as the kernel has it. Its number
    /// on the host would be another file's otherwise when another thread closes it meanwhile.
    OpenFile file(int fd) {
        return file(process, fd);
    }

    /// A process's, likewise.
    OpenFile file(GuestProcess of, int fd) {
        if (of == process && isAlone()) {
            return of.files.get(fd);
        }
        return kept(of.files.retain(fd));
    }

    /// The host's descriptor, or -1; likewise.
    int hostFile(int fd) {
        OpenFile file = file(fd);
        return file == null ? -1 : file.host;
    }

    /// A process's working directory, or null for the host process's; likewise.
    OpenFile directory(GuestProcess of) {
        return of == process && isAlone() ? of.workingDirectory() : kept(of.retainDirectory());
    }

    private boolean isAlone() {
        return process.threads.size() <= 1;
    }

    private OpenFile kept(OpenFile file) {
        if (file != null) {
            inUse.add(file);
        }
        return file;
    }

    /// Has something done when the present call has been answered.
    void afterCall(Runnable action) {
        afterwards = action;
    }

    private void faulted(UserStop stop) {
        int signal = stop.signal();
        if (kernel().options.strace() != null) {
            kernel().trace(
                            this,
                            "--- %s at 0x%x, address 0x%x ---"
                                    .formatted(stop, vcpu.pc(), vcpu.faultAddress()));
        }
        Trace trace = kernel().options.trace();
        if (trace != null && trace.takes(Trace.Event.FAULT, tid, -1, vcpu.pc())) {
            String text = "signal %d, address %x".formatted(signal, vcpu.faultAddress());
            trace.show(Trace.Event.FAULT, tid, vcpu.pc(), text);
        }
        Signal.Info info = new Signal.Info(signal, stop.code(), 0, 0, vcpu.faultAddress(), 0);
        Signal.Action action = process.actions[signal];
        boolean blocked = (mask & Signal.bit(signal)) != 0;
        if (blocked || action.handler() == Signal.SIG_IGN || action.handler() == Signal.SIG_DFL) {
            process.exit(signal);
            return;
        }
        enter(info, action);
    }

    // ---- signals

    /// Sends this thread a signal. Any thread.
    void send(Signal.Info info) {
        synchronized (kernel().lock) {
            int signal = info.signal();
            if (signal == Signal.SIGKILL
                    || signal == Signal.SIGCONT
                    || process.actions[signal].ignores(signal)
                            && (mask & Signal.bit(signal)) == 0) {
                process.send(info);
                return;
            }
            if (!pending.add(info)) {
                return;
            }
        }
        kernel().noticeSignal(info.signal());
        poke();
    }

    /// Makes it look for signals soon: out of guest code, a wait or a call of the host's. Any thread.
    void poke() {
        vcpu.kick();
        LockSupport.unpark(host);
        if (inHostCall) {
            LinuxCall.interrupt(hostThread);
            kernel().pump(this);
        }
    }

    /// Interrupts a call of the host's once more, if it still is in one that it should leave.
    ///
    /// @return whether that may have to be done again
    boolean pokeAgain() {
        if (!inHostCall || !mustLook()) {
            return false;
        }
        LinuxCall.interrupt(hostThread);
        return true;
    }

    /// Whether it computes, or is about to: neither waits nor is in a call of the host's that may. Any thread.
    boolean isRunning() {
        Thread of = host;
        return of != null && !inHostCall && of.getState() == Thread.State.RUNNABLE;
    }

    long ownPendingSignals() {
        return pending.set();
    }

    long pendingSignals() {
        return pending.set() | process.pending.set();
    }

    boolean hasSignal() {
        return (pendingSignals() & ~mask) != 0;
    }

    boolean waitsFor(int signal) {
        return (waitedFor & Signal.bit(signal)) != 0;
    }

    private boolean mustLook() {
        return hasSignal()
                || process.exiting
                || ended
                || process.stopped
                || (pendingSignals() & waitedFor) != 0;
    }

    /// Takes a pending signal of a set, or null.
    Signal.Info take(long openSignals) {
        synchronized (kernel().lock) {
            Signal.Info own = pending.take(openSignals);
            return own != null ? own : process.pending.take(openSignals);
        }
    }

    /// Blocks other signals for the present call; a handler that it lets in goes back to the ones before.
    void maskForCall(long callMask) {
        if (!hasMaskBefore) {
            maskBefore = mask;
            hasMaskBefore = true;
        }
        mask = callMask & ~Signal.NEVER_BLOCKED;
    }

    /// @param restart the call to call again, or null
    /// @param afterHandlers whether also after a handler with SA_RESTART
    private void deliverSignals(GuestAbi.CallRegisters restart, boolean afterHandlers) {
        GuestAbi.CallRegisters again = restart;
        while (!process.exiting && !ended) {
            if (process.stopped) {
                kernel().waitWhileStopped(this);
                continue;
            }
            Signal.Info info = hasSignal() ? take(~mask) : null;
            if (info == null) {
                break;
            }
            int signal = info.signal();
            Signal.Action action = process.actions[signal];
            if (kernel().options.strace() != null) {
                kernel().trace(this, "--- signal %d ---".formatted(signal));
            }
            if (action.ignores(signal)) {
                continue;
            }
            Trace trace = kernel().options.trace();
            if (trace != null && trace.takes(Trace.Event.INT, tid, -1, vcpu.pc())) {
                trace.show(Trace.Event.INT, tid, vcpu.pc(), "signal " + signal);
            }
            if (action.handler() == Signal.SIG_DFL) {
                if (Signal.stopsByDefault(signal)) {
                    boolean nobodyResumes =
                            signal != Signal.SIGSTOP
                                    && kernel().terminals
                                            .isOrphaned(process.group, process.session);
                    if (!nobodyResumes) {
                        kernel().stop(process, signal);
                    }
                } else {
                    process.exit(signal);
                }
                continue;
            }
            if (again != null && afterHandlers && action.has(Signal.SA_RESTART)) {
                process.abi.restart(vcpu, again);
            }
            again = null;
            enter(info, action);
        }
        if (again != null && !process.exiting) {
            process.abi.restart(vcpu, again);
        }
        if (hasMaskBefore) {
            hasMaskBefore = false;
            mask = maskBefore;
        }
    }

    private void enter(Signal.Info info, Signal.Action action) {
        int signal = info.signal();
        long saved = hasMaskBefore ? maskBefore : mask;
        hasMaskBefore = false;
        try {
            process.abi.enterHandler(this, info, action, saved);
        } catch (BadAddressException _) {
            process.exit(Signal.SIGSEGV);
            return;
        }
        long blocked = action.mask() | (action.has(Signal.SA_NODEFER) ? 0 : Signal.bit(signal));
        mask = (mask | blocked) & ~Signal.NEVER_BLOCKED;
        if (action.has(Signal.SA_RESETHAND)) {
            process.actions[signal] = Signal.Action.DEFAULT;
        }
    }

    /// rt_sigreturn(2) and sigreturn(2).
    long leaveHandler(boolean withInfo) {
        try {
            mask = process.abi.leaveHandler(this, withInfo) & ~Signal.NEVER_BLOCKED;
        } catch (BadAddressException _) {
            process.exit(Signal.SIGSEGV);
        }
        return -Errno.NO_RESULT;
    }

    // ---- waiting

    /// A call of the host's that may block: signals end it.
    long blocking(long number, long a, long b, long c, long d, long e, long f) {
        while (true) {
            inHostCall = true;
            long result;
            try {
                if (mustLook()) {
                    return -Errno.ERESTART;
                }
                result = LinuxCall.syscall(number, a, b, c, d, e, f);
            } finally {
                inHostCall = false;
            }
            if (result != -Errno.EINTR) {
                return result;
            }
            if (mustLook()) {
                return -Errno.ERESTART;
            }
        }
    }

    /// Waits until something is so, a signal comes or the time is over.
    ///
    /// @param deadline of [System#nanoTime()], or [Long#MAX_VALUE] for none
    /// @return 0, or minus ERESTART or ETIMEDOUT
    int await(BooleanSupplier condition, long deadline) {
        while (!condition.getAsBoolean()) {
            if (mustLook()) {
                return -Errno.ERESTART;
            }
            if (deadline == Long.MAX_VALUE) {
                LockSupport.park(this);
            } else {
                long left = deadline - System.nanoTime();
                if (left <= 0) {
                    return -Errno.ETIMEDOUT;
                }
                LockSupport.parkNanos(this, Math.min(left, TimeUnit.HOURS.toNanos(1)));
            }
        }
        return 0;
    }

    /// rt_sigtimedwait(2).
    Signal.Info awaitSignal(long set, long deadline) {
        waitedFor = set;
        try {
            await(() -> (pendingSignals() & set) != 0, deadline);
            return take(set);
        } finally {
            waitedFor = 0;
        }
    }

    // ---- ending

    /// What others wait for when it has ended: clears its number, and marks the locks that it held.
    void leaveFutexes() {
        try {
            walkRobustList();
            if (clearAtExit != 0) {
                memory().put(clearAtExit, 4, 0);
                kernel().futexes.wake(memory(), clearAtExit, 1, -1);
            }
        } catch (BadAddressException _) {
            // The program's own mistake, of which nobody is left to be told.
        }
    }

    private void walkRobustList() throws BadAddressException {
        if (robustList == 0) {
            return;
        }
        int w = process.abi.wordBytes();
        long offset = memory().get(robustList + w, w);
        offset = w == 4 ? (int) offset : offset;
        long entry = memory().get(robustList, w);
        for (int i = 0; i < MOST_ROBUST && (entry & -2) != robustList; i++) {
            long futex = (entry & -2) + offset;
            int value = (int) memory().get(futex, 4);
            if ((value & FUTEX_TID_MASK) == tid) {
                memory().compareAndSet(futex, value, value & FUTEX_WAITERS | FUTEX_OWNER_DIED);
                kernel().futexes.wake(memory(), futex, 1, -1);
            }
            entry = memory().get(entry & -2, w);
        }
    }
}
