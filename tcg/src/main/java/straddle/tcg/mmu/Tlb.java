package straddle.tcg.mmu;

import java.lang.foreign.Arena;

/// A direct-mapped software TLB off the heap, one for each privilege that sees memory differently.
///
/// An entry is 32 bytes: the virtual page for which loads hit, the one for which stores hit, and what
/// to add to a virtual address to get the host's. A page that can't be read or written has the tag -1,
/// which no page address equals. An access indexes by its first byte's page and compares with its last
/// byte's, so one compare also sends page-crossing accesses to the slow path.
public final class Tlb {
    public static final int ENTRIES = 1024;
    public static final int READ = 0;
    public static final int WRITE = 8;
    public static final int ADDEND = 16;

    /// Where an entry says [#GLOBAL] and the size of the guest's page.
    public static final int KIND = 24;

    /// The page is every address space's.
    public static final int GLOBAL = 1;

    /// The entry is a part of a larger page.
    public static final int LARGE = 2;

    /// INVLPG drops at least this much around an address that lies in a larger page: 4 MiB.
    private static final int LARGE_SHIFT = 22;

    private static final int ENTRY_SHIFT = 5;

    private final long address;

    public Tlb(Arena arena) {
        address = arena.allocate((long) ENTRIES << ENTRY_SHIFT, 64).address();
        flush();
    }

    public long address() {
        return address;
    }

    /// The address of the entry for a virtual address in the table at `table`.
    public static long entry(long table, long virtual) {
        return table + (virtual >>> 12 - ENTRY_SHIFT & (ENTRIES - 1) << ENTRY_SHIFT);
    }

    /// @param kind sum of [#GLOBAL] and [#LARGE]
    public static void fill(long entry, long virtual, long hva, boolean writable, int kind) {
        Raw.putLong(entry + KIND, kind);
        Raw.putLong(entry + READ, virtual & -4096);
        Raw.putLong(entry + WRITE, writable ? virtual & -4096 : -1);
        Raw.putLong(entry + ADDEND, hva - virtual);
    }

    public void flush() {
        Raw.fill(address, (long) ENTRIES << ENTRY_SHIFT, (byte) -1);
    }

    /// Drops all but the pages that every address space has.
    public void flushNonGlobal() {
        for (int i = 0; i < ENTRIES; i++) {
            long entry = address + ((long) i << ENTRY_SHIFT);
            if ((Raw.getLong(entry + KIND) & GLOBAL) == 0) {
                drop(entry);
            }
        }
    }

    /// Drops what may belong to the same larger page as an address.
    public void flushLarge(long virtual) {
        for (int i = 0; i < ENTRIES; i++) {
            long entry = address + ((long) i << ENTRY_SHIFT);
            boolean near = (Raw.getLong(entry + READ) ^ virtual) >>> LARGE_SHIFT == 0;
            if (near && (Raw.getLong(entry + KIND) & LARGE) != 0) {
                drop(entry);
            }
        }
    }

    private static void drop(long entry) {
        Raw.putLong(entry + READ, -1);
        Raw.putLong(entry + WRITE, -1);
    }

    public void flushPage(long virtual) {
        Raw.fill(entry(address, virtual), 1 << ENTRY_SHIFT, (byte) -1);
    }

    /// Makes stores to a page of the host's memory take the slow path again, under whatever virtual address.
    public void protectHostPage(long hvaPage) {
        for (int i = 0; i < ENTRIES; i++) {
            long entry = address + ((long) i << ENTRY_SHIFT);
            long tag = Raw.getLong(entry + WRITE);
            if (tag != -1 && tag + Raw.getLong(entry + ADDEND) == hvaPage) {
                Raw.putLong(entry + WRITE, -1);
            }
        }
    }

    /// How many entries can be hit, then the first of them, a line each.
    ///
    /// @param most lines of entries
    public String describe(int most) {
        StringBuilder text = new StringBuilder();
        int count = 0;
        for (int i = 0; i < ENTRIES; i++) {
            long entry = address + ((long) i << ENTRY_SHIFT);
            long page = Raw.getLong(entry + READ);
            long written = Raw.getLong(entry + WRITE);
            if (page == -1 && written == -1) {
                continue;
            }
            if (count++ < most) {
                long kind = Raw.getLong(entry + KIND);
                text.append(
                        "  %016x  %s%s%s%n"
                                .formatted(
                                        page == -1 ? written : page,
                                        written == -1 ? "loads" : "loads and stores",
                                        (kind & GLOBAL) != 0 ? ", global" : "",
                                        (kind & LARGE) != 0 ? ", part of a larger page" : ""));
            }
        }
        String rest = count > most ? "  ... and " + (count - most) + " more\n" : "";
        return "%d of %d entries%n".formatted(count, ENTRIES) + text + rest;
    }
}
