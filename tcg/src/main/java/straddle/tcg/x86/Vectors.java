package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import java.util.List;
import straddle.tcg.Cpu;
import straddle.tcg.op.Ea;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.MicroOp;

/// Which micro-ops an instruction of SSE, MMX, AES or SHA becomes.
///
/// XMM registers are pairs of longs in [X86Cpu#v], MMX registers the significands of [X86Cpu#x87]. A
/// memory operand is loaded into the spare register at [#SCRATCH] first, unless the instruction is
/// frequent enough for a micro-op of its own; so an operation on registers is all that has to be said of
/// most instructions, and nothing is committed before the last access that can fault.
final class Vectors {
    /// Index in [X86Cpu#v] of the spare register that memory operands are loaded into.
    static final int SCRATCH = 32;

    private final Translator to;

    /// Whether the block has checked already that SSE is enabled: only control instructions change
    /// that, and they end blocks.
    private boolean checked;

    Vectors(Translator to) {
        this.to = to;
    }

    void beginBlock() {
        checked = false;
    }

    /// Makes the block check, if it has not yet, that SSE instructions are allowed.
    void requireSse() {
        if (!checked) {
            checked = true;
            to.append(new RequireSse());
        }
    }

    void emit(Insn insn) {
        List<Operand> operands = insn.row.operands();
        boolean mmx = operands.stream().anyMatch(Vectors::isMmx);
        if (operands.stream().anyMatch(Vectors::isXmm)) {
            requireSse();
        }
        if (mmx && !(insn.op == Op.CVTPI2PD && insn.isMemory())) {
            to.append(new RequireMmx());
        }
        if (!emitMove(insn) && !emitGeneral(insn) && !emitFrequent(insn)) {
            if (isMmx(operands.get(0)) || isMmx(operands.get(1))) {
                emitMmx(insn);
            } else {
                emitOther(insn);
            }
        }
    }

    /// Whether a row has a register of these as an operand.
    static boolean isVector(Row row) {
        return row.operands().stream().anyMatch(o -> isMmx(o) || isXmm(o));
    }

    private static boolean isMmx(Operand operand) {
        return switch (operand) {
            case Pq, Qd, Qq, Nq -> true;
            default -> false;
        };
    }

    private static boolean isXmm(Operand operand) {
        return switch (operand) {
            case Vdq, Wb, Ww, Wd, Wq, Wdq, Udq -> true;
            default -> false;
        };
    }

    // ---- operands

    private static int reg(Insn insn) {
        return 2 * insn.reg;
    }

    private static int rm(Insn insn) {
        return 2 * insn.rm;
    }

    /// Bytes of a memory operand.
    private int bytes(Insn insn, Operand operand) {
        return switch (operand) {
            case Wb -> 1;
            case Ww -> 2;
            case Wd, Md, Qd -> 4;
            case Wq, Mq, Qq -> insn.op.name().startsWith("PUNPCKL") ? 4 : 8;
            case Wdq, Mdq -> 16;
            default -> throw new IllegalStateException(insn.row + ": no size of " + operand);
        };
    }

    /// Legacy SSE wants 16-byte operands aligned, but for these (SDM volume 1, 4.1.1).
    private static int alignment(Op op) {
        return switch (op) {
            case MOVUPS, LDDQU, PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM -> 0;
            default -> 15;
        };
    }

    /// The index of the source operand, which is loaded if it is in memory.
    private int source(Insn insn, Operand operand) {
        if (insn.isRegister()) {
            return rm(insn);
        }
        int bytes = bytes(insn, operand);
        Ea ea = to.ea(insn, bytes, false);
        to.append(
                switch (bytes) {
                    case 16 -> new VectorMoves.Load128(SCRATCH, ea, alignment(insn.op));
                    case 8 -> new VectorMoves.Load64(SCRATCH, ea);
                    case 4 -> new VectorMoves.Load32(SCRATCH, ea);
                    default -> new VectorMoves.LoadNarrow(SCRATCH, bytes, ea);
                });
        return SCRATCH;
    }

    // ---- moves

    private boolean emitMove(Insn insn) {
        boolean store = !isRegisterCode(insn.row.operands().get(0));
        switch (insn.op) {
            case MOVAPS, MOVUPS, LDDQU, MOVNTDQA, MOVNTPS -> move128(insn, store);
            case MOVSD -> moveScalar(insn, store, 8);
            case MOVSS -> moveScalar(insn, store, 4);
            case MOVLPS -> moveHalf(insn, store, 0);
            case MOVHPS -> moveHalf(insn, store, 1);
            case MOVHLPS -> to.append(new VectorMoves.CopyLong(reg(insn), rm(insn) + 1));
            case MOVLHPS -> to.append(new VectorMoves.CopyLong(reg(insn) + 1, rm(insn)));
            case MOVQ -> {
                if (insn.row.operands().stream().anyMatch(Vectors::isMmx)) {
                    return false;
                }
                moveQuad(insn, store);
            }
            case MOVD -> {
                if (insn.row.operands().stream().anyMatch(Vectors::isMmx)) {
                    return false;
                }
                moveGeneral(insn, store);
            }
            case MASKMOVDQU -> {
                insn.base = RDI;
                insn.mod = 0;
                to.append(new VectorMoves.StoreMasked(to.ea(insn, 16, true), reg(insn), rm(insn)));
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    /// Whether an operand is the register that ModR/M.reg names.
    private static boolean isRegisterCode(Operand operand) {
        return operand == Operand.Vdq || operand == Operand.Pq;
    }

    private void move128(Insn insn, boolean store) {
        if (insn.isRegister()) {
            to.append(
                    store
                            ? new VectorMoves.Copy(rm(insn), reg(insn))
                            : new VectorMoves.Copy(reg(insn), rm(insn)));
        } else if (store) {
            Ea ea = to.ea(insn, 16, true);
            to.append(new VectorMoves.Store128(reg(insn), ea, alignment(insn.op)));
        } else {
            Ea ea = to.ea(insn, 16, false);
            to.append(new VectorMoves.Load128(reg(insn), ea, alignment(insn.op)));
        }
    }

    private void moveScalar(Insn insn, boolean store, int width) {
        if (insn.isRegister()) {
            int d = store ? rm(insn) : reg(insn);
            int s = store ? reg(insn) : rm(insn);
            to.append(width == 8 ? new VectorMoves.CopyLong(d, s) : new VectorMoves.CopyInt(d, s));
            return;
        }
        Ea ea = to.ea(insn, width, store);
        if (store) {
            to.append(
                    width == 8
                            ? new VectorMoves.Store64(reg(insn), ea)
                            : new VectorMoves.Store32(reg(insn), ea));
        } else {
            to.append(
                    width == 8
                            ? new VectorMoves.Load64(reg(insn), ea)
                            : new VectorMoves.Load32(reg(insn), ea));
        }
    }

    private void moveHalf(Insn insn, boolean store, int half) {
        Ea ea = to.ea(insn, 8, store);
        to.append(
                store
                        ? new VectorMoves.Store64(reg(insn) + half, ea)
                        : new VectorMoves.LoadLong(reg(insn) + half, ea));
    }

    private void moveQuad(Insn insn, boolean store) {
        if (insn.isMemory()) {
            moveScalar(insn, store, 8);
        } else if (store) {
            to.append(new VectorMoves.CopyQuad(rm(insn), reg(insn)));
        } else {
            to.append(new VectorMoves.CopyQuad(reg(insn), rm(insn)));
        }
    }

    private void moveGeneral(Insn insn, boolean store) {
        int width = insn.rexW ? 8 : 4;
        if (insn.isMemory()) {
            moveScalar(insn, store, width);
        } else if (store) {
            to.append(new VectorGeneral.ToGeneral(insn.rm, reg(insn), width));
        } else {
            to.append(new VectorGeneral.FromGeneral(reg(insn), insn.rm, width));
        }
    }

    // ---- to and from general registers, and to the flags

    private boolean emitGeneral(Insn insn) {
        if (insn.row.operands().stream().anyMatch(Vectors::isMmx)) {
            return false;
        }
        int imm = (int) insn.immediate;
        int wide = insn.rexW ? 8 : 4;
        switch (insn.op) {
            case CVTSI2SD -> {
                int s = to.generalSource(insn, wide);
                to.append(new VectorGeneral.CvtSi2Sd(reg(insn), s, wide));
            }
            case CVTSI2SS -> {
                int s = to.generalSource(insn, wide);
                to.append(new VectorGeneral.CvtSi2Ss(reg(insn), s, wide));
            }
            case CVTSD2SI, CVTTSD2SI, CVTSS2SI, CVTTSS2SI -> {
                int s = source(insn, insn.row.operands().get(1));
                to.append(new VectorGeneral.ConvertToInteger(insn.op, insn.reg, s, wide));
            }
            case COMISD, UCOMISD -> {
                int s = source(insn, insn.row.operands().get(1));
                to.append(new VectorGeneral.CompareSd(insn.op, reg(insn), s));
            }
            case COMISS, UCOMISS -> {
                int s = source(insn, insn.row.operands().get(1));
                to.append(new VectorGeneral.CompareSs(insn.op, reg(insn), s));
            }
            case MOVMSKPS, MOVMSKPD, PMOVMSKB ->
                    to.append(new VectorGeneral.Mask(insn.op, insn.reg, rm(insn)));
            case PTEST, PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM -> {
                int s = source(insn, insn.row.operands().get(1));
                to.append(new VectorGeneral.Test(insn.op, reg(insn), s, imm, wide));
            }
            case PINSRB, PINSRW, PINSRD -> {
                int width = insn.op == Op.PINSRB ? 1 : insn.op == Op.PINSRW ? 2 : wide;
                int s = to.generalSource(insn, width);
                to.append(new VectorGeneral.Insert(width, reg(insn), s, imm));
            }
            case PEXTRB, PEXTRW, PEXTRD, EXTRACTPS -> extract(insn, imm, wide);
            default -> {
                return false;
            }
        }
        return true;
    }

    /// PEXTRB and its kin, whose 128-bit VEX forms are the same.
    void extract(Insn insn, int imm, int wide) {
        int width =
                switch (insn.op) {
                    case PEXTRB -> 1;
                    case PEXTRW -> 2;
                    case PEXTRD -> wide;
                    default -> 4;
                };
        if (insn.row.operands().get(0) == Operand.Gd) {
            to.append(new VectorGeneral.Extract(width, insn.reg, rm(insn), imm));
        } else if (insn.isRegister()) {
            to.append(new VectorGeneral.Extract(width, insn.rm, reg(insn), imm));
        } else {
            Ea ea = to.ea(insn, width, true);
            to.append(new VectorGeneral.Extract(width, X86Cpu.T0, reg(insn), imm));
            to.append(to.store(X86Cpu.T0, width, ea));
        }
    }

    // ---- frequent operations

    private boolean emitFrequent(Insn insn) {
        Operand first = insn.row.operands().get(0);
        if (first != Operand.Vdq || insn.row.operands().get(1) == Operand.Qq) {
            return false;
        }
        int d = reg(insn);
        switch (insn.op) {
            case ADDSD, SUBSD, MULSD, DIVSD -> {
                if (insn.isMemory()) {
                    Ea ea = to.ea(insn, 8, false);
                    to.append(VectorScalars.ofMemory(insn.op, d, ea));
                } else {
                    to.append(VectorScalars.of(insn.op, d, rm(insn)));
                }
            }
            case SQRTSD, ADDSS, SUBSS, MULSS, DIVSS -> {
                int s = source(insn, insn.row.operands().get(1));
                to.append(VectorScalars.of(insn.op, d, s));
            }
            case PXOR, POR, PAND, PANDN -> {
                int s = source(insn, Operand.Wdq);
                to.append(
                        insn.op == Op.PXOR && d == s
                                ? new VectorMoves.Zero(d)
                                : VectorIntegers.bitwise(insn.op, d, s));
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    // ---- the rest

    private void emitOther(Insn insn) {
        List<Operand> operands = insn.row.operands();
        int imm = (int) insn.immediate;
        if (operands.get(0) == Operand.Udq) {
            to.append(new VectorIntegers.ShiftBy(insn.op, rm(insn), imm));
            return;
        }
        int s = source(insn, operands.get(1));
        switch (insn.op) {
            // Of an operand in memory there is but one element to choose.
            case INSERTPS -> imm &= insn.isMemory() ? 0x3f : 0xff;
            // Predicates beyond 7 are AVX's.
            case CMPPS, CMPPD, CMPSS, CMPSD -> imm &= 7;
            default -> {}
        }
        int d = reg(insn);
        to.append(
                switch (VectorIntegers.family(insn.op)) {
                    case FLOAT -> new VectorFloats(insn.op, d, s, imm);
                    case ARITHMETIC -> new VectorIntegers.Arithmetic(insn.op, d, s);
                    case ELEMENTS -> new VectorIntegers.Elements(insn.op, d, s);
                    case IMMEDIATE -> new VectorIntegers.Immediate(insn.op, d, s, imm);
                    case CRYPTO -> new VectorIntegers.Crypto(insn.op, d, s, imm);
                    case SHIFT_BY ->
                            throw new IllegalStateException(insn.row + " shifts by itself");
                });
    }

    // ---- MMX

    private void emitMmx(Insn insn) {
        List<Operand> operands = insn.row.operands();
        boolean store = !isMmx(operands.get(0)) && isMmx(operands.get(1));
        int imm = (int) insn.immediate;
        int wide = insn.rexW ? 8 : 4;
        switch (insn.op) {
            case MOVD, MOVQ, MOVNTQ -> moveMmx(insn, insn.op == Op.MOVD ? wide : 8);
            case MASKMOVQ -> {
                insn.base = RDI;
                insn.mod = 0;
                to.append(new MmxOps.StoreMasked(to.ea(insn, 8, true), insn.reg & 7, insn.rm & 7));
            }
            case CVTPI2PS, CVTPI2PD ->
                    to.append(new MmxOps.FromMmx(insn.op, reg(insn), mmxSource(insn, 8)));
            case CVTPS2PI, CVTTPS2PI, CVTPD2PI, CVTTPD2PI, MOVDQ2Q -> {
                int s = source(insn, operands.get(1));
                to.append(new MmxOps.ToMmx(insn.op, insn.reg & 7, s));
            }
            case MOVQ2DQ -> to.append(new MmxOps.FromMmx(insn.op, reg(insn), insn.rm & 7));
            case PMOVMSKB, PEXTRW ->
                    to.append(new MmxOps.ToGeneral(insn.op, insn.reg, insn.rm & 7, imm));
            case PINSRW -> {
                int s = to.generalSource(insn, 2);
                to.append(new MmxOps.Insert(insn.reg & 7, s, imm));
            }
            default -> {
                if (store) {
                    throw new IllegalStateException(insn.row + " is no operation on MMX registers");
                }
                if (operands.get(0) == Operand.Nq) {
                    to.append(new MmxOps.ShiftBy(insn.op, insn.rm & 7, imm));
                } else {
                    int s = mmxSource(insn, bytes(insn, Operand.Qq));
                    to.append(new MmxOps(insn.op, insn.reg & 7, s, imm));
                }
            }
        }
    }

    private void moveMmx(Insn insn, int width) {
        boolean store = !isRegisterCode(insn.row.operands().get(0));
        int mm = insn.reg & 7;
        if (insn.isMemory()) {
            Ea ea = to.ea(insn, width, store);
            to.append(store ? new MmxOps.Store(mm, width, ea) : new MmxOps.Load(mm, width, ea));
        } else if (insn.op == Op.MOVD) {
            to.append(
                    store
                            ? new MmxOps.MoveToGeneral(insn.rm, mm, width)
                            : new MmxOps.MoveFromGeneral(mm, insn.rm, width));
        } else {
            int other = insn.rm & 7;
            to.append(store ? new MmxOps.Copy(other, mm) : new MmxOps.Copy(mm, other));
        }
    }

    /// An MMX register's number, or [MmxOps#MEMORY] with the operand loaded.
    private int mmxSource(Insn insn, int bytes) {
        if (insn.isRegister()) {
            return insn.rm & 7;
        }
        Ea ea = to.ea(insn, bytes, false);
        to.append(
                bytes == 8
                        ? new VectorMoves.Load64(SCRATCH, ea)
                        : new VectorMoves.Load32(SCRATCH, ea));
        return MmxOps.MEMORY;
    }

    /// Checks once a block that SSE instructions are enabled.
    static final class RequireSse extends MicroOp {
        @Override
        public MicroOp exec(Cpu c) {
            FpuState.requireSse((X86Cpu) c);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            if (e.canLeave()) {
                e.cpu();
                e.invoke(VectorCode.RUNTIME, "allowsSse", "(Lstraddle/tcg/Cpu;)Z");
                e.leaveUnless(this);
            } else {
                VectorCode.call(e, this, "requireSse", "V");
            }
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }

    /// Checks that MMX instructions are enabled and no x87 exception is pending.
    static final class RequireMmx extends MicroOp {
        @Override
        public MicroOp exec(Cpu c) {
            FpuState.requireMmx((X86Cpu) c);
            return next;
        }
    }
}
