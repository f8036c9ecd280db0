package straddle.linux.user;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

/// A process's timers: those of setitimer(2), of which alarm(2) uses the first, and those of timer_create(2).
final class Timers {
    private static final int[] SIGNALS = {Signal.SIGALRM, Signal.SIGVTALRM, Signal.SIGPROF};

    /// One of setitimer(2).
    private final class Interval {
        final int signal;
        final Alarm alarm;
        long interval;

        Interval(int which) {
            signal = SIGNALS[which];
            ProcessorTime.Clock clock = which == 0 ? null : new ProcessorTime.Clock(process, null);
            alarm = new Alarm(executor, clock, this::fire);
        }

        private void fire() {
            process.send(Signal.Info.of(signal));
            synchronized (Timers.this) {
                if (interval > 0) {
                    alarm.set(interval);
                }
            }
        }
    }

    private final GuestProcess process;
    private final ScheduledExecutorService executor =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().name("guest-timer").daemon().factory());
    private final Interval[] intervals = new Interval[SIGNALS.length];
    final PosixTimers created;

    Timers(GuestProcess process) {
        this.process = process;
        created = new PosixTimers(process, executor);
        for (int i = 0; i < intervals.length; i++) {
            intervals[i] = new Interval(i);
        }
    }

    /// @param which ITIMER_REAL, ITIMER_VIRTUAL or ITIMER_PROF, of which the latter two are the same here
    /// @param nanos until it fires; 0 for never
    /// @return what was left before, and the interval
    synchronized long[] set(int which, long nanos, long interval) {
        long[] before = get(which);
        intervals[which].interval = interval;
        intervals[which].alarm.set(nanos);
        return before;
    }

    synchronized long[] get(int which) {
        return new long[] {intervals[which].alarm.left(), intervals[which].interval};
    }

    void close() {
        executor.shutdownNow();
    }
}
