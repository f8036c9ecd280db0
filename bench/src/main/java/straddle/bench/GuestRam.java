package straddle.bench;

import straddle.core.memory.RamAllocator;
import straddle.core.memory.RamUnavailableException;
import straddle.host.HostException;
import straddle.host.SharedMemory;

/// Guest RAM as the `straddle` command gives it.
final class GuestRam {
    static final RamAllocator SHARED =
            (name, bytes, arena) -> {
                try {
                    return SharedMemory.allocate(name, bytes, arena);
                } catch (HostException e) {
                    throw new RamUnavailableException(e.getMessage(), e);
                }
            };

    private GuestRam() {}
}
