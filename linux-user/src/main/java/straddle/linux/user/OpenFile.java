package straddle.linux.user;

import straddle.host.LinuxCall;

/// A descriptor of the host's that descriptors of guest processes refer to: closed with the last of them.
class OpenFile {
    /// Of [#terminal]: it has not been asked.
    static final long UNKNOWN = -1;

    final int host;

    /// The number of the terminal that it is, or 0.
    volatile long terminal = UNKNOWN;

    private final boolean owned;
    private int users = 1;

    /// @param owned whether the last user's close closes the host's
    OpenFile(int host, boolean owned) {
        this.host = host;
        this.owned = owned;
    }

    synchronized OpenFile retain() {
        users++;
        return this;
    }

    /// Does something unless it has been closed, and has a close wait: the number may be another file's then.
    final synchronized void whileOpen(Runnable action) {
        if (users > 0) {
            action.run();
        }
    }

    /// @return what close(2) does
    long release() {
        synchronized (this) {
            if (--users > 0 || !owned) {
                return 0;
            }
        }
        long result = LinuxCall.syscall(HostCall.CLOSE, host, 0, 0, 0, 0, 0);
        closed();
        return result;
    }

    /// The last user has closed it.
    void closed() {}
}
