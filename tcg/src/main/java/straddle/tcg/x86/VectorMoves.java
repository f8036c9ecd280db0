package straddle.tcg.x86;

import org.objectweb.asm.Opcodes;
import straddle.tcg.Cpu;
import straddle.tcg.op.Ea;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.MicroOp;

/// Copies between XMM registers, and between them and memory. `d` and `s` are indices in [X86Cpu#v].
final class VectorMoves {
    private VectorMoves() {}

    /// d = 16 bytes of memory; `alignment` is 15 where they must be aligned, else 0.
    static final class Load128 extends MicroOp {
        final int d;
        final Ea ea;
        final int alignment;

        Load128(int d, Ea ea, int alignment) {
            this.d = d;
            this.ea = ea;
            this.alignment = alignment;
        }

        @Override
        public MicroOp exec(Cpu c) {
            VectorRuntime.load128(ea.address(c), c, ea.linearMask(), d, alignment);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.address(ea);
            VectorCode.accessVector(e, this, "load128", ea.linearMask(), d, alignment);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.MEMORY_BYTES;
        }
    }

    /// Memory = 16 bytes of s.
    static final class Store128 extends MicroOp {
        final int s;
        final Ea ea;
        final int alignment;

        Store128(int s, Ea ea, int alignment) {
            this.s = s;
            this.ea = ea;
            this.alignment = alignment;
        }

        @Override
        public MicroOp exec(Cpu c) {
            VectorRuntime.store128(ea.address(c), c, ea.linearMask(), s, alignment);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.address(ea);
            VectorCode.accessVector(e, this, "store128", ea.linearMask(), s, alignment);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.MEMORY_BYTES;
        }
    }

    /// d = 8 bytes of memory, zero-extended to 16.
    static final class Load64 extends MicroOp {
        final int d;
        final Ea ea;

        Load64(int d, Ea ea) {
            this.d = d;
            this.ea = ea;
        }

        @Override
        public MicroOp exec(Cpu c) {
            VectorRuntime.setQuad(c.load64(ea.address(c)), c, d);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.address(ea);
            e.load(this, 8);
            VectorCode.setQuad(e, d);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.MEMORY_BYTES;
        }
    }

    /// d = 4 bytes of memory, zero-extended to 16.
    static final class Load32 extends MicroOp {
        final int d;
        final Ea ea;

        Load32(int d, Ea ea) {
            this.d = d;
            this.ea = ea;
        }

        @Override
        public MicroOp exec(Cpu c) {
            VectorRuntime.setQuad(c.load32(ea.address(c)), c, d);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.address(ea);
            e.load(this, 4);
            VectorCode.setQuad(e, d);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.MEMORY_BYTES;
        }
    }

    /// d = 1 or 2 bytes of memory, zero-extended to 16.
    static final class LoadNarrow extends MicroOp {
        final int d;
        final int width;
        final Ea ea;

        LoadNarrow(int d, int width, Ea ea) {
            this.d = d;
            this.width = width;
            this.ea = ea;
        }

        @Override
        public MicroOp exec(Cpu c) {
            VectorRuntime.setQuad(c.load(ea.address(c), width), c, d);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.address(ea);
            e.load(this, width);
            VectorCode.setQuad(e, d);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.MEMORY_BYTES;
        }
    }

    /// One half of a register = 8 bytes of memory.
    static final class LoadLong extends MicroOp {
        final int d;
        final Ea ea;

        LoadLong(int d, Ea ea) {
            this.d = d;
            this.ea = ea;
        }

        @Override
        public MicroOp exec(Cpu c) {
            VectorRuntime.setHalf(c.load64(ea.address(c)), c, d);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.address(ea);
            e.load(this, 8);
            VectorCode.setHalf(e, d);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.MEMORY_BYTES;
        }
    }

    /// Memory = one half of a register.
    static final class Store64 extends MicroOp {
        final int s;
        final Ea ea;

        Store64(int s, Ea ea) {
            this.s = s;
            this.ea = ea;
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.store64(ea.address(c), ((X86Cpu) c).v[s]);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.address(ea);
            VectorCode.half(e, s);
            e.store(this, 8);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.MEMORY_BYTES;
        }
    }

    /// Memory = the low 4 bytes of a half.
    static final class Store32 extends MicroOp {
        final int s;
        final Ea ea;

        Store32(int s, Ea ea) {
            this.s = s;
            this.ea = ea;
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.store32(ea.address(c), ((X86Cpu) c).v[s]);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.address(ea);
            VectorCode.half(e, s);
            e.store(this, 4);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.MEMORY_BYTES;
        }
    }

    /// d = s, 16 bytes.
    static final class Copy extends MicroOp {
        final int d;
        final int s;

        Copy(int d, int s) {
            this.d = d;
            this.s = s;
        }

        @Override
        public MicroOp exec(Cpu c) {
            VectorRuntime.copy(c, d, s);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.copyVector(d, s);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }

    /// One half = another.
    static final class CopyLong extends MicroOp {
        final int d;
        final int s;

        CopyLong(int d, int s) {
            this.d = d;
            this.s = s;
        }

        @Override
        public MicroOp exec(Cpu c) {
            VectorRuntime.setHalf(VectorRuntime.half(c, s), c, d);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            VectorCode.half(e, s);
            VectorCode.setHalf(e, d);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }

    /// The low 4 bytes of d = those of s.
    static final class CopyInt extends MicroOp {
        final int d;
        final int s;

        CopyInt(int d, int s) {
            this.d = d;
            this.s = s;
        }

        @Override
        public MicroOp exec(Cpu c) {
            VectorRuntime.copyInt(c, d, s);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            VectorCode.half(e, d);
            e.constant(-1L << 32);
            e.op(Opcodes.LAND);
            VectorCode.half(e, s);
            e.zeroExtend(4);
            e.op(Opcodes.LOR);
            VectorCode.setHalf(e, d);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }

    /// d = the low half of s, zero-extended to 16 bytes.
    static final class CopyQuad extends MicroOp {
        final int d;
        final int s;

        CopyQuad(int d, int s) {
            this.d = d;
            this.s = s;
        }

        @Override
        public MicroOp exec(Cpu c) {
            VectorRuntime.setQuad(VectorRuntime.half(c, s), c, d);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            VectorCode.half(e, s);
            VectorCode.setQuad(e, d);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }

    /// d = 0: PXOR of a register with itself.
    static final class Zero extends MicroOp {
        final int d;

        Zero(int d) {
            this.d = d;
        }

        @Override
        public MicroOp exec(Cpu c) {
            VectorRuntime.setQuad(0, c, d);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.constant(0);
            VectorCode.setQuad(e, d);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }

    /// MASKMOVDQU: stores the bytes whose mask has its top bit set.
    static final class StoreMasked extends MicroOp {
        private final Ea ea;
        private final int s;
        private final int mask;

        StoreMasked(Ea ea, int s, int mask) {
            this.ea = ea;
            this.s = s;
            this.mask = mask;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] v = ((X86Cpu) c).v;
            long at = ea.address(c);
            storeMasked(c, at, ea.linearMask(), v[s], v[mask]);
            storeMasked(c, at + 8, ea.linearMask(), v[s + 1], v[mask + 1]);
            return next;
        }
    }

    /// Stores the bytes of a long whose mask has its top bit set. A byte that faults leaves those before
    /// it stored, which does no harm: the instruction runs again.
    static void storeMasked(Cpu c, long at, long linearMask, long value, long mask) {
        for (int i = 0; i < 8; i++) {
            if ((mask >>> 8 * i + 7 & 1) != 0) {
                c.store8(at + i & linearMask, value >>> 8 * i);
            }
        }
    }
}
