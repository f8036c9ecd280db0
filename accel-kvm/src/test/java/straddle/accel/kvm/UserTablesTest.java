package straddle.accel.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static straddle.accel.kvm.GuestPaging.FOUR_LEVELS;
import static straddle.accel.kvm.UserTables.ACCESSED;
import static straddle.accel.kvm.UserTables.ADDRESS;
import static straddle.accel.kvm.UserTables.DIRTY;
import static straddle.accel.kvm.UserTables.LARGE;
import static straddle.accel.kvm.UserTables.NO_EXECUTE;
import static straddle.accel.kvm.UserTables.PRESENT;
import static straddle.accel.kvm.UserTables.USER;
import static straddle.accel.kvm.UserTables.WRITABLE;

import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import straddle.core.arch.x86.X86;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.DirtyPages;
import straddle.core.memory.RamBlock;
import straddle.core.vcpu.UserState;
import straddle.host.HostException;

/// The guest's tables lie in the first pages of 4 MiB of RAM: the top one at 0x1000.
class UserTablesTest {
    private static final long ROOT = 0x1000;
    private static final long ALL = PRESENT | WRITABLE | USER | ACCESSED | DIRTY;
    private static final long PAGE = 0x40_0000;

    private TablesGuest guest;
    private AddressSpace memory;
    private RamBlock ram;
    private UserTables tables;

    @BeforeEach
    void makeTables() throws Exception {
        guest = new TablesGuest();
        memory = guest.memory;
        ram = guest.ram;
        tables = guest.tables;
        // One table a level, at 0x1000 to 0x4000.
        for (int level = 4; level > 1; level--) {
            long table = ROOT + (4 - level) * 0x1000L;
            memory.write(table + index(PAGE, level) * 8, 8, table + 0x1000 | ALL);
        }
    }

    private long root(long addressSpace) throws HostException {
        return tables.root(FOUR_LEVELS, addressSpace);
    }

    @AfterEach
    void freeMemory() {
        guest.close();
    }

    private static long index(long linear, int level) {
        return linear >>> 12 + 9 * (level - 1) & 511;
    }

    private void map(long linear, long entry) {
        memory.write(0x4000 + index(linear, 1) * 8, 8, entry);
    }

    @Test
    void aPageIsGrantedAsTheGuestHasIt() throws Exception {
        map(PAGE, 0x20_0000 | ALL);
        map(PAGE + 0x1000, 0x20_1000 | PRESENT | USER | ACCESSED | NO_EXECUTE);
        root(ROOT);
        assertTrue(tables.fill(PAGE, true));
        assertEquals(0x20_0000 | ALL, tables.granted(PAGE));
        assertEquals(
                0x20_1000 | PRESENT | USER | ACCESSED | DIRTY | NO_EXECUTE,
                tables.granted(PAGE + 0x1000));
        assertFalse(tables.fill(PAGE + 0x1000, true));
    }

    @Test
    void storesWaitForTheDirtyBitAndLoadsForTheAccessedBit() throws Exception {
        map(PAGE, 0x20_0000 | ALL & ~DIRTY);
        map(PAGE + 0x1000, 0x20_1000 | ALL & ~ACCESSED);
        root(ROOT);
        assertTrue(tables.fill(PAGE, false));
        assertEquals(0, tables.granted(PAGE) & WRITABLE);
        assertEquals(0, tables.granted(PAGE + 0x1000));
        map(PAGE, 0x20_0000 | ALL);
        assertNotEquals(0, tables.granted(PAGE) & WRITABLE);
    }

    @Test
    void rightsAreAddedInPlaceAndTakenAwayByMoving() throws Exception {
        long root = root(ROOT);
        assertFalse(tables.fill(PAGE, false));
        map(PAGE, 0x20_0000 | ALL & ~DIRTY);
        assertTrue(tables.fill(PAGE, false));
        map(PAGE, 0x20_0000 | ALL);
        assertEquals(root, root(ROOT));
        map(PAGE, 0x20_0000 | ALL & ~WRITABLE);
        assertEquals(0, tables.granted(PAGE) & WRITABLE);
        long moved = root(ROOT);
        assertNotEquals(root, moved);
        map(PAGE, 0);
        assertEquals(0, tables.granted(PAGE));
        assertNotEquals(moved, root(ROOT));
    }

    @Test
    void anUpperEntryTakesAllBelowItAlong() throws Exception {
        map(PAGE, 0x20_0000 | ALL);
        root(ROOT);
        assertTrue(tables.fill(PAGE, true));
        memory.write(0x2000 + index(PAGE, 3) * 8, 8, 0);
        assertEquals(0, tables.granted(PAGE));
    }

    @Test
    void largePagesAreSplitAndForgottenAsAWhole() throws Exception {
        long entry = 0x3000 + index(PAGE, 2) * 8;
        memory.write(entry, 8, 0x20_0000 | ALL | LARGE);
        root(ROOT);
        assertTrue(tables.fill(PAGE + 0x5000, true));
        assertEquals(0x20_5000 | ALL, tables.granted(PAGE + 0x5000));
        memory.write(entry, 8, 0x20_0000 | (ALL | LARGE) & ~WRITABLE);
        assertEquals(0, tables.granted(PAGE + 0x5000));
    }

    /// Of 1 GiB: 4 MiB of it are memory.
    @Test
    void gigabytesAreSplitAndGrantedAsFarAsThereIsMemory() throws Exception {
        long entry = 0x2000 + index(PAGE, 3) * 8;
        memory.write(entry, 8, ALL | LARGE);
        root(ROOT);
        assertTrue(tables.fill(0x20_5000, true));
        assertEquals(0x20_5000 | ALL, tables.granted(0x20_5000));
        assertFalse(tables.fill(4 << 20, false));
        assertEquals(0, tables.granted(4 << 20));
        memory.write(entry, 8, (ALL | LARGE) & ~DIRTY);
        assertEquals(0, tables.granted(0x20_5000));
        assertFalse(tables.fill(0x20_5000, true));
        assertTrue(tables.fill(0x20_5000, false));
    }

    /// The walk for the access that had it filled in found none; the guest may set one since.
    @Test
    void whatHasAReservedBitIsNotGranted() throws Exception {
        long middle = 0x3000 + index(PAGE, 2) * 8;
        long upper = 0x2000 + index(PAGE, 3) * 8;
        root(ROOT);
        for (int bit = 13; bit < 21; bit++) {
            memory.write(middle, 8, 0x20_0000 | ALL | LARGE);
            assertTrue(tables.fill(PAGE, true));
            memory.write(middle, 8, 0x20_0000 | ALL | LARGE | 1 << bit);
            assertEquals(0, tables.granted(PAGE), "bit " + bit);
            assertFalse(tables.fill(PAGE, false), "bit " + bit);
        }
        for (int bit = 13; bit < 30; bit++) {
            memory.write(upper, 8, ALL | LARGE);
            assertTrue(tables.fill(0x20_0000, true));
            memory.write(upper, 8, ALL | LARGE | 1 << bit);
            assertEquals(0, tables.granted(0x20_0000), "bit " + bit);
            assertFalse(tables.fill(0x20_0000, false), "bit " + bit);
        }
        memory.write(upper, 8, ALL | LARGE);
        assertTrue(tables.fill(0x20_0000, true));
        memory.write(ROOT, 8, 0x2000 | ALL | LARGE);
        assertEquals(0, tables.granted(0x20_0000));
        assertFalse(tables.fill(0x20_0000, false));
    }

    /// KVM would keep it over a change of root.
    @Test
    void nothingIsGlobal() throws Exception {
        long global = 1 << 8;
        map(PAGE, 0x20_0000 | ALL | global);
        root(ROOT);
        assertTrue(tables.fill(PAGE, true));
        assertEquals(0x20_0000 | ALL, tables.granted(PAGE));
    }

    /// At any level, and taken back in place only.
    @Test
    void oneTableThatForbidsExecutionIsEnough() throws Exception {
        map(PAGE, 0x20_0000 | ALL);
        long upper = 0x2000 + index(PAGE, 3) * 8;
        memory.write(upper, 8, 0x3000 | ALL | NO_EXECUTE);
        root(ROOT);
        assertTrue(tables.fill(PAGE, true));
        assertEquals(0x20_0000 | ALL | NO_EXECUTE, tables.granted(PAGE));
        map(PAGE, 0x20_0000 | ALL | NO_EXECUTE);
        memory.write(upper, 8, 0x3000 | ALL);
        long root = root(ROOT);
        assertTrue(tables.fill(PAGE, true));
        assertEquals(0x20_0000 | ALL | NO_EXECUTE, tables.granted(PAGE));
        map(PAGE, 0x20_0000 | ALL);
        assertEquals(0x20_0000 | ALL, tables.granted(PAGE));
        assertEquals(root, root(ROOT));
        map(PAGE, 0x20_0000 | ALL | NO_EXECUTE);
        assertNotEquals(root, root(ROOT));
    }

    @Test
    void whatTheGuestKeepsFromItsUsersIsNotGranted() throws Exception {
        map(PAGE, 0x20_0000 | ALL & ~USER);
        root(ROOT);
        assertFalse(tables.fill(PAGE, false));
        map(PAGE, 0x20_0000 | ALL);
        assertTrue(tables.fill(PAGE, false));
        long root = root(ROOT);
        memory.write(0x3000 + index(PAGE, 2) * 8, 8, 0x4000 | ALL & ~USER);
        assertEquals(0, tables.granted(PAGE));
        assertNotEquals(root, root(ROOT));
        assertFalse(tables.fill(PAGE, false));
    }

    /// A page that another process has now, under the same address.
    @Test
    void anotherFrameIsGrantedUnderAnotherRoot() throws Exception {
        map(PAGE, 0x20_0000 | ALL);
        long root = root(ROOT);
        assertTrue(tables.fill(PAGE, true));
        map(PAGE, 0x30_0000 | ALL);
        assertEquals(0x30_0000 | ALL, tables.granted(PAGE));
        assertNotEquals(root, root(ROOT));
    }

    @Test
    void whatIsNoMemoryIsNeverGranted() throws Exception {
        map(PAGE, 0xfee0_0000L | ALL);
        root(ROOT);
        assertFalse(tables.fill(PAGE, false));
        assertFalse(tables.fill(0xffff_ffff_8000_0000L, false));
    }

    @Test
    void addressesThatAreNotCanonicalAreNoOthers() throws Exception {
        map(PAGE, 0x20_0000 | ALL);
        root(ROOT);
        assertTrue(tables.fill(PAGE, true));
        for (int bit = 47; bit < 64; bit++) {
            assertFalse(tables.fill(PAGE | 1L << bit, false), "bit " + bit);
            assertEquals(0, tables.granted(PAGE | 1L << bit), "bit " + bit);
        }
    }

    @Test
    void readOnlyMemoryIsNeverWritable() throws Exception {
        guest.mapRom(0x80_0000, 0x1000);
        map(PAGE, 0x80_0000 | ALL);
        root(ROOT);
        assertFalse(tables.fill(PAGE, true));
        assertTrue(tables.fill(PAGE, false));
    }

    /// Whatever the guest lets its users see of it, as Linux does one page.
    @Test
    void theUpperHalfIsTheMonitors() throws Exception {
        long upper = PAGE | -1L << 39;
        map(PAGE, 0x20_0000 | ALL);
        memory.write(ROOT + index(upper, 4) * 8, 8, 0x2000 | ALL);
        root(ROOT);
        assertFalse(tables.fill(upper, false));
        assertEquals(0, tables.granted(upper));
    }

    @Test
    void codeIsNotWritableUntilNobodyWatchesIt() throws Exception {
        map(PAGE, 0x20_0000 | ALL);
        root(ROOT);
        assertTrue(tables.fill(PAGE, true));
        ram.dirty().arm(0x20_0000, DirtyPages.CODE);
        assertTrue(tables.protect(0x20_0000));
        assertFalse(tables.fill(PAGE, true));
        assertTrue(tables.fill(PAGE, false));
        ram.dirty().disarm(0x20_0000, DirtyPages.CODE);
        assertTrue(tables.fill(PAGE, true));
    }

    @Test
    void everyAddressOfAPageOfCodeLosesTheRightToWrite() throws Exception {
        long far = PAGE + (3L << 39);
        map(PAGE, 0x20_0000 | ALL);
        map(PAGE + 0x7000, 0x20_0000 | ALL);
        // The same directory under another address.
        memory.write(ROOT + index(far, 4) * 8, 8, 0x2000 | ALL);
        root(ROOT);
        assertTrue(tables.fill(PAGE, true));
        assertTrue(tables.fill(far, true));
        assertTrue(tables.protect(0x20_0000));

        for (long at : new long[] {PAGE, PAGE + 0x7000, far, far + 0x7000}) {
            assertEquals(PRESENT, tables.granted(at) & (PRESENT | WRITABLE), Long.toHexString(at));
        }
        root(ROOT);
        assertFalse(tables.protect(0x20_0000));
    }

    @Test
    void aTableThatIsGoneIsNotProtected() throws Exception {
        long far = PAGE + (3L << 39);
        map(PAGE, 0x20_0000 | ALL);
        memory.write(ROOT + index(far, 4) * 8, 8, 0x2000 | ALL);
        root(ROOT);
        tables.fill(PAGE, true);
        tables.fill(far, true);
        memory.write(ROOT + index(PAGE, 4) * 8, 8, 0);
        root(ROOT);
        assertTrue(tables.protect(0x20_0000));
        assertEquals(0, tables.granted(PAGE));
        assertEquals(PRESENT, tables.granted(far) & (PRESENT | WRITABLE));
    }

    @Test
    void aTableOfTheGuestsIsNotWritableForItsUsers() throws Exception {
        map(PAGE, 0x4000 | ALL);
        root(ROOT);
        assertFalse(tables.fill(PAGE, true));
        assertTrue(tables.fill(PAGE, false));
    }

    @Test
    void anEmptiedTopTableIsForgottenAndItsPageNoLongerWatched() throws Exception {
        map(PAGE, 0x20_0000 | ALL);
        root(ROOT);
        tables.fill(PAGE, true);
        assertTrue(tables.knows(ROOT));
        memory.write(ROOT + index(PAGE, 4) * 8, 8, 0);
        assertFalse(tables.knows(ROOT));
        assertEquals(0, ram.dirty().readersAt(ROOT) & DirtyPages.PT);
        assertEquals(0, ram.dirty().readersAt(0x4000) & DirtyPages.PT);
    }

    @Test
    void anEmptyPoolIsMadeAnew() throws Exception {
        map(PAGE, 0x20_0000 | ALL);
        for (int i = 0; i < 100; i++) {
            root(ROOT);
            assertTrue(tables.fill(PAGE, true));
            map(PAGE, 0);
            map(PAGE, 0x20_0000 | ALL);
        }
        assertTrue(guest.remade > 0);
    }

    @Test
    void userCodeThatGoesOnFindsItsFrameInAPoolMadeAnew() throws Exception {
        UserState user = new UserState();
        user.rip = PAGE + 0x123;
        user.gpr[X86.RSP] = PAGE + 0x456;
        tables.monitor().setFrame(user);
        root(ROOT);
        tables.forgetMap();
        root(ROOT);
        assertEquals(1, guest.remade);
        assertEquals(PAGE + 0x123, tables.monitor().frame(0));
        assertEquals(PAGE + 0x456, tables.monitor().frame(3));
    }

    /// Whatever is written to the guest's tables, native code can do no more than they allow.
    @Test
    void nothingIsGrantedBeyondTheGuestsTables() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 5_000; i++) {
            int level = 1 + random.nextInt(4);
            long table = ROOT + (4 - level) * 0x1000L;
            long linear = PAGE + random.nextInt(8) * 0x1000L;
            long entry = random.nextInt() & (ALL | (level == 2 ? LARGE : 0));
            entry |= random.nextInt(8) == 0 ? NO_EXECUTE : 0;
            if (random.nextInt(4) != 0) {
                entry |= ALL;
            }
            long target =
                    level == 1
                            ? 0x10_0000 + random.nextInt(16) * 0x1000L
                            : (entry & LARGE) != 0 ? 0x20_0000 : table + 0x1000;
            memory.write(table + index(linear, level) * 8, 8, entry | target);
            if (random.nextInt(3) == 0) {
                root(ROOT);
                tables.fill(PAGE + random.nextInt(8) * 0x1000L, random.nextBoolean());
            }
            for (int page = 0; page < 8; page++) {
                long at = PAGE + page * 0x1000L;
                assertAllowed(tables.granted(at), allowed(at), "seed " + seed + ", step " + i);
            }
        }
    }

    private static void assertAllowed(long granted, long guest, String where) {
        if (granted != 0) {
            assertEquals(guest & ADDRESS, granted & ADDRESS, where);
            assertEquals(0, granted & ~guest & (PRESENT | WRITABLE | USER), where);
            assertEquals(0, guest & ~granted & NO_EXECUTE, where);
        }
    }

    /// The effective entry of a page in the guest's tables: its frame and what all levels allow.
    private long allowed(long linear) {
        long table = ROOT;
        long rights = PRESENT | WRITABLE | USER;
        long noExecute = 0;
        for (int level = 4; ; level--) {
            long entry = memory.read(table + index(linear, level) * 8, 8);
            rights &= entry;
            noExecute |= entry & NO_EXECUTE;
            boolean large = level == 2 && (entry & LARGE) != 0;
            if ((entry & (PRESENT | ACCESSED)) != (PRESENT | ACCESSED)) {
                return 0;
            }
            if (level == 1 || large) {
                long dirty = (entry & DIRTY) != 0 ? rights : rights & ~WRITABLE;
                long frame = large ? (entry & ADDRESS) + (linear & 0x1f_f000) : entry & ADDRESS;
                return frame | dirty | noExecute;
            }
            table = entry & ADDRESS;
        }
    }
}
