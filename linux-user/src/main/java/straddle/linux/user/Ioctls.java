package straddle.linux.user;

import static straddle.linux.user.Errno.*;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;
import straddle.core.user.BadAddressException;
import straddle.host.LinuxCall;

/// ioctl(2) from a table: what it takes and gives, in numbers of one width each.
final class Ioctls {
    private static final int FIOCLEX = 0x5451;
    private static final int FIONCLEX = 0x5450;
    private static final int TCSETS = 0x5402;
    private static final int TCSETSF = 0x5404;
    private static final int TIOCGWINSZ = 0x5413;
    private static final int TIOCSWINSZ = 0x5414;
    private static final int TIOCSIG = 0x4004_5436;
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
        row(TIOCGWINSZ, "2222", false, true);
        row(TIOCSWINSZ, "2222", true, false);
        row(0x541b, "4", false, true); // FIONREAD
        row(0x5411, "4", false, true); // TIOCOUTQ
        row(0x5421, "4", true, false); // FIONBIO
        row(0x8004_5430, "4", false, true); // TIOCGPTN
        row(0x4004_5431, "4", true, false); // TIOCSPTLCK
        row(0x5420, "4", true, false); // TIOCPKT
        row(0x8004_5432, "4", false, true); // TIOCGDEV
        row(0x8004_5438, "4", false, true); // TIOCGPKT
        row(0x8004_5439, "4", false, true); // TIOCGPTLCK
        row(0x8004_5440, "4", false, true); // TIOCGEXCL
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
            // TCSBRK, TCXONC, TCFLSH, TIOCEXCL, TIOCNXCL, TCSBRKP
            case 0x5409, 0x540a, 0x540b, 0x540c, 0x540d, 0x5425, TIOCGPTPEER -> true;
            default -> false;
        };
    }

    long call(GuestThread t, OpenFile file, int guestRequest, long argument)
            throws BadAddressException {
        GuestAbi abi = t.process.abi;
        Terminals terminals = t.kernel().terminals;
        int request = abi.ioctlToHost(guestRequest);
        if (request == FIOCLEX || request == FIONCLEX) {
            t.process.files.closeOnExec((int) abi.word(t.vcpu, 0), request == FIOCLEX);
            return 0;
        }
        if (Terminals.takes(request)) {
            return terminals.call(t, file, request, argument);
        }
        if (request == TIOCSIG) {
            return terminals.signal(file, abi.signalToHost((int) argument));
        }
        boolean changes =
                request >= TCSETS && request <= TCSETSF || request >= 0x5409 && request <= 0x540b;
        long refused = changes ? terminals.changes(t, file) : 0;
        if (refused != 0) {
            return refused;
        }
        if (request == Terminals.TCGETS || request >= TCSETS && request <= TCSETSF) {
            return settings(t, file, request, argument);
        }
        if (isByValue(request)) {
            boolean opens = request == TIOCGPTPEER;
            long value = opens ? abi.openFlagsToHost((int) argument) : argument;
            long given = opens ? value | Terminals.O_NOCTTY | Paths.O_CLOEXEC : value;
            long result =
                    t.blocking(HostCall.IOCTL, file.host, request & 0xffff_ffffL, given, 0, 0, 0);
            return opens ? FileCalls.adopt(t.process, result, (int) value) : result;
        }
        if (request == TIOCSWINSZ) {
            return resize(t, file, argument);
        }
        return byTable(t, file.host, request, argument);
    }

    /// Where the host doesn't tell of a terminal's new size, somebody else does.
    private static long resize(GuestThread t, OpenFile file, long argument)
            throws BadAddressException {
        MemorySegment s = t.scratch.structs();
        s.set(ValueLayout.JAVA_LONG, 0, 0);
        LinuxCall.syscall(HostCall.IOCTL, file.host, TIOCGWINSZ, s.address(), 0, 0, 0);
        long before = s.get(ValueLayout.JAVA_LONG, 0);
        long result = byTable(t, file.host, TIOCSWINSZ, argument);
        if (result == 0 && s.get(ValueLayout.JAVA_LONG, 0) != before) {
            t.kernel().terminals.resized(t, file);
        }
        return result;
    }

    /// struct termios has numbers in the program's order, then a line discipline and characters.
    private static long settings(GuestThread t, OpenFile file, int request, long argument)
            throws BadAddressException {
        GuestAbi abi = t.process.abi;
        MemorySegment s = t.scratch.structs();
        boolean gets = request == Terminals.TCGETS;
        if (!gets) {
            abi.termiosToHost(t.memory().bytes(argument, abi.termiosBytes()), s);
        }
        long result =
                t.blocking(HostCall.IOCTL, file.host, request & 0xffff_ffffL, s.address(), 0, 0, 0);
        if (gets && result == 0) {
            t.memory().put(argument, abi.termiosToGuest(s));
        }
        return result;
    }

    private static long byTable(GuestThread t, int fd, int request, long argument)
            throws BadAddressException {
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

    private static void put(MemorySegment s, long at, int width, long value) {
        for (int i = 0; i < width; i++) {
            s.set(ValueLayout.JAVA_BYTE, at + i, (byte) (value >>> 8 * i));
        }
    }

    private static long get(MemorySegment s, long at, int width) {
        long value = 0;
        for (int i = 0; i < width; i++) {
            value |= (s.get(ValueLayout.JAVA_BYTE, at + i) & 0xffL) << 8 * i;
        }
        return value;
    }
}
