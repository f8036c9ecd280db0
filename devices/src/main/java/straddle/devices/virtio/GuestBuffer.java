package straddle.devices.virtio;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// Ranges of guest RAM as one buffer, as a chain of descriptors makes it.
final class GuestBuffer {
    private final List<GuestRange> ranges = new ArrayList<>();
    private long length;

    void add(GuestRange range) {
        length += range.length();
        if (!ranges.isEmpty() && ranges.getLast().isFollowedBy(range)) {
            ranges.set(ranges.size() - 1, ranges.getLast().joined(range));
        } else if (range.length() > 0) {
            ranges.add(range);
        }
    }

    /// Bytes.
    long length() {
        return length;
    }

    /// The fewest that it takes, in order.
    List<GuestRange> ranges() {
        return ranges;
    }

    /// A part that lies within it.
    GuestBuffer slice(long from, long partLength) {
        GuestBuffer part = new GuestBuffer();
        long at = 0;
        for (GuestRange range : ranges) {
            long begin = Math.max(from, at);
            long end = Math.min(from + partLength, at + range.length());
            if (begin < end) {
                part.add(range.slice(begin - at, end - begin));
            }
            at += range.length();
        }
        return part;
    }

    /// Copies its beginning out; returns the bytes copied, fewer than asked for where it ends.
    long read(MemorySegment to) {
        long done = 0;
        for (GuestRange range : ranges) {
            long part = Math.min(range.length(), to.byteSize() - done);
            MemorySegment.copy(range.bytes(), 0, to, done, part);
            done += part;
        }
        return done;
    }

    /// Copies into its beginning; returns the bytes copied, fewer than given where it ends.
    long write(MemorySegment from) {
        long done = 0;
        for (GuestRange range : ranges) {
            long part = Math.min(range.length(), from.byteSize() - done);
            if (part > 0) {
                MemorySegment.copy(from, done, range.bytes(), 0, part);
                range.noteWritten(0, part);
                done += part;
            }
        }
        return done;
    }

    void noteWritten() {
        ranges.forEach(GuestRange::noteWritten);
    }
}
