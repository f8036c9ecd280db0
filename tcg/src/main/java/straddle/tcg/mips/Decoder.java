package straddle.tcg.mips;

import java.util.ArrayList;
import java.util.List;

/// Finds the instruction that a word encodes.
final class Decoder {
    /// Rows by bits 31:26 and 5:0, which most rows fix.
    private static final Op[][] ROWS;

    private static final int PRIMARY = 0xfc00_0000;
    private static final int FUNCTION = 0x3f;

    static {
        ROWS = index();
    }

    private Decoder() {}

    private static Op[][] index() {
        List<List<Op>> lists = new ArrayList<>(4096);
        for (int key = 0; key < 4096; key++) {
            lists.add(new ArrayList<>(1));
        }
        for (Op op : Op.values()) {
            int primary = (op.bits() & PRIMARY) >>> 20;
            boolean byFunction = (op.mask() & FUNCTION) == FUNCTION;
            for (int function = 0; function < 64; function++) {
                if (!byFunction && (function & op.mask() & FUNCTION) == (op.bits() & FUNCTION)
                        || byFunction && function == (op.bits() & FUNCTION)) {
                    lists.get(primary | function).add(op);
                }
            }
        }
        return lists.stream().map(list -> list.toArray(Op[]::new)).toArray(Op[][]::new);
    }

    /// The instruction, or null for a Reserved Instruction.
    static Op decode(int insn) {
        for (Op op : ROWS[insn >>> 26 << 6 | insn & FUNCTION]) {
            if (op.matches(insn)) {
                return op;
            }
        }
        return null;
    }
}
