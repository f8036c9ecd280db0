package straddle.core.user;

import straddle.core.accel.AcceleratorException;
import straddle.core.vcpu.Statistics;
import straddle.core.vcpu.UserStateOwner;

/// Runs code of x86-64 programs on the host's own processor, until something needs a translator.
///
/// One thread at a time runs it; only [#kick()] may be called by others.
public interface NativeVcpu extends AutoCloseable {
    /// What ended a run.
    enum Ending {
        /// An instruction that the translator has to execute, with what it means for the program: a system call, a fault.
        INSTRUCTION,
        /// As that, because of a page that only the translator may use so.
        WITHHELD,
        /// Somebody [kicked][#kick()] it, between two instructions.
        KICKED,
        /// An instruction was executed with RFLAGS.TF set.
        STEPPED
    }

    /// Goes over to an address space, or to none: null.
    void use(UserMemory memory);

    /// Takes the program's state over, runs it, and gives its state back.
    Ending run(UserStateOwner program) throws AcceleratorException;

    /// Makes a run end soon, or the next one at once. Any thread.
    void kick();

    /// Adds its figures.
    void statistics(Statistics to);

    @Override
    void close();
}
