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

    /// The local APIC's task priority, as CR8 shows it: 0 to 15.
    default int taskPriority() {
        return 0;
    }

    /// The guest writes CR8: only interrupts of a higher class are pending from now on.
    default void setTaskPriority(int cr8) {}

    /// Whether the local APIC answers a model-specific register now: APIC_BASE, TSC_DEADLINE, and in
    /// x2APIC mode 0x800 to 0x83f. Without a local APIC, none.
    default boolean hasMsr(int number) {
        return false;
    }

    /// RDMSR of a register that it has.
    default long readMsr(int number) {
        return 0;
    }

    /// WRMSR of a register that it has; takes the machine lock where it must.
    ///
    /// @return false if the guest gets a general-protection fault for it
    default boolean writeMsr(int number, long value) {
        return false;
    }
}
