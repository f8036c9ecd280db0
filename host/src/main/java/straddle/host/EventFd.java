package straddle.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import straddle.linux.libc.Libc;
import straddle.linux.libc.pollfd;

/// A counter that one side adds to and the other waits for: eventfd(2). Either side may be the kernel. Any thread.
public final class EventFd implements AutoCloseable {
    private final Descriptor descriptor;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment one = arena.allocate(ValueLayout.JAVA_LONG);

    private EventFd(Descriptor descriptor) {
        this.descriptor = descriptor;
        one.set(ValueLayout.JAVA_LONG, 0, 1);
    }

    /// A counter at 0.
    public static EventFd create() throws HostException {
        int fd = NativeCall.eventfd(0, Libc.EFD_CLOEXEC() | Libc.EFD_NONBLOCK());
        if (fd < 0) {
            throw new HostException("eventfd", -fd, "");
        }
        return new EventFd(Descriptor.adopt(fd));
    }

    public Descriptor descriptor() {
        return descriptor;
    }

    /// Adds one.
    public void signal() throws HostException {
        long result = NativeCall.write(descriptor.number(), one.address(), Long.BYTES);
        if (result < 0) {
            throw new HostException("write(eventfd)", (int) -result, "");
        }
    }

    /// Takes the whole count and leaves 0; returns 0 at once when there is none.
    public long take() throws HostException {
        try (Arena local = Arena.ofConfined()) {
            MemorySegment count = local.allocate(ValueLayout.JAVA_LONG);
            long result = NativeCall.read(descriptor.number(), count.address(), Long.BYTES);
            if (result == -Libc.EAGAIN()) {
                return 0;
            }
            if (result < 0) {
                throw new HostException("read(eventfd)", (int) -result, "");
            }
            return count.get(ValueLayout.JAVA_LONG, 0);
        }
    }

    /// Waits until the count is not 0.
    ///
    /// @param millis at most so many milliseconds; -1 for ever
    /// @return whether it is
    public boolean await(int millis) throws HostException {
        try (Arena local = Arena.ofConfined()) {
            MemorySegment request = pollfd.allocate(local);
            pollfd.fd(request, descriptor.number());
            pollfd.events(request, (short) Libc.POLLIN());
            int result = NativeCall.poll(request.address(), 1, millis);
            if (result < 0 && result != -Libc.EINTR()) {
                throw new HostException("poll(eventfd)", -result, "");
            }
            return result > 0;
        }
    }

    @Override
    public void close() {
        descriptor.close();
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
