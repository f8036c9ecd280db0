package straddle.tcg.x86.fp;

import straddle.tcg.fp.SoftFloat;

/// One binary32 element of an SSE operation, as raw bits, or two of them in a long. See [Binary64]:
/// the same in the other width.
public final class Binary32 {
    private static final int MODE = Binary64.MODE;
    private static final int INEXACT_KNOWN = Binary64.INEXACT_KNOWN;
    private static final int INEXACT_WANTED = Binary64.INEXACT_WANTED;
    private static final float HIGH = 0x1p120f;

    private static final long EXPONENTS = 0x7f80_0000_7f80_0000L;
    private static final long TWO_OR_MORE = 0x7f00_0000_7f00_0000L;
    private static final long LARGEST = 0x0080_0000_0080_0000L;
    private static final long SIGNS = 0x8000_0000_8000_0000L;

    private Binary32() {}

    private static boolean plain(int x) {
        return (x & Integer.MAX_VALUE) - 1 >>> 23 != 0;
    }

    public static int add(FpControl c, int x, int y) {
        float a = Float.intBitsToFloat(x);
        float b = Float.intBitsToFloat(y);
        float r = a + b;
        float m = Math.abs(r);
        if (plain(x) && plain(y) && (m > Float.MIN_NORMAL && m < HIGH || m == 0)) {
            int mode = c.mxcsr & MODE;
            if (mode == INEXACT_KNOWN) {
                return Float.floatToRawIntBits(r);
            }
            if (mode == INEXACT_WANTED) {
                float t = r - a;
                if (a - (r - t) + (b - t) != 0) {
                    c.raised |= SoftFloat.PE;
                }
                return Float.floatToRawIntBits(r);
            }
        }
        return c.arithmetic32(FpControl.ADD, x, y);
    }

    public static int sub(FpControl c, int x, int y) {
        float a = Float.intBitsToFloat(x);
        float b = Float.intBitsToFloat(y);
        float r = a - b;
        float m = Math.abs(r);
        if (plain(x) && plain(y) && (m > Float.MIN_NORMAL && m < HIGH || m == 0)) {
            int mode = c.mxcsr & MODE;
            if (mode == INEXACT_KNOWN) {
                return Float.floatToRawIntBits(r);
            }
            if (mode == INEXACT_WANTED) {
                float t = r - a;
                if (a - (r - t) - (b + t) != 0) {
                    c.raised |= SoftFloat.PE;
                }
                return Float.floatToRawIntBits(r);
            }
        }
        return c.arithmetic32(FpControl.SUB, x, y);
    }

    public static int mul(FpControl c, int x, int y) {
        float a = Float.intBitsToFloat(x);
        float b = Float.intBitsToFloat(y);
        float r = a * b;
        float m = Math.abs(r);
        if (plain(x)
                && plain(y)
                && (m > Float.MIN_NORMAL && m < HIGH || m == 0 && (a == 0 || b == 0))) {
            int mode = c.mxcsr & MODE;
            if (mode == INEXACT_KNOWN) {
                return Float.floatToRawIntBits(r);
            }
            if (mode == INEXACT_WANTED) {
                if ((double) a * b != r) {
                    c.raised |= SoftFloat.PE;
                }
                return Float.floatToRawIntBits(r);
            }
        }
        return c.arithmetic32(FpControl.MUL, x, y);
    }

    public static int div(FpControl c, int x, int y) {
        float a = Float.intBitsToFloat(x);
        float b = Float.intBitsToFloat(y);
        float r = a / b;
        float m = Math.abs(r);
        if (plain(x) && plain(y) && m > Float.MIN_NORMAL && m < HIGH) {
            int mode = c.mxcsr & MODE;
            if (mode == INEXACT_KNOWN) {
                return Float.floatToRawIntBits(r);
            }
            if (mode == INEXACT_WANTED) {
                if ((double) r * b != a) {
                    c.raised |= SoftFloat.PE;
                }
                return Float.floatToRawIntBits(r);
            }
        }
        return c.arithmetic32(FpControl.DIV, x, y);
    }

    public static int sqrt(FpControl c, int x) {
        float a = Float.intBitsToFloat(x);
        if (a > Float.MIN_NORMAL && a < Float.POSITIVE_INFINITY) {
            float r = (float) Math.sqrt(a);
            int mode = c.mxcsr & MODE;
            if (mode == INEXACT_KNOWN) {
                return Float.floatToRawIntBits(r);
            }
            if (mode == INEXACT_WANTED) {
                if ((double) r * r != a) {
                    c.raised |= SoftFloat.PE;
                }
                return Float.floatToRawIntBits(r);
            }
        }
        return c.squareRoot32(x);
    }

    public static int min(FpControl c, int x, int y) {
        if (plain(x) && plain(y)) {
            float a = Float.intBitsToFloat(x);
            float b = Float.intBitsToFloat(y);
            if (a < b) {
                return x;
            }
            if (a >= b) {
                return y;
            }
        }
        return c.extreme32(false, x, y);
    }

    public static int max(FpControl c, int x, int y) {
        if (plain(x) && plain(y)) {
            float a = Float.intBitsToFloat(x);
            float b = Float.intBitsToFloat(y);
            if (a > b) {
                return x;
            }
            if (a <= b) {
                return y;
            }
        }
        return c.extreme32(true, x, y);
    }

    private static long pair(float low, float high) {
        return (long) Float.floatToRawIntBits(high) << 32
                | Float.floatToRawIntBits(low) & 0xffff_ffffL;
    }

    /// Whether in both elements the operands' exponent fields aren't 0 and the result's is neither
    /// small nor that of infinities: then only PE can have been raised. Adding carries into the
    /// elements' sign bits, which are masked out before, and no further.
    private static boolean areNormal(long x, long y, long r) {
        long ex = (x & EXPONENTS) + EXPONENTS;
        long ey = (y & EXPONENTS) + EXPONENTS;
        long er = r & EXPONENTS;
        return (ex & ey & er + TWO_OR_MORE & ~(er + LARGEST) & SIGNS) == SIGNS;
    }

    static long addPair(FpControl c, long x, long y) {
        long r =
                pair(
                        Float.intBitsToFloat((int) x) + Float.intBitsToFloat((int) y),
                        Float.intBitsToFloat((int) (x >>> 32))
                                + Float.intBitsToFloat((int) (y >>> 32)));
        if ((c.mxcsr & MODE) == INEXACT_KNOWN && areNormal(x, y, r)) {
            return r;
        }
        int low = add(c, (int) x, (int) y);
        return (long) add(c, (int) (x >>> 32), (int) (y >>> 32)) << 32 | low & 0xffff_ffffL;
    }

    static long subPair(FpControl c, long x, long y) {
        long r =
                pair(
                        Float.intBitsToFloat((int) x) - Float.intBitsToFloat((int) y),
                        Float.intBitsToFloat((int) (x >>> 32))
                                - Float.intBitsToFloat((int) (y >>> 32)));
        if ((c.mxcsr & MODE) == INEXACT_KNOWN && areNormal(x, y, r)) {
            return r;
        }
        int low = sub(c, (int) x, (int) y);
        return (long) sub(c, (int) (x >>> 32), (int) (y >>> 32)) << 32 | low & 0xffff_ffffL;
    }

    static long mulPair(FpControl c, long x, long y) {
        long r =
                pair(
                        Float.intBitsToFloat((int) x) * Float.intBitsToFloat((int) y),
                        Float.intBitsToFloat((int) (x >>> 32))
                                * Float.intBitsToFloat((int) (y >>> 32)));
        if ((c.mxcsr & MODE) == INEXACT_KNOWN && areNormal(x, y, r)) {
            return r;
        }
        int low = mul(c, (int) x, (int) y);
        return (long) mul(c, (int) (x >>> 32), (int) (y >>> 32)) << 32 | low & 0xffff_ffffL;
    }

    static long divPair(FpControl c, long x, long y) {
        long r =
                pair(
                        Float.intBitsToFloat((int) x) / Float.intBitsToFloat((int) y),
                        Float.intBitsToFloat((int) (x >>> 32))
                                / Float.intBitsToFloat((int) (y >>> 32)));
        if ((c.mxcsr & MODE) == INEXACT_KNOWN && areNormal(x, y, r)) {
            return r;
        }
        int low = div(c, (int) x, (int) y);
        return (long) div(c, (int) (x >>> 32), (int) (y >>> 32)) << 32 | low & 0xffff_ffffL;
    }

    static long minPair(FpControl c, long x, long y) {
        int low = min(c, (int) x, (int) y);
        return (long) min(c, (int) (x >>> 32), (int) (y >>> 32)) << 32 | low & 0xffff_ffffL;
    }

    static long maxPair(FpControl c, long x, long y) {
        int low = max(c, (int) x, (int) y);
        return (long) max(c, (int) (x >>> 32), (int) (y >>> 32)) << 32 | low & 0xffff_ffffL;
    }

    static long cmpPair(FpControl c, long x, long y, int predicate) {
        int low = cmp(c, (int) x, (int) y, predicate);
        return (long) cmp(c, (int) (x >>> 32), (int) (y >>> 32), predicate) << 32
                | low & 0xffff_ffffL;
    }

    /// All ones where the predicate holds, else zero.
    public static int cmp(FpControl c, int x, int y, int predicate) {
        int order = comi(c, x, y, Comparison.signalsQuiet(predicate));
        return Comparison.holds(order, predicate) ? -1 : 0;
    }

    /// RFLAGS of COMISS, without asking for unmasked exceptions.
    static int comi(FpControl c, int x, int y, boolean signalQuiet) {
        if (plain(x) && plain(y)) {
            float a = Float.intBitsToFloat(x);
            float b = Float.intBitsToFloat(y);
            if (a > b) {
                return 0;
            }
            if (a < b) {
                return FpControl.CF;
            }
            if (a == b) {
                return FpControl.ZF;
            }
        }
        return c.compare32(x, y, signalQuiet);
    }

    /// To binary64.
    public static long widen(FpControl c, int x) {
        float a = Float.intBitsToFloat(x);
        if (plain(x) && Math.abs(a) < Float.POSITIVE_INFINITY) {
            return Double.doubleToRawLongBits((double) a);
        }
        return c.widen(x);
    }

    public static int fromLong(FpControl c, long value) {
        if (Math.abs(value) >= 0 && Math.abs(value) <= 1L << 24) {
            return Float.floatToRawIntBits((float) value);
        }
        return c.fromInteger32(value);
    }

    /// Whether a conversion to an integer is done with, its inexactness noted: it is the host's one
    /// in round to nearest or when truncating, and the operand is no subnormal number.
    private static boolean converts(FpControl c, int x, boolean inexact, int mode) {
        if (!plain(x)) {
            return false;
        }
        if (!inexact || mode == INEXACT_KNOWN) {
            return true;
        }
        if (mode != INEXACT_WANTED) {
            return false;
        }
        c.raised |= SoftFloat.PE;
        return true;
    }

    /// By MXCSR's rounding control.
    public static int toInt(FpControl c, int x) {
        float a = Float.intBitsToFloat(x);
        float r = (float) Math.rint(a);
        int mode = c.mxcsr & MODE;
        if ((mode & FpControl.RC) == 0 && Math.abs(r) < 0x1p31f && converts(c, x, r != a, mode)) {
            return (int) r;
        }
        return (int) c.toInteger32(x, c.rounding(), 32);
    }

    public static int truncateToInt(FpControl c, int x) {
        float a = Float.intBitsToFloat(x);
        int r = (int) a;
        int mode = c.mxcsr & MODE & ~FpControl.RC;
        if (Math.abs(a) < 0x1p31f && converts(c, x, r != a, mode)) {
            return r;
        }
        return (int) c.toInteger32(x, SoftFloat.TRUNCATE, 32);
    }

    /// By MXCSR's rounding control.
    public static long toLong(FpControl c, int x) {
        float a = Float.intBitsToFloat(x);
        float r = (float) Math.rint(a);
        int mode = c.mxcsr & MODE;
        if ((mode & FpControl.RC) == 0 && Math.abs(r) < 0x1p63f && converts(c, x, r != a, mode)) {
            return (long) r;
        }
        return c.toInteger32(x, c.rounding(), 64);
    }

    public static long truncateToLong(FpControl c, int x) {
        float a = Float.intBitsToFloat(x);
        long r = (long) a;
        int mode = c.mxcsr & MODE & ~FpControl.RC;
        if (Math.abs(a) < 0x1p63f && converts(c, x, r != a, mode)) {
            return r;
        }
        return c.toInteger32(x, SoftFloat.TRUNCATE, 64);
    }
}
