package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import straddle.core.accel.AcceleratorProvider;

/// Every command in the documents is one that the command line takes; and those that run a guest of one's own or
/// Debian's do all that lies outside the guest, with files as the documents have them and an engine that plays it. What
/// a real guest then does is [LinuxBootTest]'s and [FirmwareBootTest]'s.
@Timeout(60)
class DocumentedCommandsTest {
    private static final Pattern LINE =
            Pattern.compile(" {4}(?:\\./)?straddle ((?:[^#|']|'[^']*')+?)\\s*(?:[#|].*)?");
    private static final int OUTPUT = 0x2f8;
    private static final int STATUS = 0x2e8;
    private static final Pattern WORD = Pattern.compile("'([^']*)'|(\\S+)");

    @TempDir private Path directory;

    static List<String> commands() throws IOException {
        Path root = BuiltClasses.directories().getFirst().getParent().getParent().getParent();
        List<Path> documents = new ArrayList<>(List.of(root.resolve("README.md")));
        try (Stream<Path> files = Files.list(root.resolve("docs"))) {
            files.filter(file -> file.toString().endsWith(".md")).forEach(documents::add);
        }
        return documents.stream().flatMap(DocumentedCommandsTest::lines).toList();
    }

    private static Stream<String> lines(Path document) {
        try {
            return Files.readAllLines(document).stream()
                    .map(LINE::matcher)
                    .filter(Matcher::matches)
                    .map(matcher -> matcher.group(1));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String[] words(String line) {
        return WORD.matcher(line)
                .results()
                .map(word -> word.group(1) != null ? word.group(1) : word.group(2))
                .toArray(String[]::new);
    }

    @ParameterizedTest
    @MethodSource("commands")
    void theCommandLineTakesIt(String line) {
        String[] words = words(line);

        assertDoesNotThrow(() -> CommandRun.commandLine().parseArgs(words));
    }

    /// Debian's guest by name or a whole PC, but nothing that looks for newer packages or for another architecture's.
    static List<String> guests() throws IOException {
        return commands().stream()
                .filter(line ->
                        line.matches("(run (debian|--kernel|--bios)|fetch|compare debian).*"))
                .filter(line -> !line.matches(".* --(newer|arch)\\b.*"))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("guests")
    void itRuns(String line) throws Exception {
        Map<String, Path> files = DocumentedFiles.in(directory);
        String[] words =
                Stream.of(words(line)).map(word -> placed(word, files)).toArray(String[]::new);

        CommandRun run =
                CommandRun.in(
                        Map.of("XDG_CACHE_HOME", directory.toString()),
                        "",
                        Stream.of("tcg", "hybrid", "kvm")
                                .<AcceleratorProvider>map(name ->
                                        new ScriptedEngine(name, DocumentedCommandsTest::play))
                                .toList(),
                        words);

        assertEquals(ExitCodes.OK, run.code(), run.err());
    }

    private static String placed(String word, Map<String, Path> files) {
        String placed = word;
        for (Map.Entry<String, Path> each : files.entrySet()) {
            placed =
                    placed.replaceAll(
                            "(?<![\\w./])" + Pattern.quote(each.getKey()) + "(?![\\w./])",
                            each.getValue().toString());
        }
        return placed;
    }

    /// A command in the guest says something and ends well, if there is one; then the guest powers off.
    private static void play(ScriptedEngine.Ports cpu) throws InterruptedException {
        say(cpu, OUTPUT, "start\n");
        say(cpu, STATUS, "exit 0\n");
        cpu.powerOff(0);
    }

    private static void say(ScriptedEngine.Ports cpu, int port, String text)
            throws InterruptedException {
        for (int i = 0; i < text.length(); i++) {
            cpu.out(port, 1, text.charAt(i));
        }
    }

    @Test
    void theDocumentsHaveCommands() throws IOException {
        assertTrue(commands().size() > 8, () -> "too few");
        assertTrue(guests().size() > 20, () -> "too few guests");
    }
}
