package straddle.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A Linux guest under Straddle's translator and QEMU's, in turns: the boot, work at its shell, idling, and memory.
///
/// Arguments: the `straddle` script, the directory of a guest that `straddle fetch debian` made, and one of `boot`
/// (once each), `boots N` (N in a row under Straddle alone, then with two processors), or nothing for everything.
public final class LinuxBeside {
    private static final String READY = "Leave the shell to power off.";
    private static final String PROMPT = ":~# ";
    private static final long RAM_KIB = 256 << 10;
    private static final long IDLE_MILLIS = 10_000;

    /// Each ends in a checksum or a number, so that the results can be compared.
    private static final Map<String, String> WORK = new LinkedHashMap<>();

    static {
        WORK.put("sha256sum, 64 MiB", "dd if=/dev/zero bs=1M count=64 2>/dev/null | sha256sum");
        WORK.put(
                "gzip, 16 MiB",
                "for i in 1 2 3 4 5 6 7 8; do cat /bin/busybox; done | head -c 16777216 | gzip | sha256sum");
        WORK.put(
                "awk, 1,000,000 rounds",
                "awk 'BEGIN { for (i = 0; i < 1000000; i++) s += i % 7 * i; print s }'");
        WORK.put(
                "sh, 200,000 rounds",
                "i=0; while [ $i -lt 200000 ]; do i=$((i + 1)); done; echo $i");
        WORK.put(
                "sh, 300 processes",
                "i=0; while [ $i -lt 300 ]; do i=$((i + 1)); /bin/true; done; echo $i");
    }

    private final LinuxGuest guest;

    private LinuxBeside(Path straddle, Path directory) {
        guest = new LinuxGuest(straddle, directory);
    }

    public static void main(String[] arguments) throws Exception {
        LinuxBeside bench = new LinuxBeside(Path.of(arguments[0]), Path.of(arguments[1]));
        String what = arguments.length > 2 ? arguments[2] : "";
        if (what.equals("boots")) {
            int times = Integer.parseInt(arguments[3]);
            boolean one = bench.repeat(times, 1);
            boolean two = bench.repeat(times, 2);
            System.exit(one && two ? 0 : 1);
        }
        bench.compare(!what.equals("boot"));
    }

    private record Figures(
            ShellProcess.Cost boot,
            Map<String, ShellProcess.Cost> work,
            Map<String, String> results,
            ShellProcess.Cost idle,
            long peakKib) {}

    private static Figures measure(List<String> command, boolean all)
            throws IOException, InterruptedException {
        try (ShellProcess vm = new ShellProcess(command)) {
            ShellProcess.Cost boot = vm.await(READY);
            vm.await(PROMPT);
            Map<String, ShellProcess.Cost> work = new LinkedHashMap<>();
            Map<String, String> results = new LinkedHashMap<>();
            ShellProcess.Cost idle = new ShellProcess.Cost(1, -1);
            if (all) {
                for (Map.Entry<String, String> each : WORK.entrySet()) {
                    work.put(each.getKey(), vm.run(each.getValue()));
                    results.put(each.getKey(), LinuxGuest.result(vm.said()));
                }
                idle = vm.idle(IDLE_MILLIS);
            }
            long peak = vm.peakKib();
            vm.type("exit");
            vm.awaitEnd();
            return new Figures(boot, work, results, idle, peak);
        }
    }

    private void compare(boolean all) throws IOException, InterruptedException {
        Figures ours = measure(guest.ours(), all);
        Figures theirs = measure(guest.theirs(), all);
        System.out.printf(
                "%-24s %22s %22s %8s%n", "", "Straddle: time, CPU", "QEMU: time, CPU", "speed");
        print("command to /init", ours.boot(), theirs.boot());
        List<Double> speeds = new ArrayList<>();
        for (String each : ours.work().keySet()) {
            print(each, ours.work().get(each), theirs.work().get(each));
            speeds.add((double) theirs.work().get(each).cpu() / ours.work().get(each).cpu());
            if (!ours.results().get(each).equals(theirs.results().get(each))) {
                System.out.println(
                        "THE RESULTS DIFFER: "
                                + ours.results().get(each)
                                + ", "
                                + theirs.results().get(each));
            }
        }
        if (all) {
            double mean = Math.exp(speeds.stream().mapToDouble(Math::log).average().orElseThrow());
            System.out.printf("geometric mean of the work's speeds: %.2fx%n", mean);
            System.out.printf(
                    "idle at the shell: %.1f%% of a core, QEMU %.1f%%%n",
                    percent(ours.idle()), percent(theirs.idle()));
        }
        System.out.printf(
                "memory beyond the guest's %s MiB: %,d MiB, QEMU %,d MiB%n",
                LinuxGuest.MEMORY_MIB,
                (ours.peakKib() - RAM_KIB) >> 10,
                (theirs.peakKib() - RAM_KIB) >> 10);
    }

    private static double percent(ShellProcess.Cost cost) {
        return 100.0 * cost.cpu() / cost.wall();
    }

    private static void print(String name, ShellProcess.Cost ours, ShellProcess.Cost theirs) {
        System.out.printf(
                "%-24s %9.2f s, %8.2f s %9.2f s, %8.2f s %7.2fx%n",
                name,
                ours.wall() / 1e9,
                ours.cpu() / 1e9,
                theirs.wall() / 1e9,
                theirs.cpu() / 1e9,
                (double) theirs.cpu() / ours.cpu());
    }

    private boolean repeat(int times, int processors) throws InterruptedException {
        int good = 0;
        for (int i = 0; i < times; i++) {
            try (ShellProcess vm =
                    new ShellProcess(guest.ours("--smp", Integer.toString(processors)))) {
                ShellProcess.Cost boot = vm.await(READY);
                vm.await(PROMPT);
                vm.run("nproc");
                boolean all = LinuxGuest.result(vm.said()).equals(Integer.toString(processors));
                vm.type("exit");
                boolean ended = vm.awaitEnd() == 0;
                System.out.printf(
                        "boot %d with --smp %d: %.1f s, %.1f s of CPU%s%s%n",
                        i + 1,
                        processors,
                        boot.wall() / 1e9,
                        boot.cpu() / 1e9,
                        all ? "" : ", PROCESSORS MISSING",
                        ended ? "" : ", DID NOT POWER OFF");
                good += all && ended ? 1 : 0;
            } catch (IOException e) {
                System.out.println("boot " + (i + 1) + " FAILED: " + e.getMessage());
            }
        }
        System.out.printf("%d of %d boots with --smp %d succeeded%n", good, times, processors);
        return good == times;
    }
}
