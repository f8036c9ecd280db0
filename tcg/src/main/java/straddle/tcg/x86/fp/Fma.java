package straddle.tcg.x86.fp;

/// Fused multiply-add: FMA3 (SDM volume 2, VFMADD132PD and its kin). Register files and results as
/// in [Sse].
///
/// The opcode says what is computed: its upper digit 9, A or B means 132, 213 or 231, the order of
/// the operands; its lower digit 6 VFMADDSUB, 7 VFMSUBADD, 8 and 9 VFMADD, A and B VFMSUB, C and D
/// VFNMADD, E and F VFNMSUB, the second of each pair being the scalar one. `d` is the first operand
/// and the destination.
public final class Fma {
    private static final long LOW = 0xffff_ffffL;

    private static final int NEGATE_PRODUCT = 1;
    private static final int NEGATE_ADDEND = 2;

    private static final long SIGN64 = Long.MIN_VALUE;
    private static final int SIGN32 = Integer.MIN_VALUE;
    private static final double SMALL = 0x1p-960;
    private static final double LARGE = 0x1p1020;
    private static final float LARGE_FLOAT = 0x1p120f;

    private Fma() {}

    /// VFMADD...PD.
    public static boolean pd(FpControl c, long[] v, int d, int s, int t, int opcode) {
        long low = element64(c, v[d], v[s], v[t], opcode, 0);
        long high = element64(c, v[d + 1], v[s + 1], v[t + 1], opcode, 1);
        if (c.raised != 0 && c.signals()) {
            return true;
        }
        v[d] = low;
        v[d + 1] = high;
        return false;
    }

    /// VFMADD...PS.
    public static boolean ps(FpControl c, long[] v, int d, int s, int t, int opcode) {
        long low = pair(c, v[d], v[s], v[t], opcode);
        long high = pair(c, v[d + 1], v[s + 1], v[t + 1], opcode);
        if (c.raised != 0 && c.signals()) {
            return true;
        }
        v[d] = low;
        v[d + 1] = high;
        return false;
    }

    /// VFMADD...SD.
    public static boolean sd(FpControl c, long[] v, int d, int s, int t, int opcode) {
        long low = element64(c, v[d], v[s], v[t], opcode, 0);
        if (c.raised != 0 && c.signals()) {
            return true;
        }
        v[d] = low;
        return false;
    }

    /// VFMADD...SS.
    public static boolean ss(FpControl c, long[] v, int d, int s, int t, int opcode) {
        int low = element32(c, (int) v[d], (int) v[s], (int) v[t], opcode, 0);
        if (c.raised != 0 && c.signals()) {
            return true;
        }
        v[d] = v[d] & ~LOW | low & LOW;
        return false;
    }

    private static long pair(FpControl c, long x, long y, long z, int opcode) {
        int low = element32(c, (int) x, (int) y, (int) z, opcode, 0);
        int high = element32(c, (int) (x >>> 32), (int) (y >>> 32), (int) (z >>> 32), opcode, 1);
        return (long) high << 32 | low & LOW;
    }

    /// What is negated in an element, even or odd.
    private static int negation(int opcode, int odd) {
        return switch (opcode & 15) {
            case 6 -> odd != 0 ? 0 : NEGATE_ADDEND;
            case 7 -> odd != 0 ? NEGATE_ADDEND : 0;
            case 8, 9 -> 0;
            case 10, 11 -> NEGATE_ADDEND;
            case 12, 13 -> NEGATE_PRODUCT;
            default -> NEGATE_PRODUCT | NEGATE_ADDEND;
        };
    }

    private static long element64(FpControl c, long x, long y, long z, int opcode, int odd) {
        int negation = negation(opcode, odd);
        return switch (opcode >> 4) {
            case 9 -> fused64(c, x, z, y, negation);
            case 10 -> fused64(c, y, x, z, negation);
            default -> fused64(c, y, z, x, negation);
        };
    }

    private static int element32(FpControl c, int x, int y, int z, int opcode, int odd) {
        int negation = negation(opcode, odd);
        return switch (opcode >> 4) {
            case 9 -> fused32(c, x, z, y, negation);
            case 10 -> fused32(c, y, x, z, negation);
            default -> fused32(c, y, z, x, negation);
        };
    }

    private static boolean plain(long x) {
        return (x & Long.MAX_VALUE) - 1 >>> 52 != 0;
    }

    private static boolean plain(int x) {
        return (x & Integer.MAX_VALUE) - 1 >>> 23 != 0;
    }

    private static long fused64(FpControl c, long x, long y, long z, int negation) {
        long a = (negation & NEGATE_PRODUCT) != 0 ? x ^ SIGN64 : x;
        long b = (negation & NEGATE_ADDEND) != 0 ? z ^ SIGN64 : z;
        if ((c.mxcsr & Binary64.MODE) == Binary64.INEXACT_KNOWN
                && plain(x)
                && plain(y)
                && plain(z)) {
            double r =
                    Math.fma(
                            Double.longBitsToDouble(a),
                            Double.longBitsToDouble(y),
                            Double.longBitsToDouble(b));
            double m = Math.abs(r);
            if (m > SMALL && m < LARGE) {
                return Double.doubleToRawLongBits(r);
            }
        }
        return c.fused64(x, y, z, negation);
    }

    private static int fused32(FpControl c, int x, int y, int z, int negation) {
        int a = (negation & NEGATE_PRODUCT) != 0 ? x ^ SIGN32 : x;
        int b = (negation & NEGATE_ADDEND) != 0 ? z ^ SIGN32 : z;
        if ((c.mxcsr & Binary64.MODE) == Binary64.INEXACT_KNOWN
                && plain(x)
                && plain(y)
                && plain(z)) {
            float r =
                    Math.fma(
                            Float.intBitsToFloat(a),
                            Float.intBitsToFloat(y),
                            Float.intBitsToFloat(b));
            float m = Math.abs(r);
            if (m > Float.MIN_NORMAL && m < LARGE_FLOAT) {
                return Float.floatToRawIntBits(r);
            }
        }
        return c.fused32(x, y, z, negation);
    }
}
