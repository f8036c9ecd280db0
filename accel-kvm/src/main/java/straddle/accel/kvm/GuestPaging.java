package straddle.accel.kvm;

import java.util.BitSet;
import straddle.core.arch.x86.X86;
import straddle.core.memory.AddressSpace;
import straddle.core.vcpu.UserState;

/// How a guest's page tables are laid out (SDM volume 3, chapter 5), seen from the four levels of ours that show them.
///
/// A table of ours has 512 entries of 8 bytes, whatever the guest's has: a table of 1,024 entries is two of ours, and an entry for 4 MiB
/// two entries. Levels that the guest has no tables for have fixed entries.
enum GuestPaging {
    FOUR_LEVELS(4, 47),
    PAE(3, 32),
    PAE_WITHOUT_NO_EXECUTE(3, 32),
    TWO_LEVELS(2, 32),
    TWO_LEVELS_OF_SMALL_PAGES(2, 32);

    static final int LEVELS = 4;

    /// As four levels' lower half has them.
    private static final int USER_ENTRIES = 256;

    private static final int POINTERS = 4;
    private static final int POINTERS_LEVEL = 3;
    private static final long PAE_RESERVED = 0x7ff0_0000_0000_0000L;
    private static final long POINTER_RESERVED = 0xfff0_0000_0000_01e6L;

    /// What all entries have that lead to a table, and pointers have not.
    private static final long POINTER_FLAGS =
            UserTables.WRITABLE | UserTables.USER | UserTables.ACCESSED;

    /// Flags of a large page's entry; the address bits above are reserved as far as they are an offset's.
    private static final long LARGE_LOW_BITS = 0x1fff;

    private static final int PARTS = 4;
    private static final int SMALL_ENTRIES = 1024;
    private static final int PART_BYTES = SMALL_ENTRIES;
    private static final int HALF_BYTES = 2048;
    private static final long SMALL_ADDRESS = 0xffff_f000L;
    private static final long SMALL_FLAGS =
            UserTables.PRESENT
                    | UserTables.WRITABLE
                    | UserTables.USER
                    | UserTables.ACCESSED
                    | UserTables.DIRTY;
    private static final long LARGE_RESERVED = 1 << 21;
    private static final long MIB_2 = 2 << 20;

    /// The highest level that the guest has tables for.
    final int top;

    private final int addressBits;

    GuestPaging(int top, int addressBits) {
        this.top = top;
        this.addressBits = addressBits;
    }

    /// Of a guest that pages.
    static GuestPaging of(UserState user) {
        if ((user.efer & X86.EFER_LMA) != 0) {
            return FOUR_LEVELS;
        }
        if ((user.cr4 & X86.CR4_PAE) != 0) {
            return (user.efer & X86.EFER_NXE) != 0 ? PAE : PAE_WITHOUT_NO_EXECUTE;
        }
        return (user.cr4 & X86.CR4_PSE) != 0 ? TWO_LEVELS : TWO_LEVELS_OF_SMALL_PAGES;
    }

    /// Whether user code can have an address.
    boolean reaches(long linear) {
        return linear >>> addressBits == 0;
    }

    private boolean hasTwoLevels() {
        return top == 2;
    }

    /// How many entries of a level above [#top] are there.
    int fixedEntries(int level) {
        return hasTwoLevels() && level == top + 1 ? PARTS : 1;
    }

    /// Where a table of the highest level begins.
    ///
    /// @param number among those that are there
    long topTable(long addressSpace, int number) {
        return addressSpace + (hasTwoLevels() ? (long) number * PART_BYTES : 0);
    }

    private int entries(int level) {
        return this != FOUR_LEVELS && !hasTwoLevels() && level == POINTERS_LEVEL ? POINTERS : 512;
    }

    /// A power of two: of how many bytes of a guest's table an entry of ours comes.
    private int shift(int level) {
        return hasTwoLevels() ? 3 - level : 3;
    }

    /// The first entry of ours that comes of a byte behind a table's begin, or of those behind it.
    int firstIndex(int level, long offset) {
        return offset <= 0 ? 0 : (int) Math.min((offset & -entryBytes()) >>> shift(level), 512);
    }

    /// The last entry of ours that comes of a byte or those in front of it; -1 if none does.
    int lastIndex(int level, long offset) {
        return offset < 0
                ? -1
                : (int) Math.min((offset | entryBytes() - 1) >>> shift(level), entries(level) - 1);
    }

    private int entryBytes() {
        return hasTwoLevels() ? 4 : 8;
    }

    /// An entry of the guest's, as four levels would have it; 0 also for one that no access may pass.
    ///
    /// @param table where it begins
    long entry(AddressSpace memory, long table, int level, int index) {
        if (hasTwoLevels()) {
            return level == 1
                    ? small(memory.read(table + index * 4L, 4))
                    : middle(memory.read(table + (index >> 1) * 4L, 4), index);
        }
        long entry = memory.read(table + index * 8L, 8);
        if ((entry & reserved(entry, level)) != 0) {
            return 0;
        }
        return level != POINTERS_LEVEL || this == FOUR_LEVELS
                ? entry
                : entry & (UserTables.ADDRESS | UserTables.PRESENT) | POINTER_FLAGS;
    }

    /// What an entry of 8 bytes that is present can't have (SDM volume 3, tables 5-8 to 5-11 and 5-15 to 5-20).
    private long reserved(long entry, int level) {
        long offset =
                isLarge(entry, level) ? (1L << 12 + 9 * (level - 1)) - 1 & ~LARGE_LOW_BITS : 0;
        if (this == FOUR_LEVELS) {
            return level == LEVELS ? UserTables.LARGE : offset;
        }
        if (level == POINTERS_LEVEL) {
            return POINTER_RESERVED;
        }
        return offset | PAE_RESERVED | (this == PAE_WITHOUT_NO_EXECUTE ? UserTables.NO_EXECUTE : 0);
    }

    private static long small(long entry) {
        return entry & (SMALL_ADDRESS | SMALL_FLAGS);
    }

    /// Of a page of 4 MiB one half, which may lie beyond 4 GiB (PSE-36).
    private long middle(long entry, int index) {
        if ((entry & UserTables.LARGE) == 0 || this == TWO_LEVELS_OF_SMALL_PAGES) {
            return small(entry);
        }
        long frame = entry & 0xffc0_0000L | (entry & 0x1f_e000) << 19 | (index & 1) * MIB_2;
        return (entry & LARGE_RESERVED) != 0 ? 0 : frame | entry & (SMALL_FLAGS | UserTables.LARGE);
    }

    boolean isLarge(long entry, int level) {
        return (entry & UserTables.LARGE) != 0 && (level == 2 || level == 3 && this == FOUR_LEVELS);
    }

    /// Where the table that an entry leads to begins.
    long next(long entry, int level, int index) {
        boolean isHalf = hasTwoLevels() && level == 2;
        return (entry & UserTables.ADDRESS) + (isHalf ? (index & 1) * HALF_BYTES : 0);
    }

    /// The number of the guest's entry that one of ours in a highest table comes of.
    ///
    /// @param table the table's number among those that are there
    int topEntry(int table, int index) {
        return hasTwoLevels() ? table * 512 + index >> 1 : index;
    }

    /// Whether no process is there any more: nothing is user code's.
    ///
    /// Which of the addresses that 32 bits reach are the kernel's only the guest knows: PAE paging's pointers don't tell user pages, and
    /// Linux lets users pass the entries of its own tables too. There, what user code has used tells.
    ///
    /// @param used numbers of entries that it got pages through
    boolean isEmpty(AddressSpace memory, long addressSpace, BitSet used) {
        boolean all = this == FOUR_LEVELS || used.isEmpty();
        int count = this == FOUR_LEVELS ? USER_ENTRIES : hasTwoLevels() ? SMALL_ENTRIES : POINTERS;
        for (int i = 0; i < count; i++) {
            if ((all || used.get(i)) && isPresent(memory, addressSpace, i)) {
                return false;
            }
        }
        return true;
    }

    private boolean isPresent(AddressSpace memory, long addressSpace, int number) {
        long needed = UserTables.PRESENT | (hasTwoLevels() ? UserTables.USER : 0);
        return (memory.read(addressSpace + (long) number * entryBytes(), 4) & needed) == needed;
    }
}
