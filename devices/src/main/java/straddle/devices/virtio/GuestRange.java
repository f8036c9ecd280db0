package straddle.devices.virtio;

import java.lang.foreign.MemorySegment;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.Region;

/// A range of guest RAM that a device works on in place.
record GuestRange(AddressSpace memory, Region.Ram ram, long gpa, MemorySegment bytes) {
    /// Null if the range is not wholly within one region of RAM that can be written.
    static GuestRange of(AddressSpace memory, long gpa, long length) {
        if (length < 0
                || !(memory.at(gpa) instanceof Region.Ram ram)
                || ram.readOnly()
                || length > ram.end() - gpa) {
            return null;
        }
        return new GuestRange(
                memory,
                ram,
                gpa,
                ram.block().bytes().asSlice(gpa - ram.gpa() + ram.offset(), length));
    }

    long length() {
        return bytes.byteSize();
    }

    long end() {
        return gpa + length();
    }

    GuestRange slice(long from, long length) {
        return new GuestRange(memory, ram, gpa + from, bytes.asSlice(from, length));
    }

    /// Whether the other one begins where this ends, in the same memory.
    boolean isFollowedBy(GuestRange other) {
        return other.gpa == end() && other.ram.equals(ram);
    }

    GuestRange joined(GuestRange other) {
        return of(memory, gpa, length() + other.length());
    }

    /// Tells the readers of its pages that the device has written.
    void noteWritten() {
        memory.noteWritten(ram, gpa, length());
    }

    void noteWritten(long from, long length) {
        memory.noteWritten(ram, gpa + from, length);
    }
}
