package straddle.core.accel;

/// Whether an accelerator works on this host.
public sealed interface Availability {
    /// It does.
    enum Available implements Availability {
        AVAILABLE
    }

    /// It doesn't.
    ///
    /// @param because a clause that completes "unavailable, because"
    /// @param remedy a sentence that says what the user can do; may be empty
    record Unavailable(String because, String remedy) implements Availability {}

    default boolean isAvailable() {
        return this instanceof Available;
    }
}
