package straddle.devices.pci;

import java.util.Arrays;
import java.util.Objects;
import straddle.core.bus.IoDevice;
import straddle.core.irq.MessageSink;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.devices.Device;

/// A function's MSI-X structures (PCI Local Bus Specification 3.0, 6.8.2): the table of messages at offset 0 of a register
/// block of 4 KiB, the pending bits at 2 KiB.
///
/// Not thread-safe: callers hold the machine lock.
public final class MsiX implements IoDevice, Device {
    /// The capability's ID.
    public static final int CAPABILITY = 0x11;

    /// Bytes of the register block.
    public static final int LENGTH = 0x1000;

    /// As many as the table's part of the block holds.
    public static final int MAX_VECTORS = 128;

    public static final int CONTROL_ENABLE = 1 << 15;
    public static final int CONTROL_FUNCTION_MASK = 1 << 14;

    private static final int PENDING = 0x800;
    private static final int ENTRY_WORDS = 4;
    private static final int ADDRESS_LOW = 0;
    private static final int ADDRESS_HIGH = 1;
    private static final int DATA = 2;
    private static final int VECTOR_CONTROL = 3;
    private static final int MASKED = 1;

    private final int[] table;
    private final long[] pending = new long[MAX_VECTORS / Long.SIZE];
    private final MessageSink sink;
    private boolean enabled;
    private boolean functionMasked;

    /// @param vectors 1 to 128
    public MsiX(int vectors, MessageSink sink) {
        if (vectors < 1 || vectors > MAX_VECTORS) {
            throw new IllegalArgumentException(vectors + " vectors are not 1 to " + MAX_VECTORS);
        }
        table = new int[vectors * ENTRY_WORDS];
        this.sink = Objects.requireNonNull(sink);
        reset();
    }

    public int vectors() {
        return table.length / ENTRY_WORDS;
    }

    /// What follows the capability's ID and link: message control, and where table and pending bits lie.
    ///
    /// @param bar the base-address register of the block
    byte[] capability(int bar) {
        byte[] body = new byte[10];
        body[0] = (byte) (vectors() - 1);
        body[2] = (byte) bar;
        body[6] = (byte) bar;
        body[7] = (byte) (PENDING >>> 8);
        return body;
    }

    /// The guest wrote message control.
    void control(int value) {
        enabled = (value & CONTROL_ENABLE) != 0;
        functionMasked = (value & CONTROL_FUNCTION_MASK) != 0;
        for (int vector = 0; vector < vectors(); vector++) {
            sendPending(vector);
        }
    }

    /// Whether the function interrupts by messages, and no longer by its pin.
    public boolean isEnabled() {
        return enabled;
    }

    /// Interrupts, now or once the vector is unmasked. A vector that is not in the table, and any while messages are not
    /// enabled, is lost.
    public void interrupt(int vector) {
        if (enabled && vector >= 0 && vector < vectors()) {
            pending[vector >>> 6] |= 1L << vector;
            sendPending(vector);
        }
    }

    private void sendPending(int vector) {
        boolean masked =
                functionMasked || (table[vector * ENTRY_WORDS + VECTOR_CONTROL] & MASKED) != 0;
        if (enabled && !masked && (pending[vector >>> 6] & 1L << vector) != 0) {
            pending[vector >>> 6] &= ~(1L << vector);
            long low = table[vector * ENTRY_WORDS + ADDRESS_LOW] & 0xffff_fffcL;
            long high = table[vector * ENTRY_WORDS + ADDRESS_HIGH];
            sink.message(high << 32 | low, table[vector * ENTRY_WORDS + DATA]);
        }
    }

    /// The specification has doublewords and quadwords only (6.8.2).
    @Override
    public int widths() {
        return 4;
    }

    @Override
    public long read(int offset, int width) {
        int word = offset >>> 2;
        if (word < table.length) {
            return table[word] & 0xffff_ffffL;
        }
        int bits = offset - PENDING;
        return bits < 0 || bits >= MAX_VECTORS / Byte.SIZE
                ? 0
                : pending[bits >>> 3] >>> (bits & 4) * Byte.SIZE & 0xffff_ffffL;
    }

    @Override
    public void write(int offset, int width, long value) {
        int word = offset >>> 2;
        if (word < table.length) {
            table[word] = word % ENTRY_WORDS == VECTOR_CONTROL ? (int) value & MASKED : (int) value;
            sendPending(word / ENTRY_WORDS);
        }
    }

    @Override
    public void reset() {
        Arrays.fill(table, 0);
        for (int vector = 0; vector < vectors(); vector++) {
            table[vector * ENTRY_WORDS + VECTOR_CONTROL] = MASKED;
        }
        Arrays.fill(pending, 0);
        enabled = false;
        functionMasked = false;
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putInts("table", table);
        out.putLongs("pending", pending);
    }

    /// Message control is the function's to restore.
    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        System.arraycopy(in.getInts("table", table.length), 0, table, 0, table.length);
        System.arraycopy(in.getLongs("pending", pending.length), 0, pending, 0, pending.length);
        for (int vector = 0; vector < vectors(); vector++) {
            table[vector * ENTRY_WORDS + VECTOR_CONTROL] &= MASKED;
        }
    }
}
