package straddle.tcg.op;

import java.util.List;
import org.objectweb.asm.Opcodes;
import straddle.tcg.Cpu;

/// Pushes and pops on a stack that grows downwards, its pointer in a register slot.
public final class Stack {
    private Stack() {}

    /// Pushes 8 bytes of a register; 64-bit stack.
    public static final class Push64 extends MicroOp {
        private final int pointer;
        private final int s;

        public Push64(int pointer, int s) {
            this.pointer = pointer;
            this.s = s;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long to = r[pointer] - 8;
            c.store64(to, r[s]);
            r[pointer] = to;
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.get(pointer);
            e.constant(8);
            e.op(Opcodes.LSUB);
            e.keep(Emitter.ADDRESS);
            e.take(Emitter.ADDRESS);
            e.get(s);
            e.store(this, 8);
            e.take(Emitter.ADDRESS);
            e.set(pointer);
        }

        @Override
        public int emittedBytes() {
            return 40 + Emitter.ACCESS_BYTES;
        }
    }

    /// Pops 8 bytes to a register; 64-bit stack.
    public static final class Pop64 extends MicroOp {
        private final int pointer;
        private final int d;

        public Pop64(int pointer, int d) {
            this.pointer = pointer;
            this.d = d;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long from = r[pointer];
            long value = c.load64(from);
            r[pointer] = from + 8;
            r[d] = value;
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.get(pointer);
            e.load(this, 8);
            e.keep(Emitter.R);
            e.get(pointer);
            e.constant(8);
            e.op(Opcodes.LADD);
            e.set(pointer);
            e.take(Emitter.R);
            e.set(d);
        }

        @Override
        public int emittedBytes() {
            return 40 + Emitter.ACCESS_BYTES;
        }
    }

    /// Pushes a return address and jumps; 64-bit stack.
    public static final class Call64 extends MicroOp {
        private final int pointer;
        private final long back;
        private final Jump to;

        public Call64(int pointer, long back, Jump to) {
            this.pointer = pointer;
            this.back = back;
            this.to = to;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long at = r[pointer] - 8;
            c.store64(at, back);
            r[pointer] = at;
            return to.exec(c);
        }

        @Override
        public void emit(Emitter e) {
            e.get(pointer);
            e.constant(8);
            e.op(Opcodes.LSUB);
            e.keep(Emitter.ADDRESS);
            e.take(Emitter.ADDRESS);
            e.constant(back);
            e.store(this, 8);
            e.take(Emitter.ADDRESS);
            e.set(pointer);
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
            return 56 + Emitter.ACCESS_BYTES;
        }
    }
}
