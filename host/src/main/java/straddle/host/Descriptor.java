package straddle.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;
import straddle.linux.libc.Libc;

/// An open file descriptor: a device's, or one that a device's `ioctl` returned. Any thread may use it.
public final class Descriptor implements AutoCloseable {
    private final int number;
    private final AtomicBoolean open = new AtomicBoolean(true);

    private Descriptor(int number) {
        this.number = number;
    }

    /// Opens a device for reading and writing; child processes don't inherit it.
    ///
    /// @throws HostException open(2) as it is, without a remedy: only the caller knows what the device is for
    public static Descriptor open(String path) throws HostException {
        return open(path, Libc.O_RDWR());
    }

    /// @param access O_RDWR or O_RDONLY
    static Descriptor open(String path, int access) throws HostException {
        int fd = NativeCall.open(path, access | Libc.O_CLOEXEC());
        if (fd < 0) {
            throw new HostException("open(" + path + ")", -fd, "");
        }
        return new Descriptor(fd);
    }

    /// Takes over a descriptor that a native call returned.
    public static Descriptor adopt(int number) {
        return new Descriptor(number);
    }

    public int number() {
        return number;
    }

    /// Allocates nothing, and takes some 30 ns more than the same call in C.
    ///
    /// @param argument a number, or the address of the request's structure
    /// @return what ioctl(2) returns, or minus the error number
    public int ioctl(long request, long argument) {
        return NativeCall.ioctl(number, request, argument);
    }

    /// An [#ioctl(long, long)] that must succeed.
    ///
    /// @param name the request's, for the message
    public int ioctl(String name, long request, long argument) throws HostException {
        int result = NativeCall.ioctl(number, request, argument);
        if (result < 0) {
            throw new HostException("ioctl(" + name + ")", -result, "");
        }
        return result;
    }

    /// Maps its first bytes, shared, for reading and writing.
    ///
    /// @param arena when it closes, the mapping goes
    @SuppressWarnings("restricted")
    public MemorySegment map(long bytes, Arena arena) throws HostException {
        long address =
                NativeCall.mmap(
                        bytes, Libc.PROT_READ() | Libc.PROT_WRITE(), Libc.MAP_SHARED(), number);
        if (address < 0) {
            throw new HostException("mmap", (int) -address, "");
        }
        return MemorySegment.ofAddress(address)
                .reinterpret(bytes, arena, mapped -> NativeCall.munmap(mapped.address(), bytes));
    }

    /// Does nothing the second time.
    @Override
    public void close() {
        if (open.compareAndSet(true, false)) {
            NativeCall.close(number);
        }
    }
}
