package straddle.tcg.a64;

import straddle.tcg.Cpu;
import straddle.tcg.op.Cond;
import straddle.tcg.op.Flags;

/// Condition codes and NZCV in the translator's terms (Arm ARM DDI 0487, C1.2.4).
final class Conditions {
    /// AL, and NV that means the same.
    static final int ALWAYS = -1;

    private static final int[] CONDS = {
        Cond.E, // EQ
        Cond.E | 1, // NE
        Cond.B, // CS: carry set
        Cond.B | 1, // CC
        Cond.S, // MI
        Cond.S | 1, // PL
        Cond.O, // VS
        Cond.O | 1, // VC
        Cond.LS | 1, // HI
        Cond.LS, // LS
        Cond.L | 1, // GE
        Cond.L, // LT
        Cond.LE | 1, // GT
        Cond.LE, // LE
        ALWAYS,
        ALWAYS
    };

    private Conditions() {}

    static int of(int code) {
        return CONDS[code];
    }

    /// NZCV, N in bit 3, as flags that [Flags#EAGER] keeps.
    static long eager(int nzcv) {
        return (nzcv & 1) * (long) Flags.OF
                | (nzcv >>> 1 & 1) * (long) Flags.CF
                | (nzcv >>> 2 & 1) * (long) Flags.ZF
                | (nzcv >>> 3 & 1) * (long) Flags.SF;
    }

    /// The processor's NZCV, N in bit 3.
    static int nzcv(Cpu c) {
        int kind = c.flagKind;
        return (Flags.sign(kind, c.flagResult) ? 8 : 0)
                | (Flags.zero(kind, c.flagResult) ? 4 : 0)
                | (Flags.carry(kind, c.flagResult, c.flagA, c.flagB) ? 2 : 0)
                | (Flags.overflow(kind, c.flagResult, c.flagA, c.flagB) ? 1 : 0);
    }

    static void set(Cpu c, int nzcv) {
        c.setFlags(Flags.EAGER, eager(nzcv), 0, 0);
    }
}
