package straddle.core.bus;

/// The x86 I/O port space: 65,536 ports, each with at most one device.
///
/// Accesses may come from any vCPU thread; each holds the machine lock while a device answers. Ports
/// without a device float: they read all ones and ignore writes (SDM volume 1, 19.3, "I/O address space").
public final class PortBus {
    public static final int PORTS = 0x1_0000;

    private final MachineLock lock;
    private final IoRange[] byPort = new IoRange[PORTS];

    public PortBus(MachineLock lock) {
        this.lock = lock;
    }

    public MachineLock lock() {
        return lock;
    }

    /// Connects a device to `count` ports from `base` on.
    ///
    /// @throws IllegalArgumentException if ports are out of range or taken
    public IoRange map(String name, int base, int count, IoDevice device) {
        if (base < 0 || count < 1 || base + count > PORTS) {
            throw new IllegalArgumentException(
                    name + ": ports " + base + " + " + count + " are not within 0 to 65535");
        }
        IoRange range = new IoRange(name, base, count, device, lock);
        lock.lock();
        try {
            for (int port = base; port < base + count; port++) {
                if (byPort[port] != null) {
                    throw new IllegalArgumentException(range + " overlaps " + byPort[port]);
                }
            }
            for (int port = base; port < base + count; port++) {
                byPort[port] = range;
            }
        } finally {
            lock.unlock();
        }
        return range;
    }

    /// Disconnects what [#map] returned.
    public void unmap(IoRange range) {
        lock.lock();
        try {
            for (int port = (int) range.base(); port < range.base() + range.length(); port++) {
                if (byPort[port] == range) {
                    byPort[port] = null;
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /// The range that owns a port, or null: for reports.
    public IoRange at(int port) {
        return byPort[port & 0xffff];
    }

    /// IN: reads 1, 2 or 4 bytes, zero-extended.
    public int read(int port, int width) {
        IoRange range = byPort[port & 0xffff];
        if (range == null) {
            return width == 1 ? 0xff : readAcross(port, width);
        }
        long offset = (port & 0xffff) - range.base();
        if (offset + width > range.length()) {
            return readAcross(port, width);
        }
        return (int) range.read(offset, width);
    }

    /// OUT: writes the low 1, 2 or 4 bytes of a value.
    public void write(int port, int width, int value) {
        IoRange range = byPort[port & 0xffff];
        if (range != null && (port & 0xffff) - range.base() + width <= range.length()) {
            range.write((port & 0xffff) - range.base(), width, value & 0xffff_ffffL);
            return;
        }
        for (int i = 0; i < width; i++) {
            IoRange each = byPort[(port + i) & 0xffff];
            if (each != null) {
                each.write(((port + i) & 0xffff) - each.base(), 1, value >>> (8 * i) & 0xff);
            }
        }
    }

    private int readAcross(int port, int width) {
        int value = 0;
        for (int i = 0; i < width; i++) {
            IoRange each = byPort[(port + i) & 0xffff];
            int bits =
                    each == null ? 0xff : (int) each.read(((port + i) & 0xffff) - each.base(), 1);
            value |= bits << (8 * i);
        }
        return value;
    }
}
