package straddle.tcg.a64;

import org.objectweb.asm.Opcodes;
import straddle.tcg.Cpu;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.MicroOp;
import straddle.tcg.simd.Lanes;
import straddle.tcg.simd.Whole;
import straddle.tcg.simd.WholeResult;

/// Micro-ops of vector instructions that no other architecture has like this.
final class SimdOps {
    private SimdOps() {}

    /// AES and SHA.
    static final class Cryptographic extends WholeResult {
        private final Simd row;
        private final int n;
        private final int m;

        Cryptographic(Simd row, int d, int n, int m) {
            super(d);
            this.row = row;
            this.n = n;
            this.m = m;
        }

        @Override
        public MicroOp exec(Cpu c) {
            Crypto.run(row, c, d, n, m);
            return next;
        }
    }

    /// TBL and TBX.
    static final class Lookup extends WholeResult {
        private final int n;
        private final int m;
        private final int registers;
        private final boolean keep;
        private final boolean q;

        Lookup(int d, int n, int m, int registers, boolean keep, boolean q) {
            super(d);
            this.n = n;
            this.m = m;
            this.registers = registers;
            this.keep = keep;
            this.q = q;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long low = 0;
            long high = 0;
            for (int i = 0; i < (q ? 16 : 8); i++) {
                int index = (int) Whole.get(r[m], r[m + 1], 0, i);
                long value;
                if (index < 16 * registers) {
                    int slot = Slots.V + (n - Slots.V + 2 * (index >>> 4)) % 64;
                    value = Whole.get(r[slot], r[slot + 1], 0, index & 15);
                } else {
                    value = keep ? Whole.get(r[d], r[d + 1], 0, i) : 0;
                }
                low |= Whole.put(false, value, 0, i);
                high |= Whole.put(true, value, 0, i);
            }
            r[d] = low;
            r[d + 1] = high;
            return next;
        }
    }

    /// SMOV and UMOV.
    static final class MoveOut extends MicroOp {
        private final int d;
        private final int s;
        private final int shift;
        private final int size;
        private final boolean signed;
        private final boolean wide;

        MoveOut(int d, int n, int size, int index, boolean signed, boolean wide) {
            int bit = index << size + 3;
            this.d = d;
            this.s = n + bit / 64;
            this.shift = bit % 64;
            this.size = size;
            this.signed = signed;
            this.wide = wide;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long value = c.r[s] >>> shift & Lanes.mask(size);
            if (signed) {
                value = Lanes.signed(value, size);
                if (!wide) {
                    value &= 0xffff_ffffL;
                }
            }
            c.r[d] = value;
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.get(s);
            e.shift(Opcodes.LUSHR, shift);
            if (signed) {
                e.signExtend(1 << size);
                if (!wide) {
                    e.zeroExtend(4);
                }
            } else {
                e.zeroExtend(1 << size);
            }
            Slots.set(e, d);
        }

        @Override
        public int emittedBytes() {
            return 20;
        }
    }
}
