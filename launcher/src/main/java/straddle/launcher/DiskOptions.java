package straddle.launcher;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/// The disks that a PC gets.
final class DiskOptions {
    @Option(
            names = {"--disk", "--drive"},
            paramLabel = "FILE[,KEY=VALUE]...",
            description = {
                "Attach a raw disk image, or a block device of the host's: vda, vdb, ... to the guest.",
                "Keys: readonly, snapshot, if=ide, serial=TEXT, lock=off. As QEMU's -drive it takes file= and format=raw."
            })
    private List<String> disks = new ArrayList<>();

    @Option(
            names = "--snapshot",
            description =
                    "Leave every disk image as it is: what the guest writes is gone when it ends.")
    private boolean snapshot;

    /// @throws CommandFailure if there are disks, for a guest that takes none
    void requireNone() throws CommandFailure {
        if (!disks.isEmpty() || snapshot) {
            throw CommandFailure.usage(
                    (disks.isEmpty() ? "--snapshot" : "--disk")
                            + " needs a guest that runs on a whole PC: run debian, or add --kernel FILE.");
        }
    }

    /// Opens and locks the images.
    ///
    /// @param cdroms how many drives have an IDE place already
    /// @return to be closed after the last machine
    Disks open(Surroundings surroundings, int cdroms) throws CommandFailure {
        List<DiskSpec> specs = new ArrayList<>();
        for (String each : disks) {
            specs.add(DiskSpec.parse(each));
        }
        return Disks.open(
                specs,
                cdroms,
                new Disks.Setting(
                        snapshot,
                        temporaryFolder(),
                        sentence -> surroundings.err().println("straddle: " + sentence)));
    }

    /// Where there may be room for what a guest writes: seldom in memory, as `/tmp` may be.
    private static Path temporaryFolder() {
        String named = System.getenv("TMPDIR");
        Path usual = Path.of("/var/tmp");
        if (named != null) {
            return Path.of(named);
        }
        return usual.toFile().canWrite() ? usual : Path.of(System.getProperty("java.io.tmpdir"));
    }
}
