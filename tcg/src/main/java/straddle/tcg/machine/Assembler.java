package straddle.tcg.machine;

import java.util.Arrays;

/// Encodes x86-64 instructions (SDM volume 2, chapter 2) one after another, for a place in memory that is known.
///
/// Registers have the processor's numbers, 0 for RAX to 15 for R15. Operands are destination first.
final class Assembler {
    static final int RAX = 0;
    static final int RCX = 1;
    static final int RDX = 2;
    static final int RBX = 3;
    static final int RSP = 4;
    static final int RBP = 5;
    static final int RSI = 6;
    static final int RDI = 7;
    static final int R8 = 8;
    static final int R9 = 9;
    static final int R10 = 10;
    static final int R11 = 11;
    static final int R12 = 12;
    static final int R13 = 13;
    static final int R14 = 14;
    static final int R15 = 15;

    // The arithmetic group's operations, by their number in opcodes.
    static final int ADD = 0;
    static final int OR = 1;
    static final int AND = 4;
    static final int SUB = 5;
    static final int XOR = 6;
    static final int CMP = 7;

    // The shift group's.
    static final int ROL = 0;
    static final int ROR = 1;
    static final int SHL = 4;
    static final int SHR = 5;
    static final int SAR = 7;

    // Conditions; an odd number is the negation of the even one before.
    static final int CC_O = 0;
    static final int CC_B = 2;
    static final int CC_AE = 3;
    static final int CC_E = 4;
    static final int CC_NE = 5;
    static final int CC_BE = 6;
    static final int CC_S = 8;
    static final int CC_P = 10;
    static final int CC_L = 12;
    static final int CC_LE = 14;

    private static final int W = 8;

    private static final int JUMP_BYTES = 5;

    private byte[] code = new byte[4096];
    private int size;

    // The last instruction, if it computes 8 bytes and nothing comes to what follows it: its
    // register, where its prefix is, and where it ends; or an end of -1.
    private int wideRegister;
    private int widePrefix;
    private int wideEnd = -1;
    private final long base;

    /// @param base where the first instruction is going to be
    Assembler(long base) {
        this.base = base;
    }

    /// Where the next instruction is going to be.
    long here() {
        wideEnd = -1;
        return base + size;
    }

    int size() {
        return size;
    }

    byte[] bytes() {
        return Arrays.copyOf(code, size);
    }

    // ---- bytes

    private void put(int value) {
        if (size == code.length) {
            code = Arrays.copyOf(code, 2 * size);
        }
        code[size++] = (byte) value;
    }

    private void put32(long value) {
        put((int) value);
        put((int) value >> 8);
        put((int) value >> 16);
        put((int) value >> 24);
    }

    private void put64(long value) {
        put32(value);
        put32(value >>> 32);
    }

    /// A REX prefix where one is needed.
    private void rex(int w, int reg, int index, int rm) {
        int bits = w | reg >> 3 << 2 | index >> 3 << 1 | rm >> 3;
        if (bits != 0) {
            put(0x40 | bits);
        }
    }

    /// The same, always: byte registers from SPL on need it.
    private void rexAlways(int w, int reg, int index, int rm) {
        put(0x40 | w | reg >> 3 << 2 | index >> 3 << 1 | rm >> 3);
    }

    private void registers(int reg, int rm) {
        put(0xc0 | (reg & 7) << 3 | rm & 7);
    }

    private void memory(int reg, int at, long displacement) {
        int mod = displacement == (byte) displacement ? 0x40 : 0x80;
        put(mod | (reg & 7) << 3 | at & 7);
        if ((at & 7) == RSP) {
            put(0x24);
        }
        displacement(mod, displacement);
    }

    private void memory(int reg, int at, int index, int scale, long displacement) {
        int mod = displacement == (byte) displacement ? 0x40 : 0x80;
        put(mod | (reg & 7) << 3 | 4);
        put(scale << 6 | (index & 7) << 3 | at & 7);
        displacement(mod, displacement);
    }

    private void displacement(int mod, long value) {
        if (mod == 0x40) {
            put((int) value);
        } else {
            put32(value);
        }
    }

    // ---- moves

    void move(int d, int s) {
        rex(W, s, 0, d);
        put(0x89);
        registers(s, d);
    }

    /// The low half, zero-extended.
    void move32(int d, int s) {
        rex(0, s, 0, d);
        put(0x89);
        registers(s, d);
    }

    /// Leaves the flags alone.
    void constant(int d, long value) {
        if (value >>> 32 == 0) {
            rex(0, 0, 0, d);
            put(0xb8 | d & 7);
            put32(value);
        } else if (value == (int) value) {
            rex(W, 0, 0, d);
            put(0xc7);
            registers(0, d);
            put32(value);
        } else {
            rex(W, 0, 0, d);
            put(0xb8 | d & 7);
            put64(value);
        }
    }

    void load(int d, int at, long displacement) {
        rex(W, d, 0, at);
        put(0x8b);
        memory(d, at, displacement);
    }

    void load32(int d, int at, long displacement) {
        rex(0, d, 0, at);
        put(0x8b);
        memory(d, at, displacement);
    }

    void store(int at, long displacement, int s) {
        rex(W, s, 0, at);
        put(0x89);
        memory(s, at, displacement);
    }

    /// @param value sign-extended from 32 bits
    void storeConstant(int at, long displacement, int value) {
        rex(W, 0, 0, at);
        put(0xc7);
        memory(0, at, displacement);
        put32(value);
    }

    void storeConstant32(int at, long displacement, int value) {
        rex(0, 0, 0, at);
        put(0xc7);
        memory(0, at, displacement);
        put32(value);
    }

    /// Loads 1, 2, 4 or 8 bytes at the sum of two registers, zero-extended.
    void load(int width, int d, int at, int index) {
        rex(width == 8 ? W : 0, d, index, at);
        if (width < 4) {
            put(0x0f);
            put(width == 1 ? 0xb6 : 0xb7);
        } else {
            put(0x8b);
        }
        memory(d, at, index, 0, 0);
    }

    /// Stores the low 1, 2, 4 or 8 bytes.
    void store(int width, int at, int index, int s) {
        if (width == 2) {
            put(0x66);
        }
        if (width == 1) {
            rexAlways(0, s, index, at);
            put(0x88);
        } else {
            rex(width == 8 ? W : 0, s, index, at);
            put(0x89);
        }
        memory(s, at, index, 0, 0);
    }

    void storeConstant(int width, int at, int index, int value) {
        if (width == 2) {
            put(0x66);
        }
        rex(width == 8 ? W : 0, 0, index, at);
        put(width == 1 ? 0xc6 : 0xc7);
        memory(0, at, index, 0, 0);
        if (width == 1) {
            put(value);
        } else if (width == 2) {
            put(value);
            put(value >> 8);
        } else {
            put32(value);
        }
    }

    /// Sign-extends the low 1, 2 or 4 bytes to 8.
    void signExtend(int width, int d, int s) {
        rexAlways(W, d, 0, s);
        if (width == 4) {
            put(0x63);
        } else {
            put(0x0f);
            put(width == 1 ? 0xbe : 0xbf);
        }
        registers(d, s);
    }

    /// Zero-extends the low 1, 2 or 4 bytes to 8: what has just been computed, and is nowhere else, by computing 4 bytes.
    void zeroExtend(int width, int d, int s) {
        if (width == 4) {
            if (wideEnd == size && wideRegister == d && d == s) {
                code[widePrefix] &= ~W;
                wideEnd = -1;
            } else {
                move32(d, s);
            }
            return;
        }
        rexAlways(0, d, 0, s);
        put(0x0f);
        put(width == 1 ? 0xb6 : 0xb7);
        registers(d, s);
    }

    void address(int d, int at, int index, int scale, int displacement) {
        int start = size;
        rex(W, d, index, at);
        put(0x8d);
        memory(d, at, index, scale, displacement);
        isWide(d, start);
    }

    void address(int d, int at, int displacement) {
        int start = size;
        rex(W, d, 0, at);
        put(0x8d);
        memory(d, at, displacement);
        isWide(d, start);
    }

    private void isWide(int register, int prefix) {
        wideRegister = register;
        widePrefix = prefix;
        wideEnd = size;
    }

    void sum32(int d, int at, int index) {
        rex(0, d, index, at);
        put(0x8d);
        memory(d, at, index, 0, 0);
    }

    void address32(int d, int at, int displacement) {
        rex(0, d, 0, at);
        put(0x8d);
        memory(d, at, displacement);
    }

    void moveIf(int cc, int d, int s) {
        rex(W, d, 0, s);
        put(0x0f);
        put(0x40 | cc);
        registers(d, s);
    }

    /// A whole register = 1 if a condition holds, else 0.
    void set(int cc, int d) {
        rexAlways(0, 0, 0, d);
        put(0x0f);
        put(0x90 | cc);
        registers(0, d);
        zeroExtend(1, d, d);
    }

    // ---- arithmetic

    private static int w(boolean wide) {
        return wide ? W : 0;
    }

    void arithmetic(int op, boolean wide, int d, int s) {
        int start = size;
        rex(w(wide), s, 0, d);
        put(op << 3 | 1);
        registers(s, d);
        if (wide && op != CMP) {
            isWide(d, start);
        }
    }

    void arithmeticConstant(int op, boolean wide, int d, int value) {
        rex(w(wide), 0, 0, d);
        if (value == (byte) value) {
            put(0x83);
            registers(op, d);
            put(value);
        } else {
            put(0x81);
            registers(op, d);
            put32(value);
        }
    }

    /// Compares a register with 8 bytes of memory.
    void arithmeticMemoryCompare(int a, int at, long displacement) {
        rex(W, a, 0, at);
        put(CMP << 3 | 3);
        memory(a, at, displacement);
    }

    /// On 8 or 4 bytes of memory.
    void arithmeticMemoryConstant(int op, boolean wide, int at, long displacement, int value) {
        rex(w(wide), 0, 0, at);
        boolean small = value == (byte) value;
        put(small ? 0x83 : 0x81);
        memory(op, at, displacement);
        if (small) {
            put(value);
        } else {
            put32(value);
        }
    }

    /// On 4 bytes of memory, by an instruction that ends with all 4 bytes of the constant.
    void arithmeticMemoryConstant32(int op, int at, long displacement, int value) {
        rex(0, 0, 0, at);
        put(0x81);
        memory(op, at, displacement);
        put32(value);
    }

    void test(boolean wide, int a, int b) {
        rex(w(wide), b, 0, a);
        put(0x85);
        registers(b, a);
    }

    void test8(int a, int b) {
        rexAlways(0, b, 0, a);
        put(0x84);
        registers(b, a);
    }

    void compare8(int a, int b) {
        rexAlways(0, b, 0, a);
        put(0x38);
        registers(b, a);
    }

    void compare8Constant(int a, int value) {
        rexAlways(0, 0, 0, a);
        put(0x80);
        registers(CMP, a);
        put(value);
    }

    /// On 4 bytes of memory.
    void testMemoryConstant(int at, long displacement, int value) {
        rex(0, 0, 0, at);
        put(0xf7);
        memory(0, at, displacement);
        put32(value);
    }

    void orMemoryConstant(int at, long displacement, int value) {
        rex(0, 0, 0, at);
        put(0x81);
        memory(1, at, displacement);
        put32(value);
    }

    void testConstant(int a, int value) {
        rex(0, 0, 0, a);
        put(0xf7);
        registers(0, a);
        put32(value);
    }

    /// Carry = bit `number` of a.
    void testBit(int a, int number) {
        rex(W, 0, 0, a);
        put(0x0f);
        put(0xba);
        registers(4, a);
        put(number);
    }

    void testBitRegister(int a, int number) {
        rex(W, number, 0, a);
        put(0x0f);
        put(0xa3);
        registers(number, a);
    }

    void shift(int op, boolean wide, int d, int count) {
        rex(w(wide), 0, 0, d);
        put(0xc1);
        registers(op, d);
        put(count);
    }

    /// By CL.
    void shiftByCl(int op, boolean wide, int d) {
        rex(w(wide), 0, 0, d);
        put(0xd3);
        registers(op, d);
    }

    void negate(boolean wide, int d) {
        rex(w(wide), 0, 0, d);
        put(0xf7);
        registers(3, d);
    }

    void not(boolean wide, int d) {
        rex(w(wide), 0, 0, d);
        put(0xf7);
        registers(2, d);
    }

    void multiply(boolean wide, int d, int s) {
        rex(w(wide), d, 0, s);
        put(0x0f);
        put(0xaf);
        registers(d, s);
    }

    void multiplyConstant(boolean wide, int d, int s, int value) {
        rex(w(wide), d, 0, s);
        put(0x69);
        registers(d, s);
        put32(value);
    }

    /// RDX:RAX = RAX * s.
    void multiplyWide(boolean signed, int s) {
        rex(W, 0, 0, s);
        put(0xf7);
        registers(signed ? 5 : 4, s);
    }

    /// RAX = RDX:RAX / s, and RDX what remains.
    void divide(boolean signed, int s) {
        rex(W, 0, 0, s);
        put(0xf7);
        registers(signed ? 7 : 6, s);
    }

    /// RDX = the sign of RAX, in all of its bits.
    void signToHigh() {
        put(0x48);
        put(0x99);
    }

    /// The number of the lowest bit that is set; ZF if there is none, and then d is undefined.
    void lowestBit(int d, int s) {
        rex(W, d, 0, s);
        put(0x0f);
        put(0xbc);
        registers(d, s);
    }

    void highestBit(int d, int s) {
        rex(W, d, 0, s);
        put(0x0f);
        put(0xbd);
        registers(d, s);
    }

    void swapBytes(int d) {
        rex(W, 0, 0, d);
        put(0x0f);
        put(0xc8 | d & 7);
    }

    // ---- XMM registers

    /// @param opcode in the map 0F, or with 3800 or 3A00 in those; `reg` is the destination, or part of the opcode
    void vector(int prefix, int opcode, int reg, int rm) {
        if (prefix != 0) {
            put(prefix);
        }
        rex(0, reg, 0, rm);
        map(opcode);
        registers(reg, rm);
    }

    /// @param encoding the prefix in bits 31:16, and the opcode
    void vector(int encoding, int reg, int rm) {
        vector(encoding >> 16, encoding & 0xffff, reg, rm);
    }

    /// With 16 bytes of memory, which are aligned.
    void vectorMemory(int encoding, int reg, int at, long displacement) {
        if (encoding >> 16 != 0) {
            put(encoding >> 16);
        }
        rex(0, reg, 0, at);
        map(encoding & 0xffff);
        memory(reg, at, displacement);
    }

    void vector(int prefix, int opcode, int reg, int rm, int immediate) {
        vector(prefix, opcode, reg, rm);
        immediate(immediate);
    }

    /// The immediate byte of the instruction before.
    void immediate(int value) {
        put(value);
    }

    private void map(int opcode) {
        put(0x0f);
        if (opcode > 0xff) {
            put(opcode >> 8);
        }
        put(opcode);
    }

    /// 16 bytes, however they lie.
    void loadVector(int d, int at, long displacement) {
        put(0xf3);
        rex(0, d, 0, at);
        map(0x6f);
        memory(d, at, displacement);
    }

    void storeVector(int at, long displacement, int s) {
        put(0xf3);
        rex(0, s, 0, at);
        map(0x7f);
        memory(s, at, displacement);
    }

    void loadVector(int d, int at, int index) {
        put(0xf3);
        rex(0, d, index, at);
        map(0x6f);
        memory(d, at, index, 0, 0);
    }

    /// 4 or 8 bytes, and 0 above them.
    void loadScalar(int width, int d, int at, int index) {
        put(width == 8 ? 0xf3 : 0x66);
        rex(0, d, index, at);
        map(width == 8 ? 0x7e : 0x6e);
        memory(d, at, index, 0, 0);
    }

    void storeVector(int at, int index, int s) {
        put(0xf3);
        rex(0, s, index, at);
        map(0x7f);
        memory(s, at, index, 0, 0);
    }

    /// The low half of an XMM register = a general register.
    void moveToVector(int d, int s) {
        put(0x66);
        rex(W, d, 0, s);
        map(0x6e);
        registers(d, s);
    }

    void moveFromVector(int d, int s) {
        put(0x66);
        rex(W, s, 0, d);
        map(0x7e);
        registers(s, d);
    }

    /// The low half of an XMM register.
    void storeVectorHalf(int at, long displacement, int s) {
        put(0x66);
        rex(0, s, 0, at);
        map(0xd6);
        memory(s, at, displacement);
    }

    void loadVectorHalf(int d, int at, long displacement) {
        put(0xf3);
        rex(0, d, 0, at);
        map(0x7e);
        memory(d, at, displacement);
    }

    /// The low half of d = that of s, and its high half = 0.
    void moveVectorHalf(int d, int s) {
        vector(0xf3, 0x7e, d, s);
    }

    /// The low half of d = the high one of s.
    void moveHighVectorHalf(int d, int s) {
        vector(0x66, 0x70, d, s, 0xee);
    }

    /// The high half of d = the low one of s.
    void joinVectorHalves(int d, int s) {
        vector(0x66, 0x6c, d, s);
    }

    /// The whole register.
    void moveVector(int d, int s) {
        vector(0, 0x28, d, s);
    }

    /// Binary64, of a signed integer of 8 bytes.
    void convert(int d, int s) {
        put(0xf2);
        rex(W, d, 0, s);
        map(0x2a);
        registers(d, s);
    }

    /// Binary64 or binary32, of a signed integer of 8 or 4 bytes.
    ///
    /// @param prefix of the format
    void convert(int prefix, boolean wide, int d, int s) {
        put(prefix);
        rex(w(wide), d, 0, s);
        map(0x2a);
        registers(d, s);
    }

    /// A signed integer of 8 or 4 bytes, of a scalar.
    ///
    /// @param prefix of the format
    /// @param opcode which says how to round
    void convertToInteger(int prefix, int opcode, boolean wide, int d, int s) {
        put(prefix);
        rex(w(wide), d, 0, s);
        map(opcode);
        registers(d, s);
    }

    /// An operation of the FMA extension on 16 bytes or a scalar: d, s and t are the first to third operand (SDM volume 2,
    /// 2.3).
    void fused(boolean wide, int opcode, int d, int s, int t) {
        extendedPrefix(wide, d, t, 2, s ^ 15, 1);
        put(opcode);
        registers(d, t);
    }

    /// RORX: d = s rotated right, without flags (BMI2).
    void rotateRight(boolean wide, int d, int s, int count) {
        extendedPrefix(wide, d, s, 3, 15, 3);
        put(0xf0);
        registers(d, s);
        put(count);
    }

    /// SHLX, SHRX and SARX: d = s shifted by the low bits of a register, without flags (BMI2).
    ///
    /// @param op SHL, SHR or SAR
    void shift(int op, boolean wide, int d, int s, int count) {
        extendedPrefix(wide, d, s, 2, count ^ 15, op == SHL ? 1 : op == SHR ? 3 : 2);
        put(0xf7);
        registers(d, s);
    }

    /// A VEX prefix of three bytes for 128 bits or fewer.
    ///
    /// @param v the other source's number, inverted
    private void extendedPrefix(boolean wide, int reg, int rm, int map, int v, int prefix) {
        put(0xc4);
        put((reg >> 3 ^ 1) << 7 | 1 << 6 | (rm >> 3 ^ 1) << 5 | map);
        put((wide ? 0x80 : 0) | v << 3 | prefix);
    }

    void loadFloatControl(int at, long displacement) {
        put(0x0f);
        put(0xae);
        memory(2, at, displacement);
    }

    void storeFloatControl(int at, long displacement) {
        put(0x0f);
        put(0xae);
        memory(3, at, displacement);
    }

    /// AH = SF, ZF, AF, PF and CF, in their places.
    void flagsToHigh() {
        put(0x9f);
    }

    /// Copies RCX elements from where RSI points to where RDI does.
    void copyElements(int width) {
        repeat(width, 0xa4);
    }

    /// RCX elements from where RDI points on = the low bytes of RAX.
    void fillElements(int width) {
        repeat(width, 0xaa);
    }

    private void repeat(int width, int opcode) {
        if (width == 2) {
            put(0x66);
        }
        put(0xf3);
        rex(w(width == 8), 0, 0, 0);
        put(width == 1 ? opcode : opcode + 1);
    }

    /// EDX:EAX = the time-stamp counter.
    void counter() {
        put(0x0f);
        put(0x31);
    }

    /// EAX, EBX, ECX and EDX = what the processor is, by EAX.
    void cpuid() {
        put(0x0f);
        put(0xa2);
    }

    /// EDX:EAX = the extended control register that ECX says.
    void extendedControl() {
        put(0x0f);
        put(0x01);
        put(0xd0);
    }

    // ---- jumps

    /// A jump to be given its target by [#patch]; returns where it ends.
    int jumpIf(int cc) {
        put(0x0f);
        put(0x80 | cc);
        put32(0);
        return size;
    }

    /// Writes a jump of [#JUMP_BYTES] to an address that is not known yet; returns where it ends.
    int jump() {
        put(0xe9);
        put32(0);
        return size;
    }

    int call() {
        put(0xe8);
        put32(0);
        return size;
    }

    /// Has the jump that ends at `end` go to an address.
    void patch(int end, long target) {
        long distance = target - (base + end);
        for (int i = 0; i < 4; i++) {
            code[end - 4 + i] = (byte) (distance >> 8 * i);
        }
    }

    void patchHere(int end) {
        patch(end, here());
    }

    /// Has the jump that ends at `end` come here; takes it back if it is the last instruction. Nothing may come to what
    /// follows it yet.
    void arriveOrDrop(int end) {
        if (end == size) {
            size -= JUMP_BYTES;
        } else {
            patchHere(end);
        }
    }

    void jumpTo(long target) {
        patch(jump(), target);
    }

    void callTo(long target) {
        patch(call(), target);
    }

    void jumpRegister(int to) {
        rex(0, 0, 0, to);
        put(0xff);
        registers(4, to);
    }

    void jumpMemory(int at, long displacement) {
        rex(0, 0, 0, at);
        put(0xff);
        memory(4, at, displacement);
    }

    void push(int s) {
        rex(0, 0, 0, s);
        put(0x50 | s & 7);
    }

    void pop(int d) {
        rex(0, 0, 0, d);
        put(0x58 | d & 7);
    }

    void pushFlags() {
        put(0x9c);
    }

    void popFlags() {
        put(0x9d);
    }

    void ret() {
        put(0xc3);
    }

    /// Aligns what comes next, by bytes that are not run.
    void align(int to) {
        while ((here() & to - 1) != 0) {
            put(0xcc);
        }
    }
}
