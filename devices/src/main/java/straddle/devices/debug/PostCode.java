package straddle.devices.debug;

import straddle.core.bus.ByteDevice;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.devices.Device;

/// The port that firmware writes its progress to (0x80), and that kernels write to for a short delay.
///
/// A POST card would show the last value; here [#last()] does, and reads return it, as the DMA page
/// register behind the port does on a board.
public final class PostCode implements ByteDevice, Device {
    private int last;

    public PostCode() {}

    /// The value written last: 0 to 255.
    public int last() {
        return last;
    }

    @Override
    public void reset() {
        last = 0;
    }

    @Override
    public int read(int offset) {
        return last;
    }

    @Override
    public void write(int offset, int value) {
        last = value;
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putInt("last", last);
    }

    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        last = in.getInt("last", 0, 0xff);
    }
}
