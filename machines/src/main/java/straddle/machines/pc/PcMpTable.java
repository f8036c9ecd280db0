package straddle.machines.pc;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import straddle.devices.irq.PcIrqChip;
import straddle.devices.pci.PciHost;

/// The MultiProcessor Specification's tables (version 1.4, chapter 4) of [Pc], for systems without ACPI: the
/// floating pointer, and behind it the configuration table.
final class PcMpTable {
    private static final int POINTER_BYTES = 16;
    private static final int HEADER_BYTES = 44;
    private static final int MOST_BYTES = 0x2000;
    private static final int VERSION_1_4 = 4;

    private static final int PROCESSOR = 0;
    private static final int BUS = 1;
    private static final int IO_APIC = 2;
    private static final int IO_INTERRUPT = 3;
    private static final int LOCAL_INTERRUPT = 4;

    private static final int APIC_VERSION = 0x14;
    private static final int IO_APIC_VERSION = 0x11;
    private static final int ENABLED = 1;
    private static final int BOOT_PROCESSOR = 1 << 1;
    private static final int FAMILY_6 = 0x600;
    private static final int FEATURES = 0x201;
    private static final int PCI_BUS = 0;
    private static final int ISA_BUS = 1;

    private static final int INT = 0;
    private static final int NMI = 1;
    private static final int EXT_INT = 3;
    private static final int HIGH_LEVEL = 0xd;
    private static final int ALL_APICS = 0xff;
    private static final int ISA_LINES = 16;

    private final int vcpus;
    private final ByteBuffer table = ByteBuffer.allocate(MOST_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private int entries;

    PcMpTable(int vcpus) {
        this.vcpus = vcpus;
    }

    /// Both, to be written to [PcAddresses#MP_TABLE].
    byte[] build() {
        table.position(POINTER_BYTES + HEADER_BYTES);
        for (int i = 0; i < vcpus; i++) {
            addProcessor(i);
        }
        entry(BUS).put((byte) PCI_BUS).put(ascii("PCI   "));
        entry(BUS).put((byte) ISA_BUS).put(ascii("ISA   "));
        entry(IO_APIC)
                .put((byte) 0)
                .put((byte) IO_APIC_VERSION)
                .put((byte) ENABLED)
                .putInt((int) PcAddresses.IO_APIC);
        addInterrupts();
        int end = table.position();
        writeHeader(end - POINTER_BYTES);
        writePointer();
        return Arrays.copyOf(table.array(), end);
    }

    private ByteBuffer entry(int type) {
        entries++;
        return table.put((byte) type);
    }

    private void addProcessor(int number) {
        entry(PROCESSOR)
                .put((byte) number)
                .put((byte) APIC_VERSION)
                .put((byte) (number == 0 ? ENABLED | BOOT_PROCESSOR : ENABLED))
                .putInt(FAMILY_6)
                .putInt(FEATURES)
                .putLong(0);
    }

    private void addInterrupts() {
        for (int irq = 0; irq < ISA_LINES; irq++) {
            boolean ofPci = PcAddresses.PIRQ_IRQS.contains(irq);
            if (irq != PcIrqChip.TIMER_INPUT && !ofPci) {
                int input = irq == 0 ? PcIrqChip.TIMER_INPUT : irq;
                int flags = irq == PcAddresses.SCI_IRQ ? HIGH_LEVEL : 0;
                interrupt(IO_INTERRUPT, INT, flags, ISA_BUS, irq, 0, input);
            }
        }
        for (int slot = 1; slot < PciHost.SLOTS; slot++) {
            for (int pin = 0; pin < 4; pin++) {
                int irq = PcAddresses.PIRQ_IRQS.get(PciHost.pirq(slot, pin + 1));
                interrupt(IO_INTERRUPT, INT, HIGH_LEVEL, PCI_BUS, slot << 2 | pin, 0, irq);
            }
        }
        interrupt(LOCAL_INTERRUPT, EXT_INT, 0, ISA_BUS, 0, 0, 0);
        interrupt(LOCAL_INTERRUPT, NMI, 0, ISA_BUS, 0, ALL_APICS, 1);
    }

    private void interrupt(
            int entry, int type, int flags, int bus, int source, int apic, int input) {
        entry(entry)
                .put((byte) type)
                .putShort((short) flags)
                .put((byte) bus)
                .put((byte) source)
                .put((byte) apic)
                .put((byte) input);
    }

    private void writeHeader(int length) {
        int at = POINTER_BYTES;
        table.put(at, ascii("PCMP"));
        table.putShort(at + 4, (short) length);
        table.put(at + 6, (byte) VERSION_1_4);
        table.put(at + 8, ascii("STRADDLE"));
        table.put(at + 16, ascii("PC          "));
        table.putShort(at + 34, (short) entries);
        table.putInt(at + 36, (int) PcAddresses.LOCAL_APIC);
        table.put(at + 7, checksum(at, length));
    }

    private void writePointer() {
        table.put(0, ascii("_MP_"));
        table.putInt(4, (int) PcAddresses.MP_TABLE + POINTER_BYTES);
        table.put(8, (byte) 1);
        table.put(9, (byte) VERSION_1_4);
        table.put(10, checksum(0, POINTER_BYTES));
    }

    private byte checksum(int at, int length) {
        int sum = 0;
        for (int i = 0; i < length; i++) {
            sum += table.get(at + i);
        }
        return (byte) -sum;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
