package straddle.machines.pc;

import java.util.ArrayList;
import java.util.List;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.RamBlock;
import straddle.machines.linux.LinuxBoot.E820;

/// Where a PC's RAM lies, and what the guest is told of it: a hole for the display at 0xa0000, RAM where the
/// BIOS would be shadowed, and the hole for devices below 4 GiB.
///
/// @param ramBytes all RAM, the part behind the display's hole included, which is lost
record PcMemoryMap(long ramBytes) {
    private static final long BASE_END = 0xa_0000;
    private static final long SHADOW = 0xc_0000;
    private static final long EXTENDED_BIOS_DATA = 0x9_fc00;
    private static final long BIOS = 0xe_0000;
    private static final long EXTENDED = 0x10_0000;

    /// Where RAM below 4 GiB ends.
    long lowRamEnd() {
        return Math.min(ramBytes, PcAddresses.LOW_RAM_END);
    }

    private long highBytes() {
        return ramBytes - lowRamEnd();
    }

    void map(AddressSpace memory, RamBlock ram) {
        memory.mapRam("base RAM", 0, ram, 0, BASE_END, false);
        memory.mapRam("RAM", SHADOW, ram, SHADOW, lowRamEnd() - SHADOW, false);
        if (highBytes() > 0) {
            memory.mapRam(
                    "RAM above 4 GiB", PcAddresses.HIGH_RAM, ram, lowRamEnd(), highBytes(), false);
        }
    }

    List<E820> e820() {
        List<E820> map = new ArrayList<>();
        map.add(new E820(0, EXTENDED_BIOS_DATA, E820.RAM));
        map.add(new E820(EXTENDED_BIOS_DATA, BASE_END - EXTENDED_BIOS_DATA, E820.RESERVED));
        map.add(new E820(BIOS, EXTENDED - BIOS, E820.RESERVED));
        map.add(new E820(EXTENDED, lowRamEnd() - EXTENDED, E820.RAM));
        if (highBytes() > 0) {
            map.add(new E820(PcAddresses.HIGH_RAM, highBytes(), E820.RAM));
        }
        return List.copyOf(map);
    }
}
