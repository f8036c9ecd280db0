package straddle.tcg.a64;

import straddle.tcg.Cpu;
import straddle.tcg.op.Flags;
import straddle.tcg.simd.FpCpu;
import straddle.tcg.simd.FpUnit;

/// Comparisons of floating-point numbers as regions call them; names are as for [straddle.tcg.simd.FpRuntime].
public final class FpComparisons {
    static final String NAME = "straddle/tcg/a64/FpComparisons";

    private static final long LESS = Flags.SF;
    private static final long EQUAL = Flags.ZF | Flags.CF;
    private static final long GREATER = Flags.CF;
    private static final long LOW = 0xffff_ffffL;

    private FpComparisons() {}

    private static FpUnit unit(Cpu c) {
        return ((FpCpu) c).fp;
    }

    /// Flags as [straddle.tcg.op.Flags#EAGER] has them. Equality needs no look at NaNs: one differs from everything.
    public static long fcmpd(long x, long y, Cpu c) {
        return doubles(x, y, false, c);
    }

    public static long fcmps(long x, long y, Cpu c) {
        return singles(x, y, false, c);
    }

    public static long fcmped(long x, long y, Cpu c) {
        return doubles(x, y, true, c);
    }

    public static long fcmpes(long x, long y, Cpu c) {
        return singles(x, y, true, c);
    }

    private static long doubles(long x, long y, boolean signal, Cpu c) {
        double a = Double.longBitsToDouble(x);
        double b = Double.longBitsToDouble(y);
        if (unit(c).quick) {
            if (a < b) {
                return LESS;
            }
            if (a > b) {
                return GREATER;
            }
            if (a == b) {
                return EQUAL;
            }
        }
        return Conditions.eager(unit(c).compare(FpUnit.DOUBLE, x, y, signal));
    }

    private static long singles(long x, long y, boolean signal, Cpu c) {
        float a = Float.intBitsToFloat((int) x);
        float b = Float.intBitsToFloat((int) y);
        if (unit(c).quick) {
            if (a < b) {
                return LESS;
            }
            if (a > b) {
                return GREATER;
            }
            if (a == b) {
                return EQUAL;
            }
        }
        return Conditions.eager(unit(c).compare(FpUnit.SINGLE, x & LOW, y & LOW, signal));
    }
}
