package straddle.machines.embedded;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import straddle.core.bus.IoDevice;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.devices.Device;

/// The ports by which the embedded guest reports its phases and asks what to do: 32-bit registers, as
/// `machines/src/guest/protocol.h` has them.
///
/// A phase that is in no table, and an event that is none, are ignored.
public final class PhasePort implements IoDevice, Device {
    /// Bytes of port space.
    public static final int LENGTH = 0x14;

    private static final int EVENT = 0x0;
    private static final int OPS = 0x4;
    private static final int RESULT_LOW = 0x8;
    private static final int RESULT_HIGH = 0xc;
    private static final int HOOK = 0x10;

    private static final int EVENT_BEGIN = 1;
    private static final int EVENT_END = 2;
    private static final int EVENT_PREPARE = 3;
    private static final int EVENT_PASS = 4;
    private static final int EVENT_FAIL = 5;
    private static final int EVENT_DONE = 7;

    private final Map<Integer, Phase> phases = new HashMap<>();
    private final PhaseObserver observer;
    private final int hook;
    private int ops;
    private int resultLow;
    private int resultHigh;

    /// @param hook what the guest reads as its test hook; 0 for none
    public PhasePort(List<Phase> phases, PhaseObserver observer, int hook) {
        phases.forEach(phase -> this.phases.put(phase.id(), phase));
        this.observer = observer;
        this.hook = hook;
    }

    @Override
    public void reset() {
        ops = 0;
        resultLow = 0;
        resultHigh = 0;
    }

    @Override
    public int widths() {
        return 4;
    }

    @Override
    public long read(int offset, int width) {
        return switch (offset) {
            case OPS -> ops;
            case HOOK -> hook;
            default -> -1;
        };
    }

    @Override
    public void write(int offset, int width, long value) {
        switch (offset) {
            case EVENT -> event((int) value >>> 24, (int) value & 0xff_ffff);
            case RESULT_LOW -> resultLow = (int) value;
            case RESULT_HIGH -> resultHigh = (int) value;
            default -> {}
        }
    }

    private void event(int event, int argument) {
        if (event == EVENT_DONE) {
            observer.finished(argument);
            return;
        }
        Phase phase = phases.get(argument);
        if (phase == null) {
            return;
        }
        switch (event) {
            case EVENT_BEGIN -> observer.began(phase);
            case EVENT_END -> observer.ended(phase);
            case EVENT_PREPARE -> ops = observer.operations(phase);
            case EVENT_PASS -> observer.result(phase, checksum(), true);
            case EVENT_FAIL -> observer.result(phase, checksum(), false);
            default -> {}
        }
    }

    private long checksum() {
        return (long) resultHigh << 32 | Integer.toUnsignedLong(resultLow);
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putInt("ops", ops);
        out.putInt("resultLow", resultLow);
        out.putInt("resultHigh", resultHigh);
    }

    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        ops = in.getInt("ops");
        resultLow = in.getInt("resultLow");
        resultHigh = in.getInt("resultHigh");
    }
}
