package straddle.linux.user;

import static straddle.linux.user.Errno.*;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import straddle.core.user.BadAddressException;
import straddle.core.user.UserMemory;
import straddle.host.LinuxCall;

/// Signals and what sends them.
final class SignalCalls implements SystemCalls.Handler {
    private static final int CLOCK_REALTIME = 0;
    private static final int CLOCK_MONOTONIC = 1;
    private static final int CLOCK_BOOTTIME = 7;
    private static final int TIMER_ABSTIME = 1;
    private static final int SIGINFO_BYTES = 128;
    private static final int SIG_BLOCK = 0;
    private static final int SIG_UNBLOCK = 1;
    private static final int SIG_SETMASK = 2;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    private final Kernel kernel;

    SignalCalls(Kernel kernel) {
        this.kernel = kernel;
    }

    @Override
    public long call(SystemCall call, GuestThread t, long[] a) throws BadAddressException {
        GuestProcess p = t.process;
        UserMemory memory = t.memory();
        switch (call) {
            case RT_SIGACTION -> {
                if (a[3] != p.abi.signalSetBytes()) {
                    return -EINVAL;
                }
                return action(t, a, false);
            }
            case SIGACTION -> {
                return action(t, a, true);
            }
            case RT_SIGPROCMASK -> {
                if (a[3] != p.abi.signalSetBytes()) {
                    return -EINVAL;
                }
                return mask(t, (int) a[0], a[1], a[2], 8);
            }
            case SIGPROCMASK -> {
                return mask(t, (int) a[0], a[1], a[2], p.abi.wordBytes());
            }
            case RT_SIGPENDING -> {
                if (a[1] > p.abi.signalSetBytes()) {
                    return -EINVAL;
                }
                p.abi.writeSignals(memory, a[0], t.pendingSignals() & t.mask);
                if (a[1] == 16) {
                    memory.put(a[0] + 8, 8, 0);
                }
                return 0;
            }
            case SIGPENDING -> {
                memory.put(
                        a[0], p.abi.wordBytes(), p.abi.signalsToGuest(t.pendingSignals() & t.mask));
                return 0;
            }
            case RT_SIGSUSPEND -> {
                return suspend(t, p.abi.readSignals(memory, a[0]));
            }
            case SIGSUSPEND -> {
                return suspend(
                        t,
                        p.abi.signalsToHost(p.abi instanceof MipsAbi ? memory.get(a[0], 4) : a[2]));
            }
            case PAUSE -> {
                t.await(() -> false, Long.MAX_VALUE);
                return -ERESTARTNOHAND;
            }
            case RT_SIGTIMEDWAIT, RT_SIGTIMEDWAIT_TIME64 -> {
                return timedWait(t, a, call == SystemCall.RT_SIGTIMEDWAIT_TIME64);
            }
            case RT_SIGRETURN -> {
                return t.leaveHandler(true);
            }
            case SIGRETURN -> {
                return t.leaveHandler(false);
            }
            case SIGALTSTACK -> {
                return altStack(t, a);
            }
            case KILL -> {
                return kill(t, (int) a[0], p.abi.signalToHost((int) a[1]));
            }
            case TKILL -> {
                return tkill(t, -1, (int) a[0], p.abi.signalToHost((int) a[1]));
            }
            case TGKILL -> {
                return tkill(t, (int) a[0], (int) a[1], p.abi.signalToHost((int) a[2]));
            }
            case ALARM -> {
                long[] before = timers(p).set(0, a[0] * 1_000_000_000L, 0);
                return (before[0] + 999_999_999) / 1_000_000_000;
            }
            case SETITIMER, GETITIMER -> {
                return timer(t, a, call == SystemCall.SETITIMER);
            }
            case RT_SIGQUEUEINFO -> {
                return queue(t, -1, (int) a[0], p.abi.signalToHost((int) a[1]), a[2]);
            }
            case RT_TGSIGQUEUEINFO -> {
                return queue(t, (int) a[0], (int) a[1], p.abi.signalToHost((int) a[2]), a[3]);
            }
            case PIDFD_SEND_SIGNAL -> {
                return sendByDescriptor(t, a);
            }
            case TIMER_CREATE -> {
                return createTimer(t, (int) a[0], a[1], a[2]);
            }
            case TIMER_SETTIME, TIMER_SETTIME64 -> {
                return setTimer(t, a, call == SystemCall.TIMER_SETTIME64);
            }
            case TIMER_GETTIME, TIMER_GETTIME64 -> {
                PosixTimers timers = timers(p).created;
                if (!timers.has((int) a[0])) {
                    return -EINVAL;
                }
                boolean wide = call == SystemCall.TIMER_GETTIME64;
                putTimer(t, a[1], timers.get((int) a[0]), wide);
                return 0;
            }
            case TIMER_GETOVERRUN -> {
                PosixTimers timers = timers(p).created;
                return timers.has((int) a[0]) ? timers.overrun((int) a[0]) : -EINVAL;
            }
            case TIMER_DELETE -> {
                return timers(p).created.delete((int) a[0]) ? 0 : -EINVAL;
            }
            case RESTART_SYSCALL -> {
                return -EINTR;
            }
            default -> throw new IllegalStateException(call.linuxName());
        }
    }

    private static Timers timers(GuestProcess p) {
        synchronized (p) {
            if (p.timers == null) {
                p.timers = new Timers(p);
            }
            return p.timers;
        }
    }

    private long action(GuestThread t, long[] a, boolean old) throws BadAddressException {
        GuestProcess p = t.process;
        int signal = p.abi.signalToHost((int) a[0]);
        if (signal < 1 || signal > Signal.COUNT) {
            return -EINVAL;
        }
        boolean fixed = signal == Signal.SIGKILL || signal == Signal.SIGSTOP;
        Signal.Action next = null;
        if (a[1] != 0) {
            if (fixed) {
                return -EINVAL;
            }
            next = old ? p.abi.readOldAction(t.memory(), a[1]) : p.abi.readAction(t.memory(), a[1]);
        }
        Signal.Action before = p.actions[signal];
        if (a[2] != 0) {
            if (old) {
                p.abi.writeOldAction(t.memory(), a[2], before);
            } else {
                p.abi.writeAction(t.memory(), a[2], before);
            }
        }
        if (next != null) {
            p.actions[signal] = next;
            if (next.ignores(signal)) {
                t.take(Signal.bit(signal));
            }
        }
        return 0;
    }

    private static long mask(GuestThread t, int how, long set, long old, int width)
            throws BadAddressException {
        GuestAbi abi = t.process.abi;
        long before = t.mask;
        if (set != 0) {
            long bits =
                    width == 8
                            ? abi.readSignals(t.memory(), set)
                            : abi.signalsToHost(t.memory().get(set, width));
            long next =
                    switch (abi.maskHowToHost(how)) {
                        case SIG_BLOCK -> before | bits;
                        case SIG_UNBLOCK -> before & ~bits;
                        case SIG_SETMASK -> width == 4 ? before & ~0xffff_ffffL | bits : bits;
                        default -> -1;
                    };
            if (abi.maskHowToHost(how) > SIG_SETMASK || abi.maskHowToHost(how) < 0) {
                return -EINVAL;
            }
            t.mask = next & ~Signal.NEVER_BLOCKED;
        }
        if (old != 0) {
            if (width == 8) {
                abi.writeSignals(t.memory(), old, before);
            } else {
                t.memory().put(old, width, abi.signalsToGuest(before));
            }
            if (width == 8 && abi.signalSetBytes() == 16) {
                t.memory().put(old + 8, 8, 0);
            }
        }
        return 0;
    }

    private static long suspend(GuestThread t, long mask) {
        t.maskForCall(mask);
        t.await(() -> false, Long.MAX_VALUE);
        return -ERESTARTNOHAND;
    }

    private static long timedWait(GuestThread t, long[] a, boolean wide)
            throws BadAddressException {
        GuestAbi abi = t.process.abi;
        long set = abi.readSignals(t.memory(), a[0]);
        Signal.Info info = t.awaitSignal(set, TimeCalls.deadline(t, a[2], wide));
        if (info == null) {
            return t.hasSignal() ? -EINTR : -EAGAIN;
        }
        if (a[1] != 0) {
            t.memory().put(a[1], abi.siginfo(info));
        }
        return abi.signalToGuest(info.signal());
    }

    private static long altStack(GuestThread t, long[] a) throws BadAddressException {
        GuestAbi abi = t.process.abi;
        int bytes = 3 * abi.wordBytes();
        long sp = abi.stackPointer(t.vcpu);
        ByteBuffer before = abi.buffer(bytes);
        t.altStack.write(abi, before, 0);
        int flagsAt = abi instanceof MipsAbi ? 2 * abi.wordBytes() : abi.wordBytes();
        before.putInt(flagsAt, t.altStack.flags(sp));
        if (a[0] != 0) {
            ByteBuffer next = abi.buffer(t.memory().bytes(a[0], bytes));
            if (t.altStack.contains(sp)) {
                return -EPERM;
            }
            if ((next.getInt(flagsAt) & ~(AltStack.SS_DISABLE | AltStack.SS_ONSTACK)) != 0) {
                return -EINVAL;
            }
            t.altStack.read(abi, next, 0);
        }
        if (a[1] != 0) {
            t.memory().put(a[1], GuestAbi.bytes(before));
        }
        return 0;
    }

    private Signal.Info from(GuestThread t, int signal, int code) {
        int uid = (int) LinuxCall.syscall(HostCall.GETUID, 0, 0, 0, 0, 0, 0);
        return new Signal.Info(signal, code, t.process.pid, uid, 0, 0);
    }

    private long kill(GuestThread t, int pid, int signal) {
        if (signal < 0 || signal > Signal.COUNT) {
            return -EINVAL;
        }
        Signal.Info info = from(t, signal, Signal.SI_USER);
        if (pid > 0) {
            GuestProcess of = kernel.processes.get(pid);
            if (of == null) {
                return -ESRCH;
            }
            if (signal != 0) {
                of.send(info);
            }
            return 0;
        }
        if (pid == -1) {
            for (GuestProcess each : kernel.processes.values()) {
                if (each != t.process && signal != 0) {
                    each.send(info);
                }
            }
            return 0;
        }
        return kernel.sendGroup(pid == 0 ? t.process.group : -pid, info) ? 0 : -ESRCH;
    }

    private long tkill(GuestThread t, int group, int tid, int signal) {
        if (signal < 0 || signal > Signal.COUNT || tid <= 0) {
            return -EINVAL;
        }
        for (GuestProcess each : kernel.processes.values()) {
            GuestThread of = group == -1 || group == each.pid ? each.thread(tid) : null;
            if (of != null) {
                if (signal != 0) {
                    of.send(from(t, signal, Signal.SI_TKILL));
                }
                return 0;
            }
        }
        return -ESRCH;
    }

    // ---- timer_create(2)

    private static long createTimer(GuestThread t, int clock, long event, long idAt)
            throws BadAddressException {
        GuestProcess p = t.process;
        ProcessorTime.Clock processor = ProcessorTime.clock(t, clock);
        boolean time =
                clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC || clock == CLOCK_BOOTTIME;
        if (!time && processor == null) {
            return -EINVAL;
        }
        PosixTimers.Event meant = null;
        if (event != 0) {
            int w = p.abi.wordBytes();
            ByteBuffer b = p.abi.buffer(t.memory().bytes(event, w + 12));
            int signal = p.abi.signalToHost(b.getInt(w));
            int notify = b.getInt(w + 4);
            boolean toThread = notify == PosixTimers.SIGEV_THREAD_ID;
            int thread = toThread ? b.getInt(w + 8) : 0;
            boolean signals = toThread || notify == PosixTimers.SIGEV_SIGNAL;
            if (!signals && notify != PosixTimers.SIGEV_NONE
                    || signals && (signal < 1 || signal > Signal.COUNT)
                    || toThread && p.thread(thread) == null) {
                return -EINVAL;
            }
            meant = new PosixTimers.Event(notify, signal, p.abi.getWord(b, 0), thread);
        }
        t.memory().put(idAt, 4, 0); // a wrong address makes no timer
        int id = timers(p).created.create(clock, processor, meant);
        if (id < 0) {
            return id;
        }
        t.memory().put(idAt, 4, id);
        return 0;
    }

    private static long setTimer(GuestThread t, long[] a, boolean wide) throws BadAddressException {
        PosixTimers timers = timers(t.process).created;
        int id = (int) a[0];
        if (!timers.has(id)) {
            return -EINVAL;
        }
        MemorySegment s = t.scratch.structs();
        TimeCalls.getTimes(t, a[2], s, 2, wide);
        if (!TimeCalls.isValid(s, 0) || !TimeCalls.isValid(s, 1)) {
            return -EINVAL;
        }
        long interval = TimeCalls.saturated(s.get(LONG, 0), s.get(LONG, 8));
        long length = TimeCalls.saturated(s.get(LONG, 16), s.get(LONG, 24));
        if ((a[1] & TIMER_ABSTIME) != 0 && length > 0) {
            TimeCalls.now(t, timers.clock(id), s);
            length = Math.max(1, length - TimeCalls.saturated(s.get(LONG, 0), s.get(LONG, 8)));
        }
        long[] before = timers.get(id);
        if (a[3] != 0) {
            putTimer(t, a[3], before, wide);
        }
        timers.set(id, length, interval);
        return 0;
    }

    /// struct itimerspec of what is left and an interval.
    private static void putTimer(GuestThread t, long to, long[] left, boolean wide)
            throws BadAddressException {
        MemorySegment s = t.scratch.structs();
        s.set(LONG, 0, left[1] / 1_000_000_000);
        s.set(LONG, 8, left[1] % 1_000_000_000);
        s.set(LONG, 16, left[0] / 1_000_000_000);
        s.set(LONG, 24, left[0] % 1_000_000_000);
        TimeCalls.putTimes(t, to, s, 2, wide);
    }

    /// A signal with a code and a value of the sender's; its number is the one in the structure.
    private static Signal.Info queued(GuestAbi abi, byte[] siginfo) {
        ByteBuffer b = abi.buffer(siginfo);
        int fields = abi.isa.is64() ? 16 : 12;
        return new Signal.Info(
                abi.signalToHost(b.getInt(0)),
                b.getInt(abi instanceof MipsAbi ? 4 : 8),
                b.getInt(fields),
                b.getInt(fields + 4),
                0,
                abi.getWord(b, fields + 8));
    }

    /// Whether a sender may only pretend to itself that a signal is of this kind.
    private static boolean isKernels(Signal.Info info) {
        return info.code() >= 0 || info.code() == Signal.SI_TKILL;
    }

    /// sigqueue(3).
    private long queue(GuestThread t, int group, int id, int signal, long info)
            throws BadAddressException {
        Signal.Info sent =
                queued(t.process.abi, t.memory().bytes(info, SIGINFO_BYTES)).numbered(signal);
        if (signal < 0 || signal > Signal.COUNT || id <= 0) {
            return -EINVAL;
        }
        if (isKernels(sent)) {
            return -EPERM;
        }
        GuestProcess of = kernel.processes.get(group == -1 ? id : group);
        GuestThread thread = of == null || group == -1 ? null : of.thread(id);
        if (of == null || group != -1 && thread == null) {
            return -ESRCH;
        }
        if (signal != 0 && thread != null) {
            thread.send(sent);
        } else if (signal != 0) {
            of.send(sent);
        }
        return 0;
    }

    /// pidfd_send_signal(2).
    private long sendByDescriptor(GuestThread t, long[] a) throws BadAddressException {
        GuestProcess p = t.process;
        int signal = p.abi.signalToHost((int) a[1]);
        if (a[3] != 0) {
            return -EINVAL;
        }
        GuestProcess of = PidFile.processOf(t, (int) a[0]);
        if (of == null) {
            return -EBADF;
        }
        Signal.Info sent = from(t, signal, Signal.SI_USER);
        if (a[2] != 0) {
            sent = queued(p.abi, t.memory().bytes(a[2], SIGINFO_BYTES));
            if (sent.signal() != signal) {
                return -EINVAL;
            }
            if (of != p && isKernels(sent)) {
                return -EPERM;
            }
        }
        if (signal < 0 || signal > Signal.COUNT) {
            return -EINVAL;
        }
        if (kernel.processes.get(of.pid) != of) {
            return -ESRCH;
        }
        if (signal != 0) {
            of.send(sent);
        }
        return 0;
    }

    private static long timer(GuestThread t, long[] a, boolean sets) throws BadAddressException {
        if (a[0] < 0 || a[0] > 2) {
            return -EINVAL;
        }
        int which = (int) a[0];
        long[] before;
        MemorySegment s = t.scratch.structs();
        if (sets) {
            long next = 0;
            long interval = 0;
            if (a[1] != 0) {
                TimeCalls.getTimes(t, a[1], s, 2, false);
                interval = TimeCalls.saturated(s.get(LONG, 0), s.get(LONG, 8) * 1000);
                next = TimeCalls.saturated(s.get(LONG, 16), s.get(LONG, 24) * 1000);
            }
            before = timers(t.process).set(which, next, interval);
        } else {
            before = timers(t.process).get(which);
        }
        long to = a[sets ? 2 : 1];
        if (to != 0) {
            s.set(LONG, 0, before[1] / 1_000_000_000);
            s.set(LONG, 8, before[1] % 1_000_000_000 / 1000);
            s.set(LONG, 16, before[0] / 1_000_000_000);
            s.set(LONG, 24, before[0] % 1_000_000_000 / 1000);
            TimeCalls.putTimes(t, to, s, 2, false);
        }
        return 0;
    }
}
