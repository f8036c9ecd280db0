package straddle.tcg.op;

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
                if (locked && c.shared) {
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
        int kind = c.flagKind;
        long result = c.flagResult;
        if (kind == Flags.EAGER) {
            return (int) result & Flags.ALL;
        }
        long a = c.flagA;
        long b = c.flagB;
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
    }
}
