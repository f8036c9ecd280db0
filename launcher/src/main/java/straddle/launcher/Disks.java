package straddle.launcher;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import straddle.devices.block.BlockBackend;
import straddle.devices.block.ImageException;
import straddle.devices.block.ImageFormat;
import straddle.devices.block.ImageLocker;
import straddle.devices.block.RawImage;
import straddle.devices.block.SnapshotOverlay;
import straddle.host.FileLock;
import straddle.host.HostException;
import straddle.machines.pc.Pc;
import straddle.machines.pc.PcIde;

/// Open disk images, which outlive a guest's resets.
final class Disks implements AutoCloseable {
    private static final boolean LINUX = "Linux".equals(System.getProperty("os.name"));

    /// The first channel, then what CD-ROM drives take last.
    private static final List<Integer> PLACES = List.of(0, 1, 3, 2);

    /// So that other devices have slots, too.
    private static final int MAX_DISKS = 16;

    private record Disk(BlockBackend backend, DiskSpec.Bus bus, String serial) {}

    private final List<Disk> disks = new ArrayList<>();

    private Disks() {}

    /// What holds for all of them.
    ///
    /// @param snapshot whether all are to stay as they are
    /// @param folder where snapshots have their temporary files
    /// @param trouble gets a sentence when the host fails a disk for the first time
    record Setting(boolean snapshot, Path folder, Consumer<String> trouble) {}

    /// @param cdroms how many drives have an IDE place already
    /// @throws CommandFailure if one can't be had; none is open then
    static Disks open(List<DiskSpec> specs, int cdroms, Setting setting) throws CommandFailure {
        long drives =
                cdroms + specs.stream().filter(each -> each.bus() == DiskSpec.Bus.IDE).count();
        if (drives > PcIde.PLACES) {
            throw CommandFailure.usage(
                    "A PC has room for "
                            + PcIde.PLACES
                            + " IDE drives; these are "
                            + drives
                            + ", CD-ROM drives included.");
        }
        if (specs.size() > MAX_DISKS) {
            throw CommandFailure.usage(
                    "A guest can have " + MAX_DISKS + " disks; these are " + specs.size() + ".");
        }
        Disks opened = new Disks();
        boolean complete = false;
        try {
            for (DiskSpec spec : specs) {
                String serial = spec.serial().orElse("straddle-" + opened.disks.size());
                opened.disks.add(new Disk(open(spec, setting), spec.bus(), serial));
            }
            complete = true;
            return opened;
        } catch (ImageException e) {
            throw CommandFailure.usage(e.getMessage());
        } finally {
            if (!complete) {
                opened.close();
            }
        }
    }

    private static BlockBackend open(DiskSpec spec, Setting setting) throws ImageException {
        boolean snapshot = (spec.snapshot() || setting.snapshot()) && !spec.readOnly();
        ImageLocker locker = spec.lock() ? locker() : ImageLocker.NONE;
        BlockBackend image =
                RawImage.open(spec.file(), spec.readOnly() || snapshot, locker, setting.trouble());
        boolean complete = false;
        try {
            if (!spec.raw()) {
                checkFormat(spec.file(), ImageFormat.of(image));
            }
            BlockBackend disk =
                    snapshot
                            ? SnapshotOverlay.over(image, setting.folder(), setting.trouble())
                            : image;
            complete = true;
            return disk;
        } finally {
            if (!complete) {
                image.close();
            }
        }
    }

    private static void checkFormat(Path file, ImageFormat format) throws ImageException {
        if (format != ImageFormat.RAW) {
            throw new ImageException(
                    "%s is a %s image, and disks can only be raw yet. 'qemu-img convert -f %s -O raw %s disk.img' makes it one; format=raw takes the file as it is."
                            .formatted(file, format.qemuName(), format.qemuName(), file));
        }
    }

    /// What keeps other machines from writing an image that this one uses.
    static ImageLocker locker() {
        return LINUX ? Disks::lock : ImageLocker.NONE;
    }

    private static ImageLocker.Lock lock(Path image, boolean exclusive) throws ImageException {
        try {
            FileLock lock =
                    FileLock.tryAcquire(image, exclusive)
                            .orElseThrow(() -> new ImageException(inUse(image, exclusive)));
            return lock::close;
        } catch (HostException e) {
            throw new ImageException(
                    image
                            + " can't be locked: "
                            + e.getMessage()
                            + " --disk's lock=off does without.",
                    e);
        }
    }

    private static String inUse(Path image, boolean exclusive) {
        return exclusive
                ? image
                        + " is in use: another machine reads or writes it. End that one first, or give each of them an image of its own."
                : image + " is being written by another machine. End that one first.";
    }

    void attachTo(Pc machine) {
        int place = 0;
        for (Disk each : disks) {
            switch (each.bus()) {
                case VIRTIO -> machine.virtio().addDisk(each.backend(), each.serial());
                case IDE ->
                        machine.ide().addDisk(PLACES.get(place++), each.backend(), each.serial());
            }
        }
    }

    @Override
    public void close() {
        disks.forEach(each -> each.backend().close());
    }
}
