package straddle.linux.user;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import straddle.core.accel.AcceleratorException;
import straddle.core.user.UserMemory;
import straddle.core.user.UserVcpu;
import straddle.core.vcpu.Statistics;
import straddle.host.HostException;
import straddle.host.LinuxCall;

/// Runs a Linux program, and all that it starts, to its end.
public final class Emulation implements AutoCloseable {
    private final Kernel kernel;

    /// @throws HostException if the host is none that system calls can be carried out on, or refuses memory
    /// @throws ProgramException if the root directory can't be opened
    public Emulation(UserOptions options) throws HostException, ProgramException {
        if (!LinuxCall.isAvailable()) {
            throw new HostException(
                    "syscall", 0, "'straddle user' needs Linux on an x86-64 processor.");
        }
        LinuxCall.prepareInterrupts();
        kernel = new Kernel(options);
        try {
            kernel.processors.check();
        } catch (AcceleratorException e) {
            throw new ProgramException(Errno.ENODEV, e.getMessage());
        }
        if (!options.root().isEmpty() && kernel.paths.root() < 0) {
            throw new ProgramException(
                    -kernel.paths.root(),
                    "The root directory "
                            + options.root()
                            + " can't be opened: "
                            + Errno.name(-kernel.paths.root())
                            + ".");
        }
    }

    /// Loads it and has it run.
    ///
    /// @throws ProgramException if it can't be loaded
    public void start() throws ProgramException {
        UserOptions options = kernel.options;
        GuestProcess process = new GuestProcess(kernel, LinuxCall.processId());
        process.files = new FdTable();
        process.umask = (int) LinuxCall.syscall(HostCall.UMASK, 0, 0, 0, 0, 0, 0);
        process.group = (int) LinuxCall.syscall(HostCall.GETPGID, 0, 0, 0, 0, 0, 0);
        process.session = (int) LinuxCall.syscall(HostCall.GETSID, 0, 0, 0, 0, 0, 0);
        kernel.terminals.begin(process);
        inheritFiles(process);
        GuestThread thread = new GuestThread(process, null, kernel.scratch());
        thread.tid = process.pid;
        if (!options.root().isEmpty()) {
            enterRoot(process);
        }
        Loader.Loaded loaded =
                new Loader(thread)
                        .load(
                                Paths.AT_FDCWD,
                                options.program().getBytes(StandardCharsets.ISO_8859_1),
                                true,
                                options.arguments(),
                                options.environment());
        UserMemory memory = loaded.program().memory;
        UserVcpu vcpu = kernel.vcpu(loaded.isa(), memory);
        thread.vcpu = vcpu;
        process.threads.add(thread);
        kernel.first(process);
        ProcessCalls.begin(thread, loaded);
        kernel.start(thread, _ -> {});
    }

    /// Waits for it and all of its descendants.
    ///
    /// @return the program's status as wait(2) has it
    public int await() throws InterruptedException {
        return kernel.awaitFirst();
    }

    /// The descriptors that this process got from whoever started it.
    private static void inheritFiles(GuestProcess process) {
        for (int fd = 0; fd < 3; fd++) {
            if (LinuxCall.syscall(HostCall.FCNTL, fd, 1, 0, 0, 0, 0) >= 0) {
                process.files.put(fd, new OpenFile(fd, false), false);
            }
        }
        // The JVM marks its own to be closed on execve(2); what is not so marked is the program's.
        for (int fd = 3; fd < 64; fd++) {
            long flags = LinuxCall.syscall(HostCall.FCNTL, fd, 1, 0, 0, 0, 0);
            if (flags == 0) {
                byte[] target = Paths.linkOf(fd);
                boolean ofTheJvm =
                        Paths.text(target).endsWith("/lib/modules")
                                || Paths.text(target).endsWith(".jar");
                if (!ofTheJvm) {
                    process.files.put(fd, new OpenFile(fd, true), false);
                }
            }
        }
    }

    private void enterRoot(GuestProcess process) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment dot = arena.allocateFrom(".");
            long fd =
                    LinuxCall.syscall(
                            HostCall.OPENAT,
                            kernel.paths.root(),
                            dot.address(),
                            Paths.O_PATH | Paths.O_DIRECTORY | Paths.O_CLOEXEC,
                            0,
                            0,
                            0);
            process.changeDirectory(new OpenFile((int) fd, true));
        }
    }

    /// Sends the terminal's foreground processes a signal, as the terminal does for Ctrl-C. Any thread.
    ///
    /// @param signal the host's number
    /// @return whether there was anybody to send it to
    public boolean signal(int signal) {
        Signal.Info info = Signal.Info.of(signal);
        GuestProcess top = kernel.first();
        if (signal == Signal.SIGCONT && top != null && top.stopped) {
            top.send(info); // which this process has stopped with
        }
        return kernel.sendGroup(kernel.terminals.foreground(), info)
                || Optional.ofNullable(kernel.first())
                        .filter(first -> !first.zombie)
                        .map(first -> {
                            first.send(info);
                            return true;
                        })
                        .orElse(false);
    }

    /// Ends this process as a signal does whose default action that is, so that whoever waits for it sees it.
    /// Returns where the signal doesn't end it.
    ///
    /// @param signal the host's number
    public static void dieOf(int signal) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment limit = arena.allocate(16, 8); // no core file of the JVM
            LinuxCall.syscall(HostCall.PRLIMIT64, 0, 4, limit.address(), 0, 0, 0);
            MemorySegment action = arena.allocate(32, 8);
            LinuxCall.syscall(HostCall.RT_SIGACTION, signal, action.address(), 0, 8, 0, 0);
            long pid = LinuxCall.processId();
            LinuxCall.syscall(HostCall.KILL, pid, signal, 0, 0, 0, 0);
            // The kernel chooses a thread, which dies of it a moment later.
            CountDownLatch never = new CountDownLatch(1);
            never.await(200, java.util.concurrent.TimeUnit.MILLISECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /// Stops this process as a signal does whose default action that is. Returns when it goes on; at once, if the kernel ignores the
    /// signal because nobody is there to have it go on.
    ///
    /// @param signal the host's number
    static void stopBy(int signal) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment usual = arena.allocate(32, 8);
            MemorySegment before = arena.allocate(32, 8);
            boolean handled =
                    LinuxCall.syscall(
                                    HostCall.RT_SIGACTION,
                                    signal,
                                    usual.address(),
                                    before.address(),
                                    8,
                                    0,
                                    0)
                            == 0;
            LinuxCall.syscall(
                    HostCall.TGKILL, LinuxCall.processId(), LinuxCall.threadId(), signal, 0, 0, 0);
            if (handled) {
                LinuxCall.syscall(HostCall.RT_SIGACTION, signal, before.address(), 0, 8, 0, 0);
            }
        }
    }

    /// Adds what the translator has to tell.
    public void statistics(Statistics to) {
        kernel.statistics(to);
    }

    @Override
    public void close() {
        kernel.close();
    }
}
