package straddle.launcher.session;

import java.io.PrintStream;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/// Ctrl-C and SIGTERM: the running guest stops, its memory and descriptors go, and the process ends with 128 plus
/// the signal's number, which is the JVM's own doing.
///
/// No signal handler is involved: the JVM answers both signals by its shutdown hooks, of which this is one.
public final class Interruption {
    private static final long PATIENCE_SECONDS = 5;

    private final AtomicReference<Guard> running = new AtomicReference<>();
    private volatile boolean happened;
    private volatile boolean disarmed;

    public Interruption() {}

    /// Has the JVM call [#interrupt()] when a signal ends the process.
    public void arm(PrintStream err) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> onShutdown(err), "interruption"));
    }

    /// The process ends by itself: from now on its end is no interruption.
    public void disarm() {
        disarmed = true;
    }

    public boolean happened() {
        return happened;
    }

    /// Opens a guard: while it is open, an interruption waits for it to close.
    public Guard guard() {
        Guard guard = new Guard();
        running.set(guard);
        return guard;
    }

    /// Stops what runs and waits, for a few seconds at most, until it has cleaned up.
    public void interrupt() {
        happened = true;
        Guard guard = running.get();
        if (guard == null) {
            return;
        }
        guard.stop.get().run();
        try {
            guard.closed.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /// Stops what runs, if anything does, and doesn't wait. For reasons other than a signal.
    public void stopRunning() {
        Guard guard = running.get();
        if (guard != null) {
            guard.stop.get().run();
        }
    }

    private void onShutdown(PrintStream err) {
        if (!disarmed) {
            interrupt();
            err.println();
            err.println("straddle: Interrupted.");
        }
    }

    /// Something that an interruption stops.
    public final class Guard implements AutoCloseable {
        private final AtomicReference<Runnable> stop = new AtomicReference<>(() -> {});
        private final CountDownLatch closed = new CountDownLatch(1);

        private Guard() {}

        /// Has an interruption call `action`; at once, if there was one.
        public void onInterrupt(Runnable action) {
            stop.set(action);
            if (happened) {
                action.run();
            }
        }

        @Override
        public void close() {
            running.compareAndSet(this, null);
            closed.countDown();
        }
    }
}
