package straddle.tcg.simd;

import straddle.tcg.Cpu;

/// What vector instructions compute that move data between the halves of registers, or to elements of another size.
///
/// `d`, `n` and `m` are slots of lower halves; the upper ones follow. Sources are read before anything is written.
public final class Whole {
    private Whole() {}

    private static FpUnit unit(Cpu c) {
        return ((FpCpu) c).vector;
    }

    /// An element, zero-extended.
    public static long get(long low, long high, int size, int index) {
        int bit = index << size + 3;
        return (bit < 64 ? low >>> bit : high >>> bit - 64) & Lanes.mask(size);
    }

    /// What of an element lies in the lower half, or in the upper one.
    public static long put(boolean upper, long value, int size, int index) {
        int bit = index << size + 3;
        if (bit < 64 == upper) {
            return 0;
        }
        return (value & Lanes.mask(size)) << bit;
    }

    private static long extended(long x, int size, boolean signed) {
        return signed ? Lanes.signed(x, size) : x;
    }

    private static void set(Cpu c, int d, long low, long high) {
        c.r[d] = low;
        c.r[d + 1] = high;
    }

    /// Elements of n and then m by pairs.
    static void pairwise(VectorOp row, Cpu c, int d, int n, int m, int size, Upper upper) {
        long[] r = c.r;
        long nl = r[n];
        long nh = r[n + 1];
        long ml = r[m];
        long mh = r[m + 1];
        int count = (upper == Upper.COMPUTED ? 16 : 8) >> size;
        long low = 0;
        long high = 0;
        for (int i = 0; i < count; i++) {
            boolean second = 2 * i >= count;
            int at = second ? 2 * i - count : 2 * i;
            long x = second ? get(ml, mh, size, at) : get(nl, nh, size, at);
            long y = second ? get(ml, mh, size, at + 1) : get(nl, nh, size, at + 1);
            long value = combine(row, c, x, y, size);
            low |= put(false, value, size, i);
            high |= put(true, value, size, i);
        }
        upper.set(r, d, low, high);
    }

    /// Two elements as one: pairwise operations and those across all.
    private static long combine(VectorOp row, Cpu c, long x, long y, int size) {
        FpUnit u = unit(c);
        return switch (row) {
            case ADDP, ADDP_SCALAR, ADDV -> x + y;
            case SMAXP, SMAXV -> Math.max(Lanes.signed(x, size), Lanes.signed(y, size));
            case SMINP, SMINV -> Math.min(Lanes.signed(x, size), Lanes.signed(y, size));
            case UMAXP, UMAXV -> Math.max(x, y);
            case UMINP, UMINV -> Math.min(x, y);
            case FADDP, FADDP_SCALAR -> u.add(size, x, y);
            case FMAXP, FMAXP_SCALAR, FMAXV -> u.max(size, x, y);
            case FMINP, FMINP_SCALAR, FMINV -> u.min(size, x, y);
            case FMAXNMP, FMAXNMP_SCALAR, FMAXNMV -> u.maxNumber(size, x, y);
            case FMINNMP, FMINNMP_SCALAR, FMINNMV -> u.minNumber(size, x, y);
            default -> throw new IllegalArgumentException(row.name());
        };
    }

    /// The lowest two elements as a scalar.
    static void pairScalar(VectorOp row, Cpu c, int d, int n, int size) {
        long[] r = c.r;
        long x = get(r[n], r[n + 1], size, 0);
        long y = get(r[n], r[n + 1], size, 1);
        set(c, d, combine(row, c, x, y, size) & Lanes.mask(size), 0);
    }

    /// ADDV, SADDLV and their kin: all elements as a scalar.
    static void across(VectorOp row, Cpu c, int d, int n, int size, boolean q) {
        long[] r = c.r;
        long low = r[n];
        long high = r[n + 1];
        int count = (q ? 16 : 8) >> size;
        if (row == VectorOp.SADDLV || row == VectorOp.UADDLV) {
            long sum = 0;
            for (int i = 0; i < count; i++) {
                sum += extended(get(low, high, size, i), size, row == VectorOp.SADDLV);
            }
            set(c, d, sum & Lanes.mask(size + 1), 0);
            return;
        }
        if (size == 2 && row.name().charAt(0) == 'F') {
            long x = combine(row, c, low & Lanes.mask(2), low >>> 32, 2);
            long y = combine(row, c, high & Lanes.mask(2), high >>> 32, 2);
            set(c, d, combine(row, c, x, y, 2), 0);
            return;
        }
        long value = get(low, high, size, 0);
        for (int i = 1; i < count; i++) {
            value = combine(row, c, value, get(low, high, size, i), size) & Lanes.mask(size);
        }
        set(c, d, value, 0);
    }

    // ---- elements of twice the size

    /// Operations on elements of n and m whose results are twice as wide, and those where n already is.
    ///
    /// @param size of the narrow elements
    /// @param element which of m to use for all; -1 for each its own
    /// @param upper whether the narrow operands are in the upper halves
    static void widening(
            VectorOp row, Cpu c, int d, int n, int m, int size, int element, boolean upper) {
        long[] r = c.r;
        boolean wideN =
                row == VectorOp.SADDW
                        || row == VectorOp.UADDW
                        || row == VectorOp.SSUBW
                        || row == VectorOp.USUBW;
        long narrowN = upper ? r[n + 1] : r[n];
        long nl = r[n];
        long nh = r[n + 1];
        long ml = r[m];
        long mh = r[m + 1];
        long dl = r[d];
        long dh = r[d + 1];
        int count = 8 >> size;
        long low = 0;
        long high = 0;
        for (int i = 0; i < count; i++) {
            long x = wideN ? get(nl, nh, size + 1, i) : get(narrowN, 0, size, i);
            long y = element >= 0 ? get(ml, mh, size, element) : get(upper ? mh : ml, 0, size, i);
            long z = get(dl, dh, size + 1, i);
            long value = widened(row, unit(c), z, x, y, size);
            low |= put(false, value, size + 1, i);
            high |= put(true, value, size + 1, i);
        }
        set(c, d, low, high);
    }

    /// The same for one element, which becomes a scalar.
    static void wideningScalar(VectorOp row, Cpu c, int d, int n, int m, int size, int element) {
        long[] r = c.r;
        long x = get(r[n], 0, size, 0);
        long y = get(r[m], r[m + 1], size, Math.max(element, 0));
        long z = r[d] & Lanes.mask(size + 1);
        set(c, d, widened(row, unit(c), z, x, y, size) & Lanes.mask(size + 1), 0);
    }

    private static long widened(VectorOp row, FpUnit u, long z, long x, long y, int size) {
        long a = Lanes.signed(x, size);
        long b = Lanes.signed(y, size);
        return switch (row) {
            case SADDL -> a + b;
            case UADDL -> x + y;
            case SSUBL -> a - b;
            case USUBL -> x - y;
            case SADDW -> x + b;
            case UADDW -> x + y;
            case SSUBW -> x - b;
            case USUBW -> x - y;
            case SABDL -> Math.abs(a - b);
            case UABDL -> Math.abs(x - y);
            case SABAL -> z + Math.abs(a - b);
            case UABAL -> z + Math.abs(x - y);
            case SMULL -> a * b;
            case UMULL -> x * y;
            case SMLAL -> z + a * b;
            case UMLAL -> z + x * y;
            case SMLSL -> z - a * b;
            case UMLSL -> z - x * y;
            case SQDMULL -> doubled(u, a, b, size);
            case SQDMLAL ->
                    Lanes.addSigned(u, Lanes.signed(z, size + 1), doubled(u, a, b, size), size + 1);
            case SQDMLSL ->
                    Lanes.subSigned(u, Lanes.signed(z, size + 1), doubled(u, a, b, size), size + 1);
            case PMULL -> Lanes.carryless(x, y, 8);
            default -> throw new IllegalArgumentException(row.name());
        };
    }

    /// 2 * a * b, saturated to twice the size.
    private static long doubled(FpUnit u, long a, long b, int size) {
        long product = a * b;
        return product == 1L << (16 << size) - 2
                ? Lanes.saturated(u, Lanes.largest(size + 1))
                : product << 1;
    }

    /// PMULL of 64-bit elements.
    static void multiplyPolynomials(Cpu c, int d, int n, int m, boolean upper) {
        long x = c.r[upper ? n + 1 : n];
        long y = c.r[upper ? m + 1 : m];
        long low = 0;
        long high = 0;
        for (int i = 0; i < 64; i++) {
            if ((y >>> i & 1) != 0) {
                low ^= x << i;
                high ^= i == 0 ? 0 : x >>> 64 - i;
            }
        }
        set(c, d, low, high);
    }

    /// SSHLL, USHLL and SHLL.
    static void shiftLong(Cpu c, int d, int n, int size, int by, boolean signed, boolean upper) {
        long x = upper ? c.r[n + 1] : c.r[n];
        long low = 0;
        long high = 0;
        for (int i = 0; i < 8 >> size; i++) {
            long value = extended(get(x, 0, size, i), size, signed) << by;
            low |= put(false, value, size + 1, i);
            high |= put(true, value, size + 1, i);
        }
        set(c, d, low, high);
    }

    // ---- elements of half the size

    /// @param size of the narrow elements
    /// @param d the half that the result goes to
    /// @param clears whether the one behind it becomes 0
    static void narrowing(
            VectorOp row, Cpu c, int d, int n, int m, int size, int imm, boolean clears) {
        long[] r = c.r;
        long result = 0;
        for (int i = 0; i < 8 >> size; i++) {
            long x = get(r[n], r[n + 1], size + 1, i);
            long y = get(r[m], r[m + 1], size + 1, i);
            long value = narrowed(row, unit(c), x, y, size, imm) & Lanes.mask(size);
            result |= value << (i << size + 3);
        }
        setNarrow(c, d, result, clears);
    }

    private static void setNarrow(Cpu c, int d, long result, boolean clears) {
        c.r[d] = result;
        if (clears) {
            c.r[d + 1] = 0;
        }
    }

    static void narrowingScalar(VectorOp row, Cpu c, int d, int n, int size, int imm) {
        long x = c.r[n] & Lanes.mask(size + 1);
        set(c, d, narrowed(row, unit(c), x, 0, size, imm) & Lanes.mask(size), 0);
    }

    private static long narrowed(VectorOp row, FpUnit u, long x, long y, int size, int imm) {
        int width = 8 << size;
        long a = Lanes.signed(x, size + 1);
        long half = 1L << width - 1;
        return switch (row) {
            case XTN -> x;
            case SQXTN -> Lanes.clampSigned(u, a, size);
            case UQXTN -> clampLarge(u, x, size);
            case SQXTUN -> Lanes.clampUnsigned(u, a, size);
            case ADDHN -> x + y >>> width;
            case RADDHN -> x + y + half >>> width;
            case SUBHN -> x - y >>> width;
            case RSUBHN -> x - y + half >>> width;
            case SHRN -> x >>> imm;
            case RSHRN -> Lanes.rightUnsigned(x, imm, true);
            case SQSHRN -> Lanes.clampSigned(u, a >> imm, size);
            case SQRSHRN -> Lanes.clampSigned(u, Lanes.right(a, imm, true), size);
            case UQSHRN -> clampLarge(u, x >>> imm, size);
            case UQRSHRN -> clampLarge(u, Lanes.rightUnsigned(x, imm, true), size);
            case SQSHRUN -> Lanes.clampUnsigned(u, a >> imm, size);
            case SQRSHRUN -> Lanes.clampUnsigned(u, Lanes.right(a, imm, true), size);
            default -> throw new IllegalArgumentException(row.name());
        };
    }

    /// An unsigned number, of up to 64 bits.
    private static long clampLarge(FpUnit u, long x, int size) {
        return (x & ~Lanes.mask(size)) != 0 ? Lanes.saturated(u, Lanes.mask(size)) : x;
    }

    // ---- conversion between floating-point formats

    /// FCVTN and FCVTXN.
    ///
    /// @param size of the wide elements
    static void convertNarrow(Cpu c, int d, int n, int size, boolean toOdd, boolean clears) {
        long[] r = c.r;
        FpUnit u = unit(c);
        int rounding = toOdd ? FpUnit.TO_ODD : u.rounding();
        long result = 0;
        for (int i = 0; i < 16 >> size; i++) {
            long value = u.convert(size, size - 1, get(r[n], r[n + 1], size, i), rounding);
            result |= value << (i << size + 2);
        }
        setNarrow(c, d, result, clears);
    }

    static void convertNarrowScalar(Cpu c, int d, int n) {
        set(c, d, unit(c).convert(FpUnit.DOUBLE, FpUnit.SINGLE, c.r[n], FpUnit.TO_ODD), 0);
    }

    /// FCVTL.
    ///
    /// @param size of the wide elements
    static void convertLong(Cpu c, int d, int n, int size, boolean upper) {
        long x = upper ? c.r[n + 1] : c.r[n];
        FpUnit u = unit(c);
        long low = 0;
        long high = 0;
        for (int i = 0; i < 16 >> size; i++) {
            long value = u.convert(size - 1, size, get(x, 0, size - 1, i));
            low |= put(false, value, size, i);
            high |= put(true, value, size, i);
        }
        set(c, d, low, high);
    }
}
