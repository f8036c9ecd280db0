package straddle.tcg.machine;

import static org.objectweb.asm.Opcodes.*;
import static straddle.tcg.machine.Assembler.*;

import java.util.function.IntSupplier;
import straddle.tcg.block.Tb;
import straddle.tcg.mmu.Tlb;
import straddle.tcg.op.Flags;
import straddle.tcg.op.MicroOp;
import straddle.tcg.op.Outcome;
import straddle.tcg.op.VectorOperation;
import straddle.tcg.op.Word;

/// What computes: the JVM's instructions, and what micro-ops call that the host has instructions for.
abstract class HostOperations extends HostMemory {
    private static final String CPU = "Lstraddle/tcg/Cpu;";
    private static final String CONTROL = "Lstraddle/tcg/x86/fp/FpControl;";
    private static final String FLOATS = "(" + CONTROL + "[JII)Z";
    private static final String FLOATS_BY_IMMEDIATE = "(" + CONTROL + "[JIII)Z";
    private static final int NO_IMMEDIATE = -1;

    final Value cpu = Value.object();
    final Value vectors = Value.object();
    final Value control = Value.object();

    /// Stands for the answer that no exception is to be signalled.
    final Value masked = Value.object();

    /// What the next access belongs to.
    MicroOp marked;

    private final GuestFloats guestFloats = new GuestFloats(this);

    private final GuestIntegers guestIntegers = new GuestIntegers(this);

    private final WideDivision division = new WideDivision(this);

    private final HostRuns runs = new HostRuns(this);

    private final GuestVectors guestVectors = new GuestVectors(this);

    HostOperations(MachineCode owner, Assembler asm, Tb tb, int zeroSlot) {
        super(owner, asm, tb, zeroSlot);
    }

    // ---- operations

    @Override
    public void op(int opcode) {
        switch (opcode) {
            case LADD, IADD -> binary(ADD, true);
            case LSUB, ISUB -> binary(SUB, false);
            case LAND, IAND -> and();
            case LOR, IOR -> binary(OR, true);
            case LXOR, IXOR -> binary(XOR, true);
            case LMUL, IMUL -> multiply();
            case LNEG -> negate();
            case LSHL -> shift(SHL, true);
            case LUSHR -> shift(SHR, true);
            case LSHR -> shift(SAR, true);
            case ISHL -> shift(SHL, false);
            case IUSHR -> shift(SHR, false);
            case ISHR -> shift(SAR, false);
            case L2I -> {
                Value value = pop();
                push(value.low(32));
                release(value);
            }
            case I2L -> signExtend(4);
            case I2B -> signExtend(1);
            case I2S -> signExtend(2);
            case I2C -> zeroExtend(2);
            case DUP, DUP2 -> push(stack.peek());
            case POP, POP2 -> release(pop());
            case L2D -> {
                Value a = pop();
                int from = register(a);
                int d = allocateVector();
                asm.convert(d, from);
                pushVector(d);
                release(a);
            }
            case LCMP -> {
                Value right = pop();
                Value left = pop();
                push(Value.comparison(left, right));
            }
            default -> throw Unsupported.UNSUPPORTED;
        }
    }

    static long fold(int op, long a, long b) {
        return switch (op) {
            case ADD -> a + b;
            case SUB -> a - b;
            case AND -> a & b;
            case OR -> a | b;
            default -> a ^ b;
        };
    }

    void binary(int op, boolean commutes) {
        Value b = pop();
        Value a = pop();
        if (a.isConstant && b.isConstant) {
            push(Value.constant(fold(op, a.constant, b.constant)));
        } else if (commutes && a.isConstant) {
            push(computed(op, commutes, b, a));
        } else {
            push(computed(op, commutes, a, b));
        }
        release(a);
        release(b);
    }

    Value computed(int op, boolean commutes, Value a, Value b) {
        if (b.isConstant && b.constant == 0 && op != AND) {
            return a;
        }
        int zero = 64;
        int sign = 64;
        if (op == OR || op == XOR) {
            zero = Math.max(a.zeroFrom, b.zeroFrom);
            sign = Math.max(a.signFrom, b.signFrom);
        } else if (op == AND) {
            zero = Math.min(a.zeroFrom, b.zeroFrom);
            sign = Math.max(a.signFrom, b.signFrom);
        }
        Value result = compute(op, commutes, a, b);
        return result.zeroFrom(zero).signFrom(sign);
    }

    Value compute(int op, boolean commutes, Value a, Value b) {
        if (op == XOR && b.isConstant && b.constant == -1) {
            Value d = changeable(a);
            asm.not(true, d.register);
            return d;
        }
        if (b.isImmediate()) {
            int value = (int) b.constant;
            boolean add = op == ADD || op == SUB && value != Integer.MIN_VALUE;
            if (add && a.uses > 1) {
                int from = register(a);
                Value d = fresh();
                asm.address(d.register, from, op == ADD ? value : -value);
                return d;
            }
            Value d = changeable(a);
            asm.arithmeticConstant(op, true, d.register, value);
            return d;
        }
        int y = register(b);
        if (a.uses > 1 || a.isConstant) {
            if (commutes && b.uses == 1 && !b.isConstant) {
                int x = register(a);
                Value d = changeable(b);
                asm.arithmetic(op, true, d.register, x);
                return d;
            }
            if (op == ADD) {
                int x = register(a);
                Value d = fresh();
                asm.address(d.register, x, y, 0, 0);
                return d;
            }
        }
        Value d = changeable(a);
        asm.arithmetic(op, true, d.register, y);
        return d;
    }

    void and() {
        Value mask = stack.peek();
        if (mask.isConstant) {
            int bits = 64 - Long.numberOfLeadingZeros(mask.constant);
            boolean low = mask.constant == (bits == 64 ? -1 : (1L << bits) - 1);
            if (low && (bits == 8 || bits == 16 || bits == 32)) {
                release(pop());
                zeroExtend(bits / 8);
                return;
            }
        }
        binary(AND, true);
    }

    @Override
    public void arithmetic(int opcode, int width) {
        if (width == 8) {
            op(opcode);
            return;
        }
        int bits = 8 * width;
        int op =
                switch (opcode) {
                    case LADD -> ADD;
                    case LSUB -> SUB;
                    case LAND -> AND;
                    case LOR -> OR;
                    default -> XOR;
                };
        Value b = pop();
        Value a = pop();
        if (a.isConstant && b.isConstant) {
            long result = fold(op, a.constant, b.constant);
            push(Value.constant(result << 64 - bits >> 64 - bits));
        } else if (a == b && (op == AND || op == OR)) {
            push(a);
        } else {
            Value x = a.low(bits);
            Value y = b.low(bits);
            boolean swap = op != SUB && x.isConstant;
            Value low = swap ? narrow(op, y, x, b.uses) : narrow(op, x, y, a.uses);
            push(Value.extended(use(low), bits));
        }
        release(a);
        release(b);
    }

    /// The low 32 bits of a result.
    ///
    /// @param holders of the first operand's extension, or of itself
    Value narrow(int op, Value a, Value b, int holders) {
        boolean dies = a.uses == 1 && holders == 1 && !a.isConstant;
        if (op == XOR && b.isConstant && b.constant == -1) {
            Value d = narrowCopy(a, dies);
            asm.not(false, d.register);
            return d;
        }
        if (b.isConstant) {
            int value = (int) b.constant;
            if (!dies && (op == ADD || op == SUB)) {
                int from = register(a);
                Value d = fresh();
                asm.address32(d.register, from, op == ADD ? value : -value);
                return d.zeroFrom(32);
            }
            Value d = narrowCopy(a, dies);
            asm.arithmeticConstant(op, false, d.register, value);
            return d;
        }
        int y = register(b);
        if (!dies && op == ADD) {
            int x = register(a);
            Value d = fresh();
            asm.sum32(d.register, x, y);
            return d.zeroFrom(32);
        }
        Value d = narrowCopy(a, dies);
        asm.arithmetic(op, false, d.register, y);
        return d;
    }

    Value narrowCopy(Value value, boolean dies) {
        int from = register(value);
        if (dies) {
            value.register = Value.NOWHERE;
            return fresh(from).zeroFrom(32);
        }
        Value copy = fresh();
        asm.move32(copy.register, from);
        return copy.zeroFrom(32);
    }

    @Override
    public void zeroExtend(int width) {
        if (width == 8) {
            return;
        }
        int bits = 8 * width;
        Value value = pop();
        Value low = value.low(bits);
        if (value.isConstant) {
            push(Value.constant(value.constant & (1L << bits) - 1));
        } else if (low.isZeroExtended(bits)) {
            push(low);
        } else {
            int from = register(low);
            Value d = low == value ? target(value) : fresh();
            asm.zeroExtend(width, d.register, from);
            push(d.zeroFrom(bits));
        }
        release(value);
    }

    @Override
    public void signExtend(int width) {
        if (width == 8) {
            return;
        }
        int bits = 8 * width;
        Value value = pop();
        if (value.isConstant) {
            push(Value.constant(value.constant << 64 - bits >> 64 - bits));
        } else if (value.isSignExtended(bits)) {
            push(value);
        } else {
            if (value.isComparison()) {
                throw Unsupported.UNSUPPORTED;
            }
            push(Value.extended(use(value.low(bits)), bits));
        }
        release(value);
    }

    void multiply() {
        Value b = pop();
        Value a = pop();
        if (a.isConstant && b.isConstant) {
            push(Value.constant(a.constant * b.constant));
        } else {
            Value x = a.isConstant ? b : a;
            Value y = a.isConstant ? a : b;
            if (y.isImmediate()) {
                int from = register(x);
                Value d = target(x);
                asm.multiplyConstant(true, d.register, from, (int) y.constant);
                push(d);
            } else {
                int from = register(y);
                Value d = changeable(x);
                asm.multiply(true, d.register, from);
                push(d);
            }
        }
        release(a);
        release(b);
    }

    void negate() {
        Value a = pop();
        if (a.isConstant) {
            push(Value.constant(-a.constant));
        } else {
            Value d = changeable(a);
            asm.negate(true, d.register);
            push(d);
        }
        release(a);
    }

    void shift(int op, boolean wide) {
        Value count = pop();
        Value value = pop();
        if (count.isConstant) {
            int by = (int) count.constant & (wide ? 63 : 31);
            push(
                    value.isConstant
                            ? Value.constant(shifted(op, wide, value.constant, by))
                            : shifted(op, wide, value, by));
        } else {
            int by = register(count);
            if (owner.hasBmi2()) {
                int from = register(value);
                Value d = target(value);
                asm.shift(op, wide, d.register, from, by);
                push(d);
            } else {
                Value d = changeable(value);
                asm.move32(RCX, by);
                asm.shiftByCl(op, wide, d.register);
                push(d);
            }
        }
        release(count);
        release(value);
    }

    static long shifted(int op, boolean wide, long value, int by) {
        if (!wide) {
            int low = (int) value;
            return op == SHL ? low << by : op == SHR ? low >>> by : low >> by;
        }
        return op == SHL ? value << by : op == SHR ? value >>> by : value >> by;
    }

    Value shifted(int op, boolean wide, Value value, int by) {
        if (by == 0 && wide) {
            return value;
        }
        int zero = value.zeroFrom;
        int sign = value.signFrom;
        Value d = changeable(value);
        asm.shift(op, wide, d.register, by);
        if (!wide) {
            return d.zeroFrom(32);
        }
        return switch (op) {
            case SHL -> d.zeroFrom(Math.min(64, zero + by)).signFrom(Math.min(64, sign + by));
            case SHR -> d.zeroFrom(Math.max(0, Math.min(64, zero) - by));
            default ->
                    d.zeroFrom(zero < 64 ? Math.max(0, zero - by) : 64)
                            .signFrom(Math.max(1, sign - by));
        };
    }

    @Override
    public void copyRun(MicroOp op, int width) {
        runs.copy(op, width);
    }

    @Override
    public void fillRun(MicroOp op, int width) {
        runs.fill(op, width);
    }

    @Override
    public boolean hasCounter() {
        return owner.hasCounter();
    }

    @Override
    public void counter() {
        Value d = fresh();
        asm.counter();
        asm.shift(SHL, true, RDX, 32);
        asm.arithmetic(OR, true, RAX, RDX);
        asm.move(d.register, RAX);
        push(d);
    }

    // ---- what micro-ops call

    @Override
    public void runtime(String name, String descriptor) {
        switch (name) {
            case "choose" -> choose();
            case "equal" -> {
                Value b = pop();
                Value a = pop();
                compare(a, b, true);
                Value d = fresh();
                asm.set(CC_E, d.register);
                push(d.zeroFrom(1));
                release(a);
                release(b);
            }
            case "lowestBit", "highestBit" -> find(name.equals("lowestBit"));
            default -> throw Unsupported.UNSUPPORTED;
        }
    }

    void choose() {
        Value holds = pop();
        Value no = pop();
        Value yes = pop();
        if (yes.isComparison() || no.isComparison() || holds.isComparison()) {
            throw Unsupported.UNSUPPORTED;
        }
        choose(
                yes,
                no,
                () -> {
                    int register = register(holds);
                    asm.test(true, register, register);
                    return CC_NE;
                });
        release(holds);
    }

    /// Pushes one of two values.
    ///
    /// @param test has the host's flags say which, and answers the condition for the first
    private void choose(Value yes, Value no, IntSupplier test) {
        register(yes);
        int zero = Math.max(yes.zeroFrom, no.zeroFrom);
        Value d = use(changeable(no));
        asm.moveIf(test.getAsInt(), d.register, yes.register);
        push(d.zeroFrom(zero));
        release(d);
        release(no);
        release(yes);
    }

    void find(boolean lowest) {
        Value otherwise = pop();
        Value value = pop();
        register(otherwise);
        register(value);
        Value d = fresh();
        if (lowest) {
            asm.lowestBit(d.register, value.register);
        } else {
            asm.highestBit(d.register, value.register);
        }
        asm.moveIf(CC_E, d.register, otherwise.register);
        push(d);
        release(otherwise);
        release(value);
    }

    @Override
    public void cpu() {
        push(cpu);
    }

    void popObject(Value object) {
        Value value = pop();
        release(value);
        if (value != object) {
            throw Unsupported.UNSUPPORTED;
        }
    }

    int popConstant() {
        Value value = pop();
        release(value);
        if (!value.isConstant) {
            throw Unsupported.UNSUPPORTED;
        }
        return (int) value.constant;
    }

    @Override
    public void invoke(String owner, String name, String descriptor) {
        switch (name) {
            case "rotateLeft", "rotateRight" ->
                    rotate(name.equals("rotateLeft") ? ROL : ROR, descriptor.startsWith("(J"));
            case "reverseBytes" -> {
                if (!descriptor.startsWith("(J")) {
                    throw Unsupported.UNSUPPORTED;
                }
                Value value = pop();
                Value d = changeable(value);
                asm.swapBytes(d.register);
                push(d);
                release(value);
            }
            case "reversed" -> reverse(descriptor);
            case "multiplyHigh" -> multiplyHigh(true);
            case "unsignedMultiplyHigh" -> multiplyHigh(false);
            case "longBitsToDouble", "doubleToRawLongBits" -> {}
            case "allowsSse" -> {
                popObject(cpu);
                Value question = Value.object();
                question.isQuestion = true;
                push(question);
            }
            case "control" -> {
                popObject(cpu);
                push(control);
            }
            case "check" -> {
                popObject(cpu);
                popObject(masked);
            }
            case "aligned" -> requireAlignment();
            case "less", "below" -> {
                requireDescriptor("(JJ)J", descriptor);
                isLess(name.equals("below"));
            }
            case "rotate" -> {
                requireDescriptor("(JJ)J", descriptor);
                rotate(ROR, false);
            }
            case "select" -> {
                requireDescriptor("(JJJJI)J", descriptor);
                select();
            }
            case "unary" -> unary(descriptor);
            case "each" -> {
                requireDescriptor("(JI)J", descriptor);
                guestVectors.each();
            }
            case "registers" -> {
                popObject(cpu);
                push(vectors);
            }
            case "load128", "store128" -> accessVector(name.equals("load128"));
            default -> {
                if (GuestFloats.has(owner)) {
                    guestFloats.invoke(owner, name, descriptor);
                } else if (WideDivision.has(owner)) {
                    division.invoke(name);
                } else if (GuestIntegers.has(owner)) {
                    guestIntegers.invoke(owner, name, descriptor);
                } else if (descriptor.equals("(JJ" + CPU + ")J")) {
                    scalar(name);
                } else if (descriptor.equals("(J" + CPU + ")J")) {
                    scalarOfOne(name);
                } else if (descriptor.equals("(" + CPU + "II)J")) {
                    comparison(name);
                } else {
                    vector(name, descriptor);
                }
            }
        }
    }

    private static void requireDescriptor(String known, String descriptor) {
        if (!known.equals(descriptor)) {
            throw Unsupported.UNSUPPORTED;
        }
    }

    /// 1 if a value is less than another, as signed words or as whole registers, else 0.
    private void isLess(boolean wide) {
        Value b = pop();
        Value a = pop();
        compare(a, b, wide);
        Value d = fresh();
        asm.set(CC_L, d.register);
        push(d.zeroFrom(1));
        release(a);
        release(b);
    }

    /// One of two values, as a condition of [Word]'s holds for two others.
    private void select() {
        int cond = popConstant();
        Value no = pop();
        Value yes = pop();
        Value b = pop();
        Value a = pop();
        choose(yes, no, () -> compareWords(cond & ~1, a, b) ^ cond & 1);
        release(a);
        release(b);
    }

    /// Has the host's flags say whether an even condition of [Word]'s holds; returns the host's condition.
    int compareWords(int cond, Value a, Value b) {
        if (b.isConstant && b.constant == 0) {
            int cc = compareOutcome(cond, a);
            if (cc >= 0) {
                return cc;
            }
        }
        compare(a, b, cond != Word.IS_LESS);
        return cond == Word.EQUAL ? CC_E : CC_L;
    }

    /// Compares an outcome that is still to be computed with 0; returns the condition, or -1 if that isn't done here.
    private int compareOutcome(int cond, Value a) {
        if (a.outcome == Outcome.NO_BORROW && cond == Word.EQUAL) {
            compareOperands(a);
            return CC_B;
        }
        if (a.outcome == Outcome.DIFFERENCE && cond != Word.IS_BELOW) {
            compareOperands(a);
            return cond == Word.EQUAL ? CC_E : CC_S;
        }
        return -1;
    }

    private void compareOperands(Value of) {
        HostOutcomes.compare(
                asm, RAX, HostOutcomes.operand(of.left), HostOutcomes.operand(of.right));
    }

    private void unary(String descriptor) {
        requireDescriptor("(IJ)J", descriptor);
        Value value = pop();
        int operation = popConstant();
        push(value);
        release(value);
        boolean isByte = operation == Word.SIGNED_BYTE;
        if (!isByte && operation != Word.SIGNED_HALF) {
            guestIntegers.unary(operation);
            return;
        }
        signExtend(isByte ? 1 : 2);
        Value extended = pop();
        register(extended);
        push(extended);
        release(extended);
        zeroExtend(4);
    }

    // ---- floating point

    /// Has MXCSR be the guest's from here on, or the present micro-op left to Java.
    abstract void requireFloats();

    /// Of an operand on the left of the destination, the destination, and the CPU: the destination's low half.
    private void scalar(String name) {
        int encoding = HostFloats.operation(name);
        popObject(cpu);
        Value x = pop();
        Value y = pop();
        require(encoding != HostVectors.UNKNOWN);
        requireFloats();
        int s = inVector(y);
        int d = changeableVector(x);
        asm.vector(encoding, d, s);
        pushVector(d);
        release(x);
        release(y);
    }

    private void scalarOfOne(String name) {
        popObject(cpu);
        Value x = pop();
        requireFloats();
        switch (name) {
            case "sqrtsd" -> {
                int s = inVector(x);
                int d = allocateVector();
                asm.vector(0xf2, 0x51, d, s);
                pushVector(d);
            }
            case "cvttsd2si" -> {
                int s = inVector(x);
                Value d = fresh();
                asm.vector(0xf2, 0x2c, d.register, s);
                push(d.zeroFrom(32));
            }
            case "cvtsi2sd" -> {
                int s = register(x);
                int d = allocateVector();
                asm.convert(d, s);
                pushVector(d);
            }
            default -> throw Unsupported.UNSUPPORTED;
        }
        release(x);
    }

    /// The CPU and two registers' indices: CF, PF and ZF.
    private void comparison(String name) {
        int encoding = HostFloats.comparison(name);
        int s = popConstant();
        int d = popConstant();
        popObject(cpu);
        require(encoding != HostVectors.UNKNOWN);
        requireFloats();
        get(VECTOR + d);
        get(VECTOR + s);
        Value y = pop();
        Value x = pop();
        int b = inVector(y);
        int a = inVector(x);
        Value flags = fresh();
        asm.vector(encoding, a, b);
        release(x);
        release(y);
        asm.flagsToHigh();
        asm.move32(flags.register, RAX);
        asm.shift(SHR, false, flags.register, 8);
        asm.arithmeticConstant(AND, false, flags.register, Flags.CF | Flags.PF | Flags.ZF);
        push(flags.zeroFrom(8));
    }

    /// An XMM register with a copy of a value that is going to be changed: its own, if nobody else holds it.
    private int changeableVector(Value value) {
        int from = inVector(value);
        if (value.uses == 1) {
            value.vector = Value.NOWHERE;
            return from;
        }
        int copy = allocateVector();
        asm.moveVector(copy, from);
        return copy;
    }

    private void pushVector(int vector) {
        push(inVector(vector));
    }

    /// An address, its alignment, whether it is for a store, and the CPU → the address; the interpreter has what is not
    /// aligned.
    void requireAlignment() {
        popObject(cpu);
        popConstant();
        int width = popConstant();
        Value address = pop();
        int register = register(address);
        MicroOp op = marked;
        Runnable flush = flushLater();
        asm.testConstant(register, width - 1);
        leaveLater(asm.jumpIf(CC_NE), flush, op);
        push(address);
        release(address);
    }

    // ---- whole vectors

    @Override
    public boolean hasPairs() {
        return true;
    }

    @Override
    public void loadPair(MicroOp op, int slot) {
        guestVectors.load(op, slot);
    }

    @Override
    public void storePair(MicroOp op, int slot) {
        guestVectors.store(op, slot);
    }

    @Override
    public void loadScalar(MicroOp op, int width) {
        guestVectors.loadScalar(op, width);
    }

    @Override
    public boolean vector(VectorOperation operation) {
        return guestVectors.write(operation);
    }

    /// An operation whose operands are the vectors, indices in them, and a constant.
    void vector(String name, String descriptor) {
        int immediate = descriptor.contains("III") ? popConstant() & 0xff : NO_IMMEDIATE;
        switch (descriptor) {
            case "([JII)V", "([JIJ)V" -> {
                if (HostVectors.isShift(name)) {
                    shiftVector(name);
                } else {
                    require(descriptor.equals("([JII)V"));
                    vector(HostVectors.operation(name), HostVectors.isUnary(name), immediate);
                }
            }
            case "([JIII)V" ->
                    vector(HostVectors.withImmediate(name), HostVectors.isUnary(name), immediate);
            case FLOATS -> floats(HostFloats.operation(name), immediate);
            case FLOATS_BY_IMMEDIATE -> floats(HostFloats.withImmediate(name), immediate);
            default -> throw Unsupported.UNSUPPORTED;
        }
    }

    private void shiftVector(String name) {
        int by = popConstant();
        int d = popConstant();
        popObject(vectors);
        int x = wides.get(VECTOR + d);
        HostVectors.shift(asm, name, x, by);
        wides.set(VECTOR + d, x);
    }

    /// @param isUnary whether what the destination was does not matter
    private void vector(int encoding, boolean isUnary, int immediate) {
        int s = popConstant();
        int d = popConstant();
        popObject(vectors);
        require(encoding != HostVectors.UNKNOWN);
        int y = wides.get(VECTOR + s);
        int x = isUnary ? allocateVector() : wides.get(VECTOR + d);
        asm.vector(encoding, x, y);
        if (immediate != NO_IMMEDIATE) {
            asm.immediate(immediate);
        }
        wides.set(VECTOR + d, x);
    }

    private void floats(int encoding, int immediate) {
        requireFloats();
        vector(encoding, false, immediate);
        popObject(control);
        push(masked);
    }

    /// 16 bytes between memory and a register; what the TLB does not answer, or is not aligned, is Java's.
    void accessVector(boolean load) {
        int alignment = popConstant();
        int register = popConstant();
        release(pop());
        popObject(cpu);
        Value address = pop();
        int virtual = register(address);
        int vector = load ? allocateVector() : wides.get(VECTOR + register);
        MicroOp op = marked;
        Runnable flush = flushLater();
        if (alignment != 0) {
            asm.testConstant(virtual, alignment);
            leaveLater(asm.jumpIf(CC_NE), flush, op);
        }
        IntSupplier miss = reach(virtual, 16, load ? Tlb.READ : Tlb.WRITE);
        if (load) {
            asm.loadVector(vector, virtual, RCX);
        } else {
            asm.storeVector(virtual, RCX, vector);
        }
        Exit exit = exitHere(Exit.Kind.RUN, op, 0);
        otherwise(
                miss,
                flush,
                () -> {
                    suspend(exit);
                    if (load) {
                        asm.load(RCX, FRAME, Frame.VECTORS);
                        asm.loadVector(vector, RCX, 8L * register);
                    }
                });
        if (load) {
            wides.set(VECTOR + register, vector);
        }
        release(address);
    }

    void rotate(int op, boolean wide) {
        Value count = pop();
        Value value = pop();
        if (count.isConstant) {
            int by = (int) count.constant & (wide ? 63 : 31);
            Value d;
            if (value.uses > 1 && owner.hasBmi2()) {
                int from = register(value);
                d = fresh();
                int right = op == ROR ? by : -by & (wide ? 63 : 31);
                asm.rotateRight(wide, d.register, from, right);
            } else {
                d = changeable(value);
                asm.shift(op, wide, d.register, by);
            }
            push(wide ? d : d.zeroFrom(32));
        } else {
            int by = register(count);
            Value d = changeable(value);
            asm.move32(RCX, by);
            asm.shiftByCl(op, wide, d.register);
            push(wide ? d : d.zeroFrom(32));
        }
        release(count);
        release(value);
    }

    void reverse(String descriptor) {
        Value width = pop();
        if (!descriptor.equals("(JI)J") || !width.isConstant) {
            throw Unsupported.UNSUPPORTED;
        }
        Value value = pop();
        Value d = changeable(value);
        asm.swapBytes(d.register);
        int bits = 8 * (int) width.constant;
        if (bits < 64) {
            asm.shift(SHR, true, d.register, 64 - bits);
        }
        push(d.zeroFrom(bits));
        release(value);
        release(width);
    }

    void multiplyHigh(boolean signed) {
        Value b = pop();
        Value a = pop();
        int y = register(b);
        if (a.isConstant) {
            asm.constant(RAX, a.constant);
        } else {
            asm.move(RAX, register(a));
        }
        asm.multiplyWide(signed, y);
        release(a);
        release(b);
        Value d = fresh();
        asm.move(d.register, RDX);
        push(d);
    }

    @Override
    public void beforeVectors() {}

    @Override
    public void afterVectors() {}

    @Override
    public void copyVector(int d, int s) {
        boolean inHalves = slots[VECTOR + s] != null || slots[VECTOR + s + 1] != null;
        if (inHalves && !wides.has(VECTOR + s)) {
            super.copyVector(d, s);
            return;
        }
        int from = wides.get(VECTOR + s);
        int copy = allocateVector();
        asm.moveVector(copy, from);
        wides.set(VECTOR + d, copy);
    }

    void compare(Value a, Value b, boolean wide) {
        if (a.of != null
                && a.bits == 8
                && (b.of != null && b.bits == 8
                        || b.isConstant && b.constant == (byte) b.constant)) {
            int x = register(a.of);
            if (b.isConstant) {
                asm.compare8Constant(x, (int) b.constant);
            } else {
                asm.compare8(x, register(b.of));
            }
            return;
        }
        boolean narrow = !wide || a.isSignExtended(32) && b.isSignExtended(32);
        Value left = narrow ? a.low(32) : a;
        Value right = narrow ? b.low(32) : b;
        int x = register(left);
        if (right.isConstant && (narrow || right.isImmediate())) {
            asm.arithmeticConstant(CMP, !narrow, x, (int) right.constant);
        } else {
            asm.arithmetic(CMP, !narrow, x, register(right));
        }
    }
}
