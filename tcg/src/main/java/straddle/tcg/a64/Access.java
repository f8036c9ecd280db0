package straddle.tcg.a64;

import org.objectweb.asm.Opcodes;
import straddle.tcg.Cpu;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.MicroOp;

/// Loads and stores of one or two registers, with all addressing modes (Arm ARM DDI 0487, C1.3.3).
abstract class Access extends MicroOp {
    /// What a register holds of memory: 1, 2, 4 or 8 bytes zero-extended, ...
    static final int U8 = 0;

    static final int U16 = 1;
    static final int U32 = 2;
    static final int U64 = 3;

    /// ... sign-extended to 64 bits, ...
    static final int S8 = 4;

    static final int S16 = 5;
    static final int S32 = 6;

    /// ... or to 32.
    static final int S8_32 = 8;

    static final int S16_32 = 9;

    /// When the base register changes.
    enum Writeback {
        NONE,
        PRE,
        POST
    }

    /// An address: base + (extended index << shift) + offset.
    ///
    /// @param index a slot; the one that is 0 where there is none
    /// @param option of the extension, as in encodings
    record Mode(int base, int index, int option, int shift, long offset, Writeback writeback) {
        static Mode offset(int base, long offset) {
            return new Mode(base, Slots.ZERO, 3, 0, offset, Writeback.NONE);
        }

        boolean isPlain() {
            return index == Slots.ZERO && writeback == Writeback.NONE;
        }

        long address(long[] r) {
            long at = r[base];
            if (index != Slots.ZERO) {
                at += Binary.extended(r[index], option) << shift;
            }
            return writeback == Writeback.POST ? at : at + offset;
        }

        void writeBack(long[] r) {
            if (writeback != Writeback.NONE) {
                r[base] += offset;
            }
        }

        void emit(Emitter e) {
            e.get(base);
            if (index != Slots.ZERO) {
                Binary.emitExtended(e, index, option);
                e.shift(Opcodes.LSHL, shift);
                e.op(Opcodes.LADD);
            }
            if (writeback != Writeback.POST && offset != 0) {
                e.constant(offset);
                e.op(Opcodes.LADD);
            }
        }

        void emitWriteBack(Emitter e) {
            if (writeback != Writeback.NONE) {
                e.get(base);
                e.constant(offset);
                e.op(Opcodes.LADD);
                e.set(base);
            }
        }

        @Override
        public String toString() {
            return "[%s + %s + 0x%x]%s"
                    .formatted(
                            Slots.name(base),
                            Slots.name(index),
                            offset,
                            writeback == Writeback.NONE ? "" : " " + writeback);
        }
    }

    final Mode mode;
    final int base;
    final long offset;

    Access(Mode mode) {
        this.mode = mode;
        this.base = mode.base;
        this.offset = mode.offset;
    }

    static int width(int kind) {
        return 1 << (kind & 3);
    }

    static long load(Cpu c, int kind, long address) {
        return switch (kind) {
            case U8 -> c.load8(address);
            case U16 -> c.load16(address);
            case U32 -> c.load32(address);
            case U64 -> c.load64(address);
            case S8 -> (byte) c.load8(address);
            case S16 -> (short) c.load16(address);
            case S32 -> (int) c.load32(address);
            case S8_32 -> (byte) c.load8(address) & 0xffff_ffffL;
            default -> (short) c.load16(address) & 0xffff_ffffL;
        };
    }

    /// From the address on the stack.
    static void emitLoad(Emitter e, MicroOp op, int kind) {
        e.load(op, width(kind));
        if (kind >= S8) {
            e.signExtend(width(kind));
            if (kind >= S8_32) {
                e.zeroExtend(4);
            }
        }
    }

    static MicroOp load(int kind, int t, Mode mode) {
        if (mode.isPlain()) {
            switch (kind) {
                case U64 -> {
                    return new Load64(t, mode);
                }
                case U32 -> {
                    return new Load32(t, mode);
                }
                case U8 -> {
                    return new Load8(t, mode);
                }
                default -> {}
            }
        }
        return new Load(kind, t, mode);
    }

    static MicroOp store(int width, int t, Mode mode) {
        if (mode.isPlain()) {
            switch (width) {
                case 8 -> {
                    return new Store64(t, mode);
                }
                case 4 -> {
                    return new Store32(t, mode);
                }
                default -> {}
            }
        }
        return new Store(width, t, mode);
    }

    @Override
    public int emittedBytes() {
        return 40 + Emitter.ACCESS_BYTES;
    }

    static class Load extends Access {
        final int kind;
        final int t;

        Load(int kind, int t, Mode mode) {
            super(mode);
            this.kind = kind;
            this.t = t;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long value = load(c, kind, mode.address(r));
            mode.writeBack(r);
            r[t] = value;
            return next;
        }

        @Override
        public final void emit(Emitter e) {
            mode.emit(e);
            emitLoad(e, this, kind);
            mode.emitWriteBack(e);
            Slots.set(e, t);
        }

        @Override
        public final String toString() {
            return "load%d %s, %s".formatted(8 * width(kind), Slots.name(t), mode);
        }
    }

    private static final class Load64 extends Load {
        Load64(int t, Mode mode) {
            super(U64, t, mode);
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.r[t] = c.load64(c.r[base] + offset);
            return next;
        }
    }

    private static final class Load32 extends Load {
        Load32(int t, Mode mode) {
            super(U32, t, mode);
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.r[t] = c.load32(c.r[base] + offset);
            return next;
        }
    }

    private static final class Load8 extends Load {
        Load8(int t, Mode mode) {
            super(U8, t, mode);
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.r[t] = c.load8(c.r[base] + offset);
            return next;
        }
    }

    static class Store extends Access {
        final int width;
        final int t;

        Store(int width, int t, Mode mode) {
            super(mode);
            this.width = width;
            this.t = t;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            c.store(mode.address(r), width, r[t]);
            mode.writeBack(r);
            return next;
        }

        @Override
        public final void emit(Emitter e) {
            mode.emit(e);
            e.get(t);
            e.store(this, width);
            mode.emitWriteBack(e);
        }

        @Override
        public final String toString() {
            return "store%d %s, %s".formatted(8 * width, Slots.name(t), mode);
        }
    }

    private static final class Store64 extends Store {
        Store64(int t, Mode mode) {
            super(8, t, mode);
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.store64(c.r[base] + offset, c.r[t]);
            return next;
        }
    }

    private static final class Store32 extends Store {
        Store32(int t, Mode mode) {
            super(4, t, mode);
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.store32(c.r[base] + offset, c.r[t]);
            return next;
        }
    }

    /// LDP and LDPSW, and of vector registers' lower halves.
    static final class LoadPair extends Access {
        private final int kind;
        private final int t;
        private final int t2;

        /// @param kind [#U32], [#U64] or [#S32]
        LoadPair(int kind, int t, int t2, Mode mode) {
            super(mode);
            this.kind = kind;
            this.t = t;
            this.t2 = t2;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long at = mode.address(r);
            long first = load(c, kind, at);
            long second = load(c, kind, at + width(kind));
            mode.writeBack(r);
            r[t] = first;
            r[t2] = second;
            if (t >= Slots.V) {
                r[t + 1] = 0;
                r[t2 + 1] = 0;
            }
            return next;
        }

        @Override
        public void emit(Emitter e) {
            mode.emit(e);
            e.keep(Emitter.ADDRESS);
            e.take(Emitter.ADDRESS);
            emitLoad(e, this, kind);
            e.keep(Emitter.A);
            e.take(Emitter.ADDRESS);
            e.constant(width(kind));
            e.op(Opcodes.LADD);
            emitLoad(e, this, kind);
            mode.emitWriteBack(e);
            Slots.set(e, t2);
            e.take(Emitter.A);
            Slots.set(e, t);
            if (t >= Slots.V) {
                e.constant(0);
                e.set(t + 1);
                e.constant(0);
                e.set(t2 + 1);
            }
        }

        @Override
        public int emittedBytes() {
            return 56 + 2 * Emitter.ACCESS_BYTES;
        }
    }

    /// STP, and of vector registers' lower halves.
    static final class StorePair extends Access {
        private final int width;
        private final int t;
        private final int t2;

        StorePair(int width, int t, int t2, Mode mode) {
            super(mode);
            this.width = width;
            this.t = t;
            this.t2 = t2;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long at = mode.address(r);
            c.store(at, width, r[t]);
            c.store(at + width, width, r[t2]);
            mode.writeBack(r);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            mode.emit(e);
            e.keep(Emitter.ADDRESS);
            e.take(Emitter.ADDRESS);
            e.get(t);
            e.store(this, width);
            e.take(Emitter.ADDRESS);
            e.constant(width);
            e.op(Opcodes.LADD);
            e.get(t2);
            e.store(this, width);
            mode.emitWriteBack(e);
        }

        @Override
        public int emittedBytes() {
            return 40 + 2 * Emitter.ACCESS_BYTES;
        }
    }

    /// LDR of a vector register: 1 to 16 bytes, the rest becomes 0.
    static final class LoadVector extends Access {
        private final int width;
        private final int t;

        LoadVector(int width, int t, Mode mode) {
            super(mode);
            this.width = width;
            this.t = t;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long at = mode.address(r);
            long low = c.load(at, Math.min(width, 8));
            long high = width == 16 ? c.load64(at + 8) : 0;
            mode.writeBack(r);
            r[t] = low;
            r[t + 1] = high;
            return next;
        }

        @Override
        public void emit(Emitter e) {
            mode.emit(e);
            if (width == 16 && e.hasPairs()) {
                e.loadPair(this, t);
                mode.emitWriteBack(e);
                return;
            }
            if (width == 16) {
                e.keep(Emitter.ADDRESS);
                e.take(Emitter.ADDRESS);
                e.load(this, 8);
                e.keep(Emitter.A);
                e.take(Emitter.ADDRESS);
                e.constant(8);
                e.op(Opcodes.LADD);
                e.load(this, 8);
                e.set(t + 1);
                e.take(Emitter.A);
            } else {
                if (width < 4) {
                    e.load(this, width);
                } else {
                    e.loadScalar(this, width);
                }
                e.constant(0);
                e.set(t + 1);
            }
            e.set(t);
            mode.emitWriteBack(e);
        }

        @Override
        public int emittedBytes() {
            return 40 + (width == 16 ? 2 : 1) * Emitter.ACCESS_BYTES;
        }
    }

    /// STR of a vector register.
    static final class StoreVector extends Access {
        private final int width;
        private final int t;

        StoreVector(int width, int t, Mode mode) {
            super(mode);
            this.width = width;
            this.t = t;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long at = mode.address(r);
            c.store(at, Math.min(width, 8), r[t]);
            if (width == 16) {
                c.store64(at + 8, r[t + 1]);
            }
            mode.writeBack(r);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            mode.emit(e);
            if (width == 16 && e.hasPairs()) {
                e.storePair(this, t);
            } else if (width == 16) {
                e.keep(Emitter.ADDRESS);
                e.take(Emitter.ADDRESS);
                e.get(t);
                e.store(this, 8);
                e.take(Emitter.ADDRESS);
                e.constant(8);
                e.op(Opcodes.LADD);
                e.get(t + 1);
                e.store(this, 8);
            } else {
                e.get(t);
                e.store(this, width);
            }
            mode.emitWriteBack(e);
        }

        @Override
        public int emittedBytes() {
            return 40 + (width == 16 ? 2 : 1) * Emitter.ACCESS_BYTES;
        }
    }

    /// LDP of Q registers.
    static final class LoadQuads extends Access {
        private final int t;
        private final int t2;

        LoadQuads(int t, int t2, Mode mode) {
            super(mode);
            this.t = t;
            this.t2 = t2;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long at = mode.address(r);
            long a = c.load64(at);
            long b = c.load64(at + 8);
            long x = c.load64(at + 16);
            long y = c.load64(at + 24);
            mode.writeBack(r);
            r[t] = a;
            r[t + 1] = b;
            r[t2] = x;
            r[t2 + 1] = y;
            return next;
        }

        @Override
        public void emit(Emitter e) {
            mode.emit(e);
            e.keep(Emitter.ADDRESS);
            emitPart(e, 0);
            e.keep(Emitter.A);
            emitPart(e, 8);
            e.keep(Emitter.B);
            emitPart(e, 16);
            e.keep(Emitter.R);
            emitPart(e, 24);
            e.set(t2 + 1);
            e.take(Emitter.R);
            e.set(t2);
            e.take(Emitter.B);
            e.set(t + 1);
            e.take(Emitter.A);
            e.set(t);
            mode.emitWriteBack(e);
        }

        private void emitPart(Emitter e, long at) {
            e.take(Emitter.ADDRESS);
            e.constant(at);
            e.op(Opcodes.LADD);
            e.load(this, 8);
        }

        @Override
        public int emittedBytes() {
            return 80 + 4 * Emitter.ACCESS_BYTES;
        }
    }

    /// STP of Q registers.
    static final class StoreQuads extends Access {
        private final int t;
        private final int t2;

        StoreQuads(int t, int t2, Mode mode) {
            super(mode);
            this.t = t;
            this.t2 = t2;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long at = mode.address(r);
            c.store64(at, r[t]);
            c.store64(at + 8, r[t + 1]);
            c.store64(at + 16, r[t2]);
            c.store64(at + 24, r[t2 + 1]);
            mode.writeBack(r);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            mode.emit(e);
            e.keep(Emitter.ADDRESS);
            if (e.hasPairs()) {
                emitAddress(e, 0);
                e.storePair(this, t);
                emitAddress(e, 16);
                e.storePair(this, t2);
            } else {
                emitPart(e, 0, t);
                emitPart(e, 8, t + 1);
                emitPart(e, 16, t2);
                emitPart(e, 24, t2 + 1);
            }
            mode.emitWriteBack(e);
        }

        private void emitPart(Emitter e, long at, int slot) {
            emitAddress(e, at);
            e.get(slot);
            e.store(this, 8);
        }

        private static void emitAddress(Emitter e, long at) {
            e.take(Emitter.ADDRESS);
            e.constant(at);
            e.op(Opcodes.LADD);
        }

        @Override
        public int emittedBytes() {
            return 60 + 4 * Emitter.ACCESS_BYTES;
        }
    }
}
