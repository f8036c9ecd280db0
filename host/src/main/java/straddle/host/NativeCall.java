package straddle.host;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;

/// The C library calls of this module, each by its man-page name.
///
/// All return what the kernel itself returns: a result, or minus an error number. Addresses are plain
/// `long`s, which saves 16 ns a call over segments of a shared arena. A call may run on any thread.
final class NativeCall {
    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final long ERRNO = offset("errno");

    /// Where a thread's calls leave errno. Automatic arenas cost a call nothing, shared ones do.
    private static final ThreadLocal<MemorySegment> CAPTURED =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(STATE));

    /// Calls any of them, with errno captured. A shape of its own for each would cost 10 to 20 ms each at the start. Arguments
    /// fill registers (System V x86-64 3.2.3, AAPCS64 6.8): a function ignores those that it has no parameter for and the
    /// upper halves of those for an int, of which the result's is undefined, too.
    private static final MethodHandle CALL = handle();

    private NativeCall() {}

    /// Looking a name up takes time: what is used without the others is in a class of its own.
    private static final class Files {
        static final MemorySegment OPEN = function("open");
        static final MemorySegment CLOSE = function("close");
        static final MemorySegment READ = function("read");
        static final MemorySegment WRITE = function("write");
        static final MemorySegment MEMFD_CREATE = function("memfd_create");
        static final MemorySegment FTRUNCATE = function("ftruncate");
    }

    private static final class Memory {
        static final MemorySegment MMAP = function("mmap");
        static final MemorySegment MUNMAP = function("munmap");
        static final MemorySegment MPROTECT = function("mprotect");
        static final MemorySegment MADVISE = function("madvise");
    }

    /// On its own, as few guests have a disk.
    private static final class Locks {
        static final MemorySegment FCNTL = function("fcntl");
    }

    /// On its own, so that the first KVM call links nothing else.
    private static final class Devices {
        static final MemorySegment IOCTL = function("ioctl");
    }

    private static final class Events {
        static final MemorySegment EVENTFD = function("eventfd");
        static final MemorySegment POLL = function("poll");
    }

    /// On its own, for user-mode emulation.
    private static final class Raw {
        static final MemorySegment SYSCALL = function("syscall");
        static final MemorySegment SIGACTION = function("sigaction");
    }

    private static final class Terminals {
        static final MemorySegment TCGETATTR = function("tcgetattr");
        static final MemorySegment TCSETATTR = function("tcsetattr");
        static final MemorySegment CFMAKERAW = function("cfmakeraw");
        static final MemorySegment POSIX_OPENPT = function("posix_openpt");
        static final MemorySegment GRANTPT = function("grantpt");
        static final MemorySegment UNLOCKPT = function("unlockpt");
        static final MemorySegment PTSNAME_R = function("ptsname_r");
    }

    private static final class Threads {
        static final MemorySegment GETPID = function("getpid");
        static final MemorySegment GETTID = function("gettid");
        static final MemorySegment TGKILL = function("tgkill");
        static final MemorySegment PTHREAD_SIGMASK = function("pthread_sigmask");
        static final MemorySegment SIGTIMEDWAIT = function("sigtimedwait");
        static final MemorySegment SIGRTMIN = function("__libc_current_sigrtmin");
    }

    /// Without a path to it, which takes Java some milliseconds to evaluate.
    private static long offset(String member) {
        long offset = 0;
        for (MemoryLayout each : STATE.memberLayouts()) {
            if (each.name().filter(member::equals).isPresent()) {
                return offset;
            }
            offset += each.byteSize();
        }
        throw new AssertionError("there is no " + member);
    }

    private static MemorySegment function(String name) {
        return LINKER.defaultLookup().findOrThrow(name);
    }

    @SuppressWarnings("restricted")
    private static MethodHandle handle() {
        return LINKER.downcallHandle(
                FunctionDescriptor.of(LONG, LONG, LONG, LONG, LONG, LONG, LONG, LONG),
                Linker.Option.captureCallState("errno"));
    }

    private static long call(
            MemorySegment function, MemorySegment state, long a, long b, long c, long d) {
        return call(function, state, a, b, c, d, 0, 0, 0);
    }

    private static long call(
            MemorySegment function,
            MemorySegment state,
            long a,
            long b,
            long c,
            long d,
            long e,
            long f,
            long g) {
        try {
            return (long) CALL.invokeExact(function, state, a, b, c, d, e, f, g);
        } catch (Throwable x) {
            throw new AssertionError("a native call does not throw", x);
        }
    }

    static int open(String path, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = CAPTURED.get();
            long name = arena.allocateFrom(path, StandardCharsets.UTF_8).address();
            return orErrno((int) call(Files.OPEN, state, name, flags, 0, 0), state);
        }
    }

    static int close(int fd) {
        MemorySegment state = CAPTURED.get();
        return orErrno((int) call(Files.CLOSE, state, fd, 0, 0, 0), state);
    }

    static long read(int fd, long buffer, long bytes) {
        MemorySegment state = CAPTURED.get();
        return orErrno(call(Files.READ, state, fd, buffer, bytes, 0), state);
    }

    static long write(int fd, long buffer, long bytes) {
        MemorySegment state = CAPTURED.get();
        return orErrno(call(Files.WRITE, state, fd, buffer, bytes, 0), state);
    }

    static int fcntl(int fd, int command, long argument) {
        MemorySegment state = CAPTURED.get();
        return orErrno((int) call(Locks.FCNTL, state, fd, command, argument, 0), state);
    }

    static int memfdCreate(String name, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = CAPTURED.get();
            long address = arena.allocateFrom(name, StandardCharsets.UTF_8).address();
            return orErrno((int) call(Files.MEMFD_CREATE, state, address, flags, 0, 0), state);
        }
    }

    static int ftruncate(int fd, long bytes) {
        MemorySegment state = CAPTURED.get();
        return orErrno((int) call(Files.FTRUNCATE, state, fd, bytes, 0, 0), state);
    }

    /// Lets the kernel choose the address.
    static long mmap(long bytes, int protection, int flags, int fd) {
        MemorySegment state = CAPTURED.get();
        return orErrno(call(Memory.MMAP, state, 0L, bytes, protection, flags, fd, 0L, 0), state);
    }

    static int munmap(long address, long bytes) {
        MemorySegment state = CAPTURED.get();
        return orErrno((int) call(Memory.MUNMAP, state, address, bytes, 0, 0), state);
    }

    static int mprotect(long address, long bytes, int protection) {
        MemorySegment state = CAPTURED.get();
        return orErrno((int) call(Memory.MPROTECT, state, address, bytes, protection, 0), state);
    }

    static int madvise(long address, long bytes, int advice) {
        MemorySegment state = CAPTURED.get();
        return orErrno((int) call(Memory.MADVISE, state, address, bytes, advice, 0), state);
    }

    /// Allocates nothing.
    static int ioctl(int fd, long request, long argument) {
        MemorySegment state = CAPTURED.get();
        return orErrno((int) call(Devices.IOCTL, state, fd, request, argument, 0), state);
    }

    static long syscall(long number, long a, long b, long c, long d, long e, long f) {
        MemorySegment state = CAPTURED.get();
        return orErrno(call(Raw.SYSCALL, state, number, a, b, c, d, e, f), state);
    }

    static int sigaction(int signal, long action, long old) {
        MemorySegment state = CAPTURED.get();
        return orErrno((int) call(Raw.SIGACTION, state, signal, action, old, 0), state);
    }

    /// Where a function of the C library is.
    static long addressOf(String function) {
        return LINKER.defaultLookup().findOrThrow(function).address();
    }

    static int eventfd(int initial, int flags) {
        MemorySegment state = CAPTURED.get();
        return orErrno((int) call(Events.EVENTFD, state, initial, flags, 0, 0), state);
    }

    static int poll(long descriptors, long count, int millis) {
        MemorySegment state = CAPTURED.get();
        return orErrno((int) call(Events.POLL, state, descriptors, count, millis, 0), state);
    }

    static int tcgetattr(int fd, long termios) {
        MemorySegment state = CAPTURED.get();
        return orErrno((int) call(Terminals.TCGETATTR, state, fd, termios, 0, 0), state);
    }

    static int tcsetattr(int fd, int when, long termios) {
        MemorySegment state = CAPTURED.get();
        return orErrno((int) call(Terminals.TCSETATTR, state, fd, when, termios, 0), state);
    }

    static void cfmakeraw(long termios) {
        MemorySegment state = CAPTURED.get();
        call(Terminals.CFMAKERAW, state, termios, 0, 0, 0);
    }

    static int posixOpenpt(int flags) {
        MemorySegment state = CAPTURED.get();
        return orErrno((int) call(Terminals.POSIX_OPENPT, state, flags, 0, 0, 0), state);
    }

    static int grantpt(int fd) {
        MemorySegment state = CAPTURED.get();
        return orErrno((int) call(Terminals.GRANTPT, state, fd, 0, 0, 0), state);
    }

    static int unlockpt(int fd) {
        MemorySegment state = CAPTURED.get();
        return orErrno((int) call(Terminals.UNLOCKPT, state, fd, 0, 0, 0), state);
    }

    /// Unlike the others ptsname_r(3) returns its error number; this makes it negative.
    static int ptsnameR(int fd, long buffer, long bytes) {
        MemorySegment state = CAPTURED.get();
        return -(int) call(Terminals.PTSNAME_R, state, fd, buffer, bytes, 0);
    }

    static int getpid() {
        MemorySegment state = CAPTURED.get();
        return (int) call(Threads.GETPID, state, 0, 0, 0, 0);
    }

    static int gettid() {
        MemorySegment state = CAPTURED.get();
        return (int) call(Threads.GETTID, state, 0, 0, 0, 0);
    }

    static int tgkill(int process, int thread, int signal) {
        MemorySegment state = CAPTURED.get();
        return orErrno((int) call(Threads.TGKILL, state, process, thread, signal, 0), state);
    }

    /// Unlike the others pthread_sigmask(3) returns its error number; this makes it negative.
    static int pthreadSigmask(int how, long set, long old) {
        MemorySegment state = CAPTURED.get();
        return -(int) call(Threads.PTHREAD_SIGMASK, state, how, set, old, 0);
    }

    static int sigtimedwait(long set, long info, long timeout) {
        MemorySegment state = CAPTURED.get();
        return orErrno((int) call(Threads.SIGTIMEDWAIT, state, set, info, timeout, 0), state);
    }

    static int sigrtmin() {
        MemorySegment state = CAPTURED.get();
        return (int) call(Threads.SIGRTMIN, state, 0, 0, 0, 0);
    }

    private static int orErrno(int result, MemorySegment state) {
        return result == -1 ? -state.get(INT, ERRNO) : result;
    }

    private static long orErrno(long result, MemorySegment state) {
        return result == -1 ? -state.get(INT, ERRNO) : result;
    }
}
