package straddle.tcg.a64;

import java.util.List;

/// Loads and stores (Arm ARM DDI 0487, C4.1, "Loads and Stores"). Rows of the manual that differ in their size alone are one.
public enum LoadStore implements Row {
    // Advanced SIMD load/store multiple structures
    ST_MULTIPLE("0 Q 0011000 0 000000 opcode:4 size Rn Rt"),
    LD_MULTIPLE("0 Q 0011000 1 000000 opcode:4 size Rn Rt"),
    ST_MULTIPLE_POST("0 Q 0011001 0 0 Rm opcode:4 size Rn Rt"),
    LD_MULTIPLE_POST("0 Q 0011001 1 0 Rm opcode:4 size Rn Rt"),
    // Advanced SIMD load/store single structure
    ST_SINGLE("0 Q 0011010 0 R 00000 opcode:3 S size Rn Rt"),
    LD_SINGLE("0 Q 0011010 1 R 00000 opcode:3 S size Rn Rt"),
    ST_SINGLE_POST("0 Q 0011011 0 R Rm opcode:3 S size Rn Rt"),
    LD_SINGLE_POST("0 Q 0011011 1 R Rm opcode:3 S size Rn Rt"),
    // Load/store exclusive
    STXR("size 001000 000 Rs 0 Rt2 Rn Rt"),
    STLXR("size 001000 000 Rs 1 Rt2 Rn Rt"),
    LDXR("size 001000 010 Rs 0 Rt2 Rn Rt"),
    LDAXR("size 001000 010 Rs 1 Rt2 Rn Rt"),
    STXP("1 sz 001000 001 Rs 0 Rt2 Rn Rt"),
    STLXP("1 sz 001000 001 Rs 1 Rt2 Rn Rt"),
    LDXP("1 sz 001000 011 Rs 0 Rt2 Rn Rt"),
    LDAXP("1 sz 001000 011 Rs 1 Rt2 Rn Rt"),
    // Load/store ordered
    STLR("size 001000 100 Rs 1 Rt2 Rn Rt"),
    LDAR("size 001000 110 Rs 1 Rt2 Rn Rt"),
    // Load register (literal)
    LDR_LITERAL("0 sz 011 0 00 imm19 Rt"),
    LDRSW_LITERAL("10 011 0 00 imm19 Rt"),
    PRFM_LITERAL("11 011 0 00 imm19 Rt"),
    LDR_SIMD_LITERAL("opc:2 011 1 00 imm19 Rt"),
    // Load/store pair: no-allocate, post-indexed, offset, pre-indexed
    STNP("sf 0 101 0 000 0 imm7 Rt2 Rn Rt"),
    LDNP("sf 0 101 0 000 1 imm7 Rt2 Rn Rt"),
    STP_POST("sf 0 101 0 001 0 imm7 Rt2 Rn Rt"),
    LDP_POST("sf 0 101 0 001 1 imm7 Rt2 Rn Rt"),
    STP("sf 0 101 0 010 0 imm7 Rt2 Rn Rt"),
    LDP("sf 0 101 0 010 1 imm7 Rt2 Rn Rt"),
    STP_PRE("sf 0 101 0 011 0 imm7 Rt2 Rn Rt"),
    LDP_PRE("sf 0 101 0 011 1 imm7 Rt2 Rn Rt"),
    LDPSW_POST("01 101 0 001 1 imm7 Rt2 Rn Rt"),
    LDPSW("01 101 0 010 1 imm7 Rt2 Rn Rt"),
    LDPSW_PRE("01 101 0 011 1 imm7 Rt2 Rn Rt"),
    STNP_SIMD("opc:2 101 1 000 0 imm7 Rt2 Rn Rt"),
    LDNP_SIMD("opc:2 101 1 000 1 imm7 Rt2 Rn Rt"),
    STP_SIMD_POST("opc:2 101 1 001 0 imm7 Rt2 Rn Rt"),
    LDP_SIMD_POST("opc:2 101 1 001 1 imm7 Rt2 Rn Rt"),
    STP_SIMD("opc:2 101 1 010 0 imm7 Rt2 Rn Rt"),
    LDP_SIMD("opc:2 101 1 010 1 imm7 Rt2 Rn Rt"),
    STP_SIMD_PRE("opc:2 101 1 011 0 imm7 Rt2 Rn Rt"),
    LDP_SIMD_PRE("opc:2 101 1 011 1 imm7 Rt2 Rn Rt"),
    // Load/store register (unscaled immediate)
    STR_UNSCALED("size 111 0 00 00 0 imm9 00 Rn Rt"),
    LDR_UNSCALED("size 111 0 00 01 0 imm9 00 Rn Rt"),
    LDRSB_UNSCALED("00 111 0 00 10 0 imm9 00 Rn Rt"),
    LDRSH_UNSCALED("01 111 0 00 10 0 imm9 00 Rn Rt"),
    LDRSW_UNSCALED("10 111 0 00 10 0 imm9 00 Rn Rt"),
    PRFM_UNSCALED("11 111 0 00 10 0 imm9 00 Rn Rt"),
    LDRSB_32_UNSCALED("00 111 0 00 11 0 imm9 00 Rn Rt"),
    LDRSH_32_UNSCALED("01 111 0 00 11 0 imm9 00 Rn Rt"),
    STR_SIMD_UNSCALED("size 111 1 00 00 0 imm9 00 Rn Rt"),
    LDR_SIMD_UNSCALED("size 111 1 00 01 0 imm9 00 Rn Rt"),
    STR_SIMD_128_UNSCALED("00 111 1 00 10 0 imm9 00 Rn Rt"),
    LDR_SIMD_128_UNSCALED("00 111 1 00 11 0 imm9 00 Rn Rt"),
    // Load/store register (immediate post-indexed)
    STR_POST("size 111 0 00 00 0 imm9 01 Rn Rt"),
    LDR_POST("size 111 0 00 01 0 imm9 01 Rn Rt"),
    LDRSB_POST("00 111 0 00 10 0 imm9 01 Rn Rt"),
    LDRSH_POST("01 111 0 00 10 0 imm9 01 Rn Rt"),
    LDRSW_POST("10 111 0 00 10 0 imm9 01 Rn Rt"),
    LDRSB_32_POST("00 111 0 00 11 0 imm9 01 Rn Rt"),
    LDRSH_32_POST("01 111 0 00 11 0 imm9 01 Rn Rt"),
    STR_SIMD_POST("size 111 1 00 00 0 imm9 01 Rn Rt"),
    LDR_SIMD_POST("size 111 1 00 01 0 imm9 01 Rn Rt"),
    STR_SIMD_128_POST("00 111 1 00 10 0 imm9 01 Rn Rt"),
    LDR_SIMD_128_POST("00 111 1 00 11 0 imm9 01 Rn Rt"),
    // Load/store register (unprivileged)
    STR_UNPRIVILEGED("size 111 0 00 00 0 imm9 10 Rn Rt"),
    LDR_UNPRIVILEGED("size 111 0 00 01 0 imm9 10 Rn Rt"),
    LDRSB_UNPRIVILEGED("00 111 0 00 10 0 imm9 10 Rn Rt"),
    LDRSH_UNPRIVILEGED("01 111 0 00 10 0 imm9 10 Rn Rt"),
    LDRSW_UNPRIVILEGED("10 111 0 00 10 0 imm9 10 Rn Rt"),
    LDRSB_32_UNPRIVILEGED("00 111 0 00 11 0 imm9 10 Rn Rt"),
    LDRSH_32_UNPRIVILEGED("01 111 0 00 11 0 imm9 10 Rn Rt"),
    // Load/store register (immediate pre-indexed)
    STR_PRE("size 111 0 00 00 0 imm9 11 Rn Rt"),
    LDR_PRE("size 111 0 00 01 0 imm9 11 Rn Rt"),
    LDRSB_PRE("00 111 0 00 10 0 imm9 11 Rn Rt"),
    LDRSH_PRE("01 111 0 00 10 0 imm9 11 Rn Rt"),
    LDRSW_PRE("10 111 0 00 10 0 imm9 11 Rn Rt"),
    LDRSB_32_PRE("00 111 0 00 11 0 imm9 11 Rn Rt"),
    LDRSH_32_PRE("01 111 0 00 11 0 imm9 11 Rn Rt"),
    STR_SIMD_PRE("size 111 1 00 00 0 imm9 11 Rn Rt"),
    LDR_SIMD_PRE("size 111 1 00 01 0 imm9 11 Rn Rt"),
    STR_SIMD_128_PRE("00 111 1 00 10 0 imm9 11 Rn Rt"),
    LDR_SIMD_128_PRE("00 111 1 00 11 0 imm9 11 Rn Rt"),
    // Load/store register (register offset)
    STR_REGISTER("size 111 0 00 00 1 Rm option S 10 Rn Rt"),
    LDR_REGISTER("size 111 0 00 01 1 Rm option S 10 Rn Rt"),
    LDRSB_REGISTER("00 111 0 00 10 1 Rm option S 10 Rn Rt"),
    LDRSH_REGISTER("01 111 0 00 10 1 Rm option S 10 Rn Rt"),
    LDRSW_REGISTER("10 111 0 00 10 1 Rm option S 10 Rn Rt"),
    PRFM_REGISTER("11 111 0 00 10 1 Rm option S 10 Rn Rt"),
    LDRSB_32_REGISTER("00 111 0 00 11 1 Rm option S 10 Rn Rt"),
    LDRSH_32_REGISTER("01 111 0 00 11 1 Rm option S 10 Rn Rt"),
    STR_SIMD_REGISTER("size 111 1 00 00 1 Rm option S 10 Rn Rt"),
    LDR_SIMD_REGISTER("size 111 1 00 01 1 Rm option S 10 Rn Rt"),
    STR_SIMD_128_REGISTER("00 111 1 00 10 1 Rm option S 10 Rn Rt"),
    LDR_SIMD_128_REGISTER("00 111 1 00 11 1 Rm option S 10 Rn Rt"),
    // Load/store register (unsigned immediate)
    STR_UNSIGNED("size 111 0 01 00 imm12 Rn Rt"),
    LDR_UNSIGNED("size 111 0 01 01 imm12 Rn Rt"),
    LDRSB_UNSIGNED("00 111 0 01 10 imm12 Rn Rt"),
    LDRSH_UNSIGNED("01 111 0 01 10 imm12 Rn Rt"),
    LDRSW_UNSIGNED("10 111 0 01 10 imm12 Rn Rt"),
    PRFM_UNSIGNED("11 111 0 01 10 imm12 Rn Rt"),
    LDRSB_32_UNSIGNED("00 111 0 01 11 imm12 Rn Rt"),
    LDRSH_32_UNSIGNED("01 111 0 01 11 imm12 Rn Rt"),
    STR_SIMD_UNSIGNED("size 111 1 01 00 imm12 Rn Rt"),
    LDR_SIMD_UNSIGNED("size 111 1 01 01 imm12 Rn Rt"),
    STR_SIMD_128_UNSIGNED("00 111 1 01 10 imm12 Rn Rt"),
    LDR_SIMD_128_UNSIGNED("00 111 1 01 11 imm12 Rn Rt");

    private final String pattern;

    LoadStore(String pattern) {
        this.pattern = pattern;
    }

    @Override
    public List<Pattern> patterns() {
        return List.of(Pattern.of(pattern, ""));
    }
}
