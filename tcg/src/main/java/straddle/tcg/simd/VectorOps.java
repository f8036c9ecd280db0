package straddle.tcg.simd;

import org.objectweb.asm.Opcodes;
import straddle.tcg.Cpu;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.MicroOp;

/// Micro-ops of vector instructions that move data between elements, or to elements of another size. What has no
/// bytecode of its own is called by regions with the registers it uses.
public final class VectorOps {
    private VectorOps() {}

    private static final String LANES = "straddle/tcg/simd/LaneRuntime";

    /// Calls a function of [LaneRuntime] with what is on the stack and the size.
    private static void sized(Emitter e, String name, int size, String type) {
        e.integer(size);
        e.invoke(LANES, name, type);
    }

    private static long mask(int size) {
        return Lanes.mask(size);
    }

    /// UZP, TRN and ZIP.
    public static final class Permute extends MicroOp {
        private final VectorOp row;
        private final int d;
        private final int n;
        private final int m;
        private final int size;
        private final Upper upper;
        private final boolean q;

        public Permute(VectorOp row, int d, int n, int m, int size, Upper upper) {
            this.row = row;
            this.d = d;
            this.n = n;
            this.m = m;
            this.size = size;
            this.upper = upper;
            this.q = upper == Upper.COMPUTED;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long low = half(r, 0);
            upper.set(r, d, low, q ? half(r, 1) : 0);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            emitHalf(e, 0);
            if (q) {
                e.keep(Emitter.A);
                emitHalf(e, 1);
            }
            upper.emitSet(e, d);
        }

        private long half(long[] r, int half) {
            boolean second = row == VectorOp.UZP2 || row == VectorOp.TRN2 || row == VectorOp.ZIP2;
            if (size == 3) {
                return r[(half == 0 ? n : m) + (second ? 1 : 0)];
            }
            switch (row) {
                case ZIP1, ZIP2 -> {
                    int from = q && second ? 1 : 0;
                    int shift = (q ? half != 0 : second) ? 32 : 0;
                    return LaneRuntime.zip(r[n + from] >>> shift, r[m + from] >>> shift, size);
                }
                case UZP1, UZP2 -> {
                    int x = q && half == 1 ? m : n;
                    int y = q ? x + 1 : m;
                    return second
                            ? LaneRuntime.odd(r[x], r[y], size)
                            : LaneRuntime.even(r[x], r[y], size);
                }
                default -> {
                    long x = r[n + half];
                    long y = r[m + half];
                    return second
                            ? LaneRuntime.transposeOdd(x, y, size)
                            : LaneRuntime.transposeEven(x, y, size);
                }
            }
        }

        private void emitHalf(Emitter e, int half) {
            boolean second = row == VectorOp.UZP2 || row == VectorOp.TRN2 || row == VectorOp.ZIP2;
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
    public static final class Pairwise extends MicroOp {
        private final VectorOp row;
        private final int d;
        private final int n;
        private final int m;
        private final int size;
        private final Upper upper;
        private final boolean q;

        public Pairwise(VectorOp row, int d, int n, int m, int size, Upper upper) {
            this.row = row;
            this.d = d;
            this.n = n;
            this.m = m;
            this.size = size;
            this.upper = upper;
            this.q = upper == Upper.COMPUTED;
        }

        @Override
        public MicroOp exec(Cpu c) {
            Whole.pairwise(row, c, d, n, m, size, upper);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            if (operation() < 0 || size == 3) {
                upper.emitCompute(e, this, d);
                return;
            }
            emitHalf(e, 0);
            if (q) {
                e.keep(Emitter.A);
                emitHalf(e, 1);
            }
            upper.emitSet(e, d);
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
    public static final class PairScalar extends MicroOp {
        private final VectorOp row;
        private final int d;
        private final int n;
        private final int size;

        public PairScalar(VectorOp row, int d, int n, int size) {
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
                    e.invoke(FpRuntime.NAME, name, "(JJ" + FpRuntime.CPU + ")J");
                }
                default -> {
                    e.compute(this, d, d + 1);
                    return;
                }
            }
            Upper.CLEARED.emitSet(e, d);
        }

        @Override
        public int emittedBytes() {
            return Emitter.computeBytes(2);
        }
    }

    /// All elements as a scalar.
    public static final class Across extends MicroOp {
        private final VectorOp row;
        private final int d;
        private final int n;
        private final int size;
        private final boolean q;

        public Across(VectorOp row, int d, int n, int size, boolean q) {
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
            Upper.CLEARED.emitSet(e, d);
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
    public static final class MultiplyPolynomials extends WholeResult {
        private final int n;
        private final int m;
        private final boolean upper;

        public MultiplyPolynomials(int d, int n, int m, boolean upper) {
            super(d);
            this.n = n;
            this.m = m;
            this.upper = upper;
        }

        @Override
        public MicroOp exec(Cpu c) {
            Whole.multiplyPolynomials(c, d, n, m, upper);
            return next;
        }
    }

    /// FCVTL.
    public static final class ConvertLong extends WholeResult {
        private final int n;
        private final int size;
        private final boolean upper;

        public ConvertLong(int d, int n, int size, boolean upper) {
            super(d);
            this.n = n;
            this.size = size;
            this.upper = upper;
        }

        @Override
        public MicroOp exec(Cpu c) {
            Whole.convertLong(c, d, n, size, upper);
            return next;
        }
    }

    /// Products, sums and differences of twice the size.
    public static final class Widen extends MicroOp {
        private final VectorOp row;
        private final int d;
        private final int n;
        private final int m;
        private final int size;
        private final int element;
        private final boolean upper;
        private final boolean scalar;

        public Widen(
                VectorOp row,
                int d,
                int n,
                int m,
                int size,
                int element,
                boolean upper,
                boolean scalar) {
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
            Upper.COMPUTED.emitSet(e, d);
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
                        UMLSL ->
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
    public static final class Narrow extends MicroOp {
        private final VectorOp row;
        private final int d;
        private final int n;
        private final int m;
        private final int size;
        private final int imm;
        private final boolean clears;
        private final boolean scalar;

        public Narrow(
                VectorOp row,
                int d,
                int n,
                int m,
                int size,
                int imm,
                boolean clears,
                boolean scalar) {
            this.row = row;
            this.d = d;
            this.n = n;
            this.m = m;
            this.size = size;
            this.imm = imm;
            this.clears = clears;
            this.scalar = scalar;
        }

        @Override
        public MicroOp exec(Cpu c) {
            if (scalar) {
                Whole.narrowingScalar(row, c, d, n, size, imm);
            } else {
                Whole.narrowing(row, c, d, n, m, size, imm, clears);
            }
            return next;
        }

        @Override
        public void emit(Emitter e) {
            boolean plain = row == VectorOp.XTN || row == VectorOp.SHRN || row == VectorOp.RSHRN;
            if (scalar || !plain) {
                emitCompute(e);
                return;
            }
            emitHalf(e, 0);
            emitHalf(e, 1);
            e.shift(Opcodes.LSHL, 32);
            e.op(Opcodes.LOR);
            e.set(d);
            if (clears) {
                e.constant(0);
                e.set(d + 1);
            }
        }

        private void emitHalf(Emitter e, int half) {
            e.get(n + half);
            if (row == VectorOp.RSHRN) {
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

        private void emitCompute(Emitter e) {
            (clears ? Upper.CLEARED : Upper.KEPT).emitCompute(e, this, d);
        }
    }

    /// SSHLL, USHLL and SHLL.
    public static final class ShiftLong extends MicroOp {
        private final int d;
        private final int n;
        private final int size;
        private final int by;
        private final boolean signed;
        private final boolean upper;

        public ShiftLong(int d, int n, int size, int by, boolean signed, boolean upper) {
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
            Upper.COMPUTED.emitSet(e, d);
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
    public static final class ConvertNarrow extends MicroOp {
        private final int d;
        private final int n;
        private final int size;
        private final boolean toOdd;
        private final boolean clears;
        private final boolean scalar;

        /// @param size of the narrow elements plus 1, as encoded by sz
        public ConvertNarrow(
                int d, int n, int size, boolean toOdd, boolean clears, boolean scalar) {
            this.d = d;
            this.n = n;
            this.size = size;
            this.toOdd = toOdd;
            this.clears = clears;
            this.scalar = scalar;
        }

        @Override
        public MicroOp exec(Cpu c) {
            if (scalar) {
                Whole.convertNarrowScalar(c, d, n);
            } else {
                Whole.convertNarrow(c, d, n, size, toOdd, clears);
            }
            return next;
        }

        @Override
        public void emit(Emitter e) {
            emitCompute(e);
        }

        @Override
        public int emittedBytes() {
            return Emitter.computeBytes(2);
        }

        private void emitCompute(Emitter e) {
            (clears ? Upper.CLEARED : Upper.KEPT).emitCompute(e, this, d);
        }
    }

    /// EXT: bytes from the middle of two registers.
    public static final class Extract extends MicroOp {
        private final int d;
        private final int n;
        private final int m;
        private final int at;
        private final Upper upper;
        private final boolean q;

        public Extract(int d, int n, int m, int at, Upper upper) {
            this.d = d;
            this.n = n;
            this.m = m;
            this.at = at;
            this.upper = upper;
            this.q = upper == Upper.COMPUTED;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            int[] parts = parts();
            long low = joined(r[parts[0]], r[parts[1]], at & 7);
            long high = q ? joined(r[parts[1]], r[parts[2]], at & 7) : 0;
            upper.set(r, d, low, high);
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
            }
            upper.emitSet(e, d);
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
    public static final class Duplicate extends MicroOp {
        private final int d;
        private final int s;
        private final int shift;
        private final int size;
        private final Upper upper;
        private final boolean scalar;

        public Duplicate(int d, int s, int size, int index, Upper upper, boolean scalar) {
            int bit = index << size + 3;
            this.d = d;
            this.s = s + bit / 64;
            this.shift = bit % 64;
            this.size = size;
            this.upper = scalar ? Upper.CLEARED : upper;
            this.scalar = scalar;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long value = c.r[s] >>> shift;
            long all = scalar ? value & mask(size) : LaneRuntime.each(value, size);
            upper.set(c.r, d, all, all);
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
            if (upper == Upper.COMPUTED) {
                e.keep(Emitter.A);
                e.take(Emitter.A);
            }
            upper.emitSet(e, d);
        }

        @Override
        public int emittedBytes() {
            return 28;
        }
    }

    /// INS, from an element or a general register.
    public static final class Insert extends MicroOp {
        private final int d;
        private final int to;
        private final int s;
        private final int from;
        private final long element;

        public Insert(int d, int s, int size, int index, int sourceIndex) {
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
    public static final class CombineConstant extends MicroOp {
        private final boolean clear;
        private final int d;
        private final long value;
        private final Upper upper;
        private final boolean q;

        public CombineConstant(boolean clear, int d, long value, Upper upper) {
            this.clear = clear;
            this.d = d;
            this.value = value;
            this.upper = upper;
            this.q = upper == Upper.COMPUTED;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            upper.set(r, d, combined(r[d]), combined(r[d + 1]));
            return next;
        }

        private long combined(long x) {
            return clear ? x & ~value : x | value;
        }

        @Override
        public void emit(Emitter e) {
            emitHalf(e, d);
            if (q) {
                emitHalf(e, d + 1);
            } else {
                upper.emitClear(e, d);
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
