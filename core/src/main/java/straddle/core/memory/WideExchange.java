package straddle.core.memory;

import java.util.Optional;
import java.util.ServiceLoader;

/// A compare-and-exchange of 16 bytes, which the JVM has none of. Found by [ServiceLoader]; there is one on
/// hosts whose processor has such an instruction.
public interface WideExchange {
    /// The host's, if this installation has one for it.
    static Optional<WideExchange> ofHost() {
        return ServiceLoader.load(WideExchange.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(WideExchange::isAvailable)
                .findFirst();
    }

    /// Whether it works on this host.
    boolean isAvailable();

    /// Replaces 16 bytes if they are what is expected, atomically and as a full fence.
    ///
    /// @param address of the host, a multiple of 16, of memory that can be written: nothing is checked
    boolean compareAndSet(
            long address, long expectedLow, long expectedHigh, long newLow, long newHigh);
}
