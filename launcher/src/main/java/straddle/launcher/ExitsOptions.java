package straddle.launcher;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;
import straddle.core.observe.ExitObserver;
import straddle.core.observe.ExitProfile;
import straddle.launcher.report.Figures;
import straddle.launcher.report.Json;
import straddle.launcher.report.Table;

/// The profile of a guest's exits.
final class ExitsOptions {
    private static final String TO_THE_READER = "";
    private static final int SHOWN = 30;

    @Option(
            names = "--exits",
            paramLabel = "FILE",
            arity = "0..1",
            fallbackValue = TO_THE_READER,
            description =
                    "End with a table of what the guest exited for: where in the guest, for which device, how often and for how long; with =FILE, as JSON into that file.")
    private String exits;

    @Option(
            names = "--symbols",
            paramLabel = "FILE",
            description =
                    "Name places in the guest by this list of symbols, as in System.map or /proc/kallsyms.")
    private Path symbols;

    private ExitProfile profile;
    private Symbols names = Symbols.NONE;

    /// @return null if there is to be no profile
    ExitObserver open() throws CommandFailure {
        if (symbols != null) {
            names = Symbols.read(symbols);
        }
        profile = exits == null ? null : new ExitProfile();
        return profile;
    }

    void report(PrintStream err) throws CommandFailure {
        if (profile == null) {
            return;
        }
        List<ExitProfile.Entry> entries = profile.entries();
        if (exits.equals(TO_THE_READER)) {
            print(entries, err);
            return;
        }
        try {
            Files.writeString(Path.of(exits), Json.pretty(json(entries)) + "\n");
        } catch (IOException e) {
            throw CommandFailure.usage(
                    "The exits can't be written to '" + exits + "': " + e.getMessage() + ".");
        }
    }

    private void print(List<ExitProfile.Entry> entries, PrintStream err) {
        Table table =
                Table.of(
                        Table.left("exit"),
                        Table.left("from"),
                        Table.left("device"),
                        Table.right("times"),
                        Table.right("in all"),
                        Table.right("each"));
        for (ExitProfile.Entry each : entries.subList(0, Math.min(SHOWN, entries.size()))) {
            table.row(
                    each.place().kind().label(),
                    names.of(each.place().pc()),
                    each.place().device(),
                    Figures.count(each.count()),
                    Figures.time((double) each.nanos()),
                    Figures.time((double) each.nanos() / each.count()));
        }
        err.println();
        table.print(err, false);
        if (entries.size() > SHOWN) {
            err.println(
                    "and "
                            + Figures.count(entries.size() - SHOWN)
                            + " more places, all of which --exits=FILE lists");
        }
    }

    private JsonArray json(List<ExitProfile.Entry> entries) {
        JsonArray all = new JsonArray();
        for (ExitProfile.Entry each : entries) {
            JsonObject entry = new JsonObject();
            entry.addProperty("kind", each.place().kind().label());
            if (each.place().pc() != -1) {
                entry.addProperty("pc", "0x" + Long.toHexString(each.place().pc()));
                entry.addProperty("symbol", names.of(each.place().pc()));
            }
            entry.addProperty("device", each.place().device());
            entry.addProperty("count", each.count());
            entry.addProperty("nanos", each.nanos());
            all.add(entry);
        }
        return all;
    }
}
