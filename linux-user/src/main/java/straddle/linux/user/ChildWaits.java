package straddle.linux.user;

import static straddle.linux.user.Errno.*;

import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import straddle.core.user.BadAddressException;
import straddle.host.LinuxCall;

/// wait(2) in its forms: what has become of children.
final class ChildWaits {
    private static final int WNOHANG = 1;
    private static final int WUNTRACED = 2;
    private static final int WEXITED = 4;
    private static final int WCONTINUED = 8;
    private static final int WNOWAIT = 0x0100_0000;

    /// __WNOTHREAD, __WALL and __WCLONE: all children here are of one kind.
    private static final int KINDS = 0xe000_0000;

    private static final int P_ALL = 0;
    private static final int P_PID = 1;
    private static final int P_PGID = 2;
    private static final int P_PIDFD = 3;

    private final Kernel kernel;

    ChildWaits(Kernel kernel) {
        this.kernel = kernel;
    }

    /// A child that something has happened to; or why there is none.
    ///
    /// @param child null for none
    /// @param status of the child, as wait(2) has it
    /// @param error what the call returns instead: 0 if there are children, to none of which anything has happened
    private record Found(GuestProcess child, int status, int error) {
        static Found none(int error) {
            return new Found(null, 0, error);
        }

        boolean isOne() {
            return child != null;
        }
    }

    private static Found find(GuestProcess self, Predicate<GuestProcess> wanted, int options) {
        boolean any = false;
        for (GuestProcess child : self.children) {
            if (!wanted.test(child)) {
                continue;
            }
            any = true;
            if (child.zombie && (options & WEXITED) != 0) {
                return new Found(child, child.status, 0);
            }
            boolean stopped = (child.change & 0xff) == 0x7f;
            boolean told =
                    child.change != 0 && ((options & (stopped ? WUNTRACED : WCONTINUED)) != 0);
            if (told) {
                return new Found(child, child.change, 0);
            }
        }
        return Found.none(any ? 0 : -ECHILD);
    }

    private Found await(GuestThread t, Predicate<GuestProcess> wanted, int options) {
        AtomicReference<Found> found = new AtomicReference<>();
        int interrupted =
                t.await(
                        () -> {
                            Found now = look(t.process, wanted, options);
                            found.set(now);
                            return now.isOne() || now.error != 0 || (options & WNOHANG) != 0;
                        },
                        Long.MAX_VALUE);
        return interrupted != 0 ? Found.none(interrupted) : found.get();
    }

    /// Once, and it is told only once unless that is not wanted.
    private Found look(GuestProcess self, Predicate<GuestProcess> wanted, int options) {
        synchronized (kernel.lock) {
            Found found = find(self, wanted, options);
            if (found.isOne() && (options & WNOWAIT) == 0) {
                if (found.child.zombie) {
                    self.timeOfChildren += withChildren(found.child);
                    kernel.forget(found.child);
                } else {
                    found.child.change = 0;
                }
            }
            return found;
        }
    }

    private static long withChildren(GuestProcess process) {
        return ProcessorTime.of(process) + process.timeOfChildren;
    }

    private void putUsage(GuestThread t, GuestProcess child, long to) throws BadAddressException {
        long time;
        synchronized (kernel.lock) {
            time = withChildren(child);
        }
        ProcessCalls.putUsage(t, time, 0, to);
    }

    private static Predicate<GuestProcess> group(int number) {
        return child -> child.group == number;
    }

    long wait4(GuestThread t, int which, long status, int options, long usage)
            throws BadAddressException {
        if ((options & ~(WNOHANG | WUNTRACED | WCONTINUED | KINDS)) != 0) {
            return -EINVAL;
        }
        if (which == Integer.MIN_VALUE) {
            return -ESRCH;
        }
        Predicate<GuestProcess> wanted =
                switch (which) {
                    case -1 -> _ -> true;
                    case 0 -> group(t.process.group);
                    default -> which > 0 ? child -> child.pid == which : group(-which);
                };
        Found found = await(t, wanted, options | WEXITED);
        if (!found.isOne()) {
            return found.error;
        }
        if (status != 0) {
            t.memory().put(status, 4, guestStatus(t.process.abi, found.status));
        }
        if (usage != 0) {
            putUsage(t, found.child, usage);
        }
        return found.child.pid;
    }

    private static int guestStatus(GuestAbi abi, int status) {
        if ((status & 0xff) == 0x7f && status != 0xffff) {
            return abi.signalToGuest(status >>> 8) << 8 | 0x7f;
        }
        boolean killed = (status & 0x7f) != 0 && status != 0xffff;
        return killed ? abi.signalToGuest(status & 0x7f) | status & 0x80 : status;
    }

    /// @param a kind, number, where to store what happened, options, where to store what was used
    long waitid(GuestThread t, long[] a) throws BadAddressException {
        GuestProcess self = t.process;
        int options = (int) a[3];
        int known = WNOHANG | WUNTRACED | WEXITED | WCONTINUED | WNOWAIT | KINDS;
        boolean some = (options & (WUNTRACED | WEXITED | WCONTINUED)) != 0;
        int number = (int) a[1];
        if ((options & ~known) != 0 || !some) {
            return -EINVAL;
        }
        Predicate<GuestProcess> wanted;
        boolean mayBlock = true;
        switch ((int) a[0]) {
            case P_ALL -> wanted = _ -> true;
            case P_PID -> {
                if (number <= 0) {
                    return -EINVAL;
                }
                wanted = child -> child.pid == number;
            }
            case P_PGID -> {
                if (number < 0) {
                    return -EINVAL;
                }
                wanted = group(number == 0 ? self.group : number);
            }
            case P_PIDFD -> {
                if (number < 0) {
                    return -EINVAL;
                }
                GuestProcess of = PidFile.processOf(t, number);
                if (of == null) {
                    return -EBADF;
                }
                wanted = child -> child == of;
                mayBlock = !PidFile.isNonBlocking(t, number);
            }
            default -> {
                return -EINVAL;
            }
        }
        Found found = await(t, wanted, mayBlock ? options : options | WNOHANG);
        if (found.error != 0) {
            return found.error;
        }
        if (!found.isOne() && (options & WNOHANG) == 0) {
            return -EAGAIN;
        }
        if (found.isOne() && a[4] != 0) {
            putUsage(t, found.child, a[4]);
        }
        if (a[2] != 0) {
            byte[] info = found.isOne() ? self.abi.siginfo(info(found)) : new byte[128];
            t.memory().put(a[2], info);
        }
        return 0;
    }

    private static Signal.Info info(Found found) {
        int status = found.status;
        int code = Signal.CLD_EXITED;
        int value = status >>> 8;
        if (status == 0xffff) {
            code = Signal.CLD_CONTINUED;
            value = Signal.SIGCONT;
        } else if ((status & 0xff) == 0x7f) {
            code = Signal.CLD_STOPPED;
        } else if ((status & 0x7f) != 0) {
            code = Signal.CLD_KILLED;
            value = status & 0x7f;
        }
        int user = (int) LinuxCall.syscall(HostCall.GETUID, 0, 0, 0, 0, 0, 0);
        return new Signal.Info(Signal.SIGCHLD, code, found.child.pid, user, 0, value);
    }
}
