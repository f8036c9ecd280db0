package straddle.launcher.debian;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// Guests that were fetched, in the user's cache directory (XDG Base Directory Specification 0.8).
///
/// A guest is a directory that never changes; the file `current` names the newest, and is replaced atomically, so
/// that a reader sees a whole guest or none. Writers wait for one another at the file `lock`.
public final class GuestCache {
    /// Raised whenever what a guest's directory holds changes.
    private static final int LAYOUT = 1;

    private static final String CURRENT = "current";

    private final Path root;

    public GuestCache(Path root) {
        this.root = root;
    }

    /// The cache of the user whose environment this is.
    public static GuestCache of(Map<String, String> environment) {
        String cache = environment.getOrDefault("XDG_CACHE_HOME", "");
        Path base =
                cache.startsWith("/")
                        ? Path.of(cache)
                        : Path.of(
                                environment.getOrDefault("HOME", System.getProperty("user.home")),
                                ".cache");
        return new GuestCache(base.resolve("straddle").resolve("guests"));
    }

    /// Where a writer may keep what it needs again, such as a package archive's lists.
    Path workspace(String name) {
        return directory(name).resolve("work");
    }

    private Path directory(String name) {
        return root.resolve(name + "." + LAYOUT);
    }

    /// The newest version of a guest.
    public Optional<Path> newest(String name) throws IOException {
        try {
            Path current = directory(name).resolve(CURRENT);
            Path guest = directory(name).resolve(Files.readString(current).strip());
            return Files.isDirectory(guest) ? Optional.of(guest) : Optional.empty();
        } catch (NoSuchFileException _) {
            return Optional.empty();
        }
    }

    /// Fills a new version's directory.
    @FunctionalInterface
    interface Filler {
        void fill(Path directory) throws IOException, GuestException, InterruptedException;
    }

    /// Keeps other writers of this guest out until the channel is closed.
    ///
    /// @param onWait called once, if another has to be waited for
    FileChannel lock(String name, Runnable onWait) throws IOException {
        Files.createDirectories(directory(name));
        FileChannel channel =
                FileChannel.open(
                        directory(name).resolve("lock"),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE);
        boolean locked = false;
        try {
            if (channel.tryLock() == null) {
                onWait.run();
                channel.lock();
            }
            locked = true;
            return channel;
        } finally {
            if (!locked) {
                channel.close();
            }
        }
    }

    /// Makes a new version and forgets the ones before. The caller holds the lock.
    Path replace(String name, String version, Filler filler)
            throws IOException, GuestException, InterruptedException {
        Path directory = directory(name);
        deleteAllBut(directory, newest(name));
        Path made = Files.createTempDirectory(directory, "new-");
        try {
            filler.fill(made);
            Path guest = directory.resolve("guest-" + version.replaceAll("[^A-Za-z0-9.+~-]", "_"));
            deleteTree(guest);
            Files.move(made, guest, StandardCopyOption.ATOMIC_MOVE);
            Path current =
                    Files.writeString(
                            directory.resolve(CURRENT + ".new"), guest.getFileName() + "\n");
            Files.move(current, directory.resolve(CURRENT), StandardCopyOption.ATOMIC_MOVE);
            deleteAllBut(directory, Optional.of(guest));
            return guest;
        } finally {
            deleteTree(made);
        }
    }

    private static void deleteAllBut(Path directory, Optional<Path> kept) throws IOException {
        List<Path> old;
        try (Stream<Path> entries = Files.list(directory)) {
            old =
                    entries.filter(each -> each.getFileName().toString().matches("(new|guest)-.*"))
                            .filter(each -> kept.filter(each::equals).isEmpty())
                            .toList();
        }
        for (Path each : old) {
            deleteTree(each);
        }
    }

    static void deleteTree(Path tree) throws IOException {
        if (Files.exists(tree)) {
            List<Path> all;
            try (Stream<Path> walk = Files.walk(tree)) {
                all = walk.sorted(Comparator.reverseOrder()).toList();
            }
            for (Path each : all) {
                Files.deleteIfExists(each);
            }
        }
    }
}
