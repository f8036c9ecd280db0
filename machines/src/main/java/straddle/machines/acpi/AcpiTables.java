package straddle.machines.acpi;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Lays out a set of ACPI tables (ACPI 6.5, chapter 5): a table is added with its body, and gets its header,
/// its checksum and a place; the last step makes the RSDT, the XSDT and the root pointer.
///
/// They come [#inPlace()], or in parts that firmware places itself as a [#script()] tells it: then all addresses count
/// from the tables' start.
public final class AcpiTables {
    /// Bytes of a table's header.
    public static final int HEADER_BYTES = 36;

    /// The names of the parts, as the script has them.
    public static final String TABLES_FILE = "etc/acpi/tables";

    public static final String ROOT_FILE = "etc/acpi/rsdp";

    private static final int RSDP_BYTES = 36;
    private static final int RSDP_BYTES_1_0 = 20;
    private static final int RSDP_CHECKSUM = 8;
    private static final int RSDP_RSDT = 16;
    private static final int RSDP_XSDT = 24;
    private static final int RSDP_EXTENDED_CHECKSUM = 32;
    private static final int TABLE_LENGTH = 4;
    private static final int TABLE_CHECKSUM = 9;
    private static final int ALIGNMENT = 64;
    private static final String OEM = "STRDDL";
    private static final String OEM_TABLE = "STRADDLE";

    private static final int SCRIPT_ENTRY_BYTES = 128;
    private static final int FILE_NAME_BYTES = 56;
    private static final int ALLOCATE = 1;
    private static final int ADD_POINTER = 2;
    private static final int ADD_CHECKSUM = 3;
    private static final int ZONE_HIGH = 1;
    private static final int ZONE_BIOS = 2;

    /// An address within a table, of 4 or 8 bytes.
    public record Pointer(int offset, int bytes) {}

    private final long base;
    private final ByteBuffer memory;
    private final List<Long> listed = new ArrayList<>();
    private final List<Pointer> pointers = new ArrayList<>();
    private final List<Integer> pointing = new ArrayList<>();
    private final byte[] root = new byte[RSDP_BYTES];
    private int used;

    /// @param base guest-physical address of the root pointer, a multiple of 64, or 0 if firmware places the parts
    /// @param length bytes that are free from there on
    public AcpiTables(long base, int length) {
        this.base = base;
        memory = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        used = base == 0 ? 0 : ALIGNMENT;
    }

    /// Adds a table that the XSDT lists; returns its address.
    ///
    /// @param places of addresses in it, counted from the table's start
    public long add(String signature, int revision, byte[] body, Pointer... places) {
        long at = addUnlisted(signature, revision, body, places);
        listed.add(at);
        return at;
    }

    /// Adds a table that another one points to.
    public long addUnlisted(String signature, int revision, byte[] body, Pointer... places) {
        byte[] table = new byte[HEADER_BYTES + body.length];
        ByteBuffer header = ByteBuffer.wrap(table).order(ByteOrder.LITTLE_ENDIAN);
        header.put(0, ascii(signature));
        header.putInt(TABLE_LENGTH, table.length);
        header.put(8, (byte) revision);
        header.put(10, ascii(OEM));
        header.put(16, ascii(OEM_TABLE));
        header.putInt(24, 1);
        header.put(28, ascii("STRD"));
        header.putInt(32, 1);
        header.put(HEADER_BYTES, body);
        header.put(TABLE_CHECKSUM, checksum(table, 0, table.length));
        long address = place(table);
        int at = (int) (address - base);
        for (Pointer each : places) {
            pointers.add(new Pointer(at + each.offset, each.bytes));
        }
        if (places.length > 0) {
            pointing.add(at);
        }
        return address;
    }

    /// Puts bytes that are no table with a header into memory: the FACS.
    public long place(byte[] bytes) {
        int at = used;
        memory.put(at, bytes);
        used = at + bytes.length + ALIGNMENT - 1 & -ALIGNMENT;
        return base + at;
    }

    /// Makes the root tables; nothing can be added any more.
    public AcpiTables finish() {
        long rsdt = addList("RSDT", 4);
        long xsdt = addList("XSDT", 8);
        ByteBuffer bytes = ByteBuffer.wrap(root).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put(0, ascii("RSD PTR "));
        bytes.put(9, ascii(OEM));
        bytes.put(15, (byte) 2);
        bytes.putInt(RSDP_RSDT, (int) rsdt);
        bytes.putInt(20, RSDP_BYTES);
        bytes.putLong(RSDP_XSDT, xsdt);
        bytes.put(RSDP_CHECKSUM, checksum(root, 0, RSDP_BYTES_1_0));
        bytes.put(RSDP_EXTENDED_CHECKSUM, checksum(root, 0, RSDP_BYTES));
        return this;
    }

    private long addList(String signature, int width) {
        ByteBuffer body = ByteBuffer.allocate(width * listed.size()).order(ByteOrder.LITTLE_ENDIAN);
        Pointer[] places = new Pointer[listed.size()];
        for (int i = 0; i < places.length; i++) {
            places[i] = new Pointer(HEADER_BYTES + width * i, width);
            if (width == 4) {
                body.putInt(listed.get(i).intValue());
            } else {
                body.putLong(listed.get(i));
            }
        }
        return addUnlisted(signature, 1, body.array(), places);
    }

    /// The finished memory, to be written from the base on; the root pointer stands at its start.
    public byte[] inPlace() {
        memory.put(0, root);
        return memory.array();
    }

    /// The root pointer alone.
    public byte[] root() {
        return root.clone();
    }

    /// All tables but the root pointer.
    public byte[] tables() {
        return Arrays.copyOf(memory.array(), used);
    }

    /// What firmware does with the parts, in the format of QEMU's table loader (its documentation,
    /// "ACPI linker/loader"): places them, makes every address in them right, and then the checksums.
    public byte[] script() {
        int count = 2 + pointers.size() + pointing.size() + 4;
        ByteBuffer script =
                ByteBuffer.allocate(SCRIPT_ENTRY_BYTES * count).order(ByteOrder.LITTLE_ENDIAN);
        allocate(script, ROOT_FILE, ZONE_BIOS);
        allocate(script, TABLES_FILE, ZONE_HIGH);
        for (Pointer each : pointers) {
            pointer(script, TABLES_FILE, each);
        }
        for (int table : pointing) {
            int length = memory.getInt(table + TABLE_LENGTH);
            sum(script, TABLES_FILE, table + TABLE_CHECKSUM, table, length);
        }
        pointer(script, ROOT_FILE, new Pointer(RSDP_RSDT, 4));
        pointer(script, ROOT_FILE, new Pointer(RSDP_XSDT, 8));
        sum(script, ROOT_FILE, RSDP_CHECKSUM, 0, RSDP_BYTES_1_0);
        sum(script, ROOT_FILE, RSDP_EXTENDED_CHECKSUM, 0, RSDP_BYTES);
        return script.array();
    }

    private static void allocate(ByteBuffer script, String file, int zone) {
        int at = script.position();
        script.putInt(ALLOCATE).put(name(file)).putInt(ALIGNMENT).put((byte) zone);
        script.position(at + SCRIPT_ENTRY_BYTES);
    }

    private static void pointer(ByteBuffer script, String file, Pointer pointer) {
        int at = script.position();
        script.putInt(ADD_POINTER).put(name(file)).put(name(TABLES_FILE));
        script.putInt(pointer.offset).put((byte) pointer.bytes);
        script.position(at + SCRIPT_ENTRY_BYTES);
    }

    private static void sum(ByteBuffer script, String file, int where, int start, int length) {
        int at = script.position();
        script.putInt(ADD_CHECKSUM).put(name(file)).putInt(where).putInt(start).putInt(length);
        script.position(at + SCRIPT_ENTRY_BYTES);
    }

    private static byte[] name(String file) {
        return Arrays.copyOf(ascii(file), FILE_NAME_BYTES);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /// What makes some bytes sum up to 0.
    private static byte checksum(byte[] bytes, int from, int length) {
        int sum = 0;
        for (int i = from; i < from + length; i++) {
            sum += bytes[i];
        }
        return (byte) -sum;
    }
}
