package straddle.tcg.x86;

import straddle.tcg.Cpu;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.MicroOp;

/// The floating-point operations of SSE in AVX's form, and F16C's: d = a op b on a scalar, 128 or 256 bits.
/// `d`, `a` and `b` are indices in [X86Cpu#v] and [X86Cpu#w].
///
/// The result is put together in [AvxIntegers#SPARE], so that an unmasked exception, of whichever element, leaves
/// d as it was.
final class AvxFloats extends MicroOp {
    private static final int SPARE = AvxIntegers.SPARE;

    private final Op op;
    private final int d;
    private final int a;
    private final int b;
    private final int imm;
    private final boolean wide;
    private final int piece;
    private final boolean narrows;

    /// @param a the first source, or [AvxIntegers#NONE]
    AvxFloats(Op op, int d, int a, int b, int imm, boolean wide) {
        this.op = op;
        this.d = d;
        this.a = a;
        this.b = b;
        this.imm = imm;
        this.wide = wide;
        this.piece = wide ? AvxIntegers.pieceBytes(op) : 0;
        this.narrows = wide && narrows(op);
    }

    private static boolean narrows(Op op) {
        return switch (op) {
            case CVTPD2PS, CVTPD2DQ, CVTTPD2DQ, VCVTPS2PH -> true;
            default -> false;
        };
    }

    @Override
    public MicroOp exec(Cpu c) {
        switch (op) {
            case ADDPD -> VectorRuntime.vaddpd(c, d, a, b, wide ? 1 : 0);
            case SUBPD -> VectorRuntime.vsubpd(c, d, a, b, wide ? 1 : 0);
            case MULPD -> VectorRuntime.vmulpd(c, d, a, b, wide ? 1 : 0);
            case ADDSD -> VectorRuntime.vaddsd(c, d, a, b, 0);
            case SUBSD -> VectorRuntime.vsubsd(c, d, a, b, 0);
            case MULSD -> VectorRuntime.vmulsd(c, d, a, b, 0);
            default -> apply((X86Cpu) c);
        }
        return next;
    }

    /// Whether [VectorRuntime] has a method for ordinary operands.
    private boolean isFrequent() {
        return switch (op) {
            case ADDPD, SUBPD, MULPD, ADDSD, SUBSD, MULSD -> true;
            default -> false;
        };
    }

    private void apply(X86Cpu c) {
        if (piece == 0 && !narrows) {
            carefully(c, op, d, a, b, imm, wide);
            return;
        }
        int upperB = b;
        if (piece != 0) {
            VectorRuntime.spread(c, b, piece);
            upperB = Vectors.SCRATCH;
        }
        VectorRuntime.gather(c);
        boolean _ = VectorFloats.apply(op, c.fp, c.v, SPARE, b, imm);
        boolean _ = VectorFloats.apply(op, c.fp, c.w, SPARE, upperB, imm);
        VectorRuntime.settle(c);
        if (narrows) {
            VectorRuntime.narrow(c, d, SPARE);
        } else {
            VectorRuntime.copy256(c, d, SPARE);
        }
    }

    /// An operation on both halves alike, whatever its operands.
    static void carefully(X86Cpu c, Op op, int d, int a, int b, int imm, boolean wide) {
        if (a >= 0) {
            VectorRuntime.copy256(c, SPARE, a);
        }
        VectorRuntime.gather(c);
        boolean _ = VectorFloats.apply(op, c.fp, c.v, SPARE, b, imm);
        if (wide) {
            boolean _ = VectorFloats.apply(op, c.fp, c.w, SPARE, b, imm);
        }
        VectorRuntime.settle(c);
        VectorRuntime.copy(c, d, SPARE);
        if (wide) {
            VectorRuntime.copyUpper(c, d, SPARE);
        } else {
            VectorRuntime.clearUpper(c, d);
        }
    }

    @Override
    public void emit(Emitter e) {
        if (isFrequent()) {
            VectorCode.call(e, this, "v" + VectorCode.name(op), "V", d, a, b, wide ? 1 : 0);
            return;
        }
        if (a >= 0) {
            VectorCode.call(e, this, wide ? "copy256" : "copy", "V", SPARE, a);
        }
        if (piece != 0) {
            VectorCode.call(e, this, "spread", "V", b, piece);
        }
        VectorCode.call(e, this, "gather", "V");
        VectorFloats.emit(e, false, op, SPARE, b, imm);
        if (wide) {
            VectorFloats.emit(e, true, op, SPARE, piece != 0 ? Vectors.SCRATCH : b, imm);
        }
        VectorCode.call(e, this, "settle", "V");
        commit(e, this, d, wide, narrows);
    }

    /// Emits the copy of the result to d.
    static void commit(Emitter e, MicroOp op, int d, boolean wide, boolean narrows) {
        if (narrows) {
            VectorCode.call(e, op, "narrow", "V", d, SPARE);
        } else if (wide) {
            VectorCode.call(e, op, "copy256", "V", d, SPARE);
        } else {
            VectorCode.call(e, op, "copy", "V", d, SPARE);
            VectorCode.call(e, op, "clearUpper", "V", d);
        }
    }

    @Override
    public int emittedBytes() {
        return 4 * VectorCode.BYTES;
    }

    @Override
    public String toString() {
        return "%s %s[%d], [%d], [%d], %d".formatted(op, wide ? "ymm" : "xmm", d, a, b, imm);
    }
}
