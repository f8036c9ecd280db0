package straddle.devices.block;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(30)
class RawImageTest {
    @TempDir private Path folder;
    private final List<String> troubles = new ArrayList<>();

    private Path file(long bytes) throws IOException {
        Path file = folder.resolve("disk.img");
        try (RandomAccessFile made = new RandomAccessFile(file.toFile(), "rw")) {
            made.setLength(bytes);
        }
        return file;
    }

    private RawImage open(Path path, boolean readOnly) throws ImageException {
        return RawImage.open(path, readOnly, ImageLocker.NONE, troubles::add);
    }

    private String refusal(Path path) {
        return assertThrows(ImageException.class, () -> open(path, false)).getMessage();
    }

    private static MemorySegment filled(int bytes, int value) {
        byte[] content = new byte[bytes];
        Arrays.fill(content, (byte) value);
        return MemorySegment.ofArray(content);
    }

    @Test
    void whatIsWrittenIsInTheFileAndReadBack() throws Exception {
        Path file = file(4096);
        try (RawImage image = open(file, false);
                Arena arena = Arena.ofConfined()) {
            assertEquals(4096, image.length());
            assertEquals(BlockStatus.OK, image.write(1024, filled(512, 7)));
            assertEquals(7, Files.readAllBytes(file)[1024 + 511]);
            MemorySegment back = arena.allocate(1536);
            assertEquals(BlockStatus.OK, image.read(512, back));
            assertEquals(0, back.get(ValueLayout.JAVA_BYTE, 511));
            assertEquals(7, back.get(ValueLayout.JAVA_BYTE, 512));
            assertEquals(0, back.get(ValueLayout.JAVA_BYTE, 1024));
            assertEquals(BlockStatus.OK, image.flush());
        }
        assertEquals(4096, Files.size(file));
    }

    @ParameterizedTest
    @CsvSource({
        "-512, 512",
        "4096, 512",
        "3584, 1024",
        "1, 512",
        "0, 511",
        "9223372036854775296, 512"
    })
    void sectorsThatThereAreNotMoveNothing(long offset, int bytes) throws Exception {
        Path file = file(4096);
        try (RawImage image = open(file, false)) {
            assertEquals(BlockStatus.OUT_OF_RANGE, image.write(offset, filled(bytes, 1)));
            assertEquals(BlockStatus.OUT_OF_RANGE, image.read(offset, filled(bytes, 1)));
            assertEquals(BlockStatus.OUT_OF_RANGE, image.discard(offset, bytes));
        }
        assertArrayEquals(new byte[4096], Files.readAllBytes(file));
    }

    @Test
    void aReadOnlyImageStaysAsItIs() throws Exception {
        try (RawImage image = open(file(4096), true)) {
            assertTrue(image.isReadOnly());
            assertEquals(BlockStatus.READ_ONLY, image.write(0, filled(512, 1)));
            assertEquals(BlockStatus.READ_ONLY, image.discard(0, 512));
            assertEquals(BlockStatus.OK, image.flush());
        }
    }

    @Test
    void anEmptyFileIsNoDisk() throws Exception {
        Path file = file(0);
        assertEquals(
                file
                        + " is empty. Give it the disk's size first, as 'truncate -s 1G "
                        + file
                        + "' does.",
                refusal(file));
    }

    @Test
    void aFileOfNoWholeSectorsCanOnlyBeRead() throws Exception {
        Path file = file(1000);
        assertTrue(refusal(file).startsWith(file + " has 1,000 bytes, which is no whole number"));
        Files.write(file, new byte[] {9}, StandardOpenOption.APPEND);
        try (RawImage image = open(file, true)) {
            assertEquals(1024, image.length());
            MemorySegment last = filled(512, 1);
            assertEquals(BlockStatus.OK, image.read(512, last));
            assertEquals(9, last.get(ValueLayout.JAVA_BYTE, 1000 - 512));
            assertEquals(0, last.get(ValueLayout.JAVA_BYTE, 511));
        }
    }

    @Test
    void aFileThatIsNotThereIsNotMade() {
        Path file = folder.resolve("none.img");
        assertEquals(
                file
                        + " does not exist. 'truncate -s 1G "
                        + file
                        + "' makes an empty disk of 1 GiB.",
                refusal(file));
        assertFalse(Files.exists(file));
    }

    @Test
    void directoriesAndCharacterDevicesAreNoImages() {
        assertEquals(
                folder
                        + " is a directory. A disk image is a file, or a block device of the host's.",
                refusal(folder));
        assumeTrue(Files.exists(Path.of("/dev/zero")), "needs /dev/zero");
        assertTrue(refusal(Path.of("/dev/zero")).startsWith("/dev/zero is a character device."));
    }

    @Test
    void aPipeIsRefusedWithoutWaitingForItsOtherEnd() throws Exception {
        Path pipe = folder.resolve("pipe");
        assumeTrue(
                new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0,
                "needs mkfifo");
        assertTrue(refusal(pipe).startsWith(pipe + " is a pipe."));
    }

    @Test
    void aLinkThatLeadsBackToItselfIsToldSo() throws Exception {
        Path link = folder.resolve("link");
        Files.createSymbolicLink(link, link);
        assertEquals(link + " is a symbolic link that leads back to itself.", refusal(link));
    }

    @Test
    void whatTheUserMayNotWriteCanBeReadOnly() throws Exception {
        Path file = file(512);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--------"));
        assumeTrue(!Files.isWritable(file), "the superuser may write any file");
        assertTrue(refusal(file).startsWith("You may not read and write " + file + "."));
        open(file, true).close();
    }

    /// Files of sysfs refuse even the superuser what their permissions don't say.
    @Test
    void whatNobodyMayReadOrWriteIsToldSo() {
        Path readOnly = Path.of("/sys/devices/system/cpu/online");
        Path writeOnly = Path.of("/sys/bus/pci/rescan");
        assumeTrue(Files.exists(readOnly) && Files.exists(writeOnly), "there is no sysfs here");
        assertTrue(refusal(readOnly).startsWith("You may not read and write " + readOnly + "."));
        ImageException e = assertThrows(ImageException.class, () -> open(writeOnly, true));
        assertTrue(e.getMessage().startsWith("You may not read " + writeOnly + ":"), e::getMessage);
    }

    @Test
    void aSparseDiskOfManyTebibytesHasItsLastSector() throws Exception {
        long bytes = 3L << 40;
        try (RawImage image = open(file(bytes), false)) {
            assertEquals(bytes, image.length());
            assertEquals(BlockStatus.OK, image.write(bytes - 512, filled(512, 5)));
            MemorySegment back = filled(512, 0);
            assertEquals(BlockStatus.OK, image.read(bytes - 512, back));
            assertEquals(5, back.get(ValueLayout.JAVA_BYTE, 0));
        }
    }

    @Test
    void aFileThatIsCutOffUnderneathIsAnIoErrorAndToldOnce() throws Exception {
        Path file = file(4096);
        try (RawImage image = open(file, false)) {
            file(1024);
            assertEquals(BlockStatus.IO_ERROR, image.read(1024, filled(512, 0)));
            assertEquals(BlockStatus.IO_ERROR, image.read(0, filled(4096, 0)));
            assertEquals(BlockStatus.OK, image.read(0, filled(1024, 0)));
        }
        assertEquals(
                List.of(
                        file
                                + ": it is shorter than when it was opened. The guest sees an I/O error."),
                troubles);
    }

    @Test
    void aKilledWriterLeavesTheRestOfTheImageAlone() throws Exception {
        Path file = folder.resolve("disk.img");
        byte[] before = new byte[4 << 20];
        new Random(1).nextBytes(before);
        Files.write(file, before);
        Process writer = java("", Scribbler.class, file.toString());
        try {
            assertEquals('w', writer.getInputStream().read());
            writer.destroyForcibly().waitFor();
        } finally {
            writer.destroyForcibly();
        }
        byte[] after = Files.readAllBytes(file);
        assertEquals(before.length, after.length);
        assertEquals(-1, Arrays.mismatch(before, 0, Scribbler.FROM, after, 0, Scribbler.FROM));
        assertEquals(
                -1,
                Arrays.mismatch(
                        before, Scribbler.TO, before.length, after, Scribbler.TO, after.length));
        assertNotEquals(-1, Arrays.mismatch(before, after));
    }

    /// A limit on the size of files is how a host without space looks, and can be had without one.
    @Test
    void aHostWithoutSpaceIsAnIoErrorAndTheDiskGoesOn() throws Exception {
        Path file = file(4 << 20);
        Process limited =
                java("ulimit -f 2048 && ", Writes.class, file.toString(), "0", "3145728", "512");
        String said = new String(limited.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, limited.waitFor());
        List<String> lines = said.lines().toList();
        assertEquals(
                List.of("OK", "IO_ERROR", "OK"), List.of(lines.get(0), lines.get(2), lines.get(3)));
        assertTrue(
                lines.get(1).startsWith(file + ": ") && lines.get(1).endsWith("I/O error."), said);
    }

    /// Starts a class of the tests as a process of its own.
    private static Process java(String before, Class<?> program, String... args) throws Exception {
        String path = directory(RawImage.class) + ":" + directory(program);
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        List<String> command =
                new ArrayList<>(
                        List.of(
                                "sh",
                                "-c",
                                before + "exec \"$@\"",
                                "sh",
                                java.toString(),
                                "-XX:TieredStopAtLevel=1",
                                "-cp",
                                path,
                                program.getName()));
        command.addAll(List.of(args));
        return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    /// Where a class was compiled to.
    private static Path directory(Class<?> type) throws Exception {
        Path file = Path.of(type.getResource(type.getSimpleName() + ".class").toURI());
        for (int i = 0; i <= type.getPackageName().chars().filter(c -> c == '.').count() + 1; i++) {
            file = file.getParent();
        }
        return file;
    }
}
