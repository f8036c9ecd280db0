package straddle.tcg.a64;

import java.util.ArrayList;
import java.util.List;
import straddle.tcg.simd.VectorOp;

/// Advanced SIMD and cryptographic instructions (Arm ARM DDI 0487, C4.1): the vector form, then the scalar one, each
/// with the element sizes that it allows. `D` needs all 128 bits (Q), `d` does not, `q` is `S` with Q.
public enum Simd implements Row {
    // Cryptographic AES
    AESE("", "01001110 00 10100 00100 10 Rn Rd"),
    AESD("", "01001110 00 10100 00101 10 Rn Rd"),
    AESMC("", "01001110 00 10100 00110 10 Rn Rd"),
    AESIMC("", "01001110 00 10100 00111 10 Rn Rd"),
    // Cryptographic three-register SHA
    SHA1C("", "01011110 00 0 Rm 0 000 00 Rn Rd"),
    SHA1P("", "01011110 00 0 Rm 0 001 00 Rn Rd"),
    SHA1M("", "01011110 00 0 Rm 0 010 00 Rn Rd"),
    SHA1SU0("", "01011110 00 0 Rm 0 011 00 Rn Rd"),
    SHA256H("", "01011110 00 0 Rm 0 100 00 Rn Rd"),
    SHA256H2("", "01011110 00 0 Rm 0 101 00 Rn Rd"),
    SHA256SU1("", "01011110 00 0 Rm 0 110 00 Rn Rd"),
    // Cryptographic two-register SHA
    SHA1H("", "01011110 00 10100 00000 10 Rn Rd"),
    SHA1SU1("", "01011110 00 10100 00001 10 Rn Rd"),
    SHA256SU0("", "01011110 00 10100 00010 10 Rn Rd"),
    // Advanced SIMD table lookup
    TBL("", "0 Q 001110 000 Rm 0 len 0 00 Rn Rd"),
    TBX("", "0 Q 001110 000 Rm 0 len 1 00 Rn Rd"),
    // Advanced SIMD permute
    UZP1("BHSD", "0 Q 001110 size 0 Rm 0 001 10 Rn Rd"),
    TRN1("BHSD", "0 Q 001110 size 0 Rm 0 010 10 Rn Rd"),
    ZIP1("BHSD", "0 Q 001110 size 0 Rm 0 011 10 Rn Rd"),
    UZP2("BHSD", "0 Q 001110 size 0 Rm 0 101 10 Rn Rd"),
    TRN2("BHSD", "0 Q 001110 size 0 Rm 0 110 10 Rn Rd"),
    ZIP2("BHSD", "0 Q 001110 size 0 Rm 0 111 10 Rn Rd"),
    // Advanced SIMD extract
    EXT("", "0 Q 101110 000 Rm 0 imm4 0 Rn Rd"),
    // Advanced SIMD copy
    DUP_ELEMENT("", "0 Q 0 01110000 imm5 0 0000 1 Rn Rd", "", "01 0 11110000 imm5 0 0000 1 Rn Rd"),
    DUP_GENERAL("", "0 Q 0 01110000 imm5 0 0001 1 Rn Rd"),
    SMOV("", "0 Q 0 01110000 imm5 0 0101 1 Rn Rd"),
    UMOV("", "0 Q 0 01110000 imm5 0 0111 1 Rn Rd"),
    INS_GENERAL("", "0 1 0 01110000 imm5 0 0011 1 Rn Rd"),
    INS_ELEMENT("", "0 1 1 01110000 imm5 0 imm4 1 Rn Rd"),
    // Advanced SIMD three same
    SHADD("BHS", "0 Q 0 01110 size 1 Rm 00000 1 Rn Rd"),
    SQADD(
            "BHSD",
            "0 Q 0 01110 size 1 Rm 00001 1 Rn Rd",
            "BHSD",
            "01 0 11110 size 1 Rm 00001 1 Rn Rd"),
    SRHADD("BHS", "0 Q 0 01110 size 1 Rm 00010 1 Rn Rd"),
    AND("", "0 Q 0 01110 00 1 Rm 00011 1 Rn Rd"),
    BIC("", "0 Q 0 01110 01 1 Rm 00011 1 Rn Rd"),
    ORR("", "0 Q 0 01110 10 1 Rm 00011 1 Rn Rd"),
    ORN("", "0 Q 0 01110 11 1 Rm 00011 1 Rn Rd"),
    SHSUB("BHS", "0 Q 0 01110 size 1 Rm 00100 1 Rn Rd"),
    SQSUB(
            "BHSD",
            "0 Q 0 01110 size 1 Rm 00101 1 Rn Rd",
            "BHSD",
            "01 0 11110 size 1 Rm 00101 1 Rn Rd"),
    CMGT("BHSD", "0 Q 0 01110 size 1 Rm 00110 1 Rn Rd", "D", "01 0 11110 size 1 Rm 00110 1 Rn Rd"),
    CMGE("BHSD", "0 Q 0 01110 size 1 Rm 00111 1 Rn Rd", "D", "01 0 11110 size 1 Rm 00111 1 Rn Rd"),
    SSHL("BHSD", "0 Q 0 01110 size 1 Rm 01000 1 Rn Rd", "D", "01 0 11110 size 1 Rm 01000 1 Rn Rd"),
    SQSHL(
            "BHSD",
            "0 Q 0 01110 size 1 Rm 01001 1 Rn Rd",
            "BHSD",
            "01 0 11110 size 1 Rm 01001 1 Rn Rd"),
    SRSHL("BHSD", "0 Q 0 01110 size 1 Rm 01010 1 Rn Rd", "D", "01 0 11110 size 1 Rm 01010 1 Rn Rd"),
    SQRSHL(
            "BHSD",
            "0 Q 0 01110 size 1 Rm 01011 1 Rn Rd",
            "BHSD",
            "01 0 11110 size 1 Rm 01011 1 Rn Rd"),
    SMAX("BHS", "0 Q 0 01110 size 1 Rm 01100 1 Rn Rd"),
    SMIN("BHS", "0 Q 0 01110 size 1 Rm 01101 1 Rn Rd"),
    SABD("BHS", "0 Q 0 01110 size 1 Rm 01110 1 Rn Rd"),
    SABA("BHS", "0 Q 0 01110 size 1 Rm 01111 1 Rn Rd"),
    ADD("BHSD", "0 Q 0 01110 size 1 Rm 10000 1 Rn Rd", "D", "01 0 11110 size 1 Rm 10000 1 Rn Rd"),
    CMTST("BHSD", "0 Q 0 01110 size 1 Rm 10001 1 Rn Rd", "D", "01 0 11110 size 1 Rm 10001 1 Rn Rd"),
    MLA("BHS", "0 Q 0 01110 size 1 Rm 10010 1 Rn Rd"),
    MUL("BHS", "0 Q 0 01110 size 1 Rm 10011 1 Rn Rd"),
    SMAXP("BHS", "0 Q 0 01110 size 1 Rm 10100 1 Rn Rd"),
    SMINP("BHS", "0 Q 0 01110 size 1 Rm 10101 1 Rn Rd"),
    SQDMULH(
            "HS",
            "0 Q 0 01110 size 1 Rm 10110 1 Rn Rd",
            "HS",
            "01 0 11110 size 1 Rm 10110 1 Rn Rd"),
    ADDP("BHSD", "0 Q 0 01110 size 1 Rm 10111 1 Rn Rd"),
    FMAXNM("SD", "0 Q 0 01110 0 sz 1 Rm 11000 1 Rn Rd"),
    FMLA("SD", "0 Q 0 01110 0 sz 1 Rm 11001 1 Rn Rd"),
    FADD("SD", "0 Q 0 01110 0 sz 1 Rm 11010 1 Rn Rd"),
    FMULX("SD", "0 Q 0 01110 0 sz 1 Rm 11011 1 Rn Rd", "SD", "01 0 11110 0 sz 1 Rm 11011 1 Rn Rd"),
    FCMEQ("SD", "0 Q 0 01110 0 sz 1 Rm 11100 1 Rn Rd", "SD", "01 0 11110 0 sz 1 Rm 11100 1 Rn Rd"),
    FMAX("SD", "0 Q 0 01110 0 sz 1 Rm 11110 1 Rn Rd"),
    FRECPS("SD", "0 Q 0 01110 0 sz 1 Rm 11111 1 Rn Rd", "SD", "01 0 11110 0 sz 1 Rm 11111 1 Rn Rd"),
    FMINNM("SD", "0 Q 0 01110 1 sz 1 Rm 11000 1 Rn Rd"),
    FMLS("SD", "0 Q 0 01110 1 sz 1 Rm 11001 1 Rn Rd"),
    FSUB("SD", "0 Q 0 01110 1 sz 1 Rm 11010 1 Rn Rd"),
    FMIN("SD", "0 Q 0 01110 1 sz 1 Rm 11110 1 Rn Rd"),
    FRSQRTS(
            "SD",
            "0 Q 0 01110 1 sz 1 Rm 11111 1 Rn Rd",
            "SD",
            "01 0 11110 1 sz 1 Rm 11111 1 Rn Rd"),
    UHADD("BHS", "0 Q 1 01110 size 1 Rm 00000 1 Rn Rd"),
    UQADD(
            "BHSD",
            "0 Q 1 01110 size 1 Rm 00001 1 Rn Rd",
            "BHSD",
            "01 1 11110 size 1 Rm 00001 1 Rn Rd"),
    URHADD("BHS", "0 Q 1 01110 size 1 Rm 00010 1 Rn Rd"),
    EOR("", "0 Q 1 01110 00 1 Rm 00011 1 Rn Rd"),
    BSL("", "0 Q 1 01110 01 1 Rm 00011 1 Rn Rd"),
    BIT("", "0 Q 1 01110 10 1 Rm 00011 1 Rn Rd"),
    BIF("", "0 Q 1 01110 11 1 Rm 00011 1 Rn Rd"),
    UHSUB("BHS", "0 Q 1 01110 size 1 Rm 00100 1 Rn Rd"),
    UQSUB(
            "BHSD",
            "0 Q 1 01110 size 1 Rm 00101 1 Rn Rd",
            "BHSD",
            "01 1 11110 size 1 Rm 00101 1 Rn Rd"),
    CMHI("BHSD", "0 Q 1 01110 size 1 Rm 00110 1 Rn Rd", "D", "01 1 11110 size 1 Rm 00110 1 Rn Rd"),
    CMHS("BHSD", "0 Q 1 01110 size 1 Rm 00111 1 Rn Rd", "D", "01 1 11110 size 1 Rm 00111 1 Rn Rd"),
    USHL("BHSD", "0 Q 1 01110 size 1 Rm 01000 1 Rn Rd", "D", "01 1 11110 size 1 Rm 01000 1 Rn Rd"),
    UQSHL(
            "BHSD",
            "0 Q 1 01110 size 1 Rm 01001 1 Rn Rd",
            "BHSD",
            "01 1 11110 size 1 Rm 01001 1 Rn Rd"),
    URSHL("BHSD", "0 Q 1 01110 size 1 Rm 01010 1 Rn Rd", "D", "01 1 11110 size 1 Rm 01010 1 Rn Rd"),
    UQRSHL(
            "BHSD",
            "0 Q 1 01110 size 1 Rm 01011 1 Rn Rd",
            "BHSD",
            "01 1 11110 size 1 Rm 01011 1 Rn Rd"),
    UMAX("BHS", "0 Q 1 01110 size 1 Rm 01100 1 Rn Rd"),
    UMIN("BHS", "0 Q 1 01110 size 1 Rm 01101 1 Rn Rd"),
    UABD("BHS", "0 Q 1 01110 size 1 Rm 01110 1 Rn Rd"),
    UABA("BHS", "0 Q 1 01110 size 1 Rm 01111 1 Rn Rd"),
    SUB("BHSD", "0 Q 1 01110 size 1 Rm 10000 1 Rn Rd", "D", "01 1 11110 size 1 Rm 10000 1 Rn Rd"),
    CMEQ("BHSD", "0 Q 1 01110 size 1 Rm 10001 1 Rn Rd", "D", "01 1 11110 size 1 Rm 10001 1 Rn Rd"),
    MLS("BHS", "0 Q 1 01110 size 1 Rm 10010 1 Rn Rd"),
    PMUL("B", "0 Q 1 01110 size 1 Rm 10011 1 Rn Rd"),
    UMAXP("BHS", "0 Q 1 01110 size 1 Rm 10100 1 Rn Rd"),
    UMINP("BHS", "0 Q 1 01110 size 1 Rm 10101 1 Rn Rd"),
    SQRDMULH(
            "HS",
            "0 Q 1 01110 size 1 Rm 10110 1 Rn Rd",
            "HS",
            "01 1 11110 size 1 Rm 10110 1 Rn Rd"),
    FMAXNMP("SD", "0 Q 1 01110 0 sz 1 Rm 11000 1 Rn Rd"),
    FADDP("SD", "0 Q 1 01110 0 sz 1 Rm 11010 1 Rn Rd"),
    FMUL("SD", "0 Q 1 01110 0 sz 1 Rm 11011 1 Rn Rd"),
    FCMGE("SD", "0 Q 1 01110 0 sz 1 Rm 11100 1 Rn Rd", "SD", "01 1 11110 0 sz 1 Rm 11100 1 Rn Rd"),
    FACGE("SD", "0 Q 1 01110 0 sz 1 Rm 11101 1 Rn Rd", "SD", "01 1 11110 0 sz 1 Rm 11101 1 Rn Rd"),
    FMAXP("SD", "0 Q 1 01110 0 sz 1 Rm 11110 1 Rn Rd"),
    FDIV("SD", "0 Q 1 01110 0 sz 1 Rm 11111 1 Rn Rd"),
    FMINNMP("SD", "0 Q 1 01110 1 sz 1 Rm 11000 1 Rn Rd"),
    FABD("SD", "0 Q 1 01110 1 sz 1 Rm 11010 1 Rn Rd", "SD", "01 1 11110 1 sz 1 Rm 11010 1 Rn Rd"),
    FCMGT("SD", "0 Q 1 01110 1 sz 1 Rm 11100 1 Rn Rd", "SD", "01 1 11110 1 sz 1 Rm 11100 1 Rn Rd"),
    FACGT("SD", "0 Q 1 01110 1 sz 1 Rm 11101 1 Rn Rd", "SD", "01 1 11110 1 sz 1 Rm 11101 1 Rn Rd"),
    FMINP("SD", "0 Q 1 01110 1 sz 1 Rm 11110 1 Rn Rd"),
    // Advanced SIMD three different
    SADDL("BHS", "0 Q 0 01110 size 1 Rm 0000 00 Rn Rd"),
    UADDL("BHS", "0 Q 1 01110 size 1 Rm 0000 00 Rn Rd"),
    SADDW("BHS", "0 Q 0 01110 size 1 Rm 0001 00 Rn Rd"),
    UADDW("BHS", "0 Q 1 01110 size 1 Rm 0001 00 Rn Rd"),
    SSUBL("BHS", "0 Q 0 01110 size 1 Rm 0010 00 Rn Rd"),
    USUBL("BHS", "0 Q 1 01110 size 1 Rm 0010 00 Rn Rd"),
    SSUBW("BHS", "0 Q 0 01110 size 1 Rm 0011 00 Rn Rd"),
    USUBW("BHS", "0 Q 1 01110 size 1 Rm 0011 00 Rn Rd"),
    ADDHN("BHS", "0 Q 0 01110 size 1 Rm 0100 00 Rn Rd"),
    RADDHN("BHS", "0 Q 1 01110 size 1 Rm 0100 00 Rn Rd"),
    SABAL("BHS", "0 Q 0 01110 size 1 Rm 0101 00 Rn Rd"),
    UABAL("BHS", "0 Q 1 01110 size 1 Rm 0101 00 Rn Rd"),
    SUBHN("BHS", "0 Q 0 01110 size 1 Rm 0110 00 Rn Rd"),
    RSUBHN("BHS", "0 Q 1 01110 size 1 Rm 0110 00 Rn Rd"),
    SABDL("BHS", "0 Q 0 01110 size 1 Rm 0111 00 Rn Rd"),
    UABDL("BHS", "0 Q 1 01110 size 1 Rm 0111 00 Rn Rd"),
    SMLAL("BHS", "0 Q 0 01110 size 1 Rm 1000 00 Rn Rd"),
    UMLAL("BHS", "0 Q 1 01110 size 1 Rm 1000 00 Rn Rd"),
    SMLSL("BHS", "0 Q 0 01110 size 1 Rm 1010 00 Rn Rd"),
    UMLSL("BHS", "0 Q 1 01110 size 1 Rm 1010 00 Rn Rd"),
    SMULL("BHS", "0 Q 0 01110 size 1 Rm 1100 00 Rn Rd"),
    UMULL("BHS", "0 Q 1 01110 size 1 Rm 1100 00 Rn Rd"),
    SQDMLAL(
            "HS",
            "0 Q 0 01110 size 1 Rm 1001 00 Rn Rd",
            "HS",
            "01 0 11110 size 1 Rm 1001 00 Rn Rd"),
    SQDMLSL(
            "HS",
            "0 Q 0 01110 size 1 Rm 1011 00 Rn Rd",
            "HS",
            "01 0 11110 size 1 Rm 1011 00 Rn Rd"),
    SQDMULL(
            "HS",
            "0 Q 0 01110 size 1 Rm 1101 00 Rn Rd",
            "HS",
            "01 0 11110 size 1 Rm 1101 00 Rn Rd"),
    PMULL("Bd", "0 Q 0 01110 size 1 Rm 1110 00 Rn Rd"),
    // Advanced SIMD two-register miscellaneous
    REV64("BHS", "0 Q 0 01110 size 10000 00000 10 Rn Rd"),
    REV16("B", "0 Q 0 01110 size 10000 00001 10 Rn Rd"),
    SADDLP("BHS", "0 Q 0 01110 size 10000 00010 10 Rn Rd"),
    SUQADD(
            "BHSD",
            "0 Q 0 01110 size 10000 00011 10 Rn Rd",
            "BHSD",
            "01 0 11110 size 10000 00011 10 Rn Rd"),
    CLS("BHS", "0 Q 0 01110 size 10000 00100 10 Rn Rd"),
    CNT("B", "0 Q 0 01110 size 10000 00101 10 Rn Rd"),
    SADALP("BHS", "0 Q 0 01110 size 10000 00110 10 Rn Rd"),
    SQABS(
            "BHSD",
            "0 Q 0 01110 size 10000 00111 10 Rn Rd",
            "BHSD",
            "01 0 11110 size 10000 00111 10 Rn Rd"),
    CMGT_ZERO(
            "BHSD",
            "0 Q 0 01110 size 10000 01000 10 Rn Rd",
            "D",
            "01 0 11110 size 10000 01000 10 Rn Rd"),
    CMEQ_ZERO(
            "BHSD",
            "0 Q 0 01110 size 10000 01001 10 Rn Rd",
            "D",
            "01 0 11110 size 10000 01001 10 Rn Rd"),
    CMLT_ZERO(
            "BHSD",
            "0 Q 0 01110 size 10000 01010 10 Rn Rd",
            "D",
            "01 0 11110 size 10000 01010 10 Rn Rd"),
    ABS(
            "BHSD",
            "0 Q 0 01110 size 10000 01011 10 Rn Rd",
            "D",
            "01 0 11110 size 10000 01011 10 Rn Rd"),
    XTN("BHS", "0 Q 0 01110 size 10000 10010 10 Rn Rd"),
    SQXTN(
            "BHS",
            "0 Q 0 01110 size 10000 10100 10 Rn Rd",
            "BHS",
            "01 0 11110 size 10000 10100 10 Rn Rd"),
    FCVTN("Sd", "0 Q 0 01110 0 sz 10000 10110 10 Rn Rd"),
    FCVTL("Sd", "0 Q 0 01110 0 sz 10000 10111 10 Rn Rd"),
    FRINTN("SD", "0 Q 0 01110 0 sz 10000 11000 10 Rn Rd"),
    FRINTM("SD", "0 Q 0 01110 0 sz 10000 11001 10 Rn Rd"),
    FCVTNS(
            "SD",
            "0 Q 0 01110 0 sz 10000 11010 10 Rn Rd",
            "SD",
            "01 0 11110 0 sz 10000 11010 10 Rn Rd"),
    FCVTMS(
            "SD",
            "0 Q 0 01110 0 sz 10000 11011 10 Rn Rd",
            "SD",
            "01 0 11110 0 sz 10000 11011 10 Rn Rd"),
    FCVTAS(
            "SD",
            "0 Q 0 01110 0 sz 10000 11100 10 Rn Rd",
            "SD",
            "01 0 11110 0 sz 10000 11100 10 Rn Rd"),
    SCVTF(
            "SD",
            "0 Q 0 01110 0 sz 10000 11101 10 Rn Rd",
            "SD",
            "01 0 11110 0 sz 10000 11101 10 Rn Rd"),
    FCMGT_ZERO(
            "SD",
            "0 Q 0 01110 1 sz 10000 01100 10 Rn Rd",
            "SD",
            "01 0 11110 1 sz 10000 01100 10 Rn Rd"),
    FCMEQ_ZERO(
            "SD",
            "0 Q 0 01110 1 sz 10000 01101 10 Rn Rd",
            "SD",
            "01 0 11110 1 sz 10000 01101 10 Rn Rd"),
    FCMLT_ZERO(
            "SD",
            "0 Q 0 01110 1 sz 10000 01110 10 Rn Rd",
            "SD",
            "01 0 11110 1 sz 10000 01110 10 Rn Rd"),
    FABS("SD", "0 Q 0 01110 1 sz 10000 01111 10 Rn Rd"),
    FRINTP("SD", "0 Q 0 01110 1 sz 10000 11000 10 Rn Rd"),
    FRINTZ("SD", "0 Q 0 01110 1 sz 10000 11001 10 Rn Rd"),
    FCVTPS(
            "SD",
            "0 Q 0 01110 1 sz 10000 11010 10 Rn Rd",
            "SD",
            "01 0 11110 1 sz 10000 11010 10 Rn Rd"),
    FCVTZS(
            "SD",
            "0 Q 0 01110 1 sz 10000 11011 10 Rn Rd",
            "SD",
            "01 0 11110 1 sz 10000 11011 10 Rn Rd"),
    URECPE("S", "0 Q 0 01110 1 sz 10000 11100 10 Rn Rd"),
    FRECPE(
            "SD",
            "0 Q 0 01110 1 sz 10000 11101 10 Rn Rd",
            "SD",
            "01 0 11110 1 sz 10000 11101 10 Rn Rd"),
    FRECPX("", "", "SD", "01 0 11110 1 sz 10000 11111 10 Rn Rd"),
    REV32("BH", "0 Q 1 01110 size 10000 00000 10 Rn Rd"),
    UADDLP("BHS", "0 Q 1 01110 size 10000 00010 10 Rn Rd"),
    USQADD(
            "BHSD",
            "0 Q 1 01110 size 10000 00011 10 Rn Rd",
            "BHSD",
            "01 1 11110 size 10000 00011 10 Rn Rd"),
    CLZ("BHS", "0 Q 1 01110 size 10000 00100 10 Rn Rd"),
    NOT("", "0 Q 1 01110 00 10000 00101 10 Rn Rd"),
    RBIT("", "0 Q 1 01110 01 10000 00101 10 Rn Rd"),
    UADALP("BHS", "0 Q 1 01110 size 10000 00110 10 Rn Rd"),
    SQNEG(
            "BHSD",
            "0 Q 1 01110 size 10000 00111 10 Rn Rd",
            "BHSD",
            "01 1 11110 size 10000 00111 10 Rn Rd"),
    CMGE_ZERO(
            "BHSD",
            "0 Q 1 01110 size 10000 01000 10 Rn Rd",
            "D",
            "01 1 11110 size 10000 01000 10 Rn Rd"),
    CMLE_ZERO(
            "BHSD",
            "0 Q 1 01110 size 10000 01001 10 Rn Rd",
            "D",
            "01 1 11110 size 10000 01001 10 Rn Rd"),
    NEG(
            "BHSD",
            "0 Q 1 01110 size 10000 01011 10 Rn Rd",
            "D",
            "01 1 11110 size 10000 01011 10 Rn Rd"),
    SQXTUN(
            "BHS",
            "0 Q 1 01110 size 10000 10010 10 Rn Rd",
            "BHS",
            "01 1 11110 size 10000 10010 10 Rn Rd"),
    SHLL("BHS", "0 Q 1 01110 size 10000 10011 10 Rn Rd"),
    UQXTN(
            "BHS",
            "0 Q 1 01110 size 10000 10100 10 Rn Rd",
            "BHS",
            "01 1 11110 size 10000 10100 10 Rn Rd"),
    FCVTXN(
            "d",
            "0 Q 1 01110 0 sz 10000 10110 10 Rn Rd",
            "D",
            "01 1 11110 0 sz 10000 10110 10 Rn Rd"),
    FRINTA("SD", "0 Q 1 01110 0 sz 10000 11000 10 Rn Rd"),
    FRINTX("SD", "0 Q 1 01110 0 sz 10000 11001 10 Rn Rd"),
    FCVTNU(
            "SD",
            "0 Q 1 01110 0 sz 10000 11010 10 Rn Rd",
            "SD",
            "01 1 11110 0 sz 10000 11010 10 Rn Rd"),
    FCVTMU(
            "SD",
            "0 Q 1 01110 0 sz 10000 11011 10 Rn Rd",
            "SD",
            "01 1 11110 0 sz 10000 11011 10 Rn Rd"),
    FCVTAU(
            "SD",
            "0 Q 1 01110 0 sz 10000 11100 10 Rn Rd",
            "SD",
            "01 1 11110 0 sz 10000 11100 10 Rn Rd"),
    UCVTF(
            "SD",
            "0 Q 1 01110 0 sz 10000 11101 10 Rn Rd",
            "SD",
            "01 1 11110 0 sz 10000 11101 10 Rn Rd"),
    FCMGE_ZERO(
            "SD",
            "0 Q 1 01110 1 sz 10000 01100 10 Rn Rd",
            "SD",
            "01 1 11110 1 sz 10000 01100 10 Rn Rd"),
    FCMLE_ZERO(
            "SD",
            "0 Q 1 01110 1 sz 10000 01101 10 Rn Rd",
            "SD",
            "01 1 11110 1 sz 10000 01101 10 Rn Rd"),
    FNEG("SD", "0 Q 1 01110 1 sz 10000 01111 10 Rn Rd"),
    FRINTI("SD", "0 Q 1 01110 1 sz 10000 11001 10 Rn Rd"),
    FCVTPU(
            "SD",
            "0 Q 1 01110 1 sz 10000 11010 10 Rn Rd",
            "SD",
            "01 1 11110 1 sz 10000 11010 10 Rn Rd"),
    FCVTZU(
            "SD",
            "0 Q 1 01110 1 sz 10000 11011 10 Rn Rd",
            "SD",
            "01 1 11110 1 sz 10000 11011 10 Rn Rd"),
    URSQRTE("S", "0 Q 1 01110 1 sz 10000 11100 10 Rn Rd"),
    FRSQRTE(
            "SD",
            "0 Q 1 01110 1 sz 10000 11101 10 Rn Rd",
            "SD",
            "01 1 11110 1 sz 10000 11101 10 Rn Rd"),
    FSQRT("SD", "0 Q 1 01110 1 sz 10000 11111 10 Rn Rd"),
    // Advanced SIMD across lanes
    SADDLV("BHq", "0 Q 0 01110 size 11000 00011 10 Rn Rd"),
    SMAXV("BHq", "0 Q 0 01110 size 11000 01010 10 Rn Rd"),
    SMINV("BHq", "0 Q 0 01110 size 11000 11010 10 Rn Rd"),
    ADDV("BHq", "0 Q 0 01110 size 11000 11011 10 Rn Rd"),
    UADDLV("BHq", "0 Q 1 01110 size 11000 00011 10 Rn Rd"),
    UMAXV("BHq", "0 Q 1 01110 size 11000 01010 10 Rn Rd"),
    UMINV("BHq", "0 Q 1 01110 size 11000 11010 10 Rn Rd"),
    FMAXNMV("q", "0 Q 1 01110 0 sz 11000 01100 10 Rn Rd"),
    FMAXV("q", "0 Q 1 01110 0 sz 11000 01111 10 Rn Rd"),
    FMINNMV("q", "0 Q 1 01110 1 sz 11000 01100 10 Rn Rd"),
    FMINV("q", "0 Q 1 01110 1 sz 11000 01111 10 Rn Rd"),
    // Advanced SIMD scalar pairwise
    ADDP_SCALAR("", "", "D", "01 0 11110 size 11000 11011 10 Rn Rd"),
    FMAXNMP_SCALAR("", "", "SD", "01 1 11110 0 sz 11000 01100 10 Rn Rd"),
    FADDP_SCALAR("", "", "SD", "01 1 11110 0 sz 11000 01101 10 Rn Rd"),
    FMAXP_SCALAR("", "", "SD", "01 1 11110 0 sz 11000 01111 10 Rn Rd"),
    FMINNMP_SCALAR("", "", "SD", "01 1 11110 1 sz 11000 01100 10 Rn Rd"),
    FMINP_SCALAR("", "", "SD", "01 1 11110 1 sz 11000 01111 10 Rn Rd"),
    // Advanced SIMD modified immediate
    MODIFIED_IMMEDIATE("", "0 Q op 0111100000 abc cmode 0 1 defgh Rd"),
    // Advanced SIMD shift by immediate
    SSHR(
            "BHSD",
            "0 Q 0 011110 immh immb 00000 1 Rn Rd",
            "D",
            "01 0 111110 immh immb 00000 1 Rn Rd"),
    SSRA(
            "BHSD",
            "0 Q 0 011110 immh immb 00010 1 Rn Rd",
            "D",
            "01 0 111110 immh immb 00010 1 Rn Rd"),
    SRSHR(
            "BHSD",
            "0 Q 0 011110 immh immb 00100 1 Rn Rd",
            "D",
            "01 0 111110 immh immb 00100 1 Rn Rd"),
    SRSRA(
            "BHSD",
            "0 Q 0 011110 immh immb 00110 1 Rn Rd",
            "D",
            "01 0 111110 immh immb 00110 1 Rn Rd"),
    SHL("BHSD", "0 Q 0 011110 immh immb 01010 1 Rn Rd", "D", "01 0 111110 immh immb 01010 1 Rn Rd"),
    SQSHL_IMMEDIATE(
            "BHSD",
            "0 Q 0 011110 immh immb 01110 1 Rn Rd",
            "BHSD",
            "01 0 111110 immh immb 01110 1 Rn Rd"),
    SHRN("BHS", "0 Q 0 011110 immh immb 10000 1 Rn Rd"),
    RSHRN("BHS", "0 Q 0 011110 immh immb 10001 1 Rn Rd"),
    SQSHRN(
            "BHS",
            "0 Q 0 011110 immh immb 10010 1 Rn Rd",
            "BHS",
            "01 0 111110 immh immb 10010 1 Rn Rd"),
    SQRSHRN(
            "BHS",
            "0 Q 0 011110 immh immb 10011 1 Rn Rd",
            "BHS",
            "01 0 111110 immh immb 10011 1 Rn Rd"),
    SSHLL("BHS", "0 Q 0 011110 immh immb 10100 1 Rn Rd"),
    SCVTF_FIXED(
            "SD",
            "0 Q 0 011110 immh immb 11100 1 Rn Rd",
            "SD",
            "01 0 111110 immh immb 11100 1 Rn Rd"),
    FCVTZS_FIXED(
            "SD",
            "0 Q 0 011110 immh immb 11111 1 Rn Rd",
            "SD",
            "01 0 111110 immh immb 11111 1 Rn Rd"),
    USHR(
            "BHSD",
            "0 Q 1 011110 immh immb 00000 1 Rn Rd",
            "D",
            "01 1 111110 immh immb 00000 1 Rn Rd"),
    USRA(
            "BHSD",
            "0 Q 1 011110 immh immb 00010 1 Rn Rd",
            "D",
            "01 1 111110 immh immb 00010 1 Rn Rd"),
    URSHR(
            "BHSD",
            "0 Q 1 011110 immh immb 00100 1 Rn Rd",
            "D",
            "01 1 111110 immh immb 00100 1 Rn Rd"),
    URSRA(
            "BHSD",
            "0 Q 1 011110 immh immb 00110 1 Rn Rd",
            "D",
            "01 1 111110 immh immb 00110 1 Rn Rd"),
    SRI("BHSD", "0 Q 1 011110 immh immb 01000 1 Rn Rd", "D", "01 1 111110 immh immb 01000 1 Rn Rd"),
    SLI("BHSD", "0 Q 1 011110 immh immb 01010 1 Rn Rd", "D", "01 1 111110 immh immb 01010 1 Rn Rd"),
    SQSHLU(
            "BHSD",
            "0 Q 1 011110 immh immb 01100 1 Rn Rd",
            "BHSD",
            "01 1 111110 immh immb 01100 1 Rn Rd"),
    UQSHL_IMMEDIATE(
            "BHSD",
            "0 Q 1 011110 immh immb 01110 1 Rn Rd",
            "BHSD",
            "01 1 111110 immh immb 01110 1 Rn Rd"),
    SQSHRUN(
            "BHS",
            "0 Q 1 011110 immh immb 10000 1 Rn Rd",
            "BHS",
            "01 1 111110 immh immb 10000 1 Rn Rd"),
    SQRSHRUN(
            "BHS",
            "0 Q 1 011110 immh immb 10001 1 Rn Rd",
            "BHS",
            "01 1 111110 immh immb 10001 1 Rn Rd"),
    UQSHRN(
            "BHS",
            "0 Q 1 011110 immh immb 10010 1 Rn Rd",
            "BHS",
            "01 1 111110 immh immb 10010 1 Rn Rd"),
    UQRSHRN(
            "BHS",
            "0 Q 1 011110 immh immb 10011 1 Rn Rd",
            "BHS",
            "01 1 111110 immh immb 10011 1 Rn Rd"),
    USHLL("BHS", "0 Q 1 011110 immh immb 10100 1 Rn Rd"),
    UCVTF_FIXED(
            "SD",
            "0 Q 1 011110 immh immb 11100 1 Rn Rd",
            "SD",
            "01 1 111110 immh immb 11100 1 Rn Rd"),
    FCVTZU_FIXED(
            "SD",
            "0 Q 1 011110 immh immb 11111 1 Rn Rd",
            "SD",
            "01 1 111110 immh immb 11111 1 Rn Rd"),
    // Advanced SIMD vector x indexed element
    SMLAL_ELEMENT("HS", "0 Q 0 01111 size L M Rm:4 0010 H 0 Rn Rd"),
    SQDMLAL_ELEMENT(
            "HS",
            "0 Q 0 01111 size L M Rm:4 0011 H 0 Rn Rd",
            "HS",
            "01 0 11111 size L M Rm:4 0011 H 0 Rn Rd"),
    SMLSL_ELEMENT("HS", "0 Q 0 01111 size L M Rm:4 0110 H 0 Rn Rd"),
    SQDMLSL_ELEMENT(
            "HS",
            "0 Q 0 01111 size L M Rm:4 0111 H 0 Rn Rd",
            "HS",
            "01 0 11111 size L M Rm:4 0111 H 0 Rn Rd"),
    MUL_ELEMENT("HS", "0 Q 0 01111 size L M Rm:4 1000 H 0 Rn Rd"),
    SMULL_ELEMENT("HS", "0 Q 0 01111 size L M Rm:4 1010 H 0 Rn Rd"),
    SQDMULL_ELEMENT(
            "HS",
            "0 Q 0 01111 size L M Rm:4 1011 H 0 Rn Rd",
            "HS",
            "01 0 11111 size L M Rm:4 1011 H 0 Rn Rd"),
    SQDMULH_ELEMENT(
            "HS",
            "0 Q 0 01111 size L M Rm:4 1100 H 0 Rn Rd",
            "HS",
            "01 0 11111 size L M Rm:4 1100 H 0 Rn Rd"),
    SQRDMULH_ELEMENT(
            "HS",
            "0 Q 0 01111 size L M Rm:4 1101 H 0 Rn Rd",
            "HS",
            "01 0 11111 size L M Rm:4 1101 H 0 Rn Rd"),
    MLA_ELEMENT("HS", "0 Q 1 01111 size L M Rm:4 0000 H 0 Rn Rd"),
    UMLAL_ELEMENT("HS", "0 Q 1 01111 size L M Rm:4 0010 H 0 Rn Rd"),
    MLS_ELEMENT("HS", "0 Q 1 01111 size L M Rm:4 0100 H 0 Rn Rd"),
    UMLSL_ELEMENT("HS", "0 Q 1 01111 size L M Rm:4 0110 H 0 Rn Rd"),
    UMULL_ELEMENT("HS", "0 Q 1 01111 size L M Rm:4 1010 H 0 Rn Rd"),
    FMLA_ELEMENT(
            "SD",
            "0 Q 0 01111 1 sz L M Rm:4 0001 H 0 Rn Rd",
            "SD",
            "01 0 11111 1 sz L M Rm:4 0001 H 0 Rn Rd"),
    FMLS_ELEMENT(
            "SD",
            "0 Q 0 01111 1 sz L M Rm:4 0101 H 0 Rn Rd",
            "SD",
            "01 0 11111 1 sz L M Rm:4 0101 H 0 Rn Rd"),
    FMUL_ELEMENT(
            "SD",
            "0 Q 0 01111 1 sz L M Rm:4 1001 H 0 Rn Rd",
            "SD",
            "01 0 11111 1 sz L M Rm:4 1001 H 0 Rn Rd"),
    FMULX_ELEMENT(
            "SD",
            "0 Q 1 01111 1 sz L M Rm:4 1001 H 0 Rn Rd",
            "SD",
            "01 1 11111 1 sz L M Rm:4 1001 H 0 Rn Rd");

    private final String sizes;
    private final String vector;
    private final String scalarSizes;
    private final String scalar;

    Simd(String sizes, String vector) {
        this(sizes, vector, "", "");
    }

    /// A form that there is not is empty.
    Simd(String sizes, String vector, String scalarSizes, String scalar) {
        this.sizes = sizes;
        this.vector = vector;
        this.scalarSizes = scalarSizes;
        this.scalar = scalar;
    }

    @Override
    public List<Pattern> patterns() {
        List<Pattern> patterns = new ArrayList<>(2);
        if (!vector.isEmpty()) {
            patterns.add(Pattern.of(vector, sizes));
        }
        if (!scalar.isEmpty()) {
            patterns.add(Pattern.of(scalar, scalarSizes));
        }
        return patterns;
    }

    /// What a row of vector arithmetic computes, by element or not.
    VectorOp operation() {
        return VectorOp.valueOf(name().replace("_ELEMENT", ""));
    }
}
