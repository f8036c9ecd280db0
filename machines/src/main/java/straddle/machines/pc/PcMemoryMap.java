package straddle.machines.pc;

import java.util.ArrayList;
import java.util.List;
import straddle.machines.boot.E820;

/// What a guest is told of a PC's RAM: a hole for the display at 0xa0000, the BIOS's area, and the hole for devices
/// below 4 GiB.
///
/// @param ramBytes all RAM, the part behind the display's hole included, which is lost
record PcMemoryMap(long ramBytes) {
    private static final long BASE_END = 0xa_0000;
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

    /// RAM alone, for firmware, which knows what it uses itself.
    List<E820> ram() {
        List<E820> map = new ArrayList<>();
        map.add(new E820(0, lowRamEnd(), E820.RAM));
        if (highBytes() > 0) {
            map.add(new E820(PcAddresses.HIGH_RAM, highBytes(), E820.RAM));
        }
        return List.copyOf(map);
    }

    /// What is left when the tables of a PC without firmware are in place.
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
