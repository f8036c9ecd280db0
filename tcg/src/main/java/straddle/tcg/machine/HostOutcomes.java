package straddle.tcg.machine;

import static straddle.tcg.machine.Assembler.*;

import straddle.tcg.op.Outcome;

/// The host's instructions for an [Outcome].
final class HostOutcomes {
    private static final long CONSTANT = 1L << 32;
    private static final int TOP_BIT = 31;

    private HostOutcomes() {}

    /// Where an operand is now, for [#compute]: a register, or a constant word.
    static long operand(Value value) {
        return value.isConstant ? CONSTANT | value.constant & CONSTANT - 1 : value.register;
    }

    /// Changes the host's flags.
    ///
    /// @param d none of the operands' registers
    static void compute(Assembler asm, Outcome outcome, int d, long left, long right) {
        switch (outcome) {
            case SUM -> combine(asm, ADD, d, left, right);
            case DIFFERENCE -> combine(asm, SUB, d, left, right);
            case CARRY_OF_SUM -> {
                combine(asm, ADD, d, left, right);
                asm.set(CC_B, d);
            }
            case OVERFLOW_OF_SUM -> {
                combine(asm, ADD, d, left, right);
                overflow(asm, d);
            }
            case NO_BORROW -> {
                compare(asm, d, left, right);
                asm.set(CC_AE, d);
            }
            case OVERFLOW_OF_DIFFERENCE -> {
                compare(asm, d, left, right);
                overflow(asm, d);
            }
            case BIT -> {
                move(asm, d, left);
                asm.shift(SHR, false, d, (int) right);
                asm.arithmeticConstant(AND, false, d, 1);
            }
        }
    }

    /// Compares two operands as words.
    ///
    /// @param scratch a register for the left one if it is a constant
    static void compare(Assembler asm, int scratch, long left, long right) {
        if (isConstant(left)) {
            move(asm, scratch, left);
        }
        apply(asm, CMP, isConstant(left) ? scratch : (int) left, right);
    }

    private static void combine(Assembler asm, int op, int d, long left, long right) {
        move(asm, d, left);
        apply(asm, op, d, right);
    }

    private static void overflow(Assembler asm, int d) {
        asm.set(CC_O, d);
        asm.shift(SHL, false, d, TOP_BIT);
    }

    private static boolean isConstant(long operand) {
        return operand >= CONSTANT;
    }

    private static void move(Assembler asm, int d, long operand) {
        if (isConstant(operand)) {
            asm.constant(d, operand & CONSTANT - 1);
        } else {
            asm.move32(d, (int) operand);
        }
    }

    private static void apply(Assembler asm, int op, int d, long operand) {
        if (isConstant(operand)) {
            asm.arithmeticConstant(op, false, d, (int) operand);
        } else {
            asm.arithmetic(op, false, d, (int) operand);
        }
    }
}
