package straddle.launcher.debian;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.compress.archivers.cpio.CpioArchiveEntry;
import org.apache.commons.compress.archivers.cpio.CpioArchiveInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InitrdTest {
    @TempDir private Path directory;

    /// Name, mode and content of every entry, in order.
    static Map<String, String> entries(byte[] archive) throws IOException {
        Map<String, String> entries = new LinkedHashMap<>();
        try (CpioArchiveInputStream in =
                new CpioArchiveInputStream(new ByteArrayInputStream(archive))) {
            for (CpioArchiveEntry entry = in.getNextEntry();
                    entry != null;
                    entry = in.getNextEntry()) {
                String content = new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
                entries.put(entry.getName(), Long.toOctalString(entry.getMode()) + " " + content);
            }
        }
        return entries;
    }

    @Test
    void aFileComesAfterTheDirectoriesAboveIt() throws IOException {
        byte[] archive =
                new Initrd()
                        .file("/a/b/c", "text".getBytes(StandardCharsets.UTF_8), true)
                        .file("/a/d", "more")
                        .link("/a/e", "../f")
                        .bytes();

        Map<String, String> entries = entries(archive);
        assertEquals(List.of("a", "a/b", "a/b/c", "a/d", "a/e"), List.copyOf(entries.keySet()));
        assertEquals("40755 ", entries.get("a/b"));
        assertEquals("100755 text", entries.get("a/b/c"));
        assertEquals("100644 more", entries.get("a/d"));
        assertEquals("120777 ../f", entries.get("a/e"));
    }

    @Test
    void anotherArchiveMayFollow() {
        assertEquals(0, new Initrd().file("/x", "123").bytes().length % 4);
    }

    @Test
    void theSameFilesMakeTheSameArchive() {
        assertArrayEquals(
                new Initrd().file("/x", "123").bytes(), new Initrd().file("/x", "123").bytes());
    }

    @Test
    void aDirectoryOfTheHostsComesWithAllThatIsInIt() throws IOException {
        Files.createDirectories(directory.resolve("top/empty"));
        Path program = Files.writeString(directory.resolve("top/run"), "#!");
        assertTrue(program.toFile().setExecutable(true));
        Files.createSymbolicLink(directory.resolve("top/loop"), Path.of("../top"));

        Map<String, String> entries =
                entries(new Initrd().copy(directory.resolve("top"), "/root/t").bytes());
        assertEquals("100755 #!", entries.get("root/t/run"));
        assertEquals("40755 ", entries.get("root/t/empty"));
        assertEquals("120777 ../top", entries.get("root/t/loop"));
    }

    @Test
    void aFileOfManyGibibytesIsRefusedUnread() throws IOException {
        Path large = directory.resolve("large");
        try (RandomAccessFile file = new RandomAccessFile(large.toFile(), "rw")) {
            file.setLength(8L << 30);
        }

        assertThrows(IOException.class, () -> new Initrd().copy(large, "/large"));
    }
}
