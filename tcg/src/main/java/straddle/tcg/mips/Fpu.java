package straddle.tcg.mips;

import straddle.tcg.Cpu;
import straddle.tcg.fp.SoftFloat;

/// The floating-point unit's control and arithmetic (MIPS32 Architecture Volume I, MD00082, chapter 6).
///
/// Ordinary operands take the host's arithmetic, with the rounding error computed beside it, because
/// FCSR.Cause tells of each operation whether it was inexact. Directed rounding, enabled traps,
/// flushing to zero, and what underflows or overflows go through integers. NaNs have the older encoding: a set top bit of the
/// fraction means signaling, and every operation that gives a NaN gives the default one.
///
/// Public for compiled code; static functions take raw bits, of single precision in the low word.
public final class Fpu extends SoftFloat {
    // FCSR (MD00082, 5.6.3).
    static final int RM = 3;
    static final int FLAGS_SHIFT = 2;
    static final int ENABLES_SHIFT = 7;
    static final int CAUSE_SHIFT = 12;
    static final int CAUSE_E = 0x20;
    static final int EXCEPTIONS = 0x1f;
    static final int FS = 1 << 24;

    /// Bits of FCSR that can be written: all but the reserved ones.
    static final int FCSR_MASK = 0xff83_ffff;

    // One bit for each exception, in the order of Flags, Enables and Cause.
    static final int I = 1;
    static final int U = 2;
    static final int O = 4;
    static final int Z = 8;
    static final int V = 16;

    private static final int CODES = 8;
    private static final int CONDITIONS = 0xfe80_0000;

    /// FIR: a 64-bit unit with W, L, S and D, of a 24Kf.
    static final int FIR = 1 << 22 | 1 << 21 | 1 << 20 | 1 << 17 | 1 << 16 | 0x93 << 8;

    private static final int CAUSE = 0x3f << CAUSE_SHIFT;
    private static final int INEXACT = I << CAUSE_SHIFT | I << FLAGS_SHIFT;
    private static final int SLOW = RM | EXCEPTIONS << ENABLES_SHIFT | FS;

    static final long DEFAULT_NAN_D = 0x7ff7_ffff_ffff_ffffL;
    static final long DEFAULT_NAN_S = 0x7fbf_ffffL;
    private static final long QUIET_BIT_D = 1L << 51;
    private static final long QUIET_BIT_S = 1L << 22;
    private static final long INFINITY_D = 0x7ff0_0000_0000_0000L;
    private static final long INFINITY_S = 0x7f80_0000L;
    private static final long SIGN_S = 0x8000_0000L;
    private static final long WORD = 0xffff_ffffL;

    /// Between these no operation underflows or overflows, and error terms are exact.
    private static final double LOW = 0x1p-960;

    private static final double HIGH = 0x1p1020;
    private static final float HIGH_S = 0x1p120f;

    private static final int ADD = 0;
    private static final int SUB = 1;
    private static final int MUL = 2;
    private static final int DIV = 3;

    /// The register without the condition codes, which are slots. Cause is that of the last operation but one that the
    /// slots tell of.
    int fcsr;

    Fpu() {}

    // ---- control

    /// FCSR.
    int control(MipsCpu c) {
        settle(c);
        int all = fcsr;
        for (int cc = 0; cc < CODES; cc++) {
            all |= (int) c.r[MipsCpu.FCC + cc] << bit(cc);
        }
        return all;
    }

    void setControl(MipsCpu c, int value) {
        c.r[MipsCpu.LAST] = 0;
        fcsr = value & ~CONDITIONS;
        for (int cc = 0; cc < CODES; cc++) {
            c.r[MipsCpu.FCC + cc] = (long) value >>> bit(cc) & 1;
        }
    }

    /// CFC1: a view of FCSR (MD00082, 5.6).
    int control(int number, MipsCpu c) {
        int all = control(c);
        return switch (number) {
            case 0 -> FIR;
            case 25 -> all >>> 24 & 0xfe | all >>> 23 & 1;
            case 26 -> all & 0x3_f07c;
            case 28 -> all & 0xf83 | all >>> 22 & 4;
            case 31 -> all;
            default -> 0;
        };
    }

    /// CTC1. Returns whether an enabled exception is among the causes now.
    boolean setControl(int number, int value, MipsCpu c) {
        int all = control(c);
        switch (number) {
            case 25 -> all = all & 0x017f_ffff | (value & 0xfe) << 24 | (value & 1) << 23;
            case 26 -> all = all & ~0x3_f07c | value & 0x3_f07c;
            case 28 -> all = all & ~(0xf83 | FS) | value & 0xf83 | (value & 4) << 22;
            case 31 -> all = value & FCSR_MASK;
            default -> {}
        }
        setControl(c, all);
        int cause = all >>> CAUSE_SHIFT & 0x3f;
        return (cause & (all >>> ENABLES_SHIFT & EXCEPTIONS | CAUSE_E)) != 0;
    }

    private static int bit(int cc) {
        return cc == 0 ? 23 : 24 + cc;
    }

    // ---- the host's arithmetic

    /// Whether the host's arithmetic under [#hostControl] is this one's, but for NaNs.
    boolean isPlain() {
        return (fcsr & (EXCEPTIONS << ENABLES_SHIFT | FS)) == 0;
    }

    /// MXCSR: all exceptions masked.
    int hostControl() {
        return 0x1f80 | rounding() << 13;
    }

    /// Takes Flags from MXCSR, but for what is invalid, which gives a NaN and was noted then.
    void note(int mxcsr) {
        int found =
                (mxcsr & PE) >> 5 // I, U, O and Z
                        | (mxcsr & UE) >> 3
                        | (mxcsr & OE) >> 1
                        | (mxcsr & ZE) << 1;
        fcsr |= found << FLAGS_SHIFT;
    }

    /// The host does not say which operation had which exceptions. So compiled code keeps the last one's operands, and it
    /// is done once more when FCSR.Cause is asked for.
    private void settle(MipsCpu c) {
        long[] r = c.r;
        int last = (int) r[MipsCpu.LAST];
        if (last == 0) {
            return;
        }
        r[MipsCpu.LAST] = 0;
        int enables = fcsr & EXCEPTIONS << ENABLES_SHIFT;
        fcsr &= ~enables;
        FloatOps.repeat(
                last,
                r[MipsCpu.LAST_OPERANDS],
                r[MipsCpu.LAST_OPERANDS + 1],
                r[MipsCpu.LAST_OPERANDS + 2],
                c);
        fcsr |= enables;
    }

    /// FCSR.RM as [SoftFloat] numbers it.
    private int rounding() {
        return switch (fcsr & RM) {
            case 0 -> NEAREST;
            case 1 -> TRUNCATE;
            case 2 -> UP;
            default -> DOWN;
        };
    }

    private int mode() {
        int mode = OVERFLOW_MASKED | UNDERFLOW_MASKED | rounding() << 13;
        return (fcsr & FS) != 0 ? mode | FLUSH : mode;
    }

    private boolean isSlow() {
        return (fcsr & SLOW) != 0;
    }

    private void exact() {
        fcsr &= ~CAUSE;
    }

    private void note(boolean inexact) {
        fcsr = fcsr & ~CAUSE | (inexact ? INEXACT : 0);
    }

    private static Fpu of(Cpu c) {
        return ((MipsCpu) c).fpu;
    }

    /// Ends an operation: its exceptions become FCSR's, and a trap if one of them is enabled.
    private long finish(Cpu c, long result) {
        int found = raised;
        raised = 0;
        int cause =
                ((found & PE) != 0 ? I : 0)
                        | ((found & UE) != 0 ? U : 0)
                        | ((found & OE) != 0 ? O : 0)
                        | ((found & ZE) != 0 ? Z : 0)
                        | ((found & IE) != 0 ? V : 0);
        fcsr = fcsr & ~CAUSE | cause << CAUSE_SHIFT;
        if ((cause & fcsr >>> ENABLES_SHIFT) != 0) {
            throw ((MipsCpu) c).floatException();
        }
        fcsr |= cause << FLAGS_SHIFT;
        return result;
    }

    // ---- both formats

    private static boolean isNan(long x, boolean wide) {
        return wide ? (x & Long.MAX_VALUE) > INFINITY_D : (x & Integer.MAX_VALUE) > INFINITY_S;
    }

    private static boolean isSignaling(long x, boolean wide) {
        return isNan(x, wide) && (x & (wide ? QUIET_BIT_D : QUIET_BIT_S)) != 0;
    }

    private static long infinity(boolean wide) {
        return wide ? INFINITY_D : INFINITY_S;
    }

    private static long sign(boolean wide) {
        return wide ? TOP : SIGN_S;
    }

    private static long magnitude(long x, boolean wide) {
        return x & (wide ? Long.MAX_VALUE : Integer.MAX_VALUE);
    }

    private long nan(long x, long y, boolean wide) {
        if (isSignaling(x, wide) || isSignaling(y, wide)) {
            raised |= IE;
        }
        return wide ? DEFAULT_NAN_D : DEFAULT_NAN_S;
    }

    private long invalid(boolean wide) {
        raised |= IE;
        return wide ? DEFAULT_NAN_D : DEFAULT_NAN_S;
    }

    private void loadA(long x, boolean wide) {
        if (wide) {
            loadA64(x);
        } else {
            loadA32((int) x);
        }
    }

    private void loadB(long x, boolean wide) {
        if (wide) {
            loadB64(x);
        } else {
            loadB32((int) x);
        }
    }

    private long rounded(boolean wide) {
        return wide ? round64(mode()) : round32(mode()) & WORD;
    }

    /// Addition, subtraction, multiplication or division, exceptions gathered in `raised`.
    private long arithmetic(int op, long a, long b, boolean wide) {
        if (isNan(a, wide) || isNan(b, wide)) {
            return nan(a, b, wide);
        }
        if (op == SUB) {
            return arithmetic(ADD, a, b ^ sign(wide), wide);
        }
        long sign = (a ^ b) & sign(wide);
        long absA = magnitude(a, wide);
        long absB = magnitude(b, wide);
        long infinity = infinity(wide);
        if (absA == infinity || absB == infinity) {
            return infinite(op, a, b, wide);
        }
        if (op == DIV && absB == 0) {
            if (absA == 0) {
                return invalid(wide);
            }
            raised |= ZE;
            return sign | infinity;
        }
        if (absA == 0 || absB == 0) {
            if (op >= MUL) {
                return sign;
            }
            if (absA == absB) {
                return sign == 0 ? a : zero(wide);
            }
            loadA(absA == 0 ? b : a, wide);
            takeA();
            return rounded(wide);
        }
        loadA(a, wide);
        loadB(b, wide);
        switch (op) {
            case MUL -> multiply();
            case DIV -> divide();
            default -> add();
        }
        return hi == 0 ? zero(wide) : rounded(wide);
    }

    /// The zero that a difference of equal numbers gives.
    private long zero(boolean wide) {
        return rounding() == DOWN ? sign(wide) : 0;
    }

    private long infinite(int op, long a, long b, boolean wide) {
        long sign = (a ^ b) & sign(wide);
        long infinity = infinity(wide);
        boolean infA = magnitude(a, wide) == infinity;
        boolean infB = magnitude(b, wide) == infinity;
        boolean invalid =
                switch (op) {
                    case MUL -> magnitude(a, wide) == 0 || magnitude(b, wide) == 0;
                    case DIV -> infA && infB;
                    default -> infA && infB && sign != 0;
                };
        if (invalid) {
            return invalid(wide);
        }
        return switch (op) {
            case MUL -> sign | infinity;
            case DIV -> infA ? sign | infinity : sign;
            default -> infA ? a : b;
        };
    }

    private long squareRoot(long x, boolean wide) {
        if (isNan(x, wide)) {
            return nan(x, x, wide);
        }
        long magnitude = magnitude(x, wide);
        if (magnitude == 0) {
            return x;
        }
        if (magnitude != x) {
            return invalid(wide);
        }
        if (magnitude == infinity(wide)) {
            return x;
        }
        loadA(x, wide);
        squareRoot();
        return rounded(wide);
    }

    private long slowly(Cpu c, int op, long x, long y, boolean wide) {
        long a = wide ? x : x & WORD;
        long b = wide ? y : y & WORD;
        return finish(c, arithmetic(op, a, b, wide));
    }

    // ---- double precision

    public static long addD(long x, long y, Cpu c) {
        Fpu f = of(c);
        double a = Double.longBitsToDouble(x);
        double b = Double.longBitsToDouble(y);
        double r = a + b;
        double m = Math.abs(r);
        if ((m > LOW && m < HIGH || m == 0) && !f.isSlow()) {
            double t = r - a;
            f.note(a - (r - t) + (b - t) != 0);
            return Double.doubleToRawLongBits(r);
        }
        return f.slowly(c, ADD, x, y, true);
    }

    public static long subD(long x, long y, Cpu c) {
        Fpu f = of(c);
        double a = Double.longBitsToDouble(x);
        double b = Double.longBitsToDouble(y);
        double r = a - b;
        double m = Math.abs(r);
        if ((m > LOW && m < HIGH || m == 0) && !f.isSlow()) {
            double t = r - a;
            f.note(a - (r - t) - (b + t) != 0);
            return Double.doubleToRawLongBits(r);
        }
        return f.slowly(c, SUB, x, y, true);
    }

    public static long mulD(long x, long y, Cpu c) {
        Fpu f = of(c);
        double a = Double.longBitsToDouble(x);
        double b = Double.longBitsToDouble(y);
        double r = a * b;
        double m = Math.abs(r);
        if ((m > LOW && m < HIGH || m == 0 && (a == 0 || b == 0)) && !f.isSlow()) {
            f.note(m != 0 && Math.fma(a, b, -r) != 0);
            return Double.doubleToRawLongBits(r);
        }
        return f.slowly(c, MUL, x, y, true);
    }

    public static long divD(long x, long y, Cpu c) {
        Fpu f = of(c);
        double a = Double.longBitsToDouble(x);
        double b = Double.longBitsToDouble(y);
        double r = a / b;
        double m = Math.abs(r);
        if (m > LOW && m < HIGH && Math.abs(a) > LOW && Math.abs(a) < HIGH && !f.isSlow()) {
            f.note(Math.fma(r, b, -a) != 0);
            return Double.doubleToRawLongBits(r);
        }
        return f.slowly(c, DIV, x, y, true);
    }

    public static long sqrtD(long x, Cpu c) {
        Fpu f = of(c);
        double a = Double.longBitsToDouble(x);
        if (a > LOW && a < Double.POSITIVE_INFINITY && !f.isSlow()) {
            double r = Math.sqrt(a);
            f.note(Math.fma(r, r, -a) != 0);
            return Double.doubleToRawLongBits(r);
        }
        return f.finish(c, f.squareRoot(x, true));
    }

    // ---- single precision

    private static float single(long x) {
        return Float.intBitsToFloat((int) x);
    }

    private static long bits(float r) {
        return Float.floatToRawIntBits(r) & WORD;
    }

    private static boolean isOrdinary(float magnitude) {
        return magnitude > Float.MIN_NORMAL && magnitude < HIGH_S;
    }

    public static long addS(long x, long y, Cpu c) {
        Fpu f = of(c);
        float a = single(x);
        float b = single(y);
        float r = a + b;
        float m = Math.abs(r);
        if ((isOrdinary(m) || m == 0) && !f.isSlow()) {
            float t = r - a;
            f.note(a - (r - t) + (b - t) != 0);
            return bits(r);
        }
        return f.slowly(c, ADD, x, y, false);
    }

    public static long subS(long x, long y, Cpu c) {
        Fpu f = of(c);
        float a = single(x);
        float b = single(y);
        float r = a - b;
        float m = Math.abs(r);
        if ((isOrdinary(m) || m == 0) && !f.isSlow()) {
            float t = r - a;
            f.note(a - (r - t) - (b + t) != 0);
            return bits(r);
        }
        return f.slowly(c, SUB, x, y, false);
    }

    public static long mulS(long x, long y, Cpu c) {
        Fpu f = of(c);
        float a = single(x);
        float b = single(y);
        float r = a * b;
        float m = Math.abs(r);
        if ((isOrdinary(m) || m == 0 && (a == 0 || b == 0)) && !f.isSlow()) {
            f.note((double) a * b != r);
            return bits(r);
        }
        return f.slowly(c, MUL, x, y, false);
    }

    public static long divS(long x, long y, Cpu c) {
        Fpu f = of(c);
        float a = single(x);
        float b = single(y);
        float r = a / b;
        if (isOrdinary(Math.abs(r)) && Math.abs(b) < Float.POSITIVE_INFINITY && !f.isSlow()) {
            f.note((double) r * b != a);
            return bits(r);
        }
        return f.slowly(c, DIV, x, y, false);
    }

    public static long sqrtS(long x, Cpu c) {
        Fpu f = of(c);
        float a = single(x);
        if (a > 0 && a < Float.POSITIVE_INFINITY && !f.isSlow()) {
            float r = (float) Math.sqrt(a);
            f.note((double) r * r != a);
            return bits(r);
        }
        return f.finish(c, f.squareRoot(x & WORD, false));
    }

    // ---- several steps in one: each rounds, their exceptions come together

    private static final long ONE_D = Double.doubleToRawLongBits(1);
    private static final long ONE_S = Float.floatToRawIntBits(1);

    public static long recipD(long x, Cpu c) {
        return divD(ONE_D, x, c);
    }

    public static long recipS(long x, Cpu c) {
        return divS(ONE_S, x, c);
    }

    public static long rsqrtD(long x, Cpu c) {
        Fpu f = of(c);
        return f.finish(c, f.arithmetic(DIV, ONE_D, f.squareRoot(x, true), true));
    }

    public static long rsqrtS(long x, Cpu c) {
        Fpu f = of(c);
        return f.finish(c, f.arithmetic(DIV, ONE_S, f.squareRoot(x & WORD, false), false));
    }

    /// fs * ft, then + or - fr, then negated or not.
    private static long multiplyAdd(int op, boolean negated, long r, long s, long t, Cpu c) {
        Fpu f = of(c);
        double p = Double.longBitsToDouble(s) * Double.longBitsToDouble(t);
        double m = Math.abs(p);
        long product;
        if (m > LOW && m < HIGH && !f.isSlow()) {
            product = Double.doubleToRawLongBits(p);
            if (Math.fma(Double.longBitsToDouble(s), Double.longBitsToDouble(t), -p) != 0) {
                f.raised |= PE;
            }
        } else {
            product = f.arithmetic(MUL, s, t, true);
        }
        long sum = f.sum(op, product, r);
        return f.finish(c, negated ? sum ^ TOP : sum);
    }

    private long sum(int op, long x, long y) {
        double a = Double.longBitsToDouble(x);
        double b = op == SUB ? -Double.longBitsToDouble(y) : Double.longBitsToDouble(y);
        double r = a + b;
        double m = Math.abs(r);
        if ((m > LOW && m < HIGH) && !isSlow()) {
            double t = r - a;
            if (a - (r - t) + (b - t) != 0) {
                raised |= PE;
            }
            return Double.doubleToRawLongBits(r);
        }
        return arithmetic(op, x, y, true);
    }

    private static long multiplyAddS(int op, boolean negated, long r, long s, long t, Cpu c) {
        Fpu f = of(c);
        long product = f.arithmetic(MUL, s & WORD, t & WORD, false);
        long sum = f.arithmetic(op, product, r & WORD, false);
        return f.finish(c, negated ? sum ^ SIGN_S : sum);
    }

    public static long maddD(long r, long s, long t, Cpu c) {
        return multiplyAdd(ADD, false, r, s, t, c);
    }

    public static long msubD(long r, long s, long t, Cpu c) {
        return multiplyAdd(SUB, false, r, s, t, c);
    }

    public static long nmaddD(long r, long s, long t, Cpu c) {
        return multiplyAdd(ADD, true, r, s, t, c);
    }

    public static long nmsubD(long r, long s, long t, Cpu c) {
        return multiplyAdd(SUB, true, r, s, t, c);
    }

    public static long maddS(long r, long s, long t, Cpu c) {
        return multiplyAddS(ADD, false, r, s, t, c);
    }

    public static long msubS(long r, long s, long t, Cpu c) {
        return multiplyAddS(SUB, false, r, s, t, c);
    }

    public static long nmaddS(long r, long s, long t, Cpu c) {
        return multiplyAddS(ADD, true, r, s, t, c);
    }

    public static long nmsubS(long r, long s, long t, Cpu c) {
        return multiplyAddS(SUB, true, r, s, t, c);
    }

    // ---- conversions

    public static long cvtSD(long x, Cpu c) {
        Fpu f = of(c);
        double a = Double.longBitsToDouble(x);
        float r = (float) a;
        if ((isOrdinary(Math.abs(r)) || a == 0) && !f.isSlow()) {
            f.note(r != a);
            return bits(r);
        }
        return f.finish(c, f.narrowed(x));
    }

    private long narrowed(long x) {
        if (isNan(x, true)) {
            nan(x, x, true);
            return DEFAULT_NAN_S;
        }
        long sign = x >>> 32 & SIGN_S;
        long magnitude = magnitude(x, true);
        if (magnitude == 0 || magnitude == INFINITY_D) {
            return sign | (magnitude == 0 ? 0 : INFINITY_S);
        }
        loadA64(x);
        takeA();
        return rounded(false);
    }

    public static long cvtDS(long x, Cpu c) {
        Fpu f = of(c);
        if (isNan(x, false)) {
            f.nan(x, x, false);
            return f.finish(c, DEFAULT_NAN_D);
        }
        f.exact();
        return Double.doubleToRawLongBits((double) single(x));
    }

    public static long cvtDW(long x, Cpu c) {
        of(c).exact();
        return Double.doubleToRawLongBits((double) (int) x);
    }

    public static long cvtSW(long x, Cpu c) {
        int word = (int) x;
        return of(c).fromInteger(c, word, false);
    }

    public static long cvtDL(long x, Cpu c) {
        return of(c).fromInteger(c, x, true);
    }

    public static long cvtSL(long x, Cpu c) {
        return of(c).fromInteger(c, x, false);
    }

    private long fromInteger(Cpu c, long value, boolean wide) {
        if (value == 0) {
            exact();
            return 0;
        }
        loadInteger(value < 0, Math.abs(value));
        takeA();
        return finish(c, rounded(wide));
    }

    /// To an integer of 32 or 64 bits; what doesn't fit is invalid and gives the largest one.
    private long toInteger(Cpu c, long x, boolean wide, int rounding, int bits) {
        long magnitude = magnitude(x, wide);
        if (magnitude == 0) {
            exact();
            return 0;
        }
        long largest = bits == 64 ? Long.MAX_VALUE : Integer.MAX_VALUE;
        if (magnitude >= infinity(wide)) {
            raised |= IE;
            return finish(c, largest);
        }
        loadA(x, wide);
        takeA();
        long whole = roundToInteger(rounding);
        if (below(negative ? largest + 1 : largest, whole)) {
            raised = IE;
            return finish(c, largest);
        }
        long value = negative ? -whole : whole;
        return finish(c, bits == 64 ? value : value & WORD);
    }

    private long toWord(Cpu c, long x, boolean wide, int rounding) {
        double a = wide ? Double.longBitsToDouble(x) : single(x);
        int r = (int) a;
        if (rounding == TRUNCATE && Math.abs(a) < 0x1p31 && !isSlow()) {
            note(r != a);
            return r & WORD;
        }
        return toInteger(c, wide ? x : x & WORD, wide, rounding, 32);
    }

    public static long cvtWS(long x, Cpu c) {
        return of(c).toWord(c, x, false, of(c).rounding());
    }

    public static long cvtWD(long x, Cpu c) {
        return of(c).toWord(c, x, true, of(c).rounding());
    }

    public static long roundWS(long x, Cpu c) {
        return of(c).toWord(c, x, false, NEAREST);
    }

    public static long roundWD(long x, Cpu c) {
        return of(c).toWord(c, x, true, NEAREST);
    }

    public static long truncWS(long x, Cpu c) {
        return of(c).toWord(c, x, false, TRUNCATE);
    }

    public static long truncWD(long x, Cpu c) {
        return of(c).toWord(c, x, true, TRUNCATE);
    }

    public static long ceilWS(long x, Cpu c) {
        return of(c).toWord(c, x, false, UP);
    }

    public static long ceilWD(long x, Cpu c) {
        return of(c).toWord(c, x, true, UP);
    }

    public static long floorWS(long x, Cpu c) {
        return of(c).toWord(c, x, false, DOWN);
    }

    public static long floorWD(long x, Cpu c) {
        return of(c).toWord(c, x, true, DOWN);
    }

    public static long cvtLS(long x, Cpu c) {
        return of(c).toInteger(c, x & WORD, false, of(c).rounding(), 64);
    }

    public static long cvtLD(long x, Cpu c) {
        return of(c).toInteger(c, x, true, of(c).rounding(), 64);
    }

    public static long roundLS(long x, Cpu c) {
        return of(c).toInteger(c, x & WORD, false, NEAREST, 64);
    }

    public static long roundLD(long x, Cpu c) {
        return of(c).toInteger(c, x, true, NEAREST, 64);
    }

    public static long truncLS(long x, Cpu c) {
        return of(c).toInteger(c, x & WORD, false, TRUNCATE, 64);
    }

    public static long truncLD(long x, Cpu c) {
        return of(c).toInteger(c, x, true, TRUNCATE, 64);
    }

    public static long ceilLS(long x, Cpu c) {
        return of(c).toInteger(c, x & WORD, false, UP, 64);
    }

    public static long ceilLD(long x, Cpu c) {
        return of(c).toInteger(c, x, true, UP, 64);
    }

    public static long floorLS(long x, Cpu c) {
        return of(c).toInteger(c, x & WORD, false, DOWN, 64);
    }

    public static long floorLD(long x, Cpu c) {
        return of(c).toInteger(c, x, true, DOWN, 64);
    }

    // ---- comparisons

    /// C.cond.fmt: bits 0 to 2 of `cond` say whether unordered, equal or less makes it true, bit 3 whether a quiet NaN is
    /// invalid (MD00086, C.cond.fmt, table 3.25).
    ///
    /// @param cond of the instruction
    /// @return 1 if it is true, else 0
    public static long compareD(long x, long y, int cond, Cpu c) {
        double a = Double.longBitsToDouble(x);
        double b = Double.longBitsToDouble(y);
        return of(c).compared(c, a, b, isSignaling(x, true) || isSignaling(y, true), cond);
    }

    public static long compareS(long x, long y, int cond, Cpu c) {
        return of(c).compared(
                        c,
                        single(x),
                        single(y),
                        isSignaling(x, false) || isSignaling(y, false),
                        cond);
    }

    private long compared(Cpu c, double a, double b, boolean signaling, int cond) {
        exact();
        if (a < b) {
            return cond >> 2 & 1;
        }
        if (a == b) {
            return cond >> 1 & 1;
        }
        if (a > b) {
            return 0;
        }
        if (signaling || (cond & 8) != 0) {
            raised |= IE;
            finish(c, 0);
        }
        return cond & 1;
    }
}
