package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import straddle.launcher.debian.TestGuest;

/// What Linux programs can notice of their processor while all user code runs under KVM: one boot, whose programs are in
/// `src/test/guest`. `-Dstraddle.clock.seconds=60` compares the clocks for a minute.
@Tag("boot")
@Timeout(300)
class LinuxChecksTest {
    private static final Pattern NAMED = Pattern.compile("^ {4}\\{\"(\\w+)\", \\w+\\},$");
    private static final Pattern CLOCK = Pattern.compile("(?m)^clock (\\d+)$");

    private static final int CLOCK_SECONDS = Integer.getInteger("straddle.clock.seconds", 2);

    @TempDir private static Path directory;
    private static final Map<String, String> VERDICTS = new HashMap<>();
    private static final List<Long> GUEST_NANOS = new ArrayList<>();
    private static long hostNanos;

    static List<String> checks() throws IOException {
        return Files.readAllLines(GuestPrograms.source("checks")).stream()
                .map(NAMED::matcher)
                .filter(Matcher::matches)
                .map(matcher -> matcher.group(1))
                .toList();
    }

    @BeforeAll
    static void runThemAll() throws Exception {
        GuestPrograms.requireNativeUserCode();
        Path checks = GuestPrograms.compiled("checks", directory);
        Path compat = GuestPrograms.compiled32("compat", directory);
        Path cache = Files.createDirectory(directory.resolve("cache"));
        TestGuest.in(cache);
        Path run = Files.createDirectory(directory.resolve("run"));
        try (CommandProcess command =
                CommandProcess.start(
                        run,
                        Map.of(
                                "XDG_CACHE_HOME",
                                cache.toString(),
                                "JDK_JAVA_OPTIONS",
                                "-Dstraddle.hybrid.always=true -Dstraddle.hybrid.all-modes=true"),
                        "run",
                        "debian",
                        "--accel",
                        "hybrid",
                        "--timeout",
                        "250",
                        "--append",
                        "vsyscall=emulate iomem=relaxed",
                        "--file",
                        checks + ":/checks",
                        "--file",
                        compat + ":/compat",
                        "--exec",
                        "mount -t devtmpfs dev /dev 2>/dev/null; /compat 1000; ALL_NATIVE=1 CLOCK_SECONDS="
                                + CLOCK_SECONDS
                                + " /checks")) {
            command.awaitOut("\nclock ");
            long start = System.nanoTime();
            command.awaitOut("\nclock_marks ");
            hostNanos = System.nanoTime() - start;
            command.await();
            command.out().lines().forEach(LinuxChecksTest::note);
            CLOCK.matcher(command.out())
                    .results()
                    .forEach(each -> GUEST_NANOS.add(Long.valueOf(each.group(1))));
            assertTrue(VERDICTS.containsKey("atomics"), command::everything);
        }
    }

    private static void note(String line) {
        String[] words = line.split(" ", 2);
        VERDICTS.put(words[0], words.length > 1 ? words[1] : "");
    }

    @ParameterizedTest
    @MethodSource("checks")
    void programsNoticeNothing(String check) {
        String verdict = VERDICTS.getOrDefault(check, "did not run");
        assumeFalse(verdict.startsWith("skipped"), verdict);
        assertEquals("ok", verdict);
    }

    @Test
    void thirtyTwoBitProgramsNoticeNothing() {
        assertEquals("ok", VERDICTS.get("compat"));
    }

    /// The host looks every 20 ms.
    @Test
    void theGuestsClockIsTheHosts() {
        long nanos = GUEST_NANOS.get(1) - GUEST_NANOS.get(0);
        long apart = Math.abs(nanos - hostNanos);
        assertTrue(apart < hostNanos / 1000 + 150_000_000, nanos + " ns, and " + hostNanos);
    }
}
