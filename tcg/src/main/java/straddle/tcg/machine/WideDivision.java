package straddle.tcg.machine;

import static straddle.tcg.machine.Assembler.*;

import straddle.tcg.op.MicroOp;

/// x86's divisions of two registers by one: the host's. What faults is left to Java, which also has signed dividends that
/// need both registers.
final class WideDivision {
    private static final String OWNER = "straddle/tcg/x86/IntegerRuntime";

    private final HostOperations to;
    private final Assembler asm;

    WideDivision(HostOperations to) {
        this.to = to;
        this.asm = to.asm;
    }

    static boolean has(String owner) {
        return OWNER.equals(owner);
    }

    /// Writes a call of one of the methods there: the CPU, high, low, divisor and width → quotient.
    void invoke(String name) {
        int width = to.popConstant();
        Value divisor = to.pop();
        Value low = to.pop();
        Value high = to.pop();
        to.popObject(to.cpu);
        int m = to.register(divisor);
        int l = to.register(low);
        int h = to.register(high);
        Value d = to.fresh();
        Runnable flush = to.flushLater();
        MicroOp op = to.marked;
        if (name.equals("quotient")) {
            asm.arithmetic(CMP, true, h, m);
            to.leaveLater(asm.jumpIf(CC_AE), flush, op);
            divide(width, h, l, m);
        } else {
            divideSigned(width, h, l, m, flush, op);
        }
        asm.move(d.register, RAX);
        to.push(d);
        to.release(divisor);
        to.release(low);
        to.release(high);
    }

    private void divide(int width, int high, int low, int divisor) {
        if (width == 8) {
            asm.move(RDX, high);
            asm.move(RAX, low);
        } else {
            asm.move(RAX, high);
            asm.shift(SHL, true, RAX, 32);
            asm.arithmetic(OR, true, RAX, low);
            asm.arithmetic(XOR, false, RDX, RDX);
        }
        asm.divide(false, divisor);
    }

    /// Where the high half is but the low one's sign, the quotient fits, unless the divisor is 0 or -1.
    private void divideSigned(
            int width, int high, int low, int divisor, Runnable flush, MicroOp op) {
        if (width == 8) {
            asm.move(RAX, low);
            asm.move(RCX, divisor);
        } else {
            asm.signExtend(4, RAX, low);
            asm.signExtend(4, RCX, divisor);
        }
        asm.signToHigh();
        asm.arithmetic(CMP, width == 8, RDX, high);
        to.leaveLater(asm.jumpIf(CC_NE), flush, op);
        asm.address(RDX, RCX, 1);
        asm.arithmeticConstant(CMP, true, RDX, 1);
        to.leaveLater(asm.jumpIf(CC_BE), flush, op);
        asm.signToHigh();
        asm.divide(true, RCX);
    }
}
