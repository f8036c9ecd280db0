package straddle.core.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/// One byte for each 4 KiB page of a RAM block, a bit for each kind of reader.
///
/// A **set** bit says that this reader has what it derived from the page to lose: the next write must
/// clear the bit and tell the reader ([#DISPLAY] and [#SNAPSHOT] readers poll instead: for them
/// a **clear** bit means written since they last armed it). So a writer whose page's byte is 0 has
/// nothing to do, which is the one compare that a translated store's TLB entry folds in.
///
/// The bytes lie off the heap so that emitted code can reach them by address.
public final class DirtyPages {
    /// Holds translated code.
    public static final int CODE = 1;

    /// A shadow page table was derived from it. Writes leave this bit set: its reader looks at each of them.
    public static final int PT = 2;

    /// The display has drawn it.
    public static final int DISPLAY = 4;

    /// The running snapshot has saved it.
    public static final int SNAPSHOT = 8;

    public static final int PAGE_SHIFT = 12;

    private static final VarHandle WORD = ValueLayout.JAVA_INT.varHandle();

    private final MemorySegment bytes;
    private final long pages;

    DirtyPages(long ramBytes, Arena arena) {
        pages = ramBytes >>> PAGE_SHIFT;
        bytes = arena.allocate((pages + 7) & ~3L, 8);
    }

    /// The bytes themselves, indexed by page.
    public MemorySegment bytes() {
        return bytes;
    }

    public long pages() {
        return pages;
    }

    /// The readers that watch the page at an offset into the block.
    public int readersAt(long offset) {
        return bytes.get(ValueLayout.JAVA_BYTE, offset >>> PAGE_SHIFT);
    }

    /// Watches the page at an offset into the block.
    public void arm(long offset, int readers) {
        change(offset >>> PAGE_SHIFT, -1, readers);
    }

    /// Stops watching; returns the readers that had been, of those asked for.
    public int disarm(long offset, int readers) {
        return change(offset >>> PAGE_SHIFT, ~readers, 0) & readers;
    }

    /// Changes one byte atomically through the aligned int around it; returns the byte before.
    private int change(long page, int keep, int set) {
        long word = page & ~3L;
        int shift = (int) (page & 3) * 8;
        int mask = ~((~keep & 0xff) << shift);
        while (true) {
            int before = (int) WORD.getVolatile(bytes, word);
            int after = before & mask | (set & 0xff) << shift;
            if (before == after || WORD.compareAndSet(bytes, word, before, after)) {
                return before >>> shift & 0xff;
            }
        }
    }
}
