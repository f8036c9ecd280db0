package straddle.devices.debug;

import java.util.Objects;
import java.util.function.IntConsumer;
import straddle.core.bus.IoDevice;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.devices.Device;

/// A port that ends the VM: what is written becomes the process's exit code. No hardware has it;
/// bare-metal tests everywhere expect one.
///
/// 0 stands for success. Any other value, unsigned, becomes the exit code; 255 when it is larger.
/// Reads float. It has no state.
public final class DebugExit implements IoDevice, Device {
    private static final int LARGEST_CODE = 255;

    private final IntConsumer exit;

    /// @param exit told the exit code, 0 to 255, under the machine lock
    public DebugExit(IntConsumer exit) {
        this.exit = Objects.requireNonNull(exit);
    }

    @Override
    public int widths() {
        return 1 | 2 | 4;
    }

    @Override
    public long read(int offset, int width) {
        return -1;
    }

    @Override
    public void write(int offset, int width, long value) {
        if (offset == 0) {
            exit.accept((int) Math.min(value & 0xffff_ffffL, LARGEST_CODE));
        }
    }

    @Override
    public void reset() {}

    @Override
    public void save(SnapshotWriter out) {}

    @Override
    public void restore(SnapshotReader in) {}
}
