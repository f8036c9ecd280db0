package straddle.bench.system;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import straddle.core.accel.AcceleratorException;

/// System-level instructions in every mode, under two engines side by side: registers with their hidden parts, control
/// registers, memory and the way it ended are compared.
///
/// Where KVM refuses an instruction the case is left out, and counted; where it is known to be wrong [KnownShortcut] says
/// so, with the manual's section.
public final class SystemDifferential implements AutoCloseable {
    private static final String USAGE =
            """
            Compares two engines on system-level instructions in every mode.

              --reference NAME  the engine to believe (kvm)
              --subject NAME    the engine to check (tcg)
              --count N         stop after N cases (100000)
              --seconds N       stop after N seconds (3600)
              --seed N          what the cases are made from (1)
              --from N          the first case (0)
              --case N          only case N, with all that differs
              --resume          go on from the counts in DIR
              --least N         fail if a row was compared less often (1)
              --differences N   stop after N cases that differ (50)
              --out DIR         where counts and the report go (target/system)
            """;

    /// How often each row was compared, left out, and found different.
    static final class Tally {
        long compared;
        long refused;
        long known;
        long differing;
    }

    private final Map<SystemRow, Tally> tallies = new EnumMap<>(SystemRow.class);
    private final Map<SystemCase.Mode, Tally> modes = new EnumMap<>(SystemCase.Mode.class);
    private final Map<KnownShortcut, Long> shortcuts = new EnumMap<>(KnownShortcut.class);
    private final Map<String, Integer> kinds = new TreeMap<>();
    private final List<String> report = new ArrayList<>();
    private final String referenceName;
    private final String subjectName;
    private SystemEngine reference;
    private SystemEngine subject;
    private final long seed;
    private long next;

    SystemDifferential(String reference, String subject, long seed, long from)
            throws AcceleratorException {
        referenceName = reference;
        subjectName = subject;
        this.reference = SystemEngine.open(reference);
        try {
            this.subject = SystemEngine.open(subject);
        } catch (AcceleratorException e) {
            this.reference.close();
            throw e;
        }
        this.seed = seed;
        next = from;
        for (SystemRow row : SystemRow.values()) {
            tallies.put(row, new Tally());
        }
        for (SystemCase.Mode mode : SystemCase.Mode.values()) {
            modes.put(mode, new Tally());
        }
    }

    /// See the class, and `--help`.
    public static void main(String[] arguments) throws IOException {
        System.exit(run(arguments, System.out));
    }

    /// Runs the command; returns 0 without a difference, 1 with one, 2 for a usage error or an engine that is not
    /// here, 3 if a row was compared less often than it should.
    public static int run(String[] arguments, PrintStream out) throws IOException {
        Map<String, String> options = new TreeMap<>();
        for (int i = 0; i < arguments.length; i++) {
            boolean isFlag = arguments[i].equals("--resume");
            if (!USAGE.contains("  " + arguments[i] + " ")
                    || !isFlag && i + 1 == arguments.length) {
                out.print(USAGE);
                return 2;
            }
            options.put(arguments[i], isFlag ? "" : arguments[++i]);
        }
        try {
            return compare(options, out);
        } catch (AcceleratorException e) {
            out.println(e.getMessage());
            return 2;
        } catch (NumberFormatException e) {
            out.println("Not a number: " + e.getMessage());
            return 2;
        }
    }

    @Override
    public void close() {
        reference.close();
        subject.close();
    }

    private static long number(Map<String, String> options, String name, long otherwise) {
        return options.containsKey(name) ? Long.parseLong(options.get(name)) : otherwise;
    }

    private static int compare(Map<String, String> options, PrintStream out)
            throws AcceleratorException, IOException {
        long seed = number(options, "--seed", 1);
        boolean single = options.containsKey("--case");
        long from = single ? number(options, "--case", 0) : number(options, "--from", 0);
        Path directory = Path.of(options.getOrDefault("--out", "target/system"));
        Files.createDirectories(directory);
        Path counts = directory.resolve("counts-" + seed + ".txt");
        String reference = options.getOrDefault("--reference", "kvm");
        String subject = options.getOrDefault("--subject", "tcg");
        SystemDifferential test = new SystemDifferential(reference, subject, seed, from);
        try (test) {
            if (options.containsKey("--resume") && Files.exists(counts)) {
                test.restore(Files.readAllLines(counts));
            }
            long until = System.nanoTime() + number(options, "--seconds", 3600) * 1_000_000_000L;
            test.run(
                    single ? from + 1 : number(options, "--count", 100_000),
                    until,
                    (int) number(options, "--differences", 50));
        }
        test.report.forEach(out::println);
        Files.write(directory.resolve("report-" + seed + ".txt"), test.report);
        if (single) {
            out.print(new SystemCase(seed, from));
        } else {
            Files.write(counts, test.save());
            test.print(out);
        }
        if (test.sum(tally -> tally.differing) > 0) {
            return 1;
        }
        long least = number(options, "--least", single ? 0 : 1);
        return test.tallies.values().stream().allMatch(each -> each.compared >= least) ? 0 : 3;
    }

    /// Runs cases up to a number, a moment, or so many that differ.
    void run(long end, long untilNanos, int differences) throws AcceleratorException {
        while (next < end
                && System.nanoTime() - untilNanos < 0
                && sum(tally -> tally.differing) < differences) {
            compare(new SystemCase(seed, next++));
        }
    }

    /// What differed, in lines.
    List<String> report() {
        return report;
    }

    /// Compared cases, in all.
    long compared() {
        return sum(tally -> tally.compared);
    }

    private long sum(java.util.function.ToLongFunction<Tally> figure) {
        return tallies.values().stream().mapToLong(figure).sum();
    }

    private void compare(SystemCase test) throws AcceleratorException {
        SystemEngine.Outcome expected = reference.run(test);
        Tally row = tallies.get(test.row);
        Tally mode = modes.get(test.mode);
        if (expected.refused() || expected.otherwise().endsWith("end")) {
            row.refused++;
            mode.refused++;
            if (reference.hasFailed()) {
                reference.close();
                reference = SystemEngine.open(referenceName);
            }
            return;
        }
        SystemEngine.Outcome got = subject.run(test);
        if (subject.hasFailed()) {
            subject.close();
            subject = SystemEngine.open(subjectName);
        }
        SystemComparison comparison = new SystemComparison(test, expected, got);
        List<String> found = comparison.differences();
        KnownShortcut known = found.isEmpty() ? null : KnownShortcut.of(comparison);
        if (known != null) {
            shortcuts.merge(known, 1L, Long::sum);
            row.known++;
            mode.known++;
            return;
        }
        row.compared++;
        mode.compared++;
        if (found.isEmpty()) {
            return;
        }
        row.differing++;
        mode.differing++;
        report.add(test.toString().lines().findFirst().orElse(""));
        found.forEach(line -> report.add("    " + line));
        kinds.merge(
                test.row + ": " + found.getFirst().replaceAll("[0-9a-f]{2,}", "#"),
                1,
                Integer::sum);
    }

    private void print(PrintStream out) {
        out.printf(
                "%-26s %10s %10s %10s %10s%n", "row", "compared", "refused", "shortcuts", "differ");
        String line = "%-26s %,10d %,10d %,10d %,10d%n";
        tallies.forEach((row, each) ->
                out.printf(line, row, each.compared, each.refused, each.known, each.differing));
        modes.forEach((mode, each) ->
                out.printf(line, mode, each.compared, each.refused, each.known, each.differing));
        shortcuts.forEach((each, times) ->
                out.printf("%,d left out: %s (%s)%n", times, each.what(), each.manual()));
        kinds.forEach((kind, times) -> out.printf("%,d times %s%n", times, kind));
        out.printf(
                "%,d compared, %,d refused, %,d shortcuts, %,d differ; next case %,d%n",
                compared(),
                sum(each -> each.refused),
                sum(each -> each.known),
                sum(each -> each.differing),
                next);
    }

    private List<String> save() {
        List<String> lines = new ArrayList<>();
        lines.add(String.valueOf(next));
        tallies.forEach((row, each) ->
                lines.add("%s %d %d %d".formatted(row, each.compared, each.refused, each.known)));
        return lines;
    }

    private void restore(List<String> lines) {
        next = Long.parseLong(lines.getFirst());
        for (String line : lines.subList(1, lines.size())) {
            String[] parts = line.split(" ", -1);
            Tally tally = tallies.get(SystemRow.valueOf(parts[0]));
            tally.compared += Long.parseLong(parts[1]);
            tally.refused += Long.parseLong(parts[2]);
            tally.known += Long.parseLong(parts[3]);
        }
    }
}
