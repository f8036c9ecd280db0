package straddle.bench.differential;

import straddle.core.accel.AcceleratorException;

/// What runs cases: an engine, or something between an engine and the comparison.
interface Subject extends AutoCloseable {
    String name();

    /// Runs a case from its initial state to its exception.
    ///
    /// @throws AcceleratorException if the host fails; whatever the guest does is an [Outcome]
    Outcome run(TestCase test) throws AcceleratorException;

    /// Whether nearly all of the last case ran in the tier that is to be checked.
    default boolean ranInItsTier() {
        return true;
    }

    /// A line about what it did; may be empty.
    default String statistics() {
        return "";
    }

    @Override
    void close();
}
