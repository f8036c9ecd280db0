package straddle.machines.pc;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PcAcpiTest {
    private final byte[] bytes = new PcAcpi(3, 2).build();
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
                List.of("XSDT", "FACP", "APIC"), tables().stream().map(this::signature).toList());
    }

    @Test
    void everyTableSumsUpToZero() {
        int fadt = tables().get(1);
        List<Integer> all = new ArrayList<>(tables());
        all.add(offset(memory.getLong(fadt + 140)));
        assertEquals("DSDT", signature(all.getLast()));
        assertEquals(
                List.of(0, 0, 0, 0),
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
}
