package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.vcpu.Exit;

/// `straddle run --kernel`, with an engine that plays the kernel.
@Timeout(60)
class RunKernelTest {
    private static final int COM1 = 0x3f8;
    private static final int COM1_LSR = COM1 + 5;
    private static final int RESET_CONTROL = 0xcf9;
    private static final int PM1_CONTROL = 0x604;
    private static final int SLEEP_S5 = 5 << 10 | 1 << 13;

    @TempDir private Path directory;

    private CommandRun run(ScriptedEngine.Script script, String... more) throws IOException {
        List<String> line =
                new ArrayList<>(List.of("run", "--kernel", KernelFile.in(directory).toString()));
        line.addAll(List.of(more));
        AcceleratorProvider engine = new ScriptedEngine("tcg", script);
        return CommandRun.of(List.of(engine), line.toArray(String[]::new));
    }

    private static void say(ScriptedEngine.Ports cpu, String text) throws InterruptedException {
        for (int i = 0; i < text.length(); i++) {
            cpu.out(COM1, 1, text.charAt(i));
        }
    }

    @Test
    void theFirstSerialPortIsStandardOutput() throws IOException {
        CommandRun run =
                run(cpu -> {
                    say(cpu, "Linux\r\n");
                    cpu.powerOff(0);
                });

        assertEquals("Linux\r\n", run.out());
        assertEquals("", run.err());
        assertEquals(ExitCodes.OK, run.code());
    }

    @Test
    void standardInputIsTypedOnIt() throws IOException {
        String typed = "echo of more than sixteen bytes, the receiver's FIFO\n";
        CommandRun run =
                CommandRun.typing(
                        typed,
                        List.of(
                                new ScriptedEngine(
                                        "tcg",
                                        cpu -> {
                                            echo(cpu, typed.length());
                                            cpu.powerOff(0);
                                        })),
                        "run",
                        "--kernel",
                        KernelFile.in(directory).toString());

        assertEquals(typed, run.out());
    }

    private static void echo(ScriptedEngine.Ports cpu, int count) throws InterruptedException {
        for (int i = 0; i < count; i++) {
            while ((cpu.in(COM1_LSR, 1) & 1) == 0) {
                Thread.sleep(1);
            }
            cpu.out(COM1, 1, cpu.in(COM1, 1));
        }
    }

    @Test
    void poweringOffByAcpiIsSuccess() throws IOException {
        assertEquals(ExitCodes.OK, run(cpu -> cpu.out(PM1_CONTROL, 2, SLEEP_S5)).code());
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "3, 3", "256, 255"})
    void theDebugExitPortGivesTheExitCode(int value, int code) throws IOException {
        assertEquals(code, run(cpu -> cpu.powerOff(value)).code());
    }

    @Test
    void aResetStartsTheGuestAgain() throws IOException {
        AtomicInteger starts = new AtomicInteger();
        CommandRun run =
                run(cpu -> {
                    say(cpu, "boot " + starts.incrementAndGet() + "\n");
                    if (starts.get() == 3) {
                        cpu.powerOff(0);
                    }
                    cpu.out(RESET_CONTROL, 1, 6);
                });

        assertEquals("boot 1\nboot 2\nboot 3\n", run.out());
        assertEquals(ExitCodes.OK, run.code());
    }

    @Test
    void withNoRebootAResetIsTheEnd() throws IOException {
        CommandRun run = run(cpu -> cpu.out(RESET_CONTROL, 1, 6), "--no-reboot");

        assertEquals(ExitCodes.OK, run.code());
        assertEquals("", run.err());
    }

    @Test
    void endlessResetsEndAtTheTimeLimit() throws IOException {
        CommandRun run = run(cpu -> cpu.out(RESET_CONTROL, 1, 6), "--timeout", "0.3");

        assertEquals(ExitCodes.TIMED_OUT, run.code());
    }

    @Test
    void aTripleFaultIsTheGuestsFailure() throws IOException {
        CommandRun run = run(cpu -> cpu.exit(new Exit.Shutdown("a triple fault")));

        assertEquals(ExitCodes.GUEST, run.code());
        assertTrue(run.err().contains("a triple fault"), run.err());
    }

    @Test
    void aMissingKernelIsNamed() {
        refuses("There is no kernel", "--kernel", directory.resolve("nowhere").toString());
    }

    @Test
    void aTruncatedKernelIsRefused() throws IOException {
        Path kernel =
                Files.write(
                        directory.resolve("half"),
                        Arrays.copyOf(KernelFile.bytes(), KernelFile.bytes().length / 2));

        refuses("is truncated", "--kernel", kernel.toString());
    }

    @Test
    void anInitrdThatIsEmptyOrMissingIsRefused() throws IOException {
        String kernel = KernelFile.in(directory).toString();
        Path empty = Files.createFile(directory.resolve("empty"));

        refuses("is empty", "--kernel", kernel, "--initrd", empty.toString());
        refuses("There is no initrd", "--kernel", kernel, "--initrd", empty + "-not");
        refuses("is a directory", "--kernel", kernel, "--initrd", directory.toString());
    }

    @Test
    void aCommandLineThatTheKernelCanNotTakeIsRefused() throws IOException {
        refuses(
                "takes at most 2047",
                "--kernel",
                KernelFile.in(directory).toString(),
                "--append",
                "x".repeat(3000));
    }

    @Test
    void tooLittleMemoryForTheKernelIsRefused() throws IOException {
        refuses("-m gives it 8 MiB", "--kernel", KernelFile.in(directory).toString(), "-m", "8M");
    }

    @ParameterizedTest
    @CsvSource({"0", "-1", "256", "two"})
    void anImpossibleNumberOfProcessorsIsRefused(String vcpus) throws IOException {
        refuses("--smp", "--kernel", KernelFile.in(directory).toString(), "--smp=" + vcpus);
    }

    @Test
    void aKernelsOptionsNeedAKernel() {
        refuses("--initrd belongs to a kernel", "--initrd", "initrd.gz");
        refuses("--append belongs to a kernel", "--append", "quiet");
        refuses("--smp needs", "--smp", "2");
        refuses("--no-reboot needs", "--no-reboot");
    }

    @Test
    void twoGuestsAreOneTooMany() throws IOException {
        refuses("both name a guest", "--kernel", KernelFile.in(directory).toString(), "--guest=x");
    }

    private static void refuses(String why, String... options) {
        List<String> line = new ArrayList<>(List.of("run"));
        line.addAll(List.of(options));
        CommandRun run =
                CommandRun.of(
                        List.of(ScriptedEngine.wellBehaved("tcg")), line.toArray(String[]::new));

        assertEquals(ExitCodes.USAGE, run.code(), run.err());
        assertTrue(run.err().startsWith("straddle: "), run.err());
        assertTrue(run.err().contains(why), run.err());
        assertEquals("", run.out());
    }
}
