package straddle.launcher.session;

import java.time.Duration;

/// Ends what takes too long.
final class Watchdog {
    private final Duration limit;
    private final Runnable stop;
    private final Thread thread;
    private volatile boolean barked;

    /// @param limit zero for none
    Watchdog(Duration limit, Runnable stop) {
        this.limit = limit;
        this.stop = stop;
        thread = Thread.ofPlatform().name("watchdog").daemon().unstarted(this::watch);
    }

    void start() {
        if (limit.isPositive()) {
            thread.start();
        }
    }

    private void watch() {
        try {
            Thread.sleep(limit);
            barked = true;
            stop.run();
        } catch (InterruptedException _) {
            // Dismissed: the guest has ended by itself.
        }
    }

    /// @return whether the limit was reached
    boolean dismiss() throws InterruptedException {
        thread.interrupt();
        thread.join();
        return barked;
    }
}
