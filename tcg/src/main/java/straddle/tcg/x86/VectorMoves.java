package straddle.tcg.x86;

import straddle.tcg.Cpu;
import straddle.tcg.mmu.Raw;
import straddle.tcg.mmu.Tlb;
import straddle.tcg.op.Ea;
import straddle.tcg.op.MicroOp;

/// Copies between XMM registers, and between them and memory. `d` and `s` are indices in [X86Cpu#v].
final class VectorMoves {
    private static final long LOW = 0xffff_ffffL;

    private VectorMoves() {}

    /// Loads 16 bytes; nothing changes unless all of them can be read.
    static void load128(X86Cpu c, long at, long linearMask, long[] v, int d) {
        long entry = Tlb.entry(c.tlb, at);
        if (Raw.getLong(entry + Tlb.READ) == (at + 15 & -4096)) {
            long host = at + Raw.getLong(entry + Tlb.ADDEND);
            v[d] = Raw.getLong(host);
            v[d + 1] = Raw.getLong(host + 8);
        } else {
            long low = c.load64(at);
            v[d + 1] = c.load64(at + 8 & linearMask);
            v[d] = low;
        }
    }

    static void store128(X86Cpu c, long at, long linearMask, long low, long high) {
        long entry = Tlb.entry(c.tlb, at);
        if (Raw.getLong(entry + Tlb.WRITE) == (at + 15 & -4096)) {
            long host = at + Raw.getLong(entry + Tlb.ADDEND);
            Raw.putLong(host, low);
            Raw.putLong(host + 8, high);
        } else {
            c.probeStore(at, 16);
            c.store64(at, low);
            c.store64(at + 8 & linearMask, high);
        }
    }

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
            X86Cpu cpu = (X86Cpu) c;
            long at = ea.address(c);
            if ((at & alignment) != 0) {
                throw cpu.gp();
            }
            load128(cpu, at, ea.linearMask(), cpu.v, d);
            return next;
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
            X86Cpu cpu = (X86Cpu) c;
            long at = ea.address(c);
            if ((at & alignment) != 0) {
                throw cpu.gp();
            }
            store128(cpu, at, ea.linearMask(), cpu.v[s], cpu.v[s + 1]);
            return next;
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
            long value = c.load64(ea.address(c));
            long[] v = ((X86Cpu) c).v;
            v[d] = value;
            v[d + 1] = 0;
            return next;
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
            long value = c.load32(ea.address(c));
            long[] v = ((X86Cpu) c).v;
            v[d] = value;
            v[d + 1] = 0;
            return next;
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
            long value = c.load(ea.address(c), width);
            long[] v = ((X86Cpu) c).v;
            v[d] = value;
            v[d + 1] = 0;
            return next;
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
            ((X86Cpu) c).v[d] = c.load64(ea.address(c));
            return next;
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
            long[] v = ((X86Cpu) c).v;
            v[d] = v[s];
            v[d + 1] = v[s + 1];
            return next;
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
            long[] v = ((X86Cpu) c).v;
            v[d] = v[s];
            return next;
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
            long[] v = ((X86Cpu) c).v;
            v[d] = v[d] & ~LOW | v[s] & LOW;
            return next;
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
            long[] v = ((X86Cpu) c).v;
            v[d] = v[s];
            v[d + 1] = 0;
            return next;
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
            long[] v = ((X86Cpu) c).v;
            v[d] = 0;
            v[d + 1] = 0;
            return next;
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
