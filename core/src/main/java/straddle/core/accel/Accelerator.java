package straddle.core.accel;

import java.util.Optional;
import straddle.core.irq.InterruptSource;
import straddle.core.irq.IrqChip;
import straddle.core.memory.Region;
import straddle.core.vcpu.Vcpu;

/// An engine at work for one VM: KVM, the translator, or both.
///
/// It follows the machine's [straddle.core.memory.AddressSpace] by itself. Its vCPUs are closed before
/// it; closing it frees all that it took from the host.
public interface Accelerator extends AutoCloseable {
    /// As given to `--accel`.
    String name();

    /// The processor that the guest sees, in words that make another engine's guest see the same one
    /// ([VmResources#cpu()]); empty if no other engine could be sure to.
    default Optional<String> cpu() {
        return Optional.empty();
    }

    /// The least time between two interrupts of one timer that leaves a guest of this engine time for anything else, in nanoseconds;
    /// 0 unless it is so slow.
    default long timerSpacing() {
        return 0;
    }

    /// What executes this engine's translated code, for an engine that is to follow it; empty if it has none, or none that could
    /// be of use.
    default Optional<Translator> translator() {
        return Optional.empty();
    }

    /// The guest has moved to another engine, and none of its vCPUs runs yet: nothing that happens to its memory is of
    /// interest any more. Before the vCPUs are closed.
    default void retire() {}

    /// The engine's own interrupt controllers, if it has them and the machine wants them; otherwise the
    /// machine brings its own.
    Optional<IrqChip> kernelIrqChip();

    /// Creates the next vCPU, in its reset state.
    ///
    /// @param id 0 to [VmResources#vcpus()] - 1, each once
    /// @param interrupts the vCPU's view of the machine's interrupt controllers
    Vcpu createVcpu(int id, InterruptSource interrupts) throws AcceleratorException;

    /// Has the engine note which pages of a region the guest writes natively, or no longer. Nothing to
    /// do for one that sees every store.
    ///
    /// @throws IllegalArgumentException if the region is not mapped
    default void logWrites(Region.Ram region, boolean on) throws AcceleratorException {}

    /// Tells the readers of every page that the guest has written natively since the last call, as
    /// [straddle.core.memory.AddressSpace#noteWritten] does. Before a reader looks.
    default void collectWrites(Region.Ram region) throws AcceleratorException {}

    @Override
    void close();
}
