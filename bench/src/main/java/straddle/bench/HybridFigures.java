package straddle.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Programs in a Linux guest under `hybrid`, beside the same files on the host, under `tcg`, and under QEMU's translator.
///
/// Arguments: the source tree, the directory of a guest that `straddle fetch debian` made, and `quick` for no more
/// than hybrid and the host. Programs time themselves; judged is the fastest of their rounds, as others on the host
/// only add time. The host runs them before and after the guest does.
public final class HybridFigures {
    private static final String READY = "Leave the shell to power off.";
    private static final String PROMPT = ":~# ";
    private static final String FORKS =
            "i=0; while [ $i -lt 500 ]; do i=$((i + 1)); /bin/true; done; echo $i";
    private static final int BLOB_BYTES = 8 << 20;
    private static final int READ_BYTES = 4096;
    private static final int SYSCALLS = 40_000;
    private static final Pattern RESULT =
            Pattern.compile("^(\\w+) (\\d+) (\\d+) ([0-9a-f]{16})\\r?$", Pattern.MULTILINE);
    private static final Pattern ROUNDS =
            Pattern.compile("^rounds ([0-9 ]+)\\r?$", Pattern.MULTILINE);
    private static final Pattern EXIT_COST =
            Pattern.compile("an exception in 64-bit user code\\s+([0-9.]+)");

    /// A program, its rounds natively, and its rounds where it is translated.
    private record Work(String command, int rounds, int fewRounds) {
        String line(boolean few) {
            return command.formatted(few ? fewRounds : rounds);
        }
    }

    /// @param rounds each one's time, if the program tells
    private record Result(long all, long fastest, String checksum, List<Long> rounds) {
        /// What all rounds took, each where it took the least.
        double steady() {
            return rounds.stream().mapToLong(Long::longValue).sum();
        }
    }

    private record Figures(
            ShellProcess.Cost boot, ShellProcess.Cost forks, Map<String, Result> results) {}

    private static final Map<String, Work> WORK = new LinkedHashMap<>();

    static {
        WORK.put("blur", new Work("./blur %d", 40, 1));
        WORK.put("sieve", new Work("./work sieve %d 100", 7, 1));
        WORK.put("crc32", new Work("./work crc32 %d 300", 7, 1));
        WORK.put("sha256", new Work("./work sha256 %d 600", 7, 1));
        WORK.put("quicksort", new Work("./work quicksort %d 200", 7, 1));
        WORK.put("bytecode", new Work("./work bytecode %d 100", 7, 1));
        WORK.put("matmul", new Work("./work matmul %d 60", 7, 1));
        WORK.put("nbody", new Work("./work nbody %d 150", 7, 1));
        WORK.put(
                "awk",
                new Work(
                        "./work time %d ./busybox awk 'BEGIN{for(i=0;i<1000000;i++)s+=i%%7*i;print s}'",
                        5, 1));
        WORK.put("sort", new Work("./work sort %d 500000", 7, 1));
    }

    private static final Work SHA256SUM = new Work("./work time %d ./busybox sha256sum blob", 5, 2);

    /// [#WORK], and what does not compute for long between two system calls.
    private static final Map<String, Work> ALL = new LinkedHashMap<>(WORK);

    static {
        ALL.put("sha256sum", SHA256SUM);
    }

    /// How often the host and the running guest take turns: machines have slow moments.
    private static final int PASSES = 5;

    private final Path straddle;
    private final Path kernel;
    private final Path directory;
    private final Path initrd;

    private HybridFigures(Path straddle, Path guest, Path directory) {
        this.straddle = straddle;
        this.kernel = guest.resolve("vmlinuz");
        this.directory = directory;
        this.initrd = directory.resolve("initrd.cpio");
    }

    public static void main(String[] arguments) throws Exception {
        Path top = Path.of(arguments[0]);
        Path guest = Path.of(arguments[1]);
        boolean quick = arguments.length > 2 && arguments[2].equals("quick");
        Path directory = Files.createTempDirectory("straddle-hybrid");
        try {
            HybridFigures figures = new HybridFigures(top.resolve("straddle"), guest, directory);
            figures.build(top);
            figures.pack(guest);
            figures.compare(quick);
        } finally {
            try (Stream<Path> files = Files.walk(directory)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    // ---- what the guest gets

    private void build(Path top) throws IOException, InterruptedException {
        Path sources = top.resolve("bench/src/guest/c");
        String guest = top.resolve("machines/src/guest").toString();
        compile("blur", List.of("-O3", sources.resolve("blur.c").toString()));
        List<String> arguments =
                new ArrayList<>(
                        List.of(
                                "-O2",
                                "-fno-strict-aliasing",
                                "-fno-math-errno",
                                "-ffp-contract=off",
                                "-I" + guest,
                                "-I" + guest + "/user",
                                sources.resolve("work.c").toString()));
        for (String each : List.of("run", "integer", "floating", "memory", "system")) {
            arguments.add(guest + "/user/" + each + ".c");
        }
        compile("work", arguments);
    }

    private void compile(String name, List<String> arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("gcc", "-std=gnu11", "-static"));
        command.addAll(arguments);
        command.addAll(List.of("-o", directory.resolve(name).toString(), "-lm"));
        if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
            throw new IOException("gcc does not build " + name);
        }
    }

    /// Appends the programs to the guest's archive: Linux unpacks one after the other.
    private void pack(Path guest) throws IOException {
        byte[] archive = Files.readAllBytes(guest.resolve("initrd.cpio"));
        byte[] busybox = CpioArchive.find(archive, "bin/busybox");
        Files.write(directory.resolve("busybox"), busybox);
        directory.resolve("busybox").toFile().setExecutable(true);
        byte[] blob = new byte[BLOB_BYTES];
        new Random(1).nextBytes(blob);
        Files.write(directory.resolve("blob"), blob);
        CpioArchive more = new CpioArchive();
        for (String name : List.of("blur", "work", "busybox", "blob")) {
            more.add(name, Files.readAllBytes(directory.resolve(name)));
        }
        byte[] tail = more.end();
        byte[] whole = Arrays.copyOf(archive, archive.length + 3 & -4);
        byte[] both = Arrays.copyOf(whole, whole.length + tail.length);
        System.arraycopy(tail, 0, both, whole.length, tail.length);
        Files.write(initrd, both);
    }

    // ---- running

    private List<String> ours(String engine, String... more) {
        List<String> command =
                new ArrayList<>(List.of(straddle.toString(), "run", "--accel", engine, "-m", "1G"));
        command.addAll(List.of("--kernel", kernel.toString(), "--initrd", initrd.toString()));
        command.addAll(List.of("--append", "console=ttyS0"));
        command.addAll(List.of(more));
        return command;
    }

    private List<String> theirs() {
        List<String> command =
                new ArrayList<>(List.of(QemuRun.COMMAND, "-accel", "tcg", "-m", "1G"));
        command.addAll(List.of("-nodefaults", "-display", "none", "-serial", "stdio"));
        command.addAll(List.of("-kernel", kernel.toString(), "-initrd", initrd.toString()));
        command.addAll(List.of("-append", "console=ttyS0"));
        return command;
    }

    /// Something that is done before each pass over the programs.
    private interface Preparation {
        void run() throws IOException, InterruptedException;
    }

    private Figures inGuest(List<String> command, boolean few, int passes, Preparation before)
            throws IOException, InterruptedException {
        try (ShellProcess vm = new ShellProcess(command)) {
            ShellProcess.Cost boot = vm.await(READY);
            vm.await(PROMPT);
            ShellProcess.Cost forks = cheaper(vm.run(FORKS), vm.run(FORKS));
            vm.run("cd /");
            Map<String, Result> results = new LinkedHashMap<>();
            for (int pass = 0; pass < passes; pass++) {
                before.run();
                for (Map.Entry<String, Work> each : ALL.entrySet()) {
                    vm.run(each.getValue().line(few));
                    results.merge(each.getKey(), result(vm.said()), HybridFigures::better);
                }
            }
            vm.type("exit");
            vm.awaitEnd();
            return new Figures(boot, forks, results);
        }
    }

    private static ShellProcess.Cost cheaper(ShellProcess.Cost a, ShellProcess.Cost b) {
        return a.wall() < b.wall() ? a : b;
    }

    private static Result result(String said) throws IOException {
        Matcher matcher = RESULT.matcher(said);
        if (!matcher.find()) {
            throw new IOException("No result was said, but:\n" + said);
        }
        Matcher rounds = ROUNDS.matcher(said);
        return new Result(
                Long.parseLong(matcher.group(2)),
                Long.parseLong(matcher.group(3)),
                matcher.group(4),
                rounds.find()
                        ? Arrays.stream(rounds.group(1).split(" ")).map(Long::valueOf).toList()
                        : List.of());
    }

    private Result onHost(Work work) throws IOException, InterruptedException {
        return result(output(List.of("sh", "-c", work.line(false))));
    }

    private String output(List<String> command) throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder(command)
                        .directory(directory.toFile())
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
        String said =
                new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        process.waitFor();
        return said;
    }

    private void onHost(Map<String, Result> results) throws IOException, InterruptedException {
        for (Map.Entry<String, Work> each : ALL.entrySet()) {
            results.merge(each.getKey(), onHost(each.getValue()), HybridFigures::better);
        }
    }

    private static Result better(Result a, Result b) {
        List<Long> rounds =
                IntStream.range(0, a.rounds.size())
                        .mapToObj(i -> Math.min(a.rounds.get(i), b.rounds.get(i)))
                        .toList();
        return new Result(
                Math.min(a.all, b.all), Math.min(a.fastest, b.fastest), a.checksum, rounds);
    }

    // ---- comparing

    private void compare(boolean quick) throws IOException, InterruptedException {
        double exitMicros = exitMicros();
        Map<String, Result> host = new LinkedHashMap<>();
        Figures hybrid = inGuest(ours("hybrid"), false, PASSES, () -> onHost(host));
        Figures tcg = quick ? null : inGuest(ours("tcg"), true, 1, () -> {});
        Figures qemu = quick ? null : inGuest(theirs(), true, 1, () -> {});
        System.out.printf(
                "%-10s %12s %12s %9s %14s %14s%n",
                "", "host, ms", "hybrid, ms", "speed", "tcg", "QEMU's tcg");
        for (String name : host.keySet()) {
            row(name, host, hybrid, tcg, qemu);
        }
        Result blur = hybrid.results.get("blur");
        Result onHost = host.get("blur");
        judge("blur, all 40 rounds, of native", (double) onHost.all / blur.all, 0.95, true);
        judge(
                "blur, each of the 40 at its best of " + PASSES + " turns, of native",
                onHost.steady() / blur.steady(),
                0.95,
                true);
        double worst =
                WORK.keySet().stream()
                        .mapToDouble(name -> speed(host.get(name), hybrid.results.get(name)))
                        .min()
                        .orElseThrow();
        judge("slowest program that computes, of native", worst, 0.95, true);
        double explained =
                host.get("sha256sum").fastest
                        + (double) BLOB_BYTES / READ_BYTES * exitMicros * 1000;
        double sum = hybrid.results.get("sha256sum").fastest;
        judge("sha256sum, of native and exits", sum / explained, 1.15, false);
        slice(exitMicros);
        if (!quick) {
            judge(
                    "sha256sum, of the speed of tcg",
                    tcg.results.get("sha256sum").fastest / sum,
                    0.95,
                    true);
            judge("boot, of tcg's time", ratio(hybrid.boot, tcg.boot), 1.1, false);
            judge("500 forks, of tcg's time", ratio(hybrid.forks, tcg.forks), 1.2, false);
        }
    }

    private static double ratio(ShellProcess.Cost a, ShellProcess.Cost b) {
        return (double) a.wall() / b.wall();
    }

    private static double speed(Result host, Result guest) {
        return (double) host.fastest / guest.fastest;
    }

    private static void row(
            String name, Map<String, Result> host, Figures hybrid, Figures tcg, Figures qemu) {
        Result native_ = host.get(name);
        Result ours = hybrid.results.get(name);
        System.out.printf(
                "%-10s %12.2f %12.2f %8.3fx",
                name, native_.fastest / 1e6, ours.fastest / 1e6, speed(native_, ours));
        for (Figures each : tcg == null ? List.<Figures>of() : List.of(tcg, qemu)) {
            System.out.printf(" %13.3fx", speed(native_, each.results.get(name)));
        }
        boolean same = ours.checksum.equals(native_.checksum) || name.equals("blur") && tcg == null;
        System.out.println(same ? "" : "  THE RESULTS DIFFER");
    }

    private static void judge(String what, double value, double wanted, boolean atLeast) {
        boolean reached = atLeast ? value >= wanted : value <= wanted;
        System.out.printf(
                "%s: %.3f (%s %.2f): %s%n",
                what, value, atLeast ? "at least" : "at most", wanted, Bench.verdict(reached));
    }

    private double exitMicros() throws IOException, InterruptedException {
        String said = output(List.of(straddle.toString(), "accel", "--fresh"));
        Matcher matcher = EXIT_COST.matcher(said);
        return matcher.find() ? Double.parseDouble(matcher.group(1)) : Double.NaN;
    }

    /// Slices of a few instructions each, from saving the translator's registers to having them back.
    private void slice(double exitMicros) throws IOException, InterruptedException {
        Path stats = directory.resolve("stats.json");
        List<String> command =
                new ArrayList<>(List.of("env", "JDK_JAVA_OPTIONS=-Dstraddle.hybrid.always=true"));
        command.addAll(ours("hybrid", "--stats=" + stats));
        try (ShellProcess vm = new ShellProcess(command)) {
            vm.await(READY);
            vm.await(PROMPT);
            vm.run("/work syscalls 1 " + SYSCALLS);
            vm.type("exit");
            vm.awaitEnd();
        }
        String json = Files.readString(stats);
        double micros = number(json, "\"medianSliceNanos\":\\s*(\\d+)") / 1000;
        System.out.printf(
                "a native slice of a system call: %.1f us, a bare exit: %.1f us%n",
                micros, exitMicros);
        judge("native slice, of a bare exit", micros / exitMicros, 1.15, false);
    }

    private static double number(String json, String pattern) throws IOException {
        Matcher matcher = Pattern.compile(pattern).matcher(json);
        if (!matcher.find()) {
            throw new IOException("No " + pattern + " in " + json);
        }
        return Double.parseDouble(matcher.group(1));
    }
}
