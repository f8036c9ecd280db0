package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `straddle run --bios` with SeaBIOS, from the packages that `.ci/packages` fetched or as the host has it.
@Tag("boot")
@EnabledOnOs(OS.LINUX)
class FirmwareBootTest {
    private static final String SEABIOS = "usr/share/seabios/bios-256k.bin";
    private static final int SECTOR = 2048;
    private static final int DESCRIPTORS = 16;
    private static final int CATALOG = 19;
    private static final int CODE = 20;

    /// cli, because SeaBIOS sends the rest of its own text from the timer's interrupt;
    /// xor %ax,%ax; mov %ax,%ds; mov $0x7c18,%si; mov $0x3f8,%dx; next: lodsb; test %al,%al; jz end; out %al,(%dx); jmp next;
    /// end: mov $42,%al; out %al,$0xf4; hlt; the text follows.
    private static final String INSTRUCTIONS = "fa31c08ed8be187cbaf803ac84c07403eeebf8b02ae6f4f4";

    @TempDir private Path directory;

    private static Path firmware() {
        String cache =
                Optional.ofNullable(System.getenv("XDG_CACHE_HOME"))
                        .orElse(System.getProperty("user.home") + "/.cache");
        Optional<Path> found =
                List.of(
                                Path.of(cache, "straddle/packages/amd64/root", SEABIOS),
                                Path.of("/", SEABIOS))
                        .stream()
                        .filter(Files::exists)
                        .findFirst();
        assumeTrue(found.isPresent(), "There is no SeaBIOS here: run .ci/packages");
        return found.orElseThrow();
    }

    /// What a boot sector holds: it prints a line on COM1 and ends the guest with exit code 42.
    private static byte[] bootCode() {
        ByteBuffer code = ByteBuffer.allocate(512);
        code.put(HexFormat.of().parseHex(INSTRUCTIONS));
        code.put("From the boot sector\r\n".getBytes(StandardCharsets.US_ASCII));
        code.put(510, (byte) 0x55).put(511, (byte) 0xaa);
        return code.array();
    }

    /// A CD with nothing but a boot record (El Torito specification 1.0, figures 2 to 7).
    private Path bootableDisc() throws IOException {
        ByteBuffer disc = ByteBuffer.allocate(64 * SECTOR).order(ByteOrder.LITTLE_ENDIAN);
        putDescriptor(disc, DESCRIPTORS, 1, "");
        putDescriptor(disc, DESCRIPTORS + 1, 0, "EL TORITO SPECIFICATION");
        disc.putInt((DESCRIPTORS + 1) * SECTOR + 0x47, CATALOG);
        putDescriptor(disc, DESCRIPTORS + 2, 0xff, "");
        int catalog = CATALOG * SECTOR;
        disc.put(catalog, (byte) 1);
        disc.putShort(catalog + 28, (short) (-1 - 0xaa55));
        disc.putShort(catalog + 30, (short) 0xaa55);
        disc.put(catalog + 32, (byte) 0x88);
        disc.putShort(catalog + 38, (short) 4);
        disc.putInt(catalog + 40, CODE);
        disc.put(CODE * SECTOR, bootCode());
        return Files.write(directory.resolve("disc.iso"), disc.array());
    }

    private static void putDescriptor(ByteBuffer disc, int sector, int type, String system) {
        disc.put(sector * SECTOR, (byte) type);
        disc.put(sector * SECTOR + 1, "CD001\1".getBytes(StandardCharsets.US_ASCII));
        disc.put(sector * SECTOR + 7, system.getBytes(StandardCharsets.US_ASCII));
    }

    @Test
    void seaBiosOffersItsMenuAndBootsADisc() throws Exception {
        Path firmware = firmware();
        try (CommandProcess command =
                CommandProcess.start(
                        directory,
                        "run",
                        "--accel",
                        "tcg",
                        "--bios",
                        firmware.toString(),
                        "--boot",
                        "order=d,menu=on",
                        "--cdrom",
                        bootableDisc().toString())) {
            assertEquals(42, command.await(), command::everything);
            assertTrue(command.out().contains("Press ESC for boot menu."), command::everything);
            assertTrue(command.out().contains("From the boot sector"), command::everything);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"virtio", "ide"})
    void seaBiosBootsADisksMasterBootRecord(String bus) throws Exception {
        Path firmware = firmware();
        byte[] sectors = Arrays.copyOf(bootCode(), 1 << 20);
        Path disk = Files.write(directory.resolve("disk.img"), sectors);
        try (CommandProcess command =
                CommandProcess.start(
                        directory,
                        "run",
                        "--accel",
                        "tcg",
                        "--bios",
                        firmware.toString(),
                        "--disk",
                        disk + ",if=" + bus)) {
            assertEquals(42, command.await(), command::everything);
            assertTrue(command.out().contains("From the boot sector"), command::everything);
        }
        assertArrayEquals(sectors, Files.readAllBytes(disk));
    }
}
