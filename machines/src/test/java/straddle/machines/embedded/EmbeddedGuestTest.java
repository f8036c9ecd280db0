package straddle.machines.embedded;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedGuestTest {
    @TempDir private Path folder;

    private final byte[] good = EmbeddedGuest.builtIn().bytes();

    private Path file(byte[] bytes) throws IOException {
        return Files.write(folder.resolve("guest.img"), bytes);
    }

    private static String refusal(Path file) {
        return assertThrows(GuestImageException.class, () -> EmbeddedGuest.read(file))
                .getMessage()
                .replace(file.toString(), "FILE");
    }

    /// The good image with an int of its header changed, and its CRC made right again.
    private byte[] with(int offset, int value) {
        ByteBuffer image = ByteBuffer.wrap(good.clone()).order(ByteOrder.LITTLE_ENDIAN);
        image.putInt(offset, value);
        CRC32 crc = new CRC32();
        crc.update(image.array(), 64, image.capacity() - 64);
        image.putInt(20, (int) crc.getValue());
        return image.array();
    }

    @Test
    void theBuiltInGuestHasItsPhases() {
        EmbeddedGuest guest = EmbeddedGuest.builtIn();
        List<String> names = guest.phases().stream().map(Phase::name).toList();
        assertTrue(names.containsAll(List.of("sieve", "sha256", "syscall")), names::toString);
        assertEquals(0x1_0000, guest.loadGpa());
        assertEquals(16 << 20, guest.minRamBytes());
        assertTrue(guest.userBlob().length > 0);
        assertTrue(
                guest.phases().stream()
                        .noneMatch(
                                each -> each.kind() == Phase.Kind.SYSTEM && each.runsNatively()));
    }

    @Test
    void anImageFromAFileIsTheSame() throws IOException, GuestImageException {
        EmbeddedGuest guest = EmbeddedGuest.read(file(good));
        assertArrayEquals(good, guest.bytes());
        assertEquals(EmbeddedGuest.builtIn().phases(), guest.phases());
    }

    @Test
    void aMissingFileIsNamed() {
        assertEquals("There is no guest image FILE.", refusal(folder.resolve("none.img")));
    }

    @Test
    void aDirectoryIsNoImage() {
        assertEquals("FILE is a directory, not a guest image.", refusal(folder));
    }

    @Test
    void aDeviceFileIsNoImage() {
        Path zero = Path.of("/dev/zero");
        assumeTrue(Files.exists(zero), "this host has no /dev/zero");
        assertEquals("FILE is no regular file, so no guest image.", refusal(zero));
    }

    @Test
    void anEmptyFileIsNoImage() throws IOException {
        assertEquals("FILE is empty.", refusal(file(new byte[0])));
    }

    @Test
    void aFewBytesAreNoImage() throws IOException {
        assertEquals(
                "FILE is no Straddle guest image: it is shorter than the 64-byte header.",
                refusal(file(new byte[63])));
    }

    @Test
    void fourGibibytesOfZerosAreRefusedAtOnce() throws IOException {
        Path file = folder.resolve("zeros.img");
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(4L << 30);
        }
        assertEquals(
                "FILE is no Straddle guest image: the mark STRADDLE is not at its start.",
                refusal(file));
    }

    @Test
    void aHeaderBeforeFourGibibytesOfZerosIsRefusedWithoutReadingThem() throws IOException {
        Path file = file(good);
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(4L << 30);
        }
        assertTrue(refusal(file).startsWith("FILE is damaged: 4,294,"), () -> refusal(file));
        Files.write(file, with(16, 0xffff_ffff));
        assertEquals("FILE is damaged: its header declares 4,294,967,295 bytes.", refusal(file));
    }

    @Test
    void aTruncatedImageIsRefused() throws IOException {
        assertTrue(
                refusal(file(Arrays.copyOf(good, good.length - 1)))
                        .startsWith("FILE is truncated: it has "));
    }

    @Test
    void anotherVersionIsRefused() throws IOException {
        assertEquals(
                "FILE has image version 2; this Straddle runs version 1.",
                refusal(file(with(12, 2))));
    }

    @Test
    void aFlippedBitIsNoticed() throws IOException {
        byte[] bad = good.clone();
        bad[good.length / 2] ^= 1;
        assertTrue(refusal(file(bad)).startsWith("FILE is damaged: its CRC-32 is "));
    }

    @Test
    void anUnreadableFileIsReported() throws IOException {
        Path file = file(good);
        assumeTrue(
                file.toFile().setReadable(false) && !Files.isReadable(file),
                "root may read anything");
        assertEquals("You may not read the guest image FILE: permission denied.", refusal(file));
    }

    @Test
    void partsOutsideTheImageAreRefused() throws IOException {
        assertTrue(refusal(file(with(24, 0x9_ff00))).contains("can't be loaded at 0x9ff00"));
        assertTrue(refusal(file(with(24, 0x1_0001))).contains("can't be loaded"));
        assertTrue(refusal(file(with(36, -1))).contains("user blob lies outside"));
        assertTrue(refusal(file(with(32, 0))).contains("user blob lies outside"));
        assertTrue(refusal(file(with(40, good.length - 8))).contains("phase table lies outside"));
        assertTrue(refusal(file(with(44, 1 << 30))).contains("phase table lies outside"));
    }

    @Test
    void aRandomHeaderIsAcceptedOrRefusedButNeverWorse() throws IOException {
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 300; i++) {
            byte[] bad = with(24 + 4 * random.nextInt(6), random.nextInt());
            assertTrue(isReadOrRefused(file(bad)), () -> "seed " + seed);
        }
    }

    private static boolean isReadOrRefused(Path file) {
        try {
            EmbeddedGuest.read(file);
            return true;
        } catch (GuestImageException e) {
            return e.getMessage().endsWith(".");
        }
    }
}
