package straddle.tcg;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.DirtyPages;
import straddle.core.memory.RamAllocator;
import straddle.core.memory.Region;

/// The pages that code was translated from, as they were when nobody noticed stores any more.
///
/// They are copied, as a checksum may be the same for two pages; a Linux guest has some megabytes of them.
final class CodeSnapshot implements AutoCloseable {
    private static final long PAGE_BYTES = RamAllocator.PAGE_BYTES;

    /// A page, and the region that showed it.
    private record Page(Region.Ram ram, long gpa) {
        long offset() {
            return gpa - ram.gpa() + ram.offset();
        }
    }

    private final List<Page> pages = new ArrayList<>();
    private Arena arena;
    private MemorySegment copies = MemorySegment.NULL;

    void take(AddressSpace memory) {
        pages.clear();
        for (Region region : memory.regions()) {
            if (region instanceof Region.Ram ram && !ram.readOnly()) {
                find(ram);
            }
        }
        reserve(pages.size() * PAGE_BYTES);
        long to = 0;
        for (Page page : pages) {
            MemorySegment.copy(page.ram.block().bytes(), page.offset(), copies, to, PAGE_BYTES);
            to += PAGE_BYTES;
        }
    }

    private void find(Region.Ram ram) {
        DirtyPages dirty = ram.block().dirty();
        for (long at = 0; at < ram.length(); at += PAGE_BYTES) {
            if ((dirty.readersAt(ram.offset() + at) & DirtyPages.CODE) != 0) {
                pages.add(new Page(ram, ram.gpa() + at));
            }
        }
    }

    private void reserve(long bytes) {
        if (copies.byteSize() < bytes) {
            close();
            arena = Arena.ofShared();
            copies = arena.allocate(bytes + bytes / 4, PAGE_BYTES);
        }
    }

    /// As if each page that is no more as it was had been written now. A region that is gone has taken its code along.
    void tellChanges(AddressSpace memory) {
        long from = 0;
        for (Page page : pages) {
            MemorySegment now = page.ram.block().bytes();
            long offset = page.offset();
            boolean same =
                    MemorySegment.mismatch(
                                    now,
                                    offset,
                                    offset + PAGE_BYTES,
                                    copies,
                                    from,
                                    from + PAGE_BYTES)
                            < 0;
            if (!same && memory.at(page.gpa) == page.ram) {
                memory.noteWritten(page.ram, page.gpa, PAGE_BYTES);
            }
            from += PAGE_BYTES;
        }
        pages.clear();
    }

    @Override
    public void close() {
        if (arena != null) {
            arena.close();
            arena = null;
        }
    }
}
