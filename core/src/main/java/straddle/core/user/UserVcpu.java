package straddle.core.user;

import java.util.Optional;
import straddle.core.observe.Trace;
import straddle.core.vcpu.Statistics;
import straddle.core.vcpu.UserStateOwner;

/// A processor that runs one thread of a Linux program, without an operating system of the guest's.
///
/// One thread runs it and looks at its state, between two runs; only [#kick()] may be called by others.
/// It can be taken over by another thread of the host's, program or memory, one after the other.
public interface UserVcpu extends AutoCloseable {
    UserIsa isa();

    /// The memory it runs in.
    UserMemory memory();

    /// Goes over to another address space, or to the same one anew: after fork(2) and execve(2).
    void use(UserMemory memory);

    /// Belongs to no memory until the next [#use].
    void park();

    /// Runs the program until it needs somebody.
    ///
    /// For a fault the program counter is that of the instruction, of which nothing has happened yet.
    UserStop run();

    /// Makes a run end soon with [UserStop#KICKED], or the next one at once. Any thread.
    void kick();

    /// Has the instructions and blocks that it runs traced, as those of a thread; between two runs.
    void trace(Trace by, int thread);

    /// The address of the last stop for an access, or of the instruction for others.
    long faultAddress();

    /// The kind of the access that faulted.
    Access faultAccess();

    /// A general register, zero-extended from the architecture's width, by its number in encodings:
    ///
    /// - x86-64: RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8 to R15; i386: the first eight
    /// - AArch64: X0 to X30, then 31 for SP
    /// - ARM: R0 to R14 (R15 is [#pc()])
    /// - MIPS: 0 to 31, then 32 for HI and 33 for LO
    long register(int number);

    /// @param value its upper bits are dropped where registers are narrower
    void setRegister(int number, long value);

    /// Where the program goes on. ARM: without the bit for T32, which is in [#status()]. MIPS: a branch, if its delay slot is next.
    long pc();

    void setPc(long pc);

    /// Back to the system call that has just stopped the program, to have it called again.
    void rewindSystemCall();

    /// Flags and modes that the program sees: RFLAGS, NZCV in bits 31:28 (AArch64's PSTATE), the CPSR; MIPS: Status, of which
    /// there is FR (bit 26), that the floating-point ABI of the program asks for.
    long status();

    /// Takes over what a program may change.
    void setStatus(long status);

    /// What the thread pointer of the C library is: FS base, the base of i386's TLS segment, TPIDR_EL0, TPIDRURO, or UserLocal.
    long threadPointer();

    void setThreadPointer(long address);

    /// The floating-point and vector registers as the memory image that the architecture's own signal frame has, in the program's byte order:
    ///
    /// - x86-64 and i386: an FXSAVE image, or an XSAVE image in the standard format
    /// - AArch64: V0 to V31, FPSR, FPCR (520 bytes)
    /// - ARM: D0 to D31, FPSCR (260 bytes)
    /// - MIPS: 32 registers of 64 bits, FCSR (260 bytes)
    byte[] saveFloats();

    /// Takes over what [#saveFloats()] returned, perhaps changed by the program: wrong bits are ignored.
    void loadFloats(byte[] image);

    /// All registers become those of another processor of this kind: what a forked child starts with.
    void copyFrom(UserVcpu other);

    /// All registers become what a program starts with: 0, but for control bits.
    void reset();

    /// From now on others run in the same memory, at the same time: accesses need an order, and atomic ones the host's.
    /// Before this vCPU runs next.
    void setShared();

    /// Its state between two runs, for a [NativeVcpu] that runs the program meanwhile; empty where none can.
    default Optional<UserStateOwner> userState() {
        return Optional.empty();
    }

    long retiredInstructions();

    /// Adds its figures.
    void statistics(Statistics to);

    @Override
    void close();
}
