package straddle.devices.rtc;

import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Objects;
import straddle.core.bus.ByteDevice;
import straddle.core.irq.IrqLine;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.core.time.VirtualClock;
import straddle.devices.Device;
import straddle.devices.timer.Ticks;

/// MC146818A real-time clock with 128 bytes of CMOS RAM (Motorola MC146818A datasheet), as a PC wires
/// it: index at port 0x70, data at 0x71, IRQ 8, the century in byte 0x32.
///
/// It shows UTC and stands still while the VM does. The day of the week follows from the date. Daylight saving and
/// the square-wave output are stored without effect; the alarm's date byte is not there.
/// Not thread-safe: callers hold the machine lock.
public final class Mc146818 implements ByteDevice, Device {
    /// Bytes of port space.
    public static final int LENGTH = 2;

    /// Bytes of CMOS RAM, the clock's registers included.
    public static final int CMOS_BYTES = 128;

    static final int SECONDS = 0;
    static final int SECONDS_ALARM = 1;
    static final int MINUTES = 2;
    static final int MINUTES_ALARM = 3;
    static final int HOURS = 4;
    static final int HOURS_ALARM = 5;
    static final int DAY_OF_WEEK = 6;
    static final int DAY_OF_MONTH = 7;
    static final int MONTH = 8;
    static final int YEAR = 9;
    static final int REG_A = 10;
    static final int REG_B = 11;
    static final int REG_C = 12;
    static final int REG_D = 13;
    static final int CENTURY = 0x32;

    static final int REG_A_UIP = 1 << 7;
    private static final int REG_A_DV = 7 << 4;
    private static final int REG_A_DV_RUN = 2 << 4;
    private static final int REG_A_RS = 0xf;

    static final int REG_B_SET = 1 << 7;
    static final int REG_B_PIE = 1 << 6;
    static final int REG_B_AIE = 1 << 5;
    static final int REG_B_UIE = 1 << 4;
    static final int REG_B_DM = 1 << 2;
    static final int REG_B_24H = 1 << 1;

    static final int REG_C_IRQF = 1 << 7;
    static final int REG_C_PF = 1 << 6;
    static final int REG_C_AF = 1 << 5;
    static final int REG_C_UF = 1 << 4;
    private static final int FLAGS = REG_C_PF | REG_C_AF | REG_C_UF;

    static final int REG_D_VRT = 1 << 7;

    private static final int ALARM_ANY = 0xc0;
    private static final int PM = 0x80;
    private static final long NANOS = 1_000_000_000;
    private static final long UIP_NANOS = 244_000;
    private static final int TIME_BASE_HERTZ = 32_768;
    private static final long SECONDS_A_DAY = 86_400;

    /// Beyond any date that the registers can hold.
    private static final long LAST_SECOND = 1_000_000_000_000L;

    private final VirtualClock clock;
    private final IrqLine irq;
    private final VirtualClock.Timer timer;
    private final byte[] cmos = new byte[CMOS_BYTES];

    private int index;

    /// While the clock runs: UTC seconds since 1970 that it shows at `baseNanos` of the virtual clock.
    /// While REG_B_SET stops it, the time bytes in `cmos` are what it shows.
    private long baseSecond;

    private long baseNanos;

    private int flags;

    /// Up to when the flags have been brought.
    private long seenNanos;

    /// @param bootSecond UTC at the virtual clock's 0, in seconds since 1970
    /// @param cmos what the RAM holds at power-up, at most 128 bytes; the clock's own registers are ignored
    public Mc146818(VirtualClock clock, IrqLine irq, long bootSecond, byte[] cmos) {
        this.clock = Objects.requireNonNull(clock);
        this.irq = Objects.requireNonNull(irq);
        timer = clock.timer(this::update);
        System.arraycopy(cmos, 0, this.cmos, 0, cmos.length);
        Arrays.fill(this.cmos, 0, REG_D + 1, (byte) 0);
        put(REG_A, REG_A_DV_RUN | 6);
        put(REG_B, REG_B_24H);
        baseSecond = bootSecond;
    }

    /// RESET leaves time, date, alarm and RAM alone and disables the interrupts.
    @Override
    public void reset() {
        put(REG_B, get(REG_B) & ~(REG_B_PIE | REG_B_AIE | REG_B_UIE | 1 << 3));
        flags = 0;
        seenNanos = clock.now();
        index = 0;
        update();
    }

    @Override
    public int read(int offset) {
        return offset == 0 ? 0xff : readRegister(index);
    }

    @Override
    public void write(int offset, int value) {
        if (offset == 0) {
            index = value & CMOS_BYTES - 1;
        } else {
            writeRegister(index, value);
        }
    }

    private int readRegister(int register) {
        return switch (register) {
            case REG_A -> get(REG_A) | (isUpdateDue() ? REG_A_UIP : 0);
            case REG_C -> takeFlags();
            case REG_D -> REG_D_VRT;
            default ->
                    isTime(register) && isTicking()
                            ? timeByte(register, secondAt(clock.now()))
                            : get(register);
        };
    }

    private void writeRegister(int register, int value) {
        update();
        switch (register) {
            case REG_A -> control(REG_A, value & ~REG_A_UIP);
            case REG_B -> control(REG_B, (value & REG_B_SET) != 0 ? value & ~REG_B_UIE : value);
            case REG_C, REG_D -> {}
            default -> store(register, value);
        }
        update();
    }

    /// Starting and stopping moves the time between the running count and the bytes.
    private void control(int register, int value) {
        boolean ticked = isTicking();
        if (ticked) {
            showTime();
        }
        put(register, value);
        if (!ticked && isTicking()) {
            baseNanos = clock.now();
            takeTime();
        }
    }

    private void store(int register, int value) {
        boolean setsRunningTime = isTime(register) && isTicking();
        if (setsRunningTime) {
            showTime();
        }
        put(register, value);
        if (setsRunningTime) {
            baseNanos +=
                    (secondAt(clock.now()) - baseSecond)
                            * NANOS; // the phase within the second stays
            takeTime();
        }
    }

    private int get(int register) {
        return Byte.toUnsignedInt(cmos[register]);
    }

    private void put(int register, int value) {
        cmos[register] = (byte) value;
    }

    private static boolean isTime(int register) {
        return switch (register) {
            case SECONDS, MINUTES, HOURS, DAY_OF_WEEK, DAY_OF_MONTH, MONTH, YEAR, CENTURY -> true;
            default -> false;
        };
    }

    private boolean isTicking() {
        return (get(REG_B) & REG_B_SET) == 0 && (get(REG_A) & REG_A_DV) == REG_A_DV_RUN;
    }

    /// The second that the running clock shows at a moment of the virtual clock.
    private long secondAt(long nanos) {
        return baseSecond + Math.floorDiv(nanos - baseNanos, NANOS);
    }

    private boolean isUpdateDue() {
        return isTicking() && Math.floorMod(clock.now() - baseNanos, NANOS) >= NANOS - UIP_NANOS;
    }

    /// Puts the running time into the bytes.
    private void showTime() {
        long second = secondAt(clock.now());
        for (int register = SECONDS; register <= YEAR; register++) {
            if (isTime(register)) {
                put(register, timeByte(register, second));
            }
        }
        put(CENTURY, timeByte(CENTURY, second));
    }

    private int timeByte(int register, long second) {
        LocalDateTime time = LocalDateTime.ofEpochSecond(second, 0, ZoneOffset.UTC);
        return switch (register) {
            case SECONDS -> encode(time.getSecond());
            case MINUTES -> encode(time.getMinute());
            case HOURS -> encodeHour(time.getHour());
            case DAY_OF_WEEK -> encode(time.getDayOfWeek().getValue() % 7 + 1);
            case DAY_OF_MONTH -> encode(time.getDayOfMonth());
            case MONTH -> encode(time.getMonthValue());
            case YEAR -> encode(time.getYear() % 100);
            default -> encode(time.getYear() / 100 % 100);
        };
    }

    /// Takes the time from the bytes; what is out of range carries over, as in February 30.
    private void takeTime() {
        int year = decode(get(CENTURY)) * 100 + decode(get(YEAR));
        long day =
                LocalDate.of(year, 1, 1)
                        .plusMonths(decode(get(MONTH)) - 1L)
                        .plusDays(decode(get(DAY_OF_MONTH)) - 1L)
                        .toEpochDay();
        baseSecond =
                day * SECONDS_A_DAY
                        + decodeHour(get(HOURS)) * 3600L
                        + decode(get(MINUTES)) * 60L
                        + decode(get(SECONDS));
    }

    private int encode(int value) {
        return (get(REG_B) & REG_B_DM) != 0 ? value : value / 10 << 4 | value % 10;
    }

    private int decode(int value) {
        return (get(REG_B) & REG_B_DM) != 0 ? value : (value >>> 4) * 10 + (value & 15);
    }

    private int encodeHour(int hour) {
        if ((get(REG_B) & REG_B_24H) != 0) {
            return encode(hour);
        }
        return encode((hour + 11) % 12 + 1) | (hour >= 12 ? PM : 0);
    }

    private int decodeHour(int value) {
        if ((get(REG_B) & REG_B_24H) != 0) {
            return decode(value);
        }
        return decode(value & ~PM) % 12 + ((value & PM) != 0 ? 12 : 0);
    }

    private int takeFlags() {
        update();
        int value = flags | ((flags & get(REG_B)) != 0 ? REG_C_IRQF : 0);
        flags = 0;
        update();
        return value;
    }

    /// Brings the flags up to now, drives IRQ 8 and sets the timer for what can change it next.
    private void update() {
        long now = clock.now();
        if (isTicking()) {
            long before = secondAt(seenNanos);
            long after = secondAt(now);
            if (before < after) {
                flags |= REG_C_UF;
                flags |= nextAlarm(before) <= after ? REG_C_AF : 0;
            }
        }
        if (periodTicks() != 0 && periodsUntil(seenNanos) < periodsUntil(now)) {
            flags |= REG_C_PF;
        }
        seenNanos = now;
        irq.set((flags & get(REG_B)) != 0);
        arm();
    }

    /// Flags of REG_C and their enables in REG_B have the same places.
    private void arm() {
        int awaited = get(REG_B) & ~flags & FLAGS;
        long at = Long.MAX_VALUE;
        if ((awaited & REG_C_PF) != 0 && periodTicks() != 0) {
            long ticks = (periodsUntil(seenNanos) + 1) * periodTicks();
            at = Ticks.toNanos(ticks, TIME_BASE_HERTZ);
        }
        if ((awaited & REG_C_UF) != 0 && isTicking()) {
            at = Math.min(at, nanosOf(secondAt(seenNanos) + 1));
        }
        if ((awaited & REG_C_AF) != 0 && isTicking()) {
            long alarm = nextAlarm(secondAt(seenNanos));
            at = alarm == Long.MAX_VALUE ? at : Math.min(at, nanosOf(alarm));
        }
        if (at == Long.MAX_VALUE) {
            timer.cancel();
        } else {
            timer.arm(at);
        }
    }

    private long nanosOf(long second) {
        return baseNanos + (second - baseSecond) * NANOS;
    }

    /// The periodic interrupt's period (table 5, 32.768 kHz time base), or 0 for none.
    private int periodTicks() {
        int rate = get(REG_A) & REG_A_RS;
        if (rate == 0) {
            return 0;
        }
        return rate < 3 ? 1 << rate + 6 : 1 << rate - 1;
    }

    private long periodsUntil(long nanos) {
        return Ticks.ofNanos(nanos, TIME_BASE_HERTZ) / periodTicks();
    }

    /// The first second after a given one that the alarm bytes match, or [Long#MAX_VALUE].
    private long nextAlarm(long second) {
        long time = second + 1;
        while (time <= second + SECONDS_A_DAY) {
            int ofDay = (int) Math.floorMod(time, SECONDS_A_DAY);
            if (!alarmMatches(HOURS_ALARM, ofDay / 3600)) {
                time += 3600 - ofDay % 3600;
            } else if (!alarmMatches(MINUTES_ALARM, ofDay / 60 % 60)) {
                time += 60 - ofDay % 60;
            } else if (!alarmMatches(SECONDS_ALARM, ofDay % 60)) {
                time++;
            } else {
                return time;
            }
        }
        return Long.MAX_VALUE;
    }

    private boolean alarmMatches(int register, int value) {
        int alarm = get(register);
        if ((alarm & ALARM_ANY) == ALARM_ANY) {
            return true;
        }
        return alarm == (register == HOURS_ALARM ? encodeHour(value) : encode(value));
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putInt("index", index);
        out.putBytes("cmos", cmos);
        out.putLong("baseSecond", baseSecond);
        out.putLong("baseNanos", baseNanos);
        out.putInt("flags", flags);
        out.putLong("seenNanos", seenNanos);
    }

    /// Restores after the clock has been.
    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        byte[] bytes = in.getBytes("cmos");
        if (bytes.length != CMOS_BYTES) {
            throw new SnapshotException(
                    "The snapshot's CMOS RAM has " + bytes.length + " bytes, not 128.");
        }
        index = in.getInt("index", 0, CMOS_BYTES - 1);
        System.arraycopy(bytes, 0, cmos, 0, CMOS_BYTES);
        baseSecond = in.getLong("baseSecond");
        if (baseSecond < -LAST_SECOND || baseSecond > LAST_SECOND) {
            throw new SnapshotException("The snapshot's clock shows no possible date.");
        }
        baseNanos = in.getLong("baseNanos");
        flags = in.getInt("flags", 0, FLAGS);
        seenNanos = in.getLong("seenNanos");
        irq.set((flags & get(REG_B)) != 0);
        arm();
    }
}
