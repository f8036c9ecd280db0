package straddle.core.user;

import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;

/// A front end that can run Linux programs. Found by [ServiceLoader].
public interface UserTranslatorProvider {
    Set<UserIsa> isas();

    /// Lines that tell which processors there are to choose from.
    String cpuHelp();

    /// @param cpu the processor's model, or an empty text for the usual one
    /// @throws IllegalArgumentException if there is no such model; says which there are
    UserTranslator create(UserIsa isa, String cpu, Frames frames);

    /// The one that this installation has for an instruction set.
    static Optional<UserTranslatorProvider> of(UserIsa isa) {
        return ServiceLoader.load(UserTranslatorProvider.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(each -> each.isas().contains(isa))
                .findFirst();
    }
}
