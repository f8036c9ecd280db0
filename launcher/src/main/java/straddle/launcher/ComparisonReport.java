package straddle.launcher;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import straddle.core.accel.HostVerdict;
import straddle.core.accel.HostVerdict.GuestMode;
import straddle.core.vcpu.ExitCounts;
import straddle.launcher.measure.Comparison;
import straddle.launcher.measure.ModeFailedException;
import straddle.launcher.measure.ModeResult;
import straddle.launcher.measure.NativeYardstick;
import straddle.launcher.measure.PhaseTime;
import straddle.launcher.report.Figures;
import straddle.launcher.report.Table;
import straddle.machines.embedded.Phase;

/// A [Comparison] for people and for programs.
final class ComparisonReport {
    /// Within this much of the processor's own speed, a mode counts as native.
    private static final double AS_FAST = 1.1;

    private final Comparison comparison;
    private final Optional<ModeResult> yardstick;
    private final Optional<HostVerdict> host;
    private final Comparison.Plan plan;

    /// @param host what a probe found of the host's KVM; empty if nothing
    ComparisonReport(Comparison comparison, Optional<HostVerdict> host, Comparison.Plan plan) {
        this.comparison = comparison;
        this.yardstick = comparison.result(NativeYardstick.NAME);
        this.host = host;
        this.plan = plan;
    }

    /// [ExitCodes#WRONG_RESULT] outweighs a mode that failed.
    int exitCode() {
        if (!comparison.allRight()) {
            return ExitCodes.WRONG_RESULT;
        }
        return comparison.results().stream()
                .flatMap(result -> result.failure().stream())
                .map(failure -> failure.hostsFault() ? ExitCodes.HOST : ExitCodes.GUEST)
                .reduce(ExitCodes.OK, Math::max);
    }

    void print(PrintStream out, boolean ansi) {
        if (!comparison.completed().isEmpty()) {
            out.println(heading());
            out.println();
            times().print(out, ansi);
            out.println();
            if (comparison.completed().stream().anyMatch(result -> !result.exits().isEmpty())) {
                exits().print(out, ansi);
                out.println();
            }
        }
        for (ModeResult result : comparison.results()) {
            result.failure().ifPresent(failure -> print(result.mode(), failure, out));
        }
        verdict().forEach(line -> Table.wrap(line, Table.WIDTH).forEach(out::println));
    }

    private String heading() {
        return switch (plan.choice()) {
            case MEDIAN -> "Time for one operation, median of " + plan.repeats() + " runs";
            case FASTEST ->
                    "Time for one operation, best of "
                            + plan.repeats()
                            + " runs (of one long run where code is translated)";
        };
    }

    private boolean showsSpread() {
        return plan.choice() == ModeResult.Choice.MEDIAN;
    }

    private static void print(String mode, ModeFailedException failure, PrintStream out) {
        Table.wrap(mode + " did not get through: " + failure.getMessage(), Table.WIDTH)
                .forEach(out::println);
        failure.report().lines().forEach(line -> out.println("    " + line));
        out.println();
    }

    private Table times() {
        List<Table.Column> columns = new ArrayList<>();
        columns.add(Table.left("phase"));
        for (ModeResult result : comparison.completed()) {
            columns.add(Table.right(result.mode()));
            if (showsSpread()) {
                columns.add(Table.right("±"));
            } else {
                columns.add(Table.right("ops"));
            }
            if (hasRatio(result)) {
                columns.add(Table.right("ratio"));
            }
        }
        Table table = Table.of(columns);
        for (Phase phase : comparison.phases()) {
            List<String> cells = new ArrayList<>();
            cells.add(phase.name());
            for (ModeResult result : comparison.completed()) {
                addCells(cells, result, phase);
            }
            table.row(cells);
        }
        return table;
    }

    private boolean hasRatio(ModeResult result) {
        return yardstick.isPresent() && result != yardstick.get();
    }

    private void addCells(List<String> cells, ModeResult result, Phase phase) {
        boolean ran = result.ran(phase);
        String time = ran ? Figures.time(result.nanos(phase)) : "-";
        cells.add(ran && !result.right(phase) ? time + " WRONG" : time);
        if (!ran) {
            cells.add("-");
        } else if (showsSpread()) {
            cells.add(String.format(Locale.ROOT, "%.0f%%", 50 * result.spread(phase)));
        } else {
            cells.add(Figures.brief(result.operations(phase)));
        }
        if (hasRatio(result)) {
            OptionalDouble ratio = Comparison.ratio(result, yardstick.get(), phase);
            cells.add(ratio.isPresent() ? Figures.ratio(ratio.getAsDouble()) : "-");
        }
    }

    private Table exits() {
        List<ModeResult> engines =
                comparison.completed().stream()
                        .filter(result -> !result.mode().equals(NativeYardstick.NAME))
                        .toList();
        List<Table.Column> columns = new ArrayList<>();
        columns.add(Table.left("exits to the host"));
        engines.forEach(engine -> columns.add(Table.right(engine.mode())));
        Table table = Table.of(columns);
        for (ExitCounts.Kind kind : ExitCounts.Kind.values()) {
            if (engines.stream().anyMatch(engine -> engine.exits().containsKey(kind))) {
                List<String> cells = new ArrayList<>();
                cells.add(kind.label());
                engines.forEach(
                        engine -> cells.add(Figures.count(engine.exits().getOrDefault(kind, 0L))));
                table.row(cells);
            }
        }
        return table;
    }

    /// What it all means, a line each.
    List<String> verdict() {
        List<String> lines = new ArrayList<>();
        List<ModeResult> completed = comparison.completed();
        if (completed.isEmpty()) {
            lines.add("No mode got the guest through: nothing to compare.");
            return lines;
        }
        lines.add(
                comparison.allRight()
                        ? "All results are right."
                        : "SOME RESULTS ARE WRONG: an engine that is wrong is no engine; please report this.");
        yardstick.ifPresent(processor ->
                completed.stream()
                        .filter(result -> result != processor)
                        .forEach(result -> lines.add(userSentence(result, processor))));
        kernelSentence().ifPresent(lines::add);
        hybridSentence().ifPresent(lines::add);
        return lines;
    }

    /// Where one engine is best for user code and another for the kernel's, neither is best for a whole system.
    private Optional<String> hybridSentence() {
        Optional<ModeResult> user = comparison.fastestUser();
        Optional<ModeResult> kernel = comparison.fastestKernel();
        boolean split =
                user.isPresent()
                        && kernel.isPresent()
                        && user.get() != kernel.get()
                        && comparison.result("hybrid").isEmpty();
        return split
                ? Optional.of(
                        "So on this host user code belongs to "
                                + user.get().mode()
                                + " and kernel code to "
                                + kernel.get().mode()
                                + ", in one running system: what hybrid mode is for.")
                : Optional.empty();
    }

    private String userSentence(ModeResult result, ModeResult processor) {
        double ratio = comparison.meanRatio(result, processor, false).orElse(Double.NaN);
        double speed = comparison.userSpeed(result).orElse(Double.NaN);
        if (ratio <= AS_FAST) {
            return result.mode()
                    + " runs user code as fast as the processor does ("
                    + Figures.significant(1 / ratio)
                    + " of native).";
        }
        return result.mode()
                + " runs user code "
                + Figures.significant(ratio)
                + " times slower than the processor does, at "
                + Figures.significant(speed)
                + " million instructions a second.";
    }

    private Optional<String> kernelSentence() {
        Optional<ModeResult> best = comparison.fastestKernel();
        Optional<ModeResult> kvm = comparison.result("kvm");
        if (best.isEmpty() || kvm.isEmpty()) {
            return Optional.empty();
        }
        boolean interpreted = host.isPresent() && !host.get().isNative(GuestMode.LONG_KERNEL);
        String because =
                interpreted
                        ? "this host's KVM interprets kernel code, at "
                                + Figures.significant(
                                        host.get().speed(GuestMode.LONG_KERNEL).orElse(0))
                                + " million instructions a second"
                        : "this host's KVM runs kernel code on the processor, too";
        if (best.get() == kvm.get()) {
            return Optional.of(
                    "System calls, page faults and port I/O are fastest under kvm: "
                            + because
                            + ".");
        }
        double ratio = comparison.meanRatio(kvm.get(), best.get(), true).orElse(Double.NaN);
        return Optional.of(
                "System calls, page faults and port I/O are "
                        + Figures.significant(ratio)
                        + " times faster under "
                        + best.get().mode()
                        + " than under kvm: "
                        + because
                        + ".");
    }

    JsonObject toJson() {
        JsonObject root = new JsonObject();
        JsonArray modes = new JsonArray();
        for (ModeResult result : comparison.results()) {
            modes.add(toJson(result));
        }
        root.add("modes", modes);
        root.addProperty("all_right", comparison.allRight());
        JsonArray verdict = new JsonArray();
        verdict().forEach(verdict::add);
        root.add("verdict", verdict);
        return root;
    }

    private JsonObject toJson(ModeResult result) {
        JsonObject mode = new JsonObject();
        mode.addProperty("mode", result.mode());
        result.failure().ifPresent(failure -> mode.addProperty("failed", failure.getMessage()));
        JsonArray phases = new JsonArray();
        comparison.phases().stream()
                .filter(result::ran)
                .forEach(phase -> phases.add(toJson(result, phase)));
        mode.add("phases", phases);
        JsonObject exits = new JsonObject();
        result.exits()
                .forEach((kind, count) ->
                        exits.addProperty(kind.name().toLowerCase(Locale.ROOT), count));
        mode.add("exits", exits);
        return mode;
    }

    private JsonObject toJson(ModeResult result, Phase phase) {
        JsonObject each = new JsonObject();
        each.addProperty("phase", phase.name());
        each.addProperty("ring", phase.ring());
        each.addProperty("kind", phase.kind().name().toLowerCase(Locale.ROOT));
        each.addProperty("operations", result.operations(phase));
        each.addProperty("ns_per_operation", result.nanos(phase));
        each.addProperty("spread", result.spread(phase));
        yardstick
                .map(processor -> Comparison.ratio(result, processor, phase))
                .filter(OptionalDouble::isPresent)
                .ifPresent(ratio -> each.addProperty("ratio_to_native", ratio.getAsDouble()));
        each.addProperty("right", result.right(phase));
        JsonArray runs = new JsonArray();
        result.times(phase).stream().map(PhaseTime::nanosPerOperation).forEach(runs::add);
        each.add("runs_ns_per_operation", runs);
        return each;
    }
}
