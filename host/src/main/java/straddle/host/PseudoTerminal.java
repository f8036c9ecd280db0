package straddle.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.locks.LockSupport;
import straddle.linux.libc.Libc;
import straddle.linux.libc.pollfd;

/// A new terminal device that other programs open by its [#path()], and whose far end is here: pty(7).
///
/// It starts out raw. One thread may read while another writes; [#close()] may come from any thread, and ends both
/// within a fraction of a second.
public final class PseudoTerminal implements AutoCloseable {
    private static final String REMEDY =
            "The host may have no more pseudo-terminals (/proc/sys/kernel/pty/max), or no /dev/pts.";
    private static final int PATH_BYTES = 128;
    private static final int WINSIZE_BYTES = 8;
    private static final int CHUNK = 4096;

    /// How soon a wait notices [#close()].
    private static final int WAIT_MILLIS = 250;

    private static final int POLL_AGAIN_NANOS = 250_000_000;

    private final Descriptor descriptor;
    private final String path;
    private final Arena arena = Arena.ofAuto();
    private final MemorySegment toRead = arena.allocate(CHUNK);
    private final MemorySegment toWrite = arena.allocate(CHUNK);
    private final MemorySegment readPoll = pollfd.allocate(arena);
    private final MemorySegment writePoll = pollfd.allocate(arena);
    private volatile boolean closed;
    private int users;

    private PseudoTerminal(Descriptor descriptor, String path) {
        this.descriptor = descriptor;
        this.path = path;
    }

    /// Makes a terminal.
    public static PseudoTerminal open() throws HostException {
        int fd =
                NativeCall.posixOpenpt(
                        Libc.O_RDWR() | Libc.O_NOCTTY() | Libc.O_CLOEXEC() | Libc.O_NONBLOCK());
        check("posix_openpt", fd);
        Descriptor descriptor = Descriptor.adopt(fd);
        boolean complete = false;
        try (Arena local = Arena.ofConfined()) {
            check("grantpt", NativeCall.grantpt(fd));
            check("unlockpt", NativeCall.unlockpt(fd));
            MemorySegment name = local.allocate(PATH_BYTES);
            check("ptsname_r", NativeCall.ptsnameR(fd, name.address(), PATH_BYTES));
            HostTerminal.of(fd).orElseThrow(() -> new HostException("tcgetattr", 0, REMEDY)).raw();
            String path = name.getString(0);
            openOnce(path);
            complete = true;
            return new PseudoTerminal(descriptor, path);
        } finally {
            if (!complete) {
                descriptor.close();
            }
        }
    }

    /// A device that was never open does not say that nobody has it open.
    private static void openOnce(String path) throws HostException {
        int fd = NativeCall.open(path, Libc.O_RDWR() | Libc.O_NOCTTY() | Libc.O_CLOEXEC());
        check("open(" + path + ")", fd);
        NativeCall.close(fd);
    }

    private static void check(String call, int result) throws HostException {
        if (result < 0) {
            throw new HostException(call, -result, REMEDY);
        }
    }

    /// The device that others open: `/dev/pts/N`.
    public String path() {
        return path;
    }

    /// Whether some program has the device open.
    public boolean isOpenElsewhere() {
        if (!enter()) {
            return false;
        }
        try (Arena local = Arena.ofConfined()) {
            return (poll(pollfd.allocate(local), Libc.POLLIN(), 0) & Libc.POLLHUP()) == 0;
        } finally {
            leave();
        }
    }

    /// Waits for bytes that others write; while nobody has the device open it waits too.
    ///
    /// @return how many, at least 1; -1 once closed
    public int read(byte[] to) throws HostException {
        while (enter()) {
            try {
                int ready = poll(readPoll, Libc.POLLIN(), WAIT_MILLIS);
                if ((ready & Libc.POLLIN()) != 0) {
                    long count =
                            NativeCall.read(
                                    descriptor.number(),
                                    toRead.address(),
                                    Math.min(to.length, CHUNK));
                    if (count > 0) {
                        MemorySegment.copy(toRead, ValueLayout.JAVA_BYTE, 0, to, 0, (int) count);
                        return (int) count;
                    }
                    refuse("read(pty)", count);
                }
                if ((ready & Libc.POLLHUP()) != 0) {
                    LockSupport.parkNanos(this, POLL_AGAIN_NANOS);
                }
            } finally {
                leave();
            }
        }
        return -1;
    }

    /// Waits until whoever has the device open has taken some bytes, up to `length`.
    ///
    /// @return how many; less than 1 once closed, or when nobody has the device open
    public int write(byte[] from, int offset, int length) throws HostException {
        while (enter()) {
            try {
                int ready = poll(writePoll, Libc.POLLOUT(), WAIT_MILLIS);
                if ((ready & Libc.POLLHUP()) != 0) {
                    return 0;
                }
                if ((ready & Libc.POLLOUT()) != 0) {
                    int most = Math.min(length, CHUNK);
                    MemorySegment.copy(from, offset, toWrite, ValueLayout.JAVA_BYTE, 0, most);
                    long count = NativeCall.write(descriptor.number(), toWrite.address(), most);
                    if (count > 0) {
                        return (int) count;
                    }
                    refuse("write(pty)", count);
                }
            } finally {
                leave();
            }
        }
        return -1;
    }

    /// The program at the other end may have gone between two calls (EIO), which is no failure.
    private static void refuse(String call, long result) throws HostException {
        boolean expected =
                result == 0
                        || result == -Libc.EAGAIN()
                        || result == -Libc.EINTR()
                        || result == -Libc.EIO();
        if (!expected) {
            throw new HostException(call, (int) -result, "");
        }
    }

    /// Tells whoever has the device open the size of its window, in characters.
    public void resize(HostTerminal.Size size) throws HostException {
        if (!enter()) {
            return;
        }
        try (Arena local = Arena.ofConfined()) {
            MemorySegment window = local.allocate(WINSIZE_BYTES, 8);
            window.set(ValueLayout.JAVA_SHORT, 0, (short) size.rows());
            window.set(ValueLayout.JAVA_SHORT, 2, (short) size.columns());
            descriptor.ioctl("TIOCSWINSZ", Libc.TIOCSWINSZ(), window.address());
        } finally {
            leave();
        }
    }

    private int poll(MemorySegment request, int events, int millis) {
        pollfd.fd(request, descriptor.number());
        pollfd.events(request, (short) events);
        pollfd.revents(request, (short) 0);
        return NativeCall.poll(request.address(), 1, millis) <= 0 ? 0 : pollfd.revents(request);
    }

    /// The descriptor's number may be somebody else's as soon as it is closed: the last user closes it.
    private synchronized boolean enter() {
        if (!closed) {
            users++;
        }
        return !closed;
    }

    private synchronized void leave() {
        users--;
        if (closed && users == 0) {
            descriptor.close();
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (users == 0) {
            descriptor.close();
        }
    }
}
