package straddle.bench;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/// A Linux guest reads a virtio and an IDE disk from end to end under Straddle's translator and QEMU's, the same image of which
/// the host has all in its page cache.
///
/// Arguments: the `straddle` script, and the directory of a guest that `straddle fetch debian` made.
public final class LinuxDisks {
    private static final String READY = "Leave the shell to power off.";
    private static final String PROMPT = ":~# ";
    private static final int IMAGE_MIB = 256;
    private static final int ROUNDS = 5;
    private static final double WANTED = 0.8;

    /// Of the guest's, each with its name in the guest.
    private static final Map<String, String> DISKS = new LinkedHashMap<>();

    static {
        DISKS.put("virtio", "/dev/vda");
        DISKS.put("IDE", "/dev/sda");
    }

    private final LinuxGuest guest;
    private final Path image;

    private LinuxDisks(Path straddle, Path directory, Path image) {
        guest = new LinuxGuest(straddle, directory);
        this.image = image;
    }

    public static void main(String[] arguments) throws Exception {
        Path image = Files.createTempFile("straddle-bench", ".img");
        try {
            fill(image);
            new LinuxDisks(Path.of(arguments[0]), Path.of(arguments[1]), image).compare();
        } finally {
            Files.delete(image);
        }
    }

    /// No two blocks of it are alike.
    private static void fill(Path image) throws IOException {
        Random random = new Random(1);
        byte[] block = new byte[1 << 20];
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(image))) {
            for (int i = 0; i < IMAGE_MIB; i++) {
                random.nextBytes(block);
                out.write(block);
            }
        }
    }

    private List<String> ours() {
        return guest.ours("--disk", image + ",readonly", "--disk", image + ",readonly,if=ide");
    }

    /// An IDE disk of QEMU's can't be read-only.
    private List<String> theirs() {
        return guest.theirs(
                "-drive",
                "if=virtio,format=raw,readonly=on,file=" + image,
                "-drive",
                "if=ide,format=raw,snapshot=on,file.locking=off,file=" + image);
    }

    /// The fastest of some rounds on each disk, and a checksum of the part that the last one ends with.
    private record Figures(Map<String, ShellProcess.Cost> costs, Map<String, String> results) {}

    private static Figures measure(List<String> command) throws IOException, InterruptedException {
        try (ShellProcess vm = new ShellProcess(command)) {
            vm.await(READY);
            vm.await(PROMPT);
            Map<String, ShellProcess.Cost> costs = new LinkedHashMap<>();
            Map<String, String> results = new LinkedHashMap<>();
            for (Map.Entry<String, String> disk : DISKS.entrySet()) {
                List<ShellProcess.Cost> rounds = new ArrayList<>();
                for (int i = 0; i < ROUNDS; i++) {
                    vm.run("echo 3 >/proc/sys/vm/drop_caches");
                    rounds.add(vm.run("dd if=" + disk.getValue() + " of=/dev/null bs=1M"));
                }
                costs.put(
                        disk.getKey(),
                        rounds.stream()
                                .min(Comparator.comparingLong(ShellProcess.Cost::wall))
                                .orElseThrow());
                vm.run(
                        "dd if=%s bs=1M skip=%d 2>/dev/null | cksum"
                                .formatted(disk.getValue(), IMAGE_MIB - 8));
                results.put(disk.getKey(), LinuxGuest.result(vm.said()));
            }
            vm.type("exit");
            vm.awaitEnd();
            return new Figures(costs, results);
        }
    }

    private void compare() throws IOException, InterruptedException {
        Figures ours = measure(ours());
        Figures theirs = measure(theirs());
        System.out.printf(
                "%-8s %28s %28s %8s %12s%n",
                "", "Straddle: MiB/s, CPU", "QEMU: MiB/s, CPU", "speed", "by CPU time");
        for (String disk : DISKS.keySet()) {
            ShellProcess.Cost our = ours.costs().get(disk);
            ShellProcess.Cost their = theirs.costs().get(disk);
            double speed = (double) their.wall() / our.wall();
            System.out.printf(
                    "%-8s %19.0f, %5.2f s %19.0f, %5.2f s %7.2fx %11.2fx  %s%n",
                    disk,
                    IMAGE_MIB * 1e9 / our.wall(),
                    our.cpu() / 1e9,
                    IMAGE_MIB * 1e9 / their.wall(),
                    their.cpu() / 1e9,
                    speed,
                    (double) their.cpu() / our.cpu(),
                    speed < WANTED ? "MISSED" : "reached");
            if (!ours.results().get(disk).equals(theirs.results().get(disk))) {
                System.out.println(
                        "THE RESULTS DIFFER: "
                                + ours.results().get(disk)
                                + ", "
                                + theirs.results().get(disk));
            }
        }
    }
}
