package straddle.devices.timer;

import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.core.snapshot.Snapshotable;

/// One counter of an 8254. Times are in ticks; what it counts is computed from when it started.
final class PitChannel implements Snapshotable {
    static final long NEVER = Long.MAX_VALUE;

    private static final int MODE_TERMINAL_COUNT = 0;
    private static final int MODE_ONE_SHOT = 1;
    private static final int MODE_RATE = 2;
    private static final int MODE_SQUARE = 3;
    private static final int MODE_SOFTWARE_STROBE = 4;
    private static final int MODE_HARDWARE_STROBE = 5;

    private static final int RW_LATCH = 0;
    private static final int RW_LOW = 1;
    private static final int RW_HIGH = 2;
    private static final int RW_BOTH = 3;

    private static final int STATUS_OUT = 1 << 7;
    private static final int STATUS_NULL_COUNT = 1 << 6;
    private static final int CONTROL_BITS = 0x3f;

    private static final int NO_LATCH = -1;
    private static final long NOT_COUNTING = -1;

    /// The low six bits of the control word: RW in 4-5, mode in 1-3, BCD in 0.
    private int control;

    /// What is counted from: 1 to 65,536, or 0 before the first one is written.
    private int count;

    /// Replaces `count` when the running period ends (modes 2 and 3); 0 for none.
    private int nextCount;

    /// The tick at which `count` was loaded, or [#NOT_COUNTING].
    private long start;

    /// While a low GATE holds the counter: how many ticks it had run; else [#NOT_COUNTING].
    private long heldAt;

    private boolean gate;
    private int lowWritten;
    private boolean highWriteNext;
    private boolean highReadNext;
    private int latchedCount;
    private int latchedStatus;

    PitChannel() {}

    void reset(boolean gateHigh) {
        control = RW_BOTH << 4 | MODE_TERMINAL_COUNT << 1;
        count = 0;
        nextCount = 0;
        start = NOT_COUNTING;
        heldAt = NOT_COUNTING;
        gate = gateHigh;
        forgetBytes();
        lowWritten = 0;
    }

    private void forgetBytes() {
        highWriteNext = false;
        highReadNext = false;
        latchedCount = NO_LATCH;
        latchedStatus = NO_LATCH;
    }

    private int mode() {
        int mode = control >>> 1 & 7;
        return mode > MODE_HARDWARE_STROBE ? mode & 3 : mode;
    }

    private int rw() {
        return control >>> 4;
    }

    private int modulus() {
        return (control & 1) != 0 ? 10_000 : 0x1_0000;
    }

    private boolean isPeriodic() {
        return mode() == MODE_RATE || mode() == MODE_SQUARE;
    }

    private boolean isGateTriggered() {
        return mode() == MODE_ONE_SHOT || mode() == MODE_HARDWARE_STROBE;
    }

    /// A control word, or the counter latch command.
    void control(int value, long now) {
        if ((value & CONTROL_BITS) >>> 4 == RW_LATCH) {
            latchCount(now);
            return;
        }
        control = value & CONTROL_BITS;
        count = 0;
        nextCount = 0;
        start = NOT_COUNTING;
        heldAt = NOT_COUNTING;
        forgetBytes();
    }

    void write(int value, long now) {
        switch (rw()) {
            case RW_LOW -> load(value, now);
            case RW_HIGH -> load(value << 8, now);
            default -> {
                if (highWriteNext) {
                    load(value << 8 | lowWritten, now);
                } else {
                    lowWritten = value;
                    if (mode() == MODE_TERMINAL_COUNT) {
                        start = NOT_COUNTING; // the first of two bytes stops it
                    }
                }
                highWriteNext = !highWriteNext;
            }
        }
    }

    private void load(int written, long now) {
        int binary = (control & 1) != 0 ? fromBcd(written) : written;
        int value = binary == 0 ? modulus() : binary;
        catchUp(now);
        if (isPeriodic() && start != NOT_COUNTING && gate) {
            nextCount = value;
            return;
        }
        count = value;
        if (!isGateTriggered()) {
            start = now;
            heldAt = gate ? NOT_COUNTING : 0;
        }
    }

    /// Puts a new count of a periodic mode in place once the period that it waited for has ended.
    private void catchUp(long now) {
        if (nextCount != 0 && start != NOT_COUNTING && now - start >= count) {
            start += count;
            count = nextCount;
            nextCount = 0;
        }
    }

    boolean gate() {
        return gate;
    }

    void setGate(boolean high, long now) {
        if (high == gate) {
            return;
        }
        catchUp(now);
        gate = high;
        if (count == 0) {
            return;
        }
        if (isGateTriggered() || isPeriodic()) {
            if (high) {
                count = nextCount != 0 ? nextCount : count;
                nextCount = 0;
                start = now;
                heldAt = NOT_COUNTING;
            } else if (isPeriodic() && start != NOT_COUNTING) {
                heldAt = now - start;
            }
        } else if (start != NOT_COUNTING) {
            if (high) {
                start = now - heldAt;
                heldAt = NOT_COUNTING;
            } else {
                heldAt = now - start;
            }
        }
    }

    /// Ticks since the count was loaded.
    private long elapsed(long now) {
        return heldAt != NOT_COUNTING ? heldAt : now - start;
    }

    /// The level of OUT.
    boolean out(long now) {
        catchUp(now);
        if (start == NOT_COUNTING) {
            return mode() != MODE_TERMINAL_COUNT;
        }
        long elapsed = elapsed(now);
        return switch (mode()) {
            case MODE_TERMINAL_COUNT, MODE_ONE_SHOT -> elapsed >= count;
            case MODE_RATE -> !gate || elapsed % count != count - 1;
            case MODE_SQUARE -> !gate || elapsed % count < (count + 1) / 2;
            case MODE_SOFTWARE_STROBE, MODE_HARDWARE_STROBE -> elapsed != count;
            default -> throw new IllegalStateException("mode " + mode());
        };
    }

    /// The tick at which OUT rises next, or [#NEVER].
    long nextRise(long now) {
        catchUp(now);
        if (start == NOT_COUNTING || heldAt != NOT_COUNTING) {
            return NEVER;
        }
        long elapsed = now - start;
        long rise =
                switch (mode()) {
                    case MODE_TERMINAL_COUNT, MODE_ONE_SHOT -> count;
                    case MODE_RATE, MODE_SQUARE -> (elapsed / count + 1) * count;
                    default -> count + 1L;
                };
        return rise > elapsed ? start + rise : NEVER;
    }

    int read(long now) {
        if (latchedStatus != NO_LATCH) {
            int status = latchedStatus;
            latchedStatus = NO_LATCH;
            return status;
        }
        int value = latchedCount != NO_LATCH ? latchedCount : current(now);
        if (rw() == RW_BOTH && !highReadNext) {
            highReadNext = true;
            return value & 0xff;
        }
        highReadNext = false;
        latchedCount = NO_LATCH;
        return rw() == RW_LOW ? value & 0xff : value >>> 8;
    }

    /// Latches the count unless one waits already.
    void latchCount(long now) {
        if (latchedCount == NO_LATCH) {
            latchedCount = current(now);
        }
    }

    void latchStatus(long now) {
        if (latchedStatus == NO_LATCH) {
            boolean nullCount = count == 0 || nextCount != 0;
            latchedStatus =
                    (out(now) ? STATUS_OUT : 0) | (nullCount ? STATUS_NULL_COUNT : 0) | control;
        }
    }

    /// The counting element's 16 bits.
    private int current(long now) {
        catchUp(now);
        long value;
        if (start == NOT_COUNTING) {
            value = count;
        } else {
            long elapsed = elapsed(now);
            value =
                    switch (mode()) {
                        case MODE_RATE -> count - elapsed % count;
                        case MODE_SQUARE -> count - 2 * elapsed % count & ~1L;
                        default -> count - elapsed;
                    };
        }
        int binary = Math.floorMod(value, modulus());
        return (control & 1) != 0 ? toBcd(binary) : binary;
    }

    private static int fromBcd(int bcd) {
        return (bcd >>> 12) * 1000 + (bcd >>> 8 & 15) * 100 + (bcd >>> 4 & 15) * 10 + (bcd & 15);
    }

    private static int toBcd(int binary) {
        return binary / 1000 << 12 | binary / 100 % 10 << 8 | binary / 10 % 10 << 4 | binary % 10;
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putInt("control", control);
        out.putInt("count", count);
        out.putInt("nextCount", nextCount);
        out.putLong("start", start);
        out.putLong("heldAt", heldAt);
        out.putBoolean("gate", gate);
        out.putInt("lowWritten", lowWritten);
        out.putBoolean("highWriteNext", highWriteNext);
        out.putBoolean("highReadNext", highReadNext);
        out.putInt("latchedCount", latchedCount);
        out.putInt("latchedStatus", latchedStatus);
    }

    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        control = in.getInt("control", 0, CONTROL_BITS);
        count = in.getInt("count", 0, 0x1_0000);
        nextCount = in.getInt("nextCount", 0, 0x1_0000);
        start = in.getLong("start");
        heldAt = in.getLong("heldAt");
        gate = in.getBoolean("gate");
        lowWritten = in.getInt("lowWritten", 0, 0xff);
        highWriteNext = in.getBoolean("highWriteNext");
        highReadNext = in.getBoolean("highReadNext");
        latchedCount = in.getInt("latchedCount", NO_LATCH, 0xffff);
        latchedStatus = in.getInt("latchedStatus", NO_LATCH, 0xff);
        if (count == 0 && start != NOT_COUNTING) {
            throw new SnapshotException(
                    "The snapshot is damaged: a timer channel counts from nothing.");
        }
    }
}
