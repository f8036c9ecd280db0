package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// `straddle run --bios`, `--boot` and `--cdrom`, with an engine that plays the firmware.
@Timeout(60)
class FirmwareOptionsTest {
    @TempDir private Path directory;
    private Path firmware;

    @BeforeEach
    void write() throws IOException {
        byte[] rom = new byte[0x1_0000];
        rom[rom.length - 16] = (byte) 0xea;
        firmware = Files.write(directory.resolve("bios.bin"), rom);
    }

    private static CommandRun run(ScriptedEngine.Script script, String... more) {
        List<String> line = new ArrayList<>(List.of("run"));
        line.addAll(Arrays.asList(more));
        return CommandRun.of(
                List.of(new ScriptedEngine("tcg", script)), line.toArray(String[]::new));
    }

    private static void assertRefused(String sentence, String... options) {
        CommandRun run = run(cpu -> cpu.powerOff(0), options);
        assertEquals(ExitCodes.USAGE, run.code());
        assertTrue(run.err().contains(sentence), run.err());
    }

    @Test
    void theBootOrderReachesTheFirmware() {
        CommandRun run =
                run(
                        cpu -> {
                            cpu.out(0x70, 1, 0x3d);
                            cpu.powerOff(cpu.in(0x71, 1));
                        },
                        "--bios",
                        firmware.toString(),
                        "--boot",
                        "order=dc,menu=on");
        assertEquals(0x23, run.code(), run.err());
    }

    @Test
    void aDiscLiesInADriveOfTheSecondChannel() throws IOException {
        Path disc = Files.write(directory.resolve("disc.iso"), new byte[4096]);
        CommandRun run =
                run(
                        cpu -> cpu.powerOff(cpu.in(0x174, 1)),
                        "--bios",
                        firmware.toString(),
                        "--cdrom",
                        disc.toString());
        assertEquals(0x14, run.code(), run.err());
    }

    @Test
    void aDiscIsSharedWithReadersAndNotWithAWriter() throws Exception {
        Path disc = Files.write(directory.resolve("disc.iso"), new byte[4096]);
        String[] options = {"--bios", firmware.toString(), "--cdrom", disc.toString()};
        Disks.Setting setting = new Disks.Setting(false, directory, _ -> {});
        try (Disks _ = Disks.open(List.of(DiskSpec.parse(disc + ",readonly")), 0, setting)) {
            assertEquals(ExitCodes.OK, run(cpu -> cpu.powerOff(0), options).code());
        }
        try (Disks _ = Disks.open(List.of(DiskSpec.parse(disc.toString())), 0, setting)) {
            assertRefused(disc + " is being written by another machine.", options);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    order=x      | an order is letters of a (floppy)
                    order=cc     | each once at most
                    order=       | an order is letters
                    menu=perhaps | menu is on or off
                    splash=x     | there is no 'splash'
                    """)
    void wrongBootOptionsAreRefused(String option, String sentence) {
        assertRefused(sentence, "--bios", firmware.toString(), "--boot", option);
    }

    @Test
    void whatDoesNotGoTogetherIsRefused() throws IOException {
        String kernel = KernelFile.in(directory).toString();
        String bios = firmware.toString();
        assertRefused("add --bios FILE", "--boot", "menu=on");
        assertRefused("loads no kernel", "--bios", bios, "--kernel", kernel);
        assertRefused("add --kernel FILE", "--bios", bios, "--append", "x");
        assertRefused("needs a guest that runs on a whole PC", "--cdrom", bios);
        assertRefused("There is no firmware /none", "--bios", "/none");
        assertRefused("room for 4 IDE drives; these are 5", discs(bios));
    }

    private static String[] discs(String bios) {
        List<String> line = new ArrayList<>(List.of("--bios", bios));
        for (int i = 0; i < 5; i++) {
            line.addAll(List.of("--cdrom", bios));
        }
        return line.toArray(String[]::new);
    }
}
