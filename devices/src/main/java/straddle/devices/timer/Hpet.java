package straddle.devices.timer;

import java.util.Objects;
import java.util.function.IntFunction;
import straddle.core.bus.IoDevice;
import straddle.core.irq.IrqLine;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.core.time.VirtualClock;
import straddle.devices.Device;

/// High Precision Event Timers (IA-PC HPET specification 1.0a): a 64-bit counter of 100 MHz and three
/// timers of 64 bits, all of which can be periodic.
///
/// The PIT's and the clock chip's interrupts pass through it, because legacy replacement cuts them off. Message-signalled
/// delivery is not there. Not thread-safe: callers hold the machine lock.
public final class Hpet implements IoDevice, Device {
    /// Bytes of address space.
    public static final int LENGTH = 0x400;

    /// I/O APIC inputs that a timer can drive, a bit each.
    public static final int ROUTES = 0x00ff_0000;

    static final int GCAP_ID = 0x000;
    static final int GEN_CONF = 0x010;
    static final int GINTR_STA = 0x020;
    static final int MAIN_CNT = 0x0f0;
    static final int TIMER_0 = 0x100;
    static final int TIMER_STEP = 0x20;
    static final int TN_CONF = 0x00;
    static final int TN_COMPARATOR = 0x08;
    private static final int TIMER_0_SHIFT = 5;

    private static final int TIMERS = 3;
    private static final long FEMTOSECONDS_A_TICK = 10_000_000;
    private static final long NANOS_A_TICK = FEMTOSECONDS_A_TICK / 1_000_000;
    private static final int CAP_64_BITS = 1 << 13;
    private static final int CAP_LEGACY = 1 << 15;
    private static final int REVISION = 1;
    private static final int VENDOR = 0x8086;

    /// What GCAP_ID reads in its low half: the ACPI table repeats it.
    public static final int ID =
            VENDOR << 16 | CAP_LEGACY | CAP_64_BITS | TIMERS - 1 << 8 | REVISION;

    static final int CONF_ENABLE = 1;
    static final int CONF_LEGACY = 1 << 1;

    static final int TN_LEVEL = 1 << 1;
    static final int TN_INT_ENABLE = 1 << 2;
    static final int TN_PERIODIC = 1 << 3;
    private static final int TN_PERIODIC_CAP = 1 << 4;
    private static final int TN_SIZE_CAP = 1 << 5;
    static final int TN_VAL_SET = 1 << 6;
    static final int TN_32_BITS = 1 << 8;
    static final int TN_ROUTE_SHIFT = 9;
    private static final int TN_ROUTE = 0x1f << TN_ROUTE_SHIFT;
    private static final int TN_WRITABLE =
            TN_LEVEL | TN_INT_ENABLE | TN_PERIODIC | TN_VAL_SET | TN_32_BITS | TN_ROUTE;
    private static final long TN_CAPABILITIES = (long) ROUTES << 32 | TN_PERIODIC_CAP | TN_SIZE_CAP;

    private static final long LOW_32 = 0xffff_ffffL;

    /// A guest that asks for more interrupts a second gets no more: they would leave no time to serve them.
    private static final long SHORTEST_TICKS = 1000;

    /// Periods that a busy host let pass without an interrupt are made up for, up to so many, this much faster than usual.
    private static final int MOST_MISSED = 250;

    private static final int CATCHING_UP = 4;

    private final VirtualClock clock;
    private final IrqLine irq0;
    private final IrqLine irq8;
    private final LegacyLine pit;
    private final LegacyLine rtc;
    private final IntFunction<IrqLine> lines;
    private final Timer[] timers = new Timer[TIMERS];
    private int conf;
    private int status;

    /// What the counter shows while it stands; while it runs, its value at the clock's 0.
    private long counter;

    /// @param irq0 where timer 0 and the PIT meet
    /// @param irq8 where timer 1 and the clock chip meet
    /// @param lines the I/O APIC's inputs of [#ROUTES] by number
    public Hpet(VirtualClock clock, IrqLine irq0, IrqLine irq8, IntFunction<IrqLine> lines) {
        this.clock = clock;
        this.irq0 = Objects.requireNonNull(irq0);
        this.irq8 = Objects.requireNonNull(irq8);
        this.lines = Objects.requireNonNull(lines);
        pit = new LegacyLine(irq0);
        rtc = new LegacyLine(irq8);
        for (int i = 0; i < TIMERS; i++) {
            timers[i] = new Timer(i);
        }
    }

    /// An older timer's interrupt, which legacy replacement cuts off.
    private final class LegacyLine implements IrqLine {
        private final IrqLine line;
        private boolean level;

        LegacyLine(IrqLine line) {
            this.line = line;
        }

        @Override
        public void set(boolean high) {
            level = high;
            if (!isLegacy()) {
                line.set(high);
            }
        }
    }

    /// Where the PIT's output goes.
    public IrqLine pitLine() {
        return pit;
    }

    /// Where the clock chip's interrupt goes.
    public IrqLine rtcLine() {
        return rtc;
    }

    private boolean isEnabled() {
        return (conf & CONF_ENABLE) != 0;
    }

    private boolean isLegacy() {
        return (conf & CONF_LEGACY) != 0;
    }

    private long ticks() {
        return clock.now() / NANOS_A_TICK;
    }

    private long counter() {
        return isEnabled() ? counter + ticks() : counter;
    }

    private final class Timer {
        private final int number;
        private final VirtualClock.Timer timer;
        private int conf;
        private long comparator;
        private long period;

        /// The counter's value up to which matches have been seen.
        private long seen;

        /// Periods whose interrupts are still owed.
        private int missed;

        Timer(int number) {
            this.number = number;
            timer = clock.timer(this::due);
        }

        private void reset() {
            conf = 0;
            comparator = -1;
            period = 0;
            seen = 0;
            missed = 0;
            timer.cancel();
        }

        private boolean is32Bit() {
            return (conf & TN_32_BITS) != 0;
        }

        private boolean isPeriodic() {
            return (conf & TN_PERIODIC) != 0;
        }

        private long mask() {
            return is32Bit() ? LOW_32 : -1;
        }

        /// Ticks from a value of the counter to the next match after it.
        private long distance(long from) {
            long ahead = comparator - from & mask();
            return ahead == 0 ? (is32Bit() ? LOW_32 + 1 : Long.MAX_VALUE) : ahead;
        }

        private void due() {
            if (!update() && missed > 0) {
                missed--;
                fire();
            }
        }

        /// Sees the matches up to now, and sets the timer to the next one; returns whether there were any.
        private boolean update() {
            long now = counter();
            long passed = now - seen;
            long ahead = distance(seen);
            boolean matched = ahead > 0 && ahead <= passed;
            if (matched) {
                if (isPeriodic() && period > 0) {
                    long late = (passed - ahead) / period;
                    comparator += late * period + period;
                    comparator &= mask();
                    owe(late);
                }
                fire();
            }
            seen = now;
            arm(now);
            return matched;
        }

        /// A guest that counts its ticks falls behind for good by each one that it does not get.
        private void owe(long late) {
            missed = (int) Math.min(MOST_MISSED, missed + late);
        }

        private void arm(long now) {
            if (!isEnabled()) {
                timer.cancel();
                return;
            }
            long ahead = distance(now);
            if (missed > 0) {
                ahead = Math.min(ahead, period / CATCHING_UP);
            }
            boolean near = ahead > 0 && ahead < 1L << 56;
            if ((conf & TN_INT_ENABLE) == 0 || !near) {
                timer.cancel();
            } else {
                long ticks = isPeriodic() ? Math.max(ahead, SHORTEST_TICKS) : ahead;
                timer.arm((ticks() + ticks) * NANOS_A_TICK);
            }
        }

        private void fire() {
            if ((conf & TN_LEVEL) != 0) {
                status |= 1 << number;
                drive();
            } else if ((conf & TN_INT_ENABLE) != 0) {
                line().pulse();
            }
        }

        private IrqLine line() {
            if (isLegacy() && number < 2) {
                return number == 0 ? irq0 : irq8;
            }
            int route = conf >>> TN_ROUTE_SHIFT & 0x1f;
            return (ROUTES >>> route & 1) != 0 ? lines.apply(route) : IrqLine.UNCONNECTED;
        }

        /// A level-triggered timer's line follows its status bit.
        private void drive() {
            line().set((conf & TN_INT_ENABLE) != 0 && (status & 1 << number) != 0);
        }

        private long read(int register) {
            update();
            return switch (register) {
                case TN_CONF -> TN_CAPABILITIES | conf;
                case TN_COMPARATOR -> comparator;
                default -> 0;
            };
        }

        private void write(int register, long value, long lane) {
            update();
            missed = 0;
            switch (register) {
                case TN_CONF -> writeConf((int) (conf & ~lane | value & lane));
                case TN_COMPARATOR -> writeComparator(value, lane);
                default -> {}
            }
            seen = counter();
            arm(seen);
        }

        private void writeConf(int value) {
            if ((conf & TN_LEVEL) != 0) {
                line().lower();
            }
            conf = value & TN_WRITABLE;
            if ((conf & TN_LEVEL) == 0) {
                status &= ~(1 << number);
            } else {
                drive();
            }
            if (is32Bit()) {
                comparator &= LOW_32;
                period &= LOW_32;
            }
        }

        /// A periodic timer's next match is only written after VAL_SET, its period always (2.3.9.2.2).
        private void writeComparator(long value, long lane) {
            if (!isPeriodic() || (conf & TN_VAL_SET) != 0) {
                comparator = (comparator & ~lane | value & lane) & mask();
            }
            if (isPeriodic()) {
                period = (period & ~lane | value & lane) & mask() & Long.MAX_VALUE >>> 8;
            }
            if (lane != LOW_32 || is32Bit()) {
                conf &= ~TN_VAL_SET; // a 64-bit comparator may be written in two halves, low first
            }
        }
    }

    @Override
    public void reset() {
        for (Timer each : timers) {
            if ((each.conf & TN_LEVEL) != 0) {
                each.line().lower();
            }
            each.reset();
        }
        status = 0;
        configure(0);
        counter = 0;
        for (Timer each : timers) {
            each.seen = 0;
        }
    }

    private void configure(int value) {
        boolean wasLegacy = isLegacy();
        long now = counter();
        conf = value & (CONF_ENABLE | CONF_LEGACY);
        counter = isEnabled() ? now - ticks() : now;
        if (wasLegacy != isLegacy()) {
            irq0.set(!isLegacy() && pit.level);
            irq8.set(!isLegacy() && rtc.level);
        }
        for (Timer each : timers) {
            each.seen = now;
            each.missed = 0;
            each.update();
        }
    }

    @Override
    public int widths() {
        return 4 | 8;
    }

    @Override
    public long read(int offset, int width) {
        long value = readRegister(offset & ~7);
        return width == 8 && (offset & 7) == 0 ? value : value >>> 8 * (offset & 4) & LOW_32;
    }

    private long readRegister(int register) {
        return switch (register) {
            case GCAP_ID -> FEMTOSECONDS_A_TICK << 32 | ID & LOW_32;
            case GEN_CONF -> conf;
            case GINTR_STA -> status;
            case MAIN_CNT -> counter();
            default -> {
                int number = timerOf(register);
                yield number < TIMERS ? timers[number].read(register & TIMER_STEP - 1) : 0;
            }
        };
    }

    private static int timerOf(int register) {
        return register < TIMER_0 ? TIMERS : register - TIMER_0 >>> TIMER_0_SHIFT;
    }

    @Override
    public void write(int offset, int width, long value) {
        int shift = 8 * (offset & 4);
        long lane = width == 8 && (offset & 7) == 0 ? -1 : LOW_32 << shift;
        long placed = lane == -1 ? value : value << shift;
        int register = offset & ~7;
        switch (register) {
            case GCAP_ID -> {}
            case GEN_CONF -> configure((int) (conf & ~lane | placed & lane));
            case GINTR_STA -> acknowledge((int) (placed & lane));
            case MAIN_CNT -> setCounter(counter() & ~lane | placed & lane);
            default -> {
                int number = timerOf(register);
                if (number < TIMERS) {
                    timers[number].write(register & TIMER_STEP - 1, placed, lane);
                }
            }
        }
    }

    private void acknowledge(int bits) {
        status &= ~bits;
        for (Timer each : timers) {
            if ((each.conf & TN_LEVEL) != 0) {
                each.drive();
            }
        }
    }

    private void setCounter(long value) {
        counter = isEnabled() ? value - ticks() : value;
        for (Timer each : timers) {
            each.seen = value;
            each.update();
        }
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putInt("conf", conf);
        out.putInt("status", status);
        out.putLong("counter", counter);
        out.putBoolean("pit", pit.level);
        out.putBoolean("rtc", rtc.level);
        for (Timer each : timers) {
            out.putLongs(
                    "timer" + each.number,
                    new long[] {each.conf, each.comparator, each.period, each.seen, each.missed});
        }
    }

    /// Restores after the clock has been.
    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        conf = in.getInt("conf", 0, CONF_ENABLE | CONF_LEGACY);
        status = in.getInt("status", 0, (1 << TIMERS) - 1);
        counter = in.getLong("counter");
        pit.level = in.getBoolean("pit");
        rtc.level = in.getBoolean("rtc");
        for (Timer each : timers) {
            long[] saved = in.getLongs("timer" + each.number, 5);
            each.conf = (int) saved[0] & TN_WRITABLE;
            each.comparator = saved[1] & each.mask();
            each.period = saved[2] & each.mask() & Long.MAX_VALUE >>> 8;
            each.seen = saved[3];
            each.missed = Math.clamp(saved[4], 0, MOST_MISSED);
            each.arm(each.seen);
        }
    }
}
