package straddle.linux.user;

import static straddle.linux.user.Errno.*;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import straddle.core.user.BadAddressException;
import straddle.core.user.UserMemory;
import straddle.host.LinuxCall;

/// Calls on descriptors.
final class FileCalls implements SystemCalls.Handler {
    private static final int O_CLOEXEC = Paths.O_CLOEXEC;
    private static final int O_NONBLOCK = Paths.O_NONBLOCK;
    private static final int O_ASYNC = 020000;
    private static final int MOST_VECTORS = 1024;
    private static final long CLOSE_RANGE_CLOEXEC = 4;
    private static final long CLOSE_RANGE_FLAGS = 6;

    /// What of a write to a master is looked at for keys: nobody types more at once.
    private static final int MOST_TYPED = 4096;

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;

    // fcntl(2).
    private static final int F_DUPFD = 0;
    private static final int F_GETFD = 1;
    private static final int F_SETFD = 2;
    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;
    private static final int F_GETLK = 5;
    private static final int F_SETLKW = 7;
    private static final int F_SETOWN = 8;
    private static final int F_GETOWN = 9;
    private static final int F_GETSIG = 11;
    private static final int F_GETLK64 = 12;
    private static final int F_SETLKW64 = 14;
    private static final int F_OFD_GETLK = 36;
    private static final int F_OFD_SETLKW = 38;
    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final int F_SETPIPE_SZ = 1031;
    private static final int F_GET_SEALS = 1034;

    private final Kernel kernel;
    private final Ioctls ioctls = new Ioctls();

    FileCalls(Kernel kernel) {
        this.kernel = kernel;
    }

    static long host(long number, long a, long b, long c, long d) {
        return LinuxCall.syscall(number, a, b, c, d, 0, 0);
    }

    @Override
    public long call(SystemCall call, GuestThread t, long[] a) throws BadAddressException {
        GuestProcess p = t.process;
        GuestAbi abi = p.abi;
        switch (call) {
            case CLOSE -> {
                OpenFile file = p.files.remove((int) a[0]);
                return file == null ? -EBADF : file.release();
            }
            case CLOSE_RANGE -> {
                return closeRange(p, a);
            }
            case DUP -> {
                OpenFile file = p.files.retain((int) a[0]);
                return file == null ? -EBADF : add(p, file, false, 0);
            }
            case DUP2 -> {
                boolean same = a[0] == a[1] && p.files.get((int) a[0]) != null;
                return same ? a[0] : dup(p, (int) a[0], (int) a[1], false);
            }
            case DUP3 -> {
                boolean cloexec = (abi.openFlagsToHost((int) a[2]) & O_CLOEXEC) != 0;
                return a[0] == a[1] ? -EINVAL : dup(p, (int) a[0], (int) a[1], cloexec);
            }
            case PIPE, PIPE2 -> {
                return pipe(t, a[0], call == SystemCall.PIPE ? 0 : abi.openFlagsToHost((int) a[1]));
            }
            case EVENTFD, EVENTFD2 -> {
                int flags = call == SystemCall.EVENTFD ? 0 : abi.openFlagsToHost((int) a[1]);
                return adopt(p, host(HostCall.EVENTFD2, a[0], flags | O_CLOEXEC, 0, 0), flags);
            }
            case INOTIFY_INIT, INOTIFY_INIT1 -> {
                int flags = call == SystemCall.INOTIFY_INIT ? 0 : abi.openFlagsToHost((int) a[0]);
                return adopt(p, host(HostCall.INOTIFY_INIT1, flags | O_CLOEXEC, 0, 0, 0), flags);
            }
            case TIMERFD_CREATE -> {
                int flags = abi.openFlagsToHost((int) a[1]);
                return adopt(
                        p, host(HostCall.TIMERFD_CREATE, a[0], flags | O_CLOEXEC, 0, 0), flags);
            }
            case MEMFD_CREATE -> {
                byte[] name = t.memory().string(a[0], 250);
                if (name == null) {
                    return -EINVAL;
                }
                long fd = host(HostCall.MEMFD_CREATE, t.scratch.path(0, name), a[1] | 1, 0, 0);
                return adopt(p, fd, (a[1] & 1) != 0 ? O_CLOEXEC : 0);
            }
            case SIGNALFD, SIGNALFD4 -> {
                return signalFile(t, a, call == SystemCall.SIGNALFD ? 0 : (int) a[3]);
            }
            case PIDFD_OPEN -> {
                return PidFile.open(t, (int) a[0], (int) a[1]);
            }
            case SYNC -> {
                return host(HostCall.SYNC, 0, 0, 0, 0);
            }
            case COPY_FILE_RANGE, SPLICE -> {
                return transfer(call, t, a);
            }
            default -> {
                OpenFile file = t.file((int) a[0]);
                return file == null ? -EBADF : onDescriptor(call, t, a, file);
            }
        }
    }

    private long onDescriptor(SystemCall call, GuestThread t, long[] a, OpenFile file)
            throws BadAddressException {
        GuestProcess p = t.process;
        int fd = file.host;
        if (file instanceof PidFile && PidFile.lacks(call)) {
            return -EINVAL;
        }
        switch (call) {
            case PIDFD_GETFD -> {
                return takeFile(t, a);
            }
            case READ -> {
                if (file instanceof SignalFile signals) {
                    return signals.read(t, a[1], a[2]);
                }
                long refused = kernel.terminals.reads(t, file);
                return refused != 0 ? refused : read(t, fd, a[1], a[2], -1);
            }
            case WRITE -> {
                long refused = kernel.terminals.writes(t, file);
                long n = refused != 0 ? refused : write(t, fd, a[1], a[2], -1);
                if (n > 0 && Terminals.isMaster(file)) {
                    MemorySegment data = t.scratch.data(Math.min(n, MOST_TYPED));
                    long typed = t.memory().copyIn(a[1], data, 0, Math.min(n, MOST_TYPED));
                    kernel.terminals.typed(t, file, data, typed);
                }
                return n;
            }
            case PREAD64 -> {
                return a[3] < 0 ? -EINVAL : read(t, fd, a[1], a[2], a[3]);
            }
            case PWRITE64 -> {
                return a[3] < 0 ? -EINVAL : write(t, fd, a[1], a[2], a[3]);
            }
            case READV, PREADV, PREADV2 -> {
                long refused = kernel.terminals.reads(t, file);
                return refused != 0 ? refused : vectors(t, fd, a, call == SystemCall.READV, true);
            }
            case WRITEV, PWRITEV, PWRITEV2 -> {
                long refused = kernel.terminals.writes(t, file);
                if (refused != 0) {
                    return refused;
                }
                long n = vectors(t, fd, a, call == SystemCall.WRITEV, false);
                if (n > 0 && Terminals.isMaster(file)) {
                    // What was written is still in scratch memory.
                    kernel.terminals.typed(t, file, t.scratch.data(n), n);
                }
                return n;
            }
            case LSEEK -> {
                if (file instanceof ProcDirectory list && list.isListed()) {
                    return list.seek(a[1], (int) a[2]);
                }
                return host(HostCall.LSEEK, fd, a[1], a[2], 0);
            }
            case _LLSEEK -> {
                long offset = a[1] << 32 | a[2];
                long at =
                        file instanceof ProcDirectory list && list.isListed()
                                ? list.seek(offset, (int) a[4])
                                : host(HostCall.LSEEK, fd, offset, a[4], 0);
                if (at < 0) {
                    return at;
                }
                t.memory().put(a[3], 8, at);
                return 0;
            }
            case FCNTL, FCNTL64 -> {
                return fcntl(t, a, fd);
            }
            case IOCTL -> {
                return ioctls.call(t, file, (int) a[1], a[2]);
            }
            case FTRUNCATE, FTRUNCATE64 -> {
                return host(HostCall.FTRUNCATE, fd, a[1], 0, 0);
            }
            case FSYNC -> {
                return host(HostCall.FSYNC, fd, 0, 0, 0);
            }
            case FDATASYNC -> {
                return host(HostCall.FDATASYNC, fd, 0, 0, 0);
            }
            case SYNCFS -> {
                return host(HostCall.SYNCFS, fd, 0, 0, 0);
            }
            case FLOCK -> {
                return t.blocking(HostCall.FLOCK, fd, a[1], 0, 0, 0, 0);
            }
            case FALLOCATE -> {
                return host(HostCall.FALLOCATE, fd, a[1], a[2], a[3]);
            }
            case FADVISE64, FADVISE64_64, ARM_FADVISE64_64 -> {
                return 0;
            }
            case SYNC_FILE_RANGE -> {
                return host(HostCall.SYNC_FILE_RANGE, fd, a[1], a[2], a[3]);
            }
            case READAHEAD -> {
                return host(HostCall.READAHEAD, fd, a[1], a[2], 0);
            }
            case SENDFILE, SENDFILE64 -> {
                return sendfile(t, a, fd, call == SystemCall.SENDFILE64);
            }
            case TEE -> {
                int to = t.hostFile((int) a[1]);
                return to < 0 ? -EBADF : t.blocking(HostCall.TEE, fd, to, a[2], a[3], 0, 0);
            }
            case GETDENTS64 -> {
                return directory(t, file, a[1], a[2], true);
            }
            case GETDENTS -> {
                return directory(t, file, a[1], a[2], false);
            }
            case FCHMOD -> {
                return host(HostCall.FCHMOD, fd, a[1] & 07777, 0, 0);
            }
            case FCHOWN, FCHOWN32 -> {
                return host(HostCall.FCHOWN, fd, a[1], a[2], 0);
            }
            case FSTAT, FSTAT64 -> {
                MemorySegment s = t.scratch.structs();
                long result = host(HostCall.FSTAT, fd, s.address(), 0, 0);
                if (result == 0) {
                    t.memory().put(a[1], p.abi.stat(FileStatus.of(s)));
                }
                return result;
            }
            case FSTATFS, FSTATFS64 -> {
                MemorySegment s = t.scratch.structs();
                long result = host(HostCall.FSTATFS, fd, s.address(), 0, 0);
                return result < 0
                        ? result
                        : PathCalls.putFileSystem(
                                t,
                                s,
                                a[call == SystemCall.FSTATFS ? 1 : 2],
                                call == SystemCall.FSTATFS64);
            }
            case FCHDIR -> {
                long own = host(HostCall.FCNTL, fd, F_DUPFD_CLOEXEC, 3, 0);
                boolean inProc = own >= 0 && file instanceof ProcDirectory;
                return changeDirectory(
                        t, own, inProc ? ((ProcDirectory) file).by((int) own) : null);
            }
            case INOTIFY_ADD_WATCH -> {
                byte[] path = t.memory().string(a[1], 4096);
                try (Paths.Located at =
                        kernel.paths.locate(t, Paths.AT_FDCWD, path, (a[2] & 0x200_0000) == 0, 0)) {
                    if (at.error() != 0) {
                        return -at.error();
                    }
                    return inDirectory(
                            t, at, path0 -> host(HostCall.INOTIFY_ADD_WATCH, fd, path0, a[2], 0));
                }
            }
            case INOTIFY_RM_WATCH -> {
                return host(HostCall.INOTIFY_RM_WATCH, fd, a[1], 0, 0);
            }
            case TIMERFD_SETTIME, TIMERFD_SETTIME64 -> {
                MemorySegment s = t.scratch.structs();
                boolean wide = call == SystemCall.TIMERFD_SETTIME64;
                TimeCalls.getTimes(t, a[2], s, 2, wide);
                long result =
                        host(HostCall.TIMERFD_SETTIME, fd, a[1], s.address(), s.address() + 32);
                if (result == 0 && a[3] != 0) {
                    TimeCalls.putTimes(t, a[3], s.asSlice(32), 2, wide);
                }
                return result;
            }
            case TIMERFD_GETTIME, TIMERFD_GETTIME64 -> {
                MemorySegment s = t.scratch.structs();
                long result = host(HostCall.TIMERFD_GETTIME, fd, s.address(), 0, 0);
                if (result == 0) {
                    TimeCalls.putTimes(t, a[1], s, 2, call == SystemCall.TIMERFD_GETTIME64);
                }
                return result;
            }
            case FGETXATTR, FSETXATTR, FLISTXATTR, FREMOVEXATTR -> {
                return PathCalls.attributes(call, t, a, fd);
            }
            default -> throw new IllegalStateException(call.linuxName());
        }
    }

    // ---- descriptors

    static long add(GuestProcess p, OpenFile file, boolean cloexec, int from) {
        int fd = p.files.add(file, cloexec, from);
        if (fd < 0) {
            file.release();
        }
        return fd;
    }

    /// Gives a new descriptor of the host's a number.
    ///
    /// @param result of the call that made it, or its error
    static long adopt(GuestProcess p, long result, int flags) {
        if (result < 0) {
            return result;
        }
        return add(p, new OpenFile((int) result, true), (flags & O_CLOEXEC) != 0, 0);
    }

    /// pidfd_getfd(2): another process's file under a number of one's own.
    private static long takeFile(GuestThread t, long[] a) {
        if (a[2] != 0) {
            return -EINVAL;
        }
        GuestProcess of = PidFile.processOf(t, (int) a[0]);
        if (of == null) {
            return -EBADF;
        }
        if (of.exiting) {
            return -ESRCH;
        }
        OpenFile file = of.files.retain((int) a[1]);
        return file == null ? -EBADF : add(t.process, file, true, 0);
    }

    private static long dup(GuestProcess p, int from, int to, boolean cloexec) {
        if (to < 0 || to >= p.files.limit()) {
            return -EBADF;
        }
        OpenFile file = p.files.retain(from);
        if (file == null) {
            return -EBADF;
        }
        OpenFile before = p.files.put(to, file, cloexec);
        if (before != null) {
            before.release();
        }
        return to;
    }

    private static long closeRange(GuestProcess p, long[] a) {
        long first = a[0] & 0xffff_ffffL;
        long last = a[1] & 0xffff_ffffL;
        if (first > last || (a[2] & ~CLOSE_RANGE_FLAGS) != 0) {
            return -EINVAL;
        }
        int end = (int) Math.min(last + 1, p.files.length());
        for (int fd = (int) Math.min(first, end); fd < end; fd++) {
            if ((a[2] & CLOSE_RANGE_CLOEXEC) != 0) {
                p.files.closeOnExec(fd, true);
            } else {
                OpenFile file = p.files.remove(fd);
                if (file != null) {
                    file.release();
                }
            }
        }
        return 0;
    }

    private long signalFile(GuestThread t, long[] a, int guestFlags) throws BadAddressException {
        GuestProcess p = t.process;
        if (a[2] != p.abi.signalSetBytes()) {
            return -EINVAL;
        }
        int flags = p.abi.openFlagsToHost(guestFlags);
        if ((flags & ~(O_CLOEXEC | O_NONBLOCK)) != 0) {
            return -EINVAL;
        }
        long set = p.abi.readSignals(t.memory(), a[1]) & ~Signal.NEVER_BLOCKED;
        SignalFile file;
        long fd = (int) a[0];
        if (fd == -1) {
            long made = host(HostCall.EVENTFD2, 0, flags | O_CLOEXEC, 0, 0);
            if (made < 0) {
                return made;
            }
            file = new SignalFile((int) made, set, kernel.signalFiles);
            fd = add(p, file, (flags & O_CLOEXEC) != 0, 0);
            if (fd < 0) {
                return fd;
            }
        } else {
            OpenFile there = t.file((int) fd);
            if (!(there instanceof SignalFile signals)) {
                return there == null ? -EBADF : -EINVAL;
            }
            file = signals;
            file.set(set);
        }
        if ((t.pendingSignals() & set) != 0) {
            file.ready();
        }
        return fd;
    }

    private static long pipe(GuestThread t, long address, int flags) throws BadAddressException {
        MemorySegment s = t.scratch.structs();
        long result = host(HostCall.PIPE2, s.address(), flags | O_CLOEXEC, 0, 0);
        if (result < 0) {
            return result;
        }
        return pair(t, s, address, flags);
    }

    /// Gives two new descriptors numbers, and stores those.
    static long pair(GuestThread t, MemorySegment fds, long address, int flags)
            throws BadAddressException {
        GuestProcess p = t.process;
        long first = adopt(p, fds.get(INT, 0), flags);
        long second = adopt(p, fds.get(INT, 4), flags);
        if (second < 0) {
            if (first >= 0) {
                p.files.remove((int) first).release();
            }
            return -EMFILE;
        }
        if (p.abi instanceof MipsAbi mips && address != 0 && mips.returnsPairs(t)) {
            return mips.pair(t.vcpu, first, second);
        }
        t.memory().put(address, 4, first);
        t.memory().put(address + 4, 4, second);
        return 0;
    }

    private long fcntl(GuestThread t, long[] a, int fd) throws BadAddressException {
        GuestProcess p = t.process;
        int number = (int) a[0];
        int command = p.abi.fcntlToHost((int) a[1]);
        switch (command) {
            case F_DUPFD, F_DUPFD_CLOEXEC -> {
                if (a[2] > Integer.MAX_VALUE || (int) a[2] < 0 || a[2] >= p.files.limit()) {
                    return -EINVAL;
                }
                OpenFile file = p.files.retain(number);
                return file == null ? -EBADF : add(p, file, command == F_DUPFD_CLOEXEC, (int) a[2]);
            }
            case F_GETFD -> {
                return p.files.isClosedOnExec(number) ? 1 : 0;
            }
            case F_SETFD -> {
                p.files.closeOnExec(number, (a[2] & 1) != 0);
                return 0;
            }
            case F_GETFL -> {
                long flags = host(HostCall.FCNTL, fd, F_GETFL, 0, 0);
                return flags < 0 ? flags : p.abi.openFlagsToGuest((int) flags);
            }
            case F_SETFL -> {
                // Signals of input would be the JVM's.
                int flags = p.abi.openFlagsToHost((int) a[2]) & ~O_ASYNC;
                return host(HostCall.FCNTL, fd, F_SETFL, flags, 0);
            }
            case F_GETLK, 6, F_SETLKW, F_GETLK64, 13, F_SETLKW64, F_OFD_GETLK, 37, F_OFD_SETLKW -> {
                return lock(t, a, fd, command);
            }
            case F_SETOWN -> {
                // The host would signal any process of this user's, by numbers that are none of the
                // program's.
                int owner = Math.abs((int) a[2]);
                return owner == 0 || kernel.processes.containsKey(owner) ? 0 : -ESRCH;
            }
            case F_GETOWN, F_GETSIG -> {
                return 0;
            }
            case F_SETPIPE_SZ, 1032, 1033, F_GET_SEALS -> {
                return host(HostCall.FCNTL, fd, command, a[2], 0);
            }
            default -> {
                return -EINVAL;
            }
        }
    }

    /// All guest processes are one process of the host's, so that its locks of processes would not keep them apart: locks of
    /// open files do.
    private long lock(GuestThread t, long[] a, int fd, int command) throws BadAddressException {
        GuestAbi abi = t.process.abi;
        boolean wide =
                abi.isa.is64()
                        || command >= F_GETLK64 && command <= F_SETLKW64
                        || command >= F_OFD_GETLK;
        boolean gap = abi.isa.is64() || wide && abi.alignsPairs();
        int offset = gap ? 8 : 4;
        int width = wide ? 8 : 4;
        UserMemory memory = t.memory();
        MemorySegment s = t.scratch.structs();
        s.set(ValueLayout.JAVA_SHORT, 0, (short) memory.get(a[2], 2));
        s.set(ValueLayout.JAVA_SHORT, 2, (short) memory.get(a[2] + 2, 2));
        long start = memory.get(a[2] + offset, width);
        long length = memory.get(a[2] + offset + width, width);
        s.set(LONG, 8, wide ? start : (int) start);
        s.set(LONG, 16, wide ? length : (int) length);
        s.set(LONG, 24, 0);
        int kind =
                command >= F_OFD_GETLK
                        ? command
                        : command >= F_GETLK64
                                ? command - F_GETLK64 + F_OFD_GETLK
                                : command - F_GETLK + F_OFD_GETLK;
        long result = t.blocking(HostCall.FCNTL, fd, kind, s.address(), 0, 0, 0);
        if (result == 0 && kind == F_OFD_GETLK) {
            memory.put(a[2], 2, s.get(ValueLayout.JAVA_SHORT, 0));
            memory.put(a[2] + 2, 2, s.get(ValueLayout.JAVA_SHORT, 2));
            memory.put(a[2] + offset, width, s.get(LONG, 8));
            memory.put(a[2] + offset + width, width, s.get(LONG, 16));
            memory.put(a[2] + offset + 2L * width, 4, 0);
        }
        return result;
    }

    // ---- data

    /// @param position -1 for the file's own
    private static long read(GuestThread t, int fd, long address, long bytes, long position)
            throws BadAddressException {
        long wanted = Math.min(bytes < 0 ? Long.MAX_VALUE : bytes, Integer.MAX_VALUE & -4096);
        long done = 0;
        while (true) {
            long part = Math.min(wanted - done, Scratch.MOST_DATA_BYTES);
            long writable = t.memory().writable(address + done, part);
            if (writable == 0 && part > 0) {
                if (done > 0) {
                    return done;
                }
                throw new BadAddressException(address);
            }
            part = writable;
            MemorySegment data = t.scratch.data(part);
            long n =
                    position < 0
                            ? t.blocking(HostCall.READ, fd, data.address(), part, 0, 0, 0)
                            : t.blocking(
                                    HostCall.PREAD64,
                                    fd,
                                    data.address(),
                                    part,
                                    position + done,
                                    0,
                                    0);
            if (n < 0) {
                return done > 0 ? done : n;
            }
            t.memory().copyOut(address + done, data, 0, n);
            done += n;
            if (n < Scratch.MOST_DATA_BYTES || done >= wanted || !isRegular(t, fd)) {
                return done;
            }
        }
    }

    private static boolean isRegular(GuestThread t, int fd) {
        MemorySegment s = t.scratch.structs();
        return host(HostCall.FSTAT, fd, s.address(), 0, 0) == 0 && FileStatus.of(s).isRegular();
    }

    private static long write(GuestThread t, int fd, long address, long bytes, long position)
            throws BadAddressException {
        long wanted = Math.min(bytes < 0 ? Long.MAX_VALUE : bytes, Integer.MAX_VALUE & -4096);
        long done = 0;
        do {
            long part = Math.min(wanted - done, Scratch.MOST_DATA_BYTES);
            MemorySegment data = t.scratch.data(part);
            long readable = t.memory().copyIn(address + done, data, 0, part);
            if (readable == 0 && part > 0) {
                if (done > 0) {
                    return done;
                }
                throw new BadAddressException(address);
            }
            long n =
                    position < 0
                            ? t.blocking(HostCall.WRITE, fd, data.address(), readable, 0, 0, 0)
                            : t.blocking(
                                    HostCall.PWRITE64,
                                    fd,
                                    data.address(),
                                    readable,
                                    position + done,
                                    0,
                                    0);
            if (n < 0) {
                return done > 0 ? done : n;
            }
            done += n;
            if (n < part) {
                return done;
            }
        } while (done < wanted);
        return done;
    }

    /// Ranges of the program's memory.
    static final class Vectors {
        private final long[] starts;
        private final long[] lengths;
        private final long total;

        private Vectors(long[] starts, long[] lengths, long total) {
            this.starts = starts;
            this.lengths = lengths;
            this.total = total;
        }

        long total() {
            return total;
        }

        static Vectors read(GuestThread t, long address, long count) throws BadAddressException {
            int w = t.process.abi.wordBytes();
            ByteBuffer raw = t.process.abi.buffer(t.memory().bytes(address, (int) count * 2 * w));
            long[] starts = new long[(int) count];
            long[] lengths = new long[(int) count];
            long total = 0;
            for (int i = 0; i < count; i++) {
                starts[i] = t.process.abi.getWord(raw, 2 * w * i);
                lengths[i] = t.process.abi.getWord(raw, 2 * w * i + w);
                if (lengths[i] < 0 || total + lengths[i] < 0) {
                    return null;
                }
                total += lengths[i];
            }
            return new Vectors(starts, lengths, total);
        }

        Cursor cursor() {
            return new Cursor(starts, lengths);
        }

        /// Copies from the program, at most so many bytes; returns how many.
        long gather(GuestThread t, MemorySegment to, long most) throws BadAddressException {
            long done = 0;
            for (int i = 0; i < starts.length && done < most; i++) {
                long part = Math.min(lengths[i], most - done);
                long copied = t.memory().copyIn(starts[i], to, done, part);
                done += copied;
                if (copied < part) {
                    if (done == 0) {
                        throw new BadAddressException(starts[i]);
                    }
                    return done;
                }
            }
            return done;
        }

        /// Copies to the program.
        void scatter(GuestThread t, MemorySegment from, long bytes) throws BadAddressException {
            long done = 0;
            for (int i = 0; i < starts.length && done < bytes; i++) {
                long part = Math.min(lengths[i], bytes - done);
                long copied = t.memory().copyOut(starts[i], from, done, part);
                done += copied;
                if (copied < part) {
                    throw new BadAddressException(starts[i] + copied);
                }
            }
        }
    }

    /// A place in vectors.
    static final class Cursor {
        private final long[] starts;
        private final long[] lengths;
        private int index;
        private long offset;

        private Cursor(long[] starts, long[] lengths) {
            this.starts = starts;
            this.lengths = lengths;
            advance(0);
        }

        long address() {
            return starts[index] + offset;
        }

        /// Bytes from the address on; 0 at the end.
        long left() {
            return index < starts.length ? lengths[index] - offset : 0;
        }

        /// @param bytes at most as many as are left
        void advance(long bytes) {
            offset += bytes;
            while (index < starts.length && offset == lengths[index]) {
                index++;
                offset = 0;
            }
        }
    }

    private static long vectors(GuestThread t, int fd, long[] a, boolean own, boolean reads)
            throws BadAddressException {
        if (a[2] < 0 || a[2] > MOST_VECTORS) {
            return -EINVAL;
        }
        Vectors all = Vectors.read(t, a[1], a[2]);
        if (all == null) {
            return -EINVAL;
        }
        long position = t.process.abi.isa.is64() ? a[3] : a[4] << 32 | a[3];
        if (!own && position < 0) {
            return -EINVAL;
        }
        long bytes = Math.min(all.total(), Scratch.MOST_DATA_BYTES);
        MemorySegment data = t.scratch.data(bytes);
        if (reads) {
            long n =
                    own
                            ? t.blocking(HostCall.READ, fd, data.address(), bytes, 0, 0, 0)
                            : t.blocking(
                                    HostCall.PREAD64, fd, data.address(), bytes, position, 0, 0);
            if (n > 0) {
                all.scatter(t, data, n);
            }
            return n;
        }
        long there = all.gather(t, data, bytes);
        return own
                ? t.blocking(HostCall.WRITE, fd, data.address(), there, 0, 0, 0)
                : t.blocking(HostCall.PWRITE64, fd, data.address(), there, position, 0, 0);
    }

    private static long sendfile(GuestThread t, long[] a, int to, boolean wide)
            throws BadAddressException {
        int from = t.hostFile((int) a[1]);
        if (from < 0) {
            return -EBADF;
        }
        MemorySegment s = t.scratch.structs();
        int width = wide || t.process.abi.isa.is64() ? 8 : 4;
        if (a[2] != 0) {
            s.set(LONG, 0, t.memory().get(a[2], width));
        }
        long n = t.blocking(HostCall.SENDFILE, to, from, a[2] != 0 ? s.address() : 0, a[3], 0, 0);
        if (n >= 0 && a[2] != 0) {
            t.memory().put(a[2], width, s.get(LONG, 0));
        }
        return n;
    }

    private static long transfer(SystemCall call, GuestThread t, long[] a)
            throws BadAddressException {
        int from = t.hostFile((int) a[0]);
        int to = t.hostFile((int) a[2]);
        if (from < 0 || to < 0) {
            return -EBADF;
        }
        MemorySegment s = t.scratch.structs();
        if (a[1] != 0) {
            s.set(LONG, 0, t.memory().get(a[1], 8));
        }
        if (a[3] != 0) {
            s.set(LONG, 8, t.memory().get(a[3], 8));
        }
        long n =
                t.blocking(
                        call == SystemCall.SPLICE ? HostCall.SPLICE : HostCall.COPY_FILE_RANGE,
                        from,
                        a[1] != 0 ? s.address() : 0,
                        to,
                        a[3] != 0 ? s.address() + 8 : 0,
                        a[4],
                        a[5]);
        if (n >= 0) {
            if (a[1] != 0) {
                t.memory().put(a[1], 8, s.get(LONG, 0));
            }
            if (a[3] != 0) {
                t.memory().put(a[3], 8, s.get(LONG, 8));
            }
        }
        return n;
    }

    /// getdents64(2) is alike everywhere; getdents(2) has words, and the type behind the name.
    private static long directory(
            GuestThread t, OpenFile file, long address, long bytes, boolean wide)
            throws BadAddressException {
        // Its count is unsigned, but the kernel keeps it as a signed number of 32 bits.
        long most = Math.min((int) bytes, 32 << 10);
        if (most <= 0) {
            return -EINVAL;
        }
        MemorySegment s = t.scratch.data(most);
        long n =
                file instanceof ProcDirectory list && list.isListed()
                        ? list.read(s, most)
                        : host(HostCall.GETDENTS64, file.host, s.address(), most, 0);
        if (n <= 0) {
            return n;
        }
        GuestAbi abi = t.process.abi;
        int w = abi.wordBytes();
        byte[] raw = new byte[(int) n + 16];
        ByteBuffer out = abi.buffer(raw);
        int to = 0;
        for (int at = 0; at < n; ) {
            int length = s.get(ValueLayout.JAVA_SHORT_UNALIGNED, at + 16) & 0xffff;
            long inode = s.get(ValueLayout.JAVA_LONG_UNALIGNED, at);
            long offset = s.get(ValueLayout.JAVA_LONG_UNALIGNED, at + 8);
            byte kind = s.get(ValueLayout.JAVA_BYTE, at + 18);
            byte[] name = s.asSlice(at + 19, length - 19).toArray(ValueLayout.JAVA_BYTE);
            if (wide) {
                out.putLong(to, inode).putLong(to + 8, offset);
                out.putShort(to + 16, (short) length).put(to + 18, kind).put(to + 19, name);
                to += length;
            } else {
                int used = 0;
                while (name[used] != 0) {
                    used++;
                }
                int size = 2 * w + 2 + used + 2 + w - 1 & -w;
                abi.putWord(out, to, inode);
                abi.putWord(out, to + w, offset);
                out.putShort(to + 2 * w, (short) size);
                out.put(to + 2 * w + 2, name, 0, used);
                out.put(to + size - 1, kind);
                to += size;
            }
            at += length;
        }
        t.memory().put(address, java.util.Arrays.copyOf(raw, to));
        return to;
    }

    // ---- the working directory

    /// @param fd a descriptor of its own, or an error
    /// @param proc what it is if guest processes are in it, or null
    static long changeDirectory(GuestThread t, long fd, OpenFile proc) {
        if (fd < 0) {
            return fd;
        }
        MemorySegment s = t.scratch.structs();
        if (host(HostCall.FSTAT, fd, s.address(), 0, 0) == 0 && !FileStatus.of(s).isDirectory()) {
            host(HostCall.CLOSE, fd, 0, 0, 0);
            return -ENOTDIR;
        }
        t.process.changeDirectory(proc != null ? proc : new OpenFile((int) fd, true));
        return 0;
    }

    /// The path of a process's working directory; empty if it is longer than the kernel's names can be.
    ///
    /// @param t who asks
    static byte[] workingDirectory(GuestProcess of, GuestThread t) {
        OpenFile cwd = t.directory(of);
        if (cwd instanceof ProcDirectory proc) {
            return proc.path().getBytes(StandardCharsets.ISO_8859_1);
        }
        if (cwd == null) {
            MemorySegment s = t.scratch.structs();
            long n = host(HostCall.GETCWD, s.address(), 4096, 0, 0);
            return n <= 0 ? new byte[0] : s.asSlice(0, n - 1).toArray(ValueLayout.JAVA_BYTE);
        }
        return t.kernel().paths.shown(cwd.host);
    }

    /// Does something with a path that the call takes from the working directory only.
    interface OnPath {
        long call(long path);
    }

    /// For calls without a directory argument: the path through the directory's descriptor.
    static long inDirectory(GuestThread t, Paths.Located at, OnPath action) {
        if (at.directory() == Paths.AT_FDCWD) {
            return action.call(at.path());
        }
        MemorySegment s = t.scratch.structs();
        byte[] prefix =
                ("/proc/self/fd/" + at.directory() + "/").getBytes(StandardCharsets.US_ASCII);
        MemorySegment.copy(MemorySegment.ofArray(prefix), 0, s, 0, prefix.length);
        long from = at.path();
        int i = 0;
        while (true) {
            byte b = t.scratch.byteAt(from + i);
            s.set(ValueLayout.JAVA_BYTE, prefix.length + i, b);
            if (b == 0) {
                break;
            }
            i++;
        }
        return action.call(s.address());
    }
}
