package straddle.launcher.session;

import straddle.devices.ByteSink;
import straddle.machines.Machine;

/// The other end of a guest's first serial line.
///
/// One console serves a session: after a reset of the guest's it is connected to the next machine.
public interface Console extends AutoCloseable {
    /// Takes what the guest sends. It may make the guest wait, until [#abandon()].
    ByteSink output();

    /// What is typed goes to this machine from now on. Called before the machine starts.
    void connect(Machine machine);

    /// The session ends: nobody may wait for this console's reader any more. Any thread.
    void abandon();

    /// Whether whoever read the guest's output went away.
    boolean readerGone();

    /// Writes what is left, as far as its reader takes it soon, and restores what it changed of the terminal.
    @Override
    void close();
}
