package straddle.tcg.mmu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class TlbTextTest {

    @Test
    void entriesAreCountedAndTheFirstShown() {
        try (Arena arena = Arena.ofConfined()) {
            Tlb tlb = new Tlb(arena, new AtomicInteger());
            assertEquals("0 of 1024 entries\n", tlb.describe(2));
            for (int i = 1; i <= 3; i++) {
                long virtual = i * 0x1000L;
                Tlb.fill(
                        Tlb.entry(tlb.address(), virtual),
                        virtual,
                        0x10_0000 + virtual,
                        i == 1,
                        i == 2 ? Tlb.GLOBAL : 0);
            }
            assertEquals(
                    """
                    3 of 1024 entries
                      0000000000001000  loads and stores
                      0000000000002000  loads, global
                      ... and 1 more
                    """,
                    tlb.describe(2));
        }
    }
}
