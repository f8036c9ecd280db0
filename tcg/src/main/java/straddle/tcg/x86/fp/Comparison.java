package straddle.tcg.x86.fp;

/// The predicates of CMPPS and its kin (SDM volume 2, CMPPD, table 3-1): 0 to 7 in SSE, to 31 in
/// AVX.
final class Comparison {
    private static final int LESS = 1, EQUAL = 2, GREATER = 4, UNORDERED = 8;

    /// By the predicate's low four bits: the outcomes that satisfy it.
    private static final int[] OUTCOMES = {
        EQUAL,
        LESS,
        LESS | EQUAL,
        UNORDERED,
        LESS | GREATER | UNORDERED,
        EQUAL | GREATER | UNORDERED,
        GREATER | UNORDERED,
        LESS | EQUAL | GREATER,
        EQUAL | UNORDERED,
        LESS | UNORDERED,
        LESS | EQUAL | UNORDERED,
        0,
        LESS | GREATER,
        EQUAL | GREATER,
        GREATER,
        LESS | EQUAL | GREATER | UNORDERED
    };

    /// Bit p: predicate p, below 16, is invalid on quiet NaNs; from 16 on it is the other way
    /// round.
    private static final int SIGNALING = 0b0110_0110_0110_0110;

    private Comparison() {}

    /// Whether an order given as RFLAGS bits satisfies the predicate.
    static boolean holds(int order, int predicate) {
        int outcome =
                switch (order) {
                    case 0 -> GREATER;
                    case FpControl.CF -> LESS;
                    case FpControl.ZF -> EQUAL;
                    default -> UNORDERED;
                };
        return (OUTCOMES[predicate & 15] & outcome) != 0;
    }

    static boolean signalsQuiet(int predicate) {
        return (SIGNALING >>> (predicate & 15) & 1) != predicate >>> 4;
    }
}
