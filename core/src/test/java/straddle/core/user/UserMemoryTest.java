package straddle.core.user;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import straddle.core.memory.DirtyPages;
import straddle.core.memory.RamAllocator;
import straddle.core.memory.Region;

class UserMemoryTest {
    private static final long BASE = 0x40_0000;
    private static final int PAGE = UserMemory.PAGE_BYTES;
    private static final int READ_WRITE = UserMemory.READ | UserMemory.WRITE;

    private final Frames frames = new Frames(RamAllocator.OFF_HEAP, 1 << 20);
    private final UserMemory memory = new UserMemory(UserIsa.AARCH64, frames);

    @AfterEach
    void close() {
        frames.close();
    }

    private void map(long start, int pages, int protection) {
        memory.map(start, (long) pages * PAGE, protection, false, null, 0, "");
    }

    @Test
    void pagesAppearWhenTheyAreTouchedAndHoldZeroes() throws BadAddressException {
        map(BASE, 100, READ_WRITE);
        assertEquals(0, memory.residentPages());
        assertEquals(0, memory.get(BASE + 5, 8));
        assertEquals(1, memory.residentPages());
    }

    @Test
    void numbersHaveTheProgramsByteOrder() throws BadAddressException {
        UserMemory big = new UserMemory(UserIsa.MIPS, frames);
        big.map(BASE, 2 * PAGE, READ_WRITE, false, null, 0, "");
        big.put(BASE + PAGE - 2, 4, 0x1234_5678);
        assertEquals(0x12, big.get(BASE + PAGE - 2, 1));
        assertEquals(0x1234_5678, big.get(BASE + PAGE - 2, 4));
        big.put(BASE, 8, 0x0102_0304_0506_0708L);
        assertEquals(0x0506, big.get(BASE + 4, 2));
    }

    @Test
    void rightsAreCheckedAndTheirLossIsSeenAtOnce() throws BadAddressException {
        map(BASE, 3, READ_WRITE);
        memory.put(BASE, 4, 1);
        assertTrue(memory.protect(BASE, PAGE, UserMemory.READ));
        assertEquals(UserMemory.NOT_PERMITTED, memory.translate(BASE, Access.STORE));
        assertEquals(UserMemory.NOT_PERMITTED, memory.translate(BASE, Access.FETCH));
        assertThrows(BadAddressException.class, () -> memory.put(BASE, 4, 2));
        assertEquals(1, memory.get(BASE, 4));
        assertEquals(UserMemory.NOT_MAPPED, memory.translate(BASE - 1, Access.LOAD));
        assertEquals(UserMemory.NOT_MAPPED, memory.translate(-PAGE, Access.LOAD));
    }

    @Test
    void whoHasTablesOfItsOwnGetsNoRightThatWouldHaveItMissAChange() throws BadAddressException {
        int code = UserMemory.READ | UserMemory.EXEC;
        map(BASE, 4, READ_WRITE);
        map(BASE + 4 * PAGE, 1, READ_WRITE | UserMemory.EXEC);
        memory.map(BASE + 5L * PAGE, PAGE, READ_WRITE, true, shared(), 0, "");
        for (int i = 0; i < 6; i++) {
            memory.put(BASE + (long) i * PAGE, 1, i);
        }
        memory.protect(BASE + PAGE, PAGE, code);
        long watched = memory.translate(BASE + 2 * PAGE, Access.LOAD) & -PAGE;
        Region.Ram ram = (Region.Ram) frames.space().at(watched);
        ram.block().dirty().arm(watched - ram.gpa() + ram.offset(), DirtyPages.CODE);
        long[] rights = new long[512];
        memory.present(BASE, rights);
        assertArrayEquals(
                new long[] {
                    READ_WRITE, code, UserMemory.READ, READ_WRITE, READ_WRITE, UserMemory.READ, 0
                },
                Arrays.stream(rights).limit(7).map(each -> each & PAGE - 1).toArray());
        memory.fork();
        memory.present(BASE, rights);
        assertEquals(UserMemory.READ, rights[0] & PAGE - 1);
    }

    private PageSource shared() {
        return new SharedPages(frames, PAGE, "");
    }

    @Test
    void protectingAHoleSaysSo() {
        map(BASE, 1, READ_WRITE);
        map(BASE + 2 * PAGE, 1, READ_WRITE);
        assertFalse(memory.protect(BASE, 3L * PAGE, UserMemory.READ));
        assertEquals(UserMemory.READ, memory.mappingAt(BASE).protection());
        assertEquals(READ_WRITE, memory.mappingAt(BASE + 2 * PAGE).protection());
    }

    @Test
    void neighboursOfOneKindAreOneMapping() {
        map(BASE, 1, READ_WRITE);
        map(BASE + 2 * PAGE, 1, READ_WRITE);
        map(BASE + PAGE, 1, READ_WRITE);
        assertEquals(1, memory.mappings().size());
        memory.unmap(BASE + PAGE, PAGE);
        assertEquals(2, memory.mappings().size());
        assertTrue(memory.isFree(BASE + PAGE, PAGE));
    }

    @Test
    void aForkedCopyKeepsWhatItHadAndStoresForItselfAlone() throws BadAddressException {
        map(BASE, 2, READ_WRITE);
        memory.put(BASE, 4, 1);
        UserMemory child = memory.fork();
        assertEquals(UserMemory.COPY_FIRST, memory.translate(BASE, Access.STORE));
        memory.put(BASE, 4, 2);
        assertEquals(1, child.get(BASE, 4));
        child.put(BASE, 4, 3);
        assertEquals(2, memory.get(BASE, 4));
        assertEquals(2, frames.used());
        child.clear();
        assertEquals(1, frames.used());
    }

    @Test
    void sharedPagesAreOneForBothSidesOfAFork() throws BadAddressException {
        memory.map(BASE, PAGE, READ_WRITE, true, new SharedPages(frames, PAGE, "shared"), 0, "");
        UserMemory child = memory.fork();
        child.put(BASE, 4, 7);
        assertEquals(7, memory.get(BASE, 4));
        child.clear();
        memory.clear();
        assertEquals(0, frames.used());
    }

    @Test
    void movedPagesKeepTheirContents() throws BadAddressException {
        map(BASE, 2, READ_WRITE);
        memory.put(BASE + PAGE, 4, 9);
        memory.move(BASE, BASE + 16 * PAGE, 2L * PAGE);
        assertEquals(9, memory.get(BASE + 17 * PAGE, 4));
        assertTrue(memory.isFree(BASE, 2L * PAGE));
    }

    @Test
    void memoryThatRunsOutIsNoFaultOfTheJvms() {
        map(BASE, 1024, READ_WRITE);
        long last = 0;
        for (int i = 0; i < 1024 && last >= 0; i++) {
            last = memory.translate(BASE + (long) i * PAGE, Access.STORE);
        }
        assertEquals(UserMemory.NO_MEMORY, last);
        memory.clear();
        assertEquals(0, frames.used());
    }

    @Test
    void textsEndAtTheirZero() throws BadAddressException {
        map(BASE, 2, READ_WRITE);
        byte[] text = new byte[PAGE];
        java.util.Arrays.fill(text, (byte) 'x');
        memory.put(BASE + 100, text);
        assertArrayEquals(text, memory.string(BASE + 100, 2 * PAGE));
        assertEquals(null, memory.string(BASE + 100, 50));
    }

    @Test
    void freeRangesAreFoundFromTheTop() {
        map(BASE, 1, READ_WRITE);
        assertEquals(BASE - PAGE, memory.findFree(BASE + PAGE, PAGE, PAGE));
        assertEquals(BASE + PAGE, memory.findFree(BASE + 2 * PAGE, PAGE, PAGE));
        assertEquals(-1, memory.findFree(BASE + 2 * PAGE, BASE, 2L * PAGE));
    }
}
