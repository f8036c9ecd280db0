package straddle.tcg.arm;

import org.objectweb.asm.Opcodes;
import straddle.tcg.Cpu;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.MicroOp;
import straddle.tcg.op.Word;
import straddle.tcg.simd.LaneRuntime;

/// Micro-ops of Advanced SIMD that AArch64 has not. Operands are slots.
final class NeonOps {
    private static final String LANES = "straddle/tcg/simd/LaneRuntime";

    private NeonOps() {}

    /// VTBL and VTBX: bytes from registers that follow each other.
    static final class Lookup extends MicroOp {
        private final int d;
        private final int n;
        private final int m;
        private final int registers;
        private final boolean keeps;

        /// @param keeps whether bytes stay whose index is too large; they become 0 otherwise
        Lookup(int d, int n, int m, int registers, boolean keeps) {
            this.d = d;
            this.n = n;
            this.m = m;
            this.registers = registers;
            this.keeps = keeps;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long indices = r[m];
            long result = 0;
            for (int bit = 0; bit < 64; bit += 8) {
                int index = (int) (indices >>> bit) & 0xff;
                long from =
                        index < 8 * registers
                                ? r[n + (index >>> 3)] >>> 8 * (index & 7)
                                : keeps ? r[d] >>> bit : 0;
                result |= (from & 0xff) << bit;
            }
            r[d] = result;
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.compute(this, d);
        }

        @Override
        public int emittedBytes() {
            return Emitter.computeBytes(1);
        }
    }

    /// Every third element of three longs, or three longs' elements in turns.
    static final class Thirds extends MicroOp {
        private final boolean together;
        private final int d;
        private final int x;
        private final int y;
        private final int z;
        private final int size;
        private final int part;

        /// @param together whether elements of x, y and z alternate in the result; else they are taken apart
        /// @param part which third
        Thirds(boolean together, int d, int[] from, int size, int part) {
            this.together = together;
            this.d = d;
            this.x = from[0];
            this.y = from[1];
            this.z = from[2];
            this.size = size;
            this.part = part;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            r[d] =
                    together
                            ? LaneRuntime.inTurns(r[x], r[y], r[z], size, part)
                            : LaneRuntime.eachThird(r[x], r[y], r[z], size, part);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.get(x);
            e.get(y);
            e.get(z);
            e.integer(size);
            e.integer(part);
            e.invoke(LANES, together ? "inTurns" : "eachThird", "(JJJII)J");
            e.set(d);
        }

        @Override
        public int emittedBytes() {
            return 24;
        }
    }

    /// An access's address must be a multiple of so many bytes.
    static final class RequireAligned extends MicroOp {
        private final int base;
        private final int bytes;
        private final boolean store;

        RequireAligned(int base, int bytes, boolean store) {
            this.base = base;
            this.bytes = bytes;
            this.store = store;
        }

        @Override
        public MicroOp exec(Cpu c) {
            Word.aligned(c.r[base], bytes, store, c);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.mark(this);
            e.get(base);
            e.integer(bytes);
            e.integer(store ? 1 : 0);
            e.cpu();
            e.invoke("straddle/tcg/op/Word", "aligned", "(JIZLstraddle/tcg/Cpu;)J");
            e.op(Opcodes.POP2);
        }

        @Override
        public int emittedBytes() {
            return 60;
        }
    }
}
