package straddle.core.accel;

import straddle.core.irq.InterruptSource;
import straddle.core.vcpu.TranslatedVcpu;

/// An engine that executes every instruction of its guest's architecture itself: what other engines turn to
/// for those that they can't.
public interface Translator extends Accelerator {
    @Override
    TranslatedVcpu createVcpu(int id, InterruptSource interrupts) throws AcceleratorException;

    /// A bit of [straddle.core.memory.DirtyPages] has been set for a page: its vCPUs heed it from now on. Any thread.
    ///
    /// @param hvaPage the host address of the page
    void noticeStores(long hvaPage);
}
