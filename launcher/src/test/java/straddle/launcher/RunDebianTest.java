package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.HostVerdict.GuestMode;
import straddle.core.vcpu.Exit;
import straddle.launcher.debian.TestGuest;

/// `straddle run debian` and `compare debian`, with a guest in the cache and an engine that plays it.
@Timeout(60)
class RunDebianTest {
    private static final int COM1 = 0x3f8;
    private static final int OUTPUT = 0x2f8;
    private static final int ERRORS = 0x3e8;
    private static final int STATUS = 0x2e8;

    @TempDir private Path directory;

    @BeforeEach
    void putAGuestIntoTheCache() throws Exception {
        TestGuest.fake(directory, KernelFile.bytes());
    }

    private CommandRun command(ScriptedEngine.Script script, String... line) {
        return command(List.of(new ScriptedEngine("tcg", script)), line);
    }

    private CommandRun command(List<AcceleratorProvider> engines, String... line) {
        return CommandRun.in(Map.of("XDG_CACHE_HOME", directory.toString()), "", engines, line);
    }

    private CommandRun run(ScriptedEngine.Script script, String... more) {
        List<String> line = new ArrayList<>(List.of("run", "debian"));
        line.addAll(List.of(more));
        return command(script, line.toArray(String[]::new));
    }

    private static void say(ScriptedEngine.Ports cpu, int port, String text)
            throws InterruptedException {
        for (int i = 0; i < text.length(); i++) {
            cpu.out(port, 1, text.charAt(i));
        }
    }

    private static void end(ScriptedEngine.Ports cpu, String status) throws InterruptedException {
        say(cpu, STATUS, status);
        Thread.sleep(Long.MAX_VALUE);
    }

    @ParameterizedTest
    @CsvSource({"0", "1", "7", "255"})
    void aCommandsOutputErrorsAndExitCodeAreOurs(int code) {
        CommandRun run =
                run(
                        cpu -> {
                            say(cpu, COM1, "Linux version\r\n");
                            say(cpu, OUTPUT, "out\n");
                            say(cpu, ERRORS, "err\n");
                            end(cpu, "exit " + code + "\r\n");
                        },
                        "--exec",
                        "whatever");

        assertEquals("out\n", run.out());
        assertEquals("err\n", run.err());
        assertEquals(code, run.code());
    }

    @Test
    void aGuestThatEndsBeforeItsCommandShowsTheKernelsLastWords() {
        CommandRun run =
                run(
                        cpu -> {
                            say(cpu, COM1, "Kernel panic\r\n");
                            cpu.out(0xcf9, 1, 6);
                        },
                        "--exec",
                        "whatever");

        assertEquals(ExitCodes.GUEST, run.code());
        assertTrue(run.err().contains("Kernel panic"), run.err());
        assertTrue(run.err().contains("ended before the command"), run.err());
    }

    @Test
    void aCommandWithoutEndIsStoppedAtTheTimeLimit() {
        CommandRun run =
                run(cpu -> Thread.sleep(Long.MAX_VALUE), "--exec", "x", "--timeout", "0.3");

        assertEquals(ExitCodes.TIMED_OUT, run.code());
    }

    @Test
    void aTripleFaultIsTheGuestsFailure() {
        CommandRun run = run(cpu -> cpu.exit(new Exit.Shutdown("a triple fault")), "--exec", "x");

        assertEquals(ExitCodes.GUEST, run.code());
        assertTrue(run.err().contains("a triple fault"), run.err());
    }

    @Test
    void withoutACommandTheConsoleIsTheUsers() {
        CommandRun run =
                run(cpu -> {
                    say(cpu, COM1, "root@straddle:~# ");
                    cpu.powerOff(0);
                });

        assertEquals("root@straddle:~# ", run.out());
        assertEquals(ExitCodes.OK, run.code());
    }

    @Test
    void underAKvmThatInterpretsKernelsTheGuestIsSparedWhatTakesForEver() {
        MadeUpEngine kvm = MadeUpEngine.kvm(Map.of(GuestMode.LONG_USER, 3000.0));

        CommandRun run = command(List.of(kvm), "run", "debian", "--accel", "kvm", "--exec", "true");

        assertEquals(ExitCodes.HOST, run.code());
        assertTrue(run.err().contains("'" + NamedGuests.INTERPRETED + "'"), run.err());
    }

    @Test
    void aNativeKvmGetsDebianAsItIs() {
        MadeUpEngine kvm = MadeUpEngine.kvm(Map.of(GuestMode.LONG_KERNEL, 3000.0));

        CommandRun run = command(List.of(kvm), "run", "debian", "--accel", "kvm", "--exec", "true");

        assertFalse(run.err().contains("interprets"), run.err());
    }

    @Test
    void filesThatAreNotThereAreNamed() {
        CommandRun run = run(cpu -> cpu.powerOff(0), "--file", directory + "/none:/x");

        assertEquals(ExitCodes.USAGE, run.code());
        assertTrue(run.err().contains(directory + "/none"), run.err());
    }

    @Test
    void aGuestOfAnotherNameIsUnknown() {
        CommandRun run = command(cpu -> cpu.powerOff(0), "run", "debain");

        assertEquals(ExitCodes.USAGE, run.code());
        assertTrue(run.err().contains("Did you mean debian?"), run.err());
    }

    @ParameterizedTest
    @CsvSource({"--kernel", "--initrd", "--guest"})
    void aNamedGuestBringsItsOwnFiles(String option) {
        CommandRun run = run(cpu -> cpu.powerOff(0), option, "file");

        assertEquals(ExitCodes.USAGE, run.code());
        assertTrue(run.err().contains(option), run.err());
    }

    @Test
    void aCommandNeedsANamedGuest() {
        CommandRun run = command(cpu -> cpu.powerOff(0), "run", "--exec", "true");

        assertEquals(ExitCodes.USAGE, run.code());
        assertTrue(run.err().contains("straddle run debian"), run.err());
    }

    @ParameterizedTest
    @ValueSource(strings = {"--serial=pty", "--monitor=unix:/tmp/monitor"})
    void aCommandHasTheSerialLinesToItself(String option) {
        CommandRun run = command(cpu -> cpu.powerOff(0), "run", "debian", option, "--exec", "true");

        assertEquals(ExitCodes.USAGE, run.code());
        assertTrue(run.err().contains("does not go with --exec"), run.err());
    }

    @Test
    void whatIsInTheCacheIsNotFetchedAgain() {
        CommandRun run = command(cpu -> cpu.powerOff(0), "fetch", "debian");

        assertEquals(ExitCodes.OK, run.code(), run.err());
        assertTrue(run.out().contains("vmlinuz"), run.out());
        assertTrue(run.out().contains(directory.toString()), run.out());
    }

    @Test
    void anArchitectureThatDebianLacksIsRefused() {
        CommandRun run = command(cpu -> cpu.powerOff(0), "fetch", "debian", "--arch", "vax");

        assertEquals(ExitCodes.USAGE, run.code());
        assertTrue(run.err().contains("s390x"), run.err());
    }

    @Test
    void aComparisonSplitsTheTimeOfEachBoot() {
        CommandRun run =
                command(
                        cpu -> {
                            say(cpu, OUTPUT, "start\n");
                            end(cpu, "exit 0\n");
                        },
                        "compare",
                        "debian",
                        "--repeat",
                        "2",
                        "--json");

        assertEquals(ExitCodes.OK, run.code(), run.err());
        JsonObject json = JsonParser.parseString(run.out()).getAsJsonObject();
        assertEquals(2, json.getAsJsonArray("boots").size());
        assertTrue(json.get("sameResults").getAsBoolean());
        assertTrue(
                json.getAsJsonArray("boots").get(0).getAsJsonObject().get("workNanos").getAsLong()
                        > 0);
    }

    @Test
    void aModeThatDoesNotGetThereSaysSo() throws Exception {
        CommandRun run =
                command(
                        cpu -> Thread.sleep(Long.MAX_VALUE),
                        "compare",
                        "debian",
                        "--timeout",
                        "1",
                        "--accel",
                        "tcg");

        assertEquals(ExitCodes.OK, run.code(), run.err());
        assertTrue(run.out().contains("not done after 1 s"), run.out());
        assertTrue(Files.exists(directory));
    }
}
