package straddle.core.memory;

/// Told of changes to an [AddressSpace]: KVM keeps its memory slots by it, the translator its TLBs.
/// Called by the thread that changes the map, after the change.
public interface MemoryListener {
    void added(Region region);

    void removed(Region region);

    /// Somebody other than a vCPU (a device, a loader) wrote a page that `readers` watch; their bits
    /// are already cleared.
    ///
    /// @param gpa an address within the page
    /// @param readers bits of [DirtyPages]
    default void written(long gpa, int readers) {}

    /// Somebody, a vCPU included, has just written to a page that [DirtyPages#PT] watches; it still does.
    /// Any thread; allocates nothing.
    ///
    /// @param gpa where the write began; it stays within the page
    default void tableWritten(long gpa, long length) {}
}
