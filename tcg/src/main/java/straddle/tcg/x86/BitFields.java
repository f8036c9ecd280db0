package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.RDX;

import org.objectweb.asm.Opcodes;
import straddle.tcg.Cpu;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.Flags;
import straddle.tcg.op.MicroOp;
import straddle.tcg.op.Reg;

/// BMI1's and BMI2's VEX-encoded instructions on general registers: d = a op b, on 4 or 8 bytes.
final class BitFields extends MicroOp {
    private static final String SELF = "straddle/tcg/x86/BitFields$Functions";
    private static final String UNARY = "(JI)J";
    private static final String BINARY = "(JJI)J";

    private final Op op;
    private final int width;
    private final int d;
    private final int a;
    private final int b;
    private final int imm;

    /// @param d slot of the result; for MULX of its high half, and [#b] of its low half
    /// @param a slot of the operand that ModR/M.rm names
    /// @param b slot of the other operand
    /// @param imm RORX's count
    BitFields(Op op, int width, int d, int a, int b, int imm) {
        this.op = op;
        this.width = width;
        this.d = d;
        this.a = a;
        this.b = b;
        this.imm = imm;
    }

    /// The functions, for the interpreter and for emitted regions. Operands are zero-extended; what results may have
    /// any bits beyond the width.
    public static final class Functions {
        private Functions() {}

        private static int mask(int width) {
            return 8 * width - 1;
        }

        public static long andn(long a, long b, int width) {
            return a & ~b;
        }

        public static long bextr(long a, long b, int width) {
            int start = (int) b & 0xff;
            int length = (int) b >>> 8 & 0xff;
            long shifted = start > 63 ? 0 : a >>> start;
            return length > 63 ? shifted : shifted & (1L << length) - 1;
        }

        public static long bzhi(long a, long b, int width) {
            int index = (int) b & 0xff;
            return index > mask(width) ? a : a & (1L << index) - 1;
        }

        public static long pext(long mask, long value, int width) {
            return Long.compress(value, mask);
        }

        public static long pdep(long mask, long value, int width) {
            return Long.expand(value, mask);
        }

        public static long shlx(long a, long b, int width) {
            return a << (b & mask(width));
        }

        public static long shrx(long a, long b, int width) {
            return a >>> (b & mask(width));
        }

        public static long sarx(long a, long b, int width) {
            return Reg.signed(a, width) >> (b & mask(width));
        }

        public static long blsr(long a, int width) {
            return a & a - 1;
        }

        public static long blsmsk(long a, int width) {
            return a ^ a - 1;
        }

        public static long blsi(long a, int width) {
            return a & -a;
        }

        /// BZHI's carry.
        public static long isBeyond(long b, int width) {
            return ((int) b & 0xff) > mask(width) ? 1 : 0;
        }

        public static long isZero(long a) {
            return a == 0 ? 1 : 0;
        }
    }

    private long compute(long x, long y) {
        return switch (op) {
            case ANDN -> Functions.andn(x, y, width);
            case BEXTR -> Functions.bextr(x, y, width);
            case BZHI -> Functions.bzhi(x, y, width);
            case PEXT -> Functions.pext(x, y, width);
            case PDEP -> Functions.pdep(x, y, width);
            case SHLX -> Functions.shlx(x, y, width);
            case SHRX -> Functions.shrx(x, y, width);
            case SARX -> Functions.sarx(x, y, width);
            case BLSR -> Functions.blsr(x, width);
            case BLSMSK -> Functions.blsmsk(x, width);
            case BLSI -> Functions.blsi(x, width);
            case RORX -> width == 8 ? Long.rotateRight(x, imm) : Integer.rotateRight((int) x, imm);
            default -> throw new IllegalStateException(op + " is no bit field instruction");
        };
    }

    private boolean isUnary() {
        return switch (op) {
            case BLSR, BLSMSK, BLSI, RORX -> true;
            default -> false;
        };
    }

    @Override
    public MicroOp exec(Cpu c) {
        long[] r = c.r;
        long x = Reg.get(r, a, width);
        if (op == Op.MULX) {
            multiply(r, x);
            return next;
        }
        long y = isUnary() ? 0 : Reg.get(r, b, width);
        long result = compute(x, y);
        long signed = Reg.signed(result, width);
        switch (op) {
            case ANDN, BEXTR -> c.setFlags(Flags.LOGIC, signed, 0, 0);
            case BZHI -> c.setFlags(Flags.SHIFT, signed, Functions.isBeyond(y, width), 0);
            case BLSR, BLSMSK -> c.setFlags(Flags.SHIFT, signed, Functions.isZero(x), 0);
            case BLSI -> c.setFlags(Flags.SHIFT, signed, 1 - Functions.isZero(x), 0);
            default -> {}
        }
        Reg.set(r, d, width, result);
        return next;
    }

    /// The high half wins where both go to one register.
    private void multiply(long[] r, long x) {
        long y = Reg.get(r, RDX, width);
        long low = x * y;
        long high = width == 8 ? Math.unsignedMultiplyHigh(x, y) : low >>> 32;
        Reg.set(r, b, width, low);
        Reg.set(r, d, width, high);
    }

    @Override
    public void emit(Emitter e) {
        if (op == Op.MULX) {
            emitMultiply(e);
            return;
        }
        e.get(a, width);
        e.keep(Emitter.A);
        e.take(Emitter.A);
        if (op == Op.RORX) {
            emitRotate(e);
        } else if (isUnary()) {
            e.integer(width);
            e.invoke(SELF, VectorCode.name(op), UNARY);
        } else {
            e.get(b, width);
            e.keep(Emitter.B);
            e.take(Emitter.B);
            e.integer(width);
            e.invoke(SELF, VectorCode.name(op), BINARY);
        }
        e.keep(Emitter.R);
        e.take(Emitter.R);
        e.set(d, width);
        emitFlags(e);
    }

    private void emitRotate(Emitter e) {
        if (width == 8) {
            e.integer(imm & 63);
            e.invoke("java/lang/Long", "rotateRight", "(JI)J");
        } else {
            e.op(Opcodes.L2I);
            e.integer(imm & 31);
            e.invoke("java/lang/Integer", "rotateRight", "(II)I");
            e.op(Opcodes.I2L);
        }
    }

    private void emitFlags(Emitter e) {
        switch (op) {
            case ANDN, BEXTR, BZHI, BLSR, BLSMSK, BLSI -> {
                e.take(Emitter.R);
                e.signExtend(width);
                e.keep(Emitter.R);
            }
            default -> {
                return;
            }
        }
        switch (op) {
            case ANDN, BEXTR -> {
                e.logicFlags(Emitter.R);
                return;
            }
            case BZHI -> {
                e.take(Emitter.B);
                e.integer(width);
                e.invoke(SELF, "isBeyond", "(JI)J");
            }
            default -> {
                e.take(Emitter.A);
                e.invoke(SELF, "isZero", "(J)J");
                if (op == Op.BLSI) {
                    e.constant(1);
                    e.op(Opcodes.LXOR);
                }
            }
        }
        e.keep(Emitter.A);
        e.constant(0);
        e.keep(Emitter.B);
        e.flags(Flags.SHIFT, Emitter.R, Emitter.A, Emitter.B);
    }

    private void emitMultiply(Emitter e) {
        e.get(a, width);
        e.keep(Emitter.A);
        e.get(RDX, width);
        e.keep(Emitter.B);
        e.take(Emitter.A);
        e.take(Emitter.B);
        e.op(Opcodes.LMUL);
        e.keep(Emitter.R);
        e.take(Emitter.R);
        e.set(b, width);
        if (width == 8) {
            e.take(Emitter.A);
            e.take(Emitter.B);
            e.invoke("java/lang/Math", "unsignedMultiplyHigh", "(JJ)J");
        } else {
            e.take(Emitter.R);
            e.shift(Opcodes.LUSHR, 32);
        }
        e.set(d, width);
    }

    @Override
    public int emittedBytes() {
        return 100;
    }

    @Override
    public String toString() {
        return "%s%d r%d, r%d, r%d".formatted(op, 8 * width, d, a, b);
    }
}
