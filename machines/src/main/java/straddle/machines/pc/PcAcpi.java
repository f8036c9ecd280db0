package straddle.machines.pc;

import static straddle.machines.acpi.Aml.device;
import static straddle.machines.acpi.Aml.eisaId;
import static straddle.machines.acpi.Aml.integer;
import static straddle.machines.acpi.Aml.named;
import static straddle.machines.acpi.Aml.pack;
import static straddle.machines.acpi.Aml.scope;
import static straddle.machines.acpi.Aml.string;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import straddle.devices.acpi.AcpiPm;
import straddle.devices.acpi.ResetControl;
import straddle.devices.dma.DmaPair;
import straddle.devices.firmware.FwCfg;
import straddle.devices.irq.PcIrqChip;
import straddle.devices.pci.PciHost;
import straddle.devices.serial.Uart16550;
import straddle.devices.timer.Hpet;
import straddle.machines.acpi.AcpiTables;
import straddle.machines.acpi.Aml;
import straddle.machines.acpi.Resources;

/// The ACPI tables that describe [Pc].
final class PcAcpi {
    private static final int FADT_BYTES = 244;
    private static final int FADT_REVISION = 4;
    private static final int FADT_FACS = 36;
    private static final int FADT_DSDT = 40;
    private static final int FADT_X_FACS = 132;
    private static final int FADT_X_DSDT = 140;
    private static final int FADT_WBINVD = 1;
    private static final int FADT_PROC_C1 = 1 << 2;
    private static final int FADT_NO_SLEEP_BUTTON = 1 << 5;
    private static final int FADT_TMR_VAL_EXT = 1 << 8;
    private static final int FADT_RESET_REG_SUP = 1 << 10;
    private static final int BOOT_ARCH_LEGACY_DEVICES = 1;
    private static final int BOOT_ARCH_8042 = 1 << 1;
    private static final int BOOT_ARCH_NO_VGA = 1 << 2;
    private static final int UNSUPPORTED_LATENCY = 0xfff;
    private static final int CENTURY = 0x32;

    private static final int GAS_MEMORY = 0;
    private static final int GAS_IO = 1;
    private static final int GAS_BYTES = 12;

    private static final int MADT_LOCAL_APIC = 0;
    private static final int MADT_IO_APIC = 1;
    private static final int MADT_OVERRIDE = 2;
    private static final int MADT_LOCAL_APIC_NMI = 4;
    private static final int MADT_LOCAL_X2APIC = 9;
    private static final int MADT_PCAT_COMPAT = 1;
    private static final int FLAGS_HIGH_LEVEL = 0xd;
    private static final int ALL_PROCESSORS = 0xff;

    /// Shortest period in which a periodic interrupt is not lost.
    private static final int HPET_TICKS = 1000;

    /// Present and working, but nothing for a user to see (6.3.7).
    private static final int STA_HIDDEN = 0xb;

    private static final int FACS_BYTES = 64;

    private final int vcpus;
    private final int serialPorts;

    private final long base;

    /// @param serialPorts 0 to 4
    /// @param base where they will lie, or 0 if firmware places them
    PcAcpi(int vcpus, int serialPorts, long base) {
        this.vcpus = vcpus;
        this.serialPorts = serialPorts;
        this.base = base;
    }

    /// The finished tables. There is no MCFG: an i440FX has no memory-mapped PCI configuration.
    AcpiTables build() {
        AcpiTables tables = new AcpiTables(base, PcAddresses.ACPI_LENGTH);
        long facs = tables.place(facs());
        long dsdt = tables.addUnlisted("DSDT", 2, dsdt());
        tables.add(
                "FACP",
                FADT_REVISION,
                fadt(facs, dsdt),
                new AcpiTables.Pointer(FADT_FACS, 4),
                new AcpiTables.Pointer(FADT_DSDT, 4),
                new AcpiTables.Pointer(FADT_X_FACS, 8),
                new AcpiTables.Pointer(FADT_X_DSDT, 8));
        tables.add("APIC", 3, madt());
        tables.add("HPET", 1, hpet());
        return tables.finish();
    }

    private static byte[] facs() {
        byte[] facs = new byte[FACS_BYTES];
        facs[0] = 'F';
        facs[1] = 'A';
        facs[2] = 'C';
        facs[3] = 'S';
        facs[4] = FACS_BYTES;
        facs[32] = 1;
        return facs;
    }

    private static byte[] fadt(long facs, long dsdt) {
        ByteBuffer table = ByteBuffer.allocate(FADT_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        int event = PcAddresses.ACPI_PM + AcpiPm.PM1_EVENT;
        int control = PcAddresses.ACPI_PM + AcpiPm.PM1_CONTROL;
        int timer = PcAddresses.ACPI_PM + AcpiPm.PM_TIMER;
        table.putInt(FADT_FACS, (int) facs);
        table.putInt(FADT_DSDT, (int) dsdt);
        table.putShort(46, (short) PcAddresses.SCI_IRQ);
        table.putInt(56, event);
        table.putInt(64, control);
        table.putInt(76, timer);
        table.put(88, (byte) 4);
        table.put(89, (byte) 2);
        table.put(91, (byte) 4);
        table.putShort(96, (short) UNSUPPORTED_LATENCY);
        table.putShort(98, (short) UNSUPPORTED_LATENCY);
        table.put(108, (byte) CENTURY);
        table.putShort(109, (short) (BOOT_ARCH_LEGACY_DEVICES | BOOT_ARCH_8042 | BOOT_ARCH_NO_VGA));
        table.putInt(
                112,
                FADT_WBINVD
                        | FADT_PROC_C1
                        | FADT_NO_SLEEP_BUTTON
                        | FADT_TMR_VAL_EXT
                        | FADT_RESET_REG_SUP);
        table.put(116, ioAddress(PcAddresses.RESET_CONTROL, 1));
        table.put(128, (byte) ResetControl.RESET);
        table.putLong(FADT_X_FACS, facs);
        table.putLong(FADT_X_DSDT, dsdt);
        table.put(148, ioAddress(event, 4));
        table.put(172, ioAddress(control, 2));
        table.put(208, ioAddress(timer, 4));
        byte[] body = new byte[FADT_BYTES - AcpiTables.HEADER_BYTES];
        table.get(AcpiTables.HEADER_BYTES, body);
        return body;
    }

    /// A generic address structure for ports (5.2.3.2).
    private static byte[] ioAddress(int port, int bytes) {
        byte[] address = new byte[GAS_BYTES];
        address[0] = GAS_IO;
        address[1] = (byte) (8 * bytes);
        address[3] = (byte) (bytes == 4 ? 3 : bytes);
        address[4] = (byte) port;
        address[5] = (byte) (port >>> 8);
        return address;
    }

    private byte[] madt() {
        List<byte[]> parts = new ArrayList<>();
        parts.add(words(PcAddresses.LOCAL_APIC, 4, MADT_PCAT_COMPAT, 4));
        for (int i = 0; i < vcpus; i++) {
            parts.add(processorEntry(i));
        }
        parts.add(words(MADT_IO_APIC, 1, 12, 1, 0, 1, 0, 1, PcAddresses.IO_APIC, 4, 0, 4));
        parts.add(words(MADT_OVERRIDE, 1, 10, 1, 0, 1, 0, 1, PcIrqChip.TIMER_INPUT, 4, 0, 2));
        for (int irq : new int[] {PcAddresses.SCI_IRQ, 10, 11}) {
            parts.add(words(MADT_OVERRIDE, 1, 10, 1, 0, 1, irq, 1, irq, 4, FLAGS_HIGH_LEVEL, 2));
        }
        parts.add(words(MADT_LOCAL_APIC_NMI, 1, 6, 1, ALL_PROCESSORS, 1, 0, 2, 1, 1));
        return Aml.list(parts);
    }

    /// A processor by its APIC's ID: what 8 bits can't hold is an x2APIC's (5.2.12.12).
    private static byte[] processorEntry(int id) {
        return id < ALL_PROCESSORS
                ? words(MADT_LOCAL_APIC, 1, 8, 1, id, 1, id, 1, 1, 4)
                : words(MADT_LOCAL_X2APIC, 1, 16, 1, 0, 2, id, 4, 1, 4, id, 4);
    }

    /// IA-PC HPET specification 1.0a, 3.2.4.
    private static byte[] hpet() {
        return words(
                Hpet.ID,
                4,
                GAS_MEMORY,
                1,
                64,
                1,
                0,
                2,
                PcAddresses.HPET,
                8,
                0,
                1,
                HPET_TICKS,
                2,
                0,
                1);
    }

    /// Little-endian numbers: value, bytes, value, bytes, ...
    private static byte[] words(long... valuesAndBytes) {
        List<byte[]> parts = new ArrayList<>();
        for (int i = 0; i < valuesAndBytes.length; i += 2) {
            byte[] bytes = new byte[(int) valuesAndBytes[i + 1]];
            for (int j = 0; j < bytes.length; j++) {
                bytes[j] = (byte) (valuesAndBytes[i] >>> 8 * j);
            }
            parts.add(bytes);
        }
        return Aml.list(parts);
    }

    private byte[] dsdt() {
        List<byte[]> system = new ArrayList<>();
        for (int i = 0; i < vcpus; i++) {
            system.add(processor(i));
        }
        for (int i = 0; i < serialPorts; i++) {
            system.add(serialPort(i));
        }
        system.add(isaDevice("RTC_", "PNP0B00", 1, PcAddresses.RTC, 2, PcAddresses.RTC_IRQ));
        system.add(isaDevice("PIT_", "PNP0100", 1, PcAddresses.PIT, 4, PcAddresses.PIT_IRQ));
        system.add(
                isaDevice(
                        "KBD_",
                        "PNP0303",
                        1,
                        List.of(
                                Resources.ports(PcAddresses.KEYBOARD_DATA, 1),
                                Resources.ports(PcAddresses.KEYBOARD_COMMAND, 1),
                                Resources.irq(PcAddresses.KEYBOARD_IRQ))));
        system.add(isaDevice("MOU_", "PNP0F13", 1, List.of(Resources.irq(PcAddresses.MOUSE_IRQ))));
        system.add(
                isaDevice(
                        "DMA_",
                        "PNP0200",
                        1,
                        List.of(
                                Resources.ports(PcAddresses.DMA_1, DmaPair.FIRST_LENGTH),
                                Resources.ports(
                                        PcAddresses.DMA_PAGES + 1, DmaPair.PAGES_LENGTH - 1),
                                Resources.ports(PcAddresses.DMA_2, DmaPair.SECOND_LENGTH),
                                Resources.dma(4))));
        system.add(
                isaDevice(
                        "HPET",
                        "PNP0103",
                        1,
                        List.of(Resources.memory(PcAddresses.HPET, Hpet.LENGTH))));
        system.add(firmwareConfiguration());
        system.add(pciHost());
        byte[] sleep =
                pack(
                        List.of(
                                integer(AcpiPm.SLEEP_TYPE_S5),
                                integer(AcpiPm.SLEEP_TYPE_S5),
                                integer(0),
                                integer(0)));
        return Aml.list(List.of(named("\\_S5_", sleep), scope("\\_SB_", system)));
    }

    private static byte[] processor(int number) {
        return device(
                "C%03X".formatted(number),
                List.of(named("_HID", string("ACPI0007")), named("_UID", integer(number))));
    }

    private static byte[] pciHost() {
        List<byte[]> windows =
                List.of(
                        Resources.busNumbers(0, 0xff),
                        Resources.ports(PcAddresses.PCI_CONFIG, PciHost.LENGTH),
                        Resources.portWindow(0, PcAddresses.PCI_CONFIG - 1),
                        Resources.portWindow(PcAddresses.PCI_PORTS, 0xffff),
                        Resources.memoryWindow(
                                PcAddresses.PCI_MEMORY, PcAddresses.PCI_MEMORY_END - 1));
        return device(
                "PCI0",
                List.of(
                        named("_HID", eisaId("PNP0A03")),
                        named("_UID", integer(0)),
                        named("_BBN", integer(0)),
                        named("_CRS", Resources.template(windows)),
                        named("_PRT", routes())));
    }

    /// Each pin of each slot leads to its line's interrupt for good (6.2.13).
    private static byte[] routes() {
        List<byte[]> routes = new ArrayList<>();
        for (int slot = 0; slot < PciHost.SLOTS; slot++) {
            for (int pin = 0; pin < 4; pin++) {
                int irq = PcAddresses.PIRQ_IRQS.get(PciHost.pirq(slot, pin + 1));
                routes.add(
                        pack(
                                List.of(
                                        integer((long) slot << 16 | 0xffff),
                                        integer(pin),
                                        integer(0),
                                        integer(irq))));
            }
        }
        return pack(routes);
    }

    private static byte[] serialPort(int number) {
        return isaDevice(
                "COM" + (number + 1),
                "PNP0501",
                number + 1,
                PcAddresses.COM_PORTS.get(number),
                Uart16550.LENGTH,
                PcAddresses.COM_IRQS.get(number));
    }

    private static byte[] firmwareConfiguration() {
        return device(
                "FWCF",
                List.of(
                        named("_HID", string("QEMU0002")),
                        named("_STA", integer(STA_HIDDEN)),
                        named(
                                "_CRS",
                                Resources.template(
                                        List.of(
                                                Resources.ports(
                                                        PcAddresses.FW_CFG, FwCfg.LENGTH))))));
    }

    private static byte[] isaDevice(String name, String id, int uid, int port, int ports, int irq) {
        return isaDevice(name, id, uid, List.of(Resources.ports(port, ports), Resources.irq(irq)));
    }

    private static byte[] isaDevice(String name, String id, int uid, List<byte[]> resources) {
        return device(
                name,
                List.of(
                        named("_HID", eisaId(id)),
                        named("_UID", integer(uid)),
                        named("_CRS", Resources.template(resources))));
    }
}
