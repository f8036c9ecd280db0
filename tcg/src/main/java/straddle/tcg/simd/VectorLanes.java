package straddle.tcg.simd;

import org.objectweb.asm.Opcodes;
import straddle.tcg.Cpu;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.MicroOp;
import straddle.tcg.op.VectorOperation;

/// A vector instruction whose halves don't depend on each other, or its scalar form.
public final class VectorLanes extends MicroOp {
    private static final String LANES = "straddle/tcg/simd/LaneRuntime";

    private final VectorOp row;
    private final int d;
    private final int n;
    private final int m;
    private final int size;
    private final int imm;
    private final int element;
    private final Upper upper;
    private final boolean q;
    private final boolean scalar;

    /// @param element which of m is the operand for all; -1 for each its own
    /// @param upper whether there is an upper half
    public VectorLanes(
            VectorOp row,
            int d,
            int n,
            int m,
            int size,
            int imm,
            int element,
            Upper upper,
            boolean scalar) {
        this.row = row;
        this.d = d;
        this.n = n;
        this.m = m;
        this.size = size;
        this.imm = imm;
        this.element = element;
        this.upper = upper;
        this.q = upper == Upper.COMPUTED;
        this.scalar = scalar;
    }

    @Override
    public MicroOp exec(Cpu c) {
        long[] r = c.r;
        long ml = r[m];
        long mh = r[m + 1];
        if (element >= 0) {
            ml = LaneRuntime.each(Whole.get(ml, mh, size, element), size);
            mh = ml;
        }
        long low = Lanes.half(row, c, r[d], r[n], ml, size, imm, scalar);
        long high = q ? Lanes.half(row, c, r[d + 1], r[n + 1], mh, size, imm, false) : 0;
        upper.set(r, d, low, high);
        return next;
    }

    // ---- bytecode

    @Override
    public void emit(Emitter e) {
        if (!scalar && upper != Upper.KEPT && e.vector(operation())) {
            return;
        }
        if (!hasBytecode()) {
            upper.emitCompute(e, this, d);
            return;
        }
        if (element >= 0) {
            emitElement(e);
            e.keep(Emitter.B);
        }
        emitHalf(e, 0);
        if (q) {
            // n or m may be d: nothing is written before all was read.
            e.keep(Emitter.A);
            emitHalf(e, 1);
        }
        upper.emitSet(e, d);
    }

    private VectorOperation operation() {
        return new VectorOperation(row.name(), size, d, n, m, imm, element, q);
    }

    private void emitElement(Emitter e) {
        int bit = element << size + 3;
        e.get(m + bit / 64);
        e.shift(Opcodes.LUSHR, bit % 64);
        e.integer(size);
        e.invoke(LANES, "each", "(JI)J");
    }

    private boolean hasBytecode() {
        return switch (row) {
            case AND, BIC, ORR, ORN, EOR, BSL, BIT, BIF, NOT -> true;
            case FADD, FSUB, FMUL, FDIV, FMLA, FMLS, VMLA, VMLS, FSQRT, FABS, FNEG -> true;
            case SCVTF, FCVTZS -> true;
            case REV64, REV32, REV16, CNT -> true;
            case ADD,
                    SUB,
                    NEG,
                    CMEQ,
                    CMEQ_ZERO,
                    CMGT,
                    CMGE,
                    CMHI,
                    CMHS,
                    CMTST,
                    CMGT_ZERO,
                    CMGE_ZERO,
                    CMLT_ZERO,
                    SMAX,
                    SMIN,
                    UMAX,
                    UMIN,
                    SABD,
                    UABD,
                    SABA,
                    UABA,
                    MUL,
                    MLA,
                    MLS,
                    ABS,
                    SHL,
                    SSHR,
                    USHR,
                    SSRA,
                    USRA,
                    SLI,
                    SRI ->
                    !scalar || size == 3;
            default -> false;
        };
    }

    /// Pushes one half of the result.
    private void emitHalf(Emitter e, int half) {
        switch (row) {
            case AND -> bitwise(e, half, false, Opcodes.LAND);
            case BIC -> bitwise(e, half, true, Opcodes.LAND);
            case ORR -> bitwise(e, half, false, Opcodes.LOR);
            case ORN -> bitwise(e, half, true, Opcodes.LOR);
            case EOR -> bitwise(e, half, false, Opcodes.LXOR);
            case NOT -> {
                e.get(n + half);
                not(e);
            }
            case BSL -> select(e, d + half, n + half, m + half);
            case BIT -> select(e, m + half, n + half, d + half);
            case BIF -> select(e, m + half, d + half, n + half);
            case FABS -> {
                e.get(n + half);
                e.constant(size == 3 ? Long.MAX_VALUE : 0x7fff_ffff_7fff_ffffL);
                e.op(Opcodes.LAND);
            }
            case FNEG -> {
                e.get(n + half);
                e.constant(size == 3 ? Long.MIN_VALUE : 0x8000_0000_8000_0000L);
                e.op(Opcodes.LXOR);
            }
            case FADD -> floating(e, half, "fadd");
            case FSUB -> floating(e, half, "fsub");
            case FMUL -> floating(e, half, "fmul");
            case FDIV -> floating(e, half, "fdiv");
            case FMLA, FMLS, VMLA, VMLS -> multiplyAdd(e, half);
            case FSQRT -> {
                e.get(n + half);
                e.cpu();
                e.invoke(FpRuntime.NAME, "fsqrt" + letter(), "(J" + FpRuntime.CPU + ")J");
            }
            case SCVTF -> {
                if (size == 3 || !scalar) {
                    e.get(n + half);
                } else {
                    e.getSigned(n, 4);
                }
                e.cpu();
                e.invoke(FpRuntime.NAME, "scvtf" + letter(), "(J" + FpRuntime.CPU + ")J");
            }
            case FCVTZS -> {
                e.get(n + half);
                e.integer(size == 3 ? 1 : 0);
                e.cpu();
                e.invoke(FpRuntime.NAME, "fcvtzs" + letter(), "(JI" + FpRuntime.CPU + ")J");
                if (size == 2 && scalar) {
                    e.zeroExtend(4);
                }
            }
            case REV64 -> reverse(e, half, 64);
            case REV32 -> reverse(e, half, 32);
            case REV16 -> reverse(e, half, 16);
            case CNT -> {
                e.get(n + half);
                e.invoke(LANES, "bitCounts", "(J)J");
            }
            case SABD -> binary(e, half, LaneRuntime.SABD);
            case UABD -> binary(e, half, LaneRuntime.UABD);
            case SABA -> {
                e.get(d + half);
                binary(e, half, LaneRuntime.SABD);
                sized(e, "add");
            }
            case UABA -> {
                e.get(d + half);
                binary(e, half, LaneRuntime.UABD);
                sized(e, "add");
            }
            case ADD -> lanes(e, half, "add");
            case SUB -> lanes(e, half, "sub");
            case CMEQ -> lanes(e, half, "equal");
            case CMEQ_ZERO -> {
                e.get(n + half);
                e.constant(0);
                sized(e, "equal");
            }
            case NEG -> {
                e.constant(0);
                e.get(n + half);
                sized(e, "sub");
            }
            case CMGT -> binary(e, half, LaneRuntime.CMGT);
            case CMGE -> binary(e, half, LaneRuntime.CMGE);
            case CMHI -> binary(e, half, LaneRuntime.CMHI);
            case CMHS -> binary(e, half, LaneRuntime.CMHS);
            case CMTST -> binary(e, half, LaneRuntime.CMTST);
            case SMAX -> binary(e, half, LaneRuntime.SMAX);
            case SMIN -> binary(e, half, LaneRuntime.SMIN);
            case UMAX -> binary(e, half, LaneRuntime.UMAX);
            case UMIN -> binary(e, half, LaneRuntime.UMIN);
            case MUL -> binary(e, half, LaneRuntime.MUL);
            case MLA -> {
                e.get(d + half);
                binary(e, half, LaneRuntime.MUL);
                sized(e, "add");
            }
            case MLS -> {
                e.get(d + half);
                binary(e, half, LaneRuntime.MUL);
                sized(e, "sub");
            }
            case CMGT_ZERO -> withConstant(e, half, LaneRuntime.CMGT, 0);
            case CMGE_ZERO -> withConstant(e, half, LaneRuntime.CMGE, 0);
            case CMLT_ZERO -> withConstant(e, half, LaneRuntime.SSHR, (8 << size) - 1);
            case ABS -> withConstant(e, half, LaneRuntime.ABS, 0);
            case SSHR -> signedShift(e, half);
            case SHL -> left(e, half);
            case USHR -> unsignedShift(e, half);
            case SSRA -> {
                e.get(d + half);
                signedShift(e, half);
                sized(e, "add");
            }
            case USRA -> {
                e.get(d + half);
                unsignedShift(e, half);
                sized(e, "add");
            }
            case SLI -> {
                e.get(d + half);
                e.constant(LaneRuntime.each((1L << imm) - 1, size));
                e.op(Opcodes.LAND);
                left(e, half);
                e.op(Opcodes.LOR);
            }
            default -> {
                int width = 8 << size;
                long moved = imm == width ? 0 : Lanes.mask(size) >>> imm;
                e.get(d + half);
                e.constant(LaneRuntime.each(~moved, size));
                e.op(Opcodes.LAND);
                unsignedShift(e, half);
                e.op(Opcodes.LOR);
            }
        }
    }

    private char letter() {
        return size == 3 ? 'd' : scalar ? 's' : 'v';
    }

    private static void not(Emitter e) {
        e.constant(-1);
        e.op(Opcodes.LXOR);
    }

    /// Pushes the second operand.
    private void second(Emitter e, int half) {
        if (element >= 0) {
            e.take(Emitter.B);
        } else {
            e.get(m + half);
        }
    }

    private void bitwise(Emitter e, int half, boolean inverted, int opcode) {
        e.get(n + half);
        e.get(m + half);
        if (inverted) {
            not(e);
        }
        e.op(opcode);
    }

    /// Pushes mask & yes | ~mask & no.
    private static void select(Emitter e, int mask, int yes, int no) {
        e.get(yes);
        e.get(no);
        e.op(Opcodes.LXOR);
        e.get(mask);
        e.op(Opcodes.LAND);
        e.get(no);
        e.op(Opcodes.LXOR);
    }

    private void floating(Emitter e, int half, String name) {
        e.get(n + half);
        second(e, half);
        e.cpu();
        e.invoke(FpRuntime.NAME, name + letter(), "(JJ" + FpRuntime.CPU + ")J");
    }

    private void multiplyAdd(Emitter e, int half) {
        e.get(d + half);
        e.get(n + half);
        if (row == VectorOp.FMLS) {
            e.constant(size == 3 ? Long.MIN_VALUE : 0x8000_0000_8000_0000L);
            e.op(Opcodes.LXOR);
        }
        second(e, half);
        e.cpu();
        String name =
                row == VectorOp.VMLA
                        ? "vmlav"
                        : row == VectorOp.VMLS ? "vmlsv" : "fmadd" + letter();
        e.invoke(FpRuntime.NAME, name, "(JJJ" + FpRuntime.CPU + ")J");
    }

    private void reverse(Emitter e, int half, int unit) {
        e.get(n + half);
        e.integer(size);
        e.integer(unit);
        e.invoke(LANES, "reversed", "(JII)J");
    }

    /// A function of two values on the stack and the size.
    private void sized(Emitter e, String name) {
        e.integer(size);
        e.invoke(LANES, name, "(JJI)J");
    }

    private void lanes(Emitter e, int half, String name) {
        e.get(n + half);
        second(e, half);
        sized(e, name);
    }

    private void binary(Emitter e, int half, int op) {
        e.integer(op);
        e.get(n + half);
        second(e, half);
        e.integer(size);
        e.invoke(LANES, "binary", "(IJJI)J");
    }

    private void withConstant(Emitter e, int half, int op, int value) {
        e.integer(op);
        e.get(n + half);
        e.constant(LaneRuntime.each(value, size));
        e.integer(size);
        e.invoke(LANES, "binary", "(IJJI)J");
    }

    private void signedShift(Emitter e, int half) {
        withConstant(e, half, LaneRuntime.SSHR, Math.min(imm, (8 << size) - 1));
    }

    private void unsignedShift(Emitter e, int half) {
        if (imm == 8 << size) {
            e.constant(0);
            return;
        }
        e.get(n + half);
        e.shift(Opcodes.LUSHR, imm);
        e.constant(LaneRuntime.each(Lanes.mask(size) >>> imm, size));
        e.op(Opcodes.LAND);
    }

    private void left(Emitter e, int half) {
        e.get(n + half);
        e.shift(Opcodes.LSHL, imm);
        e.constant(LaneRuntime.each(Lanes.mask(size) << imm & Lanes.mask(size), size));
        e.op(Opcodes.LAND);
    }

    @Override
    public int emittedBytes() {
        return hasBytecode() ? (q ? 72 : 40) + (element >= 0 ? 12 : 0) : Emitter.computeBytes(2);
    }

    @Override
    public String toString() {
        return "%s.%d%s r%d, r%d, r%d #%d"
                .formatted(row, 8 << size, scalar ? " scalar" : q ? " q" : "", d, n, m, imm);
    }
}
