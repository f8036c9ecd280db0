package straddle.machines.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import straddle.machines.boot.KernelImageException;

class BzImageTest {
    @TempDir private Path folder;

    private Path file(byte[] bytes) throws IOException {
        return Files.write(folder.resolve("bzImage"), bytes);
    }

    private static String refusal(Path file) {
        return assertThrows(KernelImageException.class, () -> BzImage.read(file))
                .getMessage()
                .replace(file.toString(), "FILE");
    }

    @Test
    void aKernelTellsItsVersionAndPlace() throws IOException, KernelImageException {
        BzImage kernel = BzImage.read(file(TinyKernel.bytes(TinyKernel.image())));
        assertEquals("9.9-test", kernel.release());
        assertEquals(0x100_0000, kernel.loadAddress());
        assertEquals(0x20_0000, kernel.memoryBytes());
        assertEquals(4096, kernel.body().length);
        assertEquals(0x55, kernel.body()[0]);
        assertEquals(0x202 + 0x66 - 0x1f1, kernel.setupHeader().length);
    }

    @Test
    void whatIsNoKernelIsRefused() throws IOException {
        assertEquals("The kernel FILE is a directory.", refusal(folder));
        assertEquals("There is no kernel FILE.", refusal(folder.resolve("none")));
        assertEquals("The kernel FILE is empty.", refusal(file(new byte[0])));
        assertTrue(refusal(file(new byte[5000])).startsWith("FILE is no Linux kernel for x86"));
        assertTrue(refusal(file(new byte[100])).startsWith("FILE is no Linux kernel for x86"));
    }

    @Test
    void oldAndThirtyTwoBitKernelsHaveNo64BitEntry() throws IOException, KernelImageException {
        ByteBuffer old = TinyKernel.image();
        old.putShort(0x206, (short) 0x20b);
        assertFalse(BzImage.read(file(TinyKernel.bytes(old))).has64BitEntry());
        ByteBuffer narrow = TinyKernel.image();
        narrow.putShort(0x236, (short) 0);
        assertFalse(BzImage.read(file(TinyKernel.bytes(narrow))).has64BitEntry());
    }

    @Test
    void lowKernelsAreRefused() throws IOException {
        ByteBuffer low = TinyKernel.image();
        low.put(0x211, (byte) 0);
        low.putShort(0x236, (short) 0);
        assertTrue(refusal(file(TinyKernel.bytes(low))).contains("is a zImage"));
    }

    @Test
    void aTruncatedKernelIsRefused() throws IOException {
        byte[] image = TinyKernel.bytes(TinyKernel.image());
        assertEquals(
                "The kernel FILE is truncated: it has 5,000 of at least 5,552 bytes.",
                refusal(file(Arrays.copyOf(image, 5000))));
    }

    @Test
    void manyGibibytesAreNoKernelAndNotRead() throws IOException {
        Path file = file(TinyKernel.bytes(TinyKernel.image()));
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(8L << 30);
        }
        assertEquals("The kernel FILE has 8,192 MiB: that is no kernel.", refusal(file));
    }

    @Test
    void emptyInitrdsAndLongCommandLinesAreRefused() throws IOException {
        Path kernel = file(TinyKernel.bytes(TinyKernel.image()));
        Path empty = Files.createFile(folder.resolve("initrd"));
        assertEquals(
                "The initrd " + empty + " is empty.",
                assertThrows(
                                KernelImageException.class,
                                () -> LinuxBoot.read(kernel, Optional.of(empty), ""))
                        .getMessage());
        assertEquals(
                "The kernel's command line has 300 bytes; this kernel takes at most 255.",
                assertThrows(
                                KernelImageException.class,
                                () -> LinuxBoot.read(kernel, Optional.empty(), "x".repeat(300)))
                        .getMessage());
    }

    @Test
    void anInitrdOutOfTheKernelsReachIsRefused() throws IOException {
        ByteBuffer near = TinyKernel.image();
        near.putInt(0x22c, 0x110_0000);
        Path kernel = file(TinyKernel.bytes(near));
        Path initrd = Files.write(folder.resolve("initrd"), new byte[5]);
        assertEquals(
                "The kernel can't reach an initrd of 5 bytes: it must end below 0x1100000.",
                assertThrows(
                                KernelImageException.class,
                                () -> LinuxBoot.read(kernel, Optional.of(initrd), ""))
                        .getMessage());
    }

    @Test
    void aDamagedHeaderIsReadOrRefusedButNeverWorse() throws IOException {
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 300; i++) {
            ByteBuffer bad = TinyKernel.image();
            bad.putInt(0x1f1 + random.nextInt(0x74), random.nextInt());
            assertTrue(isReadOrRefused(file(TinyKernel.bytes(bad))), () -> "seed " + seed);
        }
    }

    private static boolean isReadOrRefused(Path file) {
        try {
            BzImage kernel = BzImage.read(file);
            return kernel.setupHeader().length > 0 && kernel.release() != null;
        } catch (KernelImageException e) {
            return e.getMessage().endsWith(".");
        }
    }
}
