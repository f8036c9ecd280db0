package straddle.tcg.x86;

/// Arithmetic on 128 bits.
final class Wide {
    private Wide() {}

    /// The quotient of an unsigned 128-bit number by a 64-bit one, for high < divisor: it fits 64 bits.
    ///
    /// Schoolbook division by digits of 32 bits (Knuth, The Art of Computer Programming, volume 2, 4.3.1, algorithm D).
    static long divide(long high, long low, long divisor) {
        if (high == 0) {
            return Long.divideUnsigned(low, divisor);
        }
        int shift = Long.numberOfLeadingZeros(divisor);
        long d = divisor << shift;
        long d1 = d >>> 32;
        long d0 = d & 0xffff_ffffL;
        long n32 = shift == 0 ? high : high << shift | low >>> 64 - shift;
        long n10 = low << shift;
        long q1 = digit(n32, n10 >>> 32, d1, d0);
        long n21 = (n32 << 32 | n10 >>> 32) - q1 * d;
        long q0 = digit(n21, n10 & 0xffff_ffffL, d1, d0);
        return q1 << 32 | q0;
    }

    /// One quotient digit of (n × 2^32 + next) / (d1 × 2^32 + d0).
    private static long digit(long n, long next, long d1, long d0) {
        long q = Long.divideUnsigned(n, d1);
        long rest = n - q * d1;
        while (q >>> 32 != 0 || above(q * d0, rest << 32 | next)) {
            q--;
            rest += d1;
            if (rest >>> 32 != 0) {
                break;
            }
        }
        return q;
    }

    private static boolean above(long a, long b) {
        return (a ^ Long.MIN_VALUE) > (b ^ Long.MIN_VALUE);
    }
}
