package straddle.bench.differential;

import static straddle.core.arch.x86.X86.*;

/// The RFLAGS bits that instructions leave undefined: the only results that are not compared.
///
/// Each constant cites the "Flags Affected" section of the SDM, volume 2, that says so.
enum UndefinedFlags {
    /// Everything is defined or unaffected.
    NONE,

    /// AND, OR, XOR, TEST: "The state of the AF flag is undefined."
    LOGIC,

    /// MUL: SF, ZF, AF, PF. IMUL: the same.
    MULTIPLY,

    /// DIV, IDIV: CF, OF, SF, ZF, AF, PF.
    DIVIDE,

    /// SHL, SHR: CF if the count is the operand's size or more; SAL/SAR/SHL/SHR: OF unless the count is 1,
    /// AF unless it is 0.
    SHIFT_LOGICAL,

    /// SAR: OF unless the count is 1, AF unless it is 0; CF is defined for any count.
    SHIFT_ARITHMETIC,

    /// RCL, RCR, ROL, ROR: OF unless the (masked) count is 1 or 0.
    ROTATE,

    /// SHLD, SHRD: OF unless the count is 1, AF unless it is 0. Counts beyond the size, which leave all
    /// undefined, are not generated.
    SHIFT_DOUBLE,

    /// BT, BTC, BTR, BTS: OF, SF, AF, PF; ZF is unaffected.
    BIT_TEST,

    /// BSF, BSR: CF, OF, SF, AF, PF.
    BIT_SCAN,

    /// LZCNT, TZCNT: OF, SF, PF, AF.
    COUNT_ZEROS,

    /// ANDN, BLSI, BLSMSK, BLSR, BZHI: AF, PF.
    BIT_LOGIC,

    /// BEXTR: AF, SF, PF.
    BIT_EXTRACT;

    static final int ARITHMETIC =
            RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_OF;

    /// @param size the operand's, in bytes
    /// @param count the count as encoded, for shifts and rotates
    int mask(int size, int count) {
        int masked = count & (size == 8 ? 63 : 31);
        return switch (this) {
            case NONE -> 0;
            case LOGIC -> RFLAGS_AF;
            case MULTIPLY -> RFLAGS_SF | RFLAGS_ZF | RFLAGS_AF | RFLAGS_PF;
            case DIVIDE -> ARITHMETIC;
            case SHIFT_LOGICAL -> shifted(masked) | (masked >= size * 8 ? RFLAGS_CF : 0);
            case SHIFT_ARITHMETIC, SHIFT_DOUBLE -> shifted(masked);
            case ROTATE -> masked > 1 ? RFLAGS_OF : 0;
            case BIT_TEST -> RFLAGS_OF | RFLAGS_SF | RFLAGS_AF | RFLAGS_PF;
            case BIT_SCAN -> RFLAGS_CF | RFLAGS_OF | RFLAGS_SF | RFLAGS_AF | RFLAGS_PF;
            case BIT_LOGIC -> RFLAGS_AF | RFLAGS_PF;
            case BIT_EXTRACT -> RFLAGS_AF | RFLAGS_SF | RFLAGS_PF;
            case COUNT_ZEROS -> RFLAGS_OF | RFLAGS_SF | RFLAGS_PF | RFLAGS_AF;
        };
    }

    private static int shifted(int count) {
        return (count == 0 ? 0 : RFLAGS_AF) | (count > 1 ? RFLAGS_OF : 0);
    }
}
