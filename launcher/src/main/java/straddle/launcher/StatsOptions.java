package straddle.launcher;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.Observation;
import straddle.core.observe.ExitObserver;
import straddle.core.observe.Trace;
import straddle.launcher.report.Json;
import straddle.launcher.session.GuestRun;
import straddle.launcher.session.Session;
import straddle.machines.Machine;

/// What is told about a run, meanwhile and after its end.
final class StatsOptions {
    private static final String TO_THE_READER = "";
    private static final Set<String> CHECKED_ENGINES = Set.of("tcg", "hybrid");

    @Option(
            names = "--stats",
            paramLabel = "FILE",
            arity = "0..1",
            fallbackValue = TO_THE_READER,
            description =
                    "Say on standard error how the engine spent its time and what the guest exited for; with =FILE, as JSON into that file.")
    private String stats;

    @Option(
            names = "--verify",
            paramLabel = "PERCENT",
            arity = "0..1",
            fallbackValue = "100",
            defaultValue = "0",
            description =
                    "Check compiled code (tcg), or code on the processor (hybrid), against the interpreter while the guest runs: all of it, or so many percent of its runs. The first difference ends the guest. Needs one vCPU.")
    private int verify;

    @Mixin private TraceOptions tracing;
    @Mixin private ExitsOptions exits;

    private ExitObserver observer;
    private Observation observation = Observation.NONE;

    /// The engine, told to measure what the report needs. Opens what is written while the guest runs.
    AcceleratorProvider observed(AcceleratorProvider engine, PrintStream err)
            throws CommandFailure {
        if (verify < 0 || verify > 100) {
            throw CommandFailure.usage("--verify takes a percentage; it was " + verify + ".");
        }
        if (verify > 0 && !CHECKED_ENGINES.contains(engine.name())) {
            throw CommandFailure.usage(
                    "--verify checks what the engine tcg compiles, and what hybrid runs on the processor: add --accel tcg or --accel hybrid.");
        }
        ExitObserver profile = exits.open();
        Trace trace = tracing.open(err);
        boolean tracesExits =
                trace != null && (trace.wants(Trace.Event.EXIT) || trace.wants(Trace.Event.IO));
        observer = ExitObserver.both(profile, tracesExits ? trace : null);
        observation = new Observation(stats != null, observer, trace, verify);
        return observing(engine);
    }

    /// Another engine that takes over, told the same.
    AcceleratorProvider observing(AcceleratorProvider engine) {
        return observation.equals(Observation.NONE) ? engine : engine.observing(observation);
    }

    /// Who goes with the guest to see its exits.
    List<Session.Attendant> attendants() {
        if (observer == null) {
            return List.of();
        }
        return List.of(
                new Session.Attendant() {
                    @Override
                    public void begins(Machine machine) {
                        machine.loops().forEach(loop -> loop.observe(observer));
                    }
                });
    }

    /// Prints or writes what was asked for, if anything.
    void report(String engine, GuestRun run, PrintStream err) throws CommandFailure {
        tracing.close();
        exits.report(err);
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
