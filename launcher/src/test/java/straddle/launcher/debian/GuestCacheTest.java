package straddle.launcher.debian;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GuestCacheTest {
    @TempDir private Path directory;

    private Path make(GuestCache cache, String version) throws Exception {
        try (FileChannel lock = cache.lock("g", () -> {})) {
            assertTrue(lock.isOpen());
            return cache.replace(
                    "g", version, made -> Files.writeString(made.resolve("f"), version));
        }
    }

    @Test
    void itIsWhereTheUsersCachesAre() throws Exception {
        Path home = directory.resolve("home");
        Path xdg = directory.resolve("xdg");

        make(GuestCache.of(Map.of("HOME", home.toString())), "1");
        make(GuestCache.of(Map.of("HOME", "/x", "XDG_CACHE_HOME", xdg.toString())), "1");
        assertTrue(Files.isDirectory(home.resolve(".cache/straddle/guests")));
        assertTrue(Files.isDirectory(xdg.resolve("straddle/guests")));
    }

    @Test
    void aNewVersionReplacesTheOld() throws Exception {
        GuestCache cache = new GuestCache(directory);
        assertEquals(Optional.empty(), cache.newest("g"));
        Path first = make(cache, "1");
        assertEquals(Optional.of(first), cache.newest("g"));
        Path second = make(cache, "1:2/3");
        assertEquals(Optional.of(second), cache.newest("g"));
        assertEquals("1:2/3", Files.readString(second.resolve("f")));
        assertFalse(Files.exists(first));
    }

    @Test
    void whatFailsHalfwayLeavesTheOldVersion() throws Exception {
        GuestCache cache = new GuestCache(directory);
        Path first = make(cache, "1");
        assertThrows(
                IOException.class,
                () ->
                        cache.replace(
                                "g",
                                "2",
                                made -> {
                                    Files.writeString(made.resolve("f"), "half");
                                    throw new IOException("disk full");
                                }));

        assertEquals(Optional.of(first), cache.newest("g"));
        try (Stream<Path> left = Files.list(first.getParent())) {
            assertEquals(
                    List.of("current", "guest-1", "lock"),
                    left.map(each -> each.getFileName().toString()).sorted().toList());
        }
    }

    @Test
    void aPartialDirectoryOfOneThatWasKilledIsRemoved() throws Exception {
        GuestCache cache = new GuestCache(directory);
        Path first = make(cache, "1");
        Path partial = Files.createDirectory(first.resolveSibling("new-123"));
        make(cache, "2");

        assertFalse(Files.exists(partial));
    }
}
