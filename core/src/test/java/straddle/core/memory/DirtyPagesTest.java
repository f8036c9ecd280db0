package straddle.core.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;

class DirtyPagesTest {
    private static final int PAGE = RamAllocator.PAGE_BYTES;

    @Test
    void eachPageHasItsOwnReaders() {
        try (Arena arena = Arena.ofConfined()) {
            DirtyPages dirty = new DirtyPages(7 * PAGE, arena);
            for (int page = 0; page < 7; page++) {
                dirty.arm((long) page * PAGE + 5, 1 << page % 4);
            }
            for (int page = 0; page < 7; page++) {
                assertEquals(1 << page % 4, dirty.readersAt((long) page * PAGE));
            }
            assertEquals(7, dirty.pages());
        }
    }

    @Test
    void disarmingReturnsOnlyWhatWasArmed() {
        try (Arena arena = Arena.ofConfined()) {
            DirtyPages dirty = new DirtyPages(PAGE, arena);
            dirty.arm(0, DirtyPages.CODE | DirtyPages.SNAPSHOT);
            assertEquals(DirtyPages.CODE, dirty.disarm(0, DirtyPages.CODE | DirtyPages.PT));
            assertEquals(0, dirty.disarm(0, DirtyPages.CODE));
            assertEquals(DirtyPages.SNAPSHOT, dirty.readersAt(0));
        }
    }

    @Test
    void neighboursAreChangedByTwoThreadsWithoutLoss() throws InterruptedException {
        try (Arena arena = Arena.ofShared()) {
            DirtyPages dirty = new DirtyPages(4 * PAGE, arena);
            int[] lost = new int[2];
            Thread other = Thread.ofPlatform().start(() -> lost[1] = armAndDisarm(dirty, PAGE));
            lost[0] = armAndDisarm(dirty, 0);
            other.join();
            assertEquals(0, lost[0] + lost[1]);
        }
    }

    private static int armAndDisarm(DirtyPages dirty, long offset) {
        int lost = 0;
        for (int i = 0; i < 20_000; i++) {
            dirty.arm(offset, DirtyPages.CODE);
            lost += dirty.disarm(offset, DirtyPages.CODE) == DirtyPages.CODE ? 0 : 1;
        }
        return lost;
    }
}
