package straddle.launcher.console;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import straddle.machines.SerialPort;

/// Brings bytes to a guest's serial port by a thread of its own, at the pace of the guest; whoever types does not wait,
/// until a megabyte does. What a guest has not read when it resets, the next one gets.
final class Typist implements AutoCloseable {
    private static final int CAPACITY = 1 << 20;
    private static final int CHUNK = 256;

    private final ByteQueue queue = new ByteQueue(CAPACITY);
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition connected = lock.newCondition();
    private SerialPort port;
    private boolean closed;

    /// @param name of the thread
    Typist(String name) {
        Thread.ofPlatform().name(name).daemon().start(this::send);
    }

    void connect(SerialPort to) {
        exchange(to);
    }

    void disconnect() {
        exchange(null);
    }

    private void exchange(SerialPort next) {
        lock.lock();
        try {
            if (port != null) {
                port.disconnect();
            }
            port = next;
            connected.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void type(byte[] bytes, int offset, int length) throws InterruptedException {
        queue.put(bytes, offset, length);
    }

    /// Sends a break, after what was typed so far has been sent or not.
    void typeBreak() {
        SerialPort to;
        lock.lock();
        try {
            to = port;
        } finally {
            lock.unlock();
        }
        if (to != null) {
            to.sendBreak();
        }
    }

    private void send() {
        byte[] chunk = new byte[CHUNK];
        try {
            int count = queue.take(chunk, 0, CHUNK);
            while (count > 0) {
                int sent = 0;
                while (sent < count) {
                    SerialPort to = awaitPort();
                    if (to == null) {
                        return;
                    }
                    sent += to.send(chunk, sent, count - sent);
                }
                count = queue.take(chunk, 0, CHUNK);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private SerialPort awaitPort() throws InterruptedException {
        lock.lock();
        try {
            while (port == null && !closed) {
                connected.await();
            }
            return closed ? null : port;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        queue.close();
        lock.lock();
        try {
            closed = true;
            exchange(null);
        } finally {
            lock.unlock();
        }
    }
}
