package straddle.core.accel;

import java.util.Optional;
import straddle.core.irq.InterruptSource;
import straddle.core.irq.IrqChip;
import straddle.core.vcpu.Vcpu;

/// An engine at work for one VM: KVM, the translator, or both.
///
/// It follows the machine's [straddle.core.memory.AddressSpace] by itself. Its vCPUs are closed before
/// it; closing it frees all that it took from the host.
public interface Accelerator extends AutoCloseable {
    /// As given to `--accel`.
    String name();

    /// The engine's own interrupt controllers, if it has them and the machine wants them; otherwise the
    /// machine brings its own.
    Optional<IrqChip> kernelIrqChip();

    /// Creates the next vCPU, in its reset state.
    ///
    /// @param id 0 to [VmResources#vcpus()] - 1, each once
    /// @param interrupts the vCPU's view of the machine's interrupt controllers
    Vcpu createVcpu(int id, InterruptSource interrupts) throws AcceleratorException;

    @Override
    void close();
}
