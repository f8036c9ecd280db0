package straddle.tcg.mips;

/// The instructions of MIPS32 release 2, in the manual's order (MD00086, "MIPS32 Architecture for Programmers,
/// Volume II", chapter 3), each with its encoding as the manual draws it.
///
/// A pattern is fields from bit 31 down: bits, names of fields, and `fmt` as the names of the formats that
/// the row has (S is 10000, D 10001, W 10100, L 10101). This is the one list of encodings: the decoder,
/// the tests and the support table derive from it. What no row fits is a Reserved Instruction. Rows of coprocessor 0 are for
/// the kernel: a user's program gets Coprocessor Unusable.
public enum Op {
    ABS_S("010001 10000 00000 fs fd 000101"),
    ABS_D("010001 10001 00000 fs fd 000101"),
    ADD("000000 rs rt rd 00000 100000"),
    ADD_S("010001 10000 ft fs fd 000000"),
    ADD_D("010001 10001 ft fs fd 000000"),
    ADDI("001000 rs rt immediate"),
    ADDIU("001001 rs rt immediate"),
    ADDU("000000 rs rt rd 00000 100001"),
    AND("000000 rs rt rd 00000 100100"),
    ANDI("001100 rs rt immediate"),
    BC1F("010001 01000 cc 0 0 offset"),
    BC1FL("010001 01000 cc 1 0 offset"),
    BC1T("010001 01000 cc 0 1 offset"),
    BC1TL("010001 01000 cc 1 1 offset"),
    BEQ("000100 rs rt offset"),
    BEQL("010100 rs rt offset"),
    BGEZ("000001 rs 00001 offset"),
    BGEZAL("000001 rs 10001 offset"),
    BGEZALL("000001 rs 10011 offset"),
    BGEZL("000001 rs 00011 offset"),
    BGTZ("000111 rs 00000 offset"),
    BGTZL("010111 rs 00000 offset"),
    BLEZ("000110 rs 00000 offset"),
    BLEZL("010110 rs 00000 offset"),
    BLTZ("000001 rs 00000 offset"),
    BLTZAL("000001 rs 10000 offset"),
    BLTZALL("000001 rs 10010 offset"),
    BLTZL("000001 rs 00010 offset"),
    BNE("000101 rs rt offset"),
    BNEL("010101 rs rt offset"),
    BREAK("000000 code20 001101"),
    C_S("010001 10000 ft fs cc 0 0 11 cond"),
    C_D("010001 10001 ft fs cc 0 0 11 cond"),
    CACHE("101111 base op offset", Kind.KERNEL),
    CEIL_L_S("010001 10000 00000 fs fd 001010", Kind.WIDE),
    CEIL_L_D("010001 10001 00000 fs fd 001010", Kind.WIDE),
    CEIL_W_S("010001 10000 00000 fs fd 001110"),
    CEIL_W_D("010001 10001 00000 fs fd 001110"),
    CFC1("010001 00010 rt fs 00000 000000"),
    CLO("011100 rs rt rd 00000 100001"),
    CLZ("011100 rs rt rd 00000 100000"),
    COP0("010000 any26", Kind.KERNEL),
    COP2("010010 any26", Kind.COPROCESSOR2),
    CTC1("010001 00110 rt fs 00000 000000"),
    CVT_D_S("010001 10000 00000 fs fd 100001"),
    CVT_D_W("010001 10100 00000 fs fd 100001"),
    CVT_D_L("010001 10101 00000 fs fd 100001", Kind.WIDE),
    CVT_L_S("010001 10000 00000 fs fd 100101", Kind.WIDE),
    CVT_L_D("010001 10001 00000 fs fd 100101", Kind.WIDE),
    CVT_S_D("010001 10001 00000 fs fd 100000"),
    CVT_S_W("010001 10100 00000 fs fd 100000"),
    CVT_S_L("010001 10101 00000 fs fd 100000", Kind.WIDE),
    CVT_W_S("010001 10000 00000 fs fd 100100"),
    CVT_W_D("010001 10001 00000 fs fd 100100"),
    DIV("000000 rs rt 00000 00000 011010"),
    DIV_S("010001 10000 ft fs fd 000011"),
    DIV_D("010001 10001 ft fs fd 000011"),
    DIVU("000000 rs rt 00000 00000 011011"),
    EXT("011111 rs rt msbd lsb 000000"),
    FLOOR_L_S("010001 10000 00000 fs fd 001011", Kind.WIDE),
    FLOOR_L_D("010001 10001 00000 fs fd 001011", Kind.WIDE),
    FLOOR_W_S("010001 10000 00000 fs fd 001111"),
    FLOOR_W_D("010001 10001 00000 fs fd 001111"),
    INS("011111 rs rt msb lsb 000100"),
    J("000010 instr_index"),
    JAL("000011 instr_index"),
    JALR("000000 rs 00000 rd hint 001001"),
    JR("000000 rs 00000 00000 hint 001000"),
    LB("100000 base rt offset"),
    LBU("100100 base rt offset"),
    LDC1("110101 base ft offset"),
    LDC2("110110 base rt offset", Kind.COPROCESSOR2),
    LDXC1("010011 base index 00000 fd 000001"),
    LH("100001 base rt offset"),
    LHU("100101 base rt offset"),
    LL("110000 base rt offset"),
    LUI("001111 00000 rt immediate"),
    LUXC1("010011 base index 00000 fd 000101", Kind.WIDE),
    LW("100011 base rt offset"),
    LWC1("110001 base ft offset"),
    LWC2("110010 base rt offset", Kind.COPROCESSOR2),
    LWL("100010 base rt offset"),
    LWR("100110 base rt offset"),
    LWXC1("010011 base index 00000 fd 000000"),
    MADD("011100 rs rt 00000 00000 000000"),
    MADD_S("010011 fr ft fs fd 100000"),
    MADD_D("010011 fr ft fs fd 100001"),
    MADDU("011100 rs rt 00000 00000 000001"),
    MFC1("010001 00000 rt fs 00000 000000"),
    MFHC1("010001 00011 rt fs 00000 000000"),
    MFHI("000000 00000 00000 rd 00000 010000"),
    MFLO("000000 00000 00000 rd 00000 010010"),
    MOV_S("010001 10000 00000 fs fd 000110"),
    MOV_D("010001 10001 00000 fs fd 000110"),
    MOVF("000000 rs cc 0 0 rd 00000 000001"),
    MOVF_S("010001 10000 cc 0 0 fs fd 010001"),
    MOVF_D("010001 10001 cc 0 0 fs fd 010001"),
    MOVN("000000 rs rt rd 00000 001011"),
    MOVN_S("010001 10000 rt fs fd 010011"),
    MOVN_D("010001 10001 rt fs fd 010011"),
    MOVT("000000 rs cc 0 1 rd 00000 000001"),
    MOVT_S("010001 10000 cc 0 1 fs fd 010001"),
    MOVT_D("010001 10001 cc 0 1 fs fd 010001"),
    MOVZ("000000 rs rt rd 00000 001010"),
    MOVZ_S("010001 10000 rt fs fd 010010"),
    MOVZ_D("010001 10001 rt fs fd 010010"),
    MSUB("011100 rs rt 00000 00000 000100"),
    MSUB_S("010011 fr ft fs fd 101000"),
    MSUB_D("010011 fr ft fs fd 101001"),
    MSUBU("011100 rs rt 00000 00000 000101"),
    MTC1("010001 00100 rt fs 00000 000000"),
    MTHC1("010001 00111 rt fs 00000 000000"),
    MTHI("000000 rs 00000 00000 00000 010001"),
    MTLO("000000 rs 00000 00000 00000 010011"),
    MUL("011100 rs rt rd 00000 000010"),
    MUL_S("010001 10000 ft fs fd 000010"),
    MUL_D("010001 10001 ft fs fd 000010"),
    MULT("000000 rs rt 00000 00000 011000"),
    MULTU("000000 rs rt 00000 00000 011001"),
    NEG_S("010001 10000 00000 fs fd 000111"),
    NEG_D("010001 10001 00000 fs fd 000111"),
    NMADD_S("010011 fr ft fs fd 110000"),
    NMADD_D("010011 fr ft fs fd 110001"),
    NMSUB_S("010011 fr ft fs fd 111000"),
    NMSUB_D("010011 fr ft fs fd 111001"),
    NOR("000000 rs rt rd 00000 100111"),
    OR("000000 rs rt rd 00000 100101"),
    ORI("001101 rs rt immediate"),
    PREF("110011 base hint offset"),
    PREFX("010011 base index hint 00000 001111"),
    RDHWR("011111 00000 rt rd 00000 111011"),
    RECIP_S("010001 10000 00000 fs fd 010101"),
    RECIP_D("010001 10001 00000 fs fd 010101"),
    ROTR("000000 00001 rt rd sa 000010"),
    ROTRV("000000 rs rt rd 00001 000110"),
    ROUND_L_S("010001 10000 00000 fs fd 001000", Kind.WIDE),
    ROUND_L_D("010001 10001 00000 fs fd 001000", Kind.WIDE),
    ROUND_W_S("010001 10000 00000 fs fd 001100"),
    ROUND_W_D("010001 10001 00000 fs fd 001100"),
    RSQRT_S("010001 10000 00000 fs fd 010110"),
    RSQRT_D("010001 10001 00000 fs fd 010110"),
    SB("101000 base rt offset"),
    SC("111000 base rt offset"),
    SDBBP("011100 code20 111111"),
    SDC1("111101 base ft offset"),
    SDC2("111110 base rt offset", Kind.COPROCESSOR2),
    SDXC1("010011 base index fs 00000 001001"),
    SEB("011111 00000 rt rd 10000 100000"),
    SEH("011111 00000 rt rd 11000 100000"),
    SH("101001 base rt offset"),
    SLL("000000 00000 rt rd sa 000000"),
    SLLV("000000 rs rt rd 00000 000100"),
    SLT("000000 rs rt rd 00000 101010"),
    SLTI("001010 rs rt immediate"),
    SLTIU("001011 rs rt immediate"),
    SLTU("000000 rs rt rd 00000 101011"),
    SQRT_S("010001 10000 00000 fs fd 000100"),
    SQRT_D("010001 10001 00000 fs fd 000100"),
    SRA("000000 00000 rt rd sa 000011"),
    SRAV("000000 rs rt rd 00000 000111"),
    SRL("000000 00000 rt rd sa 000010"),
    SRLV("000000 rs rt rd 00000 000110"),
    SUB("000000 rs rt rd 00000 100010"),
    SUB_S("010001 10000 ft fs fd 000001"),
    SUB_D("010001 10001 ft fs fd 000001"),
    SUBU("000000 rs rt rd 00000 100011"),
    SUXC1("010011 base index fs 00000 001101", Kind.WIDE),
    SW("101011 base rt offset"),
    SWC1("111001 base ft offset"),
    SWC2("111010 base rt offset", Kind.COPROCESSOR2),
    SWL("101010 base rt offset"),
    SWR("101110 base rt offset"),
    SWXC1("010011 base index fs 00000 001000"),
    SYNC("000000 00000 00000 00000 stype 001111"),
    SYNCI("000001 base 11111 offset"),
    SYSCALL("000000 code20 001100"),
    TEQ("000000 rs rt code10 110100"),
    TEQI("000001 rs 01100 immediate"),
    TGE("000000 rs rt code10 110000"),
    TGEI("000001 rs 01000 immediate"),
    TGEIU("000001 rs 01001 immediate"),
    TGEU("000000 rs rt code10 110001"),
    TLT("000000 rs rt code10 110010"),
    TLTI("000001 rs 01010 immediate"),
    TLTIU("000001 rs 01011 immediate"),
    TLTU("000000 rs rt code10 110011"),
    TNE("000000 rs rt code10 110110"),
    TNEI("000001 rs 01110 immediate"),
    TRUNC_L_S("010001 10000 00000 fs fd 001001", Kind.WIDE),
    TRUNC_L_D("010001 10001 00000 fs fd 001001", Kind.WIDE),
    TRUNC_W_S("010001 10000 00000 fs fd 001101"),
    TRUNC_W_D("010001 10001 00000 fs fd 001101"),
    WSBH("011111 00000 rt rd 00010 100000"),
    XOR("000000 rs rt rd 00000 100110"),
    XORI("001110 rs rt immediate");

    /// Who may use an instruction.
    public enum Kind {
        USER,

        /// Of coprocessor 0.
        KERNEL,

        /// Of a coprocessor that isn't there.
        COPROCESSOR2,

        /// Only where the floating-point registers have 64 bits each: Status.FR is set.
        WIDE
    }

    private final String pattern;
    private final int bits;
    private final int mask;
    private final Kind kind;

    Op(String pattern) {
        this(pattern, Kind.USER);
    }

    /// Parses the pattern: a plain scan, because this runs at each start.
    Op(String pattern, Kind kind) {
        this.pattern = pattern;
        this.kind = kind;
        int at = 32;
        int value = 0;
        int fixed = 0;
        int from = 0;
        while (from < pattern.length()) {
            int to = pattern.indexOf(' ', from);
            to = to < 0 ? pattern.length() : to;
            char first = pattern.charAt(from);
            if (first == '0' || first == '1') {
                for (int i = from; i < to; i++) {
                    at--;
                    fixed |= 1 << at;
                    value |= (pattern.charAt(i) - '0') << at;
                }
            } else {
                at -= width(pattern.substring(from, to));
            }
            from = to + 1;
        }
        if (at != 0) {
            throw new AssertionError(name() + "'s pattern has not 32 bits: " + pattern);
        }
        this.bits = value;
        this.mask = fixed;
    }

    private static int width(String field) {
        return switch (field) {
            case "cc" -> 3;
            case "cond" -> 4;
            case "immediate", "offset" -> 16;
            case "code10" -> 10;
            case "code20" -> 20;
            case "instr_index", "any26" -> 26;
            default -> 5;
        };
    }

    /// The encoding as the manual draws it.
    public String pattern() {
        return pattern;
    }

    /// The bits that are fixed.
    public int mask() {
        return mask;
    }

    /// What the fixed bits are.
    public int bits() {
        return bits;
    }

    public Kind kind() {
        return kind;
    }

    boolean matches(int insn) {
        return (insn & mask) == bits;
    }
}
