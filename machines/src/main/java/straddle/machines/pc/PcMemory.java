package straddle.machines.pc;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.RamBlock;
import straddle.core.memory.Region;
import straddle.devices.pci.ShadowControl;

/// What lies where in a PC's memory as the chipset's attribute registers and the A20 gate say: RAM,
/// the display's hole, and above it segments that show RAM, ROM or nothing.
///
/// Two things are coarser than on the board. A segment that is to be read from ROM and written to RAM drops
/// the writes. And while the A20 gate is closed, only the 640 KiB from 1 MiB on show what lies 1 MiB below.
/// Calls hold the machine lock.
final class PcMemory implements ShadowControl {
    private static final long BASE_END = 0xa_0000;
    private static final long SHADOW = 0xc_0000;
    private static final long BIOS_SEGMENTS = 0xe_0000;
    private static final long EXTENDED = 0x10_0000;
    private static final long SMALL_SEGMENT = 0x4000;
    private static final int LARGE_SEGMENT_NUMBER = 12;
    private static final long FOUR_GIB = 1L << 32;

    /// What the guest sees in a segment.
    private enum View {
        RAM,
        READ_ONLY_RAM,
        ROM
    }

    /// A region that is wanted: part of a block at an address.
    private record Place(
            String name, long gpa, long length, RamBlock block, long offset, boolean readOnly) {}

    private final AddressSpace memory;
    private final RamBlock ram;
    private final Optional<RamBlock> rom;
    private final long lowRamEnd;
    private final View[] views = new View[SEGMENTS];
    private final List<Region.Ram> mapped = new ArrayList<>();
    private boolean a20Open = true;

    /// Maps all of it.
    ///
    /// @param rom the firmware, which then shows in the BIOS's segments and below 4 GiB; without it, the segments are RAM
    PcMemory(AddressSpace memory, RamBlock ram, Optional<RamBlock> rom) {
        this.memory = Objects.requireNonNull(memory);
        this.ram = ram;
        this.rom = rom;
        lowRamEnd = Math.min(ram.length(), PcAddresses.LOW_RAM_END);
        Arrays.fill(views, rom.isPresent() ? View.ROM : View.RAM);
        memory.mapRam("base RAM", 0, ram, 0, BASE_END, false);
        if (ram.length() > lowRamEnd) {
            memory.mapRam(
                    "RAM above 4 GiB",
                    PcAddresses.HIGH_RAM,
                    ram,
                    lowRamEnd,
                    ram.length() - lowRamEnd,
                    false);
        }
        rom.ifPresent(block ->
                memory.mapRam(
                        "firmware", FOUR_GIB - block.length(), block, 0, block.length(), true));
        remap();
    }

    @Override
    public void shadow(int segment, boolean reads, boolean writes) {
        if (!reads) {
            views[segment] = View.ROM;
        } else {
            views[segment] = writes ? View.RAM : View.READ_ONLY_RAM;
        }
    }

    @Override
    public void apply() {
        remap();
    }

    void openA20(boolean open) {
        a20Open = open;
        remap();
    }

    /// Takes out what is not wanted any more and puts in what is new.
    private void remap() {
        List<Place> wanted = places();
        List<Place> present = mapped.stream().map(PcMemory::placeOf).toList();
        for (Region.Ram region : List.copyOf(mapped)) {
            if (!wanted.contains(placeOf(region))) {
                memory.unmap(region);
                mapped.remove(region);
            }
        }
        for (Place each : wanted) {
            if (!present.contains(each)) {
                mapped.add(
                        memory.mapRam(
                                each.name,
                                each.gpa,
                                each.block,
                                each.offset,
                                each.length,
                                each.readOnly));
            }
        }
    }

    private static Place placeOf(Region.Ram region) {
        return new Place(
                region.name(),
                region.gpa(),
                region.length(),
                region.block(),
                region.offset(),
                region.readOnly());
    }

    private List<Place> places() {
        List<Place> places = new ArrayList<>();
        int first = 0;
        while (first < SEGMENTS) {
            int end = first + 1;
            while (end < SEGMENTS && views[end] == views[first]) {
                end++;
            }
            addSegments(places, views[first], start(first), start(end));
            first = end;
        }
        if (a20Open) {
            places.add(ramAt("RAM", EXTENDED, lowRamEnd));
        } else {
            places.add(new Place("RAM of the first MiB", EXTENDED, BASE_END, ram, 0, false));
            places.add(ramAt("RAM", EXTENDED + BASE_END, lowRamEnd));
        }
        return places;
    }

    private static long start(int segment) {
        return segment > LARGE_SEGMENT_NUMBER ? EXTENDED : SHADOW + segment * SMALL_SEGMENT;
    }

    private void addSegments(List<Place> places, View view, long start, long end) {
        switch (view) {
            case RAM -> places.add(ramAt("shadow RAM", start, end));
            case READ_ONLY_RAM ->
                    places.add(new Place("protected RAM", start, end - start, ram, start, true));
            case ROM -> addRom(places, Math.max(start, BIOS_SEGMENTS), end);
        }
    }

    /// The last 128 KiB of the firmware, or as much as it has.
    private void addRom(List<Place> places, long start, long end) {
        if (rom.isPresent() && start < end) {
            RamBlock block = rom.get();
            long from = Math.max(start, EXTENDED - block.length());
            if (from < end) {
                long offset = block.length() - (EXTENDED - from);
                places.add(new Place("firmware's end", from, end - from, block, offset, true));
            }
        }
    }

    private Place ramAt(String name, long start, long end) {
        return new Place(name, start, end - start, ram, start, false);
    }
}
