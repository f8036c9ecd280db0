package straddle.linux.user;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/// A process's timers of timer_create(2). Any thread.
///
/// They run by the host's monotonic time: one that is set to a time of day does not follow when that is changed.
final class PosixTimers {
    static final int SIGEV_SIGNAL = 0;
    static final int SIGEV_NONE = 1;
    static final int SIGEV_THREAD_ID = 4;
    private static final int MOST = 1024;
    private static final int SI_TIMER = -2;

    /// What is done when a timer is over.
    ///
    /// @param how SIGEV_SIGNAL and so on
    /// @param thread who gets the signal, or 0 for the process
    record Event(int how, int signal, long value, int thread) {}

    private static final class Timer {
        final int clock;
        final Event event;
        ScheduledFuture<?> armed;
        long interval;
        int overrun;

        Timer(int clock, Event event) {
            this.clock = clock;
            this.event = event;
        }
    }

    private final GuestProcess process;
    private final ScheduledExecutorService executor;
    private final Map<Integer, Timer> timers = new HashMap<>();
    private int lastId = -1;

    PosixTimers(GuestProcess process, ScheduledExecutorService executor) {
        this.process = process;
        this.executor = executor;
    }

    /// @param event null for SIGALRM with the timer's number
    /// @return its number, or minus EAGAIN
    synchronized int create(int clock, Event event) {
        if (timers.size() >= MOST) {
            return -Errno.EAGAIN;
        }
        int id = ++lastId;
        Event meant = event == null ? new Event(SIGEV_SIGNAL, Signal.SIGALRM, id, 0) : event;
        timers.put(id, new Timer(clock, meant));
        return id;
    }

    /// The clock of a timer, or -1 if there is none.
    synchronized int clock(int id) {
        Timer timer = timers.get(id);
        return timer == null ? -1 : timer.clock;
    }

    /// @param nanos until it is over; 0 disarms it
    synchronized void set(int id, long nanos, long interval) {
        Timer timer = timers.get(id);
        if (timer.armed != null) {
            timer.armed.cancel(false);
            timer.armed = null;
        }
        timer.interval = interval;
        timer.overrun = 0;
        if (nanos > 0) {
            arm(id, timer, nanos);
        }
    }

    /// @return what is left, 0 where it is not armed, and the interval
    synchronized long[] get(int id) {
        Timer timer = timers.get(id);
        boolean runs = timer.armed != null && !timer.armed.isDone();
        long left = runs ? Math.max(1, timer.armed.getDelay(TimeUnit.NANOSECONDS)) : 0;
        return new long[] {left, timer.interval};
    }

    /// How often it was over while its signal was still pending.
    synchronized int overrun(int id) {
        return timers.get(id).overrun;
    }

    synchronized boolean delete(int id) {
        Timer timer = timers.remove(id);
        if (timer != null && timer.armed != null) {
            timer.armed.cancel(false);
        }
        return timer != null;
    }

    /// execve(2) ends them all.
    synchronized void clear() {
        for (Timer each : timers.values()) {
            if (each.armed != null) {
                each.armed.cancel(false);
            }
        }
        timers.clear();
    }

    private void arm(int id, Timer timer, long nanos) {
        timer.armed = executor.schedule(() -> fire(id, timer), nanos, TimeUnit.NANOSECONDS);
    }

    private void fire(int id, Timer timer) {
        Signal.Info info;
        synchronized (this) {
            if (timers.get(id) != timer) {
                return;
            }
            if (timer.interval > 0) {
                arm(id, timer, timer.interval);
            }
            Event event = timer.event;
            if (event.how == SIGEV_NONE) {
                return;
            }
            GuestThread thread = event.thread == 0 ? null : process.thread(event.thread);
            long pending = thread == null ? process.pendingSet : thread.pendingSignals();
            if ((pending & Signal.bit(event.signal)) != 0) {
                timer.overrun++;
                return;
            }
            info = new Signal.Info(event.signal, SI_TIMER, id, timer.overrun, 0, event.value);
            timer.overrun = 0;
        }
        GuestThread thread = timer.event.thread == 0 ? null : process.thread(timer.event.thread);
        if (thread != null) {
            thread.send(info);
        } else if (timer.event.thread == 0) {
            process.send(info);
        }
    }
}
