package straddle.launcher;

import java.util.List;
import java.util.Optional;
import straddle.launcher.debian.AddedFile;
import straddle.launcher.debian.DebianArchitecture;
import straddle.launcher.debian.DebianFetch;
import straddle.launcher.debian.DebianGuest;
import straddle.launcher.debian.GuestCache;
import straddle.launcher.debian.GuestException;
import straddle.launcher.debian.GuestInitrd;
import straddle.launcher.report.Progress;
import straddle.launcher.report.Suggestions;
import straddle.machines.boot.Boot;
import straddle.machines.boot.KernelImageException;
import straddle.machines.linux.LinuxBoot;

/// Guests that are fetched by their name.
final class NamedGuests {
    static final String DEBIAN = "debian";

    /// What lets a kernel boot under a KVM that interprets it, and shows it a processor whose vector code it has not:
    /// no AVX-512, no SSSE3, no returns that are made to be slow, no tests of ciphers.
    static final String INTERPRETED = "clearcpuid=137,304 mitigations=off cryptomgr.notests";

    private static final String CONSOLE = "console=ttyS0";
    private static final String SILENT = "console=ttyS0 quiet panic=-1";

    private final Surroundings surroundings;

    NamedGuests(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    /// The guest, from the cache if it is there.
    ///
    /// @param newer whether to look for a newer one even then
    DebianGuest fetch(String name, String architecture, boolean newer) throws CommandFailure {
        require(name);
        DebianArchitecture known =
                DebianArchitecture.of(architecture)
                        .orElseThrow(() ->
                                CommandFailure.usage(
                                        "Debian has no architecture '"
                                                + architecture
                                                + "' that there is a guest for; --arch takes "
                                                + String.join(", ", DebianArchitecture.labels())
                                                + "."));
        try {
            return new DebianFetch(
                            GuestCache.of(surroundings.environment()),
                            known,
                            new Progress(surroundings.err(), surroundings.live()),
                            surroundings.interruption())
                    .fetch(newer);
        } catch (GuestException e) {
            throw CommandFailure.host(e.getMessage(), e);
        } catch (InterruptedException e) {
            throw CommandFailure.guest(ExitCodes.INTERRUPTED, "Interrupted.");
        }
    }

    /// A guest that runs a command, and speaks of nothing else.
    Boot boot(String name, String command) throws CommandFailure {
        DebianGuest guest = fetch(name, "amd64", false);
        return boot(guest, List.of(), Optional.of(command), "");
    }

    /// A guest that was fetched, with what a run adds to it.
    ///
    /// @param command what it runs; if there is none, it is there for the user
    /// @param append for the end of its command line; may be empty
    static Boot boot(
            DebianGuest guest, List<AddedFile> files, Optional<String> command, String append)
            throws CommandFailure {
        try {
            byte[] initrd = GuestInitrd.of(guest, files, command);
            String line = (command.isPresent() ? SILENT : CONSOLE) + " " + append;
            return LinuxBoot.read(guest.kernel(), initrd, line.strip());
        } catch (GuestException | KernelImageException e) {
            throw CommandFailure.usage(e.getMessage());
        }
    }

    /// What on its command line tells a guest by which serial line, from 0 on, it learns the size of the user's window.
    static String windowLine(int number) {
        return "STRADDLE_WINDOW=ttyS" + number + " ";
    }

    /// @throws CommandFailure if there is no guest of this name
    static void require(String name) throws CommandFailure {
        if (!name.equals(DEBIAN)) {
            List<String> meant = Suggestions.of(name, List.of(DEBIAN));
            throw CommandFailure.usage(
                    "There is no guest '"
                            + name
                            + "'. "
                            + (meant.isEmpty()
                                    ? "What can be fetched: debian."
                                    : "Did you mean " + meant.getFirst() + "?"));
        }
    }
}
