package straddle.devices.pci;

import java.util.Objects;
import straddle.core.bus.IoDevice;
import straddle.core.bus.IoRange;
import straddle.core.bus.PortBus;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.Region;

/// Where PCI register blocks are mapped: the machine's ports and its memory.
final class PciSpaces {
    private static final long FIRST_MEGABYTE = 1 << 20;

    private final PortBus ports;
    private final AddressSpace memory;

    PciSpaces(PortBus ports, AddressSpace memory) {
        this.ports = Objects.requireNonNull(ports);
        this.memory = Objects.requireNonNull(memory);
    }

    /// Null if something else is there: two devices that decode one address do no good on hardware either.
    PciMapping mapPorts(String name, long address, int length, IoDevice device) {
        if (address + length > PortBus.PORTS) {
            return null;
        }
        for (long port = address; port < address + length; port++) {
            if (ports.at((int) port) != null) {
                return null;
            }
        }
        IoRange range = ports.map(name, (int) address, length, device);
        return new PciMapping(address, () -> ports.unmap(range));
    }

    /// Null if something else is there, or may come: the first megabyte is the board's own, which switches between
    /// RAM and ROM in it.
    PciMapping mapMemory(String name, long address, int length, IoDevice device) {
        boolean taken =
                address < FIRST_MEGABYTE
                        || memory.regions().stream()
                                .anyMatch(each ->
                                        each.gpa() < address + length && address < each.end());
        if (taken) {
            return null;
        }
        Region.Mmio region = memory.mapMmio(name, address, length, device);
        return new PciMapping(address, () -> memory.unmap(region));
    }
}
