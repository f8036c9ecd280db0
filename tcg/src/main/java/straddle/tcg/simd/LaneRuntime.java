package straddle.tcg.simd;

/// Vector operations on the elements of a long, as regions call them: with the operation and the element's size as
/// constants, so that HotSpot leaves only what is needed.
public final class LaneRuntime {
    // Operations on signed elements, ...
    public static final int CMEQ = 0;
    public static final int CMGT = 1;
    public static final int CMGE = 2;
    public static final int SMAX = 3;
    public static final int SMIN = 4;
    public static final int MUL = 5;
    public static final int SSHR = 6;
    public static final int SHL = 7;
    public static final int ABS = 8;
    public static final int SABD = 9;

    /// For [#across].
    public static final int ADD = 15;

    // ... and on unsigned ones.
    public static final int UNSIGNED = 16;
    public static final int CMHI = 16;
    public static final int CMHS = 17;
    public static final int UMAX = 18;
    public static final int UMIN = 19;
    public static final int USHR = 20;
    public static final int CMTST = 21;
    public static final int UABD = 22;

    private LaneRuntime() {}

    /// The sign bits of all elements.
    private static long signs(int size) {
        return switch (size) {
            case 0 -> 0x8080_8080_8080_8080L;
            case 1 -> 0x8000_8000_8000_8000L;
            case 2 -> 0x8000_0000_8000_0000L;
            default -> Long.MIN_VALUE;
        };
    }

    public static long add(long x, long y, int size) {
        if (size == 3) {
            return x + y;
        }
        long signs = signs(size);
        return (x & ~signs) + (y & ~signs) ^ (x ^ y) & signs;
    }

    public static long sub(long x, long y, int size) {
        if (size == 3) {
            return x - y;
        }
        long signs = signs(size);
        return (x | signs) - (y & ~signs) ^ (x ^ ~y) & signs;
    }

    /// All ones where two elements are equal.
    public static long equal(long x, long y, int size) {
        if (size == 3) {
            return x == y ? -1 : 0;
        }
        long signs = signs(size);
        long differs = x ^ y;
        long zero = ~((differs & ~signs) + ~signs | differs) & signs;
        return zero | zero - (zero >>> (8 << size) - 1);
    }

    /// Shifts of all elements by a constant that is less than their width.
    public static long left(long x, int size, int by) {
        return x << by & each(-1L >>> 64 - (8 << size) & -1L << by, size);
    }

    public static long rightUnsigned(long x, int size, int by) {
        return x >>> by & each((-1L >>> 64 - (8 << size)) >>> by, size);
    }

    /// Lower halves of a long's elements of twice a size, side by side in the lower half of the result.
    public static long narrow(long x, int size) {
        if (size == 2) {
            return x & 0xffff_ffffL;
        }
        long y = x;
        if (size == 0) {
            y &= 0x00ff_00ff_00ff_00ffL;
            y |= y >>> 8;
        }
        y &= 0x0000_ffff_0000_ffffL;
        return (y | y >>> 16) & 0xffff_ffffL;
    }

    /// The other way round: the elements in the lower half, zero-extended to twice their size.
    public static long widen(long x, int size) {
        long y = x & 0xffff_ffffL;
        if (size == 2) {
            return y;
        }
        y = (y | y << 16) & 0x0000_ffff_0000_ffffL;
        return size == 1 ? y : (y | y << 8) & 0x00ff_00ff_00ff_00ffL;
    }

    /// The same with sign-extension.
    public static long widenSigned(long x, int size) {
        if (size == 2) {
            return (int) x;
        }
        long signs = size == 0 ? 0x0080_0080_0080_0080L : 0x0000_8000_0000_8000L;
        return sub(widen(x, size) ^ signs, signs, size + 1);
    }

    /// Two lower halves in turns.
    public static long zip(long x, long y, int size) {
        return widen(x, size) | widen(y, size) << (8 << size);
    }

    /// Elements with even numbers of two longs, of the first in the lower half.
    public static long even(long x, long y, int size) {
        return narrow(x, size) | narrow(y, size) << 32;
    }

    /// Those with odd numbers.
    public static long odd(long x, long y, int size) {
        return even(x >>> (8 << size), y >>> (8 << size), size);
    }

    /// Every third element of three longs, beginning with one of the first three.
    public static long eachThird(long x, long y, long z, int size, int first) {
        int width = 8 << size;
        int count = 64 / width;
        long result = 0;
        for (int i = 0; i < count; i++) {
            int at = 3 * i + first;
            long from = at < count ? x : at < 2 * count ? y : z;
            result |= (from >>> at * width & -1L >>> 64 - width) << i * width;
        }
        return result;
    }

    /// Three longs' elements in turns: the first, second or third long of what they make.
    public static long inTurns(long x, long y, long z, int size, int part) {
        int width = 8 << size;
        int count = 64 / width;
        long result = 0;
        for (int i = 0; i < count; i++) {
            int at = part * count + i;
            long from = at % 3 == 0 ? x : at % 3 == 1 ? y : z;
            result |= (from >>> at / 3 * width & -1L >>> 64 - width) << i * width;
        }
        return result;
    }

    /// Elements with even numbers of two longs in turns.
    public static long transposeEven(long x, long y, int size) {
        long mask = evenMask(size);
        return x & mask | (y & mask) << (8 << size);
    }

    public static long transposeOdd(long x, long y, int size) {
        long mask = evenMask(size);
        return x >>> (8 << size) & mask | y & ~mask;
    }

    private static long evenMask(int size) {
        return switch (size) {
            case 0 -> 0x00ff_00ff_00ff_00ffL;
            case 1 -> 0x0000_ffff_0000_ffffL;
            default -> 0xffff_ffffL;
        };
    }

    /// All elements of a long by an operation that may take them in any order.
    public static long across(int op, long x, int size) {
        long y = x;
        for (int step = 32; step >= 8 << size; step >>= 1) {
            y = op == ADD ? add(y, y >>> step, size) : binary(op, y, y >>> step, size);
        }
        return y & -1L >>> 64 - (8 << size);
    }

    /// How many bits are set in each byte.
    public static long bitCounts(long x) {
        long y = x - (x >>> 1 & 0x5555_5555_5555_5555L);
        y = (y & 0x3333_3333_3333_3333L) + (y >>> 2 & 0x3333_3333_3333_3333L);
        return y + (y >>> 4) & 0x0f0f_0f0f_0f0f_0f0fL;
    }

    /// Elements in reverse within units of bits.
    public static long reversed(long x, int size, int unit) {
        long y = x;
        for (int step = 8 << size; step < unit; step *= 2) {
            long low = step == 8 ? evenMask(0) : step == 16 ? evenMask(1) : evenMask(2);
            y = (y & low) << step | y >>> step & low;
        }
        return y;
    }

    /// An element in all places.
    public static long each(long x, int size) {
        return switch (size) {
            case 0 -> (x & 0xff) * 0x0101_0101_0101_0101L;
            case 1 -> (x & 0xffff) * 0x0001_0001_0001_0001L;
            case 2 -> x & 0xffff_ffffL | x << 32;
            default -> x;
        };
    }

    /// Any of the operations.
    public static long binary(int op, long x, long y, int size) {
        int width = 8 << size;
        int rest = 64 - width;
        long result = 0;
        for (int at = 0; at < 64; at += width) {
            long a = x << rest - at;
            long b = y << rest - at;
            long value =
                    op >= UNSIGNED
                            ? unsigned(op, a >>> rest, b >>> rest)
                            : signed(op, a >> rest, b >> rest);
            result |= (value << rest) >>> rest - at;
        }
        return result;
    }

    private static long signed(int op, long a, long b) {
        return switch (op) {
            case CMEQ -> a == b ? -1 : 0;
            case CMGT -> a > b ? -1 : 0;
            case CMGE -> a >= b ? -1 : 0;
            case SMAX -> Math.max(a, b);
            case SMIN -> Math.min(a, b);
            case MUL -> a * b;
            case SSHR -> a >> b;
            case ABS -> Math.abs(a);
            case SABD -> Math.abs(a - b);
            default -> a << b;
        };
    }

    private static long unsigned(int op, long a, long b) {
        boolean above = (a ^ Long.MIN_VALUE) > (b ^ Long.MIN_VALUE);
        return switch (op) {
            case CMHI -> above ? -1 : 0;
            case CMHS -> above || a == b ? -1 : 0;
            case UMAX -> above ? a : b;
            case UMIN -> above ? b : a;
            case CMTST -> (a & b) != 0 ? -1 : 0;
            case UABD -> above ? a - b : b - a;
            default -> a >>> b;
        };
    }
}
