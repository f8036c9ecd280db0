package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class ConsoleOptionsTest {
    @TempDir private Path directory;

    private static CommandRun run(String... more) {
        String[] line = new String[more.length + 1];
        line[0] = "run";
        System.arraycopy(more, 0, line, 1, more.length);
        return CommandRun.of(List.of(ScriptedEngine.wellBehaved("tcg")), line);
    }

    @Test
    void aSerialLineCanGoToAFile() throws Exception {
        Path file = directory.resolve("serial.log");
        CommandRun run = run("--serial", "file:" + file);
        assertEquals(ExitCodes.OK, run.code());
        assertEquals("", run.out());
        assertEquals("hello\r\n", Files.readString(file));
    }

    @Test
    void aSerialLineCanGoNowhere() {
        CommandRun run = run("--serial", "none");
        assertEquals(ExitCodes.OK, run.code());
        assertEquals("", run.out());
    }

    @Test
    void aPtysPathIsPrinted() {
        CommandRun run = run("--serial", "pty");
        assertEquals(ExitCodes.OK, run.code());
        assertTrue(run.err().contains("/dev/pts/"), run.err());
    }

    @Test
    void theMonitorCanHaveStandardInput() {
        CommandRun run =
                CommandRun.typing(
                        "info status\nquit\n",
                        List.of(new ScriptedEngine("tcg", _ -> Thread.sleep(Long.MAX_VALUE))),
                        "run",
                        "--monitor",
                        "stdio");
        assertEquals(ExitCodes.OK, run.code(), run.err());
        assertTrue(run.out().contains("1 vCPU under tcg"), run.out());
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            value = {
                "--serial=stdoi, --serial takes stdio",
                "--serial=file:, names no file",
                "--serial=file:/nonexistent/x, can't be",
                "--monitor=maybe, --monitor takes stdio",
                "--monitor=unix:/nonexistent/x, can't be",
                "--serial=none --serial=none, one serial port",
                "--serial=stdio --monitor=stdio, Only one"
            })
    void aMistakeGetsASentence(String options, String sentence) {
        CommandRun run = run(options.split(" ", -1));
        assertEquals(ExitCodes.USAGE, run.code());
        assertTrue(run.err().contains(sentence), run.err());
    }
}
