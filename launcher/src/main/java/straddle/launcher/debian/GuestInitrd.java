package straddle.launcher.debian;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.util.List;
import java.util.Optional;

/// The initrd of one run: what was fetched, this version's first program, and what the user adds.
public final class GuestInitrd {
    private GuestInitrd() {}

    /// @param command what the guest's shell runs, instead of being there for the user
    /// @throws GuestException if a file can't be read
    public static byte[] of(DebianGuest guest, List<AddedFile> files, Optional<String> command)
            throws GuestException {
        Initrd own = new Initrd();
        addOurs(own);
        for (AddedFile each : files) {
            try {
                own.copy(each.host(), each.guest());
            } catch (IOException e) {
                throw new GuestException(
                        each.host() + " can't be given to the guest: " + DebianGuest.reason(e), e);
            }
        }
        command.ifPresent(text -> own.file("/straddle/exec", text + "\n"));
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        try {
            whole.write(Files.readAllBytes(guest.initrd()));
            whole.write(own.bytes());
        } catch (IOException e) {
            throw new GuestException(
                    "The cached guest can't be read: "
                            + DebianGuest.reason(e)
                            + " 'straddle fetch debian --newer' makes it anew.",
                    e);
        }
        return whole.toByteArray();
    }

    /// Adds our first program and what goes with it.
    static void addOurs(Initrd initrd) {
        initrd.file("/init", ours("init"), true);
        for (String each : List.of("passwd", "group", "hostname", "profile")) {
            initrd.file("/etc/" + each, ours(each), false);
        }
    }

    private static byte[] ours(String name) {
        try (InputStream in = GuestInitrd.class.getResourceAsStream("initrd/" + name)) {
            return in.readAllBytes();
        } catch (IOException | NullPointerException e) {
            throw new IllegalStateException("The launcher's jar lacks initrd/" + name, e);
        }
    }
}
