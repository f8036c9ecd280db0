package straddle.bench.fuzz;

import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import straddle.bench.Tier;
import straddle.bench.TrialMachine;
import straddle.core.accel.AcceleratorException;
import straddle.core.bus.IoDevice;
import straddle.core.memory.RamAllocator;
import straddle.core.vcpu.Exit;
import straddle.core.vcpu.Vcpu;

/// Random bytes as code, in random processors: whatever they do, the guest gets the architecture's answer, and the
/// translator neither throws nor hangs.
///
/// A finding is saved with its seed and number, which give the same case again. While a case runs its number is in the
/// file `current`: should the JVM die, that is the one.
public final class CodeFuzz {
    private static final String USAGE =
            """
            Runs random bytes as code in real, virtual-8086, protected and long mode, and reports what is no answer of
            the architecture's: an error of the translator's, or a case that does not stop.

              --seconds N   stop after N seconds (60)
              --seed N      what the cases are made from (1)
              --from N      the first case (0)
              --case N      only case N
              --machine-code  compile every block to machine code, and run each case twice
              --regions     compile every block at once, and run each case three times
              --out DIR     where findings go (target/fuzz)
            """;
    private static final long BUDGET_NANOS = 2_000_000L;
    private static final long TICK_NANOS = 1_000_000L;
    private static final long HANG_NANOS = 10_000_000_000L;
    private static final long REPORT_NANOS = 10_000_000_000L;
    private static final int MAX_EXITS = 200;
    private static final int MAX_FINDINGS = 20;

    private final long seed;
    private final int runs;
    private final TrialMachine machine;
    private final Vcpu vcpu;
    private final SplittableRandom values = new SplittableRandom(1);
    private final Map<FuzzCase.Mode, Long> cases = new EnumMap<>(FuzzCase.Mode.class);
    private final Map<String, Long> unhandled = new TreeMap<>();
    private final CompletableFuture<String> hang = new CompletableFuture<>();
    private final Thread runner = Thread.currentThread();
    private volatile long started = Long.MAX_VALUE;
    private long kicked;
    private long current;

    /// @param runs how often each case runs, its memory as the run before left it
    CodeFuzz(long seed, int runs) throws AcceleratorException {
        this.seed = seed;
        this.runs = runs;
        Noise noise = new Noise();
        machine =
                new TrialMachine(
                        TrialMachine.provider("tcg"),
                        RamAllocator.OFF_HEAP,
                        FuzzCase.RAM_BYTES,
                        noise,
                        0x1_0000,
                        TICK_NANOS,
                        this::look);
        machine.memory.mapMmio("noise", FuzzCase.DEVICE, 0x1000, noise);
        vcpu = machine.vcpu;
    }

    /// See the class, and `--help`.
    public static void main(String[] arguments) throws IOException, AcceleratorException {
        System.exit(run(arguments, System.out));
    }

    private static int run(String[] arguments, PrintStream out)
            throws IOException, AcceleratorException {
        long seconds = 60;
        long seed = 1;
        long from = 0;
        long until = Long.MAX_VALUE;
        int runs = 1;
        Path directory = Path.of("target", "fuzz");
        for (int i = 0; i < arguments.length; i++) {
            if (arguments[i].equals("--regions")) {
                Tier.REGIONS.chooseAtOnce();
                runs = 3;
                continue;
            }
            if (arguments[i].equals("--machine-code")) {
                Tier.MACHINE_CODE.chooseAtOnce();
                runs = 2;
                continue;
            }
            if (i + 1 == arguments.length) {
                out.print(USAGE);
                return 2;
            }
            String value = arguments[++i];
            switch (arguments[i - 1]) {
                case "--seconds" -> seconds = Long.parseLong(value);
                case "--seed" -> seed = Long.parseLong(value);
                case "--from" -> from = Long.parseLong(value);
                case "--case" -> {
                    from = Long.parseLong(value);
                    until = from + 1;
                }
                case "--out" -> directory = Path.of(value);
                default -> {
                    out.print(USAGE);
                    return 2;
                }
            }
        }
        Files.createDirectories(directory);
        CodeFuzz fuzz = new CodeFuzz(seed, runs);
        Path file = directory.resolve("hang-" + seed + ".txt");
        var _ = fuzz.hang.thenAccept(what -> giveUp(file, what, out));
        return fuzz.loop(from, until, seconds, directory, out);
    }

    /// A vCPU that does not stop can't be taken back.
    private static void giveUp(Path file, String what, PrintStream out) {
        out.println(what);
        try {
            Files.writeString(file, what);
        } catch (IOException e) {
            out.println(e);
        }
        Runtime.getRuntime().halt(1);
    }

    private int loop(long from, long until, long seconds, Path directory, PrintStream out)
            throws IOException {
        long start = System.nanoTime();
        long reported = start;
        int findings = 0;
        long number = from;
        while (number < until
                && findings < MAX_FINDINGS
                && System.nanoTime() - start < seconds * 1_000_000_000L) {
            Files.writeString(directory.resolve("current"), seed + " " + number + "\n");
            String finding = perform(number);
            if (finding != null) {
                findings++;
                out.println(finding);
                Files.writeString(
                        directory.resolve("case-" + seed + "-" + number + ".txt"), finding);
            }
            number++;
            if (System.nanoTime() - reported > REPORT_NANOS) {
                reported = System.nanoTime();
                out.println(summary(number, findings));
            }
        }
        out.println(summary(number, findings));
        unhandled.forEach((sentence, times) -> out.println(times + " ended by: " + sentence));
        close();
        return findings == 0 ? 0 : 1;
    }

    private String summary(long number, int findings) {
        return "seed %d, next case %,d, %s, %,d stopped at their time's end, %,d findings"
                .formatted(seed, number, cases, kicked, findings);
    }

    /// Runs one case; answers null, or what went wrong.
    String perform(long number) {
        FuzzCase fuzz = new FuzzCase(seed, number);
        current = number;
        cases.merge(fuzz.mode, 1L, Long::sum);
        try {
            machine.memory.write(0, MemorySegment.ofArray(fuzz.memory));
            for (int i = 0; i < runs; i++) {
                vcpu.load(fuzz.state);
                String finding = runToEnd();
                if (finding != null) {
                    return describe(number, fuzz, finding);
                }
            }
            vcpu.save(fuzz.state);
            return null;
        } catch (AcceleratorException e) {
            return describe(number, fuzz, e.getMessage());
        } catch (RuntimeException | Error e) {
            StringWriter trace = new StringWriter();
            e.printStackTrace(new PrintWriter(trace, true));
            return describe(number, fuzz, trace.toString());
        } finally {
            started = Long.MAX_VALUE;
            machine.unlimit();
        }
    }

    /// Completed, with a description, if a case does not stop.
    CompletableFuture<String> hang() {
        return hang;
    }

    private String describe(long number, FuzzCase fuzz, String finding) {
        return "seed %d case %d, %d runs: %s%n%s%n".formatted(seed, number, runs, finding, fuzz);
    }

    private String runToEnd() throws AcceleratorException {
        started = System.nanoTime();
        machine.limit(BUDGET_NANOS);
        for (int exits = 0; exits < MAX_EXITS; exits++) {
            switch (vcpu.run()) {
                case Exit.Halt _, Exit.Shutdown _ -> {
                    return null;
                }
                case Exit.Kicked _ -> {
                    if (machine.isLate()) {
                        kicked++;
                        return null;
                    }
                }
                case Exit.PortRead read -> {
                    for (int i = 0; i < read.count; i++) {
                        read.set(i, values.nextInt());
                    }
                }
                case Exit.MmioRead read -> read.value = values.nextLong();
                case Exit.PortWrite _, Exit.MmioWrite _ -> {}
                case Exit.InterruptWindow _, Exit.Debug _, Exit.UserCode _ -> {}
                case Exit.Unhandled(String sentence, String _) -> {
                    // What is allocated and not implemented, by name.
                    unhandled.merge(sentence.replaceAll("\\d+", "n"), 1L, Long::sum);
                    return null;
                }
            }
        }
        return null;
    }

    /// Tells of what does not stop.
    private void look() {
        long since = started;
        if (since == Long.MAX_VALUE || System.nanoTime() - since <= HANG_NANOS) {
            return;
        }
        StringBuilder text = new StringBuilder();
        text.append("seed %d case %d does not stop:%n".formatted(seed, current));
        List.of(runner.getStackTrace()).forEach(each -> text.append(each).append('\n'));
        hang.complete(text.toString());
    }

    void close() {
        machine.close();
    }

    /// A device that answers anything.
    private final class Noise implements IoDevice {
        @Override
        public long read(int offset, int width) {
            return values.nextLong();
        }

        @Override
        public void write(int offset, int width, long value) {}
    }
}
