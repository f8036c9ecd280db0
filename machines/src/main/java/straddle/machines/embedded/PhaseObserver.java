package straddle.machines.embedded;

/// Follows the embedded guest through its phases.
///
/// Called on the vCPU's thread under the machine lock, while the guest waits: it takes its own time
/// first thing and returns quickly. In order: `operations`, then `began`, `ended` and `result` unless
/// the phase was skipped; `finished` comes last.
public interface PhaseObserver {
    /// Lets every phase do its default and looks away.
    PhaseObserver NONE =
            new PhaseObserver() {
                @Override
                public int operations(Phase phase) {
                    return phase.defaultOps();
                }

                @Override
                public void began(Phase phase) {}

                @Override
                public void ended(Phase phase) {}

                @Override
                public void result(Phase phase, long checksum, boolean passed) {}
            };

    /// How many operations a phase is to do; 0 skips it.
    int operations(Phase phase);

    void began(Phase phase);

    void ended(Phase phase);

    /// @param passed the guest's own verdict
    void result(Phase phase, long checksum, boolean passed);

    /// @param failures how many phases failed, by the guest's count
    default void finished(int failures) {}
}
