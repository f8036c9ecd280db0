package straddle.core.user;

/// What the pages of a mapping come from, other than new zeroes: a file, or memory that processes share.
///
/// Counted by the mappings that refer to it. Any thread.
public abstract class PageSource {
    private int mappings = 1;

    /// Used by one mapping, its creator's.
    protected PageSource() {}

    /// The frame for a page, with one more owner.
    ///
    /// @param offset bytes into the source, a multiple of the page size
    /// @return [#BEYOND] behind the end, [#NO_MEMORY]
    public abstract long page(long offset);

    public static final long BEYOND = -1;
    public static final long NO_MEMORY = 0;

    /// What /proc/PID/maps says of it: device, inode and path.
    public abstract String description();

    /// Whether stores go to its own pages even where nobody else has them: a mapping of a file.
    public boolean isPersistent() {
        return false;
    }

    /// Writes changes back, where there is something to write to.
    ///
    /// @return 0 or minus an error number
    public int sync(long offset, long length) {
        return 0;
    }

    public final synchronized void retain() {
        mappings++;
    }

    /// As [#retain], unless the last one has gone already.
    public final synchronized boolean retainIfOpen() {
        if (mappings == 0) {
            return false;
        }
        mappings++;
        return true;
    }

    /// The last one's closes it; no TLB may have its pages any more.
    public final void release() {
        synchronized (this) {
            if (--mappings > 0) {
                return;
            }
        }
        close();
    }

    /// Gives back what it holds.
    protected abstract void close();
}
