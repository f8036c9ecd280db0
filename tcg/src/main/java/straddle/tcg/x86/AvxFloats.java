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
        X86Cpu cpu = (X86Cpu) c;
        if (a >= 0) {
            VectorRuntime.copy(c, SPARE, a);
        }
        if (!wide) {
            if (VectorFloats.apply(op, cpu.fp, cpu.v, SPARE, b, imm)) {
                throw FpuState.simdFault(cpu);
            }
            VectorRuntime.copy(c, d, SPARE);
            VectorRuntime.clearUpper(c, d);
            return next;
        }
        if (a >= 0) {
            VectorRuntime.copyUpper(c, SPARE, a);
        }
        int upperB = b;
        if (piece != 0) {
            VectorRuntime.spread(c, b, piece);
            upperB = Vectors.SCRATCH;
        }
        VectorRuntime.gather(c);
        boolean _ = VectorFloats.apply(op, cpu.fp, cpu.v, SPARE, b, imm);
        boolean _ = VectorFloats.apply(op, cpu.fp, cpu.w, SPARE, upperB, imm);
        VectorRuntime.settle(c);
        if (narrows) {
            VectorRuntime.narrow(c, d, SPARE);
        } else {
            VectorRuntime.copy256(c, d, SPARE);
        }
        return next;
    }

    @Override
    public void emit(Emitter e) {
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
