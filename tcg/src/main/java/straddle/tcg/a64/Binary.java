package straddle.tcg.a64;

import org.objectweb.asm.Opcodes;
import straddle.tcg.Cpu;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.Flags;
import straddle.tcg.op.MicroOp;

/// d = n op operand, where the operand is a shifted or extended register or a constant; with flags or without.
///
/// The general form does everything by switches; the forms that programs are full of have classes of their own,
/// which only say how they are interpreted.
class Binary extends MicroOp {
    enum Op {
        ADD,
        SUB,
        AND,
        BIC,
        ORR,
        ORN,
        EOR,
        EON,
        ADC,
        SBC;

        boolean isLogic() {
            return this != ADD && this != SUB && this != ADC && this != SBC;
        }
    }

    /// What happens to the register m: the manual's `shift`, then its `option` plus 4.
    static final int LSL = 0;

    static final int LSR = 1;
    static final int ASR = 2;
    static final int ROR = 3;
    static final int UXTB = 4;
    static final int UXTX = 7;
    static final int SXTB = 8;

    private static final int CONSTANT = -1;

    final Op op;
    final boolean flags;
    final boolean wide;
    final int d;
    final int n;
    final int m;
    final int change;
    final int amount;
    final long value;
    final long mask;

    private Binary(Op op, boolean flags, boolean wide, int d, int n, Operand operand) {
        this.op = op;
        this.flags = flags;
        this.wide = wide;
        this.d = d;
        this.n = n;
        this.m = operand.m;
        this.change = operand.change;
        this.amount = operand.amount;
        this.value = operand.value;
        this.mask = wide ? -1 : 0xffff_ffffL;
    }

    /// @param m a slot, or -1 for a constant
    /// @param change as [#LSL] and so on
    record Operand(int m, int change, int amount, long value) {
        static Operand constant(long value) {
            return new Operand(CONSTANT, LSL, 0, value);
        }

        static Operand register(int m) {
            return new Operand(m, LSL, 0, 0);
        }

        boolean isConstant() {
            return m == CONSTANT;
        }

        boolean isPlain() {
            return m != CONSTANT && change == LSL && amount == 0;
        }
    }

    static MicroOp of(Op op, boolean flags, boolean wide, int d, int n, Operand operand) {
        if (!flags && operand.isConstant()) {
            if (op == Op.ADD) {
                return new AddConstant(wide, d, n, operand);
            }
            if (op == Op.SUB) {
                return new AddConstant(wide, d, n, Operand.constant(-operand.value));
            }
            if (op == Op.AND) {
                return new AndConstant(wide, d, n, operand);
            }
        }
        if (!flags && operand.isPlain()) {
            switch (op) {
                case ADD -> {
                    return new AddRegister(wide, d, n, operand);
                }
                case SUB -> {
                    return new SubRegister(wide, d, n, operand);
                }
                case AND -> {
                    return new AndRegister(wide, d, n, operand);
                }
                case ORR -> {
                    return new OrrRegister(wide, d, n, operand);
                }
                case EOR -> {
                    return new EorRegister(wide, d, n, operand);
                }
                default -> {}
            }
        }
        if (!flags && op == Op.ADD && operand.change == LSL) {
            return new AddShifted(wide, d, n, operand);
        }
        return new Binary(op, flags, wide, d, n, operand);
    }

    @Override
    public MicroOp exec(Cpu c) {
        long[] r = c.r;
        long a = r[n];
        long b = m == CONSTANT ? value : changed(r[m], change, amount, wide);
        if (flags) {
            r[d] = withFlags(c, a, b) & mask;
        } else {
            r[d] = apply(c, a, b) & mask;
        }
        return next;
    }

    private long apply(Cpu c, long a, long b) {
        return switch (op) {
            case ADD -> a + b;
            case SUB -> a - b;
            case AND -> a & b;
            case BIC -> a & ~b;
            case ORR -> a | b;
            case ORN -> a | ~b;
            case EOR -> a ^ b;
            case EON -> a ^ ~b;
            case ADC -> a + b + carry(c);
            case SBC -> a + ~b + carry(c);
        };
    }

    private long withFlags(Cpu c, long x, long y) {
        long a = wide ? x : (int) x;
        long b = wide ? y : (int) y;
        long exact = apply(c, a, b);
        long result = wide ? exact : (int) exact;
        switch (op) {
            case ADD, ADC -> c.setFlags(Flags.ADD, result, a, b);
            case SUB -> c.setFlags(Flags.DIFFERENCE, result, a, b);
            case SBC -> c.setFlags(Flags.ADD, result, a, ~b);
            default -> c.setFlags(Flags.LOGIC, result, 0, 0);
        }
        return result;
    }

    private static long carry(Cpu c) {
        return Flags.carry(c.flagKind, c.flagResult, c.flagA, c.flagB) ? 1 : 0;
    }

    /// A register's value after its shift or extension. For 32 bits, only the lower half of the result counts.
    static long changed(long x, int change, int amount, boolean wide) {
        return switch (change) {
            case LSL -> x << amount;
            case LSR -> (wide ? x : x & 0xffff_ffffL) >>> amount;
            case ASR -> wide ? x >> amount : (int) x >> amount;
            case ROR -> wide ? Long.rotateRight(x, amount) : Integer.rotateRight((int) x, amount);
            default -> extended(x, change - UXTB) << amount;
        };
    }

    /// @param option the manual's: UXTB, UXTH, UXTW, UXTX, then signed ones
    static long extended(long x, int option) {
        return switch (option) {
            case 0 -> x & 0xff;
            case 1 -> x & 0xffff;
            case 2 -> x & 0xffff_ffffL;
            case 4 -> (byte) x;
            case 5 -> (short) x;
            case 6 -> (int) x;
            default -> x;
        };
    }

    // ---- bytecode

    /// Pushes an extended register.
    static void emitExtended(Emitter e, int m, int option) {
        int width = 1 << (option & 3);
        if (option >= 4) {
            e.getSigned(m, width);
        } else {
            e.get(m, width);
        }
    }

    /// Pushes the second operand; for 32 bits, only its lower half counts.
    private void emitOperand(Emitter e) {
        if (m == CONSTANT) {
            e.constant(value);
            return;
        }
        switch (change) {
            case LSL -> {
                e.get(m);
                e.shift(Opcodes.LSHL, amount);
            }
            case LSR -> {
                e.get(m, wide ? 8 : 4);
                e.shift(Opcodes.LUSHR, amount);
            }
            case ASR -> {
                e.getSigned(m, wide ? 8 : 4);
                e.shift(Opcodes.LSHR, amount);
            }
            case ROR -> {
                e.get(m);
                if (wide) {
                    e.integer(amount);
                    e.invoke("java/lang/Long", "rotateRight", "(JI)J");
                } else {
                    e.op(Opcodes.L2I);
                    e.integer(amount);
                    e.invoke("java/lang/Integer", "rotateRight", "(II)I");
                    e.op(Opcodes.I2L);
                }
            }
            default -> {
                emitExtended(e, m, change - UXTB);
                e.shift(Opcodes.LSHL, amount);
            }
        }
    }

    /// The operation on two operands on the stack.
    private void emitOperation(Emitter e) {
        if (op == Op.BIC || op == Op.ORN || op == Op.EON || op == Op.SBC) {
            e.constant(-1);
            e.op(Opcodes.LXOR);
        }
        switch (op) {
            case ADD, ADC, SBC -> e.op(Opcodes.LADD);
            case SUB -> e.op(Opcodes.LSUB);
            case AND, BIC -> e.op(Opcodes.LAND);
            case ORR, ORN -> e.op(Opcodes.LOR);
            default -> e.op(Opcodes.LXOR);
        }
        if (op == Op.ADC || op == Op.SBC) {
            e.carry();
            e.op(Opcodes.I2L);
            e.op(Opcodes.LADD);
        }
    }

    @Override
    public void emit(Emitter e) {
        if (flags) {
            emitWithFlags(e);
        } else {
            e.get(n);
            emitOperand(e);
            emitOperation(e);
            if (!wide) {
                e.zeroExtend(4);
            }
        }
        Slots.set(e, d);
    }

    /// Leaves the result on the stack.
    private void emitWithFlags(Emitter e) {
        int width = wide ? 8 : 4;
        e.getSigned(n, width);
        e.keep(Emitter.A);
        emitOperand(e);
        e.signExtend(width);
        e.keep(Emitter.B);
        e.take(Emitter.A);
        e.take(Emitter.B);
        emitOperation(e);
        e.signExtend(width);
        e.keep(Emitter.R);
        switch (op) {
            case ADD, ADC -> e.flags(Flags.ADD, Emitter.R, Emitter.A, Emitter.B);
            case SUB -> e.flags(Flags.DIFFERENCE, Emitter.R, Emitter.A, Emitter.B);
            case SBC -> {
                e.take(Emitter.B);
                e.constant(-1);
                e.op(Opcodes.LXOR);
                e.keep(Emitter.B);
                e.flags(Flags.ADD, Emitter.R, Emitter.A, Emitter.B);
            }
            default -> e.logicFlags(Emitter.R);
        }
        e.take(Emitter.R);
        if (!wide) {
            e.zeroExtend(4);
        }
    }

    /// Only the flags of a comparison or test of this kind: no register is written.
    void emitFlags(Emitter e) {
        emitWithFlags(e);
        e.op(Opcodes.POP2);
    }

    @Override
    public int emittedBytes() {
        return flags ? 72 : 34;
    }

    @Override
    public String toString() {
        return "%s%s%s %s, %s, %s"
                .formatted(
                        op,
                        flags ? "S" : "",
                        wide ? "" : " (32)",
                        Slots.name(d),
                        Slots.name(n),
                        m == CONSTANT ? "0x" + Long.toHexString(value) : Slots.name(m));
    }

    private static final class AddConstant extends Binary {
        AddConstant(boolean wide, int d, int n, Operand operand) {
            super(Op.ADD, false, wide, d, n, operand);
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.r[d] = c.r[n] + value & mask;
            return next;
        }
    }

    private static final class AndConstant extends Binary {
        AndConstant(boolean wide, int d, int n, Operand operand) {
            super(Op.AND, false, wide, d, n, operand);
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.r[d] = c.r[n] & value & mask;
            return next;
        }
    }

    private static final class AddRegister extends Binary {
        AddRegister(boolean wide, int d, int n, Operand operand) {
            super(Op.ADD, false, wide, d, n, operand);
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.r[d] = c.r[n] + c.r[m] & mask;
            return next;
        }
    }

    private static final class AddShifted extends Binary {
        AddShifted(boolean wide, int d, int n, Operand operand) {
            super(Op.ADD, false, wide, d, n, operand);
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.r[d] = c.r[n] + (c.r[m] << amount) & mask;
            return next;
        }
    }

    private static final class SubRegister extends Binary {
        SubRegister(boolean wide, int d, int n, Operand operand) {
            super(Op.SUB, false, wide, d, n, operand);
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.r[d] = c.r[n] - c.r[m] & mask;
            return next;
        }
    }

    private static final class AndRegister extends Binary {
        AndRegister(boolean wide, int d, int n, Operand operand) {
            super(Op.AND, false, wide, d, n, operand);
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.r[d] = c.r[n] & c.r[m] & mask;
            return next;
        }
    }

    private static final class OrrRegister extends Binary {
        OrrRegister(boolean wide, int d, int n, Operand operand) {
            super(Op.ORR, false, wide, d, n, operand);
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.r[d] = (c.r[n] | c.r[m]) & mask;
            return next;
        }
    }

    private static final class EorRegister extends Binary {
        EorRegister(boolean wide, int d, int n, Operand operand) {
            super(Op.EOR, false, wide, d, n, operand);
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.r[d] = (c.r[n] ^ c.r[m]) & mask;
            return next;
        }
    }
}
