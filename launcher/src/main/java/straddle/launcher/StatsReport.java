package straddle.launcher;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.PrintStream;
import java.lang.management.CompilationMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import straddle.core.vcpu.Statistics;
import straddle.launcher.report.Figures;
import straddle.launcher.report.Table;
import straddle.launcher.session.GuestRun;

/// How a run went, in figures, for people and for programs.
final class StatsReport {
    private static final String HOST = "host";

    private final String engine;
    private final GuestRun run;
    private final Statistics figures;

    StatsReport(String engine, GuestRun run) {
        this.engine = engine;
        this.run = run;
        this.figures = run.statistics();
        addHost();
    }

    /// What the JVM did meanwhile, in other threads: that competes with the vCPUs where processors are few.
    private void addHost() {
        CompilationMXBean jit = ManagementFactory.getCompilationMXBean();
        if (jit != null && jit.isCompilationTimeMonitoringSupported()) {
            figures.nanos(
                    HOST,
                    "HotSpot's compilers, since start",
                    jit.getTotalCompilationTime() * 1_000_000);
        }
        long gc =
                ManagementFactory.getGarbageCollectorMXBeans().stream()
                        .mapToLong(GarbageCollectorMXBean::getCollectionTime)
                        .sum();
        figures.nanos(HOST, "garbage collection, since start", Math.max(gc, 0) * 1_000_000);
    }

    void print(PrintStream err) {
        err.println();
        err.println(engine + ": " + Figures.time((double) run.nanos()) + " from start to stop");
        if (run.instructions() >= 0) {
            err.println(
                    Figures.count(run.instructions())
                            + " guest instructions, "
                            + Figures.significant(mips(run.instructions(), run.nanos()))
                            + " M/s");
        }
        if (!figures.tiers().isEmpty()) {
            err.println();
            tiers().print(err, false);
        }
        String group = "";
        Table table = null;
        for (Statistics.Figure each : figures.figures()) {
            if (!each.group().equals(group)) {
                print(table, err);
                group = each.group();
                table = Table.of(Table.right(""), Table.left(group));
            }
            table.row(value(each), each.name());
        }
        print(table, err);
    }

    private static void print(Table table, PrintStream err) {
        if (table != null) {
            err.println();
            table.print(err, false);
        }
    }

    private Table tiers() {
        long instructions = 0;
        long nanos = 0;
        for (Statistics.Tier tier : figures.tiers()) {
            instructions += Math.max(tier.instructions(), 0);
            nanos += Math.max(tier.nanos(), 0);
        }
        Table table =
                Table.of(
                        Table.left("where"),
                        Table.right("time"),
                        Table.right(""),
                        Table.right("instructions"),
                        Table.right(""),
                        Table.right("M/s"));
        for (Statistics.Tier tier : figures.tiers()) {
            boolean timed = tier.nanos() >= 0;
            boolean counted = tier.instructions() >= 0;
            table.row(
                    tier.name(),
                    timed ? Figures.time((double) tier.nanos()) : "",
                    timed ? share(tier.nanos(), nanos) : "",
                    counted ? Figures.count(tier.instructions()) : "",
                    counted ? share(tier.instructions(), instructions) : "",
                    timed && counted && tier.nanos() > 0
                            ? Figures.significant(mips(tier.instructions(), tier.nanos()))
                            : "");
        }
        return table;
    }

    private static String share(long part, long whole) {
        return whole == 0 ? "" : Math.round(100.0 * part / whole) + "%";
    }

    private static double mips(long instructions, long nanos) {
        return nanos == 0 ? 0 : instructions * 1e3 / nanos;
    }

    private static String value(Statistics.Figure figure) {
        return switch (figure.unit()) {
            case COUNT -> Figures.count(figure.value());
            case NANOS -> Figures.time((double) figure.value());
            case BYTES -> Figures.bytes(figure.value());
        };
    }

    /// Times in nanoseconds, sizes in bytes; what is unknown is missing.
    JsonObject json() {
        JsonObject json = new JsonObject();
        json.addProperty("engine", engine);
        json.addProperty("nanos", run.nanos());
        if (run.instructions() >= 0) {
            json.addProperty("instructions", run.instructions());
        }
        JsonArray tiers = new JsonArray();
        for (Statistics.Tier tier : figures.tiers()) {
            JsonObject each = new JsonObject();
            each.addProperty("where", tier.name());
            if (tier.nanos() >= 0) {
                each.addProperty("nanos", tier.nanos());
            }
            if (tier.instructions() >= 0) {
                each.addProperty("instructions", tier.instructions());
            }
            tiers.add(each);
        }
        json.add("tiers", tiers);
        for (Statistics.Figure each : figures.figures()) {
            if (!json.has(each.group())) {
                json.add(each.group(), new JsonObject());
            }
            json.getAsJsonObject(each.group()).addProperty(key(each), each.value());
        }
        return json;
    }

    /// A figure's name without spaces and marks: `page walks` is `pageWalks`, and a time ends in `Nanos`.
    private static String key(Statistics.Figure figure) {
        StringBuilder key = new StringBuilder();
        for (String word : List.of(figure.name().replaceAll("[^A-Za-z0-9 #]", "").split(" "))) {
            key.append(
                    key.isEmpty()
                            ? word
                            : Character.toUpperCase(word.charAt(0)) + word.substring(1));
        }
        return switch (figure.unit()) {
            case COUNT -> key.toString();
            case NANOS -> key + "Nanos";
            case BYTES -> key + "Bytes";
        };
    }
}
