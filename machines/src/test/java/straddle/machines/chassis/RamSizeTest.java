package straddle.machines.chassis;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import straddle.core.memory.RamUnavailableException;

class RamSizeTest {
    private static final long MIB = 1 << 20;

    private static String refusal(long bytes) {
        return assertThrows(
                        RamUnavailableException.class,
                        () -> RamSize.check(bytes, 16 * MIB, OptionalLong.of(4096 * MIB)))
                .getMessage();
    }

    @Test
    void whatFitsIsAccepted() {
        assertDoesNotThrow(() -> RamSize.check(16 * MIB, 16 * MIB, OptionalLong.of(32 * MIB)));
        assertDoesNotThrow(() -> RamSize.check(64L << 40, 1, OptionalLong.empty()));
    }

    @Test
    void noneIsRefused() {
        assertEquals("A guest can't run with 0 bytes of RAM; give it 16 MiB or more.", refusal(0));
        assertEquals(
                "A guest can't run with -4096 bytes of RAM; give it 16 MiB or more.",
                refusal(-4096));
    }

    @Test
    void partsOfPagesAreRefused() {
        assertEquals(
                "The guest's RAM of 16777217 bytes is no multiple of 4096 bytes.",
                refusal(16 * MIB + 1));
    }

    @Test
    void tooLittleIsRefused() {
        assertEquals("This guest needs at least 16 MiB of RAM; it was given 4 KiB.", refusal(4096));
    }

    @Test
    void moreThanTheHostHasIsRefused() {
        assertEquals(
                "The guest was given 1,048,576 MiB of RAM; this host has only 4,096 MiB.",
                refusal(1L << 40));
    }

    @Test
    void theHostsRamIsReadFromMeminfo() {
        assertEquals(
                OptionalLong.of(2048),
                RamSize.total(List.of("MemFree: 1 kB", "MemTotal:        2 kB", "")));
        assertEquals(OptionalLong.empty(), RamSize.total(List.of("MemTotal: much")));
    }
}
