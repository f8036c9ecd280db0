package straddle.launcher;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.AutoChoice;
import straddle.core.accel.Availability;
import straddle.core.accel.GuestArchitecture;
import straddle.core.accel.HostVerdict;
import straddle.launcher.report.Suggestions;

/// The engines of this installation, and which of them a guest gets.
final class Engines {
    static final String AUTO = "auto";

    private final List<AcceleratorProvider> installed;
    private final GuestArchitecture host;

    Engines(List<AcceleratorProvider> installed, GuestArchitecture host) {
        this.installed = installed;
        this.host = host;
    }

    List<AcceleratorProvider> installed() {
        return installed;
    }

    boolean isAvailable(String name) {
        return installed.stream()
                .anyMatch(engine -> engine.name().equals(name) && available(engine));
    }

    private static boolean available(AcceleratorProvider engine) {
        return engine.availability(GuestArchitecture.X86_64).isAvailable();
    }

    /// What a probe tells of the host, from the first engine here that has a probe.
    Optional<HostVerdict> verdict(boolean fresh) throws AcceleratorException {
        for (AcceleratorProvider engine : installed) {
            if (available(engine)) {
                Optional<HostVerdict> verdict = engine.probe(fresh);
                if (verdict.isPresent()) {
                    return verdict;
                }
            }
        }
        return Optional.empty();
    }

    AutoChoice auto(Optional<HostVerdict> verdict) {
        return AutoChoice.choose(
                GuestArchitecture.X86_64,
                host,
                verdict,
                installed.stream()
                        .filter(Engines::available)
                        .map(AcceleratorProvider::name)
                        .collect(Collectors.toSet()));
    }

    /// The engine of a name, which may be `auto`; it works here.
    ///
    /// @throws CommandFailure if there is none of that name, or it doesn't
    AcceleratorProvider named(String name) throws CommandFailure {
        if (name.equals(AUTO)) {
            return named(chooseAutomatically().accelerator());
        }
        for (AcceleratorProvider engine : installed) {
            if (engine.name().equals(name)) {
                return requireAvailable(engine);
            }
        }
        if (!known().contains(name)) {
            List<String> meant = Suggestions.of(name, known());
            throw CommandFailure.usage(
                    "There is no accelerator '"
                            + name
                            + "'. "
                            + (meant.isEmpty() ? "" : "Did you mean " + meant.getFirst() + "? ")
                            + "--accel takes "
                            + String.join(", ", known())
                            + ".");
        }
        throw CommandFailure.host(
                "The accelerator '" + name + "' is not part of this build." + alternatives());
    }

    private AutoChoice chooseAutomatically() throws CommandFailure {
        try {
            return auto(verdict(false));
        } catch (AcceleratorException e) {
            throw CommandFailure.host(e.getMessage(), e);
        }
    }

    private AcceleratorProvider requireAvailable(AcceleratorProvider engine) throws CommandFailure {
        switch (engine.availability(GuestArchitecture.X86_64)) {
            case Availability.Available _ -> {
                return engine;
            }
            case Availability.Unavailable(String because, String remedy) ->
                    throw CommandFailure.host(
                            "The accelerator '"
                                    + engine.name()
                                    + "' is unavailable, because "
                                    + because
                                    + "."
                                    + (remedy.isEmpty() ? "" : " " + remedy)
                                    + alternatives());
        }
    }

    /// What `--accel` takes, whether installed or not.
    private SortedSet<String> known() {
        SortedSet<String> names = new TreeSet<>(List.of(AUTO, "kvm", "hybrid", "tcg"));
        installed.forEach(engine -> names.add(engine.name()));
        return names;
    }

    private String alternatives() {
        List<String> others = new ArrayList<>();
        for (AcceleratorProvider engine : installed) {
            if (available(engine)) {
                others.add("--accel " + engine.name());
            }
        }
        return others.isEmpty() ? "" : " What works here: " + String.join(", ", others) + ".";
    }
}
