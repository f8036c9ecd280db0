package straddle.linux.user;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import straddle.host.LinuxCall;

/// Where the paths that a program names are on the host: as they are, under the sysroot if they exist there, or
/// within the root that the program can't leave.
///
/// Paths are bytes: the kernel knows no character sets.
final class Paths {
    static final int AT_FDCWD = -100;
    static final int O_DIRECTORY = 0200000;
    static final int O_NOFOLLOW = 0400000;
    static final int O_NONBLOCK = 04000;
    static final int O_CLOEXEC = 02000000;
    static final int O_PATH = 010000000;
    static final int O_CREAT = 0100;
    static final int AT_SYMLINK_NOFOLLOW = 0x100;
    static final int AT_EMPTY_PATH = 0x1000;
    static final int O_TMPFILE = 020000000;

    // openat2(2).
    static final long RESOLVE_NO_XDEV = 1;
    static final long RESOLVE_NO_MAGICLINKS = 2;
    static final long RESOLVE_NO_SYMLINKS = 4;
    static final long RESOLVE_BENEATH = 8;
    static final long RESOLVE_IN_ROOT = 16;
    static final long RESOLVE_CACHED = 32;

    private static final int MOST_PATH_BYTES = 4095;

    /// All of open(2)'s flags that there are.
    static final int VALID_FLAGS = 037777703;

    /// What openat2(2) may have besides O_PATH.
    static final int WITH_O_PATH = O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC;

    private final byte[] sysroot;
    private final int root;
    private final byte[] rootPath;

    Paths(UserOptions options) {
        sysroot = options.sysroot().getBytes(StandardCharsets.UTF_8);
        if (options.root().isEmpty()) {
            root = -1;
            rootPath = new byte[0];
        } else {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment name = arena.allocateFrom(options.root());
                root =
                        (int)
                                LinuxCall.syscall(
                                        HostCall.OPENAT,
                                        AT_FDCWD,
                                        name.address(),
                                        O_PATH | O_DIRECTORY | O_CLOEXEC,
                                        0,
                                        0,
                                        0);
            }
            rootPath = root < 0 ? new byte[0] : linkOf(root);
        }
    }

    /// Whether programs are kept in a directory.
    boolean confines() {
        return rootPath.length > 0;
    }

    /// The descriptor of the root directory, or a negative number: minus the error, or that there is none.
    int root() {
        return root;
    }

    /// A path as calls take it, in a thread's scratch memory.
    ///
    /// @param error 0, or the call's error number: then the rest means nothing
    /// @param toClose a descriptor, or -1
    record Located(long directory, long path, int toClose, int error) implements AutoCloseable {
        @Override
        public void close() {
            if (toClose >= 0) {
                LinuxCall.syscall(HostCall.CLOSE, toClose, 0, 0, 0, 0, 0);
            }
        }
    }

    /// How to open a file: struct open_how with the host's flags.
    record How(int flags, int mode, long resolve) {
        /// As open(2) has it, which ignores what means nothing.
        static How of(int flags, int mode) {
            boolean creates = (flags & (O_CREAT | O_TMPFILE)) != 0;
            return new How(flags & VALID_FLAGS, creates ? mode & 07777 : 0, 0);
        }

        boolean has(long resolution) {
            return (resolve & resolution) != 0;
        }

        boolean wants(int flag) {
            return (flags & flag) != 0;
        }

        /// Whether a directory of the caller's bounds the path.
        boolean isBounded() {
            return has(RESOLVE_BENEATH | RESOLVE_IN_ROOT);
        }

        How and(int moreFlags, long moreResolve) {
            return new How(flags | moreFlags, mode, resolve | moreResolve);
        }

        private MemorySegment put(MemorySegment to) {
            boolean plain = (flags & O_PATH) != 0;
            to.set(ValueLayout.JAVA_LONG, 0, (plain ? flags & WITH_O_PATH : flags) & 0xffff_ffffL);
            to.set(ValueLayout.JAVA_LONG, 8, mode);
            to.set(ValueLayout.JAVA_LONG, 16, resolve);
            return to;
        }
    }

    private static Located failed(int errno) {
        return new Located(0, 0, -1, errno);
    }

    /// @param follow whether the last component is followed if it is a symbolic link
    /// @param slot which of the thread's two paths
    Located locate(GuestThread t, int directory, byte[] path, boolean follow, int slot) {
        if (path == null) {
            return failed(Errno.ENAMETOOLONG);
        }
        if (path.length == 0) {
            return failed(Errno.ENOENT);
        }
        byte[] full = ProcFiles.absolute(t, directory, path);
        ProcFiles.Target target = ProcFiles.target(t, full, follow);
        byte[] known = target == null ? full : target.path;
        if (known.length > MOST_PATH_BYTES) {
            return failed(Errno.ENAMETOOLONG);
        }
        if (target != null && target.isDescriptor) {
            return new Located(AT_FDCWD, t.scratch.path(slot, known), -1, 0);
        }
        if (confines()) {
            return locateWithin(t, directory, known, follow, slot);
        }
        if (known != path) {
            return new Located(AT_FDCWD, t.scratch.path(slot, known), -1, 0);
        }
        boolean absolute = path[0] == '/';
        if (absolute) {
            return new Located(AT_FDCWD, t.scratch.path(slot, inSysroot(t, path, slot)), -1, 0);
        }
        int host = directory(t, directory);
        if (host == -1) {
            return failed(Errno.EBADF);
        }
        return new Located(host, t.scratch.path(slot, path), -1, 0);
    }

    /// The host's descriptor of a directory, AT_FDCWD or -1.
    int directory(GuestThread t, int directory) {
        if (directory == AT_FDCWD) {
            OpenFile cwd = t.directory(t.process);
            return cwd == null ? AT_FDCWD : cwd.host;
        }
        return t.hostFile(directory);
    }

    private byte[] inSysroot(GuestThread t, byte[] path, int slot) {
        if (sysroot.length == 0 || sysroot.length + path.length > 4096) {
            return path;
        }
        byte[] there = Arrays.copyOf(sysroot, sysroot.length + path.length);
        System.arraycopy(path, 0, there, sysroot.length, path.length);
        long name = t.scratch.path(slot, there);
        boolean exists =
                LinuxCall.syscall(HostCall.FACCESSAT2, AT_FDCWD, name, 0, AT_SYMLINK_NOFOLLOW, 0, 0)
                        == 0;
        return exists ? there : path;
    }

    // ---- within a root

    private Located locateWithin(
            GuestThread t, int directory, byte[] path, boolean follow, int slot) {
        FromRoot named = fromRoot(t, directory, path);
        if (named.error != 0) {
            return failed(named.error);
        }
        byte[] full = named.path;
        int end = full.length;
        while (end > 1 && full[end - 1] == '/') {
            end--;
        }
        int slash = end - 1;
        while (slash >= 0 && full[slash] != '/') {
            slash--;
        }
        byte[] name = Arrays.copyOfRange(full, slash + 1, end);
        String last = new String(name, StandardCharsets.ISO_8859_1);
        boolean special = last.isEmpty() || last.equals(".") || last.equals("..");
        boolean slashed = end < full.length;
        if (follow || special) {
            int found = open(t, full, O_PATH | O_CLOEXEC, 0, slot);
            if (found < 0) {
                return failed(-found);
            }
            return follow ? byDescriptor(t, found, slot) : itself(t, found, slot);
        }
        byte[] parent = slash <= 0 ? new byte[] {'/'} : Arrays.copyOf(full, slash);
        int found = open(t, parent, O_PATH | O_DIRECTORY | O_CLOEXEC, 0, slot);
        if (found < 0) {
            return failed(-found);
        }
        long there = t.scratch.path(slot, name);
        if (slashed && isLink(found, there)) {
            // What the link leads to is meant, and must be found within the root.
            LinuxCall.syscall(HostCall.CLOSE, found, 0, 0, 0, 0, 0);
            int target = open(t, full, O_PATH | O_DIRECTORY | O_CLOEXEC, 0, slot);
            return target < 0 ? failed(-target) : itself(t, target, slot);
        }
        return new Located(found, there, found, 0);
    }

    private static boolean isLink(int directory, long name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment target = arena.allocate(1);
            return LinuxCall.syscall(
                            HostCall.READLINKAT, directory, name, target.address(), 1, 0, 0)
                    >= 0;
        }
    }

    /// An open file or directory by a name that calls follow.
    private static Located byDescriptor(GuestThread t, int fd, int slot) {
        byte[] link = ("/proc/self/fd/" + fd).getBytes(StandardCharsets.US_ASCII);
        return new Located(AT_FDCWD, t.scratch.path(slot, link), fd, 0);
    }

    /// An open directory by a name that needs no following.
    private static Located itself(GuestThread t, int fd, int slot) {
        return new Located(fd, t.scratch.path(slot, new byte[] {'.'}), fd, 0);
    }

    /// Opens from the root, which nothing in the path can leave.
    private int open(GuestThread t, byte[] path, int flags, int mode, int slot) {
        How how = new How(flags, mode, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
        MemorySegment raw = how.put(t.scratch.structs());
        long name = t.scratch.path(slot, path);
        return (int) LinuxCall.syscall(HostCall.OPENAT2, root, name, raw.address(), 24, 0, 0);
    }

    /// openat2(2), which a signal may end.
    private static long open(GuestThread t, long directory, long name, How how) {
        MemorySegment raw = how.put(t.scratch.structs());
        return t.blocking(HostCall.OPENAT2, directory, name, raw.address(), 24, 0, 0);
    }

    /// A path from the root on.
    private static final class FromRoot {
        final byte[] path;

        /// 0, or why there is none.
        final int error;

        FromRoot(byte[] path, int error) {
            this.path = path;
            this.error = error;
        }
    }

    private FromRoot fromRoot(GuestThread t, int directory, byte[] path) {
        if (path[0] == '/') {
            return new FromRoot(path, 0);
        }
        int host = directory(t, directory);
        if (host == -1) {
            return new FromRoot(path, Errno.EBADF);
        }
        byte[] link = host == AT_FDCWD ? rootPath : linkOf(host);
        if (!isWithin(link)) {
            // The kernel has no names that are longer than a page. Some are of no directory, or of
            // one that is not in the root.
            boolean outside = link.length > 0 && link[0] == '/';
            int error = outside ? Errno.EACCES : Errno.ENOTDIR;
            return new FromRoot(path, link.length == 0 ? Errno.ENAMETOOLONG : error);
        }
        byte[] base = within(link);
        byte[] full = Arrays.copyOf(base, base.length + 1 + path.length);
        full[base.length] = '/';
        System.arraycopy(path, 0, full, base.length + 1, path.length);
        return new FromRoot(full, full.length > MOST_PATH_BYTES ? Errno.ENAMETOOLONG : 0);
    }

    /// The path of an open file as the program sees it; empty if it has none, or too long a one.
    byte[] shown(int host) {
        byte[] link = linkOf(host);
        byte[] path = within(link);
        return path.length == 0 && link.length > 0 ? new byte[] {'/'} : path;
    }

    /// A host's path as the program sees it.
    byte[] within(byte[] host) {
        boolean inside = confines() && rootPath.length > 1 && isWithin(host);
        return inside ? Arrays.copyOfRange(host, rootPath.length, host.length) : host;
    }

    /// openat2(2), and openat(2) if it resolves as ever.
    long open(GuestThread t, int directory, byte[] path, How wanted) {
        if (path == null) {
            return -Errno.ENAMETOOLONG;
        }
        if (path.length == 0) {
            return -Errno.ENOENT;
        }
        How how = wanted.and(O_CLOEXEC, 0);
        if (how.isBounded()) {
            return openBounded(t, directory, path, how);
        }
        byte[] full = ProcFiles.absolute(t, directory, path);
        if (how.has(RESOLVE_NO_SYMLINKS) && ProcFiles.isByLink(full)) {
            return -Errno.ELOOP;
        }
        boolean follow = !how.wants(O_NOFOLLOW);
        int generated = how.wants(O_PATH) ? ProcFiles.NOT_OURS : ProcFiles.open(t, full);
        if (generated != ProcFiles.NOT_OURS) {
            return generated >= 0 && how.has(RESOLVE_NO_XDEV)
                    ? refused(generated, Errno.EXDEV)
                    : generated;
        }
        ProcFiles.Target target = ProcFiles.target(t, full, follow);
        byte[] known = target == null ? full : target.path;
        boolean byMagic = target != null || ProcFiles.isBeyondLink(path, full);
        if (byMagic && how.has(RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS)) {
            return -Errno.ELOOP;
        }
        if (known.length > MOST_PATH_BYTES) {
            return -Errno.ENAMETOOLONG;
        }
        if (confines() && (target == null || !target.isDescriptor)) {
            FromRoot named = fromRoot(t, directory, known);
            How kept = how.and(0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
            return named.error != 0
                    ? -named.error
                    : kept(open(t, root, t.scratch.path(0, named.path), kept));
        }
        if (how.resolve == 0) {
            try (Located at = locate(t, directory, path, follow, 0)) {
                return at.error() != 0
                        ? -at.error()
                        : t.blocking(
                                HostCall.OPENAT,
                                at.directory(),
                                at.path(),
                                how.flags,
                                how.mode,
                                0,
                                0);
            }
        }
        int from = directory(t, directory);
        if (path[0] == '/') {
            byte[] there = inSysroot(t, path, 0);
            return there == path
                    ? open(t, AT_FDCWD, t.scratch.path(0, path), how)
                    : openInSysroot(t, path, how);
        }
        return from == -1 ? -Errno.EBADF : open(t, from, t.scratch.path(0, path), how);
    }

    /// Of what there is within a root, the memory of this process would be a way out.
    private static long kept(long fd) {
        return fd >= 0 && ProcFiles.isMemory((int) fd) ? refused((int) fd, Errno.EACCES) : fd;
    }

    private static long refused(int fd, int errno) {
        LinuxCall.syscall(HostCall.CLOSE, fd, 0, 0, 0, 0, 0);
        return -errno;
    }

    /// How the sysroot itself is reached is none of the program's business.
    private long openInSysroot(GuestThread t, byte[] path, How how) {
        long name = t.scratch.path(0, sysroot);
        int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
        long from = LinuxCall.syscall(HostCall.OPENAT, AT_FDCWD, name, flags, 0, 0, 0);
        if (from < 0) {
            return from;
        }
        int slashes = 0;
        while (slashes < path.length && path[slashes] == '/') {
            slashes++;
        }
        byte[] rest = Arrays.copyOfRange(path, slashes, path.length);
        byte[] relative = rest.length == 0 ? new byte[] {'.'} : rest;
        try {
            return open(t, from, t.scratch.path(0, relative), how);
        } finally {
            LinuxCall.syscall(HostCall.CLOSE, from, 0, 0, 0, 0, 0);
        }
    }

    /// The kernel keeps the path in the directory, which must be one within the root.
    private long openBounded(GuestThread t, int directory, byte[] path, How how) {
        int from = directory(t, directory);
        if (from == -1) {
            return -Errno.EBADF;
        }
        if (!confines()) {
            return open(t, from, t.scratch.path(0, path), how);
        }
        if (from == AT_FDCWD) {
            from = root;
        } else if (!isWithin(linkOf(from))) {
            return -Errno.EXDEV;
        }
        return kept(open(t, from, t.scratch.path(0, path), how.and(0, RESOLVE_NO_MAGICLINKS)));
    }

    private boolean isWithin(byte[] host) {
        int length = rootPath.length;
        boolean longer = host.length > length && (host[length] == '/' || length == 1);
        boolean begins =
                Arrays.equals(rootPath, Arrays.copyOf(host, Math.min(length, host.length)));
        return begins && (host.length == length || longer);
    }

    /// What a descriptor refers to: the target of its link in /proc.
    static byte[] linkOf(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom("/proc/self/fd/" + fd);
            MemorySegment target = arena.allocate(4096);
            long length =
                    LinuxCall.syscall(
                            HostCall.READLINKAT,
                            AT_FDCWD,
                            name.address(),
                            target.address(),
                            4096,
                            0,
                            0);
            return length < 0
                    ? new byte[0]
                    : target.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
        }
    }

    static String text(byte[] path) {
        return new String(path, StandardCharsets.ISO_8859_1);
    }
}
