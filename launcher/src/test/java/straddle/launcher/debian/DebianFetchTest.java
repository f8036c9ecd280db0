package straddle.launcher.debian;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DebianFetchTest {
    @TempDir private Path directory;

    private DebianGuest made() throws Exception {
        Path packages = Files.createDirectory(directory.resolve("packages"));
        DebPackageTest.write(
                packages.resolve("linux.deb"),
                Map.of(
                        "./boot/vmlinuz-6.1-test",
                        "kernel",
                        "./lib/modules/6.1-test/kernel/drivers/virtio_pci.ko",
                        "\0depends=\0"));
        DebPackageTest.write(packages.resolve("box.deb"), Map.of("./bin/busybox", "box"));
        Path guest = Files.createDirectory(directory.resolve("guest"));
        DebianFetch.make(packages, guest, List.of("linux 6.1", "box 1.35"));
        return DebianGuest.in(guest);
    }

    @Test
    void aGuestIsMadeOfTwoPackages() throws Exception {
        DebianGuest guest = made();
        Map<String, String> entries = InitrdTest.entries(Files.readAllBytes(guest.initrd()));

        assertEquals("kernel", Files.readString(guest.kernel()));
        assertEquals(List.of("linux 6.1", "box 1.35"), guest.packages());
        assertEquals("100755 box", entries.get("bin/busybox"));
        assertTrue(entries.get("init").startsWith("100755 #!/bin/busybox sh\n"));
        assertTrue(entries.get("etc/passwd").contains("root"));
        assertTrue(entries.containsKey("lib/modules/6.1-test/virtio_pci.ko"));
    }

    @Test
    void aRunAddsItsFilesAndItsCommand() throws Exception {
        DebianGuest guest = made();
        Path file = Files.writeString(directory.resolve("data"), "mine");
        byte[] base = Files.readAllBytes(guest.initrd());
        byte[] whole =
                GuestInitrd.of(
                        guest,
                        List.of(AddedFile.parse(file + ":/srv/d")),
                        Optional.of("cat '/srv/d'"));

        assertArrayEquals(base, Arrays.copyOf(whole, base.length));
        Map<String, String> added =
                InitrdTest.entries(Arrays.copyOfRange(whole, base.length, whole.length));
        assertEquals("100644 mine", added.get("srv/d"));
        assertEquals("100644 cat '/srv/d'\n", added.get("straddle/exec"));
        assertTrue(added.containsKey("init"));
    }

    @Test
    void packagesWithoutAKernelMakeNoGuest() throws Exception {
        Path packages = Files.createDirectory(directory.resolve("packages"));
        DebPackageTest.write(packages.resolve("box.deb"), Map.of("./bin/busybox", "box"));

        assertThrows(
                GuestException.class,
                () -> DebianFetch.make(packages, directory, List.of("box 1.35")));
    }

    @Test
    void everyArchitectureHasItsKernelsPackage() {
        assertEquals(DebianArchitecture.AMD64, DebianArchitecture.of("amd64").orElseThrow());
        assertEquals(Optional.empty(), DebianArchitecture.of("vax"));
        assertTrue(DebianArchitecture.labels().contains("s390x"));
    }
}
