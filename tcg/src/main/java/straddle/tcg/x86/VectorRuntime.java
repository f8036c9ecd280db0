package straddle.tcg.x86;

import java.util.Arrays;
import straddle.tcg.Cpu;
import straddle.tcg.mmu.Raw;
import straddle.tcg.mmu.Tlb;
import straddle.tcg.x86.fp.Avx;
import straddle.tcg.x86.fp.Binary32;
import straddle.tcg.x86.fp.Binary64;
import straddle.tcg.x86.fp.FpControl;
import straddle.tcg.x86.fp.Sse;
import straddle.tcg.x86.fp.SseConvert;
import straddle.tcg.x86.fp.SseInteger;
import straddle.tcg.x86.fp.SseShuffle;

/// What frequent vector micro-ops do, for the interpreter and for emitted regions: small enough for HotSpot
/// to inline all of it. `d` and `s` are indices in [X86Cpu#v].
///
/// A floating-point exception that is unmasked is thrown before the destination changes.
public final class VectorRuntime {
    private static final long LOW = 0xffff_ffffL;

    private static final int INEXACT = 0x20;
    private static final int INEXACT_KNOWN = FpControl.PM | INEXACT;
    private static final int INEXACT_MODE = INEXACT_KNOWN | FpControl.RC;

    private VectorRuntime() {}

    public static long[] registers(Cpu c) {
        return ((X86Cpu) c).v;
    }

    /// Bits 255:128 of the registers.
    public static long[] uppers(Cpu c) {
        return ((X86Cpu) c).w;
    }

    public static FpControl control(Cpu c) {
        return ((X86Cpu) c).fp;
    }

    /// Raises the exception of an operation that found one unmasked.
    public static void check(boolean unmasked, Cpu c) {
        if (unmasked) {
            throw FpuState.simdFault((X86Cpu) c);
        }
    }

    private static void check(X86Cpu c) {
        if (SseConvert.raises(c.fp)) {
            throw FpuState.simdFault(c);
        }
    }

    public static void requireSse(Cpu c) {
        FpuState.requireSse((X86Cpu) c);
    }

    // ---- memory

    /// Loads 16 bytes; nothing changes unless all of them can be read.
    ///
    /// @param alignment 15 where they must be aligned, else 0
    public static void load128(long at, Cpu c, long linearMask, int d, int alignment) {
        X86Cpu cpu = (X86Cpu) c;
        if ((at & alignment) != 0) {
            throw cpu.gp();
        }
        long[] v = cpu.v;
        long entry = Tlb.entry(c.tlb, at);
        if (Raw.getLong(entry + Tlb.READ) == (at + 15 & -4096)) {
            long host = at + Raw.getLong(entry + Tlb.ADDEND);
            v[d] = Raw.getLong(host);
            v[d + 1] = Raw.getLong(host + 8);
            if (cpu.isShared()) {
                Raw.loadFence();
            }
        } else {
            long low = c.load64(at);
            v[d + 1] = c.load64(at + 8 & linearMask);
            v[d] = low;
        }
    }

    /// Stores 16 bytes, of which none changes unless all can be written.
    public static void store128(long at, Cpu c, long linearMask, int s, int alignment) {
        X86Cpu cpu = (X86Cpu) c;
        if ((at & alignment) != 0) {
            throw cpu.gp();
        }
        long[] v = cpu.v;
        long entry = Tlb.entry(c.tlb, at);
        if (Raw.getLong(entry + Tlb.WRITE) == (at + 15 & -4096)) {
            long host = at + Raw.getLong(entry + Tlb.ADDEND);
            if (cpu.isShared()) {
                Raw.storeFence();
            }
            Raw.putLong(host, v[s]);
            Raw.putLong(host + 8, v[s + 1]);
        } else {
            c.probeStore(at, 16);
            c.store64(at, v[s]);
            c.store64(at + 8 & linearMask, v[s + 1]);
        }
    }

    /// Loads 32 bytes; nothing changes unless all of them can be read.
    ///
    /// @param alignment 31 where they must be aligned, else 0
    public static void load256(long at, Cpu c, long linearMask, int d, int alignment) {
        X86Cpu cpu = (X86Cpu) c;
        if ((at & alignment) != 0) {
            throw cpu.gp();
        }
        long[] v = cpu.v;
        long[] w = cpu.w;
        long entry = Tlb.entry(c.tlb, at);
        if (Raw.getLong(entry + Tlb.READ) == (at + 31 & -4096)) {
            long host = at + Raw.getLong(entry + Tlb.ADDEND);
            v[d] = Raw.getLong(host);
            v[d + 1] = Raw.getLong(host + 8);
            w[d] = Raw.getLong(host + 16);
            w[d + 1] = Raw.getLong(host + 24);
        } else {
            long a0 = c.load64(at);
            long a1 = c.load64(at + 8 & linearMask);
            long a2 = c.load64(at + 16 & linearMask);
            w[d + 1] = c.load64(at + 24 & linearMask);
            w[d] = a2;
            v[d + 1] = a1;
            v[d] = a0;
        }
    }

    /// Stores 32 bytes, of which none changes unless all can be written.
    public static void store256(long at, Cpu c, long linearMask, int s, int alignment) {
        X86Cpu cpu = (X86Cpu) c;
        if ((at & alignment) != 0) {
            throw cpu.gp();
        }
        long[] v = cpu.v;
        long[] w = cpu.w;
        long entry = Tlb.entry(c.tlb, at);
        if (Raw.getLong(entry + Tlb.WRITE) == (at + 31 & -4096)) {
            long host = at + Raw.getLong(entry + Tlb.ADDEND);
            Raw.putLong(host, v[s]);
            Raw.putLong(host + 8, v[s + 1]);
            Raw.putLong(host + 16, w[s]);
            Raw.putLong(host + 24, w[s + 1]);
        } else {
            c.probeStore(at, 32);
            c.store64(at, v[s]);
            c.store64(at + 8 & linearMask, v[s + 1]);
            c.store64(at + 16 & linearMask, w[s]);
            c.store64(at + 24 & linearMask, w[s + 1]);
        }
    }

    // ---- moves

    /// Clears bits 255:128, as every VEX-encoded instruction of 128 bits does.
    public static void clearUpper(Cpu c, int d) {
        long[] w = ((X86Cpu) c).w;
        w[d] = 0;
        w[d + 1] = 0;
    }

    public static void copyUpper(Cpu c, int d, int s) {
        long[] w = ((X86Cpu) c).w;
        w[d] = w[s];
        w[d + 1] = w[s + 1];
    }

    /// 32 bytes.
    public static void copy256(Cpu c, int d, int s) {
        copy(c, d, s);
        copyUpper(c, d, s);
    }

    /// The low half of d = long x, the high half = long y, bits 255:128 = 0.
    public static void combine(Cpu c, int d, int x, int y) {
        long[] v = ((X86Cpu) c).v;
        long low = v[x];
        v[d + 1] = v[y];
        v[d] = low;
        clearUpper(c, d);
    }

    /// All elements of d = one of s's: the lowest, of 1, 2, 4 or 8 bytes.
    public static void broadcast(Cpu c, int d, int s, int bytes, int wide) {
        X86Cpu cpu = (X86Cpu) c;
        long x = Avx.broadcast(cpu.v[s], bytes);
        long upper = wide != 0 ? x : 0;
        cpu.v[d] = x;
        cpu.v[d + 1] = x;
        cpu.w[d] = upper;
        cpu.w[d + 1] = upper;
    }

    /// Puts the bytes of s that an operation of which each half widens eight, four or two of them takes for bits
    /// 255:128 into the upper scratch register.
    public static void spread(Cpu c, int s, int bytes) {
        X86Cpu cpu = (X86Cpu) c;
        cpu.w[Vectors.SCRATCH] = bytes == 8 ? cpu.v[s + 1] : cpu.v[s] >>> 8 * bytes;
    }

    /// Puts the lower half of s into the upper scratch register: the count of a shift.
    public static void repeat(Cpu c, int s) {
        X86Cpu cpu = (X86Cpu) c;
        cpu.w[Vectors.SCRATCH] = cpu.v[s];
        cpu.w[Vectors.SCRATCH + 1] = cpu.v[s + 1];
    }

    /// 128 bits of d = the lower longs of both halves of s: results half as wide as their operands.
    public static void narrow(Cpu c, int d, int s) {
        X86Cpu cpu = (X86Cpu) c;
        cpu.v[d] = cpu.v[s];
        cpu.v[d + 1] = cpu.w[s];
        clearUpper(c, d);
    }

    /// Clears bits 255:128 of the first registers, or all of them.
    public static void zero(Cpu c, int registers, int all) {
        X86Cpu cpu = (X86Cpu) c;
        Arrays.fill(cpu.w, 0, 2 * registers, 0);
        if (all != 0) {
            Arrays.fill(cpu.v, 0, 2 * registers, 0);
        }
    }

    /// d = a with its half 0 or 1 replaced by the lower half of b.
    public static void insert128(Cpu c, int d, int a, int b, int half) {
        X86Cpu cpu = (X86Cpu) c;
        long low = cpu.v[b];
        long high = cpu.v[b + 1];
        if (d != a) {
            copy256(c, d, a);
        }
        long[] to = half != 0 ? cpu.w : cpu.v;
        to[d] = low;
        to[d + 1] = high;
    }

    /// d = half 0 or 1 of s, zero-extended.
    public static void extract128(Cpu c, int d, int s, int half) {
        X86Cpu cpu = (X86Cpu) c;
        long[] from = half != 0 ? cpu.w : cpu.v;
        cpu.v[d] = from[s];
        cpu.v[d + 1] = from[s + 1];
        clearUpper(c, d);
    }

    public static long pmovmskb256(Cpu c, int s) {
        X86Cpu cpu = (X86Cpu) c;
        return SseShuffle.pmovmskb(cpu.v, s) | (long) SseShuffle.pmovmskb(cpu.w, s) << 16;
    }

    public static long movmskps256(Cpu c, int s) {
        X86Cpu cpu = (X86Cpu) c;
        return SseShuffle.movmskps(cpu.v, s) | SseShuffle.movmskps(cpu.w, s) << 4;
    }

    public static long movmskpd256(Cpu c, int s) {
        X86Cpu cpu = (X86Cpu) c;
        return SseShuffle.movmskpd(cpu.v, s) | SseShuffle.movmskpd(cpu.w, s) << 2;
    }

    /// VPTEST, VTESTPS and VTESTPD on 16 or 32 bytes: the flags for RFLAGS.
    public static long vptest(Cpu c, int d, int s, int wide) {
        X86Cpu cpu = (X86Cpu) c;
        int low = SseInteger.ptest(cpu.v, d, s);
        return wide != 0 ? low & SseInteger.ptest(cpu.w, d, s) : low;
    }

    public static long vtestps(Cpu c, int d, int s, int wide) {
        X86Cpu cpu = (X86Cpu) c;
        int low = Avx.vtestps(cpu.v, d, s);
        return wide != 0 ? low & Avx.vtestps(cpu.w, d, s) : low;
    }

    public static long vtestpd(Cpu c, int d, int s, int wide) {
        X86Cpu cpu = (X86Cpu) c;
        int low = Avx.vtestpd(cpu.v, d, s);
        return wide != 0 ? low & Avx.vtestpd(cpu.w, d, s) : low;
    }

    /// Begins an operation on both halves.
    public static void gather(Cpu c) {
        ((X86Cpu) c).fp.gather();
    }

    /// Ends it, before the destination changes.
    public static void settle(Cpu c) {
        X86Cpu cpu = (X86Cpu) c;
        if (cpu.fp.settle()) {
            throw FpuState.simdFault(cpu);
        }
    }

    public static void requireAvx(Cpu c) {
        FpuState.requireAvx((X86Cpu) c);
    }

    /// One half of a register.
    public static long half(Cpu c, int s) {
        return ((X86Cpu) c).v[s];
    }

    /// Sets one half.
    public static void setHalf(long value, Cpu c, int d) {
        ((X86Cpu) c).v[d] = value;
    }

    /// Sets the low half and clears the high one.
    public static void setQuad(long value, Cpu c, int d) {
        long[] v = ((X86Cpu) c).v;
        v[d] = value;
        v[d + 1] = 0;
    }

    public static void copy(Cpu c, int d, int s) {
        long[] v = ((X86Cpu) c).v;
        v[d] = v[s];
        v[d + 1] = v[s + 1];
    }

    /// The low 4 bytes only.
    public static void copyInt(Cpu c, int d, int s) {
        long[] v = ((X86Cpu) c).v;
        v[d] = v[d] & ~LOW | v[s] & LOW;
    }

    // ---- binary64: the operand's bits are on the left, as a load leaves them

    /// Whether the host's arithmetic gives sum, difference and product of two numbers, and nothing is to be noted:
    /// both have exponents in [-511, 512), where nothing overflows or underflows, or are zero; rounding is to nearest,
    /// and the inexact exception is masked and known already.
    public static boolean isEasy(long x, long y, Cpu c) {
        return (((x ^ x << 1) & (y ^ y << 1) & 1L << 62) != 0 || isModest(x) && isModest(y))
                && isInexactKnown((X86Cpu) c);
    }

    static boolean isInexactKnown(X86Cpu c) {
        return (c.fp.mxcsr & INEXACT_MODE) == INEXACT_KNOWN;
    }

    private static boolean isModest(long x) {
        return ((x ^ x << 1) & 1L << 62) != 0 || x << 1 == 0;
    }

    /// The same for a quotient, where no number may be zero.
    public static boolean hasEasyQuotient(long x, long y, Cpu c) {
        return ((x ^ x << 1) & (y ^ y << 1) & 1L << 62) != 0 && isInexactKnown((X86Cpu) c);
    }

    /// The same for the square root of a number.
    public static boolean hasEasyRoot(long x, Cpu c) {
        return x > 0 && hasEasyQuotient(x, x, c);
    }

    /// Whether SSE instructions are allowed, and the registers there.
    public static boolean allowsSse(Cpu c) {
        return FpuState.allowsSse((X86Cpu) c);
    }

    public static long addsd(long y, long x, Cpu c) {
        X86Cpu cpu = (X86Cpu) c;
        return isEasy(x, y, cpu)
                ? bits(Double.longBitsToDouble(x) + Double.longBitsToDouble(y))
                : addCarefully(cpu, x, y);
    }

    private static long addCarefully(X86Cpu c, long x, long y) {
        long result = Binary64.add(c.fp, x, y);
        check(c);
        return result;
    }

    public static long subsd(long y, long x, Cpu c) {
        X86Cpu cpu = (X86Cpu) c;
        return isEasy(x, y, cpu)
                ? bits(Double.longBitsToDouble(x) - Double.longBitsToDouble(y))
                : subCarefully(cpu, x, y);
    }

    private static long subCarefully(X86Cpu c, long x, long y) {
        long result = Binary64.sub(c.fp, x, y);
        check(c);
        return result;
    }

    public static long mulsd(long y, long x, Cpu c) {
        X86Cpu cpu = (X86Cpu) c;
        return isEasy(x, y, cpu)
                ? bits(Double.longBitsToDouble(x) * Double.longBitsToDouble(y))
                : mulCarefully(cpu, x, y);
    }

    private static long mulCarefully(X86Cpu c, long x, long y) {
        long result = Binary64.mul(c.fp, x, y);
        check(c);
        return result;
    }

    public static long divsd(long y, long x, Cpu c) {
        X86Cpu cpu = (X86Cpu) c;
        return hasEasyQuotient(x, y, cpu)
                ? bits(Double.longBitsToDouble(x) / Double.longBitsToDouble(y))
                : divideCarefully(cpu, x, y);
    }

    private static long divideCarefully(X86Cpu c, long x, long y) {
        long result = Binary64.div(c.fp, x, y);
        check(c);
        return result;
    }

    public static long sqrtsd(long y, Cpu c) {
        X86Cpu cpu = (X86Cpu) c;
        return hasEasyRoot(y, cpu)
                ? bits(Math.sqrt(Double.longBitsToDouble(y)))
                : rootCarefully(cpu, y);
    }

    private static long rootCarefully(X86Cpu c, long y) {
        long result = Binary64.sqrt(c.fp, y);
        check(c);
        return result;
    }

    public static long cvtsi2sd(long value, Cpu c) {
        X86Cpu cpu = (X86Cpu) c;
        long result = Binary64.fromLong(cpu.fp, value);
        check(cpu);
        return result;
    }

    public static long cvttsd2si(long x, Cpu c) {
        X86Cpu cpu = (X86Cpu) c;
        long result = Binary64.truncateToInt(cpu.fp, x) & LOW;
        check(cpu);
        return result;
    }

    private static long bits(double x) {
        return Double.doubleToRawLongBits(x);
    }

    // ---- AVX's forms of these: d = a op b, with the host's arithmetic where that is easy

    public static void vaddpd(Cpu c, int d, int a, int b, int wide) {
        X86Cpu cpu = (X86Cpu) c;
        if (!areEasy(cpu, a, b, wide)) {
            AvxFloats.carefully(cpu, Op.ADDPD, d, a, b, 0, wide != 0);
            return;
        }
        addHalves(cpu.v, d, a, b);
        if (wide != 0) {
            addHalves(cpu.w, d, a, b);
        } else {
            clearUpper(c, d);
        }
    }

    private static void addHalves(long[] v, int d, int a, int b) {
        long low = bits(Double.longBitsToDouble(v[a]) + Double.longBitsToDouble(v[b]));
        v[d + 1] = bits(Double.longBitsToDouble(v[a + 1]) + Double.longBitsToDouble(v[b + 1]));
        v[d] = low;
    }

    public static void vaddsd(Cpu c, int d, int a, int b, int wide) {
        X86Cpu cpu = (X86Cpu) c;
        long x = cpu.v[a];
        long y = cpu.v[b];
        if (!isEasy(x, y, cpu)) {
            AvxFloats.carefully(cpu, Op.ADDSD, d, a, b, 0, false);
            return;
        }
        cpu.v[d + 1] = cpu.v[a + 1];
        cpu.v[d] = bits(Double.longBitsToDouble(x) + Double.longBitsToDouble(y));
        clearUpper(c, d);
    }

    public static void vsubpd(Cpu c, int d, int a, int b, int wide) {
        X86Cpu cpu = (X86Cpu) c;
        if (!areEasy(cpu, a, b, wide)) {
            AvxFloats.carefully(cpu, Op.SUBPD, d, a, b, 0, wide != 0);
            return;
        }
        subHalves(cpu.v, d, a, b);
        if (wide != 0) {
            subHalves(cpu.w, d, a, b);
        } else {
            clearUpper(c, d);
        }
    }

    private static void subHalves(long[] v, int d, int a, int b) {
        long low = bits(Double.longBitsToDouble(v[a]) - Double.longBitsToDouble(v[b]));
        v[d + 1] = bits(Double.longBitsToDouble(v[a + 1]) - Double.longBitsToDouble(v[b + 1]));
        v[d] = low;
    }

    public static void vsubsd(Cpu c, int d, int a, int b, int wide) {
        X86Cpu cpu = (X86Cpu) c;
        long x = cpu.v[a];
        long y = cpu.v[b];
        if (!isEasy(x, y, cpu)) {
            AvxFloats.carefully(cpu, Op.SUBSD, d, a, b, 0, false);
            return;
        }
        cpu.v[d + 1] = cpu.v[a + 1];
        cpu.v[d] = bits(Double.longBitsToDouble(x) - Double.longBitsToDouble(y));
        clearUpper(c, d);
    }

    public static void vmulpd(Cpu c, int d, int a, int b, int wide) {
        X86Cpu cpu = (X86Cpu) c;
        if (!areEasy(cpu, a, b, wide)) {
            AvxFloats.carefully(cpu, Op.MULPD, d, a, b, 0, wide != 0);
            return;
        }
        mulHalves(cpu.v, d, a, b);
        if (wide != 0) {
            mulHalves(cpu.w, d, a, b);
        } else {
            clearUpper(c, d);
        }
    }

    private static void mulHalves(long[] v, int d, int a, int b) {
        long low = bits(Double.longBitsToDouble(v[a]) * Double.longBitsToDouble(v[b]));
        v[d + 1] = bits(Double.longBitsToDouble(v[a + 1]) * Double.longBitsToDouble(v[b + 1]));
        v[d] = low;
    }

    public static void vmulsd(Cpu c, int d, int a, int b, int wide) {
        X86Cpu cpu = (X86Cpu) c;
        long x = cpu.v[a];
        long y = cpu.v[b];
        if (!isEasy(x, y, cpu)) {
            AvxFloats.carefully(cpu, Op.MULSD, d, a, b, 0, false);
            return;
        }
        cpu.v[d + 1] = cpu.v[a + 1];
        cpu.v[d] = bits(Double.longBitsToDouble(x) * Double.longBitsToDouble(y));
        clearUpper(c, d);
    }

    private static boolean areEasy(X86Cpu c, int a, int b, int wide) {
        long[] v = c.v;
        boolean easy = isEasy(v[a], v[b], c) && isEasy(v[a + 1], v[b + 1], c);
        if (wide == 0) {
            return easy;
        }
        long[] w = c.w;
        return easy && isEasy(w[a], w[b], c) && isEasy(w[a + 1], w[b + 1], c);
    }

    // ---- binary32

    /// x with its low 4 bytes replaced.
    private static long withInt(X86Cpu c, long x, int value) {
        check(c);
        return x & ~LOW | value & LOW;
    }

    public static long addss(long y, long x, Cpu c) {
        X86Cpu cpu = (X86Cpu) c;
        return withInt(cpu, x, Binary32.add(cpu.fp, (int) x, (int) y));
    }

    public static long subss(long y, long x, Cpu c) {
        X86Cpu cpu = (X86Cpu) c;
        return withInt(cpu, x, Binary32.sub(cpu.fp, (int) x, (int) y));
    }

    public static long mulss(long y, long x, Cpu c) {
        X86Cpu cpu = (X86Cpu) c;
        return withInt(cpu, x, Binary32.mul(cpu.fp, (int) x, (int) y));
    }

    public static long divss(long y, long x, Cpu c) {
        X86Cpu cpu = (X86Cpu) c;
        return withInt(cpu, x, Binary32.div(cpu.fp, (int) x, (int) y));
    }

    public static long cvtsi2ss(long value, long x, Cpu c) {
        X86Cpu cpu = (X86Cpu) c;
        return withInt(cpu, x, Binary32.fromLong(cpu.fp, value));
    }

    // ---- comparisons: the flags for RFLAGS

    public static long comisd(Cpu c, int d, int s) {
        X86Cpu cpu = (X86Cpu) c;
        return compared(cpu, Sse.comisd(cpu.fp, cpu.v, d, s));
    }

    public static long ucomisd(Cpu c, int d, int s) {
        X86Cpu cpu = (X86Cpu) c;
        return compared(cpu, Sse.ucomisd(cpu.fp, cpu.v, d, s));
    }

    public static long comiss(Cpu c, int d, int s) {
        X86Cpu cpu = (X86Cpu) c;
        return compared(cpu, Sse.comiss(cpu.fp, cpu.v, d, s));
    }

    public static long ucomiss(Cpu c, int d, int s) {
        X86Cpu cpu = (X86Cpu) c;
        return compared(cpu, Sse.ucomiss(cpu.fp, cpu.v, d, s));
    }

    private static long compared(X86Cpu c, int flags) {
        if (flags < 0) {
            throw FpuState.simdFault(c);
        }
        return flags;
    }
}
