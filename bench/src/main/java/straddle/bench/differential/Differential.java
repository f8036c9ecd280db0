package straddle.bench.differential;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import straddle.bench.Tier;
import straddle.bench.TrialMachine;
import straddle.bench.differential.Comparison.Difference;
import straddle.bench.differential.InstructionTable.Cell;
import straddle.bench.system.SystemDifferential;
import straddle.core.accel.AcceleratorException;

/// The differential test as a command: the same user code under two engines, and what came out differently.
///
/// Exit status: 0 without a difference, 1 with one, 2 for a usage error or an engine that doesn't work here,
/// 3 if a cell was executed less often than `--least` demands.
public final class Differential {
    private static final String USAGE =
            """
            Compares two engines on the same user-level x86-64 code: registers, flags, x87, XMM, memory, exceptions.

              --reference NAME  the engine to believe (kvm)
              --subject NAME    the engine to check (tcg)
              --count N         stop after N instruction executions (10000000)
              --seconds N       stop after N seconds (3600)
              --seed N          what the cases are made from (1)
              --rounds N        repeat a case's instructions up to N times, 2 or more (32)
              --least-rounds N  and, if more than 2, have nearly all cases do it so many times at least (2)
              --interpreter     interpret all
              --machine-code    compile every block to machine code at its first entry
              --regions         compile every block at once and run each case compiled from its first instruction on
              --faults N        only cells that always fault; each case's code runs N times, from other states
              --rows A,B        only rows of these groups or mnemonics; "list" prints them
              --skip A,B        all rows but those
              --least N         fail if a cell was executed less often (1)
              --differences N   stop after N cases that differ (500)
              --out DIR         where reproducers, report and coverage go (target/differential)
              --resume          go on from the coverage in DIR
              --replay DIR      instead, run the reproducers in DIR on the subject
              --system          instead, compare system-level instructions; with --help its options
            """;
    private static final long REPORT_NANOS = 10_000_000_000L;

    private final PrintStream out;
    private String reference = "kvm";
    private String subject = "tcg";
    private long count = 10_000_000;
    private long seconds = 3600;
    private long seed = 1;
    private long least = 1;
    private int differences = 500;
    private int rehearsals;
    private int rounds = Generator.ROUNDS;
    private int leastRounds = Generator.FEWEST_ROUNDS;
    private int restarts;
    private Path directory = Path.of("target", "differential");
    private boolean resume;
    private Path replay;
    private Set<String> only = Set.of();
    private Set<String> skip = Set.of();

    private Differential(PrintStream out) {
        this.out = out;
    }

    /// See the class, and `--help`.
    public static void main(String[] arguments) throws IOException {
        List<String> all = List.of(arguments);
        if (all.contains("--system")) {
            String[] rest =
                    all.stream().filter(each -> !each.equals("--system")).toArray(String[]::new);
            System.exit(SystemDifferential.run(rest, System.out));
        }
        System.exit(new Differential(System.out).run(arguments));
    }

    private int run(String[] arguments) throws IOException {
        try {
            if (!parse(arguments)) {
                out.print(USAGE);
                return 2;
            }
        } catch (NumberFormatException e) {
            out.println("Not a number: " + e.getMessage());
            return 2;
        }
        if (only.contains("list")) {
            InstructionTable.rows(Set.of())
                    .forEach(row -> out.printf("%-10s %s%n", row.group(), row));
            out.print(InstructionTable.LEFT_OUT);
            return 0;
        }
        Files.createDirectories(directory);
        if (replay != null) {
            return replayAll();
        }
        try (Subject believed = open(reference);
                Subject checked = open(subject, rehearsals)) {
            return compare(believed, checked);
        } catch (AcceleratorException e) {
            out.println(e.getMessage());
            return 2;
        }
    }

    private int replayAll() throws IOException {
        int differing = 0;
        try (Subject checked = open(subject, rehearsals);
                Stream<Path> files = Files.list(replay)) {
            for (Path file :
                    files.filter(each -> each.toString().endsWith(".case")).sorted().toList()) {
                Reproducer saved =
                        Reproducer.parse(file.getFileName().toString(), Files.readAllLines(file));
                List<String> found = saved.differences(checked.run(saved.test()));
                out.println((found.isEmpty() ? "same     " : "DIFFERS  ") + file);
                found.forEach(line -> out.println("    " + line));
                differing += found.isEmpty() ? 0 : 1;
            }
        } catch (AcceleratorException e) {
            out.println(e.getMessage());
            return 2;
        }
        return differing == 0 ? 0 : 1;
    }

    private boolean parse(String[] arguments) {
        for (int i = 0; i < arguments.length; i++) {
            if (arguments[i].equals("--resume")) {
                resume = true;
                continue;
            }
            if (arguments[i].equals("--regions")) {
                Tier.REGIONS.chooseAtOnce();
                rehearsals = 2;
                continue;
            }
            if (arguments[i].equals("--interpreter")) {
                Tier.INTERPRETER.chooseAtOnce();
                continue;
            }
            if (arguments[i].equals("--machine-code")) {
                Tier.MACHINE_CODE.chooseAtOnce();
                continue;
            }
            if (i + 1 == arguments.length) {
                return false;
            }
            String value = arguments[++i];
            switch (arguments[i - 1]) {
                case "--reference" -> reference = value;
                case "--subject" -> subject = value;
                case "--count" -> count = Long.parseLong(value);
                case "--seconds" -> seconds = Long.parseLong(value);
                case "--seed" -> seed = Long.parseLong(value);
                case "--rows" -> only = Set.of(value.split(","));
                case "--skip" -> skip = Set.of(value.split(","));
                case "--rounds" -> rounds = Math.max(2, Integer.parseInt(value));
                case "--least-rounds" -> {
                    leastRounds = Math.max(2, Integer.parseInt(value));
                    stayInRegions();
                }
                case "--faults" -> {
                    restarts = Math.max(1, Integer.parseInt(value));
                    stayInRegions();
                }
                case "--least" -> least = Long.parseLong(value);
                case "--differences" -> differences = Integer.parseInt(value);
                case "--replay" -> replay = Path.of(value);
                case "--out" -> directory = Path.of(value);
                default -> {
                    return false;
                }
            }
        }
        return true;
    }

    /// Has regions make accesses that the TLB does not answer. Each case begins with an empty TLB: code of two or three
    /// instructions, one of which pushes, would be interpreted from there on.
    private static void stayInRegions() {
        System.setProperty("straddle.tcg.stay", "true");
    }

    static Subject open(String name) throws AcceleratorException {
        return open(name, 0);
    }

    /// Starts an engine by name; see [Engine] for rehearsals.
    static Subject open(String name, int rehearsals) throws AcceleratorException {
        return new Engine(TrialMachine.provider(name), rehearsals);
    }

    private List<Cell> cells() {
        List<Cell> all =
                InstructionTable.cells(
                        InstructionTable.rows(only).stream()
                                .filter(row -> !skip.contains(row.group()))
                                .filter(row -> !skip.contains(row.mnemonic()))
                                .toList());
        return restarts == 0 ? all : InstructionTable.faulting(all);
    }

    private int compare(Subject believed, Subject checked)
            throws AcceleratorException, IOException {
        List<Cell> cells = cells();
        Generator generator =
                new Generator(cells, seed, leastRounds, Math.max(leastRounds, rounds));
        DifferentialRun run =
                new DifferentialRun(believed, checked, cells, generator, Math.max(1, restarts));
        String kind = restarts > 0 ? "faults-" + seed : String.valueOf(seed);
        Path counts = directory.resolve("coverage-" + kind + ".counts");
        if (resume && Files.exists(counts)) {
            List<String> lines = Files.readAllLines(counts);
            run.startAt(Long.parseLong(lines.getFirst()));
            run.coverage().restore(lines.subList(1, lines.size()));
        }
        out.printf(
                "%s against %s, %,d cells, seed %d, from case %,d%n",
                subject, reference, cells().size(), seed, run.next());
        long start = System.nanoTime();
        long[] reported = {start};
        run.run(
                count,
                start + seconds * 1_000_000_000L,
                differences,
                each -> {
                    if (System.nanoTime() - reported[0] > REPORT_NANOS) {
                        reported[0] = System.nanoTime();
                        out.println(progress(each));
                    }
                });
        out.println(progress(run));
        report(run, counts, (System.nanoTime() - start) / 1e9);
        out.println(subject + ": " + checked.statistics());
        List<Cell> missing = run.coverage().below(least);
        if (run.differing() > 0) {
            return 1;
        }
        return missing.isEmpty() ? 0 : 3;
    }

    private static String progress(DifferentialRun run) {
        return "%,d cases, %,d executions, least %,d, %,d differ"
                .formatted(
                        run.cases(),
                        run.coverage().executions(),
                        run.coverage().least(),
                        run.differing());
    }

    private void report(DifferentialRun run, Path counts, double elapsed) throws IOException {
        List<String> saved = new ArrayList<>();
        saved.add(String.valueOf(run.next()));
        saved.addAll(run.coverage().save());
        Files.write(counts, saved);
        List<String> table = new ArrayList<>();
        run.coverage().print(table::add);
        Files.write(Path.of(counts.toString().replace(".counts", ".txt")), table);
        run.coverage().summarize(out::println);
        out.printf(
                "%,d executions with undefined flags left out of the comparison; %.1f s, %.0f cases/s%n",
                run.coverage().masked(), elapsed, run.cases() / elapsed);
        if (run.uncounted() > 0) {
            out.printf(
                    "%,d cases ran in another tier for more than a tenth, and don't count%n",
                    run.uncounted());
        }
        List<Cell> missing = run.coverage().below(least);
        missing.stream().limit(40).forEach(cell -> out.println("too seldom: " + cell));
        if (missing.size() > 40) {
            out.printf("... and %,d more%n", missing.size() - 40);
        }
        List<String> report = new ArrayList<>();
        for (Map.Entry<String, List<Difference>> each : run.found().entrySet()) {
            report.add("== " + each.getKey() + "  (" + run.count(each.getKey()) + " times)");
            int number = 0;
            for (Difference difference : each.getValue()) {
                report.addAll(describe(difference));
                save(each.getKey(), number++, difference);
            }
        }
        Files.write(directory.resolve("report-" + seed + ".txt"), report);
        report.forEach(out::println);
    }

    /// The difference for a person: code, what it started from where that matters, what came out.
    private static List<String> describe(Difference difference) {
        TestCase test = difference.test();
        List<String> lines = new ArrayList<>();
        lines.add("  " + test.name() + ": " + difference.expected().ending());
        int from = test.steps().isEmpty() ? 0 : test.steps().getLast().offset();
        byte[] part = java.util.Arrays.copyOfRange(test.code(), from, test.code().length);
        boolean isShort = part.length < 100 && test.steps().size() < 3;
        if (isShort) {
            Disassembly.of(part, test.entry() + from).forEach(line -> lines.add("    " + line));
        } else {
            lines.add("    code " + HexFormat.of().formatHex(test.code()));
        }
        StringBuilder registers = new StringBuilder("    before:");
        for (int i = 0; i < 16; i++) {
            if (test.initial().gpr[i] != 0) {
                registers.append(" r%d=%x".formatted(i, test.initial().gpr[i]));
            }
        }
        registers.append(" rflags=%x".formatted(test.initial().rflags));
        lines.add(registers.toString());
        difference.differences().forEach(line -> lines.add("    " + line));
        return lines;
    }

    private void save(String row, int number, Difference difference) throws IOException {
        if (difference.expected().isFailure()) {
            return;
        }
        String name =
                row.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-")
                        + "-"
                        + seed
                        + "-"
                        + number
                        + ".case";
        Reproducer.of(difference).write(directory.resolve(name), describe(difference));
    }

    /// Groups that the table has.
    static Set<String> groups() {
        Set<String> groups = new TreeSet<>();
        InstructionTable.rows(Set.of()).forEach(row -> groups.add(row.group()));
        return groups;
    }
}
