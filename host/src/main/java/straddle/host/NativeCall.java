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
    private static final long ERRNO =
            STATE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

    /// Where a thread's calls leave errno. Automatic arenas cost a call nothing, shared ones do.
    private static final ThreadLocal<MemorySegment> CAPTURED =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(STATE));

    private NativeCall() {}

    /// A handle takes a millisecond or more to make: what is used without the others is in a class of its own.
    private static final class Files {
        static final MethodHandle OPEN =
                link("open", FunctionDescriptor.of(INT, LONG, INT, INT), 2);
        static final MethodHandle CLOSE = link("close", FunctionDescriptor.of(INT, INT));
        static final MethodHandle READ = link("read", FunctionDescriptor.of(LONG, INT, LONG, LONG));
        static final MethodHandle WRITE =
                link("write", FunctionDescriptor.of(LONG, INT, LONG, LONG));
        static final MethodHandle MEMFD_CREATE =
                link("memfd_create", FunctionDescriptor.of(INT, LONG, INT));
        static final MethodHandle FTRUNCATE =
                link("ftruncate", FunctionDescriptor.of(INT, INT, LONG));
    }

    private static final class Memory {
        static final MethodHandle MMAP =
                link("mmap", FunctionDescriptor.of(LONG, LONG, LONG, INT, INT, INT, LONG));
        static final MethodHandle MUNMAP = link("munmap", FunctionDescriptor.of(INT, LONG, LONG));
        static final MethodHandle MPROTECT =
                link("mprotect", FunctionDescriptor.of(INT, LONG, LONG, INT));
        static final MethodHandle MADVISE =
                link("madvise", FunctionDescriptor.of(INT, LONG, LONG, INT));
    }

    /// On its own, as few guests have a disk.
    private static final class Locks {
        static final MethodHandle FCNTL =
                link("fcntl", FunctionDescriptor.of(INT, INT, INT, LONG), 2);
    }

    /// On its own, so that the first KVM call links nothing else.
    private static final class Devices {
        static final MethodHandle IOCTL =
                link("ioctl", FunctionDescriptor.of(INT, INT, LONG, LONG), 2);
    }

    private static final class Events {
        static final MethodHandle EVENTFD = link("eventfd", FunctionDescriptor.of(INT, INT, INT));
        static final MethodHandle POLL = link("poll", FunctionDescriptor.of(INT, LONG, LONG, INT));
    }

    /// On its own, for user-mode emulation.
    private static final class Raw {
        static final MethodHandle SYSCALL =
                link(
                        "syscall",
                        FunctionDescriptor.of(LONG, LONG, LONG, LONG, LONG, LONG, LONG, LONG),
                        1);
        static final MethodHandle SIGACTION =
                link("sigaction", FunctionDescriptor.of(INT, INT, LONG, LONG));
    }

    private static final class Terminals {
        static final MethodHandle TCGETATTR =
                link("tcgetattr", FunctionDescriptor.of(INT, INT, LONG));
        static final MethodHandle TCSETATTR =
                link("tcsetattr", FunctionDescriptor.of(INT, INT, INT, LONG));
        static final MethodHandle CFMAKERAW = link("cfmakeraw", FunctionDescriptor.ofVoid(LONG));
        static final MethodHandle POSIX_OPENPT =
                link("posix_openpt", FunctionDescriptor.of(INT, INT));
        static final MethodHandle GRANTPT = link("grantpt", FunctionDescriptor.of(INT, INT));
        static final MethodHandle UNLOCKPT = link("unlockpt", FunctionDescriptor.of(INT, INT));
        static final MethodHandle PTSNAME_R =
                link("ptsname_r", FunctionDescriptor.of(INT, INT, LONG, LONG));
    }

    private static final class Threads {
        static final MethodHandle GETTID = link("gettid", FunctionDescriptor.of(INT));
        static final MethodHandle TGKILL =
                link("tgkill", FunctionDescriptor.of(INT, INT, INT, INT));
        static final MethodHandle PTHREAD_SIGMASK =
                link("pthread_sigmask", FunctionDescriptor.of(INT, INT, LONG, LONG));
        static final MethodHandle SIGTIMEDWAIT =
                link("sigtimedwait", FunctionDescriptor.of(INT, LONG, LONG, LONG));
        static final MethodHandle SIGRTMIN =
                link("__libc_current_sigrtmin", FunctionDescriptor.of(INT));
    }

    @SuppressWarnings("restricted")
    private static MethodHandle link(String name, FunctionDescriptor descriptor) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(name),
                descriptor,
                Linker.Option.captureCallState("errno"));
    }

    @SuppressWarnings("restricted")
    private static MethodHandle link(String name, FunctionDescriptor descriptor, int fixed) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(name),
                descriptor,
                Linker.Option.captureCallState("errno"),
                Linker.Option.firstVariadicArg(fixed));
    }

    static int open(String path, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = CAPTURED.get();
            long name = arena.allocateFrom(path, StandardCharsets.UTF_8).address();
            return orErrno((int) Files.OPEN.invokeExact(state, name, flags, 0), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int close(int fd) {
        MemorySegment state = CAPTURED.get();
        try {
            return orErrno((int) Files.CLOSE.invokeExact(state, fd), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static long read(int fd, long buffer, long bytes) {
        MemorySegment state = CAPTURED.get();
        try {
            return orErrno((long) Files.READ.invokeExact(state, fd, buffer, bytes), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static long write(int fd, long buffer, long bytes) {
        MemorySegment state = CAPTURED.get();
        try {
            return orErrno((long) Files.WRITE.invokeExact(state, fd, buffer, bytes), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int fcntl(int fd, int command, long argument) {
        MemorySegment state = CAPTURED.get();
        try {
            return orErrno((int) Locks.FCNTL.invokeExact(state, fd, command, argument), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int memfdCreate(String name, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = CAPTURED.get();
            long address = arena.allocateFrom(name, StandardCharsets.UTF_8).address();
            return orErrno((int) Files.MEMFD_CREATE.invokeExact(state, address, flags), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int ftruncate(int fd, long bytes) {
        MemorySegment state = CAPTURED.get();
        try {
            return orErrno((int) Files.FTRUNCATE.invokeExact(state, fd, bytes), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /// Lets the kernel choose the address.
    static long mmap(long bytes, int protection, int flags, int fd) {
        MemorySegment state = CAPTURED.get();
        try {
            return orErrno(
                    (long) Memory.MMAP.invokeExact(state, 0L, bytes, protection, flags, fd, 0L),
                    state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int munmap(long address, long bytes) {
        MemorySegment state = CAPTURED.get();
        try {
            return orErrno((int) Memory.MUNMAP.invokeExact(state, address, bytes), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int mprotect(long address, long bytes, int protection) {
        MemorySegment state = CAPTURED.get();
        try {
            return orErrno(
                    (int) Memory.MPROTECT.invokeExact(state, address, bytes, protection), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int madvise(long address, long bytes, int advice) {
        MemorySegment state = CAPTURED.get();
        try {
            return orErrno((int) Memory.MADVISE.invokeExact(state, address, bytes, advice), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /// Allocates nothing.
    static int ioctl(int fd, long request, long argument) {
        MemorySegment state = CAPTURED.get();
        try {
            return orErrno((int) Devices.IOCTL.invokeExact(state, fd, request, argument), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static long syscall(long number, long a, long b, long c, long d, long e, long f) {
        MemorySegment state = CAPTURED.get();
        try {
            return orErrno((long) Raw.SYSCALL.invokeExact(state, number, a, b, c, d, e, f), state);
        } catch (Throwable x) {
            throw unexpected(x);
        }
    }

    static int sigaction(int signal, long action, long old) {
        MemorySegment state = CAPTURED.get();
        try {
            return orErrno((int) Raw.SIGACTION.invokeExact(state, signal, action, old), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /// Where a function of the C library is.
    static long addressOf(String function) {
        return LINKER.defaultLookup().findOrThrow(function).address();
    }

    static int eventfd(int initial, int flags) {
        MemorySegment state = CAPTURED.get();
        try {
            return orErrno((int) Events.EVENTFD.invokeExact(state, initial, flags), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int poll(long descriptors, long count, int millis) {
        MemorySegment state = CAPTURED.get();
        try {
            return orErrno((int) Events.POLL.invokeExact(state, descriptors, count, millis), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int tcgetattr(int fd, long termios) {
        MemorySegment state = CAPTURED.get();
        try {
            return orErrno((int) Terminals.TCGETATTR.invokeExact(state, fd, termios), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int tcsetattr(int fd, int when, long termios) {
        MemorySegment state = CAPTURED.get();
        try {
            return orErrno((int) Terminals.TCSETATTR.invokeExact(state, fd, when, termios), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static void cfmakeraw(long termios) {
        MemorySegment state = CAPTURED.get();
        try {
            Terminals.CFMAKERAW.invokeExact(state, termios);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int posixOpenpt(int flags) {
        MemorySegment state = CAPTURED.get();
        try {
            return orErrno((int) Terminals.POSIX_OPENPT.invokeExact(state, flags), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int grantpt(int fd) {
        MemorySegment state = CAPTURED.get();
        try {
            return orErrno((int) Terminals.GRANTPT.invokeExact(state, fd), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int unlockpt(int fd) {
        MemorySegment state = CAPTURED.get();
        try {
            return orErrno((int) Terminals.UNLOCKPT.invokeExact(state, fd), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /// Unlike the others ptsname_r(3) returns its error number; this makes it negative.
    static int ptsnameR(int fd, long buffer, long bytes) {
        MemorySegment state = CAPTURED.get();
        try {
            return -(int) Terminals.PTSNAME_R.invokeExact(state, fd, buffer, bytes);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int gettid() {
        MemorySegment state = CAPTURED.get();
        try {
            return (int) Threads.GETTID.invokeExact(state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int tgkill(int process, int thread, int signal) {
        MemorySegment state = CAPTURED.get();
        try {
            return orErrno((int) Threads.TGKILL.invokeExact(state, process, thread, signal), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /// Unlike the others pthread_sigmask(3) returns its error number; this makes it negative.
    static int pthreadSigmask(int how, long set, long old) {
        MemorySegment state = CAPTURED.get();
        try {
            return -(int) Threads.PTHREAD_SIGMASK.invokeExact(state, how, set, old);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int sigtimedwait(long set, long info, long timeout) {
        MemorySegment state = CAPTURED.get();
        try {
            return orErrno(
                    (int) Threads.SIGTIMEDWAIT.invokeExact(state, set, info, timeout), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int sigrtmin() {
        MemorySegment state = CAPTURED.get();
        try {
            return (int) Threads.SIGRTMIN.invokeExact(state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    private static int orErrno(int result, MemorySegment state) {
        return result == -1 ? -state.get(INT, ERRNO) : result;
    }

    private static long orErrno(long result, MemorySegment state) {
        return result == -1 ? -state.get(INT, ERRNO) : result;
    }

    private static AssertionError unexpected(Throwable e) {
        return new AssertionError("a native call does not throw", e);
    }
}
