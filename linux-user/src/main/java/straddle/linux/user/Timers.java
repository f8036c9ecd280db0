package straddle.linux.user;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/// A process's timers: ITIMER_REAL, which alarm(2) uses, too, and those of timer_create(2).
final class Timers {
    private final GuestProcess process;
    private final ScheduledExecutorService executor =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().name("guest-timer").daemon().factory());
    private ScheduledFuture<?> armed;
    private long interval;
    final PosixTimers created;

    Timers(GuestProcess process) {
        this.process = process;
        created = new PosixTimers(process, executor);
    }

    /// @param nanos until it fires; 0 for never
    /// @return what was left before, and the interval
    synchronized long[] set(long nanos, long newInterval) {
        long[] before = get();
        if (armed != null) {
            armed.cancel(false);
            armed = null;
        }
        interval = newInterval;
        if (nanos > 0) {
            armed = executor.schedule(this::fire, nanos, TimeUnit.NANOSECONDS);
        }
        return before;
    }

    synchronized long[] get() {
        long left = armed == null || armed.isDone() ? 0 : armed.getDelay(TimeUnit.NANOSECONDS);
        return new long[] {Math.max(0, left), interval};
    }

    private void fire() {
        process.send(Signal.Info.of(Signal.SIGALRM));
        synchronized (this) {
            if (interval > 0) {
                armed = executor.schedule(this::fire, interval, TimeUnit.NANOSECONDS);
            }
        }
    }

    void close() {
        executor.shutdownNow();
    }
}
