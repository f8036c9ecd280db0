package straddle.devices.dma;

import java.util.Arrays;
import straddle.core.bus.ByteDevice;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.devices.Device;

/// One 8237A: the registers of four channels.
final class Dma8237 implements ByteDevice, Device {
    static final int COMMAND = 8;
    static final int REQUEST = 9;
    static final int SINGLE_MASK = 10;
    static final int MODE = 11;
    static final int CLEAR_POINTER = 12;
    static final int MASTER_CLEAR = 13;
    static final int CLEAR_MASK = 14;
    static final int ALL_MASK = 15;

    private static final int CHANNELS = 4;
    private static final int COMMAND_DISABLE = 1 << 2;
    private static final int MODE_AUTO = 1 << 4;
    private static final int MODE_DOWN = 1 << 5;
    private static final int MODE_TYPE_SHIFT = 2;
    private static final int MODE_SELECT_SHIFT = 6;
    private static final int MODE_CASCADE = 3;
    private static final int SET = 1 << 2;
    private static final int ALL = 0xf;

    private final int[] baseAddress = new int[CHANNELS];
    private final int[] baseCount = new int[CHANNELS];
    private final int[] address = new int[CHANNELS];
    private final int[] count = new int[CHANNELS];
    private final int[] mode = new int[CHANNELS];
    private int command;
    private int mask = ALL;
    private int terminal;
    private int requests;

    /// Which byte of an address or count is next.
    private boolean high;

    Dma8237() {}

    @Override
    public void reset() {
        Arrays.fill(baseAddress, 0);
        Arrays.fill(baseCount, 0);
        Arrays.fill(address, 0);
        Arrays.fill(count, 0);
        Arrays.fill(mode, 0);
        masterClear();
    }

    private void masterClear() {
        command = 0;
        mask = ALL;
        terminal = 0;
        requests = 0;
        high = false;
    }

    boolean isDisabled() {
        return (command & COMMAND_DISABLE) != 0;
    }

    boolean isMasked(int channel) {
        return (mask >>> channel & 1) != 0;
    }

    int transferType(int channel) {
        return mode[channel] >>> MODE_TYPE_SHIFT & 3;
    }

    /// Whether a device's transfer of some direction can go ahead; a channel that verifies takes both.
    boolean serves(int channel, int direction) {
        int type = transferType(channel);
        return !isDisabled()
                && !isMasked(channel)
                && mode[channel] >>> MODE_SELECT_SHIFT != MODE_CASCADE
                && (type == direction || type == DmaPair.MODE_VERIFY);
    }

    /// Where the next unit goes, in units.
    int address(int channel) {
        return address[channel];
    }

    /// A unit has been moved.
    void step(int channel) {
        int step = (mode[channel] & MODE_DOWN) != 0 ? -1 : 1;
        address[channel] = address[channel] + step & 0xffff;
        count[channel] = count[channel] - 1 & 0xffff;
        if (count[channel] == 0xffff) {
            terminal |= 1 << channel;
            requests &= ~(1 << channel);
            if ((mode[channel] & MODE_AUTO) != 0) {
                address[channel] = baseAddress[channel];
                count[channel] = baseCount[channel];
            } else {
                mask |= 1 << channel;
            }
        }
    }

    @Override
    public int read(int offset) {
        if (offset < COMMAND) {
            int channel = offset >>> 1;
            int value = (offset & 1) == 0 ? address[channel] : count[channel];
            int shown = high ? value >>> 8 : value & 0xff;
            high = !high;
            return shown;
        }
        return switch (offset) {
            case COMMAND -> {
                int status = terminal | requests << CHANNELS;
                terminal = 0;
                yield status;
            }
            case ALL_MASK -> mask | 0xf0;
            default -> 0;
        };
    }

    @Override
    public void write(int offset, int value) {
        if (offset < COMMAND) {
            int channel = offset >>> 1;
            int[] base = (offset & 1) == 0 ? baseAddress : baseCount;
            int[] current = (offset & 1) == 0 ? address : count;
            base[channel] =
                    high ? base[channel] & 0xff | value << 8 : base[channel] & 0xff00 | value;
            current[channel] = base[channel];
            high = !high;
            return;
        }
        switch (offset) {
            case COMMAND -> command = value;
            case REQUEST -> requests = changed(requests, value);
            case SINGLE_MASK -> mask = changed(mask, value);
            case MODE -> mode[value & 3] = value & 0xfc;
            case CLEAR_POINTER -> high = false;
            case MASTER_CLEAR -> masterClear();
            case CLEAR_MASK -> mask = 0;
            default -> mask = value & ALL;
        }
    }

    private static int changed(int bits, int value) {
        int bit = 1 << (value & 3);
        return (value & SET) != 0 ? bits | bit : bits & ~bit;
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putInts("baseAddress", baseAddress);
        out.putInts("baseCount", baseCount);
        out.putInts("address", address);
        out.putInts("count", count);
        out.putInts("mode", mode);
        out.putInt("command", command);
        out.putInt("mask", mask);
        out.putInt("terminal", terminal);
        out.putInt("requests", requests);
        out.putBoolean("high", high);
    }

    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        take(in, "baseAddress", baseAddress, 0xffff);
        take(in, "baseCount", baseCount, 0xffff);
        take(in, "address", address, 0xffff);
        take(in, "count", count, 0xffff);
        take(in, "mode", mode, 0xfc);
        command = in.getInt("command", 0, 0xff);
        mask = in.getInt("mask", 0, ALL);
        terminal = in.getInt("terminal", 0, ALL);
        requests = in.getInt("requests", 0, ALL);
        high = in.getBoolean("high");
    }

    private static void take(SnapshotReader in, String name, int[] to, int bits)
            throws SnapshotException {
        int[] saved = in.getInts(name, CHANNELS);
        for (int i = 0; i < CHANNELS; i++) {
            to[i] = saved[i] & bits;
        }
    }
}
