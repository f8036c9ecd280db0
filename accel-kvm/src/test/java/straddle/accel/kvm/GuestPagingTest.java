package straddle.accel.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static straddle.accel.kvm.GuestPaging.FOUR_LEVELS;
import static straddle.accel.kvm.GuestPaging.PAE;
import static straddle.accel.kvm.GuestPaging.PAE_WITHOUT_NO_EXECUTE;
import static straddle.accel.kvm.GuestPaging.TWO_LEVELS;
import static straddle.accel.kvm.GuestPaging.TWO_LEVELS_OF_SMALL_PAGES;
import static straddle.accel.kvm.UserTables.ACCESSED;
import static straddle.accel.kvm.UserTables.ADDRESS;
import static straddle.accel.kvm.UserTables.DIRTY;
import static straddle.accel.kvm.UserTables.LARGE;
import static straddle.accel.kvm.UserTables.NO_EXECUTE;
import static straddle.accel.kvm.UserTables.PRESENT;
import static straddle.accel.kvm.UserTables.USER;
import static straddle.accel.kvm.UserTables.WRITABLE;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import straddle.core.arch.x86.X86;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.DirtyPages;
import straddle.core.memory.Region;
import straddle.core.vcpu.UserState;
import straddle.host.HostException;

/// [UserTables] with the tables of guests that have 4 GiB of addresses, as [UserTablesTest] has them of four levels.
class GuestPagingTest {
    private static final long ALL = PRESENT | WRITABLE | USER | ACCESSED | DIRTY;
    private static final long PAGE = 0x8040_0000L;
    private static final long FRAME = 0x20_0000;
    private static final long MIB_2 = 2 << 20;
    private static final long MIB_4 = 4 << 20;

    /// More memory, where only the entries of PAE paging and those of 4 MiB pages reach.
    private static final long HIGH = 0x12_3440_0000L;

    /// Where the tables of one address space lie.
    ///
    /// @param pointers PAE paging's; nothing else has them
    private record Space(long pointers, long directory, long table) {}

    private static final Space ONE = new Space(0x1020, 0x2000, 0x3000);

    /// Its pointers follow those of the other.
    private static final Space OTHER = new Space(0x1040, 0x4000, 0x5000);

    @Retention(RetentionPolicy.RUNTIME)
    @Target(ElementType.METHOD)
    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "FOUR_LEVELS")
    private @interface EachPagingOf32Bits {}

    private TablesGuest guest;
    private AddressSpace memory;
    private UserTables tables;
    private GuestPaging paging;

    @BeforeEach
    void makeTables() throws Exception {
        guest = new TablesGuest();
        memory = guest.memory;
        tables = guest.tables;
    }

    @AfterEach
    void freeMemory() {
        guest.close();
    }

    /// Both address spaces have a directory and a table for [#PAGE].
    private void start(GuestPaging with) {
        paging = with;
        connect(ONE);
        connect(OTHER);
    }

    private void connect(Space space) {
        if (!isSmall()) {
            memory.write(pointerAt(space, PAGE), 8, space.directory | PRESENT);
        }
        point(space, PAGE, space.table | ALL);
    }

    private boolean isSmall() {
        return paging == TWO_LEVELS || paging == TWO_LEVELS_OF_SMALL_PAGES;
    }

    private int width() {
        return isSmall() ? 4 : 8;
    }

    private long top(Space space) {
        return isSmall() ? space.directory : space.pointers;
    }

    private static long pointerAt(Space space, long linear) {
        return space.pointers + (linear >>> 30) * 8;
    }

    private long directoryEntryAt(Space space, long linear) {
        return space.directory + (isSmall() ? (linear >>> 22) * 4 : (linear >>> 21 & 511) * 8);
    }

    private long tableEntryAt(Space space, long linear) {
        return space.table + (isSmall() ? (linear >>> 12 & 1023) * 4 : (linear >>> 12 & 511) * 8);
    }

    private void point(Space space, long linear, long entry) {
        memory.write(directoryEntryAt(space, linear), width(), entry);
    }

    private void map(Space space, long linear, long entry) {
        memory.write(tableEntryAt(space, linear), width(), entry);
    }

    private void point(long linear, long entry) {
        point(ONE, linear, entry);
    }

    private void map(long linear, long entry) {
        map(ONE, linear, entry);
    }

    private long root(Space space) throws HostException {
        return tables.root(paging, top(space));
    }

    private void enter() throws HostException {
        root(ONE);
    }

    private boolean isWatched(long gpa) {
        return (guest.ram.dirty().readersAt(gpa) & DirtyPages.PT) != 0;
    }

    // ---- what is granted

    @Test
    void theGuestsRegistersTellItsPaging() {
        UserState user = new UserState();
        assertEquals(TWO_LEVELS_OF_SMALL_PAGES, GuestPaging.of(user));
        user.efer = X86.EFER_NXE;
        assertEquals(TWO_LEVELS_OF_SMALL_PAGES, GuestPaging.of(user));
        user.cr4 = X86.CR4_PSE;
        assertEquals(TWO_LEVELS, GuestPaging.of(user));
        user.cr4 = X86.CR4_PSE | X86.CR4_PAE;
        assertEquals(PAE, GuestPaging.of(user));
        user.efer = 0;
        assertEquals(PAE_WITHOUT_NO_EXECUTE, GuestPaging.of(user));
        user.efer = X86.EFER_LME | X86.EFER_LMA | X86.EFER_NXE;
        assertEquals(FOUR_LEVELS, GuestPaging.of(user));
    }

    @EachPagingOf32Bits
    void aPageIsGrantedAsTheGuestHasIt(GuestPaging with) throws Exception {
        start(with);
        map(PAGE, FRAME | ALL);
        map(PAGE + 0x1000, FRAME + 0x1000 | PRESENT | USER | ACCESSED);
        map(PAGE + 0x2000, FRAME + 0x2000 | ALL & ~DIRTY);
        map(PAGE + 0x3000, FRAME + 0x3000 | ALL & ~ACCESSED);
        map(PAGE + 0x4000, FRAME + 0x4000 | ALL & ~PRESENT);
        enter();

        assertTrue(tables.fill(PAGE, true));
        assertEquals(FRAME | ALL, tables.granted(PAGE));
        assertFalse(tables.fill(PAGE + 0x1000, true));
        assertEquals(FRAME + 0x1000 | ALL & ~WRITABLE, tables.granted(PAGE + 0x1000));
        assertTrue(tables.fill(PAGE + 0x2000, false));
        assertEquals(FRAME + 0x2000 | ALL & ~WRITABLE, tables.granted(PAGE + 0x2000));
        assertFalse(tables.fill(PAGE + 0x3000, false));
        assertEquals(0, tables.granted(PAGE + 0x3000));
        assertFalse(tables.fill(PAGE + 0x4000, false));
        map(PAGE + 0x2000, FRAME + 0x2000 | ALL);
        assertEquals(FRAME + 0x2000 | ALL, tables.granted(PAGE + 0x2000));
    }

    @EachPagingOf32Bits
    void aDirectoryEntryLimitsWhatItsTableAllows(GuestPaging with) throws Exception {
        start(with);
        map(PAGE, FRAME | ALL);
        point(PAGE + MIB_4, ONE.table | ALL);
        point(PAGE, ONE.table | PRESENT | USER | ACCESSED);
        enter();
        assertTrue(tables.fill(PAGE + MIB_4, true));
        assertFalse(tables.fill(PAGE, true));
        assertEquals(FRAME | ALL & ~WRITABLE, tables.granted(PAGE));

        for (long without : new long[] {PRESENT, ACCESSED, USER}) {
            point(PAGE, ONE.table | ALL & ~without);
            assertEquals(0, tables.granted(PAGE));
            assertFalse(tables.fill(PAGE, false));
            point(PAGE, ONE.table | ALL & ~DIRTY);
            assertTrue(tables.fill(PAGE, true));
        }
    }

    @EachPagingOf32Bits
    void theKernelsPagesAreNeverGranted(GuestPaging with) throws Exception {
        start(with);
        map(PAGE, FRAME | ALL & ~USER);
        map(PAGE + 0x1000, FRAME | ALL);
        enter();
        assertTrue(tables.fill(PAGE + 0x1000, true));
        assertEquals(0, tables.granted(PAGE));
        assertFalse(tables.fill(PAGE, false));

        long root = root(ONE);
        map(PAGE + 0x1000, FRAME | ALL & ~USER);
        assertEquals(0, tables.granted(PAGE + 0x1000));
        assertNotEquals(root, root(ONE));
    }

    @EachPagingOf32Bits
    void addressesEndAt4Gib(GuestPaging with) throws Exception {
        start(with);
        long last = 0xffff_f000L;
        if (!isSmall()) {
            memory.write(pointerAt(ONE, last), 8, ONE.directory | PRESENT);
            memory.write(pointerAt(ONE, 0), 8, ONE.directory | PRESENT);
        }
        point(last, ONE.table | ALL);
        point(0, ONE.table | ALL);
        map(last, FRAME | ALL);
        map(0, FRAME + 0x1000 | ALL);
        map(PAGE, FRAME + 0x1000 | ALL);
        enter();
        assertTrue(tables.fill(last, true));
        assertTrue(tables.fill(0, true));
        assertTrue(tables.fill(PAGE, true));
        assertEquals(FRAME | ALL, tables.granted(last));

        for (int bit = 32; bit < 64; bit++) {
            for (long linear : new long[] {0, PAGE, last}) {
                long beyond = linear | 1L << bit;
                assertFalse(tables.fill(beyond, false), Long.toHexString(beyond));
                assertEquals(0, tables.granted(beyond), Long.toHexString(beyond));
            }
        }
        assertEquals(0, tables.granted(-1L << 31));
    }

    @EachPagingOf32Bits
    void whatIsNoMemoryIsNeverGranted(GuestPaging with) throws Exception {
        start(with);
        guest.mapRom(0x80_0000, 0x1000);
        map(PAGE, 0xfee0_0000L | ALL);
        map(PAGE + 0x1000, 0x80_0000 | ALL);
        enter();
        assertFalse(tables.fill(PAGE, false));
        assertFalse(tables.fill(PAGE + 0x1000, true));
        assertTrue(tables.fill(PAGE + 0x1000, false));
        point(PAGE, 0xfee0_0000L | ALL);
        assertFalse(tables.fill(PAGE, false));
        assertEquals(0, tables.granted(PAGE + 0x1000));
    }

    @EachPagingOf32Bits
    void tablesOfTheGuestsAreNotWritableForItsUsers(GuestPaging with) throws Exception {
        start(with);
        long[] all = {top(ONE), ONE.directory, ONE.table};
        for (int i = 0; i < all.length; i++) {
            map(PAGE + i * 0x1000L, all[i] & ADDRESS | ALL);
        }
        enter();
        for (int i = 0; i < all.length; i++) {
            long at = PAGE + i * 0x1000L;
            assertFalse(tables.fill(at, true));
            assertEquals(all[i] & ADDRESS | ALL & ~WRITABLE, tables.granted(at));
        }
    }

    @EachPagingOf32Bits
    void aTableThatIsNoMemoryTakesNoPages(GuestPaging with) throws Exception {
        start(with);
        point(PAGE, 0xfee0_0000L | ALL);
        for (int i = 0; i < 300; i++) {
            enter();
            assertFalse(tables.fill(PAGE, false));
        }
        assertEquals(0, tables.resets());
    }

    // ---- PAE paging

    @Test
    void oneLevelThatForbidsExecutionIsEnough() throws Exception {
        start(PAE);
        map(PAGE, FRAME | ALL | NO_EXECUTE);
        map(PAGE + 0x1000, FRAME | ALL);
        enter();
        assertTrue(tables.fill(PAGE, true));
        assertEquals(FRAME | ALL | NO_EXECUTE, tables.granted(PAGE));
        assertEquals(FRAME | ALL, tables.granted(PAGE + 0x1000));

        point(PAGE, ONE.table | ALL | NO_EXECUTE);
        assertEquals(0, tables.granted(PAGE + 0x1000));
        assertTrue(tables.fill(PAGE + 0x1000, true));
        assertEquals(FRAME | ALL | NO_EXECUTE, tables.granted(PAGE + 0x1000));
    }

    @Test
    void theBitThatForbidsExecutionIsReservedWhereItIsOff() throws Exception {
        start(PAE_WITHOUT_NO_EXECUTE);
        map(PAGE, FRAME | ALL | NO_EXECUTE);
        map(PAGE + 0x1000, FRAME | ALL);
        enter();
        assertFalse(tables.fill(PAGE, false));
        assertTrue(tables.fill(PAGE + 0x1000, true));
        map(PAGE + 0x1000, FRAME | ALL | NO_EXECUTE);
        assertEquals(0, tables.granted(PAGE + 0x1000));
        map(PAGE + 0x1000, FRAME | ALL);
        assertTrue(tables.fill(PAGE + 0x1000, true));

        point(PAGE, ONE.table | ALL | NO_EXECUTE);
        assertEquals(0, tables.granted(PAGE + 0x1000));
        assertFalse(tables.fill(PAGE + 0x1000, false));
        point(PAGE, ALL | LARGE | NO_EXECUTE);
        assertFalse(tables.fill(PAGE + 0x1000, false));
    }

    @ParameterizedTest
    @EnumSource(names = {"PAE", "PAE_WITHOUT_NO_EXECUTE"})
    void whatHasAReservedBitIsNotGranted(GuestPaging with) throws Exception {
        start(with);
        map(PAGE, FRAME | ALL);
        enter();
        for (int bit = 52; bit < 63; bit++) {
            assertTrue(tables.fill(PAGE, true));
            map(PAGE, FRAME | ALL | 1L << bit);
            assertEquals(0, tables.granted(PAGE), "bit " + bit);
            assertFalse(tables.fill(PAGE, false), "bit " + bit);
            map(PAGE, FRAME | ALL);
            assertTrue(tables.fill(PAGE, true));
            point(PAGE, ONE.table | ALL | 1L << bit);
            assertEquals(0, tables.granted(PAGE), "bit " + bit);
            assertFalse(tables.fill(PAGE, false), "bit " + bit);
            point(PAGE, ONE.table | ALL);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"PAE", "PAE_WITHOUT_NO_EXECUTE"})
    void aPageOf2MibHasReservedBits(GuestPaging with) throws Exception {
        start(with);
        enter();
        for (int bit = 13; bit < 21; bit++) {
            point(PAGE, FRAME | ALL | LARGE);
            assertTrue(tables.fill(PAGE, true));
            point(PAGE, FRAME | ALL | LARGE | 1 << bit);
            assertEquals(0, tables.granted(PAGE), "bit " + bit);
            assertFalse(tables.fill(PAGE, false), "bit " + bit);
        }
        point(PAGE, FRAME | ALL | LARGE | 1 << 12);
        assertTrue(tables.fill(PAGE, true));
        assertEquals(FRAME | ALL, tables.granted(PAGE));
    }

    @ParameterizedTest
    @EnumSource(names = {"PAE", "PAE_WITHOUT_NO_EXECUTE"})
    void aPointerHasReservedBits(GuestPaging with) throws Exception {
        start(with);
        map(PAGE, FRAME | ALL);
        enter();
        for (int bit : new int[] {1, 2, 5, 6, 7, 8, 52, 62, 63}) {
            memory.write(pointerAt(ONE, PAGE), 8, ONE.directory | PRESENT);
            assertTrue(tables.fill(PAGE, true));
            memory.write(pointerAt(ONE, PAGE), 8, ONE.directory | PRESENT | 1L << bit);
            assertEquals(0, tables.granted(PAGE), "bit " + bit);
            assertFalse(tables.fill(PAGE, false), "bit " + bit);
        }
        memory.write(pointerAt(ONE, PAGE), 8, ONE.directory | PRESENT | 0xe18);
        assertTrue(tables.fill(PAGE, true));
    }

    @Test
    void framesMayLieBeyond4Gib() throws Exception {
        guest.mapRam(HIGH, MIB_4);
        start(PAE);
        map(PAGE, HIGH + 0x5000 | ALL);
        point(PAGE + MIB_2, HIGH + MIB_2 | ALL | LARGE);
        enter();
        assertTrue(tables.fill(PAGE, true));
        assertEquals(HIGH + 0x5000 | ALL, tables.granted(PAGE));
        assertTrue(tables.fill(PAGE + MIB_2 + 0x7000, true));
        assertEquals(HIGH + MIB_2 + 0x7000 | ALL, tables.granted(PAGE + MIB_2 + 0x7000));
    }

    @Test
    void pagesOf2MibAreSplitAndForgottenAsAWhole() throws Exception {
        start(PAE);
        point(PAGE, FRAME | ALL | LARGE);
        enter();
        assertTrue(tables.fill(PAGE + 0x5000, true));
        assertEquals(FRAME + 0x5000 | ALL, tables.granted(PAGE + 0x5000));
        assertEquals(FRAME + 0x1f_f000 | ALL, tables.granted(PAGE + 0x1f_f000));
        assertEquals(0, tables.granted(PAGE + MIB_2));

        point(PAGE, FRAME | (ALL | LARGE) & ~WRITABLE);
        assertEquals(0, tables.granted(PAGE + 0x5000));
        assertFalse(tables.fill(PAGE + 0x5000, true));
        assertTrue(tables.fill(PAGE + 0x5000, false));
        point(PAGE, FRAME | (ALL | LARGE) & ~DIRTY | NO_EXECUTE);
        assertFalse(tables.fill(PAGE + 0x5000, true));
        assertEquals(FRAME + 0x5000 | ALL & ~WRITABLE | NO_EXECUTE, tables.granted(PAGE + 0x5000));
        point(PAGE, ALL | LARGE);
        assertEquals(0, tables.granted(PAGE + 0x5000));
        assertFalse(tables.fill(PAGE + 0x2000, true), "the guest's directory");
        assertTrue(tables.fill(PAGE + 0x8000, true));
        assertEquals(0x8000 | ALL, tables.granted(PAGE + 0x8000));
    }

    @Test
    void aPointerNeedsNothingButItsPresenceAndTakesAllBelowItAlong() throws Exception {
        start(PAE);
        map(PAGE, FRAME | ALL);
        map(OTHER, PAGE, FRAME + 0x1000 | ALL);
        enter();
        assertTrue(tables.fill(PAGE, true));
        long root = root(ONE);
        memory.write(pointerAt(ONE, PAGE), 8, OTHER.directory | PRESENT);
        assertEquals(0, tables.granted(PAGE));
        assertFalse(isWatched(ONE.table));
        assertNotEquals(root, root(ONE));
        assertTrue(tables.fill(PAGE, true));
        assertEquals(FRAME + 0x1000 | ALL, tables.granted(PAGE));

        memory.write(pointerAt(ONE, 0), 8, ONE.directory | PRESENT);
        assertTrue(tables.fill(PAGE - (2L << 30), true));
        memory.write(pointerAt(ONE, PAGE), 8, OTHER.directory);
        assertEquals(0, tables.granted(PAGE));
        assertFalse(tables.fill(PAGE, false));
        assertEquals(FRAME | ALL, tables.granted(PAGE - (2L << 30)));
    }

    /// The four pointers of another may follow at once.
    @Test
    void addressSpacesWhosePointersShareAPageAreToldApart() throws Exception {
        start(PAE);
        map(PAGE, FRAME | ALL);
        map(OTHER, PAGE, FRAME + 0x1000 | ALL);
        long one = root(ONE);
        assertTrue(tables.fill(PAGE, true));
        long other = root(OTHER);
        assertTrue(tables.fill(PAGE, true));
        assertNotEquals(one, other);
        assertEquals(FRAME + 0x1000 | ALL, tables.granted(PAGE));
        assertEquals(one, root(ONE));
        assertEquals(FRAME | ALL, tables.granted(PAGE));

        memory.write(pointerAt(OTHER, PAGE), 8, 0);
        assertTrue(tables.knows(ONE.pointers));
        assertFalse(tables.knows(OTHER.pointers));
        assertEquals(FRAME | ALL, tables.granted(PAGE));
        assertEquals(one, root(ONE));
        assertEquals(List.of(OTHER.pointers), guest.ended);
        assertTrue(isWatched(ONE.pointers & ADDRESS));

        // What is no pointer of any.
        memory.write(ONE.pointers - 8, 8, -1L);
        memory.write(OTHER.pointers + 32, 8, -1L);
        assertEquals(FRAME | ALL, tables.granted(PAGE));
        memory.write(pointerAt(ONE, PAGE), 8, 0);
        assertFalse(isWatched(ONE.pointers & ADDRESS));
        assertEquals(List.of(OTHER.pointers, ONE.pointers), guest.ended);
    }

    /// The last pointer of the one and the first of the other.
    @Test
    void oneWriteMayChangeThePointersOfTwoAddressSpaces() throws Exception {
        start(PAE);
        map(PAGE, FRAME | ALL);
        map(OTHER, PAGE, FRAME + 0x1000 | ALL);
        long last = PAGE + (1L << 30);
        long first = PAGE - (2L << 30);
        memory.write(pointerAt(ONE, last), 8, ONE.directory | PRESENT);
        memory.write(pointerAt(OTHER, first), 8, OTHER.directory | PRESENT);
        root(OTHER);
        assertTrue(tables.fill(first, true));
        root(ONE);
        assertTrue(tables.fill(last, true));
        assertEquals(OTHER.pointers, pointerAt(ONE, last) + 8);

        // The last four bytes of the one stay as they are.
        memory.write(pointerAt(ONE, last) + 4, 8, 0);
        assertEquals(FRAME | ALL, tables.granted(last));
        root(OTHER);
        assertEquals(0, tables.granted(first));
        memory.write(pointerAt(ONE, last) + 1, 8, 0);
        root(ONE);
        assertEquals(0, tables.granted(last));
        assertFalse(tables.fill(last, false));
    }

    // ---- 32-bit paging

    @ParameterizedTest
    @EnumSource(names = {"TWO_LEVELS", "TWO_LEVELS_OF_SMALL_PAGES"})
    void aTableOf1024EntriesIsTwoOfOurs(GuestPaging with) throws Exception {
        start(with);
        long[] pages = {0, 1, 511, 512, 513, 1023};
        for (long page : pages) {
            map(PAGE + page * 0x1000, FRAME + page * 0x100 & ADDRESS | ALL);
        }
        enter();
        for (long page : pages) {
            long at = PAGE + page * 0x1000;
            assertTrue(tables.fill(at, true), "page " + page);
            assertEquals(FRAME + page * 0x100 & ADDRESS | ALL, tables.granted(at), "page " + page);
        }
        assertEquals(0, tables.granted(PAGE + 2 * 0x1000));
        map(PAGE + MIB_2, 0);
        assertEquals(0, tables.granted(PAGE + MIB_2));
        assertEquals(FRAME | ALL, tables.granted(PAGE));
        map(PAGE, 0);
        assertEquals(0, tables.granted(PAGE));
        assertEquals(FRAME + 0x20000 | ALL, tables.granted(PAGE + MIB_2 + 0x1000));
    }

    @ParameterizedTest
    @EnumSource(names = {"TWO_LEVELS", "TWO_LEVELS_OF_SMALL_PAGES"})
    void anEntryOfTheDirectoryTakesBothHalvesAlong(GuestPaging with) throws Exception {
        start(with);
        map(PAGE, FRAME | ALL);
        map(PAGE + MIB_2, FRAME + 0x1000 | ALL);
        point(PAGE + MIB_4, ONE.table | ALL);
        for (long entry : new long[] {OTHER.table | ALL, ONE.table | ALL & ~WRITABLE, 0}) {
            point(PAGE, ONE.table | ALL);
            enter();
            assertTrue(tables.fill(PAGE, true));
            assertTrue(tables.fill(PAGE + MIB_2, true));
            assertTrue(tables.fill(PAGE + MIB_4, true));
            long before = root(ONE);
            point(PAGE, entry);
            assertEquals(0, tables.granted(PAGE));
            assertEquals(0, tables.granted(PAGE + MIB_2));
            assertEquals(FRAME | ALL, tables.granted(PAGE + MIB_4));
            assertNotEquals(before, root(ONE));
        }
    }

    @Test
    void pagesOf4MibAreSplit() throws Exception {
        guest.mapRam(MIB_4, MIB_4);
        start(TWO_LEVELS);
        point(PAGE, MIB_4 | ALL | LARGE);
        enter();
        for (long offset : new long[] {0, 0x5000, 0x1f_f000, MIB_2, MIB_4 - 0x1000}) {
            assertTrue(tables.fill(PAGE + offset, true));
            assertEquals(MIB_4 + offset | ALL, tables.granted(PAGE + offset));
        }
        assertEquals(0, tables.granted(PAGE + MIB_4));

        long[] less = {ALL & ~DIRTY | LARGE, ALL & ~WRITABLE | LARGE};
        for (long entry : less) {
            point(PAGE, MIB_4 | ALL | LARGE);
            assertTrue(tables.fill(PAGE, true));
            assertTrue(tables.fill(PAGE + MIB_2, true));
            point(PAGE, MIB_4 | entry);
            assertEquals(0, tables.granted(PAGE));
            assertEquals(0, tables.granted(PAGE + MIB_2));
            assertFalse(tables.fill(PAGE + MIB_2, true));
            assertTrue(tables.fill(PAGE + MIB_2, false));
        }
        for (long none : new long[] {USER, ACCESSED, PRESENT}) {
            point(PAGE, MIB_4 | (ALL | LARGE) & ~none);
            assertEquals(0, tables.granted(PAGE));
            assertFalse(tables.fill(PAGE, false));
            assertFalse(tables.fill(PAGE + MIB_2, false));
        }
    }

    /// A table instead of a page, at the same address.
    @Test
    void aPageOf4MibIsToldFromATable() throws Exception {
        guest.mapRam(MIB_4, MIB_4);
        start(TWO_LEVELS);
        memory.write(MIB_4, 4, FRAME | ALL);
        point(PAGE, MIB_4 | ALL);
        enter();
        assertTrue(tables.fill(PAGE, true));
        assertEquals(FRAME | ALL, tables.granted(PAGE));
        point(PAGE, MIB_4 | ALL | LARGE);
        assertEquals(0, tables.granted(PAGE));
        assertTrue(tables.fill(PAGE, true));
        assertEquals(MIB_4 | ALL, tables.granted(PAGE));
        point(PAGE, MIB_4 | ALL);
        assertEquals(0, tables.granted(PAGE));
        assertTrue(tables.fill(PAGE, true));
        assertEquals(FRAME | ALL, tables.granted(PAGE));
    }

    @Test
    void pagesOf4MibMayLieBeyond4Gib() throws Exception {
        guest.mapRam(HIGH, MIB_4);
        start(TWO_LEVELS);
        long entry = HIGH & 0xffc0_0000L | HIGH >>> 32 << 13 | ALL | LARGE;
        long attributes = 1 << 12;
        point(PAGE, entry | attributes);
        enter();
        for (long offset : new long[] {0, 0x1f_f000, MIB_2, MIB_4 - 0x1000}) {
            assertTrue(tables.fill(PAGE + offset, true));
            assertEquals(HIGH + offset | ALL, tables.granted(PAGE + offset));
        }
        point(PAGE, entry ^ 1 << 20);
        assertEquals(0, tables.granted(PAGE));
        assertEquals(0, tables.granted(PAGE + MIB_2));
        assertFalse(tables.fill(PAGE, false));
    }

    @Test
    void aPageOf4MibHasAReservedBit() throws Exception {
        guest.mapRam(MIB_4, MIB_4);
        start(TWO_LEVELS);
        point(PAGE, MIB_4 | ALL | LARGE);
        enter();
        assertTrue(tables.fill(PAGE, true));
        assertTrue(tables.fill(PAGE + MIB_2, true));
        point(PAGE, MIB_4 | ALL | LARGE | 1 << 21);
        for (long half : new long[] {0, MIB_2}) {
            assertEquals(0, tables.granted(PAGE + half));
            assertFalse(tables.fill(PAGE + half, false));
        }
    }

    @Test
    void withoutPageSizeExtensionsAllPagesAreSmall() throws Exception {
        start(TWO_LEVELS_OF_SMALL_PAGES);
        map(PAGE, FRAME | ALL);
        map(PAGE + MIB_2, FRAME + 0x1000 | ALL);
        point(PAGE, ONE.table | ALL | LARGE);
        enter();
        assertTrue(tables.fill(PAGE, true));
        assertTrue(tables.fill(PAGE + MIB_2, true));
        assertEquals(FRAME | ALL, tables.granted(PAGE));
        assertEquals(FRAME + 0x1000 | ALL, tables.granted(PAGE + MIB_2));
        point(PAGE, ONE.table | ALL);
        assertEquals(FRAME | ALL, tables.granted(PAGE));
    }

    @EachPagingOf32Bits
    void aSmallPagesMemoryTypeAndGlobalBitAreNotShown(GuestPaging with) throws Exception {
        start(with);
        map(PAGE, FRAME | ALL | 0x198);
        enter();
        assertTrue(tables.fill(PAGE, true));
        assertEquals(FRAME | ALL, tables.granted(PAGE));
    }

    // ---- following the guest

    @EachPagingOf32Bits
    void writesOfAnyWidthAnywhereAreFollowed(GuestPaging with) throws Exception {
        start(with);
        // The entries in the middle of a table, where two of ours meet if it is two.
        long middle = PAGE + (isSmall() ? MIB_2 : 1 << 20);
        for (int width = 1; width <= 8; width *= 2) {
            for (int offset = -2 * width(); offset < 2 * width(); offset++) {
                for (long i = -4; i < 4; i++) {
                    map(middle + i * 0x1000, FRAME + (4 + i) * 0x1000 | ALL);
                }
                enter();
                for (long i = -4; i < 4; i++) {
                    assertTrue(tables.fill(middle + i * 0x1000, true));
                }
                memory.write(tableEntryAt(ONE, middle) + offset, width, 0);
                for (long i = -4; i < 4; i++) {
                    long at = middle + i * 0x1000;
                    String where = width + " bytes at " + offset + ", entry " + i;
                    assertTold(at, where);
                    tables.fill(at, false);
                    assertEquals(allowed(ONE, at), tables.granted(at), where);
                }
            }
        }
    }

    @EachPagingOf32Bits
    void writesToTheDirectoryOfAnyWidthAreFollowed(GuestPaging with) throws Exception {
        start(with);
        // In 32-bit paging, where two of our four directories meet.
        long middle = isSmall() ? 0x8000_0000L : PAGE;
        long step = isSmall() ? MIB_4 : MIB_2;
        long[] tried = {
            -2 * step, -step - 0x1000, -step, -0x1000, 0, step - 0x1000, step, 2 * step - 0x1000
        };
        for (long each : tried) {
            map(middle + each, FRAME | ALL);
        }
        for (int width = 1; width <= 8; width *= 2) {
            for (int offset = -2 * width(); offset < 2 * width(); offset++) {
                for (long each : tried) {
                    point(middle + each, ONE.table | ALL);
                }
                enter();
                for (long each : tried) {
                    assertTrue(tables.fill(middle + each, true));
                }
                memory.write(directoryEntryAt(ONE, middle) + offset, width, 0);
                for (long each : tried) {
                    String where = width + " bytes at " + offset + ", address " + each;
                    assertTold(middle + each, where);
                    tables.fill(middle + each, false);
                    assertEquals(allowed(ONE, middle + each), tables.granted(middle + each), where);
                }
            }
        }
    }

    /// As a device does.
    @EachPagingOf32Bits
    void aWholeTableThatIsWrittenAtOnceIsFollowed(GuestPaging with) throws Exception {
        start(with);
        long last = PAGE + (isSmall() ? MIB_4 : MIB_2) - 0x1000;
        for (long table : new long[] {ONE.table, ONE.directory}) {
            connect(ONE);
            map(PAGE, FRAME | ALL);
            map(last, FRAME | ALL);
            enter();
            assertTrue(tables.fill(PAGE, true));
            assertTrue(tables.fill(last, true));
            memory.write(table - 8, MemorySegment.ofArray(new byte[4096 + 16]));
            assertEquals(0, tables.granted(PAGE));
            assertEquals(0, tables.granted(last));
        }
    }

    // ---- address spaces

    /// As a kernel's does that switches to PAE paging with its first table where it was.
    @ParameterizedTest
    @EnumSource
    void anAddressSpaceUnderOtherPagingIsMadeAnew(GuestPaging with) throws Exception {
        start(TWO_LEVELS);
        Space same = new Space(ONE.directory, OTHER.directory, OTHER.table);
        map(PAGE, FRAME | ALL);
        long before = tables.root(TWO_LEVELS, ONE.directory);
        assertTrue(tables.fill(PAGE, true));
        memory.write(pointerAt(same, PAGE), 8, OTHER.directory | PRESENT);
        assertEquals(before, tables.root(TWO_LEVELS, ONE.directory));
        boolean changes = with != TWO_LEVELS;

        long after = tables.root(with, ONE.directory);
        assertEquals(changes, before != after);
        assertEquals(changes ? 0 : FRAME | ALL, tables.granted(PAGE));
        assertEquals(!changes, isWatched(ONE.table));
        assertTrue(isWatched(ONE.directory));
        assertTrue(tables.knows(ONE.directory));

        tables.root(TWO_LEVELS, ONE.directory);
        assertTrue(tables.fill(PAGE, true));
        assertEquals(FRAME | ALL, tables.granted(PAGE));
        assertEquals(List.of(), guest.ended);
    }

    private void useUpThePool() throws Exception {
        long before = tables.resets();
        for (int i = 0; i < 200 && tables.resets() == before; i++) {
            root(ONE);
            assertTrue(tables.fill(PAGE, true));
            map(PAGE, 0);
            map(PAGE, FRAME | ALL);
        }
        assertEquals(before + 1, tables.resets());
    }

    private void clear(Space space) {
        clearOne(space, 0);
        clearOne(space, PAGE);
    }

    private void clearOne(Space space, long linear) {
        long at = isSmall() ? directoryEntryAt(space, linear) : pointerAt(space, linear);
        memory.write(at, width(), 0);
    }

    @EachPagingOf32Bits
    void addressSpacesStayKnownAndAreFilledAnewWhenThePoolIsUsedUp(GuestPaging with)
            throws Exception {
        start(with);
        map(PAGE, FRAME | ALL);
        map(OTHER, PAGE, FRAME + 0x1000 | ALL);
        root(OTHER);
        assertTrue(tables.fill(PAGE, true));
        useUpThePool();
        assertTrue(guest.remade > 0);
        assertTrue(tables.knows(top(ONE)));
        assertTrue(tables.knows(top(OTHER)));
        assertFalse(isWatched(OTHER.table));
        assertTrue(isWatched(top(OTHER) & ADDRESS));

        root(OTHER);
        assertEquals(0, tables.granted(PAGE));
        assertTrue(tables.fill(PAGE, true));
        assertEquals(FRAME + 0x1000 | ALL, tables.granted(PAGE));
        root(ONE);
        assertTrue(tables.fill(PAGE, true));
        assertEquals(FRAME | ALL, tables.granted(PAGE));
        map(PAGE, 0);
        assertEquals(0, tables.granted(PAGE));
        assertEquals(List.of(), guest.ended);
    }

    @EachPagingOf32Bits
    void theEndOfAnAddressSpaceIsToldOnce(GuestPaging with) throws Exception {
        start(with);
        map(PAGE, FRAME | ALL);
        map(OTHER, PAGE, FRAME + 0x1000 | ALL);
        root(OTHER);
        assertTrue(tables.fill(PAGE, true));
        useUpThePool();

        // Its pages were not asked for since.
        clear(OTHER);
        assertEquals(List.of(top(OTHER)), guest.ended);
        clear(OTHER);
        assertEquals(List.of(top(OTHER)), guest.ended);
        assertFalse(tables.knows(top(OTHER)));
        assertTrue(tables.knows(top(ONE)));

        root(ONE);
        assertTrue(tables.fill(PAGE, true));
        clear(ONE);
        assertEquals(List.of(top(OTHER), top(ONE)), guest.ended);
        assertEquals(0, tables.granted(PAGE));
        assertFalse(isWatched(top(ONE) & ADDRESS));
        assertFalse(isWatched(ONE.directory));
        assertFalse(isWatched(ONE.table));

        // Another process, for which the guest uses the same pages.
        connect(ONE);
        assertFalse(tables.knows(top(ONE)));
        root(ONE);
        assertTrue(tables.fill(PAGE, true));
        clear(ONE);
        assertEquals(List.of(top(OTHER), top(ONE), top(ONE)), guest.ended);
    }

    /// Linux lets users pass the entries of its own tables, where their pages are its own, and leaves them at a process's end.
    @EachPagingOf32Bits
    void theEndOfAnAddressSpaceLeavesTheKernelsEntries(GuestPaging with) throws Exception {
        start(with);
        long kernels = 0xc000_0000L;
        if (!isSmall()) {
            memory.write(pointerAt(ONE, kernels), 8, OTHER.directory | PRESENT);
            memory.write(pointerAt(ONE, 0), 8, ONE.directory | PRESENT);
        }
        point(isSmall() ? ONE : OTHER, kernels, OTHER.table | ALL);
        map(OTHER, kernels, FRAME + 0x1000 | ALL & ~USER);
        point(0, ONE.table | ALL);
        map(PAGE, FRAME | ALL);
        map(0, FRAME | ALL);
        enter();
        assertTrue(tables.fill(PAGE, true));
        assertTrue(tables.fill(0, true));
        useUpThePool();

        clearOne(ONE, PAGE);
        assertEquals(List.of(), guest.ended);
        assertTrue(tables.knows(top(ONE)));
        clearOne(ONE, 0);
        assertEquals(List.of(top(ONE)), guest.ended);
        assertFalse(tables.knows(top(ONE)));
        assertFalse(isWatched(top(ONE) & ADDRESS));
        clearOne(ONE, kernels);
        assertEquals(List.of(top(ONE)), guest.ended);
    }

    @EachPagingOf32Bits
    void aChangeOfTheMemoryMapHasEverythingForgotten(GuestPaging with) throws Exception {
        start(with);
        map(PAGE, FRAME | ALL);
        map(OTHER, PAGE, FRAME + 0x1000 | ALL);
        root(OTHER);
        assertTrue(tables.fill(PAGE, true));
        root(ONE);
        assertTrue(tables.fill(PAGE, true));
        tables.forgetMap();
        root(ONE);
        assertEquals(0, tables.granted(PAGE));
        assertFalse(tables.knows(top(OTHER)));
        assertFalse(isWatched(ONE.table));
        assertFalse(isWatched(OTHER.table));
        assertTrue(isWatched(top(ONE) & ADDRESS));
        assertEquals(List.of(), guest.ended);
        assertTrue(tables.fill(PAGE, true));
        assertEquals(FRAME | ALL, tables.granted(PAGE));
    }

    // ---- stores that must be noticed

    @EachPagingOf32Bits
    void everyAddressOfAPageOfCodeLosesTheRightToWrite(GuestPaging with) throws Exception {
        start(with);
        long[] aliases = {PAGE, PAGE + 0x7000, PAGE + MIB_2 - 0x1000, PAGE + MIB_4};
        long half = isSmall() ? PAGE + MIB_2 : PAGE;
        point(PAGE + MIB_4, ONE.table | ALL);
        for (long each : aliases) {
            map(each, FRAME | ALL);
        }
        map(half, FRAME | ALL);
        map(OTHER, PAGE, FRAME | ALL);
        map(PAGE + 0x1000, FRAME + 0x1000 | ALL);
        root(OTHER);
        assertTrue(tables.fill(PAGE, true));
        enter();
        for (long each : aliases) {
            assertTrue(tables.fill(each, true));
        }
        assertTrue(tables.fill(half, true));
        long before = root(ONE);
        guest.ram.dirty().arm(FRAME, DirtyPages.CODE);
        assertTrue(tables.protect(FRAME));

        for (long each : aliases) {
            assertEquals(FRAME | ALL & ~WRITABLE, tables.granted(each), Long.toHexString(each));
            assertFalse(tables.fill(each, true));
        }
        assertEquals(FRAME | ALL & ~WRITABLE, tables.granted(half));
        assertEquals(FRAME + 0x1000 | ALL, tables.granted(PAGE + 0x1000));
        assertNotEquals(before, root(ONE));
        root(OTHER);
        assertEquals(FRAME | ALL & ~WRITABLE, tables.granted(PAGE));

        guest.ram.dirty().disarm(FRAME, DirtyPages.CODE);
        assertTrue(tables.fill(PAGE, true));
        assertTrue(tables.protect(FRAME));
        assertEquals(FRAME | ALL & ~WRITABLE, tables.granted(PAGE));
    }

    /// Another vCPU of the guest may empty the tables under which one runs native code.
    @EachPagingOf32Bits
    void whatRunsUnderForgottenTablesHasItsRightsUntilItIsLeft(GuestPaging with) throws Exception {
        start(with);
        map(PAGE, FRAME | ALL);
        enter();
        assertTrue(tables.fill(PAGE, true));
        clear(ONE);
        assertEquals(List.of(top(ONE)), guest.ended);
        assertTrue(tables.protect(FRAME));

        root(OTHER);
        assertFalse(tables.protect(FRAME));
    }

    @ParameterizedTest
    @EnumSource(names = {"PAE", "TWO_LEVELS"})
    void aPartOfALargePageLosesTheRightToWrite(GuestPaging with) throws Exception {
        guest.mapRam(MIB_4, MIB_4);
        start(with);
        point(PAGE, MIB_4 | ALL | LARGE);
        enter();
        long far = isSmall() ? MIB_2 : MIB_2 - 0x5000;
        for (long offset : new long[] {0x3000, far}) {
            assertTrue(tables.fill(PAGE + offset, true));
            assertTrue(tables.protect(MIB_4 + offset));
            assertEquals(MIB_4 + offset | ALL & ~WRITABLE, tables.granted(PAGE + offset));
            assertEquals(MIB_4 + offset + 0x1000 | ALL, tables.granted(PAGE + offset + 0x1000));
            assertTrue(tables.fill(PAGE + offset, true));
        }
    }

    // ---- whatever the guest does

    private static final long[] TRIED = {
        0,
        PAGE - 0x1000,
        PAGE,
        PAGE + 0x1000,
        PAGE + MIB_2 - 0x1000,
        PAGE + MIB_2,
        PAGE + MIB_4 - 0x1000,
        PAGE + MIB_4,
        0xffff_f000L
    };

    private static final int[] WIDTHS = {1, 2, 4, 8};

    private Random random;

    /// Native code can do no more than the guest's tables allow, and what they allow once it was asked for.
    @EachPagingOf32Bits
    void whatIsGrantedIsWhatTheTablesAllow(GuestPaging with) throws Exception {
        guest.mapRam(HIGH, MIB_4);
        long seed = System.nanoTime();
        random = new Random(seed);
        start(with);
        Space entered = ONE;
        root(entered);
        for (int step = 0; step < 6_000; step++) {
            String where = with + ", seed " + seed + ", step " + step;
            edit(random.nextInt(4) == 0 ? OTHER : ONE);
            assertAllowed(entered, where);
            int what = random.nextInt(32);
            if (what == 0) {
                protect(FRAME + random.nextInt(4) * 0x1000L);
                assertAllowed(entered, where);
            } else if (what == 1) {
                tables.forgetMap();
            } else if (what < 4) {
                entered = random.nextBoolean() ? ONE : OTHER;
                root(entered);
                assertAllowed(entered, where);
            }
            if (random.nextInt(3) == 0) {
                root(entered);
                long at = TRIED[random.nextInt(TRIED.length)];
                boolean write = random.nextBoolean();
                boolean filled = tables.fill(at, write);
                long allowed = allowed(entered, at);
                assertEquals(allowed, tables.granted(at), where);
                assertEquals(allowed != 0 && (!write || (allowed & WRITABLE) != 0), filled, where);
                assertAllowed(entered, where);
            }
        }
    }

    private void protect(long frame) {
        guest.ram.dirty().arm(frame, DirtyPages.CODE);
        tables.protect(frame);
    }

    private void edit(Space space) {
        long linear = TRIED[random.nextInt(TRIED.length)];
        int kind = random.nextInt(isSmall() ? 6 : 8);
        if (kind < 4) {
            write(tableEntryAt(space, linear), width(), flags() | frame());
        } else if (kind < 6) {
            boolean large = random.nextInt(3) == 0;
            long target = large ? largeFrame() : (random.nextBoolean() ? ONE : OTHER).table;
            long rare = random.nextInt(16) == 0 ? 1L << 13 + random.nextInt(9) : 0;
            write(
                    directoryEntryAt(space, linear),
                    width(),
                    flags() | target | (large ? LARGE | rare : 0));
        } else {
            long rare = random.nextInt(8) == 0 ? 1L << random.nextInt(64) : 0;
            long target = (random.nextInt(4) == 0 ? OTHER : space).directory;
            write(
                    pointerAt(space, linear),
                    8,
                    target | (random.nextInt(4) == 0 ? 0 : PRESENT) ^ rare);
        }
    }

    private long flags() {
        long some = random.nextInt(3) == 0 ? random.nextInt() & ALL : ALL;
        long rare = random.nextInt(8) == 0 && !isSmall() ? 1L << 52 + random.nextInt(12) : 0;
        return some | random.nextInt() & 0xf18 | rare;
    }

    private long frame() {
        return switch (random.nextInt(8)) {
            case 0 -> ONE.table;
            case 1 -> OTHER.directory;
            case 2 -> 0x5000_0000L;
            case 3 -> isSmall() ? 0 : HIGH;
            default -> FRAME + random.nextInt(4) * 0x1000L;
        };
    }

    private long largeFrame() {
        long high = isSmall() ? HIGH & 0xffc0_0000L | HIGH >>> 32 << 13 : HIGH + MIB_2;
        return random.nextBoolean() ? high : 0;
    }

    /// As a whole, or some bytes of it and its neighbours' as they are or at random.
    private void write(long at, int width, long entry) {
        if (random.nextBoolean()) {
            memory.write(at, width, entry);
            return;
        }
        int some = WIDTHS[random.nextInt(WIDTHS.length)];
        long from = at + random.nextInt(width + some - 1) - (some - 1);
        long value = memory.read(from, some);
        for (int i = 0; i < some; i++) {
            long offset = from + i - at;
            long old = value >>> 8 * i & 0xff;
            long changed = offset >= 0 && offset < width ? entry >>> 8 * offset & 0xff : old;
            changed = random.nextInt(64) == 0 ? random.nextInt(256) : changed;
            value ^= (old ^ changed) << 8 * i;
        }
        memory.write(from, some, value);
    }

    private void assertAllowed(Space space, String where) {
        for (long at : TRIED) {
            long granted = tables.granted(at);
            long allowed = allowed(space, at);
            String what = "%s: 0x%x has 0x%x of 0x%x".formatted(where, at, granted, allowed);
            assertTrue(granted == 0 || (granted & ADDRESS) == (allowed & ADDRESS), what);
            assertEquals(0, granted & ~allowed & ALL, what);
            assertTrue(granted == 0 || (allowed & ~granted & NO_EXECUTE) == 0, what);
        }
    }

    private void assertTold(long at, String where) {
        long granted = tables.granted(at);
        assertTrue(granted == 0 || granted == allowed(ONE, at), where);
    }

    /// What an entry of ours for a page may be: the guest's tables walked as SDM volume 3, 5.3 and 5.4 say.
    private long allowed(Space space, long linear) {
        return isSmall() ? twoLevels(space.directory, linear) : pae(space.pointers, linear);
    }

    private long twoLevels(long directory, long linear) {
        long upper = memory.read(directory + (linear >>> 22) * 4, 4);
        if ((upper & LARGE) != 0 && paging == TWO_LEVELS) {
            boolean reserved = (upper >>> 21 & 1) != 0;
            long frame = upper & 0xffc0_0000L | (upper >>> 13 & 0xff) << 32 | linear & 0x3f_f000;
            return reserved ? 0 : page(frame, upper, upper);
        }
        if (!isMemory(upper & 0xffff_f000L)) {
            return 0;
        }
        long lower = memory.read((upper & 0xffff_f000L) + (linear >>> 12 & 1023) * 4, 4);
        return page(lower & 0xffff_f000L, upper, lower);
    }

    private long pae(long pointers, long linear) {
        long pointer = memory.read(pointers + (linear >>> 30) * 8, 8);
        if ((pointer & PRESENT) == 0
                || (pointer & 0xfff0_0000_0000_01e6L) != 0
                || !isMemory(pointer & ADDRESS)) {
            return 0;
        }
        long upper = memory.read((pointer & ADDRESS) + (linear >>> 21 & 511) * 8, 8);
        boolean large = (upper & LARGE) != 0;
        if (isReserved(upper) || large && (upper & 0x1f_e000) != 0) {
            return 0;
        }
        if (large) {
            return page(upper & ADDRESS & -MIB_2 | linear & 0x1f_f000, upper, upper);
        }
        if (!isMemory(upper & ADDRESS)) {
            return 0;
        }
        long lower = memory.read((upper & ADDRESS) + (linear >>> 12 & 511) * 8, 8);
        return isReserved(lower) ? 0 : page(lower & ADDRESS, upper, lower);
    }

    private boolean isReserved(long entry) {
        long reserved = paging == PAE ? 0x7ff0_0000_0000_0000L : 0xfff0_0000_0000_0000L;
        return (entry & reserved) != 0;
    }

    private boolean isMemory(long gpa) {
        return memory.at(gpa) instanceof Region.Ram;
    }

    private long page(long frame, long upper, long lower) {
        long needed = PRESENT | USER | ACCESSED;
        if ((upper & lower & needed) != needed || !(memory.at(frame) instanceof Region.Ram ram)) {
            return 0;
        }
        int readers = ram.block().dirty().readersAt(frame - ram.gpa());
        boolean write =
                (upper & lower & WRITABLE) != 0
                        && (lower & DIRTY) != 0
                        && (readers & (DirtyPages.PT | DirtyPages.CODE)) == 0;
        return frame | ALL & ~WRITABLE | (write ? WRITABLE : 0) | (upper | lower) & NO_EXECUTE;
    }
}
