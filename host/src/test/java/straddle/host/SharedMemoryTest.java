package straddle.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(value = OS.LINUX, disabledReason = "memfd_create(2) is Linux's")
class SharedMemoryTest {
    private static final long MIB = 1 << 20;

    @Test
    void isZeroAndKeepsWhatIsWritten() throws HostException {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment memory = SharedMemory.allocate("ram", 4 * MIB, arena);
            assertEquals(4 * MIB, memory.byteSize());
            assertEquals(0, memory.get(ValueLayout.JAVA_LONG, 4 * MIB - 8));
            memory.set(ValueLayout.JAVA_LONG, 4 * MIB - 8, 42);
            SharedMemory.dropMappings(memory);
            assertEquals(42, memory.get(ValueLayout.JAVA_LONG, 4 * MIB - 8));
        }
    }

    @Test
    void showsItsNameInTheHostsMapsUntilTheArenaCloses() throws Exception {
        Path maps = Path.of("/proc/self/maps");
        try (Arena arena = Arena.ofShared()) {
            SharedMemory.allocate("straddle-test", MIB, arena);
            try (Stream<String> lines = Files.lines(maps)) {
                assertTrue(lines.anyMatch(line -> line.contains("memfd:straddle-test")));
            }
        }
        try (Stream<String> lines = Files.lines(maps)) {
            assertTrue(lines.noneMatch(line -> line.contains("memfd:straddle-test")));
        }
    }

    @Test
    void aThousandLeaveNothingBehind() throws Exception {
        try (Arena arena = Arena.ofConfined()) {
            SharedMemory.allocate("warm-up", MIB, arena);
        }
        ProcessUsage before = ProcessUsage.now();
        for (int i = 0; i < 1000; i++) {
            try (Arena arena = Arena.ofConfined()) {
                SharedMemory.allocate("ram", MIB, arena).set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
            }
        }
        ProcessUsage after = ProcessUsage.now();
        assertTrue(after.descriptors() < before.descriptors() + 10, () -> before + " → " + after);
        assertTrue(after.mappings() < before.mappings() + 100, () -> before + " → " + after);
    }

    @Test
    void sizesThatAreNoWholePagesAreRefused() {
        try (Arena arena = Arena.ofConfined()) {
            for (long bytes : new long[] {0, -4096, 1, 4095, 4097, Long.MIN_VALUE}) {
                HostException refused =
                        assertThrows(
                                HostException.class,
                                () -> SharedMemory.allocate("pc.ram", bytes, arena));
                assertTrue(refused.getMessage().contains("multiple of 4,096"), refused::getMessage);
            }
        }
    }

    @Test
    void moreThanTheHostHasIsRefusedInASentence() {
        try (Arena arena = Arena.ofConfined()) {
            HostException refused =
                    assertThrows(
                            HostException.class,
                            () -> SharedMemory.allocate("pc.ram", 1L << 50, arena));
            assertTrue(refused.getMessage().contains("1,048,576.0 GiB"), refused::getMessage);
            assertTrue(refused.getMessage().contains("Give the guest less."), refused::getMessage);
        }
    }
}
