package straddle.tcg.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import straddle.core.bus.MachineLock;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.RamAllocator;
import straddle.core.memory.RamBlock;
import straddle.core.memory.RamUnavailableException;
import straddle.core.memory.Region;

/// What a full cache, written code and a change of everything leave in it.
class TbCacheTest {
    private static final int CAPACITY = 4;
    private static final int PAGE = 0x1000;

    private final Arena arena = Arena.ofConfined();
    private final Set<Long> held = new HashSet<>();
    private TbCache cache;

    @BeforeEach
    void make() throws RamUnavailableException {
        AddressSpace memory = new AddressSpace(new MachineLock());
        memory.mapRam(0, RamBlock.allocate("ram", 16 * PAGE, RamAllocator.OFF_HEAP, arena));
        cache = new TbCache(memory, new Watch(), CAPACITY);
    }

    @AfterEach
    void close() {
        arena.close();
    }

    private final class Watch implements TbCache.CodeWatch {
        @Override
        public void holds(Region.Ram ram, long page) {
            held.add(page);
        }

        @Override
        public void releases(long page) {
            held.remove(page);
        }

        @Override
        public void disarmIfUnheld(Region.Ram ram, long page) {}
    }

    private Tb add(long gpa) {
        Tb tb = new Tb(gpa, 0, gpa, 16, 1, -1);
        cache.add(tb);
        return tb;
    }

    private List<Tb> fill(int blocks) {
        List<Tb> added = new ArrayList<>();
        for (int i = 0; i < blocks; i++) {
            added.add(add((long) i * PAGE));
        }
        return added;
    }

    @Test
    void aFullCacheGivesTheOldestBlocksPlaceAway() {
        List<Tb> all = fill(CAPACITY + 2);
        assertEquals(CAPACITY, cache.size());
        assertEquals(2, cache.displaced());
        assertFalse(all.get(0).valid);
        assertFalse(all.get(1).valid);
        assertNull(cache.find(0, 0, 0));
        assertSame(all.get(2), cache.find(2 * PAGE, 2 * PAGE, 0));
        assertEquals(Set.of(2L * PAGE, 3L * PAGE, 4L * PAGE, 5L * PAGE), held);
    }

    @Test
    void whatWasWrittenMakesRoomWithoutDisplacingAnother() {
        List<Tb> all = fill(CAPACITY);
        cache.drop(2 * PAGE, 1);
        cache.drop(3 * PAGE + 15, 1);
        add(8 * PAGE);
        add(9 * PAGE);
        assertEquals(0, cache.displaced());
        assertTrue(all.get(0).valid && all.get(1).valid);
        add(10 * PAGE);
        add(11 * PAGE);
        assertFalse(all.get(0).valid || all.get(1).valid);
        assertEquals(CAPACITY, cache.size());
    }

    @Test
    void allBlocksOfAPageGoWithTheirPage() {
        Tb first = add(0);
        Tb second = add(16);
        Tb other = add(PAGE);
        cache.drop(0, PAGE);
        assertFalse(first.valid || second.valid);
        assertTrue(other.valid);
        assertEquals(Set.of((long) PAGE), held);
    }

    @Test
    void aBlockWhoseTwoPagesAreOneInMemoryGoesOnce() {
        Tb twice = new Tb(PAGE - 8, 0, PAGE - 8, 16, 2, 0);
        cache.add(twice);
        cache.add(new Tb(16, 0, 16, 16, 1, -1));
        cache.drop(0, PAGE);
        assertFalse(twice.valid);
        assertEquals(0, cache.size());
        assertTrue(held.isEmpty());
    }

    @Test
    void clearingForgetsAllAndIsNoWriting() {
        Tb tb = add(0);
        List<Boolean> forgotten = new ArrayList<>();
        tb.onInvalidate(() -> forgotten.add(cache.isForgetting()));
        Tb written = add(PAGE);
        written.onInvalidate(() -> forgotten.add(cache.isForgetting()));
        cache.drop(PAGE, 1);
        cache.clear();
        assertEquals(List.of(false, true), forgotten);
        assertEquals(0, cache.size());
        assertTrue(held.isEmpty());
        add(0);
        assertEquals(1, cache.size());
    }
}
