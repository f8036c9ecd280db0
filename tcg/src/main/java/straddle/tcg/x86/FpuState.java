package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import java.nio.ByteBuffer;
import straddle.core.arch.x86.X86State;
import straddle.tcg.op.Ea;
import straddle.tcg.x86.fp.FpControl;

/// Saves and restores x87, MMX and SSE state: FXSAVE, XSAVE and their kin (SDM volume 1, 10.5 and chapter 13).
final class FpuState {
    private static final int XMM = 160;
    private static final int MXCSR = 24;
    private static final int HEADER = 512;
    private static final int LEGACY = 160;

    private FpuState() {}

    static void load(X86Cpu c, X86State s) {
        ByteBuffer area = s.xsaveBuffer();
        System.arraycopy(s.xsave, 0, c.x87Image, 0, LEGACY);
        c.fp.mxcsr = area.getInt(MXCSR);
        for (int i = 0; i < 32; i++) {
            c.v[i] = area.getLong(XMM + 8 * i);
        }
    }

    static void save(X86Cpu c, X86State s) {
        System.arraycopy(c.loaded.xsave, 0, s.xsave, 0, s.xsave.length);
        System.arraycopy(c.x87Image, 0, s.xsave, 0, LEGACY);
        ByteBuffer area = s.xsaveBuffer();
        area.putInt(MXCSR, c.fp.mxcsr);
        area.putInt(MXCSR + 4, FpControl.MXCSR_MASK);
        for (int i = 0; i < 32; i++) {
            area.putLong(XMM + 8 * i, c.v[i]);
        }
        area.putLong(X86State.XSTATE_BV_OFFSET, area.getLong(X86State.XSTATE_BV_OFFSET) | 3);
    }

    /// SSE instructions need these (SDM volume 3, 14.1).
    static void requireSse(X86Cpu c) {
        if ((c.cr0 & CR0_EM) != 0 || (c.cr4 & CR4_OSFXSR) == 0) {
            throw c.fault(UD);
        }
        if ((c.cr0 & CR0_TS) != 0) {
            throw c.fault(NM);
        }
    }

    /// x87 and MMX instructions need these.
    static void requireX87(X86Cpu c) {
        if ((c.cr0 & (CR0_EM | CR0_TS)) != 0) {
            throw c.fault(NM);
        }
    }

    static void exec(X86Cpu c, Op op, Ea ea, boolean wide) {
        switch (op) {
            case LDMXCSR -> {
                requireSse(c);
                int value = (int) c.load(ea.address(c), 4);
                if ((value & ~FpControl.MXCSR_MASK) != 0) {
                    throw c.gp();
                }
                c.fp.mxcsr = value;
            }
            case STMXCSR -> {
                requireSse(c);
                c.store(ea.address(c), 4, c.fp.mxcsr);
            }
            case FXSAVE -> {
                requireX87(c);
                long at = aligned(c, ea, 16);
                saveLegacy(c, at, true);
            }
            case FXRSTOR -> {
                requireX87(c);
                restoreLegacy(c, aligned(c, ea, 16), 3);
            }
            case XSAVE, XSAVEOPT, XSAVEC -> xsave(c, ea);
            case XRSTOR -> xrstor(c, ea);
            default -> requireX87(c);
        }
    }

    private static long aligned(X86Cpu c, Ea ea, int to) {
        long at = ea.address(c);
        if ((at & to - 1) != 0) {
            throw c.gp();
        }
        return at;
    }

    private static void saveLegacy(X86Cpu c, long at, boolean sse) {
        c.probeStore(at, 1);
        c.probeStore(at + 511, 1);
        ByteBuffer image = ByteBuffer.wrap(c.x87Image).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < LEGACY; i += 8) {
            if (i != MXCSR) {
                c.store(at + i, 8, image.getLong(i));
            }
        }
        c.store(at + MXCSR, 4, c.fp.mxcsr);
        c.store(at + MXCSR + 4, 4, FpControl.MXCSR_MASK);
        if (sse) {
            int registers = c.is64() ? 32 : 16;
            for (int i = 0; i < registers; i++) {
                c.store(at + XMM + 8L * i, 8, c.v[i]);
            }
        }
    }

    private static void restoreLegacy(X86Cpu c, long at, long components) {
        int mxcsr = (int) c.load(at + MXCSR, 4);
        if ((components & 2) != 0 && (mxcsr & ~FpControl.MXCSR_MASK) != 0) {
            throw c.gp();
        }
        c.load(at + 511, 1);
        if ((components & 1) != 0) {
            ByteBuffer image = ByteBuffer.wrap(c.x87Image).order(java.nio.ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < LEGACY; i += 8) {
                image.putLong(i, c.load(at + i, 8));
            }
        }
        if ((components & 2) != 0) {
            c.fp.mxcsr = mxcsr;
            int registers = c.is64() ? 32 : 16;
            for (int i = 0; i < registers; i++) {
                c.v[i] = c.load(at + XMM + 8L * i, 8);
            }
        }
    }

    private static long requested(X86Cpu c) {
        if ((c.cr4 & CR4_OSXSAVE) == 0) {
            throw c.fault(UD);
        }
        if ((c.cr0 & CR0_TS) != 0) {
            throw c.fault(NM);
        }
        return (c.r[RDX] << 32 | c.r[RAX] & 0xffff_ffffL) & c.xcr0;
    }

    private static void xsave(X86Cpu c, Ea ea) {
        long components = requested(c);
        long at = aligned(c, ea, 64);
        long header = c.load(at + HEADER, 8);
        saveLegacy(c, at, (components & 2) != 0);
        c.store(at + HEADER, 8, header & ~components | components);
    }

    private static void xrstor(X86Cpu c, Ea ea) {
        long components = requested(c);
        long at = aligned(c, ea, 64);
        long present = c.load(at + HEADER, 8);
        if (c.load(at + HEADER + 8, 8) != 0 || (present & ~c.xcr0) != 0) {
            throw c.gp();
        }
        restoreLegacy(c, at, components & present);
        long initial = components & ~present;
        if ((initial & 2) != 0) {
            java.util.Arrays.fill(c.v, 0, 32, 0);
        }
    }
}
