package straddle.machines.pc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import straddle.machines.acpi.AcpiTables;

class PcAcpiTest {
    private final byte[] bytes = new PcAcpi(3, 2, PcAddresses.ACPI).build().inPlace();
    private final ByteBuffer memory = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);

    private static int offset(long address) {
        return Math.toIntExact(address - PcAddresses.ACPI);
    }

    private String signature(int at) {
        return new String(bytes, at, 4, StandardCharsets.US_ASCII);
    }

    private int sum(int at, int length) {
        int sum = 0;
        for (int i = 0; i < length; i++) {
            sum += bytes[at + i];
        }
        return sum & 0xff;
    }

    /// Where the tables that the XSDT lists lie, itself first.
    private List<Integer> tables() {
        int xsdt = offset(memory.getLong(24));
        List<Integer> found = new ArrayList<>(List.of(xsdt));
        for (int at = xsdt + 36; at < xsdt + memory.getInt(xsdt + 4); at += 8) {
            found.add(offset(memory.getLong(at)));
        }
        return found;
    }

    @Test
    void theRootPointerLeadsToEveryTable() {
        assertEquals("RSD ", signature(0));
        assertEquals(0, sum(0, 20));
        assertEquals(0, sum(0, 36));
        assertEquals(
                List.of("XSDT", "FACP", "APIC", "HPET"),
                tables().stream().map(this::signature).toList());
    }

    @Test
    void everyTableSumsUpToZero() {
        int fadt = tables().get(1);
        List<Integer> all = new ArrayList<>(tables());
        all.add(offset(memory.getLong(fadt + 140)));
        assertEquals("DSDT", signature(all.getLast()));
        all.add(offset(memory.getInt(16)));
        assertEquals("RSDT", signature(all.getLast()));
        assertEquals(
                List.of(0, 0, 0, 0, 0, 0),
                all.stream().map(at -> sum(at, memory.getInt(at + 4))).toList());
    }

    @Test
    void theFixedTableNamesThePorts() {
        int fadt = tables().get(1);
        assertEquals(PcAddresses.ACPI_PM, memory.getInt(fadt + 56));
        assertEquals(PcAddresses.ACPI_PM + 4, memory.getInt(fadt + 64));
        assertEquals(PcAddresses.ACPI_PM + 8, memory.getInt(fadt + 76));
        assertEquals("FACS", signature(offset(memory.getLong(fadt + 132))));
        assertEquals(0, memory.getInt(fadt + 36) % 64);
    }

    @Test
    void theInterruptTableHasAnEntryForEachProcessor() {
        int madt = tables().get(2);
        int processors = 0;
        int at = madt + 44;
        while (at < madt + memory.getInt(madt + 4)) {
            processors += bytes[at] == 0 ? 1 : 0;
            at += bytes[at + 1];
        }
        assertEquals(3, processors);
        assertEquals(madt + memory.getInt(madt + 4), at);
    }

    @Test
    void processorsBeyondEightBitsAreEntriesOfTheirOwnKind() {
        byte[] many = new PcAcpi(257, 1, 0).build().tables();
        int x2apic = 0;
        for (int at = 0; at < many.length - 16; at += 2) {
            ByteBuffer entry = ByteBuffer.wrap(many, at, 16).order(ByteOrder.LITTLE_ENDIAN);
            int id = entry.getInt(at + 4);
            boolean isEntry = entry.getInt(at) == 0x1009 && entry.getInt(at + 12) == id;
            x2apic += isEntry && id >= 255 ? 1 : 0;
        }
        assertEquals(2, x2apic);
    }

    /// Plays the script as firmware does, and compares with the tables that were made for the same place.
    @Test
    void firmwareThatFollowsTheScriptMakesTheSameTables() {
        AcpiTables parts = new PcAcpi(3, 2, 0).build();
        long base = PcAddresses.ACPI + 64;
        byte[] tables = parts.tables();
        byte[] root = parts.root();
        ByteBuffer script = ByteBuffer.wrap(parts.script()).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at < script.capacity(); at += 128) {
            boolean ofRoot = script.get(at + 4 + 9) == 'r';
            byte[] file = ofRoot ? root : tables;
            switch (script.getInt(at)) {
                case 1 -> assertEquals(64, script.getInt(at + 60));
                case 2 -> addPointer(file, script.getInt(at + 116), script.get(at + 120), base);
                default ->
                        addChecksum(
                                file,
                                script.getInt(at + 60),
                                script.getInt(at + 64),
                                script.getInt(at + 68));
            }
        }
        assertArrayEquals(Arrays.copyOf(bytes, 36), root);
        assertArrayEquals(Arrays.copyOfRange(bytes, 64, 64 + tables.length), tables);
    }

    private static void addPointer(byte[] file, int offset, int width, long base) {
        ByteBuffer buffer = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        if (width == 4) {
            buffer.putInt(offset, buffer.getInt(offset) + (int) base);
        } else {
            buffer.putLong(offset, buffer.getLong(offset) + base);
        }
    }

    private static void addChecksum(byte[] file, int offset, int start, int length) {
        int sum = 0;
        for (int i = start; i < start + length; i++) {
            sum += file[i];
        }
        file[offset] -= (byte) sum;
    }
}
