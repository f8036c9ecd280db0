package straddle.core.accel;

import java.util.List;

/// Shows what an engine makes of guest code, for people: no guest runs.
public interface CodeLister {
    /// A guest instruction.
    ///
    /// @param text in assembler syntax; `(bad)` for bytes that are no instruction
    @SuppressWarnings("ArrayRecordComponent") // the bytes are for printing
    record Instruction(long address, byte[] bytes, String text) {}

    /// A block of guest instructions as the engine sees it.
    ///
    /// @param microOps one a line, each with the address of its instruction
    /// @param bytecode the method that a hot block becomes, one JVM instruction a line
    record Block(
            List<Instruction> instructions, List<MicroOpLine> microOps, List<String> bytecode) {}

    /// A micro-op of the instruction at an address.
    record MicroOpLine(long address, String text) {}

    /// The width of code: what the code segment says.
    enum Mode {
        BITS16(16),
        BITS32(32),
        BITS64(64);

        private final int bits;

        Mode(int bits) {
            this.bits = bits;
        }

        public int bits() {
            return bits;
        }
    }

    /// Disassembles bytes from the first to the last.
    ///
    /// @param base the address of the first byte
    List<Instruction> instructions(byte[] code, long base, Mode mode);

    /// The same, block by block, with what each block becomes.
    ///
    /// @throws IllegalArgumentException if code of this mode can't lie at that address
    List<Block> blocks(byte[] code, long base, Mode mode);
}
