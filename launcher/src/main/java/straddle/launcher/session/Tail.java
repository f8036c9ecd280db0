package straddle.launcher.session;

import java.nio.charset.StandardCharsets;
import straddle.devices.ByteSink;

/// The last of what a guest said, in case it fails.
public final class Tail implements ByteSink {
    private static final int CAPACITY = 2048;

    private final byte[] bytes = new byte[CAPACITY];
    private int count;

    public Tail() {}

    @Override
    public synchronized void write(int b) {
        if (count == CAPACITY) {
            System.arraycopy(bytes, CAPACITY / 2, bytes, 0, CAPACITY / 2);
            count = CAPACITY / 2;
        }
        bytes[count++] = (byte) b;
    }

    @Override
    public synchronized String toString() {
        return new String(bytes, 0, count, StandardCharsets.US_ASCII).replace("\r", "");
    }
}
