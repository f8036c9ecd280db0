package straddle.devices.contract;

import straddle.core.irq.IrqLine;

/// A wire with a counter of rising edges.
public final class TestLine implements IrqLine {
    private boolean level;
    private int rises;

    public TestLine() {}

    @Override
    public void set(boolean high) {
        if (high && !level) {
            rises++;
        }
        level = high;
    }

    public boolean isHigh() {
        return level;
    }

    /// How often it has risen so far.
    public int rises() {
        return rises;
    }
}
