package straddle.tcg.arm;

import static straddle.tcg.arm.ArmCpu.C;
import static straddle.tcg.arm.ArmCpu.IT;
import static straddle.tcg.arm.ArmCpu.N;
import static straddle.tcg.arm.ArmCpu.RESULT;
import static straddle.tcg.arm.ArmCpu.V;
import static straddle.tcg.arm.ArmCpu.Z;

import java.util.List;
import org.objectweb.asm.Label;
import org.objectweb.asm.Opcodes;
import straddle.tcg.Cpu;
import straddle.tcg.op.Atomic;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.Jump;
import straddle.tcg.op.MicroOp;
import straddle.tcg.op.Observed;
import straddle.tcg.op.Outcome;
import straddle.tcg.op.Word;

/// Micro-ops that only ARM needs, and the functions that compiled code calls for them.
public final class ArmOps {
    private static final String OWNER = "straddle/tcg/arm/ArmOps";
    private static final long MASK = 0xffff_ffffL;
    private static final long TOP = 0x8000_0000L;

    private ArmOps() {}

    // ---- flags

    /// N and Z as a result has them.
    static final class SetNz extends MicroOp {
        private final int s;

        SetNz(int s) {
            this.s = s;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long result = c.r[s];
            c.r[N] = result;
            c.r[Z] = result;
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.get(s);
            emitNz(e);
        }

        @Override
        public int emittedBytes() {
            return 16;
        }
    }

    /// N and Z as the value on the operand stack has them.
    private static void emitNz(Emitter e) {
        e.op(Opcodes.DUP2);
        e.set(N);
        e.set(Z);
    }

    /// d = a + b or a - b, and all flags.
    static final class AddFlags extends MicroOp {
        private final boolean subtract;
        private final int d;
        private final int a;
        private final int b;

        AddFlags(boolean subtract, int d, int a, int b) {
            this.subtract = subtract;
            this.d = d;
            this.a = a;
            this.b = b;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long x = r[a];
            long y = r[b];
            long wide = subtract ? x - y : x + y;
            long result = wide & MASK;
            r[N] = result;
            r[Z] = result;
            r[C] = subtract ? ~wide >>> 63 : wide >>> 32;
            r[V] = (subtract ? (x ^ y) & (x ^ result) : (x ^ result) & (y ^ result)) & TOP;
            r[d] = result;
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.get(a);
            e.keep(Emitter.A);
            e.get(b);
            e.keep(Emitter.B);
            Outcome result = subtract ? Outcome.DIFFERENCE : Outcome.SUM;
            if (d == RESULT) {
                // A comparison's, which hardly anybody asks for.
                e.outcome(result);
            } else {
                result.emit(e);
            }
            e.op(Opcodes.DUP2);
            e.set(d);
            emitNz(e);
            e.outcome(subtract ? Outcome.NO_BORROW : Outcome.CARRY_OF_SUM);
            e.set(C);
            e.outcome(subtract ? Outcome.OVERFLOW_OF_DIFFERENCE : Outcome.OVERFLOW_OF_SUM);
            e.set(V);
        }

        @Override
        public int emittedBytes() {
            return 110;
        }
    }

    /// d = a + b + C or a - b - NOT C, and all flags.
    static final class AddCarryFlags extends MicroOp {
        private final boolean subtract;
        private final int d;
        private final int a;
        private final int b;

        AddCarryFlags(boolean subtract, int d, int a, int b) {
            this.subtract = subtract;
            this.d = d;
            this.a = a;
            this.b = b;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long x = r[a];
            long y = subtract ? r[b] ^ MASK : r[b];
            long wide = x + y + r[C];
            long result = wide & MASK;
            r[N] = result;
            r[Z] = result;
            r[C] = wide >>> 32;
            r[V] = (x ^ result) & (y ^ result) & TOP;
            r[d] = result;
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.get(a);
            e.keep(Emitter.A);
            e.get(b);
            if (subtract) {
                e.constant(MASK);
                e.op(Opcodes.LXOR);
            }
            e.keep(Emitter.B);
            e.take(Emitter.A);
            e.take(Emitter.B);
            e.op(Opcodes.LADD);
            e.get(C);
            e.op(Opcodes.LADD);
            e.op(Opcodes.DUP2);
            e.shift(Opcodes.LUSHR, 32);
            e.set(C);
            e.zeroExtend(4);
            e.keep(Emitter.R);
            emitDistance(e, Emitter.A);
            emitDistance(e, Emitter.B);
            e.op(Opcodes.LAND);
            e.constant(TOP);
            e.op(Opcodes.LAND);
            e.set(V);
            e.take(Emitter.R);
            e.op(Opcodes.DUP2);
            e.set(d);
            emitNz(e);
        }

        @Override
        public int emittedBytes() {
            return 120;
        }

        private static void emitDistance(Emitter e, int from) {
            e.take(from);
            e.take(Emitter.R);
            e.op(Opcodes.LXOR);
        }
    }

    /// d = m shifted by the low byte of s; the carry out to a slot of its own.
    static final class ShiftByRegister extends MicroOp {
        private final int type;
        private final int d;
        private final int m;
        private final int s;
        private final int carry;

        /// @param carry a slot, or -1
        ShiftByRegister(int type, int d, int m, int s, int carry) {
            this.type = type;
            this.d = d;
            this.m = m;
            this.s = s;
            this.carry = carry;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long value = r[m];
            long amount = r[s];
            if (carry >= 0) {
                r[carry] = carryOut(value, amount, type, r[C]);
            }
            r[d] = shifted(value, amount, type);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.get(m);
            e.keep(Emitter.A);
            e.get(s);
            e.keep(Emitter.B);
            if (carry >= 0) {
                e.take(Emitter.A);
                e.take(Emitter.B);
                e.integer(type);
                e.get(C);
                e.invoke(OWNER, "carryOut", "(JJIJ)J");
                e.set(carry);
            }
            e.take(Emitter.A);
            e.take(Emitter.B);
            e.integer(type);
            e.invoke(OWNER, "shifted", "(JJI)J");
            e.set(d);
        }

        @Override
        public int emittedBytes() {
            return 60;
        }
    }

    /// Shift_C of the manual without its carry (DDI 0406C, A8.4.3).
    public static long shifted(long value, long by, int type) {
        int amount = (int) by & 0xff;
        return switch (type) {
            case 0 -> amount < 32 ? value << amount & MASK : 0;
            case 1 -> amount < 32 ? value >>> amount : 0;
            case 2 -> (int) value >> Math.min(amount, 31) & MASK;
            default -> Integer.rotateRight((int) value, amount) & MASK;
        };
    }

    public static long carryOut(long value, long by, int type, long before) {
        int amount = (int) by & 0xff;
        if (amount == 0) {
            return before;
        }
        return switch (type) {
            case 0 -> amount <= 32 ? value >>> 32 - amount & 1 : 0;
            case 1 -> amount <= 32 ? value >>> amount - 1 & 1 : 0;
            case 2 -> value >>> Math.min(amount, 32) - 1 & 1;
            default -> value >>> (amount - 1 & 31) & 1;
        };
    }

    // ---- branches

    /// BX and what else goes to an address in a register: bit 0 says which instruction set is there.
    static final class BranchExchange extends MicroOp {
        private final int s;
        private final boolean thumb;
        private final boolean isReturn;
        private final Observed observed = new Observed();

        /// @param thumb the state that it is in
        BranchExchange(int s, boolean thumb, boolean isReturn) {
            this.s = s;
            this.thumb = thumb;
            this.isReturn = isReturn;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long target = c.r[s];
            boolean toThumb = (target & 1) != 0;
            if (toThumb == thumb) {
                observed.note(target & ~1);
            }
            ((ArmCpu) c).go(target);
            return c.lookup();
        }

        @Override
        public boolean isReturn() {
            return isReturn;
        }

        @Override
        public long[] observedTargets() {
            return observed.targets();
        }

        @Override
        public int emittedBytes() {
            return 40 + Emitter.TARGET_BYTES * observed.targets().length;
        }

        /// In the other state the low bit stays set, which no target within has.
        @Override
        public void emit(Emitter e) {
            if (e.canChangeLevel(this)) {
                Label other = new Label();
                e.get(s);
                e.constant(1);
                e.op(Opcodes.LAND);
                e.branch(thumb ? Opcodes.IFEQ : Opcodes.IFNE, other);
                emitWithin(e);
                e.way(other);
                e.get(s);
                if (!thumb) {
                    e.constant(1);
                    e.op(Opcodes.LXOR);
                }
                e.keep(Emitter.R);
                e.jumpToOtherLevel(ArmCpu.changeTo(!thumb), this, () -> {});
            } else {
                emitWithin(e);
            }
        }

        private void emitWithin(Emitter e) {
            e.get(s);
            if (thumb) {
                e.constant(1);
                e.op(Opcodes.LXOR);
            }
            e.keep(Emitter.R);
            e.jumpToOneOf(observed.targets(), this, () -> {});
        }
    }

    /// A direct jump to code of the other instruction set: never within a region.
    static final class JumpExchange extends MicroOp {
        private final boolean toThumb;
        private final Jump jump;

        JumpExchange(boolean toThumb, Jump jump) {
            this.toThumb = toThumb;
            this.jump = jump;
        }

        @Override
        public MicroOp exec(Cpu c) {
            ((ArmCpu) c).setThumb(toThumb);
            return jump.exec(c);
        }

        @Override
        public List<Jump> jumps() {
            return List.of();
        }

        @Override
        public void emit(Emitter e) {
            if (e.canChangeLevel(this)) {
                e.constant(jump.target());
                e.keep(Emitter.R);
                e.jumpToOtherLevel(ArmCpu.changeTo(toThumb), this, () -> {});
            } else {
                e.leave(this);
            }
        }

        @Override
        public int emittedBytes() {
            return 8;
        }
    }

    /// What is left of an IT block, where a translation block begins or ends within one.
    static final class SetIt extends MicroOp {
        private final int state;

        SetIt(int state) {
            this.state = state;
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.r[IT] = state;
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.constant(state);
            e.set(IT);
        }

        @Override
        public int emittedBytes() {
            return 12;
        }
    }

    // ---- exclusive accesses and barriers

    /// LDREX and its kin: the address and the value are remembered for STREX.
    static final class LoadExclusive extends MicroOp {
        private final int width;
        private final int t;
        private final int t2;
        private final int base;
        private final long offset;

        LoadExclusive(int width, int t, int t2, int base, long offset) {
            this.width = width;
            this.t = t;
            this.t2 = t2;
            this.base = base;
            this.offset = offset;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long address = Word.aligned(r[base] + offset & MASK, width, false, c);
            long value = c.load(address, width);
            r[ArmCpu.EXCLUSIVE_ADDRESS] = address;
            r[ArmCpu.EXCLUSIVE_VALUE] = value;
            r[t] = value & MASK;
            if (width == 8) {
                r[t2] = value >>> 32;
            }
            return next;
        }
    }

    /// STREX and its kin: stores if memory still has what was loaded; d = 0 if it did.
    static final class StoreExclusive extends MicroOp {
        private final int width;
        private final int d;
        private final int t;
        private final int t2;
        private final int base;
        private final long offset;

        StoreExclusive(int width, int d, int t, int t2, int base, long offset) {
            this.width = width;
            this.d = d;
            this.t = t;
            this.t2 = t2;
            this.base = base;
            this.offset = offset;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long address = Word.aligned(r[base] + offset & MASK, width, true, c);
            boolean done = false;
            long seen = r[ArmCpu.EXCLUSIVE_VALUE];
            boolean fits = width == 8 || seen >>> 8 * width == 0;
            if (r[ArmCpu.EXCLUSIVE_ADDRESS] == address && fits) {
                long value = width == 8 ? r[t] | r[t2] << 32 : r[t];
                done = Atomic.compareAndSet(c, address, width, seen, value);
            }
            r[ArmCpu.EXCLUSIVE_ADDRESS] = -1;
            r[d] = done ? 0 : 1;
            return next;
        }
    }

    /// CLREX.
    static final class ClearExclusive extends MicroOp {
        @Override
        public MicroOp exec(Cpu c) {
            c.r[ArmCpu.EXCLUSIVE_ADDRESS] = -1;
            return next;
        }
    }

    /// SWP and SWPB.
    static final class Swap extends MicroOp {
        private final int width;
        private final int t;
        private final int m;
        private final int n;

        Swap(int width, int t, int m, int n) {
            this.width = width;
            this.t = t;
            this.m = m;
            this.n = n;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long address = Word.aligned(r[n], width, true, c);
            long value;
            do {
                value = c.load(address, width);
            } while (!Atomic.compareAndSet(c, address, width, value, r[m]));
            r[t] = value;
            return next;
        }
    }

    // ---- the program's view of the status registers

    /// MRS of the APSR.
    static final class ReadStatus extends MicroOp {
        private final int d;

        ReadStatus(int d) {
            this.d = d;
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.r[d] = ((ArmCpu) c).cpsr() & ArmCpu.APSR;
            return next;
        }
    }

    /// MSR of the APSR.
    static final class WriteStatus extends MicroOp {
        private final int s;
        private final int fields;

        WriteStatus(int s, int fields) {
            this.s = s;
            this.fields = fields;
        }

        @Override
        public MicroOp exec(Cpu c) {
            ((ArmCpu) c).writeApsr(c.r[s], (fields & 8) != 0, (fields & 4) != 0);
            return next;
        }
    }

    // ---- division

    /// SDIV and UDIV: by 0 gives 0.
    static final class Divide extends MicroOp {
        private final boolean signed;
        private final int d;
        private final int n;
        private final int m;

        Divide(boolean signed, int d, int n, int m) {
            this.signed = signed;
            this.d = d;
            this.n = n;
            this.m = m;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            r[d] = signed ? signedQuotient(r[n], r[m]) : quotient(r[n], r[m]);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.get(n);
            e.get(m);
            e.invoke(OWNER, signed ? "signedQuotient" : "quotient", "(JJ)J");
            e.set(d);
        }

        @Override
        public int emittedBytes() {
            return 16;
        }
    }

    public static long signedQuotient(long a, long b) {
        int divisor = (int) b;
        return divisor == 0 ? 0 : (int) a / divisor & MASK;
    }

    public static long quotient(long a, long b) {
        return b == 0 ? 0 : a / b;
    }
}
