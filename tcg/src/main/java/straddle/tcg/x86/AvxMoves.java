package straddle.tcg.x86;

import straddle.tcg.Cpu;
import straddle.tcg.op.Ea;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.MicroOp;
import straddle.tcg.op.Reg;
import straddle.tcg.x86.fp.Avx;
import straddle.tcg.x86.fp.SseShuffle;

/// Moves of whole YMM registers, and of elements across their halves. Registers are indices in [X86Cpu#v] and
/// [X86Cpu#w].
final class AvxMoves {
    private AvxMoves() {}

    /// Checks once a block that instructions on YMM registers are enabled.
    static final class RequireAvx extends MicroOp {
        @Override
        public MicroOp exec(Cpu c) {
            FpuState.requireAvx((X86Cpu) c);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            VectorCode.call(e, this, "requireAvx", "V");
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }

    /// d = 32 bytes of memory; `alignment` is 31 where they must be aligned, else 0.
    static final class Load256 extends MicroOp {
        private final int d;
        private final Ea ea;
        private final int alignment;

        Load256(int d, Ea ea, int alignment) {
            this.d = d;
            this.ea = ea;
            this.alignment = alignment;
        }

        @Override
        public MicroOp exec(Cpu c) {
            VectorRuntime.load256(ea.address(c), c, ea.linearMask(), d, alignment);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.address(ea);
            VectorCode.accessVector(e, this, "load256", ea.linearMask(), d, alignment);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.MEMORY_BYTES;
        }
    }

    /// Memory = 32 bytes of s.
    static final class Store256 extends MicroOp {
        private final int s;
        private final Ea ea;
        private final int alignment;

        Store256(int s, Ea ea, int alignment) {
            this.s = s;
            this.ea = ea;
            this.alignment = alignment;
        }

        @Override
        public MicroOp exec(Cpu c) {
            VectorRuntime.store256(ea.address(c), c, ea.linearMask(), s, alignment);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.address(ea);
            VectorCode.accessVector(e, this, "store256", ea.linearMask(), s, alignment);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.MEMORY_BYTES;
        }
    }

    /// d = s, 32 bytes.
    static final class Copy256 extends MicroOp {
        private final int d;
        private final int s;

        Copy256(int d, int s) {
            this.d = d;
            this.s = s;
        }

        @Override
        public MicroOp exec(Cpu c) {
            VectorRuntime.copy256(c, d, s);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            VectorCode.call(e, this, "copy256", "V", d, s);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }

    /// Bits 255:128 of d = 0.
    static final class ClearUpper extends MicroOp {
        private final int d;

        ClearUpper(int d) {
            this.d = d;
        }

        @Override
        public MicroOp exec(Cpu c) {
            VectorRuntime.clearUpper(c, d);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            VectorCode.call(e, this, "clearUpper", "V", d);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }

    /// VZEROUPPER and VZEROALL of 8 or 16 registers.
    static final class Zero extends MicroOp {
        private final boolean all;
        private final int registers;

        Zero(boolean all, int registers) {
            this.all = all;
            this.registers = registers;
        }

        @Override
        public MicroOp exec(Cpu c) {
            VectorRuntime.zero(c, registers, all ? 1 : 0);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            VectorCode.call(e, this, "zero", "V", registers, all ? 1 : 0);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }

    /// The low half of d = one long of [X86Cpu#v], the high half = another, bits 255:128 = 0.
    static final class Combine extends MicroOp {
        private final int d;
        private final int low;
        private final int high;

        Combine(int d, int low, int high) {
            this.d = d;
            this.low = low;
            this.high = high;
        }

        @Override
        public MicroOp exec(Cpu c) {
            VectorRuntime.combine(c, d, low, high);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            VectorCode.call(e, this, "combine", "V", d, low, high);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }

    /// All elements of d = the lowest of s.
    static final class Broadcast extends MicroOp {
        private final int d;
        private final int s;
        private final int bytes;
        private final int wide;

        Broadcast(int d, int s, int bytes, boolean wide) {
            this.d = d;
            this.s = s;
            this.bytes = bytes;
            this.wide = wide ? 1 : 0;
        }

        @Override
        public MicroOp exec(Cpu c) {
            VectorRuntime.broadcast(c, d, s, bytes, wide);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            VectorCode.call(e, this, "broadcast", "V", d, s, bytes, wide);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }

    /// d = a, with one of its halves replaced by the lower half of b.
    static final class Insert128 extends MicroOp {
        private final int d;
        private final int a;
        private final int b;
        private final int half;

        Insert128(int d, int a, int b, int half) {
            this.d = d;
            this.a = a;
            this.b = b;
            this.half = half & 1;
        }

        @Override
        public MicroOp exec(Cpu c) {
            VectorRuntime.insert128(c, d, a, b, half);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            VectorCode.call(e, this, "insert128", "V", d, a, b, half);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }

    /// d = a half of s, zero-extended to 32 bytes.
    static final class Extract128 extends MicroOp {
        private final int d;
        private final int s;
        private final int half;

        Extract128(int d, int s, int half) {
            this.d = d;
            this.s = s;
            this.half = half & 1;
        }

        @Override
        public MicroOp exec(Cpu c) {
            VectorRuntime.extract128(c, d, s, half);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            VectorCode.call(e, this, "extract128", "V", d, s, half);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }

    /// Permutations across halves: VPERMQ of b by an immediate, VPERMD of b by a, VPERM2F128 of a and b.
    static final class Across extends MicroOp {
        private final Op op;
        private final int d;
        private final int a;
        private final int b;
        private final int imm;

        Across(Op op, int d, int a, int b, int imm) {
            this.op = op;
            this.d = d;
            this.a = a;
            this.b = b;
            this.imm = imm;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] v = ((X86Cpu) c).v;
            long[] w = ((X86Cpu) c).w;
            switch (op) {
                case VPERMQ -> Avx.vpermq(v, w, d, b, imm);
                case VPERMD -> Avx.vpermd(v, w, d, a, b);
                default -> Avx.vperm2f128(v, w, d, a, b, imm);
            }
            return next;
        }

        @Override
        public void emit(Emitter e) {
            switch (op) {
                case VPERMQ -> VectorCode.bothFunction(e, "Avx", "vpermq", d, b, imm);
                case VPERMD -> VectorCode.bothFunction(e, "Avx", "vpermd", d, a, b);
                default -> VectorCode.bothFunction(e, "Avx", "vperm2f128", d, a, b, imm);
            }
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }

    /// d = a by b, element by element within each half, without a's being overwritten: shifts by counts of their own,
    /// and permutations by a register.
    static final class ByElement extends MicroOp {
        private final Op op;
        private final int d;
        private final int a;
        private final int b;
        private final boolean wide;

        ByElement(Op op, int d, int a, int b, boolean wide) {
            this.op = op;
            this.d = d;
            this.a = a;
            this.b = b;
            this.wide = wide;
        }

        private void apply(long[] v) {
            switch (op) {
                case VPERMILPS -> Avx.vpermilps(v, d, a, b);
                case VPERMILPD -> Avx.vpermilpd(v, d, a, b);
                case VPSRLVD -> Avx.vpsrlvd(v, d, a, b);
                case VPSRLVQ -> Avx.vpsrlvq(v, d, a, b);
                case VPSRAVD -> Avx.vpsravd(v, d, a, b);
                case VPSLLVD -> Avx.vpsllvd(v, d, a, b);
                default -> Avx.vpsllvq(v, d, a, b);
            }
        }

        @Override
        public MicroOp exec(Cpu c) {
            apply(((X86Cpu) c).v);
            if (wide) {
                apply(((X86Cpu) c).w);
            } else {
                VectorRuntime.clearUpper(c, d);
            }
            return next;
        }

        @Override
        public void emit(Emitter e) {
            VectorCode.function(e, "Avx", VectorCode.name(op), "V", d, a, b);
            if (wide) {
                VectorCode.upperFunction(e, "Avx", VectorCode.name(op), "V", d, a, b);
            } else {
                VectorCode.call(e, this, "clearUpper", "V", d);
            }
        }

        @Override
        public int emittedBytes() {
            return 2 * VectorCode.BYTES;
        }
    }

    /// d = elements of a or b, by the sign bits of a third register's.
    static final class Blend extends MicroOp {
        private final Op op;
        private final int d;
        private final int a;
        private final int b;
        private final int mask;
        private final int to;
        private final boolean wide;

        Blend(Op op, int d, int a, int b, int mask, boolean wide) {
            this.op = op;
            this.d = d;
            this.a = a;
            this.b = b;
            this.mask = mask;
            this.to = d != a && (d == b || d == mask) ? AvxIntegers.SPARE : d;
            this.wide = wide;
        }

        private void apply(long[] v) {
            switch (op) {
                case BLENDVPS -> SseShuffle.vblendvps(v, to, b, mask);
                case BLENDVPD -> SseShuffle.vblendvpd(v, to, b, mask);
                default -> SseShuffle.vpblendvb(v, to, b, mask);
            }
        }

        @Override
        public MicroOp exec(Cpu c) {
            VectorRuntime.copy256(c, to, a);
            apply(((X86Cpu) c).v);
            apply(((X86Cpu) c).w);
            VectorRuntime.copy256(c, d, to);
            if (!wide) {
                VectorRuntime.clearUpper(c, d);
            }
            return next;
        }

        @Override
        public void emit(Emitter e) {
            String name = "v" + VectorCode.name(op);
            VectorCode.call(e, this, "copy256", "V", to, a);
            VectorCode.function(e, "SseShuffle", name, "V", to, b, mask);
            VectorCode.upperFunction(e, "SseShuffle", name, "V", to, b, mask);
            VectorCode.call(e, this, "copy256", "V", d, to);
            if (!wide) {
                VectorCode.call(e, this, "clearUpper", "V", d);
            }
        }

        @Override
        public int emittedBytes() {
            return 3 * VectorCode.BYTES;
        }
    }

    /// A slot = the sign bits of all elements of 32 bytes.
    static final class Mask256 extends MicroOp {
        private final Op op;
        private final int d;
        private final int s;

        Mask256(Op op, int d, int s) {
            this.op = op;
            this.d = d;
            this.s = s;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long mask =
                    switch (op) {
                        case PMOVMSKB -> VectorRuntime.pmovmskb256(c, s);
                        case MOVMSKPS -> VectorRuntime.movmskps256(c, s);
                        default -> VectorRuntime.movmskpd256(c, s);
                    };
            Reg.set(c.r, d, 8, mask);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            VectorCode.call(e, this, VectorCode.name(op) + "256", "J", s);
            e.set(d);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }
}
