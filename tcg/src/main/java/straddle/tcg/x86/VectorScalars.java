package straddle.tcg.x86;

import straddle.tcg.Cpu;
import straddle.tcg.op.Ea;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.MicroOp;

/// Scalar floating-point arithmetic, with a micro-op for each frequent operation: compiled code is full of
/// it. `d` and `s` are indices in [X86Cpu#v].
final class VectorScalars {
    private VectorScalars() {}

    static MicroOp of(Op op, int d, int s) {
        return switch (op) {
            case ADDSD -> new AddSd(d, s);
            case SUBSD -> new SubSd(d, s);
            case MULSD -> new MulSd(d, s);
            case DIVSD -> new DivSd(d, s);
            case SQRTSD -> new SqrtSd(d, s);
            case ADDSS -> new AddSs(d, s);
            case SUBSS -> new SubSs(d, s);
            case MULSS -> new MulSs(d, s);
            case DIVSS -> new DivSs(d, s);
            default -> throw new IllegalArgumentException(op + " has no micro-op of its own");
        };
    }

    static MicroOp ofMemory(Op op, int d, Ea ea) {
        return switch (op) {
            case ADDSD -> new AddSdMemory(d, ea);
            case SUBSD -> new SubSdMemory(d, ea);
            case MULSD -> new MulSdMemory(d, ea);
            case DIVSD -> new DivSdMemory(d, ea);
            default -> throw new IllegalArgumentException(op + " has no micro-op of its own");
        };
    }

    static final class AddSd extends MicroOp {
        final int d;
        final int s;

        AddSd(int d, int s) {
            this.d = d;
            this.s = s;
        }

        @Override
        public MicroOp exec(Cpu c) {
            VectorRuntime.setHalf(
                    VectorRuntime.addsd(VectorRuntime.half(c, s), VectorRuntime.half(c, d), c),
                    c,
                    d);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            VectorCode.half(e, s);
            VectorCode.scalar(e, this, "addsd", d);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }

    static final class SubSd extends MicroOp {
        final int d;
        final int s;

        SubSd(int d, int s) {
            this.d = d;
            this.s = s;
        }

        @Override
        public MicroOp exec(Cpu c) {
            VectorRuntime.setHalf(
                    VectorRuntime.subsd(VectorRuntime.half(c, s), VectorRuntime.half(c, d), c),
                    c,
                    d);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            VectorCode.half(e, s);
            VectorCode.scalar(e, this, "subsd", d);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }

    static final class MulSd extends MicroOp {
        final int d;
        final int s;

        MulSd(int d, int s) {
            this.d = d;
            this.s = s;
        }

        @Override
        public MicroOp exec(Cpu c) {
            VectorRuntime.setHalf(
                    VectorRuntime.mulsd(VectorRuntime.half(c, s), VectorRuntime.half(c, d), c),
                    c,
                    d);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            VectorCode.half(e, s);
            VectorCode.scalar(e, this, "mulsd", d);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }

    static final class DivSd extends MicroOp {
        final int d;
        final int s;

        DivSd(int d, int s) {
            this.d = d;
            this.s = s;
        }

        @Override
        public MicroOp exec(Cpu c) {
            VectorRuntime.setHalf(
                    VectorRuntime.divsd(VectorRuntime.half(c, s), VectorRuntime.half(c, d), c),
                    c,
                    d);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            VectorCode.half(e, s);
            VectorCode.scalar(e, this, "divsd", d);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }

    static final class SqrtSd extends MicroOp {
        final int d;
        final int s;

        SqrtSd(int d, int s) {
            this.d = d;
            this.s = s;
        }

        @Override
        public MicroOp exec(Cpu c) {
            VectorRuntime.setHalf(VectorRuntime.sqrtsd(VectorRuntime.half(c, s), c), c, d);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            VectorCode.half(e, s);
            VectorCode.unary(e, this, "sqrtsd", d);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }

    static final class AddSs extends MicroOp {
        final int d;
        final int s;

        AddSs(int d, int s) {
            this.d = d;
            this.s = s;
        }

        @Override
        public MicroOp exec(Cpu c) {
            VectorRuntime.setHalf(
                    VectorRuntime.addss(VectorRuntime.half(c, s), VectorRuntime.half(c, d), c),
                    c,
                    d);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            VectorCode.half(e, s);
            VectorCode.scalar(e, this, "addss", d);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }

    static final class SubSs extends MicroOp {
        final int d;
        final int s;

        SubSs(int d, int s) {
            this.d = d;
            this.s = s;
        }

        @Override
        public MicroOp exec(Cpu c) {
            VectorRuntime.setHalf(
                    VectorRuntime.subss(VectorRuntime.half(c, s), VectorRuntime.half(c, d), c),
                    c,
                    d);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            VectorCode.half(e, s);
            VectorCode.scalar(e, this, "subss", d);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }

    static final class MulSs extends MicroOp {
        final int d;
        final int s;

        MulSs(int d, int s) {
            this.d = d;
            this.s = s;
        }

        @Override
        public MicroOp exec(Cpu c) {
            VectorRuntime.setHalf(
                    VectorRuntime.mulss(VectorRuntime.half(c, s), VectorRuntime.half(c, d), c),
                    c,
                    d);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            VectorCode.half(e, s);
            VectorCode.scalar(e, this, "mulss", d);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }

    static final class DivSs extends MicroOp {
        final int d;
        final int s;

        DivSs(int d, int s) {
            this.d = d;
            this.s = s;
        }

        @Override
        public MicroOp exec(Cpu c) {
            VectorRuntime.setHalf(
                    VectorRuntime.divss(VectorRuntime.half(c, s), VectorRuntime.half(c, d), c),
                    c,
                    d);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            VectorCode.half(e, s);
            VectorCode.scalar(e, this, "divss", d);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }

    static final class AddSdMemory extends MicroOp {
        final int d;
        final Ea ea;

        AddSdMemory(int d, Ea ea) {
            this.d = d;
            this.ea = ea;
        }

        @Override
        public MicroOp exec(Cpu c) {
            VectorRuntime.setHalf(
                    VectorRuntime.addsd(c.load64(ea.address(c)), VectorRuntime.half(c, d), c),
                    c,
                    d);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.address(ea);
            e.load(this, 8);
            VectorCode.scalar(e, this, "addsd", d);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.MEMORY_BYTES;
        }
    }

    static final class SubSdMemory extends MicroOp {
        final int d;
        final Ea ea;

        SubSdMemory(int d, Ea ea) {
            this.d = d;
            this.ea = ea;
        }

        @Override
        public MicroOp exec(Cpu c) {
            VectorRuntime.setHalf(
                    VectorRuntime.subsd(c.load64(ea.address(c)), VectorRuntime.half(c, d), c),
                    c,
                    d);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.address(ea);
            e.load(this, 8);
            VectorCode.scalar(e, this, "subsd", d);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.MEMORY_BYTES;
        }
    }

    static final class MulSdMemory extends MicroOp {
        final int d;
        final Ea ea;

        MulSdMemory(int d, Ea ea) {
            this.d = d;
            this.ea = ea;
        }

        @Override
        public MicroOp exec(Cpu c) {
            VectorRuntime.setHalf(
                    VectorRuntime.mulsd(c.load64(ea.address(c)), VectorRuntime.half(c, d), c),
                    c,
                    d);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.address(ea);
            e.load(this, 8);
            VectorCode.scalar(e, this, "mulsd", d);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.MEMORY_BYTES;
        }
    }

    static final class DivSdMemory extends MicroOp {
        final int d;
        final Ea ea;

        DivSdMemory(int d, Ea ea) {
            this.d = d;
            this.ea = ea;
        }

        @Override
        public MicroOp exec(Cpu c) {
            VectorRuntime.setHalf(
                    VectorRuntime.divsd(c.load64(ea.address(c)), VectorRuntime.half(c, d), c),
                    c,
                    d);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.address(ea);
            e.load(this, 8);
            VectorCode.scalar(e, this, "divsd", d);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.MEMORY_BYTES;
        }
    }
}
