package straddle.linux.user;

/// Signals by the host's numbers, which are the neutral ones here (signal(7), x86 and ARM).
final class Signal {
    static final int SIGHUP = 1;
    static final int SIGINT = 2;
    static final int SIGQUIT = 3;
    static final int SIGILL = 4;
    static final int SIGABRT = 6;
    static final int SIGBUS = 7;
    static final int SIGKILL = 9;
    static final int SIGSEGV = 11;
    static final int SIGPIPE = 13;
    static final int SIGALRM = 14;
    static final int SIGVTALRM = 26;
    static final int SIGPROF = 27;
    static final int SIGTERM = 15;
    static final int SIGCHLD = 17;
    static final int SIGCONT = 18;
    static final int SIGSTOP = 19;
    static final int SIGTSTP = 20;
    static final int SIGTTIN = 21;
    static final int SIGTTOU = 22;
    static final int SIGURG = 23;
    static final int SIGWINCH = 28;
    static final int COUNT = 64;
    private static final int FIRST_REAL_TIME = 32;

    /// Signals that a process may have pending.
    static final int MOST_PENDING = 4096;

    // siginfo's si_code.
    static final int SI_USER = 0;
    static final int SI_KERNEL = 128;
    static final int SI_TKILL = -6;
    static final int CLD_EXITED = 1;
    static final int CLD_KILLED = 2;
    static final int CLD_STOPPED = 5;
    static final int CLD_CONTINUED = 6;

    // sigaction's flags, but for the ones that MIPS numbers otherwise.
    static final long SA_NOCLDSTOP = 1;
    static final long SA_NOCLDWAIT = 2;
    static final long SA_SIGINFO = 4;
    static final long SA_RESTORER = 0x0400_0000;
    static final long SA_ONSTACK = 0x0800_0000;
    static final long SA_RESTART = 0x1000_0000;
    static final long SA_NODEFER = 0x4000_0000;
    static final long SA_RESETHAND = 0x8000_0000L;

    static final long SIG_DFL = 0;
    static final long SIG_IGN = 1;

    private static final long IGNORED_BY_DEFAULT =
            bit(SIGCHLD) | bit(SIGURG) | bit(SIGWINCH) | bit(SIGCONT);
    private static final long STOPS = bit(SIGSTOP) | bit(SIGTSTP) | bit(SIGTTIN) | bit(SIGTTOU);
    static final long NEVER_BLOCKED = bit(SIGKILL) | bit(SIGSTOP);

    private Signal() {}

    /// Whether another one of it is lost while one is pending: only real-time signals queue (signal(7)).
    static boolean coalesces(int signal) {
        return signal < FIRST_REAL_TIME;
    }

    static long bit(int signal) {
        return 1L << signal - 1;
    }

    static boolean isIgnoredByDefault(int signal) {
        return (IGNORED_BY_DEFAULT & bit(signal)) != 0;
    }

    static boolean stopsByDefault(int signal) {
        return (STOPS & bit(signal)) != 0;
    }

    /// What a program is told of a signal.
    ///
    /// @param address of a fault
    /// @param status of a child, or the value that was sent along
    record Info(int signal, int code, int pid, int uid, long address, long status) {
        static Info of(int signal) {
            return new Info(signal, SI_KERNEL, 0, 0, 0, 0);
        }

        /// The same of another number.
        Info numbered(int other) {
            return new Info(other, code, pid, uid, address, status);
        }
    }

    /// What a program wants done about a signal.
    record Action(long handler, long flags, long restorer, long mask) {
        static final Action DEFAULT = new Action(SIG_DFL, 0, 0, 0);

        boolean has(long flag) {
            return (flags & flag) != 0;
        }

        boolean ignores(int signal) {
            return handler == SIG_IGN || handler == SIG_DFL && isIgnoredByDefault(signal);
        }
    }
}
