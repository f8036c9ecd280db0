package straddle.linux.user;

import static straddle.linux.user.Errno.*;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import straddle.core.user.BadAddressException;
import straddle.host.LinuxCall;

/// ioctl(2) from a table: what it takes and gives, in numbers of one width each.
final class Ioctls {
    private static final int FIOCLEX = 0x5451;
    private static final int FIONCLEX = 0x5450;
    private static final int TIOCGPGRP = 0x540f;
    private static final int TIOCSPGRP = 0x5410;
    private static final int TIOCGSID = 0x5429;
    private static final int TIOCGPTPEER = 0x5441;

    /// How a request's argument is laid out: the widths of its numbers in bytes, a digit each.
    ///
    /// @param in copied from the program
    /// @param out copied to it
    private record Layout(String widths, boolean in, boolean out) {}

    private static final Map<Integer, Layout> TABLE = new HashMap<>();

    private static void row(int request, String widths, boolean in, boolean out) {
        TABLE.put(request, new Layout(widths, in, out));
    }

    static {
        String termios = "4444" + "1".repeat(20);
        row(0x5401, termios, false, true); // TCGETS
        for (int set = 0x5402; set <= 0x5404; set++) {
            row(set, termios, true, false); // TCSETS, TCSETSW, TCSETSF
        }
        row(0x5413, "2222", false, true); // TIOCGWINSZ
        row(0x5414, "2222", true, false); // TIOCSWINSZ
        row(0x541b, "4", false, true); // FIONREAD
        row(0x5411, "4", false, true); // TIOCOUTQ
        row(0x5421, "4", true, false); // FIONBIO
        row(0x8004_5430, "4", false, true); // TIOCGPTN
        row(0x4004_5431, "4", true, false); // TIOCSPTLCK
        row(0x5424, "4", false, true); // TIOCGETD
        row(0x5423, "4", true, false); // TIOCSETD
        row(0x8008_6601, "8", false, true); // FS_IOC_GETFLAGS
        row(0x8008_1272, "8", false, true); // BLKGETSIZE64
        row(0x8905, "4", false, true); // SIOCATMARK
    }

    Ioctls() {}

    /// Requests whose argument is a number.
    private static boolean isByValue(int request) {
        return switch (request) {
            // TCSBRK, TCXONC, TCFLSH, TIOCEXCL, TIOCNXCL, TIOCSCTTY, TIOCNOTTY, TCSBRKP, FICLONE
            case 0x5409, 0x540a, 0x540b, 0x540c, 0x540d, 0x540e, 0x5422, 0x5425, TIOCGPTPEER ->
                    true;
            default -> false;
        };
    }

    long call(GuestThread t, int fd, int guestRequest, long argument) throws BadAddressException {
        int request = t.process.abi.ioctlToHost(guestRequest);
        if (request == FIOCLEX || request == FIONCLEX) {
            int number = (int) t.process.abi.word(t.vcpu, 0);
            t.process.files.closeOnExec(number, request == FIOCLEX);
            return 0;
        }
        if (request == TIOCGPGRP || request == TIOCSPGRP || request == TIOCGSID) {
            return terminalGroup(t, fd, request, argument);
        }
        if (isByValue(request)) {
            long result = t.blocking(HostCall.IOCTL, fd, request & 0xffff_ffffL, argument, 0, 0, 0);
            return request == TIOCGPTPEER
                    ? FileCalls.adopt(t.process, result, (int) argument)
                    : result;
        }
        Layout layout = TABLE.get(request);
        if (layout == null) {
            return -ENOTTY;
        }
        MemorySegment s = t.scratch.structs();
        if (layout.in) {
            long at = 0;
            for (int i = 0; i < layout.widths.length(); i++) {
                int width = layout.widths.charAt(i) - '0';
                put(s, at, width, t.memory().get(argument + at, width));
                at += width;
            }
        }
        long result = t.blocking(HostCall.IOCTL, fd, request & 0xffff_ffffL, s.address(), 0, 0, 0);
        if (result >= 0 && layout.out) {
            long at = 0;
            for (int i = 0; i < layout.widths.length(); i++) {
                int width = layout.widths.charAt(i) - '0';
                t.memory().put(argument + at, width, get(s, at, width));
                at += width;
            }
        }
        return result;
    }

    /// The terminal's foreground group is of the host's numbers, which those of guest processes are, too; but the host
    /// knows one process only, so the program's groups are kept here.
    private static long terminalGroup(GuestThread t, int fd, int request, long argument)
            throws BadAddressException {
        MemorySegment s = t.scratch.structs();
        long result = LinuxCall.syscall(HostCall.IOCTL, fd, TIOCGPGRP, s.address(), 0, 0, 0);
        if (result < 0) {
            return result;
        }
        Kernel kernel = t.kernel();
        switch (request) {
            case TIOCGPGRP -> t.memory().put(argument, 4, kernel.foregroundGroup());
            case TIOCGSID -> t.memory().put(argument, 4, t.process.session);
            default -> kernel.foregroundGroup((int) t.memory().get(argument, 4));
        }
        return 0;
    }

    private static void put(MemorySegment s, long at, int width, long value) {
        for (int i = 0; i < width; i++) {
            s.set(java.lang.foreign.ValueLayout.JAVA_BYTE, at + i, (byte) (value >>> 8 * i));
        }
    }

    private static long get(MemorySegment s, long at, int width) {
        long value = 0;
        for (int i = 0; i < width; i++) {
            value |= (s.get(java.lang.foreign.ValueLayout.JAVA_BYTE, at + i) & 0xffL) << 8 * i;
        }
        return value;
    }
}
