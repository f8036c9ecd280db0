package straddle.tcg.arm;

import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.BitSet;
import straddle.core.user.UserIsa;
import straddle.core.user.UserMemory;
import straddle.core.user.UserVcpu;
import straddle.tcg.block.Tb;
import straddle.tcg.op.MicroOp;
import straddle.tcg.simd.FpCpu;
import straddle.tcg.simd.FpUnit;

/// An ARMv7-A processor as Linux programs see it: A32 and T32, little-endian.
///
/// Registers are words, zero-extended in their slots; flags are slots of their own: N is bit 31 of its slot, V the only bit there, Z says when it is 0.
/// Accesses need not be aligned, but for exclusive ones, those of floating-point registers, and vectors' that say so: what else the
/// processor traps (LDM, LDRD), Linux makes good (arch/arm/mm/alignment.c).
public final class ArmCpu extends FpCpu {
    static final int SP = 13;
    static final int LR = 14;

    /// Always 0; the program counter is no slot.
    public static final int ZERO = 15;

    static final int N = 16;
    static final int Z = 17;
    static final int C = 18;
    static final int V = 19;

    /// The CPSR's Q, 0 or 1, and GE.
    static final int Q = 20;

    static final int GE = 21;

    // Temporaries that live within an instruction.
    static final int T0 = 22;
    static final int T1 = 23;
    static final int OPERAND = 24;
    static final int CARRY = 25;
    static final int PC = 26;
    static final int RESULT = 27;
    static final int COND = 28;

    /// The constant that the last comparison was with.
    static final int COMPARED = 29;

    /// The address of the last LDREX until an STREX, and what it loaded.
    static final int EXCLUSIVE_ADDRESS = 30;

    static final int EXCLUSIVE_VALUE = 31;

    /// TPIDRURO and TPIDRURW.
    static final int THREAD_POINTER = 32;

    static final int THREAD_POINTER_WRITABLE = 33;

    /// D0 to D31.
    static final int D0 = 34;

    /// Vectors that live within an instruction.
    static final int S0 = D0 + 32;

    /// NZCV of the FPSCR, N in bit 3.
    static final int FLOAT_FLAGS = S0 + 6;

    /// What is left of an IT block, as between instructions.
    static final int IT = FLOAT_FLAGS + 1;

    private static final int SLOTS = IT + 1;
    private static final long MASK = 0xffff_ffffL;
    private static final long NO_RESERVATION = -1;
    private static final int FLOAT_BYTES = 32 * 8 + 4;

    // Bits of the CPSR (DDI 0406C, B1.3.3).
    private static final int CPSR_Q = 1 << 27;
    private static final int CPSR_T = 1 << 5;
    private static final int CPSR_USER = 0x10;
    static final long APSR = 0xf80f_0000L;

    // The mode: T32, and the state of an IT block from bit 8 on.
    static final long MODE_THUMB = 1;
    static final int MODE_IT_SHIFT = 8;

    /// What Advanced SIMD has for the FPSCR's control bits (StandardFPSCRValue in DDI 0406C, A2.7.8).
    private static final int VECTOR_CONTROL = FpUnit.DN | FpUnit.FZ;

    private final Translator translator;

    private boolean thumb;

    /// @param arena outlives this CPU
    public ArmCpu(UserMemory memory, Arena arena) {
        super(UserIsa.ARM, SLOTS, memory, arena, true);
        translator = new Translator(this);
        reset();
    }

    @Override
    protected long mode() {
        return (thumb ? MODE_THUMB : 0) | r[IT] << MODE_IT_SHIFT;
    }

    @Override
    public int stackSlot() {
        return SP;
    }

    @Override
    public void addTemporaries(BitSet slots) {
        slots.set(T0, COND + 1);
    }

    @Override
    public void addWords(BitSet slots) {
        slots.set(0, COMPARED + 1);
    }

    @Override
    protected Tb translate(long gpa) {
        if ((pc & (thumb ? 1 : 3)) != 0) {
            throw misaligned(pc, false);
        }
        return translator.translate(gpa, modeKey());
    }

    @Override
    protected void faultedAt(MicroOp op) {
        r[IT] = op.context & 0xff;
    }

    // ---- compiled code that goes from one instruction set to the other

    private static final int TO_A32 = 1;
    private static final int TO_T32 = 2;

    /// What [#levelChanged] is told.
    static int changeTo(boolean isThumb) {
        return isThumb ? TO_T32 : TO_A32;
    }

    @Override
    public int promises() {
        return r[IT] == 0 ? super.promises() | PROMISE_LEVELS : super.promises();
    }

    @Override
    public long otherMode() {
        return modeKey() ^ MODE_THUMB;
    }

    @Override
    public long otherTlb() {
        return tlb;
    }

    @Override
    public void levelChanged(int how) {
        thumb = how == TO_T32;
    }

    void setThumb(boolean isThumb) {
        thumb = isThumb;
    }

    /// BXWritePC (DDI 0406C, A2.3.1).
    void go(long target) {
        thumb = (target & 1) != 0;
        pc = target & ~1;
    }

    // ---- the status register

    /// The CPSR as a program may see it, without what is left of an IT block.
    long cpsr() {
        long flags =
                r[N] & 0x8000_0000L
                        | (r[Z] == 0 ? 1L << 30 : 0)
                        | r[C] << 29
                        | (r[V] >>> 3 & 1L << 28);
        return flags | r[Q] << 27 | r[GE] << 16 | (thumb ? CPSR_T : 0) | CPSR_USER;
    }

    void writeApsr(long value, boolean withFlags, boolean withGe) {
        if (withFlags) {
            r[N] = value & 0x8000_0000L;
            r[Z] = (value & 1 << 30) != 0 ? 0 : 1;
            r[C] = value >>> 29 & 1;
            r[V] = (value & 1 << 28) << 3;
            r[Q] = (value & CPSR_Q) != 0 ? 1 : 0;
        }
        if (withGe) {
            r[GE] = value >>> 16 & 0xf;
        }
    }

    // ---- as the system sees it

    @Override
    public long register(int number) {
        return r[number];
    }

    @Override
    public void setRegister(int number, long value) {
        r[number] = value & MASK;
    }

    /// A system call or a signal ends what an LDREX began.
    @Override
    public void setPc(long to) {
        super.setPc(to & MASK);
        r[EXCLUSIVE_ADDRESS] = NO_RESERVATION;
    }

    @Override
    public long status() {
        return cpsr() | (r[IT] & 3) << 25 | (r[IT] >>> 2 & 0x3f) << 10;
    }

    @Override
    public void setStatus(long status) {
        writeApsr(status, true, true);
        thumb = (status & CPSR_T) != 0;
        r[IT] = thumb ? (int) (status >>> 25 & 3 | (status >>> 10 & 0x3f) << 2) : 0;
    }

    @Override
    public long threadPointer() {
        return r[THREAD_POINTER];
    }

    @Override
    public void setThreadPointer(long address) {
        r[THREAD_POINTER] = address & MASK;
    }

    /// The FPSCR (DDI 0406C, B4.1.58). Vector lengths other than 1 are gone with VFPv2.
    int fpscr() {
        return (int) r[FLOAT_FLAGS] << 28 | fp.control() | fp.status() | vector.status();
    }

    void setFpscr(int value) {
        r[FLOAT_FLAGS] = (long) value >>> 28 & 15;
        fp.setControl(value);
        fp.setStatus(value);
        vector.setControl(VECTOR_CONTROL | value & FpUnit.AHP);
        vector.setStatus(value);
    }

    @Override
    public byte[] saveFloats() {
        ByteBuffer image = ByteBuffer.allocate(FLOAT_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 32; i++) {
            image.putLong(r[D0 + i]);
        }
        return image.putInt(fpscr()).array();
    }

    @Override
    public void loadFloats(byte[] image) {
        ByteBuffer from = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 32; i++) {
            r[D0 + i] = from.getLong();
        }
        setFpscr(from.getInt());
    }

    @Override
    public void copyFrom(UserVcpu other) {
        ArmCpu from = (ArmCpu) other;
        System.arraycopy(from.r, 0, r, 0, SLOTS);
        thumb = from.thumb;
        pc = from.pc;
        setFpscr(from.fpscr());
        r[EXCLUSIVE_ADDRESS] = NO_RESERVATION;
    }

    @Override
    public void reset() {
        java.util.Arrays.fill(r, 0);
        r[Z] = 1;
        r[EXCLUSIVE_ADDRESS] = NO_RESERVATION;
        thumb = false;
        pc = 0;
        setFpscr(0);
    }
}
