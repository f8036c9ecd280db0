package straddle.tcg.machine;

import static straddle.tcg.machine.Assembler.*;

import java.util.ArrayList;
import java.util.List;
import straddle.tcg.op.Flags;

/// A routine that computes all flags from a [Frame]'s operation, result and operands, as [Flags] says.
///
/// The bits are in RAX in the end. RCX and RDX change too.
final class EagerFlags {
    private static final int RESULT = RCX;
    private static final int BITS = RDX;
    private static final int A = RSI;
    private static final int B = RDI;
    private static final int[] SAVED = {RSI, RDI, R8, R9};
    private static final int OF_BIT = Integer.numberOfTrailingZeros(Flags.OF);

    private final Assembler asm;
    private final List<Integer> toEnd = new ArrayList<>();

    private EagerFlags(Assembler asm) {
        this.asm = asm;
    }

    static void write(Assembler asm) {
        new EagerFlags(asm).write();
    }

    private void write() {
        asm.load32(RAX, RBP, Frame.FLAG_KIND);
        asm.load(RESULT, RBP, Frame.FLAG_RESULT);
        asm.arithmeticConstant(CMP, false, RAX, Flags.EAGER);
        int lazy = asm.jumpIf(CC_NE);
        asm.move(RAX, RESULT);
        asm.arithmeticConstant(AND, false, RAX, Flags.ALL);
        asm.ret();
        asm.patchHere(lazy);
        for (int register : SAVED) {
            asm.push(register);
        }
        asm.load(A, RBP, Frame.FLAG_A);
        asm.load(B, RBP, Frame.FLAG_B);
        asm.constant(BITS, 0);
        ifKind(Flags.LOGIC, () -> {});
        ifKind(Flags.SUB, this::subtraction);
        ifKind(Flags.ADD, this::addition);
        ifKind(Flags.DIFFERENCE, this::difference);
        ifKind(Flags.CHOSEN, this::difference);
        ifKind(Flags.SHL, () -> shift(Flags.SHL));
        ifKind(Flags.SHR, () -> shift(Flags.SHR));
        ifKind(Flags.SAR, () -> shift(Flags.SAR));
        ifKind(Flags.PRODUCT, this::product);
        ifKind(Flags.INC, () -> step(0));
        ifKind(Flags.DEC, () -> step(0xf));
        carryAndOverflow();
        toEnd.forEach(asm::patchHere);
        end();
    }

    private void ifKind(int kind, Runnable then) {
        asm.arithmeticConstant(CMP, false, RAX, kind);
        int otherwise = asm.jumpIf(CC_NE);
        then.run();
        toEnd.add(asm.jump());
        asm.patchHere(otherwise);
    }

    /// BITS |= the register's sign bit, at a place.
    private void addSign(int register, int place) {
        asm.shift(SHR, true, register, 63);
        add(register, place);
    }

    private void add(int register, int place) {
        if (place != 0) {
            asm.shift(SHL, false, register, place);
        }
        asm.arithmetic(OR, false, BITS, register);
    }

    /// AF by the fifth bit of a, b and the result; leaves a ^ b in R8.
    private void auxiliary() {
        asm.move(R8, A);
        asm.arithmetic(XOR, true, R8, B);
        asm.move(R9, R8);
        asm.arithmetic(XOR, true, R9, RESULT);
        asm.arithmeticConstant(AND, false, R9, Flags.AF);
        asm.arithmetic(OR, false, BITS, R9);
    }

    private void subtraction() {
        auxiliary();
        asm.move(R9, A);
        asm.arithmetic(XOR, true, R9, RESULT);
        asm.arithmetic(AND, true, R9, R8);
        addSign(R9, OF_BIT);
        asm.not(true, R8);
        asm.arithmetic(AND, true, R8, RESULT);
        asm.not(true, A);
        asm.arithmetic(AND, true, A, B);
        asm.arithmetic(OR, true, R8, A);
        addSign(R8, 0);
    }

    private void addition() {
        auxiliary();
        asm.move(R8, A);
        asm.arithmetic(XOR, true, R8, RESULT);
        asm.move(R9, B);
        asm.arithmetic(XOR, true, R9, RESULT);
        asm.arithmetic(AND, true, R8, R9);
        addSign(R8, OF_BIT);
        asm.move(R8, A);
        asm.arithmetic(AND, true, R8, B);
        asm.arithmetic(OR, true, A, B);
        asm.move(R9, RESULT);
        asm.not(true, R9);
        asm.arithmetic(AND, true, A, R9);
        asm.arithmetic(OR, true, A, R8);
        addSign(A, 0);
    }

    private void difference() {
        asm.arithmetic(CMP, true, A, B);
        asm.set(CC_AE, R8);
        asm.arithmetic(CMP, true, A, B);
        asm.set(CC_L, R9);
        add(R8, 0);
        asm.move(R8, RESULT);
        asm.shift(SHR, true, R8, 63);
        asm.arithmetic(XOR, false, R9, R8);
        add(R9, OF_BIT);
    }

    /// The bit of a that b numbers was shifted out.
    private void shift(int kind) {
        asm.testBitRegister(A, B);
        asm.set(CC_B, R8);
        if (kind == Flags.SHL) {
            asm.move(R9, RESULT);
            asm.shift(SHR, true, R9, 63);
            asm.arithmetic(XOR, false, R9, R8);
            add(R9, OF_BIT);
        } else if (kind == Flags.SHR) {
            addSign(A, OF_BIT);
        }
        add(R8, 0);
    }

    private void product() {
        asm.arithmetic(CMP, true, A, B);
        asm.set(CC_NE, R8);
        asm.move(R9, R8);
        add(R8, 0);
        add(R9, OF_BIT);
    }

    /// An increment or decrement, with AF by the result's low four bits.
    private void step(int withAuxiliary) {
        asm.move(R8, RESULT);
        asm.arithmeticConstant(AND, false, R8, 0xf);
        asm.arithmeticConstant(CMP, false, R8, withAuxiliary);
        asm.set(CC_E, R8);
        add(R8, Integer.numberOfTrailingZeros(Flags.AF));
        carryAndOverflow();
    }

    private void carryAndOverflow() {
        asm.test(true, A, A);
        asm.set(CC_NE, R8);
        add(R8, 0);
        asm.test(true, B, B);
        asm.set(CC_NE, R8);
        add(R8, OF_BIT);
    }

    /// What depends on the result alone.
    private void end() {
        asm.test(true, RESULT, RESULT);
        asm.set(CC_E, R8);
        add(R8, Integer.numberOfTrailingZeros(Flags.ZF));
        asm.test8(RESULT, RESULT);
        asm.set(CC_P, R8);
        add(R8, Integer.numberOfTrailingZeros(Flags.PF));
        addSign(RESULT, Integer.numberOfTrailingZeros(Flags.SF));
        asm.move(RAX, BITS);
        for (int i = SAVED.length - 1; i >= 0; i--) {
            asm.pop(SAVED[i]);
        }
        asm.ret();
    }
}
