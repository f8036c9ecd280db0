package straddle.devices.pci;

import java.util.Arrays;
import java.util.function.IntFunction;
import straddle.core.irq.IrqLine;

/// Leads the four PCI interrupt lines to ISA IRQs, as an ISA bridge's route control registers say. Several may
/// share one; a line without a route leads nowhere.
public final class PirqRouter {
    /// How many lines there are.
    public static final int PIRQS = 4;

    private static final int NOWHERE = -1;

    private final IntFunction<IrqLine> irqs;
    private final boolean[] levels = new boolean[PIRQS];
    private final int[] routes = new int[PIRQS];

    /// @param irqs the ISA IRQs' lines by number, 0 to 15
    public PirqRouter(IntFunction<IrqLine> irqs) {
        this.irqs = irqs;
        Arrays.fill(routes, NOWHERE);
    }

    /// A PCI interrupt line, 0 to 3.
    public IrqLine line(int pirq) {
        return high -> {
            levels[pirq] = high;
            drive(routes[pirq]);
        };
    }

    /// @param irq 0 to 15, or -1 for nowhere
    void route(int pirq, int irq) {
        int before = routes[pirq];
        if (before != irq) {
            routes[pirq] = irq;
            drive(before);
            drive(irq);
        }
    }

    private void drive(int irq) {
        if (irq == NOWHERE) {
            return;
        }
        boolean high = false;
        for (int i = 0; i < PIRQS; i++) {
            high |= routes[i] == irq && levels[i];
        }
        irqs.apply(irq).set(high);
    }
}
