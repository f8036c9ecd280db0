package straddle.launcher;

import java.io.OutputStream;
import java.io.PrintStream;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/// What the JVM's AOT cache is trained with: the script runs it once, after a build. Everything that every start
/// needs, and nothing that touches the host.
@Command(name = "train", hidden = true)
final class TrainCommand implements Callable<Integer> {
    private static final String[][] COMMAND_LINES = {
        {"--version"}, {"--help"}, {"run", "--help"}, {"demo", "--help"}, {"--verison"}, {"accel"},
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
                        nowhere,
                        nowhere,
                        true,
                        true,
                        surroundings.host(),
                        surroundings.engines(),
                        surroundings.interruption());
        for (String[] line : COMMAND_LINES) {
            Main.run(quiet, line);
        }
        return ExitCodes.OK;
    }
}
