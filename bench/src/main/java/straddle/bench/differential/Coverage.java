package straddle.bench.differential;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Consumer;
import straddle.bench.differential.InstructionTable.Cell;
import straddle.bench.differential.TestCase.Step;

/// How often each cell was executed, and how often it ended its case by a fault.
final class Coverage {
    private final List<Cell> cells;
    private final long[] executed;
    private final long[] faulted;
    private long masked;

    Coverage(List<Cell> cells) {
        this.cells = cells;
        executed = new long[cells.size()];
        faulted = new long[cells.size()];
    }

    /// Counts what a case did, by where its exception came: steps before it ran, that one faulted.
    void count(TestCase test, Outcome outcome) {
        if (outcome.isFailure()) {
            return;
        }
        List<Step> steps = test.steps();
        int stopped = stoppedAt(test, outcome);
        long done = test.rounds() > 1 ? test.rounds() - Generator.roundsLeft(outcome.memory()) : 0;
        boolean finished = stopped == steps.size();
        for (int i = 0; i < steps.size(); i++) {
            Step step = steps.get(i);
            if (step.cell() == null) {
                continue;
            }
            long times = finished ? test.rounds() : done + (i < stopped ? 1 : 0);
            executed[step.cell().index()] += times;
            masked += step.undefined() != 0 ? times : 0;
            if (i == stopped) {
                faulted[step.cell().index()]++;
            }
        }
    }

    /// The step that the exception came from: the number of steps if the terminator, the last if from
    /// where it jumped.
    private static int stoppedAt(TestCase test, Outcome outcome) {
        long offset = outcome.state().rip - test.entry();
        int steps = test.steps().size();
        if (offset == test.code().length) {
            return steps;
        }
        int at = test.stepAt(outcome.state().rip);
        return at >= 0 ? at : steps - 1;
    }

    /// All executions that ended without a fault, and those that always fault.
    long executions() {
        long sum = 0;
        for (int i = 0; i < executed.length; i++) {
            sum += executed[i] + faulted[i];
        }
        return sum;
    }

    /// Executions whose undefined flags were not compared.
    long masked() {
        return masked;
    }

    /// Executions of a cell that count: a terminal one's faults do.
    private long reached(Cell cell) {
        return executed[cell.index()] + (Generator.isTerminal(cell) ? faulted[cell.index()] : 0);
    }

    /// The cells with fewer executions than that. Those that always fault end their case, so that a hundredth is
    /// enough of them, and one in any case, beside others; their own runs have them as often as all others.
    List<Cell> below(long minimum) {
        boolean alone = allFault();
        return cells.stream()
                .filter(cell ->
                        reached(cell)
                                < (Generator.isTerminal(cell) && !alone
                                        ? Math.ceilDiv(minimum, 100)
                                        : minimum))
                .toList();
    }

    private boolean allFault() {
        return cells.stream().allMatch(Generator::isTerminal);
    }

    /// The least executions of any cell that doesn't always fault, unless all do.
    long least() {
        boolean alone = allFault();
        return cells.stream()
                .filter(cell -> alone || !Generator.isTerminal(cell))
                .mapToLong(this::reached)
                .min()
                .orElse(0);
    }

    /// A table: a line a cell with executions and faults, a summary a group.
    void print(Consumer<String> out) {
        out.accept("%-52s %12s %12s".formatted("row form size prefix", "executed", "faulted"));
        for (Cell cell : cells) {
            out.accept(
                    "%-52s %,12d %,12d"
                            .formatted(cell, executed[cell.index()], faulted[cell.index()]));
        }
        out.accept("");
        summarize(out);
    }

    void summarize(Consumer<String> out) {
        TreeMap<String, long[]> groups = new TreeMap<>();
        for (Cell cell : cells) {
            long[] sums = groups.computeIfAbsent(cell.row().group(), _ -> new long[4]);
            sums[0]++;
            sums[1] += executed[cell.index()];
            sums[2] += faulted[cell.index()];
            sums[3] = sums[0] == 1 ? reached(cell) : Math.min(sums[3], reached(cell));
        }
        out.accept(
                "%-12s %8s %15s %12s %12s"
                        .formatted("group", "cells", "executed", "faulted", "least"));
        groups.forEach((group, sums) ->
                out.accept(
                        "%-12s %,8d %,15d %,12d %,12d"
                                .formatted(group, sums[0], sums[1], sums[2], sums[3])));
    }

    /// Counts as lines, for [#restore].
    List<String> save() {
        List<String> lines = new ArrayList<>();
        lines.add("masked=" + masked);
        for (Cell cell : cells) {
            lines.add(cell + "=" + executed[cell.index()] + "," + faulted[cell.index()]);
        }
        return lines;
    }

    /// Adds counts that [#save] gave; lines of cells that are no more are passed over.
    void restore(List<String> lines) {
        TreeMap<String, Cell> byName = new TreeMap<>();
        cells.forEach(cell -> byName.put(cell.toString(), cell));
        for (String line : lines) {
            int at = line.lastIndexOf('=');
            String[] counts = line.substring(at + 1).split(",", -1);
            Cell cell = at < 0 ? null : byName.get(line.substring(0, at));
            if (cell != null) {
                executed[cell.index()] += Long.parseLong(counts[0]);
                faulted[cell.index()] += Long.parseLong(counts[1]);
            } else if (line.startsWith("masked=")) {
                masked += Long.parseLong(counts[0]);
            }
        }
    }
}
