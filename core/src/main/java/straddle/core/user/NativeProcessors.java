package straddle.core.user;

import straddle.core.accel.AcceleratorException;

/// The host's processors at work for the programs of one run.
public interface NativeProcessors extends AutoCloseable {
    NativeVcpu newVcpu() throws AcceleratorException;

    /// After all of its vCPUs were closed.
    @Override
    void close();
}
