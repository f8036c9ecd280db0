package straddle.linux.user;

/// Error numbers of the host's kernel, which are the neutral ones here (errno(3), asm-generic/errno.h).
final class Errno {
    static final int EPERM = 1;
    static final int ENOENT = 2;
    static final int ESRCH = 3;
    static final int EINTR = 4;
    static final int EIO = 5;
    static final int ENXIO = 6;
    static final int E2BIG = 7;
    static final int ENOEXEC = 8;
    static final int EBADF = 9;
    static final int ECHILD = 10;
    static final int EAGAIN = 11;
    static final int ENOMEM = 12;
    static final int EACCES = 13;
    static final int EFAULT = 14;
    static final int EEXIST = 17;
    static final int EXDEV = 18;
    static final int ENODEV = 19;
    static final int ENOTDIR = 20;
    static final int EINVAL = 22;
    static final int EMFILE = 24;
    static final int ENOTTY = 25;
    static final int EFBIG = 27;
    static final int ENOSPC = 28;
    static final int ESPIPE = 29;
    static final int EPIPE = 32;
    static final int ERANGE = 34;
    static final int ENAMETOOLONG = 36;
    static final int ENOSYS = 38;
    static final int ELOOP = 40;
    static final int ENOMSG = 42;
    static final int EIDRM = 43;
    static final int ENODATA = 61;
    static final int EOVERFLOW = 75;
    static final int EMSGSIZE = 90;
    static final int ENOPROTOOPT = 92;
    static final int EOPNOTSUPP = 95;
    static final int EAFNOSUPPORT = 97;
    static final int ENOBUFS = 105;
    static final int ETIMEDOUT = 110;

    /// Not errors: the call was interrupted, and is called again unless a handler without SA_RESTART ran.
    static final int ERESTART = 512;

    /// As [#ERESTART], but any handler makes it EINTR.
    static final int ERESTARTNOHAND = 514;

    /// The registers are as they shall be: no result is stored.
    static final int NO_RESULT = 600;

    private static final String[] NAMES = new String[134];

    static {
        String first =
                "EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES"
                        + " EFAULT ENOTBLK EBUSY EEXIST EXDEV ENODEV ENOTDIR EISDIR EINVAL ENFILE"
                        + " EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS EMLINK EPIPE EDOM"
                        + " ERANGE EDEADLK ENAMETOOLONG ENOLCK ENOSYS ENOTEMPTY ELOOP";
        String[] names = first.split(" ", -1);
        System.arraycopy(names, 0, NAMES, 1, names.length);
        NAMES[ENOMSG] = "ENOMSG";
        NAMES[EIDRM] = "EIDRM";
        NAMES[ENODATA] = "ENODATA";
        NAMES[EOVERFLOW] = "EOVERFLOW";
        NAMES[EOPNOTSUPP] = "EOPNOTSUPP";
        NAMES[EAFNOSUPPORT] = "EAFNOSUPPORT";
        NAMES[ETIMEDOUT] = "ETIMEDOUT";
        NAMES[111] = "ECONNREFUSED";
        NAMES[115] = "EINPROGRESS";
    }

    private Errno() {}

    static String name(int number) {
        String name = number > 0 && number < NAMES.length ? NAMES[number] : null;
        return name == null ? "errno " + number : name;
    }
}
