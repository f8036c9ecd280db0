package straddle.core.bus;

import java.util.Objects;

/// A device at a place on a bus. Splits accesses to the widths that the device declares and holds
/// the machine lock meanwhile.
///
/// Allocates nothing on access.
public final class IoRange {
    private final String name;
    private final long base;
    private final long length;
    private final IoDevice device;
    private final int widths;
    private final MachineLock lock;

    /// @param base first port or guest-physical address
    /// @param length bytes, at least 1
    /// @throws IllegalArgumentException if the device declares no width or a width that is no power of two up to 8
    public IoRange(String name, long base, long length, IoDevice device, MachineLock lock) {
        this.name = Objects.requireNonNull(name);
        this.base = base;
        this.length = length;
        this.device = Objects.requireNonNull(device);
        this.lock = Objects.requireNonNull(lock);
        this.widths = device.widths();
        if (widths < 1 || widths > 15) {
            throw new IllegalArgumentException(
                    name + " declares access widths 0x" + Integer.toHexString(widths));
        }
    }

    public String name() {
        return name;
    }

    public long base() {
        return base;
    }

    public long length() {
        return length;
    }

    public IoDevice device() {
        return device;
    }

    /// Reads `width` bytes at an offset within this range; bytes beyond its end float (all ones).
    public long read(long offset, int width) {
        lock.lock();
        try {
            if ((widths & width) != 0 && offset + width <= length) {
                return device.read((int) offset, width) & mask(width);
            }
            return readSplit(offset, width);
        } finally {
            lock.unlock();
        }
    }

    /// Writes `width` bytes at an offset within this range; bytes beyond its end are dropped.
    public void write(long offset, int width, long value) {
        lock.lock();
        try {
            if ((widths & width) != 0 && offset + width <= length) {
                device.write((int) offset, width, value & mask(width));
            } else {
                writeSplit(offset, width, value);
            }
        } finally {
            lock.unlock();
        }
    }

    private long readSplit(long offset, int width) {
        int part = widestWithin(width);
        long value = 0;
        for (int done = 0; done < width; done += part) {
            boolean decoded = (widths & part) != 0 && offset + done + part <= length;
            long bits = decoded ? device.read((int) offset + done, part) & mask(part) : mask(part);
            value |= bits << (8 * done);
        }
        return value;
    }

    private void writeSplit(long offset, int width, long value) {
        int part = widestWithin(width);
        for (int done = 0; done < width; done += part) {
            if ((widths & part) != 0 && offset + done + part <= length) {
                device.write((int) offset + done, part, value >>> (8 * done) & mask(part));
            }
        }
    }

    private int widestWithin(int width) {
        int narrower = widths & (2 * width - 1);
        return narrower == 0 ? width : Integer.highestOneBit(narrower);
    }

    /// All ones in the low `width` bytes: what a floating bus reads as.
    public static long mask(int width) {
        return width == 8 ? -1L : (1L << (8 * width)) - 1;
    }

    @Override
    public String toString() {
        return name
                + " at 0x"
                + Long.toHexString(base)
                + "-0x"
                + Long.toHexString(base + length - 1);
    }
}
