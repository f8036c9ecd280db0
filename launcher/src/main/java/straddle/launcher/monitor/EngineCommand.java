package straddle.launcher.monitor;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.launcher.report.Figures;
import straddle.machines.Machine;

/// The monitor's `accel`, which moves the running guest to another engine.
public final class EngineCommand {
    private final Engines engines;

    /// The engines of this installation.
    @FunctionalInterface
    public interface Engines {
        /// @param name as given to `--accel`
        /// @throws MonitorException with a sentence, if there is none, or it doesn't work here
        AcceleratorProvider named(String name) throws MonitorException;
    }

    private EngineCommand(Engines engines) {
        this.engines = Objects.requireNonNull(engines);
    }

    /// The command, for a session's monitor.
    public static Command of(Engines engines) {
        return new Command(
                "accel",
                "[NAME]",
                "which engine runs the guest; or move the running guest to another",
                List.of("tcg", "hybrid", "kvm"),
                new EngineCommand(engines)::run);
    }

    private String run(List<String> arguments, Machine machine)
            throws MonitorException, InterruptedException {
        if (arguments.isEmpty()) {
            return "The guest runs under " + machine.accelerator() + ".";
        }
        if (arguments.size() > 1) {
            throw new MonitorException("'accel' takes one engine's name: tcg, hybrid or kvm.");
        }
        AcceleratorProvider engine = engines.named(arguments.getFirst());
        if (engine.name().equals(machine.accelerator())) {
            throw new MonitorException("The guest runs under " + engine.name() + " already.");
        }
        try {
            Duration pause = machine.switchTo(engine);
            String late = machine.control().latecomers();
            return "The guest runs under %s now. It stood still for %s."
                            .formatted(engine.name(), Figures.time((double) pause.toNanos()))
                    + (late.isEmpty() ? "" : "\nLate to stop was\n" + late.strip());
        } catch (AcceleratorException e) {
            throw new MonitorException(e.getMessage(), e);
        }
    }
}
