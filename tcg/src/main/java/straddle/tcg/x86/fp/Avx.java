package straddle.tcg.x86.fp;

/// What AVX, AVX2 and F16C have and SSE has not (SDM volume 1, chapter 14).
///
/// A YMM register's bits 255:128 are in a second register file `w` at the same index as its bits
/// 127:0 in `v`. Operations on both halves alike are called twice. Three-operand forms of SSE's
/// operations are SSE's after a copy of the first source to the destination. Nothing here raises an
/// exception but the conversions.
public final class Avx {
    private static final long LOW = 0xffff_ffffL;

    private Avx() {}

    private static long dword(long low, long high, int i) {
        return ((i & 2) == 0 ? low : high) >>> 32 * (i & 1) & LOW;
    }

    private static void put(long[] v, int d, long low, long high) {
        v[d] = low;
        v[d + 1] = high;
    }

    /// Predicates 0 to 31, in bits 4:0.
    public static boolean vcmpps(FpControl c, long[] v, int d, int s, int predicate) {
        long low = Binary32.cmpPair(c, v[d], v[s], predicate & 31);
        long high = Binary32.cmpPair(c, v[d + 1], v[s + 1], predicate & 31);
        if (SseConvert.raises(c)) {
            return true;
        }
        put(v, d, low, high);
        return false;
    }

    public static boolean vcmppd(FpControl c, long[] v, int d, int s, int predicate) {
        long low = Binary64.cmp(c, v[d], v[s], predicate & 31);
        long high = Binary64.cmp(c, v[d + 1], v[s + 1], predicate & 31);
        if (SseConvert.raises(c)) {
            return true;
        }
        put(v, d, low, high);
        return false;
    }

    public static boolean vcmpss(FpControl c, long[] v, int d, int s, int predicate) {
        int low = Binary32.cmp(c, (int) v[d], (int) v[s], predicate & 31);
        if (SseConvert.raises(c)) {
            return true;
        }
        v[d] = v[d] & ~LOW | low & LOW;
        return false;
    }

    public static boolean vcmpsd(FpControl c, long[] v, int d, int s, int predicate) {
        long low = Binary64.cmp(c, v[d], v[s], predicate & 31);
        if (SseConvert.raises(c)) {
            return true;
        }
        v[d] = low;
        return false;
    }

    /// The form whose control is a register.
    public static void vpermilps(long[] v, int d, int s, int control) {
        long low = v[s];
        long high = v[s + 1];
        long a = v[control];
        long b = v[control + 1];
        put(
                v,
                d,
                dword(low, high, (int) a) | dword(low, high, (int) (a >>> 32)) << 32,
                dword(low, high, (int) b) | dword(low, high, (int) (b >>> 32)) << 32);
    }

    /// The form whose control is a register.
    public static void vpermilpd(long[] v, int d, int s, int control) {
        long low = v[s + (int) (v[control] >>> 1 & 1)];
        long high = v[s + (int) (v[control + 1] >>> 1 & 1)];
        put(v, d, low, high);
    }

    public static void vpsllvd(long[] v, int d, int s, int counts) {
        put(v, d, shiftLeft(v[s], v[counts]), shiftLeft(v[s + 1], v[counts + 1]));
    }

    public static void vpsrlvd(long[] v, int d, int s, int counts) {
        put(v, d, shiftRight(v[s], v[counts]), shiftRight(v[s + 1], v[counts + 1]));
    }

    public static void vpsravd(long[] v, int d, int s, int counts) {
        put(v, d, shiftArithmetic(v[s], v[counts]), shiftArithmetic(v[s + 1], v[counts + 1]));
    }

    /// Counts are below 2^32, and beyond 31 shift everything out.
    private static long shiftLeft(long x, long counts) {
        long low = counts & LOW;
        long high = counts >>> 32;
        return (low > 31 ? 0 : x << low & LOW) | (high > 31 ? 0 : x >>> 32 << high + 32);
    }

    private static long shiftRight(long x, long counts) {
        long low = counts & LOW;
        long high = counts >>> 32;
        return (low > 31 ? 0 : (x & LOW) >>> low) | (high > 31 ? 0 : x >>> 32 >>> high << 32);
    }

    private static long shiftArithmetic(long x, long counts) {
        int low = (int) Math.min(counts & LOW, 31);
        int high = (int) Math.min(counts >>> 32, 31);
        return (int) x >> low & LOW | (x >> 32 >> high) << 32;
    }

    public static void vpsllvq(long[] v, int d, int s, int counts) {
        put(v, d, Mmx.psllq(v[s], v[counts]), Mmx.psllq(v[s + 1], v[counts + 1]));
    }

    public static void vpsrlvq(long[] v, int d, int s, int counts) {
        put(v, d, Mmx.psrlq(v[s], v[counts]), Mmx.psrlq(v[s + 1], v[counts + 1]));
    }

    /// ZF and CF of one half: those of a YMM operation are the AND of both halves'.
    public static int vtestps(long[] v, int d, int s) {
        return test(v, d, s, 0x8000_0000_8000_0000L);
    }

    public static int vtestpd(long[] v, int d, int s) {
        return test(v, d, s, Long.MIN_VALUE);
    }

    private static int test(long[] v, int d, int s, long signs) {
        long and = (v[d] & v[s] | v[d + 1] & v[s + 1]) & signs;
        long andNot = (~v[d] & v[s] | ~v[d + 1] & v[s + 1]) & signs;
        return (and == 0 ? FpControl.ZF : 0) | (andNot == 0 ? FpControl.CF : 0);
    }

    /// VPERMILPS, with the same register twice VSHUFPS, is [SseShuffle#shufps]; VPBLENDD is
    /// [SseShuffle#blendps] with half of the immediate. This is VPERM2F128 and VPERM2I128.
    public static void vperm2f128(long[] v, long[] w, int d, int a, int b, int imm) {
        long low = half(v, w, a, b, imm, 0);
        long lowHigh = half(v, w, a, b, imm, 1);
        long high = half(v, w, a, b, imm >> 4, 0);
        long highHigh = half(v, w, a, b, imm >> 4, 1);
        put(v, d, low, lowHigh);
        put(w, d, high, highHigh);
    }

    private static long half(long[] v, long[] w, int a, int b, int control, int i) {
        if ((control & 8) != 0) {
            return 0;
        }
        long[] file = (control & 1) != 0 ? w : v;
        return file[((control & 2) != 0 ? b : a) + i];
    }

    private static long quadword(long[] v, long[] w, int s, int i) {
        return (i & 2) != 0 ? w[s + (i & 1)] : v[s + (i & 1)];
    }

    /// VPERMPD too.
    public static void vpermq(long[] v, long[] w, int d, int s, int imm) {
        long q0 = quadword(v, w, s, imm);
        long q1 = quadword(v, w, s, imm >> 2);
        long q2 = quadword(v, w, s, imm >> 4);
        long q3 = quadword(v, w, s, imm >> 6);
        put(v, d, q0, q1);
        put(w, d, q2, q3);
    }

    private static long twoDwords(long[] v, long[] w, int s, long indices) {
        int first = (int) indices;
        int second = (int) (indices >>> 32);
        long low = quadword(v, w, s, first >> 1 & 3) >>> 32 * (first & 1) & LOW;
        return low | quadword(v, w, s, second >> 1 & 3) >>> 32 * (second & 1) << 32;
    }

    /// VPERMPS too: elements of `s` by the indices in `control`.
    public static void vpermd(long[] v, long[] w, int d, int control, int s) {
        long q0 = twoDwords(v, w, s, v[control]);
        long q1 = twoDwords(v, w, s, v[control + 1]);
        long q2 = twoDwords(v, w, s, w[control]);
        long q3 = twoDwords(v, w, s, w[control + 1]);
        put(v, d, q0, q1);
        put(w, d, q2, q3);
    }

    /// The quadword that a broadcast of an element of 1, 2, 4 or 8 bytes repeats.
    public static long broadcast(long x, int bytes) {
        return switch (bytes) {
            case 1 -> (x & 0xff) * 0x0101_0101_0101_0101L;
            case 2 -> (x & 0xffff) * 0x0001_0001_0001_0001L;
            case 4 -> (x & LOW) * 0x0000_0001_0000_0001L;
            default -> x;
        };
    }

    /// Four binary16 numbers to a register's binary32 ones.
    public static boolean vcvtph2ps(FpControl c, long[] v, int d, int s) {
        long low = vcvtph2ps(c, (int) v[s]);
        long high = vcvtph2ps(c, (int) (v[s] >>> 32));
        if (SseConvert.raises(c)) {
            return true;
        }
        put(v, d, low, high);
        return false;
    }

    /// Four binary32 numbers to binary16 ones in the low half; the high one becomes 0.
    public static boolean vcvtps2ph(FpControl c, long[] v, int d, int s, int imm) {
        int low = vcvtps2ph(c, v[s], imm);
        int high = vcvtps2ph(c, v[s + 1], imm);
        if (SseConvert.raises(c)) {
            return true;
        }
        put(v, d, low & LOW | (long) high << 32, 0);
        return false;
    }

    /// Two binary16 numbers of a 32-bit part to two binary32 ones; the caller asks
    /// [SseConvert#raises(FpControl)].
    public static long vcvtph2ps(FpControl c, int halves) {
        int low = c.fromHalf(halves & 0xffff);
        return (long) c.fromHalf(halves >>> 16) << 32 | low & LOW;
    }

    /// Two binary32 numbers to two binary16 ones; the caller asks [SseConvert#raises(FpControl)].
    public static int vcvtps2ph(FpControl c, long x, int imm) {
        int low = c.toHalf((int) x, imm);
        return c.toHalf((int) (x >>> 32), imm) << 16 | low;
    }
}
