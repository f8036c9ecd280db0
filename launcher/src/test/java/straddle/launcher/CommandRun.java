package straddle.launcher;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.GuestArchitecture;
import straddle.launcher.session.Interruption;

/// What one command line left behind: the command runs in this process, with streams and engines of the test's.
record CommandRun(int code, String out, String err) {

    static CommandRun of(List<AcceleratorProvider> engines, String... args) {
        return typing("", engines, args);
    }

    /// @param typed what stands on standard input
    static CommandRun typing(String typed, List<AcceleratorProvider> engines, String... args) {
        return in(Map.of(), typed, engines, args);
    }

    /// @param environment its environment variables
    static CommandRun in(
            Map<String, String> environment,
            String typed,
            List<AcceleratorProvider> engines,
            String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = Main.run(surroundings(environment, typed, engines, out, err), args);
        return new CommandRun(
                code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    private static Surroundings surroundings(
            Map<String, String> environment,
            String typed,
            List<AcceleratorProvider> engines,
            OutputStream out,
            OutputStream err) {
        return new Surroundings(
                new ByteArrayInputStream(typed.getBytes(StandardCharsets.UTF_8)),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                false,
                false,
                environment,
                GuestArchitecture.X86_64,
                () -> engines,
                new Interruption());
    }

    /// The command line itself, to parse without running anything.
    static CommandLine commandLine() {
        OutputStream nowhere = OutputStream.nullOutputStream();
        return Main.commandLine(surroundings(Map.of(), "", List.of(), nowhere, nowhere));
    }
}
