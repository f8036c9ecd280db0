package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import org.objectweb.asm.Opcodes;
import straddle.tcg.Cpu;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.Flags;
import straddle.tcg.op.MicroOp;
import straddle.tcg.op.Reg;
import straddle.tcg.x86.fp.SseConvert;
import straddle.tcg.x86.fp.SseInteger;
import straddle.tcg.x86.fp.SseShuffle;
import straddle.tcg.x86.fp.SseString;

/// What goes between XMM registers and general registers or flags. XMM registers are indices in
/// [X86Cpu#v], general ones slots.
final class VectorGeneral {
    private VectorGeneral() {}

    /// d = 4 or 8 bytes of a slot, zero-extended to 16.
    static final class FromGeneral extends MicroOp {
        final int d;
        final int s;
        final int width;

        FromGeneral(int d, int s, int width) {
            this.d = d;
            this.s = s;
            this.width = width;
        }

        @Override
        public MicroOp exec(Cpu c) {
            VectorRuntime.setQuad(Reg.get(c.r, s, width), c, d);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.get(s, width);
            VectorCode.setQuad(e, d);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }

    /// A slot = 4 bytes, zero-extended, or 8 of s.
    static final class ToGeneral extends MicroOp {
        final int d;
        final int s;
        final int width;

        ToGeneral(int d, int s, int width) {
            this.d = d;
            this.s = s;
            this.width = width;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long value = VectorRuntime.half(c, s);
            c.r[d] = width == 8 ? value : value & 0xffff_ffffL;
            return next;
        }

        @Override
        public void emit(Emitter e) {
            VectorCode.half(e, s);
            e.zeroExtend(width);
            e.set(d);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }

    static final class CvtSi2Sd extends MicroOp {
        final int d;
        final int s;
        final int width;

        CvtSi2Sd(int d, int s, int width) {
            this.d = d;
            this.s = s;
            this.width = width;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long value = c.r[s];
            VectorRuntime.setHalf(
                    VectorRuntime.cvtsi2sd(width == 8 ? value : (int) value, c), c, d);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.getSigned(s, width);
            if (width == 4) {
                VectorCode.exactDouble(e, d);
            } else {
                VectorCode.unary(e, this, "cvtsi2sd", d);
            }
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }

    static final class CvtSi2Ss extends MicroOp {
        final int d;
        final int s;
        final int width;

        CvtSi2Ss(int d, int s, int width) {
            this.d = d;
            this.s = s;
            this.width = width;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long value = c.r[s];
            long half = VectorRuntime.half(c, d);
            VectorRuntime.setHalf(
                    VectorRuntime.cvtsi2ss(width == 8 ? value : (int) value, half, c), c, d);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.getSigned(s, width);
            VectorCode.scalar(e, this, "cvtsi2ss", d);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }

    /// CVT(T)SD2SI and CVT(T)SS2SI.
    static final class ConvertToInteger extends MicroOp {
        private final Op op;
        private final int d;
        private final int s;
        private final int width;

        ConvertToInteger(Op op, int d, int s, int width) {
            this.op = op;
            this.d = d;
            this.s = s;
            this.width = width;
        }

        @Override
        public MicroOp exec(Cpu c) {
            X86Cpu cpu = (X86Cpu) c;
            long value = width == 8 ? to64(cpu) : to32(cpu) & 0xffff_ffffL;
            if (SseConvert.raises(cpu.fp)) {
                throw FpuState.simdFault(cpu);
            }
            c.r[d] = value;
            return next;
        }

        @Override
        public void emit(Emitter e) {
            if (op == Op.CVTTSD2SI && width == 4) {
                VectorCode.half(e, s);
                VectorCode.toSlot(e, this, "cvttsd2si", d);
            } else {
                e.call(this);
            }
        }

        @Override
        public int emittedBytes() {
            return op == Op.CVTTSD2SI && width == 4 ? VectorCode.BYTES : super.emittedBytes();
        }

        private long to64(X86Cpu c) {
            return switch (op) {
                case CVTSD2SI -> SseConvert.cvtsd2si64(c.fp, c.v, s);
                case CVTTSD2SI -> SseConvert.cvttsd2si64(c.fp, c.v, s);
                case CVTSS2SI -> SseConvert.cvtss2si64(c.fp, c.v, s);
                default -> SseConvert.cvttss2si64(c.fp, c.v, s);
            };
        }

        private int to32(X86Cpu c) {
            return switch (op) {
                case CVTSD2SI -> SseConvert.cvtsd2si32(c.fp, c.v, s);
                case CVTTSD2SI -> SseConvert.cvttsd2si32(c.fp, c.v, s);
                case CVTSS2SI -> SseConvert.cvtss2si32(c.fp, c.v, s);
                default -> SseConvert.cvttss2si32(c.fp, c.v, s);
            };
        }
    }

    /// COMISD and UCOMISD: ZF, PF and CF; OF, SF and AF are cleared.
    static final class CompareSd extends MicroOp {
        final boolean signalQuiet;
        final int d;
        final int s;

        CompareSd(Op op, int d, int s) {
            this.signalQuiet = op == Op.COMISD;
            this.d = d;
            this.s = s;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long flags =
                    signalQuiet ? VectorRuntime.comisd(c, d, s) : VectorRuntime.ucomisd(c, d, s);
            c.setFlags(Flags.EAGER, flags, 0, 0);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            VectorCode.call(e, this, signalQuiet ? "comisd" : "ucomisd", "J", d, s);
            e.keep(Emitter.R);
            e.flags(Flags.EAGER, Emitter.R, Emitter.R, Emitter.R);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }

    /// COMISS and UCOMISS.
    static final class CompareSs extends MicroOp {
        final boolean signalQuiet;
        final int d;
        final int s;

        CompareSs(Op op, int d, int s) {
            this.signalQuiet = op == Op.COMISS;
            this.d = d;
            this.s = s;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long flags =
                    signalQuiet ? VectorRuntime.comiss(c, d, s) : VectorRuntime.ucomiss(c, d, s);
            c.setFlags(Flags.EAGER, flags, 0, 0);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            VectorCode.call(e, this, signalQuiet ? "comiss" : "ucomiss", "J", d, s);
            e.keep(Emitter.R);
            e.flags(Flags.EAGER, Emitter.R, Emitter.R, Emitter.R);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }

    /// A slot = the elements' sign bits.
    static final class Mask extends MicroOp {
        private final Op op;
        private final int d;
        private final int s;

        Mask(Op op, int d, int s) {
            this.op = op;
            this.d = d;
            this.s = s;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] v = ((X86Cpu) c).v;
            c.r[d] =
                    switch (op) {
                        case PMOVMSKB -> SseShuffle.pmovmskb(v, s);
                        case MOVMSKPS -> SseShuffle.movmskps(v, s);
                        default -> SseShuffle.movmskpd(v, s);
                    };
            return next;
        }

        @Override
        public void emit(Emitter e) {
            VectorCode.function(e, "SseShuffle", VectorCode.name(op), "I", s);
            e.op(Opcodes.I2L);
            e.set(d);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }

    /// PTEST, and the string comparisons with their results in ECX or XMM0.
    static final class Test extends MicroOp {
        private final Op op;
        private final int d;
        private final int s;
        private final int imm;
        private final int width;

        Test(Op op, int d, int s, int imm, int width) {
            this.op = op;
            this.d = d;
            this.s = s;
            this.imm = imm;
            this.width = width;
        }

        @Override
        public MicroOp exec(Cpu c) {
            X86Cpu cpu = (X86Cpu) c;
            if (op == Op.PTEST) {
                c.setFlags(Flags.EAGER, SseInteger.ptest(cpu.v, d, s), 0, 0);
                return next;
            }
            return strings(cpu);
        }

        private MicroOp strings(X86Cpu c) {
            long[] v = c.v;
            int answer =
                    switch (op) {
                        case PCMPESTRI ->
                                SseString.pcmpestri(v, d, s, imm, length(c, RAX), length(c, RDX));
                        case PCMPESTRM ->
                                SseString.pcmpestrm(v, d, s, imm, length(c, RAX), length(c, RDX));
                        case PCMPISTRI -> SseString.pcmpistri(v, d, s, imm);
                        default -> SseString.pcmpistrm(v, d, s, imm);
                    };
            if (op == Op.PCMPESTRI || op == Op.PCMPISTRI) {
                c.r[RCX] = answer & 0xffff;
            }
            c.setFlags(Flags.EAGER, answer >>> SseString.FLAGS_SHIFT, 0, 0);
            return next;
        }

        private long length(X86Cpu c, int slot) {
            return width == 8 ? c.r[slot] : (int) c.r[slot];
        }
    }

    /// One element of d = 1, 2, 4 or 8 bytes of a slot.
    static final class Insert extends MicroOp {
        private final int width;
        private final int d;
        private final int s;
        private final int imm;

        Insert(int width, int d, int s, int imm) {
            this.width = width;
            this.d = d;
            this.s = s;
            this.imm = imm;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] v = ((X86Cpu) c).v;
            long value = c.r[s];
            switch (width) {
                case 1 -> SseShuffle.pinsrb(v, d, (int) value & 0xff, imm);
                case 2 -> SseShuffle.pinsrw(v, d, (int) value & 0xffff, imm);
                case 4 -> SseShuffle.pinsrd(v, d, (int) value, imm);
                default -> SseShuffle.pinsrq(v, d, value, imm);
            }
            return next;
        }
    }

    /// A slot = one element of s, zero-extended.
    static final class Extract extends MicroOp {
        private final int width;
        private final int d;
        private final int s;
        private final int imm;

        Extract(int width, int d, int s, int imm) {
            this.width = width;
            this.d = d;
            this.s = s;
            this.imm = imm;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] v = ((X86Cpu) c).v;
            long value =
                    switch (width) {
                        case 1 -> SseShuffle.pextrb(v, s, imm);
                        case 2 -> SseShuffle.pextrw(v, s, imm);
                        case 4 -> SseShuffle.pextrd(v, s, imm);
                        default -> SseShuffle.pextrq(v, s, imm);
                    };
            Reg.set(c.r, d, width == 8 ? 8 : 4, value);
            return next;
        }
    }
}
