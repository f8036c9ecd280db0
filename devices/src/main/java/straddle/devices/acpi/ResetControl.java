package straddle.devices.acpi;

import java.util.Objects;
import straddle.core.bus.ByteDevice;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.devices.Device;

/// The PIIX3's reset control register at port 0xcf9 (82371SB datasheet, 2.5.7): bit 2 going from 0 to 1
/// resets, whatever kind bit 1 chooses.
public final class ResetControl implements ByteDevice, Device {
    /// What resets when it is written: a hard reset.
    public static final int RESET = 0x06;

    private static final int RST_CPU = 1 << 2;
    private static final int BITS = 0x06;

    private final Runnable onReset;
    private int value;

    /// @param onReset called under the machine lock
    public ResetControl(Runnable onReset) {
        this.onReset = Objects.requireNonNull(onReset);
    }

    @Override
    public void reset() {
        value = 0;
    }

    @Override
    public int read(int offset) {
        return value;
    }

    @Override
    public void write(int offset, int written) {
        boolean rises = (written & ~value & RST_CPU) != 0;
        value = written & BITS;
        if (rises) {
            onReset.run();
        }
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putInt("value", value);
    }

    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        value = in.getInt("value", 0, BITS);
    }
}
