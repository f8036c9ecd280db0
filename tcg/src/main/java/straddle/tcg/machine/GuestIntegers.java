package straddle.tcg.machine;

import static org.objectweb.asm.Opcodes.*;
import static straddle.tcg.machine.Assembler.*;

import java.util.Set;
import straddle.tcg.op.Word;

/// Functions of integers that guests other than x86's have instructions for: the host's, or a few of them.
///
/// They have the names of the methods that do them in Java. What is of 32 bits is so in the low half, whatever is above.
final class GuestIntegers {
    private static final String ARM = "straddle/tcg/arm/ArmOps";
    private static final String A64 = "straddle/tcg/a64/IntegerRuntime";
    private static final String MIPS = "straddle/tcg/mips/MipsOps";
    private static final Set<String> OWNERS = Set.of(ARM, A64, MIPS);

    private static final long EVERY_OTHER_BYTE = 0x00ff_00ff_00ff_00ffL;

    private static final int CC_A = 7;

    // Types of shifts as encodings have them, and the host's operations.
    private static final int LEFT = 0;
    private static final int RIGHT = 1;
    private static final int SIGNED = 2;
    private static final int ROTATE = 3;
    private static final int[] OPERATIONS = {SHL, SHR, SAR, ROR};

    private final HostOperations to;
    private final Assembler asm;

    GuestIntegers(HostOperations to) {
        this.to = to;
        this.asm = to.asm;
    }

    static boolean has(String owner) {
        return OWNERS.contains(owner);
    }

    /// Writes a call of one of the methods; what there is no code for is unsupported.
    void invoke(String owner, String name, String descriptor) {
        if (owner.equals(ARM) && name.equals("shifted")) {
            shift(to.popConstant());
            return;
        }
        if (owner.equals(ARM) && name.equals("carryOut")) {
            carryOut();
            return;
        }
        boolean isInt = descriptor.equals("(II)I");
        HostState.require(isInt || descriptor.equals("(JJ)J"));
        switch (owner) {
            case ARM -> {
                boolean isSigned = name.equals("signedQuotient");
                HostState.require(isSigned || name.equals("quotient"));
                divide(isSigned, false, false, false);
            }
            case MIPS -> {
                switch (name) {
                    case "quotient" -> divide(true, false, false, true);
                    case "unsignedQuotient" -> divide(false, false, false, true);
                    case "remainder" -> divide(true, false, true, false);
                    case "unsignedRemainder" -> divide(false, false, true, false);
                    default -> throw HostState.Unsupported.UNSUPPORTED;
                }
            }
            default -> ofA64(name, isInt);
        }
    }

    private void ofA64(String name, boolean isInt) {
        switch (name) {
            case "udiv" -> divide(false, !isInt, false, false);
            case "sdiv" -> divide(true, !isInt, false, false);
            case "lslv" -> to.op(isInt ? ISHL : LSHL);
            case "lsrv" -> to.op(isInt ? IUSHR : LUSHR);
            case "asrv" -> to.op(isInt ? ISHR : LSHR);
            case "rorv" -> to.rotate(ROR, !isInt);
            default -> {
                to.release(to.pop());
                ofOne(name, isInt);
            }
        }
    }

    private void ofOne(String name, boolean isInt) {
        switch (name) {
            case "rev" -> reverse(isInt);
            case "rev32" -> {
                reverse(false);
                to.integer(32);
                to.rotate(ROR, true);
            }
            case "rev16" -> swap(8, EVERY_OTHER_BYTE);
            case "rbit" -> reverseBits(isInt);
            case "clz" -> leadingZeros(isInt);
            default -> throw HostState.Unsupported.UNSUPPORTED;
        }
    }

    /// [Word#unary], but for the extensions of signs.
    void unary(int operation) {
        switch (operation) {
            case Word.CLZ -> leadingZeros(true);
            case Word.CLO -> {
                to.constant(-1);
                to.op(LXOR);
                leadingZeros(true);
            }
            case Word.SWAP_IN_HALVES -> swap(8, EVERY_OTHER_BYTE);
            case Word.REVERSE -> reverse(true);
            case Word.REVERSE_BITS -> reverseBits(true);
            case Word.REVERSE_SIGNED_HALF -> {
                reverse(false);
                to.shift(LSHR, 48);
            }
            case Word.NOT -> {
                to.constant(-1);
                to.op(LXOR);
            }
            default -> throw HostState.Unsupported.UNSUPPORTED;
        }
        to.zeroExtend(4);
    }

    private void reverse(boolean isInt) {
        Value value = to.pop();
        Value d = changed(value);
        asm.swapBytes(d.register);
        to.push(d);
        to.release(value);
        if (isInt) {
            to.shift(LUSHR, 32);
        }
    }

    /// A copy that knows nothing of extensions.
    private Value changed(Value value) {
        int from = to.register(value);
        Value d = to.fresh();
        asm.move(d.register, from);
        return d;
    }

    /// Swaps neighbours that have so many bits each.
    private void swap(int bits, long mask) {
        to.op(DUP2);
        to.shift(LUSHR, bits);
        to.constant(mask);
        to.op(LAND);
        Value upper = to.pop();
        to.constant(mask);
        to.op(LAND);
        to.shift(LSHL, bits);
        to.push(upper);
        to.release(upper);
        to.op(LOR);
    }

    private void reverseBits(boolean isInt) {
        reverse(isInt);
        swap(4, 0x0f0f_0f0f_0f0f_0f0fL);
        swap(2, 0x3333_3333_3333_3333L);
        swap(1, 0x5555_5555_5555_5555L);
    }

    private void leadingZeros(boolean isInt) {
        if (isInt) {
            to.zeroExtend(4);
        }
        int bits = isInt ? 32 : 64;
        Value value = to.pop();
        int from = to.register(value);
        Value d = to.fresh();
        asm.highestBit(d.register, from);
        asm.constant(RCX, 2L * bits - 1);
        asm.moveIf(CC_E, d.register, RCX);
        asm.arithmeticConstant(XOR, false, d.register, bits - 1);
        to.push(d.zeroFrom(7));
        to.release(value);
    }

    /// @param isWide whether of 64 bits
    /// @param keeps whether what is divided by 0 is the result; else 0 is
    private void divide(boolean isSigned, boolean isWide, boolean isRemainder, boolean keeps) {
        Value divisor = to.pop();
        Value dividend = to.pop();
        int m = to.register(divisor);
        int n = to.register(dividend);
        Value d = to.fresh();
        int to64 = d.register;
        extend(isSigned, isWide, RCX, m);
        asm.test(true, RCX, RCX);
        int ifZero = asm.jumpIf(CC_E);
        int ifMinusOne = 0;
        if (isSigned && isWide) {
            asm.arithmeticConstant(CMP, true, RCX, -1);
            ifMinusOne = asm.jumpIf(CC_E);
        }
        extend(isSigned, isWide, RAX, n);
        if (isSigned) {
            asm.signToHigh();
        } else {
            asm.arithmetic(XOR, false, RDX, RDX);
        }
        asm.divide(isSigned, RCX);
        move(isWide, to64, isRemainder ? RDX : RAX);
        long done = asm.here();
        int minusOne = ifMinusOne;
        to.outOfLine.add(() -> {
            asm.patchHere(ifZero);
            if (keeps) {
                move(isWide, to64, n);
            } else {
                asm.constant(to64, 0);
            }
            asm.jumpTo(done);
            if (minusOne != 0) {
                asm.patchHere(minusOne);
                asm.move(to64, n);
                asm.negate(true, to64);
                asm.jumpTo(done);
            }
        });
        to.push(isWide ? d : d.zeroFrom(32));
        to.release(divisor);
        to.release(dividend);
    }

    private void extend(boolean isSigned, boolean isWide, int d, int s) {
        if (isSigned && !isWide) {
            asm.signExtend(4, d, s);
        } else {
            move(isWide, d, s);
        }
    }

    private void move(boolean isWide, int d, int s) {
        if (isWide) {
            asm.move(d, s);
        } else {
            asm.move32(d, s);
        }
    }

    // ---- shifts by the low byte of a register, of words (DDI 0406C, A8.4.3)

    /// Has RCX be the amount, or 63 if it is more, and RAX the word, shifted left before.
    private void prepareShift(int type, int before) {
        Value by = to.pop();
        Value value = to.pop();
        int amount = to.register(by);
        int word = to.register(value);
        asm.zeroExtend(1, RCX, amount);
        if (type != ROTATE) {
            asm.constant(RDX, 63);
            asm.arithmetic(CMP, false, RCX, RDX);
            asm.moveIf(CC_A, RCX, RDX);
        }
        extend(type == SIGNED, false, RAX, word);
        if (before != 0) {
            asm.shift(SHL, true, RAX, before);
        }
        asm.shiftByCl(OPERATIONS[type], type != ROTATE, RAX);
        to.release(by);
        to.release(value);
    }

    private void shift(int type) {
        prepareShift(type, 0);
        Value d = to.fresh();
        asm.move32(d.register, RAX);
        to.push(d.zeroFrom(32));
    }

    /// The last bit that goes out: bit 32 of what goes left, and bit 31 of what goes right from the upper word.
    private void carryOut() {
        Value before = to.pop();
        int type = to.popConstant();
        int otherwise = to.register(before);
        Value d = HostState.use(to.fresh());
        boolean isRight = type == RIGHT || type == SIGNED;
        prepareShift(type, isRight ? 32 : 0);
        asm.shift(SHR, true, RAX, type == LEFT ? 32 : 31);
        asm.arithmeticConstant(AND, false, RAX, 1);
        asm.move(d.register, RAX);
        asm.test(false, RCX, RCX);
        asm.moveIf(CC_E, d.register, otherwise);
        to.push(d.zeroFrom(Math.max(1, before.zeroFrom)));
        to.release(d);
        to.release(before);
    }
}
