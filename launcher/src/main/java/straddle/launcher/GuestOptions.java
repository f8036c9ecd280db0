package straddle.launcher;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import straddle.launcher.debian.AddedFile;
import straddle.launcher.debian.DebianGuest;
import straddle.launcher.debian.GuestException;
import straddle.machines.boot.Boot;

/// A guest by its name, and what it gets and does.
final class GuestOptions {
    @Parameters(
            arity = "0..1",
            paramLabel = "GUEST",
            description =
                    "debian: Debian's kernel and busybox, to a shell. Fetched on first use. Default: the built-in guest.")
    private String name;

    @Option(
            names = "--file",
            paramLabel = "HOST[:GUEST]",
            description =
                    "Give the guest a copy of a file or directory, at an absolute path of its own. Default: /root/NAME. Repeatable.")
    private List<String> files = List.of();

    @Option(
            names = "--exec",
            paramLabel = "COMMAND",
            description =
                    "Run this by the guest's shell instead of a shell for you: its output and exit code are straddle's.")
    private String command;

    /// Whether a guest was named.
    boolean given() {
        return name != null;
    }

    /// What the guest is to run, if it is no shell for the user.
    Optional<String> command() {
        return Optional.ofNullable(command);
    }

    /// @throws CommandFailure if a named guest's options came without a name
    void requireNone() throws CommandFailure {
        if (command != null || !files.isEmpty()) {
            throw CommandFailure.usage(
                    (command != null ? "--exec" : "--file")
                            + " needs a guest with a user land: 'straddle run debian'.");
        }
    }

    /// Fetches the guest, if need be, and puts its initrd together.
    ///
    /// @param append for the end of its command line; may be empty
    Boot boot(Surroundings surroundings, String append) throws CommandFailure {
        NamedGuests.require(name);
        try {
            List<AddedFile> added = new ArrayList<>();
            for (String each : files) {
                added.add(AddedFile.parse(each));
            }
            DebianGuest guest = new NamedGuests(surroundings).fetch(name, "amd64", false);
            return NamedGuests.boot(guest, added, command(), append);
        } catch (GuestException e) {
            throw CommandFailure.usage(e.getMessage());
        }
    }
}
