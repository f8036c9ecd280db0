package straddle.host;

import straddle.linux.libc.Libc;

/// The error numbers that Straddle's native calls give, with errno(3)'s names.
enum Errno {
    EPERM(Libc.EPERM(), "operation not permitted"),
    ENOENT(Libc.ENOENT(), "no such file"),
    ESRCH(3, "no such process or thread"),
    EINTR(Libc.EINTR(), "interrupted by a signal"),
    EIO(Libc.EIO(), "input/output error"),
    ENXIO(Libc.ENXIO(), "no such device or address"),
    E2BIG(Libc.E2BIG(), "list too long"),
    EBADF(Libc.EBADF(), "bad file descriptor"),
    EAGAIN(Libc.EAGAIN(), "not now"),
    ENOMEM(Libc.ENOMEM(), "out of memory"),
    EACCES(Libc.EACCES(), "permission denied"),
    EFAULT(Libc.EFAULT(), "bad address"),
    EBUSY(Libc.EBUSY(), "busy"),
    EEXIST(Libc.EEXIST(), "it exists already"),
    ENODEV(Libc.ENODEV(), "no such device"),
    ENOTDIR(20, "a part of the path is not a directory"),
    EISDIR(21, "it is a directory"),
    EINVAL(Libc.EINVAL(), "invalid argument"),
    ENFILE(23, "the host's table of open files is full"),
    EMFILE(24, "this process has too many open files"),
    ENOTTY(Libc.ENOTTY(), "no such request of this device"),
    EFBIG(Libc.EFBIG(), "too large"),
    ENOSPC(Libc.ENOSPC(), "no space left"),
    EPIPE(Libc.EPIPE(), "nobody reads"),
    ENOSYS(Libc.ENOSYS(), "the kernel lacks this call"),
    EOPNOTSUPP(Libc.EOPNOTSUPP(), "not supported"),
    ETIMEDOUT(Libc.ETIMEDOUT(), "timed out");

    private final int number;
    private final String meaning;

    Errno(int number, String meaning) {
        this.number = number;
        this.meaning = meaning;
    }

    /// As a sentence's part: `out of memory (ENOMEM, 12)`.
    static String describe(int number) {
        for (Errno errno : values()) {
            if (errno.number == number) {
                return "%s (%s, %d)".formatted(errno.meaning, errno.name(), number);
            }
        }
        return "error " + number;
    }
}
