package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import straddle.tcg.Cpu;
import straddle.tcg.op.Flags;
import straddle.tcg.op.MicroOp;
import straddle.tcg.op.Reg;
import straddle.tcg.x86.fp.Sse;
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
            long[] v = ((X86Cpu) c).v;
            v[d] = width == 8 ? c.r[s] : c.r[s] & 0xffff_ffffL;
            v[d + 1] = 0;
            return next;
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
            long value = ((X86Cpu) c).v[s];
            c.r[d] = width == 8 ? value : value & 0xffff_ffffL;
            return next;
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
            X86Cpu cpu = (X86Cpu) c;
            long value = c.r[s];
            if (SseConvert.cvtsi2sd(cpu.fp, cpu.v, d, width == 8 ? value : (int) value)) {
                throw FpuState.simdFault(cpu);
            }
            return next;
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
            X86Cpu cpu = (X86Cpu) c;
            long value = c.r[s];
            if (SseConvert.cvtsi2ss(cpu.fp, cpu.v, d, width == 8 ? value : (int) value)) {
                throw FpuState.simdFault(cpu);
            }
            return next;
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

    /// A comparison's answer goes to ZF, PF and CF; OF, SF and AF are cleared.
    private static void compared(X86Cpu c, int flags) {
        if (flags < 0) {
            throw FpuState.simdFault(c);
        }
        c.setFlags(Flags.EAGER, flags, 0, 0);
    }

    /// COMISD and UCOMISD.
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
            X86Cpu cpu = (X86Cpu) c;
            compared(
                    cpu,
                    signalQuiet
                            ? Sse.comisd(cpu.fp, cpu.v, d, s)
                            : Sse.ucomisd(cpu.fp, cpu.v, d, s));
            return next;
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
            X86Cpu cpu = (X86Cpu) c;
            compared(
                    cpu,
                    signalQuiet
                            ? Sse.comiss(cpu.fp, cpu.v, d, s)
                            : Sse.ucomiss(cpu.fp, cpu.v, d, s));
            return next;
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
