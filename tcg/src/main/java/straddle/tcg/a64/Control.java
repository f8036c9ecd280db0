package straddle.tcg.a64;

import java.util.List;

/// Branches, exception generating and system instructions (Arm ARM DDI 0487, C4.1).
public enum Control implements Row {
    // Conditional branch (immediate)
    B_COND("0101010 0 imm19 0 cond"),
    // Exception generation
    SVC("11010100 000 imm16 000 01"),
    HVC("11010100 000 imm16 000 10"),
    SMC("11010100 000 imm16 000 11"),
    BRK("11010100 001 imm16 000 00"),
    HLT("11010100 010 imm16 000 00"),
    DCPS1("11010100 101 imm16 000 01"),
    DCPS2("11010100 101 imm16 000 10"),
    DCPS3("11010100 101 imm16 000 11"),
    // Hints
    HINT("1101010100 0 00 011 0010 CRm op2 11111"),
    // Barriers
    CLREX("1101010100 0 00 011 0011 CRm 010 11111"),
    DSB("1101010100 0 00 011 0011 CRm 100 11111"),
    DMB("1101010100 0 00 011 0011 CRm 101 11111"),
    ISB("1101010100 0 00 011 0011 CRm 110 11111"),
    // PSTATE
    MSR_IMMEDIATE("1101010100 0 00 op1 0100 CRm op2 11111"),
    // System instructions
    SYS("1101010100 0 01 op1 CRn CRm op2 Rt"),
    SYSL("1101010100 1 01 op1 CRn CRm op2 Rt"),
    // System register move
    MSR("1101010100 0 1 o0 op1 CRn CRm op2 Rt"),
    MRS("1101010100 1 1 o0 op1 CRn CRm op2 Rt"),
    // Unconditional branch (register)
    BR("1101011 0000 11111 000000 Rn 00000"),
    BLR("1101011 0001 11111 000000 Rn 00000"),
    RET("1101011 0010 11111 000000 Rn 00000"),
    ERET("1101011 0100 11111 000000 11111 00000"),
    DRPS("1101011 0101 11111 000000 11111 00000"),
    // Unconditional branch (immediate)
    B("0 00101 imm26"),
    BL("1 00101 imm26"),
    // Compare and branch (immediate)
    CBZ("sf 011010 0 imm19 Rt"),
    CBNZ("sf 011010 1 imm19 Rt"),
    // Test and branch (immediate)
    TBZ("b5 011011 0 b40 imm14 Rt"),
    TBNZ("b5 011011 1 b40 imm14 Rt");

    private final String pattern;

    Control(String pattern) {
        this.pattern = pattern;
    }

    @Override
    public List<Pattern> patterns() {
        return List.of(Pattern.of(pattern, ""));
    }
}
