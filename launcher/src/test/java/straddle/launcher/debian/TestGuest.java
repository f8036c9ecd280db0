package straddle.launcher.debian;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Debian's guest, made of the packages that `.ci/packages` fetched.
public final class TestGuest {
    private TestGuest() {}

    /// Puts the guest into a cache of the test's own; the test is skipped where there are no packages.
    ///
    /// @param cacheHome becomes XDG_CACHE_HOME of the command under test
    public static DebianGuest in(Path cacheHome)
            throws IOException, GuestException, InterruptedException {
        return in(cacheHome, DebianArchitecture.AMD64);
    }

    public static DebianGuest in(Path cacheHome, DebianArchitecture architecture)
            throws IOException, GuestException, InterruptedException {
        Path packages = packages(architecture);
        assumeTrue(
                Files.exists(packages.resolve("complete")),
                () ->
                        "Debian's packages are not in %s: run .ci/packages %s"
                                .formatted(packages, architecture.label()));
        GuestCache cache = GuestCache.of(Map.of("XDG_CACHE_HOME", cacheHome.toString()));
        String name = DebianGuest.name(architecture);
        try (FileChannel _ = cache.lock(name, () -> {})) {
            cache.replace(
                    name,
                    "test",
                    made -> DebianFetch.make(packages, made, List.of("kernel", "busybox")));
        }
        return DebianGuest.cached(cache, architecture).orElseThrow();
    }

    /// Puts files that look like the guest into a cache.
    public static void fake(Path cacheHome, byte[] kernel)
            throws IOException, GuestException, InterruptedException {
        GuestCache cache = GuestCache.of(Map.of("XDG_CACHE_HOME", cacheHome.toString()));
        String name = DebianGuest.name(DebianArchitecture.AMD64);
        try (FileChannel _ = cache.lock(name, () -> {})) {
            cache.replace(
                    name,
                    "fake",
                    made -> {
                        Files.write(made.resolve(DebianGuest.KERNEL), kernel);
                        Files.write(made.resolve(DebianGuest.INITRD), new Initrd().bytes());
                        Files.writeString(made.resolve(DebianGuest.ABOUT), "packages=k 1, b 2");
                    });
        }
    }

    private static Path packages(DebianArchitecture architecture) {
        String home =
                Optional.ofNullable(System.getenv("XDG_CACHE_HOME"))
                        .orElse(System.getProperty("user.home") + "/.cache");
        return Path.of(home, "straddle/packages", architecture.label());
    }
}
