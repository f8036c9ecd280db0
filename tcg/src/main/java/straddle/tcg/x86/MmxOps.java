package straddle.tcg.x86;

import straddle.tcg.Cpu;
import straddle.tcg.op.Ea;
import straddle.tcg.op.MicroOp;
import straddle.tcg.op.Reg;
import straddle.tcg.x86.fp.Mmx;
import straddle.tcg.x86.fp.SseConvert;
import straddle.tcg.x86.fp.X87;

/// Operations on MMX registers, which are the significands of the x87 unit's: every one of them empties
/// the x87 stack's top to 0 and marks all registers used (SDM volume 3, 13.2). `d` and `s` are their numbers.
final class MmxOps extends MicroOp {
    /// As a source: the operand that was loaded into [Vectors#SCRATCH].
    static final int MEMORY = 8;

    private final Op op;
    private final int d;
    private final int s;
    private final int imm;

    MmxOps(Op op, int d, int s, int imm) {
        this.op = op;
        this.d = d;
        this.s = s;
        this.imm = imm;
    }

    private static long source(X86Cpu c, int s) {
        return s == MEMORY ? c.v[Vectors.SCRATCH] : c.x87.mm(s);
    }

    private static void set(X86Cpu c, int d, long value) {
        c.x87.enterMmx();
        c.x87.setMm(d, value);
    }

    @Override
    public MicroOp exec(Cpu c) {
        X86Cpu cpu = (X86Cpu) c;
        set(cpu, d, first(op, cpu.x87.mm(d), source(cpu, s), imm));
        return next;
    }

    private static long first(Op op, long x, long y, int imm) {
        return switch (op) {
            case PUNPCKLBW -> Mmx.punpcklbw(x, y);
            case PUNPCKLWD -> Mmx.punpcklwd(x, y);
            case PUNPCKLDQ -> Mmx.punpckldq(x, y);
            case PACKSSWB -> Mmx.packsswb(x, y);
            case PCMPGTB -> Mmx.pcmpgtb(x, y);
            case PCMPGTW -> Mmx.pcmpgtw(x, y);
            case PCMPGTD -> Mmx.pcmpgtd(x, y);
            case PACKUSWB -> Mmx.packuswb(x, y);
            case PUNPCKHBW -> Mmx.punpckhbw(x, y);
            case PUNPCKHWD -> Mmx.punpckhwd(x, y);
            case PUNPCKHDQ -> Mmx.punpckhdq(x, y);
            case PACKSSDW -> Mmx.packssdw(x, y);
            case PSRLW -> Mmx.psrlw(x, y);
            case PSRAW -> Mmx.psraw(x, y);
            case PSLLW -> Mmx.psllw(x, y);
            case PSRLD -> Mmx.psrld(x, y);
            case PSRAD -> Mmx.psrad(x, y);
            case PSLLD -> Mmx.pslld(x, y);
            case PSRLQ -> Mmx.psrlq(x, y);
            case PSLLQ -> Mmx.psllq(x, y);
            case PCMPEQB -> Mmx.pcmpeqb(x, y);
            case PCMPEQW -> Mmx.pcmpeqw(x, y);
            case PCMPEQD -> Mmx.pcmpeqd(x, y);
            case PADDQ -> Mmx.paddq(x, y);
            case PMULLW -> Mmx.pmullw(x, y);
            case PSUBUSB -> Mmx.psubusb(x, y);
            case PSUBUSW -> Mmx.psubusw(x, y);
            case PMINUB -> Mmx.pminub(x, y);
            case PAND -> Mmx.pand(x, y);
            case PADDUSB -> Mmx.paddusb(x, y);
            case PADDUSW -> Mmx.paddusw(x, y);
            case PMAXUB -> Mmx.pmaxub(x, y);
            case PANDN -> Mmx.pandn(x, y);
            default -> second(op, x, y, imm);
        };
    }

    private static long second(Op op, long x, long y, int imm) {
        return switch (op) {
            case PAVGB -> Mmx.pavgb(x, y);
            case PAVGW -> Mmx.pavgw(x, y);
            case PMULHUW -> Mmx.pmulhuw(x, y);
            case PMULHW -> Mmx.pmulhw(x, y);
            case PSUBSB -> Mmx.psubsb(x, y);
            case PSUBSW -> Mmx.psubsw(x, y);
            case PMINSW -> Mmx.pminsw(x, y);
            case POR -> Mmx.por(x, y);
            case PADDSB -> Mmx.paddsb(x, y);
            case PADDSW -> Mmx.paddsw(x, y);
            case PMAXSW -> Mmx.pmaxsw(x, y);
            case PXOR -> Mmx.pxor(x, y);
            case PMULUDQ -> Mmx.pmuludq(x, y);
            case PMADDWD -> Mmx.pmaddwd(x, y);
            case PSADBW -> Mmx.psadbw(x, y);
            case PSUBB -> Mmx.psubb(x, y);
            case PSUBW -> Mmx.psubw(x, y);
            case PSUBD -> Mmx.psubd(x, y);
            case PSUBQ -> Mmx.psubq(x, y);
            case PADDB -> Mmx.paddb(x, y);
            case PADDW -> Mmx.paddw(x, y);
            case PADDD -> Mmx.paddd(x, y);
            case PSHUFB -> Mmx.pshufb(x, y);
            case PHADDW -> Mmx.phaddw(x, y);
            case PHADDD -> Mmx.phaddd(x, y);
            case PHADDSW -> Mmx.phaddsw(x, y);
            case PMADDUBSW -> Mmx.pmaddubsw(x, y);
            case PHSUBW -> Mmx.phsubw(x, y);
            case PHSUBD -> Mmx.phsubd(x, y);
            case PHSUBSW -> Mmx.phsubsw(x, y);
            case PSIGNB -> Mmx.psignb(x, y);
            case PSIGNW -> Mmx.psignw(x, y);
            case PSIGND -> Mmx.psignd(x, y);
            case PMULHRSW -> Mmx.pmulhrsw(x, y);
            case PABSB -> Mmx.pabsb(y);
            case PABSW -> Mmx.pabsw(y);
            case PABSD -> Mmx.pabsd(y);
            case PSHUFW -> Mmx.pshufw(y, imm);
            case PALIGNR -> Mmx.palignr(x, y, imm);
            default -> throw new IllegalStateException(op + " is no operation on MMX registers");
        };
    }

    @Override
    public String toString() {
        return "%s mm%d, mm%d, %d".formatted(op, d, s, imm);
    }

    /// Shifts by an immediate count.
    static final class ShiftBy extends MicroOp {
        private final Op op;
        private final int d;
        private final int count;

        ShiftBy(Op op, int d, int count) {
            this.op = op;
            this.d = d;
            this.count = count;
        }

        @Override
        public MicroOp exec(Cpu c) {
            X86Cpu cpu = (X86Cpu) c;
            set(cpu, d, first(op, cpu.x87.mm(d), count, 0));
            return next;
        }

        @Override
        public String toString() {
            return "%s mm%d, %d".formatted(op, d, count);
        }
    }

    /// d = 4 or 8 bytes of memory.
    static final class Load extends MicroOp {
        private final int d;
        private final int width;
        private final Ea ea;

        Load(int d, int width, Ea ea) {
            this.d = d;
            this.width = width;
            this.ea = ea;
        }

        @Override
        public MicroOp exec(Cpu c) {
            set((X86Cpu) c, d, c.load(ea.address(c), width));
            return next;
        }
    }

    /// Memory = 4 or 8 bytes of s.
    static final class Store extends MicroOp {
        private final int s;
        private final int width;
        private final Ea ea;

        Store(int s, int width, Ea ea) {
            this.s = s;
            this.width = width;
            this.ea = ea;
        }

        @Override
        public MicroOp exec(Cpu c) {
            X87 x87 = ((X86Cpu) c).x87;
            c.store(ea.address(c), width, x87.mm(s));
            x87.enterMmx();
            return next;
        }
    }

    /// d = s.
    static final class Copy extends MicroOp {
        private final int d;
        private final int s;

        Copy(int d, int s) {
            this.d = d;
            this.s = s;
        }

        @Override
        public MicroOp exec(Cpu c) {
            X86Cpu cpu = (X86Cpu) c;
            set(cpu, d, cpu.x87.mm(s));
            return next;
        }
    }

    /// d = 4 or 8 bytes of a general register, zero-extended.
    static final class MoveFromGeneral extends MicroOp {
        private final int d;
        private final int s;
        private final int width;

        MoveFromGeneral(int d, int s, int width) {
            this.d = d;
            this.s = s;
            this.width = width;
        }

        @Override
        public MicroOp exec(Cpu c) {
            set((X86Cpu) c, d, Reg.get(c.r, s, width));
            return next;
        }
    }

    /// A general register = 4 or 8 bytes of s.
    static final class MoveToGeneral extends MicroOp {
        private final int d;
        private final int s;
        private final int width;

        MoveToGeneral(int d, int s, int width) {
            this.d = d;
            this.s = s;
            this.width = width;
        }

        @Override
        public MicroOp exec(Cpu c) {
            X87 x87 = ((X86Cpu) c).x87;
            x87.enterMmx();
            Reg.set(c.r, d, width, x87.mm(s));
            return next;
        }
    }

    /// PMOVMSKB and PEXTRW.
    static final class ToGeneral extends MicroOp {
        private final Op op;
        private final int d;
        private final int s;
        private final int imm;

        ToGeneral(Op op, int d, int s, int imm) {
            this.op = op;
            this.d = d;
            this.s = s;
            this.imm = imm;
        }

        @Override
        public MicroOp exec(Cpu c) {
            X87 x87 = ((X86Cpu) c).x87;
            x87.enterMmx();
            long x = x87.mm(s);
            c.r[d] = op == Op.PEXTRW ? Mmx.pextrw(x, imm) : Mmx.pmovmskb(x);
            return next;
        }
    }

    /// PINSRW from a slot.
    static final class Insert extends MicroOp {
        private final int d;
        private final int s;
        private final int imm;

        Insert(int d, int s, int imm) {
            this.d = d;
            this.s = s;
            this.imm = imm;
        }

        @Override
        public MicroOp exec(Cpu c) {
            X86Cpu cpu = (X86Cpu) c;
            set(cpu, d, Mmx.pinsrw(cpu.x87.mm(d), (int) c.r[s] & 0xffff, imm));
            return next;
        }
    }

    /// MASKMOVQ.
    static final class StoreMasked extends MicroOp {
        private final Ea ea;
        private final int s;
        private final int mask;

        StoreMasked(Ea ea, int s, int mask) {
            this.ea = ea;
            this.s = s;
            this.mask = mask;
        }

        @Override
        public MicroOp exec(Cpu c) {
            X87 x87 = ((X86Cpu) c).x87;
            VectorMoves.storeMasked(c, ea.address(c), ea.linearMask(), x87.mm(s), x87.mm(mask));
            x87.enterMmx();
            return next;
        }
    }

    /// MOVQ2DQ and conversions of an MMX operand: `d` is an index in [X86Cpu#v].
    static final class FromMmx extends MicroOp {
        private final Op op;
        private final int d;
        private final int s;

        FromMmx(Op op, int d, int s) {
            this.op = op;
            this.d = d;
            this.s = s;
        }

        @Override
        public MicroOp exec(Cpu c) {
            X86Cpu cpu = (X86Cpu) c;
            long[] v = cpu.v;
            long x = source(cpu, s);
            // From memory they have nothing to do with the x87 unit: the SDM says so of CVTPI2PD,
            // and
            // AMD's processors hold it so with CVTPI2PS.
            if (s != MEMORY) {
                cpu.x87.enterMmx();
            }
            switch (op) {
                case CVTPI2PD -> SseConvert.cvtpi2pd(v, d, x);
                case CVTPI2PS -> {
                    long low = SseConvert.cvtpi2ps(cpu.fp, x);
                    if (SseConvert.raises(cpu.fp)) {
                        throw FpuState.simdFault(cpu);
                    }
                    v[d] = low;
                }
                default -> {
                    v[d] = x;
                    v[d + 1] = 0;
                }
            }
            return next;
        }
    }

    /// MOVDQ2Q and conversions to an MMX register: `s` is an index in [X86Cpu#v].
    static final class ToMmx extends MicroOp {
        private final Op op;
        private final int d;
        private final int s;

        ToMmx(Op op, int d, int s) {
            this.op = op;
            this.d = d;
            this.s = s;
        }

        @Override
        public MicroOp exec(Cpu c) {
            X86Cpu cpu = (X86Cpu) c;
            long[] v = cpu.v;
            // The x87 unit is in MMX's hands even if the conversion raises #XM.
            cpu.x87.enterMmx();
            long value =
                    switch (op) {
                        case CVTPS2PI -> SseConvert.cvtps2pi(cpu.fp, v[s]);
                        case CVTTPS2PI -> SseConvert.cvttps2pi(cpu.fp, v[s]);
                        case CVTPD2PI -> SseConvert.cvtpd2pi(cpu.fp, v[s], v[s + 1]);
                        case CVTTPD2PI -> SseConvert.cvttpd2pi(cpu.fp, v[s], v[s + 1]);
                        default -> v[s];
                    };
            if (op != Op.MOVDQ2Q && SseConvert.raises(cpu.fp)) {
                throw FpuState.simdFault(cpu);
            }
            set(cpu, d, value);
            return next;
        }
    }
}
