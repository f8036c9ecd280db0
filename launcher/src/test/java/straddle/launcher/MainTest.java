package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {

    @ParameterizedTest
    @ValueSource(strings = {"--version", "-V"})
    void theVersionIsOneLine(String option) {
        CommandRun run = CommandRun.of(List.of(), option);

        assertEquals(ExitCodes.OK, run.code());
        assertTrue(
                run.out().matches("straddle \\d+\\.\\d+\\.\\d+\\S* \\(Java \\d+, .+\\)\\R"),
                run.out());
    }

    @ParameterizedTest
    @CsvSource({"'', straddle demo", "accel, --fresh", "completion, source <("})
    void helpTeachesWithExamples(String command, String example) {
        String[] line = (command + " --help").strip().split(" ", -1);
        CommandRun run = CommandRun.of(List.of(), line);

        assertEquals(ExitCodes.OK, run.code());
        assertTrue(run.out().contains("Examples:"), run.out());
        assertTrue(run.out().contains(example), run.out());
        assertTrue(run.out().lines().allMatch(text -> text.length() <= 100), run.out());
    }

    @Test
    void everyExitCodeIsDocumented() {
        String help = CommandRun.of(List.of(), "--help").out();

        List.of("0", "1", "2", "3", "4", "70", "124", "130", "141")
                .forEach(code -> assertTrue(help.contains("   " + code + " "), code));
    }

    @ParameterizedTest
    @CsvSource({"accel --frsh, --fresh", "acel, accel", "--verison, --version"})
    void aMisspeltWordSuggestsTheRightOne(String line, String meant) {
        CommandRun run = CommandRun.of(List.of(), line.split(" ", -1));

        assertEquals(ExitCodes.USAGE, run.code());
        assertTrue(run.err().contains("Did you mean " + meant), run.err());
        assertTrue(run.err().contains("--help' explains"), run.err());
        assertEquals("", run.out());
    }

    @Test
    void noCommandAtAllSaysWhereToStart() {
        CommandRun run = CommandRun.of(List.of());

        assertEquals(ExitCodes.USAGE, run.code());
        assertTrue(run.err().contains("straddle demo"), run.err());
    }

    @Test
    void theCompletionScriptKnowsCommandsAndOptions() {
        CommandRun run = CommandRun.of(List.of(), "completion");

        assertEquals(ExitCodes.OK, run.code());
        assertTrue(run.out().contains("--fresh"));
        assertTrue(run.out().contains("complete -F"));
    }
}
