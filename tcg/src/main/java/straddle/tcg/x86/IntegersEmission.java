package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import org.objectweb.asm.Opcodes;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.Flags;

/// Bytecode of those [Integers] that compiled programs use much, for operands of 4 and 8 bytes.
final class IntegersEmission {
    private static final String RUNTIME = "straddle/tcg/x86/IntegerRuntime";
    private static final String DIVISION = "(Lstraddle/tcg/Cpu;JJJI)J";
    private static final String MATH = "java/lang/Math";

    private final Integers insn;
    private final Emitter e;
    private final int width;

    private IntegersEmission(Integers insn, Emitter e) {
        this.insn = insn;
        this.e = e;
        this.width = insn.width;
    }

    /// Returns false, having written nothing, where there is no bytecode for it.
    static boolean emit(Integers insn, Emitter e) {
        return insn.width >= 4 && new IntegersEmission(insn, e).emit();
    }

    private boolean emit() {
        switch (insn.op) {
            case MUL, IMUL -> multiply(insn.op == Op.IMUL);
            case DIV -> divide("quotient");
            case IDIV -> divide("signedQuotient");
            case BT, BTS, BTR, BTC -> {
                if (insn.locked && !e.isAlone() || reachesBeyond() && !isLinear()) {
                    return false;
                }
                bit();
            }
            case BSF -> find("lowestBit");
            case BSR -> find("highestBit");
            case TZCNT, LZCNT -> countZeros();
            case POPCNT -> countBits();
            case SHLD, SHRD -> {
                if (insn.ea != null) {
                    return false;
                }
                if (!insn.byClRegister) {
                    return shiftCount() != 0 && doubleShift(insn.op == Op.SHLD);
                }
                return e.canLeaveIfAny() && doubleShiftByRegister(insn.op == Op.SHLD);
            }
            case BSWAP -> swapBytes();
            case CBW -> {
                e.getSigned(RAX, width / 2);
                e.set(RAX, width);
            }
            case CWD -> {
                e.getSigned(RAX, width);
                e.shift(Opcodes.LSHR, 63);
                e.set(RDX, width);
            }
            case LEAVE -> {
                if (width != 8) {
                    return false;
                }
                leave();
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    /// Pushes the r/m operand, zero-extended.
    private void source() {
        if (insn.ea == null) {
            e.get(insn.rm, width);
        } else {
            e.address(insn.ea);
            e.load(insn, width);
        }
    }

    private void multiply(boolean signed) {
        source();
        if (signed) {
            e.signExtend(width);
        }
        e.keep(Emitter.B);
        if (signed) {
            e.getSigned(RAX, width);
        } else {
            e.get(RAX, width);
        }
        e.keep(Emitter.A);
        e.take(Emitter.A);
        e.take(Emitter.B);
        e.op(Opcodes.LMUL);
        e.keep(Emitter.R);
        if (width == 8) {
            e.take(Emitter.A);
            e.take(Emitter.B);
            e.invoke(MATH, signed ? "multiplyHigh" : "unsignedMultiplyHigh", "(JJ)J");
            e.keep(Emitter.ADDRESS);
        } else {
            e.take(Emitter.R);
            e.shift(signed ? Opcodes.LSHR : Opcodes.LUSHR, 32);
            e.keep(Emitter.ADDRESS);
            e.take(Emitter.R);
            e.signExtend(4);
            e.keep(Emitter.R);
        }
        e.take(Emitter.R);
        e.set(RAX, width);
        e.take(Emitter.ADDRESS);
        e.set(RDX, width);
        if (signed) {
            e.take(Emitter.R);
            e.shift(Opcodes.LSHR, 63);
        } else {
            e.constant(0);
        }
        e.keep(Emitter.B);
        e.flags(Flags.PRODUCT, Emitter.R, Emitter.ADDRESS, Emitter.B);
    }

    private void divide(String quotient) {
        source();
        e.keep(Emitter.B);
        e.get(RAX, width);
        e.keep(Emitter.A);
        e.mark(insn);
        e.cpu();
        e.get(RDX, width);
        e.take(Emitter.A);
        e.take(Emitter.B);
        e.integer(width);
        e.invoke(RUNTIME, quotient, DIVISION);
        e.keep(Emitter.R);
        e.take(Emitter.R);
        e.set(RAX, width);
        e.take(Emitter.A);
        e.take(Emitter.R);
        e.take(Emitter.B);
        e.op(Opcodes.LMUL);
        e.op(Opcodes.LSUB);
        e.set(RDX, width);
    }

    /// Whether a register's bit number may reach beyond the operand (SDM volume 2, BT).
    private boolean reachesBeyond() {
        return insn.ea != null && !insn.constant;
    }

    /// Whether effective addresses are whole registers.
    private boolean isLinear() {
        return insn.ea.mask() == -1 && insn.ea.linearMask() == -1;
    }

    private void bit() {
        if (insn.ea == null) {
            e.get(insn.rm, width);
        } else {
            e.address(insn.ea);
            if (reachesBeyond()) {
                e.getSigned(insn.reg, width);
                e.shift(Opcodes.LSHR, 3);
                e.constant(-width);
                e.op(Opcodes.LAND);
                e.op(Opcodes.LADD);
            }
            e.op(Opcodes.DUP2);
            e.keep(Emitter.ADDRESS);
            e.load(insn, width);
        }
        e.keep(Emitter.A);
        if (insn.constant) {
            e.constant(insn.immediate & 8L * width - 1);
        } else {
            e.get(insn.reg);
            e.constant(8L * width - 1);
            e.op(Opcodes.LAND);
        }
        e.keep(Emitter.B);
        if (insn.op != Op.BT) {
            change();
        }
        e.take(Emitter.A);
        e.take(Emitter.B);
        e.op(Opcodes.L2I);
        e.op(Opcodes.LUSHR);
        e.constant(1);
        e.op(Opcodes.LAND);
        e.keep(Emitter.R);
        e.carryFlag(Emitter.R);
    }

    private void change() {
        if (insn.ea != null) {
            e.take(Emitter.ADDRESS);
        }
        e.take(Emitter.A);
        e.constant(1);
        e.take(Emitter.B);
        e.op(Opcodes.L2I);
        e.op(Opcodes.LSHL);
        switch (insn.op) {
            case BTS -> e.op(Opcodes.LOR);
            case BTR -> {
                e.constant(-1);
                e.op(Opcodes.LXOR);
                e.op(Opcodes.LAND);
            }
            default -> e.op(Opcodes.LXOR);
        }
        if (insn.ea == null) {
            e.set(insn.rm, width);
        } else {
            e.store(insn, width);
        }
    }

    private void find(String which) {
        source();
        e.keep(Emitter.R);
        e.take(Emitter.R);
        e.get(insn.reg);
        e.runtime(which, "(JJ)J");
        e.set(insn.reg);
        e.logicFlags(Emitter.R);
    }

    private void countZeros() {
        int bits = 8 * width;
        boolean trailing = insn.op == Op.TZCNT;
        source();
        e.keep(Emitter.R);
        if (!trailing) {
            e.constant(bits - 1);
        }
        e.take(Emitter.R);
        e.constant(trailing ? bits : -1);
        e.runtime(trailing ? "lowestBit" : "highestBit", "(JJ)J");
        if (!trailing) {
            e.op(Opcodes.LSUB);
        }
        e.keep(Emitter.A);
        e.take(Emitter.R);
        e.constant(0);
        e.runtime("equal", "(JJ)J");
        e.take(Emitter.A);
        e.constant(0);
        e.runtime("equal", "(JJ)J");
        e.shift(Opcodes.LSHL, Integer.numberOfTrailingZeros(Flags.ZF));
        e.op(Opcodes.LOR);
        e.eagerFlags();
        e.take(Emitter.A);
        e.set(insn.reg);
    }

    private void countBits() {
        source();
        e.keep(Emitter.R);
        e.take(Emitter.R);
        e.runtime("bitCount", "(J)J");
        e.set(insn.reg);
        e.take(Emitter.R);
        e.constant(0);
        e.runtime("equal", "(JJ)J");
        e.shift(Opcodes.LSHL, Integer.numberOfTrailingZeros(Flags.ZF));
        e.eagerFlags();
    }

    private int shiftCount() {
        return (int) insn.immediate & (width == 8 ? 63 : 31);
    }

    private boolean doubleShift(boolean left) {
        int bits = 8 * width;
        int count = shiftCount();
        e.get(insn.rm, width);
        e.keep(Emitter.A);
        e.take(Emitter.A);
        e.shift(left ? Opcodes.LSHL : Opcodes.LUSHR, count);
        e.get(insn.reg, width);
        e.shift(left ? Opcodes.LUSHR : Opcodes.LSHL, bits - count);
        e.op(Opcodes.LOR);
        e.signExtend(width);
        e.keep(Emitter.R);
        e.take(Emitter.R);
        e.take(Emitter.A);
        e.op(Opcodes.LXOR);
        e.shift(Opcodes.LUSHR, bits - 1);
        e.constant(1);
        e.op(Opcodes.LAND);
        e.keep(Emitter.B);
        e.take(Emitter.A);
        e.shift(Opcodes.LUSHR, left ? bits - count : count - 1);
        e.constant(1);
        e.op(Opcodes.LAND);
        e.keep(Emitter.A);
        e.flags(Flags.SHIFT, Emitter.R, Emitter.A, Emitter.B);
        e.take(Emitter.R);
        e.set(insn.rm, width);
        return true;
    }

    /// Leaves a count of 0, which changes no flags, to Java.
    private boolean doubleShiftByRegister(boolean left) {
        int bits = 8 * width;
        count();
        e.constant(0);
        e.runtime("equal", "(JJ)J");
        e.leaveIfAny(1, insn);
        e.get(insn.rm, width);
        e.keep(Emitter.A);
        e.take(Emitter.A);
        count();
        e.op(Opcodes.L2I);
        e.op(left ? Opcodes.LSHL : Opcodes.LUSHR);
        e.get(insn.reg, width);
        remaining();
        e.op(left ? Opcodes.LUSHR : Opcodes.LSHL);
        e.op(Opcodes.LOR);
        e.signExtend(width);
        e.keep(Emitter.R);
        e.take(Emitter.R);
        e.take(Emitter.A);
        e.op(Opcodes.LXOR);
        e.shift(Opcodes.LUSHR, bits - 1);
        e.constant(1);
        e.op(Opcodes.LAND);
        e.keep(Emitter.B);
        e.take(Emitter.A);
        if (left) {
            remaining();
        } else {
            count();
            e.constant(1);
            e.op(Opcodes.LSUB);
            e.op(Opcodes.L2I);
        }
        e.op(Opcodes.LUSHR);
        e.constant(1);
        e.op(Opcodes.LAND);
        e.keep(Emitter.A);
        e.flags(Flags.SHIFT, Emitter.R, Emitter.A, Emitter.B);
        e.take(Emitter.R);
        e.set(insn.rm, width);
        return true;
    }

    /// Pushes by how much CL says to shift.
    private void count() {
        e.get(RCX);
        e.constant(width == 8 ? 63 : 31);
        e.op(Opcodes.LAND);
    }

    /// Pushes the rest of the operand's bits, as an int.
    private void remaining() {
        e.constant(8L * width);
        count();
        e.op(Opcodes.LSUB);
        e.op(Opcodes.L2I);
    }

    private void swapBytes() {
        e.get(insn.reg, width);
        e.invoke("java/lang/Long", "reverseBytes", "(J)J");
        e.shift(Opcodes.LUSHR, 64 - 8 * width);
        e.set(insn.reg);
    }

    private void leave() {
        e.get(RBP);
        e.keep(Emitter.ADDRESS);
        e.take(Emitter.ADDRESS);
        e.load(insn, 8);
        e.set(RBP);
        e.take(Emitter.ADDRESS);
        e.constant(8);
        e.op(Opcodes.LADD);
        e.set(RSP);
    }
}
