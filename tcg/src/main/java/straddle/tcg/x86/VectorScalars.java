package straddle.tcg.x86;

import straddle.tcg.Cpu;
import straddle.tcg.op.Ea;
import straddle.tcg.op.MicroOp;
import straddle.tcg.x86.fp.Sse;

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
            X86Cpu cpu = (X86Cpu) c;
            if (Sse.addsd(cpu.fp, cpu.v, d, s)) {
                throw FpuState.simdFault(cpu);
            }
            return next;
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
            X86Cpu cpu = (X86Cpu) c;
            if (Sse.subsd(cpu.fp, cpu.v, d, s)) {
                throw FpuState.simdFault(cpu);
            }
            return next;
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
            X86Cpu cpu = (X86Cpu) c;
            if (Sse.mulsd(cpu.fp, cpu.v, d, s)) {
                throw FpuState.simdFault(cpu);
            }
            return next;
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
            X86Cpu cpu = (X86Cpu) c;
            if (Sse.divsd(cpu.fp, cpu.v, d, s)) {
                throw FpuState.simdFault(cpu);
            }
            return next;
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
            X86Cpu cpu = (X86Cpu) c;
            if (Sse.sqrtsd(cpu.fp, cpu.v, d, s)) {
                throw FpuState.simdFault(cpu);
            }
            return next;
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
            X86Cpu cpu = (X86Cpu) c;
            if (Sse.addss(cpu.fp, cpu.v, d, s)) {
                throw FpuState.simdFault(cpu);
            }
            return next;
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
            X86Cpu cpu = (X86Cpu) c;
            if (Sse.subss(cpu.fp, cpu.v, d, s)) {
                throw FpuState.simdFault(cpu);
            }
            return next;
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
            X86Cpu cpu = (X86Cpu) c;
            if (Sse.mulss(cpu.fp, cpu.v, d, s)) {
                throw FpuState.simdFault(cpu);
            }
            return next;
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
            X86Cpu cpu = (X86Cpu) c;
            if (Sse.divss(cpu.fp, cpu.v, d, s)) {
                throw FpuState.simdFault(cpu);
            }
            return next;
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
            X86Cpu cpu = (X86Cpu) c;
            long[] v = cpu.v;
            v[Vectors.SCRATCH] = c.load64(ea.address(c));
            if (Sse.addsd(cpu.fp, v, d, Vectors.SCRATCH)) {
                throw FpuState.simdFault(cpu);
            }
            return next;
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
            X86Cpu cpu = (X86Cpu) c;
            long[] v = cpu.v;
            v[Vectors.SCRATCH] = c.load64(ea.address(c));
            if (Sse.subsd(cpu.fp, v, d, Vectors.SCRATCH)) {
                throw FpuState.simdFault(cpu);
            }
            return next;
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
            X86Cpu cpu = (X86Cpu) c;
            long[] v = cpu.v;
            v[Vectors.SCRATCH] = c.load64(ea.address(c));
            if (Sse.mulsd(cpu.fp, v, d, Vectors.SCRATCH)) {
                throw FpuState.simdFault(cpu);
            }
            return next;
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
            X86Cpu cpu = (X86Cpu) c;
            long[] v = cpu.v;
            v[Vectors.SCRATCH] = c.load64(ea.address(c));
            if (Sse.divsd(cpu.fp, v, d, Vectors.SCRATCH)) {
                throw FpuState.simdFault(cpu);
            }
            return next;
        }
    }
}
