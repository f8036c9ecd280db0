package straddle.linux.user;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import org.junit.jupiter.api.Test;

class FdTableTest {
    private final FdTable table = new FdTable();

    private static OpenFile file() {
        return new OpenFile(1, false);
    }

    @Test
    void theLowestFreeNumberIsGiven() {
        assertEquals(0, table.add(file(), false, 0));
        assertEquals(1, table.add(file(), false, 0));
        assertEquals(10, table.add(file(), false, 10));
        table.remove(0);
        assertEquals(0, table.add(file(), false, 0));
    }

    @Test
    void theLimitIsKept() {
        table.limit(2);
        table.add(file(), false, 0);
        table.add(file(), false, 0);
        assertEquals(-Errno.EMFILE, table.add(file(), false, 0));
    }

    @Test
    void aForkedTableIsIndependent() {
        OpenFile file = file();
        table.add(file, true, 0);
        FdTable copy = table.copy();
        table.remove(0);
        assertNull(table.get(0));
        assertSame(file, copy.get(0));
    }

    @Test
    void executionClosesWhatIsMarked() {
        table.add(file(), true, 0);
        table.add(file(), false, 0);
        table.closeAll(false);
        assertNull(table.get(0));
        assertNotNull(table.get(1));
    }

    @Test
    void numbersThatAreNoneAreNoFiles() {
        assertNull(table.get(-1));
        assertNull(table.get(1 << 30));
        assertNull(table.get(77));
    }
}
