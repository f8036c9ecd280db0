package straddle.tcg.op;

import java.util.List;
import org.objectweb.asm.Label;
import org.objectweb.asm.Opcodes;
import straddle.tcg.Cpu;

/// Operations on 32-bit words with three operands and without flags, for architectures whose registers
/// are words: a slot holds one zero-extended. A temporary that is an operand is not read again.
public final class Word {
    public static final int ADD = 0;
    public static final int SUB = 1;
    public static final int AND = 2;
    public static final int OR = 3;
    public static final int XOR = 4;
    public static final int NOR = 5;

    /// a AND NOT b.
    public static final int BIC = 6;

    /// b - a.
    public static final int RSB = 7;

    /// Shifts and rotation by the low 5 bits of b.
    public static final int SHL = 8;

    public static final int SHR = 9;
    public static final int SAR = 10;
    public static final int ROR = 11;

    /// 1 if a is below b as signed numbers, else 0.
    public static final int LESS = 12;

    /// The same as unsigned numbers.
    public static final int BELOW = 13;

    /// The low word of the product.
    public static final int MUL = 14;

    /// a OR NOT b.
    public static final int ORN = 15;

    // Conditions of [If], [Skip] and [Select]; an odd number is the negation of the even one
    // before.
    public static final int EQUAL = 0;
    public static final int NOT_EQUAL = 1;
    public static final int IS_LESS = 2;
    public static final int IS_NOT_LESS = 3;
    public static final int IS_BELOW = 4;
    public static final int IS_NOT_BELOW = 5;

    private static final long MASK = 0xffff_ffffL;

    private Word() {}

    /// `a op b`, zero-extended.
    public static long apply(int op, long a, long b) {
        return switch (op) {
            case ADD -> a + b & MASK;
            case SUB -> a - b & MASK;
            case AND -> a & b;
            case OR -> a | b;
            case XOR -> a ^ b;
            case NOR -> ~(a | b) & MASK;
            case BIC -> a & ~b;
            case RSB -> b - a & MASK;
            case SHL -> a << (b & 31) & MASK;
            case SHR -> a >>> (b & 31);
            case SAR -> (int) a >> (int) b & MASK;
            case ROR -> Integer.rotateRight((int) a, (int) b) & MASK;
            case LESS -> less(a, b);
            case BELOW -> below(a, b);
            case MUL -> a * b & MASK;
            default -> a | ~b & MASK;
        };
    }

    public static long less(long a, long b) {
        return (int) a < (int) b ? 1 : 0;
    }

    /// On zero-extended words, whose comparison is a signed one of longs.
    public static long below(long a, long b) {
        return a < b ? 1 : 0;
    }

    public static long rotate(long a, long b) {
        return Integer.rotateRight((int) a, (int) b) & MASK;
    }

    /// Whether a condition holds for two words.
    public static boolean holds(int cond, long a, long b) {
        boolean holds =
                switch (cond & ~1) {
                    case EQUAL -> a == b;
                    case IS_LESS -> (int) a < (int) b;
                    default -> a < b;
                };
        return holds != ((cond & 1) != 0);
    }

    /// One of two words, as a condition holds for two others.
    public static long select(long a, long b, long yes, long no, int cond) {
        return holds(cond, a, b) ? yes : no;
    }

    private static final String OWNER = "straddle/tcg/op/Word";
    private static final String BINARY = "(JJ)J";

    /// Pushes the first operand of an operation.
    private static void emitFirst(Emitter e, int op, int a) {
        if (op == SAR) {
            e.getSigned(a, 4);
        } else {
            e.get(a);
        }
    }

    /// Two operands on the operand stack → the result of an operation.
    private static void emitApply(Emitter e, int op) {
        switch (op) {
            case ADD -> masked(e, Opcodes.LADD);
            case SUB -> masked(e, Opcodes.LSUB);
            case AND -> e.op(Opcodes.LAND);
            case OR -> e.op(Opcodes.LOR);
            case XOR -> e.op(Opcodes.LXOR);
            case NOR -> {
                e.op(Opcodes.LOR);
                e.constant(-1);
                masked(e, Opcodes.LXOR);
            }
            case BIC, ORN -> {
                e.constant(-1);
                e.op(Opcodes.LXOR);
                masked(e, op == BIC ? Opcodes.LAND : Opcodes.LOR);
            }
            case RSB -> {
                e.op(Opcodes.LSUB);
                masked(e, Opcodes.LNEG);
            }
            case SHL, SHR, SAR -> {
                e.op(Opcodes.L2I);
                e.integer(31);
                e.op(Opcodes.IAND);
                masked(e, op == SHL ? Opcodes.LSHL : op == SHR ? Opcodes.LUSHR : Opcodes.LSHR);
            }
            case ROR -> e.invoke(OWNER, "rotate", BINARY);
            case LESS -> e.invoke(OWNER, "less", BINARY);
            case BELOW -> e.invoke(OWNER, "below", BINARY);
            default -> masked(e, Opcodes.LMUL);
        }
    }

    private static void masked(Emitter e, int opcode) {
        e.op(opcode);
        e.zeroExtend(4);
    }

    /// The quickest micro-op for d = a op b.
    public static MicroOp registers(int op, int d, int a, int b) {
        return switch (op) {
            case ADD -> new Add(d, a, b);
            case SUB -> new Sub(d, a, b);
            case AND -> new And(d, a, b);
            case OR -> new Or(d, a, b);
            case XOR -> new Xor(d, a, b);
            case LESS -> new Less(d, a, b);
            case BELOW -> new Below(d, a, b);
            case MUL -> new Mul(d, a, b);
            default -> new Registers(op, d, a, b);
        };
    }

    /// The quickest micro-op for d = a op constant.
    ///
    /// @param value a zero-extended word
    public static MicroOp constant(int op, int d, int a, long value) {
        return switch (op) {
            case ADD -> new AddConstant(d, a, value);
            case AND -> new AndConstant(d, a, value);
            case OR -> new OrConstant(d, a, value);
            case SHL -> new ShlConstant(d, a, value);
            case SHR -> new ShrConstant(d, a, value);
            case SAR -> new SarConstant(d, a, value);
            default -> new Constant(op, d, a, value);
        };
    }

    /// d = a op b for the rarer operations, and what the others have in common.
    private static class Registers extends MicroOp {
        final int op;
        final int d;
        final int a;
        final int b;

        Registers(int op, int d, int a, int b) {
            this.op = op;
            this.d = d;
            this.a = a;
            this.b = b;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            r[d] = apply(op, r[a], r[b]);
            return next;
        }

        @Override
        public final void emit(Emitter e) {
            emitFirst(e, op, a);
            e.get(b);
            e.consumes(a);
            e.consumes(b);
            e.overwrites(d);
            emitApply(e, op);
            e.set(d);
        }

        @Override
        public final int emittedBytes() {
            return 24;
        }

        @Override
        public final String toString() {
            return "word %d: r%d, r%d, r%d".formatted(op, d, a, b);
        }
    }

    private static final class Add extends Registers {
        Add(int d, int a, int b) {
            super(ADD, d, a, b);
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            r[d] = r[a] + r[b] & MASK;
            return next;
        }
    }

    private static final class Sub extends Registers {
        Sub(int d, int a, int b) {
            super(SUB, d, a, b);
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            r[d] = r[a] - r[b] & MASK;
            return next;
        }
    }

    private static final class And extends Registers {
        And(int d, int a, int b) {
            super(AND, d, a, b);
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            r[d] = r[a] & r[b];
            return next;
        }
    }

    private static final class Or extends Registers {
        Or(int d, int a, int b) {
            super(OR, d, a, b);
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            r[d] = r[a] | r[b];
            return next;
        }
    }

    private static final class Xor extends Registers {
        Xor(int d, int a, int b) {
            super(XOR, d, a, b);
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            r[d] = r[a] ^ r[b];
            return next;
        }
    }

    private static final class Less extends Registers {
        Less(int d, int a, int b) {
            super(LESS, d, a, b);
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            r[d] = (int) r[a] < (int) r[b] ? 1 : 0;
            return next;
        }
    }

    private static final class Below extends Registers {
        Below(int d, int a, int b) {
            super(BELOW, d, a, b);
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            r[d] = r[a] < r[b] ? 1 : 0;
            return next;
        }
    }

    private static final class Mul extends Registers {
        Mul(int d, int a, int b) {
            super(MUL, d, a, b);
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            r[d] = r[a] * r[b] & MASK;
            return next;
        }
    }

    /// d = a op constant for the rarer operations, and what the others have in common.
    private static class Constant extends MicroOp {
        final int op;
        final int d;
        final int a;
        final long value;

        Constant(int op, int d, int a, long value) {
            this.op = op;
            this.d = d;
            this.a = a;
            this.value = value;
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.r[d] = apply(op, c.r[a], value);
            return next;
        }

        @Override
        public final void emit(Emitter e) {
            emitFirst(e, op, a);
            e.constant(value);
            e.consumes(a);
            e.overwrites(d);
            emitApply(e, op);
            e.set(d);
        }

        @Override
        public final int emittedBytes() {
            return 24;
        }

        @Override
        public final String toString() {
            return "word %d: r%d, r%d, 0x%x".formatted(op, d, a, value);
        }
    }

    private static final class AddConstant extends Constant {
        AddConstant(int d, int a, long value) {
            super(ADD, d, a, value);
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.r[d] = c.r[a] + value & MASK;
            return next;
        }
    }

    private static final class AndConstant extends Constant {
        AndConstant(int d, int a, long value) {
            super(AND, d, a, value);
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.r[d] = c.r[a] & value;
            return next;
        }
    }

    private static final class OrConstant extends Constant {
        OrConstant(int d, int a, long value) {
            super(OR, d, a, value);
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.r[d] = c.r[a] | value;
            return next;
        }
    }

    private static final class ShlConstant extends Constant {
        ShlConstant(int d, int a, long value) {
            super(SHL, d, a, value);
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.r[d] = c.r[a] << value & MASK;
            return next;
        }
    }

    private static final class ShrConstant extends Constant {
        ShrConstant(int d, int a, long value) {
            super(SHR, d, a, value);
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.r[d] = c.r[a] >>> value;
            return next;
        }
    }

    private static final class SarConstant extends Constant {
        SarConstant(int d, int a, long value) {
            super(SAR, d, a, value);
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.r[d] = (int) c.r[a] >> (int) value & MASK;
            return next;
        }
    }

    // ---- one operand

    public static final int CLZ = 0;
    public static final int CLO = 1;
    public static final int SIGNED_BYTE = 2;
    public static final int SIGNED_HALF = 3;

    /// The bytes of both halves swapped.
    public static final int SWAP_IN_HALVES = 4;

    /// All four bytes reversed.
    public static final int REVERSE = 5;

    public static final int REVERSE_BITS = 6;

    /// The bytes of the low half swapped, sign-extended.
    public static final int REVERSE_SIGNED_HALF = 7;

    public static final int NOT = 8;

    public static long unary(int op, long a) {
        int word = (int) a;
        int result =
                switch (op) {
                    case CLZ -> Integer.numberOfLeadingZeros(word);
                    case CLO -> Integer.numberOfLeadingZeros(~word);
                    case SIGNED_BYTE -> (byte) word;
                    case SIGNED_HALF -> (short) word;
                    case SWAP_IN_HALVES -> Integer.rotateRight(Integer.reverseBytes(word), 16);
                    case REVERSE -> Integer.reverseBytes(word);
                    case REVERSE_BITS -> Integer.reverse(word);
                    case REVERSE_SIGNED_HALF -> Short.reverseBytes((short) word);
                    default -> ~word;
                };
        return result & MASK;
    }

    /// d = op a.
    public static final class Unary extends MicroOp {
        private final int op;
        private final int d;
        private final int a;

        public Unary(int op, int d, int a) {
            this.op = op;
            this.d = d;
            this.a = a;
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.r[d] = unary(op, c.r[a]);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.integer(op);
            e.get(a);
            e.overwrites(d);
            e.invoke(OWNER, "unary", "(IJ)J");
            e.set(d);
        }

        @Override
        public int emittedBytes() {
            return 16;
        }
    }

    /// d = `size` bits of a from bit `low` on, zero- or sign-extended to a word.
    public static final class Extract extends MicroOp {
        private final int d;
        private final int a;
        private final int low;
        private final int size;
        private final boolean signed;

        public Extract(int d, int a, int low, int size, boolean signed) {
            this.d = d;
            this.a = a;
            this.low = low;
            this.size = size;
            this.signed = signed;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long up = c.r[a] << 64 - low - size;
            c.r[d] = signed ? up >> 64 - size & MASK : up >>> 64 - size;
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.get(a);
            if (size == 1 && !signed) {
                e.keep(Emitter.A);
                e.constant(low);
                e.keep(Emitter.B);
                e.outcome(Outcome.BIT);
                e.set(d);
                return;
            }
            e.shift(Opcodes.LSHL, 64 - low - size);
            e.shift(signed ? Opcodes.LSHR : Opcodes.LUSHR, 64 - size);
            e.zeroExtend(4);
            e.set(d);
        }

        @Override
        public int emittedBytes() {
            return 24;
        }
    }

    /// `size` bits of d from bit `low` on = those of a from bit 0 on.
    public static final class Insert extends MicroOp {
        private final int d;
        private final int a;
        private final int low;
        private final long mask;

        public Insert(int d, int a, int low, int size) {
            this.d = d;
            this.a = a;
            this.low = low;
            this.mask = (1L << size) - 1 << low;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            r[d] = r[d] & ~mask | r[a] << low & mask;
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.get(d);
            e.constant(~mask);
            e.op(Opcodes.LAND);
            e.get(a);
            e.shift(Opcodes.LSHL, low);
            e.constant(mask);
            e.op(Opcodes.LAND);
            e.op(Opcodes.LOR);
            e.set(d);
        }

        @Override
        public int emittedBytes() {
            return 32;
        }
    }

    // ---- multiplication to two words

    /// high:low = a * b, or that much more or less.
    public static final class MultiplyLong extends MicroOp {
        public static final int SET = 0;
        public static final int ACCUMULATE = 1;
        public static final int SUBTRACT = 2;

        private final int how;
        private final boolean signed;
        private final int high;
        private final int low;
        private final int a;
        private final int b;

        public MultiplyLong(int how, boolean signed, int high, int low, int a, int b) {
            this.how = how;
            this.signed = signed;
            this.high = high;
            this.low = low;
            this.a = a;
            this.b = b;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long product = signed ? (long) (int) r[a] * (int) r[b] : r[a] * r[b];
            if (how != SET) {
                long before = r[high] << 32 | r[low];
                product = how == ACCUMULATE ? before + product : before - product;
            }
            r[low] = product & MASK;
            r[high] = product >>> 32;
            return next;
        }

        @Override
        public void emit(Emitter e) {
            if (how != SET) {
                e.get(high);
                e.shift(Opcodes.LSHL, 32);
                e.get(low);
                e.op(Opcodes.LOR);
            }
            operand(e, a);
            operand(e, b);
            e.op(Opcodes.LMUL);
            if (how != SET) {
                e.op(how == ACCUMULATE ? Opcodes.LADD : Opcodes.LSUB);
            }
            e.op(Opcodes.DUP2);
            e.zeroExtend(4);
            e.set(low);
            e.shift(Opcodes.LUSHR, 32);
            e.set(high);
        }

        private void operand(Emitter e, int slot) {
            if (signed) {
                e.getSigned(slot, 4);
            } else {
                e.get(slot);
            }
        }

        @Override
        public int emittedBytes() {
            return 48;
        }
    }

    // ---- conditions

    /// Jumps by `opcode` of the JVM to where a condition holds.
    private static void emitIf(Emitter e, int cond, int a, int b, Label yes) {
        boolean not = (cond & 1) != 0;
        e.get(a);
        if ((cond & ~1) == IS_LESS) {
            e.op(Opcodes.L2I);
            e.get(b);
            e.op(Opcodes.L2I);
            e.branch(not ? Opcodes.IF_ICMPGE : Opcodes.IF_ICMPLT, yes);
            return;
        }
        e.get(b);
        e.op(Opcodes.LCMP);
        if ((cond & ~1) == EQUAL) {
            e.branch(not ? Opcodes.IFNE : Opcodes.IFEQ, yes);
        } else {
            e.branch(not ? Opcodes.IFGE : Opcodes.IFLT, yes);
        }
    }

    /// Jumps to one of two targets.
    public static final class If extends MicroOp {
        private final int cond;
        private final int a;
        private final int b;
        private final Jump taken;
        private final Jump fallThrough;

        public If(int cond, int a, int b, Jump taken, Jump fallThrough) {
            this.cond = cond;
            this.a = a;
            this.b = b;
            this.taken = taken;
            this.fallThrough = fallThrough;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            return holds(cond, r[a], r[b]) ? taken.exec(c) : fallThrough.exec(c);
        }

        @Override
        public void emit(Emitter e) {
            Label yes = new Label();
            emitIf(e, cond, a, b, yes);
            e.jump(fallThrough);
            e.way(yes);
            e.jump(taken);
        }

        @Override
        public List<Jump> jumps() {
            return List.of(taken, fallThrough);
        }

        @Override
        public int emittedBytes() {
            return 48;
        }

        @Override
        public String toString() {
            return "if %d: r%d, r%d".formatted(cond, a, b);
        }
    }

    /// Leaves the block by a jump if a condition holds; otherwise goes on with the next micro-op.
    public static final class LeaveIf extends MicroOp {
        private final int cond;
        private final int a;
        private final int b;
        private final Jump leaving;

        public LeaveIf(int cond, int a, int b, Jump leaving) {
            this.cond = cond;
            this.a = a;
            this.b = b;
            this.leaving = leaving;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            return holds(cond, r[a], r[b]) ? leaving.exec(c) : next;
        }

        @Override
        public void emit(Emitter e) {
            Label stays = new Label();
            emitIf(e, cond ^ 1, a, b, stays);
            e.jump(leaving);
            e.way(stays);
        }

        @Override
        public List<Jump> jumps() {
            return List.of(leaving);
        }

        @Override
        public int emittedBytes() {
            return 32;
        }
    }

    /// Goes on at the [Join] unless a condition holds: for predicated instructions.
    public static final class Unless extends MicroOp {
        private final int cond;
        private final int a;
        private final int b;
        private final Join join;

        public Unless(int cond, int a, int b, Join join) {
            this.cond = cond;
            this.a = a;
            this.b = b;
            this.join = join;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            return holds(cond, r[a], r[b]) ? next : join.next;
        }

        @Override
        public void emit(Emitter e) {
            join.label = new Label();
            emitIf(e, cond ^ 1, a, b, join.label);
        }

        @Override
        public int emittedBytes() {
            return 24;
        }
    }

    /// Where an [Unless] before it goes on.
    public static final class Join extends MicroOp {
        private Label label;

        public Join() {}

        @Override
        public MicroOp exec(Cpu c) {
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.join(label);
        }

        @Override
        public int emittedBytes() {
            return 60;
        }
    }

    /// d = s if a condition holds.
    public static final class MoveIf extends MicroOp {
        private final int cond;
        private final int a;
        private final int b;
        private final int d;
        private final int s;

        public MoveIf(int cond, int a, int b, int d, int s) {
            this.cond = cond;
            this.a = a;
            this.b = b;
            this.d = d;
            this.s = s;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            if (holds(cond, r[a], r[b])) {
                r[d] = r[s];
            }
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.get(a);
            e.get(b);
            e.get(s);
            e.get(d);
            e.integer(cond);
            e.invoke(OWNER, "select", "(JJJJI)J");
            e.set(d);
        }

        @Override
        public int emittedBytes() {
            return 24;
        }
    }

    // ---- memory

    /// The value of `width` bytes with its bytes reversed.
    public static long reversed(long value, int width) {
        return Long.reverseBytes(value) >>> 64 - 8 * width;
    }

    // Accesses are described by sums of these.

    /// The bytes are in the other order than the host's.
    public static final int REVERSED = 1;

    /// The address must be a multiple of the width.
    public static final int ALIGNED = 2;

    /// Loads sign-extend.
    public static final int SIGNED = 4;

    /// The address must be a multiple of 4, also where the width is 8.
    public static final int WORD_ALIGNED = 8;

    private static int alignment(int width, int how) {
        int wanted = (how & ALIGNED) != 0 ? width : (how & WORD_ALIGNED) != 0 ? 4 : 1;
        return Math.min(width, wanted);
    }

    /// The address, if it is a multiple of `width`.
    public static long aligned(long address, int width, boolean store, Cpu c) {
        if ((address & width - 1) != 0) {
            throw c.misaligned(address, store);
        }
        return address;
    }

    /// An address on the operand stack → the same, if it is aligned.
    private static void emitAlignment(Emitter e, MicroOp op, int width, boolean store) {
        e.mark(op);
        e.integer(width);
        e.integer(store ? 1 : 0);
        e.cpu();
        e.invoke(OWNER, "aligned", "(JIZLstraddle/tcg/Cpu;)J");
    }

    /// Pushes the address base + displacement.
    private static void emitAddress(Emitter e, int base, long displacement) {
        e.get(base);
        if (displacement != 0) {
            e.constant(displacement);
            masked(e, Opcodes.LADD);
        }
    }

    /// d = `width` bytes at base + displacement, extended to a word.
    public static final class Load extends MicroOp {
        private final int d;
        private final int base;
        private final long displacement;
        private final int width;
        private final boolean signed;
        private final boolean reversed;
        private final int alignment;

        /// @param width 1, 2 or 4; 8 fill the whole slot
        /// @param how a sum of [#SIGNED], [#REVERSED] and [#ALIGNED]
        public Load(int d, int base, long displacement, int width, int how) {
            this.d = d;
            this.base = base;
            this.displacement = displacement & MASK;
            this.width = width;
            this.signed = (how & SIGNED) != 0;
            this.reversed = (how & REVERSED) != 0 && width > 1;
            this.alignment = alignment(width, how);
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long address = r[base] + displacement & MASK;
            if (alignment > 1) {
                aligned(address, alignment, false, c);
            }
            long value = c.load(address, width);
            if (reversed) {
                value = reversed(value, width);
            }
            r[d] = signed ? Reg.signed(value, width) & MASK : value;
            return next;
        }

        @Override
        public void emit(Emitter e) {
            emitAddress(e, base, displacement);
            if (alignment > 1) {
                emitAlignment(e, this, alignment, false);
            }
            if (width == 8 && !reversed) {
                e.loadScalar(this, width);
            } else {
                e.load(this, width);
            }
            if (reversed) {
                e.integer(width);
                e.invoke(OWNER, "reversed", "(JI)J");
            }
            if (signed) {
                e.signExtend(width);
                e.zeroExtend(4);
            }
            e.set(d);
        }

        @Override
        public int emittedBytes() {
            return 60;
        }

        @Override
        public String toString() {
            return "load%d r%d, r%d + 0x%x".formatted(8 * width, d, base, displacement);
        }
    }

    /// The low `width` bytes of s to base + displacement.
    public static final class Store extends MicroOp {
        private final int s;
        private final int base;
        private final long displacement;
        private final int width;
        private final boolean reversed;
        private final int alignment;

        /// @param how a sum of [#REVERSED] and [#ALIGNED]
        public Store(int s, int base, long displacement, int width, int how) {
            this.s = s;
            this.base = base;
            this.displacement = displacement & MASK;
            this.width = width;
            this.reversed = (how & REVERSED) != 0 && width > 1;
            this.alignment = alignment(width, how);
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long address = r[base] + displacement & MASK;
            if (alignment > 1) {
                aligned(address, alignment, true, c);
            }
            long value = r[s];
            c.store(address, width, reversed ? reversed(value, width) : value);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            emitAddress(e, base, displacement);
            if (alignment > 1) {
                emitAlignment(e, this, alignment, true);
            }
            e.get(s);
            if (reversed) {
                e.integer(width);
                e.invoke(OWNER, "reversed", "(JI)J");
            }
            e.store(this, width);
        }

        @Override
        public int emittedBytes() {
            return 60;
        }

        @Override
        public String toString() {
            return "store%d r%d, r%d + 0x%x".formatted(8 * width, s, base, displacement);
        }
    }
}
