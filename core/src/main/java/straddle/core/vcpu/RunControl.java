package straddle.core.vcpu;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import straddle.core.time.VirtualClock;

/// A VM's run state, changed from any thread: paused → running ⇄ paused → stopped.
///
/// A pause returns once every vCPU thread is parked outside its engine, so the caller may then save,
/// restore or replace anything. Devices stop the VM, so the lock order is: the machine lock → this lock.
public final class RunControl {
    /// Running, paused or stopped.
    public enum State {
        PAUSED,
        RUNNING,
        STOPPED
    }

    /// A vCPU stops within microseconds, as a rule: what keeps one for longer than this is worth knowing.
    private static final long PATIENCE_NANOS = 50_000_000;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final VirtualClock clock;
    private final List<VcpuLoop> loops = new ArrayList<>();
    private volatile State state = State.PAUSED;

    /// How many want every vCPU parked while time goes on; under the lock.
    private int holders;

    private volatile boolean held;
    private volatile String latecomers = "";
    private volatile Duration heldFor = Duration.ZERO;

    private int parked;
    private StopReason reason;

    /// Starts out paused.
    public RunControl(VirtualClock clock) {
        this.clock = clock;
    }

    public State state() {
        return state;
    }

    boolean isRunning() {
        return state == State.RUNNING && !held;
    }

    void register(VcpuLoop loop) {
        lock.lock();
        try {
            if (!loops.contains(loop)) {
                loops.add(loop);
            }
        } finally {
            lock.unlock();
        }
    }

    void unregister(VcpuLoop loop) {
        lock.lock();
        try {
            loops.remove(loop);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Lets the vCPUs run. Does nothing when they do, or when the VM has stopped.
    public void resume() {
        lockBoth();
        try {
            if (state == State.PAUSED) {
                state = State.RUNNING;
                clock.resume();
                changed.signalAll();
            }
        } finally {
            unlockBoth();
        }
    }

    /// Stops guest time and returns once every vCPU is parked. Not for a vCPU's own thread, nor under
    /// the machine lock.
    public void pause() throws InterruptedException {
        lockBoth();
        try {
            if (state == State.RUNNING) {
                state = State.PAUSED;
                clock.pause();
            }
            loops.forEach(VcpuLoop::wake);
        } finally {
            unlockBoth();
        }
        lock.lock();
        try {
            while (state == State.PAUSED && parked < loops.size()) {
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }

    /// What is done while every vCPU is parked.
    @FunctionalInterface
    public interface Held<T, E extends Exception> {
        T run() throws E;
    }

    /// Does something while every vCPU is parked, and lets them go on. Other than in a pause, guest time goes on
    /// meanwhile. Not for a vCPU's own thread, nor under the machine lock.
    ///
    /// @return what it returned; empty if the VM has stopped, and nothing was done
    public <T, E extends Exception> Optional<T> hold(Held<T, E> action)
            throws E, InterruptedException {
        boolean stopped;
        long start;
        lockBoth();
        try {
            start = System.nanoTime();
            held = ++holders > 0;
            loops.forEach(VcpuLoop::wake);
        } finally {
            unlockBoth();
        }
        try {
            lock.lock();
            try {
                latecomers = "";
                awaitParked();
                stopped = state == State.STOPPED;
            } finally {
                lock.unlock();
            }
            return stopped ? Optional.empty() : Optional.of(action.run());
        } finally {
            lock.lock();
            try {
                held = --holders > 0;
                heldFor = Duration.ofNanos(System.nanoTime() - start);
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    private void awaitParked() throws InterruptedException {
        long left = PATIENCE_NANOS;
        while (state != State.STOPPED && parked < loops.size()) {
            if (left <= 0) {
                changed.await();
            } else {
                left = changed.awaitNanos(left);
                if (left <= 0) {
                    latecomers = describeRunning();
                }
            }
        }
    }

    private String describeRunning() {
        return loops.stream()
                .filter(loop -> !loop.isParked())
                .map(VcpuLoop::whereabouts)
                .collect(Collectors.joining());
    }

    /// What those vCPUs were at that the last [#hold] had waited for 50 ms already: their stacks, for a reader. Empty if
    /// there were none.
    public String latecomers() {
        return latecomers;
    }

    /// From when the last [#hold] told the vCPUs to stop until it let them go on.
    public Duration heldFor() {
        return heldFor;
    }

    /// Ends the VM; the first reason stands. Returns at once: [#awaitStop()] waits.
    public void stop(StopReason why) {
        lockBoth();
        try {
            if (state != State.STOPPED) {
                state = State.STOPPED;
                reason = why;
                clock.pause();
                changed.signalAll();
            }
            loops.forEach(VcpuLoop::wake);
        } finally {
            unlockBoth();
        }
    }

    private void lockBoth() {
        clock.lock().lock();
        lock.lock();
    }

    private void unlockBoth() {
        lock.unlock();
        clock.lock().unlock();
    }

    /// Whether no vCPU is left that could wake another.
    boolean allHaltedForGood() {
        lock.lock();
        try {
            return loops.stream().allMatch(VcpuLoop::isHaltedForGood);
        } finally {
            lock.unlock();
        }
    }

    /// Waits until the VM has stopped and every vCPU thread has left its loop.
    public StopReason awaitStop() throws InterruptedException {
        lock.lock();
        try {
            while (state != State.STOPPED || !loops.isEmpty()) {
                changed.await();
            }
            return reason;
        } finally {
            lock.unlock();
        }
    }

    /// Parks the calling vCPU thread while paused; returns whether to go on.
    boolean parkWhilePaused(VcpuLoop by) throws InterruptedException {
        lock.lock();
        try {
            parked++;
            by.setParked(true);
            changed.signalAll();
            while (state == State.PAUSED || held) {
                changed.await();
            }
            parked--;
            by.setParked(false);
            return state == State.RUNNING;
        } finally {
            lock.unlock();
        }
    }
}
