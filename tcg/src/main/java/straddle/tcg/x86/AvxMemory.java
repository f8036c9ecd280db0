package straddle.tcg.x86;

import straddle.tcg.Cpu;
import straddle.tcg.op.Ea;
import straddle.tcg.op.MicroOp;

/// AVX's accesses to some elements of memory: masked loads and stores, and gathers (SDM volume 2, VMASKMOV,
/// VPMASKMOV, VGATHER). Elements that the mask leaves out are not touched and don't fault.
final class AvxMemory {
    private AvxMemory() {}

    /// Whether the sign bit of an element is set.
    private static boolean isSet(long[] v, long[] w, int register, int element, int bytes) {
        return get(v, w, register, element, bytes) >>> 8 * bytes - 1 != 0;
    }

    /// An element of 4 or 8 bytes of a register, zero-extended.
    private static long get(long[] v, long[] w, int register, int element, int bytes) {
        int at = element * bytes;
        long[] half = at < 16 ? v : w;
        long quad = half[register + (at >>> 3 & 1)];
        return bytes == 8 ? quad : quad >>> 8 * (at & 4) & 0xffff_ffffL;
    }

    private static void set(long[] v, long[] w, int register, int element, int bytes, long value) {
        int at = element * bytes;
        long[] half = at < 16 ? v : w;
        int i = register + (at >>> 3 & 1);
        if (bytes == 8) {
            half[i] = value;
        } else {
            int shift = 8 * (at & 4);
            half[i] = half[i] & ~(0xffff_ffffL << shift) | (value & 0xffff_ffffL) << shift;
        }
    }

    /// These accesses need no alignment, not even where others are checked.
    private static long load(Cpu c, long at, int bytes) {
        if ((at & bytes - 1) == 0) {
            return c.load(at, bytes);
        }
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value |= c.load8(at + i & c.addressMask()) << 8 * i;
        }
        return value;
    }

    private static void store(Cpu c, long at, int bytes, long value) {
        if ((at & bytes - 1) == 0) {
            c.store(at, bytes, value);
            return;
        }
        for (int i = 0; i < bytes; i++) {
            c.store8(at + i & c.addressMask(), value >>> 8 * i);
        }
    }

    /// Faults as a store would.
    static final class Probe extends MicroOp {
        private final Ea ea;
        private final int bytes;

        Probe(Ea ea, int bytes) {
            this.ea = ea;
            this.bytes = bytes;
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.probeStore(ea.address(c), bytes);
            return next;
        }
    }

    /// d = the elements of memory that the mask chooses, 0 for the others.
    static final class MaskedLoad extends MicroOp {
        private final int d;
        private final int mask;
        private final Ea ea;
        private final int segment;
        private final int bytes;
        private final int count;

        MaskedLoad(int d, int mask, Ea ea, int segment, int bytes, boolean wide) {
            this.d = d;
            this.mask = mask;
            this.ea = ea;
            this.segment = segment;
            this.bytes = bytes;
            this.count = (wide ? 32 : 16) / bytes;
        }

        @Override
        public MicroOp exec(Cpu c) {
            X86Cpu cpu = (X86Cpu) c;
            long[] v = cpu.v;
            long[] w = cpu.w;
            int to = AvxIntegers.SPARE;
            long offset = ea.offset(c);
            VectorRuntime.setQuad(0, c, to);
            VectorRuntime.clearUpper(c, to);
            for (int i = 0; i < count; i++) {
                if (isSet(v, w, mask, i, bytes)) {
                    long at =
                            cpu.linear(
                                    segment, offset + (long) i * bytes & ea.mask(), bytes, false);
                    set(v, w, to, i, bytes, AvxMemory.load(c, at, bytes));
                }
            }
            VectorRuntime.copy256(c, d, to);
            return next;
        }
    }

    /// Stores the elements of s that the mask chooses: all or, if one of them faults, none.
    static final class MaskedStore extends MicroOp {
        private final int s;
        private final int mask;
        private final Ea ea;
        private final int segment;
        private final int bytes;
        private final int count;

        MaskedStore(int s, int mask, Ea ea, int segment, int bytes, boolean wide) {
            this.s = s;
            this.mask = mask;
            this.ea = ea;
            this.segment = segment;
            this.bytes = bytes;
            this.count = (wide ? 32 : 16) / bytes;
        }

        @Override
        public MicroOp exec(Cpu c) {
            X86Cpu cpu = (X86Cpu) c;
            long[] v = cpu.v;
            long[] w = cpu.w;
            long offset = ea.offset(c);
            for (int i = 0; i < count; i++) {
                if (isSet(v, w, mask, i, bytes)) {
                    c.probeStore(at(cpu, offset, i), bytes);
                }
            }
            for (int i = 0; i < count; i++) {
                if (isSet(v, w, mask, i, bytes)) {
                    AvxMemory.store(c, at(cpu, offset, i), bytes, get(v, w, s, i, bytes));
                }
            }
            return next;
        }

        private long at(X86Cpu c, long offset, int i) {
            return c.linear(segment, offset + (long) i * bytes & ea.mask(), bytes, true);
        }
    }

    /// Loads elements from a base and a vector of indices. Each that has had its turn is struck out of the mask, so
    /// that the instruction goes on where it was after a fault; the others keep their mask as it is, as on AMD's
    /// processors.
    static final class Gather extends MicroOp {
        private final int d;
        private final int mask;
        private final int indices;
        private final int scale;
        private final Ea ea;
        private final int segment;
        private final int bytes;
        private final int indexBytes;
        private final int count;
        private final int length;

        /// @param ea the address without the indices
        /// @param bytes of an element of d
        /// @param indexBytes of an element of the indices
        Gather(Insn insn, Ea ea, int segment, int bytes, int indexBytes) {
            this.d = 2 * insn.reg;
            this.mask = 2 * insn.vvvv;
            this.indices = 2 * insn.vectorIndex;
            this.scale = insn.scale;
            this.ea = ea;
            this.segment = segment;
            this.bytes = bytes;
            this.indexBytes = indexBytes;
            this.count = (insn.wide ? 32 : 16) / Math.max(bytes, indexBytes);
            this.length = count * bytes;
        }

        @Override
        public MicroOp exec(Cpu c) {
            X86Cpu cpu = (X86Cpu) c;
            long[] v = cpu.v;
            long[] w = cpu.w;
            long offset = ea.offset(c);
            for (int i = 0; i < count; i++) {
                if (isSet(v, w, mask, i, bytes)) {
                    long element = get(v, w, indices, i, indexBytes);
                    long by = indexBytes == 4 ? (int) element : element;
                    long at = cpu.linear(segment, offset + (by << scale) & ea.mask(), bytes, false);
                    set(v, w, d, i, bytes, AvxMemory.load(c, at, bytes));
                }
                set(v, w, mask, i, bytes, 0);
            }
            VectorRuntime.setQuad(0, c, mask);
            VectorRuntime.clearUpper(c, mask);
            clearBeyond(v, w, d);
            return next;
        }

        private void clearBeyond(long[] v, long[] w, int register) {
            if (length <= 8) {
                v[register + 1] = 0;
            }
            if (length <= 16) {
                w[register] = 0;
                w[register + 1] = 0;
            }
        }
    }
}
