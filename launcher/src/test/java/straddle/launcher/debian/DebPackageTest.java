package straddle.launcher.debian;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.apache.commons.compress.archivers.ar.ArArchiveEntry;
import org.apache.commons.compress.archivers.ar.ArArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

class DebPackageTest {
    @TempDir private Path directory;

    private static byte[] tar(Map<String, String> files) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
            tar.putArchiveEntry(new TarArchiveEntry("./bin/"));
            tar.closeArchiveEntry();
            for (Map.Entry<String, String> each : files.entrySet()) {
                TarArchiveEntry entry = new TarArchiveEntry(each.getKey());
                entry.setSize(each.getValue().length());
                tar.putArchiveEntry(entry);
                tar.write(each.getValue().getBytes(StandardCharsets.US_ASCII));
                tar.closeArchiveEntry();
            }
        }
        return bytes.toByteArray();
    }

    private static byte[] xz(byte[] content) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (XZOutputStream out = new XZOutputStream(bytes, new LZMA2Options(0))) {
            out.write(content);
        }
        return bytes.toByteArray();
    }

    static Path write(Path file, String data, byte[] content) throws IOException {
        try (OutputStream out = Files.newOutputStream(file);
                ArArchiveOutputStream members = new ArArchiveOutputStream(out)) {
            add(members, "debian-binary", "2.0\n".getBytes(StandardCharsets.US_ASCII));
            add(members, data, content);
        }
        return file;
    }

    private static void add(ArArchiveOutputStream members, String name, byte[] content)
            throws IOException {
        members.putArchiveEntry(new ArArchiveEntry(name, content.length));
        members.write(content);
        members.closeArchiveEntry();
    }

    /// A package of these files.
    static Path write(Path file, Map<String, String> files) throws IOException {
        return write(file, "data.tar.xz", xz(tar(files)));
    }

    private Map<String, String> read(Path file) throws IOException {
        Map<String, String> found = new TreeMap<>();
        new DebPackage(file)
                .visit((path, content) ->
                        found.put(
                                path,
                                new String(content.readAllBytes(), StandardCharsets.US_ASCII)));
        return found;
    }

    @Test
    void itsFilesAreShownWithTheirContent() throws IOException {
        Path file = write(directory.resolve("a.deb"), Map.of("./bin/x", "one", "usr/y", "two"));

        assertEquals(Map.of("bin/x", "one", "usr/y", "two"), read(file));
    }

    @Test
    void whatIsDamagedOrUnknownIsRefused() throws IOException {
        Path whole = write(directory.resolve("a.deb"), Map.of("./bin/x", "one"));
        byte[] bytes = Files.readAllBytes(whole);
        Path half = Files.write(directory.resolve("b.deb"), Arrays.copyOf(bytes, 200));
        Path none = Files.write(directory.resolve("c.deb"), new byte[100]);
        Path odd = write(directory.resolve("d.deb"), "data.tar.zst", new byte[100]);

        assertThrows(IOException.class, () -> read(half));
        assertThrows(IOException.class, () -> read(none));
        String why = assertThrows(IOException.class, () -> read(odd)).getMessage();
        assertTrue(why.contains("data.tar.zst"), why);
    }
}
