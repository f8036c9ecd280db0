package straddle.tcg.op;

import java.util.List;
import org.objectweb.asm.Label;
import org.objectweb.asm.Opcodes;
import straddle.tcg.Cpu;

/// What ends a block besides a plain [Jump].
public final class Branch {
    private Branch() {}

    /// A conditional jump on the flags.
    public static final class Conditional extends MicroOp {
        private final int cond;
        private final Jump taken;
        private final Jump fallThrough;

        public Conditional(int cond, Jump taken, Jump fallThrough) {
            this.cond = cond;
            this.taken = taken;
            this.fallThrough = fallThrough;
        }

        @Override
        public MicroOp exec(Cpu c) {
            return Cond.test(c, cond) ? taken.exec(c) : fallThrough.exec(c);
        }

        @Override
        public void emit(Emitter e) {
            Label yes = new Label();
            e.branchIf(cond, yes);
            e.jump(fallThrough);
            e.way(yes);
            e.jump(taken);
        }

        @Override
        public List<Jump> jumps() {
            return List.of(taken, fallThrough);
        }

        @Override
        public int emittedBytes() {
            return 110;
        }
    }

    /// Compares d with s, or tests them, and jumps: two guest instructions in one step.
    public static final class CompareRegisters extends MicroOp {
        private final boolean test;
        private final int d;
        private final int s;
        private final int shift;
        private final int cond;
        private final Jump taken;
        private final Jump fallThrough;

        /// @param test AND instead of SUB
        /// @param width 4 or 8
        public CompareRegisters(
                boolean test, int width, int d, int s, int cond, Jump taken, Jump fallThrough) {
            this.test = test;
            this.d = d;
            this.s = s;
            this.shift = 64 - 8 * width;
            this.cond = cond;
            this.taken = taken;
            this.fallThrough = fallThrough;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long a = r[d] << shift >> shift;
            long b = r[s] << shift >> shift;
            return compare(c, test, cond, a, b, shift) ? taken.exec(c) : fallThrough.exec(c);
        }

        @Override
        public void emit(Emitter e) {
            int width = shift == 0 ? 8 : 4;
            e.getSigned(d, width);
            e.keep(Emitter.A);
            e.getSigned(s, width);
            e.keep(Emitter.B);
            emitCompare(e, test, width, cond, taken, fallThrough);
        }

        @Override
        public List<Jump> jumps() {
            return List.of(taken, fallThrough);
        }

        @Override
        public int emittedBytes() {
            return 110;
        }
    }

    /// Compares d with a constant, or tests it, and jumps.
    public static final class CompareConstant extends MicroOp {
        private final boolean test;
        private final int d;
        private final long value;
        private final int shift;
        private final int cond;
        private final Jump taken;
        private final Jump fallThrough;

        /// @param test AND instead of SUB
        /// @param width 4 or 8
        public CompareConstant(
                boolean test,
                int width,
                int d,
                long value,
                int cond,
                Jump taken,
                Jump fallThrough) {
            this.test = test;
            this.d = d;
            this.shift = 64 - 8 * width;
            this.value = value << shift >> shift;
            this.cond = cond;
            this.taken = taken;
            this.fallThrough = fallThrough;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long a = c.r[d] << shift >> shift;
            return compare(c, test, cond, a, value, shift) ? taken.exec(c) : fallThrough.exec(c);
        }

        @Override
        public void emit(Emitter e) {
            int width = shift == 0 ? 8 : 4;
            e.getSigned(d, width);
            e.keep(Emitter.A);
            e.constant(value);
            e.keep(Emitter.B);
            emitCompare(e, test, width, cond, taken, fallThrough);
        }

        @Override
        public List<Jump> jumps() {
            return List.of(taken, fallThrough);
        }

        @Override
        public int emittedBytes() {
            return 110;
        }
    }

    private static boolean compare(Cpu c, boolean test, int cond, long a, long b, int shift) {
        if (test) {
            long result = a & b;
            c.setFlags(Flags.LOGIC, result, 0, 0);
            return Cond.afterLogic(cond, result);
        }
        long result = a - b << shift >> shift;
        c.setFlags(Flags.SUB, result, a, b);
        return Cond.afterCompare(cond, a, b, result);
    }

    /// Bytecode of [#compare] on the scratch operands A and B, and of the jump.
    private static void emitCompare(
            Emitter e, boolean test, int width, int cond, Jump taken, Jump fallThrough) {
        e.take(Emitter.A);
        e.take(Emitter.B);
        e.arithmetic(test ? Opcodes.LAND : Opcodes.LSUB, width);
        e.keep(Emitter.R);
        if (test) {
            e.logicFlags(Emitter.R);
        } else {
            e.comparisonFlags(Emitter.R, Emitter.A, Emitter.B);
        }
        Label holds = new Label();
        e.branchIf(cond, holds);
        e.jump(fallThrough);
        e.way(holds);
        e.jump(taken);
    }

    /// A jump when a counter register is zero, or is not: JCXZ, LOOP and their kin.
    public static final class Counter extends MicroOp {
        private final int slot;
        private final long mask;
        private final boolean decrement;
        private final int cond;
        private final Jump taken;
        private final Jump fallThrough;

        /// @param mask of the counter's width
        /// @param decrement jump if the decremented counter is not zero, otherwise if the counter is zero
        /// @param cond must hold too; -1 for none
        public Counter(
                int slot, long mask, boolean decrement, int cond, Jump taken, Jump fallThrough) {
            this.slot = slot;
            this.mask = mask;
            this.decrement = decrement;
            this.cond = cond;
            this.taken = taken;
            this.fallThrough = fallThrough;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            boolean jump;
            if (decrement) {
                long count = r[slot] - 1 & mask;
                r[slot] = mask == 0xffff ? r[slot] & ~mask | count : count;
                jump = count != 0 && (cond < 0 || Cond.test(c, cond));
            } else {
                jump = (r[slot] & mask) == 0;
            }
            return jump ? taken.exec(c) : fallThrough.exec(c);
        }

        @Override
        public void emit(Emitter e) {
            if (mask != -1) {
                e.leave(this);
                return;
            }
            Label yes = new Label();
            if (decrement && cond >= 0) {
                e.leave(this);
                return;
            }
            e.get(slot);
            if (decrement) {
                e.constant(1);
                e.op(Opcodes.LSUB);
                e.op(Opcodes.DUP2);
                e.set(slot);
            }
            e.constant(0);
            e.op(Opcodes.LCMP);
            e.branch(decrement ? Opcodes.IFNE : Opcodes.IFEQ, yes);
            e.jump(fallThrough);
            e.way(yes);
            e.jump(taken);
        }

        @Override
        public List<Jump> jumps() {
            return List.of(taken, fallThrough);
        }

        @Override
        public int emittedBytes() {
            return 110;
        }
    }

    /// d = where the function returns to that is called next.
    public static final class Link extends MicroOp {
        private final int d;
        private final long value;
        private final long back;

        public Link(int d, long back) {
            this(d, back, back);
        }

        /// @param value the return address as the register has it, such as with a bit for the instruction set
        public Link(int d, long value, long back) {
            this.d = d;
            this.value = value;
            this.back = back;
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.r[d] = value;
            return next;
        }

        @Override
        public long returnsTo() {
            return back;
        }

        @Override
        public void emit(Emitter e) {
            e.constant(value);
            e.set(d);
        }

        @Override
        public int emittedBytes() {
            return 6;
        }
    }

    /// A jump to the address in a register slot.
    public static final class Indirect extends MicroOp {
        private final int s;
        private final long mask;
        private final boolean isReturn;
        private final Observed observed = new Observed();

        /// @param mask of the program counter's width
        public Indirect(int s, long mask) {
            this(s, mask, false);
        }

        /// @param isReturn whether it returns from a function
        public Indirect(int s, long mask, boolean isReturn) {
            this.s = s;
            this.mask = mask;
            this.isReturn = isReturn;
        }

        @Override
        public boolean isReturn() {
            return isReturn;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long target = c.r[s] & mask;
            observed.note(target);
            c.pc = target;
            return c.lookup();
        }

        @Override
        public long[] observedTargets() {
            return observed.targets();
        }

        @Override
        public int emittedBytes() {
            return 40 + Emitter.TARGET_BYTES * observed.targets().length;
        }

        @Override
        public void emit(Emitter e) {
            e.get(s);
            if (mask != -1) {
                e.constant(mask);
                e.op(Opcodes.LAND);
            }
            e.keep(Emitter.R);
            e.jumpToOneOf(observed.targets(), this, () -> {});
        }
    }

    /// Goes on with whatever the program counter says: after an operation that set it.
    public static final class Anywhere extends MicroOp {
        public Anywhere() {}

        @Override
        public MicroOp exec(Cpu c) {
            return c.lookup();
        }
    }
}
