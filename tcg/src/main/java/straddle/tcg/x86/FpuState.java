package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import straddle.core.arch.x86.X86State;
import straddle.tcg.Cpu;
import straddle.tcg.GuestFault;
import straddle.tcg.op.Ea;
import straddle.tcg.op.MicroOp;
import straddle.tcg.x86.fp.FpControl;
import straddle.tcg.x86.fp.FpImages;

/// Instructions on the x87, MMX and SSE state as a whole: FXSAVE and FXRSTOR, MXCSR, FWAIT and EMMS (SDM volume 1,
/// 10.5); and what decides whether others of the units may run. XSAVE and its kin are [ExtendedState]'s.
final class FpuState extends MicroOp {
    /// Bytes of the legacy region that are written: the last 96 are the system's.
    private static final int WRITTEN = 416;

    private static final int MXCSR = 24;
    private static final int XMM = 160;
    private static final int LEGACY_BYTES = 512;

    /// Where the standard format has bits 255:128 of the YMM registers.
    private static final int YMM = 576;

    private static final int X87 = XsaveLayout.X87;
    private static final int SSE = XsaveLayout.SSE;
    private static final int AVX = XsaveLayout.AVX;

    private final Op op;
    private final Ea ea;
    private final int segment;
    private final boolean wide;
    private final boolean vex;

    FpuState(Insn insn, Ea ea, int segment) {
        this.op = insn.op;
        this.ea = ea;
        this.segment = segment;
        this.wide = insn.rexW;
        this.vex = insn.vex;
    }

    // ---- the whole state

    static void load(X86Cpu c, X86State s) {
        c.extendedAway = false;
        long components = s.xsaveBuffer().getLong(X86State.XSTATE_BV_OFFSET);
        loadX87(c, s.xsave, true, (components & X87) != 0);
        loadXmm(c, s.xsave, 16, (components & SSE) != 0);
        for (int i = 0; i < 32; i++) {
            c.w[i] = (components & AVX) != 0 ? s.xsaveBuffer().getLong(YMM + 8 * i) : 0;
        }
        c.fp.mxcsr = s.xsaveBuffer().getInt(MXCSR) & FpControl.MXCSR_MASK;
    }

    /// Components that this CPU has not are passed on as they were loaded.
    static void save(X86Cpu c, X86State s) {
        c.needExtended();
        System.arraycopy(c.loaded.xsave, 0, s.xsave, 0, s.xsave.length);
        ByteBuffer area = s.xsaveBuffer();
        int mask = area.getInt(MXCSR + 4);
        FpImages.fxsave(c.x87, c.fp, c.v, s.xsave, true, 16);
        area.putInt(MXCSR + 4, mask);
        for (int i = 0; i < 32; i++) {
            area.putLong(YMM + 8 * i, c.w[i]);
        }
        long components = area.getLong(X86State.XSTATE_BV_OFFSET);
        area.putLong(X86State.XSTATE_BV_OFFSET, components | ExtendedState.inUse(c));
    }

    static void loadX87(X86Cpu c, byte[] image, boolean wide, boolean present) {
        if (present) {
            FpImages.loadX87(c.x87, image, wide);
        } else {
            initializeX87(c);
        }
    }

    private static void initializeX87(X86Cpu c) {
        c.x87.fninit();
        for (int i = 0; i < 8; i++) {
            c.x87.significand[i] = 0;
            c.x87.signExponent[i] = 0;
        }
    }

    static void loadXmm(X86Cpu c, byte[] image, int registers, boolean present) {
        ByteBuffer area = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 2 * registers; i++) {
            c.v[i] = present ? area.getLong(XMM + 8 * i) : 0;
        }
    }

    /// Which of the x87 and SSE components differ from their initial configuration.
    static int inUse(X86Cpu c) {
        long x87 =
                c.x87.fnstcw() ^ 0x37f
                        | c.x87.fnstsw()
                        | c.x87.tagByte()
                        | c.x87.instructionPointer
                        | c.x87.instructionSelector
                        | c.x87.dataPointer
                        | c.x87.dataSelector
                        | c.x87.opcode;
        for (int i = 0; i < 8; i++) {
            x87 |= c.x87.significand[i] | c.x87.signExponent[i];
        }
        long xmm = 0;
        for (int i = 0; i < 32; i++) {
            xmm |= c.v[i];
        }
        return (x87 != 0 ? X87 : 0) | (xmm != 0 ? SSE : 0);
    }

    // ---- what allows the units

    /// SSE instructions need these (SDM volume 3, 14.1).
    static void requireSse(X86Cpu c) {
        c.needExtended();
        if ((c.cr0 & CR0_EM) != 0 || (c.cr4 & CR4_OSFXSR) == 0) {
            throw c.fault(UD);
        }
        if ((c.cr0 & CR0_TS) != 0) {
            throw c.fault(NM);
        }
    }

    /// Whether [#requireSse] has nothing to do.
    static boolean allowsSse(X86Cpu c) {
        return c.hasExtended() && (c.cr0 & (CR0_EM | CR0_TS)) == 0 && (c.cr4 & CR4_OSFXSR) != 0;
    }

    /// Instructions with a VEX prefix on vector registers need these (SDM volume 2, 2.4).
    static void requireAvx(X86Cpu c) {
        c.needExtended();
        if ((c.cr4 & CR4_OSXSAVE) == 0 || (c.xcr0 & (SSE | AVX)) != (SSE | AVX)) {
            throw c.fault(UD);
        }
        if ((c.cr0 & CR0_TS) != 0) {
            throw c.fault(NM);
        }
    }

    /// x87 instructions need this; FXSAVE and FXRSTOR too.
    static void requireX87(X86Cpu c) {
        c.needExtended();
        if ((c.cr0 & (CR0_EM | CR0_TS)) != 0) {
            throw c.fault(NM);
        }
    }

    /// MMX instructions need these (SDM volume 3, 13.1 and 13.4).
    static void requireMmx(X86Cpu c) {
        c.needExtended();
        if ((c.cr0 & CR0_EM) != 0) {
            throw c.fault(UD);
        }
        if ((c.cr0 & CR0_TS) != 0) {
            throw c.fault(NM);
        }
        requireNoError(c);
    }

    /// Raises an x87 exception that is pending. Without CR0.NE a PC's board would answer FERR# with IRQ 13;
    /// here it is ignored, as if IGNNE# were asserted.
    static void requireNoError(X86Cpu c) {
        if (c.x87.errorPending() && (c.cr0 & CR0_NE) != 0) {
            throw c.fault(MF);
        }
    }

    /// The exception for an unmasked SSE floating-point exception.
    static GuestFault simdFault(X86Cpu c) {
        return c.fault((c.cr4 & CR4_OSXMMEXCPT) != 0 ? XM : UD);
    }

    // ---- instructions

    @Override
    public MicroOp exec(Cpu cpu) {
        X86Cpu c = (X86Cpu) cpu;
        switch (op) {
            case FWAIT -> {
                c.needExtended();
                if ((c.cr0 & (CR0_MP | CR0_TS)) == (CR0_MP | CR0_TS)) {
                    throw c.fault(NM);
                }
                requireNoError(c);
            }
            case EMMS -> {
                requireMmx(c);
                c.x87.emms();
            }
            case LDMXCSR -> {
                require(c);
                int value = (int) c.load(c.linear(segment, ea.offset(c), 4, false), 4);
                if ((value & ~FpControl.MXCSR_MASK) != 0) {
                    throw c.gp();
                }
                c.fp.mxcsr = value;
            }
            case STMXCSR -> {
                require(c);
                c.store(c.linear(segment, ea.offset(c), 4, true), 4, c.fp.mxcsr);
            }
            case FXSAVE -> {
                requireX87(c);
                long at = area(c, 16, LEGACY_BYTES, true);
                FpImages.fxsave(c.x87, c.fp, c.v, c.fpuImage, wide, registers(c));
                write(c, at, 0, XMM + 16 * registers(c));
            }
            case FXRSTOR -> {
                requireX87(c);
                read(c, area(c, 16, LEGACY_BYTES, false), WRITTEN);
                if (!FpImages.fxrstor(c.x87, c.fp, c.v, c.fpuImage, wide, registers(c))) {
                    throw c.gp();
                }
            }
            default -> throw new IllegalStateException(op + " is none of the FPU state's");
        }
        return next;
    }

    private void require(X86Cpu c) {
        if (vex) {
            requireAvx(c);
        } else {
            requireSse(c);
        }
    }

    private static int registers(X86Cpu c) {
        return c.is64() ? 16 : 8;
    }

    /// The linear address of an area, which must be aligned and, if it is written, writable.
    private long area(X86Cpu c, int alignment, int bytes, boolean write) {
        long at = c.linear(segment, ea.offset(c), bytes, write);
        if ((at & alignment - 1) != 0) {
            throw c.gp();
        }
        if (write) {
            c.probeStore(at, 1);
            c.probeStore(at + bytes - 1 & c.addressMask(), 1);
        }
        return at;
    }

    /// Stores a part of the image.
    private static void write(X86Cpu c, long at, int from, int to) {
        ByteBuffer image = ByteBuffer.wrap(c.fpuImage).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = from; i < to; i += 8) {
            c.store64(at + i & c.addressMask(), image.getLong(i));
        }
    }

    private static void read(X86Cpu c, long at, int bytes) {
        ByteBuffer image = ByteBuffer.wrap(c.fpuImage).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < bytes; i += 8) {
            image.putLong(i, c.load64(at + i & c.addressMask()));
        }
    }

    @Override
    public String toString() {
        return ea == null ? op.toString() : op + " " + ea;
    }
}
