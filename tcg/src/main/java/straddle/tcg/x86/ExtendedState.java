package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;
import static straddle.tcg.x86.XsaveLayout.AVX;
import static straddle.tcg.x86.XsaveLayout.HEADER_END;
import static straddle.tcg.x86.XsaveLayout.SSE;
import static straddle.tcg.x86.XsaveLayout.X87;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import straddle.core.arch.x86.X86State;
import straddle.tcg.Cpu;
import straddle.tcg.op.Ea;
import straddle.tcg.op.MicroOp;
import straddle.tcg.x86.fp.FpControl;
import straddle.tcg.x86.fp.FpImages;

/// XSAVE, XRSTOR and their kin (SDM volume 1, 13.7 to 13.12).
///
/// Components in their initial configuration are not written where the instruction may leave them out. What was not
/// modified since the last XRSTOR is written all the same, as a processor may. There are no supervisor components.
final class ExtendedState extends MicroOp {
    private static final int MXCSR = 24;
    private static final int XMM = 160;

    /// Bytes of the legacy region that hold state.
    private static final int LEGACY_STATE = 416;

    private static final int XSTATE_BV = 512;
    private static final int XCOMP_BV = 520;
    private static final int FIRST_EXTENDED = 2;
    private static final long COMPACTED = Long.MIN_VALUE;

    private final Op op;
    private final Ea ea;
    private final int segment;
    private final boolean wide;

    ExtendedState(Insn insn, Ea ea, int segment) {
        this.op = insn.op;
        this.ea = ea;
        this.segment = segment;
        this.wide = insn.rexW;
    }

    /// XINUSE: the components that differ from their initial configuration.
    static long inUse(X86Cpu c) {
        c.needExtended();
        long carried = c.loaded.xsaveBuffer().getLong(X86State.XSTATE_BV_OFFSET);
        long upper = 0;
        for (int i = 0; i < 32; i++) {
            upper |= c.w[i];
        }
        return FpuState.inUse(c) | (upper != 0 ? AVX : 0) | carried & -(2L * AVX);
    }

    @Override
    public MicroOp exec(Cpu cpu) {
        X86Cpu c = (X86Cpu) cpu;
        c.needExtended();
        if ((c.cr4 & CR4_OSXSAVE) == 0) {
            throw c.fault(UD);
        }
        if ((c.cr0 & CR0_TS) != 0) {
            throw c.fault(NM);
        }
        boolean supervisor = op == Op.XSAVES || op == Op.XRSTORS;
        if (supervisor && c.cpl != 0) {
            throw c.gp();
        }
        long requested = (c.r[RDX] << 32 | c.r[RAX] & 0xffff_ffffL) & c.xcr0;
        if (op == Op.XRSTOR || op == Op.XRSTORS) {
            restore(c, requested);
        } else {
            save(c, requested);
        }
        return next;
    }

    private static int registers(X86Cpu c) {
        return c.is64() ? 16 : 8;
    }

    private XsaveLayout layout(X86Cpu c) {
        return c.model.xsaveLayout();
    }

    /// The linear address of an area of a size, which must be aligned.
    private long area(X86Cpu c, int bytes, boolean write) {
        long at = c.linear(segment, ea.offset(c), bytes, write);
        if ((at & 63) != 0) {
            throw c.gp();
        }
        return at;
    }

    // ---- XSAVE

    private void save(X86Cpu c, long requested) {
        boolean compacts = op == Op.XSAVEC || op == Op.XSAVES;
        long used = inUse(c);
        if (compacts && c.fp.mxcsr != FpControl.RESET) {
            used |= SSE;
        }
        long written = op == Op.XSAVE ? requested : requested & used;
        int bytes =
                compacts ? layout(c).compactedBytes(requested) : layout(c).standardBytes(written);
        long at = area(c, bytes, true);
        long mask = c.addressMask();
        c.probeStore(at, 1);
        c.probeStore(at + bytes - 1 & mask, 1);
        saveLegacy(c, at, written, ((compacts ? written : requested) & (SSE | AVX)) != 0);
        for (int i = FIRST_EXTENDED; written >>> i != 0; i++) {
            if ((written >>> i & 1) != 0) {
                int offset =
                        compacts ? layout(c).compactedOffset(requested, i) : layout(c).offset(i);
                saveComponent(c, at + offset, i);
            }
        }
        if (compacts) {
            c.store64(at + XSTATE_BV & mask, requested & used);
            c.store64(at + XCOMP_BV & mask, requested | COMPACTED);
        } else {
            long before = c.load64(at + XSTATE_BV & mask);
            c.store64(at + XSTATE_BV & mask, before & ~requested | requested & used);
        }
    }

    /// MXCSR belongs to SSE's component in the compacted format, and to SSE's and AVX's in the standard one.
    private void saveLegacy(X86Cpu c, long at, long written, boolean withMxcsr) {
        FpImages.fxsave(c.x87, c.fp, c.v, c.fpuImage, wide, registers(c));
        boolean compacts = op == Op.XSAVEC || op == Op.XSAVES;
        if ((written & X87) != 0) {
            write(c, at, 0, MXCSR);
            write(c, at, MXCSR + 8, XMM);
        }
        if (compacts ? (written & SSE) != 0 : withMxcsr) {
            write(c, at, MXCSR, MXCSR + 8);
        }
        if ((written & SSE) != 0) {
            write(c, at, XMM, XMM + 16 * registers(c));
        }
    }

    private static void write(X86Cpu c, long at, int from, int to) {
        ByteBuffer image = ByteBuffer.wrap(c.fpuImage).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = from; i < to; i += 8) {
            c.store64(at + i & c.addressMask(), image.getLong(i));
        }
    }

    private void saveComponent(X86Cpu c, long at, int number) {
        long mask = c.addressMask();
        if (1 << number == AVX) {
            for (int i = 0; i < 2 * registers(c); i++) {
                c.store64(at + 8L * i & mask, c.w[i]);
            }
            return;
        }
        ByteBuffer carried = c.loaded.xsaveBuffer();
        for (int i = 0; i < layout(c).bytes(number); i += 8) {
            c.store64(at + i & mask, carried.getLong(layout(c).offset(number) + i));
        }
    }

    // ---- XRSTOR

    private void restore(X86Cpu c, long requested) {
        long at = area(c, HEADER_END, false);
        long mask = c.addressMask();
        long present = c.load64(at + XSTATE_BV & mask);
        long compaction = c.load64(at + XCOMP_BV & mask);
        boolean compacted = compaction < 0;
        long format = compacted ? compaction & ~COMPACTED : c.xcr0;
        boolean bad = !compacted && (compaction != 0 || op == Op.XRSTORS);
        bad |= (format & ~c.xcr0) != 0 || (present & ~format) != 0;
        int reservedEnd = compacted ? HEADER_END : XSTATE_BV + 24;
        for (int i = XSTATE_BV + 16; i < reservedEnd; i += 8) {
            bad |= c.load64(at + i & mask) != 0;
        }
        if (bad) {
            throw c.gp();
        }
        ByteBuffer image = ByteBuffer.wrap(c.fpuImage).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < LEGACY_STATE; i += 8) {
            image.putLong(i, c.load64(at + i & mask));
        }
        long loaded = requested & present;
        int mxcsr = c.fp.mxcsr;
        // The standard form takes MXCSR even when SSE's component is in its initial configuration.
        if (compacted && (requested & SSE) != 0) {
            mxcsr = (loaded & SSE) != 0 ? image.getInt(MXCSR) : FpControl.RESET;
        } else if (!compacted && (requested & (SSE | AVX)) != 0) {
            mxcsr = image.getInt(MXCSR);
        }
        if ((mxcsr & ~FpControl.MXCSR_MASK) != 0) {
            throw c.gp();
        }
        probeComponents(c, at, loaded, compacted, format);
        c.fp.mxcsr = mxcsr;
        if ((requested & X87) != 0) {
            FpuState.loadX87(c, c.fpuImage, wide, (loaded & X87) != 0);
        }
        if ((requested & SSE) != 0) {
            FpuState.loadXmm(c, c.fpuImage, registers(c), (loaded & SSE) != 0);
        }
        for (int i = FIRST_EXTENDED; requested >>> i != 0; i++) {
            if ((requested >>> i & 1) != 0) {
                boolean is = (loaded >>> i & 1) != 0;
                restoreComponent(c, at + offset(c, i, compacted, format), i, is);
            }
        }
    }

    private int offset(X86Cpu c, int number, boolean compacted, long format) {
        return compacted ? layout(c).compactedOffset(format, number) : layout(c).offset(number);
    }

    /// Faults, if a component can't be read, before any of them changes.
    private void probeComponents(X86Cpu c, long at, long loaded, boolean compacted, long format) {
        for (int i = FIRST_EXTENDED; loaded >>> i != 0; i++) {
            if ((loaded >>> i & 1) != 0) {
                long last = offset(c, i, compacted, format) + layout(c).bytes(i) - 8L;
                c.linear(segment, ea.offset(c) + last & ea.mask(), 8, false);
                c.load64(at + last & c.addressMask());
            }
        }
    }

    private void restoreComponent(X86Cpu c, long at, int number, boolean present) {
        long mask = c.addressMask();
        if (1 << number == AVX) {
            for (int i = 0; i < 2 * registers(c); i++) {
                c.w[i] = present ? c.load64(at + 8L * i & mask) : 0;
            }
            return;
        }
        ByteBuffer carried = c.loaded.xsaveBuffer();
        for (int i = 0; i < layout(c).bytes(number); i += 8) {
            long value = present ? c.load64(at + i & mask) : 0;
            carried.putLong(layout(c).offset(number) + i, value);
        }
        long components = carried.getLong(X86State.XSTATE_BV_OFFSET);
        long bit = 1L << number;
        carried.putLong(X86State.XSTATE_BV_OFFSET, present ? components | bit : components & ~bit);
    }

    @Override
    public String toString() {
        return op + " " + ea;
    }
}
