package straddle.launcher.console;

/// Bytes from one thread to another, in order and none lost: who puts waits while it is full, who takes while it is
/// empty.
final class ByteQueue {
    private final byte[] bytes;
    private int first;
    private int count;
    private boolean closed;

    /// @param capacity at least 1
    ByteQueue(int capacity) {
        bytes = new byte[capacity];
    }

    /// Puts all of them; once closed, drops them.
    synchronized void put(byte[] from, int offset, int length) throws InterruptedException {
        for (int i = 0; i < length; i++) {
            while (count == bytes.length && !closed) {
                wait();
            }
            if (closed) {
                return;
            }
            bytes[(first + count) % bytes.length] = from[offset + i];
            count++;
            notifyAll();
        }
    }

    /// Waits for bytes and takes as many as there are and fit.
    ///
    /// @return how many; -1 when it is closed and empty
    synchronized int take(byte[] to, int offset, int length) throws InterruptedException {
        while (count == 0 && !closed) {
            wait();
        }
        if (count == 0) {
            return -1;
        }
        int taken = Math.min(count, length);
        for (int i = 0; i < taken; i++) {
            to[offset + i] = bytes[first];
            first = (first + 1) % bytes.length;
        }
        count -= taken;
        notifyAll();
        return taken;
    }

    synchronized boolean isClosed() {
        return closed;
    }

    /// What is in it can still be taken.
    synchronized void close() {
        closed = true;
        notifyAll();
    }
}
