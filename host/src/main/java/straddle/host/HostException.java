package straddle.host;

/// The host refused or failed a native call. The message names the call, the error and what the user can do about it.
public final class HostException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String call;
    private final int errno;
    private final String remedy;

    /// @param call its man-page name, with what tells this call from others of that name: `ioctl(KVM_CREATE_VM)`
    /// @param errno as errno(3) lists them, or 0 when the call was not made or did less than it should
    /// @param remedy sentences that say what the user can do; may be empty. Without an error number they are all of the message.
    public HostException(String call, int errno, String remedy) {
        super(message(call, errno, remedy));
        this.call = call;
        this.errno = errno;
        this.remedy = remedy;
    }

    private static String message(String call, int errno, String remedy) {
        if (errno == 0) {
            return remedy;
        }
        String failed = call + " failed: " + Errno.describe(errno) + ".";
        return remedy.isEmpty() ? failed : failed + " " + remedy;
    }

    /// The man-page name of what failed.
    public String call() {
        return call;
    }

    /// As errno(3) lists them, or 0 when the call was not made or did less than it should.
    public int errno() {
        return errno;
    }

    public String remedy() {
        return remedy;
    }
}
