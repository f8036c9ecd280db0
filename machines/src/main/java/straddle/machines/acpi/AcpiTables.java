package straddle.machines.acpi;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// Lays out a set of ACPI tables in memory (ACPI 6.5, chapter 5): a table is added with its body, and
/// gets its header, its checksum and a place; the last step makes the XSDT and the root pointer.
public final class AcpiTables {
    /// Bytes of a table's header.
    public static final int HEADER_BYTES = 36;

    private static final int RSDP_BYTES = 36;
    private static final int ALIGNMENT = 64;
    private static final String OEM = "STRDDL";
    private static final String OEM_TABLE = "STRADDLE";

    private final long base;
    private final ByteBuffer memory;
    private final List<Long> listed = new ArrayList<>();
    private int used = ALIGNMENT;

    /// @param base guest-physical address of the root pointer, a multiple of 64
    /// @param length bytes that are free from there on
    public AcpiTables(long base, int length) {
        this.base = base;
        memory = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    }

    /// Adds a table that the XSDT lists; returns its address.
    public long add(String signature, int revision, byte[] body) {
        long at = addUnlisted(signature, revision, body);
        listed.add(at);
        return at;
    }

    /// Adds a table that another one points to.
    public long addUnlisted(String signature, int revision, byte[] body) {
        byte[] table = new byte[HEADER_BYTES + body.length];
        ByteBuffer header = ByteBuffer.wrap(table).order(ByteOrder.LITTLE_ENDIAN);
        header.put(0, ascii(signature));
        header.putInt(4, table.length);
        header.put(8, (byte) revision);
        header.put(10, ascii(OEM));
        header.put(16, ascii(OEM_TABLE));
        header.putInt(24, 1);
        header.put(28, ascii("STRD"));
        header.putInt(32, 1);
        header.put(HEADER_BYTES, body);
        header.put(9, checksum(table, table.length));
        return place(table);
    }

    /// Puts bytes that are no table with a header into memory: the FACS.
    public long place(byte[] bytes) {
        int at = used;
        memory.put(at, bytes);
        used = at + bytes.length + ALIGNMENT - 1 & -ALIGNMENT;
        return base + at;
    }

    /// The finished memory, to be written from the base on; the root pointer stands at its start.
    public byte[] finish() {
        ByteBuffer pointers = ByteBuffer.allocate(8 * listed.size()).order(ByteOrder.LITTLE_ENDIAN);
        listed.forEach(pointers::putLong);
        long xsdt = addUnlisted("XSDT", 1, pointers.array());
        byte[] rsdp = new byte[RSDP_BYTES];
        ByteBuffer root = ByteBuffer.wrap(rsdp).order(ByteOrder.LITTLE_ENDIAN);
        root.put(0, ascii("RSD PTR "));
        root.put(9, ascii(OEM));
        root.put(15, (byte) 2);
        root.putInt(20, RSDP_BYTES);
        root.putLong(24, xsdt);
        root.put(8, checksum(rsdp, 20));
        root.put(32, checksum(rsdp, RSDP_BYTES));
        memory.put(0, rsdp);
        return memory.array();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /// What makes the first bytes sum up to 0.
    private static byte checksum(byte[] bytes, int length) {
        int sum = 0;
        for (int i = 0; i < length; i++) {
            sum += bytes[i];
        }
        return (byte) -sum;
    }
}
