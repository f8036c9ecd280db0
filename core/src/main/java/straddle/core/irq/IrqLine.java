package straddle.core.irq;

/// A wire from a device to an interrupt controller's input. Driven under the machine lock.
///
/// Levels are logical: high means that the device asks, whatever the wire's polarity. Setting a level
/// that it already has does nothing.
@FunctionalInterface
public interface IrqLine {
    /// Goes nowhere.
    IrqLine UNCONNECTED = level -> {};

    void set(boolean high);

    default void raise() {
        set(true);
    }

    default void lower() {
        set(false);
    }

    /// One edge: high, then low.
    default void pulse() {
        set(true);
        set(false);
    }
}
