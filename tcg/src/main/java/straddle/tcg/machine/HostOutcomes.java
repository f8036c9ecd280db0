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
        boolean compares =
                outcome == Outcome.NO_BORROW || outcome == Outcome.OVERFLOW_OF_DIFFERENCE;
        boolean inPlace = compares && !isConstant(left);
        if (!inPlace) {
            move(asm, d, left);
        }
        switch (outcome) {
            case SUM, DIFFERENCE -> apply(asm, outcome == Outcome.SUM ? ADD : SUB, d, right);
            case CARRY_OF_SUM, OVERFLOW_OF_SUM -> apply(asm, ADD, d, right);
            case NO_BORROW, OVERFLOW_OF_DIFFERENCE ->
                    apply(asm, CMP, inPlace ? (int) left : d, right);
            case BIT -> {
                asm.shift(SHR, false, d, (int) right);
                asm.arithmeticConstant(AND, false, d, 1);
            }
        }
        switch (outcome) {
            case CARRY_OF_SUM -> asm.set(CC_B, d);
            case NO_BORROW -> asm.set(CC_AE, d);
            case OVERFLOW_OF_SUM, OVERFLOW_OF_DIFFERENCE -> {
                asm.set(CC_O, d);
                asm.shift(SHL, false, d, TOP_BIT);
            }
            default -> {}
        }
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
