package straddle.tcg.mips;

import org.objectweb.asm.Opcodes;
import straddle.core.user.UserStop;
import straddle.tcg.Cpu;
import straddle.tcg.op.Atomic;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.MicroOp;
import straddle.tcg.op.Word;

/// Micro-ops that only MIPS needs, and the functions that compiled code calls for them.
public final class MipsOps {
    private static final String OWNER = "straddle/tcg/mips/MipsOps";
    private static final String CPU = "Lstraddle/tcg/Cpu;";
    private static final long MASK = 0xffff_ffffL;

    private MipsOps() {}

    // ---- arithmetic that traps

    /// d = a + b or a - b, unless that overflows.
    static final class Checked extends MicroOp {
        private final boolean subtract;
        private final int d;
        private final int a;
        private final int b;
        private final long value;

        /// @param b a slot, or -1 for the constant
        Checked(boolean subtract, int d, int a, int b, long value) {
            this.subtract = subtract;
            this.d = d;
            this.a = a;
            this.b = b;
            this.value = value;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long second = b < 0 ? value : c.r[b];
            long result = subtract ? difference(c.r[a], second, pc, c) : sum(c.r[a], second, pc, c);
            c.r[d] = result;
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.mark(this);
            e.get(a);
            if (b < 0) {
                e.constant(value);
            } else {
                e.get(b);
            }
            e.constant(pc);
            e.cpu();
            e.invoke(OWNER, subtract ? "difference" : "sum", "(JJJ" + CPU + ")J");
            e.set(d);
        }

        @Override
        public int emittedBytes() {
            return 32;
        }
    }

    public static long sum(long a, long b, long pc, Cpu c) {
        long sum = (long) (int) a + (int) b;
        if ((int) sum != sum) {
            throw ((MipsCpu) c).stop(UserStop.INTEGER_OVERFLOW, pc);
        }
        return sum & MASK;
    }

    public static long difference(long a, long b, long pc, Cpu c) {
        long difference = (long) (int) a - (int) b;
        if ((int) difference != difference) {
            throw ((MipsCpu) c).stop(UserStop.INTEGER_OVERFLOW, pc);
        }
        return difference & MASK;
    }

    /// TEQ and its kin.
    static final class Trap extends MicroOp {
        private final int cond;
        private final int a;
        private final int b;
        private final long value;
        private final int code;

        /// @param cond of [Word]
        /// @param b a slot, or -1 for the constant
        Trap(int cond, int a, int b, long value, int code) {
            this.cond = cond;
            this.a = a;
            this.b = b;
            this.value = value;
            this.code = code;
        }

        @Override
        public MicroOp exec(Cpu c) {
            trapIf(c.r[a], b < 0 ? value : c.r[b], cond, code, pc, c);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            if (cond == Word.EQUAL && e.canLeaveIfAny()) {
                e.get(a);
                emitOther(e);
                e.op(Opcodes.LXOR);
                e.zeroExtend(4);
                e.constant(1);
                e.op(Opcodes.LSUB);
                e.shift(Opcodes.LUSHR, 63);
                e.leaveIfAny(1, this);
                return;
            }
            e.mark(this);
            e.get(a);
            emitOther(e);
            e.integer(cond);
            e.integer(code);
            e.constant(pc);
            e.cpu();
            e.invoke(OWNER, "trapIf", "(JJIIJ" + CPU + ")V");
        }

        private void emitOther(Emitter e) {
            if (b < 0) {
                e.constant(value);
            } else {
                e.get(b);
            }
        }

        @Override
        public int emittedBytes() {
            return 36;
        }
    }

    public static void trapIf(long a, long b, int cond, int code, long pc, Cpu c) {
        if (Word.holds(cond, a, b)) {
            throw ((MipsCpu) c).stop(MipsCpu.ofCode(code, false), pc);
        }
    }

    /// LO = quotient, HI = remainder. What the manual leaves open, division by zero and the overflow, gives the dividend and 0.
    static final class Divide extends MicroOp {
        private final boolean signed;
        private final int a;
        private final int b;

        Divide(boolean signed, int a, int b) {
            this.signed = signed;
            this.a = a;
            this.b = b;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long x = r[a];
            long y = r[b];
            r[MipsCpu.LO] = signed ? quotient(x, y) : unsignedQuotient(x, y);
            r[MipsCpu.HI] = signed ? remainder(x, y) : unsignedRemainder(x, y);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.get(a);
            e.keep(Emitter.A);
            e.get(b);
            e.keep(Emitter.B);
            part(e, signed ? "quotient" : "unsignedQuotient", MipsCpu.LO);
            part(e, signed ? "remainder" : "unsignedRemainder", MipsCpu.HI);
        }

        private static void part(Emitter e, String name, int to) {
            e.take(Emitter.A);
            e.take(Emitter.B);
            e.invoke(OWNER, name, "(JJ)J");
            e.set(to);
        }

        @Override
        public int emittedBytes() {
            return 48;
        }
    }

    public static long quotient(long a, long b) {
        int divisor = (int) b;
        return divisor == 0 ? a : (int) a / divisor & MASK;
    }

    public static long remainder(long a, long b) {
        int divisor = (int) b;
        return divisor == 0 ? 0 : (int) a % divisor & MASK;
    }

    public static long unsignedQuotient(long a, long b) {
        return b == 0 ? a : a / b;
    }

    public static long unsignedRemainder(long a, long b) {
        return b == 0 ? 0 : a % b;
    }

    // ---- parts of words (MD00086, LWL and its kin)

    /// LWL or LWR: the part of the aligned word on one side of the address replaces that part of d.
    static final class LoadPart extends MicroOp {
        private final boolean left;
        private final int d;
        private final int t;
        private final int base;
        private final long offset;
        private final boolean bigEndian;

        /// @param t what d keeps parts of
        LoadPart(boolean left, int d, int t, int base, long offset, boolean bigEndian) {
            this.left = left;
            this.d = d;
            this.t = t;
            this.base = base;
            this.offset = offset & MASK;
            this.bigEndian = bigEndian;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long address = c.r[base] + offset & MASK;
            long word = c.load32(address & -4);
            c.r[d] = merged(word, c.r[t], address, bigEndian, left);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.get(base);
            e.constant(offset);
            e.op(org.objectweb.asm.Opcodes.LADD);
            e.zeroExtend(4);
            e.keep(Emitter.ADDRESS);
            e.take(Emitter.ADDRESS);
            e.constant(-4);
            e.op(org.objectweb.asm.Opcodes.LAND);
            e.load(this, 4);
            e.get(t);
            e.take(Emitter.ADDRESS);
            e.integer(bigEndian ? 1 : 0);
            e.integer(left ? 1 : 0);
            e.invoke(OWNER, "merged", "(JJJZZ)J");
            e.set(d);
        }

        @Override
        public int emittedBytes() {
            return 80;
        }
    }

    /// How many bytes of the word lie on the other side of the address.
    private static int outside(long address, boolean bigEndian, boolean left) {
        int at = (int) address & 3;
        return bigEndian == left ? at : 3 - at;
    }

    public static long merged(
            long word, long register, long address, boolean bigEndian, boolean left) {
        int value = bigEndian ? Integer.reverseBytes((int) word) : (int) word;
        int shift = 8 * outside(address, bigEndian, left);
        int old = (int) register;
        int result =
                left
                        ? value << shift | old & (1 << shift) - 1
                        : value >>> shift | old & ~(-1 >>> shift);
        return result & MASK;
    }

    /// SWL or SWR.
    static final class StorePart extends MicroOp {
        private final boolean left;
        private final int t;
        private final int base;
        private final long offset;
        private final boolean bigEndian;

        StorePart(boolean left, int t, int base, long offset, boolean bigEndian) {
            this.left = left;
            this.t = t;
            this.base = base;
            this.offset = offset & MASK;
            this.bigEndian = bigEndian;
        }

        @Override
        public MicroOp exec(Cpu c) {
            storePart(c.r[base] + offset & MASK, c.r[t], bigEndian, left, c);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.mark(this);
            e.get(base);
            e.constant(offset);
            e.op(org.objectweb.asm.Opcodes.LADD);
            e.zeroExtend(4);
            e.get(t);
            e.integer(bigEndian ? 1 : 0);
            e.integer(left ? 1 : 0);
            e.cpu();
            e.invoke(OWNER, "storePart", "(JJZZ" + CPU + ")V");
        }

        @Override
        public int emittedBytes() {
            return 40;
        }
    }

    /// Bytes are stored one by one: the rest of the word is somebody else's.
    public static void storePart(
            long address, long register, boolean bigEndian, boolean left, Cpu c) {
        int outside = outside(address, bigEndian, left);
        int bytes = 4 - outside;
        long value = left ? register >>> 8 * outside : register;
        boolean upward = bigEndian == left;
        if (bytes == 4) {
            c.store32(address & -4, bigEndian ? Word.reversed(value, 4) : value);
            return;
        }
        long first = upward ? address : address & -4;
        for (int i = 0; i < bytes; i++) {
            int shift = 8 * (bigEndian ? bytes - 1 - i : i);
            c.store8(first + i, value >>> shift & 0xff);
        }
    }

    // ---- what several processors share

    /// LL: the address and the value are remembered for SC.
    static final class LoadLinked extends MicroOp {
        private final int d;
        private final int base;
        private final long offset;

        LoadLinked(int d, int base, long offset) {
            this.d = d;
            this.base = base;
            this.offset = offset & MASK;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long address = Word.aligned(r[base] + offset & MASK, 4, false, c);
            long value = c.load32(address);
            r[MipsCpu.LL_ADDRESS] = address;
            r[MipsCpu.LL_VALUE] = value;
            r[d] = ((MipsCpu) c).isBigEndian() ? Word.reversed(value, 4) : value;
            return next;
        }
    }

    /// SC: stores if memory still has what LL loaded, and says whether.
    static final class StoreConditional extends MicroOp {
        private final int d;
        private final int t;
        private final int base;
        private final long offset;

        /// @param d where it says so
        StoreConditional(int d, int t, int base, long offset) {
            this.d = d;
            this.t = t;
            this.base = base;
            this.offset = offset & MASK;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long address = Word.aligned(r[base] + offset & MASK, 4, true, c);
            boolean done = false;
            if (r[MipsCpu.LL_ADDRESS] == address) {
                long value = ((MipsCpu) c).isBigEndian() ? Word.reversed(r[t], 4) : r[t];
                done = Atomic.compareAndSet(c, address, 4, r[MipsCpu.LL_VALUE], value);
            }
            r[MipsCpu.LL_ADDRESS] = -1;
            r[d] = done ? 1 : 0;
            return next;
        }
    }

    /// RDHWR of the cycle counter, which counts every second nanosecond.
    static final class ReadCounter extends MicroOp {
        private final int d;

        ReadCounter(int d) {
            this.d = d;
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.r[d] = System.nanoTime() >>> 1 & MASK;
            return next;
        }
    }
}
