package straddle.core.snapshot;

/// Whatever has guest-visible state: every device, clock and vCPU.
///
/// Restoring what was saved gives a component that saves the same again. Called while the VM is paused.
public interface Snapshotable {
    void save(SnapshotWriter out);

    /// @throws SnapshotException if the fields are missing, of another type or out of range
    void restore(SnapshotReader in) throws SnapshotException;
}
