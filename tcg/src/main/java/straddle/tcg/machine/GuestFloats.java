package straddle.tcg.machine;

import static straddle.tcg.machine.Assembler.*;

import java.util.Set;
import straddle.tcg.op.Flags;

/// Floating-point arithmetic of guests that are not x86's: the host's operation under the guest's rounding, and a look at
/// the result, which is Java's where it may be another.
///
/// That is where it is a NaN, of which every architecture has its own, and for ARM's where it is the smallest normal
/// number, since ARM's find tininess before rounding and x86's after (Arm ARM DDI 0487, A1.5.5; SDM volume 1, 4.9.1.5).
/// All other exceptions but an invalid operation, whose result is a NaN or indefinite, are noted in MXCSR as the guest
/// notes them.
///
/// Operations have the names of the methods that do them in Java.
final class GuestFloats {
    private static final String COMPARISONS = "straddle/tcg/a64/FpComparisons";
    private static final String VFP = "straddle/tcg/arm/VfpRuntime";
    private static final String MIPS = "straddle/tcg/mips/Fpu";
    private static final Set<String> OWNERS =
            Set.of("straddle/tcg/simd/FpRuntime", COMPARISONS, VFP, MIPS);

    private static final int SQRT = 0x51;
    private static final int ADD_OPCODE = 0x58;
    private static final int MUL = 0x59;
    private static final int SUB_OPCODE = 0x5c;
    private static final int DIV = 0x5e;
    private static final int UNORDERED_COMPARE = 0x2e;
    private static final int SD = 0xf2;
    private static final int SS = 0xf3;

    // Fused multiplication and addition to the first operand, of the product of the others.
    private static final int MULTIPLY_ADD = 0xb9;
    private static final int MULTIPLY_SUBTRACT = 0xbb;
    private static final int NEGATED_MULTIPLY_ADD = 0xbd;
    private static final int NEGATED_MULTIPLY_SUBTRACT = 0xbf;

    /// INSERTPS of the lowest element, the others 0.
    private static final int LOWEST = 0x0e;

    private static final int INSERT = 0x3a21;
    private static final int TO_INTEGER = 0x2d;
    private static final int TRUNCATE_TO_INTEGER = 0x2c;
    private static final int CC_O = 0;

    /// For exponents e of which e + 1 has none of these bits: the lowest of normal numbers, and that of NaNs.
    static final int ORDINARY_D = 0x7fd;

    static final int ORDINARY_S = 0xfd;

    private final HostOperations to;
    private final Assembler asm;

    // The operation that is being written.
    private String owner;
    private String name;
    private String descriptor;
    private boolean wide;
    private int constant;

    GuestFloats(HostOperations to) {
        this.to = to;
        this.asm = to.asm;
    }

    static boolean has(String owner) {
        return OWNERS.contains(owner);
    }

    /// Writes a call of one of the methods; what there is no code for is unsupported.
    void invoke(String methodOwner, String method, String type) {
        owner = methodOwner;
        name = method;
        descriptor = type;
        char last = method.charAt(method.length() - 1);
        wide = last == 'd' || last == 'D';
        to.popObject(to.cpu);
        constant = type.contains("JI") ? to.popConstant() : 0;
        switch (method) {
            case "faddd", "fadds", "vaddd", "vadds", "addD", "addS" -> binary(ADD_OPCODE, false);
            case "fsubd", "fsubs", "vsubd", "vsubs", "subD", "subS" -> binary(SUB_OPCODE, false);
            case "fmuld", "fmuls", "vmuld", "vmuls", "mulD", "mulS" -> binary(MUL, false);
            case "fnmuld", "fnmuls", "vnmuld", "vnmuls" -> binary(MUL, true);
            case "fdivd", "fdivs", "vdivd", "vdivs", "divD", "divS" -> binary(DIV, false);
            case "fsqrtd", "fsqrts", "vsqrtd", "vsqrts", "sqrtD", "sqrtS" -> squareRoot();
            case "fmaddd", "fmadds", "vfmad", "vfmas" -> fused(MULTIPLY_ADD);
            case "vfmsd", "vfmss" -> fused(NEGATED_MULTIPLY_ADD);
            case "vfnmad", "vfnmas" -> fused(NEGATED_MULTIPLY_SUBTRACT);
            case "vfnmsd", "vfnmss" -> fused(MULTIPLY_SUBTRACT);
            case "vmlad", "vmlas", "maddD", "maddS" -> chained(false, false, false);
            case "vmlsd", "vmlss" -> chained(true, false, false);
            case "vnmlad", "vnmlas" -> chained(true, true, false);
            case "vnmlsd", "vnmlss", "msubD", "msubS" -> chained(false, true, false);
            case "nmaddD", "nmaddS" -> chained(false, false, true);
            case "nmsubD", "nmsubS" -> chained(false, true, true);
            case "fcvtds", "widened", "cvtDS" -> widen();
            case "fcvtsd", "narrowed", "cvtSD" -> narrow();
            case "scvtfd", "scvtfs" -> fromInteger(true);
            case "ucvtfd", "ucvtfs" -> fromUnsigned();
            case "fromSignedd", "fromSigneds" -> fromInteger(false);
            case "fromUnsignedd", "fromUnsigneds" -> fromUnsignedWord();
            case "cvtDW" -> fromWord(true);
            case "cvtSW" -> fromWord(false);
            case "fcvtzsd", "fcvtzss" -> toInteger(TRUNCATE_TO_INTEGER, wide, constant != 0, true);
            case "truncatedd", "truncateds", "truncWD", "truncWS" ->
                    toInteger(TRUNCATE_TO_INTEGER, wide, false, false);
            case "cvtWD", "cvtWS" -> toInteger(TO_INTEGER, wide, false, false);
            case "fcmpd", "fcmps", "fcmped", "fcmpes" -> {
                wide = !method.endsWith("s");
                compare(Flags.CF, Flags.ZF | Flags.CF, Flags.SF);
            }
            case "compared", "compares" -> compare(2, 6, 8);
            case "compareD", "compareS" -> compare(0, constant >> 1 & 1, constant >> 2 & 1);
            default -> throw HostState.Unsupported.UNSUPPORTED;
        }
    }

    // ---- operands

    private int prefix() {
        return wide ? SD : SS;
    }

    /// An XMM register with a copy of a scalar, which has 0 above it if it is a single.
    private int copy(Value value, boolean isWide) {
        int from = to.inVector(value);
        int d = to.allocateVector();
        if (isWide) {
            asm.moveVector(d, from);
        } else {
            asm.vector(0x66, INSERT, d, from, LOWEST);
        }
        return d;
    }

    private void pushScalar(int vector, boolean isWide) {
        Value result = to.inVector(vector);
        to.push(isWide ? result : result.zeroFrom(32));
    }

    private void negate(int vector) {
        asm.constant(RAX, wide ? Long.MIN_VALUE : 1L << 31);
        asm.moveToVector(0, RAX);
        asm.vector(0x66, 0xef, vector, 0);
    }

    // ---- looking at results

    private boolean findsTininessBefore() {
        return !owner.equals(MIPS);
    }

    /// The jump to where a result may be another.
    private int ifNan(int vector, boolean isWide) {
        asm.vector(isWide ? 0x66 : 0, UNORDERED_COMPARE, vector, vector);
        return asm.jumpIf(CC_P);
    }

    private int ifNanOrTiny(int vector, boolean isWide) {
        if (!findsTininessBefore()) {
            return ifNan(vector, isWide);
        }
        asm.moveFromVector(RAX, vector);
        asm.shift(SHR, isWide, RAX, isWide ? 52 : 23);
        asm.arithmeticConstant(ADD, false, RAX, 1);
        asm.testConstant(RAX, isWide ? ORDINARY_D : ORDINARY_S);
        return asm.jumpIf(CC_E);
    }

    /// Writes the way through Java, for the jumps that there are, which comes back here.
    ///
    /// @param vector the XMM register that has the result, or -1
    /// @param register the general one
    private void otherwise(int vector, Value register, Value[] operands, int... jumps) {
        int[] where = new int[operands.length];
        for (int i = 0; i < where.length; i++) {
            where[i] = HostState.whereabouts(operands[i]);
        }
        long done = asm.here();
        int number = register == null ? -1 : register.register;
        JavaFunction function = new JavaFunction(owner, name, descriptor, constant);
        Exit exit = Exit.function(to.tb, to.current, function);
        to.outOfLine.add(() -> {
            for (int jump : jumps) {
                asm.patchHere(jump);
            }
            for (int i = 0; i < where.length; i++) {
                to.storeThen(HostState.FRAME, Frame.OPERANDS + 8L * i, operands[i], where[i]);
            }
            to.suspend(exit);
            if (vector >= 0) {
                asm.loadVectorHalf(vector, HostState.FRAME, Frame.VALUE);
            } else {
                asm.load(number, HostState.FRAME, Frame.VALUE);
            }
            asm.jumpTo(done);
        });
    }

    // ---- arithmetic

    private void binary(int opcode, boolean negated) {
        Value y = to.pop();
        Value x = to.pop();
        to.requireFloats();
        int s = to.inVector(y);
        int d = copy(x, wide);
        asm.vector(prefix(), opcode, d, s);
        boolean mayBeTiny = opcode == MUL || opcode == DIV;
        int jump = mayBeTiny ? ifNanOrTiny(d, wide) : ifNan(d, wide);
        if (negated) {
            negate(d);
        }
        otherwise(d, null, new Value[] {x, y}, jump);
        pushScalar(d, wide);
        to.release(x);
        to.release(y);
    }

    private void squareRoot() {
        Value x = to.pop();
        to.requireFloats();
        int d = copy(x, wide);
        asm.vector(prefix(), SQRT, d, d);
        otherwise(d, null, new Value[] {x}, ifNan(d, wide));
        pushScalar(d, wide);
        to.release(x);
    }

    private void fused(int opcode) {
        HostState.require(to.owner.hasFusedMultiply());
        Value y = to.pop();
        Value x = to.pop();
        Value a = to.pop();
        to.requireFloats();
        int s = to.inVector(x);
        int t = to.inVector(y);
        int d = copy(a, wide);
        asm.fused(wide, opcode, d, s, t);
        otherwise(d, null, new Value[] {a, x, y}, ifNanOrTiny(d, wide));
        pushScalar(d, wide);
        to.release(a);
        to.release(x);
        to.release(y);
    }

    /// A product, rounded, then its sum with an addend.
    private void chained(boolean isProductNegated, boolean isSubtracted, boolean isNegated) {
        Value y = to.pop();
        Value x = to.pop();
        Value a = to.pop();
        to.requireFloats();
        int s = to.inVector(y);
        int addend = to.inVector(a);
        int d = copy(x, wide);
        asm.vector(prefix(), MUL, d, s);
        int[] jumps = new int[findsTininessBefore() ? 2 : 1];
        if (jumps.length > 1) {
            jumps[1] = ifNanOrTiny(d, wide);
        }
        if (isProductNegated) {
            negate(d);
        }
        asm.vector(prefix(), isSubtracted ? SUB_OPCODE : ADD_OPCODE, d, addend);
        jumps[0] = ifNan(d, wide);
        if (isNegated) {
            negate(d);
        }
        otherwise(d, null, new Value[] {a, x, y}, jumps);
        pushScalar(d, wide);
        to.release(a);
        to.release(x);
        to.release(y);
    }

    // ---- conversions

    private void widen() {
        Value x = to.pop();
        to.requireFloats();
        int s = to.inVector(x);
        int d = to.allocateVector();
        asm.vector(0x66, 0xef, d, d);
        asm.vector(SS, 0x5a, d, s);
        otherwise(d, null, new Value[] {x}, ifNan(d, true));
        pushScalar(d, true);
        to.release(x);
    }

    private void narrow() {
        Value x = to.pop();
        to.requireFloats();
        int s = to.inVector(x);
        int d = to.allocateVector();
        asm.vector(0x66, 0xef, d, d);
        asm.vector(SD, 0x5a, d, s);
        otherwise(d, null, new Value[] {x}, ifNanOrTiny(d, false));
        pushScalar(d, false);
        to.release(x);
    }

    /// Of 64 bits, or of the low word.
    private void fromInteger(boolean isLong) {
        Value x = to.pop();
        to.requireFloats();
        int s = to.register(isLong ? x : x.low(32));
        from(s, isLong && !x.isSignExtended(32));
        to.release(x);
    }

    private void fromWord(boolean toWide) {
        wide = toWide;
        fromInteger(false);
    }

    private void from(int register, boolean isLong) {
        int d = to.allocateVector();
        asm.vector(0x66, 0xef, d, d);
        asm.convert(prefix(), isLong, d, register);
        pushScalar(d, wide);
    }

    private void fromUnsigned() {
        Value x = to.pop();
        to.requireFloats();
        int s = to.register(x);
        if (x.isZeroExtended(32)) {
            from(s, true);
        } else {
            asm.test(true, s, s);
            int jump = asm.jumpIf(CC_S);
            int d = to.allocateVector();
            asm.vector(0x66, 0xef, d, d);
            asm.convert(prefix(), true, d, s);
            otherwise(d, null, new Value[] {x}, jump);
            pushScalar(d, wide);
        }
        to.release(x);
    }

    private void fromUnsignedWord() {
        Value x = to.pop();
        to.requireFloats();
        int low = to.register(x.low(32));
        asm.move32(RAX, low);
        from(RAX, true);
        to.release(x);
    }

    /// The indefinite integer is for what has none, and one that is rare.
    private void toInteger(int opcode, boolean isWide, boolean isLong, boolean isSigned) {
        Value x = to.pop();
        to.requireFloats();
        int s = to.inVector(x);
        Value d = to.fresh();
        asm.convertToInteger(isWide ? SD : SS, opcode, isLong, d.register, s);
        asm.arithmeticConstant(CMP, isLong, d.register, 1);
        int jump = asm.jumpIf(CC_O);
        HostState.use(d);
        if (!isLong) {
            d.zeroFrom(32);
            otherwiseWord(d, x, jump);
        } else {
            otherwise(-1, d, new Value[] {x}, jump);
        }
        to.push(isSigned && !isLong ? Value.extended(HostState.use(d), 32) : d);
        to.release(d);
        to.release(x);
    }

    /// The low word of what Java says.
    private void otherwiseWord(Value d, Value x, int jump) {
        int where = HostState.whereabouts(x);
        long done = asm.here();
        int register = d.register;
        Exit exit =
                Exit.function(
                        to.tb, to.current, new JavaFunction(owner, name, descriptor, constant));
        to.outOfLine.add(() -> {
            asm.patchHere(jump);
            to.storeThen(HostState.FRAME, Frame.OPERANDS, x, where);
            to.suspend(exit);
            asm.load32(register, HostState.FRAME, Frame.VALUE);
            asm.jumpTo(done);
        });
    }

    /// Of ordered operands, one of three values; Java says what comes of others.
    private void compare(int greater, int equal, int less) {
        Value y = to.pop();
        Value x = to.pop();
        to.requireFloats();
        int t = to.inVector(y);
        int s = to.inVector(x);
        Value d = to.fresh();
        HostState.use(d);
        asm.vector(wide ? 0x66 : 0, UNORDERED_COMPARE, s, t);
        int jump = asm.jumpIf(CC_P);
        // Constants leave the flags alone.
        asm.constant(d.register, greater);
        asm.constant(RCX, equal);
        asm.moveIf(CC_E, d.register, RCX);
        asm.constant(RCX, less);
        asm.moveIf(CC_B, d.register, RCX);
        otherwise(-1, d, new Value[] {x, y}, jump);
        to.push(d.zeroFrom(12));
        to.release(d);
        to.release(x);
        to.release(y);
    }
}
