package straddle.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.memory.RamUnavailableException;
import straddle.machines.embedded.EmbeddedGuest;
import straddle.machines.embedded.GuestImageException;
import straddle.machines.embedded.Phase;

/// The translator beside QEMU's on the same images, in turns: the embedded guest's phases, and a guest whose code
/// is cold.
final class AgainstQemu {
    private static final int ROUNDS = Integer.getInteger("straddle.bench.rounds", 6);

    /// A tenth of a phase's own number of operations: 0.2 to 2 s under QEMU.
    private static final int SHARE = 10;

    /// Its own number is for engines that exit for each.
    private static final int MORE_PORT_ACCESSES = 5;

    private static final int CRC_OFFSET = 20;
    private static final int HEADER_BYTES = 64;
    private static final double MIN_INTEGER = 1;
    private static final double MIN_FLOATING = 3;
    private static final double MIN_WORST = 0.6;
    private static final double MAX_COLD = 1.5;

    private final AcceleratorProvider engine;
    private final Path directory;

    private AgainstQemu(AcceleratorProvider engine, Path directory) {
        this.engine = engine;
        this.directory = directory;
    }

    /// @param cold the source of the guest with cold code
    static void print(Path cold) throws IOException, InterruptedException {
        String version = QemuRun.version();
        AcceleratorProvider engine =
                AcceleratorProvider.installed().stream()
                        .filter(each -> each.name().equals("tcg"))
                        .findFirst()
                        .orElseThrow();
        if (version == null) {
            System.out.println("There is no " + QemuRun.COMMAND + " here to compare with.");
            return;
        }
        System.out.printf("%nStraddle tcg beside %s%n", version);
        Path directory = Files.createTempDirectory("straddle-bench");
        try {
            AgainstQemu comparison = new AgainstQemu(engine, directory);
            comparison.compareCold(cold);
            comparison.compareHot();
        } catch (AcceleratorException | RamUnavailableException | GuestImageException e) {
            System.out.println("Not measured: " + e.getMessage());
        } finally {
            try (Stream<Path> files = Files.list(directory)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(directory);
        }
    }

    /// First of all, so that its first round has a JVM that has run nothing yet.
    private void compareCold(Path source)
            throws IOException,
                    InterruptedException,
                    AcceleratorException,
                    RamUnavailableException,
                    GuestImageException {
        EmbeddedGuest guest = build(source);
        Phase phase = guest.phases().getFirst();
        Times mine = new Times();
        Times theirs = new Times();
        for (int round = 0; round < ROUNDS; round++) {
            compareOnce(guest, Phase::defaultOps, mine, theirs);
            if (round == 0) {
                printColdRatio("a new JVM", mine, theirs, phase);
            }
        }
        printColdRatio("a warm JVM", mine, theirs, phase);
    }

    private static void printColdRatio(String how, Times mine, Times theirs, Phase phase) {
        double ratio = mine.fastest(phase) / theirs.fastest(phase);
        System.out.printf(
                "cold code, %s: %.0f ms, QEMU %.0f ms: %.2fx its time (at most %.1f): %s%n",
                how,
                mine.fastest(phase) / 1e6,
                theirs.fastest(phase) / 1e6,
                ratio,
                MAX_COLD,
                Bench.verdict(ratio <= MAX_COLD));
    }

    private EmbeddedGuest build(Path source)
            throws IOException, InterruptedException, GuestImageException {
        Path object = directory.resolve("cold.o");
        Path image = directory.resolve("cold.img");
        run("gcc", "-c", "-o", object.toString(), source.toString());
        run(
                "ld",
                "-Ttext",
                "0x10000",
                "-e",
                "0",
                "--oformat",
                "binary",
                "-o",
                image.toString(),
                object.toString());
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(image));
        CRC32 crc = new CRC32();
        crc.update(bytes.array(), HEADER_BYTES, bytes.capacity() - HEADER_BYTES);
        bytes.order(ByteOrder.LITTLE_ENDIAN).putInt(CRC_OFFSET, (int) crc.getValue());
        Files.write(image, bytes.array());
        return EmbeddedGuest.read(image);
    }

    private static void run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).inheritIO().start();
        if (!process.waitFor(1, TimeUnit.MINUTES) || process.exitValue() != 0) {
            throw new IOException(String.join(" ", command) + " failed");
        }
    }

    private void compareHot()
            throws IOException,
                    InterruptedException,
                    AcceleratorException,
                    RamUnavailableException {
        EmbeddedGuest guest = EmbeddedGuest.builtIn();
        Times mine = new Times();
        Times theirs = new Times();
        for (int round = 0; round < ROUNDS; round++) {
            compareOnce(guest, AgainstQemu::hotOperations, mine, theirs);
        }
        report(guest.phases().stream().filter(p -> hotOperations(p) > 0).toList(), mine, theirs);
    }

    /// All but the timer's phase, which sleeps.
    private static int hotOperations(Phase phase) {
        return switch (phase.name()) {
            case "timer" -> 0;
            case "portio" -> phase.defaultOps() * MORE_PORT_ACCESSES;
            default -> Math.max(1, phase.defaultOps() / SHARE);
        };
    }

    private void compareOnce(
            EmbeddedGuest guest, ToIntFunction<Phase> operations, Times mine, Times theirs)
            throws IOException,
                    InterruptedException,
                    AcceleratorException,
                    RamUnavailableException {
        StringBuilder serial = new StringBuilder();
        mine.add(
                GuestPhases.runGuest(guest, engine, operations, b -> serial.append((char) b))
                        .nanos);
        QemuRun qemu = QemuRun.run(guest, operations, directory);
        theirs.add(qemu.nanos);
        if (!results(serial.toString()).equals(results(qemu.serial()))) {
            System.out.println("The results differ:\n" + serial + "\n" + qemu.serial());
        }
    }

    private static List<String> results(String serial) {
        return serial.lines().filter(line -> line.contains("result")).toList();
    }

    private static void report(List<Phase> phases, Times mine, Times theirs) {
        Map<Phase.Kind, Mean> means = new TreeMap<>();
        double worst = Double.MAX_VALUE;
        System.out.printf("%n%-10s %12s %12s %8s%n", "phase", "Straddle ms", "QEMU ms", "speed");
        for (Phase phase : phases) {
            double ratio = theirs.fastest(phase) / mine.fastest(phase);
            means.computeIfAbsent(phase.kind(), _ -> new Mean()).add(ratio);
            if (phase.kind() != Phase.Kind.SYSTEM) {
                worst = Math.min(worst, ratio);
            }
            System.out.printf(
                    "%-10s %12.1f %12.1f %7.2fx  %,.0f M insn/s%n",
                    phase.name(),
                    mine.fastest(phase) / 1e6,
                    theirs.fastest(phase) / 1e6,
                    ratio,
                    1e3 * phase.insnsPerOp() * hotOperations(phase) / mine.fastest(phase));
        }
        System.out.println();
        judge("integer, geometric mean", means.get(Phase.Kind.INTEGER).value(), MIN_INTEGER);
        judge(
                "floating point, geometric mean",
                means.get(Phase.Kind.FLOATING_POINT).value(),
                MIN_FLOATING);
        judge("slowest but the system's", worst, MIN_WORST);
    }

    private static void judge(String what, double ratio, double least) {
        System.out.printf(
                "%s: %.2fx QEMU's speed (at least %.1f): %s%n",
                what, ratio, least, Bench.verdict(ratio >= least));
    }

    /// The fastest round of each phase: other programs on the host only add time.
    private static final class Times {
        private final Map<Integer, Long> fastest = new TreeMap<>();

        void add(Map<Integer, Long> nanos) {
            nanos.forEach((id, each) -> fastest.merge(id, each, Math::min));
        }

        double fastest(Phase phase) {
            return fastest.getOrDefault(phase.id(), 0L);
        }
    }

    /// A geometric mean.
    private static final class Mean {
        private double logarithms;
        private int count;

        void add(double value) {
            logarithms += Math.log(value);
            count++;
        }

        double value() {
            return Math.exp(logarithms / count);
        }
    }
}
