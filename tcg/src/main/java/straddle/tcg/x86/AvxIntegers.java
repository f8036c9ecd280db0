package straddle.tcg.x86;

import straddle.tcg.Cpu;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.MicroOp;
import straddle.tcg.x86.VectorIntegers.Family;

/// The integer and element operations of SSE in AVX's form: d = a op b on 128 or 256 bits, whose halves are
/// treated alike. `d`, `a` and `b` are indices in [X86Cpu#v] and [X86Cpu#w]. None can fault.
///
/// The operation itself is SSE's, which overwrites its first operand: a is copied to d first, or to
/// [#SPARE] if d is b.
final class AvxIntegers extends MicroOp {
    /// Where a result is put together whose destination is still needed.
    static final int SPARE = 34;

    /// No first source: the operation only reads b.
    static final int NONE = -1;

    private final Op op;
    private final Family family;
    private final int d;
    private final int a;
    private final int b;
    private final int to;
    private final int imm;
    private final int upperImm;
    private final boolean wide;
    private final boolean counts;
    private final int piece;

    /// @param a the first source, or [#NONE]
    AvxIntegers(Op op, int d, int a, int b, int imm, boolean wide) {
        this.op = op;
        this.family = familyOf(op, a, b);
        this.d = d;
        this.to = d == b && a != NONE && d != a ? SPARE : d;
        this.a = a == NONE ? to : a;
        this.b = b;
        this.imm = imm;
        this.upperImm = upperImmediate(op, imm);
        this.wide = wide;
        this.counts = wide && family == Family.ARITHMETIC && isCounted(op);
        this.piece = wide ? pieceBytes(op) : 0;
    }

    /// A shift of a by an immediate.
    static AvxIntegers shift(Op op, int d, int a, int count, boolean wide) {
        return new AvxIntegers(op, d, a, NONE, count, wide);
    }

    private static Family familyOf(Op op, int a, int b) {
        return b == NONE && a != NONE ? Family.SHIFT_BY : VectorIntegers.family(op);
    }

    /// What the upper half sees of an immediate whose bits go by element.
    private static int upperImmediate(Op op, int imm) {
        return switch (op) {
            case BLENDPS -> imm >> 4;
            case BLENDPD, SHUFPD -> imm >> 2;
            case MPSADBW -> imm >> 3;
            default -> imm;
        };
    }

    /// Whether the count is the low quadword of b for both halves.
    private static boolean isCounted(Op op) {
        return switch (op) {
            case PSRLW, PSRLD, PSRLQ, PSRAW, PSRAD, PSLLW, PSLLD, PSLLQ -> true;
            default -> false;
        };
    }

    /// Bytes of b that a half of the result is made from, where that is not all 16, or 0.
    static int pieceBytes(Op op) {
        return switch (op) {
            case PMOVSXBW,
                    PMOVSXWD,
                    PMOVSXDQ,
                    PMOVZXBW,
                    PMOVZXWD,
                    PMOVZXDQ,
                    CVTPS2PD,
                    CVTDQ2PD,
                    VCVTPH2PS ->
                    8;
            case PMOVSXBD, PMOVSXWQ, PMOVZXBD, PMOVZXWQ -> 4;
            case PMOVSXBQ, PMOVZXBQ -> 2;
            default -> 0;
        };
    }

    @Override
    public MicroOp exec(Cpu c) {
        X86Cpu cpu = (X86Cpu) c;
        int upperB = b;
        if (counts) {
            VectorRuntime.repeat(c, b);
            upperB = Vectors.SCRATCH;
        } else if (piece != 0) {
            VectorRuntime.spread(c, b, piece);
            upperB = Vectors.SCRATCH;
        }
        if (a != to) {
            VectorRuntime.copy(c, to, a);
        }
        VectorIntegers.apply(family, op, cpu.v, to, b, imm);
        if (to != d) {
            VectorRuntime.copy(c, d, to);
        }
        if (!wide) {
            VectorRuntime.clearUpper(c, d);
            return next;
        }
        if (a != to) {
            VectorRuntime.copyUpper(c, to, a);
        }
        VectorIntegers.apply(family, op, cpu.w, to, upperB, upperImm);
        if (to != d) {
            VectorRuntime.copyUpper(c, d, to);
        }
        return next;
    }

    @Override
    public void emit(Emitter e) {
        int upperB = counts || piece != 0 ? Vectors.SCRATCH : b;
        if (counts) {
            VectorCode.call(e, this, "repeat", "V", b);
        } else if (piece != 0) {
            VectorCode.call(e, this, "spread", "V", b, piece);
        }
        copy(e, "copy", to, a);
        VectorIntegers.emit(e, false, family, op, to, b, imm);
        copy(e, "copy", d, to);
        if (!wide) {
            VectorCode.call(e, this, "clearUpper", "V", d);
            return;
        }
        copy(e, "copyUpper", to, a);
        VectorIntegers.emit(e, true, family, op, to, upperB, upperImm);
        copy(e, "copyUpper", d, to);
    }

    private void copy(Emitter e, String name, int to, int from) {
        if (to != from) {
            VectorCode.call(e, this, name, "V", to, from);
        }
    }

    @Override
    public int emittedBytes() {
        return 3 * VectorCode.BYTES;
    }

    @Override
    public String toString() {
        return "%s %s[%d], [%d], [%d], %d".formatted(op, wide ? "ymm" : "xmm", d, a, b, imm);
    }
}
