package straddle.devices.timer;

import java.util.Objects;
import straddle.core.bus.ByteDevice;
import straddle.core.irq.IrqLine;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.core.time.VirtualClock;
import straddle.devices.Device;

/// 8254 programmable interval timer (Intel 8254 datasheet, order 231164, September 1993) with a PC's
/// clock of 1,193,182 Hz and gates: 0 and 1 always high, 2 in port 0x61 ([SystemControlB]).
///
/// A count takes effect at the write, not a clock pulse later, and OUT 0's low phases are not shown to
/// the interrupt controller: its line falls only to rise again.
/// Not thread-safe: callers hold the machine lock.
public final class Pit8254 implements ByteDevice, Device {
    /// Bytes of port space.
    public static final int LENGTH = 4;

    public static final long HERTZ = 1_193_182;

    /// A guest that asks for more interrupts a second gets no more: they would leave no time to serve them.
    private static final long SHORTEST_INTERVAL_NANOS = 10_000;

    private static final int CHANNELS = 3;
    private static final int CONTROL = 3;

    private static final int CONTROL_CHANNEL_SHIFT = 6;
    private static final int READ_BACK = 3;
    private static final int READ_BACK_NO_COUNT = 1 << 5;
    private static final int READ_BACK_NO_STATUS = 1 << 4;

    private final VirtualClock clock;
    private final IrqLine irq0;
    private final PitChannel[] channels = new PitChannel[CHANNELS];
    private final VirtualClock.Timer timer;

    /// The tick up to which IRQ 0 has followed OUT 0.
    private long followed;

    /// @param irq0 channel 0's output
    public Pit8254(VirtualClock clock, IrqLine irq0) {
        this.clock = clock;
        this.irq0 = Objects.requireNonNull(irq0);
        timer = clock.timer(this::rise);
        for (int i = 0; i < CHANNELS; i++) {
            channels[i] = new PitChannel();
        }
        reset();
    }

    @Override
    public void reset() {
        for (int i = 0; i < CHANNELS; i++) {
            channels[i].reset(i != 2);
        }
        follow(ticks());
    }

    @Override
    public int read(int offset) {
        return offset < CHANNELS ? channels[offset].read(ticks()) : 0xff;
    }

    @Override
    public void write(int offset, int value) {
        long now = ticks();
        pulseIfDue(now);
        if (offset < CHANNELS) {
            channels[offset].write(value, now);
        } else if (offset == CONTROL) {
            control(value, now);
        }
        follow(now);
    }

    private void control(int value, long now) {
        int selected = value >>> CONTROL_CHANNEL_SHIFT;
        if (selected != READ_BACK) {
            channels[selected].control(value, now);
            return;
        }
        for (int i = 0; i < CHANNELS; i++) {
            if ((value >>> 1 + i & 1) != 0) {
                if ((value & READ_BACK_NO_COUNT) == 0) {
                    channels[i].latchCount(now);
                }
                if ((value & READ_BACK_NO_STATUS) == 0) {
                    channels[i].latchStatus(now);
                }
            }
        }
    }

    /// Channel 2's GATE.
    void setGate2(boolean high) {
        channels[2].setGate(high, ticks());
    }

    boolean gate2() {
        return channels[2].gate();
    }

    boolean out2() {
        return channels[2].out(ticks());
    }

    private long ticks() {
        return Ticks.ofNanos(clock.now(), HERTZ);
    }

    /// OUT 0 may have risen without the timer's having fired yet: a busy host, or a very short count.
    private void pulseIfDue(long now) {
        if (channels[0].nextRise(followed) <= now) {
            irq0.lower();
            irq0.raise();
        }
    }

    /// Sets IRQ 0 to OUT 0, and the timer to its next rise.
    private void follow(long now) {
        followed = now;
        irq0.set(channels[0].out(now));
        armForNextRise();
    }

    private void rise() {
        long now = ticks();
        pulseIfDue(now);
        follow(now);
    }

    private void armForNextRise() {
        long at = channels[0].nextRise(followed);
        if (at == PitChannel.NEVER) {
            timer.cancel();
        } else {
            long soonest = clock.now() + SHORTEST_INTERVAL_NANOS;
            timer.arm(Math.max(soonest, Ticks.toNanos(at, HERTZ)));
        }
    }

    @Override
    public void save(SnapshotWriter out) {
        for (int i = 0; i < CHANNELS; i++) {
            out.putSection("channel" + i, 1, channels[i]);
        }
        out.putLong("followed", followed);
    }

    /// Restores after the clock has been: the counters run on from its time.
    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        for (int i = 0; i < CHANNELS; i++) {
            channels[i].restore(in.section("channel" + i));
        }
        followed = in.getLong("followed");
        armForNextRise();
    }
}
