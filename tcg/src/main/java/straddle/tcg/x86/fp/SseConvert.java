package straddle.tcg.x86.fp;

/// Conversions of SSE and SSE2 (SDM volume 2, CVTxxx). Register files and results as in [Sse].
///
/// Those to a general register return the value and leave exceptions gathered: the caller asks
/// [#raises(FpControl)] before it writes the register.
public final class SseConvert {
    private static final long LOW = 0xffff_ffffL;
    private static final long HIGH = LOW << 32;

    private SseConvert() {}

    /// Whether the conversion just made found an exception that is unmasked.
    public static boolean raises(FpControl c) {
        return c.raised != 0 && c.signals();
    }

    private static boolean put(FpControl c, long[] v, int d, long low, long high) {
        if (c.raised != 0 && c.signals()) {
            return true;
        }
        v[d] = low;
        v[d + 1] = high;
        return false;
    }

    private static long pair(int low, int high) {
        return (long) high << 32 | low & LOW;
    }

    public static boolean cvtps2pd(FpControl c, long[] v, int d, int s) {
        long x = v[s];
        long low = Binary32.widen(c, (int) x);
        long high = Binary32.widen(c, (int) (x >>> 32));
        return put(c, v, d, low, high);
    }

    public static boolean cvtpd2ps(FpControl c, long[] v, int d, int s) {
        int low = Binary64.narrow(c, v[s]);
        int high = Binary64.narrow(c, v[s + 1]);
        return put(c, v, d, pair(low, high), 0);
    }

    public static boolean cvtss2sd(FpControl c, long[] v, int d, int s) {
        return put(c, v, d, Binary32.widen(c, (int) v[s]), v[d + 1]);
    }

    public static boolean cvtsd2ss(FpControl c, long[] v, int d, int s) {
        return put(c, v, d, v[d] & HIGH | Binary64.narrow(c, v[s]) & LOW, v[d + 1]);
    }

    public static boolean cvtdq2ps(FpControl c, long[] v, int d, int s) {
        long low = cvtpi2ps(c, v[s]);
        long high = cvtpi2ps(c, v[s + 1]);
        return put(c, v, d, low, high);
    }

    /// The two integers of an MMX operand as two binary32 numbers; the caller asks
    /// [#raises(FpControl)].
    public static long cvtpi2ps(FpControl c, long x) {
        return pair(Binary32.fromLong(c, x << 32 >> 32), Binary32.fromLong(c, x >> 32));
    }

    /// Raises nothing.
    public static void cvtdq2pd(long[] v, int d, int s) {
        cvtpi2pd(v, d, v[s]);
    }

    /// Raises nothing.
    public static void cvtpi2pd(long[] v, int d, long x) {
        v[d] = Binary64.fromInt((int) x);
        v[d + 1] = Binary64.fromInt((int) (x >>> 32));
    }

    public static boolean cvtps2dq(FpControl c, long[] v, int d, int s) {
        long low = cvtps2pi(c, v[s]);
        long high = cvtps2pi(c, v[s + 1]);
        return put(c, v, d, low, high);
    }

    public static boolean cvttps2dq(FpControl c, long[] v, int d, int s) {
        long low = cvttps2pi(c, v[s]);
        long high = cvttps2pi(c, v[s + 1]);
        return put(c, v, d, low, high);
    }

    public static boolean cvtpd2dq(FpControl c, long[] v, int d, int s) {
        return put(c, v, d, cvtpd2pi(c, v[s], v[s + 1]), 0);
    }

    public static boolean cvttpd2dq(FpControl c, long[] v, int d, int s) {
        return put(c, v, d, cvttpd2pi(c, v[s], v[s + 1]), 0);
    }

    /// An MMX result; the caller asks [#raises(FpControl)].
    public static long cvtps2pi(FpControl c, long x) {
        return pair(Binary32.toInt(c, (int) x), Binary32.toInt(c, (int) (x >>> 32)));
    }

    public static long cvttps2pi(FpControl c, long x) {
        return pair(
                Binary32.truncateToInt(c, (int) x), Binary32.truncateToInt(c, (int) (x >>> 32)));
    }

    public static long cvtpd2pi(FpControl c, long x, long y) {
        return pair(Binary64.toInt(c, x), Binary64.toInt(c, y));
    }

    public static long cvttpd2pi(FpControl c, long x, long y) {
        return pair(Binary64.truncateToInt(c, x), Binary64.truncateToInt(c, y));
    }

    /// From a 32-bit register, sign-extended, or a 64-bit one.
    public static boolean cvtsi2ss(FpControl c, long[] v, int d, long value) {
        return put(c, v, d, v[d] & HIGH | Binary32.fromLong(c, value) & LOW, v[d + 1]);
    }

    /// From a 32-bit register, sign-extended, or a 64-bit one.
    public static boolean cvtsi2sd(FpControl c, long[] v, int d, long value) {
        return put(c, v, d, Binary64.fromLong(c, value), v[d + 1]);
    }

    /// To a 32-bit register: zero-extend it.
    public static int cvtss2si32(FpControl c, long[] v, int s) {
        return Binary32.toInt(c, (int) v[s]);
    }

    public static long cvtss2si64(FpControl c, long[] v, int s) {
        return Binary32.toLong(c, (int) v[s]);
    }

    public static int cvttss2si32(FpControl c, long[] v, int s) {
        return Binary32.truncateToInt(c, (int) v[s]);
    }

    public static long cvttss2si64(FpControl c, long[] v, int s) {
        return Binary32.truncateToLong(c, (int) v[s]);
    }

    public static int cvtsd2si32(FpControl c, long[] v, int s) {
        return Binary64.toInt(c, v[s]);
    }

    public static long cvtsd2si64(FpControl c, long[] v, int s) {
        return Binary64.toLong(c, v[s]);
    }

    public static int cvttsd2si32(FpControl c, long[] v, int s) {
        return Binary64.truncateToInt(c, v[s]);
    }

    public static long cvttsd2si64(FpControl c, long[] v, int s) {
        return Binary64.truncateToLong(c, v[s]);
    }
}
