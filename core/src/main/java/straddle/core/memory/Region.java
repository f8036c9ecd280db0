package straddle.core.memory;

import straddle.core.bus.IoRange;

/// What lies at a range of guest-physical addresses.
public sealed interface Region {
    String name();

    /// First guest-physical address.
    long gpa();

    /// Bytes.
    long length();

    default long end() {
        return gpa() + length();
    }

    default boolean contains(long address) {
        return address >= gpa() && address < end();
    }

    /// Memory: `length` bytes of a block, from `offset` on. A read-only one is ROM: writes to it are dropped.
    record Ram(String name, long gpa, long length, RamBlock block, long offset, boolean readOnly)
            implements Region {
        /// The host address of the byte at a guest-physical address within this region.
        public long hva(long address) {
            return block.hva() + offset + (address - gpa);
        }

        @Override
        public String toString() {
            return "%s at 0x%x-0x%x".formatted(name, gpa, end() - 1);
        }
    }

    /// A device's registers.
    record Mmio(IoRange range) implements Region {
        @Override
        public String name() {
            return range.name();
        }

        @Override
        public long gpa() {
            return range.base();
        }

        @Override
        public long length() {
            return range.length();
        }

        @Override
        public String toString() {
            return range.toString();
        }
    }
}
