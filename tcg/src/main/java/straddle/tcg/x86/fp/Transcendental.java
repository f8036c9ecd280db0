package straddle.tcg.x86.fp;

import static java.math.BigInteger.ONE;

import java.math.BigInteger;
import straddle.tcg.fp.SoftFloat;

/// Logarithms, exponentials and circular functions of finite, non-zero x87 operands, to some 115
/// bits: rounded to 64 they are off by less than 0.501 units in the last place, where the
/// processors allow themselves 1 (SDM volume 1, 8.3.10).
///
/// Results are left in a [SoftFloat]'s fields, never exact there, ready for its rounding. Fractions
/// are 128-bit integers in units of 2^-128; series are summed by Horner's rule. Not thread-safe;
/// allocates nothing but at the first use.
final class Transcendental {
    private static final long TOP = Long.MIN_VALUE;
    private static final int TERMS = 30;

    /// The significand of the square root of 2.
    private static final long ROOT_OF_TWO = 0xb504_f333_f9de_6484L;

    /// The processors' pi has 66 bits; in units of 2^-64.
    private static final long PI_HIGH = 3;

    private static final long PI_LOW = 0x243f_6a88_85a3_08d3L;

    /// Coefficients as fractions, high half and low half in turn.
    private static final long[] EXPONENTIAL = new long[2 * TERMS];

    private static final long[] SINE = new long[2 * TERMS];
    private static final long[] COSINE = new long[2 * TERMS];
    private static final long[] ODD = new long[2 * TERMS];

    /// Arc tangents of sixteenths, as fractions.
    private static final long[] ARC_TANGENT = new long[2 * 17];

    /// ln 2 as a fraction.
    private static final long[] LN_2 = new long[2];

    /// 2 log2(e): bit 127 is worth 2.
    private static final long[] TWICE_LOG2_E = new long[2];

    /// In units of 2^-126.
    private static final long[] PI = new long[2];

    private static final int SCALE = 320;

    static {
        BigInteger one = ONE.shiftLeft(SCALE);
        BigInteger factorial = ONE;
        for (int n = 1; n <= 2 * TERMS + 2; n++) {
            factorial = factorial.multiply(BigInteger.valueOf(n));
            BigInteger inverse = one.divide(factorial);
            if (n >= 2 && n < TERMS + 2) {
                store(inverse, 128, EXPONENTIAL, n - 2);
            }
            if (n >= 2 && n <= 2 * TERMS) {
                store(inverse, 128, (n & 1) == 0 ? COSINE : SINE, (n >> 1) - 1);
            }
        }
        for (int n = 0; n < TERMS; n++) {
            store(one.divide(BigInteger.valueOf(2 * n + 3)), 128, ODD, n);
        }
        BigInteger ln2 = BigInteger.ZERO;
        for (int n = 1; n < SCALE; n++) {
            ln2 = ln2.add(one.shiftRight(n).divide(BigInteger.valueOf(n)));
        }
        store(ln2, 128, LN_2, 0);
        store(one.shiftLeft(SCALE).divide(ln2), 127, TWICE_LOG2_E, 0);
        // Machin's formula.
        BigInteger pi = arcTangent(1, 5).shiftLeft(2).subtract(arcTangent(1, 239)).shiftLeft(2);
        store(pi, 126, PI, 0);
        for (int i = 0; i < 16; i++) {
            store(arcTangent(i, 16), 128, ARC_TANGENT, i);
        }
        store(pi.shiftRight(2), 128, ARC_TANGENT, 16);
    }

    /// The result, and where quotients and sums are put together.
    private final SoftFloat unit;

    /// The last fraction computed.
    private long high;

    private long low;

    Transcendental(SoftFloat unit) {
        this.unit = unit;
    }

    private static void store(BigInteger value, int bits, long[] to, int i) {
        BigInteger scaled = value.shiftRight(SCALE - bits);
        to[2 * i] = scaled.shiftRight(64).longValue();
        to[2 * i + 1] = scaled.longValue();
    }

    /// By the series in p / q.
    private static BigInteger arcTangent(int p, int q) {
        BigInteger square = BigInteger.valueOf((long) p * p);
        BigInteger divisor = BigInteger.valueOf((long) q * q);
        BigInteger power =
                ONE.shiftLeft(SCALE).multiply(BigInteger.valueOf(p)).divide(BigInteger.valueOf(q));
        BigInteger sum = BigInteger.ZERO;
        for (int n = 1; power.signum() != 0; n += 2) {
            BigInteger term = power.divide(BigInteger.valueOf(n));
            sum = (n & 2) == 0 ? sum.add(term) : sum.subtract(term);
            power = power.multiply(square).divide(divisor);
        }
        return sum;
    }

    private static boolean below(long a, long b) {
        return (a ^ TOP) < (b ^ TOP);
    }

    // 128-bit steps.

    /// The upper half of a 256-bit product, give or take 3.
    private void multiply(long ah, long al, long bh, long bl) {
        long h = Math.unsignedMultiplyHigh(ah, bh);
        long l = ah * bh;
        long cross = Math.unsignedMultiplyHigh(ah, bl);
        l += cross;
        if (below(l, cross)) {
            h++;
        }
        cross = Math.unsignedMultiplyHigh(al, bh);
        l += cross;
        if (below(l, cross)) {
            h++;
        }
        high = h;
        low = l;
    }

    private void subtractFrom(long h, long l) {
        boolean borrow = below(l, low);
        low = l - low;
        high = h - high - (borrow ? 1 : 0);
    }

    private void addTo(long h, long l) {
        low += l;
        high += h + (below(low, l) ? 1 : 0);
    }

    /// c0 + u c1 + u^2 c2 ..., or with alternating signs.
    private void series(long[] c, boolean alternating, long uh, long ul) {
        high = c[c.length - 2];
        low = c[c.length - 1];
        for (int i = c.length - 4; i >= 0; i -= 2) {
            multiply(high, low, uh, ul);
            if (alternating) {
                subtractFrom(c[i], c[i + 1]);
            } else {
                addTo(c[i], c[i + 1]);
            }
        }
        multiply(high, low, uh, ul);
    }

    /// The unit's magnitude, which is below 1, as a fraction.
    private void fraction() {
        shiftRight(unit.hi, unit.lo, -unit.exponent - 1);
    }

    private void shiftRight(long h, long l, int shift) {
        if (shift == 0) {
            high = h;
            low = l;
        } else if (shift < 64) {
            high = h >>> shift;
            low = h << 64 - shift | l >>> shift;
        } else {
            high = 0;
            low = shift < 128 ? h >>> shift - 64 : 0;
        }
    }

    /// The unit's result times another number whose bit 127 is worth 2^exponent.
    private void scale(long h, long l, int exponent) {
        multiply(unit.hi, unit.lo, h, l);
        unit.hi = high;
        unit.lo = low;
        unit.exponent += exponent + 1;
        unit.normalize();
    }

    /// The unit's result times 1 + the fraction.
    private void grow() {
        multiply(unit.hi, unit.lo, high, low);
        addTo(unit.hi, unit.lo);
        if (below(high, unit.hi)) {
            unit.lo = high << 63 | low >>> 1 | 1;
            unit.hi = TOP | high >>> 1;
            unit.exponent++;
        } else {
            unit.hi = high;
            unit.lo = low | 1;
        }
    }

    /// The unit's result times 1 - the fraction.
    private void shrink() {
        multiply(unit.hi, unit.lo, high, low);
        subtractFrom(unit.hi, unit.lo);
        // What was cut off makes it a little less still.
        unit.hi = low == 0 ? high - 1 : high;
        unit.lo = low - 1 | 1;
        unit.normalize();
    }

    /// The unit's result over a number with bit 127 set, which is worth 2^exponent.
    private void divide(long dh, long dl, int exponent) {
        long rh = unit.hi;
        long rl = unit.lo;
        long qh = 0;
        long ql = 0;
        boolean carry = false;
        unit.exponent -= exponent;
        boolean less = below(rh, dh) || rh == dh && below(rl, dl);
        if (less) {
            unit.exponent--;
            carry = rh < 0;
            rh = rh << 1 | rl >>> 63;
            rl <<= 1;
        }
        for (int i = 0; i < 128; i++) {
            boolean fits = carry || !(below(rh, dh) || rh == dh && below(rl, dl));
            if (fits) {
                rh = rh - dh - (below(rl, dl) ? 1 : 0);
                rl -= dl;
            }
            qh = qh << 1 | ql >>> 63;
            ql = ql << 1 | (fits ? 1 : 0);
            carry = rh < 0;
            rh = rh << 1 | rl >>> 63;
            rl <<= 1;
        }
        unit.hi = qh;
        unit.lo = ql;
    }

    // The functions. Operands are the unit's A, and B where there are two.

    /// 2^A - 1 for |A| up to 1.
    void exponentialLess1() {
        unit.takeA();
        scale(LN_2[0], LN_2[1], -1);
        fraction();
        series(EXPONENTIAL, unit.negative, high, low);
        if (unit.negative) {
            shrink();
        } else {
            grow();
        }
    }

    /// B * log2(A) for positive A.
    void logarithm() {
        boolean negativeB = unit.negativeB;
        int exponentB = unit.exponentB;
        long significandB = unit.significandB;
        log2(unit.exponentA, unit.significandA, 0);
        timesB(negativeB, exponentB, significandB);
    }

    private void timesB(boolean minus, int exponent, long significand) {
        if (unit.hi != 0) {
            unit.negative ^= minus;
            scale(significand, 0, exponent);
        }
    }

    /// B * log2(1 + A) for A above -1.
    void logarithmOf1Plus() {
        boolean negativeB = unit.negativeB;
        int exponentB = unit.exponentB;
        long significandB = unit.significandB;
        boolean minus = unit.negativeA;
        int e = unit.exponentA;
        long s = unit.significandA;
        // |A| below 1/2: the argument of the series is A / (2 + A).
        boolean small = e < -1;
        unit.negativeB = false;
        unit.exponentB = small ? 1 : 0;
        unit.significandB = TOP;
        unit.add();
        if (small) {
            long dh = unit.hi;
            long dl = unit.lo;
            int de = unit.exponent;
            unit.set(minus, e, s, 0);
            divide(dh, dl, de);
            halfLogarithm();
        } else {
            log2(unit.exponent, unit.hi, unit.lo);
        }
        timesB(negativeB, exponentB, significandB);
    }

    /// log2 of (h:l), whose bit 127 is worth 2^e.
    private void log2(int e, long h, long l) {
        boolean above = below(ROOT_OF_TWO, h);
        int k = above ? e + 1 : e;
        // 1 + m, and m - 1 with its sign in `above`: m is scaled to be near 1.
        long dh = TOP | (above ? h : h ^ TOP) >>> 1;
        long dl = h << 63 | l >>> 1;
        long nh = above ? ~h + (l == 0 ? 1 : 0) : h ^ TOP;
        long nl = above ? -l : l;
        if ((nh | nl) == 0) {
            unit.set(k < 0, 63, Math.abs((long) k), 0);
            unit.normalize();
            return;
        }
        unit.set(above, above ? -1 : 0, nh, nl);
        unit.normalize();
        divide(dh, dl, above ? 0 : 1);
        halfLogarithm();
        if (k != 0) {
            plusInteger(k);
        }
    }

    /// From z in the unit to log2((1 + z) / (1 - z)).
    private void halfLogarithm() {
        multiply(unit.hi, unit.lo, unit.hi, unit.lo);
        shiftRight(high, low, -2 * unit.exponent - 2);
        series(ODD, false, high, low);
        grow();
        scale(TWICE_LOG2_E[0], TWICE_LOG2_E[1], 1);
    }

    /// Adds k, which is not 0, to the unit's result, whose magnitude is at most a half.
    private void plusInteger(int k) {
        // In units of 2^-112.
        boolean minus = unit.negative;
        shiftRight(unit.hi, unit.lo, 15 - unit.exponent);
        long h = (long) Math.abs(k) << 48;
        if (minus == k < 0) {
            unit.set(minus, 15, high + h, low | 1);
        } else {
            subtractFrom(h, 0);
            unit.set(!minus, 15, high, low | 1);
        }
        unit.normalize();
    }

    /// The angle of the point (A, B): A is x and B is y.
    void angle() {
        boolean negativeX = unit.negativeA;
        boolean negativeY = unit.negativeB;
        int ea = unit.exponentB;
        long sa = unit.significandB;
        int eb = unit.exponentA;
        long sb = unit.significandA;
        boolean steep = ea > eb || ea == eb && below(sb, sa);
        if (steep) {
            int e = ea;
            ea = eb;
            eb = e;
            long s = sa;
            sa = sb;
            sb = s;
        }
        // Now a / b is at most 1.
        int distance = eb - ea;
        int nearest = 0;
        if (distance < 6) {
            double ratio = (double) (sa >>> 1) / (double) (sb >>> 1);
            nearest = (int) Math.rint(Math.scalb(ratio, 4 - distance));
        }
        if (nearest == 0) {
            unit.set(false, ea, sa, 0);
            divide(sb, 0, eb);
            arcTangent();
            if (steep || negativeX) {
                shiftRight(unit.hi, unit.lo, 1 - unit.exponent);
            }
        } else {
            nearSixteenth(sa, sb, distance, nearest);
        }
        if (steep) {
            subtractFrom(PI[0] >>> 1, PI[0] << 63 | PI[1] >>> 1);
        }
        if (negativeX) {
            subtractFrom(PI[0], PI[1]);
        }
        if (steep || negativeX || nearest != 0) {
            unit.set(false, 1, high, low | 1);
            unit.normalize();
        }
        unit.negative = negativeY;
    }

    /// `n` quarters of pi.
    void quarterPi(int n) {
        if (n == 3) {
            shiftRight(PI[0], PI[1], 2);
            addTo(PI[0] >>> 1, PI[0] << 63 | PI[1] >>> 1);
            unit.set(false, 1, high, low);
        } else {
            unit.set(false, Integer.numberOfTrailingZeros(n) - 1, PI[0], PI[1]);
        }
        unit.lo |= 1;
        unit.normalize();
    }

    /// The arc tangent of the unit's result, at most 1/32.
    private void arcTangent() {
        multiply(unit.hi, unit.lo, unit.hi, unit.lo);
        shiftRight(high, low, -2 * unit.exponent - 2);
        series(ODD, true, high, low);
        shrink();
    }

    /// atan(a / b) in units of 2^-126, by its distance from a sixteenth's: atan((16a - ib) / (16b +
    /// ia)).
    private void nearSixteenth(long sa, long sb, int distance, int i) {
        // Both operands in units of b's last place / 64.
        int shift = 6 - distance;
        long ah = sa >>> 64 - shift;
        long al = sa << shift;
        long bh = sb >>> 58;
        long bl = sb << 6;
        long ibh = bh * i + Math.unsignedMultiplyHigh(bl, i);
        long ibl = bl * i;
        long iah = ah * i + Math.unsignedMultiplyHigh(al, i);
        long ial = al * i;
        long nh = (ah << 4 | al >>> 60) - ibh;
        long nl = al << 4;
        if (below(nl, ibl)) {
            nh--;
        }
        nl -= ibl;
        long dh = (bh << 4 | bl >>> 60) + iah;
        long dl = (bl << 4) + ial;
        if (below(dl, ial)) {
            dh++;
        }
        boolean less = nh < 0;
        if (less) {
            nl = -nl;
            nh = ~nh + (nl == 0 ? 1 : 0);
        }
        high = 0;
        low = 0;
        if ((nh | nl) != 0) {
            unit.set(false, 63, dh, dl);
            unit.normalize();
            long denominatorHigh = unit.hi;
            long denominatorLow = unit.lo;
            int exponent = unit.exponent;
            unit.set(false, 63, nh, nl);
            unit.normalize();
            divide(denominatorHigh, denominatorLow, exponent);
            arcTangent();
            fraction();
        }
        if (less) {
            subtractFrom(ARC_TANGENT[2 * i], ARC_TANGENT[2 * i + 1]);
        } else {
            addTo(ARC_TANGENT[2 * i], ARC_TANGENT[2 * i + 1]);
        }
        shiftRight(high, low, 2);
    }

    /// The remainder of A modulo pi / 2, at most pi / 4, into the unit; returns which quarter the
    /// angle is in. A's magnitude is below 2^63, its sign is left out.
    private int reduce() {
        int e = unit.exponentA;
        long s = unit.significandA;
        if (e < -1) {
            unit.set(false, e, s, 0);
            return 0;
        }
        long rh = 0;
        long rl = s;
        int quarters = 0;
        for (int i = 0; i < e + 2; i++) {
            rh = rh << 1 | rl >>> 63;
            rl <<= 1;
            quarters <<= 1;
            if (rh > PI_HIGH || rh == PI_HIGH && !below(rl, PI_LOW)) {
                rh = rh - PI_HIGH - (below(rl, PI_LOW) ? 1 : 0);
                rl -= PI_LOW;
                quarters |= 1;
            }
        }
        long twiceHigh = rh << 1 | rl >>> 63;
        boolean minus = twiceHigh > PI_HIGH || twiceHigh == PI_HIGH && below(PI_LOW, rl << 1);
        if (minus) {
            boolean borrow = below(PI_LOW, rl);
            rl = PI_LOW - rl;
            rh = PI_HIGH - rh - (borrow ? 1 : 0);
            quarters++;
        }
        unit.set(minus, 62, rh, rl);
        unit.normalize();
        return quarters & 3;
    }

    /// The square of the unit's result, which is below 1, as a fraction.
    private void square() {
        multiply(unit.hi, unit.lo, unit.hi, unit.lo);
        shiftRight(high, low, -2 * unit.exponent - 2);
    }

    /// sin of the unit's result.
    private void sine() {
        square();
        series(SINE, true, high, low);
        shrink();
    }

    /// cos of the unit's result.
    private void cosine() {
        square();
        series(COSINE, true, high, low);
        unit.set(false, 0, TOP, 0);
        shrink();
    }

    /// sin(A).
    void sin() {
        boolean minus = unit.negativeA;
        int quarter = reduce();
        if ((quarter & 1) == 0) {
            sine();
        } else {
            cosine();
        }
        unit.negative ^= minus ^ quarter >= 2;
    }

    /// cos(A).
    void cos() {
        int quarter = reduce();
        if ((quarter & 1) == 0) {
            cosine();
        } else {
            sine();
        }
        unit.negative ^= quarter == 1 || quarter == 2;
    }

    /// tan(A).
    void tan() {
        boolean minus = unit.negativeA;
        int quarter = reduce();
        boolean minusRest = unit.negative;
        int e = unit.exponent;
        long h = unit.hi;
        long l = unit.lo;
        boolean inverse = (quarter & 1) != 0;
        if (inverse) {
            sine();
        } else {
            cosine();
        }
        long dh = unit.hi;
        long dl = unit.lo;
        int de = unit.exponent;
        unit.set(minusRest, e, h, l);
        if (inverse) {
            cosine();
        } else {
            sine();
        }
        divide(dh, dl, de);
        unit.lo |= 1;
        unit.negative = minus ^ minusRest ^ inverse;
    }
}
