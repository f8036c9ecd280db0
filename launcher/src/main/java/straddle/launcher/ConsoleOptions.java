package straddle.launcher;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.Option;
import straddle.devices.ByteSink;
import straddle.host.HostException;
import straddle.launcher.console.Consoles;
import straddle.launcher.console.FileEnd;
import straddle.launcher.console.MonitorDoors;
import straddle.launcher.console.PtyEnd;
import straddle.launcher.console.SerialEnd;
import straddle.launcher.console.StreamEnd;
import straddle.launcher.console.TerminalEnd;
import straddle.launcher.console.Tty;
import straddle.launcher.console.WindowEnd;

/// Where the guest's serial lines go, and how to reach the monitor.
final class ConsoleOptions {
    private static final String FILE = "file:";
    private static final String UNIX = "unix:";

    @Option(
            names = "--serial",
            paramLabel = "WHERE",
            description = {
                "Where a serial line goes: stdio, none, file:PATH or pty. The first is COM1's, up to four",
                "may be given. On a terminal, stdio is raw: Ctrl-A H tells what Ctrl-A does. Default: stdio."
            })
    private List<String> serial = List.of();

    @Option(
            names = "--monitor",
            paramLabel = "WHERE",
            description = {
                "Another way to the monitor, beside Ctrl-A C: stdio (a command a line; the serial line then goes",
                "elsewhere) or unix:PATH, a socket. Default: none."
            })
    private String monitor = "none";

    /// @throws CommandFailure if one was given, for a command in the guest
    void requireNone() throws CommandFailure {
        if (!serial.isEmpty() || !monitor.equals("none")) {
            throw CommandFailure.usage(
                    (serial.isEmpty() ? "--monitor" : "--serial")
                            + " does not go with --exec, which has the guest's serial lines to itself.");
        }
    }

    private boolean monitorHere() {
        return monitor.equals("stdio");
    }

    private List<String> places() {
        return serial.isEmpty() ? List.of(monitorHere() ? "none" : "stdio") : serial;
    }

    /// The number of a serial line, from 0 on, that is free to tell a guest the size of the window in which it is shown;
    /// none if there is no such window, or no such line.
    ///
    /// @param most how many serial lines the guest's machine has
    OptionalInt windowLine(Surroundings surroundings, int most) {
        boolean shown = places().contains("stdio") && tty(surroundings).isPresent();
        return shown && places().size() < most
                ? OptionalInt.of(places().size())
                : OptionalInt.empty();
    }

    /// Opens them all; the caller closes them.
    ///
    /// @param most how many serial lines the guest's machine has
    /// @param tellsSize whether the line that [#windowLine] found free does so
    Consoles open(Surroundings surroundings, int most, boolean tellsSize) throws CommandFailure {
        boolean monitorHere = monitorHere();
        List<String> places = places();
        check(places, most, monitorHere);
        Consoles consoles = new Consoles(Version.line());
        List<SerialEnd> ends = new ArrayList<>();
        List<AutoCloseable> doors = new ArrayList<>();
        boolean complete = false;
        try {
            for (String place : places) {
                ends.add(end(place, surroundings, consoles));
            }
            if (tellsSize) {
                tty(surroundings).map(WindowEnd::new).ifPresent(ends::add);
            }
            if (monitorHere) {
                consoles.onFirstMachine(() ->
                        MonitorDoors.onStreams(
                                consoles.monitor(), surroundings.in(), surroundings.out()));
            } else if (monitor.startsWith(UNIX)) {
                doors.add(MonitorDoors.onSocket(consoles.monitor(), path(monitor, UNIX)));
            }
            consoles.open(ends, doors);
            complete = true;
            return consoles;
        } catch (IOException e) {
            throw CommandFailure.usage(
                    "--monitor " + monitor + " can't be: " + e.getMessage() + ".");
        } finally {
            if (!complete) {
                ends.forEach(SerialEnd::close);
            }
        }
    }

    private void check(List<String> places, int most, boolean monitorHere) throws CommandFailure {
        if (places.size() > most) {
            throw CommandFailure.usage(
                    "This machine has "
                            + (most == 1 ? "one serial port" : most + " serial ports")
                            + ", and --serial was given "
                            + places.size()
                            + " times.");
        }
        long here = places.stream().filter("stdio"::equals).count() + (monitorHere ? 1 : 0);
        if (here > 1) {
            throw CommandFailure.usage(
                    "Only one serial line or the monitor can have standard input and output; Ctrl-A C changes between both.");
        }
        if (!monitorHere && !monitor.equals("none") && !monitor.startsWith(UNIX)) {
            throw CommandFailure.usage(
                    "--monitor takes stdio, none or unix:PATH; it was '" + monitor + "'.");
        }
    }

    private SerialEnd end(String place, Surroundings surroundings, Consoles consoles)
            throws CommandFailure {
        if (place.startsWith(FILE)) {
            Path path = path(place, FILE);
            try {
                return new FileEnd(
                        path, sentence -> surroundings.err().println("straddle: " + sentence));
            } catch (IOException e) {
                throw CommandFailure.usage(
                        "--serial " + place + " can't be: " + e.getMessage() + ".");
            }
        }
        return switch (place) {
            case "stdio" -> stdio(surroundings, consoles);
            case "none" -> SerialEnd.to(ByteSink.NOWHERE);
            case "pty" -> pty(surroundings);
            default ->
                    throw CommandFailure.usage(
                            "--serial takes stdio, none, file:PATH or pty; it was '"
                                    + place
                                    + "'.");
        };
    }

    private static Path path(String place, String prefix) throws CommandFailure {
        String name = place.substring(prefix.length());
        try {
            if (!name.isEmpty()) {
                return Path.of(name);
            }
        } catch (InvalidPathException _) {
            // Said below.
        }
        throw CommandFailure.usage("'" + place + "' names no file: " + prefix + "PATH does.");
    }

    private static SerialEnd stdio(Surroundings surroundings, Consoles consoles) {
        Runnable stop = surroundings.interruption()::stopRunning;
        Optional<Tty> tty = tty(surroundings);
        if (tty.isEmpty()) {
            return new StreamEnd(surroundings.in(), surroundings.out(), stop);
        }
        surroundings.err().println("straddle: Ctrl-A X quits, Ctrl-A H tells what else.");
        return new TerminalEnd(
                tty.get(),
                new FileInputStream(FileDescriptor.in),
                surroundings.out(),
                consoles.monitor(),
                consoles::quit,
                stop);
    }

    private static Optional<Tty> tty(Surroundings surroundings) {
        return surroundings.in() == System.in ? Tty.ofProcess() : Optional.empty();
    }

    private static SerialEnd pty(Surroundings surroundings) throws CommandFailure {
        try {
            PtyEnd end = new PtyEnd();
            surroundings
                    .err()
                    .println(
                            "straddle: A serial line is at "
                                    + end.path()
                                    + ", as for 'screen "
                                    + end.path()
                                    + "'.");
            return end;
        } catch (HostException e) {
            throw CommandFailure.host(e.getMessage(), e);
        }
    }
}
