package straddle.launcher.monitor;

import java.util.List;
import straddle.machines.Machine;

/// One of the monitor's commands.
///
/// @param name what is typed, then other names for it, separated by `|`
/// @param usage its arguments, or an empty string
/// @param summary a line that says what it does
/// @param arguments words that can stand first among its arguments, for completion
public record Command(
        String name, String usage, String summary, List<String> arguments, Action action) {

    public Command {
        arguments = List.copyOf(arguments);
    }

    /// What a command does.
    @FunctionalInterface
    public interface Action {
        /// @param arguments the words after the command's name
        /// @param machine the one that is there now; it won't go away meanwhile
        /// @return what to print, in lines; may be empty
        /// @throws MonitorException with a sentence, if it can't be done
        String run(List<String> arguments, Machine machine)
                throws MonitorException, InterruptedException;
    }

    /// All its names, the one to show first.
    List<String> names() {
        return List.of(name.split("\\|", -1));
    }
}
