package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import java.util.List;
import straddle.tcg.Cpu;
import straddle.tcg.op.Ea;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.Flags;
import straddle.tcg.op.MicroOp;

/// Which micro-ops an instruction on vector registers becomes that is encoded with VEX.
///
/// A YMM register's bits 255:128 are in [X86Cpu#w], the others in [X86Cpu#v] as SSE has them. A memory operand is
/// loaded into the spare register [Vectors#SCRATCH] first. Instructions of 128 bits and scalar ones clear bits 255:128
/// of their destination (SDM volume 1, 14.1.3). Operands need no alignment but for the moves that demand it
/// (14.9).
final class AvxVectors {
    private static final int SCRATCH = Vectors.SCRATCH;
    private static final int SPARE = AvxIntegers.SPARE;
    private static final int NONE = AvxIntegers.NONE;

    private final Translator to;
    private boolean checked;

    AvxVectors(Translator to) {
        this.to = to;
    }

    void beginBlock() {
        checked = false;
    }

    /// Makes the block check, if it has not yet, that AVX instructions are allowed.
    void requireAvx() {
        if (!checked) {
            checked = true;
            to.append(new AvxMoves.RequireAvx());
        }
    }

    /// Gathers whose registers are not three different ones are #UD (SDM volume 2, 2.4.8).
    static boolean isValid(Insn insn) {
        return insn.op != Op.VGATHER
                || insn.reg != insn.vvvv
                        && insn.reg != insn.vectorIndex
                        && insn.vvvv != insn.vectorIndex;
    }

    void emit(Insn insn) {
        requireAvx();
        if (!emitMove(insn) && !emitGeneral(insn) && !emitAcross(insn)) {
            emitArithmetic(insn);
        }
    }

    // ---- operands

    private static int reg(Insn insn) {
        return 2 * insn.reg;
    }

    private static int rm(Insn insn) {
        return 2 * insn.rm;
    }

    private static int vvvv(Insn insn) {
        return 2 * insn.vvvv;
    }

    /// Whether it is 256 bits that are computed: scalar instructions ignore VEX.L.
    private static boolean isWide(Insn insn) {
        return insn.wide
                && insn.row.operands().stream()
                        .anyMatch(operand ->
                                switch (operand) {
                                    case Vx, Wx, Wxh, Wxq, Wxo, Ux, Mx, Hx, Vqq, Wqq, Hqq, Mvs ->
                                            true;
                                    default -> false;
                                });
    }

    /// Bytes of a memory operand.
    private static int bytes(Insn insn, Operand operand) {
        int whole = insn.wide ? 32 : 16;
        return switch (operand) {
            case Wb -> 1;
            case Ww -> 2;
            case Wd, Md -> 4;
            case Wq, Mq -> 8;
            case Wdq, Mdq -> 16;
            case Wqq -> 32;
            case Wx, Mx -> whole;
            case Wxh -> whole / 2;
            case Wxq -> whole / 4;
            case Wxo -> whole / 8;
            default -> throw new IllegalStateException(insn.row + ": no size of " + operand);
        };
    }

    private void load(int d, int bytes, Ea ea, int alignment) {
        to.append(
                switch (bytes) {
                    case 32 -> new AvxMoves.Load256(d, ea, alignment);
                    case 16 -> new VectorMoves.Load128(d, ea, alignment);
                    case 8 -> new VectorMoves.Load64(d, ea);
                    case 4 -> new VectorMoves.Load32(d, ea);
                    default -> new VectorMoves.LoadNarrow(d, bytes, ea);
                });
    }

    private void store(int s, int bytes, Ea ea, int alignment) {
        to.append(
                switch (bytes) {
                    case 32 -> new AvxMoves.Store256(s, ea, alignment);
                    case 16 -> new VectorMoves.Store128(s, ea, alignment);
                    case 8 -> new VectorMoves.Store64(s, ea);
                    default -> new VectorMoves.Store32(s, ea);
                });
    }

    /// The index of the operand that ModR/M.rm names, which is loaded if it is in memory.
    private int source(Insn insn, Operand operand) {
        if (insn.isRegister()) {
            return rm(insn);
        }
        int bytes = bytes(insn, operand);
        load(SCRATCH, bytes, to.ea(insn, bytes, false), 0);
        return SCRATCH;
    }

    private void clearUpper(int d) {
        to.append(new AvxMoves.ClearUpper(d));
    }

    private void copy(int d, int s) {
        if (d != s) {
            to.append(new VectorMoves.Copy(d, s));
        }
    }

    // ---- moves

    private boolean emitMove(Insn insn) {
        switch (insn.op) {
            case MOVUPS, LDDQU -> move(insn, false);
            case MOVAPS, MOVNTDQA, MOVNTPS -> move(insn, true);
            case MOVSS -> moveScalar(insn, 4);
            case MOVSD -> moveScalar(insn, 8);
            case MOVLPS, MOVHPS -> moveHalf(insn);
            case MOVHLPS ->
                    to.append(new AvxMoves.Combine(reg(insn), rm(insn) + 1, vvvv(insn) + 1));
            case MOVLHPS -> to.append(new AvxMoves.Combine(reg(insn), vvvv(insn), rm(insn)));
            case MOVQ -> moveQuad(insn);
            case MOVD -> moveGeneral(insn);
            case MASKMOVDQU -> {
                insn.base = RDI;
                insn.mod = 0;
                to.append(new VectorMoves.StoreMasked(to.ea(insn, 16, true), reg(insn), rm(insn)));
            }
            case VMASKMOV -> moveMasked(insn);
            case VGATHER -> {
                int bytes = insn.rexW ? 8 : 4;
                int indexBytes = (insn.opcode & 1) != 0 ? 8 : 4;
                int segment = to.defaultSegment(insn);
                insn.index = -1;
                to.append(new AvxMemory.Gather(insn, to.plainEa(insn), segment, bytes, indexBytes));
            }
            case VZEROUPPER, VZEROALL ->
                    to.append(new AvxMoves.Zero(insn.op == Op.VZEROALL, insn.mode == 64 ? 16 : 8));
            default -> {
                return false;
            }
        }
        return true;
    }

    private static boolean isStore(Insn insn) {
        return switch (insn.row.operands().getFirst()) {
            case Vx, Vdq, Vqq -> false;
            default -> true;
        };
    }

    private void move(Insn insn, boolean aligned) {
        boolean store = isStore(insn);
        int bytes = insn.wide ? 32 : 16;
        if (insn.isMemory()) {
            Ea ea = to.ea(insn, bytes, store);
            int alignment = aligned ? bytes - 1 : 0;
            if (store) {
                store(reg(insn), bytes, ea, alignment);
                return;
            }
            load(reg(insn), bytes, ea, alignment);
            if (!insn.wide) {
                clearUpper(reg(insn));
            }
            return;
        }
        int d = store ? rm(insn) : reg(insn);
        int s = store ? reg(insn) : rm(insn);
        if (insn.wide) {
            to.append(new AvxMoves.Copy256(d, s));
        } else {
            to.append(new AvxMoves.Combine(d, s, s + 1));
        }
    }

    private void moveScalar(Insn insn, int bytes) {
        boolean store = isStore(insn);
        if (insn.isMemory()) {
            Ea ea = to.ea(insn, bytes, store);
            if (store) {
                store(reg(insn), bytes, ea, 0);
            } else {
                load(reg(insn), bytes, ea, 0);
                clearUpper(reg(insn));
            }
            return;
        }
        int d = store ? rm(insn) : reg(insn);
        int s = store ? reg(insn) : rm(insn);
        to.append(
                bytes == 8
                        ? new AvxMoves.Combine(d, s, vvvv(insn) + 1)
                        : new AvxIntegers(insn.op, d, vvvv(insn), s, 0, false));
    }

    private void moveHalf(Insn insn) {
        int high = insn.op == Op.MOVHPS ? 1 : 0;
        boolean store = isStore(insn);
        Ea ea = to.ea(insn, 8, store);
        if (store) {
            store(reg(insn) + high, 8, ea, 0);
            return;
        }
        load(SCRATCH, 8, ea, 0);
        to.append(
                high != 0
                        ? new AvxMoves.Combine(reg(insn), vvvv(insn), SCRATCH)
                        : new AvxMoves.Combine(reg(insn), SCRATCH, vvvv(insn) + 1));
    }

    private void moveQuad(Insn insn) {
        if (insn.isMemory()) {
            moveScalar(insn, 8);
            return;
        }
        int d = isStore(insn) ? rm(insn) : reg(insn);
        int s = isStore(insn) ? reg(insn) : rm(insn);
        to.append(new VectorMoves.CopyQuad(d, s));
        clearUpper(d);
    }

    private void moveGeneral(Insn insn) {
        int width = insn.operandSize;
        if (insn.isMemory()) {
            moveScalar(insn, width);
        } else if (isStore(insn)) {
            to.append(new VectorGeneral.ToGeneral(insn.rm, reg(insn), width));
        } else {
            to.append(new VectorGeneral.FromGeneral(reg(insn), insn.rm, width));
            clearUpper(reg(insn));
        }
    }

    private void moveMasked(Insn insn) {
        boolean quads = insn.opcode >= 0x8c ? insn.rexW : (insn.opcode & 1) != 0;
        int bytes = quads ? 8 : 4;
        int segment = to.defaultSegment(insn);
        Ea ea = to.plainEa(insn);
        to.append(
                isStore(insn)
                        ? new AvxMemory.MaskedStore(
                                reg(insn), vvvv(insn), ea, segment, bytes, insn.wide)
                        : new AvxMemory.MaskedLoad(
                                reg(insn), vvvv(insn), ea, segment, bytes, insn.wide));
    }

    // ---- to and from general registers, and to the flags

    private boolean emitGeneral(Insn insn) {
        int imm = (int) insn.immediate;
        int wide = insn.operandSize;
        switch (insn.op) {
            case CVTSI2SD, CVTSI2SS -> fromInteger(insn, wide);
            case CVTSD2SI, CVTTSD2SI, CVTSS2SI, CVTTSS2SI -> {
                int s = source(insn, insn.row.operands().get(1));
                to.append(new VectorGeneral.ConvertToInteger(insn.op, insn.reg, s, wide));
            }
            case COMISD, UCOMISD -> {
                int s = source(insn, Operand.Wq);
                to.append(new VectorGeneral.CompareSd(insn.op, reg(insn), s));
            }
            case COMISS, UCOMISS -> {
                int s = source(insn, Operand.Wd);
                to.append(new VectorGeneral.CompareSs(insn.op, reg(insn), s));
            }
            case MOVMSKPS, MOVMSKPD, PMOVMSKB ->
                    to.append(
                            insn.wide
                                    ? new AvxMoves.Mask256(insn.op, insn.reg, rm(insn))
                                    : new VectorGeneral.Mask(insn.op, insn.reg, rm(insn)));
            case PTEST, VTESTPS, VTESTPD -> {
                int s = source(insn, Operand.Wx);
                to.append(new Test(insn.op, reg(insn), s, insn.wide ? 1 : 0));
            }
            case PCMPESTRI, PCMPISTRI -> {
                int s = source(insn, Operand.Wdq);
                to.append(new VectorGeneral.Test(insn.op, reg(insn), s, imm, wide));
            }
            case PCMPESTRM, PCMPISTRM -> {
                int s = source(insn, Operand.Wdq);
                to.append(new VectorGeneral.Test(insn.op, reg(insn), s, imm, wide));
                clearUpper(0);
            }
            case PINSRB, PINSRW, PINSRD -> {
                int width = insn.op == Op.PINSRB ? 1 : insn.op == Op.PINSRW ? 2 : wide;
                int s = to.generalSource(insn, width);
                copy(reg(insn), vvvv(insn));
                to.append(new VectorGeneral.Insert(width, reg(insn), s, imm));
                clearUpper(reg(insn));
            }
            case PEXTRB, PEXTRW, PEXTRD, EXTRACTPS -> to.vectors().extract(insn, imm, wide);
            default -> {
                return false;
            }
        }
        return true;
    }

    private void fromInteger(Insn insn, int width) {
        int s = to.generalSource(insn, width);
        int d = reg(insn);
        int at = d == vvvv(insn) ? d : SPARE;
        copy(at, vvvv(insn));
        to.append(
                insn.op == Op.CVTSI2SD
                        ? new VectorGeneral.CvtSi2Sd(at, s, width)
                        : new VectorGeneral.CvtSi2Ss(at, s, width));
        copy(d, at);
        clearUpper(d);
    }

    // ---- across the halves

    private boolean emitAcross(Insn insn) {
        int imm = (int) insn.immediate;
        int d = reg(insn);
        switch (insn.op) {
            case VBROADCAST -> {
                Operand operand = insn.row.operands().get(1);
                int s = source(insn, operand);
                to.append(new AvxMoves.Broadcast(d, s, bytes(insn, operand), insn.wide));
            }
            case VBROADCAST128 -> {
                int s = source(insn, Operand.Mdq);
                to.append(new AvxMoves.Insert128(d, s, s, 1));
            }
            case VINSERT128 -> {
                int s = source(insn, Operand.Wdq);
                to.append(new AvxMoves.Insert128(d, vvvv(insn), s, imm));
            }
            case VEXTRACT128 -> {
                int at = insn.isMemory() ? SCRATCH : rm(insn);
                to.append(new AvxMoves.Extract128(at, d, imm));
                if (insn.isMemory()) {
                    store(at, 16, to.ea(insn, 16, true), 0);
                }
            }
            case VPERMQ, VPERMD, VPERM2F128 -> {
                int s = source(insn, Operand.Wqq);
                to.append(new AvxMoves.Across(insn.op, d, vvvv(insn), s, imm));
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    // ---- the rest

    private void emitArithmetic(Insn insn) {
        List<Operand> operands = insn.row.operands();
        boolean wide = isWide(insn);
        int imm = (int) insn.immediate;
        if (operands.get(0).isInVvvv()) {
            to.append(AvxIntegers.shift(insn.op, vvvv(insn), rm(insn), imm, wide));
            return;
        }
        if (insn.op == Op.VCVTPS2PH) {
            toHalves(insn, imm);
            return;
        }
        boolean three = operands.get(1).isInVvvv();
        int d = reg(insn);
        int a = three ? vvvv(insn) : NONE;
        int b = source(insn, operands.get(three ? 2 : 1));
        switch (insn.op) {
            case VPERMILPS, VPERMILPD, VPSRLVD, VPSRLVQ, VPSRAVD, VPSLLVD, VPSLLVQ ->
                    to.append(new AvxMoves.ByElement(insn.op, d, a, b, wide));
            case BLENDVPS, BLENDVPD, PBLENDVB -> {
                int mask = 2 * (imm >> 4 & (insn.mode == 64 ? 15 : 7));
                to.append(new AvxMoves.Blend(insn.op, d, a, b, mask, wide));
            }
            case VFMADDSUB, VFMSUBADD, VFMADD, VFMSUB, VFNMADD, VFNMSUB ->
                    to.append(new AvxFused(insn.opcode, d, a, b, insn.rexW, wide));
            case INSERTPS -> {
                int control = imm & (insn.isMemory() ? 0x3f : 0xff);
                to.append(new AvxIntegers(insn.op, d, a, b, control, false));
            }
            // VPERMILPD, whose choice is within one source.
            case SHUFPD -> to.append(new AvxIntegers(insn.op, d, three ? a : b, b, imm, wide));
            default ->
                    to.append(
                            VectorFloats.has(insn.op)
                                    ? new AvxFloats(insn.op, d, a, b, imm, wide)
                                    : new AvxIntegers(insn.op, d, a, b, imm, wide));
        }
    }

    private void toHalves(Insn insn, int imm) {
        int bytes = bytes(insn, Operand.Wxh);
        if (insn.isMemory()) {
            // A fault comes before the conversion's exceptions show in MXCSR.
            Ea ea = to.ea(insn, bytes, true);
            to.append(new AvxMemory.Probe(ea, bytes));
            to.append(new AvxFloats(insn.op, SCRATCH, NONE, reg(insn), imm, insn.wide));
            store(SCRATCH, bytes, ea, 0);
        } else {
            to.append(new AvxFloats(insn.op, rm(insn), NONE, reg(insn), imm, insn.wide));
        }
    }

    /// VPTEST, VTESTPS and VTESTPD.
    static final class Test extends MicroOp {
        private final Op op;
        private final int d;
        private final int s;
        private final int wide;

        Test(Op op, int d, int s, int wide) {
            this.op = op;
            this.d = d;
            this.s = s;
            this.wide = wide;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long flags =
                    switch (op) {
                        case PTEST -> VectorRuntime.vptest(c, d, s, wide);
                        case VTESTPS -> VectorRuntime.vtestps(c, d, s, wide);
                        default -> VectorRuntime.vtestpd(c, d, s, wide);
                    };
            c.setFlags(Flags.EAGER, flags, 0, 0);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            String name = op == Op.PTEST ? "vptest" : VectorCode.name(op);
            VectorCode.call(e, this, name, "J", d, s, wide);
            e.keep(Emitter.R);
            e.flags(Flags.EAGER, Emitter.R, Emitter.R, Emitter.R);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }
}
