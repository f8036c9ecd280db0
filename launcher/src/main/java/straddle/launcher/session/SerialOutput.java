package straddle.launcher.session;

import java.io.PrintStream;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import straddle.devices.ByteSink;

/// The guest's serial line, written to a stream by a thread of its own, named `console`.
///
/// When the stream's reader is slower than the guest, the guest waits: nothing is lost, and memory is bounded.
/// [#abandon()] ends that wait. Lock order: the machine lock → this one.
public final class SerialOutput implements ByteSink, AutoCloseable {
    private static final int CAPACITY = 1 << 16;
    private static final long PATIENCE_MILLIS = 2000;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final PrintStream out;
    private final Runnable onReaderGone;
    private final Thread thread;
    private final byte[] buffer = new byte[CAPACITY];
    private int count;
    private boolean closing;
    private boolean abandoned;
    private volatile boolean readerGone;

    /// @param onReaderGone called once, by the console thread, when the stream can't be written any more
    public SerialOutput(PrintStream out, Runnable onReaderGone) {
        this.out = out;
        this.onReaderGone = onReaderGone;
        this.thread = Thread.ofPlatform().name("console").daemon().start(this::pump);
    }

    /// Whether whoever read the stream went away.
    public boolean readerGone() {
        return readerGone;
    }

    @Override
    public void write(int b) {
        lock.lock();
        try {
            while (count == CAPACITY && !abandoned) {
                changed.awaitUninterruptibly();
            }
            if (!abandoned) {
                buffer[count++] = (byte) b;
                changed.signalAll();
            }
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
        for (int taken = take(chunk); taken > 0; taken = take(chunk)) {
            out.write(chunk, 0, taken);
            if (out.checkError()) {
                readerGone = true;
                abandon();
                onReaderGone.run();
                return;
            }
        }
    }

    /// Waits for bytes and moves them out; 0 at the end.
    private int take(byte[] chunk) {
        lock.lock();
        try {
            while (count == 0 && !closing) {
                changed.awaitNanos(TimeUnit.SECONDS.toNanos(1));
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
