package straddle.core.vcpu;

import straddle.core.accel.AcceleratorException;

/// A vCPU of an engine that executes instructions one by one, as another engine's helper.
public interface TranslatedVcpu extends Vcpu {
    /// Executes the instruction at the present state, as memory holds it now, or delivers the exception that
    /// it raises. A repeated string instruction may stop between two elements. Interrupts wait.
    ///
    /// @return null if the guest just goes on; [Exit.Halt] after HLT, [Exit.Shutdown] after a triple fault
    /// @throws AcceleratorException if the host fails
    Exit step() throws AcceleratorException;
}
