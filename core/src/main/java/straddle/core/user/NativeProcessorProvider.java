package straddle.core.user;

import java.util.Optional;
import java.util.ServiceLoader;
import straddle.core.accel.AcceleratorException;

/// An engine that can run x86-64 programs' own code on the host's processor. Found by [ServiceLoader].
public interface NativeProcessorProvider {
    /// Whether the processor executes it at full speed here. The first time on a host that is measured, which takes a moment.
    boolean isFast();

    /// @throws AcceleratorException if this host has none, or refuses it; says why
    NativeProcessors open(Frames frames) throws AcceleratorException;

    /// The one that this installation has.
    static Optional<NativeProcessorProvider> ofHost() {
        return ServiceLoader.load(NativeProcessorProvider.class).findFirst();
    }
}
