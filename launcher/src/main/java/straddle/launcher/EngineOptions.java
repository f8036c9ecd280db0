package straddle.launcher;

import picocli.CommandLine.Option;
import straddle.core.accel.AcceleratorProvider;

/// Which engine runs a guest.
final class EngineOptions {
    @Option(
            names = "--accel",
            paramLabel = "NAME",
            defaultValue = Engines.AUTO,
            description =
                    "What runs the guest: auto, kvm, hybrid or tcg. 'straddle accel' shows what works here. Default: auto.")
    private String accel;

    AcceleratorProvider engine(Surroundings surroundings) throws CommandFailure {
        return new Engines(surroundings.engines().get(), surroundings.host()).named(accel);
    }
}
