package straddle.launcher;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.GuestArchitecture;
import straddle.core.accel.HostVerdict;
import straddle.host.HostException;
import straddle.launcher.measure.Comparison;
import straddle.launcher.measure.EngineMode;
import straddle.launcher.measure.Mode;
import straddle.launcher.measure.NativeYardstick;
import straddle.launcher.report.Progress;
import straddle.machines.embedded.EmbeddedGuest;
import straddle.machines.embedded.Phase;

/// What `demo` and `compare` have in common: choose the modes, measure, report.
final class Comparing {
    private static final Duration RUN_LIMIT = Duration.ofSeconds(60);

    private final Surroundings surroundings;
    private final Engines engines;
    private final EmbeddedGuest guest;
    private final long ramBytes;

    Comparing(Surroundings surroundings, EmbeddedGuest guest, long ramBytes) {
        this.surroundings = surroundings;
        this.engines = new Engines(surroundings.engines().get(), surroundings.host());
        this.guest = guest;
        this.ramBytes = ramBytes;
    }

    /// Every mode that works here for this guest, the processor itself first.
    Set<String> all() {
        Set<String> names = new LinkedHashSet<>();
        if (runsNatively()) {
            names.add(NativeYardstick.NAME);
        }
        engines.installed().stream()
                .map(AcceleratorProvider::name)
                .filter(engines::isAvailable)
                .sorted()
                .forEach(names::add);
        return names;
    }

    private boolean runsNatively() {
        return surroundings.host() == GuestArchitecture.X86_64
                && guest.phases().stream().anyMatch(Phase::runsNatively);
    }

    ComparisonReport measure(Set<String> names, Comparison.Plan plan) throws CommandFailure {
        if (names.isEmpty()) {
            throw CommandFailure.host("No mode works here: 'straddle accel' says why.");
        }
        List<Mode> modes = new ArrayList<>();
        Progress progress = new Progress(surroundings.err(), surroundings.live());
        try {
            progress.stage("looking at this host");
            Optional<HostVerdict> verdict = verdict();
            for (String name : names) {
                modes.add(mode(name));
            }
            Comparison comparison = Comparison.measure(guest.phases(), modes, plan, progress);
            return new ComparisonReport(comparison, verdict, plan);
        } catch (InterruptedException e) {
            throw CommandFailure.guest(ExitCodes.INTERRUPTED, "Interrupted.");
        } finally {
            progress.clear();
            modes.forEach(Mode::close);
        }
    }

    private Mode mode(String name) throws CommandFailure {
        if (!name.equals(NativeYardstick.NAME)) {
            return new EngineMode(
                    guest,
                    engines.named(name),
                    new EngineMode.Memory(ramBytes, MachineOptions.ram()),
                    RUN_LIMIT,
                    surroundings.interruption());
        }
        if (!runsNatively()) {
            throw CommandFailure.host(
                    "This guest's code can't be called in a process of this host: leave out 'native'.");
        }
        try {
            return new NativeYardstick(guest);
        } catch (HostException e) {
            throw CommandFailure.host(e.getMessage(), e);
        }
    }

    /// A probe that fails is no reason not to measure.
    private Optional<HostVerdict> verdict() {
        try {
            return engines.verdict(false);
        } catch (AcceleratorException _) {
            return Optional.empty();
        }
    }
}
