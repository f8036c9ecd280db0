package straddle.devices.debug;

import java.util.Objects;
import straddle.core.bus.ByteDevice;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.devices.ByteSink;
import straddle.devices.Device;

/// A byte a write to the host, without any set-up: port 0xe9, as Bochs has it and firmware knows it.
///
/// Reads return 0xe9, by which software tells that it is there. It has no state.
public final class DebugConsole implements ByteDevice, Device {
    private static final int PRESENT = 0xe9;

    private final ByteSink sink;

    public DebugConsole(ByteSink sink) {
        this.sink = Objects.requireNonNull(sink);
    }

    @Override
    public int read(int offset) {
        return PRESENT;
    }

    @Override
    public void write(int offset, int value) {
        sink.write(value);
    }

    @Override
    public void reset() {}

    @Override
    public void save(SnapshotWriter out) {}

    @Override
    public void restore(SnapshotReader in) {}
}
