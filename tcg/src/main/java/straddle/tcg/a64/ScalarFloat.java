package straddle.tcg.a64;

import java.util.List;

/// Scalar floating point (Arm ARM DDI 0487, C4.1): `type` 0 is single, 1 double precision.
public enum ScalarFloat implements Row {
    // Conversion between floating-point and fixed-point
    SCVTF_FIXED("sf 0 0 11110 0 type 0 00 010 scale Rn Rd"),
    UCVTF_FIXED("sf 0 0 11110 0 type 0 00 011 scale Rn Rd"),
    FCVTZS_FIXED("sf 0 0 11110 0 type 0 11 000 scale Rn Rd"),
    FCVTZU_FIXED("sf 0 0 11110 0 type 0 11 001 scale Rn Rd"),
    // Conversion between floating-point and integer
    FCVTNS("sf 0 0 11110 0 type 1 00 000 000000 Rn Rd"),
    FCVTNU("sf 0 0 11110 0 type 1 00 001 000000 Rn Rd"),
    SCVTF("sf 0 0 11110 0 type 1 00 010 000000 Rn Rd"),
    UCVTF("sf 0 0 11110 0 type 1 00 011 000000 Rn Rd"),
    FCVTAS("sf 0 0 11110 0 type 1 00 100 000000 Rn Rd"),
    FCVTAU("sf 0 0 11110 0 type 1 00 101 000000 Rn Rd"),
    FCVTPS("sf 0 0 11110 0 type 1 01 000 000000 Rn Rd"),
    FCVTPU("sf 0 0 11110 0 type 1 01 001 000000 Rn Rd"),
    FCVTMS("sf 0 0 11110 0 type 1 10 000 000000 Rn Rd"),
    FCVTMU("sf 0 0 11110 0 type 1 10 001 000000 Rn Rd"),
    FCVTZS("sf 0 0 11110 0 type 1 11 000 000000 Rn Rd"),
    FCVTZU("sf 0 0 11110 0 type 1 11 001 000000 Rn Rd"),
    FMOV_W_S("0 0 0 11110 00 1 00 110 000000 Rn Rd"),
    FMOV_S_W("0 0 0 11110 00 1 00 111 000000 Rn Rd"),
    FMOV_X_D("1 0 0 11110 01 1 00 110 000000 Rn Rd"),
    FMOV_D_X("1 0 0 11110 01 1 00 111 000000 Rn Rd"),
    FMOV_X_TOP("1 0 0 11110 10 1 01 110 000000 Rn Rd"),
    FMOV_TOP_X("1 0 0 11110 10 1 01 111 000000 Rn Rd"),
    // Floating-point data-processing (1 source)
    FMOV("0 0 0 11110 0 type 1 000000 10000 Rn Rd"),
    FABS("0 0 0 11110 0 type 1 000001 10000 Rn Rd"),
    FNEG("0 0 0 11110 0 type 1 000010 10000 Rn Rd"),
    FSQRT("0 0 0 11110 0 type 1 000011 10000 Rn Rd"),
    FRINTN("0 0 0 11110 0 type 1 001000 10000 Rn Rd"),
    FRINTP("0 0 0 11110 0 type 1 001001 10000 Rn Rd"),
    FRINTM("0 0 0 11110 0 type 1 001010 10000 Rn Rd"),
    FRINTZ("0 0 0 11110 0 type 1 001011 10000 Rn Rd"),
    FRINTA("0 0 0 11110 0 type 1 001100 10000 Rn Rd"),
    FRINTX("0 0 0 11110 0 type 1 001110 10000 Rn Rd"),
    FRINTI("0 0 0 11110 0 type 1 001111 10000 Rn Rd"),
    FCVT_D_S("0 0 0 11110 00 1 000101 10000 Rn Rd"),
    FCVT_H_S("0 0 0 11110 00 1 000111 10000 Rn Rd"),
    FCVT_S_D("0 0 0 11110 01 1 000100 10000 Rn Rd"),
    FCVT_H_D("0 0 0 11110 01 1 000111 10000 Rn Rd"),
    FCVT_S_H("0 0 0 11110 11 1 000100 10000 Rn Rd"),
    FCVT_D_H("0 0 0 11110 11 1 000101 10000 Rn Rd"),
    // Floating-point compare
    FCMP("0 0 0 11110 0 type 1 Rm 00 1000 Rn 00000"),
    FCMP_ZERO("0 0 0 11110 0 type 1 Rm 00 1000 Rn 01000"),
    FCMPE("0 0 0 11110 0 type 1 Rm 00 1000 Rn 10000"),
    FCMPE_ZERO("0 0 0 11110 0 type 1 Rm 00 1000 Rn 11000"),
    // Floating-point immediate
    FMOV_IMMEDIATE("0 0 0 11110 0 type 1 imm8 100 00000 Rd"),
    // Floating-point conditional compare
    FCCMP("0 0 0 11110 0 type 1 Rm cond 01 Rn 0 nzcv"),
    FCCMPE("0 0 0 11110 0 type 1 Rm cond 01 Rn 1 nzcv"),
    // Floating-point data-processing (2 source)
    FMUL("0 0 0 11110 0 type 1 Rm 0000 10 Rn Rd"),
    FDIV("0 0 0 11110 0 type 1 Rm 0001 10 Rn Rd"),
    FADD("0 0 0 11110 0 type 1 Rm 0010 10 Rn Rd"),
    FSUB("0 0 0 11110 0 type 1 Rm 0011 10 Rn Rd"),
    FMAX("0 0 0 11110 0 type 1 Rm 0100 10 Rn Rd"),
    FMIN("0 0 0 11110 0 type 1 Rm 0101 10 Rn Rd"),
    FMAXNM("0 0 0 11110 0 type 1 Rm 0110 10 Rn Rd"),
    FMINNM("0 0 0 11110 0 type 1 Rm 0111 10 Rn Rd"),
    FNMUL("0 0 0 11110 0 type 1 Rm 1000 10 Rn Rd"),
    // Floating-point conditional select
    FCSEL("0 0 0 11110 0 type 1 Rm cond 11 Rn Rd"),
    // Floating-point data-processing (3 source)
    FMADD("0 0 0 11111 0 type 0 Rm 0 Ra Rn Rd"),
    FMSUB("0 0 0 11111 0 type 0 Rm 1 Ra Rn Rd"),
    FNMADD("0 0 0 11111 0 type 1 Rm 0 Ra Rn Rd"),
    FNMSUB("0 0 0 11111 0 type 1 Rm 1 Ra Rn Rd");

    private final String pattern;

    ScalarFloat(String pattern) {
        this.pattern = pattern;
    }

    @Override
    public List<Pattern> patterns() {
        return List.of(Pattern.of(pattern, ""));
    }
}
