package straddle.core.accel;

import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/// Finds out whether an engine works here, and starts it. Found by [ServiceLoader], so that no module
/// names an engine at compile time.
public interface AcceleratorProvider {
    /// The engines on the module path.
    static List<AcceleratorProvider> installed() {
        return ServiceLoader.load(AcceleratorProvider.class).stream()
                .map(ServiceLoader.Provider::get)
                .toList();
    }

    /// As given to `--accel`: `kvm`, `hybrid` or `tcg`.
    String name();

    /// One line for `--help`.
    String description();

    /// Whether it works on this host for a guest of some architecture. Cheap; nothing stays open.
    Availability availability(GuestArchitecture guest);

    /// What [VmResources#cpu()] can be here, as text for people; empty if there is nothing to choose.
    default String cpuHelp() {
        return "";
    }

    /// Starts the engine for one VM.
    ///
    /// @throws NoSuchCpuException if the processor asked for is none of its own
    /// @throws AcceleratorException if the host can't
    Accelerator create(VmResources resources) throws AcceleratorException;

    /// The same engine, that observes the guests it runs from now on. One that has nothing to tell is itself.
    default AcceleratorProvider observing(Observation observation) {
        return this;
    }

    /// What shows this engine's view of guest code, where it has one.
    default Optional<CodeLister> lister(GuestArchitecture guest) {
        return Optional.empty();
    }

    /// What this engine can tell of the host, measured once and cached.
    ///
    /// @param fresh measure again even if a cached verdict fits
    default Optional<HostVerdict> probe(boolean fresh) throws AcceleratorException {
        return Optional.empty();
    }
}
