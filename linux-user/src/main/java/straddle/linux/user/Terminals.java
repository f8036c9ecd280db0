package straddle.linux.user;

import static straddle.linux.user.Errno.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import straddle.core.user.BadAddressException;
import straddle.host.LinuxCall;

/// Job control: which session of guest processes has which terminal, and which process group is in its foreground
/// (credentials(7), tty_ioctl(4)).
///
/// The host knows one process and one session. Signals of its own terminal's keys reach this process, which passes them on; a
/// terminal that a program made with /dev/ptmx has nobody there, so what its keys mean is seen in what is written to the master.
///
/// Any thread.
final class Terminals {
    static final int O_NOCTTY = 0400;
    static final int TCGETS = 0x5401;
    private static final int TIOCSCTTY = 0x540e;
    private static final int TIOCGPGRP = 0x540f;
    private static final int TIOCSPGRP = 0x5410;
    private static final int TIOCNOTTY = 0x5422;
    private static final int TIOCGSID = 0x5429;
    private static final int TIOCGPTN = 0x8004_5430;
    private static final int TIOCGDEV = 0x8004_5432;

    /// The device number of /dev/tty, which is whichever terminal the session has.
    private static final long OWN_TERMINAL = 0x500;

    private static final int UNIX98_PTY_SLAVE_MAJOR = 136;

    // struct termios of the host's kernel.
    private static final int LOCAL_FLAGS = 12;
    private static final int CHARACTERS = 17;
    private static final int ISIG = 1;
    private static final int TOSTOP = 0400;
    private static final int VINTR = 0;
    private static final int VQUIT = 1;
    private static final int VSUSP = 10;

    /// A session's terminal.
    private static final class Control {
        final long device;
        volatile int foreground;

        Control(long device, int foreground) {
            this.device = device;
            this.foreground = foreground;
        }
    }

    /// The master of a pseudo-terminal: what is read there was written to the terminal of that number.
    private static final class Master extends OpenFile {
        private final Terminals terminals;
        private final long device;

        Master(int host, long device, Terminals terminals) {
            super(host, true);
            this.device = device;
            this.terminals = terminals;
        }

        @Override
        void closed() {
            terminals.hungUp(device);
        }
    }

    private final Kernel kernel;
    private final Map<Integer, Control> bySession = new ConcurrentHashMap<>();
    private long hostDevice;
    private int firstSession;

    Terminals(Kernel kernel) {
        this.kernel = kernel;
    }

    /// The first process has the terminal that this process has, and its group is in the foreground.
    void begin(GuestProcess first) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom("/dev/tty");
            MemorySegment device = arena.allocate(4, 4);
            int flags = O_NOCTTY | Paths.O_CLOEXEC;
            long fd = host(HostCall.OPENAT, Paths.AT_FDCWD, name.address(), flags);
            if (fd >= 0) {
                if (host(HostCall.IOCTL, fd, TIOCGDEV & 0xffff_ffffL, device.address()) == 0) {
                    hostDevice = device.get(ValueLayout.JAVA_INT, 0) & 0xffff_ffffL;
                }
                host(HostCall.CLOSE, fd, 0, 0);
            }
        }
        firstSession = first.session;
        bySession.put(firstSession, new Control(hostDevice, first.group));
    }

    private static long host(long number, long a, long b, long c) {
        return LinuxCall.syscall(number, a, b, c, 0, 0, 0);
    }

    /// The group that the keys of this process's own terminal send signals to.
    int foreground() {
        Control control = bySession.get(firstSession);
        return control == null ? 0 : control.foreground;
    }

    /// The number of a session's terminal, or 0.
    long device(int session) {
        Control control = bySession.get(session);
        return control == null ? 0 : control.device;
    }

    /// The foreground group of a session's terminal, or -1.
    int foreground(int session) {
        Control control = bySession.get(session);
        return control == null || control.device == 0 ? -1 : control.foreground;
    }

    // ---- opening

    /// The path that a process means by /dev/tty, or null if it has no terminal.
    byte[] ownPath(GuestProcess p, byte[] path) {
        long device = device(p.session);
        if (device == hostDevice) {
            return path;
        }
        long minor = device & 0xff | device >>> 12 & 0xfff00;
        return device == 0 ? null : ("/dev/pts/" + minor).getBytes(StandardCharsets.US_ASCII);
    }

    /// A file that a process has opened by a path. A session's leader without a terminal gets the first that it opens.
    OpenFile opened(GuestThread t, int fd, byte[] path, int flags) {
        GuestProcess p = t.process;
        MemorySegment s = t.scratch.structs();
        if (Paths.text(path).endsWith("ptmx")
                && host(HostCall.IOCTL, fd, TIOCGPTN & 0xffff_ffffL, s.address()) == 0) {
            long minor = s.get(ValueLayout.JAVA_INT, 0);
            long device = UNIX98_PTY_SLAVE_MAJOR << 8 | minor & 0xff | (minor & ~0xff) << 12;
            return new Master(fd, device, this);
        }
        OpenFile file = new OpenFile(fd, true);
        boolean may = (flags & (O_NOCTTY | Paths.O_PATH)) == 0 && p.pid == p.session;
        if (may && !bySession.containsKey(p.session)) {
            long device = device(t, file);
            if (device != 0) {
                take(p, device, false);
            }
        }
        return file;
    }

    /// The number of the terminal that a file is, or 0; a master is none.
    private long device(GuestThread t, OpenFile file) {
        if (file instanceof Master) {
            return 0;
        }
        if (file.terminal == OpenFile.UNKNOWN) {
            MemorySegment s = t.scratch.structs();
            long device = 0;
            if (host(HostCall.FSTAT, file.host, s.address(), 0) == 0) {
                FileStatus status = FileStatus.of(s);
                boolean special = (status.mode() & 0xf000) == 0x2000;
                if (special && host(HostCall.IOCTL, file.host, TCGETS, s.address()) == 0) {
                    device = status.specialDevice();
                }
            }
            file.terminal = device == OWN_TERMINAL ? hostDevice : device;
        }
        return file.terminal;
    }

    /// The same, and of a master the terminal that it is of.
    private long pairDevice(GuestThread t, OpenFile file) {
        return file instanceof Master master ? master.device : device(t, file);
    }

    private boolean take(GuestProcess p, long device, boolean byForce) {
        synchronized (kernel.lock) {
            Map.Entry<Integer, Control> holder = holder(device);
            if (holder != null && !byForce) {
                return false;
            }
            if (holder != null) {
                bySession.remove(holder.getKey());
            }
            bySession.put(p.session, new Control(device, p.group));
            return true;
        }
    }

    // ---- what background processes may not

    /// Before a process reads: 0, or what the call answers instead.
    long reads(GuestThread t, OpenFile file) {
        if (!isInBackground(t, file)) {
            return 0;
        }
        return stops(t, Signal.SIGTTIN) ? stop(t, Signal.SIGTTIN) : -EIO;
    }

    /// Before a process writes, likewise.
    long writes(GuestThread t, OpenFile file) {
        if (!isInBackground(t, file)) {
            return 0;
        }
        MemorySegment s = t.scratch.structs();
        return hasSetting(file, TOSTOP, s) ? changes(t, file) : 0;
    }

    /// Before a process changes a terminal's settings, likewise.
    long changes(GuestThread t, OpenFile file) {
        if (!isInBackground(t, file) || !stops(t, Signal.SIGTTOU)) {
            return 0;
        }
        return stop(t, Signal.SIGTTOU);
    }

    /// Whether a terminal has one of its local flags set.
    ///
    /// @param settings gets struct termios
    private static boolean hasSetting(OpenFile file, int flag, MemorySegment settings) {
        return host(HostCall.IOCTL, file.host, TCGETS, settings.address()) == 0
                && (settings.get(ValueLayout.JAVA_INT, LOCAL_FLAGS) & flag) != 0;
    }

    private boolean isInBackground(GuestThread t, OpenFile file) {
        Control control = bySession.get(t.process.session);
        return control != null
                && control.device != 0
                && control.foreground != t.process.group
                && control.foreground != 0
                && device(t, file) == control.device;
    }

    private static boolean stops(GuestThread t, int signal) {
        boolean blocked = (t.mask & Signal.bit(signal)) != 0;
        return !blocked && t.process.actions[signal].handler() != Signal.SIG_IGN;
    }

    private long stop(GuestThread t, int signal) {
        if (isOrphaned(t.process.group, t.process.session)) {
            return -EIO;
        }
        kernel.sendGroup(t.process.group, Signal.Info.of(signal));
        return -ERESTART;
    }

    /// Whether nobody could have a stopped group go on: no process of it has a parent in another group of the session.
    boolean isOrphaned(int group, int session) {
        synchronized (kernel.lock) {
            for (GuestProcess each : kernel.processes.values()) {
                if (each.group != group || each.zombie) {
                    continue;
                }
                GuestProcess parent = each.parent;
                boolean outside =
                        parent == null
                                ? each == kernel.first()
                                : !parent.zombie
                                        && parent.group != group
                                        && parent.session == session;
                if (outside) {
                    return false;
                }
            }
            return true;
        }
    }

    // ---- requests

    static boolean takes(int request) {
        return switch (request) {
            case TIOCGPGRP, TIOCSPGRP, TIOCGSID, TIOCSCTTY, TIOCNOTTY -> true;
            default -> false;
        };
    }

    /// ioctl(2) about sessions and groups.
    long call(GuestThread t, OpenFile file, int request, long argument) throws BadAddressException {
        GuestProcess p = t.process;
        long device = pairDevice(t, file);
        if (device == 0) {
            return -ENOTTY;
        }
        Control own = bySession.get(p.session);
        boolean isOwn = own != null && own.device == device;
        Map.Entry<Integer, Control> holder = holder(device);
        switch (request) {
            case TIOCGPGRP, TIOCGSID -> {
                if (!(isOwn || file instanceof Master)) {
                    return -ENOTTY;
                }
                if (holder == null && request == TIOCGSID) {
                    return -ENOTTY;
                }
                int session = holder == null ? 0 : holder.getKey();
                int group = holder == null ? 0 : holder.getValue().foreground;
                int outside = device == hostDevice ? outsideForeground(file) : 0;
                group = outside == 0 ? group : outside;
                t.memory().put(argument, 4, request == TIOCGPGRP ? group : session);
                return 0;
            }
            case TIOCSPGRP -> {
                long refused = changes(t, file);
                if (refused != 0) {
                    return refused == -EIO ? -ENOTTY : refused;
                }
                return isOwn ? foreground(p, own, (int) t.memory().get(argument, 4)) : -ENOTTY;
            }
            case TIOCSCTTY -> {
                if (isOwn && p.pid == p.session) {
                    return 0;
                }
                boolean byForce = (int) argument == 1 && host(HostCall.GETEUID, 0, 0, 0) == 0;
                boolean may = p.pid == p.session && (own == null || own.device == 0);
                return may && take(p, device, byForce) ? 0 : -EPERM;
            }
            default -> {
                if (!isOwn) {
                    return -ENOTTY;
                }
                if (p.pid == p.session) {
                    left(p);
                }
                return 0;
            }
        }
    }

    /// The group that is in the foreground of this process's own terminal instead of this process's group: another job of the shell
    /// that it was started from. Else 0.
    private static int outsideForeground(OpenFile file) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment group = arena.allocate(4, 4);
            boolean known = host(HostCall.IOCTL, file.host, TIOCGPGRP, group.address()) == 0;
            int foreground = group.get(ValueLayout.JAVA_INT, 0);
            return known && foreground != host(HostCall.GETPGID, 0, 0, 0) ? foreground : 0;
        }
    }

    private Map.Entry<Integer, Control> holder(long device) {
        for (Map.Entry<Integer, Control> each : bySession.entrySet()) {
            if (each.getValue().device == device) {
                return each;
            }
        }
        return null;
    }

    private long foreground(GuestProcess p, Control own, int group) {
        if (group < 0) {
            return -EINVAL;
        }
        boolean any = false;
        for (GuestProcess each : kernel.processes.values()) {
            if (each.group == group) {
                any = true;
                if (each.session == p.session) {
                    own.foreground = group;
                    return 0;
                }
            }
        }
        return any ? -EPERM : -ESRCH;
    }

    // ---- what terminals tell

    static boolean isMaster(OpenFile file) {
        return file instanceof Master;
    }

    /// Bytes have been written to a master: those that are keys for signals, the terminal's foreground group gets those of.
    void typed(GuestThread t, OpenFile file, MemorySegment bytes, long count) {
        Map.Entry<Integer, Control> holder = ofMaster(file);
        MemorySegment s = t.scratch.structs();
        if (holder == null || !hasSetting(file, ISIG, s)) {
            return;
        }
        int[][] keys = {{VINTR, Signal.SIGINT}, {VQUIT, Signal.SIGQUIT}, {VSUSP, Signal.SIGTSTP}};
        for (long i = 0; i < count; i++) {
            byte typed = bytes.get(ValueLayout.JAVA_BYTE, i);
            for (int[] key : keys) {
                if (typed != 0 && typed == s.get(ValueLayout.JAVA_BYTE, CHARACTERS + key[0])) {
                    kernel.sendGroup(holder.getValue().foreground, Signal.Info.of(key[1]));
                }
            }
        }
    }

    /// TIOCSIG: the terminal's foreground group gets a signal.
    long signal(OpenFile file, int signal) {
        if (!isMaster(file)) {
            return -ENOTTY;
        }
        if (signal < 1 || signal > Signal.COUNT) {
            return -EINVAL;
        }
        Map.Entry<Integer, Control> holder = ofMaster(file);
        if (holder != null) {
            kernel.sendGroup(holder.getValue().foreground, Signal.Info.of(signal));
        }
        return 0;
    }

    private Map.Entry<Integer, Control> ofMaster(OpenFile file) {
        return file instanceof Master master && master.device != hostDevice
                ? holder(master.device)
                : null;
    }

    /// A terminal's window has another size: its foreground group is told, unless the host does that.
    void resized(GuestThread t, OpenFile file) {
        long device = pairDevice(t, file);
        Map.Entry<Integer, Control> holder = device == hostDevice ? null : holder(device);
        if (holder != null) {
            kernel.sendGroup(holder.getValue().foreground, Signal.Info.of(Signal.SIGWINCH));
        }
    }

    /// Nobody has the master open any more.
    private void hungUp(long device) {
        Map.Entry<Integer, Control> holder = holder(device);
        if (holder != null) {
            bySession.remove(holder.getKey());
            GuestProcess leader = kernel.processes.get(holder.getKey());
            if (leader != null) {
                leader.send(Signal.Info.of(Signal.SIGHUP));
                leader.send(Signal.Info.of(Signal.SIGCONT));
            }
        }
    }

    /// A session's leader gives its terminal up, or has ended.
    private void left(GuestProcess leader) {
        Control control = bySession.remove(leader.session);
        if (control != null && control.foreground != 0) {
            hangUp(control.foreground);
        }
    }

    private void hangUp(int group) {
        kernel.sendGroup(group, Signal.Info.of(Signal.SIGHUP));
        kernel.sendGroup(group, Signal.Info.of(Signal.SIGCONT));
    }

    /// A process has become a zombie: stopped processes that nobody could have go on any more are told. Under the kernel's lock.
    void ended(GuestProcess process) {
        if (process.pid == process.session) {
            left(process);
        }
        GuestProcess parent = process.parent;
        boolean linked =
                parent == null
                        || parent.group != process.group && parent.session == process.session;
        if (linked) {
            wakeOrphans(process.group, process.session);
        }
        for (GuestProcess child : process.children) {
            if (child.group != process.group && child.session == process.session) {
                wakeOrphans(child.group, child.session);
            }
        }
    }

    private void wakeOrphans(int group, int session) {
        boolean stopped =
                kernel.processes.values().stream()
                        .anyMatch(each -> each.group == group && each.stopped && !each.zombie);
        if (stopped && isOrphaned(group, session)) {
            hangUp(group);
        }
    }
}
