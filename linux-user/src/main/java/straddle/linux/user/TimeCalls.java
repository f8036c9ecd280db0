package straddle.linux.user;

import static straddle.linux.user.Errno.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import straddle.core.user.BadAddressException;
import straddle.host.LinuxCall;

/// Clocks and sleeping.
final class TimeCalls implements SystemCalls.Handler {
    private static final int CLOCK_BOOTTIME = 7;
    private static final int TIMER_ABSTIME = 1;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    TimeCalls(Kernel kernel) {}

    private static long host(long number, long a, long b) {
        return LinuxCall.syscall(number, a, b, 0, 0, 0, 0);
    }

    /// Nanoseconds since the host was started.
    static long sinceStart() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment s = arena.allocate(16, 8);
            host(HostCall.CLOCK_GETTIME, CLOCK_BOOTTIME, s.address());
            return s.get(LONG, 0) * 1_000_000_000 + s.get(LONG, 8);
        }
    }

    /// Copies timespecs or timevals from the program to the host's.
    ///
    /// @param wide of 64 bits also where words have 32
    static void getTimes(GuestThread t, long from, MemorySegment to, int count, boolean wide)
            throws BadAddressException {
        GuestAbi abi = t.process.abi;
        int w = wide ? 8 : abi.wordBytes();
        ByteBuffer b = abi.buffer(t.memory().bytes(from, 2 * w * count));
        for (int i = 0; i < 2 * count; i++) {
            long value = w == 8 ? b.getLong(8 * i) : b.getInt(4 * i);
            boolean nanos = (i & 1) != 0;
            to.set(LONG, 8L * i, wide && nanos && !abi.isa.is64() ? (int) value : value);
        }
    }

    static void putTimes(GuestThread t, long to, MemorySegment from, int count, boolean wide)
            throws BadAddressException {
        GuestAbi abi = t.process.abi;
        int w = wide ? 8 : abi.wordBytes();
        ByteBuffer b = abi.buffer(2 * w * count);
        for (int i = 0; i < 2 * count; i++) {
            long value = from.get(LONG, 8L * i);
            if (w == 8) {
                b.putLong(8 * i, value);
            } else {
                b.putInt(4 * i, (int) value);
            }
        }
        t.memory().put(to, GuestAbi.bytes(b));
    }

    @Override
    public long call(SystemCall call, GuestThread t, long[] a) throws BadAddressException {
        MemorySegment s = t.scratch.structs();
        switch (call) {
            case TIME -> {
                host(HostCall.CLOCK_GETTIME, 0, s.address());
                long now = s.get(LONG, 0);
                if (a[0] != 0) {
                    t.memory().put(a[0], t.process.abi.wordBytes(), now);
                }
                return now;
            }
            case GETTIMEOFDAY -> {
                host(HostCall.CLOCK_GETTIME, 0, s.address());
                s.set(LONG, 8, s.get(LONG, 8) / 1000);
                if (a[0] != 0) {
                    putTimes(t, a[0], s, 1, false);
                }
                if (a[1] != 0) {
                    t.memory().put(a[1], 8, 0);
                }
                return 0;
            }
            case CLOCK_GETTIME, CLOCK_GETTIME64 -> {
                long result = now(t, (int) a[0], s);
                if (result == 0) {
                    putTimes(t, a[1], s, 1, call == SystemCall.CLOCK_GETTIME64);
                }
                return result;
            }
            case CLOCK_GETRES, CLOCK_GETRES_TIME64 -> {
                boolean others = a[0] < 0 && ProcessorTime.clock(t, (int) a[0]) != null;
                long clock = others ? 2 : a[0];
                long result = host(HostCall.CLOCK_GETRES, clock, s.address());
                if (result == 0 && a[1] != 0) {
                    putTimes(t, a[1], s, 1, call == SystemCall.CLOCK_GETRES_TIME64);
                }
                return result;
            }
            case CLOCK_SETTIME -> {
                return -EPERM;
            }
            case NANOSLEEP -> {
                return sleep(t, 1, 0, a[0], a[1], false);
            }
            case CLOCK_NANOSLEEP, CLOCK_NANOSLEEP_TIME64 -> {
                return sleep(t, a[0], a[1], a[2], a[3], call == SystemCall.CLOCK_NANOSLEEP_TIME64);
            }
            default -> throw new IllegalStateException(call.linuxName());
        }
    }

    /// clock_gettime(2), into the first timespec.
    static long now(GuestThread t, int clock, MemorySegment to) {
        ProcessorTime.Clock processor = ProcessorTime.clock(t, clock);
        if (processor == null) {
            return clock < 0 ? -EINVAL : host(HostCall.CLOCK_GETTIME, clock, to.address());
        }
        long nanos = processor.nanos();
        to.set(LONG, 0, nanos / 1_000_000_000);
        to.set(LONG, 8, nanos % 1_000_000_000);
        return 0;
    }

    private static long sleep(
            GuestThread t, long clock, long flags, long request, long rest, boolean wide)
            throws BadAddressException {
        MemorySegment s = t.scratch.structs();
        getTimes(t, request, s, 1, wide);
        long seconds = s.get(LONG, 0);
        long nanos = s.get(LONG, 8);
        if (!isValid(s, 0)) {
            return -EINVAL;
        }
        boolean absolute = (flags & TIMER_ABSTIME) != 0;
        long length = saturated(seconds, nanos);
        if (absolute) {
            if (host(HostCall.CLOCK_GETTIME, clock, s.address() + 32) < 0) {
                return -EINVAL;
            }
            length = Math.max(0, length - saturated(s.get(LONG, 32), s.get(LONG, 40)));
        }
        long start = System.nanoTime();
        long deadline = start + Math.min(length, Long.MAX_VALUE / 4);
        int result = t.await(() -> false, deadline);
        if (result == -ETIMEDOUT) {
            return 0;
        }
        if (!absolute && rest != 0) {
            long left = Math.max(0, deadline - System.nanoTime());
            s.set(LONG, 0, left / 1_000_000_000);
            s.set(LONG, 8, left % 1_000_000_000);
            putTimes(t, rest, s, 1, wide);
        }
        return -ERESTARTNOHAND;
    }

    /// Whether the host would take a timespec of scratch memory's.
    static boolean isValid(MemorySegment times, int index) {
        long nanos = times.get(LONG, 16L * index + 8);
        return times.get(LONG, 16L * index) >= 0 && nanos >= 0 && nanos < 1_000_000_000;
    }

    static long saturated(long seconds, long nanos) {
        return seconds > 4_000_000_000L ? Long.MAX_VALUE / 2 : seconds * 1_000_000_000 + nanos;
    }

    /// When a time span from now on is over, as [System#nanoTime()] tells.
    ///
    /// @param address of a timespec, or 0 for never
    static long deadline(GuestThread t, long address, boolean wide) throws BadAddressException {
        if (address == 0) {
            return Long.MAX_VALUE;
        }
        MemorySegment s = t.scratch.structs();
        getTimes(t, address, s, 1, wide);
        return System.nanoTime()
                + Math.min(saturated(s.get(LONG, 0), s.get(LONG, 8)), Long.MAX_VALUE / 4);
    }
}
