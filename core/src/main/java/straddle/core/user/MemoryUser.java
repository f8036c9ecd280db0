package straddle.core.user;

/// Somebody who remembers where pages of a [UserMemory] are: a vCPU's TLB.
public interface MemoryUser {
    /// What is remembered of a range is wrong from now on. Any thread; doesn't wait.
    ///
    /// @param end behind the last byte, a page's start as `start` is
    /// @param code whether programs may have run code there
    void forget(long start, long end, boolean code);

    /// Returns when nothing that was to be forgotten is in use any more. Not from within guest code.
    void awaitForgotten();
}
