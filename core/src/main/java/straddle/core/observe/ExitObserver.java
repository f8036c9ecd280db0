package straddle.core.observe;

import straddle.core.vcpu.ExitCounts;

/// Is told of what a guest needs the host for. Called by the vCPUs' threads, several at once.
public interface ExitObserver {
    /// A vCPU left the guest, and what it left for was served.
    ///
    /// @param pc the guest's program counter, or -1 where the engine can't tell
    /// @param nanos that serving took
    void exit(int vcpu, ExitCounts.Kind kind, long pc, long nanos);

    /// The guest read or wrote a device, or where none is.
    ///
    /// @param access what, and from where
    /// @param nanos that it took
    void access(Access access, long nanos);

    /// User code that ran natively was left, or what stopped it was served.
    ///
    /// @param kind a native slice or a native fault
    /// @param pc the guest's program counter, or -1 where it is not what ended the slice
    /// @param reason what ended it, in words
    /// @param nanos that the slice, or serving the fault, took
    default void nativeCode(int vcpu, ExitCounts.Kind kind, long pc, String reason, long nanos) {}

    /// An access to a device.
    ///
    /// @param kind one of the four kinds of access
    /// @param pc the guest's program counter, or -1 where the engine can't tell
    /// @param address a port, or a guest-physical address
    /// @param width 1, 2, 4 or 8 bytes
    /// @param value zero-extended
    /// @param device its name on the bus; empty where none is
    record Access(
            int vcpu,
            ExitCounts.Kind kind,
            long pc,
            long address,
            int width,
            long value,
            String device) {}

    /// The same for two observers, either of which may be null; null if both are.
    static ExitObserver both(ExitObserver first, ExitObserver second) {
        if (first == null || second == null) {
            return first == null ? second : first;
        }
        return new ExitObserver() {
            @Override
            public void exit(int vcpu, ExitCounts.Kind kind, long pc, long nanos) {
                first.exit(vcpu, kind, pc, nanos);
                second.exit(vcpu, kind, pc, nanos);
            }

            @Override
            public void nativeCode(
                    int vcpu, ExitCounts.Kind kind, long pc, String reason, long nanos) {
                first.nativeCode(vcpu, kind, pc, reason, nanos);
                second.nativeCode(vcpu, kind, pc, reason, nanos);
            }

            @Override
            public void access(Access access, long nanos) {
                first.access(access, nanos);
                second.access(access, nanos);
            }
        };
    }
}
