package straddle.bench.differential;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import straddle.bench.differential.Comparison.Difference;
import straddle.bench.differential.Comparison.Pair;
import straddle.bench.differential.InstructionTable.Cell;
import straddle.core.accel.AcceleratorException;

/// Compares two engines on case after case, until enough or out of time.
///
/// Not thread-safe; both engines run on the caller's thread.
final class DifferentialRun {
    /// Differences of one row that are narrowed down; more are only counted.
    private static final int KEPT_PER_ROW = 3;

    private final Subject reference;
    private final Subject subject;
    private final Generator generator;
    private final int restarts;
    private final Coverage coverage;
    private final Map<String, List<Difference>> found = new TreeMap<>();
    private final Map<String, Integer> counts = new TreeMap<>();
    private long next;
    private long cases;
    private int differing;
    private long uncounted;

    DifferentialRun(Subject reference, Subject subject, List<Cell> cells, long seed) {
        this(reference, subject, cells, new Generator(cells, seed), 1);
    }

    /// @param generator of cases for these cells
    /// @param restarts how often a case's code runs, from a state of its own each time, 1 or more
    DifferentialRun(
            Subject reference,
            Subject subject,
            List<Cell> cells,
            Generator generator,
            int restarts) {
        this.restarts = restarts;
        this.reference = reference;
        this.subject = subject;
        this.generator = generator;
        coverage = new Coverage(cells);
    }

    Coverage coverage() {
        return coverage;
    }

    /// Differences by row.
    Map<String, List<Difference>> found() {
        return found;
    }

    /// How many differences a row had, kept or not.
    int count(String row) {
        return counts.getOrDefault(row, 0);
    }

    /// Cases that differed.
    int differing() {
        return differing;
    }

    /// Cases that ran in another tier than the one that is checked, and don't count.
    long uncounted() {
        return uncounted;
    }

    /// Cases run in this process.
    long cases() {
        return cases;
    }

    /// The number of the next case.
    long next() {
        return next;
    }

    void startAt(long number) {
        next = number;
    }

    /// Runs cases until a number of executions is reached or a moment has passed.
    ///
    /// @param untilNanos of System.nanoTime()
    /// @param maxDifferences gives up after so many cases that differ
    /// @param progress called after each case
    void run(
            long executions,
            long untilNanos,
            int maxDifferences,
            Consumer<DifferentialRun> progress)
            throws AcceleratorException {
        while (System.nanoTime() - untilNanos < 0
                && differing < maxDifferences
                && ((next & 63) != 0 || coverage.executions() < executions)) {
            TestCase test = generator.make(next++);
            compare(test);
            for (int i = 1; i < restarts && differing < maxDifferences; i++) {
                compare(generator.restarted(test, i));
            }
            progress.accept(this);
        }
    }

    private void compare(TestCase test) throws AcceleratorException {
        Comparison comparison = new Comparison(reference, subject);
        Pair pair = comparison.run(test);
        cases++;
        if (subject.ranInItsTier()) {
            coverage.count(test, pair.expected());
        } else {
            uncounted++;
        }
        if (Comparison.differences(test, pair).isEmpty()) {
            return;
        }
        differing++;
        Difference difference = comparison.narrow(test, pair);
        String row = difference.subject();
        counts.merge(row, 1, Integer::sum);
        List<Difference> kept = found.computeIfAbsent(row, _ -> new ArrayList<>());
        if (kept.size() < KEPT_PER_ROW) {
            kept.add(difference);
        }
    }
}
