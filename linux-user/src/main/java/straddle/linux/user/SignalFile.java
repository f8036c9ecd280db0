package straddle.linux.user;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.Collection;
import straddle.core.user.BadAddressException;
import straddle.host.LinuxCall;

/// signalfd(2): an eventfd of the host's, so that it can be polled, which is written to when a signal of the set comes.
///
/// A reader may be woken for a signal that somebody else took: one that waits goes on waiting, others get EAGAIN.
final class SignalFile extends OpenFile {
    private static final int INFO_BYTES = 128;
    private static final int SI_TIMER = -2;

    private final Collection<SignalFile> others;
    private volatile long set;

    /// @param others those that are open, which it is among until it is closed
    SignalFile(int host, long set, Collection<SignalFile> others) {
        super(host, true);
        this.set = set;
        this.others = others;
        others.add(this);
    }

    @Override
    void closed() {
        others.remove(this);
    }

    void set(long signals) {
        set = signals;
    }

    /// A signal has come for somebody. Any thread.
    void notice(int signal) {
        if ((set & Signal.bit(signal)) != 0) {
            ready();
        }
    }

    /// Has it look readable.
    void ready() {
        whileOpen(() -> {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment one = arena.allocate(8, 8);
                one.set(ValueLayout.JAVA_LONG, 0, 1);
                LinuxCall.syscall(HostCall.WRITE, host, one.address(), 8, 0, 0, 0);
            }
        });
    }

    /// Takes signals, as many as there is room for.
    long read(GuestThread t, long address, long bytes) throws BadAddressException {
        if (bytes < INFO_BYTES) {
            return -Errno.EINVAL;
        }
        int done = 0;
        while (true) {
            while (done + INFO_BYTES <= Math.min(bytes, 64 * INFO_BYTES)) {
                Signal.Info info = t.take(set);
                if (info == null) {
                    break;
                }
                t.memory().put(address + done, record(t.process.abi, info));
                done += INFO_BYTES;
            }
            if (done > 0) {
                drain(t.scratch.structs());
                if ((t.pendingSignals() & set) != 0) {
                    ready();
                }
                return done;
            }
            MemorySegment s = t.scratch.structs();
            long n = t.blocking(HostCall.READ, host, s.address(), 8, 0, 0, 0);
            if (n < 0) {
                return n;
            }
        }
    }

    /// Has it look empty.
    private void drain(MemorySegment s) {
        s.set(ValueLayout.JAVA_INT, 0, host);
        s.set(ValueLayout.JAVA_SHORT, 4, (short) 1);
        s.set(ValueLayout.JAVA_LONG, 8, 0);
        s.set(ValueLayout.JAVA_LONG, 16, 0);
        long n = LinuxCall.syscall(HostCall.PPOLL, s.address(), 1, s.address() + 8, 0, 8, 0);
        if (n > 0) {
            LinuxCall.syscall(HostCall.READ, host, s.address(), 8, 0, 0, 0);
        }
    }

    /// struct signalfd_siginfo.
    private static byte[] record(GuestAbi abi, Signal.Info info) {
        ByteBuffer b = abi.buffer(INFO_BYTES);
        b.putInt(0, abi.signalToGuest(info.signal()));
        b.putInt(8, info.code());
        if (info.code() == SI_TIMER) {
            b.putInt(24, info.pid());
            b.putInt(32, info.uid());
        } else {
            b.putInt(12, info.pid());
            b.putInt(16, info.uid());
        }
        if (info.signal() == Signal.SIGCHLD) {
            b.putInt(40, abi.childStatus(info));
        } else {
            b.putInt(44, (int) info.status());
            b.putLong(48, info.status());
        }
        b.putLong(72, info.address());
        return GuestAbi.bytes(b);
    }
}
