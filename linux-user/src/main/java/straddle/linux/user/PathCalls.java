package straddle.linux.user;

import static straddle.linux.user.Errno.*;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import straddle.core.user.BadAddressException;

/// Calls on paths.
final class PathCalls implements SystemCalls.Handler {
    private static final int FDCWD = Paths.AT_FDCWD;
    private static final int NOFOLLOW = Paths.AT_SYMLINK_NOFOLLOW;
    private static final int AT_REMOVEDIR = 0x200;
    private static final int AT_SYMLINK_FOLLOW = 0x400;
    private static final int O_ACCMODE = 3;
    private static final int O_TRUNC = 01000;

    private static final int HOW_BYTES = 24;
    private static final long KNOWN_RESOLUTIONS = 63;
    private static final int MOST_ATTRIBUTE_BYTES = 64 << 10;

    private final Kernel kernel;

    PathCalls(Kernel kernel) {
        this.kernel = kernel;
    }

    private static long host(long number, long a, long b, long c, long d, long e) {
        return straddle.host.LinuxCall.syscall(number, a, b, c, d, e, 0);
    }

    private static byte[] path(GuestThread t, long address) throws BadAddressException {
        return t.memory().string(address, 4096);
    }

    private Paths.Located at(GuestThread t, long directory, long path, boolean follow, int slot)
            throws BadAddressException {
        return kernel.paths.locate(t, (int) directory, path(t, path), follow, slot);
    }

    /// A call on one located path.
    private interface OnPath {
        long call(long directory, long path);
    }

    private long on(GuestThread t, long directory, long path, boolean follow, OnPath action)
            throws BadAddressException {
        try (Paths.Located at = at(t, directory, path, follow, 0)) {
            return at.error() != 0 ? -at.error() : action.call(at.directory(), at.path());
        }
    }

    @Override
    public long call(SystemCall call, GuestThread t, long[] a) throws BadAddressException {
        GuestProcess p = t.process;
        return switch (call) {
            case OPEN -> open(t, FDCWD, a[0], (int) a[1], a[2]);
            case OPENAT -> open(t, a[0], a[1], (int) a[2], a[3]);
            case OPENAT2 -> openat2(t, a);
            case CREAT -> open(t, FDCWD, a[0], p.abi.openFlagsToGuest(01101), a[1]);
            case STAT, STAT64 -> stat(t, FDCWD, a[0], 0, a[1]);
            case LSTAT, LSTAT64 -> stat(t, FDCWD, a[0], NOFOLLOW, a[1]);
            case NEWFSTATAT, FSTATAT64 -> stat(t, a[0], a[1], a[3], a[2]);
            case STATX -> statx(t, a);
            case ACCESS -> access(t, FDCWD, a[0], a[1], 0);
            case FACCESSAT -> access(t, a[0], a[1], a[2], 0);
            case FACCESSAT2 -> access(t, a[0], a[1], a[2], a[3]);
            case READLINK -> readlink(t, FDCWD, a[0], a[1], a[2]);
            case READLINKAT -> readlink(t, a[0], a[1], a[2], a[3]);
            case GETCWD -> getcwd(t, a);
            case CHDIR -> chdir(t, a[0]);
            case MKDIR, MKDIRAT -> {
                int n = call == SystemCall.MKDIR ? 0 : 1;
                long mode = a[n + 1] & ~p.umask & 07777;
                yield on(
                        t,
                        n == 0 ? FDCWD : a[0],
                        a[n],
                        false,
                        (d, s) -> host(HostCall.MKDIRAT, d, s, mode, 0, 0));
            }
            case MKNOD, MKNODAT -> {
                int n = call == SystemCall.MKNOD ? 0 : 1;
                long mode = a[n + 1] & ~p.umask;
                long kind = mode & 0xf000;
                if (kernel.paths.confines() && (kind == 0x2000 || kind == 0x6000)) {
                    yield -EPERM; // the superuser's way to disks outside the root
                }
                yield on(
                        t,
                        n == 0 ? FDCWD : a[0],
                        a[n],
                        false,
                        (d, s) -> host(HostCall.MKNODAT, d, s, mode, a[n + 2], 0));
            }
            case RMDIR ->
                    on(
                            t,
                            FDCWD,
                            a[0],
                            false,
                            (d, s) -> host(HostCall.UNLINKAT, d, s, AT_REMOVEDIR, 0, 0));
            case UNLINK ->
                    on(t, FDCWD, a[0], false, (d, s) -> host(HostCall.UNLINKAT, d, s, 0, 0, 0));
            case UNLINKAT ->
                    on(t, a[0], a[1], false, (d, s) -> host(HostCall.UNLINKAT, d, s, a[2], 0, 0));
            case RENAME -> two(t, FDCWD, a[0], FDCWD, a[1], false, HostCall.RENAMEAT2, 0);
            case RENAMEAT -> two(t, a[0], a[1], a[2], a[3], false, HostCall.RENAMEAT2, 0);
            case RENAMEAT2 -> two(t, a[0], a[1], a[2], a[3], false, HostCall.RENAMEAT2, a[4]);
            case LINK -> two(t, FDCWD, a[0], FDCWD, a[1], false, HostCall.LINKAT, 0);
            case LINKAT -> link(t, a);
            case SYMLINK -> symlink(t, a[0], FDCWD, a[1]);
            case SYMLINKAT -> symlink(t, a[0], a[1], a[2]);
            case CHMOD ->
                    on(
                            t,
                            FDCWD,
                            a[0],
                            true,
                            (d, s) -> host(HostCall.FCHMODAT, d, s, a[1] & 07777, 0, 0));
            case FCHMODAT ->
                    on(
                            t,
                            a[0],
                            a[1],
                            true,
                            (d, s) -> host(HostCall.FCHMODAT, d, s, a[2] & 07777, 0, 0));
            case CHOWN, CHOWN32 ->
                    on(
                            t,
                            FDCWD,
                            a[0],
                            true,
                            (d, s) -> host(HostCall.FCHOWNAT, d, s, a[1], a[2], 0));
            case LCHOWN, LCHOWN32 ->
                    on(
                            t,
                            FDCWD,
                            a[0],
                            false,
                            (d, s) -> host(HostCall.FCHOWNAT, d, s, a[1], a[2], NOFOLLOW));
            case FCHOWNAT -> fchownat(t, a);
            case TRUNCATE, TRUNCATE64 -> truncate(t, a[0], a[1]);
            case UTIME, UTIMES, FUTIMESAT, UTIMENSAT, UTIMENSAT_TIME64 -> times(call, t, a);
            case UMASK -> {
                int before = p.umask;
                p.umask = (int) a[0] & 0777;
                yield before;
            }
            case STATFS, STATFS64 -> {
                MemorySegment s = t.scratch.structs().asSlice(8192);
                boolean wide = call == SystemCall.STATFS64;
                long result =
                        on(
                                t,
                                FDCWD,
                                a[0],
                                true,
                                (d, path) -> {
                                    try (Paths.Located here = new Paths.Located(d, path, -1, 0)) {
                                        return FileCalls.inDirectory(
                                                t,
                                                here,
                                                full ->
                                                        host(
                                                                HostCall.STATFS,
                                                                full,
                                                                s.address(),
                                                                0,
                                                                0,
                                                                0));
                                    }
                                });
                yield result < 0 ? result : putFileSystem(t, s, a[wide ? 2 : 1], wide);
            }
            case GETXATTR,
                    LGETXATTR,
                    SETXATTR,
                    LSETXATTR,
                    LISTXATTR,
                    LLISTXATTR,
                    REMOVEXATTR,
                    LREMOVEXATTR ->
                    attributes(call, t, a, -1);
            default -> throw new IllegalStateException(call.linuxName());
        };
    }

    private long open(GuestThread t, long directory, long path, int flags, long mode)
            throws BadAddressException {
        GuestProcess p = t.process;
        int masked = (int) mode & ~p.umask;
        Paths.How how = Paths.How.of(p.abi.openFlagsToHost(flags), masked);
        return open(t, (int) directory, path(t, path), how);
    }

    private long openat2(GuestThread t, long[] a) throws BadAddressException {
        GuestProcess p = t.process;
        if (a[3] < HOW_BYTES && a[3] >= 0) {
            return -EINVAL;
        }
        if (a[3] < 0 || a[3] > GuestAbi.PAGE_BYTES) {
            return -E2BIG;
        }
        ByteBuffer b = p.abi.buffer(t.memory().bytes(a[2], (int) a[3]));
        for (int i = HOW_BYTES; i < a[3]; i++) {
            if (b.get(i) != 0) {
                return -E2BIG;
            }
        }
        long valid = p.abi.openFlagsToGuest(Paths.VALID_FLAGS) & 0xffff_ffffL;
        int flags = p.abi.openFlagsToHost((int) b.getLong(0));
        long mode = b.getLong(8);
        long resolve = b.getLong(16);
        if ((b.getLong(0) & ~valid) != 0 || isInvalid(flags, mode, resolve)) {
            return -EINVAL;
        }
        boolean changes = (flags & (O_TRUNC | Paths.O_CREAT | Paths.O_TMPFILE)) != 0;
        if ((resolve & Paths.RESOLVE_CACHED) != 0 && changes) {
            return -EAGAIN;
        }
        int masked = (int) mode & ~p.umask;
        return open(t, (int) a[0], path(t, a[1]), new Paths.How(flags, masked, resolve));
    }

    /// openat2(2) is strict where open(2) ignores: said before anything is looked up.
    private static boolean isInvalid(int flags, long mode, long resolve) {
        boolean creates = (flags & (Paths.O_CREAT | Paths.O_TMPFILE)) != 0;
        boolean isPath = (flags & Paths.O_PATH) != 0;
        boolean isTemporary = (flags & Paths.O_TMPFILE) != 0;
        long bounds = Paths.RESOLVE_BENEATH | Paths.RESOLVE_IN_ROOT;
        long both = Paths.O_CREAT | Paths.O_DIRECTORY;
        return (mode & ~(creates ? 07777L : 0)) != 0
                || (resolve & ~KNOWN_RESOLUTIONS) != 0
                || (resolve & bounds) == bounds
                || (flags & both) == both
                || isTemporary && ((flags & Paths.O_DIRECTORY) == 0 || (flags & O_ACCMODE) == 0)
                || isPath && (flags & ~Paths.WITH_O_PATH) != 0;
    }

    private long open(GuestThread t, int directory, byte[] path, Paths.How how) {
        GuestProcess p = t.process;
        int flags = how.flags();
        boolean special = path != null && !how.isBounded();
        byte[] name = special ? ProcFiles.absolute(t, directory, path) : path;
        GuestProcess listed = special ? ProcFiles.withDescriptors(t, name) : null;
        if (listed != null && how.resolve() == 0) {
            return openDescriptors(t, listed, flags);
        }
        if (special && name.length == 8 && Paths.text(name).equals("/dev/tty")) {
            name = kernel.terminals.ownPath(p, name);
            if (name == null) {
                return -ENXIO;
            }
        }
        long fd = kernel.paths.open(t, directory, name, how.and(Terminals.O_NOCTTY, 0));
        if (fd < 0) {
            return fd;
        }
        OpenFile proc = ProcFiles.directory(t, (int) fd, name);
        OpenFile file = proc != null ? proc : kernel.terminals.opened(t, (int) fd, name, flags);
        return FileCalls.add(p, file, (flags & Paths.O_CLOEXEC) != 0, 0);
    }

    private static long openDescriptors(GuestThread t, GuestProcess of, int flags) {
        byte[] own = "/proc/self/fd".getBytes(StandardCharsets.US_ASCII);
        long fd =
                host(HostCall.OPENAT, FDCWD, t.scratch.path(0, own), flags | Paths.O_CLOEXEC, 0, 0);
        if (fd < 0) {
            return fd;
        }
        String name = "/proc/" + of.pid + "/fd";
        OpenFile list = new ProcDirectory((int) fd, ProcDirectory.Kind.DESCRIPTORS, of, name);
        return FileCalls.add(t.process, list, (flags & Paths.O_CLOEXEC) != 0, 0);
    }

    private long stat(GuestThread t, long directory, long path, long flags, long to)
            throws BadAddressException {
        MemorySegment s = t.scratch.structs().asSlice(8192);
        byte[] name = path(t, path);
        long result;
        if (name != null && name.length == 0 && (flags & Paths.AT_EMPTY_PATH) != 0) {
            int fd = kernel.paths.directory(t, (int) directory);
            if (fd == -1) {
                return -EBADF;
            }
            result = host(HostCall.NEWFSTATAT, fd, t.scratch.path(0, name), s.address(), flags, 0);
        } else {
            try (Paths.Located at =
                    kernel.paths.locate(t, (int) directory, name, (flags & NOFOLLOW) == 0, 0)) {
                if (at.error() != 0) {
                    return -at.error();
                }
                result =
                        host(HostCall.NEWFSTATAT, at.directory(), at.path(), s.address(), flags, 0);
            }
        }
        if (result == 0) {
            t.memory().put(to, t.process.abi.stat(FileStatus.of(s)));
        }
        return result;
    }

    /// struct statx is alike everywhere but for the byte order.
    private long statx(GuestThread t, long[] a) throws BadAddressException {
        MemorySegment s = t.scratch.structs().asSlice(8192, 256);
        byte[] name = path(t, a[1]);
        long result;
        if (name != null && name.length == 0 && (a[2] & Paths.AT_EMPTY_PATH) != 0) {
            int fd = kernel.paths.directory(t, (int) a[0]);
            if (fd == -1) {
                return -EBADF;
            }
            result = host(HostCall.STATX, fd, t.scratch.path(0, name), a[2], a[3], s.address());
        } else {
            try (Paths.Located at =
                    kernel.paths.locate(t, (int) a[0], name, (a[2] & NOFOLLOW) == 0, 0)) {
                if (at.error() != 0) {
                    return -at.error();
                }
                result = host(HostCall.STATX, at.directory(), at.path(), a[2], a[3], s.address());
            }
        }
        if (result == 0) {
            t.memory().put(a[4], turnStatx(t.process.abi, s));
        }
        return result;
    }

    private static byte[] turnStatx(GuestAbi abi, MemorySegment s) {
        ByteBuffer from =
                ByteBuffer.wrap(s.toArray(ValueLayout.JAVA_BYTE))
                        .order(java.nio.ByteOrder.LITTLE_ENDIAN);
        ByteBuffer to = abi.buffer(256);
        int[] ints = {0, 4, 16, 20, 24, 72, 88, 104, 120, 128, 132, 136, 140};
        int[] longs = {8, 32, 40, 48, 56, 64, 80, 96, 112, 144};
        for (int each : ints) {
            to.putInt(each, from.getInt(each));
        }
        for (int each : longs) {
            to.putLong(each, from.getLong(each));
        }
        to.putShort(28, from.getShort(28));
        return GuestAbi.bytes(to);
    }

    private long access(GuestThread t, long directory, long path, long mode, long flags)
            throws BadAddressException {
        return on(
                t,
                directory,
                path,
                (flags & NOFOLLOW) == 0,
                (d, s) -> host(HostCall.FACCESSAT2, d, s, mode, flags, 0));
    }

    private long readlink(GuestThread t, long directory, long path, long to, long bytes)
            throws BadAddressException {
        if ((int) bytes <= 0) {
            return -EINVAL;
        }
        byte[] name = ProcFiles.absolute(t, (int) directory, path(t, path));
        byte[] target = name == null ? null : ProcFiles.link(t, name);
        if (target == null) {
            MemorySegment s = t.scratch.structs().asSlice(8192);
            long n;
            if (name != null && name.length == 0) {
                int fd = t.hostFile((int) directory);
                n =
                        fd < 0
                                ? -ENOENT
                                : host(
                                        HostCall.READLINKAT,
                                        fd,
                                        t.scratch.path(0, name),
                                        s.address(),
                                        4096,
                                        0);
            } else {
                try (Paths.Located at = kernel.paths.locate(t, (int) directory, name, false, 0)) {
                    if (at.error() != 0) {
                        return -at.error();
                    }
                    n = host(HostCall.READLINKAT, at.directory(), at.path(), s.address(), 4096, 0);
                }
            }
            if (n < 0) {
                return n;
            }
            target = s.asSlice(0, n).toArray(ValueLayout.JAVA_BYTE);
        }
        byte[] shown = Arrays.copyOf(target, (int) Math.min(target.length, bytes));
        t.memory().put(to, shown);
        return shown.length;
    }

    private static long getcwd(GuestThread t, long[] a) throws BadAddressException {
        byte[] path = FileCalls.workingDirectory(t.process, t);
        if (path.length == 0) {
            return -ENAMETOOLONG;
        }
        if (path.length + 1 > a[1]) {
            return -ERANGE;
        }
        t.memory().put(a[0], Arrays.copyOf(path, path.length + 1));
        return path.length + 1L;
    }

    private long chdir(GuestThread t, long path) throws BadAddressException {
        byte[] name = ProcFiles.absolute(t, Paths.AT_FDCWD, path(t, path));
        Paths.How how = Paths.How.of(Paths.O_PATH | Paths.O_DIRECTORY, 0);
        long fd = kernel.paths.open(t, FDCWD, name, how);
        if (fd >= 0) {
            long allowed =
                    host(HostCall.FACCESSAT2, fd, t.scratch.path(0, new byte[] {'.'}), 1, 0, 0);
            if (allowed < 0) {
                host(HostCall.CLOSE, fd, 0, 0, 0, 0);
                return allowed;
            }
        }
        OpenFile proc = fd < 0 ? null : ProcFiles.directory(t, (int) fd, name);
        return FileCalls.changeDirectory(t, fd, proc);
    }

    private long two(
            GuestThread t,
            long d1,
            long p1,
            long d2,
            long p2,
            boolean follow,
            int number,
            long flags)
            throws BadAddressException {
        try (Paths.Located first = at(t, d1, p1, follow, 0);
                Paths.Located second = at(t, d2, p2, false, 1)) {
            if (first.error() != 0 || second.error() != 0) {
                return -(first.error() != 0 ? first.error() : second.error());
            }
            return host(
                    number,
                    first.directory(),
                    first.path(),
                    second.directory(),
                    second.path(),
                    flags);
        }
    }

    private long link(GuestThread t, long[] a) throws BadAddressException {
        byte[] name = path(t, a[1]);
        if (name != null && name.length == 0 && (a[4] & Paths.AT_EMPTY_PATH) != 0) {
            int fd = t.hostFile((int) a[0]);
            byte[] own =
                    ("/proc/self/fd/" + fd).getBytes(java.nio.charset.StandardCharsets.US_ASCII);
            try (Paths.Located to = at(t, a[2], a[3], false, 1)) {
                return fd < 0
                        ? -EBADF
                        : to.error() != 0
                                ? -to.error()
                                : host(
                                        HostCall.LINKAT,
                                        FDCWD,
                                        t.scratch.path(0, own),
                                        to.directory(),
                                        to.path(),
                                        AT_SYMLINK_FOLLOW);
            }
        }
        boolean follow = (a[4] & AT_SYMLINK_FOLLOW) != 0;
        boolean throughLink = follow && kernel.paths.confines();
        return two(
                t,
                a[0],
                a[1],
                a[2],
                a[3],
                follow,
                HostCall.LINKAT,
                throughLink || follow ? AT_SYMLINK_FOLLOW : 0);
    }

    private long symlink(GuestThread t, long target, long directory, long path)
            throws BadAddressException {
        byte[] text = path(t, target);
        if (text == null) {
            return -ENAMETOOLONG;
        }
        try (Paths.Located at = at(t, directory, path, false, 1)) {
            return at.error() != 0
                    ? -at.error()
                    : host(
                            HostCall.SYMLINKAT,
                            t.scratch.path(0, text),
                            at.directory(),
                            at.path(),
                            0,
                            0);
        }
    }

    private long fchownat(GuestThread t, long[] a) throws BadAddressException {
        byte[] name = path(t, a[1]);
        if (name != null && name.length == 0 && (a[4] & Paths.AT_EMPTY_PATH) != 0) {
            int fd = t.hostFile((int) a[0]);
            return fd < 0 ? -EBADF : host(HostCall.FCHOWN, fd, a[2], a[3], 0, 0);
        }
        return on(
                t,
                a[0],
                a[1],
                (a[4] & NOFOLLOW) == 0,
                (d, s) -> host(HostCall.FCHOWNAT, d, s, a[2], a[3], a[4]));
    }

    private long truncate(GuestThread t, long path, long length) throws BadAddressException {
        long fd = kernel.paths.open(t, FDCWD, path(t, path), Paths.How.of(1, 0));
        if (fd < 0) {
            return fd;
        }
        long result = host(HostCall.FTRUNCATE, fd, length, 0, 0, 0);
        host(HostCall.CLOSE, fd, 0, 0, 0, 0);
        return result;
    }

    private long times(SystemCall call, GuestThread t, long[] a) throws BadAddressException {
        boolean inDirectory = call != SystemCall.UTIME && call != SystemCall.UTIMES;
        long directory = inDirectory ? a[0] : FDCWD;
        long path = inDirectory ? a[1] : a[0];
        long from = inDirectory ? a[2] : a[1];
        long flags = call == SystemCall.UTIMENSAT || call == SystemCall.UTIMENSAT_TIME64 ? a[3] : 0;
        MemorySegment s = t.scratch.structs().asSlice(16384, 64);
        if (from != 0) {
            int w = t.process.abi.wordBytes();
            switch (call) {
                case UTIME -> {
                    for (int i = 0; i < 2; i++) {
                        long seconds = t.memory().get(from + (long) i * w, w);
                        s.set(ValueLayout.JAVA_LONG, 16L * i, w == 4 ? (int) seconds : seconds);
                        s.set(ValueLayout.JAVA_LONG, 16L * i + 8, 0);
                    }
                }
                case UTIMES, FUTIMESAT -> {
                    TimeCalls.getTimes(t, from, s, 2, false);
                    for (int i = 0; i < 2; i++) {
                        long micros = s.get(ValueLayout.JAVA_LONG, 16L * i + 8);
                        s.set(ValueLayout.JAVA_LONG, 16L * i + 8, micros * 1000);
                    }
                }
                default -> TimeCalls.getTimes(t, from, s, 2, call == SystemCall.UTIMENSAT_TIME64);
            }
        }
        long times = from == 0 ? 0 : s.address();
        byte[] name = path == 0 ? new byte[0] : path(t, path);
        if (name != null && name.length == 0) {
            int fd = t.hostFile((int) directory);
            return fd < 0 ? -EBADF : host(HostCall.UTIMENSAT, fd, 0, times, 0, 0);
        }
        return on(
                t,
                directory,
                path,
                (flags & NOFOLLOW) == 0,
                (d, p) -> host(HostCall.UTIMENSAT, d, p, times, flags, 0));
    }

    /// struct statfs, from the host's.
    static long putFileSystem(GuestThread t, MemorySegment s, long to, boolean wide)
            throws BadAddressException {
        GuestAbi abi = t.process.abi;
        long[] v = new long[12];
        for (int i = 0; i < 7; i++) {
            v[i] = s.get(ValueLayout.JAVA_LONG, 8L * i);
        }
        int id0 = s.get(ValueLayout.JAVA_INT, 56);
        int id1 = s.get(ValueLayout.JAVA_INT, 60);
        long nameLength = s.get(ValueLayout.JAVA_LONG, 64);
        long fragment = s.get(ValueLayout.JAVA_LONG, 72);
        long flags = s.get(ValueLayout.JAVA_LONG, 80);
        ByteBuffer b = abi.buffer(128);
        if (abi.isa.is64()) {
            for (int i = 0; i < 7; i++) {
                b.putLong(v[i]);
            }
            b.putInt(id0).putInt(id1).putLong(nameLength).putLong(fragment).putLong(flags);
            t.memory().put(to, Arrays.copyOf(GuestAbi.bytes(b), 120));
            return 0;
        }
        boolean mips = abi instanceof MipsAbi;
        b.putInt((int) v[0]).putInt((int) v[1]);
        if (mips) {
            b.putInt((int) fragment);
            if (wide) {
                b.putInt(0);
            }
        }
        long[] counts =
                mips
                        ? new long[] {v[2], v[3], v[5], v[6], v[4]}
                        : new long[] {v[2], v[3], v[4], v[5], v[6]};
        for (long each : counts) {
            if (wide) {
                b.putLong(each);
            } else {
                b.putInt((int) Math.min(each, 0xffff_ffffL));
            }
        }
        b.putInt(id0).putInt(id1).putInt((int) nameLength);
        if (!mips) {
            b.putInt((int) fragment);
        }
        b.putInt((int) flags);
        int spare = b.position() + (mips ? 20 : 16);
        t.memory().put(to, Arrays.copyOf(GuestAbi.bytes(b), wide ? Math.min(spare, 96) : spare));
        return 0;
    }

    /// Extended attributes.
    ///
    /// @param fd the host's descriptor for calls on one, or -1
    static long attributes(SystemCall call, GuestThread t, long[] a, int fd)
            throws BadAddressException {
        boolean lists = call.linuxName().contains("list");
        boolean sets = call.linuxName().contains("set");
        boolean removes = call.linuxName().contains("remove");
        byte[] name = lists ? new byte[0] : t.memory().string(a[1], 256);
        if (name == null) {
            return -ERANGE;
        }
        long value = lists ? a[1] : a[2];
        long size = removes ? 0 : lists ? a[2] : a[3];
        if (size < 0 || size > MOST_ATTRIBUTE_BYTES) {
            return sets ? -7 : -EINVAL;
        }
        MemorySegment data = t.scratch.data(MOST_ATTRIBUTE_BYTES);
        if (sets && t.memory().copyIn(value, data, 0, size) < size) {
            return -EFAULT;
        }
        long attribute = t.scratch.path(1, name);
        long result;
        if (fd >= 0) {
            result =
                    lists
                            ? host(HostCall.FLISTXATTR, fd, data.address(), size, 0, 0)
                            : removes
                                    ? host(HostCall.FREMOVEXATTR, fd, attribute, 0, 0, 0)
                                    : host(
                                            sets ? HostCall.FSETXATTR : HostCall.FGETXATTR,
                                            fd,
                                            attribute,
                                            data.address(),
                                            size,
                                            sets ? a[4] : 0);
        } else {
            boolean follow = !call.linuxName().startsWith("l") || call == SystemCall.LISTXATTR;
            try (Paths.Located at = t.kernel().paths.locate(t, FDCWD, path(t, a[0]), follow, 0)) {
                if (at.error() != 0) {
                    return -at.error();
                }
                result =
                        FileCalls.inDirectory(
                                t,
                                at,
                                s ->
                                        switch (call) {
                                            case LISTXATTR ->
                                                    host(
                                                            HostCall.LISTXATTR,
                                                            s,
                                                            data.address(),
                                                            size,
                                                            0,
                                                            0);
                                            case LLISTXATTR ->
                                                    host(
                                                            HostCall.LLISTXATTR,
                                                            s,
                                                            data.address(),
                                                            size,
                                                            0,
                                                            0);
                                            case REMOVEXATTR ->
                                                    host(
                                                            HostCall.REMOVEXATTR,
                                                            s,
                                                            attribute,
                                                            0,
                                                            0,
                                                            0);
                                            case LREMOVEXATTR ->
                                                    host(
                                                            HostCall.LREMOVEXATTR,
                                                            s,
                                                            attribute,
                                                            0,
                                                            0,
                                                            0);
                                            case SETXATTR ->
                                                    host(
                                                            HostCall.SETXATTR,
                                                            s,
                                                            attribute,
                                                            data.address(),
                                                            size,
                                                            a[4]);
                                            case LSETXATTR ->
                                                    host(
                                                            HostCall.LSETXATTR,
                                                            s,
                                                            attribute,
                                                            data.address(),
                                                            size,
                                                            a[4]);
                                            case GETXATTR ->
                                                    host(
                                                            HostCall.GETXATTR,
                                                            s,
                                                            attribute,
                                                            data.address(),
                                                            size,
                                                            0);
                                            default ->
                                                    host(
                                                            HostCall.LGETXATTR,
                                                            s,
                                                            attribute,
                                                            data.address(),
                                                            size,
                                                            0);
                                        });
            }
        }
        if (result > 0 && !sets && !removes && size > 0) {
            if (t.memory().copyOut(value, data, 0, result) < result) {
                return -EFAULT;
            }
        }
        return result;
    }
}
