package straddle.devices.irq;

import java.util.ArrayList;
import java.util.List;

/// What connects the APICs of a machine: messages find the processors they name, and the ends of
/// level-triggered interrupts find the I/O APIC.
final class ApicBus {
    private static final int SHORTHAND_SHIFT = 18;
    private static final int LOGICAL = 1 << 11;
    private static final int LEVEL_ASSERT = 1 << 14;
    private static final int TRIGGER_LEVEL = 1 << 15;

    /// What a bus tells the rest of the machine.
    interface Listener {
        /// A processor has something to take, after it had nothing.
        void pending(int processor);

        /// The I/O APIC's business.
        void endOfInterrupt(int vector);

        void signals(int processor, ProcessorSignals.Kind kind, int vector);
    }

    private final List<LocalApic> apics = new ArrayList<>();
    private final Listener listener;

    ApicBus(Listener listener) {
        this.listener = listener;
    }

    void add(LocalApic apic) {
        apics.add(apic);
    }

    void wake(int processor) {
        listener.pending(processor);
    }

    void endOfInterrupt(int vector) {
        listener.endOfInterrupt(vector);
    }

    /// An inter-processor interrupt: ICR's 64 bits (SDM volume 3, 12.6.1).
    void send(LocalApic sender, long icr) {
        int low = (int) icr;
        int vector = low & 0xff;
        int mode = low >>> 8 & 7;
        if (mode == LocalApic.MODE_INIT
                && (low & LEVEL_ASSERT) == 0
                && (low & TRIGGER_LEVEL) != 0) {
            return; // INIT level de-assert only synchronizes arbitration IDs, on processors of the
            // past
        }
        int destination = (int) (sender.isX2() ? icr >>> 32 : icr >>> 56);
        switch (low >>> SHORTHAND_SHIFT & 3) {
            case 0 -> deliver(destination, (low & LOGICAL) != 0, mode, vector, false);
            case 1 -> deliverTo(sender, mode, vector, false);
            case 2 -> apics.forEach(apic -> deliverTo(apic, mode, vector, false));
            default -> {
                for (LocalApic apic : apics) {
                    if (apic != sender) {
                        deliverTo(apic, mode, vector, false);
                    }
                }
            }
        }
    }

    /// A message from the I/O APIC or a device, or an IPI without shorthand.
    void deliver(int destination, boolean logical, int mode, int vector, boolean level) {
        LocalApic lowest = null;
        for (LocalApic apic : apics) {
            if (!apic.isAddressed(destination, logical)) {
                continue;
            }
            if (mode != LocalApic.MODE_LOWEST) {
                deliverTo(apic, mode, vector, level);
            } else if (apic.accepts()
                    && (lowest == null
                            || apic.arbitrationPriority() < lowest.arbitrationPriority())) {
                lowest = apic;
            }
        }
        if (lowest != null) {
            lowest.accept(vector, level);
        }
    }

    private void deliverTo(LocalApic apic, int mode, int vector, boolean level) {
        switch (mode) {
            case LocalApic.MODE_FIXED, LocalApic.MODE_LOWEST -> apic.accept(vector, level);
            case LocalApic.MODE_NMI ->
                    listener.signals(apic.id(), ProcessorSignals.Kind.NMI, vector);
            case LocalApic.MODE_INIT -> {
                apic.init();
                listener.signals(apic.id(), ProcessorSignals.Kind.INIT, vector);
            }
            case LocalApic.MODE_STARTUP ->
                    listener.signals(apic.id(), ProcessorSignals.Kind.STARTUP, vector);
            default -> {} // SMI, and modes that the SDM reserves
        }
    }
}
