package straddle.tcg.machine;

import static org.objectweb.asm.Opcodes.*;
import static straddle.tcg.machine.Assembler.*;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.IdentityHashMap;
import java.util.List;
import org.objectweb.asm.Label;
import straddle.tcg.Cpu;
import straddle.tcg.block.Tb;
import straddle.tcg.mmu.Tlb;
import straddle.tcg.op.Branch;
import straddle.tcg.op.Cond;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.Flags;
import straddle.tcg.op.Jump;
import straddle.tcg.op.MicroOp;

/// Compiles one block to the host's machine code, in one pass.
///
/// The operand stack is one of [Value]s, so that only what computes something becomes an instruction. Guest slots stay
/// in registers from their first use on; what is written to them goes to memory at the end of the block and where it is
/// left for longer than an access. A path that leaves lies out of line and stores what memory lacks just there, as
/// what is known of the registers at that place says.
///
/// RBX points to the slots, RBP to the [Frame], R14 to the TLB; RAX, RCX and RDX are for single steps.
final class MachineEmitter extends Emitter {
    static final int[] POOL = {RSI, RDI, R8, R9, R10, R11, R12, R13, R15};

    /// XMM0 and XMM1 are for single steps.
    static final int[] VECTOR_POOL = {2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

    private static final int SLOTS = RBX;
    private static final int FRAME = RBP;
    private static final int TLB = R14;

    private static final int MAX_INDEX = 0x800;

    private static final int NO_CONDITION = -1;

    /// In [#whereabouts]: an XMM register.
    private static final int IN_VECTOR = 0x10000;

    /// Something that there is no machine code for: the micro-op is called instead.
    static final class Unsupported extends RuntimeException {
        private static final long serialVersionUID = 1;

        @SuppressWarnings("StaticAssignmentOfThrowable") // without a stack, thrown often
        static final Unsupported UNSUPPORTED = new Unsupported();

        private Unsupported() {
            super(null, null, false, false);
        }
    }

    private final Assembler asm;
    private final MachineCode owner;
    private final Tb tb;

    /// Micro-ops of the block, by number, to call whatever they say.
    private final BitSet called;

    private final ArrayDeque<Value> stack = new ArrayDeque<>();
    private final Value[] scratch = new Value[4];
    private final Value cpu = Value.object();
    private final Value vectors = Value.object();

    /// Promises that were looked at since the last micro-op that ran in Java.
    private int promised;

    /// What the next access belongs to.
    private MicroOp marked;

    private final Value[] registers = new Value[16];
    private final Value[] vectorRegisters = new Value[16];
    private final Value[] slots = new Value[MAX_INDEX];

    /// The slots that have a value here, and those whose memory is older.
    private final BitSet held = new BitSet();

    private final BitSet dirty = new BitSet();

    // Flags: the kind, and values of result, A and B, each null if memory has it.
    private int kind = NO_KIND;
    private int kindInMemory = NO_KIND;
    private final Value[] flags = new Value[3];
    private final boolean[] flagDirty = new boolean[3];
    private Value rotated;
    private int rotation;

    private final List<Runnable> outOfLine = new ArrayList<>();
    private final IdentityHashMap<Label, List<Integer>> forward = new IdentityHashMap<>();
    private boolean ended;
    private int now;

    /// [#now] when the present micro-op began: what it has used since stays where it is.
    private int opStart;

    /// @param called micro-ops, by their number in the block, that have proved to be [Unsupported]
    MachineEmitter(MachineCode owner, Assembler asm, Tb tb, BitSet called, int zeroSlot) {
        super(zeroSlot);
        this.owner = owner;
        this.asm = asm;
        this.tb = tb;
        this.called = called;
    }

    /// Emits the block; returns false, with one more micro-op among those to call, if it must be done anew.
    boolean emit() {
        begin();
        int number = 0;
        for (MicroOp op = tb.head.next; op != null && !ended; op = op.next) {
            if (called.get(number)) {
                call(op);
            } else {
                try {
                    op.emit(this);
                    endOp();
                } catch (Unsupported e) {
                    called.set(number);
                    return false;
                }
            }
            number++;
        }
        if (!forward.isEmpty()) {
            throw new IllegalStateException("a jump within a block has no target");
        }
        outOfLine.forEach(Runnable::run);
        return true;
    }

    private void begin() {
        asm.arithmeticMemoryConstant(SUB, true, FRAME, Frame.LEFT, tb.insns);
        int spent = asm.jumpIf(CC_S);
        asm.arithmeticMemoryConstant(CMP, false, FRAME, Frame.KICK, 0);
        int kicked = asm.jumpIf(CC_NE);
        outOfLine.add(() -> {
            asm.patchHere(spent);
            asm.patchHere(kicked);
            asm.arithmeticMemoryConstant(ADD, true, FRAME, Frame.LEFT, tb.insns);
            exit(new Exit(Exit.Kind.ATTEND, tb, null, 0));
        });
    }

    private void endOp() {
        opStart = now;
        if (!stack.isEmpty()) {
            throw new IllegalStateException("a micro-op leaves values behind");
        }
        for (int i = 0; i < scratch.length; i++) {
            setScratch(i, null);
        }
    }

    private void exit(Exit exit) {
        asm.constant(RAX, owner.number(exit));
        asm.jumpTo(owner.exitAddress());
    }

    // ---- values

    private static Value use(Value value) {
        value.uses++;
        return value;
    }

    private void release(Value value) {
        if (--value.uses == 0) {
            if (value.left != null) {
                release(value.left);
                release(value.right);
            }
            if (value.of != null) {
                release(value.of);
            }
            if (value.register >= 0) {
                registers[value.register] = null;
                value.register = Value.NOWHERE;
            }
            if (value.vector >= 0) {
                vectorRegisters[value.vector] = null;
                value.vector = Value.NOWHERE;
            }
        }
    }

    private void push(Value value) {
        stack.push(use(value));
    }

    /// The caller has to release it.
    private Value pop() {
        return stack.pop();
    }

    /// A free register, taken from a value that memory has too if need be.
    private int allocate() {
        int register = tryToAllocate();
        if (register < 0) {
            leaveExtended();
            register = tryToAllocate();
        }
        if (register < 0) {
            throw Unsupported.UNSUPPORTED;
        }
        return register;
    }

    /// Leaves to memory what keeps other values in registers.
    private void leaveExtended() {
        for (int i = 0; i < flags.length; i++) {
            if (flags[i] != null) {
                if (flagDirty[i]) {
                    storeTo(FRAME, flagPlace(i), flags[i]);
                }
                setFlag(i, null, false);
            }
        }
        for (int i = held.nextSetBit(0); i >= 0; i = held.nextSetBit(i + 1)) {
            if (slots[i].of != null) {
                if (dirty.get(i)) {
                    storeSlot(i, slots[i]);
                }
                hold(i, null);
            }
        }
    }

    private int tryToAllocate() {
        for (int register : POOL) {
            if (registers[register] == null) {
                return register;
            }
        }
        Value oldest = null;
        for (int register : POOL) {
            Value value = registers[register];
            boolean has = value.uses == value.usesWithPlace
                            || value.vector >= 0 && value.stamp <= opStart;
            if (has && (oldest == null || value.stamp < oldest.stamp)) {
                oldest = value;
            }
        }
        if (oldest == null) {
            return -1;
        }
        int register = oldest.register;
        if (!oldest.isConstant && oldest.vector < 0) {
            evict(oldest);
        }
        oldest.register = Value.NOWHERE;
        registers[register] = null;
        return register;
    }

    /// Leaves a value to memory alone.
    private void evict(Value value) {
        use(value);
        for (int i = held.nextSetBit(0); i >= 0; i = held.nextSetBit(i + 1)) {
            if (slots[i] == value) {
                if (dirty.get(i)) {
                    storeSlot(i, value);
                }
                hold(i, null);
            }
        }
        for (int i = 0; i < flags.length; i++) {
            if (flags[i] == value) {
                if (flagDirty[i]) {
                    storeTo(FRAME, flagPlace(i), value);
                }
                setFlag(i, null, false);
            }
        }
        value.uses--;
    }

    private Value fresh() {
        return fresh(allocate());
    }

    private Value fresh(int register) {
        Value value = Value.in(register);
        value.stamp = ++now;
        registers[register] = value;
        return value;
    }

    /// The register that has a value.
    private int register(Value value) {
        value.stamp = ++now;
        if (value.register < 0 && value.of != null) {
            extend(value);
        } else if (value.register < 0 && value.vector >= 0) {
            int register = allocate();
            asm.moveFromVector(register, value.vector);
            value.register = register;
            registers[register] = value;
        } else if (value.register < 0) {
            if (!value.isConstant) {
                throw Unsupported.UNSUPPORTED;
            }
            int register = allocate();
            asm.constant(register, value.constant);
            value.register = register;
            registers[register] = value;
        }
        return value.register;
    }

    private void extend(Value value) {
        Value of = value.of;
        int from = register(of);
        int register = target(of).register;
        asm.signExtend(value.bits / 8, register, from);
        value.register = register;
        registers[register] = value;
        value.of = null;
        release(of);
    }

    /// A register with a copy of a value that is going to be changed: its own, if nobody else holds it.
    private Value changeable(Value value) {
        if (value.uses == 1 && !value.isConstant) {
            int register = register(value);
            value.register = Value.NOWHERE;
            return fresh(register);
        }
        if (value.isConstant) {
            Value copy = fresh();
            asm.constant(copy.register, value.constant);
            return copy;
        }
        int from = register(value);
        Value copy = fresh();
        asm.move(copy.register, from);
        return copy;
    }

    @Override
    public void integer(int value) {
        push(Value.constant(value));
    }

    @Override
    public void constant(long value) {
        push(Value.constant(value));
    }

    // ---- slots

    private int index(int slot) {
        if (slot >= MAX_INDEX) {
            throw Unsupported.UNSUPPORTED;
        }
        return slot;
    }

    @Override
    public void get(int slot) {
        if (slot == zeroSlot) {
            constant(0);
            return;
        }
        int index = index(slot);
        Value value = slots[index];
        if (value == null) {
            value = fresh();
            if (index < VECTOR) {
                asm.load(value.register, SLOTS, 8L * index);
            } else {
                asm.load(RAX, FRAME, Frame.VECTORS);
                asm.load(value.register, RAX, 8L * (index - VECTOR));
            }
            hold(index, value);
        }
        value.stamp = ++now;
        push(value);
    }

    @Override
    public void set(int slot) {
        Value value = pop();
        int index = index(slot);
        hold(index, value);
        dirty.set(index);
        release(value);
    }

    private void hold(int index, Value value) {
        Value before = slots[index];
        slots[index] = value;
        if (value != null) {
            use(value).usesWithPlace++;
            held.set(index);
        } else {
            held.clear(index);
            dirty.clear(index);
        }
        if (before != null) {
            before.usesWithPlace--;
            release(before);
        }
    }

    private void storeSlot(int index, Value value) {
        if (index < VECTOR) {
            storeTo(SLOTS, 8L * index, value);
        } else {
            asm.load(RCX, FRAME, Frame.VECTORS);
            storeTo(RCX, 8L * (index - VECTOR), value);
        }
    }

    /// Leaves flags alone.
    private void storeTo(int at, long displacement, Value value) {
        storeThen(at, displacement, value, whereabouts(value));
    }

    /// Where a value is now, for [#storeThen].
    private static int whereabouts(Value value) {
        if (value.of != null) {
            return value.of.register | value.bits << 8;
        }
        return value.register < 0 && value.vector >= 0
                ? value.vector | IN_VECTOR
                : value.register;
    }

    /// Brings memory up to date.
    private void flush() {
        for (int i = dirty.nextSetBit(0); i >= 0; i = dirty.nextSetBit(i + 1)) {
            storeSlot(i, slots[i]);
        }
        dirty.clear();
        flushFlags();
        if (rotated != null) {
            storeTo(FRAME, Frame.ROTATED, rotated);
            asm.storeConstant(FRAME, Frame.ROTATION, rotation);
        }
    }

    private void flushFlags() {
        if (kind != NO_KIND && recorded(kind) != kindInMemory) {
            asm.storeConstant32(FRAME, Frame.FLAG_KIND, recorded(kind));
            kindInMemory = recorded(kind);
        }
        for (int i = 0; i < flags.length; i++) {
            if (flagDirty[i]) {
                storeTo(FRAME, flagPlace(i), flags[i]);
                flagDirty[i] = false;
            }
        }
    }

    /// The instructions that [#flush] would write now, to be written later, out of line.
    private Runnable flushLater() {
        int count = dirty.cardinality();
        int[] places = dirty.stream().toArray();
        Value[] values = new Value[count];
        int[] where = new int[count];
        for (int i = 0; i < count; i++) {
            values[i] = slots[places[i]];
            where[i] = whereabouts(values[i]);
        }
        int kindThen = kind != NO_KIND && recorded(kind) != kindInMemory ? recorded(kind) : NO_KIND;
        if (kindThen != NO_KIND) {
            kindInMemory = NO_KIND; // whether that way has been gone is not known
        }
        Value[] flagsThen = new Value[3];
        int[] flagsWhere = new int[3];
        for (int i = 0; i < 3; i++) {
            if (flagDirty[i]) {
                flagsThen[i] = flags[i];
                flagsWhere[i] = whereabouts(flags[i]);
            }
        }
        Value rotatedThen = rotated;
        int rotatedWhere = rotated == null ? 0 : whereabouts(rotated);
        int rotationThen = rotation;
        return () -> {
            for (int i = 0; i < places.length; i++) {
                if (places[i] < VECTOR) {
                    storeThen(SLOTS, 8L * places[i], values[i], where[i]);
                } else {
                    asm.load(RCX, FRAME, Frame.VECTORS);
                    storeThen(RCX, 8L * (places[i] - VECTOR), values[i], where[i]);
                }
            }
            if (kindThen != NO_KIND) {
                asm.storeConstant32(FRAME, Frame.FLAG_KIND, kindThen);
            }
            for (int i = 0; i < 3; i++) {
                if (flagsThen[i] != null) {
                    storeThen(FRAME, flagPlace(i), flagsThen[i], flagsWhere[i]);
                }
            }
            if (rotatedThen != null) {
                storeThen(FRAME, Frame.ROTATED, rotatedThen, rotatedWhere);
                asm.storeConstant(FRAME, Frame.ROTATION, rotationThen);
            }
        };
    }

    /// @param where the value's [#whereabouts]
    private void storeThen(int at, long displacement, Value value, int where) {
        if (where >= IN_VECTOR) {
            asm.storeVectorHalf(at, displacement, where - IN_VECTOR);
        } else if (where >= 0x100) {
            asm.signExtend((where >> 8) / 8, RAX, where & 0xff);
            asm.store(at, displacement, RAX);
        } else if (where >= 0) {
            asm.store(at, displacement, where);
        } else if (value.isImmediate()) {
            asm.storeConstant(at, displacement, (int) value.constant);
        } else {
            asm.constant(RAX, value.constant);
            asm.store(at, displacement, RAX);
        }
    }

    /// Registers hold nothing any more.
    private void forget() {
        for (int i = held.nextSetBit(0); i >= 0; i = held.nextSetBit(i + 1)) {
            hold(i, null);
        }
        for (int i = 0; i < flags.length; i++) {
            setFlag(i, null, false);
        }
        forgetRotation();
        for (int i = 0; i < scratch.length; i++) {
            setScratch(i, null);
        }
        for (int register : POOL) {
            Value value = registers[register];
            if (value != null) {
                if (!value.isConstant) {
                    throw Unsupported.UNSUPPORTED;
                }
                value.register = Value.NOWHERE;
                registers[register] = null;
            }
        }
        for (int vector : VECTOR_POOL) {
            if (vectorRegisters[vector] != null) {
                throw Unsupported.UNSUPPORTED;
            }
        }
        kindInMemory = NO_KIND;
        promised = 0;
    }

    // ---- scratch locals

    @Override
    public void take(int local) {
        Value value = scratch[(local - A) / 2];
        if (value == null) {
            throw Unsupported.UNSUPPORTED;
        }
        push(value);
    }

    @Override
    public void keep(int local) {
        Value value = pop();
        setScratch((local - A) / 2, value);
        release(value);
    }

    private void setScratch(int index, Value value) {
        Value before = scratch[index];
        scratch[index] = value == null ? null : use(value);
        if (before != null) {
            release(before);
        }
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
            case DADD -> arithmetic64(0x58);
            case DSUB -> arithmetic64(0x5c);
            case DMUL -> arithmetic64(0x59);
            case DDIV -> arithmetic64(0x5e);
            case L2D -> {
                Value a = pop();
                asm.convert(0, register(a));
                release(a);
                pushVectorHalf();
            }
            case LCMP -> {
                Value right = pop();
                Value left = pop();
                push(Value.comparison(left, right));
            }
            default -> throw Unsupported.UNSUPPORTED;
        }
    }

    private static long fold(int op, long a, long b) {
        return switch (op) {
            case ADD -> a + b;
            case SUB -> a - b;
            case AND -> a & b;
            case OR -> a | b;
            default -> a ^ b;
        };
    }

    private void binary(int op, boolean commutes) {
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

    private Value computed(int op, boolean commutes, Value a, Value b) {
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

    private Value compute(int op, boolean commutes, Value a, Value b) {
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

    private void and() {
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
    private Value narrow(int op, Value a, Value b, int holders) {
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

    private Value narrowCopy(Value value, boolean dies) {
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
            if (value.left != null) {
                throw Unsupported.UNSUPPORTED;
            }
            push(Value.extended(use(value.low(bits)), bits));
        }
        release(value);
    }

    /// Where to put what is made of one value in one step: in its place, if nobody else needs it.
    private Value target(Value of) {
        if (of.uses == 1 && !of.isConstant) {
            int register = of.register;
            of.register = Value.NOWHERE;
            return fresh(register);
        }
        return fresh();
    }

    private void multiply() {
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

    private void negate() {
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

    private void shift(int op, boolean wide) {
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
            Value d = changeable(value);
            asm.move32(RCX, by);
            asm.shiftByCl(op, wide, d.register);
            push(d);
        }
        release(count);
        release(value);
    }

    private static long shifted(int op, boolean wide, long value, int by) {
        if (!wide) {
            int low = (int) value;
            return op == SHL ? low << by : op == SHR ? low >>> by : low >> by;
        }
        return op == SHL ? value << by : op == SHR ? value >>> by : value >> by;
    }

    private Value shifted(int op, boolean wide, Value value, int by) {
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

    private void choose() {
        Value holds = pop();
        Value no = pop();
        Value yes = pop();
        if (yes.left != null || no.left != null || holds.left != null) {
            throw Unsupported.UNSUPPORTED;
        }
        register(holds);
        register(yes);
        Value d = changeable(no);
        int zero = Math.max(yes.zeroFrom, no.zeroFrom);
        asm.test(true, holds.register, holds.register);
        asm.moveIf(CC_NE, d.register, yes.register);
        push(d.zeroFrom(zero));
        release(holds);
        release(no);
        release(yes);
    }

    private void find(boolean lowest) {
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

    private void popObject(Value object) {
        Value value = pop();
        release(value);
        if (value != object) {
            throw Unsupported.UNSUPPORTED;
        }
    }

    private int popConstant() {
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
            case "sqrt" -> {
                Value a = pop();
                asm.vector(0xf2, 0x51, 0, inVector(a));
                pushVectorHalf();
                release(a);
            }
            case "allowsSse" -> {
                popObject(cpu);
                Value question = Value.object();
                question.question = name;
                push(question);
            }
            case "isEasy", "hasEasyQuotient", "hasEasyRoot" -> askWhetherEasy(name);
            case "aligned" -> requireAlignment();
            case "registers" -> {
                popObject(cpu);
                push(vectors);
            }
            case "load128", "store128" -> accessVector(name.equals("load128"));
            default -> vector(name, descriptor);
        }
    }

    private void askWhetherEasy(String name) {
        popObject(cpu);
        Value y = pop();
        Value x = name.equals("hasEasyRoot") ? use(y) : pop();
        Value question = Value.comparison(x, y);
        question.question = name;
        push(question);
    }

    private void pushVectorHalf() {
        Value d = fresh();
        asm.moveFromVector(d.register, 0);
        push(d);
    }

    private void arithmetic64(int opcode) {
        Value b = pop();
        Value a = pop();
        int y = inVector(b);
        int x = inVector(a);
        int d = x;
        if (a.uses == 1) {
            a.vector = Value.NOWHERE;
        } else {
            d = allocateVector();
            asm.moveVector(d, x);
        }
        asm.vector(0xf2, opcode, d, y);
        Value result = Value.object();
        result.vector = d;
        result.stamp = ++now;
        vectorRegisters[d] = result;
        push(result);
        release(a);
        release(b);
    }

    /// The XMM register that has a value.
    private int inVector(Value value) {
        value.stamp = ++now;
        if (value.vector < 0) {
            int from = register(value);
            int vector = allocateVector();
            asm.moveToVector(vector, from);
            value.vector = vector;
            vectorRegisters[vector] = value;
        }
        return value.vector;
    }

    /// A free XMM register, taken from a value that a general one or memory has too if need be.
    private int allocateVector() {
        for (int vector : VECTOR_POOL) {
            if (vectorRegisters[vector] == null) {
                return vector;
            }
        }
        for (int vector : VECTOR_POOL) {
            Value value = vectorRegisters[vector];
            boolean has = value.register >= 0 || value.isConstant;
            if (value.stamp <= opStart && (has || value.uses == value.usesWithPlace)) {
                if (!has) {
                    evict(value);
                }
                value.vector = Value.NOWHERE;
                vectorRegisters[vector] = null;
                return vector;
            }
        }
        throw Unsupported.UNSUPPORTED;
    }

    /// An address, its alignment, whether it is for a store, and the CPU → the address; the interpreter has what is not
    /// aligned.
    private void requireAlignment() {
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

    private void leaveLater(int end, Runnable flush, MicroOp op) {
        outOfLine.add(() -> {
            asm.patchHere(end);
            flush.run();
            exit(new Exit(Exit.Kind.LEAVE, tb, op, 0));
        });
    }

    // ---- whole vectors

    /// An operation whose operands are the vectors, indices in them, and a constant.
    private void vector(String name, String descriptor) {
        if (descriptor.equals("([JII)V") || descriptor.equals("([JIJ)V")) {
            long s = popConstant();
            int d = popConstant();
            popObject(vectors);
            asm.load(RAX, FRAME, Frame.VECTORS);
            asm.loadVector(0, RAX, 8L * d);
            if (!HostVectors.shift(asm, name, s)) {
                if (descriptor.equals("([JIJ)V")) {
                    throw Unsupported.UNSUPPORTED;
                }
                asm.loadVector(1, RAX, 8 * s);
                require(HostVectors.operation(asm, name));
            }
            asm.storeVector(RAX, 8L * d, 0);
        } else if (descriptor.equals("([JIII)V")) {
            int immediate = popConstant();
            int s = popConstant();
            int d = popConstant();
            popObject(vectors);
            asm.load(RAX, FRAME, Frame.VECTORS);
            asm.loadVector(0, RAX, 8L * d);
            asm.loadVector(1, RAX, 8L * s);
            require(HostVectors.operation(asm, name, immediate));
            asm.storeVector(RAX, 8L * d, 0);
        } else {
            throw Unsupported.UNSUPPORTED;
        }
    }

    private static void require(boolean supported) {
        if (!supported) {
            throw Unsupported.UNSUPPORTED;
        }
    }

    /// 16 bytes between memory and a register; what the TLB does not answer, or is not aligned, is Java's.
    private void accessVector(boolean load) {
        int alignment = popConstant();
        int register = popConstant();
        release(pop());
        popObject(cpu);
        Value address = pop();
        int virtual = register(address);
        MicroOp op = marked;
        Runnable flush = flushLater();
        if (alignment != 0) {
            asm.testConstant(virtual, alignment);
            leaveLater(asm.jumpIf(CC_NE), flush, op);
        }
        int miss = ask(virtual, 16, load ? Tlb.READ : Tlb.WRITE);
        asm.load(RCX, RCX, Tlb.ADDEND);
        asm.load(RAX, FRAME, Frame.VECTORS);
        if (load) {
            asm.loadVector(0, virtual, RCX);
            asm.storeVector(RAX, 8L * register, 0);
        } else {
            asm.loadVector(0, RAX, 8L * register);
            asm.storeVector(virtual, RCX, 0);
        }
        long done = asm.here();
        outOfLine.add(() -> {
            asm.patchHere(miss);
            flush.run();
            asm.constant(RAX, owner.number(new Exit(Exit.Kind.RUN, tb, op, 0)));
            asm.callTo(owner.suspendAddress());
            asm.jumpTo(done);
        });
        release(address);
    }

    private void rotate(int op, boolean wide) {
        Value count = pop();
        Value value = pop();
        if (count.isConstant) {
            Value d = changeable(value);
            asm.shift(op, wide, d.register, (int) count.constant & (wide ? 63 : 31));
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

    private void reverse(String descriptor) {
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

    private void multiplyHigh(boolean signed) {
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
    public void beforeVectors() {
        for (int i = dirty.nextSetBit(VECTOR); i >= 0; i = dirty.nextSetBit(i + 1)) {
            storeSlot(i, slots[i]);
            dirty.clear(i);
        }
    }

    @Override
    public void afterVectors() {
        for (int i = held.nextSetBit(VECTOR); i >= 0; i = held.nextSetBit(i + 1)) {
            hold(i, null);
        }
    }

    // ---- memory

    /// Compares the tag of the TLB's entry for an address; RCX is the entry's place after that.
    ///
    /// @return the jump to where there is no answer
    private int ask(int virtual, int width, int tag) {
        if (width > 1) {
            asm.address(RDX, virtual, width - 1);
        } else {
            asm.move(RDX, virtual);
        }
        asm.move32(RCX, virtual);
        asm.arithmeticConstant(AND, true, RDX, -4096);
        asm.shift(SHR, false, RCX, Tlb.INDEX_SHIFT);
        asm.arithmeticConstant(AND, false, RCX, Tlb.INDEX_MASK);
        asm.address(RCX, RCX, TLB, 0, 0);
        asm.arithmeticMemoryCompare(RDX, RCX, tag);
        return asm.jumpIf(CC_NE);
    }

    @Override
    public void load(MicroOp op, int width) {
        Value address = pop();
        int virtual = register(address);
        Value d = use(target(address));
        Runnable flush = flushLater();
        int miss = ask(virtual, width, Tlb.READ);
        asm.load(RCX, RCX, Tlb.ADDEND);
        asm.load(width, d.register, virtual, RCX);
        long done = asm.here();
        int to = d.register;
        outOfLine.add(() -> {
            asm.patchHere(miss);
            flush.run();
            asm.store(FRAME, Frame.VIRTUAL, virtual);
            asm.constant(RAX, owner.number(new Exit(Exit.Kind.LOAD, tb, op, width)));
            asm.callTo(owner.suspendAddress());
            asm.load(to, FRAME, Frame.VALUE);
            asm.jumpTo(done);
        });
        push(width < 8 ? d.zeroFrom(8 * width) : d);
        release(d);
        release(address);
    }

    @Override
    public void store(MicroOp op, int width) {
        Value value = pop();
        Value address = pop();
        int virtual = register(address);
        boolean immediate = value.isImmediate() || value.isConstant && width < 8;
        int from = immediate ? Value.NOWHERE : register(value);
        Runnable flush = flushLater();
        int miss = ask(virtual, width, Tlb.WRITE);
        asm.load(RCX, RCX, Tlb.ADDEND);
        if (immediate) {
            asm.storeConstant(width, virtual, RCX, (int) value.constant);
        } else {
            asm.store(width, virtual, RCX, from);
        }
        long done = asm.here();
        outOfLine.add(() -> {
            asm.patchHere(miss);
            flush.run();
            asm.store(FRAME, Frame.VIRTUAL, virtual);
            storeThen(FRAME, Frame.VALUE, value, from);
            asm.constant(RAX, owner.number(new Exit(Exit.Kind.STORE, tb, op, width)));
            asm.callTo(owner.suspendAddress());
            asm.jumpTo(done);
        });
        release(value);
        release(address);
    }

    // ---- flags

    private static int flagPlace(int index) {
        return Frame.FLAG_RESULT + 8 * index;
    }

    private void setFlag(int index, Value value, boolean isDirty) {
        Value before = flags[index];
        flags[index] = value;
        flagDirty[index] = isDirty;
        if (value != null) {
            use(value).usesWithPlace++;
        }
        if (before != null) {
            before.usesWithPlace--;
            release(before);
        }
    }

    private void pushFlag(int index) {
        Value value = flags[index];
        if (value == null) {
            value = fresh();
            asm.load(value.register, FRAME, flagPlace(index));
            setFlag(index, value, false);
        }
        push(value);
    }

    private static Value mustHave(Value value) {
        if (value == null) {
            throw Unsupported.UNSUPPORTED;
        }
        return value;
    }

    @Override
    public void flags(int newKind, int result, int a, int b) {
        forgetRotation();
        setFlag(0, mustHave(scratch[(result - A) / 2]), true);
        setFlag(1, mustHave(scratch[(a - A) / 2]), true);
        setFlag(2, mustHave(scratch[(b - A) / 2]), true);
        kind = newKind;
    }

    @Override
    public void logicFlags(int result) {
        forgetRotation();
        setFlag(0, mustHave(scratch[(result - A) / 2]), true);
        setFlag(1, null, false);
        setFlag(2, null, false);
        kind = Flags.LOGIC;
    }

    @Override
    public void comparisonFlags(int result, int a, int b) {
        flags(Flags.SUB, result, a, b);
        kind = COMPARISON;
    }

    @Override
    public void eagerFlags() {
        forgetRotation();
        Value value = pop();
        setFlag(0, value, true);
        setFlag(1, null, false);
        setFlag(2, null, false);
        kind = Flags.EAGER;
        release(value);
    }

    /// The other flags but zero are undefined after what uses this.
    @Override
    public void carryFlag(int scratchLocal) {
        settle();
        if (kind == NO_KIND) {
            makeEager();
        }
        pushFlag(0);
        if (kind == Flags.EAGER) {
            constant(~1L);
            op(LAND);
            take(scratchLocal);
            op(LOR);
            eagerFlags();
            return;
        }
        Value result = pop();
        setFlag(0, result, true);
        setFlag(1, mustHave(scratch[(scratchLocal - A) / 2]), true);
        setFlag(2, Value.constant(0), true);
        kind = Flags.SHIFT;
        release(result);
    }

    @Override
    public void rotateFlags(boolean left, int bits) {
        forgetRotation();
        rotated = use(mustHave(scratch[(R - A) / 2]));
        rotation = bits << 1 | (left ? 1 : 0);
    }

    private void forgetRotation() {
        if (rotated != null) {
            release(rotated);
            rotated = null;
        }
    }

    /// Has the flags of a rotation computed, if one is pending.
    private void settle() {
        if (rotated == null) {
            return;
        }
        Value result = rotated;
        boolean left = (rotation & 1) != 0;
        int top = (rotation >>> 1) - 1;
        rotated = null;
        makeEager();
        pushFlag(0);
        constant(~(long) (Flags.CF | Flags.OF));
        op(LAND);
        push(result);
        shift(LUSHR, left ? 0 : top);
        constant(1);
        op(LAND);
        op(LOR);
        push(result);
        shift(LUSHR, top);
        push(result);
        shift(LUSHR, left ? 0 : top - 1);
        op(LXOR);
        constant(1);
        op(LAND);
        shift(LSHL, Integer.numberOfTrailingZeros(Flags.OF));
        op(LOR);
        eagerFlags();
        release(result);
    }

    /// Has the flags as bits, whatever they are made of.
    private void makeEager() {
        if (kind == Flags.EAGER) {
            return;
        }
        flushFlags();
        asm.callTo(owner.eagerAddress());
        Value bits = fresh();
        asm.move(bits.register, RAX);
        push(bits.zeroFrom(12));
        eagerFlags();
    }

    @Override
    public void carry() {
        settle();
        if (kind == NO_KIND) {
            makeEager();
        }
        switch (kind) {
            case Flags.LOGIC -> constant(0);
            case Flags.EAGER -> {
                pushFlag(0);
                constant(1);
                op(LAND);
            }
            case Flags.ADD, Flags.SUB -> {
                carryBySigns();
                integer(63);
                op(LUSHR);
            }
            default -> {
                int cc = carryCondition();
                Value d = fresh();
                asm.set(cc, d.register);
                push(d.zeroFrom(1));
            }
        }
    }

    /// Pushes a value whose sign is the carry or borrow.
    private void carryBySigns() {
        boolean add = kind == Flags.ADD;
        pushFlag(1);
        if (!add) {
            constant(-1);
            op(LXOR);
        }
        pushFlag(2);
        op(LAND);
        pushFlag(1);
        pushFlag(2);
        if (add) {
            op(LOR);
            pushFlag(0);
            constant(-1);
            op(LXOR);
        } else {
            op(LXOR);
            constant(-1);
            op(LXOR);
            pushFlag(0);
        }
        op(LAND);
        op(LOR);
    }

    /// Has the host's flags say whether there is a carry; returns the condition.
    private int carryCondition() {
        switch (kind) {
            case COMPARISON -> {
                compareFlags();
                return CC_B;
            }
            case Flags.DIFFERENCE, Flags.CHOSEN -> {
                compareFlags();
                return CC_AE;
            }
            case Flags.PRODUCT -> {
                compareFlags();
                return CC_NE;
            }
            case Flags.INC, Flags.DEC, Flags.SHIFT -> {
                testFlag(1);
                return CC_NE;
            }
            case Flags.SHL, Flags.SHR, Flags.SAR -> {
                pushFlag(2);
                pushFlag(1);
                Value a = pop();
                Value bit = pop();
                register(a);
                if (bit.isConstant) {
                    asm.testBit(a.register, (int) bit.constant & 63);
                } else {
                    int number = register(bit);
                    asm.testBitRegister(a.register, number);
                }
                release(a);
                release(bit);
                return CC_B;
            }
            case Flags.ADD, Flags.SUB -> {
                carryBySigns();
                testSign();
                return CC_S;
            }
            default -> throw Unsupported.UNSUPPORTED;
        }
    }

    private void compareFlags() {
        pushFlag(1);
        pushFlag(2);
        Value b = pop();
        Value a = pop();
        compare(a, b, true);
        release(a);
        release(b);
    }

    private void compare(Value a, Value b, boolean wide) {
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

    private void testFlag(int index) {
        pushFlag(index);
        testSign();
    }

    /// Tests what is on the operand stack against itself.
    private void testSign() {
        Value value = pop();
        if (value.of != null && value.bits == 8) {
            int register = register(value.of);
            asm.test8(register, register);
        } else {
            boolean narrow = value.isSignExtended(32);
            int register = register(narrow ? value.low(32) : value);
            asm.test(!narrow, register, register);
        }
        release(value);
    }

    /// Has the host's flags say whether a condition holds; returns the host's condition.
    private int prepare(int cond) {
        settle();
        int odd = cond & 1;
        return prepareEven(cond & ~1) ^ odd;
    }

    private int prepareEven(int cond) {
        int cc = kind == Flags.EAGER ? NO_CONDITION : prepareLazily(cond);
        if (cc != NO_CONDITION) {
            return cc;
        }
        makeEager();
        return prepareEager(cond);
    }

    /// As [#prepare], but [#NO_CONDITION] and nothing if the kind of the flags does not give the condition by itself.
    private int prepareLazily(int cond) {
        if (kind == NO_KIND) {
            return NO_CONDITION;
        }
        switch (cond) {
            case Cond.E, Cond.S -> {
                testFlag(0);
                return cond;
            }
            case Cond.P -> {
                pushFlag(0);
                Value value = pop();
                int register = register(value.low(8));
                asm.test8(register, register);
                release(value);
                return CC_P;
            }
            case Cond.B -> {
                if (kind == Flags.LOGIC) {
                    testFlag(0);
                    return CC_B;
                }
                return carryCondition();
            }
            default -> {
                return prepareByKind(cond);
            }
        }
    }

    private int prepareByKind(int cond) {
        switch (kind) {
            case Flags.LOGIC -> {
                if (cond == Cond.LS) {
                    return NO_CONDITION;
                }
                testFlag(0);
                return cond;
            }
            case COMPARISON -> {
                if (cond == Cond.O || cond == Cond.LS) {
                    return NO_CONDITION;
                }
                compareFlags();
                return cond;
            }
            case Flags.DIFFERENCE -> {
                int cc =
                        switch (cond) {
                            case Cond.L -> CC_L;
                            case Cond.LS -> CC_BE;
                            case Cond.LE -> CC_LE;
                            default -> NO_CONDITION;
                        };
                if (cc != NO_CONDITION) {
                    compareFlags();
                }
                return cc;
            }
            default -> {
                return NO_CONDITION;
            }
        }
    }

    private int prepareEager(int cond) {
        int bits =
                switch (cond) {
                    case Cond.O, Cond.L -> Flags.OF;
                    case Cond.B -> Flags.CF;
                    case Cond.E -> Flags.ZF;
                    case Cond.BE, Cond.LS -> Flags.CF | Flags.ZF;
                    case Cond.S -> Flags.SF;
                    case Cond.P -> Flags.PF;
                    default -> Flags.OF | Flags.ZF;
                };
        pushFlag(0);
        if (cond == Cond.L || cond == Cond.LE) {
            // Overflow where it differs from the sign.
            pushFlag(0);
            constant(Flags.SF);
            op(LAND);
            shift(LSHL, 4);
            op(LXOR);
        } else if (cond == Cond.LS) {
            constant(Flags.CF);
            op(LXOR);
        }
        Value value = pop();
        asm.testConstant(register(value), bits);
        release(value);
        return CC_NE;
    }

    @Override
    public void condition(int cond) {
        int cc = prepare(cond);
        // Nothing that allocating a register writes changes the host's flags.
        Value d = fresh();
        asm.set(cc, d.register);
        push(d.zeroFrom(1));
    }

    // ---- ways

    @Override
    public void branchIf(int cond, Label to) {
        settle();
        flush();
        int cc = prepare(cond);
        forward.computeIfAbsent(to, _ -> new ArrayList<>()).add(asm.jumpIf(cc));
    }

    @Override
    public void branch(int opcode, Label to) {
        settle();
        flush();
        int cc;
        if (opcode == IF_ICMPLT || opcode == IF_ICMPGE) {
            Value b = pop();
            Value a = pop();
            compare(a, b, false);
            release(a);
            release(b);
            cc = opcode == IF_ICMPLT ? CC_L : CC_L ^ 1;
        } else {
            Value value = pop();
            if (value.left != null) {
                compare(value.left, value.right, true);
            } else {
                int register = register(value);
                asm.arithmeticConstant(CMP, false, register, 0);
            }
            release(value);
            cc =
                    switch (opcode) {
                        case IFEQ -> CC_E;
                        case IFNE -> CC_NE;
                        case IFLT -> CC_L;
                        case IFGE -> CC_L ^ 1;
                        case IFLE -> CC_LE;
                        case IFGT -> CC_LE ^ 1;
                        default -> throw Unsupported.UNSUPPORTED;
                    };
        }
        forward.computeIfAbsent(to, _ -> new ArrayList<>()).add(asm.jumpIf(cc));
    }

    private void arrive(Label label) {
        for (int end : forward.getOrDefault(label, List.of())) {
            asm.patchHere(end);
        }
        forward.remove(label);
    }

    @Override
    public void way(Label label) {
        if (!ended) {
            throw Unsupported.UNSUPPORTED;
        }
        forget();
        arrive(label);
        kind = NO_KIND;
        ended = false;
    }

    @Override
    public void join(Label label) {
        settle();
        flush();
        forget();
        arrive(label);
        kind = NO_KIND;
    }

    // ---- structure

    @Override
    public void mark(MicroOp op) {
        marked = op;
    }

    @Override
    public boolean canLeave() {
        return true;
    }

    @Override
    public void leaveUnless(MicroOp op) {
        Value question = pop();
        if (question.question == null) {
            throw Unsupported.UNSUPPORTED;
        }
        switch (question.question) {
            case "allowsSse" -> require(Cpu.PROMISE_VECTORS, op);
            case "hasEasyRoot" -> {
                int x = register(question.left);
                asm.test(true, x, x);
                leaveLater(asm.jumpIf(CC_LE), flushLater(), op);
                requireEasy(question, op);
            }
            default -> requireEasy(question, op);
        }
        release(question);
    }

    /// A promise holds until a micro-op runs in Java that may change what it is about.
    private void require(int promise, MicroOp op) {
        if ((promised & promise) == 0) {
            promised |= promise;
            asm.testMemoryConstant(FRAME, Frame.PROMISES, promise);
            leaveLater(asm.jumpIf(CC_E), flushLater(), op);
        }
    }

    /// Both operands' exponents begin with two bits that differ, so that they are near 0; or the operands are zero
    /// where that may be.
    private void requireEasy(Value question, MicroOp op) {
        require(Cpu.PROMISE_NEAREST, op);
        boolean mayBeZero = question.question.equals("isEasy");
        requireModest(question.left, mayBeZero, op);
        if (question.right != question.left) {
            requireModest(question.right, mayBeZero, op);
        }
    }

    private void requireModest(Value value, boolean mayBeZero, MicroOp op) {
        if (value.isModest && mayBeZero) {
            return;
        }
        int x = register(value);
        asm.address(RCX, x, x, 0, 0);
        asm.arithmetic(XOR, true, RCX, x);
        asm.testBit(RCX, 62);
        int other = asm.jumpIf(CC_AE);
        Runnable flush = flushLater();
        value.isModest = true;
        if (!mayBeZero) {
            leaveLater(other, flush, op);
            return;
        }
        long isModest = asm.here();
        outOfLine.add(
                () -> {
                    asm.patchHere(other);
                    asm.address(RCX, x, x, 0, 0);
                    asm.test(true, RCX, RCX);
                    asm.patch(asm.jumpIf(CC_E), isModest);
                    flush.run();
                    exit(new Exit(Exit.Kind.LEAVE, tb, op, 0));
                });
    }

    @Override
    public void compute(MicroOp op, int... writes) {
        settle();
        int before = kind;
        call(op);
        kind = before;
        kindInMemory = before == NO_KIND ? NO_KIND : recorded(before);
    }

    @Override
    public void call(MicroOp op) {
        if (op.next == null || op.next instanceof Branch.Anywhere) {
            leave(op);
            return;
        }
        flush();
        Exit exit = new Exit(Exit.Kind.CALL, tb, op, 0);
        exit(exit);
        exit.resume = asm.here();
        forget();
        kind = NO_KIND;
    }

    @Override
    public void leave(MicroOp op) {
        flush();
        exit(new Exit(Exit.Kind.LEAVE, tb, op, 0));
        ended = true;
    }

    @Override
    public void jump(Jump jump) {
        settle();
        flush();
        Exit exit = new Exit(Exit.Kind.JUMP, tb, jump, 0);
        int stale = 0;
        if (!jump.staysInPage()) {
            asm.arithmeticMemoryConstant32(CMP, FRAME, Frame.EPOCH, -1);
            exit.epochAt = asm.here() - 4;
            stale = asm.jumpIf(CC_NE);
        }
        int go = asm.jump();
        exit.jumpEnd = asm.here();
        int ifStale = stale;
        outOfLine.add(() -> {
            asm.patchHere(go);
            if (ifStale != 0) {
                asm.patchHere(ifStale);
            }
            exit.stub = asm.here();
            exit(exit);
        });
        ended = true;
    }

    @Override
    public boolean hasOneOf(long[] targets) {
        return true;
    }

    @Override
    public void jumpToOneOf(long[] targets, MicroOp op, Runnable before) {
        settle();
        Value to = use(mustHave(scratch[(R - A) / 2]));
        int pc = register(to);
        Value code = use(fresh());
        Runnable flush = flushLater();
        asm.move32(RCX, pc);
        asm.move32(RDX, pc);
        asm.shift(SHR, false, RDX, Frame.JUMP_FOLD);
        asm.arithmetic(XOR, false, RCX, RDX);
        asm.arithmeticConstant(AND, false, RCX, Frame.JUMP_ENTRIES - 1);
        asm.shift(SHL, false, RCX, Frame.JUMP_SHIFT);
        asm.address(RCX, RCX, FRAME, 0, Frame.JUMPS);
        asm.arithmeticMemoryCompare(pc, RCX, Frame.JUMP_PC);
        int otherPc = asm.jumpIf(CC_NE);
        asm.load(RDX, FRAME, Frame.KEY);
        asm.arithmeticMemoryCompare(RDX, RCX, Frame.JUMP_KEY);
        int otherKey = asm.jumpIf(CC_NE);
        outOfLine.add(() -> {
            asm.patchHere(otherPc);
            asm.patchHere(otherKey);
            flush.run();
            exit(new Exit(Exit.Kind.LEAVE, tb, op, 0));
        });
        release(to);
        asm.load(code.register, RCX, Frame.JUMP_TARGET);
        before.run();
        flush();
        asm.jumpRegister(register(code));
        release(code);
        ended = true;
    }
}
