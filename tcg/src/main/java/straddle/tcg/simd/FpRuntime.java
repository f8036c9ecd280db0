package straddle.tcg.simd;

import straddle.tcg.Cpu;

/// Floating-point operations as regions call them: on the host's arithmetic where its result is right, and small enough
/// for HotSpot to inline. What is rare is [FpUnit]'s.
///
/// A name's last letter is the format: `d` and `s` for scalars, `v` for two singles in a long. Only the lower half of a
/// single counts; results are zero-extended.
public final class FpRuntime {
    /// This class and the processor's, as bytecode has them.
    public static final String NAME = "straddle/tcg/simd/FpRuntime";

    public static final String CPU = "Lstraddle/tcg/Cpu;";

    private static final long LOW = 0xffff_ffffL;

    private FpRuntime() {}

    private static FpUnit unit(Cpu c) {
        return ((FpCpu) c).fp;
    }

    private static FpUnit vector(Cpu c) {
        return ((FpCpu) c).vector;
    }

    /// Whether a number is neither 0, subnormal, infinite nor a NaN, nor so small that rounding may have made it normal.
    private static boolean isNormal(long x) {
        return (x + (1L << 52) & 0x7fc0_0000_0000_0000L) != 0;
    }

    private static boolean isNormal(int x) {
        return (x + 0x80_0000 & 0x7e00_0000) != 0;
    }

    /// Whether the host computes with a single as the unit does that flushes subnormal numbers.
    private static boolean isKept(int x) {
        return (x & 0x7f80_0000) != 0 || x << 1 == 0;
    }

    private static boolean isQuick(FpUnit unit, long x, long y) {
        return unit.quick || unit.quickIfNormal && isKept((int) x) && isKept((int) y);
    }

    public static long faddd(long x, long y, Cpu c) {
        FpUnit unit = unit(c);
        double result = Double.longBitsToDouble(x) + Double.longBitsToDouble(y);
        long r = Double.doubleToRawLongBits(result);
        return unit.quick && (isNormal(r) || r << 1 == 0) ? r : unit.add(FpUnit.DOUBLE, x, y);
    }

    public static long fadds(long x, long y, Cpu c) {
        return fadds(x, y, unit(c));
    }

    static long fadds(long x, long y, FpUnit unit) {
        float result = Float.intBitsToFloat((int) x) + Float.intBitsToFloat((int) y);
        int r = Float.floatToRawIntBits(result);
        return (isNormal(r) || r << 1 == 0) && isQuick(unit, x, y)
                ? r & LOW
                : unit.add(FpUnit.SINGLE, x & LOW, y & LOW);
    }

    public static long faddv(long x, long y, Cpu c) {
        FpUnit unit = vector(c);
        return fadds(x, y, unit) | fadds(x >>> 32, y >>> 32, unit) << 32;
    }

    public static long fsubd(long x, long y, Cpu c) {
        FpUnit unit = unit(c);
        double result = Double.longBitsToDouble(x) - Double.longBitsToDouble(y);
        long r = Double.doubleToRawLongBits(result);
        return unit.quick && (isNormal(r) || r << 1 == 0) ? r : unit.sub(FpUnit.DOUBLE, x, y);
    }

    public static long fsubs(long x, long y, Cpu c) {
        return fsubs(x, y, unit(c));
    }

    static long fsubs(long x, long y, FpUnit unit) {
        float result = Float.intBitsToFloat((int) x) - Float.intBitsToFloat((int) y);
        int r = Float.floatToRawIntBits(result);
        return (isNormal(r) || r << 1 == 0) && isQuick(unit, x, y)
                ? r & LOW
                : unit.sub(FpUnit.SINGLE, x & LOW, y & LOW);
    }

    public static long fsubv(long x, long y, Cpu c) {
        FpUnit unit = vector(c);
        return fsubs(x, y, unit) | fsubs(x >>> 32, y >>> 32, unit) << 32;
    }

    public static long fmuld(long x, long y, Cpu c) {
        FpUnit unit = unit(c);
        double result = Double.longBitsToDouble(x) * Double.longBitsToDouble(y);
        long r = Double.doubleToRawLongBits(result);
        return unit.quick && (isNormal(r) || r << 1 == 0 && (x << 1 == 0 || y << 1 == 0))
                ? r
                : unit.mul(FpUnit.DOUBLE, x, y);
    }

    public static long fmuls(long x, long y, Cpu c) {
        return fmuls(x, y, unit(c));
    }

    static long fmuls(long x, long y, FpUnit unit) {
        float result = Float.intBitsToFloat((int) x) * Float.intBitsToFloat((int) y);
        int r = Float.floatToRawIntBits(result);
        return (isNormal(r) || r << 1 == 0 && ((int) x << 1 == 0 || (int) y << 1 == 0))
                        && isQuick(unit, x, y)
                ? r & LOW
                : unit.mul(FpUnit.SINGLE, x & LOW, y & LOW);
    }

    public static long fmulv(long x, long y, Cpu c) {
        FpUnit unit = vector(c);
        return fmuls(x, y, unit) | fmuls(x >>> 32, y >>> 32, unit) << 32;
    }

    public static long fdivd(long x, long y, Cpu c) {
        FpUnit unit = unit(c);
        double result = Double.longBitsToDouble(x) / Double.longBitsToDouble(y);
        long r = Double.doubleToRawLongBits(result);
        return unit.quick && isNormal(r) ? r : unit.div(FpUnit.DOUBLE, x, y);
    }

    public static long fdivs(long x, long y, Cpu c) {
        return fdivs(x, y, unit(c));
    }

    static long fdivs(long x, long y, FpUnit unit) {
        float result = Float.intBitsToFloat((int) x) / Float.intBitsToFloat((int) y);
        int r = Float.floatToRawIntBits(result);
        return isNormal(r) && isQuick(unit, x, y)
                ? r & LOW
                : unit.div(FpUnit.SINGLE, x & LOW, y & LOW);
    }

    public static long fdivv(long x, long y, Cpu c) {
        FpUnit unit = vector(c);
        return fdivs(x, y, unit) | fdivs(x >>> 32, y >>> 32, unit) << 32;
    }

    public static long fnmuld(long x, long y, Cpu c) {
        return fmuld(x, y, c) ^ Long.MIN_VALUE;
    }

    public static long fnmuls(long x, long y, Cpu c) {
        return fmuls(x, y, c) ^ 1L << 31;
    }

    /// a + x * y.
    public static long fmaddd(long a, long x, long y, Cpu c) {
        FpUnit unit = unit(c);
        double result =
                Math.fma(
                        Double.longBitsToDouble(x),
                        Double.longBitsToDouble(y),
                        Double.longBitsToDouble(a));
        long r = Double.doubleToRawLongBits(result);
        return unit.quick && isNormal(r) ? r : unit.mulAdd(FpUnit.DOUBLE, a, x, y);
    }

    public static long fmadds(long a, long x, long y, Cpu c) {
        return fmadds(a, x, y, unit(c));
    }

    static long fmadds(long a, long x, long y, FpUnit unit) {
        float result =
                Math.fma(
                        Float.intBitsToFloat((int) x),
                        Float.intBitsToFloat((int) y),
                        Float.intBitsToFloat((int) a));
        int r = Float.floatToRawIntBits(result);
        return isNormal(r) && isQuick(unit, x, y) && (unit.quick || isKept((int) a))
                ? r & LOW
                : unit.mulAdd(FpUnit.SINGLE, a & LOW, x & LOW, y & LOW);
    }

    public static long fmaddv(long a, long x, long y, Cpu c) {
        FpUnit unit = vector(c);
        return fmadds(a, x, y, unit) | fmadds(a >>> 32, x >>> 32, y >>> 32, unit) << 32;
    }

    /// a - x * y.
    public static long fmsubd(long a, long x, long y, Cpu c) {
        return fmaddd(a, x ^ Long.MIN_VALUE, y, c);
    }

    public static long fmsubv(long a, long x, long y, Cpu c) {
        return fmaddv(a, x ^ 0x8000_0000_8000_0000L, y, c);
    }

    /// AArch32's VMLA, which rounds twice.
    public static long vmlav(long a, long x, long y, Cpu c) {
        FpUnit unit = vector(c);
        return vmlas(a, x, y, unit) | vmlas(a >>> 32, x >>> 32, y >>> 32, unit) << 32;
    }

    static long vmlas(long a, long x, long y, FpUnit unit) {
        return fadds(a, fmuls(x, y, unit), unit);
    }

    public static long vmlsv(long a, long x, long y, Cpu c) {
        FpUnit unit = vector(c);
        return vmlss(a, x, y, unit) | vmlss(a >>> 32, x >>> 32, y >>> 32, unit) << 32;
    }

    static long vmlss(long a, long x, long y, FpUnit unit) {
        return fsubs(a, fmuls(x, y, unit), unit);
    }

    public static long fsqrtd(long x, Cpu c) {
        FpUnit unit = unit(c);
        long r = Double.doubleToRawLongBits(Math.sqrt(Double.longBitsToDouble(x)));
        return unit.quick && isNormal(r) ? r : unit.sqrt(FpUnit.DOUBLE, x);
    }

    public static long fsqrts(long x, Cpu c) {
        return fsqrts(x, unit(c));
    }

    static long fsqrts(long x, FpUnit unit) {
        int r = Float.floatToRawIntBits((float) Math.sqrt(Float.intBitsToFloat((int) x)));
        return unit.quick && isNormal(r) ? r & LOW : unit.sqrt(FpUnit.SINGLE, x & LOW);
    }

    public static long fsqrtv(long x, Cpu c) {
        FpUnit unit = vector(c);
        return fsqrts(x, unit) | fsqrts(x >>> 32, unit) << 32;
    }

    /// FCVT from single to double.
    public static long fcvtds(long x, Cpu c) {
        FpUnit unit = unit(c);
        long r = Double.doubleToRawLongBits(Float.intBitsToFloat((int) x));
        return unit.quick && isNormal((int) x)
                ? r
                : unit.convert(FpUnit.SINGLE, FpUnit.DOUBLE, x & LOW);
    }

    /// FCVT from double to single.
    public static long fcvtsd(long x, Cpu c) {
        FpUnit unit = unit(c);
        int r = Float.floatToRawIntBits((float) Double.longBitsToDouble(x));
        return unit.quick && isNormal(r) ? r & LOW : unit.convert(FpUnit.DOUBLE, FpUnit.SINGLE, x);
    }

    /// SCVTF from 64 bits, sign-extended from 32 where there are as many.
    public static long scvtfd(long x, Cpu c) {
        FpUnit unit = unit(c);
        return unit.quick
                ? Double.doubleToRawLongBits((double) x)
                : unit.fromFixed(FpUnit.DOUBLE, x, 0, false);
    }

    public static long scvtfs(long x, Cpu c) {
        return scvtfs(x, unit(c));
    }

    private static long scvtfs(long x, FpUnit unit) {
        return unit.quickIfNormal
                ? Float.floatToRawIntBits((float) x) & LOW
                : unit.fromFixed(FpUnit.SINGLE, x, 0, false);
    }

    public static long ucvtfd(long x, Cpu c) {
        FpUnit unit = unit(c);
        return unit.quick && x >= 0
                ? Double.doubleToRawLongBits((double) x)
                : unit.fromFixed(FpUnit.DOUBLE, x, 0, true);
    }

    public static long ucvtfs(long x, Cpu c) {
        FpUnit unit = unit(c);
        return unit.quick && x >= 0
                ? Float.floatToRawIntBits((float) x) & LOW
                : unit.fromFixed(FpUnit.SINGLE, x, 0, true);
    }

    /// FCVTZS to 64 bits, or to 32 (sign-extended).
    public static long fcvtzsd(long x, int wide, Cpu c) {
        FpUnit unit = unit(c);
        double value = Double.longBitsToDouble(x);
        double limit = wide != 0 ? 0x1p62 : 0x1p30;
        return unit.quick && value < limit && value > -limit
                ? (long) value
                : unit.toFixed(FpUnit.DOUBLE, x, 0, false, wide != 0, FpUnit.TRUNCATE);
    }

    public static long fcvtzss(long x, int wide, Cpu c) {
        return fcvtzss(x, wide, unit(c));
    }

    private static long fcvtzss(long x, int wide, FpUnit unit) {
        float value = Float.intBitsToFloat((int) x);
        float limit = wide != 0 ? 0x1p62f : 0x1p30f;
        return isQuick(unit, x, 0) && value < limit && value > -limit
                ? (long) value
                : unit.toFixed(FpUnit.SINGLE, x & LOW, 0, false, wide != 0, FpUnit.TRUNCATE);
    }

    public static long scvtfv(long x, Cpu c) {
        FpUnit unit = vector(c);
        return scvtfs(x << 32 >> 32, unit) | scvtfs(x >> 32, unit) << 32;
    }

    public static long fcvtzsv(long x, int wide, Cpu c) {
        FpUnit unit = vector(c);
        return fcvtzss(x, 0, unit) & LOW | fcvtzss(x >>> 32, 0, unit) << 32;
    }
}
