package straddle.tcg.a64;

import java.util.List;

/// Data processing with an immediate (Arm ARM DDI 0487, C4.1, "Data Processing -- Immediate").
public enum DataImmediate implements Row {
    // PC-relative addressing
    ADR("0 immlo:2 10000 immhi:19 Rd"),
    ADRP("1 immlo:2 10000 immhi:19 Rd"),
    // Add/subtract (immediate)
    ADD("sf 0 0 100010 sh imm12 Rn Rd"),
    ADDS("sf 0 1 100010 sh imm12 Rn Rd"),
    SUB("sf 1 0 100010 sh imm12 Rn Rd"),
    SUBS("sf 1 1 100010 sh imm12 Rn Rd"),
    // Logical (immediate)
    AND("sf 00 100100 N immr imms Rn Rd"),
    ORR("sf 01 100100 N immr imms Rn Rd"),
    EOR("sf 10 100100 N immr imms Rn Rd"),
    ANDS("sf 11 100100 N immr imms Rn Rd"),
    // Move wide (immediate)
    MOVN("sf 00 100101 hw imm16 Rd"),
    MOVZ("sf 10 100101 hw imm16 Rd"),
    MOVK("sf 11 100101 hw imm16 Rd"),
    // Bitfield
    SBFM("sf 00 100110 N immr imms Rn Rd"),
    BFM("sf 01 100110 N immr imms Rn Rd"),
    UBFM("sf 10 100110 N immr imms Rn Rd"),
    // Extract
    EXTR("sf 00 100111 N 0 Rm imms Rn Rd");

    private final String pattern;

    DataImmediate(String pattern) {
        this.pattern = pattern;
    }

    @Override
    public List<Pattern> patterns() {
        return List.of(Pattern.of(pattern, ""));
    }
}
