package straddle.launcher.monitor;

import static straddle.core.arch.x86.X86.*;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import straddle.core.arch.x86.X86State;
import straddle.core.memory.AddressSpace;

/// A guest's page tables, read as its processor would (SDM volume 3, chapter 5), without setting accessed or dirty bits.
final class PageTables {
    private static final long P = 1;
    private static final long RW = 1 << 1;
    private static final long US = 1 << 2;
    private static final long PS = 1 << 7;
    private static final long NX = 1L << 63;
    private static final long FRAME = 0x000f_ffff_ffff_f000L;
    private static final int PAGE_SHIFT = 12;

    /// Lines of a listing: a guest's page tables can have millions of entries.
    private static final int MOST_LINES = 400;

    private static final int NOT_MAPPED = -1;

    private final X86State state;
    private final AddressSpace memory;
    private final int levels;
    private final int entryBytes;
    private final int indexBits;

    /// What has been listed so far.
    private final StringBuilder text = new StringBuilder();

    private int lines;
    private long first;
    private long physical;
    private long length;
    private long rights;

    PageTables(X86State state, AddressSpace memory) {
        this.state = state;
        this.memory = memory;
        boolean pae = (state.cr4 & CR4_PAE) != 0;
        entryBytes = pae ? 8 : 4;
        indexBits = pae ? 9 : 10;
        if (state.isLongMode()) {
            levels = (state.cr4 & CR4_LA57) != 0 ? 5 : 4;
        } else {
            levels = pae ? 3 : 2;
        }
    }

    boolean areOn() {
        return (state.cr0 & CR0_PG) != 0;
    }

    /// The physical address behind a linear one, or -1 where nothing is mapped.
    long translate(long address) {
        if (!areOn()) {
            return address & 0xffff_ffffL;
        }
        long linear = state.isLongMode() ? address : address & 0xffff_ffffL;
        long table = root();
        for (int level = levels; level > 0; level--) {
            int shift = shift(level);
            long index = linear >>> shift & mask(level);
            long entry = entry(table, index);
            if ((entry & P) == 0) {
                return NOT_MAPPED;
            }
            if (isPage(level, entry)) {
                long offset = (1L << shift) - 1;
                return entry & FRAME & ~offset | linear & offset;
            }
            table = entry & FRAME;
        }
        return NOT_MAPPED;
    }

    private long root() {
        return state.cr3 & (state.isLongMode() ? FRAME : levels == 3 ? 0xffff_ffe0L : 0xffff_f000L);
    }

    private int shift(int level) {
        return PAGE_SHIFT + indexBits * (level - 1);
    }

    /// PAE's top table has four entries; all others fill their page.
    private long mask(int level) {
        return levels == 3 && level == 3 ? 3 : (1L << indexBits) - 1;
    }

    private boolean isPage(int level, long entry) {
        boolean large = (entry & PS) != 0 && (level == 2 || level == 3 && levels > 3);
        return level == 1 || large && (entryBytes == 8 || (state.cr4 & CR4_PSE) != 0);
    }

    private long entry(long table, long index) {
        byte[] bytes = new byte[8];
        memory.read(
                table + index * entryBytes, MemorySegment.ofArray(bytes).asSlice(0, entryBytes));
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
    }

    /// The mapped ranges, neighbours with the same rights joined.
    @Override
    public String toString() {
        if (!areOn()) {
            return "Paging is off (CR0.PG is clear): addresses are physical ones.\n";
        }
        text.append(
                "%d levels from %012x: address range, physical, size, rights%n"
                        .formatted(levels, root()));
        walk(root(), levels, 0, RW | US);
        flush();
        if (lines >= MOST_LINES) {
            text.append("... and so on: these are the first %d ranges.%n".formatted(MOST_LINES));
        }
        return text.toString();
    }

    /// Rights add up on the way down: a page is writable if each level says so.
    private void walk(long table, int level, long base, long above) {
        byte[] bytes = new byte[(int) (mask(level) + 1) * entryBytes];
        memory.read(table, MemorySegment.ofArray(bytes));
        ByteBuffer entries = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i <= mask(level) && lines < MOST_LINES; i++) {
            long entry =
                    entryBytes == 8 ? entries.getLong(8 * i) : entries.getInt(4 * i) & 0xffff_ffffL;
            if ((entry & P) == 0) {
                continue;
            }
            boolean topOfPae = levels == 3 && level == 3;
            long here = topOfPae ? above : above & entry & (RW | US) | (above | entry) & NX;
            long address = base | (long) i << shift(level);
            if (isPage(level, entry)) {
                add(address, entry & FRAME & -(1L << shift(level)), 1L << shift(level), here);
            } else {
                walk(entry & FRAME, level - 1, address, here);
            }
        }
    }

    private void add(long address, long to, long bytes, long with) {
        if (length > 0 && address == first + length && to == physical + length && with == rights) {
            length += bytes;
            return;
        }
        flush();
        first = address;
        physical = to;
        length = bytes;
        rights = with;
    }

    private void flush() {
        if (length > 0) {
            lines++;
            long from = canonical(first);
            text.append(
                    "%016x-%016x  %012x  %9s  %s%s%s%n"
                            .formatted(
                                    from,
                                    from + length - 1,
                                    physical,
                                    straddle.launcher.report.Figures.bytes(length),
                                    (rights & US) != 0 ? "u" : "s",
                                    (rights & RW) != 0 ? "w" : "r",
                                    (rights & NX) != 0 ? "-" : "x"));
            length = 0;
        }
    }

    private long canonical(long address) {
        int bits = shift(levels) + indexBits;
        return state.isLongMode() ? address << 64 - bits >> 64 - bits : address;
    }
}
