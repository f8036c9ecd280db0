package straddle.devices.input;

/// The flip-flop that lets address line 20 through, or holds it low as an 8086's programs expect. The
/// keyboard controller and system control port A both drive it; the last one wins.
public interface A20Gate {
    boolean isOpen();

    /// Called under the machine lock.
    void open(boolean open);
}
