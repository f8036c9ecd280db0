package straddle.devices.contract;

import straddle.core.bus.MachineLock;
import straddle.core.time.VirtualClock;

/// Guest time that only moves when a test says so; timers fire as it passes them.
public final class TestTime {
    public final MachineLock lock = new MachineLock();
    public final VirtualClock clock = new VirtualClock(this::nanos, lock);
    private long nanos;

    public TestTime() {
        clock.resume();
    }

    private long nanos() {
        return nanos;
    }

    /// Moves on, stopping at every deadline on the way.
    public void pass(long duration) {
        long end = nanos + duration;
        for (long wait = clock.runDue(); wait < end - nanos; wait = clock.runDue()) {
            nanos += Math.max(1, wait);
        }
        nanos = end;
        clock.runDue();
    }

    /// Moves on in one step, as when the I/O thread comes late.
    public void jump(long duration) {
        nanos += duration;
        clock.runDue();
    }

    /// Moves on without a timer's firing yet.
    public void late(long duration) {
        nanos += duration;
    }
}
