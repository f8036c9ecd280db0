package straddle.host;

/// The host refused or failed a native call. The message names the call, the error and what the user can do about it.
public final class HostException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String call;
    private final int errno;
    private final String remedy;

    /// @param call its man-page name, with what tells this call from others of that name: `ioctl(KVM_CREATE_VM)`
    /// @param errno as errno(3) lists them, or 0 when we refuse before the host is asked
    /// @param remedy sentences that say what the user can do; may be empty
    public HostException(String call, int errno, String remedy) {
        super(sentence(call, errno) + (remedy.isEmpty() ? "" : " " + remedy));
        this.call = call;
        this.errno = errno;
        this.remedy = remedy;
    }

    private static String sentence(String call, int errno) {
        return errno == 0
                ? call + " was not tried."
                : call + " failed: " + Errno.describe(errno) + ".";
    }

    /// The man-page name of what failed.
    public String call() {
        return call;
    }

    /// As errno(3) lists them, or 0 when the host was not asked.
    public int errno() {
        return errno;
    }

    public String remedy() {
        return remedy;
    }
}
