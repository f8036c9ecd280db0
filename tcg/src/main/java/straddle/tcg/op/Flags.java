package straddle.tcg.op;

/// Lazy condition flags: an operation's kind, result and operands, sign-extended to 64 bits, from
/// which any flag is computed when it is asked for.
///
/// Sign extension makes the formulas the same for every operand width. Carries use the carry and
/// borrow formulas instead of unsigned compares, which C2 may get wrong beside signed ones.
public final class Flags {
    /// `result` holds the flag bits themselves, at their x86 places.
    public static final int EAGER = 0;

    /// a + b (+ carry) = result.
    public static final int ADD = 1;

    /// a - b (- borrow) = result.
    public static final int SUB = 2;

    /// result of a bitwise operation: carry and overflow are clear.
    public static final int LOGIC = 3;

    /// result = a value + 1; `a` is the carry to keep, `b` the overflow.
    public static final int INC = 4;

    /// result = a value - 1; `a` is the carry to keep, `b` the overflow.
    public static final int DEC = 5;

    /// `a` is the carry, `b` the overflow, the auxiliary carry is clear.
    public static final int SHIFT = 6;

    /// a - b = result, where carry says that nothing was borrowed.
    public static final int DIFFERENCE = 7;

    /// The same for operands made up to give certain flags: a result of 0 does not tell that a and b are equal.
    public static final int CHOSEN = 8;

    // Shifts by a constant: the sign-extended operand is `a`, the number of the bit that was
    // shifted out last is `b`.
    public static final int SHL = 9;
    public static final int SHR = 10;
    public static final int SAR = 11;

    /// A product that did not fit, with carry and overflow set, unless `a` and `b` are equal.
    public static final int PRODUCT = 12;

    public static final int CF = 1;
    public static final int PF = 1 << 2;
    public static final int AF = 1 << 4;
    public static final int ZF = 1 << 6;
    public static final int SF = 1 << 7;
    public static final int OF = 1 << 11;
    public static final int ALL = CF | PF | AF | ZF | SF | OF;

    private Flags() {}

    public static boolean carry(int kind, long result, long a, long b) {
        return switch (kind) {
            case ADD -> (a & b | (a | b) & ~result) < 0;
            case SUB -> (~a & b | ~(a ^ b) & result) < 0;
            case LOGIC -> false;
            case EAGER -> (result & CF) != 0;
            case DIFFERENCE, CHOSEN -> (a ^ Long.MIN_VALUE) >= (b ^ Long.MIN_VALUE);
            case SHL, SHR, SAR -> (a >>> b & 1) != 0;
            case PRODUCT -> a != b;
            default -> a != 0;
        };
    }

    public static boolean zero(int kind, long result) {
        return kind == EAGER ? (result & ZF) != 0 : result == 0;
    }

    public static boolean sign(int kind, long result) {
        return kind == EAGER ? (result & SF) != 0 : result < 0;
    }

    public static boolean overflow(int kind, long result, long a, long b) {
        return switch (kind) {
            case ADD -> ((a ^ result) & (b ^ result)) < 0;
            case SUB -> ((a ^ b) & (a ^ result)) < 0;
            case LOGIC -> false;
            case EAGER -> (result & OF) != 0;
            case DIFFERENCE, CHOSEN -> a < b != result < 0;
            case SHL -> result < 0 != ((a >>> b & 1) != 0);
            case SHR -> a < 0;
            case SAR -> false;
            case PRODUCT -> a != b;
            default -> b != 0;
        };
    }

    public static boolean parity(int kind, long result) {
        return kind == EAGER
                ? (result & PF) != 0
                : (Integer.bitCount((int) result & 0xff) & 1) == 0;
    }

    public static boolean auxiliary(int kind, long result, long a, long b) {
        return switch (kind) {
            case ADD, SUB -> ((a ^ b ^ result) & 0x10) != 0;
            case INC -> (result & 0xf) == 0;
            case DEC -> (result & 0xf) == 0xf;
            case EAGER -> (result & AF) != 0;
            default -> false;
        };
    }
}
