package straddle.launcher.debian;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;

/// A file or directory of the host's that the guest gets a copy of.
///
/// @param guest its absolute path there, without `.`, `..` and a slash at its end
public record AddedFile(Path host, String guest) {
    private static final String HOME = "/root/";

    /// Reads `HOST` or `HOST:GUEST`.
    ///
    /// @throws GuestException if the file is not there or the guest's path is none
    public static AddedFile parse(String text) throws GuestException {
        int colon = text.lastIndexOf(":/");
        boolean named = colon > 0;
        Path host = path(named ? text.substring(0, colon) : text);
        if (!Files.exists(host)) {
            throw new GuestException("There is no file " + host + " to give to the guest.");
        }
        if (!Files.isReadable(host)) {
            throw new GuestException("You may not read " + host + ": permission denied.");
        }
        if (!Files.isDirectory(host) && !Files.isRegularFile(host)) {
            throw new GuestException(host + " is neither a file nor a directory.");
        }
        Path name = host.toAbsolutePath().normalize().getFileName();
        if (!named && name == null) {
            throw new GuestException("Say where " + host + " is to be in the guest: HOST:GUEST.");
        }
        String guest = named ? text.substring(colon + 1) : HOME + name;
        List<String> steps = List.of(guest.replaceFirst("^/+", "").split("/+", -1));
        if (steps.contains("..") || steps.contains(".")) {
            throw new GuestException("The guest's path " + guest + " must have no '.' or '..'.");
        }
        String clean = "/" + String.join("/", steps).replaceFirst("/$", "");
        if (clean.equals("/")) {
            throw new GuestException(
                    "The guest's path of "
                            + host
                            + " must name the file: as in "
                            + host
                            + ":/root/x.");
        }
        return new AddedFile(host, clean);
    }

    private static Path path(String text) throws GuestException {
        try {
            if (text.isEmpty()) {
                throw new GuestException("--file takes HOST or HOST:GUEST.");
            }
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new GuestException("'" + text + "' is no file name.", e);
        }
    }
}
