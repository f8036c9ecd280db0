package straddle.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import straddle.core.accel.AcceleratorException;
import straddle.core.memory.RamUnavailableException;

/// Runs the benchmarks beside the same loops in C, and says whether the figures that Straddle wants are reached.
///
/// Arguments: the source of the loops in C, then regular expressions for the benchmarks' names, or `phases` for
/// the guest's, or `qemu` for these beside QEMU's translator, or `smp` for two vCPUs beside one, or `pressure` for full
/// caches, or none for everything.
public final class Bench {
    private static final double MAX_IOCTL_RATIO = 1.5;
    private static final double MAX_EXIT_NANOS = 3000;

    private static final String PHASES = "phases";
    private static final String QEMU = "qemu";
    private static final String SMP = "smp";
    private static final String PRESSURE = "pressure";

    private static final int COUNTED_EXITS = 50_000;

    /// As JMH's GC profiler names bytes an operation.
    private static final String ALLOCATED = "gc.alloc.rate.norm";

    private Bench() {}

    public static void main(String[] arguments) throws Exception {
        List<String> wanted = List.of(arguments).subList(1, arguments.length);
        Path loops = Path.of(arguments[0]);
        boolean onlyOne =
                wanted.size() == 1 && List.of(PHASES, QEMU, SMP, PRESSURE).containsAll(wanted);
        if (!onlyOne) {
            compareLoops(loops, wanted);
        }
        if (wanted.isEmpty() || wanted.contains(PHASES)) {
            GuestPhases.print();
        }
        if (wanted.isEmpty() || wanted.contains(SMP)) {
            SmpScaling.print();
        }
        if (wanted.isEmpty() || wanted.contains(PRESSURE)) {
            CachePressure.print();
        }
        if (wanted.isEmpty() || wanted.contains(QEMU)) {
            AgainstQemu.print(loops.resolveSibling("../asm/cold.S"));
        }
    }

    private static void compareLoops(Path source, List<String> patterns)
            throws IOException,
                    InterruptedException,
                    RunnerException,
                    AcceleratorException,
                    RamUnavailableException {
        Path directory = Files.createTempDirectory("straddle-bench");
        try {
            Optional<Path> library = Yardsticks.build(source, directory);
            if (library.isEmpty()) {
                System.out.println(
                        "There is no gcc here, so there are no loops in C to compare with.");
            }
            report(run(library, patterns));
        } finally {
            try (Stream<Path> files = Files.walk(directory)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    private static Collection<RunResult> run(Optional<Path> library, List<String> patterns)
            throws RunnerException {
        ChainedOptionsBuilder options =
                new OptionsBuilder()
                        .warmupIterations(5)
                        .warmupTime(TimeValue.milliseconds(500))
                        .measurementIterations(5)
                        .measurementTime(TimeValue.seconds(2))
                        .forks(1)
                        .addProfiler(GCProfiler.class);
        for (String pattern : patterns) {
            options.include(pattern);
        }
        if (library.isPresent()) {
            options.jvmArgsAppend("-D" + Yardsticks.LIBRARY + "=" + library.get());
        } else {
            options.exclude("\\.c$");
        }
        return new Runner(options.build()).run();
    }

    private static void report(Collection<RunResult> results)
            throws AcceleratorException, RamUnavailableException {
        System.out.println();
        OptionalDouble java = score(results, "Ioctl.java");
        OptionalDouble c = score(results, "Ioctl.c");
        if (java.isPresent() && c.isPresent()) {
            double ratio = java.getAsDouble() / c.getAsDouble();
            System.out.printf(
                    "ioctl: %.0f ns through FFM, %.0f ns in C: %.2fx (at most %.1fx): %s%n",
                    java.getAsDouble(),
                    c.getAsDouble(),
                    ratio,
                    MAX_IOCTL_RATIO,
                    verdict(ratio <= MAX_IOCTL_RATIO));
        }
        OptionalDouble exit = score(results, "PortExit.java");
        OptionalDouble exitInC = score(results, "PortExit.c");
        if (exit.isPresent() && exitInC.isPresent()) {
            double added = exit.getAsDouble() - exitInC.getAsDouble();
            System.out.printf(
                    "port exit: %.0f ns in Java, %.0f ns in C: %+.0f ns (at most %+.0f): %s%n",
                    exit.getAsDouble(),
                    exitInC.getAsDouble(),
                    added,
                    MAX_EXIT_NANOS,
                    verdict(added <= MAX_EXIT_NANOS));
        }
        OptionalDouble bytes = allocated(results, "PortExit.java");
        if (bytes.isPresent()) {
            System.out.printf(
                    "port exit: JMH's GC profiler says %.1f bytes each, and %.1f for the loop in C%n",
                    bytes.getAsDouble(), allocated(results, "PortExit.c").orElse(0));
            long counted = PortExit.allocatedBytes(COUNTED_EXITS);
            System.out.printf(
                    "port exit: %,d bytes allocated by the vCPU's thread over %,d exits (none): %s%n",
                    counted, COUNTED_EXITS, verdict(counted == 0));
        }
    }

    static String verdict(boolean reached) {
        return reached ? "reached" : "MISSED";
    }

    /// The median sample: means tell more of a busy host's other programs.
    private static OptionalDouble score(Collection<RunResult> results, String name) {
        return results.stream()
                .filter(each -> each.getParams().getBenchmark().endsWith(name))
                .mapToDouble(each -> each.getPrimaryResult().getStatistics().getPercentile(50))
                .findFirst();
    }

    private static OptionalDouble allocated(Collection<RunResult> results, String name) {
        return results.stream()
                .filter(each -> each.getParams().getBenchmark().endsWith(name))
                .filter(each -> each.getSecondaryResults().containsKey(ALLOCATED))
                .mapToDouble(each -> each.getSecondaryResults().get(ALLOCATED).getScore())
                .findFirst();
    }
}
