package straddle.tcg.machine;

import static org.objectweb.asm.Opcodes.*;
import static straddle.tcg.machine.Assembler.*;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.function.Predicate;
import straddle.tcg.block.Tb;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.MicroOp;
import straddle.tcg.op.Outcome;

/// What compiled code has where, while it is being written: values on the operand stack, in scratch locals, guest slots
/// and flags, and the host's registers that they are in.
///
/// RBX points to the slots, RBP to the [Frame], R14 to the TLB; RAX, RCX and RDX, XMM0 and XMM1 are for single steps.
abstract class HostState extends Emitter {
    static final int[] POOL = {RSI, RDI, R8, R9, R10, R11, R12, R13, R15};

    /// XMM0 and XMM1 are for single steps.
    static final int[] VECTOR_POOL = {2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

    static final int SLOTS = RBX;
    static final int FRAME = RBP;
    static final int TLB = R14;

    static final int MAX_INDEX = 0x800;

    private static final int MOST_BOUND = 5;

    private static final long WORD = 0xffff_ffffL;

    /// In [#whereabouts]: an XMM register.
    static final int IN_VECTOR = 0x10000;

    /// Something that there is no machine code for: the micro-op is called instead.
    static final class Unsupported extends RuntimeException {
        private static final long serialVersionUID = 1;

        @SuppressWarnings("StaticAssignmentOfThrowable") // without a stack, thrown often
        static final Unsupported UNSUPPORTED = new Unsupported();

        private Unsupported() {
            super(null, null, false, false);
        }
    }

    final Assembler asm;
    final MachineCode owner;

    /// The block that is being written.
    Tb tb;

    final ArrayDeque<Value> stack = new ArrayDeque<>();
    final Value[] scratch = new Value[4];

    /// Promises that were looked at since the last micro-op that ran in Java.
    int promised;

    final Value[] registers = new Value[16];
    final Value[] vectorRegisters = new Value[16];
    final Value[] slots = new Value[MAX_INDEX];

    /// The slots that have a value here, and those whose memory is older.
    final BitSet held = new BitSet();

    final BitSet dirty = new BitSet();

    // Flags: the kind, and values of result, A and B, each null if memory has it.
    int kind = NO_KIND;
    int kindInMemory = NO_KIND;
    final Value[] flags = new Value[3];
    final boolean[] flagDirty = new boolean[3];
    Value rotated;
    int rotation;

    final WideVectors wides;

    final List<Runnable> outOfLine = new ArrayList<>();

    /// Guest instructions that code counts later, where it leaves or goes back to its loop's beginning.
    int owed;

    /// The micro-op that is being written.
    MicroOp current;

    /// Whether it has read the stack pointer, so that what it accesses is most likely on the stack.
    boolean readsStackPointer;

    int now;

    /// [#now] when the present micro-op began: what it has used since stays where it is.
    int opStart;

    HostState(MachineCode owner, Assembler asm, Tb tb, int zeroSlot) {
        super(zeroSlot);
        this.owner = owner;
        this.asm = asm;
        this.tb = tb;
        wides = new WideVectors(this);
    }

    /// A way out of what is being written, which counts what is owed here.
    Exit exitHere(Exit.Kind kind, MicroOp op, int width) {
        Exit exit = new Exit(kind, tb, op, width);
        exit.owed = owed;
        return exit;
    }

    /// Leaves for good.
    void exit(Exit exit) {
        count(exit.owed);
        asm.constant(RAX, owner.number(exit));
        asm.jumpTo(owner.exitAddress());
    }

    /// Leaves for a moment. Memory is up to date.
    void suspend(Exit exit) {
        count(exit.owed);
        asm.constant(RAX, owner.number(exit));
        asm.callTo(owner.suspendAddress());
        count(-exit.owed);
    }

    void leaveLater(int end, Runnable flush, MicroOp op) {
        Exit exit = exitHere(Exit.Kind.LEAVE, op, 0);
        outOfLine.add(() -> {
            asm.patchHere(end);
            flush.run();
            exit(exit);
        });
    }

    /// Counts what is owed. Changes the host's flags.
    void pay() {
        count(owed);
        owed = 0;
    }

    /// Counts guest instructions, if any. Changes the host's flags.
    void count(int insns) {
        if (insns != 0) {
            asm.arithmeticMemoryConstant(SUB, true, FRAME, Frame.LEFT, insns);
        }
    }

    // ---- values

    static Value use(Value value) {
        value.uses++;
        return value;
    }

    void release(Value value) {
        if (--value.uses == 0) {
            releaseOperands(value);
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

    private void releaseOperands(Value value) {
        if (value.left == null) {
            return;
        }
        if (value.outcome != null) {
            value.outcome = null;
            value.left.outcomes--;
            value.right.outcomes--;
        }
        release(value.left);
        release(value.right);
        value.left = null;
        value.right = null;
    }

    void push(Value value) {
        stack.push(use(value));
    }

    /// The caller has to release it.
    Value pop() {
        return stack.pop();
    }

    /// A free register, taken from a value that memory has too if need be.
    int allocate() {
        int register = tryToAllocate();
        if (register < 0) {
            // A step under way may need flags, which only outcomes change, and RAX.
            boolean changesFlags = holdsOutcome();
            if (changesFlags) {
                asm.pushFlags();
            }
            asm.push(RAX);
            leaveDeferred();
            asm.pop(RAX);
            if (changesFlags) {
                asm.popFlags();
            }
            register = tryToAllocate();
        }
        if (register < 0) {
            throw Unsupported.UNSUPPORTED;
        }
        return register;
    }

    /// Leaves to memory what keeps other values in registers. Changes the host's flags and RAX.
    private void leaveDeferred() {
        for (int i = 0; i < flags.length; i++) {
            if (flags[i] != null) {
                if (flagDirty[i]) {
                    storeTo(FRAME, flagPlace(i), flags[i]);
                }
                setFlag(i, null, false);
            }
        }
        leaveSlots(Value::isDeferred);
    }

    private boolean holdsOutcome() {
        for (int i = held.nextSetBit(0); i >= 0; i = held.nextSetBit(i + 1)) {
            if (slots[i].outcome != null) {
                return true;
            }
        }
        return false;
    }

    /// Leaves outcomes to memory. Changes the host's flags and RAX.
    void leaveOutcomes() {
        leaveSlots(value -> value.outcome != null);
    }

    private void leaveSlots(Predicate<Value> which) {
        for (int i = held.nextSetBit(0); i >= 0; i = held.nextSetBit(i + 1)) {
            if (which.test(slots[i])) {
                if (dirty.get(i)) {
                    storeSlot(i, slots[i]);
                }
                hold(i, null);
            }
        }
    }

    /// Whether so many registers hold operands of what is still to be computed that others may lack one.
    boolean isTight() {
        int bound = 0;
        for (int register : POOL) {
            Value value = registers[register];
            if (value != null && value.uses > value.usesWithPlace) {
                bound++;
            }
        }
        return bound > MOST_BOUND;
    }

    int tryToAllocate() {
        for (int register : POOL) {
            if (registers[register] == null) {
                return register;
            }
        }
        Value oldest = null;
        for (int register : POOL) {
            Value value = registers[register];
            boolean has =
                    value.uses == value.usesWithPlace
                            || value.vector >= 0 && value.stamp <= opStart && value.outcomes == 0;
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
    void evict(Value value) {
        use(value);
        leaveSlots(each -> each == value);
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

    Value fresh() {
        return fresh(allocate());
    }

    Value fresh(int register) {
        Value value = Value.in(register);
        value.stamp = ++now;
        registers[register] = value;
        return value;
    }

    /// The register that has a value.
    int register(Value value) {
        value.stamp = ++now;
        if (value.register < 0 && value.of != null) {
            extend(value);
        } else if (value.register < 0 && value.outcome != null) {
            compute(value);
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

    void extend(Value value) {
        Value of = value.of;
        int from = register(of);
        int register = target(of).register;
        asm.signExtend(value.bits / 8, register, from);
        value.register = register;
        registers[register] = value;
        value.of = null;
        release(of);
    }

    @Override
    public void outcome(Outcome outcome) {
        Value left = mustHave(scratch[0]);
        Value right = mustHave(scratch[(B - A) / 2]);
        if (left.isConstant && right.isConstant) {
            constant(outcome.of(left.constant & WORD, right.constant & WORD));
            return;
        }
        operand(left);
        operand(right);
        push(Value.outcome(outcome, use(left), use(right)));
    }

    private void operand(Value value) {
        if (!value.isConstant) {
            register(value);
        }
    }

    private void compute(Value value) {
        Outcome outcome = value.outcome;
        Value left = value.left;
        Value right = value.right;
        int register = allocate();
        HostOutcomes.compute(
                asm, outcome, register, HostOutcomes.operand(left), HostOutcomes.operand(right));
        value.register = register;
        registers[register] = value;
        releaseOperands(value);
    }

    /// A register with a copy of a value that is going to be changed: its own, if nobody else holds it.
    Value changeable(Value value) {
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

    /// Where to put what is made of one value in one step: in its place, if nobody else needs it.
    Value target(Value of) {
        if (of.uses == 1 && !of.isConstant) {
            int register = of.register;
            of.register = Value.NOWHERE;
            return fresh(register);
        }
        return fresh();
    }

    // ---- slots

    int index(int slot) {
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
        readsStackPointer |= index == owner.stackSlot();
        Value value = slots[index];
        if (value == null) {
            value = wides.half(index);
            if (value == null) {
                value = load(index);
            }
            hold(index, value);
        }
        value.stamp = ++now;
        push(value);
    }

    private Value load(int index) {
        Value value = fresh();
        if (owner.words.get(index)) {
            asm.load32(value.register, SLOTS, 8L * index);
            value.zeroFrom(32);
        } else if (index < VECTOR) {
            asm.load(value.register, SLOTS, 8L * index);
        } else {
            asm.load(RAX, FRAME, Frame.VECTORS);
            asm.load(value.register, RAX, 8L * (index - VECTOR));
        }
        return value;
    }

    @Override
    public void set(int slot) {
        Value value = pop();
        int index = index(slot);
        wides.split(index);
        hold(index, value);
        dirty.set(index);
        release(value);
    }

    @Override
    public void overwrites(int slot) {
        if (slot < VECTOR && slots[slot] != null) {
            hold(slot, null);
        }
    }

    @Override
    public void consumes(int slot) {
        if (owner.temporaries.get(slot)) {
            overwrites(slot);
        }
    }

    void hold(int index, Value value) {
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

    void storeSlot(int index, Value value) {
        slotLater(index, value).run();
    }

    /// Leaves flags alone, but for an outcome.
    void storeTo(int at, long displacement, Value value) {
        storeLater(at, displacement, value).run();
    }

    /// Where a value is now, for [#storeThen].
    static int whereabouts(Value value) {
        if (value.of != null) {
            return whereabouts(value.of) | value.bits << 8;
        }
        return value.register < 0 && value.vector >= 0 ? value.vector | IN_VECTOR : value.register;
    }

    /// Brings memory up to date.
    void flush() {
        flushLater().run();
        dirty.clear();
        wides.areInMemory();
        flagsAreInMemory();
    }

    void flushFlags() {
        List<Runnable> stores = new ArrayList<>();
        addFlags(stores);
        stores.forEach(Runnable::run);
        flagsAreInMemory();
    }

    /// Writes flags to memory for a way that goes on elsewhere.
    void storeFlags() {
        List<Runnable> stores = new ArrayList<>();
        addFlags(stores);
        stores.forEach(Runnable::run);
    }

    /// Leaves flags to memory, whatever kind they are of.
    void leaveFlags() {
        flushFlags();
        for (int i = 0; i < flags.length; i++) {
            setFlag(i, null, false);
        }
        kind = NO_KIND;
        kindInMemory = NO_KIND;
    }

    private void flagsAreInMemory() {
        Arrays.fill(flagDirty, false);
        if (kind != NO_KIND) {
            kindInMemory = recorded(kind);
        }
    }

    /// The instructions that bring memory up to date as things are now, to be written later, out of line.
    Runnable flushLater() {
        List<Runnable> stores = new ArrayList<>();
        for (int i = dirty.nextSetBit(0); i >= 0; i = dirty.nextSetBit(i + 1)) {
            stores.add(slotLater(i, slots[i]));
        }
        wides.addStores(stores);
        if (addFlags(stores)) {
            kindInMemory = NO_KIND; // whether that way has been gone is not known
        }
        if (rotated != null) {
            int rotationThen = rotation;
            stores.add(storeLater(FRAME, Frame.ROTATED, rotated));
            stores.add(() -> asm.storeConstant(FRAME, Frame.ROTATION, rotationThen));
        }
        return () -> stores.forEach(Runnable::run);
    }

    /// Adds the stores of what memory lacks of the flags; returns whether their kind is among it.
    private boolean addFlags(List<Runnable> stores) {
        boolean otherKind = kind != NO_KIND && recorded(kind) != kindInMemory;
        if (otherKind) {
            int kindThen = recorded(kind);
            stores.add(() -> asm.storeConstant32(FRAME, Frame.FLAG_KIND, kindThen));
        }
        for (int i = 0; i < flags.length; i++) {
            if (flagDirty[i]) {
                stores.add(storeLater(FRAME, flagPlace(i), flags[i]));
            }
        }
        return otherKind;
    }

    private Runnable storeLater(int at, long displacement, Value value) {
        if (value.outcome != null) {
            Outcome outcome = value.outcome;
            long left = HostOutcomes.operand(value.left);
            long right = HostOutcomes.operand(value.right);
            return () -> {
                HostOutcomes.compute(asm, outcome, RAX, left, right);
                asm.store(at, displacement, RAX);
            };
        }
        int where = whereabouts(value);
        return () -> storeThen(at, displacement, value, where);
    }

    private Runnable slotLater(int index, Value value) {
        if (index < VECTOR) {
            return storeLater(SLOTS, 8L * index, value);
        }
        Runnable store = storeLater(RCX, 8L * (index - VECTOR), value);
        return () -> {
            asm.load(RCX, FRAME, Frame.VECTORS);
            store.run();
        };
    }

    /// @param where the value's [#whereabouts]
    void storeThen(int at, long displacement, Value value, int where) {
        if (where >= IN_VECTOR + 0x100) {
            asm.moveFromVector(RAX, where & 0xff);
            asm.signExtend((where - IN_VECTOR >> 8) / 8, RAX, RAX);
            asm.store(at, displacement, RAX);
        } else if (where >= IN_VECTOR) {
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

    /// What temporaries hold is needed no more.
    void forgetTemporaries() {
        BitSet temporaries = owner.temporaries;
        for (int i = temporaries.nextSetBit(0); i >= 0; i = temporaries.nextSetBit(i + 1)) {
            if (slots[i] != null) {
                hold(i, null);
            }
        }
    }

    /// Registers hold nothing any more.
    void forget() {
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
        wides.forget();
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

    void setScratch(int index, Value value) {
        Value before = scratch[index];
        scratch[index] = value == null ? null : use(value);
        if (before != null) {
            release(before);
        }
    }

    // ---- flags

    static int flagPlace(int index) {
        return Frame.FLAG_RESULT + 8 * index;
    }

    void setFlag(int index, Value value, boolean isDirty) {
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

    void pushFlag(int index) {
        Value value = flags[index];
        if (value == null) {
            value = fresh();
            asm.load(value.register, FRAME, flagPlace(index));
            setFlag(index, value, false);
        }
        push(value);
    }

    static Value mustHave(Value value) {
        if (value == null) {
            throw Unsupported.UNSUPPORTED;
        }
        return value;
    }

    void forgetRotation() {
        if (rotated != null) {
            release(rotated);
            rotated = null;
        }
    }

    // ---- XMM registers

    /// The XMM register that has a value.
    int inVector(Value value) {
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
    int allocateVector() {
        for (int vector : VECTOR_POOL) {
            if (vectorRegisters[vector] == null && wides.isFree(vector)) {
                return vector;
            }
        }
        for (int vector : VECTOR_POOL) {
            Value value = vectorRegisters[vector];
            if (value == null) {
                continue;
            }
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
        int vector = wides.evict();
        require(vector >= 0);
        return vector;
    }

    /// A value whose only place is an XMM register's low half.
    Value inVector(int vector) {
        Value value = Value.object();
        value.vector = vector;
        value.stamp = ++now;
        vectorRegisters[vector] = value;
        return value;
    }

    static void require(boolean supported) {
        if (!supported) {
            throw Unsupported.UNSUPPORTED;
        }
    }
}
