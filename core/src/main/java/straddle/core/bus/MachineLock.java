package straddle.core.bus;

import java.util.concurrent.locks.ReentrantLock;

/// The one lock of a machine's devices (the "big lock" of other emulators).
///
/// The buses take it around every device access, whoever calls, and the I/O thread takes it for
/// timers and back ends; devices hold no lock of their own. RAM accesses never take it.
///
/// Lock order: a vCPU's state → this lock → a back end's own lock.
public final class MachineLock extends ReentrantLock {
    private static final long serialVersionUID = 1L;

    public MachineLock() {}
}
