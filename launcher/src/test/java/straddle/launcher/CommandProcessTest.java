package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import straddle.host.PseudoTerminal;

/// The command as a process: signals, exit codes, and guests that misbehave, on the engines that work here.
@Tag("boot")
@EnabledOnOs(OS.LINUX)
class CommandProcessTest {
    private static final Map<String, String> WHY_NOT = new HashMap<>();

    @TempDir private Path directory;

    /// Asks the command itself which engines work here.
    @BeforeAll
    static void lookForEngines(@TempDir Path directory) throws Exception {
        try (CommandProcess command = CommandProcess.start(directory, "accel", "--json")) {
            assertEquals(ExitCodes.OK, command.await(), command::everything);
            for (JsonElement each :
                    JsonParser.parseString(command.out())
                            .getAsJsonObject()
                            .getAsJsonArray("accelerators")) {
                JsonElement because = each.getAsJsonObject().get("because");
                WHY_NOT.put(
                        each.getAsJsonObject().get("name").getAsString(),
                        because == null ? "" : because.getAsString());
            }
        }
    }

    private static void needs(String engine) {
        String why = WHY_NOT.getOrDefault(engine, "it is not part of this build");
        assumeTrue(why.isEmpty(), () -> engine + " is unavailable, because " + why);
    }

    @Test
    void ctrlCEndsAMeasurementWithItsExitCodeAndASentence() throws Exception {
        try (CommandProcess command =
                CommandProcess.start(
                        directory, "compare", "--accel", "native", "--repeat", "1000")) {
            command.awaitErr("warming up");
            command.interrupt();

            assertEquals(ExitCodes.INTERRUPTED, command.await());
            assertTrue(command.err().endsWith("straddle: Interrupted.\n"), command.err());
            assertEquals(List.of(), command.leftBehind());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"kvm", "tcg"})
    void ctrlCEndsAGuestThatSpinsWithInterruptsOff(String engine) throws Exception {
        needs(engine);
        try (CommandProcess command =
                CommandProcess.start(directory, true, "run", "--accel", engine, "--hook", "3")) {
            assertTrue(command.process().getInputStream().read() >= 0);
            command.interrupt();

            assertEquals(ExitCodes.INTERRUPTED, command.await());
            assertTrue(command.err().endsWith("straddle: Interrupted.\n"), command.err());
        }
    }

    @Test
    void sigtermEndsItToo() throws Exception {
        try (CommandProcess command =
                CommandProcess.start(
                        directory, "compare", "--accel", "native", "--repeat", "1000")) {
            command.awaitErr("warming up");
            command.process().destroy();

            assertEquals(143, command.await());
        }
    }

    @Test
    void aTerminalIsRawUntilASignalEndsTheGuestAndThenAsBefore() throws Exception {
        needs("tcg");
        try (PseudoTerminal user = PseudoTerminal.open()) {
            stty(user, "sane");
            String before = stty(user, "-g");
            List<String> line = new ArrayList<>(CommandProcess.java(CommandProcess.modulePath()));
            line.addAll(List.of("-m", "straddle.launcher/straddle.launcher.Main"));
            line.addAll(List.of("run", "--accel", "tcg", "--hook", "3"));
            File terminal = new File(user.path());
            Process process =
                    new ProcessBuilder(line)
                            .redirectInput(terminal)
                            .redirectOutput(terminal)
                            .redirectError(terminal)
                            .start();
            byte[] said = new byte[4096];
            StringBuilder all = new StringBuilder();
            while (all.indexOf("hook 3") < 0) {
                int count = user.read(said);
                assertTrue(count > 0, all.toString());
                all.append(new String(said, 0, count, StandardCharsets.ISO_8859_1));
            }
            assertTrue(stty(user, "-a").contains("-isig"), all.toString());
            process.destroy();

            assertEquals(143, process.waitFor());
            assertEquals(before, stty(user, "-g"));
        }
    }

    private static String stty(PseudoTerminal terminal, String argument) throws Exception {
        Process process = new ProcessBuilder("stty", "-F", terminal.path(), argument).start();
        String said =
                new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        assertEquals(0, process.waitFor());
        return said;
    }

    @ParameterizedTest
    @CsvSource({
        "kvm, 0, 0, PASS",
        "tcg, 0, 0, PASS",
        "tcg, 2, 38, EXCEPTION vector 6",
        "tcg, 7, 0, ok",
        "kvm, 7, 0, ok",
        "hybrid, 0, 0, PASS",
        "hybrid, 6, 38, ''",
        "kvm, 6, 38, ''",
        "tcg, 6, 38, ''",
        "kvm, 8, 0, ''",
        "tcg, 8, 0, ''"
    })
    void theGuestEndsWithItsOwnExitCode(String engine, String hook, int code, String said)
            throws Exception {
        needs(engine);
        try (CommandProcess command =
                CommandProcess.start(directory, "run", "--accel", engine, "--hook", hook)) {
            assertEquals(code, command.await(), command.err());
            assertTrue(command.out().contains(said), command.out());
            assertEquals("", command.err());
            assertEquals(List.of(), command.leftBehind());
        }
    }

    @ParameterizedTest
    @CsvSource({"kvm, 1", "tcg, 1", "hybrid, 1", "kvm, 2", "kvm, 5", "tcg, 5"})
    void aGuestThatCanNotGoOnEndsWithASentence(String engine, String hook) throws Exception {
        needs(engine);
        try (CommandProcess command =
                CommandProcess.start(
                        directory, "run", "--accel", engine, "--hook", hook, "--timeout", "30")) {
            assertEquals(ExitCodes.GUEST, command.await(), command.out() + command.err());
            assertTrue(command.err().startsWith("straddle: "), command.err());
        }
    }

    @ParameterizedTest
    @CsvSource({"kvm, 3", "tcg, 3", "hybrid, 3", "kvm, 4", "tcg, 4"})
    void aGuestThatNeverEndsIsStoppedAtTheTimeLimit(String engine, String hook) throws Exception {
        needs(engine);
        try (CommandProcess command =
                CommandProcess.start(
                        directory, "run", "--accel", engine, "--hook", hook, "--timeout", "1.5")) {
            assertEquals(ExitCodes.TIMED_OUT, command.await(), command.err());
            assertTrue(command.err().contains("still running"), command.err());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"kvm", "tcg"})
    void aReaderThatGoesAwayEndsAFloodOfOutputQuietly(String engine) throws Exception {
        needs(engine);
        try (CommandProcess command =
                CommandProcess.start(directory, true, "run", "--accel", engine, "--hook", "4")) {
            try (InputStream out = command.process().getInputStream()) {
                assertTrue(out.readNBytes(1000).length > 0);
            }

            assertEquals(ExitCodes.OUTPUT_CLOSED, command.await());
            assertEquals("", command.err());
        }
    }

    @Test
    void kvmWithoutPermissionIsExplained() throws Exception {
        needs("kvm");
        assumeTrue(
                "root".equals(System.getProperty("user.name"))
                        && Files.isExecutable(Path.of("/usr/bin/setpriv")),
                "only root can become somebody without permission");
        List<String> line = new ArrayList<>();
        line.addAll(List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"));
        line.addAll(CommandProcess.java(CommandProcess.publicModulePath(directory)));
        line.addAll(List.of("-m", "straddle.launcher/straddle.launcher.Main"));
        line.addAll(List.of("run", "--accel", "kvm"));
        Path err = directory.resolve("err");
        Process process =
                new ProcessBuilder(line)
                        .redirectError(err.toFile())
                        .redirectOutput(directory.resolve("out").toFile())
                        .start();
        int code = process.waitFor();

        assumeTrue(code != ExitCodes.OK, "everybody may use /dev/kvm here");
        assertEquals(ExitCodes.HOST, code, Files.readString(err));
        assertTrue(Files.readString(err).contains("/dev/kvm"), Files.readString(err));
    }

    @Test
    void aHostWithoutANewEnoughJdkGetsASentenceFromTheScript()
            throws IOException, InterruptedException {
        Path root = BuiltClasses.directories().getFirst().getParent().getParent().getParent();
        Path script = directory.resolve("straddle");
        Files.writeString(
                script, Files.readString(root.resolve("straddle")).replace("need=25", "need=99"));
        Path err = directory.resolve("err");
        Process process =
                new ProcessBuilder("sh", script.toString(), "--version")
                        .redirectError(err.toFile())
                        .start();

        assertEquals(ExitCodes.HOST, process.waitFor());
        assertTrue(
                Files.readString(err).startsWith("straddle: Straddle needs a JDK of version 99"),
                Files.readString(err));
    }
}
