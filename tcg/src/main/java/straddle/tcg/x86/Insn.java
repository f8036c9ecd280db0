package straddle.tcg.x86;

/// One decoded instruction. Reused by the decoder: copy what must live on.
public final class Insn {
    /// Null when the bytes are no instruction.
    public Row row;

    public Op op;

    /// Bytes, prefixes included.
    public int length;

    /// The whole opcode's last byte: its low bits select a register or a condition.
    public int opcode;

    /// 16, 32 or 64: the code segment's mode.
    public int mode;

    /// Operand size in bytes: 2, 4 or 8.
    public int operandSize;

    /// Address size in bytes: 2, 4 or 8.
    public int addressSize;

    public boolean hasRex;
    public boolean rexW;
    public boolean rexR;
    public boolean rexX;
    public boolean rexB;
    public boolean lock;

    /// 0, 0xf2 or 0xf3.
    public int repeat;

    public boolean operandPrefix;

    /// Whether a VEX prefix stands before the opcode; W, R, X and B are in [#rexW] and its kin.
    public boolean vex;

    /// VEX.L: 256 bits.
    public boolean wide;

    /// The register that VEX.vvvv names.
    public int vvvv;

    /// Whether VEX.vvvv is 1111, as it must be where it names nothing.
    boolean vvvvIsNone;

    /// [straddle.core.arch.x86.X86#ES] to GS, or -1 without a segment prefix.
    public int segmentPrefix;

    public boolean hasModRm;
    public int mod;
    public int reg;
    public int rm;

    /// Base and index registers of a memory operand, or -1; RIP-relative has base [#RIP].
    public int base;

    public int index;
    public int scale;
    public long displacement;

    /// The vector register that a SIB byte names as index, or -1 without one.
    public int vectorIndex;

    public static final int RIP = 32;

    /// The immediate, sign-extended; a far pointer's offset.
    public long immediate;

    /// ENTER's nesting level, or a far pointer's selector.
    public int immediate2;

    public Insn() {}

    public boolean isMemory() {
        return mod != 3;
    }

    public boolean isRegister() {
        return mod == 3;
    }

    void reset(int newMode) {
        row = null;
        op = null;
        length = 0;
        opcode = 0;
        mode = newMode;
        hasRex = false;
        rexW = false;
        rexR = false;
        rexX = false;
        rexB = false;
        lock = false;
        repeat = 0;
        operandPrefix = false;
        vex = false;
        wide = false;
        vvvv = 0;
        vvvvIsNone = false;
        segmentPrefix = -1;
        hasModRm = false;
        mod = 3;
        reg = 0;
        rm = 0;
        base = -1;
        index = -1;
        vectorIndex = -1;
        scale = 0;
        displacement = 0;
        immediate = 0;
        immediate2 = 0;
    }
}
