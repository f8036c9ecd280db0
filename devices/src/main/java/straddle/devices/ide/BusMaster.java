package straddle.devices.ide;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import straddle.core.memory.AddressSpace;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.core.snapshot.Snapshotable;

/// One channel's bus master: three registers, and a walk through the table of memory regions that the guest has
/// made (Programming Interface for Bus Master IDE Controller, revision 1.0).
///
/// What lies outside RAM reads as ones, and writes to it are lost.
final class BusMaster implements Snapshotable {
    static final int COMMAND = 0;
    static final int STATUS = 2;
    static final int TABLE = 4;

    /// Bytes of registers of a channel.
    static final int LENGTH = 8;

    static final int COMMAND_START = 1;
    static final int COMMAND_TO_MEMORY = 1 << 3;
    static final int STATUS_ACTIVE = 1;
    static final int STATUS_ERROR = 1 << 1;
    static final int STATUS_INTERRUPT = 1 << 2;
    private static final int STATUS_CAPABLE = 3 << 5;

    private static final long TABLE_BITS = 0xffff_fffcL;
    private static final int ENTRY_BYTES = 8;
    private static final long END_OF_TABLE = 1L << 63;
    private static final int LARGEST_REGION = 0x1_0000;

    private final AddressSpace memory;
    private final BooleanSupplier mayMaster;
    private Runnable onStart = () -> {};
    private Runnable onStop = () -> {};
    private int command;
    private int status;
    private long table;

    /// Where the next entry is, and what is left of the present one.
    private long next;

    private long region;
    private int regionLeft;
    private boolean last;

    /// @param mayMaster whether the function's command register lets it
    BusMaster(AddressSpace memory, BooleanSupplier mayMaster) {
        this.memory = Objects.requireNonNull(memory);
        this.mayMaster = Objects.requireNonNull(mayMaster);
    }

    void listen(Runnable toStart, Runnable toStop) {
        onStart = toStart;
        onStop = toStop;
    }

    void reset() {
        command = 0;
        status = 0;
        table = 0;
        rewind();
    }

    private void rewind() {
        next = table;
        region = 0;
        regionLeft = 0;
        last = false;
    }

    int readByte(int offset) {
        return switch (offset) {
            case COMMAND -> command;
            case STATUS -> status;
            default -> offset < TABLE ? 0 : (int) (table >>> 8 * (offset - TABLE)) & 0xff;
        };
    }

    void writeByte(int offset, int value) {
        switch (offset) {
            case COMMAND -> command(value);
            case STATUS ->
                    status =
                            status & ~(value & (STATUS_ERROR | STATUS_INTERRUPT) | STATUS_CAPABLE)
                                    | value & STATUS_CAPABLE;
            default -> {
                if (offset >= TABLE) {
                    int shift = 8 * (offset - TABLE);
                    table = (table & ~(0xffL << shift) | (long) value << shift) & TABLE_BITS;
                }
            }
        }
    }

    private void command(int value) {
        boolean started = (value & ~command & COMMAND_START) != 0;
        boolean stopped = (command & ~value & COMMAND_START) != 0;
        command = value & (COMMAND_START | COMMAND_TO_MEMORY);
        if (started) {
            status |= STATUS_ACTIVE;
            rewind();
            onStart.run();
        } else if (stopped) {
            onStop.run();
            status &= ~STATUS_ACTIVE;
        }
    }

    /// Whether the guest has started it for a transfer of some direction.
    boolean isReady(boolean toMemory) {
        return (status & STATUS_ACTIVE) != 0
                && ((command & COMMAND_TO_MEMORY) != 0) == toMemory
                && mayMaster.getAsBoolean();
    }

    /// The drive interrupts.
    void noteInterrupt() {
        status |= STATUS_INTERRUPT;
    }

    /// The drive has no more to move. It stays active if the table has more.
    void finish() {
        if (last && regionLeft == 0) {
            status &= ~STATUS_ACTIVE;
        }
    }

    void fail() {
        status = status & ~STATUS_ACTIVE | STATUS_ERROR;
    }

    /// Moves bytes to or from the table's regions.
    ///
    /// @return how many: fewer than asked for where the table ends
    int move(byte[] data, int from, int length, boolean toMemory) {
        MemorySegment bytes = MemorySegment.ofArray(data);
        int done = 0;
        while (done < length && (regionLeft > 0 || nextRegion())) {
            int part = Math.min(length - done, regionLeft);
            MemorySegment slice = bytes.asSlice((long) from + done, part);
            if (toMemory) {
                memory.write(region, slice);
            } else {
                memory.read(region, slice);
            }
            region += part;
            regionLeft -= part;
            done += part;
        }
        return done;
    }

    private boolean nextRegion() {
        if (last) {
            return false;
        }
        long entry = memory.read(next, ENTRY_BYTES);
        next += ENTRY_BYTES;
        region = entry & 0xffff_fffeL;
        int count = (int) (entry >>> 32) & 0xfffe;
        regionLeft = count == 0 ? LARGEST_REGION : count;
        last = (entry & END_OF_TABLE) != 0;
        return true;
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putInt("command", command);
        out.putInt("status", status);
        out.putLong("table", table);
        out.putLong("next", next);
        out.putLong("region", region);
        out.putInt("regionLeft", regionLeft);
        out.putBoolean("last", last);
    }

    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        command = in.getInt("command", 0, COMMAND_START | COMMAND_TO_MEMORY);
        status = in.getInt("status", 0, 0x67);
        table = in.getLong("table") & TABLE_BITS;
        next = in.getLong("next") & 0x1_ffff_ffffL;
        region = in.getLong("region") & 0x1_ffff_ffffL;
        regionLeft = in.getInt("regionLeft", 0, LARGEST_REGION);
        last = in.getBoolean("last");
    }
}
