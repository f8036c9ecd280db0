package straddle.core.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// A block of guest RAM: one mapping of the host's, shared by KVM slots, the translator and devices.
///
/// Its arena is the VM's: vCPU threads end and memory slots go before it closes, and no raw address
/// outlives it.
public final class RamBlock {
    private final String name;
    private final MemorySegment bytes;
    private final DirtyPages dirty;

    private RamBlock(String name, MemorySegment bytes, DirtyPages dirty) {
        this.name = name;
        this.bytes = bytes;
        this.dirty = dirty;
    }

    /// @param bytes a positive multiple of 4,096
    /// @throws IllegalArgumentException if it is not
    /// @throws RamUnavailableException if the host can't give that much
    public static RamBlock allocate(String name, long bytes, RamAllocator allocator, Arena arena)
            throws RamUnavailableException {
        if (bytes <= 0 || bytes % RamAllocator.PAGE_BYTES != 0) {
            throw new IllegalArgumentException(
                    name + ": " + bytes + " bytes are no positive multiple of 4096");
        }
        MemorySegment memory = allocator.allocate(name, bytes, arena);
        return new RamBlock(name, memory, new DirtyPages(bytes, arena));
    }

    public String name() {
        return name;
    }

    public long length() {
        return bytes.byteSize();
    }

    public MemorySegment bytes() {
        return bytes;
    }

    /// The host address of the first byte.
    public long hva() {
        return bytes.address();
    }

    public DirtyPages dirty() {
        return dirty;
    }
}
