package straddle.launcher;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Option;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.Observation;
import straddle.launcher.session.GuestRun;
import straddle.launcher.report.Json;

/// What is said about a run after its end.
final class StatsOptions {
    private static final String TO_THE_READER = "";

    @Option(
            names = "--stats",
            paramLabel = "FILE",
            arity = "0..1",
            fallbackValue = TO_THE_READER,
            description =
                    "Say on standard error how the engine spent its time and what the guest exited for; with =FILE, as JSON into that file.")
    private String stats;

    /// The engine, told to measure what the report needs.
    AcceleratorProvider observed(AcceleratorProvider engine) {
        return stats == null ? engine : engine.observing(new Observation(true));
    }

    /// Prints or writes what was asked for, if anything.
    void report(String engine, GuestRun run, PrintStream err) throws CommandFailure {
        if (stats == null) {
            return;
        }
        StatsReport report = new StatsReport(engine, run);
        if (stats.equals(TO_THE_READER)) {
            report.print(err);
            return;
        }
        try {
            Files.writeString(Path.of(stats), Json.pretty(report.json()) + "\n");
        } catch (IOException e) {
            throw CommandFailure.usage(
                    "The statistics can't be written to '" + stats + "': " + e.getMessage() + ".");
        }
    }
}
