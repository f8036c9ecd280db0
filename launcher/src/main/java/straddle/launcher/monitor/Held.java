package straddle.launcher.monitor;

import straddle.core.accel.AcceleratorException;
import straddle.core.vcpu.RunControl;
import straddle.machines.Machine;

/// Looks at a machine whose vCPUs stand still meanwhile.
final class Held {
    private Held() {}

    /// A look that may fail as the host does.
    @FunctionalInterface
    interface Look<T> {
        T look() throws AcceleratorException;
    }

    /// Pauses the machine if it runs, looks, and lets it go on.
    static <T> T during(Machine machine, Look<T> look)
            throws MonitorException, InterruptedException {
        boolean ran = machine.control().state() == RunControl.State.RUNNING;
        machine.control().pause();
        try {
            if (machine.control().state() == RunControl.State.STOPPED) {
                throw new MonitorException("The guest has stopped.");
            }
            return look.look();
        } catch (AcceleratorException e) {
            throw new MonitorException(e.getMessage(), e);
        } finally {
            if (ran) {
                machine.control().resume();
            }
        }
    }
}
