package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import straddle.host.HostException;
import straddle.host.HostTerminal;
import straddle.host.PseudoTerminal;
import straddle.launcher.debian.DebianGuest;
import straddle.launcher.debian.TestGuest;

/// Debian's own kernel, from power-on to power-off, under the translator: as users run it.
@Tag("boot")
@EnabledOnOs(OS.LINUX)
class LinuxBootTest {
    private static final String LIMIT = "280";

    @TempDir private static Path cache;
    private static DebianGuest guest;

    @TempDir private Path directory;

    @BeforeAll
    static void unpackTheGuest() throws Exception {
        guest = TestGuest.in(cache);
    }

    @Test
    void aCommandInTheGuestGivesItsOutputErrorsAndExitCodeAndHasADisk() throws Exception {
        Path given = Files.writeString(directory.resolve("given"), "of the host's\n");
        byte[] disk = new byte[1 << 20];
        System.arraycopy("of the disk's".getBytes(StandardCharsets.US_ASCII), 0, disk, 4096, 13);
        Path image = Files.write(directory.resolve("disk.img"), disk);
        try (CommandProcess command =
                CommandProcess.start(
                        directory,
                        Map.of("XDG_CACHE_HOME", cache.toString()),
                        "run",
                        "debian",
                        "--accel",
                        "tcg",
                        "--timeout",
                        LIMIT,
                        "--stats=" + directory.resolve("stats"),
                        "--disk",
                        image + ",serial=SN7",
                        "--file",
                        given.toString(),
                        "--exec",
                        "cat /sys/block/vda/serial; dd if=/dev/vda bs=512 skip=8 count=1 2>/dev/null | head -c 13; "
                                + "cat given | dd of=/dev/vda bs=512 seek=2047 conv=sync,fsync 2>/dev/null; "
                                + "cat given; uname -s; printf '\\377\\n\\r'; ls /nowhere; exit 7")) {
            assertEquals(7, command.await(), command::everything);
            assertEquals("SN7of the disk'sof the host's\nLinux\n\u00ff\n\r", command.out());
            assertEquals("ls: /nowhere: No such file or directory\n", command.err());
        }
        byte[] written = "of the host's\n".getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(written, 0, disk, disk.length - 512, written.length);
        assertArrayEquals(disk, Files.readAllBytes(image));
        JsonObject stats =
                JsonParser.parseString(Files.readString(directory.resolve("stats")))
                        .getAsJsonObject();
        assertTrue(stats.size() > 0);
    }

    @Test
    void aDamagedInitrdIsTheKernelsToComplainAbout() throws Exception {
        byte[] initrd = Files.readAllBytes(guest.initrd());
        initrd[0] ^= 1;
        Path damaged =
                Files.write(directory.resolve("initrd"), Arrays.copyOf(initrd, initrd.length / 2));
        try (CommandProcess command =
                CommandProcess.start(
                        directory,
                        Map.of(),
                        "run",
                        "--kernel",
                        guest.kernel().toString(),
                        "--initrd",
                        damaged.toString(),
                        "--append",
                        "console=ttyS0 panic=-1 cryptomgr.notests",
                        "--no-reboot",
                        "--accel",
                        "tcg",
                        "--timeout",
                        LIMIT)) {
            assertEquals(ExitCodes.OK, command.await(), command::everything);
            assertTrue(command.out().contains("Initramfs unpacking failed"), command.out());
            assertTrue(command.out().contains("Kernel panic"), command.out());
        }
    }

    @Test
    void theConsoleIsAShellThatPowersOff() throws Exception {
        try (CommandProcess command =
                CommandProcess.start(
                        directory,
                        Map.of(),
                        "run",
                        "--kernel",
                        guest.kernel().toString(),
                        "--initrd",
                        guest.initrd().toString(),
                        "--accel",
                        "tcg",
                        "--timeout",
                        LIMIT)) {
            command.awaitOut("root@straddle:~# ");
            try (OutputStream keyboard = command.process().getOutputStream()) {
                keyboard.write("echo $((6 * 7))th\rexit\r".getBytes(StandardCharsets.US_ASCII));
            }
            assertEquals(ExitCodes.OK, command.await(), command::everything);
            assertTrue(command.out().contains("Linux version "), command.out());
            assertTrue(command.out().contains("\r\n42th\r\n"), command.out());
            assertTrue(command.out().contains("reboot: Power down"), command.out());
        }
    }

    @Test
    void theSizeOfTheUsersWindowReachesTheGuestAndFollowsIt() throws Exception {
        try (PseudoTerminal user = PseudoTerminal.open()) {
            user.resize(new HostTerminal.Size(132, 43));
            try (CommandProcess command =
                    CommandProcess.atTerminal(
                            directory,
                            Path.of(user.path()),
                            Map.of("XDG_CACHE_HOME", cache.toString(), "TERM", "dumb"),
                            "run",
                            "debian",
                            "--accel",
                            "tcg",
                            "--timeout",
                            LIMIT)) {
                String shown = until(user, "root@straddle:~# ");
                type(
                        user,
                        "stty size; while [ $(stty size | tr ' ' x) = 43x132 ]; do :; done; stty size; exit\r");
                shown += until(user, "43 132");
                user.resize(new HostTerminal.Size(101, 50));
                command.signal("WINCH");
                shown += until(user, "reboot: Power down");
                assertTrue(shown.contains("50 101"), shown);
                assertEquals(ExitCodes.OK, command.await(), shown);
            }
        }
    }

    private static void type(PseudoTerminal user, String text) throws HostException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        assertEquals(bytes.length, user.write(bytes, 0, bytes.length));
    }

    /// What is shown until it ends with a text.
    private static String until(PseudoTerminal user, String text) throws HostException {
        StringBuilder shown = new StringBuilder();
        byte[] part = new byte[4096];
        while (shown.indexOf(text) < 0) {
            int count = user.read(part);
            assertTrue(count > 0, () -> "only this came: " + shown);
            shown.append(new String(part, 0, count, StandardCharsets.UTF_8));
        }
        return shown.toString();
    }
}
