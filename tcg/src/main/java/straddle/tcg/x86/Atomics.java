package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import org.objectweb.asm.Opcodes;
import straddle.tcg.Cpu;
import straddle.tcg.op.Arith;
import straddle.tcg.op.Atomic;
import straddle.tcg.op.Ea;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.Flags;
import straddle.tcg.op.MicroOp;
import straddle.tcg.op.Reg;

/// Exchanges: XCHG, XADD, CMPXCHG, CMPXCHG8B and CMPXCHG16B (SDM volume 2).
///
/// With a memory operand the store comes before any register or flag changes.
final class Atomics extends MicroOp {
    private final Op op;
    private final int width;
    private final Ea ea;
    private final int reg;
    private final int rm;
    private final boolean locked;

    /// XCHG with memory, which locks by itself.
    Atomics(Op op, int width, Ea ea, int reg) {
        this(op, width, ea, reg, 0, true);
    }

    /// @param ea null for the register form
    Atomics(Op op, int width, Ea ea, int reg, int rm, boolean locked) {
        this.op = op;
        this.width = width;
        this.ea = ea;
        this.reg = reg;
        this.rm = rm;
        this.locked = locked;
    }

    @Override
    public MicroOp exec(Cpu c) {
        switch (op) {
            case XCHG -> exchange(c);
            case XADD -> exchangeAndAdd(c);
            case CMPXCHG -> compareAndExchange(c);
            default -> compareAndExchangePair((X86Cpu) c);
        }
        return next;
    }

    @Override
    public void emit(Emitter e) {
        boolean isPair = op == Op.CMPXCHG8B;
        if (ea == null || isPair || !e.isAlone()) {
            e.call(this);
            return;
        }
        e.address(ea);
        e.leaveUnlessStorable(this, width);
        e.op(Opcodes.DUP2);
        e.keep(Emitter.ADDRESS);
        e.load(this, width);
        e.signExtend(width);
        e.keep(Emitter.B);
        switch (op) {
            case XCHG -> {
                emitStore(e);
                emitSeen(e);
            }
            case XADD -> {
                e.getSigned(reg, width);
                e.keep(Emitter.A);
                emitResult(e, Opcodes.LADD);
                e.take(Emitter.ADDRESS);
                e.take(Emitter.R);
                e.store(this, width);
                emitSeen(e);
                e.flags(Flags.ADD, Emitter.R, Emitter.B, Emitter.A);
            }
            default -> {
                e.getSigned(RAX, width);
                e.keep(Emitter.A);
                emitResult(e, Opcodes.LSUB);
                emitLeaveUnlessEqual(e);
                emitStore(e);
                e.comparisonFlags(Emitter.R, Emitter.A, Emitter.B);
            }
        }
    }

    private void emitResult(Emitter e, int opcode) {
        e.take(Emitter.A);
        e.take(Emitter.B);
        e.arithmetic(opcode, width);
        e.keep(Emitter.R);
    }

    private void emitStore(Emitter e) {
        e.take(Emitter.ADDRESS);
        e.get(reg, width);
        e.store(this, width);
    }

    private void emitSeen(Emitter e) {
        e.take(Emitter.B);
        e.set(reg, width);
    }

    /// What has to be done if there is another value is left to Java: the difference, or its negation, is negative then.
    private void emitLeaveUnlessEqual(Emitter e) {
        e.constant(0);
        e.take(Emitter.R);
        e.op(Opcodes.LSUB);
        e.take(Emitter.R);
        e.op(Opcodes.LOR);
        e.shift(Opcodes.LUSHR, 63);
        e.leaveIfAny(1, this);
    }

    /// Stores a value over the one seen; false if another vCPU was quicker.
    private boolean replace(Cpu c, long address, long seen, long value) {
        if (locked && c.isShared()) {
            return Atomic.compareAndSet(c, address, width, seen, value);
        }
        c.store(address, width, value);
        return true;
    }

    private void exchange(Cpu c) {
        long address = ea.address(c);
        long value = Reg.get(c.r, reg, width);
        long seen;
        do {
            c.probeStore(address, width);
            seen = c.load(address, width);
        } while (!replace(c, address, seen, value));
        Reg.set(c.r, reg, width, seen);
    }

    private void exchangeAndAdd(Cpu c) {
        long[] r = c.r;
        long b = Reg.signed(Reg.get(r, reg, width), width);
        long a;
        long sum;
        if (ea == null) {
            a = Reg.signed(Reg.get(r, rm, width), width);
            sum = Reg.signed(a + b, width);
            Reg.set(r, reg, width, a);
            Reg.set(r, rm, width, sum);
        } else {
            long address = ea.address(c);
            do {
                c.probeStore(address, width);
                a = Reg.signed(c.load(address, width), width);
                sum = Reg.signed(a + b, width);
            } while (!replace(c, address, a, sum));
            Reg.set(r, reg, width, a);
        }
        c.setFlags(Flags.ADD, sum, a, b);
    }

    private void compareAndExchange(Cpu c) {
        long[] r = c.r;
        long expected = Reg.signed(Reg.get(r, RAX, width), width);
        long seen;
        if (ea == null) {
            seen = Reg.signed(Reg.get(r, rm, width), width);
            if (seen == expected) {
                Reg.set(r, rm, width, Reg.get(r, reg, width));
            } else {
                Reg.set(r, RAX, width, seen);
            }
        } else {
            long address = ea.address(c);
            boolean done;
            do {
                c.probeStore(address, width);
                seen = Reg.signed(c.load(address, width), width);
                done = replace(c, address, seen, seen == expected ? Reg.get(r, reg, width) : seen);
            } while (!done);
            if (seen != expected) {
                Reg.set(r, RAX, width, seen);
            }
        }
        c.setFlags(Flags.SUB, Reg.signed(expected - seen, width), expected, seen);
    }

    /// CMPXCHG8B, or CMPXCHG16B with REX.W, whose operand must be aligned.
    private void compareAndExchangePair(X86Cpu c) {
        long address = ea.address(c);
        if (width == 8 && (address & 15) != 0) {
            throw c.gp();
        }
        boolean equal = width == 8 ? exchangeWide(c, address) : exchangeNarrow(c, address);
        int flags = Arith.eager(c) & ~Flags.ZF;
        c.setFlags(Flags.EAGER, equal ? flags | Flags.ZF : flags, 0, 0);
    }

    private boolean exchangeNarrow(X86Cpu c, long address) {
        long[] r = c.r;
        long expected = Reg.get(r, RAX, 4) | Reg.get(r, RDX, 4) << 32;
        long wanted = Reg.get(r, RBX, 4) | Reg.get(r, RCX, 4) << 32;
        long seen;
        boolean done;
        do {
            c.probeStore(address, 8);
            seen = c.load64(address);
            long value = seen == expected ? wanted : seen;
            if (locked && c.isShared()) {
                done = Atomic.compareAndSet(c, address, 8, seen, value);
            } else {
                c.store64(address, value);
                done = true;
            }
        } while (!done);
        if (seen != expected) {
            Reg.set(r, RAX, 4, seen);
            Reg.set(r, RDX, 4, seen >>> 32);
        }
        return seen == expected;
    }

    private boolean exchangeWide(X86Cpu c, long address) {
        long[] r = c.r;
        boolean equal;
        boolean done;
        long low;
        long high;
        do {
            c.probeStore(address, 16);
            low = c.load64(address);
            high = c.load64(address + 8);
            equal = low == r[RAX] && high == r[RDX];
            long newLow = equal ? r[RBX] : low;
            long newHigh = equal ? r[RCX] : high;
            if (locked && c.isShared()) {
                done = Atomic.compareAndSetWide(c, address, low, high, newLow, newHigh);
            } else {
                c.store64(address, newLow);
                c.store64(address + 8, newHigh);
                done = true;
            }
        } while (!done);
        if (!equal) {
            r[RAX] = low;
            r[RDX] = high;
        }
        return equal;
    }
}
