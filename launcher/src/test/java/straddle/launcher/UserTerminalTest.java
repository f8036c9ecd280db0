package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import straddle.host.HostTerminal;
import straddle.host.PseudoTerminal;

/// A user at a terminal whose shell, a program of the host's, runs `straddle user` as it runs any command.
@Tag("boot")
@Timeout(300)
class UserTerminalTest {
    private static final int PATIENCE_MILLIS = 60_000;

    /// Escape sequences of line editing.
    private static final Pattern EDITING = Pattern.compile("\u001b\\[[0-9;?]*[A-Za-z]");

    private static final String INTERRUPT = "\u0003";
    private static final String SUSPEND = "\u001a";

    /// Says that it runs, then repeats lines.
    private static final String REPEATS = "$B sh -c 'echo run\"\"ning; exec $B cat'\n";

    private static final String SLEEPS = "$B sh -c 'echo run\"\"ning; exec $B sleep 1000'\n";

    /// What the guest's shell is: Debian's static busybox, or the host's bash with its libraries.
    private enum Shell {
        ASH,
        BASH;

        String command() {
            if (this == ASH) {
                return "$B sh -i";
            }
            assumeTrue(Files.exists(Path.of("/bin/bash")), "the host has no bash");
            return "/bin/bash --norc --noprofile -i";
        }
    }

    @TempDir private Path directory;
    private PseudoTerminal user;
    private Process outer;
    private final StringBuilder seen = new StringBuilder();

    @BeforeEach
    void sitDown() throws Exception {
        assumeTrue("amd64".equals(System.getProperty("os.arch")), "the host is no x86-64");
        String busybox = GuestPrograms.busybox("amd64").toString();
        user = PseudoTerminal.open();
        user.resize(new HostTerminal.Size(200, 40));
        Process stty = new ProcessBuilder("stty", "-F", user.path(), "sane").start();
        assertEquals(0, stty.waitFor());
        ProcessBuilder builder =
                // As from a login, whatever whoever started this ignores.
                new ProcessBuilder(
                                "setsid",
                                "--ctty",
                                "env",
                                "--default-signal=HUP,INT,QUIT",
                                busybox,
                                "sh",
                                "-i")
                        .redirectErrorStream(true)
                        .redirectInput(Path.of(user.path()).toFile())
                        .redirectOutput(Path.of(user.path()).toFile());
        builder.environment().remove("ENV");
        builder.environment()
                .putAll(
                        Map.of(
                                "PS1", "outer> ",
                                "TERM", "dumb",
                                "LC_ALL", "C",
                                "HISTFILE", "/dev/null",
                                "B", busybox,
                                "S", CommandProcess.script(directory).toString()));
        outer = builder.start();
        await("outer> ");
    }

    @AfterEach
    void getUp() throws Exception {
        if (user != null) {
            user.close(); // which hangs up
        }
        if (outer != null && !outer.waitFor(20, TimeUnit.SECONDS)) {
            outer.destroyForcibly();
        }
    }

    private void type(String text) throws Exception {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        assertEquals(bytes.length, user.write(bytes, 0, bytes.length));
    }

    private void await(String text) throws Exception {
        awaitMatch(Pattern.quote(text));
    }

    /// Waits until this has come since the last wait ended. What is typed comes too, so it must not match.
    private Matcher awaitMatch(String regex) throws Exception {
        PseudoTerminal terminal = user;
        Thread patience =
                Thread.startVirtualThread(() -> {
                    try {
                        Thread.sleep(PATIENCE_MILLIS);
                        terminal.close();
                    } catch (InterruptedException _) {
                        // It came.
                    }
                });
        try {
            return look(Pattern.compile(regex, Pattern.MULTILINE));
        } finally {
            patience.interrupt();
        }
    }

    private Matcher look(Pattern wanted) throws Exception {
        byte[] part = new byte[4096];
        while (true) {
            String text = EDITING.matcher(seen).replaceAll("").replace("\r", "");
            Matcher matcher = wanted.matcher(text);
            if (matcher.find()) {
                seen.setLength(0);
                seen.append(text, matcher.end(), text.length());
                return matcher;
            }
            int count = user.read(part);
            assertTrue(count > 0, () -> "'" + wanted + "' did not come, but: " + text);
            seen.append(new String(part, 0, count, StandardCharsets.ISO_8859_1));
        }
    }

    /// What a line that a shell is given answers, up to its next prompt.
    private String answer(String line) throws Exception {
        type(line + "; echo '<''end'\n");
        return awaitMatch("echo '<''end'\n((?s:.*?))<end\n(?:.*\n)*?\\w+> ").group(1).strip();
    }

    private void enter(Shell shell) throws Exception {
        type("PS1='inner> ' $S user " + shell.command() + "\n");
        awaitMatch("^inner> ");
    }

    private void begin(String job) throws Exception {
        type(job);
        await("running\n");
    }

    /// What is in the foreground now is one that repeats lines.
    private void repeats() throws Exception {
        awaitMatch("fg\n.*\n");
        type("typed\n");
        await("typed\ntyped\n");
    }

    @ParameterizedTest
    @EnumSource
    void ctrlCEndsTheForegroundJobAndNotItsShell(Shell shell) throws Exception {
        enter(shell);
        begin(SLEEPS);
        type(INTERRUPT);
        await("inner> ");
        assertEquals("130", answer("echo $?"));
    }

    @ParameterizedTest
    @EnumSource
    void ctrlZStopsItAndItGoesOnInEitherGround(Shell shell) throws Exception {
        enter(shell);
        begin(REPEATS);
        type(SUSPEND);
        awaitMatch("\\[1\\]\\+ +Stopped.*\ninner> ");
        assertTrue(answer("jobs").matches("\\[1\\]\\+ +Stopped .*"));
        type("fg\n");
        repeats();
        type(SUSPEND);
        awaitMatch("\\[1\\]\\+ +Stopped.*\ninner> ");
        type("bg\n");
        // It reads, which it may not in the background.
        awaitMatch("\\[1\\]\\+? .*\ninner> ");
        answer("until jobs | grep -q Stopped; do $B sleep 0.1; done");
        type("fg\n");
        repeats();
        type(INTERRUPT);
        await("inner> ");
        assertEquals("130", answer("echo $?"));
        begin(SLEEPS);
        type(SUSPEND);
        awaitMatch("\\[1\\]\\+ +Stopped.*\ninner> ");
        type("bg\n");
        awaitMatch("\\[1\\]\\+? .*\ninner> ");
        assertTrue(answer("jobs").matches("\\[1\\]\\+ +Running .*"));
        assertTrue(answer("kill %1; wait %1; echo $?").contains("143"));
    }

    @ParameterizedTest
    @EnumSource
    void theWindowsSizeAndItsChangesReachTheProgram(Shell shell) throws Exception {
        enter(shell);
        assertEquals("40 200", answer("$B stty size"));
        type(
                "$B sh -c 'trap \"$B stty size\" WINCH; echo run\"\"ning; while :; do $B sleep 0.1; done'\n");
        await("running\n");
        user.resize(new HostTerminal.Size(77, 33));
        await("33 77\n");
        type(INTERRUPT);
        await("inner> ");
        assertEquals("33 77", answer("$B stty size"));
        type("typed");
        await("typed");
        Thread.sleep(1000); // a busybox that does not wait for a key yet draws nothing again
        user.resize(new HostTerminal.Size(99, 44));
        await("inner> typed"); // drawn again
    }

    @ParameterizedTest
    @EnumSource
    void theTerminalIsAsItWasWhenTheShellEnds(Shell shell) throws Exception {
        String before = answer("$B stty -g");
        enter(shell);
        type("exit 7\n");
        await("outer> ");
        assertEquals("7", answer("echo $?"));
        assertEquals(before, answer("$B stty -g"));
    }

    /// A shell in the background waits to be brought to the foreground, and takes the terminal as it is then.
    @ParameterizedTest
    @EnumSource
    void aShellInTheBackgroundWaitsForTheTerminal(Shell shell) throws Exception {
        String before = answer("$B stty -g");
        type("PS1='inner> ' $S user " + shell.command() + " &\n");
        await("outer> ");
        answer("until jobs | grep -q 'tty input'; do $B sleep 0.1; done");
        type("fg\n");
        awaitMatch("^inner> ");
        type("exit 7\n");
        awaitMatch("exit 7\n(?s:.*)outer> ");
        assertEquals("7", answer("echo $?"));
        assertEquals(before, answer("$B stty -g"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"TERM", "INT", "HUP", "KILL"})
    void theTerminalIsAsItWasWhenASignalEndsTheCommand(String signal) throws Exception {
        String before = answer("$B stty -g");
        begin("$S user " + REPEATS);
        String pid = Long.toString(straddle().pid());
        assertEquals(0, new ProcessBuilder("kill", "-" + signal, pid).start().waitFor());
        await("outer> ");
        String code = answer("echo $?");
        assertEquals(
                Map.of("HUP", "129", "INT", "130", "KILL", "137").getOrDefault(signal, "143"),
                code);
        assertEquals(before, answer("$B stty -g"));
    }

    private ProcessHandle straddle() {
        return outer.children().findFirst().orElseThrow();
    }

    @Test
    void theShellOutsideStopsAndContinuesTheCommandAsAny() throws Exception {
        String before = answer("$B stty -g");
        begin("$S user " + REPEATS);
        type(SUSPEND);
        awaitMatch("\\[1\\]\\+ +Stopped.*\nouter> ");
        assertEquals(before, answer("$B stty -g"));
        type("bg\n");
        awaitMatch("\\[1\\].*\nouter> ");
        answer("until jobs | grep -q 'tty input'; do $B sleep 0.1; done");
        type("fg\n");
        repeats();
        type(INTERRUPT);
        await("outer> ");
        assertEquals("130", answer("echo $?"));
        assertEquals(before, answer("$B stty -g"));
    }

    /// MIPS numbers the bits of a terminal's settings otherwise, and has them in another layout.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "sane",
                "raw -echo",
                "-echo -icanon min 3 time 7",
                "intr ^X susp ^Y eol ^E start ^W stop ^F",
                "tostop noflsh echoprt -iexten -opost ocrnl",
                "-isig 9600 rows 20"
            })
    void aProgramForMipsReadsAndChangesTheTerminalsSettings(String change) throws Exception {
        String mips = GuestPrograms.busybox("mipsel").toString();
        answer("cd " + directory);
        answer("M=\"$S user " + mips + "\"");
        answer("$B stty " + change + "; $B stty -a >a; $B stty -g >g");
        answer("$M stty -a >mips; $B stty sane cols 200");
        answer("$M stty " + change + "; $B stty -g >after; $B stty sane cols 200");
        assertEquals(contents("a"), contents("mips"));
        assertEquals(contents("g"), contents("after"));
    }

    private String contents(String file) throws Exception {
        return Files.readString(directory.resolve(file));
    }
}
