package straddle.linux.user;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import straddle.host.LinuxCall;

/// pidfd_open(2): a descriptor of a guest process.
///
/// On the host it is a timer that expires when the process has ended: readable then and never writable, as polls have it.
final class PidFile extends OpenFile {
    private static final int O_NONBLOCK = Paths.O_NONBLOCK;
    private static final int CLOCK_MONOTONIC = 1;

    private volatile GuestProcess process;

    private PidFile(int host) {
        super(host, true);
    }

    /// One that is of no process yet, among a process's descriptors: closed by execve(2).
    ///
    /// @param number of the descriptor, or minus an error: then there is no file
    record Added(PidFile file, int number) {
        private static Added failed(long error) {
            return new Added(null, (int) error);
        }
    }

    /// @param flags O_NONBLOCK or 0
    static Added add(GuestProcess to, int flags) {
        long made =
                LinuxCall.syscall(
                        HostCall.TIMERFD_CREATE,
                        CLOCK_MONOTONIC,
                        flags | Paths.O_CLOEXEC,
                        0,
                        0,
                        0,
                        0);
        if (made < 0) {
            return Added.failed(made);
        }
        PidFile file = new PidFile((int) made);
        long number = FileCalls.add(to, file, true, 0);
        return number < 0 ? Added.failed(number) : new Added(file, (int) number);
    }

    /// pidfd_open(2).
    static long open(GuestThread t, int pid, int guestFlags) {
        GuestProcess self = t.process;
        Kernel kernel = t.kernel();
        int flags = self.abi.openFlagsToHost(guestFlags);
        if ((flags & ~O_NONBLOCK) != 0 || pid <= 0) {
            return -Errno.EINVAL;
        }
        GuestProcess of = kernel.processes.get(pid);
        if (of == null) {
            return kernel.processWith(pid) == null ? -Errno.ESRCH : -Errno.EINVAL;
        }
        Added made = add(self, flags);
        if (made.file != null) {
            made.file.watch(of);
        }
        return made.number;
    }

    /// The process of a descriptor, or null if that is none of a process.
    static GuestProcess processOf(GuestThread t, int fd) {
        return t.file(fd) instanceof PidFile file ? file.process() : null;
    }

    static boolean isNonBlocking(GuestThread t, int fd) {
        long flags = LinuxCall.syscall(HostCall.FCNTL, t.hostFile(fd), 3, 0, 0, 0, 0);
        return flags >= 0 && (flags & O_NONBLOCK) != 0;
    }

    /// Whether a call is one that descriptors of processes don't have, though timers may.
    static boolean lacks(SystemCall call) {
        return switch (call) {
            case READ,
                    WRITE,
                    READV,
                    WRITEV,
                    PREAD64,
                    PWRITE64,
                    PREADV,
                    PWRITEV,
                    PREADV2,
                    PWRITEV2,
                    SENDFILE,
                    SENDFILE64,
                    TIMERFD_SETTIME,
                    TIMERFD_SETTIME64,
                    TIMERFD_GETTIME,
                    TIMERFD_GETTIME64 ->
                    true;
            default -> false;
        };
    }

    /// Has it be of a process.
    void watch(GuestProcess of) {
        synchronized (of.kernel.lock) {
            process = of;
            whileOpen(() -> of.watchers.add(this)); // or another thread has closed it already
            if (of.zombie) {
                ended();
            }
        }
    }

    private GuestProcess process() {
        return process;
    }

    /// The process has ended: under the kernel's lock.
    void ended() {
        whileOpen(() -> {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment soon = arena.allocate(32, 8);
                soon.set(ValueLayout.JAVA_LONG, 24, 1);
                LinuxCall.syscall(HostCall.TIMERFD_SETTIME, host, 0, soon.address(), 0, 0, 0);
            }
        });
    }

    @Override
    void closed() {
        GuestProcess of = process;
        if (of != null) {
            synchronized (of.kernel.lock) {
                of.watchers.remove(this);
            }
        }
    }
}
