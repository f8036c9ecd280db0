package straddle.tcg.a64;

import java.util.List;
import org.objectweb.asm.Label;
import org.objectweb.asm.Opcodes;
import straddle.tcg.Cpu;
import straddle.tcg.op.Cond;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.Flags;
import straddle.tcg.op.Jump;
import straddle.tcg.op.MicroOp;
import straddle.tcg.op.Observed;

/// What ends a block.
final class Branches {
    private Branches() {}

    private abstract static class TwoWay extends MicroOp {
        final Jump taken;
        final Jump fallThrough;

        TwoWay(Jump taken, Jump fallThrough) {
            this.taken = taken;
            this.fallThrough = fallThrough;
        }

        final void emitWays(Emitter e, Label yes) {
            e.jump(fallThrough);
            e.way(yes);
            e.jump(taken);
        }

        @Override
        public final List<Jump> jumps() {
            return List.of(taken, fallThrough);
        }

        @Override
        public int emittedBytes() {
            return 110;
        }
    }

    /// A comparison and B.cond in one step.
    static final class CompareBranch extends TwoWay {
        private final Binary compare;
        private final int n;
        private final int m;
        private final long value;
        private final int shift;
        private final int cond;

        /// @param compare SUBS of an unshifted register or a constant, without a result
        CompareBranch(Binary compare, int cond, Jump taken, Jump fallThrough) {
            super(taken, fallThrough);
            this.compare = compare;
            this.n = compare.n;
            this.m = compare.m;
            this.shift = compare.wide ? 0 : 32;
            this.value = compare.value << shift >> shift;
            this.cond = cond;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long a = r[n] << shift >> shift;
            long b = m < 0 ? value : r[m] << shift >> shift;
            long result = a - b << shift >> shift;
            c.setFlags(Flags.DIFFERENCE, result, a, b);
            return Cond.afterDifference(cond, a, b, result) ? taken.exec(c) : fallThrough.exec(c);
        }

        @Override
        public void emit(Emitter e) {
            compare.emitFlags(e);
            Label yes = new Label();
            e.branchIf(cond, yes);
            emitWays(e, yes);
        }

        @Override
        public int emittedBytes() {
            return 160;
        }
    }

    /// CBZ, CBNZ, TBZ and TBNZ: jumps when the bits of a mask are all 0, or not.
    static final class TestBranch extends TwoWay {
        private final int t;
        private final long mask;
        private final boolean ifZero;

        TestBranch(int t, long mask, boolean ifZero, Jump taken, Jump fallThrough) {
            super(taken, fallThrough);
            this.t = t;
            this.mask = mask;
            this.ifZero = ifZero;
        }

        @Override
        public MicroOp exec(Cpu c) {
            return (c.r[t] & mask) == 0 == ifZero ? taken.exec(c) : fallThrough.exec(c);
        }

        @Override
        public void emit(Emitter e) {
            e.get(t);
            if (mask != -1) {
                e.constant(mask);
                e.op(Opcodes.LAND);
            }
            e.constant(0);
            e.op(Opcodes.LCMP);
            Label yes = new Label();
            e.branch(ifZero ? Opcodes.IFEQ : Opcodes.IFNE, yes);
            emitWays(e, yes);
        }
    }

    /// BL.
    static final class Call extends MicroOp {
        private final long back;
        private final Jump to;

        Call(long back, Jump to) {
            this.back = back;
            this.to = to;
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.r[Slots.LR] = back;
            return to.exec(c);
        }

        @Override
        public void emit(Emitter e) {
            e.constant(back);
            e.set(Slots.LR);
            e.jump(to);
        }

        @Override
        public List<Jump> jumps() {
            return List.of(to);
        }

        @Override
        public long returnsTo() {
            return back;
        }

        @Override
        public int emittedBytes() {
            return 40;
        }
    }

    /// BR, BLR and RET.
    static final class Indirect extends MicroOp {
        private final int n;
        private final long back;
        private final boolean isReturn;
        private final Observed observed = new Observed();

        /// @param back where BLR's callee returns to; 0 for the others
        Indirect(int n, long back, boolean isReturn) {
            this.n = n;
            this.back = back;
            this.isReturn = isReturn;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long target = r[n];
            if (back != 0) {
                r[Slots.LR] = back;
            }
            observed.note(target);
            c.pc = target;
            return c.lookup();
        }

        @Override
        public void emit(Emitter e) {
            e.get(n);
            e.keep(Emitter.R);
            e.jumpToOneOf(
                    observed.targets(),
                    this,
                    () -> {
                        if (back != 0) {
                            e.constant(back);
                            e.set(Slots.LR);
                        }
                    });
        }

        @Override
        public long[] observedTargets() {
            return observed.targets();
        }

        @Override
        public long returnsTo() {
            return back;
        }

        @Override
        public boolean isReturn() {
            return isReturn;
        }

        @Override
        public int emittedBytes() {
            return 40 + (Emitter.TARGET_BYTES + (back != 0 ? 8 : 0)) * observed.targets().length;
        }
    }
}
