package straddle.tcg.arm;

import static straddle.tcg.arm.ArmCpu.D0;
import static straddle.tcg.arm.ArmCpu.S0;
import static straddle.tcg.arm.ArmCpu.T0;

import straddle.tcg.op.Move;
import straddle.tcg.simd.Constants;
import straddle.tcg.simd.Upper;
import straddle.tcg.simd.VectorLanes;
import straddle.tcg.simd.VectorOp;
import straddle.tcg.simd.VectorOps;

/// Advanced SIMD (DDI 0406C, A7.4): from rows to micro-ops. A vector of 128 bits is two registers of 64 that follow each other.
///
/// What the manual calls UNPREDICTABLE is undefined here.
final class Neon {
    private static final int PC_NUMBER = 15;

    private final Translator to;
    private final Structures structures;

    Neon(Translator to) {
        this.to = to;
        structures = new Structures(to);
    }

    // ---- operands

    private static int number(Insn insn, Field v, Field bit) {
        return insn.get(bit) << 4 | insn.get(v);
    }

    private static int d(Insn insn) {
        return D0 + number(insn, Field.VD, Field.D);
    }

    private static int n(Insn insn) {
        return D0 + number(insn, Field.VN, Field.N);
    }

    private static int m(Insn insn) {
        return D0 + number(insn, Field.VM, Field.M);
    }

    private static boolean isUnsigned(Insn insn) {
        return insn.get(Field.U) != 0;
    }

    private static boolean isQuad(Insn insn) {
        return insn.get(Field.Q) != 0;
    }

    private static Upper upper(Insn insn) {
        return Upper.ofA32(isQuad(insn));
    }

    /// Vectors of 128 bits have even numbers.
    private static boolean isOdd(int slot) {
        return (slot - D0 & 1) != 0;
    }

    private static boolean has(Insn insn, Field field) {
        return insn.row.has(field);
    }

    void emit(Insn insn) {
        switch (insn.op) {
            case VLD1, VLD2, VLD3, VLD4, VST1, VST2, VST3, VST4 -> structures.multiple(insn);
            case VLD1_LANE,
                    VLD2_LANE,
                    VLD3_LANE,
                    VLD4_LANE,
                    VST1_LANE,
                    VST2_LANE,
                    VST3_LANE,
                    VST4_LANE ->
                    structures.lane(insn);
            case VLD1_ALL, VLD2_ALL, VLD3_ALL, VLD4_ALL -> structures.all(insn);
            case VABAL,
                    VABDL,
                    VADDL,
                    VADDW,
                    VMLAL,
                    VMLAL_SCALAR,
                    VMLSL,
                    VMLSL_SCALAR,
                    VMULL,
                    VMULL_POLYNOMIAL,
                    VMULL_SCALAR,
                    VQDMLAL,
                    VQDMLAL_SCALAR,
                    VQDMLSL,
                    VQDMLSL_SCALAR,
                    VQDMULL,
                    VQDMULL_SCALAR,
                    VSUBL,
                    VSUBW,
                    VCVT_FROM_HALF,
                    VSHLL,
                    VSHLL_WIDTH ->
                    widening(insn);
            case VADDHN,
                    VRADDHN,
                    VRSUBHN,
                    VSUBHN,
                    VCVT_TO_HALF,
                    VMOVN,
                    VQMOVN,
                    VQMOVUN,
                    VQRSHRN,
                    VQRSHRUN,
                    VQSHRN,
                    VQSHRUN,
                    VRSHRN,
                    VSHRN ->
                    narrowing(insn);
            default -> same(insn);
        }
    }

    // ---- elements of the same size

    private void same(Insn insn) {
        boolean odd =
                isOdd(d(insn))
                        || has(insn, Field.VN) && isOdd(n(insn))
                        || has(insn, Field.VM) && has(insn, Field.Q) && isOdd(m(insn));
        switch (insn.op) {
            case VDUP, VMOV_CONSTANT, VDUP_CORE -> odd = isOdd(d(insn));
            case VTBL, VTBX -> odd = false;
            default -> {
                if (isByScalar(insn.op)) {
                    odd = isOdd(d(insn)) || isOdd(n(insn));
                }
            }
        }
        if (isQuad(insn) && odd) {
            to.undefined();
            return;
        }
        switch (insn.op) {
            case VDUP -> duplicate(insn);
            case VDUP_CORE -> duplicateCore(insn);
            case VEXT -> extract(insn);
            case VMOV_CONSTANT -> constant(insn);
            case VPADD, VPADD_FLOAT, VPMAX, VPMAX_FLOAT, VPMIN, VPMIN_FLOAT ->
                    to.append(
                            new VectorOps.Pairwise(
                                    operation(insn),
                                    d(insn),
                                    n(insn),
                                    m(insn),
                                    insn.size,
                                    Upper.KEPT));
            case VSWP -> swap(insn);
            case VTBL, VTBX -> lookup(insn);
            case VTRN -> permute(insn, VectorOp.TRN1, VectorOp.TRN2);
            case VUZP -> permute(insn, VectorOp.UZP1, VectorOp.UZP2);
            case VZIP -> permute(insn, VectorOp.ZIP1, VectorOp.ZIP2);
            default -> lanes(insn);
        }
    }

    private static boolean isByScalar(Op op) {
        return op.name().endsWith("_SCALAR");
    }

    private void lanes(Insn insn) {
        int size = Math.max(insn.size, 0);
        int imm = insn.get(Field.IMM);
        int n = has(insn, Field.VN) ? n(insn) : m(insn);
        int m = m(insn);
        int element = -1;
        int by = 0;
        switch (insn.op) {
            case VSHL, VQSHL, VRSHL, VQRSHL -> {
                n = m;
                m = n(insn);
            }
            case VSHR, VSRA, VRSHR, VRSRA, VSRI -> by = (16 << size) - imm;
            case VSHL_IMMEDIATE, VSLI, VQSHL_IMMEDIATE, VQSHLU -> by = imm - (8 << size);
            case VCVT_VECTOR_FIXED -> by = 64 - imm;
            default -> {
                if (isByScalar(insn.op)) {
                    m = scalar(insn);
                    element = scalarIndex(insn);
                }
            }
        }
        to.append(
                new VectorLanes(
                        operation(insn), d(insn), n, m, size, by, element, upper(insn), false));
    }

    private static int scalar(Insn insn) {
        return D0 + (insn.get(Field.VM) & (insn.size == 1 ? 7 : 15));
    }

    private static int scalarIndex(Insn insn) {
        int high = insn.get(Field.M);
        return insn.size == 1 ? high << 1 | insn.get(Field.VM) >>> 3 : high;
    }

    // ---- elements of twice or half the size

    private void widening(Insn insn) {
        int d = d(insn);
        int size = insn.size;
        int imm = insn.get(Field.IMM);
        boolean wideN = insn.op == Op.VADDW || insn.op == Op.VSUBW;
        if (isOdd(d) || wideN && isOdd(n(insn))) {
            to.undefined();
            return;
        }
        switch (insn.op) {
            case VCVT_FROM_HALF -> to.append(new VectorOps.ConvertLong(d, m(insn), 2, false));
            case VSHLL -> {
                int by = imm - (8 << size);
                boolean signed = !isUnsigned(insn);
                to.append(new VectorOps.ShiftLong(d, m(insn), size, by, signed, false));
            }
            case VSHLL_WIDTH ->
                    to.append(new VectorOps.ShiftLong(d, m(insn), size, 8 << size, false, false));
            default -> {
                boolean byScalar = isByScalar(insn.op);
                to.append(
                        new VectorOps.Widen(
                                operation(insn),
                                d,
                                n(insn),
                                byScalar ? scalar(insn) : m(insn),
                                size,
                                byScalar ? scalarIndex(insn) : -1,
                                false,
                                false));
            }
        }
    }

    private void narrowing(Insn insn) {
        int m = m(insn);
        int n = has(insn, Field.VN) ? n(insn) : m;
        if (isOdd(m) || isOdd(n)) {
            to.undefined();
            return;
        }
        if (insn.op == Op.VCVT_TO_HALF) {
            to.append(new VectorOps.ConvertNarrow(d(insn), m, 2, false, false, false));
            return;
        }
        int size = insn.size;
        int by = has(insn, Field.IMM) ? (16 << size) - insn.get(Field.IMM) : 0;
        to.append(new VectorOps.Narrow(operation(insn), d(insn), n, m, size, by, false, false));
    }

    // ---- moves

    private void duplicate(Insn insn) {
        int imm4 = insn.get(Field.IMM);
        int size = Integer.numberOfTrailingZeros(imm4 | 8);
        if (size > 2) {
            to.undefined();
            return;
        }
        int index = imm4 >>> size + 1;
        to.append(new VectorOps.Duplicate(d(insn), m(insn), size, index, upper(insn), false));
    }

    private void duplicateCore(Insn insn) {
        int size = 2 - (insn.get(Field.OP1) << 1 | insn.get(Field.OP2));
        int t = insn.get(Field.RT);
        if (size < 0 || t == PC_NUMBER) {
            to.undefined();
            return;
        }
        to.append(new VectorOps.Duplicate(d(insn), t, size, 0, upper(insn), false));
    }

    private void extract(Insn insn) {
        int at = insn.get(Field.IMM);
        if (!isQuad(insn) && at > 7) {
            to.undefined();
            return;
        }
        to.append(new VectorOps.Extract(d(insn), n(insn), m(insn), at, upper(insn)));
    }

    /// VMOV, VMVN, VORR and VBIC of a constant.
    private void constant(Insn insn) {
        int op = insn.get(Field.OP);
        int cmode = insn.get(Field.CMODE);
        if (op != 0 && cmode == 15) {
            to.undefined();
            return;
        }
        long value = Constants.expand(op, cmode, insn.get(Field.IMM));
        int d = d(insn);
        if (Constants.combines(cmode)) {
            to.append(new VectorOps.CombineConstant(op != 0, d, value, upper(insn)));
            return;
        }
        if (Constants.isInverted(op, cmode)) {
            value = ~value;
        }
        to.append(new Move.Constant(d, value));
        if (isQuad(insn)) {
            to.append(new Move.Constant(d + 1, value));
        }
    }

    private void swap(Insn insn) {
        for (int i = 0; i <= insn.get(Field.Q); i++) {
            to.append(new Move.Reg64(T0, d(insn) + i));
            to.append(new Move.Reg64(d(insn) + i, m(insn) + i));
            to.append(new Move.Reg64(m(insn) + i, T0));
        }
    }

    /// What makes two vectors of two.
    private void permute(Insn insn, VectorOp first, VectorOp second) {
        int d = d(insn);
        int m = m(insn);
        Upper upper = upper(insn);
        to.append(new VectorOps.Permute(first, S0, d, m, insn.size, upper));
        to.append(new VectorOps.Permute(second, m, d, m, insn.size, upper));
        for (int i = 0; i <= insn.get(Field.Q); i++) {
            to.append(new Move.Reg64(d + i, S0 + i));
        }
    }

    private void lookup(Insn insn) {
        int registers = insn.get(Field.LEN) + 1;
        if (number(insn, Field.VN, Field.N) + registers > 32) {
            to.undefined();
            return;
        }
        boolean keeps = insn.op == Op.VTBX;
        to.append(new NeonOps.Lookup(d(insn), n(insn), m(insn), registers, keeps));
    }

    // ---- names

    /// What AArch64 calls it.
    private static VectorOp operation(Insn insn) {
        boolean u = isUnsigned(insn);
        return switch (insn.op) {
            case VABA -> u ? VectorOp.UABA : VectorOp.SABA;
            case VABAL -> u ? VectorOp.UABAL : VectorOp.SABAL;
            case VABD -> u ? VectorOp.UABD : VectorOp.SABD;
            case VABDL -> u ? VectorOp.UABDL : VectorOp.SABDL;
            case VABD_FLOAT -> VectorOp.FABD;
            case VABS_FLOAT -> VectorOp.FABS;
            case VABS_INTEGER -> VectorOp.ABS;
            case VACGE -> VectorOp.FACGE;
            case VACGT -> VectorOp.FACGT;
            case VADDHN -> VectorOp.ADDHN;
            case VADDL -> u ? VectorOp.UADDL : VectorOp.SADDL;
            case VADDW -> u ? VectorOp.UADDW : VectorOp.SADDW;
            case VADD_FLOAT -> VectorOp.FADD;
            case VADD_INTEGER -> VectorOp.ADD;
            case VAND -> VectorOp.AND;
            case VBIC -> VectorOp.BIC;
            case VBIF -> VectorOp.BIF;
            case VBIT -> VectorOp.BIT;
            case VBSL -> VectorOp.BSL;
            case VCLS -> VectorOp.CLS;
            case VCLZ -> VectorOp.CLZ;
            case VCNT -> VectorOp.CNT;
            case VEOR -> VectorOp.EOR;
            case VFMA_VECTOR -> VectorOp.FMLA;
            case VFMS_VECTOR -> VectorOp.FMLS;
            case VHADD -> u ? VectorOp.UHADD : VectorOp.SHADD;
            case VHSUB -> u ? VectorOp.UHSUB : VectorOp.SHSUB;
            case VMAX -> u ? VectorOp.UMAX : VectorOp.SMAX;
            case VMAX_FLOAT -> VectorOp.FMAX;
            case VMIN -> u ? VectorOp.UMIN : VectorOp.SMIN;
            case VMIN_FLOAT -> VectorOp.FMIN;
            case VMOVN -> VectorOp.XTN;
            case VMVN -> VectorOp.NOT;
            case VNEG_FLOAT -> VectorOp.FNEG;
            case VNEG_INTEGER -> VectorOp.NEG;
            case VORN -> VectorOp.ORN;
            case VORR -> VectorOp.ORR;
            case VPADAL -> u ? VectorOp.UADALP : VectorOp.SADALP;
            case VPADD -> VectorOp.ADDP;
            case VPADDL -> u ? VectorOp.UADDLP : VectorOp.SADDLP;
            case VPADD_FLOAT -> VectorOp.FADDP;
            case VPMAX -> u ? VectorOp.UMAXP : VectorOp.SMAXP;
            case VPMAX_FLOAT -> VectorOp.FMAXP;
            case VPMIN -> u ? VectorOp.UMINP : VectorOp.SMINP;
            case VPMIN_FLOAT -> VectorOp.FMINP;
            case VRADDHN -> VectorOp.RADDHN;
            case VRECPE -> VectorOp.URECPE;
            case VRECPE_FLOAT -> VectorOp.FRECPE;
            case VRECPS -> VectorOp.VRECPS;
            case VREV16 -> VectorOp.REV16;
            case VREV32 -> VectorOp.REV32;
            case VREV64 -> VectorOp.REV64;
            case VRHADD -> u ? VectorOp.URHADD : VectorOp.SRHADD;
            case VRSQRTE -> VectorOp.URSQRTE;
            case VRSQRTE_FLOAT -> VectorOp.FRSQRTE;
            case VRSQRTS -> VectorOp.VRSQRTS;
            case VRSUBHN -> VectorOp.RSUBHN;
            case VSUBHN -> VectorOp.SUBHN;
            case VSUBL -> u ? VectorOp.USUBL : VectorOp.SSUBL;
            case VSUBW -> u ? VectorOp.USUBW : VectorOp.SSUBW;
            case VSUB_FLOAT -> VectorOp.FSUB;
            case VSUB_INTEGER -> VectorOp.SUB;
            case VTST -> VectorOp.CMTST;
            default -> otherOperation(insn, u);
        };
    }

    /// Comparisons, conversions, products, saturation and shifts.
    private static VectorOp otherOperation(Insn insn, boolean u) {
        return switch (insn.op) {
            case VCEQ -> VectorOp.CMEQ;
            case VCEQ_FLOAT -> VectorOp.FCMEQ;
            case VCEQ_FLOAT_ZERO -> VectorOp.FCMEQ_ZERO;
            case VCEQ_ZERO -> VectorOp.CMEQ_ZERO;
            case VCGE -> u ? VectorOp.CMHS : VectorOp.CMGE;
            case VCGE_FLOAT -> VectorOp.FCMGE;
            case VCGE_FLOAT_ZERO -> VectorOp.FCMGE_ZERO;
            case VCGE_ZERO -> VectorOp.CMGE_ZERO;
            case VCGT -> u ? VectorOp.CMHI : VectorOp.CMGT;
            case VCGT_FLOAT -> VectorOp.FCMGT;
            case VCGT_FLOAT_ZERO -> VectorOp.FCMGT_ZERO;
            case VCGT_ZERO -> VectorOp.CMGT_ZERO;
            case VCLE_FLOAT_ZERO -> VectorOp.FCMLE_ZERO;
            case VCLE_ZERO -> VectorOp.CMLE_ZERO;
            case VCLT_FLOAT_ZERO -> VectorOp.FCMLT_ZERO;
            case VCLT_ZERO -> VectorOp.CMLT_ZERO;
            case VCVT_VECTOR, VCVT_VECTOR_FIXED -> conversion(insn, u);
            case VMLAL, VMLAL_SCALAR -> u ? VectorOp.UMLAL : VectorOp.SMLAL;
            case VMLA_FLOAT, VMLA_FLOAT_SCALAR -> VectorOp.VMLA;
            case VMLA_INTEGER, VMLA_SCALAR -> VectorOp.MLA;
            case VMLSL, VMLSL_SCALAR -> u ? VectorOp.UMLSL : VectorOp.SMLSL;
            case VMLS_FLOAT, VMLS_FLOAT_SCALAR -> VectorOp.VMLS;
            case VMLS_INTEGER, VMLS_SCALAR -> VectorOp.MLS;
            case VMULL, VMULL_SCALAR -> u ? VectorOp.UMULL : VectorOp.SMULL;
            case VMULL_POLYNOMIAL -> VectorOp.PMULL;
            case VMUL_FLOAT, VMUL_FLOAT_SCALAR -> VectorOp.FMUL;
            case VMUL_INTEGER, VMUL_SCALAR -> VectorOp.MUL;
            case VMUL_POLYNOMIAL -> VectorOp.PMUL;
            case VQABS -> VectorOp.SQABS;
            case VQADD -> u ? VectorOp.UQADD : VectorOp.SQADD;
            case VQDMLAL, VQDMLAL_SCALAR -> VectorOp.SQDMLAL;
            case VQDMLSL, VQDMLSL_SCALAR -> VectorOp.SQDMLSL;
            case VQDMULH, VQDMULH_SCALAR -> VectorOp.SQDMULH;
            case VQDMULL, VQDMULL_SCALAR -> VectorOp.SQDMULL;
            case VQMOVN -> u ? VectorOp.UQXTN : VectorOp.SQXTN;
            case VQMOVUN -> VectorOp.SQXTUN;
            case VQNEG -> VectorOp.SQNEG;
            case VQRDMULH, VQRDMULH_SCALAR -> VectorOp.SQRDMULH;
            case VQRSHL -> u ? VectorOp.UQRSHL : VectorOp.SQRSHL;
            case VQRSHRN -> u ? VectorOp.UQRSHRN : VectorOp.SQRSHRN;
            case VQRSHRUN -> VectorOp.SQRSHRUN;
            case VQSHL -> u ? VectorOp.UQSHL : VectorOp.SQSHL;
            case VQSHLU -> VectorOp.SQSHLU;
            case VQSHL_IMMEDIATE -> u ? VectorOp.UQSHL_IMMEDIATE : VectorOp.SQSHL_IMMEDIATE;
            case VQSHRN -> u ? VectorOp.UQSHRN : VectorOp.SQSHRN;
            case VQSHRUN -> VectorOp.SQSHRUN;
            case VQSUB -> u ? VectorOp.UQSUB : VectorOp.SQSUB;
            case VRSHL -> u ? VectorOp.URSHL : VectorOp.SRSHL;
            case VRSHR -> u ? VectorOp.URSHR : VectorOp.SRSHR;
            case VRSHRN -> VectorOp.RSHRN;
            case VRSRA -> u ? VectorOp.URSRA : VectorOp.SRSRA;
            case VSHL -> u ? VectorOp.USHL : VectorOp.SSHL;
            case VSHL_IMMEDIATE -> VectorOp.SHL;
            case VSHR -> u ? VectorOp.USHR : VectorOp.SSHR;
            case VSHRN -> VectorOp.SHRN;
            case VSLI -> VectorOp.SLI;
            case VSRA -> u ? VectorOp.USRA : VectorOp.SSRA;
            case VSRI -> VectorOp.SRI;
            default -> throw new IllegalStateException(insn.op + " has no operation");
        };
    }

    private static VectorOp conversion(Insn insn, boolean u) {
        boolean fromFloat = insn.get(Field.OP) != 0;
        if (insn.op == Op.VCVT_VECTOR) {
            return fromFloat
                    ? u ? VectorOp.FCVTZU : VectorOp.FCVTZS
                    : u ? VectorOp.UCVTF : VectorOp.SCVTF;
        }
        return fromFloat
                ? u ? VectorOp.FCVTZU_FIXED : VectorOp.FCVTZS_FIXED
                : u ? VectorOp.UCVTF_FIXED : VectorOp.SCVTF_FIXED;
    }
}
