package straddle.machines.pc;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import straddle.devices.firmware.FwCfg;
import straddle.machines.acpi.AcpiTables;
import straddle.machines.boot.E820;
import straddle.machines.boot.Firmware;

/// What firmware is told about [Pc], in the items that SeaBIOS reads.
final class PcFirmwareItems {
    private static final int E820_ENTRY_BYTES = 20;

    private PcFirmwareItems() {}

    static void add(FwCfg items, Firmware firmware, Pc.Config config) {
        PcMemoryMap map = new PcMemoryMap(config.ramBytes());
        int vcpus = config.vcpus();
        items.addNumber(FwCfg.RAM_SIZE, map.ramBytes(), 8);
        items.addNumber(FwCfg.CPU_COUNT, vcpus, 2);
        items.addNumber(FwCfg.MAX_CPUS, vcpus, 2);
        items.addNumber(FwCfg.IRQ0_OVERRIDE, 1, 1);
        items.addNumber(FwCfg.BOOT_MENU, firmware.hasMenu() ? 1 : 0, 2);
        items.addFile("etc/e820", e820(map.ram()));
        if (firmware.hasSerialConsole() && !config.serialOut().isEmpty()) {
            items.addFile("etc/sercon-port", PcAddresses.COM_PORTS.getFirst(), 8);
        }
        AcpiTables tables = new PcAcpi(vcpus, config.serialOut().size(), 0).build();
        items.addFile(AcpiTables.TABLES_FILE, tables.tables());
        items.addFile(AcpiTables.ROOT_FILE, tables.root());
        items.addFile("etc/table-loader", tables.script());
    }

    private static byte[] e820(List<E820> map) {
        ByteBuffer entries =
                ByteBuffer.allocate(E820_ENTRY_BYTES * map.size()).order(ByteOrder.LITTLE_ENDIAN);
        for (E820 each : map) {
            entries.putLong(each.start()).putLong(each.length()).putInt(each.type());
        }
        return entries.array();
    }
}
