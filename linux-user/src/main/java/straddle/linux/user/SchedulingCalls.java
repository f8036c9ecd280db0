package straddle.linux.user;

import static straddle.linux.user.Errno.*;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import straddle.core.user.BadAddressException;
import straddle.host.LinuxCall;

/// Processors, policies and priorities.
final class SchedulingCalls implements SystemCalls.Handler {
    private static final int RESET_ON_FORK = 0x4000_0000;
    private static final int PRIO_PROCESS = 0;
    private static final int PRIO_PGRP = 1;
    private static final int PRIO_USER = 2;

    private static final int IOPRIO_WHO_PROCESS = 1;
    private static final int IOPRIO_WHO_USER = 3;
    private static final int MOST_PROCESSOR_BYTES = 128;

    // struct sched_attr: its sizes in the course of time, its flags.
    private static final int FIRST_ATTRIBUTE_BYTES = 48;
    private static final int ATTRIBUTE_BYTES = 56;
    private static final int FLAG_RESET_ON_FORK = 1;
    private static final int FLAG_KEEP_POLICY = 8;
    private static final int FLAG_KEEP_PARAMETERS = 16;
    private static final long FLAG_CLAMPS = 0x60;
    private static final long FLAGS = 0x7f;

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    private final Kernel kernel;

    SchedulingCalls(Kernel kernel) {
        this.kernel = kernel;
    }

    private static long host(long number, long a, long b, long c) {
        return LinuxCall.syscall(number, a, b, c, 0, 0, 0);
    }

    private static boolean isPrivileged() {
        return host(HostCall.GETEUID, 0, 0, 0) == 0;
    }

    /// The thread with a number, or null.
    private GuestThread thread(GuestThread self, int tid) {
        if (tid == 0) {
            return self;
        }
        GuestProcess of = kernel.processWith(tid);
        return of == null ? null : of.thread(tid);
    }

    @Override
    public long call(SystemCall call, GuestThread t, long[] a) throws BadAddressException {
        switch (call) {
            case SCHED_YIELD -> {
                Thread.onSpinWait();
                return host(HostCall.SCHED_YIELD, 0, 0, 0);
            }
            case SCHED_GETAFFINITY -> {
                return affinity(t, a);
            }
            case SCHED_SETAFFINITY -> {
                return setAffinity(t, a);
            }
            case IOPRIO_SET, IOPRIO_GET -> {
                boolean known = a[0] >= IOPRIO_WHO_PROCESS && a[0] <= IOPRIO_WHO_USER;
                return !known
                        ? -EINVAL
                        : a[0] == IOPRIO_WHO_PROCESS && thread(t, (int) a[1]) == null ? -ESRCH : 0;
            }
            case SCHED_GET_PRIORITY_MAX, SCHED_GET_PRIORITY_MIN -> {
                int policy = (int) a[0];
                if (!Scheduling.isKnown(policy)) {
                    return -EINVAL;
                }
                boolean most = call == SystemCall.SCHED_GET_PRIORITY_MAX;
                return Scheduling.isRealTime(policy) ? most ? Scheduling.MOST_PRIORITY : 1 : 0;
            }
            case SCHED_RR_GET_INTERVAL -> {
                if ((int) a[0] < 0) {
                    return -EINVAL;
                }
                if (thread(t, (int) a[0]) == null) {
                    return -ESRCH;
                }
                MemorySegment s = t.scratch.structs();
                s.set(LONG, 0, 0);
                s.set(LONG, 8, 4_000_000);
                TimeCalls.putTimes(t, a[1], s, 1, false);
                return 0;
            }
            case GETPRIORITY -> {
                return priority(t, (int) a[0], (int) a[1]);
            }
            case SETPRIORITY -> {
                return setPriority(t, (int) a[0], (int) a[1], (int) a[2]);
            }
            case NICE -> {
                int more = Math.clamp(a[0], -40, 40);
                int nice = Scheduling.nearestNice(t.scheduling.nice() + more);
                return change(t, t.scheduling.withNice(nice));
            }
            default -> {
                return ofThread(call, t, a);
            }
        }
    }

    /// Calls whose first argument is a thread's number.
    private long ofThread(SystemCall call, GuestThread t, long[] a) throws BadAddressException {
        int tid = (int) a[0];
        switch (call) {
            case SCHED_GETATTR -> {
                return attributes(t, tid, a[1], a[2] & 0xffff_ffffL, a[3]);
            }
            case SCHED_SETATTR -> {
                return setAttributes(t, tid, a[1], a[2]);
            }
            case SCHED_SETSCHEDULER -> {
                return (int) a[1] < 0 ? -EINVAL : setScheduler(t, tid, (int) a[1], a[2]);
            }
            case SCHED_SETPARAM -> {
                return setScheduler(t, tid, -1, a[1]);
            }
            default -> {}
        }
        boolean parameters = call == SystemCall.SCHED_GETPARAM;
        if (tid < 0 || parameters && a[1] == 0) {
            return -EINVAL;
        }
        GuestThread of = thread(t, tid);
        if (of == null) {
            return -ESRCH;
        }
        Scheduling now = of.scheduling;
        if (parameters) {
            t.memory().put(a[1], 4, now.priority());
            return 0;
        }
        return now.policy() | (now.forgets() ? RESET_ON_FORK : 0);
    }

    private long affinity(GuestThread t, long[] a) throws BadAddressException {
        GuestAbi abi = t.process.abi;
        MemorySegment s = t.scratch.structs();
        if ((a[1] & abi.wordBytes() - 1) != 0) {
            return -EINVAL;
        }
        // The host's words may be longer.
        long room = a[1] < 0 ? MOST_PROCESSOR_BYTES : Math.min(a[1], MOST_PROCESSOR_BYTES);
        long n = host(HostCall.SCHED_GETAFFINITY, 0, room + 7 & -8, s.address());
        if (n > 0) {
            if (thread(t, (int) a[0]) == null) {
                return -ESRCH;
            }
            n = Math.min(n, room);
            ByteBuffer b = abi.buffer((int) (n + 7 & -8));
            for (int i = 0; i < n; i += 8) {
                long mask = s.get(LONG, i);
                if (abi.isa.is64()) {
                    b.putLong(mask);
                } else {
                    b.putInt((int) mask).putInt((int) (mask >>> 32));
                }
            }
            t.memory().put(a[2], Arrays.copyOf(GuestAbi.bytes(b), (int) n));
        }
        return n;
    }

    /// Every thread may go on wherever the host has it, if that is what it wants.
    private long setAffinity(GuestThread t, long[] a) throws BadAddressException {
        int bytes = (int) (a[1] < 0 ? MOST_PROCESSOR_BYTES : Math.min(a[1], MOST_PROCESSOR_BYTES));
        byte[] wanted = t.memory().bytes(a[2], bytes);
        if (thread(t, (int) a[0]) == null) {
            return -ESRCH;
        }
        for (byte each : wanted) {
            if (each != 0) {
                return 0;
            }
        }
        return -EINVAL;
    }

    private long change(GuestThread of, Scheduling to) {
        Scheduling before = of.scheduling;
        if (before.needsPrivilege(to) && !isPrivileged()) {
            return -EPERM;
        }
        of.scheduling = to;
        return 0;
    }

    // ---- policies

    /// @param policy -1 for the present one
    private long setScheduler(GuestThread t, int tid, int policy, long parameters)
            throws BadAddressException {
        if (tid < 0 || parameters == 0) {
            return -EINVAL;
        }
        int priority = (int) t.memory().get(parameters, 4);
        GuestThread of = thread(t, tid);
        if (of == null) {
            return -ESRCH;
        }
        Scheduling now = of.scheduling;
        boolean keeps = policy == -1;
        return set(
                of,
                keeps ? now.policy() : policy & ~RESET_ON_FORK,
                keeps ? now.forgets() : (policy & RESET_ON_FORK) != 0,
                now.nice(),
                priority);
    }

    private long set(GuestThread of, int policy, boolean forgets, int nice, int priority) {
        boolean realTime = Scheduling.isRealTime(policy);
        if (!Scheduling.isKnown(policy)
                || priority < 0
                || priority > Scheduling.MOST_PRIORITY
                || realTime != priority > 0) {
            return -EINVAL;
        }
        if (policy == Scheduling.DEADLINE) {
            return -EPERM;
        }
        return change(of, new Scheduling(policy, forgets, nice, priority));
    }

    private long attributes(GuestThread t, int tid, long to, long bytes, long flags)
            throws BadAddressException {
        boolean sized = bytes >= FIRST_ATTRIBUTE_BYTES && bytes <= GuestAbi.PAGE_BYTES;
        if (to == 0 || tid < 0 || !sized || flags != 0) {
            return -EINVAL;
        }
        GuestThread of = thread(t, tid);
        if (of == null) {
            return -ESRCH;
        }
        Scheduling now = of.scheduling;
        boolean realTime = Scheduling.isRealTime(now.policy());
        int told = (int) Math.min(bytes, ATTRIBUTE_BYTES);
        ByteBuffer b = t.process.abi.buffer((int) bytes);
        b.putInt(0, told).putInt(4, now.policy());
        b.putLong(8, now.forgets() ? FLAG_RESET_ON_FORK : 0);
        b.putInt(16, realTime ? 0 : now.nice()).putInt(20, now.priority());
        t.memory().put(to, GuestAbi.bytes(b));
        return 0;
    }

    private long setAttributes(GuestThread t, int tid, long from, long flags)
            throws BadAddressException {
        if (from == 0 || tid < 0 || flags != 0) {
            return -EINVAL;
        }
        long said = t.memory().get(from, 4);
        int bytes = said == 0 ? FIRST_ATTRIBUTE_BYTES : (int) Math.min(said, Integer.MAX_VALUE);
        boolean sized = bytes >= FIRST_ATTRIBUTE_BYTES && bytes <= GuestAbi.PAGE_BYTES;
        if (!sized || !isZero(t, from + ATTRIBUTE_BYTES, bytes - ATTRIBUTE_BYTES)) {
            t.memory().put(from, 4, ATTRIBUTE_BYTES);
            return -E2BIG;
        }
        ByteBuffer b =
                t.process.abi.buffer(t.memory().bytes(from, Math.min(bytes, ATTRIBUTE_BYTES)));
        long wanted = b.getLong(8);
        boolean clamps = (wanted & FLAG_CLAMPS) != 0;
        if (b.getInt(4) < 0 || clamps && bytes < ATTRIBUTE_BYTES) {
            return -EINVAL;
        }
        GuestThread of = thread(t, tid);
        if (of == null) {
            return -ESRCH;
        }
        if ((wanted & ~FLAGS) != 0) {
            return -EINVAL;
        }
        if (clamps) {
            return -EOPNOTSUPP;
        }
        Scheduling now = of.scheduling;
        boolean keeps = (wanted & FLAG_KEEP_PARAMETERS) != 0;
        int policy = (wanted & FLAG_KEEP_POLICY) != 0 ? now.policy() : b.getInt(4);
        boolean nices = !keeps && !Scheduling.isRealTime(policy);
        return set(
                of,
                policy,
                (wanted & FLAG_RESET_ON_FORK) != 0,
                nices ? Scheduling.nearestNice(b.getInt(16)) : now.nice(),
                keeps ? now.priority() : b.getInt(20));
    }

    private static boolean isZero(GuestThread t, long from, int bytes) throws BadAddressException {
        for (int i = 0; i < bytes; i++) {
            if (t.memory().get(from + i, 1) != 0) {
                return false;
            }
        }
        return true;
    }

    // ---- nice values

    /// The threads that getpriority(2) and setpriority(2) mean, or null if there is no such kind.
    private List<GuestThread> threads(GuestThread t, int kind, int who) {
        if (kind == PRIO_PROCESS) {
            GuestThread one = thread(t, who);
            return one == null ? List.of() : List.of(one);
        }
        int user = (int) host(HostCall.GETUID, 0, 0, 0);
        int group = who == 0 ? t.process.group : who;
        Predicate<GuestProcess> meant =
                switch (kind) {
                    case PRIO_PGRP -> each -> each.group == group;
                    case PRIO_USER -> _ -> who == 0 || who == user;
                    default -> null;
                };
        return meant == null
                ? null
                : kernel.processes.values().stream()
                        .filter(meant)
                        .flatMap(each -> each.threads.stream())
                        .toList();
    }

    private long priority(GuestThread t, int kind, int who) {
        List<GuestThread> meant = threads(t, kind, who);
        if (meant == null) {
            return -EINVAL;
        }
        return meant.stream().mapToLong(each -> 20 - each.scheduling.nice()).max().orElse(-ESRCH);
    }

    private long setPriority(GuestThread t, int kind, int who, int wanted) {
        List<GuestThread> meant = threads(t, kind, who);
        if (meant == null) {
            return -EINVAL;
        }
        long result = meant.isEmpty() ? -ESRCH : 0;
        int nice = Scheduling.nearestNice(wanted);
        for (GuestThread each : meant) {
            if (change(each, each.scheduling.withNice(nice)) < 0) {
                result = -EACCES;
            }
        }
        return result;
    }
}
