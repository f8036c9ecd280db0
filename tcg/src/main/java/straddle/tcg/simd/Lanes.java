package straddle.tcg.simd;

import straddle.tcg.Cpu;

/// What vector instructions compute that work on each 64-bit half of their operands alone, element by element.
public final class Lanes {
    private Lanes() {}

    /// One half of the result.
    ///
    /// @param d what the destination had there
    /// @param size of an element: 0 for bytes to 3 for 64 bits
    /// @param imm the shift of an immediate one, or how many bits are behind the point
    /// @param scalar whether only the lowest element counts
    static long half(
            VectorOp row, Cpu c, long d, long n, long m, int size, int imm, boolean scalar) {
        switch (row) {
            case AND -> {
                return n & m;
            }
            case BIC -> {
                return n & ~m;
            }
            case ORR -> {
                return n | m;
            }
            case ORN -> {
                return n | ~m;
            }
            case EOR -> {
                return n ^ m;
            }
            case BSL -> {
                return d & n | ~d & m;
            }
            case BIT -> {
                return d & ~m | n & m;
            }
            case BIF -> {
                return d & m | n & ~m;
            }
            case NOT -> {
                return ~n;
            }
            case ADD -> {
                return LaneRuntime.add(n, m, size);
            }
            case SUB -> {
                return LaneRuntime.sub(n, m, size);
            }
            case REV64, REV32, REV16 -> {
                int unit = row == VectorOp.REV64 ? 64 : row == VectorOp.REV32 ? 32 : 16;
                return reversed(n, 8 << size, unit);
            }
            case SADDLP, UADDLP, SADALP, UADALP -> {
                return pairs(row, d, n, size);
            }
            default -> {}
        }
        int width = 8 << size;
        long mask = mask(size);
        long result = 0;
        for (int at = 0; at < 64; at += width) {
            long x = n >>> at & mask;
            long y = m >>> at & mask;
            long z = d >>> at & mask;
            result |= (element(row, c, z, x, y, size, imm) & mask) << at;
            if (scalar) {
                break;
            }
        }
        return result;
    }

    public static long mask(int size) {
        return -1L >>> 64 - (8 << size);
    }

    public static long signed(long x, int size) {
        int shift = 64 - (8 << size);
        return x << shift >> shift;
    }

    private static long reversed(long x, int element, int unit) {
        long result = x;
        for (int step = element; step < unit; step *= 2) {
            long low = -1L;
            for (int w = 32; w >= step; w /= 2) {
                low ^= low << w;
            }
            result = (result & low) << step | result >>> step & low;
        }
        return result;
    }

    private static long pairs(VectorOp row, long d, long n, int size) {
        boolean unsigned = row == VectorOp.UADDLP || row == VectorOp.UADALP;
        boolean accumulate = row == VectorOp.SADALP || row == VectorOp.UADALP;
        int width = 8 << size;
        long mask = mask(size);
        long result = 0;
        for (int at = 0; at < 64; at += 2 * width) {
            long x = n >>> at & mask;
            long y = n >>> at + width & mask;
            long sum = unsigned ? x + y : signed(x, size) + signed(y, size);
            if (accumulate) {
                sum += d >>> at;
            }
            result |= (sum & mask(size + 1)) << at;
        }
        return result;
    }

    private static long all(boolean condition) {
        return condition ? -1 : 0;
    }

    private static FpUnit unit(Cpu c) {
        return ((FpCpu) c).vector;
    }

    private static boolean below(long x, long y) {
        return (x ^ Long.MIN_VALUE) < (y ^ Long.MIN_VALUE);
    }

    /// One element: operands are zero-extended, of the result only as many bits count. Floating point first.
    static long element(VectorOp row, Cpu c, long z, long x, long y, int size, int imm) {
        boolean dbl = size == FpUnit.DOUBLE;
        FpUnit u = unit(c);
        return switch (row) {
            case FADD -> dbl ? FpRuntime.faddd(x, y, c) : FpRuntime.fadds(x, y, u);
            case FSUB -> dbl ? FpRuntime.fsubd(x, y, c) : FpRuntime.fsubs(x, y, u);
            case FMUL -> dbl ? FpRuntime.fmuld(x, y, c) : FpRuntime.fmuls(x, y, u);
            case FDIV -> dbl ? FpRuntime.fdivd(x, y, c) : FpRuntime.fdivs(x, y, u);
            case FSQRT -> dbl ? FpRuntime.fsqrtd(x, c) : FpRuntime.fsqrts(x, u);
            case FMLA -> dbl ? FpRuntime.fmaddd(z, x, y, c) : FpRuntime.fmadds(z, x, y, u);
            case FMLS -> {
                long negative = FpUnit.negate(size, x);
                yield dbl
                        ? FpRuntime.fmaddd(z, negative, y, c)
                        : FpRuntime.fmadds(z, negative, y, u);
            }
            case VMLA -> FpRuntime.vmlas(z, x, y, u);
            case VMLS -> FpRuntime.vmlss(z, x, y, u);
            case VRECPS -> u.recipStep(x, y);
            case VRSQRTS -> u.rootStep(x, y);
            case FMULX -> u.mulx(size, x, y);
            case FABD -> FpUnit.absolute(size, u.sub(size, x, y));
            case FMAX -> u.max(size, x, y);
            case FMIN -> u.min(size, x, y);
            case FMAXNM -> u.maxNumber(size, x, y);
            case FMINNM -> u.minNumber(size, x, y);
            case FRECPS -> u.step(size, x, y, false);
            case FRSQRTS -> u.step(size, x, y, true);
            case FCMEQ -> all(u.equal(size, x, y));
            case FCMGE -> all(u.greaterEqual(size, x, y));
            case FCMGT -> all(u.greater(size, x, y));
            case FACGE ->
                    all(u.greaterEqual(size, FpUnit.absolute(size, x), FpUnit.absolute(size, y)));
            case FACGT -> all(u.greater(size, FpUnit.absolute(size, x), FpUnit.absolute(size, y)));
            case FCMEQ_ZERO -> all(u.equal(size, x, 0));
            case FCMGE_ZERO -> all(u.greaterEqual(size, x, 0));
            case FCMGT_ZERO -> all(u.greater(size, x, 0));
            case FCMLE_ZERO -> all(u.greaterEqual(size, 0, x));
            case FCMLT_ZERO -> all(u.greater(size, 0, x));
            case FABS -> FpUnit.absolute(size, x);
            case FNEG -> FpUnit.negate(size, x);
            case FRINTN -> u.roundToIntegral(size, x, FpUnit.NEAREST, false);
            case FRINTM -> u.roundToIntegral(size, x, FpUnit.DOWN, false);
            case FRINTP -> u.roundToIntegral(size, x, FpUnit.UP, false);
            case FRINTZ -> u.roundToIntegral(size, x, FpUnit.TRUNCATE, false);
            case FRINTA -> u.roundToIntegral(size, x, FpUnit.TIES_AWAY, false);
            case FRINTX -> u.roundToIntegral(size, x, u.rounding(), true);
            case FRINTI -> u.roundToIntegral(size, x, u.rounding(), false);
            case FCVTNS -> u.toFixed(size, x, 0, false, dbl, FpUnit.NEAREST);
            case FCVTNU -> u.toFixed(size, x, 0, true, dbl, FpUnit.NEAREST);
            case FCVTMS -> u.toFixed(size, x, 0, false, dbl, FpUnit.DOWN);
            case FCVTMU -> u.toFixed(size, x, 0, true, dbl, FpUnit.DOWN);
            case FCVTPS -> u.toFixed(size, x, 0, false, dbl, FpUnit.UP);
            case FCVTPU -> u.toFixed(size, x, 0, true, dbl, FpUnit.UP);
            case FCVTAS -> u.toFixed(size, x, 0, false, dbl, FpUnit.TIES_AWAY);
            case FCVTAU -> u.toFixed(size, x, 0, true, dbl, FpUnit.TIES_AWAY);
            case FCVTZS, FCVTZS_FIXED -> u.toFixed(size, x, imm, false, dbl, FpUnit.TRUNCATE);
            case FCVTZU, FCVTZU_FIXED -> u.toFixed(size, x, imm, true, dbl, FpUnit.TRUNCATE);
            case SCVTF, SCVTF_FIXED -> u.fromFixed(size, signed(x, size), imm, false);
            case UCVTF, UCVTF_FIXED -> u.fromFixed(size, x, imm, true);
            case URECPE -> FpUnit.unsignedReciprocalEstimate(x);
            case URSQRTE -> FpUnit.unsignedRootEstimate(x);
            case FRECPE -> u.reciprocalEstimate(size, x);
            case FRSQRTE -> u.rootEstimate(size, x);
            case FRECPX -> u.reciprocalExponent(size, x);
            default -> integer(row, u, z, x, y, size, imm);
        };
    }

    private static long integer(VectorOp row, FpUnit u, long z, long x, long y, int size, int imm) {
        long a = signed(x, size);
        long b = signed(y, size);
        return switch (row) {
            case SHADD -> a + b >> 1;
            case UHADD -> x + y >>> 1;
            case SRHADD -> a + b + 1 >> 1;
            case URHADD -> x + y + 1 >>> 1;
            case SHSUB -> a - b >> 1;
            case UHSUB -> x - y >> 1;
            case SQADD -> addSigned(u, a, b, size);
            case UQADD -> addUnsigned(u, x, y, size);
            case SQSUB -> subSigned(u, a, b, size);
            case UQSUB -> subUnsigned(u, x, y);
            case SUQADD -> addUnsignedToSigned(u, signed(z, size), x, size);
            case USQADD -> addSignedToUnsigned(u, z, a, size);
            case CMGT -> all(a > b);
            case CMGE -> all(a >= b);
            case CMHI -> all(below(y, x));
            case CMHS -> all(!below(x, y));
            case CMEQ -> all(x == y);
            case CMTST -> all((x & y) != 0);
            case CMGT_ZERO -> all(a > 0);
            case CMGE_ZERO -> all(a >= 0);
            case CMEQ_ZERO -> all(a == 0);
            case CMLE_ZERO -> all(a <= 0);
            case CMLT_ZERO -> all(a < 0);
            case SMAX -> Math.max(a, b);
            case SMIN -> Math.min(a, b);
            case UMAX -> Math.max(x, y);
            case UMIN -> Math.min(x, y);
            case SABD -> Math.abs(a - b);
            case UABD -> Math.abs(x - y);
            case SABA -> z + Math.abs(a - b);
            case UABA -> z + Math.abs(x - y);
            case MUL -> x * y;
            case MLA -> z + x * y;
            case MLS -> z - x * y;
            case PMUL -> carryless(x, y, 8);
            case SQDMULH -> doubleMultiplyHigh(u, a, b, size, false);
            case SQRDMULH -> doubleMultiplyHigh(u, a, b, size, true);
            case ABS -> Math.abs(a);
            case NEG -> -a;
            case SQABS -> a < 0 ? subSigned(u, 0, a, size) : a;
            case SQNEG -> subSigned(u, 0, a, size);
            case CLS -> Long.numberOfLeadingZeros(a ^ a >> 63) - 1 - (64 - (8 << size));
            case CLZ -> Long.numberOfLeadingZeros(x) - (64 - (8 << size));
            case CNT -> Long.bitCount(x);
            case RBIT -> Long.reverse(x) >>> 56;
            default -> shift(row, u, z, x, a, y, size, imm);
        };
    }

    private static long shift(
            VectorOp row, FpUnit u, long z, long x, long a, long y, int size, int imm) {
        int width = 8 << size;
        int by = (byte) y;
        return switch (row) {
            case SSHL -> by >= 0 ? left(x, by) : right(a, -by, false);
            case USHL -> by >= 0 ? left(x, by) : rightUnsigned(x, -by, false);
            case SRSHL -> by >= 0 ? left(x, by) : right(a, -by, true);
            case URSHL -> by >= 0 ? left(x, by) : rightUnsigned(x, -by, true);
            case SQSHL -> by >= 0 ? leftSigned(u, a, by, size) : right(a, -by, false);
            case UQSHL -> by >= 0 ? leftUnsigned(u, x, by, size) : rightUnsigned(x, -by, false);
            case SQRSHL -> by >= 0 ? leftSigned(u, a, by, size) : right(a, -by, true);
            case UQRSHL -> by >= 0 ? leftUnsigned(u, x, by, size) : rightUnsigned(x, -by, true);
            case SHL -> x << imm;
            case SQSHL_IMMEDIATE -> leftSigned(u, a, imm, size);
            case UQSHL_IMMEDIATE -> leftUnsigned(u, x, imm, size);
            case SQSHLU -> a < 0 ? saturated(u, 0) : leftUnsigned(u, x, imm, size);
            case SSHR -> right(a, imm, false);
            case USHR -> rightUnsigned(x, imm, false);
            case SRSHR -> right(a, imm, true);
            case URSHR -> rightUnsigned(x, imm, true);
            case SSRA -> z + right(a, imm, false);
            case USRA -> z + rightUnsigned(x, imm, false);
            case SRSRA -> z + right(a, imm, true);
            case URSRA -> z + rightUnsigned(x, imm, true);
            case SLI -> {
                long kept = (1L << imm) - 1;
                yield z & kept | x << imm;
            }
            case SRI -> {
                long moved = imm == width ? 0 : mask(size) >>> imm;
                yield z & ~moved | rightUnsigned(x, imm, false);
            }
            default -> throw new IllegalArgumentException(row.name());
        };
    }

    // ---- what several instructions share

    static long saturated(FpUnit u, long value) {
        u.saturated();
        return value;
    }

    static long largest(int size) {
        return mask(size) >>> 1;
    }

    static long smallest(int size) {
        return -1L << (8 << size) - 1;
    }

    /// A result of fewer than 64 bits.
    static long clampSigned(FpUnit u, long x, int size) {
        return x > largest(size)
                ? saturated(u, largest(size))
                : x < smallest(size) ? saturated(u, smallest(size)) : x;
    }

    /// A signed result of at most 64 bits to an unsigned one.
    static long clampUnsigned(FpUnit u, long x, int size) {
        return x < 0 ? saturated(u, 0) : x > mask(size) ? saturated(u, mask(size)) : x;
    }

    static long addSigned(FpUnit u, long a, long b, int size) {
        long sum = a + b;
        if (size < 3) {
            return clampSigned(u, sum, size);
        }
        return ((a ^ sum) & (b ^ sum)) < 0
                ? saturated(u, a < 0 ? Long.MIN_VALUE : Long.MAX_VALUE)
                : sum;
    }

    private static long addUnsigned(FpUnit u, long x, long y, int size) {
        long sum = x + y;
        boolean over = size < 3 ? sum > mask(size) : below(sum, x);
        return over ? saturated(u, mask(size)) : sum;
    }

    static long subSigned(FpUnit u, long a, long b, int size) {
        long difference = a - b;
        if (size < 3) {
            return clampSigned(u, difference, size);
        }
        return ((a ^ b) & (a ^ difference)) < 0
                ? saturated(u, a < 0 ? Long.MIN_VALUE : Long.MAX_VALUE)
                : difference;
    }

    private static long subUnsigned(FpUnit u, long x, long y) {
        return below(x, y) ? saturated(u, 0) : x - y;
    }

    private static long addUnsignedToSigned(FpUnit u, long a, long y, int size) {
        long sum = a + y;
        if (size < 3) {
            return clampSigned(u, sum, size);
        }
        boolean over = a >= 0 ? y < 0 || sum < 0 : y < 0 && sum < 0;
        return over ? saturated(u, Long.MAX_VALUE) : sum;
    }

    private static long addSignedToUnsigned(FpUnit u, long x, long b, int size) {
        long sum = x + b;
        if (size < 3) {
            return clampUnsigned(u, sum, size);
        }
        if (b >= 0) {
            return below(sum, x) ? saturated(u, -1) : sum;
        }
        return below(x, -b) ? saturated(u, 0) : sum;
    }

    private static long left(long x, int by) {
        return by > 63 ? 0 : x << by;
    }

    static long right(long a, int by, boolean round) {
        if (by > 64) {
            return round ? 0 : a >> 63;
        }
        long shifted = by == 64 ? a >> 63 : a >> by;
        return round && by > 0 ? shifted + (a >> by - 1 & 1) : shifted;
    }

    static long rightUnsigned(long x, int by, boolean round) {
        if (by > 64) {
            return 0;
        }
        long shifted = by == 64 ? 0 : x >>> by;
        return round && by > 0 ? shifted + (x >>> by - 1 & 1) : shifted;
    }

    private static long leftSigned(FpUnit u, long a, int by, int size) {
        if (a == 0) {
            return 0;
        }
        long limit = a < 0 ? smallest(size) : largest(size);
        if (by >= 8 << size) {
            return saturated(u, limit);
        }
        long shifted = signed(a << by, size);
        return shifted >> by == a ? shifted : saturated(u, limit);
    }

    private static long leftUnsigned(FpUnit u, long x, int by, int size) {
        if (x == 0) {
            return 0;
        }
        if (by >= 8 << size) {
            return saturated(u, mask(size));
        }
        long shifted = x << by & mask(size);
        return shifted >>> by == x ? shifted : saturated(u, mask(size));
    }

    static long doubleMultiplyHigh(FpUnit u, long a, long b, int size, boolean round) {
        int width = 8 << size;
        long product = a * b + (round ? 1L << width - 2 : 0);
        long high = product >> width - 1;
        return clampSigned(u, high, size);
    }

    static long carryless(long x, long y, int bits) {
        long result = 0;
        for (int i = 0; i < bits; i++) {
            result ^= (y >>> i & 1) != 0 ? x << i : 0;
        }
        return result;
    }
}
