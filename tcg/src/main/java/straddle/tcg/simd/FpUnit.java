package straddle.tcg.simd;

import straddle.tcg.fp.SoftFloat;

/// FPCR, FPSR, and floating-point arithmetic in every mode and case (Arm ARM DDI 0487, A1.5 and the pseudocode of
/// "shared/functions/float"). One per vCPU; not thread-safe; allocates nothing.
///
/// Numbers are raw bits in the low part of a long; `size` is 1 for half, 2 for single and 3 for double precision.
/// Exceptions are never trapped: FPCR's enable bits read as 0.
public final class FpUnit extends SoftFloat {
    public static final int HALF = 1;
    public static final int SINGLE = 2;
    public static final int DOUBLE = 3;

    // FPSR.
    public static final int IOC = 1;
    public static final int DZC = 2;
    public static final int OFC = 4;
    public static final int UFC = 8;
    public static final int IXC = 16;
    public static final int IDC = 128;
    public static final int QC = 1 << 27;
    private static final int STATUS = QC | IDC | IXC | UFC | OFC | DZC | IOC;

    // FPCR.
    public static final int AHP = 1 << 26;
    public static final int DN = 1 << 25;
    public static final int FZ = 1 << 24;
    private static final int RMODE_SHIFT = 22;
    private static final int CONTROL = AHP | DN | FZ | 3 << RMODE_SHIFT;

    /// Rounding besides SoftFloat's four: to nearest with ties away, and to odd.
    public static final int TIES_AWAY = 4;

    static final int TO_ODD = 5;

    /// By FPCR.RMode.
    private static final int[] ROUNDINGS = {NEAREST, UP, DOWN, TRUNCATE};

    private static final int[] PRECISION = {0, 11, 24, 53};
    private static final int[] MAX_EXPONENT = {0, 15, 127, 1023};
    private static final long[] SIGN = {0, 0x8000, 1L << 31, 1L << 63};
    private static final long[] INFINITY = {0, 0x7c00, 0x7f80_0000L, 0x7ff0_0000_0000_0000L};
    private static final long[] QUIET = {0, 0x200, 0x40_0000L, 0x8_0000_0000_0000L};

    /// Between these, sums and products of doubles neither overflow nor underflow, and their error terms are exact.
    private static final double LOW = 0x1p-960;

    private static final double HIGH = 0x1p1020;

    // Singles.
    private static final long ONE_AND_A_HALF = 0x3fc0_0000;
    private static final long TWO = 0x4000_0000;
    private static final long THREE = 0x4040_0000;

    private int fpcr;
    private int fpsr;
    private int rounding;

    /// Whether the host's arithmetic does all there is to do for an ordinary result: round to nearest, subnormal
    /// numbers are kept, and IXC is set already.
    public boolean quick;

    /// The same but for subnormal numbers: none may come, nor come out.
    boolean quickIfNormal;

    public FpUnit() {}

    // ---- registers

    public int control() {
        return fpcr;
    }

    public void setControl(int value) {
        fpcr = value & CONTROL;
        rounding = ROUNDINGS[fpcr >>> RMODE_SHIFT & 3];
        update();
    }

    public int status() {
        return fpsr;
    }

    public void setStatus(int value) {
        fpsr = value & STATUS;
        update();
    }

    public int rounding() {
        return rounding;
    }

    public void raise(int exceptions) {
        if ((exceptions & ~fpsr) != 0) {
            fpsr |= exceptions;
            update();
        }
    }

    /// A saturating operation has saturated.
    public void saturated() {
        fpsr |= QC;
    }

    private void update() {
        quickIfNormal = rounding == NEAREST && (fpsr & IXC) != 0;
        quick = quickIfNormal && (fpcr & FZ) == 0;
    }

    private boolean isPlain() {
        return rounding == NEAREST && (fpcr & FZ) == 0;
    }

    /// Whether the host's arithmetic does for these singles, if the result is ordinary.
    private boolean isPlain(long x, long y) {
        return rounding == NEAREST && ((fpcr & FZ) == 0 || !isSubnormal(x) && !isSubnormal(y));
    }

    private static boolean isSubnormal(long single) {
        return (single & 0x7f80_0000) == 0 && (single & 0x7f_ffff) != 0;
    }

    // ---- numbers

    private static long magnitude(int size, long x) {
        return x & SIGN[size] - 1;
    }

    public static boolean isNan(int size, long x) {
        return magnitude(size, x) > INFINITY[size];
    }

    private static boolean isSignaling(int size, long x) {
        return isNan(size, x) && (x & QUIET[size]) == 0;
    }

    private static boolean isInfinite(int size, long x) {
        return magnitude(size, x) == INFINITY[size];
    }

    private static boolean isZero(int size, long x) {
        return magnitude(size, x) == 0;
    }

    public static long defaultNan(int size) {
        return INFINITY[size] | QUIET[size];
    }

    private long invalid(int size) {
        raise(IOC);
        return defaultNan(size);
    }

    /// An operand, 0 in place of a subnormal number under FZ.
    private long flushed(int size, long x) {
        if ((fpcr & FZ) != 0
                && size != HALF
                && (x & INFINITY[size]) == 0
                && magnitude(size, x) != 0) {
            raise(IDC);
            return x & SIGN[size];
        }
        return x;
    }

    private long nan(int size, long x) {
        if (isSignaling(size, x)) {
            raise(IOC);
        }
        return (fpcr & DN) != 0 ? defaultNan(size) : x | QUIET[size];
    }

    private long nan(int size, long x, long y) {
        if (isSignaling(size, x)) {
            return nan(size, x);
        }
        if (isSignaling(size, y)) {
            return nan(size, y);
        }
        return nan(size, isNan(size, x) ? x : y);
    }

    private void loadA(int size, long x) {
        if (size == DOUBLE) {
            loadA64(x);
        } else {
            loadA32((int) x);
        }
    }

    private void loadB(int size, long x) {
        if (size == DOUBLE) {
            loadB64(x);
        } else {
            loadB32((int) x);
        }
    }

    /// Rounds the unit's result, which may be 0.
    private long rounded(int size) {
        if (hi == 0) {
            return rounding == DOWN ? SIGN[size] : 0;
        }
        return round(size, rounding, (fpcr & FZ) != 0 && size != HALF);
    }

    private static boolean goesUp(int how, boolean minus, long kept, long tail) {
        return switch (how) {
            case TIES_AWAY -> tail < 0;
            case TO_ODD -> tail != 0 && (kept & 1) == 0;
            default -> increments(how, minus, kept, tail);
        };
    }

    /// Rounds the unit's result, which is not 0. Tininess is found before rounding.
    private long round(int size, int how, boolean flush) {
        int precision = PRECISION[size];
        int most = MAX_EXPONENT[size];
        boolean alternative = size == HALF && (fpcr & AHP) != 0;
        long sign = negative ? SIGN[size] : 0;
        int e = exponent;
        if (e < 1 - most) {
            if (flush) {
                raise(UFC);
                return sign;
            }
            int drop = 64 - precision + (1 - most - e);
            long kept = drop < 64 ? hi >>> drop : 0;
            long tail = drop < 64 ? hi << 64 - drop : drop == 64 ? hi : 1;
            if (lo != 0) {
                tail |= 1;
            }
            if (tail != 0) {
                raise(UFC | IXC);
            }
            return sign | kept + (goesUp(how, negative, kept, tail) ? 1 : 0);
        }
        long kept = hi >>> 64 - precision;
        long tail = hi << precision | (lo != 0 ? 1 : 0);
        if (goesUp(how, negative, kept, tail) && ++kept >>> precision != 0) {
            kept >>>= 1;
            e++;
        }
        if (alternative) {
            if (e > most + 1) {
                raise(IOC);
                return sign | 0x7fff;
            }
        } else if (e > most) {
            raise(OFC | IXC);
            boolean infinite = how == NEAREST || how == TIES_AWAY || how == (negative ? DOWN : UP);
            return sign | INFINITY[size] - (infinite ? 0 : 1);
        }
        if (tail != 0) {
            raise(IXC);
        }
        return sign | ((long) (e + most - 1) << precision - 1) + kept;
    }

    // ---- arithmetic

    public long add(int size, long x, long y) {
        if (size == DOUBLE && isPlain()) {
            double a = Double.longBitsToDouble(x);
            double b = Double.longBitsToDouble(y);
            double r = a + b;
            double m = Math.abs(r);
            if (m > LOW && m < HIGH || r == 0) {
                double t = r - a;
                if (a - (r - t) + (b - t) != 0) {
                    raise(IXC);
                }
                return Double.doubleToRawLongBits(r);
            }
        }
        if (size == SINGLE && isPlain(x, y)) {
            double a = Float.intBitsToFloat((int) x);
            double b = Float.intBitsToFloat((int) y);
            double sum = a + b;
            float r = (float) sum;
            if (isOrdinary(r) || sum == 0) {
                double t = sum - a;
                if (r != sum || a - (sum - t) + (b - t) != 0) {
                    raise(IXC);
                }
                return Float.floatToRawIntBits(r) & 0xffff_ffffL;
            }
        }
        return sum(size, x, y, false);
    }

    /// Whether a result neither overflows nor underflows.
    private static boolean isOrdinary(float r) {
        float m = Math.abs(r);
        return m > Float.MIN_NORMAL && m < Float.MAX_VALUE;
    }

    public long sub(int size, long x, long y) {
        if (rounding == NEAREST && !isNan(size, y)) {
            return add(size, x, y ^ SIGN[size]);
        }
        return sum(size, x, y, true);
    }

    private long sum(int size, long op1, long op2, boolean subtract) {
        long x = flushed(size, op1);
        long y = flushed(size, op2);
        if (isNan(size, x) || isNan(size, y)) {
            return nan(size, x, y);
        }
        if (subtract) {
            y ^= SIGN[size];
        }
        if (isInfinite(size, x)) {
            return isInfinite(size, y) && x != y ? invalid(size) : x;
        }
        if (isInfinite(size, y)) {
            return y;
        }
        if (isZero(size, x) && isZero(size, y)) {
            return x == y ? x : rounding == DOWN ? SIGN[size] : 0;
        }
        if (isZero(size, y)) {
            loadA(size, x);
            takeA();
        } else if (isZero(size, x)) {
            loadA(size, y);
            takeA();
        } else {
            loadA(size, x);
            loadB(size, y);
            add();
        }
        return rounded(size);
    }

    public long mul(int size, long x, long y) {
        if (size == DOUBLE && isPlain()) {
            double a = Double.longBitsToDouble(x);
            double b = Double.longBitsToDouble(y);
            double r = a * b;
            double m = Math.abs(r);
            if (m > LOW && m < HIGH || m == 0 && (a == 0 || b == 0)) {
                if (Math.fma(a, b, -r) != 0) {
                    raise(IXC);
                }
                return Double.doubleToRawLongBits(r);
            }
        }
        if (size == SINGLE && isPlain(x, y)) {
            double exact = (double) Float.intBitsToFloat((int) x) * Float.intBitsToFloat((int) y);
            float r = (float) exact;
            if (isOrdinary(r)) {
                if (r != exact) {
                    raise(IXC);
                }
                return Float.floatToRawIntBits(r) & 0xffff_ffffL;
            }
        }
        return product(size, x, y, false);
    }

    public long mulx(int size, long x, long y) {
        return product(size, x, y, true);
    }

    private long product(int size, long op1, long op2, boolean extended) {
        long x = flushed(size, op1);
        long y = flushed(size, op2);
        if (isNan(size, x) || isNan(size, y)) {
            return nan(size, x, y);
        }
        long sign = (x ^ y) & SIGN[size];
        boolean zero = isZero(size, x) || isZero(size, y);
        if (isInfinite(size, x) || isInfinite(size, y)) {
            if (zero) {
                return extended ? sign | two(size) : invalid(size);
            }
            return sign | INFINITY[size];
        }
        if (zero) {
            return sign;
        }
        loadA(size, x);
        loadB(size, y);
        multiply();
        return rounded(size);
    }

    private static long two(int size) {
        return (long) MAX_EXPONENT[size] + 1 << PRECISION[size] - 1;
    }

    public long div(int size, long op1, long op2) {
        if (size == DOUBLE && isPlain()) {
            double a = Double.longBitsToDouble(op1);
            double b = Double.longBitsToDouble(op2);
            double r = a / b;
            double m = Math.abs(r);
            if (m > LOW && m < HIGH && Math.abs(a) > LOW) {
                if (Math.fma(r, b, -a) != 0) {
                    raise(IXC);
                }
                return Double.doubleToRawLongBits(r);
            }
        }
        if (size == SINGLE && isPlain(op1, op2)) {
            float a = Float.intBitsToFloat((int) op1);
            float b = Float.intBitsToFloat((int) op2);
            float r = a / b;
            if (isOrdinary(r)) {
                if ((double) r * b != a) {
                    raise(IXC);
                }
                return Float.floatToRawIntBits(r) & 0xffff_ffffL;
            }
        }
        long x = flushed(size, op1);
        long y = flushed(size, op2);
        if (isNan(size, x) || isNan(size, y)) {
            return nan(size, x, y);
        }
        long sign = (x ^ y) & SIGN[size];
        if (isInfinite(size, x)) {
            return isInfinite(size, y) ? invalid(size) : sign | INFINITY[size];
        }
        if (isZero(size, y)) {
            if (isZero(size, x)) {
                return invalid(size);
            }
            raise(DZC);
            return sign | INFINITY[size];
        }
        if (isZero(size, x) || isInfinite(size, y)) {
            return sign;
        }
        loadA(size, x);
        loadB(size, y);
        divide();
        return rounded(size);
    }

    public long sqrt(int size, long op) {
        long x = flushed(size, op);
        if (isNan(size, x)) {
            return nan(size, x);
        }
        if (isZero(size, x)) {
            return x;
        }
        if ((x & SIGN[size]) != 0) {
            return invalid(size);
        }
        if (isInfinite(size, x)) {
            return x;
        }
        loadA(size, x);
        squareRoot();
        return rounded(size);
    }

    /// a + x * y, rounded once.
    public long mulAdd(int size, long addend, long op1, long op2) {
        if (size == DOUBLE && isPlain() && (fpsr & IXC) != 0) {
            double r =
                    Math.fma(
                            Double.longBitsToDouble(op1),
                            Double.longBitsToDouble(op2),
                            Double.longBitsToDouble(addend));
            double m = Math.abs(r);
            if (m > LOW && m < HIGH) {
                return Double.doubleToRawLongBits(r);
            }
        }
        if (size == SINGLE && (fpsr & IXC) != 0 && isPlain(op1, op2) && !isSubnormal(addend)) {
            float r =
                    Math.fma(
                            Float.intBitsToFloat((int) op1),
                            Float.intBitsToFloat((int) op2),
                            Float.intBitsToFloat((int) addend));
            if (isOrdinary(r)) {
                return Float.floatToRawIntBits(r) & 0xffff_ffffL;
            }
        }
        long a = flushed(size, addend);
        long x = flushed(size, op1);
        long y = flushed(size, op2);
        boolean infinite = isInfinite(size, x) || isInfinite(size, y);
        boolean zero = isZero(size, x) || isZero(size, y);
        boolean undefinedProduct =
                isInfinite(size, x) && isZero(size, y) || isZero(size, x) && isInfinite(size, y);
        if (isNan(size, a) || isNan(size, x) || isNan(size, y)) {
            if (undefinedProduct && isNan(size, a) && !isSignaling(size, a)) {
                return invalid(size);
            }
            return nan3(size, a, x, y);
        }
        long sign = (x ^ y) & SIGN[size];
        if (undefinedProduct) {
            return invalid(size);
        }
        if (isInfinite(size, a)) {
            return infinite && (a & SIGN[size]) != sign ? invalid(size) : a;
        }
        if (infinite) {
            return sign | INFINITY[size];
        }
        if (zero) {
            if (isZero(size, a)) {
                return (a & SIGN[size]) == sign ? sign : rounding == DOWN ? SIGN[size] : 0;
            }
            loadA(size, a);
            takeA();
            return rounded(size);
        }
        loadA(size, x);
        loadB(size, y);
        multiply();
        if (!isZero(size, a)) {
            loadA(size, a);
            addA();
        }
        return rounded(size);
    }

    private long nan3(int size, long a, long x, long y) {
        if (isSignaling(size, a)) {
            return nan(size, a);
        }
        if (isSignaling(size, x) || isSignaling(size, y)) {
            return nan(size, x, y);
        }
        return isNan(size, a) ? nan(size, a) : nan(size, x, y);
    }

    /// 2 - x * y for FRECPS, (3 - x * y) / 2 for FRSQRTS, rounded once.
    public long step(int size, long op1, long op2, boolean root) {
        long x = flushed(size, op1 ^ SIGN[size]);
        long y = flushed(size, op2);
        if (isNan(size, x) || isNan(size, y)) {
            return nan(size, x, y);
        }
        long sign = (x ^ y) & SIGN[size];
        boolean zero = isZero(size, x) || isZero(size, y);
        long constant = two(size) | (root ? QUIET[size] : 0); // 2 or 3
        if (isInfinite(size, x) || isInfinite(size, y)) {
            if (!zero) {
                return sign | INFINITY[size];
            }
            zero = true;
        }
        loadA(size, constant);
        if (zero) {
            takeA();
        } else {
            loadA(size, x);
            loadB(size, y);
            multiply();
            loadA(size, constant);
            addA();
        }
        if (root && hi != 0) {
            exponent--;
        }
        return rounded(size);
    }

    /// AArch32's VRECPS of singles, 2 - x * y, rounded twice.
    public long recipStep(long op1, long op2) {
        long x = flushed(SINGLE, op1);
        long y = flushed(SINGLE, op2);
        return isUndefinedProduct(x, y) ? TWO : sub(SINGLE, TWO, mul(SINGLE, x, y));
    }

    /// AArch32's VRSQRTS of singles, (3 - x * y) / 2, rounded each time.
    public long rootStep(long op1, long op2) {
        long x = flushed(SINGLE, op1);
        long y = flushed(SINGLE, op2);
        return isUndefinedProduct(x, y)
                ? ONE_AND_A_HALF
                : div(SINGLE, sub(SINGLE, THREE, mul(SINGLE, x, y)), TWO);
    }

    private static boolean isUndefinedProduct(long x, long y) {
        return isInfinite(SINGLE, x) && isZero(SINGLE, y)
                || isZero(SINGLE, x) && isInfinite(SINGLE, y);
    }

    public long max(int size, long op1, long op2) {
        return extreme(size, op1, op2, true);
    }

    public long min(int size, long op1, long op2) {
        return extreme(size, op1, op2, false);
    }

    private long extreme(int size, long op1, long op2, boolean largest) {
        long x = flushed(size, op1);
        long y = flushed(size, op2);
        if (isNan(size, x) || isNan(size, y)) {
            return nan(size, x, y);
        }
        if (isZero(size, x) && isZero(size, y)) {
            return largest ? x & y : x | y;
        }
        return ordered(size, x) > ordered(size, y) == largest ? x : y;
    }

    /// A number that orders as this one, which is no NaN.
    private static long ordered(int size, long x) {
        long m = magnitude(size, x);
        return (x & SIGN[size]) != 0 ? -m : m;
    }

    public long maxNumber(int size, long x, long y) {
        return max(size, number(size, x, y, true), number(size, y, x, true));
    }

    public long minNumber(int size, long x, long y) {
        return min(size, number(size, x, y, false), number(size, y, x, false));
    }

    /// An infinity that loses in place of a quiet NaN, if the other operand is none.
    private static long number(int size, long x, long other, boolean largest) {
        boolean quietNan = isNan(size, x) && !isSignaling(size, x);
        boolean otherQuietNan = isNan(size, other) && !isSignaling(size, other);
        if (quietNan && !otherQuietNan) {
            return INFINITY[size] | (largest ? SIGN[size] : 0);
        }
        return x;
    }

    // ---- comparison

    /// NZCV, N in bit 3.
    public int compare(int size, long op1, long op2, boolean signalQuiet) {
        long x = flushed(size, op1);
        long y = flushed(size, op2);
        if (isNan(size, x) || isNan(size, y)) {
            if (signalQuiet || isSignaling(size, x) || isSignaling(size, y)) {
                raise(IOC);
            }
            return 3;
        }
        long a = ordered(size, x);
        long b = ordered(size, y);
        return a == b ? 6 : a < b ? 8 : 2;
    }

    public boolean equal(int size, long x, long y) {
        return compare(size, x, y, false) == 6;
    }

    public boolean greaterEqual(int size, long x, long y) {
        int nzcv = compare(size, x, y, true);
        return nzcv == 6 || nzcv == 2;
    }

    public boolean greater(int size, long x, long y) {
        return compare(size, x, y, true) == 2;
    }

    public static long absolute(int size, long x) {
        return magnitude(size, x);
    }

    public static long negate(int size, long x) {
        return x ^ SIGN[size];
    }

    // ---- conversion

    /// To an integral number in the same format.
    ///
    /// @param exact whether IXC tells of a change
    public long roundToIntegral(int size, long op, int how, boolean exact) {
        long x = flushed(size, op);
        if (isNan(size, x)) {
            return nan(size, x);
        }
        if (isInfinite(size, x) || isZero(size, x)) {
            return x;
        }
        loadA(size, x);
        if (exponentA >= PRECISION[size] - 1) {
            return x;
        }
        takeA();
        long integer = toInteger(how);
        if (exact && changed) {
            raise(IXC);
        }
        long sign = x & SIGN[size];
        if (integer == 0) {
            return sign;
        }
        loadInteger(false, integer);
        takeA();
        return sign | round(size, NEAREST, false);
    }

    /// Whether the last [#toInteger] was inexact.
    private boolean changed;

    /// The unit's result's magnitude as an unsigned integer; all ones, with [#exponent] at least 64, if it does not fit.
    private long toInteger(int how) {
        if (exponent >= 63) {
            changed = lo != 0;
            return exponent == 63 ? hi : -1;
        }
        int drop = 63 - exponent;
        long kept = drop < 64 ? hi >>> drop : 0;
        long tail = drop < 64 ? hi << 64 - drop : drop == 64 ? hi : 1;
        if (lo != 0) {
            tail |= 1;
        }
        changed = tail != 0;
        return goesUp(how, negative, kept, tail) ? kept + 1 : kept;
    }

    /// To a saturated integer or fixed-point number of 32 or 64 bits.
    ///
    /// @param fraction how many bits are behind the point
    /// @return sign- or zero-extended to 64 bits
    public long toFixed(int size, long op, int fraction, boolean unsigned, boolean wide, int how) {
        long x = flushed(size, op);
        if (isNan(size, x)) {
            raise(IOC);
            return 0;
        }
        boolean minus = (x & SIGN[size]) != 0;
        long largest =
                unsigned ? wide ? -1 : 0xffff_ffffL : wide ? Long.MAX_VALUE : Integer.MAX_VALUE;
        long smallest = unsigned ? 0 : wide ? Long.MIN_VALUE : Integer.MIN_VALUE;
        if (isZero(size, x)) {
            return 0;
        }
        long integer;
        boolean fits = !isInfinite(size, x);
        if (fits) {
            loadA(size, x);
            takeA();
            exponent += fraction;
            fits = exponent <= 63;
        }
        if (!fits) {
            raise(IOC);
            return minus ? smallest : largest;
        }
        integer = toInteger(how);
        boolean inexact = changed;
        boolean tooLarge =
                minus ? below(unsigned ? 0 : -smallest, integer) : below(largest, integer);
        if (tooLarge) {
            raise(IOC);
            return minus ? smallest : largest;
        }
        if (inexact) {
            raise(IXC);
        }
        return minus ? -integer : integer;
    }

    /// From an integer or fixed-point number of 64 bits, sign- or zero-extended.
    public long fromFixed(int size, long value, int fraction, boolean unsigned) {
        if (value == 0) {
            return 0;
        }
        boolean minus = !unsigned && value < 0;
        loadInteger(minus, minus ? -value : value);
        takeA();
        exponent -= fraction;
        return round(size, rounding, false);
    }

    /// Between the formats.
    public long convert(int from, int to, long op) {
        return convert(from, to, op, rounding);
    }

    public long convert(int from, int to, long op, int how) {
        long x = flushed(from, op);
        boolean alternative = (fpcr & AHP) != 0;
        boolean minus = (x & SIGN[from]) != 0;
        long sign = minus ? SIGN[to] : 0;
        if (from != HALF || !alternative) {
            if (isNan(from, x)) {
                return convertNan(from, to, x, sign);
            }
            if (isInfinite(from, x)) {
                if (to == HALF && alternative) {
                    raise(IOC);
                    return sign | 0x7fff;
                }
                return sign | INFINITY[to];
            }
        }
        if (isZero(from, x)) {
            return sign;
        }
        if (from == HALF) {
            loadHalf(x, minus);
        } else {
            loadA(from, x);
        }
        takeA();
        return round(to, how, (fpcr & FZ) != 0 && to != HALF);
    }

    private void loadHalf(long x, boolean minus) {
        long fraction = x & 0x3ff;
        int field = (int) x >>> 10 & 31;
        long significand = field == 0 ? fraction : fraction | 0x400;
        int e = field == 0 ? -14 : field - 15;
        loadInteger(minus, significand);
        exponentA += e - 10;
    }

    private long convertNan(int from, int to, long x, long sign) {
        if (isSignaling(from, x)) {
            raise(IOC);
        }
        if (to == HALF && (fpcr & AHP) != 0) {
            raise(IOC);
            return sign;
        }
        if ((fpcr & DN) != 0) {
            return defaultNan(to);
        }
        int widen = PRECISION[to] - PRECISION[from];
        long fraction = x & QUIET[from] - 1;
        return sign | defaultNan(to) | (widen >= 0 ? fraction << widen : fraction >>> -widen);
    }

    // ---- estimates

    /// 1 / x to 8 bits.
    public long reciprocalEstimate(int size, long op) {
        long x = flushed(size, op);
        if (isNan(size, x)) {
            return nan(size, x);
        }
        long sign = x & SIGN[size];
        if (isInfinite(size, x)) {
            return sign;
        }
        if (isZero(size, x)) {
            raise(DZC);
            return sign | INFINITY[size];
        }
        int bits = PRECISION[size] - 1;
        long m = magnitude(size, x);
        if (m < 1L << bits - 2) {
            raise(OFC | IXC);
            boolean infinite = rounding == NEAREST || rounding == (sign != 0 ? DOWN : UP);
            return sign | INFINITY[size] - (infinite ? 0 : 1);
        }
        int e = (int) (m >>> bits);
        int bias = MAX_EXPONENT[size];
        if ((fpcr & FZ) != 0 && e >= 2 * bias - 1) {
            raise(UFC);
            return sign;
        }
        long fraction = (m & (1L << bits) - 1) << 52 - bits;
        if (e == 0) {
            if (fraction >>> 51 == 0) {
                e = -1;
                fraction = fraction << 2 & (1L << 52) - 1;
            } else {
                fraction = fraction << 1 & (1L << 52) - 1;
            }
        }
        int scaled = 256 | (int) (fraction >>> 44);
        int resultExponent = 2 * bias - 1 - e;
        long result = (long) (reciprocal(scaled) & 0xff) << 44;
        if (resultExponent == 0) {
            result = 1L << 51 | result >>> 1;
        } else if (resultExponent == -1) {
            result = 1L << 50 | result >>> 2;
            resultExponent = 0;
        }
        return sign | (long) resultExponent << bits | result >>> 52 - bits;
    }

    /// For 256 to 511, which stand for 0.5 to 1: 256 to 511, which stand for 1 to 2.
    private static int reciprocal(int scaled) {
        return ((1 << 19) / (2 * scaled + 1) + 1) / 2;
    }

    /// For 128 to 511, which stand for 0.25 to 1.
    private static int reciprocalRoot(int scaled) {
        int a = scaled < 256 ? 2 * scaled + 1 : ((scaled >> 1 << 1) + 1) * 2;
        int b = 512;
        while ((long) a * (b + 1) * (b + 1) < 1L << 28) {
            b++;
        }
        return (b + 1) / 2;
    }

    /// 1 / sqrt(x) to 8 bits.
    public long rootEstimate(int size, long op) {
        long x = flushed(size, op);
        if (isNan(size, x)) {
            return nan(size, x);
        }
        long sign = x & SIGN[size];
        if (isZero(size, x)) {
            raise(DZC);
            return sign | INFINITY[size];
        }
        if (sign != 0) {
            return invalid(size);
        }
        if (isInfinite(size, x)) {
            return 0;
        }
        int bits = PRECISION[size] - 1;
        int e = (int) (x >>> bits);
        long fraction = (x & (1L << bits) - 1) << 52 - bits;
        if (e == 0) {
            while (fraction >>> 51 == 0) {
                fraction <<= 1;
                e--;
            }
            fraction = fraction << 1 & (1L << 52) - 1;
        }
        int scaled = (e & 1) == 0 ? 256 | (int) (fraction >>> 44) : 128 | (int) (fraction >>> 45);
        int resultExponent = (3 * MAX_EXPONENT[size] - 1 - e) / 2;
        long estimate = reciprocalRoot(scaled) & 0xff;
        return (long) resultExponent << bits | estimate << bits - 8;
    }

    public static long unsignedReciprocalEstimate(long x) {
        return (x & 1L << 31) == 0 ? 0xffff_ffffL : (long) reciprocal((int) (x >>> 23)) << 23;
    }

    public static long unsignedRootEstimate(long x) {
        return x >>> 30 == 0 ? 0xffff_ffffL : (long) reciprocalRoot((int) (x >>> 23)) << 23;
    }

    /// FRECPX.
    public long reciprocalExponent(int size, long op) {
        long x = flushed(size, op);
        if (isNan(size, x)) {
            return nan(size, x);
        }
        int bits = PRECISION[size] - 1;
        long field = x & INFINITY[size];
        long result = field == 0 ? INFINITY[size] - (1L << bits) : field ^ INFINITY[size];
        return x & SIGN[size] | result;
    }
}
