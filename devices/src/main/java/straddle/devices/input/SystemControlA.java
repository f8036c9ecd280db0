package straddle.devices.input;

import java.util.Objects;
import straddle.core.bus.ByteDevice;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.devices.Device;

/// System control port A (0x92) of the PS/2 and later PCs: a fast way to the A20 gate, in bit 1, and to the
/// processor's reset, by a rise of bit 0 (82371SB datasheet, 2.5.5.1). It holds the gate's state.
public final class SystemControlA implements ByteDevice, Device, A20Gate {
    private static final int FAST_INIT = 1;
    private static final int FAST_A20 = 1 << 1;

    private final Runnable onChange;
    private final Runnable onReset;
    private boolean open = true;
    private int stored;

    /// @param onChange told that the gate has opened or closed, under the machine lock
    /// @param onReset called under the machine lock
    public SystemControlA(Runnable onChange, Runnable onReset) {
        this.onChange = Objects.requireNonNull(onChange);
        this.onReset = Objects.requireNonNull(onReset);
    }

    /// The gate is open: this is where all of today's boards start from.
    @Override
    public void reset() {
        stored = 0;
        open(true);
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public void open(boolean wanted) {
        if (open != wanted) {
            open = wanted;
            onChange.run();
        }
    }

    @Override
    public int read(int offset) {
        return stored | (open ? FAST_A20 : 0);
    }

    @Override
    public void write(int offset, int value) {
        boolean rises = (value & ~stored & FAST_INIT) != 0;
        stored = value & FAST_INIT;
        open((value & FAST_A20) != 0);
        if (rises) {
            onReset.run();
        }
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putInt("stored", stored);
        out.putBoolean("open", open);
    }

    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        stored = in.getInt("stored", 0, FAST_INIT);
        open(in.getBoolean("open"));
    }
}
