package straddle.tcg.a64;

import static straddle.tcg.a64.Slots.source;
import static straddle.tcg.a64.Slots.target;
import static straddle.tcg.a64.Slots.v;
import static straddle.tcg.a64.Translator.bit;
import static straddle.tcg.a64.Translator.bits;
import static straddle.tcg.a64.Translator.ra;
import static straddle.tcg.a64.Translator.rd;
import static straddle.tcg.a64.Translator.rm;
import static straddle.tcg.a64.Translator.rn;

import org.objectweb.asm.Label;
import org.objectweb.asm.Opcodes;
import straddle.tcg.Cpu;
import straddle.tcg.op.Cond;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.MicroOp;
import straddle.tcg.op.Move;
import straddle.tcg.simd.Constants;
import straddle.tcg.simd.FpRuntime;
import straddle.tcg.simd.FpUnit;

/// Scalar floating point: from rows to micro-ops.
final class Floats {
    private static final String RUNTIME = FpRuntime.NAME;
    private static final String CPU = FpRuntime.CPU;
    static final long LOW = 0xffff_ffffL;

    private final Translator to;

    Floats(Translator to) {
        this.to = to;
    }

    void emit(ScalarFloat row, int word) {
        boolean wide = word < 0;
        boolean dbl = bit(word, 22) != 0;
        int size = dbl ? FpUnit.DOUBLE : FpUnit.SINGLE;
        int d = rd(word);
        int n = rn(word);
        int m = v(rm(word));
        switch (row) {
            case SCVTF_FIXED, UCVTF_FIXED, FCVTZS_FIXED, FCVTZU_FIXED -> fixed(row, word);
            case SCVTF, UCVTF ->
                    to.append(
                            new FromFixed(
                                    row == ScalarFloat.UCVTF, size, wide, 0, v(d), source(n)));
            case FCVTNS, FCVTNU, FCVTAS, FCVTAU, FCVTPS, FCVTPU, FCVTMS, FCVTMU, FCVTZS, FCVTZU ->
                    to.append(
                            new ToFixed(
                                    bit(word, 16) != 0,
                                    size,
                                    wide,
                                    0,
                                    rounding(row),
                                    target(d),
                                    v(n)));
            case FMOV_W_S -> to.append(new Move.Reg32(target(d), v(n)));
            case FMOV_X_D -> to.append(new Move.Reg64(target(d), v(n)));
            case FMOV_X_TOP -> to.append(new Move.Reg64(target(d), v(n) + 1));
            case FMOV_S_W -> to.append(new Copy(false, v(d), source(n)));
            case FMOV_D_X -> to.append(new Copy(true, v(d), source(n)));
            case FMOV_TOP_X -> to.append(new Move.Reg64(v(d) + 1, source(n)));
            case FMOV -> to.append(new Copy(dbl, v(d), v(n)));
            case FABS, FNEG, FSQRT, FRINTN, FRINTP, FRINTM, FRINTZ, FRINTA, FRINTX, FRINTI ->
                    to.append(new Unary(row, size, v(d), v(n)));
            case FCVT_D_S -> convert(FpUnit.SINGLE, FpUnit.DOUBLE, word);
            case FCVT_H_S -> convert(FpUnit.SINGLE, FpUnit.HALF, word);
            case FCVT_S_D -> convert(FpUnit.DOUBLE, FpUnit.SINGLE, word);
            case FCVT_H_D -> convert(FpUnit.DOUBLE, FpUnit.HALF, word);
            case FCVT_S_H -> convert(FpUnit.HALF, FpUnit.SINGLE, word);
            case FCVT_D_H -> convert(FpUnit.HALF, FpUnit.DOUBLE, word);
            case FCMP -> to.append(new Compare(false, size, v(n), m));
            case FCMPE -> to.append(new Compare(true, size, v(n), m));
            case FCMP_ZERO -> to.append(new Compare(false, size, v(n), Slots.ZERO));
            case FCMPE_ZERO -> to.append(new Compare(true, size, v(n), Slots.ZERO));
            case FMOV_IMMEDIATE -> {
                to.append(new Move.Constant(v(d), Constants.number(dbl, bits(word, 13, 8))));
                to.append(new Move.Constant(v(d) + 1, 0));
            }
            case FCCMP, FCCMPE -> {
                int cond = Conditions.of(bits(word, 12, 4));
                boolean signal = row == ScalarFloat.FCCMPE;
                to.append(
                        cond < 0
                                ? new Compare(signal, size, v(n), m)
                                : new ConditionalCompare(
                                        signal, size, cond, v(n), m, bits(word, 0, 4)));
            }
            case FMUL, FDIV, FADD, FSUB, FMAX, FMIN, FMAXNM, FMINNM, FNMUL ->
                    to.append(new Arithmetic(row, size, v(d), v(n), m));
            case FCSEL ->
                    to.append(new Select(dbl, Conditions.of(bits(word, 12, 4)), v(d), v(n), m));
            case FMADD, FMSUB, FNMADD, FNMSUB ->
                    to.append(new MultiplyAdd(row, size, v(d), v(n), m, v(ra(word))));
        }
    }

    private void convert(int from, int into, int word) {
        to.append(new Convert(from, into, v(rd(word)), v(rn(word))));
    }

    private void fixed(ScalarFloat row, int word) {
        boolean wide = word < 0;
        int fraction = 64 - bits(word, 10, 6);
        if (!wide && fraction > 32) {
            to.undefined();
            return;
        }
        int size = 2 + bit(word, 22);
        int d = rd(word);
        int n = rn(word);
        boolean unsigned = bit(word, 16) != 0;
        switch (row) {
            case SCVTF_FIXED, UCVTF_FIXED ->
                    to.append(new FromFixed(unsigned, size, wide, fraction, v(d), source(n)));
            default ->
                    to.append(
                            new ToFixed(
                                    unsigned,
                                    size,
                                    wide,
                                    fraction,
                                    FpUnit.TRUNCATE,
                                    target(d),
                                    v(n)));
        }
    }

    private static int rounding(ScalarFloat row) {
        return switch (row) {
            case FCVTNS, FCVTNU -> FpUnit.NEAREST;
            case FCVTAS, FCVTAU -> FpUnit.TIES_AWAY;
            case FCVTPS, FCVTPU -> FpUnit.UP;
            case FCVTMS, FCVTMU -> FpUnit.DOWN;
            default -> FpUnit.TRUNCATE;
        };
    }

    private static char letter(int size) {
        return size == FpUnit.DOUBLE ? 'd' : 's';
    }

    private static FpUnit unit(Cpu c) {
        return ((A64Cpu) c).fp;
    }

    /// The result on the stack becomes a scalar.
    private static void setScalar(Emitter e, int d) {
        e.set(d);
        e.constant(0);
        e.set(d + 1);
    }

    private static void setScalar(Cpu c, int d, long value) {
        c.r[d] = value;
        c.r[d + 1] = 0;
    }

    private static long operand(Cpu c, int size, int slot) {
        return size == FpUnit.SINGLE ? c.r[slot] & LOW : c.r[slot];
    }

    /// To a scalar from a scalar or a general register.
    static final class Copy extends MicroOp {
        private final boolean wide;
        private final int d;
        private final int s;

        Copy(boolean wide, int d, int s) {
            this.wide = wide;
            this.d = d;
            this.s = s;
        }

        @Override
        public MicroOp exec(Cpu c) {
            setScalar(c, d, wide ? c.r[s] : c.r[s] & LOW);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.get(s, wide ? 8 : 4);
            setScalar(e, d);
        }

        @Override
        public int emittedBytes() {
            return 14;
        }
    }

    private static final class Arithmetic extends MicroOp {
        private final ScalarFloat row;
        private final int size;
        private final int d;
        private final int n;
        private final int m;

        Arithmetic(ScalarFloat row, int size, int d, int n, int m) {
            this.row = row;
            this.size = size;
            this.d = d;
            this.n = n;
            this.m = m;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long x = operand(c, size, n);
            long y = operand(c, size, m);
            boolean dbl = size == FpUnit.DOUBLE;
            long result =
                    switch (row) {
                        case FMUL -> dbl ? FpRuntime.fmuld(x, y, c) : FpRuntime.fmuls(x, y, c);
                        case FDIV -> dbl ? FpRuntime.fdivd(x, y, c) : FpRuntime.fdivs(x, y, c);
                        case FADD -> dbl ? FpRuntime.faddd(x, y, c) : FpRuntime.fadds(x, y, c);
                        case FSUB -> dbl ? FpRuntime.fsubd(x, y, c) : FpRuntime.fsubs(x, y, c);
                        case FNMUL -> dbl ? FpRuntime.fnmuld(x, y, c) : FpRuntime.fnmuls(x, y, c);
                        case FMAX -> unit(c).max(size, x, y);
                        case FMIN -> unit(c).min(size, x, y);
                        case FMAXNM -> unit(c).maxNumber(size, x, y);
                        default -> unit(c).minNumber(size, x, y);
                    };
            setScalar(c, d, result);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            String name =
                    switch (row) {
                        case FMUL -> "fmul";
                        case FDIV -> "fdiv";
                        case FADD -> "fadd";
                        case FSUB -> "fsub";
                        case FNMUL -> "fnmul";
                        default -> null;
                    };
            if (name == null) {
                e.compute(this, d, d + 1);
                return;
            }
            e.get(n);
            e.get(m);
            e.cpu();
            e.invoke(RUNTIME, name + letter(size), "(JJ" + CPU + ")J");
            setScalar(e, d);
        }

        @Override
        public int emittedBytes() {
            return Emitter.computeBytes(2);
        }
    }

    /// FMADD and its kin.
    private static final class MultiplyAdd extends MicroOp {
        private final int size;
        private final int d;
        private final int n;
        private final int m;
        private final int a;
        private final long flipProduct;
        private final long flipAddend;

        MultiplyAdd(ScalarFloat row, int size, int d, int n, int m, int a) {
            this.size = size;
            this.d = d;
            this.n = n;
            this.m = m;
            this.a = a;
            long sign = size == FpUnit.DOUBLE ? Long.MIN_VALUE : 1L << 31;
            flipProduct = row == ScalarFloat.FMSUB || row == ScalarFloat.FNMADD ? sign : 0;
            flipAddend = row == ScalarFloat.FNMADD || row == ScalarFloat.FNMSUB ? sign : 0;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long x = operand(c, size, n) ^ flipProduct;
            long y = operand(c, size, m);
            long z = operand(c, size, a) ^ flipAddend;
            setScalar(
                    c,
                    d,
                    size == FpUnit.DOUBLE
                            ? FpRuntime.fmaddd(z, x, y, c)
                            : FpRuntime.fmadds(z, x, y, c));
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.get(a);
            flip(e, flipAddend);
            e.get(n);
            flip(e, flipProduct);
            e.get(m);
            e.cpu();
            e.invoke(RUNTIME, "fmadd" + letter(size), "(JJJ" + CPU + ")J");
            setScalar(e, d);
        }

        private static void flip(Emitter e, long sign) {
            if (sign != 0) {
                e.constant(sign);
                e.op(Opcodes.LXOR);
            }
        }

        @Override
        public int emittedBytes() {
            return 32;
        }
    }

    private static final class Unary extends MicroOp {
        private final ScalarFloat row;
        private final int size;
        private final int d;
        private final int n;

        Unary(ScalarFloat row, int size, int d, int n) {
            this.row = row;
            this.size = size;
            this.d = d;
            this.n = n;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long x = operand(c, size, n);
            FpUnit unit = unit(c);
            long result =
                    switch (row) {
                        case FABS -> FpUnit.absolute(size, x);
                        case FNEG -> FpUnit.negate(size, x);
                        case FSQRT ->
                                size == FpUnit.DOUBLE
                                        ? FpRuntime.fsqrtd(x, c)
                                        : FpRuntime.fsqrts(x, c);
                        case FRINTN -> unit.roundToIntegral(size, x, FpUnit.NEAREST, false);
                        case FRINTP -> unit.roundToIntegral(size, x, FpUnit.UP, false);
                        case FRINTM -> unit.roundToIntegral(size, x, FpUnit.DOWN, false);
                        case FRINTZ -> unit.roundToIntegral(size, x, FpUnit.TRUNCATE, false);
                        case FRINTA -> unit.roundToIntegral(size, x, FpUnit.TIES_AWAY, false);
                        case FRINTX -> unit.roundToIntegral(size, x, unit.rounding(), true);
                        default -> unit.roundToIntegral(size, x, unit.rounding(), false);
                    };
            setScalar(c, d, result);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            boolean dbl = size == FpUnit.DOUBLE;
            switch (row) {
                case FABS -> {
                    e.get(n);
                    e.constant(dbl ? Long.MAX_VALUE : Integer.MAX_VALUE);
                    e.op(Opcodes.LAND);
                    setScalar(e, d);
                }
                case FNEG -> {
                    e.get(n, dbl ? 8 : 4);
                    e.constant(dbl ? Long.MIN_VALUE : 1L << 31);
                    e.op(Opcodes.LXOR);
                    setScalar(e, d);
                }
                case FSQRT -> {
                    e.get(n);
                    e.cpu();
                    e.invoke(RUNTIME, "fsqrt" + letter(size), "(J" + CPU + ")J");
                    setScalar(e, d);
                }
                default -> e.compute(this, d, d + 1);
            }
        }

        @Override
        public int emittedBytes() {
            return Emitter.computeBytes(2);
        }
    }

    private static final class Convert extends MicroOp {
        private final int from;
        private final int into;
        private final int d;
        private final int n;

        Convert(int from, int into, int d, int n) {
            this.from = from;
            this.into = into;
            this.d = d;
            this.n = n;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long x = from == FpUnit.HALF ? c.r[n] & 0xffff : operand(c, from, n);
            setScalar(c, d, unit(c).convert(from, into, x));
            return next;
        }

        @Override
        public void emit(Emitter e) {
            if (from == FpUnit.HALF || into == FpUnit.HALF) {
                e.compute(this, d, d + 1);
                return;
            }
            e.get(n);
            e.cpu();
            e.invoke(RUNTIME, into == FpUnit.DOUBLE ? "fcvtds" : "fcvtsd", "(J" + CPU + ")J");
            setScalar(e, d);
        }

        @Override
        public int emittedBytes() {
            return Emitter.computeBytes(2);
        }
    }

    private static final class FromFixed extends MicroOp {
        private final boolean unsigned;
        private final int size;
        private final boolean wide;
        private final int fraction;
        private final int d;
        private final int n;

        FromFixed(boolean unsigned, int size, boolean wide, int fraction, int d, int n) {
            this.unsigned = unsigned;
            this.size = size;
            this.wide = wide;
            this.fraction = fraction;
            this.d = d;
            this.n = n;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long x = c.r[n];
            long value = wide ? x : unsigned ? x & LOW : (int) x;
            setScalar(c, d, unit(c).fromFixed(size, value, fraction, unsigned));
            return next;
        }

        @Override
        public void emit(Emitter e) {
            if (fraction != 0) {
                e.compute(this, d, d + 1);
                return;
            }
            int width = wide ? 8 : 4;
            if (unsigned) {
                e.get(n, width);
            } else {
                e.getSigned(n, width);
            }
            e.cpu();
            e.invoke(RUNTIME, (unsigned ? "ucvtf" : "scvtf") + letter(size), "(J" + CPU + ")J");
            setScalar(e, d);
        }

        @Override
        public int emittedBytes() {
            return Emitter.computeBytes(2);
        }
    }

    private static final class ToFixed extends MicroOp {
        private final boolean unsigned;
        private final int size;
        private final boolean wide;
        private final int fraction;
        private final int rounding;
        private final int d;
        private final int n;

        ToFixed(
                boolean unsigned,
                int size,
                boolean wide,
                int fraction,
                int rounding,
                int d,
                int n) {
            this.unsigned = unsigned;
            this.size = size;
            this.wide = wide;
            this.fraction = fraction;
            this.rounding = rounding;
            this.d = d;
            this.n = n;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long x = operand(c, size, n);
            long result = unit(c).toFixed(size, x, fraction, unsigned, wide, rounding);
            c.r[d] = wide ? result : result & LOW;
            return next;
        }

        @Override
        public void emit(Emitter e) {
            if (fraction != 0 || unsigned || rounding != FpUnit.TRUNCATE) {
                e.compute(this, d);
                return;
            }
            e.get(n);
            e.integer(wide ? 1 : 0);
            e.cpu();
            e.invoke(RUNTIME, "fcvtzs" + letter(size), "(JI" + CPU + ")J");
            if (!wide) {
                e.zeroExtend(4);
            }
            Slots.set(e, d);
        }

        @Override
        public int emittedBytes() {
            return Emitter.computeBytes(1);
        }
    }

    private static final class Compare extends MicroOp {
        private final boolean signal;
        private final int size;
        private final int n;
        private final int m;

        Compare(boolean signal, int size, int n, int m) {
            this.signal = signal;
            this.size = size;
            this.n = n;
            this.m = m;
        }

        @Override
        public MicroOp exec(Cpu c) {
            int nzcv = unit(c).compare(size, operand(c, size, n), operand(c, size, m), signal);
            Conditions.set(c, nzcv);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            emit(e, signal, size, n, m);
            e.eagerFlags();
        }

        /// Pushes the flags.
        static void emit(Emitter e, boolean signal, int size, int n, int m) {
            e.get(n);
            e.get(m);
            e.cpu();
            e.invoke(
                    FpComparisons.NAME,
                    (signal ? "fcmpe" : "fcmp") + letter(size),
                    "(JJ" + CPU + ")J");
        }

        @Override
        public int emittedBytes() {
            return 24;
        }
    }

    private static final class ConditionalCompare extends MicroOp {
        private final boolean signal;
        private final int size;
        private final int cond;
        private final int n;
        private final int m;
        private final int nzcv;

        ConditionalCompare(boolean signal, int size, int cond, int n, int m, int nzcv) {
            this.signal = signal;
            this.size = size;
            this.cond = cond;
            this.n = n;
            this.m = m;
            this.nzcv = nzcv;
        }

        @Override
        public MicroOp exec(Cpu c) {
            Conditions.set(
                    c,
                    Cond.test(c, cond)
                            ? unit(c).compare(
                                            size, operand(c, size, n), operand(c, size, m), signal)
                            : nzcv);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            Label otherwise = new Label();
            Label end = new Label();
            e.branchIf(cond ^ 1, otherwise);
            Compare.emit(e, signal, size, n, m);
            e.keep(Emitter.R);
            e.branch(Opcodes.GOTO, end);
            e.way(otherwise);
            e.constant(Conditions.eager(nzcv));
            e.keep(Emitter.R);
            e.join(end);
            e.take(Emitter.R);
            e.eagerFlags();
        }

        @Override
        public int emittedBytes() {
            return 110;
        }
    }

    private static final class Select extends MicroOp {
        private final boolean wide;
        private final int cond;
        private final int d;
        private final int n;
        private final int m;

        Select(boolean wide, int cond, int d, int n, int m) {
            this.wide = wide;
            this.cond = cond;
            this.d = d;
            this.n = n;
            this.m = m;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long x = cond < 0 || Cond.test(c, cond) ? c.r[n] : c.r[m];
            setScalar(c, d, wide ? x : x & LOW);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.get(n);
            if (cond >= 0) {
                e.get(m);
                e.condition(cond);
                e.runtime("choose", "(JJI)J");
            }
            if (!wide) {
                e.zeroExtend(4);
            }
            setScalar(e, d);
        }

        @Override
        public int emittedBytes() {
            return 44;
        }
    }
}
