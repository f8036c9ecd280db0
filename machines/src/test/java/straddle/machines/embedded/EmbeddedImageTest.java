package straddle.machines.embedded;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The image in the repository is what its sources give.
class EmbeddedImageTest {
    private static final Path SOURCES = Path.of("src", "guest");

    @TempDir private Path folder;

    @Test
    @Timeout(120)
    void rebuildingItWithTheSameToolsGivesTheSameBytes() throws IOException, InterruptedException {
        String build = text("embedded.img.build");
        assumeTrue(
                build.contains("gcc:    " + versionOf("gcc")),
                "the gcc that made the image is not installed");
        assumeTrue(
                build.contains("ld:     " + versionOf("ld")),
                "the ld that made the image is not installed");
        Process process =
                new ProcessBuilder("sh", "build.sh", folder.toString())
                        .directory(SOURCES.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(folder.resolve("log").toFile())
                        .start();
        assertTrue(process.waitFor(100, TimeUnit.SECONDS));
        assertEquals(0, process.exitValue(), () -> logged());
        assertArrayEquals(
                EmbeddedGuest.builtIn().bytes(),
                Files.readAllBytes(folder.resolve("embedded.img")));
    }

    private String logged() {
        try {
            return Files.readString(folder.resolve("log"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static String text(String resource) throws IOException {
        try (InputStream in = EmbeddedGuest.class.getResourceAsStream(resource)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /// The first line that a tool prints of itself, or what no build says if there is none.
    private static String versionOf(String tool) throws InterruptedException {
        try {
            Process process = new ProcessBuilder(tool, "--version").start();
            String version =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            process.waitFor();
            return version.lines().findFirst().orElse("nothing");
        } catch (IOException _) {
            return "not installed";
        }
    }
}
