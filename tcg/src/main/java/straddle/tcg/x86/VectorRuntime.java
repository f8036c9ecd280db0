package straddle.tcg.x86;

import straddle.tcg.Cpu;
import straddle.tcg.mmu.Raw;
import straddle.tcg.mmu.Tlb;
import straddle.tcg.x86.fp.Binary32;
import straddle.tcg.x86.fp.Binary64;
import straddle.tcg.x86.fp.FpControl;
import straddle.tcg.x86.fp.Sse;
import straddle.tcg.x86.fp.SseConvert;

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
            Raw.putLong(host, v[s]);
            Raw.putLong(host + 8, v[s + 1]);
        } else {
            c.probeStore(at, 16);
            c.store64(at, v[s]);
            c.store64(at + 8 & linearMask, v[s + 1]);
        }
    }

    // ---- moves

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

    /// Whether the host's arithmetic gives sum, difference and product of two numbers, and nothing is to be
    /// noted: both have exponents in [-511, 512), where nothing overflows or underflows, rounding is to
    /// nearest, and the inexact exception is masked and known already.
    private static boolean isEasy(X86Cpu c, long x, long y) {
        return ((x ^ x << 1) & (y ^ y << 1) & 1L << 62) != 0
                && (c.fp.mxcsr & INEXACT_MODE) == INEXACT_KNOWN;
    }

    public static void addsd(long y, Cpu c, int d) {
        X86Cpu cpu = (X86Cpu) c;
        long x = cpu.v[d];
        if (isEasy(cpu, x, y)) {
            cpu.v[d] = bits(Double.longBitsToDouble(x) + Double.longBitsToDouble(y));
        } else {
            addCarefully(cpu, x, y, d);
        }
    }

    private static void addCarefully(X86Cpu c, long x, long y, int d) {
        long result = Binary64.add(c.fp, x, y);
        check(c);
        c.v[d] = result;
    }

    public static void subsd(long y, Cpu c, int d) {
        X86Cpu cpu = (X86Cpu) c;
        long x = cpu.v[d];
        if (isEasy(cpu, x, y)) {
            cpu.v[d] = bits(Double.longBitsToDouble(x) - Double.longBitsToDouble(y));
        } else {
            subCarefully(cpu, x, y, d);
        }
    }

    private static void subCarefully(X86Cpu c, long x, long y, int d) {
        long result = Binary64.sub(c.fp, x, y);
        check(c);
        c.v[d] = result;
    }

    public static void mulsd(long y, Cpu c, int d) {
        X86Cpu cpu = (X86Cpu) c;
        long x = cpu.v[d];
        if (isEasy(cpu, x, y)) {
            cpu.v[d] = bits(Double.longBitsToDouble(x) * Double.longBitsToDouble(y));
        } else {
            mulCarefully(cpu, x, y, d);
        }
    }

    private static void mulCarefully(X86Cpu c, long x, long y, int d) {
        long result = Binary64.mul(c.fp, x, y);
        check(c);
        c.v[d] = result;
    }

    public static void divsd(long y, Cpu c, int d) {
        X86Cpu cpu = (X86Cpu) c;
        long result = Binary64.div(cpu.fp, cpu.v[d], y);
        check(cpu);
        cpu.v[d] = result;
    }

    public static void sqrtsd(long y, Cpu c, int d) {
        X86Cpu cpu = (X86Cpu) c;
        long result = Binary64.sqrt(cpu.fp, y);
        check(cpu);
        cpu.v[d] = result;
    }

    public static void cvtsi2sd(long value, Cpu c, int d) {
        X86Cpu cpu = (X86Cpu) c;
        long result = Binary64.fromLong(cpu.fp, value);
        check(cpu);
        cpu.v[d] = result;
    }

    public static long cvttsd2si(Cpu c, int s) {
        X86Cpu cpu = (X86Cpu) c;
        long result = Binary64.truncateToInt(cpu.fp, cpu.v[s]) & LOW;
        check(cpu);
        return result;
    }

    private static long bits(double x) {
        return Double.doubleToRawLongBits(x);
    }

    // ---- binary32

    private static void setInt(X86Cpu c, int d, int value) {
        check(c);
        c.v[d] = c.v[d] & ~LOW | value & LOW;
    }

    public static void addss(long y, Cpu c, int d) {
        X86Cpu cpu = (X86Cpu) c;
        setInt(cpu, d, Binary32.add(cpu.fp, (int) cpu.v[d], (int) y));
    }

    public static void subss(long y, Cpu c, int d) {
        X86Cpu cpu = (X86Cpu) c;
        setInt(cpu, d, Binary32.sub(cpu.fp, (int) cpu.v[d], (int) y));
    }

    public static void mulss(long y, Cpu c, int d) {
        X86Cpu cpu = (X86Cpu) c;
        setInt(cpu, d, Binary32.mul(cpu.fp, (int) cpu.v[d], (int) y));
    }

    public static void divss(long y, Cpu c, int d) {
        X86Cpu cpu = (X86Cpu) c;
        setInt(cpu, d, Binary32.div(cpu.fp, (int) cpu.v[d], (int) y));
    }

    public static void cvtsi2ss(long value, Cpu c, int d) {
        X86Cpu cpu = (X86Cpu) c;
        setInt(cpu, d, Binary32.fromLong(cpu.fp, value));
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
