package straddle.linux.user;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import straddle.core.user.UserMemory;

/// A process of the guest's: threads of this JVM that share an address space, descriptors and signal handlers.
///
/// What says so is under the kernel's lock; the rest belongs to its threads.
final class GuestProcess {
    final Kernel kernel;
    final int pid;
    GuestAbi abi;
    volatile ProgramMemory program;
    FdTable files;

    private OpenFile workingDirectory;

    int umask;
    byte[] executable = new byte[0];
    List<byte[]> arguments = List.of();
    List<byte[]> environment = List.of();
    byte[] auxv = new byte[0];
    long stackTop;
    volatile String name = "";

    /// When it was forked: 1/100 seconds since the host was started.
    final long started;

    final Signal.Action[] actions = new Signal.Action[Signal.COUNT + 1];
    final List<GuestThread> threads = new CopyOnWriteArrayList<>();
    final long[] limits = new long[32];

    // Under the kernel's lock.
    GuestProcess parent;
    final List<GuestProcess> children = new ArrayList<>();

    /// Descriptors that tell when it has ended.
    final List<PidFile> watchers = new ArrayList<>();

    int group;
    int session;

    /// Whether it has called execve(2).
    volatile boolean executed;

    /// Signals to whichever thread takes them.
    final PendingSignals pending = new PendingSignals();

    volatile boolean stopped;

    /// Set when it has stopped or continued, until its parent has seen it: wait(2)'s status, or 0.
    int change;

    /// Whether all of its threads are to end, and with what status of wait(2).
    volatile boolean exiting;

    int status;
    boolean zombie;
    int deathSignal;

    /// Whoever waits for a vfork(2)ed child.
    GuestThread vforkedBy;

    Timers timers;

    /// Processor time of threads that have ended, in nanoseconds; under the kernel's lock.
    long timeOfEnded;

    /// That of children that were waited for, and of theirs; likewise.
    long timeOfChildren;

    GuestProcess(Kernel kernel, int pid) {
        this.kernel = kernel;
        this.pid = pid;
        java.util.Arrays.fill(actions, Signal.Action.DEFAULT);
        started = TimeCalls.sinceStart() / ProcessCalls.NANOS_PER_TICK;
    }

    UserMemory memory() {
        return program.memory;
    }

    /// The working directory's descriptor, or null for the host process's.
    synchronized OpenFile workingDirectory() {
        return workingDirectory;
    }

    /// The same with one user more.
    synchronized OpenFile retainDirectory() {
        return workingDirectory == null ? null : workingDirectory.retain();
    }

    /// @param to with one user for this process, or null at the end
    void changeDirectory(OpenFile to) {
        OpenFile before;
        synchronized (this) {
            before = workingDirectory;
            workingDirectory = to;
        }
        if (before != null) {
            before.release();
        }
    }

    long trampoline() {
        return program.trampoline;
    }

    /// Has signals be handled as at first, but for those that are ignored.
    void forgetHandlers() {
        for (int i = 1; i < actions.length; i++) {
            if (actions[i].handler() != Signal.SIG_IGN) {
                actions[i] = Signal.Action.DEFAULT;
            }
        }
    }

    GuestThread thread(int tid) {
        for (GuestThread each : threads) {
            if (each.tid == tid) {
                return each;
            }
        }
        return null;
    }

    /// Has all threads end soon. Any thread.
    ///
    /// @param newStatus as wait(2) has it
    void exit(int newStatus) {
        synchronized (kernel.lock) {
            if (!exiting) {
                exiting = true;
                status = newStatus;
                stopped = false;
            }
        }
        threads.forEach(GuestThread::poke);
    }

    /// Sends it a signal. Any thread.
    void send(Signal.Info info) {
        int signal = info.signal();
        synchronized (kernel.lock) {
            if (zombie || exiting) {
                return;
            }
            if (signal == Signal.SIGKILL) {
                exit(Signal.SIGKILL);
                return;
            }
            if (signal == Signal.SIGCONT && stopped) {
                stopped = false;
                change = 0xffff;
                kernel.tellParent(this, Signal.CLD_CONTINUED, Signal.SIGCONT);
                threads.forEach(GuestThread::poke);
            }
            boolean blockedEverywhere =
                    !threads.isEmpty()
                            && threads.stream()
                                    .allMatch(each -> (each.mask & Signal.bit(signal)) != 0);
            if (actions[signal].ignores(signal) && !blockedEverywhere) {
                return;
            }
            if (!pending.add(info)) {
                return;
            }
        }
        kernel.noticeSignal(signal);
        for (GuestThread each : threads) {
            if ((each.mask & Signal.bit(signal)) == 0 || each.waitsFor(signal)) {
                each.poke();
                return;
            }
        }
    }
}
