package straddle.launcher.session;

import java.io.IOException;
import java.io.PrintStream;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import straddle.devices.ByteSink;

/// A guest's serial line, written to a file or terminal by a thread of its own, named `console`.
///
/// When its reader is slower than the guest, it says so ([#ready()]) and the guest waits: nothing is lost, and memory
/// is bounded. A guest that sends on regardless is held up in mid-instruction, or, if the reader is one that may be
/// away, loses what it sends. [#abandon()] ends that wait. Lock order: the machine lock → this one.
public final class SerialOutput implements ByteSink, AutoCloseable {
    private static final int CAPACITY = 1 << 16;

    /// Room enough for what a guest sends at a time, without looking between two bytes.
    private static final int READY_BELOW = CAPACITY / 2;

    private static final long PATIENCE_MILLIS = 2000;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Target target;
    private final boolean lossy;
    private final Consumer<IOException> onReaderGone;
    private final Thread thread;
    private final byte[] buffer = new byte[CAPACITY];
    private int count;
    private boolean held;
    private boolean saidNotReady;
    private boolean closing;
    private boolean abandoned;
    private volatile boolean readerGone;
    private volatile Runnable onReady = () -> {};

    /// Where the bytes go. It may block; only the console's thread calls it.
    @FunctionalInterface
    public interface Target {
        /// @throws IOException if it takes no more for good
        void write(byte[] bytes, int offset, int length) throws IOException;
    }

    /// @param onReaderGone called once, by the console thread, when the stream can't be written any more
    public SerialOutput(PrintStream out, Runnable onReaderGone) {
        this(toStream(out), false, _ -> onReaderGone.run());
    }

    /// @param lossy whether what the target does not take in time may be lost, so that it never holds a guest up
    /// @param onReaderGone called once, by the console thread, with the target's complaint
    public SerialOutput(Target target, boolean lossy, Consumer<IOException> onReaderGone) {
        this.target = target;
        this.lossy = lossy;
        this.onReaderGone = onReaderGone;
        this.thread = Thread.ofPlatform().name("console").daemon().start(this::pump);
    }

    private static Target toStream(PrintStream out) {
        return (bytes, offset, length) -> {
            out.write(bytes, offset, length);
            if (out.checkError()) {
                throw new IOException("Nobody reads standard output any more.");
            }
        };
    }

    /// Whether whoever read the stream went away.
    public boolean readerGone() {
        return readerGone;
    }

    /// Has `action` called, by the console thread, when it is ready again after it was not.
    public void onReady(Runnable action) {
        onReady = action;
    }

    @Override
    public boolean ready() {
        lock.lock();
        try {
            boolean ready = count < READY_BELOW || abandoned;
            saidNotReady |= !ready;
            return ready;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void write(int b) {
        lock.lock();
        try {
            while (count == CAPACITY && !abandoned && !lossy && !held) {
                changed.awaitUninterruptibly();
            }
            if (!abandoned && count < CAPACITY) {
                buffer[count++] = (byte) b;
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /// Keeps what the guest sends from the target, for as long as somebody else writes there; what finds no room
    /// meanwhile is lost.
    public void hold(boolean hold) {
        lock.lock();
        try {
            held = hold;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Drops what is written from now on, so that nobody waits for the stream's reader any more.
    public void abandon() {
        lock.lock();
        try {
            abandoned = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Writes what is left, as far as the reader takes it within two seconds.
    @Override
    public void close() {
        lock.lock();
        try {
            closing = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        try {
            thread.join(PATIENCE_MILLIS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private void pump() {
        byte[] chunk = new byte[CAPACITY];
        try {
            for (int taken = take(chunk); taken > 0; taken = take(chunk)) {
                sayIfReady();
                target.write(chunk, 0, taken);
            }
        } catch (IOException e) {
            readerGone = true;
            abandon();
            sayIfReady();
            onReaderGone.accept(e);
        }
    }

    /// Without the lock: whoever is told takes the machine's.
    private void sayIfReady() {
        boolean say;
        lock.lock();
        try {
            say = saidNotReady && (count < READY_BELOW || abandoned);
            saidNotReady &= !say;
        } finally {
            lock.unlock();
        }
        if (say) {
            onReady.run();
        }
    }

    /// Waits for bytes and moves them out; 0 at the end.
    private int take(byte[] chunk) {
        lock.lock();
        try {
            while ((count == 0 || held) && !closing) {
                changed.await();
            }
            int taken = count;
            System.arraycopy(buffer, 0, chunk, 0, taken);
            count = 0;
            changed.signalAll();
            return taken;
        } catch (InterruptedException _) {
            return 0;
        } finally {
            lock.unlock();
        }
    }
}
