package straddle.tcg.fp;

/// An arithmetic unit in integers: exact results of finite operands, and their rounding to any
/// binary format.
///
/// Operands are a significand with bit 63 set and the exponent of that bit. Results stay in the
/// unit's fields as 128 bits whose last one is sticky: it says that something non-zero was cut off.
/// They are then rounded once. Used where the host's own arithmetic doesn't tell enough: x87,
/// directed rounding, overflow and underflow. Not thread-safe; allocates nothing.
public class SoftFloat {
    /// Exception flags, as MXCSR and the x87 status word have them in bits 0 to 5 (SDM volume 1,
    /// 10.2.3).
    public static final int IE = 1, DE = 2, ZE = 4, OE = 8, UE = 0x10, PE = 0x20;

    /// Rounding control, as MXCSR.RC and the x87 control word have it (SDM volume 1, table 4-8).
    public static final int NEAREST = 0, DOWN = 1, UP = 2, TRUNCATE = 3;

    /// The bits of a mode that rounding looks at, where MXCSR has them: the rounding control starts
    // at bit 13.
    public static final int OVERFLOW_MASKED = 0x400, UNDERFLOW_MASKED = 0x800, FLUSH = 0x8000;

    public static final long TOP = Long.MIN_VALUE;

    /// Exceptions of the present instruction.
    public int raised;

    /// The last result: (hi:lo) / 2^127 * 2^exponent. Zero has hi = 0.
    public boolean negative;

    public int exponent;
    public long hi;
    public long lo;

    /// Whether the last rounding increased the magnitude: x87's C1.
    public boolean roundedUp;

    /// The first operand of a two-operand step, unpacked.
    public int exponentA;

    public long significandA;
    public boolean negativeA;

    /// The second operand.
    public int exponentB;

    public long significandB;
    public boolean negativeB;

    public SoftFloat() {}

    public static boolean below(long a, long b) {
        return (a ^ TOP) < (b ^ TOP);
    }

    /// Loads operand A with a finite, non-zero binary64 number.
    public final void loadA64(long x) {
        long fraction = x & 0xf_ffff_ffff_ffffL;
        int field = (int) (x >>> 52) & 0x7ff;
        negativeA = x < 0;
        if (field == 0) {
            int zeros = Long.numberOfLeadingZeros(fraction);
            significandA = fraction << zeros;
            exponentA = -1011 - zeros;
        } else {
            significandA = TOP | fraction << 11;
            exponentA = field - 1023;
        }
    }

    public final void loadB64(long x) {
        swap();
        loadA64(x);
        swap();
    }

    /// Loads operand A with a finite, non-zero binary32 number.
    public final void loadA32(int x) {
        long fraction = x & 0x7f_ffff;
        int field = x >>> 23 & 0xff;
        negativeA = x < 0;
        if (field == 0) {
            int zeros = Long.numberOfLeadingZeros(fraction);
            significandA = fraction << zeros;
            exponentA = -86 - zeros;
        } else {
            significandA = TOP | fraction << 40;
            exponentA = field - 127;
        }
    }

    public final void loadB32(int x) {
        swap();
        loadA32(x);
        swap();
    }

    /// Loads operand A with a non-zero integer of magnitude up to 2^64 - 1.
    public final void loadInteger(boolean minus, long magnitude) {
        int zeros = Long.numberOfLeadingZeros(magnitude);
        negativeA = minus;
        significandA = magnitude << zeros;
        exponentA = 63 - zeros;
    }

    private void swap() {
        int e = exponentA;
        exponentA = exponentB;
        exponentB = e;
        long s = significandA;
        significandA = significandB;
        significandB = s;
        boolean n = negativeA;
        negativeA = negativeB;
        negativeB = n;
    }

    /// The result is operand A itself.
    public final void takeA() {
        set(negativeA, exponentA, significandA, 0);
    }

    public final void takeB() {
        set(negativeB, exponentB, significandB, 0);
    }

    public final void set(boolean minus, int e, long high, long low) {
        negative = minus;
        exponent = e;
        hi = high;
        lo = low;
    }

    /// A + B, exact but for the sticky bit. An exact zero has hi = 0 and a sign that the caller
    /// chooses.
    public final void add() {
        if (exponentA < exponentB || exponentA == exponentB && below(significandA, significandB)) {
            swap();
        }
        int shift = exponentA - exponentB;
        long high;
        long low;
        if (shift == 0) {
            high = significandB;
            low = 0;
        } else if (shift < 64) {
            high = significandB >>> shift;
            low = significandB << 64 - shift;
        } else if (shift == 64) {
            high = 0;
            low = significandB;
        } else if (shift < 128) {
            high = 0;
            low = significandB >>> shift - 64 | (significandB << 128 - shift != 0 ? 1 : 0);
        } else {
            high = 0;
            low = 1;
        }
        if (negativeA == negativeB) {
            long sum = significandA + high;
            if (below(sum, high)) {
                set(negativeA, exponentA + 1, TOP | sum >>> 1, sum << 63 | low >>> 1 | low & 1);
            } else {
                set(negativeA, exponentA, sum, low);
            }
        } else {
            set(negativeA, exponentA, significandA - high - (low != 0 ? 1 : 0), -low);
            normalize();
        }
    }

    public final void normalize() {
        if (hi == 0) {
            if (lo == 0) {
                return;
            }
            hi = lo;
            lo = 0;
            exponent -= 64;
        }
        int zeros = Long.numberOfLeadingZeros(hi);
        if (zeros != 0) {
            hi = hi << zeros | lo >>> 64 - zeros;
            lo <<= zeros;
            exponent -= zeros;
        }
    }

    /// A * B, exact.
    public final void multiply() {
        long high = Math.unsignedMultiplyHigh(significandA, significandB);
        long low = significandA * significandB;
        int e = exponentA + exponentB + 1;
        if (high >= 0) {
            high = high << 1 | low >>> 63;
            low <<= 1;
            e--;
        }
        set(negativeA != negativeB, e, high, low);
    }

    /// The result, which is an exact product, plus A: exact but for the sticky bit. An exact zero
    /// has hi = 0.
    public final void addA() {
        long highA = significandA;
        long lowA = 0;
        boolean minusA = negativeA;
        int e = exponentA;
        boolean smaller =
                e < exponent || e == exponent && (below(highA, hi) || highA == hi && lo != 0);
        if (smaller) {
            highA = hi;
            lowA = lo;
            minusA = negative;
            e = exponent;
            set(negativeA, exponentA, significandA, 0);
        }
        shiftRight(e - exponent);
        long low = lo;
        long high = hi;
        if (minusA == negative) {
            low += lowA;
            boolean carryLow = below(low, lowA);
            high += highA;
            boolean carry = below(high, highA);
            if (carryLow) {
                high++;
                carry |= high == 0;
            }
            if (carry) {
                set(minusA, e + 1, TOP | high >>> 1, high << 63 | low >>> 1 | low & 1);
            } else {
                set(minusA, e, high, low);
            }
        } else {
            boolean borrow = below(lowA, low);
            set(minusA, e, highA - high - (borrow ? 1 : 0), lowA - low);
            normalize();
        }
    }

    /// Moves the result down, what falls out staying in the sticky bit.
    private void shiftRight(int shift) {
        if (shift == 0) {
            return;
        }
        if (shift < 64) {
            long out = lo << 64 - shift;
            lo = hi << 64 - shift | lo >>> shift | (out != 0 ? 1 : 0);
            hi >>>= shift;
        } else if (shift < 128) {
            long out = lo | (shift == 64 ? 0 : hi << 128 - shift);
            lo = hi >>> shift - 64 | (out != 0 ? 1 : 0);
            hi = 0;
        } else {
            hi = 0;
            lo = 1;
        }
    }

    /// A / B.
    public final void divide() {
        long a = significandA;
        long b = significandB;
        int e = exponentA - exponentB;
        long quotient;
        if (below(a, b)) {
            quotient = divide128(a, 0, b);
            e--;
        } else {
            quotient = divide128(a >>> 1, a << 63, b);
        }
        set(negativeA != negativeB, e, quotient, half(remainder, b));
    }

    /// The bits below a result's last one, given what is left of a division: twice the rest against
    /// the divisor.
    private static long half(long rest, long divisor) {
        if (rest == 0) {
            return 0;
        }
        if (rest < 0 || below(divisor, rest << 1)) {
            return TOP | 1;
        }
        return rest << 1 == divisor ? TOP : 1;
    }

    public long remainder;

    /// (high:low) / divisor, which has bit 63 set and is above high; leaves [#remainder].
    /// Schoolbook division with 32-bit digits (Knuth, volume 2, 4.3.1).
    public final long divide128(long high, long low, long divisor) {
        long d1 = divisor >>> 32;
        long d0 = divisor & 0xffff_ffffL;
        long q1 = digit(high, low >>> 32, d1, d0);
        long rest = (high << 32 | low >>> 32) - q1 * divisor;
        long q0 = digit(rest, low & 0xffff_ffffL, d1, d0);
        remainder = (rest << 32 | low & 0xffff_ffffL) - q0 * divisor;
        return q1 << 32 | q0;
    }

    /// One base-2^32 digit of (rest:next) / (d1:d0).
    private static long digit(long rest, long next, long d1, long d0) {
        long q = Long.divideUnsigned(rest, d1);
        long r = rest - q * d1;
        while (q >>> 32 != 0 || below(r << 32 | next, q * d0)) {
            q--;
            r += d1;
            if (r >>> 32 != 0) {
                break;
            }
        }
        return q;
    }

    /// The square root of A, which is positive.
    public final void squareRoot() {
        boolean odd = (exponentA & 1) != 0;
        long high = odd ? significandA : significandA >>> 1;
        long low = odd ? 0 : significandA << 63;
        // One Newton step on the host's 53 bits gives the root or one more.
        double guess = Math.sqrt(toDouble(high)) * 0x1p32;
        long root = guess >= 0x1p64 ? -1 : (long) (guess - 0x1p63) + TOP;
        if (!below(high, root)) {
            root = -1;
        }
        if (high != -1) {
            long quotient = divide128(high, low, root);
            root = (root & quotient) + ((root ^ quotient) >>> 1);
        }
        long squareHigh = Math.unsignedMultiplyHigh(root, root);
        long squareLow = root * root;
        while (below(high, squareHigh) || high == squareHigh && below(low, squareLow)) {
            root--;
            squareHigh = Math.unsignedMultiplyHigh(root, root);
            squareLow = root * root;
        }
        long rest = low - squareLow;
        boolean above = high - squareHigh - (below(low, squareLow) ? 1 : 0) != 0;
        long tail = above || below(root, rest) ? TOP | 1 : rest != 0 ? 1 : 0;
        set(false, exponentA >> 1, root, tail);
    }

    private static double toDouble(long unsigned) {
        return unsigned >= 0 ? (double) unsigned : (double) (unsigned >>> 1) * 2;
    }

    /// Whether rounding `tail` (bit 63: half of the last place, the rest sticky) away increments
    /// the magnitude.
    public static boolean increments(int rounding, boolean minus, long kept, long tail) {
        return switch (rounding) {
            case NEAREST -> tail < 0 && (tail != TOP || (kept & 1) != 0);
            case DOWN -> minus && tail != 0;
            case UP -> !minus && tail != 0;
            default -> false;
        };
    }

    /// Rounds the non-zero result to binary64 under a mode.
    public final long round64(int mode) {
        return round(53, 1023, mode) | (negative ? TOP : 0);
    }

    /// Rounds the non-zero result to binary32 under a mode.
    public final int round32(int mode) {
        return (int) round(24, 127, mode) | (negative ? Integer.MIN_VALUE : 0);
    }

    /// Rounds the non-zero result to binary16 under a rounding mode; subnormal results are not
    /// flushed.
    public final int round16(int rounding, int mode) {
        return (int) round(11, 15, rounding << 13 | mode & (OVERFLOW_MASKED | UNDERFLOW_MASKED))
                | (negative ? 0x8000 : 0);
    }

    /// The magnitude in a format of this precision and largest exponent. Tininess is found after
    /// rounding.
    private long round(int precision, int maxExponent, int mode) {
        int rounding = mode >>> 13 & 3;
        long kept = hi >>> 64 - precision;
        long tail = hi << precision | (lo != 0 ? 1 : 0);
        int e = exponent;
        roundedUp = increments(rounding, negative, kept, tail);
        if (roundedUp && ++kept >>> precision != 0) {
            kept >>>= 1;
            e++;
        }
        if ((isTinyBeforeRounding() ? exponent : e) < 1 - maxExponent) {
            if ((mode & UNDERFLOW_MASKED) == 0 && trapsBeforeDenormalizing()) {
                // Inexact only if rounding changes it with any exponent (SDM volume 1, 4.9.1.5).
                raised |= tail != 0 ? UE | PE : UE;
                return 0;
            }
            return roundTiny(precision, maxExponent, mode);
        }
        if (tail != 0) {
            raised |= PE;
        }
        if (e > maxExponent) {
            boolean traps = (mode & OVERFLOW_MASKED) == 0 && trapsBeforeDenormalizing();
            raised |= traps ? OE : OE | PE;
            long infinity = 2L * maxExponent + 1 << precision - 1;
            roundedUp = rounding == NEAREST || rounding == (negative ? DOWN : UP);
            return roundedUp ? infinity : infinity - 1;
        }
        return ((long) (e + maxExponent - 1) << precision - 1) + kept;
    }

    /// Whether unmasked underflow and overflow leave the result unmade, as SSE's do and those of x87's stores don't.
    protected boolean trapsBeforeDenormalizing() {
        return false;
    }

    /// Whether a result is tiny that only rounding makes a normal number: as on ARM, and not on x86 and MIPS.
    protected boolean isTinyBeforeRounding() {
        return false;
    }

    private long roundTiny(int precision, int maxExponent, int mode) {
        if ((mode & UNDERFLOW_MASKED) == 0) {
            raised |= UE;
        } else if ((mode & FLUSH) != 0) {
            raised |= UE | PE;
            roundedUp = false;
            return 0;
        }
        int drop = 64 - precision + (1 - maxExponent - exponent);
        long kept = drop < 64 ? hi >>> drop : 0;
        long tail = drop < 64 ? hi << 64 - drop : drop == 64 ? hi : 1;
        if (lo != 0) {
            tail |= 1;
        }
        if (tail != 0) {
            raised |= UE | PE;
        }
        roundedUp = increments(mode >>> 13 & 3, negative, kept, tail);
        return roundedUp ? kept + 1 : kept;
    }

    /// The integer nearest to the result's magnitude by `rounding`, unsigned; all ones when it
    /// needs more than 64 bits. Sets PE in [#raised] when it differs.
    public final long roundToInteger(int rounding) {
        if (exponent >= 63) {
            return exponent == 63 ? hi : -1;
        }
        int drop = 63 - exponent;
        long kept = drop < 64 ? hi >>> drop : 0;
        long tail = drop < 64 ? hi << 64 - drop : drop == 64 ? hi : 1;
        if (lo != 0) {
            tail |= 1;
        }
        if (tail != 0) {
            raised |= PE;
        }
        roundedUp = increments(rounding, negative, kept, tail);
        return roundedUp ? kept + 1 : kept;
    }

    /// Loads operand A with a finite, non-zero extended number.
    public final void loadA80(int signExponent, long significand) {
        int field = signExponent & 0x7fff;
        negativeA = (signExponent & 0x8000) != 0;
        int zeros = Long.numberOfLeadingZeros(significand);
        significandA = significand << zeros;
        exponentA = Math.max(field, 1) - 16383 - zeros;
    }

    public final void loadB80(int signExponent, long significand) {
        swap();
        loadA80(signExponent, significand);
        swap();
    }

    /// What [#round80] made: sign and exponent field, significand.
    public int signExponent80;

    public long significand80;

    /// Rounds the non-zero result to `precision` bits in the extended format. An unmasked overflow
    /// or underflow gives the result with its exponent moved by 24576 (SDM volume 1, 8.5.4 and
    /// 8.5.5).
    public final void round80(
            int precision, int rounding, boolean underflowMasked, boolean overflowMasked) {
        int drop = 64 - precision;
        long kept = hi >>> drop;
        long tail = drop == 0 ? lo : hi << precision | (lo != 0 ? 1 : 0);
        int e = exponent;
        roundedUp = increments(rounding, negative, kept, tail);
        long significand = (kept + (roundedUp ? 1 : 0)) << drop;
        if (significand >= 0) {
            significand = TOP;
            e++;
        }
        if (e < -16382) {
            if (underflowMasked) {
                roundTiny80(precision, rounding);
                return;
            }
            raised |= UE;
            e += 24576;
            if (e < -16382) {
                // Too small even so: only FSCALE makes these.
                raised |= PE;
                significand80 = 0;
                signExponent80 = negative ? 0x8000 : 0;
                roundedUp = false;
                return;
            }
        }
        if (tail != 0) {
            raised |= PE;
        }
        if (e > 16383) {
            raised |= OE;
            e -= 24576;
            if (overflowMasked) {
                overflow80(precision, rounding);
                return;
            }
            if (e > 16383) {
                // Too large even so: only FSCALE makes these.
                overflow80(precision, negative ? DOWN : UP);
                return;
            }
        }
        significand80 = significand;
        signExponent80 = e + 16383 | (negative ? 0x8000 : 0);
    }

    private void overflow80(int precision, int rounding) {
        raised |= PE;
        roundedUp = rounding == NEAREST || rounding == (negative ? DOWN : UP);
        significand80 = roundedUp ? TOP : -1L << 64 - precision;
        signExponent80 = (roundedUp ? 0x7fff : 0x7ffe) | (negative ? 0x8000 : 0);
    }

    private void roundTiny80(int precision, int rounding) {
        int drop = 64 - precision + (-16382 - exponent);
        long kept;
        long tail;
        if (drop < 64) {
            kept = hi >>> drop;
            tail = drop == 0 ? lo : hi << 64 - drop | (lo != 0 ? 1 : 0);
        } else {
            kept = 0;
            tail = drop == 64 ? hi | (lo != 0 ? 1 : 0) : 1;
        }
        if (tail != 0) {
            raised |= UE | PE;
        }
        roundedUp = increments(rounding, negative, kept, tail);
        significand80 = (kept + (roundedUp ? 1 : 0)) << 64 - precision;
        signExponent80 = (significand80 < 0 ? 1 : 0) | (negative ? 0x8000 : 0);
    }
}
