package straddle.linux.user;

import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/// Something to be done when a clock has gone on for a while: the host's monotonic one, or one of processor time.
/// Any thread.
final class Alarm {
    /// How exact processor time is: the kernel looks at each tick.
    private static final long TICK_NANOS = 4_000_000;

    private final ScheduledExecutorService executor;
    private final ProcessorTime.Clock clock;
    private final Runnable action;
    private ScheduledFuture<?> armed;
    private long target;

    /// Counts what it was set to, so that a look that comes too late is known.
    private int settings;

    /// @param clock null for the monotonic one
    /// @param action is run by the executor's thread
    Alarm(ScheduledExecutorService executor, ProcessorTime.Clock clock, Runnable action) {
        this.executor = executor;
        this.clock = clock;
        this.action = action;
    }

    /// In place of what it was set to before.
    ///
    /// @param nanos from now on; 0 for never
    synchronized void set(long nanos) {
        settings++;
        if (armed != null) {
            armed.cancel(false);
            armed = null;
        }
        if (nanos > 0 && clock == null) {
            armed = executor.schedule(action, nanos, TimeUnit.NANOSECONDS);
        } else if (nanos > 0) {
            target = clock.nanos() + nanos;
            look();
        }
    }

    private void look() {
        int setting = settings;
        long wait = Math.max(TICK_NANOS, (target - clock.nanos()) / clock.speed());
        armed = executor.schedule(() -> lookAgain(setting), wait, TimeUnit.NANOSECONDS);
    }

    private void lookAgain(int setting) {
        synchronized (this) {
            if (setting != settings) {
                return;
            }
            if (clock.nanos() < target) {
                look();
                return;
            }
            armed = null;
        }
        action.run();
    }

    /// What is left, or 0 if it is not set.
    synchronized long left() {
        if (armed == null || clock == null && armed.isDone()) {
            return 0;
        }
        long left = clock == null ? armed.getDelay(TimeUnit.NANOSECONDS) : target - clock.nanos();
        return Math.max(1, left);
    }
}
