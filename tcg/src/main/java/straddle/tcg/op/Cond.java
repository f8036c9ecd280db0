package straddle.tcg.op;

import straddle.tcg.Cpu;

/// Conditions on the flags, the first 16 numbered as x86 encodes them; an odd number is the negation of the even one
/// before.
public final class Cond {
    public static final int O = 0;
    public static final int B = 2;
    public static final int E = 4;
    public static final int BE = 6;
    public static final int S = 8;
    public static final int P = 10;
    public static final int L = 12;
    public static final int LE = 14;

    /// Carry clear or zero: unsigned less or same, where carry says that nothing was borrowed.
    public static final int LS = 16;

    private Cond() {}

    public static boolean test(Cpu c, int cond) {
        return test(c.flagKind, c.flagResult, c.flagA, c.flagB, cond);
    }

    static boolean test(int kind, long result, long a, long b, int cond) {
        if (kind == Flags.DIFFERENCE) {
            return afterDifference(cond, a, b, result);
        }
        boolean holds =
                switch (cond & ~1) {
                    case O -> Flags.overflow(kind, result, a, b);
                    case B -> Flags.carry(kind, result, a, b);
                    case E -> Flags.zero(kind, result);
                    case BE -> Flags.zero(kind, result) || Flags.carry(kind, result, a, b);
                    case S -> Flags.sign(kind, result);
                    case P -> Flags.parity(kind, result);
                    case L -> Flags.sign(kind, result) != Flags.overflow(kind, result, a, b);
                    case LS -> Flags.zero(kind, result) || !Flags.carry(kind, result, a, b);
                    default ->
                            Flags.zero(kind, result)
                                    || Flags.sign(kind, result)
                                            != Flags.overflow(kind, result, a, b);
                };
        return holds != ((cond & 1) != 0);
    }

    /// The condition right after comparing sign-extended operands.
    static boolean afterCompare(int cond, long a, long b, long result) {
        boolean holds =
                switch (cond & ~1) {
                    case O -> ((a ^ b) & (a ^ result)) < 0;
                    case B -> (a ^ Long.MIN_VALUE) < (b ^ Long.MIN_VALUE);
                    case E -> a == b;
                    case BE -> (a ^ Long.MIN_VALUE) <= (b ^ Long.MIN_VALUE);
                    case S -> result < 0;
                    case P -> Flags.parity(Flags.SUB, result);
                    case L -> a < b;
                    default -> a <= b;
                };
        return holds != ((cond & 1) != 0);
    }

    /// The condition after [Flags#DIFFERENCE].
    public static boolean afterDifference(int cond, long a, long b, long result) {
        boolean holds =
                switch (cond & ~1) {
                    case O -> a < b != result < 0;
                    case B -> (a ^ Long.MIN_VALUE) >= (b ^ Long.MIN_VALUE);
                    case E -> a == b;
                    case BE -> a == b || (a ^ Long.MIN_VALUE) >= (b ^ Long.MIN_VALUE);
                    case S -> result < 0;
                    case P -> Flags.parity(Flags.DIFFERENCE, result);
                    case L -> a < b;
                    case LS -> (a ^ Long.MIN_VALUE) <= (b ^ Long.MIN_VALUE);
                    default -> a <= b;
                };
        return holds != ((cond & 1) != 0);
    }

    /// The condition right after a bitwise operation.
    static boolean afterLogic(int cond, long result) {
        boolean holds =
                switch (cond & ~1) {
                    case O, B -> false;
                    case E, BE -> result == 0;
                    case S, L -> result < 0;
                    case P -> Flags.parity(Flags.LOGIC, result);
                    default -> result <= 0;
                };
        return holds != ((cond & 1) != 0);
    }
}
