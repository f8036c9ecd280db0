package straddle.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import straddle.core.memory.WideExchange;

class HostWideExchangeTest {
    @Test
    void sixteenBytesAreReplacedOnlyIfAllAreAsExpected() {
        Optional<WideExchange> found = WideExchange.ofHost();
        assumeTrue(found.isPresent(), "this host has no 16-byte exchange");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pair = arena.allocate(16, 16);
            pair.setAtIndex(ValueLayout.JAVA_LONG, 0, 1);
            pair.setAtIndex(ValueLayout.JAVA_LONG, 1, -2);

            assertFalse(found.get().compareAndSet(pair.address(), 1, 2, 3, 4));
            assertEquals(1, pair.getAtIndex(ValueLayout.JAVA_LONG, 0));
            assertTrue(found.get().compareAndSet(pair.address(), 1, -2, 3, 1L << 63));
            assertEquals(3, pair.getAtIndex(ValueLayout.JAVA_LONG, 0));
            assertEquals(1L << 63, pair.getAtIndex(ValueLayout.JAVA_LONG, 1));
        }
    }
}
