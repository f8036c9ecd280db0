package straddle.tcg.arm;

import org.objectweb.asm.Opcodes;
import straddle.tcg.Cpu;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.Halves;
import straddle.tcg.op.MicroOp;

/// Micro-ops of VFP, with operands as [Halves] has them.
final class VfpOps {
    private static final String RUNTIME = "straddle/tcg/arm/VfpRuntime";
    private static final String CPU = "Lstraddle/tcg/Cpu;";

    private VfpOps() {}

    /// What [Compute] computes: functions of [VfpRuntime].
    enum Function {
        VADD,
        VSUB,
        VMUL,
        VNMUL,
        VDIV,
        VSQRT,
        VMLA,
        VMLS,
        VNMLA,
        VNMLS,
        VFMA,
        VFMS,
        VFNMA,
        VFNMS,
        FROM_SIGNED,
        FROM_UNSIGNED,
        TRUNCATED,
        WIDENED,
        NARROWED;

        String method(boolean wide) {
            return switch (this) {
                case WIDENED -> "widened";
                case NARROWED -> "narrowed";
                case FROM_SIGNED -> wide ? "fromSignedd" : "fromSigneds";
                case FROM_UNSIGNED -> wide ? "fromUnsignedd" : "fromUnsigneds";
                default -> name().toLowerCase(java.util.Locale.ROOT) + (wide ? "d" : "s");
            };
        }
    }

    /// d = f(operands).
    static final class Compute extends MicroOp {
        private final Function function;
        private final boolean wide;
        private final boolean single;
        private final int d;
        private final int[] operands;

        /// @param wide which variant of the function
        /// @param single whether the result is a word
        Compute(Function function, boolean wide, boolean single, int d, int... operands) {
            this.function = function;
            this.wide = wide;
            this.single = single;
            this.d = d;
            this.operands = operands;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long x = Halves.get(r, operands[0]);
            long result =
                    switch (operands.length) {
                        case 1 -> unary(x, c);
                        case 2 -> binary(x, Halves.get(r, operands[1]), c);
                        default ->
                                ternary(
                                        x,
                                        Halves.get(r, operands[1]),
                                        Halves.get(r, operands[2]),
                                        c);
                    };
            if (single) {
                Halves.set(r, d, result);
            } else {
                r[d] = result;
            }
            return next;
        }

        private long unary(long x, Cpu c) {
            return switch (function) {
                case VSQRT -> wide ? VfpRuntime.vsqrtd(x, c) : VfpRuntime.vsqrts(x, c);
                case FROM_SIGNED ->
                        wide ? VfpRuntime.fromSignedd(x, c) : VfpRuntime.fromSigneds(x, c);
                case FROM_UNSIGNED ->
                        wide ? VfpRuntime.fromUnsignedd(x, c) : VfpRuntime.fromUnsigneds(x, c);
                case TRUNCATED -> wide ? VfpRuntime.truncatedd(x, c) : VfpRuntime.truncateds(x, c);
                case WIDENED -> VfpRuntime.widened(x, c);
                default -> VfpRuntime.narrowed(x, c);
            };
        }

        private long binary(long x, long y, Cpu c) {
            return switch (function) {
                case VADD -> wide ? VfpRuntime.vaddd(x, y, c) : VfpRuntime.vadds(x, y, c);
                case VSUB -> wide ? VfpRuntime.vsubd(x, y, c) : VfpRuntime.vsubs(x, y, c);
                case VMUL -> wide ? VfpRuntime.vmuld(x, y, c) : VfpRuntime.vmuls(x, y, c);
                case VNMUL -> wide ? VfpRuntime.vnmuld(x, y, c) : VfpRuntime.vnmuls(x, y, c);
                default -> wide ? VfpRuntime.vdivd(x, y, c) : VfpRuntime.vdivs(x, y, c);
            };
        }

        private long ternary(long a, long x, long y, Cpu c) {
            return switch (function) {
                case VMLA -> wide ? VfpRuntime.vmlad(a, x, y, c) : VfpRuntime.vmlas(a, x, y, c);
                case VMLS -> wide ? VfpRuntime.vmlsd(a, x, y, c) : VfpRuntime.vmlss(a, x, y, c);
                case VNMLA -> wide ? VfpRuntime.vnmlad(a, x, y, c) : VfpRuntime.vnmlas(a, x, y, c);
                case VNMLS -> wide ? VfpRuntime.vnmlsd(a, x, y, c) : VfpRuntime.vnmlss(a, x, y, c);
                case VFMA -> wide ? VfpRuntime.vfmad(a, x, y, c) : VfpRuntime.vfmas(a, x, y, c);
                case VFMS -> wide ? VfpRuntime.vfmsd(a, x, y, c) : VfpRuntime.vfmss(a, x, y, c);
                case VFNMA -> wide ? VfpRuntime.vfnmad(a, x, y, c) : VfpRuntime.vfnmas(a, x, y, c);
                default -> wide ? VfpRuntime.vfnmsd(a, x, y, c) : VfpRuntime.vfnmss(a, x, y, c);
            };
        }

        @Override
        public void emit(Emitter e) {
            for (int operand : operands) {
                Halves.emitGet(e, operand);
            }
            e.cpu();
            String descriptor = "(" + "J".repeat(operands.length) + CPU + ")J";
            e.invoke(RUNTIME, function.method(wide), descriptor);
            if (single) {
                Halves.emitSet(e, d);
            } else {
                e.set(d);
            }
        }

        @Override
        public int emittedBytes() {
            return 64;
        }
    }

    /// The rarer conversions: d = f(x, how).
    static final class Convert extends MicroOp {
        static final int TO_WORD = 0;
        static final int FIXED = 1;
        static final int HALF = 2;

        private final int function;
        private final int how;
        private final boolean single;
        private final int d;
        private final int x;

        /// @param how as for [VfpRuntime]'s function
        Convert(int function, int how, boolean single, int d, int x) {
            this.function = function;
            this.how = how;
            this.single = single;
            this.d = d;
            this.x = x;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long value = Halves.get(c.r, x);
            long result =
                    switch (function) {
                        case TO_WORD -> VfpRuntime.toWord(value, how, c);
                        case FIXED -> VfpRuntime.fixed(value, how, c);
                        default ->
                                VfpRuntime.half(value, Halves.get(c.r, d) & 0xffff_ffffL, how, c);
                    };
            if (single) {
                Halves.set(c.r, d, result);
            } else {
                c.r[d] = result;
            }
            return next;
        }
    }

    /// VCMP and VCMPE; with 0 where y is [ArmCpu#ZERO].
    static final class Compare extends MicroOp {
        private final boolean wide;
        private final int x;
        private final int y;
        private final int signals;

        Compare(boolean wide, int x, int y, boolean signals) {
            this.wide = wide;
            this.x = x;
            this.y = y;
            this.signals = signals ? 1 : 0;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long a = Halves.get(c.r, x);
            long b = Halves.get(c.r, y);
            c.r[ArmCpu.FLOAT_FLAGS] =
                    wide
                            ? VfpRuntime.compared(a, b, signals, c)
                            : VfpRuntime.compares(a, b, signals, c);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            Halves.emitGet(e, x);
            Halves.emitGet(e, y);
            e.integer(signals);
            e.cpu();
            e.invoke(RUNTIME, wide ? "compared" : "compares", "(JJI" + CPU + ")J");
            e.set(ArmCpu.FLOAT_FLAGS);
        }

        @Override
        public int emittedBytes() {
            return 32;
        }
    }

    /// VMRS APSR_nzcv, FPSCR: flags as the slots of the APSR's have them.
    static final class CopyFlags extends MicroOp {
        private static final int BIT_N = 8;
        private static final int BIT_Z = 4;
        private static final int BIT_C = 2;
        private static final int BIT_V = 1;

        @Override
        public MicroOp exec(Cpu c) {
            long flags = c.r[ArmCpu.FLOAT_FLAGS];
            c.r[ArmCpu.N] = (flags & BIT_N) << 28;
            c.r[ArmCpu.Z] = flags & BIT_Z ^ BIT_Z;
            c.r[ArmCpu.C] = (flags & BIT_C) >>> 1;
            c.r[ArmCpu.V] = (flags & BIT_V) << 31;
            return next;
        }

        @Override
        public void emit(Emitter e) {
            flag(e, BIT_N);
            e.shift(Opcodes.LSHL, 28);
            e.set(ArmCpu.N);
            flag(e, BIT_Z);
            e.constant(BIT_Z);
            e.op(Opcodes.LXOR);
            e.set(ArmCpu.Z);
            flag(e, BIT_C);
            e.shift(Opcodes.LUSHR, 1);
            e.set(ArmCpu.C);
            flag(e, BIT_V);
            e.shift(Opcodes.LSHL, 31);
            e.set(ArmCpu.V);
        }

        private static void flag(Emitter e, int bit) {
            e.get(ArmCpu.FLOAT_FLAGS);
            e.constant(bit);
            e.op(Opcodes.LAND);
        }

        @Override
        public int emittedBytes() {
            return 64;
        }
    }

    static final class ReadFpscr extends MicroOp {
        private final int d;

        ReadFpscr(int d) {
            this.d = d;
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.r[d] = ((ArmCpu) c).fpscr() & 0xffff_ffffL;
            return next;
        }
    }

    static final class WriteFpscr extends MicroOp {
        private final int s;

        WriteFpscr(int s) {
            this.s = s;
        }

        @Override
        public MicroOp exec(Cpu c) {
            ((ArmCpu) c).setFpscr((int) c.r[s]);
            return next;
        }
    }
}
