package straddle.machines.boot;

import java.util.List;
import java.util.Optional;
import straddle.core.arch.x86.X86State;
import straddle.core.memory.AddressSpace;

/// What a PC starts with: a kernel that is loaded without firmware, or firmware.
public interface Boot {
    /// RAM below 4 GiB that it needs, in bytes.
    long minRamBytes();

    /// Loads everything and returns the boot processor's state.
    X86State load(AddressSpace memory, Surroundings where);

    /// The firmware that the processor starts in; then nothing else is loaded.
    default Optional<Firmware> firmware() {
        return Optional.empty();
    }

    /// What a guest finds around it.
    ///
    /// @param map RAM and what is reserved, by ascending address
    /// @param lowRamEnd where RAM below 4 GiB ends
    /// @param rsdp where the ACPI tables begin, or 0
    record Surroundings(List<E820> map, long lowRamEnd, long rsdp) {
        public Surroundings {
            map = List.copyOf(map);
        }
    }
}
