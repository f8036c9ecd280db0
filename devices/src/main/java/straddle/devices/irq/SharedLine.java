package straddle.devices.irq;

import straddle.core.irq.IrqLine;

/// A level-triggered line that several drivers pull: high while any of them is.
public final class SharedLine {
    private final IrqLine line;
    private int high;

    public SharedLine(IrqLine line) {
        this.line = line;
    }

    /// Another end of the line.
    public IrqLine driver() {
        return new IrqLine() {
            private boolean level;

            @Override
            public void set(boolean wanted) {
                if (wanted != level) {
                    level = wanted;
                    high += wanted ? 1 : -1;
                    line.set(high > 0);
                }
            }
        };
    }
}
