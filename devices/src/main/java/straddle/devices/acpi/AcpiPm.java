package straddle.devices.acpi;

import java.util.Objects;
import straddle.core.bus.IoDevice;
import straddle.core.irq.IrqLine;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.core.time.VirtualClock;
import straddle.devices.Device;
import straddle.devices.timer.Ticks;

/// ACPI's fixed power-management registers (ACPI 6.5, 4.8.3): PM1 event block at offset 0, PM1 control
/// at 4, the 32-bit PM timer at 8.
///
/// It is in ACPI mode from the start (there is no SMI command port). Of the sleep states only S5,
/// soft-off, is there. The timer's carry sets TMR_STS, but is looked for only when the registers are read
/// or its interrupt is enabled.
/// Not thread-safe: callers hold the machine lock.
public final class AcpiPm implements IoDevice, Device {
    /// Bytes of port space, and where the blocks lie in it.
    public static final int LENGTH = 12;

    public static final int PM1_EVENT = 0;
    public static final int PM1_CONTROL = 4;
    public static final int PM_TIMER = 8;

    /// What SLP_TYP asks for soft-off, for the `\_S5` package.
    public static final int SLEEP_TYPE_S5 = 5;

    public static final long TIMER_HERTZ = 3_579_545;

    static final int PM1_STS = 0;
    static final int PM1_EN = 2;

    static final int TMR_STS = 1;
    static final int PWRBTN_STS = 1 << 8;
    private static final int STATUS_BITS = 0x8731;
    private static final int ENABLE_BITS = 0x0721;

    static final int SCI_EN = 1;
    static final int SLP_TYP_SHIFT = 10;
    static final int SLP_EN = 1 << 13;
    private static final int CONTROL_BITS = 0x1c02;

    /// The timer's top bit, whose change is its carry.
    private static final long CARRY_TICKS = 1L << 31;

    private final VirtualClock clock;
    private final IrqLine sci;
    private final Runnable powerOff;
    private final VirtualClock.Timer carry;
    private int status;
    private int enable;
    private int control;

    /// Carries of the timer that TMR_STS has shown.
    private long carriesSeen;

    /// @param sci the system control interrupt, level-triggered
    /// @param powerOff called under the machine lock when the guest enters S5
    public AcpiPm(VirtualClock clock, IrqLine sci, Runnable powerOff) {
        this.clock = Objects.requireNonNull(clock);
        this.sci = Objects.requireNonNull(sci);
        this.powerOff = Objects.requireNonNull(powerOff);
        carry = clock.timer(this::update);
    }

    @Override
    public void reset() {
        status = 0;
        enable = 0;
        control = 0;
        carriesSeen = carries();
        update();
    }

    /// Presses and releases the power button: the guest decides what follows.
    public void pressPowerButton() {
        status |= PWRBTN_STS;
        update();
    }

    private long ticks() {
        return Ticks.ofNanos(clock.now(), TIMER_HERTZ);
    }

    private long carries() {
        return ticks() / CARRY_TICKS;
    }

    @Override
    public int widths() {
        return 1 | 2 | 4;
    }

    @Override
    public long read(int offset, int width) {
        update();
        long value = 0;
        for (int i = 0; i < width; i++) {
            value |= byteAt(offset + i) << 8 * i;
        }
        return value;
    }

    private long byteAt(int offset) {
        long whole = offset < PM1_CONTROL ? status | (long) enable << 16 : control | SCI_EN;
        if (offset >= PM_TIMER) {
            whole = ticks();
        }
        return whole >>> 8 * (offset & 3) & 0xff;
    }

    @Override
    public void write(int offset, int width, long value) {
        for (int i = 0; i < width; i++) {
            int shift = 8 * (offset + i & 1);
            writeByte(offset + i & ~1, 0xff << shift, (int) (value >>> 8 * i & 0xff) << shift);
        }
        update();
    }

    /// @param lane the bits of the 16-bit register that are written
    private void writeByte(int register, int lane, int value) {
        switch (register) {
            case PM1_STS -> status &= ~value; // a 1 clears
            case PM1_EN -> enable = enable & ~lane | value & ENABLE_BITS;
            case PM1_CONTROL -> {
                control = control & ~lane | value & CONTROL_BITS;
                if ((value & SLP_EN) != 0 && control >>> SLP_TYP_SHIFT == SLEEP_TYPE_S5) {
                    powerOff.run();
                }
            }
            default -> {}
        }
    }

    private void update() {
        if (carriesSeen != carries()) {
            carriesSeen = carries();
            status |= TMR_STS;
        }
        sci.set((status & enable) != 0);
        if ((enable & ~status & TMR_STS) != 0) {
            carry.arm(Ticks.toNanos((carriesSeen + 1) * CARRY_TICKS, TIMER_HERTZ));
        } else {
            carry.cancel();
        }
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putInt("status", status);
        out.putInt("enable", enable);
        out.putInt("control", control);
        out.putLong("carriesSeen", carriesSeen);
    }

    /// Restores after the clock has been.
    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        status = in.getInt("status", 0, 0xffff) & STATUS_BITS;
        enable = in.getInt("enable", 0, 0xffff) & ENABLE_BITS;
        control = in.getInt("control", 0, 0xffff) & CONTROL_BITS;
        carriesSeen = in.getLong("carriesSeen");
        update();
    }
}
