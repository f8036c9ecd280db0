package straddle.launcher;

import picocli.CommandLine.Command;
import straddle.launcher.session.Console;
import straddle.launcher.session.StreamConsole;

/// Where a PC's serial line goes: standard input and output.
@Command // picocli wants this of a class without an option yet
final class ConsoleOptions {

    /// Opens the console, which the caller closes.
    Console open(Surroundings surroundings) {
        return new StreamConsole(
                surroundings.in(), surroundings.out(), surroundings.interruption()::stopRunning);
    }
}
