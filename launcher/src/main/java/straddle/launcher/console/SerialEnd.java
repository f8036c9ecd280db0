package straddle.launcher.console;

import straddle.devices.ByteSink;
import straddle.machines.SerialPort;

/// The host's end of one of a guest's serial lines. It outlives a machine: after a reset it is connected to the next.
public interface SerialEnd extends AutoCloseable {
    /// Takes what the guest sends.
    ByteSink output();

    /// What comes in goes to this port from now on.
    default void connect(SerialPort port) {}

    /// The port's machine goes away.
    default void disconnect() {}

    /// The session ends: nobody may wait for this end's reader any more. Any thread.
    default void abandon() {}

    /// Whether whoever read the guest's output went away, and with him the session's purpose.
    default boolean readerGone() {
        return false;
    }

    /// Writes what is left, as far as its reader takes it soon, and gives everything back.
    @Override
    void close();

    /// Leads to a sink that is always ready, and from which nothing comes.
    static SerialEnd to(ByteSink sink) {
        return new SerialEnd() {
            @Override
            public ByteSink output() {
                return sink;
            }

            @Override
            public void close() {}
        };
    }
}
