package straddle.devices.pci;

import straddle.core.irq.IrqLine;

/// A level-triggered line that several drivers pull: high while any of them is.
final class SharedLine {
    private final IrqLine line;
    private int high;

    SharedLine(IrqLine line) {
        this.line = line;
    }

    /// Another end of the line.
    IrqLine driver() {
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
