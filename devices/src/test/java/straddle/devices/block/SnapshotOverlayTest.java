package straddle.devices.block;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class SnapshotOverlayTest {
    /// More than a chunk of the map, so that its borders are crossed.
    private static final int DISK_BYTES = 17 << 20;

    @TempDir private Path folder;

    private SnapshotOverlay over(BlockBackend base) throws ImageException {
        return SnapshotOverlay.over(base, folder, _ -> {});
    }

    @Test
    void itBehavesAsADiskOfItsOwnAndTheBaseStays() throws Exception {
        long seed = System.nanoTime();
        MemoryDisk base = new MemoryDisk(DISK_BYTES, true);
        new Random(seed).nextBytes(base.content);
        byte[] before = base.content.clone();
        try (SnapshotOverlay overlay = over(base)) {
            assertDoesNotThrow(() -> compare(overlay, before.clone(), seed), () -> "seed " + seed);
        }
        assertArrayEquals(before, base.content);
    }

    private static void compare(BlockBackend disk, byte[] model, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 3000; i++) {
            int sectors = 1 + random.nextInt(1 << random.nextInt(9));
            int from = around(random, model.length / 512 - sectors) * 512;
            byte[] bytes = new byte[sectors * 512];
            if (random.nextInt(3) == 0) {
                random.nextBytes(bytes);
                assertEquals(BlockStatus.OK, disk.write(from, MemorySegment.ofArray(bytes)));
                System.arraycopy(bytes, 0, model, from, bytes.length);
            } else {
                assertEquals(BlockStatus.OK, disk.read(from, MemorySegment.ofArray(bytes)));
                assertArrayEquals(Arrays.copyOfRange(model, from, from + bytes.length), bytes);
            }
        }
    }

    /// Mostly near the start, the map's first border, and the end.
    private static int around(SplittableRandom random, int last) {
        return switch (random.nextInt(4)) {
            case 0 -> random.nextInt(64);
            case 1 -> (1 << 15) - 200 + random.nextInt(300);
            case 2 -> last - random.nextInt(64);
            default -> random.nextInt(last + 1);
        };
    }

    @Test
    void itsFileIsGoneWhileItIsUsed() throws Exception {
        try (SnapshotOverlay overlay = over(new MemoryDisk(4096, true))) {
            assertEquals(BlockStatus.OK, overlay.write(0, MemorySegment.ofArray(new byte[512])));
            assertTrue(isEmpty(folder));
        }
    }

    private static boolean isEmpty(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.findAny().isEmpty();
        }
    }

    @Test
    void aReadOnlyBaseCanBeWritten() throws Exception {
        try (SnapshotOverlay overlay = over(new MemoryDisk(4096, true))) {
            assertFalse(overlay.isReadOnly());
            assertEquals(4096, overlay.length());
            assertEquals(BlockStatus.OK, overlay.flush());
        }
    }

    @Test
    void sectorsThatThereAreNotAreOutOfRange() throws Exception {
        try (SnapshotOverlay overlay = over(new MemoryDisk(4096, true))) {
            MemorySegment sector = MemorySegment.ofArray(new byte[512]);
            assertEquals(BlockStatus.OUT_OF_RANGE, overlay.write(4096, sector));
            assertEquals(BlockStatus.OUT_OF_RANGE, overlay.read(-512, sector));
        }
    }

    @Test
    void aBaseThatFailsIsAnErrorWhereItShowsOnly() throws Exception {
        MemoryDisk base = new MemoryDisk(4096, true);
        try (SnapshotOverlay overlay = over(base)) {
            MemorySegment sector = MemorySegment.ofArray(new byte[512]);
            assertEquals(BlockStatus.OK, overlay.write(512, sector));
            base.breakDown();
            assertEquals(BlockStatus.OK, overlay.read(512, sector));
            assertEquals(BlockStatus.IO_ERROR, overlay.read(0, sector));
        }
    }

    @Test
    void aFolderThatIsNotThereIsToldSo() {
        Path none = folder.resolve("none");
        String message =
                assertThrows(
                                ImageException.class,
                                () ->
                                        SnapshotOverlay.over(
                                                new MemoryDisk(512, true), none, _ -> {}))
                        .getMessage();
        assertTrue(message.contains(none.toString()), message);
        assertTrue(message.endsWith("Name another folder in TMPDIR."), message);
    }
}
