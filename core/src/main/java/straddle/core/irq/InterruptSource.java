package straddle.core.irq;

/// What a vCPU sees of the interrupt controllers: its INTR pin and the acknowledge cycle.
///
/// Engines poll [#pending()] between translation blocks or before entering the guest, so it is one
/// cheap read without a lock; [#acknowledge()] takes the machine lock.
public interface InterruptSource {
    /// A source that never interrupts.
    InterruptSource NONE =
            new InterruptSource() {
                @Override
                public boolean pending() {
                    return false;
                }

                @Override
                public int acknowledge() {
                    return -1;
                }
            };

    /// Whether an external, maskable interrupt waits for this vCPU.
    boolean pending();

    /// Takes the waiting interrupt: its vector (0 to 255), or -1 when it has gone meanwhile.
    int acknowledge();
}
