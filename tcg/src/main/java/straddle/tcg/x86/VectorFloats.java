package straddle.tcg.x86;

import straddle.tcg.Cpu;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.MicroOp;
import straddle.tcg.x86.fp.Avx;
import straddle.tcg.x86.fp.Estimate;
import straddle.tcg.x86.fp.FpControl;
import straddle.tcg.x86.fp.Sse;
import straddle.tcg.x86.fp.SseConvert;

/// Floating-point operations on XMM registers, other than the frequent ones of [VectorScalars].
final class VectorFloats extends MicroOp {
    private final Op op;
    private final int d;
    private final int s;
    private final int imm;

    VectorFloats(Op op, int d, int s, int imm) {
        this.op = op;
        this.d = d;
        this.s = s;
        this.imm = imm;
    }

    static boolean has(Op op) {
        return switch (op) {
            case SQRTPS,
                    SQRTPD,
                    ADDPS,
                    ADDPD,
                    MULPS,
                    MULPD,
                    SUBPS,
                    SUBPD,
                    MINPS,
                    MINPD,
                    DIVPS,
                    DIVPD,
                    MAXPS,
                    MAXPD,
                    HADDPD,
                    HADDPS,
                    HSUBPD,
                    HSUBPS,
                    ADDSUBPD,
                    ADDSUBPS,
                    SQRTSS,
                    SQRTSD,
                    ADDSS,
                    ADDSD,
                    SUBSS,
                    SUBSD,
                    MULSS,
                    MULSD,
                    DIVSS,
                    DIVSD,
                    MINSS,
                    MINSD,
                    MAXSS,
                    MAXSD,
                    ROUNDPS,
                    ROUNDPD,
                    ROUNDSS,
                    ROUNDSD,
                    DPPS,
                    DPPD,
                    CMPPS,
                    CMPPD,
                    CMPSS,
                    CMPSD,
                    CVTPS2PD,
                    CVTPD2PS,
                    CVTSS2SD,
                    CVTSD2SS,
                    CVTDQ2PS,
                    CVTPS2DQ,
                    CVTTPS2DQ,
                    CVTTPD2DQ,
                    CVTPD2DQ,
                    CVTDQ2PD,
                    RCPPS,
                    RCPSS,
                    RSQRTPS,
                    RSQRTSS,
                    VCVTPH2PS,
                    VCVTPS2PH ->
                    true;
            default -> false;
        };
    }

    @Override
    public MicroOp exec(Cpu c) {
        X86Cpu cpu = (X86Cpu) c;
        if (apply(op, cpu.fp, cpu.v, d, s, imm)) {
            throw FpuState.simdFault(cpu);
        }
        return next;
    }

    @Override
    public void emit(Emitter e) {
        if (!raises(op)) {
            VectorCode.function(e, owner(op), VectorCode.name(op), "V", d, s);
        } else if (hasImmediate(op)) {
            VectorCode.floating(e, this, owner(op), name(op), d, s, imm);
        } else {
            VectorCode.floating(e, this, owner(op), name(op), d, s);
        }
    }

    /// Emits the operation on bits 127:0 or 255:128, its exceptions to be gathered.
    static void emit(Emitter e, boolean upper, Op op, int d, int s, int imm) {
        if (!raises(op)) {
            String name = VectorCode.name(op);
            if (upper) {
                VectorCode.upperFunction(e, owner(op), name, "V", d, s);
            } else {
                VectorCode.function(e, owner(op), name, "V", d, s);
            }
        } else if (hasImmediate(op)) {
            VectorCode.gathered(e, upper, owner(op), name(op), d, s, imm);
        } else {
            VectorCode.gathered(e, upper, owner(op), name(op), d, s);
        }
    }

    /// Whether it can raise a floating-point exception.
    private static boolean raises(Op op) {
        return switch (op) {
            case CVTDQ2PD, RCPPS, RCPSS, RSQRTPS, RSQRTSS -> false;
            default -> true;
        };
    }

    private static boolean hasImmediate(Op op) {
        return switch (op) {
            case ROUNDPS,
                    ROUNDPD,
                    ROUNDSS,
                    ROUNDSD,
                    DPPS,
                    DPPD,
                    CMPPS,
                    CMPPD,
                    CMPSS,
                    CMPSD,
                    VCVTPS2PH ->
                    true;
            default -> false;
        };
    }

    private static String owner(Op op) {
        return switch (op) {
            case RCPPS, RCPSS, RSQRTPS, RSQRTSS -> "Estimate";
            case CMPPS, CMPPD, CMPSS, CMPSD, VCVTPH2PS, VCVTPS2PH -> "Avx";
            case CVTPS2PD,
                    CVTPD2PS,
                    CVTSS2SD,
                    CVTSD2SS,
                    CVTDQ2PS,
                    CVTPS2DQ,
                    CVTTPS2DQ,
                    CVTTPD2DQ,
                    CVTPD2DQ,
                    CVTDQ2PD ->
                    "SseConvert";
            default -> "Sse";
        };
    }

    private static String name(Op op) {
        return switch (op) {
            case CMPPS, CMPPD, CMPSS, CMPSD -> "v" + VectorCode.name(op);
            default -> VectorCode.name(op);
        };
    }

    @Override
    public int emittedBytes() {
        return VectorCode.BYTES;
    }

    /// d = d op s on 128 bits of a register file; answers true, with nothing changed, for an unmasked exception.
    static boolean apply(Op op, FpControl c, long[] v, int d, int s, int imm) {
        return switch (op) {
            case SQRTPS -> Sse.sqrtps(c, v, d, s);
            case SQRTPD -> Sse.sqrtpd(c, v, d, s);
            case ADDPS -> Sse.addps(c, v, d, s);
            case ADDPD -> Sse.addpd(c, v, d, s);
            case MULPS -> Sse.mulps(c, v, d, s);
            case MULPD -> Sse.mulpd(c, v, d, s);
            case SUBPS -> Sse.subps(c, v, d, s);
            case SUBPD -> Sse.subpd(c, v, d, s);
            case MINPS -> Sse.minps(c, v, d, s);
            case MINPD -> Sse.minpd(c, v, d, s);
            case DIVPS -> Sse.divps(c, v, d, s);
            case DIVPD -> Sse.divpd(c, v, d, s);
            case MAXPS -> Sse.maxps(c, v, d, s);
            case MAXPD -> Sse.maxpd(c, v, d, s);
            case HADDPD -> Sse.haddpd(c, v, d, s);
            case HADDPS -> Sse.haddps(c, v, d, s);
            case HSUBPD -> Sse.hsubpd(c, v, d, s);
            case HSUBPS -> Sse.hsubps(c, v, d, s);
            case ADDSUBPD -> Sse.addsubpd(c, v, d, s);
            case ADDSUBPS -> Sse.addsubps(c, v, d, s);
            default -> scalar(op, c, v, d, s, imm);
        };
    }

    private static boolean scalar(Op op, FpControl c, long[] v, int d, int s, int imm) {
        return switch (op) {
            case SQRTSS -> Sse.sqrtss(c, v, d, s);
            case SQRTSD -> Sse.sqrtsd(c, v, d, s);
            case ADDSS -> Sse.addss(c, v, d, s);
            case ADDSD -> Sse.addsd(c, v, d, s);
            case SUBSS -> Sse.subss(c, v, d, s);
            case SUBSD -> Sse.subsd(c, v, d, s);
            case MULSS -> Sse.mulss(c, v, d, s);
            case MULSD -> Sse.mulsd(c, v, d, s);
            case DIVSS -> Sse.divss(c, v, d, s);
            case DIVSD -> Sse.divsd(c, v, d, s);
            case MINSS -> Sse.minss(c, v, d, s);
            case MINSD -> Sse.minsd(c, v, d, s);
            case MAXSS -> Sse.maxss(c, v, d, s);
            case MAXSD -> Sse.maxsd(c, v, d, s);
            default -> withImmediate(op, c, v, d, s, imm);
        };
    }

    private static boolean withImmediate(Op op, FpControl c, long[] v, int d, int s, int imm) {
        return switch (op) {
            case ROUNDPS -> Sse.roundps(c, v, d, s, imm);
            case ROUNDPD -> Sse.roundpd(c, v, d, s, imm);
            case ROUNDSS -> Sse.roundss(c, v, d, s, imm);
            case ROUNDSD -> Sse.roundsd(c, v, d, s, imm);
            case DPPS -> Sse.dpps(c, v, d, s, imm);
            case DPPD -> Sse.dppd(c, v, d, s, imm);
            case VCVTPS2PH -> Avx.vcvtps2ph(c, v, d, s, imm);
            // Which has all 32 predicates.
            case CMPPS -> Avx.vcmpps(c, v, d, s, imm);
            case CMPPD -> Avx.vcmppd(c, v, d, s, imm);
            case CMPSS -> Avx.vcmpss(c, v, d, s, imm);
            case CMPSD -> Avx.vcmpsd(c, v, d, s, imm);
            default -> convert(op, c, v, d, s);
        };
    }

    private static boolean convert(Op op, FpControl c, long[] v, int d, int s) {
        return switch (op) {
            case CVTPS2PD -> SseConvert.cvtps2pd(c, v, d, s);
            case CVTPD2PS -> SseConvert.cvtpd2ps(c, v, d, s);
            case CVTSS2SD -> SseConvert.cvtss2sd(c, v, d, s);
            case CVTSD2SS -> SseConvert.cvtsd2ss(c, v, d, s);
            case CVTDQ2PS -> SseConvert.cvtdq2ps(c, v, d, s);
            case CVTPS2DQ -> SseConvert.cvtps2dq(c, v, d, s);
            case CVTTPS2DQ -> SseConvert.cvttps2dq(c, v, d, s);
            case CVTTPD2DQ -> SseConvert.cvttpd2dq(c, v, d, s);
            case CVTPD2DQ -> SseConvert.cvtpd2dq(c, v, d, s);
            case VCVTPH2PS -> Avx.vcvtph2ps(c, v, d, s);
            default -> approximate(op, v, d, s);
        };
    }

    private static boolean approximate(Op op, long[] v, int d, int s) {
        switch (op) {
            case CVTDQ2PD -> SseConvert.cvtdq2pd(v, d, s);
            case RCPPS -> Estimate.rcpps(v, d, s);
            case RCPSS -> Estimate.rcpss(v, d, s);
            case RSQRTPS -> Estimate.rsqrtps(v, d, s);
            case RSQRTSS -> Estimate.rsqrtss(v, d, s);
            default -> throw new IllegalStateException(op + " is no floating-point operation");
        }
        return false;
    }

    @Override
    public String toString() {
        return "%s xmm[%d], xmm[%d], %d".formatted(op, d, s, imm);
    }
}
