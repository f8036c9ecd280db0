package straddle.core.vcpu;

/// Why a VM ended.
public sealed interface StopReason {
    /// The guest powered off or wrote to the debug-exit port.
    ///
    /// @param code the process's exit code: 0 to 255
    record PoweredOff(int code) implements StopReason {}

    /// The guest asked for a reset and the machine was told not to.
    record Reset() implements StopReason {}

    /// The user or the embedding program ended it.
    record Requested() implements StopReason {}

    /// The guest can't go on: a triple fault, or an instruction that no engine has.
    ///
    /// @param sentence for the user
    /// @param report several lines for whoever debugs the guest; may be empty
    record GuestFailed(String sentence, String report) implements StopReason {}

    /// The host failed.
    record HostFailed(Exception cause) implements StopReason {}
}
