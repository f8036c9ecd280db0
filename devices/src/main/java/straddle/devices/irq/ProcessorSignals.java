package straddle.devices.irq;

/// The pins of a processor other than INTR, as its APIC drives them.
@FunctionalInterface
public interface ProcessorSignals {
    /// Goes nowhere.
    ProcessorSignals NONE = (_, _, _) -> {};

    /// Which pin or message.
    enum Kind {
        NMI,
        INIT,

        /// Start at page `vector`.
        STARTUP
    }

    /// @param vector of a startup; else without meaning
    void signal(int vcpu, Kind kind, int vector);
}
