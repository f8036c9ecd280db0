package straddle.tcg.op;

import org.objectweb.asm.Opcodes;
import straddle.tcg.Cpu;

/// Words in either half of a slot, for architectures whose single-precision registers are halves of the double ones.
///
/// An operand is a slot, or'ed with [#HIGH] for the upper half.
public final class Halves {
    public static final int HIGH = 0x100;

    private static final long LOW = 0xffff_ffffL;

    private Halves() {}

    /// The operand in the low bits, whatever is above it.
    public static long get(long[] r, int operand) {
        return (operand & HIGH) == 0 ? r[operand] : r[operand & ~HIGH] >>> 32;
    }

    public static void set(long[] r, int operand, long value) {
        int slot = operand & ~HIGH;
        r[slot] =
                (operand & HIGH) == 0 ? r[slot] & ~LOW | value & LOW : r[slot] & LOW | value << 32;
    }

    /// Pushes the operand in the low bits, whatever is above it.
    public static void emitGet(Emitter e, int operand) {
        e.get(operand & ~HIGH);
        if ((operand & HIGH) != 0) {
            e.shift(Opcodes.LUSHR, 32);
        }
    }

    /// Sets the half to the low bits of what is on the operand stack.
    public static void emitSet(Emitter e, int operand) {
        int slot = operand & ~HIGH;
        if ((operand & HIGH) == 0) {
            e.zeroExtend(4);
        } else {
            e.shift(Opcodes.LSHL, 32);
        }
        e.get(slot);
        e.constant((operand & HIGH) == 0 ? ~LOW : LOW);
        e.op(Opcodes.LAND);
        e.op(Opcodes.LOR);
        e.set(slot);
    }

    /// d = (x and keep) xor flip: a copy, and floating-point signs changed.
    public static final class Copy extends MicroOp {
        private final boolean single;
        private final int d;
        private final int x;
        private final long keep;
        private final long flip;

        /// @param single whether d is a half
        public Copy(boolean single, int d, int x, long keep, long flip) {
            this.single = single;
            this.d = d;
            this.x = x;
            this.keep = keep;
            this.flip = flip;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long result = Halves.get(c.r, x) & keep ^ flip;
            if (single) {
                Halves.set(c.r, d, result);
            } else {
                c.r[d] = result;
            }
            return next;
        }

        @Override
        public void emit(Emitter e) {
            emitGet(e, x);
            if (keep != -1) {
                e.constant(keep);
                e.op(Opcodes.LAND);
            }
            if (flip != 0) {
                e.constant(flip);
                e.op(Opcodes.LXOR);
            }
            if (single) {
                emitSet(e, d);
            } else {
                e.set(d);
            }
        }

        @Override
        public int emittedBytes() {
            return 48;
        }
    }
}
