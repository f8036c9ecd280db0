package straddle.linux.user;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;

/// A process's timers of timer_create(2). Any thread.
///
/// Those that don't run by processor time run by the host's monotonic time: one that is set to a time of day does not
/// follow when that is changed.
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
        Alarm alarm;
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

    /// @param processorTime what the clock is, or null for one of time
    /// @param event null for SIGALRM with the timer's number
    /// @return its number, or minus EAGAIN
    synchronized int create(int clock, ProcessorTime.Clock processorTime, Event event) {
        if (timers.size() >= MOST) {
            return -Errno.EAGAIN;
        }
        int id = ++lastId;
        Event meant = event == null ? new Event(SIGEV_SIGNAL, Signal.SIGALRM, id, 0) : event;
        Timer timer = new Timer(clock, meant);
        timer.alarm = new Alarm(executor, processorTime, () -> fire(id, timer));
        timers.put(id, timer);
        return id;
    }

    synchronized boolean has(int id) {
        return timers.containsKey(id);
    }

    /// The clock of a timer; 0 if it has gone.
    synchronized int clock(int id) {
        Timer timer = timers.get(id);
        return timer == null ? 0 : timer.clock;
    }

    /// @param nanos until it is over; 0 disarms it
    synchronized void set(int id, long nanos, long interval) {
        Timer timer = timers.get(id);
        if (timer == null) {
            return;
        }
        timer.interval = interval;
        timer.overrun = 0;
        timer.alarm.set(nanos);
    }

    /// @return what is left, 0 where it is not armed, and the interval
    synchronized long[] get(int id) {
        Timer timer = timers.get(id);
        return timer == null ? new long[2] : new long[] {timer.alarm.left(), timer.interval};
    }

    /// How often it was over while its signal was still pending.
    synchronized int overrun(int id) {
        Timer timer = timers.get(id);
        return timer == null ? 0 : timer.overrun;
    }

    synchronized boolean delete(int id) {
        Timer timer = timers.remove(id);
        if (timer != null) {
            timer.alarm.set(0);
        }
        return timer != null;
    }

    /// execve(2) ends them all.
    synchronized void clear() {
        for (Timer each : timers.values()) {
            each.alarm.set(0);
        }
        timers.clear();
    }

    private void fire(int id, Timer timer) {
        Signal.Info info;
        synchronized (this) {
            if (timers.get(id) != timer) {
                return;
            }
            if (timer.interval > 0) {
                timer.alarm.set(timer.interval);
            }
            Event event = timer.event;
            if (event.how == SIGEV_NONE) {
                return;
            }
            GuestThread thread = event.thread == 0 ? null : process.thread(event.thread);
            long pending = thread == null ? process.pending.set() : thread.pendingSignals();
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
