package straddle.tcg.x86.fp;

import straddle.tcg.fp.SoftFloat;

/// MXCSR and the slow paths of SSE arithmetic behind it. One per vCPU; not thread-safe; allocates
/// nothing.
///
/// An operation gathers the exceptions of its elements in `raised`, then asks [#signals()], which
/// makes them sticky in MXCSR and says whether one of them is unmasked: the operation then leaves
/// its destination as it was and returns true, and the caller raises #XM (SDM volume 1, 11.5).
public final class FpControl extends SoftFloat {
    /// MXCSR's bits (SDM volume 1, 10.2.3).
    public static final int DAZ = 0x40,
            IM = 0x80,
            DM = 0x100,
            ZM = 0x200,
            OM = 0x400,
            UM = 0x800,
            PM = 0x1000,
            RC = 0x6000,
            FTZ = 0x8000;

    private static final int MASKS = IM | DM | ZM | OM | UM | PM;

    /// MXCSR after reset: everything masked, round to nearest.
    public static final int RESET = 0x1f80;

    /// Bits that LDMXCSR and FXRSTOR accept on processors with DAZ; others are #GP.
    public static final int MXCSR_MASK = 0xffff;

    /// RFLAGS as COMISS and its kin set them.
    public static final int CF = 1, PF = 4, ZF = 0x40;

    /// What a comparison answers for an unmasked exception.
    public static final int UNMASKED = -1;

    static final int ADD = 0, SUB = 1, MUL = 2, DIV = 3;
    static final long DEFAULT_NAN64 = 0xfff8_0000_0000_0000L;
    static final int DEFAULT_NAN32 = 0xffc0_0000;

    private static final long QUIET64 = 0x0008_0000_0000_0000L;
    private static final int QUIET32 = 0x0040_0000;
    private static final long INFINITY64 = 0x7ff0_0000_0000_0000L;
    private static final int INFINITY32 = 0x7f80_0000;
    private static final long MAGNITUDE64 = Long.MAX_VALUE;
    private static final int MAGNITUDE32 = Integer.MAX_VALUE;

    /// The register. Free to read and write between operations.
    public int mxcsr = RESET;

    /// Whether an operation in several parts is under way: its exceptions are gathered, and none signalled
    /// before [#settle()].
    private boolean gathering;

    /// Stages before the last one of an operation that has most of them.
    private static final int STAGES = 2;

    /// What its stages before the last one have found so far.
    private final int[] earlier = new int[STAGES];

    public FpControl() {}

    /// Whether no exception would be signalled.
    public boolean masksAll() {
        return (mxcsr & MASKS) == MASKS;
    }

    /// Begins an operation in several parts, such as one on both halves of a YMM register.
    public void gather() {
        gathering = true;
    }

    /// Ends it; returns whether one of its exceptions is unmasked.
    public boolean settle() {
        gathering = false;
        int last = raised;
        boolean stops = false;
        for (int i = 0; i < STAGES; i++) {
            raised = stops ? 0 : earlier[i];
            earlier[i] = 0;
            stops |= raised != 0 && signals();
        }
        raised = stops ? 0 : last;
        return stops || raised != 0 && signals();
    }

    /// Ends one of an operation's stages that others follow: what it found shows even if a later one's exception keeps
    /// that one's from showing. Returns whether the operation stops here; not while parts are gathered, as a stage
    /// is one of all parts.
    ///
    /// @param number from 0 on
    boolean stops(int number) {
        if (gathering) {
            earlier[number] |= raised;
            raised = 0;
            return false;
        }
        return raised != 0 && signals();
    }

    /// Makes the exceptions gathered in `raised` sticky; returns whether one is unmasked. One that
    /// is found before computing keeps those found afterwards from showing (SDM volume 1, 11.5.1).
    boolean signals() {
        if (gathering) {
            return false;
        }
        int flags = raised;
        raised = 0;
        int unmasked = flags & ~(mxcsr >>> 7);
        if ((unmasked & (IE | DE | ZE)) != 0) {
            flags &= IE | DE | ZE;
        }
        mxcsr |= flags;
        return unmasked != 0;
    }

    /// A subnormal operand: zero under DAZ, else it raises DE unless the operation is invalid.
    boolean daz() {
        return (mxcsr & DAZ) != 0;
    }

    static boolean isNan64(long x) {
        return (x & MAGNITUDE64) > INFINITY64;
    }

    static boolean isNan32(int x) {
        return (x & MAGNITUDE32) > INFINITY32;
    }

    static boolean isSignaling64(long x) {
        return isNan64(x) && (x & QUIET64) == 0;
    }

    static boolean isSignaling32(int x) {
        return isNan32(x) && (x & QUIET32) == 0;
    }

    static boolean isSubnormal64(long x) {
        return (x & INFINITY64) == 0 && (x & MAGNITUDE64) != 0;
    }

    static boolean isSubnormal32(int x) {
        return (x & INFINITY32) == 0 && (x & MAGNITUDE32) != 0;
    }

    long daz64(long x) {
        return (mxcsr & DAZ) != 0 && (x & INFINITY64) == 0 ? x & TOP : x;
    }

    int daz32(int x) {
        return (mxcsr & DAZ) != 0 && (x & INFINITY32) == 0 ? x & Integer.MIN_VALUE : x;
    }

    /// The result when an operand is a NaN: the first that is one, made quiet (SDM volume 1, table
    /// 4-7).
    long nan64(long x, long y) {
        if (isSignaling64(x) || isSignaling64(y)) {
            raised |= IE;
        }
        return (isNan64(x) ? x : y) | QUIET64;
    }

    int nan32(int x, int y) {
        if (isSignaling32(x) || isSignaling32(y)) {
            raised |= IE;
        }
        return (isNan32(x) ? x : y) | QUIET32;
    }

    long invalid64() {
        raised |= IE;
        return DEFAULT_NAN64;
    }

    int invalid32() {
        raised |= IE;
        return DEFAULT_NAN32;
    }

    void noteSubnormals64(long x, long y) {
        if (isSubnormal64(x) || isSubnormal64(y)) {
            raised |= DE;
        }
    }

    void noteSubnormals32(int x, int y) {
        if (isSubnormal32(x) || isSubnormal32(y)) {
            raised |= DE;
        }
    }

    /// Addition, subtraction, multiplication or division of binary64 in every mode and case.
    long arithmetic64(int op, long x, long y) {
        long a = daz64(x);
        long b = daz64(y);
        if (isNan64(a) || isNan64(b)) {
            return nan64(a, b);
        }
        if (op == SUB) {
            b ^= TOP;
        }
        long sign = (a ^ b) & TOP;
        long absA = a & MAGNITUDE64;
        long absB = b & MAGNITUDE64;
        if (absA == INFINITY64 || absB == INFINITY64) {
            return infinite64(op, a, b);
        }
        if (op == DIV && absB == 0) {
            if (absA == 0) {
                return invalid64();
            }
            raised |= ZE;
            return sign | INFINITY64;
        }
        noteSubnormals64(a, b);
        if (absA == 0 || absB == 0) {
            if (op >= MUL) {
                return sign;
            }
            if (absA == absB) {
                return zeroSum64(a, b);
            }
            loadA64(absA == 0 ? b : a);
            takeA();
            return round64(mxcsr);
        }
        loadA64(a);
        loadB64(b);
        compute(op);
        if (hi == 0) {
            return (mxcsr & RC) == DOWN << 13 ? TOP : 0;
        }
        return round64(mxcsr);
    }

    private void compute(int op) {
        if (op == MUL) {
            multiply();
        } else if (op == DIV) {
            divide();
        } else {
            add();
        }
    }

    private long zeroSum64(long a, long b) {
        return a == b ? a : (mxcsr & RC) == DOWN << 13 ? TOP : 0;
    }

    private long infinite64(int op, long a, long b) {
        long sign = (a ^ b) & TOP;
        boolean infA = (a & MAGNITUDE64) == INFINITY64;
        boolean infB = (b & MAGNITUDE64) == INFINITY64;
        boolean invalid =
                switch (op) {
                    case MUL -> (a & MAGNITUDE64) == 0 || (b & MAGNITUDE64) == 0;
                    case DIV -> infA && infB;
                    default -> infA && infB && sign != 0;
                };
        if (invalid) {
            return invalid64();
        }
        noteSubnormals64(a, b);
        return switch (op) {
            case MUL -> sign | INFINITY64;
            case DIV -> infA ? sign | INFINITY64 : sign;
            default -> infA ? a : b;
        };
    }

    /// The same in binary32.
    int arithmetic32(int op, int x, int y) {
        int a = daz32(x);
        int b = daz32(y);
        if (isNan32(a) || isNan32(b)) {
            return nan32(a, b);
        }
        if (op == SUB) {
            b ^= Integer.MIN_VALUE;
        }
        int sign = (a ^ b) & Integer.MIN_VALUE;
        int absA = a & MAGNITUDE32;
        int absB = b & MAGNITUDE32;
        if (absA == INFINITY32 || absB == INFINITY32) {
            return infinite32(op, a, b);
        }
        if (op == DIV && absB == 0) {
            if (absA == 0) {
                return invalid32();
            }
            raised |= ZE;
            return sign | INFINITY32;
        }
        noteSubnormals32(a, b);
        if (absA == 0 || absB == 0) {
            if (op >= MUL) {
                return sign;
            }
            if (absA == absB) {
                return a == b ? a : (mxcsr & RC) == DOWN << 13 ? Integer.MIN_VALUE : 0;
            }
            loadA32(absA == 0 ? b : a);
            takeA();
            return round32(mxcsr);
        }
        loadA32(a);
        loadB32(b);
        compute(op);
        if (hi == 0) {
            return (mxcsr & RC) == DOWN << 13 ? Integer.MIN_VALUE : 0;
        }
        return round32(mxcsr);
    }

    private int infinite32(int op, int a, int b) {
        int sign = (a ^ b) & Integer.MIN_VALUE;
        boolean infA = (a & MAGNITUDE32) == INFINITY32;
        boolean infB = (b & MAGNITUDE32) == INFINITY32;
        boolean invalid =
                switch (op) {
                    case MUL -> (a & MAGNITUDE32) == 0 || (b & MAGNITUDE32) == 0;
                    case DIV -> infA && infB;
                    default -> infA && infB && sign != 0;
                };
        if (invalid) {
            return invalid32();
        }
        noteSubnormals32(a, b);
        return switch (op) {
            case MUL -> sign | INFINITY32;
            case DIV -> infA ? sign | INFINITY32 : sign;
            default -> infA ? a : b;
        };
    }

    long squareRoot64(long x) {
        long a = daz64(x);
        if (isNan64(a)) {
            return nan64(a, a);
        }
        if ((a & MAGNITUDE64) == 0) {
            return a;
        }
        if (a < 0) {
            return invalid64();
        }
        if (a == INFINITY64) {
            return a;
        }
        noteSubnormals64(a, a);
        loadA64(a);
        squareRoot();
        return round64(mxcsr);
    }

    int squareRoot32(int x) {
        int a = daz32(x);
        if (isNan32(a)) {
            return nan32(a, a);
        }
        if ((a & MAGNITUDE32) == 0) {
            return a;
        }
        if (a < 0) {
            return invalid32();
        }
        if (a == INFINITY32) {
            return a;
        }
        noteSubnormals32(a, a);
        loadA32(a);
        squareRoot();
        return round32(mxcsr);
    }

    /// MIN and MAX: the second operand unless the first is strictly beyond it (SDM volume 2,
    /// MINSD).
    long extreme64(boolean max, long x, long y) {
        long a = daz64(x);
        long b = daz64(y);
        if (isNan64(a) || isNan64(b)) {
            raised |= IE;
            return b;
        }
        noteSubnormals64(a, b);
        double p = Double.longBitsToDouble(a);
        double q = Double.longBitsToDouble(b);
        return (max ? p > q : p < q) ? a : b;
    }

    int extreme32(boolean max, int x, int y) {
        int a = daz32(x);
        int b = daz32(y);
        if (isNan32(a) || isNan32(b)) {
            raised |= IE;
            return b;
        }
        noteSubnormals32(a, b);
        float p = Float.intBitsToFloat(a);
        float q = Float.intBitsToFloat(b);
        return (max ? p > q : p < q) ? a : b;
    }

    /// How two numbers compare, as COMISD puts it into RFLAGS. A quiet NaN is invalid where
    /// `signalQuiet`.
    int compare64(long x, long y, boolean signalQuiet) {
        long a = daz64(x);
        long b = daz64(y);
        if (isNan64(a) || isNan64(b)) {
            if (signalQuiet || isSignaling64(a) || isSignaling64(b)) {
                raised |= IE;
            }
            return ZF | PF | CF;
        }
        noteSubnormals64(a, b);
        double p = Double.longBitsToDouble(a);
        double q = Double.longBitsToDouble(b);
        return p > q ? 0 : p < q ? CF : ZF;
    }

    int compare32(int x, int y, boolean signalQuiet) {
        int a = daz32(x);
        int b = daz32(y);
        if (isNan32(a) || isNan32(b)) {
            if (signalQuiet || isSignaling32(a) || isSignaling32(b)) {
                raised |= IE;
            }
            return ZF | PF | CF;
        }
        noteSubnormals32(a, b);
        float p = Float.intBitsToFloat(a);
        float q = Float.intBitsToFloat(b);
        return p > q ? 0 : p < q ? CF : ZF;
    }

    @Override
    protected boolean trapsBeforeDenormalizing() {
        return true;
    }

    /// Binary64 to binary32.
    int narrow(long x) {
        long a = daz64(x);
        int sign = (int) (a >>> 32) & Integer.MIN_VALUE;
        if (isNan64(a)) {
            if (isSignaling64(a)) {
                raised |= IE;
            }
            return sign | INFINITY32 | QUIET32 | (int) (a >>> 29) & 0x3f_ffff;
        }
        long magnitude = a & MAGNITUDE64;
        if (magnitude == 0) {
            return sign;
        }
        if (magnitude == INFINITY64) {
            return sign | INFINITY32;
        }
        noteSubnormals64(a, a);
        loadA64(a);
        takeA();
        return round32(mxcsr);
    }

    /// Binary32 to binary64.
    long widen(int x) {
        int a = daz32(x);
        long sign = (long) a & TOP;
        if (isNan32(a)) {
            if (isSignaling32(a)) {
                raised |= IE;
            }
            return sign | INFINITY64 | QUIET64 | (long) (a & 0x3f_ffff) << 29;
        }
        noteSubnormals32(a, a);
        return Double.doubleToRawLongBits(Float.intBitsToFloat(a));
    }

    /// A signed integer to binary64.
    long fromInteger64(long value) {
        if (value == 0) {
            return 0;
        }
        loadInteger(value < 0, Math.abs(value));
        takeA();
        return round64(mxcsr);
    }

    /// A signed integer to binary32.
    int fromInteger32(long value) {
        if (value == 0) {
            return 0;
        }
        loadInteger(value < 0, Math.abs(value));
        takeA();
        return round32(mxcsr);
    }

    /// Binary64 to a signed integer of 32 or 64 bits; what doesn't fit is invalid and gives the
    /// smallest one.
    long toInteger64(long x, int rounding, int bits) {
        long a = daz64(x);
        if ((a & MAGNITUDE64) == 0) {
            return 0;
        }
        if ((a & INFINITY64) == INFINITY64) {
            raised |= IE;
            return -1L << bits - 1;
        }
        loadA64(a);
        return toInteger(rounding, bits);
    }

    /// Binary32 to a signed integer of 32 or 64 bits.
    long toInteger32(int x, int rounding, int bits) {
        int a = daz32(x);
        if ((a & MAGNITUDE32) == 0) {
            return 0;
        }
        if ((a & INFINITY32) == INFINITY32) {
            raised |= IE;
            return -1L << bits - 1;
        }
        loadA32(a);
        return toInteger(rounding, bits);
    }

    private long toInteger(int rounding, int bits) {
        takeA();
        int before = raised;
        long magnitude = roundToInteger(rounding);
        long limit = 1L << bits - 1;
        if (below(negative ? limit : limit - 1, magnitude)) {
            raised = before | IE;
            return -limit;
        }
        return negative ? -magnitude : magnitude;
    }

    int rounding() {
        return mxcsr >>> 13 & 3;
    }

    /// ROUNDSD: to an integral value by the immediate's rounding control (SDM volume 2, ROUNDPD).
    long integral64(long x, int imm) {
        long a = daz64(x);
        if (isNan64(a)) {
            return nan64(a, a);
        }
        if ((a & MAGNITUDE64) == 0 || (int) (a >>> 52 & 0x7ff) >= 1023 + 52) {
            return a;
        }
        loadA64(a);
        long value = integral(imm);
        long sign = a & TOP;
        if (value == 0) {
            return sign;
        }
        return sign | Double.doubleToRawLongBits((double) value);
    }

    int integral32(int x, int imm) {
        int a = daz32(x);
        if (isNan32(a)) {
            return nan32(a, a);
        }
        if ((a & MAGNITUDE32) == 0 || (a >>> 23 & 0xff) >= 127 + 23) {
            return a;
        }
        loadA32(a);
        long value = integral(imm);
        int sign = a & Integer.MIN_VALUE;
        if (value == 0) {
            return sign;
        }
        return sign | Float.floatToRawIntBits((float) value);
    }

    private long integral(int imm) {
        takeA();
        int before = raised;
        long value = roundToInteger((imm & 4) != 0 ? rounding() : imm & 3);
        if ((imm & 8) != 0) {
            raised = before;
        }
        return value;
    }

    /// x * y + z with one rounding; bit 0 of `negation` negates the product, bit 1 the addend.
    long fused64(long x, long y, long z, int negation) {
        long a = daz64(x);
        long b = daz64(y);
        long d = daz64(z);
        if (isNan64(a) || isNan64(b) || isNan64(d)) {
            return fusedNan64(a, b, d);
        }
        long absA = a & MAGNITUDE64;
        long absB = b & MAGNITUDE64;
        long absD = d & MAGNITUDE64;
        long sign = (a ^ b ^ (long) negation << 63) & TOP;
        long addend = d ^ (long) (negation >> 1) << 63;
        boolean infinite = absA == INFINITY64 || absB == INFINITY64;
        if (infinite && (absA == 0 || absB == 0)
                || infinite && absD == INFINITY64 && sign != (addend & TOP)) {
            return invalid64();
        }
        noteSubnormals64(a, b);
        noteSubnormals64(d, d);
        if (infinite) {
            return sign | INFINITY64;
        }
        if (absD == INFINITY64) {
            return addend;
        }
        if (absA == 0 || absB == 0) {
            if (absD == 0) {
                return zeroSum64(sign, addend);
            }
            loadA64(addend);
            takeA();
            return round64(mxcsr);
        }
        loadA64(a);
        loadB64(b);
        multiply();
        negative = sign != 0;
        if (absD != 0) {
            loadA64(addend);
            addA();
        }
        if (hi == 0) {
            return (mxcsr & RC) == DOWN << 13 ? TOP : 0;
        }
        return round64(mxcsr);
    }

    private long fusedNan64(long a, long b, long d) {
        if (isSignaling64(a) || isSignaling64(b) || isSignaling64(d)) {
            raised |= IE;
        }
        return (isNan64(a) ? a : isNan64(b) ? b : d) | QUIET64;
    }

    int fused32(int x, int y, int z, int negation) {
        int a = daz32(x);
        int b = daz32(y);
        int d = daz32(z);
        if (isNan32(a) || isNan32(b) || isNan32(d)) {
            return fusedNan32(a, b, d);
        }
        int absA = a & MAGNITUDE32;
        int absB = b & MAGNITUDE32;
        int absD = d & MAGNITUDE32;
        int sign = (a ^ b ^ negation << 31) & Integer.MIN_VALUE;
        int addend = d ^ negation >> 1 << 31;
        boolean infinite = absA == INFINITY32 || absB == INFINITY32;
        if (infinite && (absA == 0 || absB == 0)
                || infinite && absD == INFINITY32 && sign != (addend & Integer.MIN_VALUE)) {
            return invalid32();
        }
        noteSubnormals32(a, b);
        noteSubnormals32(d, d);
        if (infinite) {
            return sign | INFINITY32;
        }
        if (absD == INFINITY32) {
            return addend;
        }
        if (absA == 0 || absB == 0) {
            if (absD == 0) {
                return sign == addend ? sign : (mxcsr & RC) == DOWN << 13 ? Integer.MIN_VALUE : 0;
            }
            loadA32(addend);
            takeA();
            return round32(mxcsr);
        }
        loadA32(a);
        loadB32(b);
        multiply();
        negative = sign != 0;
        if (absD != 0) {
            loadA32(addend);
            addA();
        }
        if (hi == 0) {
            return (mxcsr & RC) == DOWN << 13 ? Integer.MIN_VALUE : 0;
        }
        return round32(mxcsr);
    }

    private int fusedNan32(int a, int b, int d) {
        if (isSignaling32(a) || isSignaling32(b) || isSignaling32(d)) {
            raised |= IE;
        }
        return (isNan32(a) ? a : isNan32(b) ? b : d) | QUIET32;
    }

    /// Binary16 to binary32: exact.
    int fromHalf(int x) {
        int sign = x << 16 & Integer.MIN_VALUE;
        int magnitude = x & 0x7fff;
        if (magnitude > 0x7c00) {
            if ((x & 0x200) == 0) {
                raised |= IE;
            }
            return sign | INFINITY32 | QUIET32 | magnitude << 13 & 0x3f_ffff;
        }
        return sign | Float.floatToRawIntBits(Float.float16ToFloat((short) magnitude));
    }

    /// Binary32 to binary16. The immediate's bits 1:0 are the rounding, unless bit 2 takes MXCSR's.
    /// FTZ has no say.
    int toHalf(int x, int imm) {
        int a = daz32(x);
        int sign = a >>> 16 & 0x8000;
        if (isNan32(a)) {
            if (isSignaling32(a)) {
                raised |= IE;
            }
            return sign | 0x7e00 | a >>> 13 & 0x1ff;
        }
        int magnitude = a & MAGNITUDE32;
        if (magnitude == 0 || magnitude == INFINITY32) {
            return sign | (magnitude == 0 ? 0 : 0x7c00);
        }
        noteSubnormals32(a, a);
        loadA32(a);
        takeA();
        return round16((imm & 4) != 0 ? rounding() : imm & 3, mxcsr);
    }
}
