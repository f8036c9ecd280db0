package straddle.tcg.x86;

import java.util.List;

/// One row of an opcode map: an encoding, the instruction and its operands.
///
/// @param map 0: one byte, 1: 0F, 2: 0F 38, 3: 0F 3A
/// @param prefix mandatory prefix: [#ANY], or exactly none, 66, F3 or F2
/// @param reg ModR/M.reg of a group's row, or -1
/// @param mod [#ANY] or only memory or only register forms
/// @param rm ModR/M.rm of a register row that is one instruction, or -1
/// @param attributes sum of [#LOCK] and the like
public record Row(
        int map,
        int opcode,
        int prefix,
        int reg,
        int mod,
        int rm,
        Op op,
        List<Operand> operands,
        int attributes) {
    public static final int ANY = -1;

    public static final int NP = 0;
    public static final int P66 = 1;
    public static final int PF3 = 2;
    public static final int PF2 = 3;

    public static final int MEMORY = 0;
    public static final int REGISTER = 3;

    /// LOCK may stand before it when the destination is memory.
    public static final int LOCK = 1;

    /// Invalid in 64-bit mode.
    public static final int I64 = 2;

    /// Only in 64-bit mode.
    public static final int O64 = 4;

    /// Operand size 64 by default in 64-bit mode; 66 makes it 16.
    public static final int D64 = 8;

    /// Operand size 64 in 64-bit mode, whatever the prefixes.
    public static final int F64 = 16;

    /// ModR/M follows although no operand says so.
    public static final int MODRM = 32;

    /// REX.W or not decides between rows: only with W.
    public static final int W1 = 64;

    public boolean has(int attribute) {
        return (attributes & attribute) != 0;
    }

    /// Whether a ModR/M byte follows the opcode.
    public boolean hasModRm() {
        return has(MODRM)
                || reg >= 0
                || mod != ANY
                || operands.stream().anyMatch(operand -> operand.isInModRm());
    }
}
