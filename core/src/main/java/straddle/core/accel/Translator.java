package straddle.core.accel;

import java.util.Optional;
import straddle.core.irq.InterruptSource;
import straddle.core.vcpu.TranslatedVcpu;

/// An engine that executes every instruction of its guest's architecture itself: what other engines turn to
/// for those that they can't.
public interface Translator extends Accelerator {
    @Override
    TranslatedVcpu createVcpu(int id, InterruptSource interrupts) throws AcceleratorException;

    /// This translator once more, for an engine that is to follow the one that has it: what was translated stays. Its vCPUs are
    /// the same processors, each of which belongs to the engine that last loaded a state into it. All is freed when each of
    /// them has been closed.
    ///
    /// @param other what the other engine is given
    /// @param observation what it is asked to tell
    /// @return empty if guests would see another processor, or other things are to be told of them
    default Optional<Translator> share(VmResources other, Observation observation) {
        return Optional.empty();
    }

    /// Keeps this translator while the guest is with an engine that notices no stores, although all vCPUs of it are closed.
    ///
    /// @return empty if it can't be kept
    default Optional<Kept> keep() {
        return Optional.empty();
    }

    /// A bit of [straddle.core.memory.DirtyPages] has been set for a page: its vCPUs heed it from now on. Any thread.
    ///
    /// @param hvaPage the host address of the page
    void noticeStores(long hvaPage);

    /// What was translated, for the time when the guest comes back.
    interface Kept extends AutoCloseable {
        /// To be shared with the engine that follows.
        Translator translator();

        /// The guest's memory may change unnoticed from now on. While its vCPUs are parked.
        void rest();

        /// It may no more: what was translated from memory that has changed is dropped. While its vCPUs are parked, and
        /// before a vCPU of the translator's has the guest's state.
        void wake();

        @Override
        void close();
    }
}
