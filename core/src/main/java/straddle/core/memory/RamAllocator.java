package straddle.core.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Where guest RAM comes from: one page-aligned, zero-filled mapping a block.
///
/// On Linux the host module maps shared anonymous memory, so that KVM, the translator and devices
/// work on the same pages; [#OFF_HEAP] does elsewhere and in tests.
@FunctionalInterface
public interface RamAllocator {
    int PAGE_BYTES = 4096;

    RamAllocator OFF_HEAP = (name, bytes, arena) -> arena.allocate(bytes, PAGE_BYTES);

    /// @param name shown in the host's maps
    /// @param bytes a multiple of 4,096, at least 4,096
    /// @param arena when it closes, the memory goes
    /// @throws RamUnavailableException if the host can't give that much
    MemorySegment allocate(String name, long bytes, Arena arena) throws RamUnavailableException;
}
