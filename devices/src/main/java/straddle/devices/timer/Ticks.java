package straddle.devices.timer;

/// Conversions between nanoseconds and the ticks of a clock of some frequency, without overflow for centuries.
public final class Ticks {
    private static final long NANOS = 1_000_000_000;

    private Ticks() {}

    /// Whole ticks that have passed.
    public static long ofNanos(long nanos, long hertz) {
        return nanos / NANOS * hertz + nanos % NANOS * hertz / NANOS;
    }

    /// The first nanosecond at which so many ticks have passed.
    public static long toNanos(long ticks, long hertz) {
        return ticks / hertz * NANOS + (ticks % hertz * NANOS + hertz - 1) / hertz;
    }
}
