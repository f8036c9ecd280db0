package straddle.tcg.a64;

import java.util.List;

/// Data processing on registers (Arm ARM DDI 0487, C4.1, "Data Processing -- Register").
public enum DataRegister implements Row {
    // Data-processing (2 source)
    UDIV("sf 0 0 11010110 Rm 000010 Rn Rd"),
    SDIV("sf 0 0 11010110 Rm 000011 Rn Rd"),
    LSLV("sf 0 0 11010110 Rm 001000 Rn Rd"),
    LSRV("sf 0 0 11010110 Rm 001001 Rn Rd"),
    ASRV("sf 0 0 11010110 Rm 001010 Rn Rd"),
    RORV("sf 0 0 11010110 Rm 001011 Rn Rd"),
    CRC32B("0 0 0 11010110 Rm 010000 Rn Rd"),
    CRC32H("0 0 0 11010110 Rm 010001 Rn Rd"),
    CRC32W("0 0 0 11010110 Rm 010010 Rn Rd"),
    CRC32X("1 0 0 11010110 Rm 010011 Rn Rd"),
    CRC32CB("0 0 0 11010110 Rm 010100 Rn Rd"),
    CRC32CH("0 0 0 11010110 Rm 010101 Rn Rd"),
    CRC32CW("0 0 0 11010110 Rm 010110 Rn Rd"),
    CRC32CX("1 0 0 11010110 Rm 010111 Rn Rd"),
    // Data-processing (1 source)
    RBIT("sf 1 0 11010110 00000 000000 Rn Rd"),
    REV16("sf 1 0 11010110 00000 000001 Rn Rd"),
    REV_32("0 1 0 11010110 00000 000010 Rn Rd"),
    REV32("1 1 0 11010110 00000 000010 Rn Rd"),
    REV("1 1 0 11010110 00000 000011 Rn Rd"),
    CLZ("sf 1 0 11010110 00000 000100 Rn Rd"),
    CLS("sf 1 0 11010110 00000 000101 Rn Rd"),
    // Logical (shifted register)
    AND_SHIFTED("sf 00 01010 shift 0 Rm imm6 Rn Rd"),
    BIC_SHIFTED("sf 00 01010 shift 1 Rm imm6 Rn Rd"),
    ORR_SHIFTED("sf 01 01010 shift 0 Rm imm6 Rn Rd"),
    ORN_SHIFTED("sf 01 01010 shift 1 Rm imm6 Rn Rd"),
    EOR_SHIFTED("sf 10 01010 shift 0 Rm imm6 Rn Rd"),
    EON_SHIFTED("sf 10 01010 shift 1 Rm imm6 Rn Rd"),
    ANDS_SHIFTED("sf 11 01010 shift 0 Rm imm6 Rn Rd"),
    BICS_SHIFTED("sf 11 01010 shift 1 Rm imm6 Rn Rd"),
    // Add/subtract (shifted register)
    ADD_SHIFTED("sf 0 0 01011 shift 0 Rm imm6 Rn Rd"),
    ADDS_SHIFTED("sf 0 1 01011 shift 0 Rm imm6 Rn Rd"),
    SUB_SHIFTED("sf 1 0 01011 shift 0 Rm imm6 Rn Rd"),
    SUBS_SHIFTED("sf 1 1 01011 shift 0 Rm imm6 Rn Rd"),
    // Add/subtract (extended register)
    ADD_EXTENDED("sf 0 0 01011 00 1 Rm option imm3 Rn Rd"),
    ADDS_EXTENDED("sf 0 1 01011 00 1 Rm option imm3 Rn Rd"),
    SUB_EXTENDED("sf 1 0 01011 00 1 Rm option imm3 Rn Rd"),
    SUBS_EXTENDED("sf 1 1 01011 00 1 Rm option imm3 Rn Rd"),
    // Add/subtract (with carry)
    ADC("sf 0 0 11010000 Rm 000000 Rn Rd"),
    ADCS("sf 0 1 11010000 Rm 000000 Rn Rd"),
    SBC("sf 1 0 11010000 Rm 000000 Rn Rd"),
    SBCS("sf 1 1 11010000 Rm 000000 Rn Rd"),
    // Conditional compare
    CCMN_REGISTER("sf 0 1 11010010 Rm cond 0 0 Rn 0 nzcv"),
    CCMP_REGISTER("sf 1 1 11010010 Rm cond 0 0 Rn 0 nzcv"),
    CCMN_IMMEDIATE("sf 0 1 11010010 imm5 cond 1 0 Rn 0 nzcv"),
    CCMP_IMMEDIATE("sf 1 1 11010010 imm5 cond 1 0 Rn 0 nzcv"),
    // Conditional select
    CSEL("sf 0 0 11010100 Rm cond 00 Rn Rd"),
    CSINC("sf 0 0 11010100 Rm cond 01 Rn Rd"),
    CSINV("sf 1 0 11010100 Rm cond 00 Rn Rd"),
    CSNEG("sf 1 0 11010100 Rm cond 01 Rn Rd"),
    // Data-processing (3 source)
    MADD("sf 00 11011 000 Rm 0 Ra Rn Rd"),
    MSUB("sf 00 11011 000 Rm 1 Ra Rn Rd"),
    SMADDL("1 00 11011 001 Rm 0 Ra Rn Rd"),
    SMSUBL("1 00 11011 001 Rm 1 Ra Rn Rd"),
    SMULH("1 00 11011 010 Rm 0 Ra Rn Rd"),
    UMADDL("1 00 11011 101 Rm 0 Ra Rn Rd"),
    UMSUBL("1 00 11011 101 Rm 1 Ra Rn Rd"),
    UMULH("1 00 11011 110 Rm 0 Ra Rn Rd");

    private final String pattern;

    DataRegister(String pattern) {
        this.pattern = pattern;
    }

    @Override
    public List<Pattern> patterns() {
        return List.of(Pattern.of(pattern, ""));
    }
}
