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
/// @param mnemonic the manual's, or a pattern of several
public record Row(
        int map,
        int opcode,
        int prefix,
        int reg,
        int mod,
        int rm,
        Op op,
        List<Operand> operands,
        int attributes,
        String mnemonic) {
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

    /// Only with W set.
    public static final int W1 = 64;

    /// Only with W clear.
    public static final int W0 = 128;

    /// Encoded with a VEX prefix.
    public static final int VEX = 256;

    /// Only with VEX.L clear: 128 bits.
    public static final int L0 = 512;

    /// Only with VEX.L set: 256 bits.
    public static final int L1 = 1024;

    public boolean has(int attribute) {
        return (attributes & attribute) != 0;
    }

    /// Whether VEX.vvvv names an operand; otherwise it must be 1111.
    boolean usesVvvv() {
        return operands.stream().anyMatch(Operand::isInVvvv);
    }

    /// Whether ModR/M names no general or vector register or address but one of both: VSIB.
    boolean hasVectorIndex() {
        return operands.contains(Operand.Mvs);
    }

    /// Whether a ModR/M byte follows the opcode.
    public boolean hasModRm() {
        if (has(MODRM) || reg >= 0 || mod != ANY) {
            return true;
        }
        for (Operand operand : operands) {
            if (operand.isInModRm()) {
                return true;
            }
        }
        return false;
    }
}
