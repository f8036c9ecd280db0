package straddle.machines;

import java.time.Duration;
import java.util.List;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.bus.PortBus;
import straddle.core.memory.AddressSpace;
import straddle.core.time.VirtualClock;
import straddle.core.vcpu.RunControl;
import straddle.core.vcpu.StopReason;
import straddle.core.vcpu.VcpuLoop;

/// A board with its devices, its guest and the engine that runs it.
///
/// It is made paused; [#start()] lets it run, [#control()] pauses, resumes and stops it from any
/// thread, and [#close()] frees all that it took.
public interface Machine extends AutoCloseable {
    AddressSpace memory();

    PortBus ports();

    VirtualClock clock();

    RunControl control();

    /// One a vCPU, by its number.
    List<VcpuLoop> loops();

    /// The guest's serial lines, COM1 first.
    List<SerialPort> serialPorts();

    /// Presses the power button: a guest that listens to it shuts down. Any thread.
    ///
    /// @return whether this machine has one
    default boolean pressPowerButton() {
        return false;
    }

    /// What the board has to say about a topic, in lines for a user who looks into a running VM: `irq` for its interrupt
    /// controllers, `pci` for its bus. Empty when it has nothing to say. Under the machine lock.
    default String describe(String topic) {
        return "";
    }

    /// The engine's name, as given to `--accel`.
    String accelerator();

    /// Moves the guest, running or paused, to another engine. Its vCPUs stop between two instructions for a moment in
    /// which guest time goes on; all else stays as it is. When it fails the guest goes on where it was. Not from a vCPU's
    /// thread, nor under the machine lock.
    ///
    /// @return how long the vCPUs stood still
    /// @throws AcceleratorException with a sentence, if the engine can't be had or can't show the processor that the guest
    ///     sees, or if the guest has stopped
    default Duration switchTo(AcceleratorProvider engine)
            throws AcceleratorException, InterruptedException {
        throw new AcceleratorException("This machine stays with the engine that it has.");
    }

    /// Starts the threads and lets the guest run.
    ///
    /// @throws IllegalStateException if it was started before
    /// @throws AcceleratorException if the host fails
    void start() throws AcceleratorException;

    /// Waits until the guest, the user or a failure has ended it.
    StopReason awaitStop() throws InterruptedException;

    /// Stops it if it runs, waits for its threads and frees everything. Again: does nothing.
    ///
    /// @throws IllegalStateException if a vCPU does not leave its engine; its memory then stays
    @Override
    void close();
}
