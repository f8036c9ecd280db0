package straddle.core.time;

import java.util.Optional;
import java.util.ServiceLoader;
import java.util.function.LongSupplier;

/// The host's time-stamp counter, as native code reads it with RDTSC: what a guest's must be that is to run natively
/// now and then where the counter can be neither offset nor trapped. Found by [ServiceLoader].
public interface HostCounter extends LongSupplier {
    /// The host's, if it has one that this installation can read.
    static Optional<HostCounter> ofHost() {
        return ServiceLoader.load(HostCounter.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(HostCounter::isAvailable)
                .findFirst();
    }

    /// Whether it works on this host.
    boolean isAvailable();

    /// The counter now. Cheap; allocates nothing.
    @Override
    long getAsLong();
}
