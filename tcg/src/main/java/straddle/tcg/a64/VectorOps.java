package straddle.tcg.a64;

import org.objectweb.asm.Opcodes;
import straddle.tcg.Cpu;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.MicroOp;

/// Micro-ops of vector instructions that move data between elements, or to elements of another size. What has no
/// bytecode of its own is called by regions with the registers it uses.
final class VectorOps {
    private VectorOps() {}

    private static final String LANES = "straddle/tcg/a64/LaneRuntime";

    /// Calls a function of [LaneRuntime] with what is on the stack and the size.
    private static void sized(Emitter e, String name, int size, String type) {
        e.integer(size);
        e.invoke(LANES, name, type);
    }

    /// Sets a register from A, if there is an upper half, and the stack; else only from the stack.
    private static void setHalves(Emitter e, int d, boolean q) {
        if (q) {
            e.set(d + 1);
            e.take(Emitter.A);
            e.set(d);
        } else {
            e.set(d);
            e.constant(0);
            e.set(d + 1);
        }
    }

    private static long mask(int size) {
        return Lanes.mask(size);
    }

    /// AES and SHA.
    static final class Cryptographic extends MicroOp {
        private final Simd row;
        private final int d;
        private final int n;
        private final int m;

        Cryptographic(Simd row, int d, int n, int m) {
            this.row = row;
            this.d = d;
            this.n = n;
            this.m = m;
        }

        @Override
        public MicroOp exec(Cpu c) {
            Crypto.run(row, c, d, n, m);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.compute(this, d, d + 1);
        }

        @Override
        public int emittedBytes() {
            return Emitter.computeBytes(2);
        }
    }

    /// TBL and TBX.
    static final class Lookup extends MicroOp {
        private final int d;
        private final int n;
        private final int m;
        private final int registers;
        private final boolean keep;
        private final boolean q;

        Lookup(int d, int n, int m, int registers, boolean keep, boolean q) {
            this.d = d;
            this.n = n;
            this.m = m;
            this.registers = registers;
            this.keep = keep;
            this.q = q;
        }

        @Override
        public MicroOp exec(Cpu c) {
            Whole.lookup(c, d, n, m, registers, keep, q);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.compute(this, d, d + 1);
        }

        @Override
        public int emittedBytes() {
            return Emitter.computeBytes(2);
        }
    }

    /// UZP, TRN and ZIP.
    static final class Permute extends MicroOp {
        private final Simd row;
        private final int d;
        private final int n;
        private final int m;
        private final int size;
        private final boolean q;

        Permute(Simd row, int d, int n, int m, int size, boolean q) {
            this.row = row;
            this.d = d;
            this.n = n;
            this.m = m;
            this.size = size;
            this.q = q;
        }

        @Override
        public MicroOp exec(Cpu c) {
            Whole.permute(row, c, d, n, m, size, q);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            emitHalf(e, 0);
            if (q) {
                e.keep(Emitter.A);
                emitHalf(e, 1);
            }
            setHalves(e, d, q);
        }

        private void emitHalf(Emitter e, int half) {
            boolean second = row == Simd.UZP2 || row == Simd.TRN2 || row == Simd.ZIP2;
            if (size == 3) {
                e.get((half == 0 ? n : m) + (second ? 1 : 0));
                return;
            }
            switch (row) {
                case ZIP1, ZIP2 -> {
                    int from = q && second ? 1 : 0;
                    int shift = (q ? half != 0 : second) ? 32 : 0;
                    e.get(n + from);
                    e.shift(Opcodes.LUSHR, shift);
                    e.get(m + from);
                    e.shift(Opcodes.LUSHR, shift);
                    sized(e, "zip", size, "(JJI)J");
                }
                case UZP1, UZP2 -> {
                    e.get(q && half == 1 ? m : n);
                    e.get(q ? (half == 1 ? m : n) + 1 : m);
                    sized(e, second ? "odd" : "even", size, "(JJI)J");
                }
                default -> {
                    e.get(n + half);
                    e.get(m + half);
                    sized(e, second ? "transposeOdd" : "transposeEven", size, "(JJI)J");
                }
            }
        }

        @Override
        public int emittedBytes() {
            return 72;
        }
    }

    /// Neighbouring elements of two registers.
    static final class Pairwise extends MicroOp {
        private final Simd row;
        private final int d;
        private final int n;
        private final int m;
        private final int size;
        private final boolean q;

        Pairwise(Simd row, int d, int n, int m, int size, boolean q) {
            this.row = row;
            this.d = d;
            this.n = n;
            this.m = m;
            this.size = size;
            this.q = q;
        }

        @Override
        public MicroOp exec(Cpu c) {
            Whole.pairwise(row, c, d, n, m, size, q);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            if (operation() < 0 || size == 3) {
                e.compute(this, d, d + 1);
                return;
            }
            emitHalf(e, 0);
            if (q) {
                e.keep(Emitter.A);
                emitHalf(e, 1);
            }
            setHalves(e, d, q);
        }

        private int operation() {
            return switch (row) {
                case ADDP -> LaneRuntime.ADD;
                case SMAXP -> LaneRuntime.SMAX;
                case SMINP -> LaneRuntime.SMIN;
                case UMAXP -> LaneRuntime.UMAX;
                case UMINP -> LaneRuntime.UMIN;
                default -> -1;
            };
        }

        private void emitHalf(Emitter e, int half) {
            int x = q && half == 1 ? m : n;
            int y = q ? x + 1 : m;
            if (operation() != LaneRuntime.ADD) {
                e.integer(operation());
            }
            e.get(x);
            e.get(y);
            sized(e, "even", size, "(JJI)J");
            e.get(x);
            e.get(y);
            sized(e, "odd", size, "(JJI)J");
            if (operation() == LaneRuntime.ADD) {
                sized(e, "add", size, "(JJI)J");
            } else {
                sized(e, "binary", size, "(IJJI)J");
            }
        }

        @Override
        public int emittedBytes() {
            return 80;
        }
    }

    /// The lowest two elements as a scalar.
    static final class PairScalar extends MicroOp {
        private final Simd row;
        private final int d;
        private final int n;
        private final int size;

        PairScalar(Simd row, int d, int n, int size) {
            this.row = row;
            this.d = d;
            this.n = n;
            this.size = size;
        }

        @Override
        public MicroOp exec(Cpu c) {
            Whole.pairScalar(row, c, d, n, size);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            switch (row) {
                case ADDP_SCALAR -> {
                    e.get(n);
                    e.get(n + 1);
                    e.op(Opcodes.LADD);
                }
                case FADDP_SCALAR -> {
                    e.get(n);
                    if (size == 3) {
                        e.get(n + 1);
                    } else {
                        e.get(n);
                        e.shift(Opcodes.LUSHR, 32);
                    }
                    e.cpu();
                    String name = size == 3 ? "faddd" : "fadds";
                    e.invoke(Floats.RUNTIME, name, "(JJ" + Floats.CPU + ")J");
                }
                default -> {
                    e.compute(this, d, d + 1);
                    return;
                }
            }
            setHalves(e, d, false);
        }

        @Override
        public int emittedBytes() {
            return Emitter.computeBytes(2);
        }
    }

    /// All elements as a scalar.
    static final class Across extends MicroOp {
        private final Simd row;
        private final int d;
        private final int n;
        private final int size;
        private final boolean q;

        Across(Simd row, int d, int n, int size, boolean q) {
            this.row = row;
            this.d = d;
            this.n = n;
            this.size = size;
            this.q = q;
        }

        @Override
        public MicroOp exec(Cpu c) {
            Whole.across(row, c, d, n, size, q);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            int op = operation();
            if (op < 0) {
                e.compute(this, d, d + 1);
                return;
            }
            e.integer(op);
            if (q && op != LaneRuntime.ADD) {
                e.integer(op);
            }
            e.get(n);
            if (q) {
                e.get(n + 1);
                if (op == LaneRuntime.ADD) {
                    sized(e, "add", size, "(JJI)J");
                } else {
                    sized(e, "binary", size, "(IJJI)J");
                }
            }
            sized(e, "across", size, "(IJI)J");
            setHalves(e, d, false);
        }

        private int operation() {
            return switch (row) {
                case ADDV -> LaneRuntime.ADD;
                case SMAXV -> LaneRuntime.SMAX;
                case SMINV -> LaneRuntime.SMIN;
                case UMAXV -> LaneRuntime.UMAX;
                case UMINV -> LaneRuntime.UMIN;
                default -> -1;
            };
        }

        @Override
        public int emittedBytes() {
            return Emitter.computeBytes(2);
        }
    }

    /// PMULL of 64-bit elements.
    static final class MultiplyPolynomials extends MicroOp {
        private final int d;
        private final int n;
        private final int m;
        private final boolean upper;

        MultiplyPolynomials(int d, int n, int m, boolean upper) {
            this.d = d;
            this.n = n;
            this.m = m;
            this.upper = upper;
        }

        @Override
        public MicroOp exec(Cpu c) {
            Whole.multiplyPolynomials(c, d, n, m, upper);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.compute(this, d, d + 1);
        }

        @Override
        public int emittedBytes() {
            return Emitter.computeBytes(2);
        }
    }

    /// FCVTL.
    static final class ConvertLong extends MicroOp {
        private final int d;
        private final int n;
        private final int size;
        private final boolean upper;

        ConvertLong(int d, int n, int size, boolean upper) {
            this.d = d;
            this.n = n;
            this.size = size;
            this.upper = upper;
        }

        @Override
        public MicroOp exec(Cpu c) {
            Whole.convertLong(c, d, n, size, upper);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.compute(this, d, d + 1);
        }

        @Override
        public int emittedBytes() {
            return Emitter.computeBytes(2);
        }
    }

    /// Products, sums and differences of twice the size.
    static final class Widen extends MicroOp {
        private final Simd row;
        private final int d;
        private final int n;
        private final int m;
        private final int size;
        private final int element;
        private final boolean upper;
        private final boolean scalar;

        Widen(Simd row, int d, int n, int m, int size, int element, boolean upper, boolean scalar) {
            this.row = row;
            this.d = d;
            this.n = n;
            this.m = m;
            this.size = size;
            this.element = element;
            this.upper = upper;
            this.scalar = scalar;
        }

        @Override
        public MicroOp exec(Cpu c) {
            if (scalar) {
                Whole.wideningScalar(row, c, d, n, m, size, element);
            } else {
                Whole.widening(row, c, d, n, m, size, element, upper);
            }
            return next;
        }

        @Override
        public void emit(Emitter e) {
            if (scalar || !hasBytecode()) {
                e.compute(this, d, d + 1);
                return;
            }
            if (element >= 0) {
                emitElement(e);
                e.keep(Emitter.B);
            }
            emitHalf(e, 0);
            e.keep(Emitter.A);
            emitHalf(e, 1);
            setHalves(e, d, true);
        }

        private boolean hasBytecode() {
            return switch (row) {
                case SADDL,
                        UADDL,
                        SADDW,
                        UADDW,
                        SSUBL,
                        USUBL,
                        SSUBW,
                        USUBW,
                        SMULL,
                        UMULL,
                        SMLAL,
                        UMLAL,
                        SMLSL,
                        UMLSL,
                        SMULL_ELEMENT,
                        UMULL_ELEMENT,
                        SMLAL_ELEMENT,
                        UMLAL_ELEMENT,
                        SMLSL_ELEMENT,
                        UMLSL_ELEMENT ->
                        true;
                default -> false;
            };
        }

        private boolean isSigned() {
            return row.name().charAt(0) == 'S';
        }

        private void emitElement(Emitter e) {
            int bit = element << size + 3;
            e.get(m + bit / 64);
            e.shift(Opcodes.LUSHR, bit % 64);
            if (isSigned()) {
                e.signExtend(1 << size);
            } else {
                e.zeroExtend(1 << size);
            }
            sized(e, "each", size + 1, "(JI)J");
        }

        /// Pushes half of the narrow elements of a register, widened.
        private void emitWide(Emitter e, int register, int half) {
            e.get(upper ? register + 1 : register);
            e.shift(Opcodes.LUSHR, 32 * half);
            sized(e, isSigned() ? "widenSigned" : "widen", size, "(JI)J");
        }

        private void emitHalf(Emitter e, int half) {
            boolean multiplies = row.name().charAt(1) == 'M';
            boolean accumulates = multiplies && !row.name().startsWith("MULL", 1);
            boolean subtracts = row.name().contains(multiplies ? "MLSL" : "SUB");
            if (accumulates) {
                e.get(d + half);
            }
            if (multiplies) {
                e.integer(LaneRuntime.MUL);
            }
            if (row.name().endsWith("W")) {
                e.get(n + half);
            } else {
                emitWide(e, n, half);
            }
            if (element >= 0) {
                e.take(Emitter.B);
            } else {
                emitWide(e, m, half);
            }
            if (multiplies) {
                sized(e, "binary", size + 1, "(IJJI)J");
            }
            if (!multiplies || accumulates) {
                sized(e, subtracts ? "sub" : "add", size + 1, "(JJI)J");
            }
        }

        @Override
        public int emittedBytes() {
            return 120;
        }
    }

    /// What makes elements of half the size.
    static final class Narrow extends MicroOp {
        private final Simd row;
        private final int d;
        private final int n;
        private final int m;
        private final int size;
        private final int imm;
        private final boolean upper;
        private final boolean scalar;

        Narrow(Simd row, int d, int n, int m, int size, int imm, boolean upper, boolean scalar) {
            this.row = row;
            this.d = d;
            this.n = n;
            this.m = m;
            this.size = size;
            this.imm = imm;
            this.upper = upper;
            this.scalar = scalar;
        }

        @Override
        public MicroOp exec(Cpu c) {
            if (scalar) {
                Whole.narrowingScalar(row, c, d, n, size, imm);
            } else {
                Whole.narrowing(row, c, d, n, m, size, imm, upper);
            }
            return next;
        }

        @Override
        public void emit(Emitter e) {
            boolean plain = row == Simd.XTN || row == Simd.SHRN || row == Simd.RSHRN;
            if (scalar || !plain) {
                e.compute(this, d, d + 1);
                return;
            }
            emitHalf(e, 0);
            emitHalf(e, 1);
            e.shift(Opcodes.LSHL, 32);
            e.op(Opcodes.LOR);
            if (upper) {
                e.set(d + 1);
            } else {
                setHalves(e, d, false);
            }
        }

        private void emitHalf(Emitter e, int half) {
            e.get(n + half);
            if (row == Simd.RSHRN) {
                e.constant(LaneRuntime.each(1L << imm - 1, size + 1));
                sized(e, "add", size + 1, "(JJI)J");
            }
            e.shift(Opcodes.LUSHR, imm);
            sized(e, "narrow", size, "(JI)J");
        }

        @Override
        public int emittedBytes() {
            return 60;
        }
    }

    /// SSHLL, USHLL and SHLL.
    static final class ShiftLong extends MicroOp {
        private final int d;
        private final int n;
        private final int size;
        private final int by;
        private final boolean signed;
        private final boolean upper;

        ShiftLong(int d, int n, int size, int by, boolean signed, boolean upper) {
            this.d = d;
            this.n = n;
            this.size = size;
            this.by = by;
            this.signed = signed;
            this.upper = upper;
        }

        @Override
        public MicroOp exec(Cpu c) {
            Whole.shiftLong(c, d, n, size, by, signed, upper);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            emitHalf(e, 0);
            e.keep(Emitter.A);
            emitHalf(e, 1);
            setHalves(e, d, true);
        }

        private void emitHalf(Emitter e, int half) {
            e.get(upper ? n + 1 : n);
            e.shift(Opcodes.LUSHR, 32 * half);
            sized(e, signed ? "widenSigned" : "widen", size, "(JI)J");
            if (by > 0) {
                e.shift(Opcodes.LSHL, by);
                e.constant(LaneRuntime.each(-1L << by & mask(size + 1), size + 1));
                e.op(Opcodes.LAND);
            }
        }

        @Override
        public int emittedBytes() {
            return 56;
        }
    }

    /// FCVTN and FCVTXN.
    static final class ConvertNarrow extends MicroOp {
        private final int d;
        private final int n;
        private final int size;
        private final boolean toOdd;
        private final boolean upper;
        private final boolean scalar;

        /// @param size of the narrow elements plus 1, as encoded by sz
        ConvertNarrow(int d, int n, int size, boolean toOdd, boolean upper, boolean scalar) {
            this.d = d;
            this.n = n;
            this.size = size;
            this.toOdd = toOdd;
            this.upper = upper;
            this.scalar = scalar;
        }

        @Override
        public MicroOp exec(Cpu c) {
            if (scalar) {
                Whole.convertNarrowScalar(c, d, n);
            } else {
                Whole.convertNarrow(c, d, n, size, toOdd, upper);
            }
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.compute(this, d, d + 1);
        }

        @Override
        public int emittedBytes() {
            return Emitter.computeBytes(2);
        }
    }

    /// EXT: bytes from the middle of two registers.
    static final class Extract extends MicroOp {
        private final int d;
        private final int n;
        private final int m;
        private final int at;
        private final boolean q;

        Extract(int d, int n, int m, int at, boolean q) {
            this.d = d;
            this.n = n;
            this.m = m;
            this.at = at;
            this.q = q;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            int[] parts = parts();
            long low = joined(r[parts[0]], r[parts[1]], at & 7);
            long high = q ? joined(r[parts[1]], r[parts[2]], at & 7) : 0;
            r[d] = low;
            r[d + 1] = high;
            return next;
        }

        /// The slots that the result's halves come from.
        private int[] parts() {
            if (!q) {
                return new int[] {n, m, m};
            }
            return at < 8 ? new int[] {n, n + 1, m} : new int[] {n + 1, m, m + 1};
        }

        private static long joined(long x, long y, int bytes) {
            return bytes == 0 ? x : x >>> 8 * bytes | y << 64 - 8 * bytes;
        }

        @Override
        public void emit(Emitter e) {
            int[] parts = parts();
            emitJoined(e, parts[0], parts[1]);
            if (q) {
                e.keep(Emitter.A);
                emitJoined(e, parts[1], parts[2]);
                e.set(d + 1);
                e.take(Emitter.A);
                e.set(d);
            } else {
                e.set(d);
                e.constant(0);
                e.set(d + 1);
            }
        }

        private void emitJoined(Emitter e, int x, int y) {
            int bits = 8 * (at & 7);
            e.get(x);
            if (bits != 0) {
                e.shift(Opcodes.LUSHR, bits);
                e.get(y);
                e.shift(Opcodes.LSHL, 64 - bits);
                e.op(Opcodes.LOR);
            }
        }

        @Override
        public int emittedBytes() {
            return 40;
        }
    }

    /// DUP, from an element or a general register.
    static final class Duplicate extends MicroOp {
        private final int d;
        private final int s;
        private final int shift;
        private final int size;
        private final boolean q;
        private final boolean scalar;

        Duplicate(int d, int s, int size, int index, boolean q, boolean scalar) {
            int bit = index << size + 3;
            this.d = d;
            this.s = s + bit / 64;
            this.shift = bit % 64;
            this.size = size;
            this.q = q;
            this.scalar = scalar;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long value = c.r[s] >>> shift;
            if (scalar) {
                c.r[d] = value & mask(size);
                c.r[d + 1] = 0;
            } else {
                long all = LaneRuntime.each(value, size);
                c.r[d] = all;
                c.r[d + 1] = q ? all : 0;
            }
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.get(s);
            e.shift(Opcodes.LUSHR, shift);
            if (scalar) {
                e.zeroExtend(1 << size);
            } else {
                e.integer(size);
                e.invoke(LANES, "each", "(JI)J");
            }
            e.keep(Emitter.A);
            e.take(Emitter.A);
            e.set(d);
            if (q && !scalar) {
                e.take(Emitter.A);
            } else {
                e.constant(0);
            }
            e.set(d + 1);
        }

        @Override
        public int emittedBytes() {
            return 28;
        }
    }

    /// SMOV and UMOV.
    static final class MoveOut extends MicroOp {
        private final int d;
        private final int s;
        private final int shift;
        private final int size;
        private final boolean signed;
        private final boolean wide;

        MoveOut(int d, int n, int size, int index, boolean signed, boolean wide) {
            int bit = index << size + 3;
            this.d = d;
            this.s = n + bit / 64;
            this.shift = bit % 64;
            this.size = size;
            this.signed = signed;
            this.wide = wide;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long value = c.r[s] >>> shift & mask(size);
            if (signed) {
                value = Lanes.signed(value, size);
                if (!wide) {
                    value &= 0xffff_ffffL;
                }
            }
            c.r[d] = value;
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.get(s);
            e.shift(Opcodes.LUSHR, shift);
            if (signed) {
                e.signExtend(1 << size);
                if (!wide) {
                    e.zeroExtend(4);
                }
            } else {
                e.zeroExtend(1 << size);
            }
            Slots.set(e, d);
        }

        @Override
        public int emittedBytes() {
            return 20;
        }
    }

    /// INS, from an element or a general register.
    static final class Insert extends MicroOp {
        private final int d;
        private final int to;
        private final int s;
        private final int from;
        private final long element;

        Insert(int d, int s, int size, int index, int sourceIndex) {
            int bit = index << size + 3;
            int sourceBit = sourceIndex << size + 3;
            this.d = d + bit / 64;
            this.to = bit % 64;
            this.s = s + sourceBit / 64;
            this.from = sourceBit % 64;
            this.element = mask(size);
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            r[d] = r[d] & ~(element << to) | (r[s] >>> from & element) << to;
            return next;
        }

        @Override
        public void emit(Emitter e) {
            if (element == -1) {
                e.get(s);
                e.set(d);
                return;
            }
            e.get(d);
            e.constant(~(element << to));
            e.op(Opcodes.LAND);
            e.get(s);
            e.shift(Opcodes.LUSHR, from);
            e.constant(element);
            e.op(Opcodes.LAND);
            e.shift(Opcodes.LSHL, to);
            e.op(Opcodes.LOR);
            e.set(d);
        }

        @Override
        public int emittedBytes() {
            return 32;
        }
    }

    /// ORR and BIC of a constant.
    static final class CombineConstant extends MicroOp {
        private final boolean clear;
        private final int d;
        private final long value;
        private final boolean q;

        CombineConstant(boolean clear, int d, long value, boolean q) {
            this.clear = clear;
            this.d = d;
            this.value = value;
            this.q = q;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            r[d] = clear ? r[d] & ~value : r[d] | value;
            r[d + 1] = !q ? 0 : clear ? r[d + 1] & ~value : r[d + 1] | value;
            return next;
        }

        @Override
        public void emit(Emitter e) {
            emitHalf(e, d);
            if (q) {
                emitHalf(e, d + 1);
            } else {
                e.constant(0);
                e.set(d + 1);
            }
        }

        private void emitHalf(Emitter e, int slot) {
            e.get(slot);
            e.constant(clear ? ~value : value);
            e.op(clear ? Opcodes.LAND : Opcodes.LOR);
            e.set(slot);
        }

        @Override
        public int emittedBytes() {
            return 20;
        }
    }
}
