package straddle.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class FileLockTest {
    /// Locks a range of a file as another program does, says whether it could, and holds it until it is killed.
    private static final String OTHER =
            """
            import java.nio.channels.*;
            import java.nio.file.*;
            void main(String[] args) throws Exception {
                var file = FileChannel.open(Path.of(args[0]), StandardOpenOption.READ, StandardOpenOption.WRITE);
                var lock = file.tryLock(Long.parseLong(args[1]), Long.parseLong(args[2]), Boolean.parseBoolean(args[3]));
                System.out.println(lock == null ? "busy" : "locked");
                Thread.sleep(60_000);
            }
            """;

    @TempDir private Path folder;
    private Path file;

    @BeforeEach
    void make() throws IOException {
        file = Files.createFile(folder.resolve("disk.img"));
    }

    private boolean canLock(boolean exclusive) throws HostException {
        return FileLock.tryAcquire(file, exclusive)
                .map(lock -> {
                    lock.close();
                    return true;
                })
                .orElse(false);
    }

    @ParameterizedTest
    @CsvSource({
        "true, true, false",
        "true, false, false",
        "false, true, false",
        "false, false, true"
    })
    void oneWriterOrAnyNumberOfReadersHaveIt(boolean first, boolean second, boolean possible)
            throws HostException {
        try (FileLock _ = FileLock.tryAcquire(file, first).orElseThrow()) {
            assertEquals(possible, canLock(second));
        }
        assertTrue(canLock(second));
    }

    @Test
    void itHoldsWhileOthersOpenAndCloseTheFile() throws Exception {
        try (FileLock _ = FileLock.tryAcquire(file, true).orElseThrow()) {
            new RandomAccessFile(file.toFile(), "rw").close();
            Files.readAllBytes(file);
            assertEquals(false, canLock(true));
        }
    }

    /// What another emulator marks as being written, its reader can't have either.
    @ParameterizedTest
    @CsvSource({
        "100, 104, false, false, false",
        "101, 1, true, false, false",
        "201, 1, true, false, true",
        "100, 1, true, false, true"
    })
    void anotherProcessesLockCountsUntilItIsKilled(
            long start, long length, boolean shared, boolean writer, boolean reader)
            throws Exception {
        Process other = other(start, length, shared);
        try (BufferedReader said = outputOf(other)) {
            assertEquals("locked", said.readLine());
            assertEquals(writer, canLock(true));
            assertEquals(reader, canLock(false));
        } finally {
            other.destroyForcibly().waitFor();
        }
        assertTrue(canLock(true));
    }

    @Test
    void anotherProcessCantHaveWhatIsWrittenHere() throws Exception {
        try (FileLock _ = FileLock.tryAcquire(file, true).orElseThrow()) {
            Process other = other(101, 1, true);
            try (BufferedReader said = outputOf(other)) {
                assertEquals("busy", said.readLine());
            } finally {
                other.destroyForcibly().waitFor();
            }
        }
    }

    private Process other(long start, long length, boolean shared) throws IOException {
        Path program = Files.writeString(folder.resolve("Other.java"), OTHER);
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        program.toString(),
                        file.toString(),
                        Long.toString(start),
                        Long.toString(length),
                        Boolean.toString(shared))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private static BufferedReader outputOf(Process process) {
        return new BufferedReader(
                new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    @Test
    void aFileThatIsNotThereIsTheHostsRefusal() {
        HostException e =
                assertThrows(
                        HostException.class,
                        () -> FileLock.tryAcquire(folder.resolve("none"), true));
        assertTrue(e.getMessage().contains("ENOENT"), e.getMessage());
    }
}
