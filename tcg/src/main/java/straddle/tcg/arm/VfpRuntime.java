package straddle.tcg.arm;

import straddle.tcg.Cpu;
import straddle.tcg.simd.FpRuntime;
import straddle.tcg.simd.FpUnit;

/// VFP instructions as compiled code calls them, on raw bits: a name's last letter is `d` or `s`. Singles count in the low word only.
public final class VfpRuntime {
    private static final long SIGN_S = 0x8000_0000L;
    private static final long LOW = 0xffff_ffffL;

    private VfpRuntime() {}

    private static FpUnit unit(Cpu c) {
        return ((ArmCpu) c).fp;
    }

    public static long vaddd(long x, long y, Cpu c) {
        return FpRuntime.faddd(x, y, c);
    }

    public static long vadds(long x, long y, Cpu c) {
        return FpRuntime.fadds(x, y, c);
    }

    public static long vsubd(long x, long y, Cpu c) {
        return FpRuntime.fsubd(x, y, c);
    }

    public static long vsubs(long x, long y, Cpu c) {
        return FpRuntime.fsubs(x, y, c);
    }

    public static long vmuld(long x, long y, Cpu c) {
        return FpRuntime.fmuld(x, y, c);
    }

    public static long vmuls(long x, long y, Cpu c) {
        return FpRuntime.fmuls(x, y, c);
    }

    public static long vnmuld(long x, long y, Cpu c) {
        return FpRuntime.fmuld(x, y, c) ^ Long.MIN_VALUE;
    }

    public static long vnmuls(long x, long y, Cpu c) {
        return FpRuntime.fmuls(x, y, c) ^ SIGN_S;
    }

    public static long vdivd(long x, long y, Cpu c) {
        return FpRuntime.fdivd(x, y, c);
    }

    public static long vdivs(long x, long y, Cpu c) {
        return FpRuntime.fdivs(x, y, c);
    }

    public static long vsqrtd(long x, Cpu c) {
        return FpRuntime.fsqrtd(x, c);
    }

    public static long vsqrts(long x, Cpu c) {
        return FpRuntime.fsqrts(x, c);
    }

    // ---- with an accumulator: VMLA and its kin round twice, VFMA and its kin once

    public static long vmlad(long a, long x, long y, Cpu c) {
        return FpRuntime.faddd(a, FpRuntime.fmuld(x, y, c), c);
    }

    public static long vmlas(long a, long x, long y, Cpu c) {
        return FpRuntime.fadds(a, FpRuntime.fmuls(x, y, c), c);
    }

    public static long vmlsd(long a, long x, long y, Cpu c) {
        return FpRuntime.faddd(a, FpRuntime.fmuld(x, y, c) ^ Long.MIN_VALUE, c);
    }

    public static long vmlss(long a, long x, long y, Cpu c) {
        return FpRuntime.fadds(a, FpRuntime.fmuls(x, y, c) ^ SIGN_S, c);
    }

    public static long vnmlad(long a, long x, long y, Cpu c) {
        return vmlsd(a ^ Long.MIN_VALUE, x, y, c);
    }

    public static long vnmlas(long a, long x, long y, Cpu c) {
        return vmlss(a ^ SIGN_S, x, y, c);
    }

    public static long vnmlsd(long a, long x, long y, Cpu c) {
        return vmlad(a ^ Long.MIN_VALUE, x, y, c);
    }

    public static long vnmlss(long a, long x, long y, Cpu c) {
        return vmlas(a ^ SIGN_S, x, y, c);
    }

    public static long vfmad(long a, long x, long y, Cpu c) {
        return FpRuntime.fmaddd(a, x, y, c);
    }

    public static long vfmas(long a, long x, long y, Cpu c) {
        return FpRuntime.fmadds(a, x, y, c);
    }

    public static long vfmsd(long a, long x, long y, Cpu c) {
        return FpRuntime.fmaddd(a, x ^ Long.MIN_VALUE, y, c);
    }

    public static long vfmss(long a, long x, long y, Cpu c) {
        return FpRuntime.fmadds(a, x ^ SIGN_S, y, c);
    }

    public static long vfnmad(long a, long x, long y, Cpu c) {
        return vfmsd(a ^ Long.MIN_VALUE, x, y, c);
    }

    public static long vfnmas(long a, long x, long y, Cpu c) {
        return vfmss(a ^ SIGN_S, x, y, c);
    }

    public static long vfnmsd(long a, long x, long y, Cpu c) {
        return vfmad(a ^ Long.MIN_VALUE, x, y, c);
    }

    public static long vfnmss(long a, long x, long y, Cpu c) {
        return vfmas(a ^ SIGN_S, x, y, c);
    }

    // ---- comparison

    /// NZCV, N in bit 3.
    public static long compared(long x, long y, int signals, Cpu c) {
        FpUnit unit = unit(c);
        double a = Double.longBitsToDouble(x);
        double b = Double.longBitsToDouble(y);
        return unit.quick && !Double.isNaN(a) && !Double.isNaN(b)
                ? a < b ? 8 : a == b ? 6 : 2
                : unit.compare(FpUnit.DOUBLE, x, y, signals != 0);
    }

    public static long compares(long x, long y, int signals, Cpu c) {
        FpUnit unit = unit(c);
        float a = Float.intBitsToFloat((int) x);
        float b = Float.intBitsToFloat((int) y);
        return unit.quick && !Float.isNaN(a) && !Float.isNaN(b)
                ? a < b ? 8 : a == b ? 6 : 2
                : unit.compare(FpUnit.SINGLE, x & LOW, y & LOW, signals != 0);
    }

    // ---- conversion

    public static long widened(long x, Cpu c) {
        return FpRuntime.fcvtds(x, c);
    }

    public static long narrowed(long x, Cpu c) {
        return FpRuntime.fcvtsd(x, c);
    }

    public static long fromSignedd(long x, Cpu c) {
        int word = (int) x;
        return FpRuntime.scvtfd(word, c);
    }

    public static long fromSigneds(long x, Cpu c) {
        int word = (int) x;
        return FpRuntime.scvtfs(word, c);
    }

    public static long fromUnsignedd(long x, Cpu c) {
        return FpRuntime.ucvtfd(x & LOW, c);
    }

    public static long fromUnsigneds(long x, Cpu c) {
        return FpRuntime.ucvtfs(x & LOW, c);
    }

    public static long truncatedd(long x, Cpu c) {
        return FpRuntime.fcvtzsd(x, 0, c) & LOW;
    }

    public static long truncateds(long x, Cpu c) {
        return FpRuntime.fcvtzss(x, 0, c) & LOW;
    }

    /// To a word by the FPSCR's rounding, or unsigned.
    ///
    /// @param how bit 0 double, bit 1 unsigned, bit 2 truncating
    public static long toWord(long x, int how, Cpu c) {
        FpUnit unit = unit(c);
        boolean wide = (how & 1) != 0;
        int rounding = (how & 4) != 0 ? FpUnit.TRUNCATE : unit.rounding();
        return unit.toFixed(
                        wide ? FpUnit.DOUBLE : FpUnit.SINGLE,
                        wide ? x : x & LOW,
                        0,
                        (how & 2) != 0,
                        false,
                        rounding)
                & LOW;
    }

    /// VCVT between floating point and fixed point.
    ///
    /// @param how bit 0 double, bit 1 unsigned, bit 2 to fixed point, bit 3 a word and not a halfword, from bit 4 on the bits behind the point
    public static long fixed(long x, int how, Cpu c) {
        FpUnit unit = unit(c);
        boolean wide = (how & 1) != 0;
        boolean unsigned = (how & 2) != 0;
        int size = wide ? FpUnit.DOUBLE : FpUnit.SINGLE;
        int bits = (how & 8) != 0 ? 32 : 16;
        int fraction = how >> 4;
        if ((how & 4) == 0) {
            long value = x << 64 - bits;
            value = unsigned ? value >>> 64 - bits : value >> 64 - bits;
            int control = unit.control();
            unit.setControl(control & ~(3 << 22));
            long result = unit.fromFixed(size, value, fraction, unsigned);
            unit.setControl(control);
            return result;
        }
        int before = unit.status();
        long value = unit.toFixed(size, wide ? x : x & LOW, fraction, false, true, FpUnit.TRUNCATE);
        long least = unsigned ? 0 : -(1L << bits - 1);
        long most = unsigned ? (1L << bits) - 1 : (1L << bits - 1) - 1;
        long result = Math.clamp(value, least, most);
        if (result != value) {
            unit.setStatus(before);
            unit.raise(1);
        }
        return wide ? result : result & LOW;
    }

    /// VCVTB and VCVTT.
    ///
    /// @param how bit 0 to half precision, bit 1 the top half
    /// @param before what the other half is taken from
    public static long half(long x, long before, int how, Cpu c) {
        int shift = (how & 2) != 0 ? 16 : 0;
        if ((how & 1) == 0) {
            return unit(c).convert(FpUnit.HALF, FpUnit.SINGLE, x >>> shift & 0xffff);
        }
        long half = unit(c).convert(FpUnit.SINGLE, FpUnit.HALF, x & LOW);
        return before & 0xffff_0000L >>> shift | half << shift;
    }
}
