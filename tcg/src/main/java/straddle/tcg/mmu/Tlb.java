package straddle.tcg.mmu;

import java.lang.foreign.Arena;
import java.util.concurrent.atomic.AtomicInteger;

/// A direct-mapped software TLB off the heap, one for each privilege that sees memory differently.
///
/// An entry is 32 bytes: the virtual page for which loads hit, the one for which stores hit, and what
/// to add to a virtual address to get the host's. A page that can't be read or written has the tag -1,
/// which no page address equals. An access indexes by its first byte's page and compares with its last
/// byte's, so one compare also sends page-crossing accesses to the slow path.
///
/// Behind the entries lie *sites*: the last page, and what to add for it, that one access in a region went to. Their
/// addresses do not depend on the address that is accessed, so that the host's processor need not wait for it to find
/// them. A site that several accesses share is right, only of less use.
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

    /// What an entry's place in the table is made of: a virtual address shifted right by so much, and masked.
    public static final int INDEX_SHIFT = 12 - 5;

    public static final int INDEX_MASK = (ENTRIES - 1) << 5;

    /// The page that a site knows, ...
    public static final int SITE_PAGE = 0;

    /// ... and what to add to a virtual address in it.
    public static final int SITE_ADDEND = 8;

    /// INVLPG drops at least this much around an address that lies in a larger page: 4 MiB.
    private static final int LARGE_SHIFT = 22;

    private static final int ENTRY_SHIFT = 5;

    private static final int SITE_SHIFT = 4;
    // Each flush clears those that have been given away.
    private static final int LOAD_SITES = 128;
    private static final int STORE_SITES = 64;
    private static final int FIRST_LOAD_SITE = ENTRIES << ENTRY_SHIFT;
    private static final int FIRST_STORE_SITE = FIRST_LOAD_SITE + (LOAD_SITES << SITE_SHIFT);

    /// Where, behind a table's address, the site is that all loads from the stack share, ...
    public static final int STACK_LOAD_SITE = FIRST_STORE_SITE + (STORE_SITES << SITE_SHIFT);

    /// ... and that of all stores to it.
    public static final int STACK_STORE_SITE = STACK_LOAD_SITE + (1 << SITE_SHIFT);

    /// Where, behind a table's address, whoever fills a site puts anything but 0.
    public static final int SITES_FILLED = STACK_STORE_SITE + (1 << SITE_SHIFT);

    /// Where, behind a table's address, the entries are that others took the place of last: *victims*.
    public static final int FIRST_VICTIM = SITES_FILLED + 8;

    public static final int VICTIMS = 8;

    public static final int VICTIM_BYTES = 1 << ENTRY_SHIFT;

    /// How many entries became victims since there was none.
    private static final int VICTIMS_MADE = FIRST_VICTIM + VICTIMS * VICTIM_BYTES;

    private static final int BYTES = VICTIMS_MADE + 8;

    private final long address;

    private final AtomicInteger sites;

    /// @param sites how many sites have been given away
    public Tlb(Arena arena, AtomicInteger sites) {
        this.sites = sites;
        address = arena.allocate(BYTES, 64).address();
        Raw.fill(address, BYTES, (byte) -1);
        Raw.putLong(address + VICTIMS_MADE, 0);
    }

    public long address() {
        return address;
    }

    /// The address of the entry for a virtual address in the table at `table`.
    public static long entry(long table, long virtual) {
        return table + (virtual >>> INDEX_SHIFT & INDEX_MASK);
    }

    /// Keeps an entry of the table at `table` for machine code that misses it soon, as another page is going to have its
    /// place. Only where no other thread looks at the table.
    public static void keep(long table, long entry, long virtual) {
        long page = Raw.getLong(entry + READ);
        if (page == -1 || page == (virtual & -4096)) {
            return;
        }
        long made = Raw.getLong(table + VICTIMS_MADE);
        Raw.putLong(table + VICTIMS_MADE, made + 1);
        long victim = table + FIRST_VICTIM + (made & VICTIMS - 1) * VICTIM_BYTES;
        for (int i = 0; i < VICTIM_BYTES; i += 8) {
            Raw.putLong(victim + i, Raw.getLong(entry + i));
        }
    }

    /// @param kind sum of [#GLOBAL] and [#LARGE]
    public static void fill(long entry, long virtual, long hva, boolean writable, int kind) {
        Raw.putLong(entry + KIND, kind);
        Raw.putLong(entry + READ, virtual & -4096);
        Raw.putLong(entry + WRITE, writable ? virtual & -4096 : -1);
        Raw.putLong(entry + ADDEND, hva - virtual);
    }

    /// Where, behind a table's address, the site of a region's access is.
    ///
    /// @param number any; few have the same site
    public static int loadSite(int number) {
        return FIRST_LOAD_SITE + ((number & LOAD_SITES - 1) << SITE_SHIFT);
    }

    /// The same for an access that stores.
    public static int storeSite(int number) {
        return FIRST_STORE_SITE + ((number & STORE_SITES - 1) << SITE_SHIFT);
    }

    /// What an address is masked with before it is compared with a site's page, so that only an access that is aligned, and
    /// so lies in one page, is the same.
    ///
    /// @param width of the access in bytes, a power of 2
    public static int alignedPage(int width) {
        if (Integer.bitCount(width) != 1) {
            throw new IllegalArgumentException("an access of " + width + " bytes");
        }
        return -4096 | width - 1;
    }

    public void flush() {
        Raw.fill(address, ENTRIES << ENTRY_SHIFT, (byte) -1);
        clearCopies();
    }

    /// Clears what knows pages besides the entries.
    private void clearCopies() {
        clearSites();
        if (Raw.getLong(address + VICTIMS_MADE) != 0) {
            Raw.putLong(address + VICTIMS_MADE, 0);
            Raw.fill(address + FIRST_VICTIM, VICTIMS * VICTIM_BYTES, (byte) -1);
        }
    }

    private void clearSites() {
        if (Raw.getLong(address + SITES_FILLED) == 0) {
            return;
        }
        Raw.putLong(address + SITES_FILLED, 0);
        long count = sites.get();
        Raw.fill(address + FIRST_LOAD_SITE, Math.min(count, LOAD_SITES) << SITE_SHIFT, (byte) -1);
        Raw.fill(address + FIRST_STORE_SITE, Math.min(count, STORE_SITES) << SITE_SHIFT, (byte) -1);
        Raw.putLong(address + STACK_LOAD_SITE + SITE_PAGE, -1);
        Raw.putLong(address + STACK_STORE_SITE + SITE_PAGE, -1);
    }

    /// Drops all but the pages that every address space has.
    public void flushNonGlobal() {
        for (int i = 0; i < ENTRIES; i++) {
            long entry = address + ((long) i << ENTRY_SHIFT);
            if ((Raw.getLong(entry + KIND) & GLOBAL) == 0) {
                drop(entry);
            }
        }
        clearCopies();
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
        clearCopies();
    }

    private static void drop(long entry) {
        Raw.putLong(entry + READ, -1);
        Raw.putLong(entry + WRITE, -1);
    }

    public void flushPage(long virtual) {
        flushPages(virtual, virtual + 1);
    }

    /// Drops the pages of a range.
    ///
    /// @param end behind the last byte
    public void flushPages(long start, long end) {
        for (long page = start & -4096; page < end; page += 4096) {
            Raw.fill(entry(address, page), 1 << ENTRY_SHIFT, (byte) -1);
        }
        clearCopies();
    }

    /// Makes stores to a page of the host's memory take the slow path again, under whatever virtual address.
    public void protectHostPage(long hvaPage) {
        for (int i = 0; i < ENTRIES; i++) {
            protectEntry(address + ((long) i << ENTRY_SHIFT), hvaPage);
        }
        for (int i = 0; i < VICTIMS; i++) {
            protectEntry(address + FIRST_VICTIM + (long) i * VICTIM_BYTES, hvaPage);
        }
        // Sites that know how to store are had only where there is one vCPU, whose thread this is.
        int used = Math.min(sites.get(), STORE_SITES);
        for (int i = 0; i < used; i++) {
            protectSite(address + storeSite(i), hvaPage);
        }
        protectSite(address + STACK_STORE_SITE, hvaPage);
    }

    private static void protectEntry(long entry, long hvaPage) {
        long tag = Raw.getLong(entry + WRITE);
        if (tag != -1 && tag + Raw.getLong(entry + ADDEND) == hvaPage) {
            Raw.putLong(entry + WRITE, -1);
        }
    }

    private static void protectSite(long site, long hvaPage) {
        long page = Raw.getLong(site + SITE_PAGE);
        if (page != -1 && page + Raw.getLong(site + SITE_ADDEND) == hvaPage) {
            Raw.putLong(site + SITE_PAGE, -1);
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
