package straddle.launcher.console;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import straddle.devices.ByteSink;
import straddle.launcher.monitor.EngineCommand;
import straddle.launcher.monitor.Monitor;
import straddle.launcher.monitor.MonitorException;
import straddle.machines.Machine;

/// Every line for the monitor in `docs/console.md` is one that it takes.
@Timeout(60)
class DocumentedMonitorTest {
    private static final String PROMPT = "    (straddle) ";

    private static Path document() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("docs/console.md"))) {
            folder = folder.getParent();
        }
        return folder.resolve("docs/console.md");
    }

    /// All but the topic that only the hybrid engine has.
    static List<String> lines() throws IOException {
        return Files.readAllLines(document()).stream()
                .filter(line -> line.startsWith(PROMPT))
                .map(line -> line.substring(PROMPT.length()))
                .filter(line -> !line.equals("info hybrid"))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("lines")
    void theMonitorTakesIt(String line) throws Exception {
        Monitor monitor = new Monitor("straddle test", () -> {});
        monitor.add(
                EngineCommand.of(name -> {
                    throw new MonitorException("No engine here is called " + name + ".");
                }));
        try (Machine machine = EchoMachine.create(ByteSink.NOWHERE)) {
            monitor.attach(machine);
            machine.start();
            String answer = monitor.execute(line);
            assertFalse(answer.startsWith("There is no "), answer);
            assertFalse(answer.startsWith("'"), answer);
            monitor.detach();
        }
    }

    @Test
    void everyKeyOfTheTerminalIsDocumented() throws IOException {
        String text = Files.readString(document());
        assertTrue(
                EscapeKeys.TEXT
                        .lines()
                        .allMatch(line -> text.contains("| " + line.substring(0, 8) + " |")));
    }
}
