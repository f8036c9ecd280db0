package straddle.launcher.debian;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;

/// Debian's kernel with a small user land, ready to boot.
///
/// @param kernel its file
/// @param initrd its file: busybox, modules, and our first program
/// @param packages what it was made of: name and version
public record DebianGuest(Path kernel, Path initrd, List<String> packages) {
    static final String KERNEL = "vmlinuz";
    static final String INITRD = "initrd.cpio";
    static final String ABOUT = "about.properties";

    /// The guest of an architecture, if it was fetched.
    public static Optional<DebianGuest> cached(GuestCache cache, DebianArchitecture architecture)
            throws GuestException {
        try {
            Optional<Path> directory = cache.newest(name(architecture));
            return directory.isPresent() ? Optional.of(in(directory.get())) : Optional.empty();
        } catch (IOException e) {
            throw new GuestException("The cached guest can't be read: " + reason(e), e);
        }
    }

    static DebianGuest in(Path directory) throws IOException {
        Properties about = new Properties();
        about.load(new StringReader(Files.readString(directory.resolve(ABOUT))));
        return new DebianGuest(
                directory.resolve(KERNEL),
                directory.resolve(INITRD),
                List.of(about.getProperty("packages", "").split(", ", -1)));
    }

    /// Where its files lie.
    public Path directory() {
        return kernel.getParent();
    }

    static String name(DebianArchitecture architecture) {
        return "debian-" + architecture.label();
    }

    /// Why a file could not be used, as the end of a sentence.
    static String reason(IOException e) {
        String message = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        String kind = e.getClass().getSimpleName().replace("Exception", "");
        return e.getClass() == IOException.class
                ? message + "."
                : message + " (" + kind.toLowerCase(Locale.ROOT) + ").";
    }
}
