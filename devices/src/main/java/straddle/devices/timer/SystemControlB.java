package straddle.devices.timer;

import java.util.Objects;
import straddle.core.bus.ByteDevice;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.core.time.VirtualClock;
import straddle.devices.Device;

/// System control port B (0x61) of the PC: timer 2's gate and output, the speaker, the refresh toggle
/// (82371SB datasheet, 2.5.6.1, "NMI status and control").
///
/// There is no memory parity, no channel check and, so far, no speaker to hear.
public final class SystemControlB implements ByteDevice, Device {
    private static final int TIMER_2_GATE = 1;
    private static final int STORED = 0xe;
    private static final int REFRESH_TOGGLE = 1 << 4;
    private static final int TIMER_2_OUT = 1 << 5;

    /// DRAM rows were refreshed at this pace; delay loops count its toggles.
    private static final long REFRESH_NANOS = 15_085;

    private final Pit8254 pit;
    private final VirtualClock clock;
    private int stored;

    public SystemControlB(Pit8254 pit, VirtualClock clock) {
        this.pit = Objects.requireNonNull(pit);
        this.clock = Objects.requireNonNull(clock);
    }

    @Override
    public void reset() {
        stored = 0;
        pit.setGate2(false);
    }

    @Override
    public int read(int offset) {
        return stored
                | (pit.gate2() ? TIMER_2_GATE : 0)
                | (clock.now() / REFRESH_NANOS % 2 != 0 ? REFRESH_TOGGLE : 0)
                | (pit.out2() ? TIMER_2_OUT : 0);
    }

    @Override
    public void write(int offset, int value) {
        stored = value & STORED;
        pit.setGate2((value & TIMER_2_GATE) != 0);
    }

    /// The gate's level is the timer's to save.
    @Override
    public void save(SnapshotWriter out) {
        out.putInt("stored", stored);
    }

    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        stored = in.getInt("stored", 0, STORED);
    }
}
