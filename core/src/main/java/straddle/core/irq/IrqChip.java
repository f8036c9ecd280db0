package straddle.core.irq;

import straddle.core.snapshot.Snapshotable;

/// A machine's interrupt controllers as one: device models of ours, or KVM's in-kernel chips.
public interface IrqChip extends Snapshotable {
    /// The line of a global system interrupt: 0 to 15 are the PC's IRQs, then come the I/O APIC's other inputs.
    ///
    /// @throws IllegalArgumentException if there is no such input
    IrqLine line(int gsi);

    /// A vCPU's view. KVM's in-kernel chips deliver by themselves and return [InterruptSource#NONE].
    InterruptSource source(int vcpu);

    /// Has `listener` called with a vCPU's number whenever its [InterruptSource] starts pending. The
    /// caller may be any thread and holds the machine lock: the listener only kicks.
    void onPending(PendingListener listener);

    /// Kicks a vCPU.
    @FunctionalInterface
    interface PendingListener {
        void pending(int vcpu);
    }
}
