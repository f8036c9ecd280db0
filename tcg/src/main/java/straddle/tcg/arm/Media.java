package straddle.tcg.arm;

import static straddle.tcg.arm.ArmCpu.GE;
import static straddle.tcg.arm.ArmCpu.Q;

import straddle.tcg.Cpu;
import straddle.tcg.op.MicroOp;

/// The rarer arithmetic: halves, bytes, saturation, and 64-bit accumulation (DDI 0406C, A5.4 and A4.4.3 to A4.4.5). Operands are slots.
final class Media extends MicroOp {
    private static final long MASK = 0xffff_ffffL;

    private final Op op;
    private final int d;
    private final int n;
    private final int m;
    private final int a;
    private final int how;

    /// @param a the accumulator, or the high half of one of 64 bits whose low half is d
    /// @param how what else the operation needs to know
    Media(Op op, int d, int n, int m, int a, int how) {
        this.op = op;
        this.d = d;
        this.n = n;
        this.m = m;
        this.a = a;
        this.how = how;
    }

    @Override
    public MicroOp exec(Cpu c) {
        long[] r = c.r;
        int x = (int) r[n];
        int y = (int) r[m];
        switch (op) {
            case SMLAL_XY, SMLALD, SMLSLD, UMAAL -> accumulateLong(r, x, y);
            case PARALLEL -> r[d] = parallel(r, x, y) & MASK;
            case SEL -> r[d] = select(r, x, y) & MASK;
            case SMLA_XY, SMLAW_Y, SMLAD, SMLSD, SMMLA, SMMLS, USADA8 ->
                    r[d] = multiply(r, x, y, (int) r[a]) & MASK;
            case SXTAB16, UXTAB16 -> r[d] = extend16(x, y) & MASK;
            default -> r[d] = saturate(r, x, y) & MASK;
        }
        return next;
    }

    // ---- multiplication; how: bit 0 the half of n (or the exchange), bit 1 of m, bit 2 rounding

    private static int half(int value, boolean top) {
        return top ? value >> 16 : (short) value;
    }

    private int multiply(long[] r, int x, int y, int accumulator) {
        boolean first = (how & 1) != 0;
        boolean second = (how & 2) != 0;
        int exchanged = first ? Integer.rotateRight(y, 16) : y;
        long low = (long) half(x, false) * half(exchanged, false);
        long high = (long) half(x, true) * half(exchanged, true);
        long rounding = (how & 4) != 0 ? 0x8000_0000L : 0;
        return switch (op) {
            case SMLA_XY -> sticky(r, (long) half(x, first) * half(y, second) + accumulator);
            case SMLAW_Y -> sticky(r, ((long) x * half(y, second) >> 16) + accumulator);
            case SMLAD -> sticky(r, low + high + accumulator);
            case SMLSD -> sticky(r, low - high + accumulator);
            case SMMLA -> (int) (((long) accumulator << 32) + (long) x * y + rounding >> 32);
            case SMMLS -> (int) (((long) accumulator << 32) - (long) x * y + rounding >> 32);
            default -> differences(x, y) + accumulator;
        };
    }

    /// The low word; Q if that is not all of it.
    private static int sticky(long[] r, long value) {
        if ((int) value != value) {
            r[Q] = 1;
        }
        return (int) value;
    }

    private static int differences(int x, int y) {
        int sum = 0;
        for (int shift = 0; shift < 32; shift += 8) {
            sum += Math.abs((x >>> shift & 0xff) - (y >>> shift & 0xff));
        }
        return sum;
    }

    private void accumulateLong(long[] r, int x, int y) {
        long before = r[a] << 32 | r[d];
        boolean first = (how & 1) != 0;
        int exchanged = first && op != Op.SMLAL_XY ? Integer.rotateRight(y, 16) : y;
        long low = (long) half(x, false) * half(exchanged, false);
        long high = (long) half(x, true) * half(exchanged, true);
        long result =
                switch (op) {
                    case SMLAL_XY -> before + (long) half(x, first) * half(y, (how & 2) != 0);
                    case SMLALD -> before + low + high;
                    case SMLSLD -> before + low - high;
                    default -> (x & MASK) * (y & MASK) + r[a] + r[d];
                };
        r[d] = result & MASK;
        r[a] = result >>> 32;
    }

    // ---- several halves or bytes at once; how: the kind of arithmetic in bits 5:3 as A32's op1,
    // the operation as op2

    private int parallel(long[] r, int x, int y) {
        int kind = how >> 3;
        int operation = how & 7;
        return operation == 4 || operation == 7
                ? bytes(r, kind, operation == 7, x, y)
                : halves(r, kind, operation, x, y);
    }

    private static int halves(long[] r, int kind, int operation, int x, int y) {
        boolean unsigned = (kind & 4) != 0;
        boolean exchanges = operation == 1 || operation == 2;
        int other = exchanges ? Integer.rotateRight(y, 16) : y;
        boolean lowAdds = operation == 0 || operation == 2;
        boolean highAdds = operation == 0 || operation == 1;
        int ge = 0;
        int result = 0;
        for (int i = 0; i < 2; i++) {
            int p = part(x, 16 * i, 16, unsigned);
            int q = part(other, 16 * i, 16, unsigned);
            boolean adds = i == 0 ? lowAdds : highAdds;
            int value = adds ? p + q : p - q;
            ge |= flag(value, adds, unsigned, 16) ? 3 << 2 * i : 0;
            result |= (finish(kind, value, 16) & 0xffff) << 16 * i;
        }
        if ((kind & 3) == 1) {
            r[GE] = ge;
        }
        return result;
    }

    private static int bytes(long[] r, int kind, boolean subtracts, int x, int y) {
        boolean unsigned = (kind & 4) != 0;
        int ge = 0;
        int result = 0;
        for (int i = 0; i < 4; i++) {
            int p = part(x, 8 * i, 8, unsigned);
            int q = part(y, 8 * i, 8, unsigned);
            int value = subtracts ? p - q : p + q;
            ge |= flag(value, !subtracts, unsigned, 8) ? 1 << i : 0;
            result |= (finish(kind, value, 8) & 0xff) << 8 * i;
        }
        if ((kind & 3) == 1) {
            r[GE] = ge;
        }
        return result;
    }

    private static int part(int value, int low, int bits, boolean unsigned) {
        int up = value << 32 - low - bits;
        return unsigned ? up >>> 32 - bits : up >> 32 - bits;
    }

    private static boolean flag(int value, boolean adds, boolean unsigned, int bits) {
        return unsigned && adds ? value >= 1 << bits : value >= 0;
    }

    /// Kinds 1 wrap, 2 saturate, 3 halve.
    private static int finish(int kind, int value, int bits) {
        boolean unsigned = (kind & 4) != 0;
        return switch (kind & 3) {
            case 1 -> value;
            case 2 ->
                    unsigned
                            ? Math.clamp(value, 0, (1 << bits) - 1)
                            : Math.clamp(value, -(1 << bits - 1), (1 << bits - 1) - 1);
            default -> value >> 1;
        };
    }

    private static int select(long[] r, int x, int y) {
        int result = 0;
        for (int i = 0; i < 4; i++) {
            int from = (r[GE] >>> i & 1) != 0 ? x : y;
            result |= from & 0xff << 8 * i;
        }
        return result;
    }

    /// SXTAB16 and UXTAB16; y has been rotated.
    private int extend16(int x, int y) {
        boolean signed = op == Op.SXTAB16;
        int low = signed ? (byte) y : y & 0xff;
        int high = signed ? (byte) (y >> 16) : y >>> 16 & 0xff;
        return (x + low & 0xffff) | (x >>> 16) + high << 16;
    }

    // ---- saturation; how: the bit number to saturate to

    private int saturate(long[] r, int x, int y) {
        return switch (op) {
            case QADD -> clamp(r, (long) x + y);
            case QSUB -> clamp(r, (long) x - y);
            case QDADD -> clamp(r, (long) x + clamp(r, 2L * y));
            case QDSUB -> clamp(r, (long) x - clamp(r, 2L * y));
            case SSAT -> clamp(r, x, -(1L << how), (1L << how) - 1);
            case USAT -> clamp(r, x, 0, (1L << how) - 1);
            case SSAT16 -> halves(r, x, -(1L << how), (1L << how) - 1);
            case USAT16 -> halves(r, x, 0, (1L << how) - 1);
            default -> throw new IllegalStateException(op + " is not of these");
        };
    }

    private static int clamp(long[] r, long value) {
        return clamp(r, value, Integer.MIN_VALUE, Integer.MAX_VALUE);
    }

    private static int clamp(long[] r, long value, long least, long most) {
        long result = Math.clamp(value, least, most);
        if (result != value) {
            r[Q] = 1;
        }
        return (int) result;
    }

    private static int halves(long[] r, int x, long least, long most) {
        int low = clamp(r, (short) x, least, most);
        int high = clamp(r, x >> 16, least, most);
        return low & 0xffff | high << 16;
    }
}
