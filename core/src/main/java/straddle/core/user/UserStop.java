package straddle.core.user;

/// Why a [UserVcpu] came back from the program. All but the first two are what the kernel makes a signal of;
/// `signal` and `code` are those of signal(7) and sigaction(2) that every architecture shares.
public enum UserStop {
    /// The program calls the system; the program counter is behind the instruction.
    SYSTEM_CALL(0, 0),
    /// Somebody [kicked][UserVcpu#kick()] it, between two instructions.
    KICKED(0, 0),

    /// Nothing is mapped at the address.
    NOT_MAPPED(11, 1),
    /// Something is, but not for this kind of access.
    NOT_PERMITTED(11, 2),
    /// The address is none: x86's general protection.
    BAD_ADDRESS(11, 128),
    /// The access should have been aligned.
    MISALIGNED(7, 1),
    /// A page of a mapped file that lies behind its end.
    BEYOND_FILE(7, 2),

    ILLEGAL_INSTRUCTION(4, 1),
    /// x86: Linux blames an operand.
    UNDEFINED_INSTRUCTION(4, 2),
    /// MIPS: Linux says no more about these.
    RESERVED_INSTRUCTION(4, 128),
    PRIVILEGED_INSTRUCTION(4, 5),
    /// x86's INT3, and MIPS' traps.
    BREAKPOINT(5, 128),
    /// The other architectures' instructions for it.
    BREAK_INSTRUCTION(5, 1),
    SINGLE_STEP(5, 2),

    INTEGER_DIVIDE(8, 1),
    INTEGER_OVERFLOW(8, 2),
    FLOAT_DIVIDE(8, 3),
    FLOAT_OVERFLOW(8, 4),
    FLOAT_UNDERFLOW(8, 5),
    FLOAT_INEXACT(8, 6),
    FLOAT_INVALID(8, 7);

    private final int signal;
    private final int code;

    UserStop(int signal, int code) {
        this.signal = signal;
        this.code = code;
    }

    /// x86's number of the signal, 0 for none: SIGILL, SIGTRAP, SIGBUS, SIGFPE or SIGSEGV. SIGBUS has another on MIPS.
    public int signal() {
        return signal;
    }

    /// siginfo's si_code.
    public int code() {
        return code;
    }
}
