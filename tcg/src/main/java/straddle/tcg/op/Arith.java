package straddle.tcg.op;

import org.objectweb.asm.Label;
import org.objectweb.asm.Opcodes;
import straddle.tcg.Cpu;

/// Integer operations of one operand, shifts, multiplications, and bits.
public final class Arith {
    public static final int NOT = 0;
    public static final int NEG = 1;
    public static final int INC = 2;
    public static final int DEC = 3;

    // In the order of x86's shift group.
    public static final int ROL = 0;
    public static final int ROR = 1;
    public static final int RCL = 2;
    public static final int RCR = 3;
    public static final int SHL = 4;
    public static final int SHR = 5;
    public static final int SAR = 7;

    private Arith() {}

    private static long unary(int op, long a, int width) {
        return switch (op) {
            case NOT -> ~a;
            case NEG -> Reg.signed(-a, width);
            case INC -> Reg.signed(a + 1, width);
            default -> Reg.signed(a - 1, width);
        };
    }

    private static void recordUnary(Cpu c, int op, long result, long a, int width) {
        switch (op) {
            case NEG -> c.setFlags(Flags.SUB, result, 0, a);
            case INC ->
                    c.setFlags(
                            Flags.INC,
                            result,
                            carry(c),
                            result == Long.MIN_VALUE >> 64 - 8 * width ? 1 : 0);
            case DEC ->
                    c.setFlags(
                            Flags.DEC,
                            result,
                            carry(c),
                            a == Long.MIN_VALUE >> 64 - 8 * width ? 1 : 0);
            default -> {}
        }
    }

    private static int carry(Cpu c) {
        return Flags.carry(c.flagKind, c.flagResult, c.flagA, c.flagB) ? 1 : 0;
    }

    /// Pushes the result for what is on the stack.
    private static void emitResult(Emitter e, int op, int width) {
        switch (op) {
            case NOT -> {
                e.constant(-1);
                e.arithmetic(Opcodes.LXOR, width);
            }
            case NEG -> {
                e.op(Opcodes.LNEG);
                e.signExtend(width);
            }
            default -> {
                e.constant(1);
                e.arithmetic(op == INC ? Opcodes.LADD : Opcodes.LSUB, width);
            }
        }
    }

    /// Bytecode of [#unary] and [#recordUnary] on the scratch operand A; the result is in R.
    private static void emitUnary(Emitter e, int op, int width) {
        e.take(Emitter.A);
        emitResult(e, op, width);
        e.keep(Emitter.R);
        switch (op) {
            case NEG -> {
                e.take(Emitter.A);
                e.keep(Emitter.B);
                e.constant(0);
                e.keep(Emitter.A);
                e.comparisonFlags(Emitter.R, Emitter.A, Emitter.B);
            }
            case INC, DEC -> {
                e.take(op == INC ? Emitter.R : Emitter.A);
                e.constant(Long.MIN_VALUE >> 64 - 8 * width);
                e.runtime("equal", "(JJ)J");
                e.keep(Emitter.B);
                e.carry();
                e.op(Opcodes.I2L);
                e.keep(Emitter.A);
                e.flags(op == INC ? Flags.INC : Flags.DEC, Emitter.R, Emitter.A, Emitter.B);
            }
            default -> {}
        }
    }

    /// d = op d.
    public static final class Unary extends MicroOp {
        private final int op;
        private final int width;
        private final int d;

        public Unary(int op, int width, int d) {
            this.op = op;
            this.width = width;
            this.d = d;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long a = Reg.signed(Reg.get(c.r, d, width), width);
            long result = unary(op, a, width);
            recordUnary(c, op, result, a, width);
            Reg.set(c.r, d, width, result);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.getSigned(d, width);
            e.keep(Emitter.A);
            emitUnary(e, op, width);
            e.take(Emitter.R);
            e.set(d, width);
        }

        @Override
        public int emittedBytes() {
            return 80;
        }
    }

    /// memory = op memory.
    public static final class UnaryMemory extends MicroOp {
        private final int op;
        private final int width;
        private final Ea ea;
        private final boolean locked;

        public UnaryMemory(int op, int width, Ea ea, boolean locked) {
            this.op = op;
            this.width = width;
            this.ea = ea;
            this.locked = locked;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long address = ea.address(c);
            while (true) {
                long a = Reg.signed(c.load(address, width), width);
                long result = unary(op, a, width);
                if (locked && c.isShared()) {
                    c.probeStore(address, width);
                    if (!Atomic.compareAndSet(c, address, width, a, result)) {
                        continue;
                    }
                } else {
                    c.store(address, width, result);
                }
                recordUnary(c, op, result, a, width);
                return next;
            }
        }

        @Override
        public void emit(Emitter e) {
            if (locked) {
                e.call(this);
                return;
            }
            e.address(ea);
            e.op(Opcodes.DUP2);
            e.keep(Emitter.ADDRESS);
            e.load(this, width);
            e.signExtend(width);
            e.keep(Emitter.A);
            e.take(Emitter.ADDRESS);
            e.take(Emitter.A);
            emitResult(e, op, width);
            e.store(this, width);
            emitUnary(e, op, width);
        }
    }

    /// d = d shifted or rotated by a constant, 4 or 8 bytes wide: the frequent case of [Shift].
    public static final class ShiftConstant extends MicroOp {
        private final int op;
        private final int d;
        private final int count;
        private final int wide;

        /// @param op SHL, SHR or SAR
        /// @param count 1 to width * 8 - 1
        public ShiftConstant(int op, int width, int d, int count) {
            this.op = op;
            this.d = d;
            this.count = count;
            this.wide = 64 - 8 * width;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long a = r[d] << wide;
            long result;
            long carry;
            long overflow;
            switch (op) {
                case SHL -> {
                    carry = a >>> 64 - count & 1;
                    result = a << count >> wide;
                    overflow = result >>> 63 ^ carry;
                }
                case SHR -> {
                    long value = a >>> wide;
                    carry = value >>> count - 1 & 1;
                    result = value >>> count << wide >> wide;
                    overflow = a >>> 63;
                }
                default -> {
                    long value = a >> wide;
                    carry = value >>> count - 1 & 1;
                    result = value >> count;
                    overflow = 0;
                }
            }
            r[d] = result << wide >>> wide;
            c.setFlags(Flags.SHIFT, result, carry, overflow);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            int width = wide == 0 ? 8 : 4;
            e.getSigned(d, width);
            e.keep(Emitter.A);
            e.take(Emitter.A);
            if (width == 4) {
                e.op(Opcodes.L2I);
            }
            e.integer(count);
            switch (op) {
                case SHL -> e.op(width == 4 ? Opcodes.ISHL : Opcodes.LSHL);
                case SHR -> e.op(width == 4 ? Opcodes.IUSHR : Opcodes.LUSHR);
                default -> e.op(width == 4 ? Opcodes.ISHR : Opcodes.LSHR);
            }
            if (width == 4) {
                e.op(Opcodes.I2L);
            }
            e.keep(Emitter.R);
            e.constant(op == SHL ? 8L * width - count : count - 1);
            e.keep(Emitter.B);
            int kind = op == SHL ? Flags.SHL : op == SHR ? Flags.SHR : Flags.SAR;
            e.flags(kind, Emitter.R, Emitter.A, Emitter.B);
            e.take(Emitter.R);
            e.set(d, width);
        }

        @Override
        public int emittedBytes() {
            return 90;
        }
    }

    /// Shifts and rotates of any width by a constant or by the low byte of a register.
    ///
    /// Counts are taken modulo 32, or 64 for 8 bytes (SDM volume 2, SAL/SAR/SHL/SHR and RCL/RCR/ROL/ROR);
    /// a count of 0 changes no flag.
    public static final class Shift extends MicroOp {
        private final int op;
        private final int width;
        private final int d;
        private final Ea ea;
        private final int countSlot;
        private final int constant;

        /// @param d destination register, or -1 with `ea`
        /// @param countSlot register whose low byte is the count, or -1 with `constant`
        public Shift(int op, int width, int d, Ea ea, int countSlot, int constant) {
            this.op = op;
            this.width = width;
            this.d = d;
            this.ea = ea;
            this.countSlot = countSlot;
            this.constant = constant;
        }

        @Override
        public MicroOp exec(Cpu c) {
            int count = (countSlot < 0 ? constant : (int) c.r[countSlot]) & (width == 8 ? 63 : 31);
            if (ea == null) {
                if (count != 0) {
                    Reg.set(c.r, d, width, shift(c, Reg.get(c.r, d, width), count, true));
                } else if (width == 4) {
                    c.r[d] &= 0xffff_ffffL;
                }
                return next;
            }
            long address = ea.address(c);
            long a = c.load(address, width);
            if (count == 0) {
                c.probeStore(address, width);
                return next;
            }
            c.store(address, width, shift(c, a, count, false));
            shift(c, a, count, true);
            return next;
        }

        /// @param a zero-extended
        private long shift(Cpu c, long a, int count, boolean record) {
            int bits = 8 * width;
            return switch (op) {
                case ROL, ROR -> rotate(c, a, count, bits, record);
                case RCL, RCR -> rotateThroughCarry(c, a, count, bits, record);
                default -> {
                    long result;
                    long carry;
                    long overflow;
                    if (op == SAR) {
                        long value = Reg.signed(a, width);
                        carry = value >> Math.min(count - 1, 63) & 1;
                        result = value >> Math.min(count, 63);
                        overflow = 0;
                    } else if (op == SHR) {
                        carry = count - 1 < bits ? a >>> count - 1 & 1 : 0;
                        result = count < bits ? a >>> count : 0;
                        overflow = a >>> bits - 1;
                    } else {
                        carry = count <= bits ? a >>> bits - count & 1 : 0;
                        result = count < bits ? a << count : 0;
                        overflow = result >>> bits - 1 & 1 ^ carry;
                    }
                    if (record) {
                        c.setFlags(Flags.SHIFT, Reg.signed(result, width), carry, overflow);
                    }
                    yield result;
                }
            };
        }

        private long rotate(Cpu c, long a, int count, int bits, boolean record) {
            int by = count % bits;
            long result;
            if (by == 0) {
                result = a;
            } else if (op == ROL) {
                result = Reg.unsigned(a << by | a >>> bits - by, width);
            } else {
                result = Reg.unsigned(a >>> by | a << bits - by, width);
            }
            if (record) {
                long top = result >>> bits - 1;
                long carry = op == ROL ? result & 1 : top;
                long overflow = op == ROL ? top ^ carry : top ^ result >>> bits - 2 & 1;
                keepOthers(c, carry, overflow);
            }
            return result;
        }

        private long rotateThroughCarry(Cpu c, long a, int count, int bits, boolean record) {
            long carry = carry(c);
            long value = a;
            int by = count % (bits + 1);
            for (int i = 0; i < by; i++) {
                if (op == RCL) {
                    long out = value >>> bits - 1;
                    value = Reg.unsigned(value << 1 | carry, width);
                    carry = out;
                } else {
                    long out = value & 1;
                    value = value >>> 1 | carry << bits - 1;
                    carry = out;
                }
            }
            if (record) {
                long top = value >>> bits - 1;
                long overflow = op == RCL ? top ^ carry : top ^ value >>> bits - 2 & 1;
                keepOthers(c, carry, overflow);
            }
            return value;
        }

        @Override
        public void emit(Emitter e) {
            boolean rotate = op == ROL || op == ROR;
            int count = constant & (width == 8 ? 63 : 31);
            if (ea == null && countSlot >= 0 && op >= SHL && width >= 4) {
                emitByRegister(e);
                return;
            }
            int bits = 8 * width;
            if (countSlot < 0 && op >= SHL && count != 0 && count < bits) {
                emitByConstant(e, count);
                return;
            }
            int by = count % bits;
            if (ea != null || countSlot >= 0 || !rotate || by == 0) {
                e.call(this);
                return;
            }
            int left = op == ROL ? by : bits - by;
            if (width < 4) {
                e.get(d, width);
                e.keep(Emitter.B);
                e.take(Emitter.B);
                e.shift(Opcodes.LSHL, left);
                e.take(Emitter.B);
                e.shift(Opcodes.LUSHR, bits - left);
                e.op(Opcodes.LOR);
                e.zeroExtend(width);
                e.op(Opcodes.DUP2);
                e.keep(Emitter.R);
                e.set(d, width);
                e.rotateFlags(op == ROL, bits);
                return;
            }
            e.get(d);
            if (width == 4) {
                e.op(Opcodes.L2I);
                e.integer(left);
                e.invoke("java/lang/Integer", "rotateLeft", "(II)I");
                e.op(Opcodes.I2L);
                e.zeroExtend(4);
            } else {
                e.integer(left);
                e.invoke("java/lang/Long", "rotateLeft", "(JI)J");
            }
            e.op(Opcodes.DUP2);
            e.keep(Emitter.R);
            e.set(d);
            e.rotateFlags(op == ROL, bits);
        }

        private void emitByConstant(Emitter e, int count) {
            if (ea == null) {
                e.getSigned(d, width);
            } else {
                e.address(ea);
                e.op(Opcodes.DUP2);
                e.keep(Emitter.ADDRESS);
                e.load(this, width);
                e.signExtend(width);
            }
            e.keep(Emitter.A);
            e.take(Emitter.A);
            if (op == SHR) {
                e.zeroExtend(width);
            }
            e.shift(op == SHL ? Opcodes.LSHL : op == SHR ? Opcodes.LUSHR : Opcodes.LSHR, count);
            if (op == SHL) {
                e.signExtend(width);
            }
            e.keep(Emitter.R);
            if (ea != null) {
                e.take(Emitter.ADDRESS);
                e.take(Emitter.R);
                e.store(this, width);
            }
            e.constant(op == SHL ? 8L * width - count : count - 1);
            e.keep(Emitter.B);
            int kind = op == SHL ? Flags.SHL : op == SHR ? Flags.SHR : Flags.SAR;
            e.flags(kind, Emitter.R, Emitter.A, Emitter.B);
            if (ea == null) {
                e.take(Emitter.R);
                e.set(d, width);
            }
        }

        /// A count of 0 changes nothing, and only that is known when it runs.
        private void emitByRegister(Emitter e) {
            Label done = new Label();
            e.get(countSlot);
            e.constant(width == 8 ? 63 : 31);
            e.op(Opcodes.LAND);
            e.keep(Emitter.B);
            if (width == 4) {
                e.get(d, 4);
                e.set(d);
            }
            e.take(Emitter.B);
            e.constant(0);
            e.op(Opcodes.LCMP);
            e.branch(Opcodes.IFEQ, done);
            if (op == SAR) {
                e.getSigned(d, width);
            } else {
                e.get(d, width);
            }
            e.keep(Emitter.R);
            e.take(Emitter.R);
            if (op == SHL) {
                e.constant(8L * width);
                e.take(Emitter.B);
            } else {
                e.take(Emitter.B);
                e.constant(1);
            }
            e.op(Opcodes.LSUB);
            e.op(Opcodes.L2I);
            e.op(Opcodes.LUSHR);
            e.constant(1);
            e.op(Opcodes.LAND);
            e.keep(Emitter.A);
            e.take(Emitter.R);
            e.take(Emitter.B);
            e.op(Opcodes.L2I);
            e.op(op == SHL ? Opcodes.LSHL : op == SHR ? Opcodes.LUSHR : Opcodes.LSHR);
            e.signExtend(width);
            switch (op) {
                case SHL -> {
                    e.op(Opcodes.DUP2);
                    e.shift(Opcodes.LUSHR, 63);
                    e.take(Emitter.A);
                    e.op(Opcodes.LXOR);
                }
                case SHR -> {
                    e.take(Emitter.R);
                    e.shift(Opcodes.LUSHR, 8 * width - 1);
                }
                default -> e.constant(0);
            }
            e.keep(Emitter.B);
            e.keep(Emitter.R);
            e.flags(Flags.SHIFT, Emitter.R, Emitter.A, Emitter.B);
            e.take(Emitter.R);
            e.set(d, width);
            e.join(done);
        }
    }

    /// Rotates change CF and OF only.
    static void keepOthers(Cpu c, long carry, long overflow) {
        long others = eager(c) & ~(Flags.CF | Flags.OF);
        c.setFlags(
                Flags.EAGER,
                others | (carry != 0 ? Flags.CF : 0) | (overflow != 0 ? Flags.OF : 0),
                0,
                0);
    }

    /// All six flags as bits.
    public static int eager(Cpu c) {
        return eager(c.flagKind, c.flagResult, c.flagA, c.flagB);
    }

    /// The same for given flags, see [Flags].
    public static int eager(int kind, long result, long a, long b) {
        if (kind == Flags.EAGER) {
            return (int) result & Flags.ALL;
        }
        return (Flags.carry(kind, result, a, b) ? Flags.CF : 0)
                | (Flags.parity(kind, result) ? Flags.PF : 0)
                | (Flags.auxiliary(kind, result, a, b) ? Flags.AF : 0)
                | (result == 0 ? Flags.ZF : 0)
                | (result < 0 ? Flags.SF : 0)
                | (Flags.overflow(kind, result, a, b) ? Flags.OF : 0);
    }

    /// d = low half of a signed product, s by s or constant; CF and OF say whether it overflowed.
    public static final class Multiply extends MicroOp {
        private final int width;
        private final int d;
        private final int a;
        private final int b;
        private final long constant;

        /// @param b a slot, or -1 with `constant`
        public Multiply(int width, int d, int a, int b, long constant) {
            this.width = width;
            this.d = d;
            this.a = a;
            this.b = b;
            this.constant = constant;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long x = Reg.signed(r[a], width);
            long y = b < 0 ? constant : Reg.signed(r[b], width);
            long product = x * y;
            long result = Reg.signed(product, width);
            boolean fits =
                    width == 8 ? Math.multiplyHigh(x, y) == product >> 63 : result == product;
            Reg.set(r, d, width, result);
            long overflow = fits ? 0 : 1;
            c.setFlags(Flags.SHIFT, result, overflow, overflow);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.getSigned(a, width);
            e.keep(Emitter.A);
            if (b < 0) {
                e.constant(constant);
            } else {
                e.getSigned(b, width);
            }
            e.keep(Emitter.B);
            e.take(Emitter.A);
            e.take(Emitter.B);
            e.op(Opcodes.LMUL);
            emitProduct(e, width);
            e.take(Emitter.R);
            e.set(d, width);
        }

        @Override
        public int emittedBytes() {
            return 80;
        }
    }

    /// Keeps the product on the stack, of the scratch operands A and B, in R, and records its flags.
    private static void emitProduct(Emitter e, int width) {
        if (width == 8) {
            e.keep(Emitter.R);
            e.take(Emitter.A);
            e.take(Emitter.B);
            e.invoke("java/lang/Math", "multiplyHigh", "(JJ)J");
            e.keep(Emitter.A);
            e.take(Emitter.R);
            e.shift(Opcodes.LSHR, 63);
            e.keep(Emitter.B);
        } else {
            e.op(Opcodes.DUP2);
            e.keep(Emitter.A);
            e.signExtend(width);
            e.op(Opcodes.DUP2);
            e.keep(Emitter.R);
            e.keep(Emitter.B);
        }
        e.flags(Flags.PRODUCT, Emitter.R, Emitter.A, Emitter.B);
    }

    /// d = cond ? s : d; the upper half is cleared either way when 4 wide.
    public static final class ConditionalMove extends MicroOp {
        private final int cond;
        private final int width;
        private final int d;
        private final int s;

        public ConditionalMove(int cond, int width, int d, int s) {
            this.cond = cond;
            this.width = width;
            this.d = d;
            this.s = s;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            Reg.set(r, d, width, Reg.get(r, Cond.test(c, cond) ? s : d, width));
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.get(s, width);
            e.get(d, width);
            e.condition(cond);
            e.runtime("choose", "(JJI)J");
            e.set(d, width);
        }

        @Override
        public int emittedBytes() {
            return 60;
        }
    }

    /// A byte register = cond ? 1 : 0.
    public static final class SetCondition extends MicroOp {
        private final int cond;
        private final int d;

        public SetCondition(int cond, int d) {
            this.cond = cond;
            this.d = d;
        }

        @Override
        public MicroOp exec(Cpu c) {
            Reg.set(c.r, d, 1, Cond.test(c, cond) ? 1 : 0);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.condition(cond);
            e.op(Opcodes.I2L);
            e.set(d, 1);
        }

        @Override
        public int emittedBytes() {
            return 50;
        }
    }
}
