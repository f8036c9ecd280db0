package straddle.tcg.mips;

import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.BitSet;
import straddle.core.user.UserIsa;
import straddle.core.user.UserMemory;
import straddle.core.user.UserStop;
import straddle.core.user.UserVcpu;
import straddle.tcg.GuestFault;
import straddle.tcg.block.Tb;
import straddle.tcg.user.UserCpu;

/// A MIPS32 release 2 processor as Linux programs see it: a 24Kf with a 64-bit floating-point unit, in either byte order.
///
/// Its registers are words, zero-extended in their slots. A floating-point register of 64 bits is a slot; while
/// Status.FR is clear there are the 16 even ones, whose upper halves are the odd single ones. Accesses that are not aligned
/// stop the program, as in QEMU; Linux on hardware would have done them in the kernel.
public final class MipsCpu extends UserCpu {
    public static final int ZERO = 0;

    /// sp, by convention.
    static final int STACK_POINTER = 29;

    public static final int RA = 31;
    public static final int HI = 32;
    public static final int LO = 33;

    /// The address of the last LL until an SC, and what it loaded.
    static final int LL_ADDRESS = 34;

    static final int LL_VALUE = 35;

    /// UserLocal, which RDHWR reads.
    static final int USER_LOCAL = 36;

    // Temporaries that live within an instruction.
    static final int COND = 37;
    static final int T0 = 38;
    static final int T1 = 39;

    // What a branch keeps over its delay slot.
    static final int KEPT0 = 40;
    static final int KEPT1 = 41;

    /// The first floating-point register.
    static final int F0 = 42;

    /// Where a load into register 0 goes.
    static final int SINK = F0 + 32;

    /// FCSR's condition codes, 0 or 1 each.
    static final int FCC = SINK + 1;

    /// The last floating-point operation, if FCSR.Cause does not tell of it yet, and its operands: as for [Fpu#settle].
    static final int LAST = FCC + 8;

    static final int LAST_OPERANDS = LAST + 1;

    private static final int SLOTS = LAST_OPERANDS + 3;
    private static final long MASK = 0xffff_ffffL;
    private static final long NO_LINK = -1;

    /// Status.FR: floating-point registers have 64 bits each.
    private static final long STATUS_FR = 1 << 26;

    /// In the mode: floating-point registers have 64 bits each.
    static final long MODE_FR = 1;

    private static final int FLOAT_BYTES = 32 * 8 + 4;

    final Fpu fpu = new Fpu();
    private final boolean bigEndian;
    private final Translator translator;
    private boolean fr;

    /// @param isa MIPS or MIPSEL
    /// @param arena outlives this CPU
    public MipsCpu(UserIsa isa, UserMemory memory, Arena arena) {
        super(isa, SLOTS, memory, arena);
        bigEndian = isa.order() == ByteOrder.BIG_ENDIAN;
        translator = new Translator(this);
        r[LL_ADDRESS] = NO_LINK;
    }

    boolean isBigEndian() {
        return bigEndian;
    }

    @Override
    protected long mode() {
        return fr ? MODE_FR : 0;
    }

    @Override
    public void addTemporaries(BitSet slots) {
        slots.set(COND, T1 + 1);
    }

    @Override
    public void addWords(BitSet slots) {
        slots.set(0, LO + 1);
    }

    @Override
    public int stackSlot() {
        return STACK_POINTER;
    }

    @Override
    protected Tb translate(long gpa) {
        if ((pc & 3) != 0) {
            throw misaligned(pc, false);
        }
        return translator.translate(gpa, modeKey());
    }

    /// An instruction word at an address.
    int fetch(long virtual) {
        int word = fetch32(virtual);
        return bigEndian ? Integer.reverseBytes(word) : word;
    }

    /// What the kernel makes of an enabled floating-point exception: the first in its order.
    GuestFault floatException() {
        int cause = fpu.fcsr >>> Fpu.CAUSE_SHIFT & fpu.fcsr >>> Fpu.ENABLES_SHIFT;
        UserStop why =
                (cause & Fpu.V) != 0
                        ? UserStop.FLOAT_INVALID
                        : (cause & Fpu.Z) != 0
                                ? UserStop.FLOAT_DIVIDE
                                : (cause & Fpu.O) != 0
                                        ? UserStop.FLOAT_OVERFLOW
                                        : (cause & Fpu.U) != 0
                                                ? UserStop.FLOAT_UNDERFLOW
                                                : UserStop.FLOAT_INEXACT;
        return stop(why, pc);
    }

    /// What the kernel makes of BREAK's and the traps' codes.
    static UserStop ofCode(int code, boolean isBreak) {
        return switch (code) {
            case 6 -> UserStop.INTEGER_OVERFLOW;
            case 7 -> UserStop.INTEGER_DIVIDE;
            default -> isBreak ? UserStop.BREAK_INSTRUCTION : UserStop.BREAKPOINT;
        };
    }

    // ---- as the system sees it

    @Override
    public long register(int number) {
        return r[number];
    }

    @Override
    public void setRegister(int number, long value) {
        if (number != ZERO) {
            r[number] = value & MASK;
        }
    }

    /// A system call or a signal ends what an LL began.
    @Override
    public void setPc(long to) {
        super.setPc(to & MASK);
        r[LL_ADDRESS] = NO_LINK;
    }

    /// Status, of which there is FR alone: programs choose it by their floating-point ABI.
    @Override
    public long status() {
        return fr ? STATUS_FR : 0;
    }

    @Override
    public void setStatus(long status) {
        fr = (status & STATUS_FR) != 0;
    }

    @Override
    public long threadPointer() {
        return r[USER_LOCAL];
    }

    @Override
    public void setThreadPointer(long address) {
        r[USER_LOCAL] = address & MASK;
    }

    /// Registers in the layout of `struct sigcontext`; where Status.FR is clear the even ones are the pairs, and the odd ones nothing.
    @Override
    public byte[] saveFloats() {
        ByteBuffer image = ByteBuffer.allocate(FLOAT_BYTES).order(isa().order());
        for (int i = 0; i < 32; i++) {
            image.putLong(r[F0 + i]);
        }
        image.putInt(fpu.control(this));
        return image.array();
    }

    @Override
    public void loadFloats(byte[] image) {
        ByteBuffer from = ByteBuffer.wrap(image).order(isa().order());
        for (int i = 0; i < 32; i++) {
            r[F0 + i] = from.getLong();
        }
        int control = from.getInt() & Fpu.FCSR_MASK;
        fpu.setControl(this, control & ~(Fpu.EXCEPTIONS << Fpu.CAUSE_SHIFT));
    }

    @Override
    public void copyFrom(UserVcpu other) {
        MipsCpu from = (MipsCpu) other;
        System.arraycopy(from.r, 0, r, 0, SLOTS);
        fpu.fcsr = from.fpu.fcsr;
        fr = from.fr;
        pc = from.pc;
        r[LL_ADDRESS] = NO_LINK;
    }

    @Override
    public void reset() {
        java.util.Arrays.fill(r, 0);
        r[LL_ADDRESS] = NO_LINK;
        fpu.setControl(this, 0);
        fr = false;
        pc = 0;
    }

    // ---- the host's arithmetic in place of the unit's

    @Override
    public int promises() {
        return fpu.isPlain() ? PROMISE_FLOATS : 0;
    }

    @Override
    public int floatControl() {
        return fpu.hostControl();
    }

    @Override
    public void floatControl(int mxcsr) {
        fpu.note(mxcsr);
    }
}
