package straddle.launcher;

import java.util.List;
import straddle.launcher.debian.DebianArchitecture;
import straddle.launcher.debian.DebianFetch;
import straddle.launcher.debian.DebianGuest;
import straddle.launcher.debian.GuestCache;
import straddle.launcher.debian.GuestException;
import straddle.launcher.report.Progress;
import straddle.launcher.report.Suggestions;

/// Guests that are fetched by their name.
final class NamedGuests {
    static final String DEBIAN = "debian";

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
