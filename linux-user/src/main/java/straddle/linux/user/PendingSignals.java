package straddle.linux.user;

import java.util.ArrayDeque;
import java.util.Deque;

/// Signals that wait for a process, or for one of its threads, in the order in which they came; under the kernel's lock.
final class PendingSignals {
    private final Deque<Signal.Info> queue = new ArrayDeque<>();
    private volatile long set;

    /// Which there are: bit n - 1 is signal n. Any thread, with or without the lock.
    long set() {
        return set;
    }

    /// Adds one; false if it is lost, because it waits already or too many do.
    boolean add(Signal.Info info) {
        long bit = Signal.bit(info.signal());
        boolean lost =
                Signal.coalesces(info.signal())
                        ? (set & bit) != 0
                        : queue.size() >= Signal.MOST_PENDING;
        if (!lost) {
            queue.add(info);
            set |= bit;
        }
        return !lost;
    }

    /// Takes the first one of a set away, or null.
    Signal.Info take(long wanted) {
        for (Signal.Info each : queue) {
            int signal = each.signal();
            if ((Signal.bit(signal) & wanted) != 0) {
                queue.remove(each);
                if (queue.stream().noneMatch(other -> other.signal() == signal)) {
                    set &= ~Signal.bit(signal);
                }
                return each;
            }
        }
        return null;
    }
}
