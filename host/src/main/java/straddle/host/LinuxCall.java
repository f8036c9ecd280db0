package straddle.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import straddle.linux.libc.Libc;

/// The kernel's system calls by number, for user-mode emulation: what a guest asks for is asked of the host.
///
/// Addresses are plain `long`s that the caller vouches for.
public final class LinuxCall {
    private static final int MAP_PRIVATE = 2;
    private static final int MAP_ANONYMOUS = 0x20;
    private static final int MAP_NORESERVE = 0x4000;
    private static final int SIGACTION_BYTES = 152;
    private static final int SIGACTION_FLAGS = 136;
    private static final int SA_RESTART = 0x1000_0000;
    private static final int WRITE = 1;
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

    /// Has a thread of the JVM's call an action whenever this process gets a signal that the JVM keeps for itself, SIGQUIT, instead
    /// of what the JVM does. For the rest of the process's life.
    ///
    /// The handler writes to an eventfd(2), which the thread reads: Java code can't be a handler.
    ///
    /// @return has the thread end, for the end of the process: one in a system call holds up the JVM for 0.3 s
    public static Runnable onSignal(int signal, Runnable action) throws HostException {
        int event = NativeCall.eventfd(0, Libc.EFD_CLOEXEC());
        if (event < 0) {
            throw new HostException("eventfd", -event, "");
        }
        ByteBuffer code = ByteBuffer.allocate(40).order(ByteOrder.LITTLE_ENDIAN);
        code.put((byte) 0xb8).putInt(WRITE); // mov eax, write
        code.put((byte) 0xbf).putInt(event); // mov edi, event
        code.put(new byte[] {0x48, (byte) 0x8d, 0x35, 11, 0, 0, 0}); // lea rsi, [one]
        code.put((byte) 0xba).putInt(Long.BYTES); // mov edx, 8
        code.put(new byte[] {0x0f, 0x05, (byte) 0xc3}); // syscall; ret
        code.put(new byte[] {0, 0, 0}).putLong(1); // one
        ExecutableMemory handler = ExecutableMemory.of(code.array(), Arena.global());
        AtomicBoolean ended = new AtomicBoolean();
        Thread.ofPlatform()
                .name("signal-" + signal)
                .daemon()
                .start(() -> await(event, ended, action));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment change = arena.allocate(SIGACTION_BYTES, 8);
            change.set(ValueLayout.JAVA_LONG, 0, handler.bytes().address());
            change.set(ValueLayout.JAVA_INT, SIGACTION_FLAGS, SA_RESTART);
            int result = NativeCall.sigaction(signal, change.address(), 0);
            if (result < 0) {
                throw new HostException("sigaction", -result, "");
            }
        }
        return () -> {
            ended.set(true);
            wake(event);
        };
    }

    private static void await(int event, AtomicBoolean ended, Runnable action) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment count = arena.allocate(Long.BYTES, 8);
            while (NativeCall.read(event, count.address(), Long.BYTES) == Long.BYTES
                    && !ended.get()) {
                action.run();
            }
        }
    }

    private static void wake(int event) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment one = arena.allocateFrom(ValueLayout.JAVA_LONG, 1);
            NativeCall.write(event, one.address(), Long.BYTES);
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
