package straddle.core.user;

/// A translator at work for the programs of one installation's run: makes processors of one instruction set.
public interface UserTranslator extends AutoCloseable {
    /// A processor at its reset, in the given memory; its caller keeps those that are idle, as their translations stay.
    UserVcpu newVcpu(UserMemory memory);

    /// After all of its processors were closed.
    @Override
    void close();
}
