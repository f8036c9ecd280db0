package straddle.linux.user;

import static straddle.linux.user.Errno.*;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import straddle.core.user.BadAddressException;
import straddle.core.user.UserIsa;
import straddle.core.user.UserMemory;
import straddle.core.user.UserVcpu;
import straddle.host.LinuxCall;

/// Processes and threads, and what is known of them.
final class ProcessCalls implements SystemCalls.Handler {
    private static final long CLONE_VM = 0x100;
    private static final long CLONE_SIGHAND = 0x800;
    private static final long CLONE_PIDFD = 0x1000;
    private static final int CLONE_ARGS_BYTES = 64;
    private static final long CLONE_VFORK = 0x4000;
    private static final long CLONE_THREAD = 0x1_0000;
    private static final long CLONE_SETTLS = 0x8_0000;
    private static final long CLONE_PARENT_SETTID = 0x10_0000;
    private static final long CLONE_CHILD_CLEARTID = 0x20_0000;
    private static final long CLONE_DETACHED = 0x40_0000;
    private static final long CLONE_CHILD_SETTID = 0x100_0000;
    private static final long CLONE_CLEAR_SIGHAND = 0x1_0000_0000L;
    private static final long CLONE_NAMESPACES = 0x7e02_0000L;

    private static final int RUSAGE_SELF = 0;
    private static final int RUSAGE_THREAD = 1;
    private static final int RUSAGE_CHILDREN = -1;

    /// Of times(2): USER_HZ is 100.
    static final long NANOS_PER_TICK = 10_000_000;

    private static final int CLOCK_REALTIME = 0;
    private static final int CLOCK_MONOTONIC = 1;
    private static final int FUTEX_BYTES = 24;
    private static final int FUTEX_WORD = 2;
    private static final int FUTEX_PRIVATE = 128;
    private static final int MOST_FUTEXES = 128;
    private static final int MOST_ARGUMENTS = 0x10000;

    /// Of arguments, and of variables: as with a stack limit of 8 MiB (execve(2)).
    private static final int MOST_TEXT_BYTES = 2 << 20;

    private static final int MOST_PROCESSES = 1024;
    private static final int MOST_THREADS = 4096;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    private final Kernel kernel;
    private final ChildWaits waits;

    ProcessCalls(Kernel kernel) {
        this.kernel = kernel;
        waits = new ChildWaits(kernel);
    }

    private static long host(long number, long a, long b, long c) {
        return LinuxCall.syscall(number, a, b, c, 0, 0, 0);
    }

    @Override
    public long call(SystemCall call, GuestThread t, long[] a) throws BadAddressException {
        GuestProcess p = t.process;
        UserMemory memory = t.memory();
        switch (call) {
            case FORK -> {
                return clone(t, Child.forked(Signal.SIGCHLD));
            }
            case VFORK -> {
                return clone(t, Child.forked(CLONE_VM | CLONE_VFORK | Signal.SIGCHLD));
            }
            case CLONE -> {
                // The last two are the other way round on x86-64.
                boolean x86 = p.abi.isa == UserIsa.X86_64;
                long childTid = a[x86 ? 3 : 4];
                long tls = a[x86 ? 4 : 3];
                long flags = a[0] & 0xffff_ffffL;
                if ((flags & CLONE_PIDFD) != 0 && (flags & CLONE_PARENT_SETTID) != 0) {
                    return -EINVAL; // one place for two
                }
                long host = flags & ~0xffL | p.abi.signalToHost((int) flags & 0xff);
                return clone(t, new Child(host, a[1], a[2], a[2], childTid, tls));
            }
            case CLONE3 -> {
                return clone3(t, a[0], a[1]);
            }
            case EXECVE -> {
                return execve(t, new Named(Paths.AT_FDCWD, a[0], 0), a[1], a[2]);
            }
            case EXECVEAT -> {
                return execve(t, new Named((int) a[0], a[1], (int) a[4]), a[2], a[3]);
            }
            case EXIT -> {
                if (p.threads.size() == 1) {
                    p.exit((int) (a[0] & 0xff) << 8);
                } else {
                    t.ended = true;
                }
                return -NO_RESULT;
            }
            case EXIT_GROUP -> {
                p.exit((int) (a[0] & 0xff) << 8);
                return -NO_RESULT;
            }
            case WAIT4 -> {
                return waits.wait4(t, (int) a[0], a[1], (int) a[2], a[3]);
            }
            case WAITPID -> {
                return waits.wait4(t, (int) a[0], a[1], (int) a[2], 0);
            }
            case WAITID -> {
                return waits.waitid(t, a);
            }
            case GETPID -> {
                return p.pid;
            }
            case GETTID -> {
                return t.tid;
            }
            case GETPPID -> {
                GuestProcess parent = p.parent;
                if (parent != null) {
                    return parent.pid;
                }
                return p == kernel.first() ? host(HostCall.GETPPID, 0, 0, 0) : 1;
            }
            case GETPGRP -> {
                return p.group;
            }
            case GETPGID, GETSID -> {
                GuestProcess of = a[0] == 0 ? p : kernel.processes.get((int) a[0]);
                return of == null ? -ESRCH : call == SystemCall.GETSID ? of.session : of.group;
            }
            case SETPGID -> {
                return setpgid(p, (int) a[0], (int) a[1]);
            }
            case SETSID -> {
                if (p.group == p.pid) {
                    return -EPERM;
                }
                p.group = p.pid;
                p.session = p.pid;
                return p.pid;
            }
            case GETUID, GETUID32 -> {
                return host(HostCall.GETUID, 0, 0, 0);
            }
            case GETEUID, GETEUID32 -> {
                return host(HostCall.GETEUID, 0, 0, 0);
            }
            case GETGID, GETGID32 -> {
                return host(HostCall.GETGID, 0, 0, 0);
            }
            case GETEGID, GETEGID32 -> {
                return host(HostCall.GETEGID, 0, 0, 0);
            }
            case GETRESUID, GETRESUID32, GETRESGID, GETRESGID32 -> {
                boolean user = call == SystemCall.GETRESUID || call == SystemCall.GETRESUID32;
                long id = host(user ? HostCall.GETUID : HostCall.GETGID, 0, 0, 0);
                long effective = host(user ? HostCall.GETEUID : HostCall.GETEGID, 0, 0, 0);
                memory.put(a[0], 4, id);
                memory.put(a[1], 4, effective);
                memory.put(a[2], 4, effective);
                return 0;
            }
            case SETUID, SETUID32, SETREUID, SETREUID32, SETRESUID, SETRESUID32 -> {
                return isPresent(a, HostCall.GETUID, HostCall.GETEUID, call.arguments().length());
            }
            case SETGID, SETGID32, SETREGID, SETREGID32, SETRESGID, SETRESGID32 -> {
                return isPresent(a, HostCall.GETGID, HostCall.GETEGID, call.arguments().length());
            }
            case SETFSUID, SETFSUID32 -> {
                return host(HostCall.GETEUID, 0, 0, 0);
            }
            case SETFSGID, SETFSGID32 -> {
                return host(HostCall.GETEGID, 0, 0, 0);
            }
            case GETGROUPS, GETGROUPS32 -> {
                return getgroups(
                        t,
                        (int) a[0],
                        a[1],
                        call == SystemCall.GETGROUPS && t.process.abi.has16BitGroups());
            }
            case SETGROUPS, SETGROUPS32 -> {
                return host(HostCall.GETEUID, 0, 0, 0) == 0 ? 0 : -EPERM;
            }
            case PRCTL -> {
                return prctl(t, a);
            }
            case ARCH_PRCTL -> {
                return archPrctl(t, a);
            }
            case SET_THREAD_AREA -> {
                return p.abi.setThreadArea(t, a[0]);
            }
            case SET_TLS -> {
                t.vcpu.setThreadPointer(a[0]);
                return 0;
            }
            case SET_TID_ADDRESS -> {
                t.clearAtExit = a[0];
                return t.tid;
            }
            case SET_ROBUST_LIST -> {
                t.robustList = a[0];
                return 0;
            }
            case GET_ROBUST_LIST -> {
                int w = p.abi.wordBytes();
                memory.put(a[1], w, t.robustList);
                memory.put(a[2], w, 3L * w);
                return 0;
            }
            case FUTEX, FUTEX_TIME64 -> {
                return futex(t, a, call == SystemCall.FUTEX_TIME64);
            }
            case FUTEX_WAITV -> {
                return futexWaitAny(t, a);
            }
            case GETRLIMIT, UGETRLIMIT -> {
                return limit(t, p.abi.resourceToHost((int) a[0]), 0, a[1], false);
            }
            case SETRLIMIT -> {
                return limit(t, p.abi.resourceToHost((int) a[0]), a[1], 0, false);
            }
            case PRLIMIT64 -> {
                boolean own = a[0] == 0 || a[0] == p.pid;
                return own ? limit(t, p.abi.resourceToHost((int) a[1]), a[2], a[3], true) : -ESRCH;
            }
            case GETRUSAGE -> {
                return usage(t, (int) a[0], a[1]);
            }
            case TIMES -> {
                MemorySegment s = t.scratch.structs();
                long now = host(HostCall.TIMES, s.address(), 0, 0);
                if (a[0] != 0) {
                    int w = p.abi.wordBytes();
                    ByteBuffer b = p.abi.buffer(4 * w);
                    p.abi.putWord(b, 0, ProcessorTime.of(p) / NANOS_PER_TICK);
                    p.abi.putWord(b, 2 * w, p.timeOfChildren / NANOS_PER_TICK);
                    memory.put(a[0], GuestAbi.bytes(b));
                }
                return p.abi.isa.is64() ? now : (int) now & 0x7fff_ffff;
            }
            case SYSINFO -> {
                return sysinfo(t, a[0]);
            }
            case UNAME -> {
                return uname(t, a[0]);
            }
            case SETHOSTNAME -> {
                return -EPERM;
            }
            case PERSONALITY -> {
                return 0;
            }
            case CAPGET -> {
                if (a[1] != 0) {
                    memory.put(a[1], new byte[24]);
                }
                return 0;
            }
            case CAPSET -> {
                return -EPERM;
            }
            case GETRANDOM -> {
                byte[] bytes = new byte[(int) Math.min(a[1] < 0 ? 256 : a[1], 1 << 20)];
                kernel.random(bytes);
                memory.put(a[0], bytes);
                return bytes.length;
            }
            case GETCPU -> {
                for (int i = 0; i < 2; i++) {
                    if (a[i] != 0) {
                        memory.put(a[i], 4, 0);
                    }
                }
                return 0;
            }
            default -> throw new IllegalStateException(call.linuxName());
        }
    }

    // ---- new threads and processes

    /// What clone(2) is asked for.
    ///
    /// @param flags the lowest eight bits are the signal at its end, the host's number
    /// @param stack its end, or 0 for the caller's
    /// @param pidFile where to store a descriptor's number
    private record Child(
            long flags, long stack, long pidFile, long parentTid, long childTid, long tls) {
        static Child forked(long flags) {
            return new Child(flags, 0, 0, 0, 0, 0);
        }

        boolean has(long flag) {
            return (flags & flag) != 0;
        }

        /// Whether flags contradict each other.
        boolean isInvalid() {
            return has(CLONE_THREAD) && !has(CLONE_SIGHAND)
                    || has(CLONE_SIGHAND) && !has(CLONE_VM)
                    || has(CLONE_SIGHAND) && has(CLONE_CLEAR_SIGHAND)
                    || has(CLONE_PIDFD) && (has(CLONE_DETACHED) || has(CLONE_THREAD));
        }
    }

    private long clone(GuestThread t, Child wanted) throws BadAddressException {
        if (wanted.isInvalid()) {
            return -EINVAL;
        }
        if (wanted.has(CLONE_NAMESPACES)) {
            return -EPERM;
        }
        boolean thread = wanted.has(CLONE_THREAD);
        GuestProcess p = t.process;
        if (kernel.processes.size() >= MOST_PROCESSES || kernel.threadCount() >= MOST_THREADS) {
            return -EAGAIN;
        }
        PidFile.Added pidFile = wanted.has(CLONE_PIDFD) ? newPidFile(t, wanted.pidFile) : null;
        if (pidFile != null && pidFile.number() < 0) {
            return pidFile.number();
        }
        boolean shares = wanted.has(CLONE_VM);
        ProgramMemory program = shares ? p.program : p.program.fork();
        UserVcpu vcpu;
        try {
            vcpu = kernel.vcpu(p.abi.isa, program.memory);
        } catch (ProgramException _) {
            close(p, pidFile);
            if (!shares) {
                program.release();
            }
            return -EAGAIN;
        }
        vcpu.copyFrom(t.vcpu);
        if (thread) {
            // Until now nobody else ran in this memory.
            t.vcpu.setShared();
            vcpu.setShared();
            for (GuestThread each : p.threads) {
                each.vcpu.setShared();
            }
        }
        p.abi.result(vcpu, 0);
        if (wanted.stack != 0) {
            p.abi.setStackPointer(vcpu, wanted.stack);
        }
        if (wanted.has(CLONE_SETTLS)) {
            p.abi.setCloneTls(vcpu, program.memory, wanted.tls);
        }
        GuestThread child = new GuestThread(p, vcpu, kernel.scratch());
        child.mask = t.mask;
        child.scheduling = t.scheduling.ofChild();
        if (!thread) {
            child.altStack = t.altStack.copy();
        }
        child.clearAtExit = wanted.has(CLONE_CHILD_CLEARTID) ? wanted.childTid : 0;
        AtomicBoolean vforked = new AtomicBoolean(wanted.has(CLONE_VFORK));
        GuestProcess[] made = new GuestProcess[1];
        int tid =
                kernel.start(
                        child,
                        started -> {
                            if (thread) {
                                p.threads.add(started);
                            } else {
                                made[0] = process(p, started, program, wanted);
                                if (pidFile != null) {
                                    pidFile.file().watch(made[0]);
                                    close(made[0], pidFile);
                                }
                                if (vforked.get()) {
                                    made[0].vforkedBy = t;
                                }
                            }
                            try {
                                if (wanted.has(CLONE_PARENT_SETTID)) {
                                    t.memory().put(wanted.parentTid, 4, started.tid);
                                }
                                if (wanted.has(CLONE_CHILD_SETTID)) {
                                    program.memory.put(wanted.childTid, 4, started.tid);
                                }
                            } catch (BadAddressException _) {
                                // The kernel ignores it, too.
                            }
                        });
        if (tid < 0) {
            close(p, pidFile);
            kernel.idle(vcpu);
            if (!shares) {
                program.release();
            }
            return tid;
        }
        if (vforked.get()) {
            while (made[0].vforkedBy != null && !p.exiting && !t.ended) {
                LockSupport.park(this);
            }
        }
        return tid;
    }

    /// A descriptor for a process that is yet to be made, whose number the program has already.
    private static PidFile.Added newPidFile(GuestThread t, long address)
            throws BadAddressException {
        PidFile.Added made = PidFile.add(t.process, 0);
        if (made.number() >= 0) {
            try {
                t.memory().put(address, 4, made.number());
            } catch (BadAddressException e) {
                close(t.process, made);
                throw e;
            }
        }
        return made;
    }

    /// @param pidFile null for none
    private static void close(GuestProcess p, PidFile.Added pidFile) {
        if (pidFile != null && p.files.remove(pidFile.number(), pidFile.file())) {
            pidFile.file().release();
        }
    }

    /// struct clone_args is alike everywhere but for the byte order.
    private long clone3(GuestThread t, long address, long bytes) throws BadAddressException {
        if (bytes < CLONE_ARGS_BYTES) {
            return -EINVAL;
        }
        ByteBuffer b = t.process.abi.buffer(t.memory().bytes(address, CLONE_ARGS_BYTES));
        long flags = b.getLong(0);
        long signal = b.getLong(32);
        boolean known = (flags & (0xffL | ~(CLONE_CLEAR_SIGHAND | 0xffff_ffffL))) == 0;
        if (!known || (signal & ~0xffL) != 0 || bytes > 4096) {
            return -EINVAL;
        }
        for (int i = CLONE_ARGS_BYTES; i + 8 <= bytes; i += 8) {
            if (t.memory().get(address + i, 8) != 0) {
                return -EINVAL;
            }
        }
        long stack = b.getLong(40);
        long size = b.getLong(48);
        if (stack == 0 != (size == 0)) {
            return -EINVAL;
        }
        long host = t.process.abi.signalToHost((int) signal);
        return clone(
                t,
                new Child(
                        flags | host,
                        stack + size,
                        b.getLong(8),
                        b.getLong(24),
                        b.getLong(16),
                        b.getLong(56)));
    }

    /// A child process, made on its first thread.
    private GuestProcess process(
            GuestProcess parent, GuestThread first, ProgramMemory program, Child wanted) {
        GuestProcess child = new GuestProcess(kernel, first.tid);
        child.abi = parent.abi;
        child.program = wanted.has(CLONE_VM) ? program.retain() : program;
        child.files = parent.files.copy();
        child.changeDirectory(parent.retainDirectory());
        child.umask = parent.umask;
        child.executable = parent.executable;
        child.arguments = parent.arguments;
        child.environment = parent.environment;
        child.auxv = parent.auxv;
        child.name = parent.name;
        child.stackTop = parent.stackTop;
        child.deathSignal = (int) wanted.flags & 0xff;
        System.arraycopy(parent.actions, 0, child.actions, 0, child.actions.length);
        if (wanted.has(CLONE_CLEAR_SIGHAND)) {
            child.forgetHandlers();
        }
        System.arraycopy(parent.limits, 0, child.limits, 0, child.limits.length);
        first.process = child;
        child.threads.add(first);
        synchronized (kernel.lock) {
            child.parent = parent;
            child.group = parent.group;
            child.session = parent.session;
            parent.children.add(child);
            kernel.processes.put(child.pid, child);
        }
        return child;
    }

    // ---- execve

    private static List<byte[]> texts(GuestThread t, long address) throws BadAddressException {
        List<byte[]> texts = new ArrayList<>();
        if (address == 0) {
            return texts;
        }
        int w = t.process.abi.wordBytes();
        long total = 0;
        for (int i = 0; i < MOST_ARGUMENTS; i++) {
            long at = t.memory().get(address + (long) i * w, w);
            if (at == 0) {
                return texts;
            }
            byte[] text = t.memory().string(at, 128 << 10);
            total += text == null ? MOST_TEXT_BYTES + 1 : text.length + 1;
            if (total > MOST_TEXT_BYTES) {
                return null;
            }
            texts.add(text);
        }
        return null;
    }

    /// How a program is named.
    private record Named(int directory, long path, int flags) {}

    private long execve(GuestThread t, Named program, long argv, long envp)
            throws BadAddressException {
        if ((program.flags & ~(Paths.AT_EMPTY_PATH | Paths.AT_SYMLINK_NOFOLLOW)) != 0) {
            return -EINVAL;
        }
        byte[] name = t.memory().string(program.path, 4096);
        List<byte[]> arguments = texts(t, argv);
        List<byte[]> environment = texts(t, envp);
        if (name == null) {
            return -ENAMETOOLONG;
        }
        if (arguments == null || environment == null) {
            return -7;
        }
        if (name.length == 0 && (program.flags & Paths.AT_EMPTY_PATH) == 0) {
            return -ENOENT;
        }
        boolean follow = (program.flags & Paths.AT_SYMLINK_NOFOLLOW) == 0;
        Loader.Loaded loaded;
        try {
            loaded = new Loader(t).load(program.directory, name, follow, arguments, environment);
        } catch (ProgramException e) {
            return -e.errno();
        }
        GuestProcess p = t.process;
        if (!endOthers(t)) {
            loaded.program().release();
            return -NO_RESULT;
        }
        UserVcpu vcpu = t.vcpu;
        if (vcpu.isa() != loaded.isa()) {
            try {
                vcpu = kernel.vcpu(loaded.isa(), loaded.program().memory);
            } catch (ProgramException _) {
                loaded.program().release();
                p.exit(Signal.SIGKILL);
                return -NO_RESULT;
            }
            kernel.idle(t.vcpu);
            t.vcpu = vcpu;
        } else {
            vcpu.use(loaded.program().memory);
            vcpu.reset();
        }
        ProgramMemory before = p.program;
        p.executed = true;
        begin(t, loaded);
        before.release();
        kernel.resumeParent(p);
        return -NO_RESULT;
    }

    /// Makes a loaded program a process's.
    static void begin(GuestThread t, Loader.Loaded loaded) {
        GuestProcess p = t.process;
        p.program = loaded.program();
        p.abi = t.kernel().abi(loaded.isa());
        p.executable = loaded.path();
        p.arguments = loaded.arguments();
        p.auxv = loaded.auxv();
        p.stackTop = loaded.stackTop();
        p.environment = loaded.environment();
        p.name = loaded.name();
        t.name = null;
        p.files.closeAll(false);
        if (p.timers != null) {
            p.timers.created.clear();
        }
        p.forgetHandlers();
        t.tid = p.pid;
        t.clearAtExit = 0;
        t.robustList = 0;
        t.altStack = new AltStack();
        p.abi.start(t.vcpu, loaded.entry(), loaded.stack());
        p.abi.chooseFloats(t.vcpu, p.program.wideFloats);
    }

    /// Waits until the thread is its process's only one.
    ///
    /// @return false if it is to end itself: another one was first, or has the whole process end
    private boolean endOthers(GuestThread t) {
        GuestProcess p = t.process;
        synchronized (kernel.lock) {
            while (p.threads.size() > 1) {
                if (t.ended || p.exiting) {
                    return false;
                }
                // Each time: one of them may just have started another one.
                for (GuestThread each : p.threads) {
                    if (each != t) {
                        each.ended = true;
                        each.poke();
                    }
                }
                try {
                    kernel.lock.wait(100);
                } catch (InterruptedException _) {
                    Thread.currentThread().interrupt();
                    return false;
                }
            }
        }
        return true;
    }

    // ---- groups

    private long setpgid(GuestProcess self, int pid, int group) {
        GuestProcess of = pid == 0 ? self : kernel.processes.get(pid);
        if (of == null || of != self && of.parent != self) {
            return -ESRCH;
        }
        if (group < 0) {
            return -EINVAL;
        }
        synchronized (kernel.lock) {
            int wanted = group == 0 ? of.pid : group;
            boolean exists =
                    wanted == of.pid
                            || kernel.processes.values().stream()
                                    .anyMatch(each ->
                                            each.group == wanted && each.session == of.session);
            if (of != self && of.executed) {
                return -EACCES;
            }
            if (of.pid == of.session || of.session != self.session || !exists) {
                return -EPERM;
            }
            of.group = wanted;
            return 0;
        }
    }

    // ---- identities and limits

    private static long isPresent(long[] a, int real, int effective, int count) {
        long r = host(real, 0, 0, 0);
        long e = host(effective, 0, 0, 0);
        for (int i = 0; i < count; i++) {
            if (a[i] != -1 && a[i] != r && a[i] != e) {
                return -EPERM;
            }
        }
        return 0;
    }

    private static long getgroups(GuestThread t, int most, long to, boolean narrow)
            throws BadAddressException {
        MemorySegment s = t.scratch.structs();
        long n = host(HostCall.GETGROUPS, Math.min(most, 4096), s.address(), 0);
        for (int i = 0; i < n && most > 0; i++) {
            long group = s.get(ValueLayout.JAVA_INT, 4L * i);
            int w = narrow ? 2 : 4;
            t.memory().put(to + (long) i * w, w, group);
        }
        return n;
    }

    private static long limit(GuestThread t, int resource, long from, long to, boolean wide)
            throws BadAddressException {
        if (resource < 0 || resource >= 16) {
            return -EINVAL;
        }
        GuestAbi abi = t.process.abi;
        int w = wide ? 8 : abi.wordBytes();
        long[] limits = t.process.limits;
        MemorySegment s = t.scratch.structs();
        long soft = limits[2 * resource];
        long hard = limits[2 * resource + 1];
        if (soft == 0 && hard == 0) {
            host(HostCall.GETRLIMIT, resource, s.address(), 0);
            soft = s.get(LONG, 0);
            hard = s.get(LONG, 8);
            if (resource == 3) {
                soft = 8 << 20;
            }
            if (resource == 7) {
                soft = t.process.files.limit();
            }
        }
        if (to != 0) {
            t.memory().put(to, w, narrowed(soft, w, abi));
            t.memory().put(to + w, w, narrowed(hard, w, abi));
        }
        if (from != 0) {
            long newSoft = widened(t.memory().get(from, w), w, abi);
            long newHard = widened(t.memory().get(from + w, w), w, abi);
            boolean above = newHard != hard && (newHard ^ Long.MIN_VALUE) > (hard ^ Long.MIN_VALUE);
            if ((newSoft ^ Long.MIN_VALUE) > (newHard ^ Long.MIN_VALUE)) {
                return -EINVAL;
            }
            if (above && host(HostCall.GETEUID, 0, 0, 0) != 0) {
                return -EPERM;
            }
            limits[2 * resource] = newSoft;
            limits[2 * resource + 1] = newHard;
            if (resource == 7) {
                t.process.files.limit((int) Math.min(newSoft < 0 ? 1 << 20 : newSoft, 1 << 20));
            }
        }
        return 0;
    }

    private static long narrowed(long value, int w, GuestAbi abi) {
        long infinity = abi instanceof MipsAbi ? 0x7fff_ffffL : 0xffff_ffffL;
        return w == 8 ? value : value < 0 || value > infinity ? infinity : value;
    }

    private static long widened(long value, int w, GuestAbi abi) {
        long infinity = abi instanceof MipsAbi ? 0x7fff_ffffL : 0xffff_ffffL;
        return w == 4 && value == infinity ? -1 : value;
    }

    private static long usage(GuestThread t, int who, long to) throws BadAddressException {
        switch (who) {
            case RUSAGE_SELF ->
                    putUsage(t, ProcessorTime.of(t.process), t.memory().residentPages() * 4, to);
            case RUSAGE_THREAD ->
                    putUsage(t, ProcessorTime.of(t), t.memory().residentPages() * 4, to);
            case RUSAGE_CHILDREN -> putUsage(t, t.process.timeOfChildren, 0, to);
            default -> {
                return -EINVAL;
            }
        }
        return 0;
    }

    /// All processor time counts as the program's own: the host's threads don't tell translation and calls apart.
    static void putUsage(GuestThread t, long nanos, long kilobytes, long to)
            throws BadAddressException {
        GuestAbi abi = t.process.abi;
        int w = abi.wordBytes();
        ByteBuffer b = abi.buffer(18 * w);
        abi.putWord(b, 0, nanos / 1_000_000_000);
        abi.putWord(b, w, nanos % 1_000_000_000 / 1000);
        abi.putWord(b, 4 * w, kilobytes);
        t.memory().put(to, GuestAbi.bytes(b));
    }

    private static long sysinfo(GuestThread t, long to) throws BadAddressException {
        MemorySegment s = t.scratch.structs();
        long result = host(HostCall.SYSINFO, s.address(), 0, 0);
        GuestAbi abi = t.process.abi;
        int w = abi.wordBytes();
        ByteBuffer b = abi.buffer(w == 8 ? 112 : 64);
        int unit = 1;
        if (w == 4) {
            unit = 4096;
        }
        abi.putWord(b, 0, s.get(LONG, 0));
        for (int i = 0; i < 3; i++) {
            abi.putWord(b, w * (1 + i), s.get(LONG, 8 + 8L * i));
        }
        for (int i = 0; i < 6; i++) {
            abi.putWord(b, w * (4 + i), s.get(LONG, 32 + 8L * i) / unit);
        }
        b.putShort(10 * w, s.get(ValueLayout.JAVA_SHORT, 80));
        int at = w == 8 ? 88 : 44;
        abi.putWord(b, at, s.get(LONG, 88) / unit);
        abi.putWord(b, at + w, s.get(LONG, 96) / unit);
        b.putInt(at + 2 * w, unit);
        t.memory().put(to, GuestAbi.bytes(b));
        return result;
    }

    private static long uname(GuestThread t, long to) throws BadAddressException {
        MemorySegment s = t.scratch.structs();
        host(HostCall.UNAME, s.address(), 0, 0);
        byte[] all = s.asSlice(0, 390).toArray(ValueLayout.JAVA_BYTE);
        byte[] machine = t.process.abi.machine().getBytes(StandardCharsets.US_ASCII);
        Arrays.fill(all, 4 * 65, 5 * 65, (byte) 0);
        System.arraycopy(machine, 0, all, 4 * 65, machine.length);
        t.memory().put(to, all);
        return 0;
    }

    // ---- this and that

    private static long prctl(GuestThread t, long[] a) throws BadAddressException {
        switch ((int) a[0]) {
            case 15 -> { // PR_SET_NAME
                byte[] name = t.memory().string(a[1], 16);
                String text =
                        name == null ? Paths.text(t.memory().bytes(a[1], 15)) : Paths.text(name);
                if (t.tid == t.process.pid) {
                    t.process.name = text;
                } else {
                    t.name = text;
                }
                return 0;
            }
            case 16 -> { // PR_GET_NAME
                String text = t.name == null ? t.process.name : t.name;
                byte[] name = text.getBytes(StandardCharsets.ISO_8859_1);
                t.memory().put(a[1], Arrays.copyOf(name, 16));
                return 0;
            }
            case 1,
                    4,
                    38,
                    36,
                    29,
                    0x5356_4d41 -> { // death signal, dumpable, no_new_privs, subreaper, slack, VMA
                // names
                return 0;
            }
            case 2 -> {
                t.memory().put(a[1], 4, 0);
                return 0;
            }
            case 3, 39 -> {
                return 1;
            }
            case 23, 24 -> { // capability bounding set
                return a[1] > 40 ? -EINVAL : 1;
            }
            default -> {
                return -EINVAL;
            }
        }
    }

    private static long archPrctl(GuestThread t, long[] a) throws BadAddressException {
        switch ((int) a[0]) {
            case 0x1002 -> {
                if (a[1] < 0 || a[1] >= t.memory().limit()) {
                    return -EPERM;
                }
                t.vcpu.setThreadPointer(a[1]);
                return 0;
            }
            case 0x1003 -> {
                t.memory().put(a[1], 8, t.vcpu.threadPointer());
                return 0;
            }
            default -> {
                return -EINVAL;
            }
        }
    }

    private long futex(GuestThread t, long[] a, boolean wide) throws BadAddressException {
        int operation = (int) a[1] & 0x7f;
        boolean realTime = (a[1] & 0x100) != 0;
        if ((a[0] & 3) != 0) {
            return -EINVAL;
        }
        switch (operation) {
            case 0, 9 -> {
                long deadline = Long.MAX_VALUE;
                if (a[3] != 0) {
                    deadline =
                            operation == 0
                                    ? TimeCalls.deadline(t, a[3], wide)
                                    : absolute(t, a[3], realTime, wide);
                }
                int bits = operation == 9 ? (int) a[5] : -1;
                return bits == 0
                        ? -EINVAL
                        : kernel.futexes.wait(t, a[0], (int) a[2], bits, deadline);
            }
            case 1, 10 -> {
                return kernel.futexes.wake(
                        t.memory(), a[0], (int) a[2], operation == 10 ? (int) a[5] : -1);
            }
            case 3, 4 -> {
                return kernel.futexes.requeue(
                        t.memory(),
                        a[0],
                        (int) a[2],
                        (int) a[3],
                        a[4],
                        operation == 4 ? (int) a[5] : null);
            }
            case 5 -> {
                return kernel.futexes.wakeOp(
                        t.memory(), a[0], (int) a[2], (int) a[3], a[4], (int) a[5]);
            }
            default -> {
                return -ENOSYS;
            }
        }
    }

    /// struct futex_waitv and the time are alike everywhere but for the byte order.
    private long futexWaitAny(GuestThread t, long[] a) throws BadAddressException {
        long count = a[1] & 0xffff_ffffL;
        if (a[2] != 0 || count == 0 || count > MOST_FUTEXES || a[0] == 0) {
            return -EINVAL;
        }
        long deadline = Long.MAX_VALUE;
        if (a[3] != 0) {
            boolean realTime = a[4] == CLOCK_REALTIME;
            if (!realTime && a[4] != CLOCK_MONOTONIC) {
                return -EINVAL;
            }
            MemorySegment s = t.scratch.structs();
            TimeCalls.getTimes(t, a[3], s, 1, true);
            if (!TimeCalls.isValid(s, 0)) {
                return -EINVAL;
            }
            deadline = absolute(t, a[3], realTime, true);
        }
        ByteBuffer b = t.process.abi.buffer(t.memory().bytes(a[0], (int) count * FUTEX_BYTES));
        long[] addresses = new long[(int) count];
        int[] expected = new int[(int) count];
        for (int i = 0; i < count; i++) {
            int at = FUTEX_BYTES * i;
            expected[i] = (int) b.getLong(at);
            addresses[i] = b.getLong(at + 8);
            int flags = b.getInt(at + 16);
            boolean words = (flags & ~FUTEX_PRIVATE) == FUTEX_WORD;
            if (!words || b.getInt(at + 20) != 0) {
                return -EINVAL;
            }
        }
        for (long each : addresses) {
            if ((each & 3) != 0) {
                return -EINVAL;
            }
        }
        return kernel.futexes.waitAny(t, addresses, expected, deadline);
    }

    private static long absolute(GuestThread t, long address, boolean realTime, boolean wide)
            throws BadAddressException {
        MemorySegment s = t.scratch.structs();
        TimeCalls.getTimes(t, address, s, 1, wide);
        long then = TimeCalls.saturated(s.get(LONG, 0), s.get(LONG, 8));
        host(HostCall.CLOCK_GETTIME, realTime ? 0 : 1, s.address(), 0);
        long now = TimeCalls.saturated(s.get(LONG, 0), s.get(LONG, 8));
        return System.nanoTime() + Math.clamp(then - now, 0, Long.MAX_VALUE / 4);
    }
}
