package straddle.tcg.op;

import org.objectweb.asm.Opcodes;
import straddle.tcg.Cpu;

/// Integer arithmetic and logic with two operands, flags recorded lazily.
///
/// Registers of 4 and 8 bytes have a class for each frequent operation and operand form; the rest
/// goes through [#apply], which switches on the operation.
public final class Alu {
    // In the order of x86's opcode map, which other front ends just use.
    public static final int ADD = 0;
    public static final int OR = 1;
    public static final int ADC = 2;
    public static final int SBB = 3;
    public static final int AND = 4;
    public static final int SUB = 5;
    public static final int XOR = 6;

    /// SUB without a result.
    public static final int CMP = 7;

    /// AND without a result.
    public static final int TEST = 8;

    /// An operation's name, for listings.
    static String name(int op) {
        return NAMES[op];
    }

    private static final String[] NAMES = {
        "add", "or", "adc", "sbb", "and", "sub", "xor", "cmp", "test"
    };

    private Alu() {}

    public static boolean writes(int op) {
        return op < CMP;
    }

    /// `a op b` on sign-extended operands, sign-extended; reads the carry flag for ADC and SBB.
    static long apply(Cpu c, int op, long a, long b, int width) {
        return switch (op) {
            case ADD -> Reg.signed(a + b, width);
            case ADC -> Reg.signed(a + b + carry(c), width);
            case SBB -> Reg.signed(a - b - carry(c), width);
            case SUB, CMP -> Reg.signed(a - b, width);
            case AND, TEST -> a & b;
            case OR -> a | b;
            default -> a ^ b;
        };
    }

    /// Records the flags of what [#apply] gave.
    static void record(Cpu c, int op, long result, long a, long b) {
        switch (op) {
            case ADD, ADC -> c.setFlags(Flags.ADD, result, a, b);
            case SUB, SBB, CMP -> c.setFlags(Flags.SUB, result, a, b);
            default -> c.setFlags(Flags.LOGIC, result, 0, 0);
        }
    }

    private static int carry(Cpu c) {
        return Flags.carry(c.flagKind, c.flagResult, c.flagA, c.flagB) ? 1 : 0;
    }

    /// Bytecode of [#apply] and [#record] on the scratch operands A and B; the result is in R.
    private static void emitCompute(Emitter e, int op, int width) {
        e.take(Emitter.A);
        e.take(Emitter.B);
        switch (op) {
            case ADD -> e.arithmetic(Opcodes.LADD, width);
            case SUB, CMP -> e.arithmetic(Opcodes.LSUB, width);
            case AND, TEST -> e.arithmetic(Opcodes.LAND, width);
            case OR -> e.arithmetic(Opcodes.LOR, width);
            case XOR -> e.arithmetic(Opcodes.LXOR, width);
            default -> {
                int opcode = op == ADC ? Opcodes.LADD : Opcodes.LSUB;
                e.op(opcode);
                e.carry();
                e.op(Opcodes.I2L);
                e.op(opcode);
                e.signExtend(width);
            }
        }
        e.keep(Emitter.R);
    }

    private static void emitRecord(Emitter e, int op) {
        switch (op) {
            case ADD, ADC -> e.flags(Flags.ADD, Emitter.R, Emitter.A, Emitter.B);
            case SUB, CMP -> e.comparisonFlags(Emitter.R, Emitter.A, Emitter.B);
            case SBB -> e.flags(Flags.SUB, Emitter.R, Emitter.A, Emitter.B);
            default -> e.logicFlags(Emitter.R);
        }
    }

    /// Bytecode of d op= B.
    private static void emitToRegister(Emitter e, int op, int width, int d) {
        e.getSigned(d, width);
        e.keep(Emitter.A);
        emitCompute(e, op, width);
        emitRecord(e, op);
        if (writes(op)) {
            e.take(Emitter.R);
            e.set(d, width);
        }
    }

    private static void emitRegisters(Emitter e, int op, int width, int d, int s) {
        e.getSigned(s, width);
        e.keep(Emitter.B);
        emitToRegister(e, op, width, d);
    }

    private static void emitConstant(Emitter e, int op, int width, int d, long value) {
        e.constant(value);
        e.keep(Emitter.B);
        emitToRegister(e, op, width, d);
    }

    /// The quickest micro-op for d = d op s.
    public static MicroOp registers(int op, int width, int d, int s) {
        if (width < 4) {
            return new Registers(op, width, d, s);
        }
        int shift = 64 - 8 * width;
        return switch (op) {
            case ADD -> new AddRegister(d, s, shift);
            case SUB -> new SubRegister(d, s, shift);
            case AND -> new AndRegister(d, s, shift);
            case OR -> new OrRegister(d, s, shift);
            case XOR -> d == s ? new Clear(d) : new XorRegister(d, s, shift);
            case CMP -> new CmpRegister(d, s, shift);
            case TEST -> new TestRegister(d, s, shift);
            default -> new Registers(op, width, d, s);
        };
    }

    /// The quickest micro-op for d = d op constant.
    public static MicroOp constant(int op, int width, int d, long value) {
        if (width < 4) {
            return new Constant(op, width, d, value);
        }
        int shift = 64 - 8 * width;
        return switch (op) {
            case ADD -> new AddConstant(d, value, shift);
            case SUB -> new SubConstant(d, value, shift);
            case AND -> new AndConstant(d, value, shift);
            case CMP -> new CmpConstant(d, value, shift);
            default -> new Constant(op, width, d, value);
        };
    }

    /// Base of d op= s for 4 and 8 bytes: `shift` is 32 or 0.
    private abstract static class Wide extends MicroOp {
        final int d;
        final int s;
        final int shift;

        Wide(int d, int s, int shift) {
            this.d = d;
            this.s = s;
            this.shift = shift;
        }

        @Override
        public int emittedBytes() {
            return 60;
        }
    }

    private static final class AddRegister extends Wide {
        AddRegister(int d, int s, int shift) {
            super(d, s, shift);
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long a = r[d] << shift >> shift;
            long b = r[s] << shift >> shift;
            long sum = a + b << shift;
            r[d] = sum >>> shift;
            c.setFlags(Flags.ADD, sum >> shift, a, b);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            emitRegisters(e, ADD, shift == 0 ? 8 : 4, d, s);
        }
    }

    private static final class SubRegister extends Wide {
        SubRegister(int d, int s, int shift) {
            super(d, s, shift);
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long a = r[d] << shift >> shift;
            long b = r[s] << shift >> shift;
            long difference = a - b << shift;
            r[d] = difference >>> shift;
            c.setFlags(Flags.SUB, difference >> shift, a, b);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            emitRegisters(e, SUB, shift == 0 ? 8 : 4, d, s);
        }
    }

    private static final class CmpRegister extends Wide {
        CmpRegister(int d, int s, int shift) {
            super(d, s, shift);
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long a = r[d] << shift >> shift;
            long b = r[s] << shift >> shift;
            c.setFlags(Flags.SUB, a - b << shift >> shift, a, b);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            emitRegisters(e, CMP, shift == 0 ? 8 : 4, d, s);
        }
    }

    private static final class AndRegister extends Wide {
        AndRegister(int d, int s, int shift) {
            super(d, s, shift);
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long result = (r[d] & r[s]) << shift;
            r[d] = result >>> shift;
            c.setFlags(Flags.LOGIC, result >> shift, 0, 0);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            emitRegisters(e, AND, shift == 0 ? 8 : 4, d, s);
        }
    }

    private static final class OrRegister extends Wide {
        OrRegister(int d, int s, int shift) {
            super(d, s, shift);
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long result = (r[d] | r[s]) << shift;
            r[d] = result >>> shift;
            c.setFlags(Flags.LOGIC, result >> shift, 0, 0);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            emitRegisters(e, OR, shift == 0 ? 8 : 4, d, s);
        }
    }

    private static final class XorRegister extends Wide {
        XorRegister(int d, int s, int shift) {
            super(d, s, shift);
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long result = (r[d] ^ r[s]) << shift;
            r[d] = result >>> shift;
            c.setFlags(Flags.LOGIC, result >> shift, 0, 0);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            emitRegisters(e, XOR, shift == 0 ? 8 : 4, d, s);
        }
    }

    private static final class TestRegister extends Wide {
        TestRegister(int d, int s, int shift) {
            super(d, s, shift);
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.setFlags(Flags.LOGIC, (c.r[d] & c.r[s]) << shift >> shift, 0, 0);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            emitRegisters(e, TEST, shift == 0 ? 8 : 4, d, s);
        }
    }

    /// d ^= d.
    private static final class Clear extends MicroOp {
        final int d;

        Clear(int d) {
            this.d = d;
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.r[d] = 0;
            c.setFlags(Flags.LOGIC, 0, 0, 0);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.constant(0);
            e.op(Opcodes.DUP2);
            e.keep(Emitter.R);
            e.set(d);
            e.logicFlags(Emitter.R);
        }

        @Override
        public int emittedBytes() {
            return 16;
        }
    }

    /// Base of d op= constant for 4 and 8 bytes; the constant is sign-extended.
    private abstract static class WideConstant extends MicroOp {
        final int d;
        final long value;
        final int shift;

        WideConstant(int d, long value, int shift) {
            this.d = d;
            this.value = value << shift >> shift;
            this.shift = shift;
        }

        @Override
        public int emittedBytes() {
            return 60;
        }
    }

    private static final class AddConstant extends WideConstant {
        AddConstant(int d, long value, int shift) {
            super(d, value, shift);
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long a = r[d] << shift >> shift;
            long sum = a + value << shift;
            r[d] = sum >>> shift;
            c.setFlags(Flags.ADD, sum >> shift, a, value);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            emitConstant(e, ADD, shift == 0 ? 8 : 4, d, value);
        }
    }

    private static final class SubConstant extends WideConstant {
        SubConstant(int d, long value, int shift) {
            super(d, value, shift);
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long a = r[d] << shift >> shift;
            long difference = a - value << shift;
            r[d] = difference >>> shift;
            c.setFlags(Flags.SUB, difference >> shift, a, value);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            emitConstant(e, SUB, shift == 0 ? 8 : 4, d, value);
        }
    }

    private static final class AndConstant extends WideConstant {
        AndConstant(int d, long value, int shift) {
            super(d, value, shift);
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long result = (r[d] & value) << shift;
            r[d] = result >>> shift;
            c.setFlags(Flags.LOGIC, result >> shift, 0, 0);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            emitConstant(e, AND, shift == 0 ? 8 : 4, d, value);
        }
    }

    private static final class CmpConstant extends WideConstant {
        CmpConstant(int d, long value, int shift) {
            super(d, value, shift);
        }

        @Override
        public MicroOp exec(Cpu c) {
            long a = c.r[d] << shift >> shift;
            c.setFlags(Flags.SUB, a - value << shift >> shift, a, value);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            emitConstant(e, CMP, shift == 0 ? 8 : 4, d, value);
        }
    }

    /// d op= s of any width.
    public static final class Registers extends MicroOp {
        final int op;
        final int width;
        final int d;
        final int s;

        Registers(int op, int width, int d, int s) {
            this.op = op;
            this.width = width;
            this.d = d;
            this.s = s;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long a = Reg.signed(Reg.get(r, d, width), width);
            long b = Reg.signed(Reg.get(r, s, width), width);
            long result = apply(c, op, a, b, width);
            record(c, op, result, a, b);
            if (writes(op)) {
                Reg.set(r, d, width, result);
            }
            return next;
        }

        @Override
        public void emit(Emitter e) {
            emitRegisters(e, op, width, d, s);
        }

        @Override
        public int emittedBytes() {
            return 70;
        }
    }

    /// d op= constant of any width.
    public static final class Constant extends MicroOp {
        final int op;
        final int width;
        final int d;
        final long value;

        Constant(int op, int width, int d, long value) {
            this.op = op;
            this.width = width;
            this.d = d;
            this.value = Reg.signed(value, width);
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long a = Reg.signed(Reg.get(r, d, width), width);
            long result = apply(c, op, a, value, width);
            record(c, op, result, a, value);
            if (writes(op)) {
                Reg.set(r, d, width, result);
            }
            return next;
        }

        @Override
        public String toString() {
            return "%s%d r%d, 0x%x".formatted(NAMES[op], 8 * width, d, value);
        }

        @Override
        public void emit(Emitter e) {
            emitConstant(e, op, width, d, value);
        }

        @Override
        public int emittedBytes() {
            return 70;
        }
    }

    /// d op= memory.
    public static final class FromMemory extends MicroOp {
        final int op;
        final int width;
        final int d;
        final Ea ea;

        public FromMemory(int op, int width, int d, Ea ea) {
            this.op = op;
            this.width = width;
            this.d = d;
            this.ea = ea;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long b = Reg.signed(c.load(ea.address(c), width), width);
            long[] r = c.r;
            long a = Reg.signed(Reg.get(r, d, width), width);
            long result = apply(c, op, a, b, width);
            record(c, op, result, a, b);
            if (writes(op)) {
                Reg.set(r, d, width, result);
            }
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.address(ea);
            e.load(this, width);
            e.signExtend(width);
            e.keep(Emitter.B);
            emitToRegister(e, op, width, d);
        }

        @Override
        public int emittedBytes() {
            return 100 + Emitter.ACCESS_BYTES;
        }
    }

    /// memory op= s, or memory op= constant when s is negative.
    public static final class ToMemory extends MicroOp {
        final int op;
        final int width;
        final Ea ea;
        final int s;
        final long value;
        final boolean locked;

        public ToMemory(int op, int width, Ea ea, int s, long value, boolean locked) {
            this.op = op;
            this.width = width;
            this.ea = ea;
            this.s = s;
            this.value = Reg.signed(value, width);
            this.locked = locked;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long address = ea.address(c);
            long b = s < 0 ? value : Reg.signed(Reg.get(c.r, s, width), width);
            if (locked && c.isShared()) {
                return lockedUpdate(c, address, b);
            }
            long a = Reg.signed(c.load(address, width), width);
            long result = apply(c, op, a, b, width);
            if (writes(op)) {
                c.store(address, width, result);
            }
            record(c, op, result, a, b);
            return next;
        }

        private MicroOp lockedUpdate(Cpu c, long address, long b) {
            while (true) {
                c.probeStore(address, width);
                long a = Reg.signed(c.load(address, width), width);
                long result = apply(c, op, a, b, width);
                if (Atomic.compareAndSet(c, address, width, a, result)) {
                    record(c, op, result, a, b);
                    return next;
                }
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
            if (s < 0) {
                e.constant(value);
            } else {
                e.getSigned(s, width);
            }
            e.keep(Emitter.B);
            emitCompute(e, op, width);
            if (writes(op)) {
                e.take(Emitter.ADDRESS);
                e.take(Emitter.R);
                e.store(this, width);
            }
            emitRecord(e, op);
        }

        @Override
        public int emittedBytes() {
            return locked ? super.emittedBytes() : 140 + 2 * Emitter.ACCESS_BYTES;
        }
    }
}
