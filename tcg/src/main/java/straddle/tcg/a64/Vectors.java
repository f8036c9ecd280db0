package straddle.tcg.a64;

import static straddle.tcg.a64.Slots.source;
import static straddle.tcg.a64.Slots.target;
import static straddle.tcg.a64.Slots.v;
import static straddle.tcg.a64.Translator.bit;
import static straddle.tcg.a64.Translator.bits;
import static straddle.tcg.a64.Translator.rd;
import static straddle.tcg.a64.Translator.rm;
import static straddle.tcg.a64.Translator.rn;

import straddle.tcg.op.Move;
import straddle.tcg.simd.Constants;
import straddle.tcg.simd.Upper;
import straddle.tcg.simd.VectorLanes;
import straddle.tcg.simd.VectorOps;

/// Advanced SIMD: from rows to micro-ops.
final class Vectors {
    private final Translator to;

    Vectors(Translator to) {
        this.to = to;
    }

    private static boolean isScalar(int word) {
        return (word >>> 28 & 5) == 5;
    }

    void emit(Simd row, int word) {
        int d = v(rd(word));
        int n = v(rn(word));
        int m = v(rm(word));
        boolean q = bit(word, 30) != 0;
        int size = Math.max(DecodeTable.pattern(word).size(word), 0);
        // What narrows goes to the lower half, or to the upper one, which leaves the lower as it
        // is.
        boolean clears = !q || isScalar(word);
        int half = clears ? d : d + 1;
        switch (row) {
            case AESE,
                    AESD,
                    AESMC,
                    AESIMC,
                    SHA1C,
                    SHA1P,
                    SHA1M,
                    SHA1SU0,
                    SHA256H,
                    SHA256H2,
                    SHA256SU1,
                    SHA1H,
                    SHA1SU1,
                    SHA256SU0 ->
                    to.append(new SimdOps.Cryptographic(row, d, n, m));
            case TBL, TBX ->
                    to.append(
                            new SimdOps.Lookup(d, n, m, bits(word, 13, 2) + 1, row == Simd.TBX, q));
            case UZP1, TRN1, ZIP1, UZP2, TRN2, ZIP2 ->
                    to.append(
                            new VectorOps.Permute(row.operation(), d, n, m, size, Upper.ofA64(q)));
            case EXT -> {
                int at = bits(word, 11, 4);
                if (!q && at > 7) {
                    to.undefined();
                } else {
                    to.append(new VectorOps.Extract(d, n, m, at, Upper.ofA64(q)));
                }
            }
            case DUP_ELEMENT, DUP_GENERAL, SMOV, UMOV, INS_GENERAL, INS_ELEMENT -> copy(row, word);
            case SHADD,
                    SQADD,
                    SRHADD,
                    AND,
                    BIC,
                    ORR,
                    ORN,
                    SHSUB,
                    SQSUB,
                    CMGT,
                    CMGE,
                    SSHL,
                    SQSHL,
                    SRSHL,
                    SQRSHL,
                    SMAX,
                    SMIN,
                    SABD,
                    SABA,
                    ADD,
                    CMTST,
                    MLA,
                    MUL,
                    SQDMULH,
                    FMAXNM,
                    FMLA,
                    FADD,
                    FMULX,
                    FCMEQ,
                    FMAX,
                    FRECPS,
                    FMINNM,
                    FMLS,
                    FSUB,
                    FMIN,
                    FRSQRTS,
                    UHADD,
                    UQADD,
                    URHADD,
                    EOR,
                    BSL,
                    BIT,
                    BIF,
                    UHSUB,
                    UQSUB,
                    CMHI,
                    CMHS,
                    USHL,
                    UQSHL,
                    URSHL,
                    UQRSHL,
                    UMAX,
                    UMIN,
                    UABD,
                    UABA,
                    SUB,
                    CMEQ,
                    MLS,
                    PMUL,
                    SQRDMULH,
                    FMUL,
                    FCMGE,
                    FACGE,
                    FDIV,
                    FABD,
                    FCMGT,
                    FACGT ->
                    lanes(row, word, m, size, 0);
            case SMAXP, SMINP, ADDP, UMAXP, UMINP, FMAXNMP, FADDP, FMAXP, FMINNMP, FMINP ->
                    to.append(
                            new VectorOps.Pairwise(row.operation(), d, n, m, size, Upper.ofA64(q)));
            case SADDL,
                    UADDL,
                    SADDW,
                    UADDW,
                    SSUBL,
                    USUBL,
                    SSUBW,
                    USUBW,
                    SABAL,
                    UABAL,
                    SABDL,
                    UABDL,
                    SMLAL,
                    UMLAL,
                    SMLSL,
                    UMLSL,
                    SMULL,
                    UMULL,
                    SQDMLAL,
                    SQDMLSL,
                    SQDMULL ->
                    to.append(
                            new VectorOps.Widen(
                                    row.operation(), d, n, m, size, -1, q, isScalar(word)));
            case PMULL -> {
                if (size == 3) {
                    to.append(new VectorOps.MultiplyPolynomials(d, n, m, q));
                } else {
                    to.append(new VectorOps.Widen(row.operation(), d, n, m, size, -1, q, false));
                }
            }
            case ADDHN, RADDHN, SUBHN, RSUBHN ->
                    to.append(
                            new VectorOps.Narrow(
                                    row.operation(), half, n, m, size, 0, clears, false));
            case REV64,
                    REV16,
                    SADDLP,
                    SUQADD,
                    CLS,
                    CNT,
                    SADALP,
                    SQABS,
                    CMGT_ZERO,
                    CMEQ_ZERO,
                    CMLT_ZERO,
                    ABS,
                    FRINTN,
                    FRINTM,
                    FCVTNS,
                    FCVTMS,
                    FCVTAS,
                    SCVTF,
                    FCMGT_ZERO,
                    FCMEQ_ZERO,
                    FCMLT_ZERO,
                    FABS,
                    FRINTP,
                    FRINTZ,
                    FCVTPS,
                    FCVTZS,
                    URECPE,
                    FRECPE,
                    FRECPX,
                    REV32,
                    UADDLP,
                    USQADD,
                    CLZ,
                    NOT,
                    RBIT,
                    UADALP,
                    SQNEG,
                    CMGE_ZERO,
                    CMLE_ZERO,
                    NEG,
                    FRINTA,
                    FRINTX,
                    FCVTNU,
                    FCVTMU,
                    FCVTAU,
                    UCVTF,
                    FCMGE_ZERO,
                    FCMLE_ZERO,
                    FNEG,
                    FRINTI,
                    FCVTPU,
                    FCVTZU,
                    URSQRTE,
                    FRSQRTE,
                    FSQRT ->
                    lanes(row, word, n, size, 0);
            case XTN, SQXTN, SQXTUN, UQXTN ->
                    to.append(
                            new VectorOps.Narrow(
                                    row.operation(), half, n, n, size, 0, clears, isScalar(word)));
            case SHLL -> to.append(new VectorOps.ShiftLong(d, n, size, 8 << size, false, q));
            case FCVTN ->
                    to.append(new VectorOps.ConvertNarrow(half, n, size, false, clears, false));
            case FCVTXN ->
                    to.append(
                            new VectorOps.ConvertNarrow(
                                    half, n, size, true, clears, isScalar(word)));
            case FCVTL -> to.append(new VectorOps.ConvertLong(d, n, size, q));
            case SADDLV, SMAXV, SMINV, ADDV, UADDLV, UMAXV, UMINV, FMAXNMV, FMAXV, FMINNMV, FMINV ->
                    to.append(new VectorOps.Across(row.operation(), d, n, size, q));
            case ADDP_SCALAR,
                    FMAXNMP_SCALAR,
                    FADDP_SCALAR,
                    FMAXP_SCALAR,
                    FMINNMP_SCALAR,
                    FMINP_SCALAR ->
                    to.append(new VectorOps.PairScalar(row.operation(), d, n, size));
            case MODIFIED_IMMEDIATE -> modifiedImmediate(word);
            case SSHR,
                    SSRA,
                    SRSHR,
                    SRSRA,
                    SCVTF_FIXED,
                    FCVTZS_FIXED,
                    USHR,
                    USRA,
                    URSHR,
                    URSRA,
                    SRI,
                    UCVTF_FIXED,
                    FCVTZU_FIXED ->
                    lanes(row, word, n, size, (16 << size) - bits(word, 16, 7));
            case SHL, SQSHL_IMMEDIATE, SLI, SQSHLU, UQSHL_IMMEDIATE ->
                    lanes(row, word, n, size, bits(word, 16, 7) - (8 << size));
            case SHRN, RSHRN, SQSHRN, SQRSHRN, SQSHRUN, SQRSHRUN, UQSHRN, UQRSHRN -> {
                int by = (16 << size) - bits(word, 16, 7);
                to.append(
                        new VectorOps.Narrow(
                                row.operation(), half, n, n, size, by, clears, isScalar(word)));
            }
            case SSHLL, USHLL -> {
                int by = bits(word, 16, 7) - (8 << size);
                to.append(new VectorOps.ShiftLong(d, n, size, by, row == Simd.SSHLL, q));
            }
            case SMLAL_ELEMENT,
                    SQDMLAL_ELEMENT,
                    SMLSL_ELEMENT,
                    SQDMLSL_ELEMENT,
                    SMULL_ELEMENT,
                    SQDMULL_ELEMENT,
                    UMLAL_ELEMENT,
                    UMLSL_ELEMENT,
                    UMULL_ELEMENT ->
                    to.append(
                            new VectorOps.Widen(
                                    row.operation(),
                                    d,
                                    n,
                                    v(elementRegister(word, size)),
                                    size,
                                    elementIndex(word, size),
                                    q,
                                    isScalar(word)));
            case MUL_ELEMENT,
                    SQDMULH_ELEMENT,
                    SQRDMULH_ELEMENT,
                    MLA_ELEMENT,
                    MLS_ELEMENT,
                    FMLA_ELEMENT,
                    FMLS_ELEMENT,
                    FMUL_ELEMENT,
                    FMULX_ELEMENT ->
                    byElement(row, word, size);
        }
    }

    private void lanes(Simd row, int word, int m, int size, int imm) {
        boolean scalar = isScalar(word);
        boolean q = bit(word, 30) != 0 && !scalar;
        to.append(
                new VectorLanes(
                        row.operation(),
                        v(rd(word)),
                        v(rn(word)),
                        m,
                        size,
                        imm,
                        -1,
                        Upper.ofA64(q),
                        scalar));
    }

    private static int elementRegister(int word, int size) {
        return size == 1 ? bits(word, 16, 4) : rm(word);
    }

    private static int elementIndex(int word, int size) {
        int h = bit(word, 11);
        int l = bit(word, 21);
        return switch (size) {
            case 1 -> h << 2 | l << 1 | bit(word, 20);
            case 2 -> h << 1 | l;
            default -> h;
        };
    }

    private void byElement(Simd row, int word, int size) {
        if (size == 3 && bit(word, 21) != 0) {
            to.undefined();
            return;
        }
        boolean scalar = isScalar(word);
        boolean q = bit(word, 30) != 0 && !scalar;
        to.append(
                new VectorLanes(
                        row.operation(),
                        v(rd(word)),
                        v(rn(word)),
                        v(elementRegister(word, size)),
                        size,
                        0,
                        elementIndex(word, size),
                        Upper.ofA64(q),
                        scalar));
    }

    // ---- copies

    private void copy(Simd row, int word) {
        int imm5 = rm(word);
        int size = Integer.numberOfTrailingZeros(imm5 | 32);
        boolean q = bit(word, 30) != 0;
        int d = rd(word);
        int n = rn(word);
        int index = imm5 >>> size + 1;
        boolean reserved =
                size > 3
                        || switch (row) {
                            case DUP_ELEMENT, DUP_GENERAL -> size == 3 && !q;
                            case SMOV -> size > (q ? 2 : 1);
                            case UMOV -> size == 3 != q;
                            default -> false;
                        };
        if (reserved) {
            to.undefined();
            return;
        }
        switch (row) {
            case DUP_ELEMENT ->
                    to.append(
                            new VectorOps.Duplicate(
                                    v(d), v(n), size, index, Upper.ofA64(q), isScalar(word)));
            case DUP_GENERAL ->
                    to.append(
                            new VectorOps.Duplicate(
                                    v(d), source(n), size, 0, Upper.ofA64(q), false));
            case SMOV -> to.append(new SimdOps.MoveOut(target(d), v(n), size, index, true, q));
            case UMOV -> to.append(new SimdOps.MoveOut(target(d), v(n), size, index, false, q));
            case INS_GENERAL -> to.append(new VectorOps.Insert(v(d), source(n), size, index, 0));
            default -> {
                int from = bits(word, 11, 4) >>> size;
                to.append(new VectorOps.Insert(v(d), v(n), size, index, from));
            }
        }
    }

    // ---- constants

    /// MOVI, MVNI, ORR, BIC and FMOV (pseudocode AdvSIMDExpandImm).
    private void modifiedImmediate(int word) {
        int cmode = bits(word, 12, 4);
        int op = bit(word, 29);
        boolean q = bit(word, 30) != 0;
        int imm8 = bits(word, 16, 3) << 5 | bits(word, 5, 5);
        int d = v(rd(word));
        if (cmode == 15 && op != 0 && !q) {
            to.undefined();
            return;
        }
        long value = Constants.expand(op, cmode, imm8);
        if (Constants.combines(cmode)) {
            to.append(new VectorOps.CombineConstant(op != 0, d, value, Upper.ofA64(q)));
            return;
        }
        if (Constants.isInverted(op, cmode)) {
            value = ~value;
        }
        to.append(new Move.Constant(d, value));
        to.append(new Move.Constant(d + 1, q ? value : 0));
    }
}
