package straddle.tcg.op;

import org.objectweb.asm.Label;
import org.objectweb.asm.Opcodes;

/// What micro-ops say to have themselves compiled: the JVM's instructions on an operand stack, register slots, scratch
/// locals, accesses to guest memory, lazy flags, and jumps between blocks.
///
/// [BytecodeEmitter] writes it down for HotSpot; [straddle.tcg.machine.MachineEmitter] turns it into the host's machine
/// code at once. At every label the operand stack is empty.
public abstract class Emitter {
    // Scratch locals of one micro-op, 8 bytes each, by the number that a region's method has for
    // them.
    public static final int A = 17;
    public static final int B = 19;
    public static final int R = 21;
    public static final int ADDRESS = 23;

    /// Added to an index in [straddle.tcg.Cpu#vectors], makes it a slot's number.
    public static final int VECTOR = 0x400;

    /// Bytecode for each target of an indirect jump, at most, without what comes before the jump.
    public static final int TARGET_BYTES = 24;

    /// Bytecode for an access to memory besides its address, at most.
    public static final int ACCESS_BYTES = 142;

    /// Besides the kinds of [Flags], what is known of the flags at a place: nothing, ...
    public static final int NO_KIND = -1;

    /// ... or that they are those of a subtraction without a borrow, so that its operands can be compared.
    protected static final int COMPARISON = 100;

    protected final int zeroSlot;

    /// @param zeroSlot the slot that always holds 0
    protected Emitter(int zeroSlot) {
        this.zeroSlot = zeroSlot;
    }

    /// How many bytes of bytecode [#compute] takes, at most.
    public static int computeBytes(int writes) {
        return 24 + 8 * writes;
    }

    /// What [straddle.tcg.Cpu#flagKind] says where this is known.
    protected static int recorded(int kind) {
        return kind == COMPARISON ? Flags.SUB : kind;
    }

    // ---- structure

    /// The next access may fault: the handler must know for which micro-op.
    public abstract void mark(MicroOp op);

    /// Runs a micro-op that has no code of its own.
    public abstract void call(MicroOp op);

    /// Runs a micro-op that has no code of its own and does nothing but read slots and write some.
    public abstract void compute(MicroOp op, int... writes);

    /// Leaves the compiled code and goes on with a micro-op.
    public abstract void leave(MicroOp op);

    /// Whether [#leaveUnless] may be used.
    public abstract boolean canLeave();

    /// Leaves a micro-op that has done nothing yet to the interpreter unless the int on the operand stack, on which
    /// there is nothing else, is 1.
    public abstract void leaveUnless(MicroOp op);

    /// Goes on at a direct jump's target.
    public abstract void jump(Jump jump);

    /// Goes on at the program counter in R, after `before`, if the code there is known; otherwise leaves by `op`, which
    /// runs from its beginning.
    ///
    /// @param targets what was observed
    public abstract void jumpToOneOf(long[] targets, MicroOp op, Runnable before);

    /// Whether there is anything that [#jumpToOneOf] could go to.
    public abstract boolean hasOneOf(long[] targets);

    /// Whether [#leaveIfAny] may be used.
    public boolean canLeaveIfAny() {
        return false;
    }

    /// Leaves a micro-op that has done nothing yet to Java if the value on the operand stack has one of some bits.
    public void leaveIfAny(int bits, MicroOp op) {
        throw new UnsupportedOperationException();
    }

    /// Whether no other vCPU sees memory, and [#leaveUnlessStorable] may be used.
    public boolean isAlone() {
        return false;
    }

    /// Address → address: leaves a micro-op that has done nothing yet to Java unless a store there finds plain memory that
    /// it may store to.
    public void leaveUnlessStorable(MicroOp op, int width) {
        throw new UnsupportedOperationException();
    }

    /// Whether code may change the level of privilege by itself: then [#jumpToOtherLevel] may be used.
    ///
    /// @param op leaves for Java, having done nothing, where the CPU does not promise it
    public boolean canChangeLevel(MicroOp op) {
        return false;
    }

    /// Whether the slots of system state may be written, and what follows used; [straddle.tcg.Cpu#codeLeft] is called.
    public boolean hasSystemState() {
        return false;
    }

    /// Leaves a micro-op that has done nothing yet to Java if interrupts wait for their flag.
    public void leaveIfInterrupted(MicroOp op) {
        throw new UnsupportedOperationException();
    }

    /// A TLB's address → nothing: accesses go by that one from here on.
    public void useTlb() {
        throw new UnsupportedOperationException();
    }

    /// Whether the guest's time-stamp counter is the host's, and [#counter] pushes it.
    public boolean hasCounter() {
        return false;
    }

    public void counter() {
        throw new UnsupportedOperationException();
    }

    /// From, to, count → nothing: copies so many elements, one after the other, upwards. Leaves a micro-op that has done
    /// nothing yet to Java unless there are some, and both ends are plain memory within a page.
    public void copyRun(MicroOp op, int width) {
        throw new UnsupportedOperationException();
    }

    /// Value, to, count → nothing: the same, filling.
    public void fillRun(MicroOp op, int width) {
        throw new UnsupportedOperationException();
    }

    /// Pushes the flags as bits.
    public void flagBits() {
        throw new UnsupportedOperationException();
    }

    /// As [#jumpToOneOf], at [straddle.tcg.Cpu#otherMode()].
    ///
    /// @param how what [straddle.tcg.Cpu#levelChanged] is told, not 0
    public void jumpToOtherLevel(int how, MicroOp op, Runnable before) {
        throw new UnsupportedOperationException();
    }

    /// Jumps within a micro-op by the JVM's instruction.
    public abstract void branch(int opcode, Label to);

    /// Begins a second way within a micro-op.
    public abstract void way(Label label);

    /// Where ways within a micro-op meet again: what kind of flags there are is known only when it runs.
    public abstract void join(Label label);

    /// What comes next reads and writes [straddle.tcg.Cpu#vectors].
    public abstract void beforeVectors();

    /// It has.
    public abstract void afterVectors();

    /// Vector d = s, both halves.
    public void copyVector(int d, int s) {
        get(VECTOR + s);
        get(VECTOR + s + 1);
        set(VECTOR + d + 1);
        set(VECTOR + d);
    }

    // ---- pairs of slots as whole vectors

    /// Whether [#loadPair] and [#storePair] may be used.
    public boolean hasPairs() {
        return false;
    }

    /// Address → nothing: a pair of slots, the first of which is even, becomes 16 bytes of memory. There is nothing else
    /// on the operand stack.
    public void loadPair(MicroOp op, int slot) {
        throw new UnsupportedOperationException();
    }

    public void storePair(MicroOp op, int slot) {
        throw new UnsupportedOperationException();
    }

    /// Does an operation on pairs of slots, or returns false if there is no code for it.
    public boolean vector(VectorOperation operation) {
        return false;
    }

    // ---- values on the operand stack

    public abstract void integer(int value);

    public abstract void constant(long value);

    /// The whole slot.
    public abstract void get(int slot);

    public abstract void set(int slot);

    /// What a slot holds is not needed any more but on the operand stack: the present micro-op, which neither faults nor
    /// leaves, is going to overwrite it.
    public void overwrites(int slot) {}

    /// The same where the slot is a temporary that the present micro-op reads, as the last one to do so.
    public void consumes(int slot) {}

    /// A plain instruction of the JVM.
    public abstract void op(int opcode);

    /// Two sign-extended operands → their sum, difference or combination by bits, sign-extended.
    ///
    /// @param opcode LADD, LSUB, LAND, LOR or LXOR
    public abstract void arithmetic(int opcode, int width);

    /// Pushes what an operation on the zero-extended words in A and B comes to.
    public void outcome(Outcome outcome) {
        outcome.emit(this);
    }

    public abstract void take(int scratch);

    public abstract void keep(int scratch);

    /// A static method of [RegionRuntime].
    public abstract void runtime(String name, String descriptor);

    /// Pushes the CPU.
    public abstract void cpu();

    /// A static method of an architecture's, which sees neither slots nor flags. If it may fault, [#mark]
    /// must come before.
    public abstract void invoke(String owner, String name, String descriptor);

    public abstract void zeroExtend(int width);

    public abstract void signExtend(int width);

    /// Part of a slot, zero-extended.
    public final void get(int reg, int width) {
        get(reg & ~Reg.HIGH);
        if ((reg & Reg.HIGH) != 0) {
            shift(Opcodes.LUSHR, 8);
        }
        zeroExtend(width);
    }

    /// Part of a slot, sign-extended.
    public final void getSigned(int reg, int width) {
        get(reg & ~Reg.HIGH);
        if ((reg & Reg.HIGH) != 0) {
            shift(Opcodes.LUSHR, 8);
        }
        signExtend(width);
    }

    /// Sets part of a slot as [Reg#set] does.
    public final void set(int reg, int width) {
        if (width == 8) {
            set(reg);
            return;
        }
        zeroExtend(width);
        if (width < 4) {
            int slot = reg & ~Reg.HIGH;
            int shift = (reg & Reg.HIGH) != 0 ? 8 : 0;
            if (shift != 0) {
                shift(Opcodes.LSHL, shift);
            }
            get(slot);
            constant(~((1L << 8 * width) - 1 << shift));
            op(Opcodes.LAND);
            op(Opcodes.LOR);
            set(slot);
        } else {
            set(reg);
        }
    }

    public final void shift(int opcode, int by) {
        if (by != 0) {
            integer(by);
            op(opcode);
        }
    }

    // ---- memory

    /// Address → value, zero-extended; there is nothing else on the operand stack.
    public abstract void load(MicroOp op, int width);

    /// The same for a floating-point number of 4 or 8 bytes.
    public void loadScalar(MicroOp op, int width) {
        load(op, width);
    }

    /// Address, value → nothing; there is nothing else on the operand stack.
    public abstract void store(MicroOp op, int width);

    /// The offset that an effective address computes to.
    public final void offset(Ea ea) {
        boolean some = false;
        if (ea.base() != zeroSlot) {
            get(ea.base());
            some = true;
        }
        if (ea.index() != zeroSlot) {
            get(ea.index());
            shift(Opcodes.LSHL, ea.scale());
            if (some) {
                op(Opcodes.LADD);
            }
            some = true;
        }
        if (!some) {
            constant(ea.displacement());
        } else if (ea.displacement() != 0) {
            constant(ea.displacement());
            op(Opcodes.LADD);
        }
        mask(ea.mask());
    }

    public final void address(Ea ea) {
        offset(ea);
        if (ea.segment() != zeroSlot) {
            get(ea.segment());
            op(Opcodes.LADD);
        }
        mask(ea.linearMask());
    }

    private void mask(long mask) {
        if (mask != -1) {
            constant(mask);
            op(Opcodes.LAND);
        }
    }

    // ---- flags

    /// Records flags; the operands come from scratch locals.
    public abstract void flags(int kind, int result, int a, int b);

    /// Records the flags of a bitwise operation.
    public abstract void logicFlags(int result);

    /// Records the flags of a subtraction without a borrow.
    public abstract void comparisonFlags(int result, int a, int b);

    /// Records flags as bits, which are on the operand stack.
    public abstract void eagerFlags();

    /// Replaces the carry flag by bit 0 of a scratch local.
    public abstract void carryFlag(int scratch);

    /// Records the flags of a rotation whose zero-extended result is in R: carry and overflow.
    public abstract void rotateFlags(boolean left, int bits);

    /// Pushes the carry flag as an int.
    public abstract void carry();

    /// Pushes 1 if a condition holds, else 0.
    public abstract void condition(int cond);

    /// Jumps within a micro-op if a condition holds.
    public abstract void branchIf(int cond, Label to);
}
