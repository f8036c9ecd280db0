package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DiskOptionsTest {
    @TempDir private Path folder;

    private Path image(String name, int bytes) throws Exception {
        return Files.write(folder.resolve(name), new byte[bytes]);
    }

    @Test
    void aPcHasPlacesForFourIdeDrives() throws Exception {
        String image = image("a.img", 512) + ",if=ide,readonly";
        open(image, image, image, image).close();
        assertEquals(
                "A PC has room for 4 IDE drives; these are 5, CD-ROM drives included.",
                refusal(image, image, image, image, image));
    }

    private Disks open(String... disks) throws CommandFailure {
        List<DiskSpec> specs = new ArrayList<>();
        for (String each : disks) {
            specs.add(DiskSpec.parse(each));
        }
        return Disks.open(specs, 0, new Disks.Setting(false, folder, _ -> {}));
    }

    private String refusal(String... disks) {
        return assertThrows(CommandFailure.class, () -> open(disks)).getMessage();
    }

    @Test
    void aFileAloneIsAWritableDisk() throws CommandFailure {
        assertEquals(
                new DiskSpec(
                        Path.of("a.img"),
                        DiskSpec.Bus.VIRTIO,
                        false,
                        false,
                        false,
                        true,
                        Optional.empty()),
                DiskSpec.parse("a.img"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a.img,readonly=on,format=raw,serial=X",
                "file=a.img,if=virtio,media=disk,format=raw,readonly,serial=X",
                "readonly=yes,file=a.img,serial=X,format=raw,lock=on"
            })
    void qemusWordsAreUnderstood(String text) throws CommandFailure {
        assertEquals(
                new DiskSpec(
                        Path.of("a.img"),
                        DiskSpec.Bus.VIRTIO,
                        true,
                        false,
                        true,
                        true,
                        Optional.of("X")),
                DiskSpec.parse(text));
    }

    @Test
    void aDoubleCommaIsOneInTheFilesName() throws CommandFailure {
        assertEquals(Path.of("a,b=c.img"), DiskSpec.parse("a,,b=c.img,snapshot").file());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | it names no file.",
                "readonly | it names no file.",
                "a.img,readonli | there is no 'readonli'; did you mean 'readonly'?",
                "a.img,x=y | there is no 'x'; it takes file, if, format, readonly, snapshot, serial, lock, media.",
                "a.img,file=b.img | it says file twice.",
                "a.img,readonly=maybe | readonly is on or off, not maybe.",
                "a.img,if=scsi | if=scsi is not possible; it can be virtio or ide.",
                "a.img,format=qcow2 | format=qcow2 is not possible; it can be raw.",
                "a.img,serial=123456789012345678901 | a serial number is up to 20 characters of ASCII."
            })
    void aMistakeIsTold(String text, String why) {
        assertEquals(
                "--disk " + text + ": " + why,
                assertThrows(CommandFailure.class, () -> DiskSpec.parse(text)).getMessage());
    }

    @Test
    void twoMachinesCantWriteOneImage() throws Exception {
        String image = image("a.img", 512).toString();
        try (Disks _ = open(image)) {
            assertTrue(refusal(image).startsWith(image + " is in use: another machine"));
            assertTrue(
                    refusal(image + ",readonly")
                            .startsWith(image + " is being written by another"));
            assertTrue(refusal(image + ",snapshot").startsWith(image + " is being written"));
            open(image + ",lock=off").close();
        }
        open(image).close();
    }

    @Test
    void manyMachinesCanReadOneImage() throws Exception {
        String image = image("a.img", 512).toString();
        try (Disks _ = open(image + ",readonly", image + ",snapshot")) {
            assertTrue(refusal(image).startsWith(image + " is in use"));
        }
    }

    @Test
    void whenOneDiskIsRefusedTheOthersAreFreeAgain() throws Exception {
        String image = image("a.img", 512).toString();
        refusal(image, folder.toString());
        open(image).close();
    }

    @Test
    void anotherFormatIsRefusedUnlessItIsCalledRaw() throws Exception {
        byte[] content = new byte[1024];
        System.arraycopy("QFI\u00fb".getBytes(StandardCharsets.ISO_8859_1), 0, content, 0, 4);
        Path file = Files.write(folder.resolve("a.qcow2"), content);
        assertTrue(refusal(file.toString()).startsWith(file + " is a qcow2 image"));
        open(file + ",format=raw").close();
    }

    @Test
    void theBuiltInGuestTakesNoDisk() {
        CommandRun run =
                CommandRun.of(List.of(ScriptedEngine.wellBehaved("tcg")), "run", "--disk", "a.img");
        assertEquals(ExitCodes.USAGE, run.code());
        assertTrue(run.err().contains("--disk needs a guest that runs on a whole PC"), run.err());
        assertFalse(run.err().contains("does not exist"), run.err());
    }
}
