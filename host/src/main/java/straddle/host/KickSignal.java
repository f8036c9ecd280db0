package straddle.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import straddle.linux.libc.Libc;

/// A real-time signal that makes another thread's blocking system call return, without a handler in the JVM.
///
/// The thread [blocks][#block()] the signal for good, and lets only the kernel unblock it inside the
/// call (`KVM_SET_SIGNAL_MASK`, ppoll(2)). So its delivery ends the call with EINTR and then stays pending, until
/// the thread [drains][#drain()] it. Its default action would end the process: never send it to a thread that does
/// not block it.
public final class KickSignal {
    /// Out of the way of the C library's first ones and of the JDK's, which is two below the last.
    private static final int ABOVE_FIRST = 4;

    private static final int SIGSET_BYTES = 128;
    private static final int NUMBER = NativeCall.sigrtmin() + ABOVE_FIRST;
    private static final int PROCESS = NativeCall.getpid();
    private static final long BIT = 1L << (NUMBER - 1);

    /// The set that holds the signal alone, then a zero timeout.
    private static final MemorySegment SET_AND_TIMEOUT =
            Arena.global().allocate(SIGSET_BYTES + 16, 8);

    static {
        SET_AND_TIMEOUT.set(ValueLayout.JAVA_LONG, 0, BIT);
    }

    private KickSignal() {}

    /// Blocks the signal in the calling thread.
    ///
    /// @return the mask to run the blocking call with: the thread's own, without this signal. Bit n - 1 is signal n.
    public static long block() throws HostException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment now = arena.allocate(SIGSET_BYTES, 8);
            int result =
                    NativeCall.pthreadSigmask(
                            Libc.SIG_BLOCK(), SET_AND_TIMEOUT.address(), now.address());
            if (result < 0) {
                throw new HostException("pthread_sigmask", -result, "");
            }
            return now.get(ValueLayout.JAVA_LONG, 0) & ~BIT;
        }
    }

    /// The calling thread, for [#send(int)].
    public static int threadId() {
        return NativeCall.gettid();
    }

    /// Sends the signal to a thread of this process that blocks it, and that the caller keeps from ending meanwhile.
    public static void send(int threadId) {
        NativeCall.tgkill(PROCESS, threadId, NUMBER);
    }

    /// Takes every pending one from the calling thread.
    ///
    /// @return whether there was one
    public static boolean drain() {
        boolean any = false;
        long set = SET_AND_TIMEOUT.address();
        while (NativeCall.sigtimedwait(set, 0, set + SIGSET_BYTES) == NUMBER) {
            any = true;
        }
        return any;
    }
}
