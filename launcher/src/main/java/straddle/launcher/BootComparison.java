package straddle.launcher;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.Observation;
import straddle.core.memory.RamUnavailableException;
import straddle.core.vcpu.Statistics;
import straddle.devices.ByteSink;
import straddle.launcher.console.ExecSession;
import straddle.launcher.console.SerialEnd;
import straddle.launcher.report.Figures;
import straddle.launcher.report.Json;
import straddle.launcher.report.Progress;
import straddle.launcher.report.Table;
import straddle.machines.boot.Boot;
import straddle.machines.pc.Pc;

/// A named guest, booted in each mode to do the same small work: where the time goes.
final class BootComparison {
    /// Speaks first, so that the boot's end is seen.
    static final String WORK =
            """
            echo start
            dd if=/dev/zero bs=1M count=8 2>/dev/null | sha256sum
            gzip -c /bin/busybox | wc -c
            i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; echo $i
            awk 'BEGIN { for (i = 0; i < 100000; i++) s += i * i; print s }'\
            """;

    private final Surroundings surroundings;
    private final Boot boot;
    private final long ramBytes;
    private final Duration limit;

    /// One boot.
    ///
    /// @param why it did not end well; empty if it did
    private record Row(String mode, ExecSession.Outcome outcome, String output, String why) {
        boolean ended() {
            return outcome.workNanos() >= 0;
        }
    }

    /// @param limit of one boot
    BootComparison(Surroundings surroundings, Boot boot, long ramBytes, Duration limit) {
        this.surroundings = surroundings;
        this.boot = boot;
        this.ramBytes = ramBytes;
        this.limit = limit;
    }

    /// Boots the guest in each mode and prints.
    ///
    /// @return the process's exit code
    int run(Set<String> modes, int repeats, boolean json) throws CommandFailure {
        Engines engines = new Engines(surroundings.engines().get(), surroundings.host());
        List<AcceleratorProvider> chosen = new ArrayList<>();
        for (String mode : modes) {
            chosen.add(engines.named(mode));
        }
        List<Row> rows = measure(chosen, repeats);
        if (json) {
            surroundings.out().println(Json.pretty(toJson(rows)));
        } else {
            print(rows, surroundings.out());
        }
        return results(rows).size() > 1 ? ExitCodes.WRONG_RESULT : ExitCodes.OK;
    }

    private List<Row> measure(List<AcceleratorProvider> engines, int repeats)
            throws CommandFailure {
        Progress progress = new Progress(surroundings.err(), surroundings.live());
        List<Row> rows = new ArrayList<>();
        try {
            for (int i = 0; i < repeats; i++) {
                for (AcceleratorProvider engine : engines) {
                    progress.stage(
                            engine.name() + " boots" + (repeats > 1 ? ", time " + (i + 1) : ""));
                    rows.add(boot(engine));
                }
            }
            return rows;
        } catch (InterruptedException e) {
            throw CommandFailure.guest(ExitCodes.INTERRUPTED, "Interrupted.");
        } catch (AcceleratorException | RamUnavailableException e) {
            throw CommandFailure.host(e.getMessage(), e);
        } finally {
            progress.clear();
        }
    }

    private Row boot(AcceleratorProvider engine)
            throws AcceleratorException, RamUnavailableException, InterruptedException {
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        AcceleratorProvider observed = engine.observing(new Observation(true, null, null, 0));
        ExecSession.Outcome outcome =
                ExecSession.run(
                        serial -> Pc.create(config(serial), boot, observed),
                        new ExecSession.Output(
                                SerialEnd.to(output::write), SerialEnd.to(ByteSink.NOWHERE)),
                        limit,
                        List.of(),
                        surroundings.interruption());
        if (surroundings.interruption().happened()) {
            throw new InterruptedException();
        }
        return new Row(
                engine.name(),
                outcome,
                output.toString(StandardCharsets.UTF_8),
                outcome.code().isPresent() ? "" : why(outcome));
    }

    private String why(ExecSession.Outcome outcome) {
        return outcome.run().timedOut()
                ? "not done after " + limit.toSeconds() + " s"
                : "failed: " + outcome.run().reason();
    }

    private Pc.Config config(List<ByteSink> serial) {
        return new Pc.Config(
                ramBytes,
                MachineOptions.ram(),
                1,
                serial,
                ByteSink.NOWHERE,
                System::nanoTime,
                System.currentTimeMillis() / 1000);
    }

    private static Set<String> results(List<Row> rows) {
        Set<String> results = new TreeSet<>();
        rows.stream().filter(Row::ended).forEach(row -> results.add(row.output()));
        return results;
    }

    private void print(List<Row> rows, PrintStream out) {
        Table table =
                Table.of(
                        Table.left("mode"),
                        Table.right("load"),
                        Table.right("boot"),
                        Table.right("work"),
                        Table.right("instructions"),
                        Table.wrapped("where the boot's and the work's time went"));
        for (Row row : rows) {
            ExecSession.Outcome outcome = row.outcome();
            table.row(
                    row.mode(),
                    time(outcome.loadNanos()),
                    time(outcome.bootNanos()),
                    time(outcome.workNanos()),
                    outcome.run().instructions() < 0
                            ? "-"
                            : Figures.brief(outcome.run().instructions()),
                    row.why().isEmpty() ? tiers(outcome.run().statistics()) : row.why());
        }
        table.print(out, surroundings.colour());
        out.println();
        out.println(
                "load: kernel, initrd and board put into memory. boot: from there to the command's first word.");
        out.println(
                "Before that, Java took "
                        + Figures.time(1e6 * Surroundings.startUpMillis())
                        + " to start.");
        out.println(
                switch (results(rows).size()) {
                    case 0 -> "No mode got to the end.";
                    case 1 -> "All results are the same.";
                    default -> "THE MODES' RESULTS DIFFER.";
                });
    }

    private static String time(long nanos) {
        return nanos < 0 ? "-" : Figures.time((double) nanos);
    }

    private static String tiers(Statistics statistics) {
        long sum = statistics.tiers().stream().mapToLong(tier -> Math.max(0, tier.nanos())).sum();
        List<String> shares = new ArrayList<>();
        for (Statistics.Tier tier : statistics.tiers()) {
            if (tier.nanos() > 0 && sum > 0) {
                shares.add(tier.name() + " " + Math.round(100.0 * tier.nanos() / sum) + "%");
            }
        }
        return shares.isEmpty() ? "(this engine can't tell)" : String.join(", ", shares);
    }

    private static JsonObject toJson(List<Row> rows) {
        JsonObject json = new JsonObject();
        JsonArray boots = new JsonArray();
        for (Row row : rows) {
            JsonObject each = new StatsReport(row.mode(), row.outcome().run()).json();
            each.addProperty("loadNanos", row.outcome().loadNanos());
            each.addProperty("bootNanos", row.outcome().bootNanos());
            each.addProperty("workNanos", row.outcome().workNanos());
            each.addProperty("why", row.why());
            boots.add(each);
        }
        json.addProperty("startUpMillis", Surroundings.startUpMillis());
        json.addProperty("sameResults", results(rows).size() == 1);
        json.add("boots", boots);
        return json;
    }
}
