package straddle.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Locale;
import straddle.linux.libc.Libc;

/// The kernel's system calls by number, for user-mode emulation: what a guest asks for is asked of the host.
///
/// Addresses are plain `long`s that the caller vouches for.
public final class LinuxCall {
    private static final int MAP_PRIVATE = 2;
    private static final int MAP_ANONYMOUS = 0x20;
    private static final int MAP_NORESERVE = 0x4000;
    private static final int SIGACTION_BYTES = 152;
    private static final int INTERRUPTER = NativeCall.sigrtmin() + 5;
    private static final int PROCESS = NativeCall.getpid();

    private LinuxCall() {}

    /// Whether this is Linux on the processor whose call numbers and structures callers use: x86-64.
    public static boolean isAvailable() {
        return System.getProperty("os.name").equals("Linux")
                && System.getProperty("os.arch").toLowerCase(Locale.ROOT).equals("amd64");
    }

    /// syscall(2): what the kernel returns, a result or minus an error number. Allocates nothing.
    public static long syscall(long number, long a, long b, long c, long d, long e, long f) {
        return NativeCall.syscall(number, a, b, c, d, e, f);
    }

    /// This process's number.
    public static int processId() {
        return PROCESS;
    }

    /// The calling thread's number, for [#interrupt(int)].
    public static int threadId() {
        return NativeCall.gettid();
    }

    /// Gives the signal that [#interrupt(int)] sends a handler that does nothing, so that a thread's blocking call ends
    /// with EINTR and nothing else happens. Once, before the first.
    ///
    /// The handler is a function of the C library that takes a number and has no effect: Java code can't be one.
    public static void prepareInterrupts() throws HostException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment action = arena.allocate(SIGACTION_BYTES, 8);
            action.set(ValueLayout.JAVA_LONG, 0, NativeCall.addressOf("abs"));
            int result = NativeCall.sigaction(INTERRUPTER, action.address(), 0);
            if (result < 0) {
                throw new HostException("sigaction", -result, "");
            }
        }
    }

    /// Ends a blocking call of a thread of this process that the caller keeps from ending meanwhile.
    public static void interrupt(int threadId) {
        NativeCall.tgkill(PROCESS, threadId, INTERRUPTER);
    }

    /// Zero-filled memory that takes space as it is touched.
    ///
    /// @param bytes a multiple of 4,096
    /// @param arena when it closes, the memory goes
    @SuppressWarnings("restricted")
    public static MemorySegment reserve(long bytes, Arena arena) throws HostException {
        long address =
                NativeCall.mmap(
                        bytes,
                        Libc.PROT_READ() | Libc.PROT_WRITE(),
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                        -1);
        if (address < 0) {
            throw new HostException("mmap", (int) -address, "");
        }
        return MemorySegment.ofAddress(address)
                .reinterpret(bytes, arena, memory -> NativeCall.munmap(memory.address(), bytes));
    }

    /// A segment over memory that a system call of the caller's mapped.
    ///
    /// @param arena when it closes, the memory is unmapped
    @SuppressWarnings("restricted")
    public static MemorySegment adopt(long address, long bytes, Arena arena) {
        return MemorySegment.ofAddress(address)
                .reinterpret(bytes, arena, memory -> NativeCall.munmap(memory.address(), bytes));
    }
}
