package straddle.launcher;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;
import straddle.launcher.report.Suggestions;

/// The `straddle` command: reads the command line, runs one sub-command, and turns what went wrong into
/// a sentence and an exit code.
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        Surroundings surroundings = Surroundings.ofProcess();
        surroundings.interruption().arm(surroundings.err());
        int code = run(surroundings, args);
        surroundings.interruption().disarm();
        if (args.length > 0 && args[0].equals("user")) {
            surroundings.out().flush();
            surroundings.err().flush();
            // Nothing is left to be done, and System.exit looks for a logger to tell first: 20 ms.
            Runtime.getRuntime().halt(code);
        }
        System.exit(code);
    }

    /// @return the process's exit code, one of [ExitCodes] or the guest's own
    static int run(Surroundings surroundings, String... args) {
        if (args.length == 1 && (args[0].equals("--version") || args[0].equals("-V"))) {
            surroundings
                    .out()
                    .println(Version.line()); // picocli's classes are too old for the AOT cache
            return ExitCodes.OK;
        }
        if (args.length > 1 && args[0].equals("user")) {
            Integer code = user(surroundings, args);
            if (code != null) {
                return code;
            }
        }
        CommandLine command = commandLine(surroundings);
        int code = command.execute(args);
        command.getOut().flush();
        return code;
    }

    /// `straddle user` with plain options, without picocli: reading a command line costs that a third of a second, and
    /// programs are started more often than machines.
    ///
    /// @return null for what picocli has to read
    private static Integer user(Surroundings surroundings, String... args) {
        UserCommand command = new UserCommand(surroundings);
        if (!command.takes(args)) {
            return null;
        }
        try {
            return command.call();
        } catch (CommandFailure | RuntimeException e) {
            return failed(
                    e, new PrintWriter(surroundings.err(), true, surroundings.err().charset()));
        } finally {
            surroundings.out().flush();
        }
    }

    /// The command with all its sub-commands and options.
    static CommandLine commandLine(Surroundings surroundings) {
        CommandLine command = new CommandLine(new Straddle(), new Commands(surroundings));
        PrintWriter out = new PrintWriter(surroundings.out(), true, surroundings.out().charset());
        PrintWriter err = new PrintWriter(surroundings.err(), true, surroundings.err().charset());
        command.setOut(out);
        command.setErr(err);
        command.setColorScheme(
                CommandLine.Help.defaultColorScheme(surroundings.colour() ? Ansi.ON : Ansi.OFF));
        command.setUsageHelpWidth(100);
        // What follows the program's name is the program's.
        command.getSubcommands().get("user").setStopAtPositional(true);
        command.setParameterExceptionHandler((e, _) -> misused(e, err));
        command.setExecutionExceptionHandler((e, _, _) -> failed(e, err));
        return command;
    }

    private static int misused(ParameterException e, PrintWriter err) {
        err.println("straddle: " + sentence(e.getMessage()));
        if (e instanceof UnmatchedArgumentException unmatched) {
            List<String> suggestions =
                    Suggestions.of(unmatched.getUnmatched().getFirst(), known(e.getCommandLine()));
            if (!suggestions.isEmpty()) {
                err.println("Did you mean " + String.join(" or ", suggestions) + "?");
            }
        }
        String command = e.getCommandLine().getCommandSpec().qualifiedName();
        err.println("'" + command + " --help' explains, with examples.");
        return ExitCodes.USAGE;
    }

    /// The options and sub-commands that a command takes.
    private static List<String> known(CommandLine command) {
        List<String> words = new ArrayList<>();
        command.getCommandSpec().options().stream()
                .filter(option -> !option.hidden())
                .forEach(option -> words.addAll(List.of(option.names())));
        command.getSubcommands()
                .forEach((name, sub) -> {
                    if (!sub.getCommandSpec().usageMessage().hidden()) {
                        words.add(name);
                    }
                });
        return words;
    }

    private static int failed(Exception e, PrintWriter err) {
        if (e instanceof CommandFailure failure) {
            if (failure.exitCode() != ExitCodes.INTERRUPTED) {
                err.println("straddle: " + failure.getMessage());
            }
            return failure.exitCode();
        }
        err.println(
                "straddle: This is a mistake in Straddle, not yours. Please report what follows.");
        e.printStackTrace(err);
        return ExitCodes.INTERNAL;
    }

    private static String sentence(String message) {
        return message.endsWith(".") || message.endsWith("?") ? message : message + ".";
    }
}
