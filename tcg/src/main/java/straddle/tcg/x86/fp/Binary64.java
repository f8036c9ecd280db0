package straddle.tcg.x86.fp;

import straddle.tcg.fp.SoftFloat;

/// One binary64 element of an SSE operation, as raw bits.
///
/// Ordinary operands take the host's arithmetic, which rounds as SSE does; with PE sticky nothing
/// else is to be found out, and without it the rounding error is computed exactly. Everything else
/// is [FpControl]'s. Exceptions are gathered in the control; the caller asks [FpControl#signals()]
/// after its last element.
public final class Binary64 {
    /// The mode bits that the fast paths depend on, and what they must be: PE masked, round to
    /// nearest.
    static final int MODE = FpControl.PM | FpControl.RC | SoftFloat.PE;

    static final int INEXACT_KNOWN = FpControl.PM | SoftFloat.PE;
    static final int INEXACT_WANTED = FpControl.PM;

    /// Between these no operation underflows or overflows, and error terms are exact.
    private static final double LOW = 0x1p-960;

    private static final double HIGH = 0x1p1020;

    private Binary64() {}

    /// Whether DE can't come from this operand. The smallest normal number is taken for a subnormal
    /// one.
    private static boolean plain(long x) {
        return (x & Long.MAX_VALUE) - 1 >>> 52 != 0;
    }

    public static long add(FpControl c, long x, long y) {
        double a = Double.longBitsToDouble(x);
        double b = Double.longBitsToDouble(y);
        double r = a + b;
        double m = Math.abs(r);
        if (plain(x) && plain(y) && (m > LOW && m < HIGH || m == 0)) {
            int mode = c.mxcsr & MODE;
            if (mode == INEXACT_KNOWN) {
                return Double.doubleToRawLongBits(r);
            }
            if (mode == INEXACT_WANTED) {
                double t = r - a;
                if (a - (r - t) + (b - t) != 0) {
                    c.raised |= SoftFloat.PE;
                }
                return Double.doubleToRawLongBits(r);
            }
        }
        return c.arithmetic64(FpControl.ADD, x, y);
    }

    public static long sub(FpControl c, long x, long y) {
        double a = Double.longBitsToDouble(x);
        double b = Double.longBitsToDouble(y);
        double r = a - b;
        double m = Math.abs(r);
        if (plain(x) && plain(y) && (m > LOW && m < HIGH || m == 0)) {
            int mode = c.mxcsr & MODE;
            if (mode == INEXACT_KNOWN) {
                return Double.doubleToRawLongBits(r);
            }
            if (mode == INEXACT_WANTED) {
                double t = r - a;
                if (a - (r - t) - (b + t) != 0) {
                    c.raised |= SoftFloat.PE;
                }
                return Double.doubleToRawLongBits(r);
            }
        }
        return c.arithmetic64(FpControl.SUB, x, y);
    }

    public static long mul(FpControl c, long x, long y) {
        double a = Double.longBitsToDouble(x);
        double b = Double.longBitsToDouble(y);
        double r = a * b;
        double m = Math.abs(r);
        if (plain(x) && plain(y) && (m > LOW && m < HIGH || m == 0 && (a == 0 || b == 0))) {
            int mode = c.mxcsr & MODE;
            if (mode == INEXACT_KNOWN) {
                return Double.doubleToRawLongBits(r);
            }
            if (mode == INEXACT_WANTED) {
                if (Math.fma(a, b, -r) != 0) {
                    c.raised |= SoftFloat.PE;
                }
                return Double.doubleToRawLongBits(r);
            }
        }
        return c.arithmetic64(FpControl.MUL, x, y);
    }

    public static long div(FpControl c, long x, long y) {
        double a = Double.longBitsToDouble(x);
        double b = Double.longBitsToDouble(y);
        double r = a / b;
        double m = Math.abs(r);
        if (plain(x) && plain(y) && m > LOW && m < HIGH) {
            int mode = c.mxcsr & MODE;
            if (mode == INEXACT_KNOWN) {
                return Double.doubleToRawLongBits(r);
            }
            if (mode == INEXACT_WANTED && Math.abs(a) > LOW) {
                if (Math.fma(r, b, -a) != 0) {
                    c.raised |= SoftFloat.PE;
                }
                return Double.doubleToRawLongBits(r);
            }
        }
        return c.arithmetic64(FpControl.DIV, x, y);
    }

    public static long sqrt(FpControl c, long x) {
        double a = Double.longBitsToDouble(x);
        if (a > LOW && a < Double.POSITIVE_INFINITY) {
            double r = Math.sqrt(a);
            int mode = c.mxcsr & MODE;
            if (mode == INEXACT_KNOWN) {
                return Double.doubleToRawLongBits(r);
            }
            if (mode == INEXACT_WANTED) {
                if (Math.fma(r, r, -a) != 0) {
                    c.raised |= SoftFloat.PE;
                }
                return Double.doubleToRawLongBits(r);
            }
        }
        return c.squareRoot64(x);
    }

    public static long min(FpControl c, long x, long y) {
        if (plain(x) && plain(y)) {
            double a = Double.longBitsToDouble(x);
            double b = Double.longBitsToDouble(y);
            if (a < b) {
                return x;
            }
            if (a >= b) {
                return y;
            }
        }
        return c.extreme64(false, x, y);
    }

    public static long max(FpControl c, long x, long y) {
        if (plain(x) && plain(y)) {
            double a = Double.longBitsToDouble(x);
            double b = Double.longBitsToDouble(y);
            if (a > b) {
                return x;
            }
            if (a <= b) {
                return y;
            }
        }
        return c.extreme64(true, x, y);
    }

    /// All ones where the predicate holds, else zero. Predicates 0 to 31 (SDM volume 2, CMPPD,
    /// table 3-1).
    public static long cmp(FpControl c, long x, long y, int predicate) {
        int order = comi(c, x, y, Comparison.signalsQuiet(predicate));
        return Comparison.holds(order, predicate) ? -1 : 0;
    }

    /// RFLAGS of COMISD, without asking for unmasked exceptions.
    static int comi(FpControl c, long x, long y, boolean signalQuiet) {
        if (plain(x) && plain(y)) {
            double a = Double.longBitsToDouble(x);
            double b = Double.longBitsToDouble(y);
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
        return c.compare64(x, y, signalQuiet);
    }

    /// To binary32.
    public static int narrow(FpControl c, long x) {
        double a = Double.longBitsToDouble(x);
        float r = (float) a;
        float m = Math.abs(r);
        if (m > Float.MIN_NORMAL && m < Float.POSITIVE_INFINITY || a == 0) {
            int mode = c.mxcsr & MODE;
            if (mode == INEXACT_KNOWN) {
                return Float.floatToRawIntBits(r);
            }
            if (mode == INEXACT_WANTED) {
                if (r != a) {
                    c.raised |= SoftFloat.PE;
                }
                return Float.floatToRawIntBits(r);
            }
        }
        return c.narrow(x);
    }

    public static long fromInt(int value) {
        return Double.doubleToRawLongBits((double) value);
    }

    public static long fromLong(FpControl c, long value) {
        if (Math.abs(value) >= 0 && Math.abs(value) <= 1L << 53) {
            return Double.doubleToRawLongBits((double) value);
        }
        return c.fromInteger64(value);
    }

    /// Whether a conversion to an integer is done with, its inexactness noted: it is the host's one
    /// in round to nearest or when truncating, and the operand is no subnormal number.
    private static boolean converts(FpControl c, long x, boolean inexact, int mode) {
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
    public static int toInt(FpControl c, long x) {
        double a = Double.longBitsToDouble(x);
        double r = Math.rint(a);
        int mode = c.mxcsr & MODE;
        if ((mode & FpControl.RC) == 0 && Math.abs(r) < 0x1p31 && converts(c, x, r != a, mode)) {
            return (int) r;
        }
        return (int) c.toInteger64(x, c.rounding(), 32);
    }

    public static int truncateToInt(FpControl c, long x) {
        double a = Double.longBitsToDouble(x);
        int r = (int) a;
        int mode = c.mxcsr & MODE & ~FpControl.RC;
        if (Math.abs(a) < 0x1p31 && converts(c, x, r != a, mode)) {
            return r;
        }
        return (int) c.toInteger64(x, SoftFloat.TRUNCATE, 32);
    }

    /// By MXCSR's rounding control.
    public static long toLong(FpControl c, long x) {
        double a = Double.longBitsToDouble(x);
        double r = Math.rint(a);
        int mode = c.mxcsr & MODE;
        if ((mode & FpControl.RC) == 0 && Math.abs(r) < 0x1p63 && converts(c, x, r != a, mode)) {
            return (long) r;
        }
        return c.toInteger64(x, c.rounding(), 64);
    }

    public static long truncateToLong(FpControl c, long x) {
        double a = Double.longBitsToDouble(x);
        long r = (long) a;
        int mode = c.mxcsr & MODE & ~FpControl.RC;
        if (Math.abs(a) < 0x1p63 && converts(c, x, r != a, mode)) {
            return r;
        }
        return c.toInteger64(x, SoftFloat.TRUNCATE, 64);
    }
}
