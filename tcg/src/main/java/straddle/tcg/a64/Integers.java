package straddle.tcg.a64;

import org.objectweb.asm.Opcodes;
import straddle.tcg.Cpu;
import straddle.tcg.op.Cond;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.Flags;
import straddle.tcg.op.MicroOp;

/// Micro-ops of general registers besides [Binary].
final class Integers {
    private static final String RUNTIME = "straddle/tcg/a64/IntegerRuntime";

    private Integers() {}

    /// d = n << left >> right: UBFM and SBFM, and so all shifts by constants and extensions.
    static final class Field extends MicroOp {
        private final boolean signed;
        private final int d;
        private final int n;
        private final int left;
        private final int right;
        private final long mask;

        Field(boolean signed, boolean wide, int d, int n, int left, int right) {
            this.signed = signed;
            this.d = d;
            this.n = n;
            this.left = left;
            this.right = right;
            this.mask = wide ? -1 : 0xffff_ffffL;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long x = c.r[n] << left;
            c.r[d] = (signed ? x >> right : x >>> right) & mask;
            return next;
        }

        @Override
        public void emit(Emitter e) {
            emit(e, signed, n, left, right);
            if (signed && mask != -1) {
                e.zeroExtend(4);
            }
            Slots.set(e, d);
        }

        static void emit(Emitter e, boolean signed, int n, int left, int right) {
            int bits = 64 - left;
            if (left == right && (bits == 8 || bits == 16 || bits == 32)) {
                if (signed) {
                    e.getSigned(n, bits / 8);
                } else {
                    e.get(n, bits / 8);
                }
            } else if (!signed && right >= left && left != 0) {
                e.get(n);
                e.shift(Opcodes.LUSHR, right - left);
                e.constant(-1L >>> right);
                e.op(Opcodes.LAND);
            } else {
                e.get(n);
                e.shift(Opcodes.LSHL, left);
                e.shift(signed ? Opcodes.LSHR : Opcodes.LUSHR, right);
            }
        }

        @Override
        public int emittedBytes() {
            return 20;
        }
    }

    /// d = d with a field from n: BFM.
    static final class InsertField extends MicroOp {
        private final int d;
        private final int n;
        private final int left;
        private final int right;
        private final long field;
        private final long kept;

        /// @param field the bits of d that are replaced
        InsertField(boolean wide, int d, int n, int left, int right, long field) {
            this.d = d;
            this.n = n;
            this.left = left;
            this.right = right;
            this.field = field;
            this.kept = wide ? ~field : ~field & 0xffff_ffffL;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            r[d] = r[d] & kept | r[n] << left >>> right & field;
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.get(d);
            e.constant(kept);
            e.op(Opcodes.LAND);
            Field.emit(e, false, n, left, right);
            e.constant(field);
            e.op(Opcodes.LAND);
            e.op(Opcodes.LOR);
            Slots.set(e, d);
        }

        @Override
        public int emittedBytes() {
            return 36;
        }
    }

    /// MOVK.
    static final class InsertConstant extends MicroOp {
        private final int d;
        private final long kept;
        private final long value;

        InsertConstant(int d, long kept, long value) {
            this.d = d;
            this.kept = kept;
            this.value = value;
        }

        @Override
        public MicroOp exec(Cpu c) {
            c.r[d] = c.r[d] & kept | value;
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.get(d);
            e.constant(kept);
            e.op(Opcodes.LAND);
            e.constant(value);
            e.op(Opcodes.LOR);
            Slots.set(e, d);
        }

        @Override
        public int emittedBytes() {
            return 14;
        }
    }

    /// EXTR.
    static final class Extract extends MicroOp {
        private final boolean wide;
        private final int d;
        private final int n;
        private final int m;
        private final int low;

        /// @param low 1 to the width - 1
        Extract(boolean wide, int d, int n, int m, int low) {
            this.wide = wide;
            this.d = d;
            this.n = n;
            this.m = m;
            this.low = low;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            r[d] =
                    wide
                            ? r[n] << 64 - low | r[m] >>> low
                            : (r[n] << 32 - low | (r[m] & 0xffff_ffffL) >>> low) & 0xffff_ffffL;
            return next;
        }

        @Override
        public void emit(Emitter e) {
            if (n == m && wide) {
                e.get(n);
                e.integer(low);
                e.invoke("java/lang/Long", "rotateRight", "(JI)J");
            } else if (n == m) {
                e.get(n);
                e.op(Opcodes.L2I);
                e.integer(low);
                e.invoke("java/lang/Integer", "rotateRight", "(II)I");
                e.op(Opcodes.I2L);
                e.zeroExtend(4);
            } else {
                e.get(n);
                e.shift(Opcodes.LSHL, (wide ? 64 : 32) - low);
                e.get(m, wide ? 8 : 4);
                e.shift(Opcodes.LUSHR, low);
                e.op(Opcodes.LOR);
                if (!wide) {
                    e.zeroExtend(4);
                }
            }
            Slots.set(e, d);
        }

        @Override
        public int emittedBytes() {
            return 24;
        }
    }

    /// A function of [IntegerRuntime] of one or two registers: division, shifts by registers, bit counts.
    static final class Function extends MicroOp {
        private final DataRegister row;
        private final boolean wide;
        private final int d;
        private final int n;
        private final int m;

        Function(DataRegister row, boolean wide, int d, int n, int m) {
            this.row = row;
            this.wide = wide;
            this.d = d;
            this.n = n;
            this.m = m;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            r[d] =
                    wide
                            ? IntegerRuntime.wide(row, r[n], r[m])
                            : IntegerRuntime.narrow(row, (int) r[n], (int) r[m]) & 0xffff_ffffL;
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.get(n);
            if (wide) {
                e.get(m);
                e.invoke(RUNTIME, IntegerRuntime.name(row), "(JJ)J");
            } else {
                e.op(Opcodes.L2I);
                e.get(m);
                e.op(Opcodes.L2I);
                e.invoke(RUNTIME, IntegerRuntime.name(row), "(II)I");
                e.op(Opcodes.I2L);
                e.zeroExtend(4);
            }
            Slots.set(e, d);
        }

        @Override
        public int emittedBytes() {
            return 22;
        }
    }

    /// CRC32 and CRC32C: the checksum is 32 bits, the value 8 to 64.
    static final class Crc extends MicroOp {
        private final boolean castagnoli;
        private final int bytes;
        private final int d;
        private final int n;
        private final int m;

        Crc(boolean castagnoli, int bytes, int d, int n, int m) {
            this.castagnoli = castagnoli;
            this.bytes = bytes;
            this.d = d;
            this.n = n;
            this.m = m;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            r[d] = Checksums.crc(castagnoli, r[n], r[m], bytes);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.integer(castagnoli ? 1 : 0);
            e.get(n);
            e.get(m);
            e.integer(bytes);
            e.invoke("straddle/tcg/a64/Checksums", "crc", "(ZJJI)J");
            Slots.set(e, d);
        }

        @Override
        public int emittedBytes() {
            return 16;
        }
    }

    /// d = a + n * m and its kin.
    static final class Multiply extends MicroOp {
        private final DataRegister row;
        private final boolean wide;
        private final int d;
        private final int n;
        private final int m;
        private final int a;

        Multiply(DataRegister row, boolean wide, int d, int n, int m, int a) {
            this.row = row;
            this.wide = wide;
            this.d = d;
            this.n = n;
            this.m = m;
            this.a = a;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long x = r[n];
            long y = r[m];
            long result =
                    switch (row) {
                        case MADD -> r[a] + x * y;
                        case MSUB -> r[a] - x * y;
                        case SMADDL -> r[a] + (long) (int) x * (int) y;
                        case SMSUBL -> r[a] - (long) (int) x * (int) y;
                        case UMADDL -> r[a] + (x & 0xffff_ffffL) * (y & 0xffff_ffffL);
                        case UMSUBL -> r[a] - (x & 0xffff_ffffL) * (y & 0xffff_ffffL);
                        case SMULH -> Math.multiplyHigh(x, y);
                        default -> Math.unsignedMultiplyHigh(x, y);
                    };
            r[d] = wide ? result : result & 0xffff_ffffL;
            return next;
        }

        @Override
        public void emit(Emitter e) {
            if (row == DataRegister.SMULH || row == DataRegister.UMULH) {
                e.get(n);
                e.get(m);
                e.invoke(
                        "java/lang/Math",
                        row == DataRegister.SMULH ? "multiplyHigh" : "unsignedMultiplyHigh",
                        "(JJ)J");
                Slots.set(e, d);
                return;
            }
            e.get(a);
            switch (row) {
                case MADD, MSUB -> {
                    e.get(n);
                    e.get(m);
                }
                case SMADDL, SMSUBL -> {
                    e.getSigned(n, 4);
                    e.getSigned(m, 4);
                }
                default -> {
                    e.get(n, 4);
                    e.get(m, 4);
                }
            }
            e.op(Opcodes.LMUL);
            boolean subtracts =
                    row == DataRegister.MSUB
                            || row == DataRegister.SMSUBL
                            || row == DataRegister.UMSUBL;
            e.op(subtracts ? Opcodes.LSUB : Opcodes.LADD);
            if (!wide) {
                e.zeroExtend(4);
            }
            Slots.set(e, d);
        }

        @Override
        public int emittedBytes() {
            return 24;
        }
    }

    /// CSEL, CSINC, CSINV and CSNEG.
    static final class Select extends MicroOp {
        private final DataRegister row;
        private final int cond;
        private final int d;
        private final int n;
        private final int m;
        private final long mask;

        Select(DataRegister row, boolean wide, int cond, int d, int n, int m) {
            this.row = row;
            this.cond = cond;
            this.d = d;
            this.n = n;
            this.m = m;
            this.mask = wide ? -1 : 0xffff_ffffL;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            r[d] = (cond < 0 || Cond.test(c, cond) ? r[n] : otherwise(r[m])) & mask;
            return next;
        }

        private long otherwise(long x) {
            return switch (row) {
                case CSEL -> x;
                case CSINC -> x + 1;
                case CSINV -> ~x;
                default -> -x;
            };
        }

        @Override
        public void emit(Emitter e) {
            if (cond < 0) {
                e.get(n);
            } else {
                e.get(n);
                emitOtherwise(e);
                e.condition(cond);
                e.runtime("choose", "(JJI)J");
            }
            if (mask != -1) {
                e.zeroExtend(4);
            }
            Slots.set(e, d);
        }

        private void emitOtherwise(Emitter e) {
            e.get(m);
            switch (row) {
                case CSEL -> {}
                case CSINC -> {
                    e.constant(1);
                    e.op(Opcodes.LADD);
                }
                case CSINV -> {
                    e.constant(-1);
                    e.op(Opcodes.LXOR);
                }
                default -> e.op(Opcodes.LNEG);
            }
        }

        @Override
        public int emittedBytes() {
            return 44;
        }
    }

    /// CCMP and CCMN.
    static final class ConditionalCompare extends MicroOp {
        private final boolean negative;
        private final boolean wide;
        private final int cond;
        private final int n;
        private final int m;
        private final long value;
        private final int nzcv;

        /// @param negative CCMN
        /// @param m a slot, or -1 for the constant
        ConditionalCompare(
                boolean negative, boolean wide, int cond, int n, int m, long value, int nzcv) {
            this.negative = negative;
            this.wide = wide;
            this.cond = cond;
            this.n = n;
            this.m = m;
            this.value = value;
            this.nzcv = nzcv;
        }

        @Override
        public MicroOp exec(Cpu c) {
            if (cond >= 0 && !Cond.test(c, cond)) {
                Conditions.set(c, nzcv);
                return next;
            }
            long[] r = c.r;
            long a = wide ? r[n] : (int) r[n];
            long b = m < 0 ? value : wide ? r[m] : (int) r[m];
            long exact = negative ? a + b : a - b;
            long result = wide ? exact : (int) exact;
            c.setFlags(negative ? Flags.ADD : Flags.DIFFERENCE, result, a, b);
            return next;
        }

        /// Both outcomes as a subtraction's, so that the next condition is known to follow one.
        @Override
        public void emit(Emitter e) {
            if (negative || cond < 0 || (nzcv & 12) == 12) {
                e.call(this);
                return;
            }
            int width = wide ? 8 : 4;
            e.condition(cond);
            e.op(Opcodes.I2L);
            e.keep(Emitter.ADDRESS);
            e.getSigned(n, width);
            e.keep(Emitter.A);
            if (m < 0) {
                e.constant(value);
            } else {
                e.getSigned(m, width);
            }
            e.keep(Emitter.B);
            e.take(Emitter.A);
            e.take(Emitter.B);
            e.op(Opcodes.LSUB);
            e.signExtend(width);
            boolean less = (nzcv >>> 3 & 1) != (nzcv & 1);
            boolean carry = (nzcv & 2) != 0;
            choose(e, (nzcv & 4) != 0 ? 0 : (nzcv & 8) != 0 ? -1 : 1);
            e.keep(Emitter.R);
            e.take(Emitter.A);
            choose(e, less && carry ? -1 : 0);
            e.keep(Emitter.A);
            e.take(Emitter.B);
            choose(e, carry ? 0 : less ? 1 : -1);
            e.keep(Emitter.B);
            e.flags(Flags.CHOSEN, Emitter.R, Emitter.A, Emitter.B);
        }

        private static void choose(Emitter e, long otherwise) {
            e.constant(otherwise);
            e.take(Emitter.ADDRESS);
            e.op(Opcodes.L2I);
            e.runtime("choose", "(JJI)J");
        }

        @Override
        public int emittedBytes() {
            return negative || cond < 0 || (nzcv & 12) == 12 ? super.emittedBytes() : 110;
        }
    }
}
