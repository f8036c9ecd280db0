package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import java.security.SecureRandom;
import java.util.random.RandomGenerator;
import straddle.tcg.Cpu;
import straddle.tcg.op.Arith;
import straddle.tcg.op.Ea;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.Flags;
import straddle.tcg.op.MicroOp;
import straddle.tcg.op.Reg;

/// The rarer general-purpose instructions: wide multiplication and division, bit fields and counts, double
/// shifts, decimal adjustment, stack frames.
final class Integers extends MicroOp {
    /// On its own: few programs ask for random numbers, and Java's providers of them take 30 ms to find.
    private static final class Entropy {
        static final RandomGenerator SOURCE = new SecureRandom();
    }

    final Op op;
    final int width;
    final int reg;
    final int rm;
    final Ea ea;
    final boolean constant;
    final boolean byClRegister;
    final long immediate;
    private final int immediate2;
    private final int sourceWidth;
    private final int addressSize;
    private final int segment;
    private final boolean toMemory;
    final boolean locked;

    /// @param ea null when ModR/M names a register
    Integers(Op op, int width, int reg, int rm, Ea ea, Insn insn) {
        this.op = op;
        this.width = width;
        this.reg = op == Op.BSWAP ? insn.opcode & 7 | (insn.rexB ? 8 : 0) : reg;
        this.rm = rm;
        this.ea = ea;
        Operand last = insn.row.operands().isEmpty() ? null : insn.row.operands().getLast();
        this.constant = last == Operand.Ib;
        this.byClRegister = last == Operand.CL;
        this.immediate = insn.immediate;
        this.immediate2 = insn.immediate2;
        this.sourceWidth = last == Operand.Eb ? 1 : insn.operandSize;
        this.addressSize = insn.addressSize;
        this.segment = insn.segmentPrefix >= 0 ? insn.segmentPrefix : DS;
        this.toMemory = !insn.row.operands().isEmpty() && insn.row.operands().get(0) == Operand.M;
        this.locked = insn.lock;
    }

    @Override
    public MicroOp exec(Cpu c) {
        X86Cpu cpu = (X86Cpu) c;
        switch (op) {
            case MUL, IMUL -> multiply(c);
            case DIV, IDIV -> divide(cpu);
            case BT, BTS, BTR, BTC -> bit(c);
            case BSF, BSR, TZCNT, LZCNT, POPCNT -> count(c);
            case SHLD, SHRD -> doubleShift(c);
            case BSWAP -> byteSwap(c.r);
            case CBW, CWD -> widen(c.r);
            case AAA, AAS, DAA, DAS, AAM, AAD -> decimal(cpu);
            case MOVBE, MOVNTI -> move(c);
            case CRC32 -> crc32(c);
            case ADCX, ADOX -> addCarry(c);
            case XLAT -> translateByte(cpu);
            case BOUND -> bound(cpu);
            case ARPL -> adjustRpl(cpu);
            case RDRAND, RDSEED -> {
                Reg.set(c.r, rm, width, ((X86Cpu) c).random(() -> Entropy.SOURCE.nextLong()));
                c.setFlags(Flags.EAGER, Flags.CF, 0, 0);
            }
            case SALC -> Reg.set(c.r, RAX, 1, carry(c) ? 0xff : 0);
            case LEAVE -> leave(cpu);
            case ENTER -> enter(cpu);
            case PUSHA -> pushAll(cpu);
            case POPA -> popAll(cpu);
            default -> throw new IllegalStateException(op + " is no integer instruction");
        }
        return next;
    }

    @Override
    public void emit(Emitter e) {
        if (!IntegersEmission.emit(this, e)) {
            e.call(this);
        }
    }

    @Override
    public int emittedBytes() {
        return 350;
    }

    private static boolean carry(Cpu c) {
        return Flags.carry(c.flagKind, c.flagResult, c.flagA, c.flagB);
    }

    private long source(Cpu c, int bytes) {
        return ea == null ? Reg.get(c.r, rm, bytes) : c.load(ea.address(c), bytes);
    }

    private void multiply(Cpu c) {
        long[] r = c.r;
        long a = Reg.get(r, RAX, width);
        long b = source(c, width);
        boolean signed = op == Op.IMUL;
        if (signed) {
            a = Reg.signed(a, width);
            b = Reg.signed(b, width);
        }
        long low = a * b;
        boolean overflow;
        if (width == 8) {
            long high = signed ? Math.multiplyHigh(a, b) : Math.unsignedMultiplyHigh(a, b);
            r[RAX] = low;
            r[RDX] = high;
            overflow = signed ? high != low >> 63 : high != 0;
        } else {
            int bits = 8 * width;
            if (width == 1) {
                Reg.set(r, RAX, 2, low);
            } else {
                Reg.set(r, RAX, width, low);
                Reg.set(r, RDX, width, low >>> bits);
            }
            overflow = signed ? low != Reg.signed(low, width) : low >>> bits != 0;
        }
        long flag = overflow ? 1 : 0;
        c.setFlags(Flags.SHIFT, Reg.signed(low, width), flag, flag);
    }

    private void divide(X86Cpu c) {
        long[] r = c.r;
        long divisor = source(c, width);
        if (width >= 4) {
            long low = Reg.get(r, RAX, width);
            long high = Reg.get(r, RDX, width);
            long quotient =
                    op == Op.DIV
                            ? IntegerRuntime.quotient(c, high, low, divisor, width)
                            : IntegerRuntime.signedQuotient(c, high, low, divisor, width);
            Reg.set(r, RAX, width, quotient);
            Reg.set(r, RDX, width, low - quotient * divisor);
            return;
        }
        if (divisor == 0) {
            throw c.fault(DE);
        }
        int bits = 8 * width;
        long dividend =
                width == 1
                        ? r[RAX] & 0xffff
                        : Reg.get(r, RDX, width) << bits | Reg.get(r, RAX, width);
        long quotient;
        long remainder;
        if (op == Op.IDIV) {
            long signedDivisor = Reg.signed(divisor, width);
            long signedDividend = Reg.signed(dividend, 2 * width);
            quotient = signedDividend / signedDivisor;
            remainder = signedDividend % signedDivisor;
            if (quotient != Reg.signed(quotient, width)) {
                throw c.fault(DE);
            }
        } else {
            quotient = dividend / divisor;
            remainder = dividend % divisor;
            if (quotient >>> bits != 0) {
                throw c.fault(DE);
            }
        }
        if (width == 1) {
            Reg.set(r, RAX, 2, quotient & 0xff | (remainder & 0xff) << 8);
        } else {
            Reg.set(r, RAX, width, quotient);
            Reg.set(r, RDX, width, remainder);
        }
    }

    private void bit(Cpu c) {
        long[] r = c.r;
        int bits = 8 * width;
        long number = constant ? immediate : Reg.signed(Reg.get(r, reg, width), width);
        int bit = (int) number & bits - 1;
        long mask = 1L << bit;
        long value;
        long address = 0;
        if (ea == null) {
            value = Reg.get(r, rm, width);
        } else {
            // A register's bit number reaches beyond the operand (SDM volume 2, BT).
            long beyond = constant ? 0 : (number >> 3) & -width;
            address = (ea.offset(c) + beyond & ea.mask()) + r[ea.segment()] & ea.linearMask();
            value = c.load(address, width);
        }
        boolean was = (value & mask) != 0;
        if (op != Op.BT) {
            long changed =
                    switch (op) {
                        case BTS -> value | mask;
                        case BTR -> value & ~mask;
                        default -> value ^ mask;
                    };
            if (ea == null) {
                Reg.set(r, rm, width, changed);
            } else if (locked && c.isShared()) {
                c.probeStore(address, width);
                if (!straddle.tcg.op.Atomic.compareAndSet(c, address, width, value, changed)) {
                    bit(c);
                    return;
                }
            } else {
                c.store(address, width, changed);
            }
        }
        int flags = Arith.eager(c) & ~Flags.CF;
        c.setFlags(Flags.EAGER, was ? flags | Flags.CF : flags, 0, 0);
    }

    private void count(Cpu c) {
        long value = source(c, width);
        int bits = 8 * width;
        switch (op) {
            // The other flags are undefined (SDM volume 2, BSF).
            case BSF, BSR -> {
                if (value != 0) {
                    long at =
                            op == Op.BSF
                                    ? Long.numberOfTrailingZeros(value)
                                    : 63 - Long.numberOfLeadingZeros(value);
                    Reg.set(c.r, reg, width, at);
                }
                c.setFlags(Flags.LOGIC, value, 0, 0);
            }
            case POPCNT -> {
                Reg.set(c.r, reg, width, Long.bitCount(value));
                c.setFlags(Flags.EAGER, value == 0 ? Flags.ZF : 0, 0, 0);
            }
            default -> {
                long zeros =
                        op == Op.TZCNT
                                ? Math.min(bits, Long.numberOfTrailingZeros(value))
                                : Long.numberOfLeadingZeros(value) - (64 - bits);
                Reg.set(c.r, reg, width, zeros);
                int carry = zeros == bits ? Flags.CF : 0;
                c.setFlags(Flags.EAGER, carry | (zeros == 0 ? Flags.ZF : 0), 0, 0);
            }
        }
    }

    private void doubleShift(Cpu c) {
        long[] r = c.r;
        int bits = 8 * width;
        int count = (byClRegister ? (int) r[RCX] : (int) immediate) & (width == 8 ? 63 : 31);
        long address = ea == null ? 0 : ea.address(c);
        long a = ea == null ? Reg.get(r, rm, width) : c.load(address, width);
        if (count == 0) {
            if (ea == null) {
                Reg.set(r, rm, width, a);
            } else {
                c.probeStore(address, width);
            }
            return;
        }
        long b = Reg.get(r, reg, width);
        // Beyond the operand's size (16 bits only) the result is undefined: as if b were shifted in
        // again.
        int by = count;
        if (by > bits) {
            long swap = a;
            a = b;
            b = swap;
            by -= bits;
        }
        long result;
        long carry;
        if (op == Op.SHLD) {
            result = by == bits ? b : a << by | b >>> bits - by;
            carry = a >>> bits - by & 1;
        } else {
            result = by == bits ? b : a >>> by | b << bits - by;
            carry = a >>> by - 1 & 1;
        }
        result = Reg.unsigned(result, width);
        if (ea == null) {
            Reg.set(r, rm, width, result);
        } else {
            c.store(address, width, result);
        }
        long overflow = (result ^ a) >>> bits - 1 & 1;
        c.setFlags(Flags.SHIFT, Reg.signed(result, width), carry, overflow);
    }

    private void byteSwap(long[] r) {
        if (width == 8) {
            r[reg] = Long.reverseBytes(r[reg]);
        } else if (width == 4) {
            r[reg] = Integer.toUnsignedLong(Integer.reverseBytes((int) r[reg]));
        } else {
            Reg.set(r, reg, 2, 0);
        }
    }

    private void widen(long[] r) {
        if (op == Op.CBW) {
            Reg.set(r, RAX, width, Reg.signed(Reg.get(r, RAX, width / 2), width / 2));
        } else {
            Reg.set(r, RDX, width, Reg.signed(Reg.get(r, RAX, width), width) >> 63);
        }
    }

    private void decimal(X86Cpu c) {
        long[] r = c.r;
        int al = (int) r[RAX] & 0xff;
        int ah = (int) (r[RAX] >>> 8) & 0xff;
        int flags = Arith.eager(c);
        boolean cf = (flags & Flags.CF) != 0;
        boolean af = (flags & Flags.AF) != 0;
        switch (op) {
            case AAA, AAS -> {
                boolean adjust = (al & 15) > 9 || af;
                int ax = (int) r[RAX] & 0xffff;
                if (adjust) {
                    ax = op == Op.AAA ? ax + 0x106 : ax - 0x106;
                }
                Reg.set(r, RAX, 2, ax & 0xff0f);
                int both = adjust ? Flags.CF | Flags.AF : 0;
                c.setFlags(Flags.EAGER, flags & ~(Flags.CF | Flags.AF) | both, 0, 0);
            }
            case DAA, DAS -> {
                int sign = op == Op.DAA ? 1 : -1;
                int before = al;
                boolean carry = false;
                boolean low = (al & 15) > 9 || af;
                if (low) {
                    carry = cf || (sign > 0 ? al + 6 > 0xff : al < 6);
                    al = al + 6 * sign & 0xff;
                }
                if (before > 0x99 || cf) {
                    al = al + 0x60 * sign & 0xff;
                    carry = true;
                }
                Reg.set(r, RAX, 1, al);
                c.setFlags(Flags.LOGIC, (byte) al, 0, 0);
                c.setFlags(
                        Flags.EAGER,
                        Arith.eager(c) | (carry ? Flags.CF : 0) | (low ? Flags.AF : 0),
                        0,
                        0);
            }
            case AAM -> {
                int base = (int) immediate & 0xff;
                if (base == 0) {
                    throw c.fault(DE);
                }
                Reg.set(r, RAX, 2, al / base << 8 | al % base);
                c.setFlags(Flags.LOGIC, (byte) (al % base), 0, 0);
            }
            default -> {
                int sum = al + ah * ((int) immediate & 0xff) & 0xff;
                Reg.set(r, RAX, 2, sum);
                c.setFlags(Flags.LOGIC, (byte) sum, 0, 0);
            }
        }
    }

    private void move(Cpu c) {
        if (op == Op.MOVNTI) {
            int bytes = width == 8 ? 8 : 4;
            c.store(ea.address(c), bytes, Reg.get(c.r, reg, bytes));
        } else if (toMemory) {
            c.store(
                    ea.address(c),
                    width,
                    Long.reverseBytes(Reg.get(c.r, reg, width)) >>> 64 - 8 * width);
        } else {
            Reg.set(
                    c.r,
                    reg,
                    width,
                    Long.reverseBytes(c.load(ea.address(c), width)) >>> 64 - 8 * width);
        }
    }

    /// CRC-32C, reflected, without the usual inversions.
    private void crc32(Cpu c) {
        long value = source(c, sourceWidth);
        int crc = (int) c.r[reg];
        for (int i = 0; i < sourceWidth; i++) {
            crc ^= (int) (value >>> 8 * i) & 0xff;
            for (int bit = 0; bit < 8; bit++) {
                crc = crc >>> 1 ^ ((crc & 1) != 0 ? 0x82f6_3b78 : 0);
            }
        }
        c.r[reg] = crc & 0xffff_ffffL;
    }

    private void addCarry(Cpu c) {
        int flag = op == Op.ADCX ? Flags.CF : Flags.OF;
        int flags = Arith.eager(c);
        long a = Reg.get(c.r, reg, width);
        long b = source(c, width);
        long sum = a + b + ((flags & flag) != 0 ? 1 : 0);
        boolean carry = width == 8 ? (a & b | (a | b) & ~sum) < 0 : sum >>> 32 != 0;
        Reg.set(c.r, reg, width, sum);
        c.setFlags(Flags.EAGER, carry ? flags | flag : flags & ~flag, 0, 0);
    }

    private void translateByte(X86Cpu c) {
        long offset = c.r[RBX] + (c.r[RAX] & 0xff) & X86Cpu.sizeMask(addressSize);
        Reg.set(c.r, RAX, 1, c.load(c.linear(segment, offset, 1, false), 1));
    }

    private void bound(X86Cpu c) {
        if (ea == null) {
            throw c.fault(UD);
        }
        long index = Reg.signed(c.r[reg], width);
        long address = ea.address(c);
        long lower = Reg.signed(c.load(address, width), width);
        long upper = Reg.signed(c.load(address + width & c.addressMask(), width), width);
        if (index < lower || index > upper) {
            throw c.fault(BR);
        }
    }

    private void adjustRpl(X86Cpu c) {
        if (c.isRealLike()) {
            throw c.fault(UD);
        }
        long selector = source(c, 2);
        long rpl = c.r[reg] & 3;
        boolean raise = (selector & 3) < rpl;
        if (raise) {
            if (ea == null) {
                Reg.set(c.r, rm, 2, selector & ~3 | rpl);
            } else {
                c.store(ea.address(c), 2, selector & ~3 | rpl);
            }
        }
        int flags = Arith.eager(c) & ~Flags.ZF;
        c.setFlags(Flags.EAGER, raise ? flags | Flags.ZF : flags, 0, 0);
    }

    private void leave(X86Cpu c) {
        long frame = c.r[RBP] & c.stackMask();
        long value = c.load(c.linear(SS, frame, width, false), width);
        c.setStackPointer(frame + width);
        Reg.set(c.r, RBP, width, value);
    }

    private void enter(X86Cpu c) {
        int level = immediate2 & 31;
        int size = (int) immediate;
        long[] r = c.r;
        long mask = c.stackMask();
        long top = r[RSP] - width & mask;
        c.store(c.linear(SS, top, width, true), width, r[RBP]);
        long frame = top;
        long from = r[RBP];
        for (int i = 1; i < level; i++) {
            from = from - width & mask;
            top = top - width & mask;
            long value = c.load(c.linear(SS, from, width, false), width);
            c.store(c.linear(SS, top, width, true), width, value);
        }
        if (level > 0) {
            top = top - width & mask;
            c.store(c.linear(SS, top, width, true), width, frame);
        }
        long end = top - size & mask;
        c.probeStore(c.linear(SS, end, 1, true), 1);
        c.setStackPointer(end);
        Reg.set(r, RBP, width, frame);
    }

    private void pushAll(X86Cpu c) {
        long[] r = c.r;
        long mask = c.stackMask();
        long top = r[RSP] & mask;
        for (int i = 0; i < 8; i++) {
            top = top - width & mask;
            c.store(c.linear(SS, top, width, true), width, r[i]);
        }
        c.setStackPointer(top);
    }

    private void popAll(X86Cpu c) {
        long[] r = c.r;
        long[] values = new long[8];
        for (int i = 0; i < 8; i++) {
            values[7 - i] = c.peek((long) i * width, width);
        }
        c.release(8L * width);
        for (int i = 0; i < 8; i++) {
            if (i != RSP) {
                Reg.set(r, i, width, values[i]);
            }
        }
    }
}
