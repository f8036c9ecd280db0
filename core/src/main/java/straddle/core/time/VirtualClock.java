package straddle.core.time;

import java.util.Objects;
import java.util.PriorityQueue;
import java.util.function.LongSupplier;
import straddle.core.bus.MachineLock;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.core.snapshot.Snapshotable;

/// The guest's time, in nanoseconds since the machine started. It stands still while the VM is paused.
///
/// Every timer the guest sees derives from it, so that one calibrated against another agrees. Its
/// source is the host's monotonic clock, or the count of retired instructions for determinism.
///
/// [#now()] is lock-free. Timers are kept and fired under the machine lock, by whoever calls
/// [#runDue()]: the I/O thread.
public final class VirtualClock implements Snapshotable {
    private static final long LOOK_AGAIN_NANOS = 500_000;

    private final LongSupplier source;
    private final MachineLock lock;
    private final PriorityQueue<Timer> armed = new PriorityQueue<>(VirtualClock::byDeadline);
    private volatile Epoch epoch = new Epoch(0, 0, false);
    private volatile Runnable onEarlierDeadline = () -> {};
    private long armings;
    private long firings;
    private long spacing;

    /// The earliest deadline.
    private volatile long due = Long.MAX_VALUE;

    /// When whoever sleeps until the next deadline looks again by itself.
    private long looks = Long.MAX_VALUE;

    /// The clock's value is `base`, plus what the source has run since `start` if running.
    private record Epoch(long base, long start, boolean running) {}

    /// A clock that stands at 0 until [#resume()].
    ///
    /// @param source monotonic, in nanoseconds
    public VirtualClock(LongSupplier source, MachineLock lock) {
        this.source = Objects.requireNonNull(source);
        this.lock = Objects.requireNonNull(lock);
    }

    public MachineLock lock() {
        return lock;
    }

    /// Nanoseconds of guest time.
    public long now() {
        Epoch at = epoch;
        return at.running ? at.base + (source.getAsLong() - at.start) : at.base;
    }

    public boolean isRunning() {
        return epoch.running;
    }

    public void resume() {
        lock.lock();
        try {
            if (!epoch.running) {
                epoch = new Epoch(epoch.base, source.getAsLong(), true);
                onEarlierDeadline.run();
            }
        } finally {
            lock.unlock();
        }
    }

    public void pause() {
        lock.lock();
        try {
            epoch = new Epoch(now(), 0, false);
        } finally {
            lock.unlock();
        }
    }

    /// A timer of this clock, not armed.
    ///
    /// @param action called under the machine lock once its deadline has passed; it may arm the timer again
    public Timer timer(Runnable action) {
        return new Timer(action);
    }

    /// Has `wake` called whenever the earliest deadline moves in front of the time that [#runDueAndWait] gave a sleeper, so
    /// that it looks again.
    public void onEarlierDeadline(Runnable wake) {
        onEarlierDeadline = wake;
    }

    /// As [#runDue], for the one sleeper whom [#onEarlierDeadline] wakes. After something was fired it is to look again
    /// soon, whatever is armed: a timer that fired is mostly armed again at once, by a guest that then need not pay for
    /// waking anybody.
    ///
    /// @return how long to sleep, in nanoseconds; [Long#MAX_VALUE] for until woken
    public long runDueAndWait() {
        lock.lock();
        try {
            long before = firings;
            long next = runDue();
            long wait = firings == before ? next : Math.min(next, LOOK_AGAIN_NANOS);
            looks = wait == Long.MAX_VALUE ? wait : now() + wait;
            return wait;
        } finally {
            lock.unlock();
        }
    }

    /// Has no timer fire sooner than this after it fired last, from the next arming on: for guests so slow that their timers' interrupts would
    /// take all their time. Under the machine lock.
    ///
    /// @param nanos 0 for as soon as it is due
    public void spaceOut(long nanos) {
        spacing = nanos;
    }

    /// Fires what is due; returns the nanoseconds until the next deadline, or [Long#MAX_VALUE] when
    /// nothing is armed or the clock stands still.
    public long runDue() {
        lock.lock();
        try {
            if (!epoch.running) {
                return Long.MAX_VALUE;
            }
            long now = now();
            for (Timer timer = armed.peek();
                    timer != null && timer.fires <= now;
                    timer = armed.peek()) {
                armed.remove();
                timer.armed = false;
                timer.rests = now + spacing;
                noteDue();
                firings++;
                timer.action.run();
            }
            Timer next = armed.peek();
            return next == null ? Long.MAX_VALUE : Math.max(0, next.fires - now());
        } finally {
            lock.unlock();
        }
    }

    /// The time, once all that is due by then has been fired: so that a vCPU which reads the time never sees a
    /// deadline pass without its interrupt, however late the host runs the I/O thread. Not under another lock
    /// than the machine's.
    public long nowWithDue() {
        long now = now();
        if (now >= due) {
            runDue();
        }
        return now;
    }

    private void noteDue() {
        Timer next = armed.peek();
        due = next == null ? Long.MAX_VALUE : next.fires;
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putLong("now", now());
    }

    /// Sets the time; timers are their owners' to restore.
    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        long now = in.getLong("now");
        lock.lock();
        try {
            epoch = new Epoch(now, source.getAsLong(), epoch.running);
            onEarlierDeadline.run();
        } finally {
            lock.unlock();
        }
    }

    private static int byDeadline(Timer a, Timer b) {
        int order = Long.compare(a.fires, b.fires);
        return order != 0 ? order : Long.compare(a.arming, b.arming);
    }

    /// A one-shot deadline. Its methods are called under the machine lock.
    public final class Timer {
        private final Runnable action;
        private long deadline;
        private long fires;

        /// When it may fire again.
        private long rests;

        private long arming;
        private boolean armed;

        private Timer(Runnable action) {
            this.action = Objects.requireNonNull(action);
        }

        public boolean isArmed() {
            return armed;
        }

        /// When it is due, in nanoseconds of this clock; meaningful while armed.
        public long deadline() {
            return deadline;
        }

        /// (Re-)arms the timer for a moment of this clock; one that has passed fires at the next look.
        public void arm(long atNanos) {
            cancel();
            deadline = atNanos;
            fires = spacing == 0 ? atNanos : Math.max(atNanos, Math.min(rests, now() + spacing));
            arming = armings++;
            armed = true;
            VirtualClock.this.armed.add(this);
            noteDue();
            if (VirtualClock.this.armed.peek() == this && fires < looks) {
                onEarlierDeadline.run();
            }
        }

        public void cancel() {
            if (armed) {
                VirtualClock.this.armed.remove(this);
                armed = false;
                noteDue();
            }
        }
    }
}
