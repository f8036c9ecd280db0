package straddle.launcher;

import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/// What the JVM's AOT cache is trained with: the script runs it once, after a build. The cache holds the classes that
/// this loads and the profiles of the methods that it runs, so that the interpreter starts out warm.
@Command(name = "train", hidden = true)
final class TrainCommand implements Callable<Integer> {
    private static final String[][] COMMAND_LINES = {
        {"--version"},
        {"--help"},
        {"run", "--help"},
        {"demo", "--help"},
        {"--verison"},
        {"accel"},
        {"run", "--accel", "tcg", "--timeout", "2"},
        {"run", "--accel", "kvm", "--timeout", "1"},
        {"compare", "--accel", "native", "--repeat", "1", "--phase-time", "0.001"},
        {"compare", "--accel", "native", "--repeat", "1", "--phase-time", "0.001", "--json"},
        {"user", "/bin/true"},
    };

    private final Surroundings surroundings;

    TrainCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    @Override
    public Integer call() {
        PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), false);
        Surroundings quiet =
                new Surroundings(
                        InputStream.nullInputStream(),
                        nowhere,
                        nowhere,
                        true,
                        true,
                        surroundings.environment(),
                        surroundings.host(),
                        surroundings.engines(),
                        surroundings.interruption());
        for (String[] line : COMMAND_LINES) {
            Main.run(quiet, line);
        }
        return ExitCodes.OK;
    }
}
