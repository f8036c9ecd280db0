package straddle.tcg.simd;

import straddle.tcg.op.Emitter;
import straddle.tcg.op.MicroOp;

/// What becomes of a vector register's upper half, which is the slot behind the lower one's.
public enum Upper {
    /// It is part of the result.
    COMPUTED,

    /// It becomes 0: AArch64's instructions on 64 bits.
    CLEARED,

    /// It is another register: AArch32's.
    KEPT;

    /// AArch64's.
    public static Upper ofA64(boolean q) {
        return q ? COMPUTED : CLEARED;
    }

    /// AArch32's.
    public static Upper ofA32(boolean q) {
        return q ? COMPUTED : KEPT;
    }

    void set(long[] r, int d, long low, long high) {
        r[d] = low;
        if (this != KEPT) {
            r[d + 1] = this == COMPUTED ? high : 0;
        }
    }

    /// Sets a register from A, if there is an upper half, and the stack; else only from the stack.
    void emitSet(Emitter e, int d) {
        if (this == COMPUTED) {
            e.set(d + 1);
            e.take(Emitter.A);
            e.set(d);
        } else {
            e.set(d);
            emitClear(e, d);
        }
    }

    /// What a half that is not part of the result becomes.
    void emitClear(Emitter e, int d) {
        if (this == CLEARED) {
            e.constant(0);
            e.set(d + 1);
        }
    }

    /// Calls a micro-op without bytecode that sets this much of a register.
    void emitCompute(Emitter e, MicroOp op, int d) {
        if (this == KEPT) {
            e.compute(op, d);
        } else {
            e.compute(op, d, d + 1);
        }
    }
}
