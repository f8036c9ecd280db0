package straddle.tcg.machine;

import straddle.tcg.op.Outcome;

/// Something that compiled code computes: in a register of the host's, or a constant, or both.
///
/// Never changes: whatever is computed is a value of its own, so that the operand stack, scratch locals, guest slots and
/// flags can hold the same one.
final class Value {
    static final int NOWHERE = -1;

    /// Stands for an object that compiled code knows by heart.
    static Value object() {
        return new Value(false, 0);
    }

    /// The host's register, or [#NOWHERE] for a constant that no instruction needed in one yet.
    int register = NOWHERE;

    /// The host's XMM register whose low half has it too, or [#NOWHERE].
    int vector = NOWHERE;

    final boolean isConstant;
    final long constant;

    /// How many hold it, and how many of those are guest slots and flags, which have a place in memory too.
    int uses;

    int usesWithPlace;

    /// When it was needed last.
    int stamp;

    /// It is the zero extension of so many of its low bits.
    int zeroFrom = 64;

    /// It is the sign extension of so many of its low bits.
    int signFrom = 64;

    /// The sign extension of so many bits of another value, as long as no instruction needed it in a register; else null.
    Value of;

    int bits;

    /// Stands for the outcome of a question about the CPU.
    boolean isQuestion;

    /// What it follows from, as long as no instruction needed it in a register: what LCMP compares, or [#outcome]'s
    /// operands; else null.
    Value left;

    Value right;

    /// What it is of two operands, each in a register or a constant; null for LCMP's.
    Outcome outcome;

    /// How many such outcomes it is an operand of: then it stays in its register.
    int outcomes;

    private Value(boolean isConstant, long constant) {
        this.isConstant = isConstant;
        this.constant = constant;
    }

    static Value constant(long value) {
        Value made = new Value(true, value);
        made.zeroFrom = 64 - Long.numberOfLeadingZeros(value);
        made.signFrom = 65 - Long.numberOfLeadingZeros(value < 0 ? ~value : value);
        return made;
    }

    static Value in(int register) {
        Value made = new Value(false, 0);
        made.register = register;
        return made;
    }

    /// @param of held by this from now on
    static Value extended(Value of, int bits) {
        Value made = new Value(false, 0);
        made.of = of;
        made.bits = bits;
        made.signFrom = bits;
        return made;
    }

    /// @param left held by this from now on, as is the other
    static Value outcome(Outcome outcome, Value left, Value right) {
        Value made = new Value(false, 0);
        made.outcome = outcome;
        made.left = left;
        made.right = right;
        left.outcomes++;
        right.outcomes++;
        return made.zeroFrom(outcome.bits());
    }

    static Value comparison(Value left, Value right) {
        Value made = new Value(false, 0);
        made.left = left;
        made.right = right;
        return made;
    }

    /// What has the same low bits and is nearer to a register.
    Value low(int count) {
        return of != null && bits >= count ? of : this;
    }

    boolean isComparison() {
        return left != null && outcome == null;
    }

    /// Whether it is still to be computed from others.
    boolean isDeferred() {
        return of != null || outcome != null;
    }

    /// Whether an instruction can have it as its immediate operand.
    boolean isImmediate() {
        return isConstant && constant == (int) constant;
    }

    /// Whether it equals the zero extension of its low bits.
    boolean isZeroExtended(int bits) {
        return zeroFrom <= bits;
    }

    boolean isSignExtended(int bits) {
        return signFrom <= bits || zeroFrom < bits;
    }

    /// Says how it was made.
    Value zeroFrom(int bits) {
        zeroFrom = Math.min(zeroFrom, bits);
        return this;
    }

    Value signFrom(int bits) {
        signFrom = Math.min(signFrom, bits);
        return this;
    }
}
