package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import java.util.List;
import org.objectweb.asm.Opcodes;
import straddle.core.arch.x86.Segment;
import straddle.tcg.Cpu;
import straddle.tcg.op.Cond;
import straddle.tcg.op.Ea;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.Jump;
import straddle.tcg.op.MicroOp;
import straddle.tcg.op.Observed;
import straddle.tcg.op.Reg;

/// Micro-ops that only x86 needs: small parts of instructions.
final class X86Op {
    private X86Op() {}

    static final class Nothing extends MicroOp {
        @Override
        public MicroOp exec(Cpu c) {
            return next;
        }

        @Override
        public int emittedBytes() {
            return 0;
        }

        @Override
        public void emit(Emitter e) {}
    }

    /// Raises an exception that the decoder found.
    static final class Raise extends MicroOp {
        private final int vector;

        Raise(int vector) {
            this.vector = vector;
        }

        @Override
        public MicroOp exec(Cpu c) {
            X86Cpu cpu = (X86Cpu) c;
            throw vector == GP ? cpu.gp() : cpu.fault(vector);
        }
    }

    /// Checks a memory operand against its segment's limit and rights (SDM volume 3, 6.3 to 6.5).
    static final class SegmentCheck extends MicroOp {
        private final Ea ea;
        private final int segment;
        private final int width;
        private final boolean write;

        SegmentCheck(Ea ea, int segment, int width, boolean write) {
            this.ea = ea;
            this.segment = segment;
            this.width = width;
            this.write = write;
        }

        @Override
        public MicroOp exec(Cpu c) {
            X86Cpu cpu = (X86Cpu) c;
            check(cpu, segment, ea.offset(c), width, write);
            return next;
        }

        static void check(X86Cpu cpu, int segment, long offset, int width, boolean write) {
            Segment s = cpu.segments[segment];
            int type = s.attributes & Segment.TYPE;
            boolean bad = false;
            if (!cpu.isRealLike()) {
                boolean code = (type & 8) != 0;
                bad =
                        s.has(Segment.UNUSABLE)
                                || (write ? code || (type & 2) == 0 : code && (type & 2) == 0);
            }
            long first = offset & 0xffff_ffffL;
            long last = first + width - 1;
            long limit = s.limit & 0xffff_ffffL;
            if ((type & 0xc) == 4 && !cpu.isRealLike()) {
                long top = s.has(Segment.DB) ? 0xffff_ffffL : 0xffff;
                bad |= first <= limit || last > top;
            } else {
                bad |= last > limit;
            }
            if (bad) {
                throw segment == SS ? cpu.fault(STACK_FAULT, 0) : cpu.gp();
            }
        }
    }

    /// A slot = a segment register's selector.
    static final class ReadSelector extends MicroOp {
        private final int segment;
        private final int d;

        ReadSelector(int segment, int d) {
            this.segment = segment;
            this.d = d;
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.r[d] = ((X86Cpu) c).segments[segment].selector;
            return next;
        }
    }

    /// Pushes onto a stack of any size.
    static final class Push extends MicroOp {
        private final int s;
        private final int width;

        Push(int s, int width) {
            this.s = s;
            this.width = width;
        }

        @Override
        public MicroOp exec(Cpu c) {
            ((X86Cpu) c).push(c.r[s], width);
            return next;
        }
    }

    /// Pops from a stack of any size.
    static final class Pop extends MicroOp {
        private final int d;
        private final int width;

        Pop(int d, int width) {
            this.d = d;
            this.width = width;
        }

        @Override
        public MicroOp exec(Cpu c) {
            X86Cpu cpu = (X86Cpu) c;
            long value = cpu.peek(0, width);
            cpu.release(width);
            Reg.set(c.r, d, width, value);
            return next;
        }
    }

    /// Pops to memory; the stack pointer moves only when the store has succeeded.
    static final class PopMemory extends MicroOp {
        private final int width;
        private final Ea ea;

        PopMemory(int width, Ea ea) {
            this.width = width;
            this.ea = ea;
        }

        @Override
        public MicroOp exec(Cpu c) {
            X86Cpu cpu = (X86Cpu) c;
            c.store(ea.address(c), width, cpu.peek(0, width));
            cpu.release(width);
            return next;
        }
    }

    /// Near jump or call to where a slot says, in 64-bit mode: #GP comes before anything is pushed.
    static final class Indirect64 extends MicroOp {
        private final int s;
        private static final int PUSH_BYTES = 40;

        private final boolean call;
        private final long back;
        private final Observed observed = new Observed();

        /// @param back the return address that a call pushes
        Indirect64(int s, boolean call, long back) {
            this.s = s;
            this.call = call;
            this.back = back;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long target = r[s];
            if (!((X86Cpu) c).isCanonical(target)) {
                throw ((X86Cpu) c).gp();
            }
            if (call) {
                long at = r[RSP] - 8;
                c.store64(at, back);
                r[RSP] = at;
            }
            observed.note(target);
            c.pc = target;
            return c.lookup();
        }

        @Override
        public long[] observedTargets() {
            return observed.targets();
        }

        @Override
        public long returnsTo() {
            return call ? back : 0;
        }

        @Override
        public int emittedBytes() {
            int each = Emitter.TARGET_BYTES + (call ? PUSH_BYTES : 0);
            return 40 + each * observed.targets().length;
        }

        /// What was observed is canonical: only what was not needs the check.
        @Override
        public void emit(Emitter e) {
            e.get(s);
            e.keep(Emitter.R);
            e.jumpToOneOf(observed.targets(), this, () -> emitPush(e));
        }

        private void emitPush(Emitter e) {
            if (call) {
                e.get(RSP);
                e.constant(8);
                e.op(Opcodes.LSUB);
                e.keep(Emitter.ADDRESS);
                e.take(Emitter.ADDRESS);
                e.constant(back);
                e.store(this, 8);
                e.take(Emitter.ADDRESS);
                e.set(RSP);
            }
        }
    }

    /// Near return in 64-bit mode.
    static final class Return64 extends MicroOp {
        private final int release;
        private final Observed observed = new Observed();

        /// @param release bytes of arguments to drop as well
        Return64(int release) {
            this.release = release;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long from = r[RSP];
            long target = c.load64(from);
            if (!((X86Cpu) c).isCanonical(target)) {
                throw ((X86Cpu) c).gp();
            }
            observed.note(target);
            c.pc = target;
            r[RSP] = from + 8 + release;
            return c.lookup();
        }

        @Override
        public boolean isReturn() {
            return true;
        }

        @Override
        public long[] observedTargets() {
            return observed.targets();
        }

        @Override
        public int emittedBytes() {
            return 60
                    + (Emitter.TARGET_BYTES + 12) * observed.targets().length
                    + Emitter.ACCESS_BYTES;
        }

        @Override
        public void emit(Emitter e) {
            if (!e.hasOneOf(observed.targets())) {
                e.leave(this);
                return;
            }
            e.get(RSP);
            e.load(this, 8);
            e.keep(Emitter.R);
            e.jumpToOneOf(observed.targets(), this, () -> emitPop(e));
        }

        private void emitPop(Emitter e) {
            e.get(RSP);
            e.constant(8L + release);
            e.op(Opcodes.LADD);
            e.set(RSP);
        }
    }

    /// Near return outside 64-bit mode.
    static final class Return extends MicroOp {
        private final int width;
        private final int release;
        private final long last;

        /// @param last the code segment's last offset, or -1 where it has no end
        Return(int width, int release, long last) {
            this.width = width;
            this.release = release;
            this.last = last;
        }

        @Override
        public MicroOp exec(Cpu c) {
            X86Cpu cpu = (X86Cpu) c;
            long target = cpu.peek(0, width);
            if (last >= 0 && target > last) {
                throw cpu.gp();
            }
            c.pc = target;
            cpu.release(width + release);
            return c.lookup();
        }
    }

    /// #GP(0) if what a slot says is beyond the code segment's last offset: before a near jump or call to it.
    static final class TargetCheck extends MicroOp {
        private final int s;
        private final int width;
        private final long last;

        TargetCheck(int s, int width, long last) {
            this.s = s;
            this.width = width;
            this.last = last;
        }

        @Override
        public MicroOp exec(Cpu c) {
            if ((c.r[s] & X86Cpu.sizeMask(width)) > last) {
                throw ((X86Cpu) c).gp();
            }
            return next;
        }
    }

    /// A conditional near jump to where the code segment has nothing: #GP(0) at the jump itself if it is taken, with
    /// a LOOP's counter as it was.
    static final class JumpNowhere extends MicroOp {
        static final int NO_CONDITION = -1;

        private final int cond;
        private final long counterMask;
        private final boolean decrement;
        private final Jump fallThrough;

        /// @param cond must hold; or [#NO_CONDITION]
        /// @param counterMask of RCX, or 0 where it does not count
        /// @param decrement whether RCX must not be 0 after being decremented; else it must be 0
        JumpNowhere(int cond, long counterMask, boolean decrement, Jump fallThrough) {
            this.cond = cond;
            this.counterMask = counterMask;
            this.decrement = decrement;
            this.fallThrough = fallThrough;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long count = (decrement ? r[RCX] - 1 : r[RCX]) & counterMask;
            boolean counts = counterMask == 0 || decrement == (count != 0);
            if (counts && (cond == NO_CONDITION || Cond.test(c, cond))) {
                throw ((X86Cpu) c).gp();
            }
            if (decrement) {
                r[RCX] = counterMask == 0xffff ? r[RCX] & ~counterMask | count : count;
            }
            return fallThrough.exec(c);
        }

        @Override
        public List<Jump> jumps() {
            return List.of(fallThrough);
        }
    }
}
