package straddle.tcg.mips;

import java.util.Locale;
import org.objectweb.asm.Opcodes;
import straddle.tcg.Cpu;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.Halves;
import straddle.tcg.op.MicroOp;

/// Floating-point micro-ops, with operands as [Halves] has them.
final class FloatOps {
    private static final String FPU = "straddle/tcg/mips/Fpu";
    private static final String CPU = "Lstraddle/tcg/Cpu;";
    private static final long LOW = 0xffff_ffffL;

    private FloatOps() {}

    /// The function of [Fpu] that has an instruction's semantics: `addD` for ADD_D.
    private static String function(Op op) {
        String[] parts = op.name().split("_", -1);
        StringBuilder name = new StringBuilder(parts[0].toLowerCase(Locale.ROOT));
        for (int i = 1; i < parts.length; i++) {
            name.append(parts[i]);
        }
        return name.toString();
    }

    /// Pushes operands, and notes them as the last operation's.
    private static void emitOperands(Emitter e, int... operands) {
        e.constant(0);
        e.set(MipsCpu.LAST);
        for (int i = 0; i < operands.length; i++) {
            Halves.emitGet(e, operands[i]);
            e.op(Opcodes.DUP2);
            e.set(MipsCpu.LAST_OPERANDS + i);
        }
    }

    /// Notes that the operation has been done, whose exceptions the host may know.
    private static void emitLast(Emitter e, int last) {
        e.constant(last);
        e.set(MipsCpu.LAST);
    }

    /// Does an operation once more, for its exceptions.
    ///
    /// @param last its row's number from 1 on, for a comparison the condition from bit 16 on
    static void repeat(int last, long x, long y, long z, Cpu c) {
        Op op = Op.values()[(last & 0xffff) - 1];
        switch (op) {
            case C_S -> Fpu.compareS(x, y, last >>> 16, c);
            case C_D -> Fpu.compareD(x, y, last >>> 16, c);
            case ADD_S, ADD_D, SUB_S, SUB_D, MUL_S, MUL_D, DIV_S, DIV_D -> binary(op, x, y, c);
            case MADD_S, MADD_D, MSUB_S, MSUB_D, NMADD_S, NMADD_D, NMSUB_S, NMSUB_D ->
                    ternary(op, x, y, z, c);
            default -> unary(op, x, c);
        }
    }

    /// Computes: d = f(x), f(x, y) or f(x, y, z).
    static final class Compute extends MicroOp {
        private final Op op;
        private final boolean single;
        private final int d;
        private final int[] operands;

        /// @param single whether the result has 32 bits
        Compute(Op op, boolean single, int d, int... operands) {
            this.op = op;
            this.single = single;
            this.d = d;
            this.operands = operands;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            r[MipsCpu.LAST] = 0;
            long x = Halves.get(r, operands[0]);
            long result =
                    switch (operands.length) {
                        case 1 -> unary(op, x, c);
                        case 2 -> binary(op, x, Halves.get(r, operands[1]), c);
                        default ->
                                ternary(
                                        op,
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

        @Override
        public void emit(Emitter e) {
            e.mark(this);
            emitOperands(e, operands);
            e.cpu();
            e.invoke(FPU, function(op), "(" + "J".repeat(operands.length) + CPU + ")J");
            emitLast(e, op.ordinal() + 1);
            if (single) {
                Halves.emitSet(e, d);
            } else {
                e.set(d);
            }
        }

        @Override
        public int emittedBytes() {
            return 112;
        }

        @Override
        public String toString() {
            return op + " " + d + ", " + java.util.Arrays.toString(operands);
        }
    }

    private static long unary(Op op, long x, Cpu c) {
        return switch (op) {
            case SQRT_S -> Fpu.sqrtS(x, c);
            case SQRT_D -> Fpu.sqrtD(x, c);
            case RECIP_S -> Fpu.recipS(x, c);
            case RECIP_D -> Fpu.recipD(x, c);
            case RSQRT_S -> Fpu.rsqrtS(x, c);
            case RSQRT_D -> Fpu.rsqrtD(x, c);
            case CVT_S_D -> Fpu.cvtSD(x, c);
            case CVT_S_W -> Fpu.cvtSW(x, c);
            case CVT_S_L -> Fpu.cvtSL(x, c);
            case CVT_D_S -> Fpu.cvtDS(x, c);
            case CVT_D_W -> Fpu.cvtDW(x, c);
            case CVT_D_L -> Fpu.cvtDL(x, c);
            case CVT_W_S -> Fpu.cvtWS(x, c);
            case CVT_W_D -> Fpu.cvtWD(x, c);
            case CVT_L_S -> Fpu.cvtLS(x, c);
            case CVT_L_D -> Fpu.cvtLD(x, c);
            case ROUND_W_S -> Fpu.roundWS(x, c);
            case ROUND_W_D -> Fpu.roundWD(x, c);
            case ROUND_L_S -> Fpu.roundLS(x, c);
            case ROUND_L_D -> Fpu.roundLD(x, c);
            case TRUNC_W_S -> Fpu.truncWS(x, c);
            case TRUNC_W_D -> Fpu.truncWD(x, c);
            case TRUNC_L_S -> Fpu.truncLS(x, c);
            case TRUNC_L_D -> Fpu.truncLD(x, c);
            case CEIL_W_S -> Fpu.ceilWS(x, c);
            case CEIL_W_D -> Fpu.ceilWD(x, c);
            case CEIL_L_S -> Fpu.ceilLS(x, c);
            case CEIL_L_D -> Fpu.ceilLD(x, c);
            case FLOOR_W_S -> Fpu.floorWS(x, c);
            case FLOOR_W_D -> Fpu.floorWD(x, c);
            case FLOOR_L_S -> Fpu.floorLS(x, c);
            case FLOOR_L_D -> Fpu.floorLD(x, c);
            default -> throw new IllegalArgumentException(op + " has not one operand");
        };
    }

    private static long binary(Op op, long x, long y, Cpu c) {
        return switch (op) {
            case ADD_S -> Fpu.addS(x, y, c);
            case ADD_D -> Fpu.addD(x, y, c);
            case SUB_S -> Fpu.subS(x, y, c);
            case SUB_D -> Fpu.subD(x, y, c);
            case MUL_S -> Fpu.mulS(x, y, c);
            case MUL_D -> Fpu.mulD(x, y, c);
            case DIV_S -> Fpu.divS(x, y, c);
            case DIV_D -> Fpu.divD(x, y, c);
            default -> throw new IllegalArgumentException(op + " has not two operands");
        };
    }

    private static long ternary(Op op, long x, long y, long z, Cpu c) {
        return switch (op) {
            case MADD_S -> Fpu.maddS(x, y, z, c);
            case MADD_D -> Fpu.maddD(x, y, z, c);
            case MSUB_S -> Fpu.msubS(x, y, z, c);
            case MSUB_D -> Fpu.msubD(x, y, z, c);
            case NMADD_S -> Fpu.nmaddS(x, y, z, c);
            case NMADD_D -> Fpu.nmaddD(x, y, z, c);
            case NMSUB_S -> Fpu.nmsubS(x, y, z, c);
            case NMSUB_D -> Fpu.nmsubD(x, y, z, c);
            default -> throw new IllegalArgumentException(op + " has not three operands");
        };
    }

    /// C.cond.fmt.
    static final class Compare extends MicroOp {
        private final boolean single;
        private final int x;
        private final int y;
        private final int cc;
        private final int cond;

        Compare(boolean single, int x, int y, int cc, int cond) {
            this.single = single;
            this.x = x;
            this.y = y;
            this.cc = cc;
            this.cond = cond;
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.r[MipsCpu.LAST] = 0;
            long a = Halves.get(c.r, x);
            long b = Halves.get(c.r, y);
            c.r[MipsCpu.FCC + cc] =
                    single ? Fpu.compareS(a, b, cond, c) : Fpu.compareD(a, b, cond, c);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.mark(this);
            emitOperands(e, x, y);
            e.integer(cond);
            e.cpu();
            e.invoke(FPU, single ? "compareS" : "compareD", "(JJI" + CPU + ")J");
            emitLast(e, (single ? Op.C_S : Op.C_D).ordinal() + 1 | cond << 16);
            e.set(MipsCpu.FCC + cc);
        }

        @Override
        public int emittedBytes() {
            return 88;
        }
    }

    /// CFC1.
    static final class ReadControl extends MicroOp {
        private final int d;
        private final int number;

        ReadControl(int d, int number) {
            this.d = d;
            this.number = number;
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.r[d] = ((MipsCpu) c).fpu.control(number, (MipsCpu) c) & LOW;
            return next;
        }
    }

    /// CTC1.
    static final class WriteControl extends MicroOp {
        private final int t;
        private final int number;

        WriteControl(int t, int number) {
            this.t = t;
            this.number = number;
        }

        @Override
        public MicroOp exec(Cpu c) {
            MipsCpu cpu = (MipsCpu) c;
            if (cpu.fpu.setControl(number, (int) c.r[t], cpu)) {
                throw cpu.floatException();
            }
            return next;
        }
    }
}
