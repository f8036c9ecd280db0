package straddle.linux.user;

import static straddle.linux.user.Errno.*;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import straddle.core.user.BadAddressException;
import straddle.host.LinuxCall;

/// Waiting for descriptors.
final class EventCalls implements SystemCalls.Handler {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final int POLLNVAL = 32;
    private static final int MOST_POLLED = 1024;
    private static final int MOST_EVENTS = 1024;

    EventCalls(Kernel kernel) {}

    @Override
    public long call(SystemCall call, GuestThread t, long[] a) throws BadAddressException {
        GuestProcess p = t.process;
        switch (call) {
            case POLL -> {
                int millis = (int) a[2];
                return poll(t, a[0], a[1], millis < 0 ? -1 : millis * 1_000_000L);
            }
            case PPOLL, PPOLL_TIME64 -> {
                long nanos = span(t, a[2], call == SystemCall.PPOLL_TIME64);
                if (a[3] != 0) {
                    t.maskForCall(p.abi.readSignals(t.memory(), a[3]));
                }
                return poll(t, a[0], a[1], nanos);
            }
            case SELECT, _NEWSELECT -> {
                return select(t, (int) a[0], a[1], a[2], a[3], a[4], false, false);
            }
            case PSELECT6, PSELECT6_TIME64 -> {
                if (a[5] != 0) {
                    long set = t.memory().get(a[5], p.abi.wordBytes());
                    if (set != 0) {
                        t.maskForCall(p.abi.readSignals(t.memory(), set));
                    }
                }
                return select(
                        t,
                        (int) a[0],
                        a[1],
                        a[2],
                        a[3],
                        a[4],
                        true,
                        call == SystemCall.PSELECT6_TIME64);
            }
            case EPOLL_CREATE, EPOLL_CREATE1 -> {
                int flags = call == SystemCall.EPOLL_CREATE ? 0 : p.abi.openFlagsToHost((int) a[0]);
                return FileCalls.adopt(
                        p,
                        LinuxCall.syscall(
                                HostCall.EPOLL_CREATE1, flags | Paths.O_CLOEXEC, 0, 0, 0, 0, 0),
                        flags);
            }
            case EPOLL_CTL -> {
                return control(t, a);
            }
            case EPOLL_WAIT, EPOLL_PWAIT -> {
                if (call == SystemCall.EPOLL_PWAIT && a[4] != 0) {
                    t.maskForCall(p.abi.readSignals(t.memory(), a[4]));
                }
                return await(t, a, (int) a[3]);
            }
            case EPOLL_PWAIT2 -> {
                long nanos = span(t, a[3], true);
                if (a[4] != 0) {
                    t.maskForCall(p.abi.readSignals(t.memory(), a[4]));
                }
                return await(
                        t,
                        a,
                        nanos < 0
                                ? -1
                                : (int) Math.min((nanos + 999_999) / 1_000_000, Integer.MAX_VALUE));
            }
            default -> throw new IllegalStateException(call.linuxName());
        }
    }

    /// Nanoseconds of a timespec, -1 for none.
    private static long span(GuestThread t, long address, boolean wide) throws BadAddressException {
        if (address == 0) {
            return -1;
        }
        MemorySegment s = t.scratch.structs();
        TimeCalls.getTimes(t, address, s, 1, wide);
        return TimeCalls.saturated(s.get(LONG, 0), s.get(LONG, 8));
    }

    /// poll(2) on the host's descriptors, whose numbers are at 8 times the index in scratch memory.
    private static long hostPoll(GuestThread t, MemorySegment s, long count, long nanos) {
        long times = s.address() + 8L * MOST_POLLED;
        if (nanos >= 0) {
            s.set(LONG, 8L * MOST_POLLED, nanos / 1_000_000_000);
            s.set(LONG, 8L * MOST_POLLED + 8, nanos % 1_000_000_000);
        }
        long result =
                t.blocking(HostCall.PPOLL, s.address(), count, nanos < 0 ? 0 : times, 0, 8, 0);
        return result == -ERESTART ? -ERESTARTNOHAND : result;
    }

    private static long poll(GuestThread t, long address, long count, long nanos)
            throws BadAddressException {
        if (count < 0 || count > MOST_POLLED) {
            return -EINVAL;
        }
        GuestAbi abi = t.process.abi;
        MemorySegment s = t.scratch.structs();
        ByteBuffer b = abi.buffer(t.memory().bytes(address, (int) count * 8));
        int bad = 0;
        for (int i = 0; i < count; i++) {
            int fd = b.getInt(8 * i);
            int host = fd < 0 ? -1 : t.hostFile(fd);
            if (fd >= 0 && host < 0) {
                bad++;
            }
            s.set(INT, 8L * i, host);
            s.set(SHORT, 8L * i + 4, (short) abi.pollToHost(b.getShort(8 * i + 4)));
            s.set(SHORT, 8L * i + 6, (short) 0);
        }
        long result = hostPoll(t, s, count, bad > 0 ? 0 : nanos);
        if (result < 0) {
            return result;
        }
        int ready = 0;
        for (int i = 0; i < count; i++) {
            int fd = b.getInt(8 * i);
            boolean invalid = fd >= 0 && s.get(INT, 8L * i) < 0;
            int events = invalid ? POLLNVAL : s.get(SHORT, 8L * i + 6);
            b.putShort(8 * i + 6, (short) events);
            ready += events != 0 ? 1 : 0;
        }
        t.memory().put(address, GuestAbi.bytes(b));
        return ready;
    }

    /// As poll(2), which has no bound for the host's descriptors' numbers.
    private static long select(
            GuestThread t,
            int most,
            long reads,
            long writes,
            long excepts,
            long time,
            boolean specs,
            boolean wide)
            throws BadAddressException {
        if (most < 0 || most > MOST_POLLED) {
            return -EINVAL;
        }
        GuestAbi abi = t.process.abi;
        int bits = abi.isa.bits();
        int words = (most + bits - 1) / bits;
        long[] sets = {reads, writes, excepts};
        byte[][] in = new byte[3][];
        for (int k = 0; k < 3; k++) {
            in[k] = sets[k] == 0 ? null : t.memory().bytes(sets[k], words * bits / 8);
        }
        long nanos = -1;
        MemorySegment s = t.scratch.structs();
        if (time != 0) {
            TimeCalls.getTimes(t, time, s, 1, wide);
            nanos = TimeCalls.saturated(s.get(LONG, 0), s.get(LONG, 8) * (specs ? 1 : 1000));
        }
        int[] events = {0x41 | 0x80, 0x4 | 0x100, 0x2};
        int count = 0;
        int[] fds = new int[most];
        for (int fd = 0; fd < most; fd++) {
            int wanted = 0;
            for (int k = 0; k < 3; k++) {
                wanted |= in[k] != null && isSet(abi, in[k], fd) ? events[k] : 0;
            }
            if (wanted != 0) {
                int host = t.hostFile(fd);
                if (host < 0) {
                    return -EBADF;
                }
                s.set(INT, 8L * count, host);
                s.set(SHORT, 8L * count + 4, (short) wanted);
                s.set(SHORT, 8L * count + 6, (short) 0);
                fds[count++] = fd;
            }
        }
        long start = System.nanoTime();
        long result = hostPoll(t, s, count, nanos);
        if (result < 0) {
            return result;
        }
        int ready = 0;
        int[] found = {0x41 | 0x80 | 0x10 | 0x8, 0x4 | 0x100 | 0x8, 0x2};
        byte[][] out = new byte[3][words * bits / 8];
        for (int i = 0; i < count; i++) {
            int got = s.get(SHORT, 8L * i + 6);
            for (int k = 0; k < 3; k++) {
                if (in[k] != null && isSet(abi, in[k], fds[i]) && (got & found[k]) != 0) {
                    set(abi, out[k], fds[i]);
                    ready++;
                }
            }
        }
        for (int k = 0; k < 3; k++) {
            if (sets[k] != 0) {
                t.memory().put(sets[k], out[k]);
            }
        }
        if (time != 0) {
            long left = Math.max(0, nanos - (System.nanoTime() - start));
            s.set(LONG, 0, left / 1_000_000_000);
            s.set(LONG, 8, left % 1_000_000_000 / (specs ? 1 : 1000));
            TimeCalls.putTimes(t, time, s, 1, wide);
        }
        return ready;
    }

    /// Sets are of words, so that big-endian ones have their bytes the other way round.
    private static int byteOf(GuestAbi abi, int fd) {
        int w = abi.wordBytes();
        int at = fd / 8;
        boolean big = abi.isa.order() == ByteOrder.BIG_ENDIAN;
        return big ? at / w * w + (w - 1 - at % w) : at;
    }

    private static boolean isSet(GuestAbi abi, byte[] set, int fd) {
        return (set[byteOf(abi, fd)] & 1 << (fd & 7)) != 0;
    }

    private static void set(GuestAbi abi, byte[] set, int fd) {
        int at = byteOf(abi, fd);
        set[at] = (byte) (set[at] | 1 << (fd & 7));
    }

    private static long control(GuestThread t, long[] a) throws BadAddressException {
        int epoll = t.hostFile((int) a[0]);
        int fd = t.hostFile((int) a[2]);
        if (epoll < 0 || fd < 0) {
            return -EBADF;
        }
        MemorySegment s = t.scratch.structs();
        if (a[3] != 0 && a[1] != 2) {
            int at = t.process.abi.epollDataOffset();
            s.set(INT, 0, (int) t.memory().get(a[3], 4));
            s.set(ValueLayout.JAVA_LONG_UNALIGNED, 4, t.memory().get(a[3] + at, 8));
        }
        return LinuxCall.syscall(HostCall.EPOLL_CTL, epoll, a[1], fd, s.address(), 0, 0);
    }

    private static long await(GuestThread t, long[] a, int millis) throws BadAddressException {
        int epoll = t.hostFile((int) a[0]);
        if (epoll < 0) {
            return -EBADF;
        }
        long most = Math.min((int) a[2], MOST_EVENTS);
        if (most <= 0) {
            return -EINVAL;
        }
        MemorySegment s = t.scratch.structs();
        long n = t.blocking(HostCall.EPOLL_PWAIT, epoll, s.address(), most, millis, 0, 8);
        if (n < 0) {
            return n == -ERESTART ? -ERESTARTNOHAND : n;
        }
        GuestAbi abi = t.process.abi;
        int bytes = abi.epollEventBytes();
        ByteBuffer b = abi.buffer((int) n * bytes);
        for (int i = 0; i < n; i++) {
            b.putInt(i * bytes, s.get(ValueLayout.JAVA_INT_UNALIGNED, 12L * i));
            b.putLong(
                    i * bytes + abi.epollDataOffset(),
                    s.get(ValueLayout.JAVA_LONG_UNALIGNED, 12L * i + 4));
        }
        t.memory().put(a[1], GuestAbi.bytes(b));
        return n;
    }
}
