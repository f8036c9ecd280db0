package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every command in the documents is one that the command line takes. What they do has tests of its own: of Debian's
/// guest, [RunDebianTest] and [LinuxBootTest].
class DocumentedCommandsTest {
    private static final Pattern LINE =
            Pattern.compile(" {4}(?:\\./)?straddle ((?:[^#|']|'[^']*')+?)\\s*(?:[#|].*)?");
    private static final Pattern WORD = Pattern.compile("'([^']*)'|(\\S+)");

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

    @ParameterizedTest
    @MethodSource("commands")
    void theCommandLineTakesIt(String line) {
        String[] words =
                WORD.matcher(line)
                        .results()
                        .map(word -> word.group(1) != null ? word.group(1) : word.group(2))
                        .toArray(String[]::new);

        assertDoesNotThrow(() -> CommandRun.commandLine().parseArgs(words));
    }

    @Test
    void theDocumentsHaveCommands() throws IOException {
        assertTrue(commands().size() > 8, () -> "too few");
    }
}
