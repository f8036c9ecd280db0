package straddle.tcg.op;

import straddle.tcg.Cpu;

/// Copies between registers, constants and memory.
public final class Move {
    private Move() {}

    /// d = s, 8 bytes.
    public static final class Reg64 extends MicroOp {
        final int d;
        final int s;

        public Reg64(int d, int s) {
            this.d = d;
            this.s = s;
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.r[d] = c.r[s];
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.get(s);
            e.set(d);
        }

        @Override
        public int emittedBytes() {
            return 4;
        }
    }

    /// d = s, 4 bytes, zero-extended.
    public static final class Reg32 extends MicroOp {
        final int d;
        final int s;

        public Reg32(int d, int s) {
            this.d = d;
            this.s = s;
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.r[d] = c.r[s] & 0xffff_ffffL;
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.get(s, 4);
            e.set(d);
        }

        @Override
        public int emittedBytes() {
            return 10;
        }
    }

    /// d = s, 1 or 2 bytes into the rest of d.
    public static final class RegNarrow extends MicroOp {
        final int d;
        final int s;
        final int width;

        public RegNarrow(int d, int s, int width) {
            this.d = d;
            this.s = s;
            this.width = width;
        }

        @Override
        public MicroOp exec(Cpu c) {
            Reg.set(c.r, d, width, Reg.get(c.r, s, width));
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.get(s, width);
            e.set(d, width);
        }

        @Override
        public int emittedBytes() {
            return 24;
        }
    }

    /// The whole slot d = a constant.
    public static final class Constant extends MicroOp {
        final int d;
        final long value;

        public Constant(int d, long value) {
            this.d = d;
            this.value = value;
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.r[d] = value;
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.constant(value);
            e.set(d);
        }

        @Override
        public int emittedBytes() {
            return 6;
        }
    }

    /// 1 or 2 bytes of d = a constant.
    public static final class ConstantNarrow extends MicroOp {
        final int d;
        final int width;
        final long value;

        public ConstantNarrow(int d, int width, long value) {
            this.d = d;
            this.width = width;
            this.value = value;
        }

        @Override
        public MicroOp exec(Cpu c) {
            Reg.set(c.r, d, width, value);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.constant(value);
            e.set(d, width);
        }

        @Override
        public int emittedBytes() {
            return 24;
        }
    }

    /// d = the low `from` bytes of s, extended to `to` bytes.
    public static final class Extend extends MicroOp {
        final int d;
        final int to;
        final int s;
        final int from;
        final boolean signed;

        public Extend(int d, int to, int s, int from, boolean signed) {
            this.d = d;
            this.to = to;
            this.s = s;
            this.from = from;
            this.signed = signed;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long value = Reg.get(c.r, s, from);
            Reg.set(c.r, d, to, signed ? Reg.signed(value, from) : value);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            if (signed) {
                e.getSigned(s, from);
            } else {
                e.get(s, from);
            }
            e.set(d, to);
        }

        @Override
        public int emittedBytes() {
            return 28;
        }
    }

    /// d = 8 bytes at an address.
    public static final class Load64 extends MicroOp {
        final int d;
        final Ea ea;

        public Load64(int d, Ea ea) {
            this.d = d;
            this.ea = ea;
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.r[d] = c.load64(ea.address(c));
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.address(ea);
            e.load(this, 8);
            e.set(d);
        }

        @Override
        public int emittedBytes() {
            return 50 + Emitter.ACCESS_BYTES;
        }
    }

    /// d = 4 bytes at an address, zero-extended.
    public static final class Load32 extends MicroOp {
        final int d;
        final Ea ea;

        public Load32(int d, Ea ea) {
            this.d = d;
            this.ea = ea;
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.r[d] = c.load32(ea.address(c));
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.address(ea);
            e.load(this, 4);
            e.set(d);
        }

        @Override
        public int emittedBytes() {
            return 50 + Emitter.ACCESS_BYTES;
        }
    }

    /// 1 or 2 bytes of d = those at an address.
    public static final class LoadNarrow extends MicroOp {
        final int d;
        final int width;
        final Ea ea;

        public LoadNarrow(int d, int width, Ea ea) {
            this.d = d;
            this.width = width;
            this.ea = ea;
        }

        @Override
        public MicroOp exec(Cpu c) {
            Reg.set(c.r, d, width, c.load(ea.address(c), width));
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.address(ea);
            e.load(this, width);
            e.set(d, width);
        }

        @Override
        public int emittedBytes() {
            return 64 + Emitter.ACCESS_BYTES;
        }
    }

    /// d = one byte at an address, zero-extended to 4 or 8.
    public static final class LoadByte extends MicroOp {
        final int d;
        final Ea ea;

        public LoadByte(int d, Ea ea) {
            this.d = d;
            this.ea = ea;
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.r[d] = c.load8(ea.address(c));
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.address(ea);
            e.load(this, 1);
            e.set(d);
        }

        @Override
        public int emittedBytes() {
            return 50 + Emitter.ACCESS_BYTES;
        }
    }

    /// d = `from` bytes at an address, extended to `to` bytes.
    public static final class LoadExtend extends MicroOp {
        final int d;
        final int to;
        final int from;
        final boolean signed;
        final Ea ea;

        public LoadExtend(int d, int to, int from, boolean signed, Ea ea) {
            this.d = d;
            this.to = to;
            this.from = from;
            this.signed = signed;
            this.ea = ea;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long value = c.load(ea.address(c), from);
            Reg.set(c.r, d, to, signed ? Reg.signed(value, from) : value);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.address(ea);
            e.load(this, from);
            if (signed) {
                e.signExtend(from);
            }
            e.set(d, to);
        }

        @Override
        public int emittedBytes() {
            return 64 + Emitter.ACCESS_BYTES;
        }
    }

    /// 8 bytes at an address = s.
    public static final class Store64 extends MicroOp {
        final int s;
        final Ea ea;

        public Store64(int s, Ea ea) {
            this.s = s;
            this.ea = ea;
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.store64(ea.address(c), c.r[s]);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.address(ea);
            e.get(s);
            e.store(this, 8);
        }

        @Override
        public int emittedBytes() {
            return 50 + Emitter.ACCESS_BYTES;
        }
    }

    /// 4 bytes at an address = s.
    public static final class Store32 extends MicroOp {
        final int s;
        final Ea ea;

        public Store32(int s, Ea ea) {
            this.s = s;
            this.ea = ea;
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.store32(ea.address(c), c.r[s]);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.address(ea);
            e.get(s);
            e.store(this, 4);
        }

        @Override
        public int emittedBytes() {
            return 50 + Emitter.ACCESS_BYTES;
        }
    }

    /// 1 or 2 bytes at an address = s.
    public static final class StoreNarrow extends MicroOp {
        final int s;
        final int width;
        final Ea ea;

        public StoreNarrow(int s, int width, Ea ea) {
            this.s = s;
            this.width = width;
            this.ea = ea;
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.store(ea.address(c), width, Reg.get(c.r, s, width));
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.address(ea);
            e.get(s, width);
            e.store(this, width);
        }

        @Override
        public int emittedBytes() {
            return 56 + Emitter.ACCESS_BYTES;
        }
    }

    /// Bytes at an address = a constant.
    public static final class StoreConstant extends MicroOp {
        final long value;
        final int width;
        final Ea ea;

        public StoreConstant(long value, int width, Ea ea) {
            this.value = value;
            this.width = width;
            this.ea = ea;
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.store(ea.address(c), width, value);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.address(ea);
            e.constant(value);
            e.store(this, width);
        }

        @Override
        public int emittedBytes() {
            return 50 + Emitter.ACCESS_BYTES;
        }
    }

    /// d = the offset that an address computes to.
    public static final class Lea extends MicroOp {
        final int d;
        final int width;
        final Ea ea;

        public Lea(int d, int width, Ea ea) {
            this.d = d;
            this.width = width;
            this.ea = ea;
        }

        @Override
        public MicroOp exec(Cpu c) {
            Reg.set(c.r, d, width, ea.offset(c));
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.offset(ea);
            e.set(d, width);
        }

        @Override
        public int emittedBytes() {
            return 40;
        }
    }
}
