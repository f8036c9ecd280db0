package straddle.devices.block;

import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Queue;
import java.util.function.Consumer;
import java.util.function.Supplier;
import straddle.core.bus.MachineLock;

/// A disk's thread: it makes the requests of a device, which may block, outside the machine lock and ends them
/// under it.
///
/// Requests are made one after another in the order they came, and end in that order. Lock order: the machine
/// lock, then this queue's own.
public final class DiskQueue implements AutoCloseable {
    private final MachineLock lock;
    private final Thread thread;

    private final Object monitor = new Object();
    private final Queue<Request> waiting = new ArrayDeque<>();
    private final Queue<Runnable> made = new ArrayDeque<>();
    private boolean busy;
    private boolean draining;
    private boolean started;
    private boolean closed;

    private record Request(Supplier<BlockStatus> io, Consumer<BlockStatus> end) {}

    /// @param name the thread's, as in `disk-0`
    public DiskQueue(String name, MachineLock lock) {
        this.lock = Objects.requireNonNull(lock);
        thread = Thread.ofPlatform().name(name).daemon().unstarted(this::run);
    }

    /// Has a request made soon. Returns at once. After [#close()] it is dropped.
    ///
    /// @param io what may block; it sees no device's state
    /// @param end called under the machine lock with the outcome
    public void submit(Supplier<BlockStatus> io, Consumer<BlockStatus> end) {
        synchronized (monitor) {
            if (!closed) {
                waiting.add(new Request(io, end));
                if (!started) {
                    started = true;
                    thread.start();
                }
                monitor.notifyAll();
            }
        }
    }

    /// Returns once every request has ended, those that they submit as they end included: for a device that is reset
    /// or saved. The caller makes itself what still waits, under the machine lock.
    public void drain() {
        lock.lock();
        try {
            boolean interrupted = awaitThread();
            for (Request next = nextWhileDraining(); next != null; next = nextWhileDraining()) {
                make(next);
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        } finally {
            lock.unlock();
        }
    }

    /// Keeps the thread from taking another request, and waits for the one that it makes.
    private boolean awaitThread() {
        boolean interrupted = false;
        synchronized (monitor) {
            draining = true;
            while (busy) {
                try {
                    monitor.wait();
                } catch (InterruptedException _) {
                    interrupted = true;
                }
            }
        }
        return interrupted;
    }

    /// The next request after all that are made have ended, or null when there is none and the thread goes on.
    private Request nextWhileDraining() {
        end();
        synchronized (monitor) {
            draining = !waiting.isEmpty();
            busy = draining;
            monitor.notifyAll();
            return waiting.poll();
        }
    }

    private void run() {
        for (Request next = await(); next != null; next = await()) {
            make(next);
            lock.lock();
            try {
                end();
            } finally {
                lock.unlock();
            }
        }
    }

    /// Null when the queue is closed.
    private Request await() {
        synchronized (monitor) {
            while (!closed && (waiting.isEmpty() || draining)) {
                try {
                    monitor.wait();
                } catch (InterruptedException _) {
                    return null; // nobody does
                }
            }
            busy = !closed;
            return closed ? null : waiting.remove();
        }
    }

    private void make(Request request) {
        BlockStatus status = BlockStatus.IO_ERROR;
        try {
            status = request.io.get();
        } finally {
            BlockStatus outcome = status;
            synchronized (monitor) {
                busy = false;
                made.add(() -> request.end.accept(outcome));
                monitor.notifyAll();
            }
        }
    }

    /// Under the machine lock.
    private void end() {
        for (Runnable next = nextMade(); next != null; next = nextMade()) {
            next.run();
        }
    }

    private Runnable nextMade() {
        synchronized (monitor) {
            return made.poll();
        }
    }

    /// Drops what waits and returns when the request being made is over; its end is not called. Not under
    /// the machine lock. Again: does nothing.
    @Override
    public void close() {
        boolean running;
        synchronized (monitor) {
            closed = true;
            running = started;
            waiting.clear();
            monitor.notifyAll();
        }
        boolean interrupted = false;
        while (running && thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
