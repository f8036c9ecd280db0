package straddle.core.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.ServiceLoader;

/// Memory of the host's for machine code that is made as it is needed, and calls into it. Found by [ServiceLoader];
/// there is one on x86-64 hosts that allow it.
public interface HostCode {
    /// The host's, if this installation has one for it.
    static Optional<HostCode> ofHost() {
        return ServiceLoader.load(HostCode.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(HostCode::isAvailable)
                .findFirst();
    }

    /// Whether it works on this host, whose processor is an x86-64.
    boolean isAvailable();

    /// Memory that can be both written and executed.
    ///
    /// @param bytes how much of it may be used; what is never used takes none
    /// @param arena when it closes, the memory goes: none of it may run by then
    /// @return its address, of a page
    long allocate(long bytes, Arena arena);

    /// Calls a function of the C library's calling convention, which must come back within some 100 µs: no garbage is
    /// collected meanwhile.
    ///
    /// @param function of memory that was allocated so
    /// @param first an array's elements
    /// @param second an array's elements
    int call(MemorySegment function, MemorySegment first, MemorySegment second, long third);
}
