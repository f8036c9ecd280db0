package straddle.core.vcpu;

/// What user code will come to, found by interpreting it ahead of the engine that is about to run it: the two
/// can be compared then.
///
/// On the vCPU's thread, while nobody else changes the guest's memory.
public interface Rehearsal {
    /// Why there is nothing to foresee.
    enum Obstacle {
        NONE(""),
        UNREPEATABLE("an instruction whose result can't be foreseen"),
        EXCEPTION("an exception"),
        DEVICE("an access to a device"),
        OWN_CODE("a store to the code behind it"),
        LOOP("a loop without an end in sight");

        private final String text;

        Obstacle(String text) {
            this.text = text;
        }

        /// In words.
        public String text() {
            return text;
        }
    }

    /// Interprets user code from the vCPU's present state on, and takes everything back: registers and stores to memory.
    ///
    /// The rehearsal ends in front of an instruction that reads the time or random numbers, enters the kernel, asks
    /// about the processor, loads a segment, accesses a device or raises an exception, and of code that it stored itself; or
    /// after `most` instructions. It then counts up to the last place that was come to for the first time.
    ///
    /// @return [Obstacle#NONE], or what stands in front of anything that could be foreseen
    Obstacle rehearse(int most);

    /// How many instructions were foreseen.
    long instructions();

    /// Where they end: the program counter is here for the first time then.
    long end();

    /// Compares the vCPU's present state, which another engine came to at [#end], and memory with what was foreseen.
    /// Flags that the architecture leaves undefined are left out.
    ///
    /// @return what differs, in words; empty if nothing does
    String difference();

    /// The states before, as foreseen and at present, and the instructions between.
    String report();
}
