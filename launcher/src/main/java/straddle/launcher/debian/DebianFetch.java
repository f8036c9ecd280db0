package straddle.launcher.debian;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import straddle.launcher.report.Progress;
import straddle.launcher.session.Interruption;

/// Makes a guest of Debian's kernel and its statically linked busybox.
public final class DebianFetch {
    private static final String BUSYBOX = "busybox-static";

    /// What a PC may have that Debian's cloud kernel has no driver built in for; loaded when it is there.
    private static final List<String> MODULES =
            List.of(
                    "virtio_pci",
                    "virtio_mmio",
                    "virtio_blk",
                    "virtio_scsi",
                    "virtio_net",
                    "virtio_console",
                    "virtio_rng",
                    "virtio_balloon",
                    "ata_piix",
                    "sd_mod",
                    "sr_mod",
                    "isofs",
                    "vfat",
                    "nls_cp437",
                    "nls_ascii",
                    "squashfs",
                    "overlay",
                    "loop");

    private final GuestCache cache;
    private final DebianArchitecture architecture;
    private final Progress progress;
    private final Interruption interruption;

    public DebianFetch(
            GuestCache cache,
            DebianArchitecture architecture,
            Progress progress,
            Interruption interruption) {
        this.cache = cache;
        this.architecture = architecture;
        this.progress = progress;
        this.interruption = interruption;
    }

    /// The guest from the cache or, if it is not there, from Debian's archive.
    ///
    /// @param newer whether to look for newer packages though it is there
    public DebianGuest fetch(boolean newer) throws GuestException, InterruptedException {
        Optional<DebianGuest> there = DebianGuest.cached(cache, architecture);
        if (there.isPresent() && !newer) {
            return there.get();
        }
        String name = DebianGuest.name(architecture);
        try (FileChannel _ = cache.lock(name, () -> progress.stage("waiting for another fetch"))) {
            Optional<DebianGuest> meanwhile = DebianGuest.cached(cache, architecture);
            if (meanwhile.isPresent() && !newer) {
                return meanwhile.get();
            }
            return fetchLocked(name);
        } catch (IOException e) {
            throw new GuestException(
                    "The guest can't be put into the cache: " + DebianGuest.reason(e), e);
        } finally {
            progress.clear();
        }
    }

    private DebianGuest fetchLocked(String name)
            throws GuestException, IOException, InterruptedException {
        Path work = cache.workspace(name);
        Files.createDirectories(work);
        Apt apt = new Apt(work, architecture, interruption);
        progress.stage("looking at Debian's archive");
        apt.update(this::percent);
        String kernel = kernelPackage(apt);
        List<String> versions = List.of(version(apt, kernel), version(apt, BUSYBOX));
        Optional<DebianGuest> there = DebianGuest.cached(cache, architecture);
        if (there.isPresent() && there.get().packages().equals(versions)) {
            return there.get();
        }
        Path guest =
                cache.replace(
                        name,
                        String.join("_", versions),
                        directory -> make(apt, directory, List.of(kernel, BUSYBOX), versions));
        return DebianGuest.in(guest);
    }

    private void percent(double value) {
        progress.step(Math.round(value) + "%");
    }

    private String kernelPackage(Apt apt) throws GuestException, IOException, InterruptedException {
        return apt.dependencies(architecture.kernelPackage()).stream()
                .filter(each -> each.startsWith("linux-image-"))
                .findFirst()
                .orElseThrow(() ->
                        new GuestException(
                                "Debian's "
                                        + architecture.kernelPackage()
                                        + " depends on no kernel."));
    }

    private static String version(Apt apt, String name)
            throws GuestException, IOException, InterruptedException {
        return apt.newest(name).orElse(List.of()).stream()
                .filter(line -> line.startsWith("Version: "))
                .findFirst()
                .map(line -> name + " " + line.substring("Version: ".length()))
                .orElseThrow(() -> new GuestException("Debian's archive has no " + name + "."));
    }

    private void make(Apt apt, Path directory, List<String> names, List<String> versions)
            throws GuestException, IOException, InterruptedException {
        progress.stage("downloading " + String.join(" and ", versions));
        Path packages = Files.createDirectory(directory.resolve("packages"));
        apt.download(packages, names, this::percent);
        progress.stage("unpacking");
        make(packages, directory, versions);
        GuestCache.deleteTree(packages);
    }

    /// Makes the guest's files of downloaded packages.
    static void make(Path packages, Path directory, List<String> versions)
            throws GuestException, IOException {
        KernelModules modules = new KernelModules();
        Initrd initrd = new Initrd();
        for (Path each : packagesIn(packages)) {
            new DebPackage(each)
                    .visit((path, content) -> {
                        if (path.matches("boot/vmlinu[xz]-.*")) {
                            Files.copy(content, directory.resolve(DebianGuest.KERNEL));
                        } else if (path.matches("(usr/)?bin/busybox")) {
                            initrd.file("/bin/busybox", content.readAllBytes(), true);
                        } else if (path.contains("lib/modules/")) {
                            modules.add(path, content.readAllBytes());
                        }
                    });
        }
        if (!Files.exists(directory.resolve(DebianGuest.KERNEL))) {
            throw new GuestException("Debian's packages hold no kernel.");
        }
        modules.install(MODULES, initrd);
        GuestInitrd.addOurs(initrd);
        for (String each : List.of("/dev", "/proc", "/sys", "/tmp", "/root", "/mnt", "/run")) {
            initrd.directory(each);
        }
        Files.write(directory.resolve(DebianGuest.INITRD), initrd.bytes());
        Files.writeString(
                directory.resolve(DebianGuest.ABOUT),
                "packages=" + String.join(", ", versions) + "\n");
    }

    private static List<Path> packagesIn(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(each -> each.toString().endsWith(".deb"))
                    .sorted()
                    .collect(Collectors.toCollection(ArrayList::new));
        }
    }
}
