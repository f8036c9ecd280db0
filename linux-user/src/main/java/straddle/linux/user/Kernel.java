package straddle.linux.user;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import straddle.core.memory.RamUnavailableException;
import straddle.core.user.Frames;
import straddle.core.user.UserIsa;
import straddle.core.user.UserMemory;
import straddle.core.user.UserTranslator;
import straddle.core.user.UserTranslatorProvider;
import straddle.core.user.UserVcpu;
import straddle.core.vcpu.Statistics;
import straddle.host.HostException;
import straddle.host.LinuxCall;

/// What the processes of a run share: the process table, frames, translators, futexes.
///
/// Lock order: [#lock], then a memory's, then the frames'.
final class Kernel implements AutoCloseable {
    private static final long PUMP_NANOS = 3_000_000;
    private static final int IDLE_VCPUS = 16;
    private static final int IDLE_SCRATCHES = 64;

    /// So long after this process goes on, its guests have been told at the latest.
    private static final long RESUME_NANOS = 200_000_000;

    /// What the kernel's pid_max is at most.
    private static final int MOST_IDS = 4_194_304;

    private static final int FIRST_ID = 300;

    /// Under it: process relations and states, and pending signals.
    final Object lock = new Object();

    final UserOptions options;
    final Frames frames;
    final Processors processors;
    final Futexes futexes = new Futexes();
    final SystemV systemV = new SystemV();
    final FilePages filePages;
    final SharedFile.Open sharedFiles = new SharedFile.Open();
    final Paths paths;
    final SystemCalls calls;
    final Terminals terminals = new Terminals(this);
    final Map<Integer, GuestProcess> processes = new ConcurrentHashMap<>();
    private final Map<UserIsa, UserTranslator> translators = new EnumMap<>(UserIsa.class);
    private final Map<UserIsa, GuestAbi> abis = new EnumMap<>(UserIsa.class);
    private final Map<UserIsa, Deque<UserVcpu>> idle = new EnumMap<>(UserIsa.class);
    private final Set<UserVcpu> all = new LinkedHashSet<>();

    /// What vCPUs did that there are no more.
    private final Statistics ofClosed = new Statistics();

    private final Deque<Scratch> scratches = new ArrayDeque<>();
    private final AtomicInteger running = new AtomicInteger();
    private final AtomicInteger threadNames = new AtomicInteger();
    private final int mostIds = mostIds();
    private final AtomicInteger ids = new AtomicInteger(farFromHost(mostIds));

    /// Those of signalfd(2) that are open.
    final Set<SignalFile> signalFiles = ConcurrentHashMap.newKeySet();

    private final Deque<GuestThread> pumped = new ArrayDeque<>();
    private Thread pump;
    private final CountDownLatch firstEnded = new CountDownLatch(1);
    private GuestProcess first;

    /// Guest threads run on threads that are kept for a while: a new one takes some 100 µs.
    private final ExecutorService threads =
            new ThreadPoolExecutor(
                    0,
                    Integer.MAX_VALUE,
                    5,
                    TimeUnit.SECONDS,
                    new SynchronousQueue<>(),
                    work ->
                            Thread.ofPlatform()
                                    .name("guest-" + threadNames.getAndIncrement())
                                    .daemon()
                                    .stackSize(4 << 20)
                                    .unstarted(work));

    Kernel(UserOptions options) throws HostException {
        this.options = options;
        frames = new Frames(Kernel::reserve, options.memoryBytes());
        processors = new Processors(options.accel(), frames);
        filePages = new FilePages(frames);
        paths = new Paths(options);
        calls = new SystemCalls(this);
    }

    private static java.lang.foreign.MemorySegment reserve(
            String name, long bytes, java.lang.foreign.Arena arena) throws RamUnavailableException {
        try {
            return LinuxCall.reserve(bytes, arena);
        } catch (HostException e) {
            throw new RamUnavailableException(e.getMessage(), e);
        }
    }

    GuestAbi abi(UserIsa isa) {
        synchronized (abis) {
            return abis.computeIfAbsent(isa, GuestAbi::of);
        }
    }

    // ---- vCPUs

    /// @throws ProgramException if there is no front end for the instruction set, or no such model
    UserVcpu vcpu(UserIsa isa, UserMemory memory) throws ProgramException {
        synchronized (translators) {
            Deque<UserVcpu> waiting = idle.computeIfAbsent(isa, _ -> new ArrayDeque<>());
            UserVcpu vcpu = waiting.poll();
            if (vcpu != null) {
                vcpu.use(memory);
                vcpu.reset();
                return vcpu;
            }
            UserTranslator translator = translators.get(isa);
            if (translator == null) {
                UserTranslatorProvider provider =
                        UserTranslatorProvider.of(isa)
                                .orElseThrow(() ->
                                        new ProgramException(
                                                Errno.ENOEXEC,
                                                "There is no translator for "
                                                        + isa.machineName()
                                                        + " programs in this installation."));
                try {
                    translator = provider.create(isa, options.cpu(), frames);
                } catch (IllegalArgumentException e) {
                    throw new ProgramException(Errno.ENOEXEC, e.getMessage());
                }
                translators.put(isa, translator);
            }
            vcpu = translator.newVcpu(memory);
            if (isa == UserIsa.X86_64) {
                vcpu = processors.with(vcpu);
            }
            all.add(vcpu);
            return vcpu;
        }
    }

    /// A vCPU's translations are good for the next process that runs the same program.
    void idle(UserVcpu vcpu) {
        vcpu.park();
        synchronized (translators) {
            Deque<UserVcpu> waiting = idle.get(vcpu.isa());
            if (waiting.size() < IDLE_VCPUS) {
                waiting.push(vcpu);
            } else {
                vcpu.statistics(ofClosed);
                all.remove(vcpu);
                vcpu.close();
            }
        }
    }

    void statistics(Statistics to) {
        synchronized (translators) {
            to.addAll(ofClosed);
            all.forEach(each -> each.statistics(to));
        }
        to.count("memory", "pages in use", frames.used());
    }

    // ---- threads and processes

    /// Starts a thread of the guest's.
    ///
    /// @param prepare is given the new thread once its number is known, on the new thread; false to give up
    /// @return the number, or minus EAGAIN if the host has no more threads
    int start(GuestThread thread, Consumer<GuestThread> prepare) {
        CountDownLatch known = new CountDownLatch(1);
        Runnable life =
                () -> {
                    thread.host = Thread.currentThread();
                    thread.hostThread(LinuxCall.threadId());
                    if (thread.tid == 0) {
                        thread.tid = nextId();
                    }
                    prepare.accept(thread);
                    known.countDown();
                    try {
                        thread.run();
                    } catch (RuntimeException | Error e) {
                        failed(thread, e);
                    } finally {
                        running.decrementAndGet();
                    }
                };
        running.incrementAndGet();
        try {
            threads.execute(life);
        } catch (OutOfMemoryError _) {
            running.decrementAndGet();
            return -Errno.EAGAIN;
        }
        boolean interrupted = false;
        while (true) {
            try {
                known.await();
                break;
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return thread.tid;
    }

    /// How many threads all processes have together.
    int threadCount() {
        return running.get();
    }

    /// A mistake of ours must not leave others waiting.
    private void failed(GuestThread thread, Throwable e) {
        if (e instanceof InternalError) {
            // The JVM's answer to the host's SIGBUS: a mapped file has become shorter.
            thread.process.exit(Signal.SIGBUS);
            ended(thread);
            return;
        }
        System.err.println(
                "straddle: This is a mistake in Straddle, not yours. Please report what follows.");
        e.printStackTrace();
        thread.process.exit(Signal.SIGABRT);
        ended(thread);
    }

    private static int mostIds() {
        // Of such a file the kernel gives all to the first read, and Files.readString's is of one
        // byte.
        try (BufferedReader in = Files.newBufferedReader(Path.of("/proc/sys/kernel/pid_max"))) {
            return Math.clamp(Integer.parseInt(in.readLine()), 2 * FIRST_ID, MOST_IDS);
        } catch (IOException | NumberFormatException _) {
            return MOST_IDS;
        }
    }

    /// Where the host comes last in giving numbers to its own, which it does upwards from this process's.
    private static int farFromHost(int most) {
        int all = most - FIRST_ID;
        return FIRST_ID + Math.floorMod(LinuxCall.processId() - FIRST_ID + all / 2, all);
    }

    /// A number for a process or thread: upwards, so that none comes again soon. It is none of a group or
    /// a session either, which the first process brings along: who has that number would lead it. And it is nobody's on the host, whose
    /// processes are in /proc beside the guest's.
    int nextId() {
        return ids.updateAndGet(last -> {
            int next = last;
            do {
                next = next >= mostIds - 1 ? FIRST_ID : next + 1;
            } while (isTaken(next));
            return next;
        });
    }

    private boolean isTaken(int id) {
        return LinuxCall.syscall(HostCall.KILL, id, 0, 0, 0, 0, 0) != -Errno.ESRCH
                || processes.containsKey(id)
                || processes.values().stream()
                        .anyMatch(each -> each.group == id || each.session == id);
    }

    /// The process that a thread's number belongs to, its own included, or null.
    GuestProcess processWith(int tid) {
        GuestProcess own = processes.get(tid);
        if (own != null) {
            return own;
        }
        for (GuestProcess each : processes.values()) {
            if (each.thread(tid) != null) {
                return each;
            }
        }
        return null;
    }

    Scratch scratch() {
        synchronized (scratches) {
            Scratch free = scratches.poll();
            return free == null ? new Scratch() : free;
        }
    }

    void first(GuestProcess process) {
        first = process;
        processes.put(process.pid, process);
    }

    /// Waits until the first process and all of its descendants have ended.
    ///
    /// @return the first one's status as wait(2) has it
    int awaitFirst() throws InterruptedException {
        firstEnded.await();
        synchronized (lock) {
            while (processes.values().stream().anyMatch(each -> !each.zombie)) {
                lock.wait();
            }
            return first.status;
        }
    }

    GuestProcess first() {
        return first;
    }

    /// A thread's last act, on the thread itself.
    void ended(GuestThread thread) {
        GuestProcess process = thread.process;
        if (!process.exiting || process.program.memory.mappingAt(thread.clearAtExit) != null) {
            thread.leaveFutexes();
        }
        thread.ended = true;
        boolean last;
        synchronized (lock) {
            ProcessorTime.ended(thread);
            process.threads.remove(thread);
            last = process.threads.isEmpty();
            lock.notifyAll();
        }
        idle(thread.vcpu);
        synchronized (scratches) {
            if (scratches.size() < IDLE_SCRATCHES) {
                scratches.push(thread.scratch);
            }
        }
        if (last) {
            end(process);
        }
    }

    private void end(GuestProcess process) {
        process.exiting = true;
        if (process.timers != null) {
            process.timers.close();
        }
        process.files.closeAll(true);
        process.changeDirectory(null);
        process.program.release();
        systemV.ended(process);
        resumeParent(process);
        synchronized (lock) {
            process.zombie = true;
            process.watchers.forEach(PidFile::ended);
            terminals.ended(process);
            for (GuestProcess child : List.copyOf(process.children)) {
                child.parent = null;
                if (child.zombie) {
                    processes.remove(child.pid);
                }
            }
            process.children.clear();
            GuestProcess parent = process.parent;
            if (parent == null) {
                if (process != first) {
                    processes.remove(process.pid);
                }
            } else {
                Signal.Action action = parent.actions[Signal.SIGCHLD];
                boolean reaped =
                        action.handler() == Signal.SIG_IGN || action.has(Signal.SA_NOCLDWAIT);
                if (reaped) {
                    forget(process);
                }
                int status = process.status;
                boolean killed = (status & 0x7f) != 0;
                tellParent(
                        process,
                        killed ? Signal.CLD_KILLED : Signal.CLD_EXITED,
                        killed ? status & 0x7f : status >>> 8);
            }
            lock.notifyAll();
        }
        if (process == first) {
            firstEnded.countDown();
        }
    }

    /// A process that was waited for goes; under the lock.
    void forget(GuestProcess process) {
        processes.remove(process.pid);
        if (process.parent != null) {
            process.parent.children.remove(process);
        }
    }

    /// Sends SIGCHLD and wakes who waits; under the lock.
    void tellParent(GuestProcess process, int code, int status) {
        GuestProcess parent = process.parent;
        if (parent == null) {
            return;
        }
        for (GuestThread each : parent.threads) {
            LockSupport.unpark(each.host);
        }
        boolean stopOrGo = code == Signal.CLD_STOPPED || code == Signal.CLD_CONTINUED;
        if (stopOrGo && parent.actions[Signal.SIGCHLD].has(Signal.SA_NOCLDSTOP)) {
            return;
        }
        parent.send(
                new Signal.Info(
                        Signal.SIGCHLD,
                        code,
                        process.pid,
                        (int) LinuxCall.syscall(HostCall.GETUID, 0, 0, 0, 0, 0, 0),
                        0,
                        status));
    }

    /// A vfork(2)ed child has a memory of its own, or has ended.
    void resumeParent(GuestProcess child) {
        GuestThread waiting = child.vforkedBy;
        child.vforkedBy = null;
        if (waiting != null) {
            LockSupport.unpark(waiting.host);
        }
    }

    void stop(GuestProcess process, int signal) {
        synchronized (lock) {
            if (!process.exiting) {
                process.stopped = true;
                process.change = signal << 8 | 0x7f;
                tellParent(process, Signal.CLD_STOPPED, signal);
                lock.notifyAll();
            }
        }
        process.threads.forEach(GuestThread::poke);
        if (process == first && process.stopped) {
            stopWithFirst(process, signal);
        }
    }

    /// Whoever started the command sees it stop as its first process does, until they have it go on: a shell's Ctrl-Z. On the
    /// thread that the signal was delivered to.
    private void stopWithFirst(GuestProcess process, int signal) {
        Emulation.stopBy(signal);
        long patience = System.nanoTime() + RESUME_NANOS;
        while (process.stopped && System.nanoTime() - patience < 0) {
            LockSupport.parkNanos(this, RESUME_NANOS / 20);
        }
        if (process.stopped && signal != Signal.SIGSTOP) {
            // Nobody could have had it go on: the kernel ignores such signals then.
            process.send(Signal.Info.of(Signal.SIGCONT));
        }
    }

    void waitWhileStopped(GuestThread thread) {
        while (thread.process.stopped && !thread.process.exiting) {
            LockSupport.park(this);
        }
    }

    /// A signal is pending: whoever waits for it by a descriptor learns of it. Any thread.
    void noticeSignal(int signal) {
        for (SignalFile each : signalFiles) {
            each.notice(signal);
        }
    }

    /// Sends a signal to a process group. Whether there was anybody.
    boolean sendGroup(int group, Signal.Info info) {
        boolean any = false;
        for (GuestProcess each : processes.values()) {
            if (each.group == group && !each.zombie) {
                any = true;
                if (info.signal() != 0) {
                    each.send(info);
                }
            }
        }
        return any;
    }

    // ---- interrupting calls of the host's

    /// A thread may have begun its call just after it was interrupted: has that done again until it noticed.
    void pump(GuestThread thread) {
        synchronized (pumped) {
            if (!pumped.contains(thread)) {
                pumped.add(thread);
            }
            if (pump == null) {
                pump = Thread.ofPlatform().name("guest-signals").daemon().start(this::runPump);
            }
            pumped.notifyAll();
        }
    }

    private void runPump() {
        List<GuestThread> due = new ArrayList<>();
        while (true) {
            synchronized (pumped) {
                while (pumped.isEmpty()) {
                    try {
                        pumped.wait();
                    } catch (InterruptedException _) {
                        return;
                    }
                }
                due.clear();
                due.addAll(pumped);
                pumped.clear();
            }
            LockSupport.parkNanos(PUMP_NANOS);
            for (GuestThread each : due) {
                if (each.pokeAgain()) {
                    pump(each);
                }
            }
        }
    }

    /// Fills bytes from the host's source of random ones.
    void random(byte[] bytes) {
        try (java.lang.foreign.Arena arena = java.lang.foreign.Arena.ofConfined()) {
            java.lang.foreign.MemorySegment to = arena.allocate(bytes.length);
            LinuxCall.syscall(HostCall.GETRANDOM, to.address(), bytes.length, 0, 0, 0, 0);
            java.lang.foreign.MemorySegment.copy(
                    to, 0, java.lang.foreign.MemorySegment.ofArray(bytes), 0, bytes.length);
        }
    }

    /// Whether a process may have so much more address space.
    boolean mayMap(GuestProcess process, long bytes) {
        long limit = process.limits[2 * 9]; // RLIMIT_AS
        if (limit == 0 || limit == -1 || limit == Long.MAX_VALUE) {
            return true;
        }
        long mapped =
                process.memory().mappings().stream().mapToLong(m -> m.end() - m.start()).sum();
        return mapped + bytes <= limit;
    }

    // ---- tracing

    void trace(GuestThread thread, String line) {
        options.strace().println(thread.tid + " " + line);
    }

    @Override
    public void close() {
        threads.shutdownNow();
        // Frames and translators stay: the process ends, and a thread may still be on its way out.
    }
}
