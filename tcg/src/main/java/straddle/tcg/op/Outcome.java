package straddle.tcg.op;

import org.objectweb.asm.Opcodes;

/// What an operation on two words comes to: a sum, a difference, what flags tell of them besides, or a bit.
///
/// Of each operand only the low 32 bits count; results are zero-extended. What is a bit's worth is 1, overflow is bit 31.
public enum Outcome {
    SUM,

    /// Out of bit 31.
    CARRY_OF_SUM,

    OVERFLOW_OF_SUM,
    DIFFERENCE,

    /// 1 if the first operand is not below the second one, as unsigned numbers.
    NO_BORROW,

    OVERFLOW_OF_DIFFERENCE,

    /// Of the first operand, by the number that the second one is.
    BIT;

    private static final long MASK = 0xffff_ffffL;
    private static final long TOP = 0x8000_0000L;

    /// @param a, b zero-extended
    public long of(long a, long b) {
        return switch (this) {
            case SUM -> a + b & MASK;
            case CARRY_OF_SUM -> a + b >>> 32;
            case OVERFLOW_OF_SUM -> (a ^ a + b) & (b ^ a + b) & TOP;
            case DIFFERENCE -> a - b & MASK;
            case NO_BORROW -> ~(a - b) >>> 63;
            case OVERFLOW_OF_DIFFERENCE -> (a ^ b) & (a ^ a - b) & TOP;
            case BIT -> a >>> b & 1;
        };
    }

    /// How many of its low bits may be set.
    public int bits() {
        return switch (this) {
            case CARRY_OF_SUM, NO_BORROW, BIT -> 1;
            default -> 32;
        };
    }

    /// Of the zero-extended words in A and B, by the JVM's instructions.
    public void emit(Emitter e) {
        switch (this) {
            case SUM, DIFFERENCE -> {
                combine(e);
                e.zeroExtend(4);
            }
            case CARRY_OF_SUM -> {
                combine(e);
                e.shift(Opcodes.LUSHR, 32);
            }
            case NO_BORROW -> {
                combine(e);
                e.constant(-1);
                e.op(Opcodes.LXOR);
                e.shift(Opcodes.LUSHR, 63);
            }
            case OVERFLOW_OF_SUM, OVERFLOW_OF_DIFFERENCE -> {
                e.take(Emitter.A);
                combine(e);
                e.op(Opcodes.LXOR);
                e.take(Emitter.B);
                if (isOfSum()) {
                    combine(e);
                } else {
                    e.take(Emitter.A);
                }
                e.op(Opcodes.LXOR);
                e.op(Opcodes.LAND);
                e.constant(TOP);
                e.op(Opcodes.LAND);
            }
            case BIT -> {
                e.take(Emitter.A);
                e.take(Emitter.B);
                e.op(Opcodes.L2I);
                e.op(Opcodes.LUSHR);
                e.constant(1);
                e.op(Opcodes.LAND);
            }
        }
    }

    /// Whether the operands are added where flags are asked for, and not subtracted.
    private boolean isOfSum() {
        return this == SUM || this == CARRY_OF_SUM || this == OVERFLOW_OF_SUM;
    }

    private void combine(Emitter e) {
        e.take(Emitter.A);
        e.take(Emitter.B);
        e.op(isOfSum() ? Opcodes.LADD : Opcodes.LSUB);
    }
}
