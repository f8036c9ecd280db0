package straddle.tcg.x86.fp;

/// Integer operations on 64 bits of packed elements: an MMX register, or half an XMM register.
///
/// Methods have the mnemonics of the MMX forms (SDM volume 1, chapters 9 and 11); where an
/// instruction exists for XMM registers only, that is its half. Pure functions; nearly all treat
/// the elements side by side in one long. A count of a shift is a whole 64-bit operand.
public final class Mmx {
    /// The sign bits of the elements.
    private static final long BYTES = 0x8080_8080_8080_8080L;

    private static final long WORDS = 0x8000_8000_8000_8000L;
    private static final long DWORDS = 0x8000_0000_8000_0000L;
    private static final long EVEN_BYTES = 0x00ff_00ff_00ff_00ffL;
    private static final long EVEN_WORDS = 0x0000_ffff_0000_ffffL;
    private static final long LOW = 0xffff_ffffL;

    private Mmx() {}

    private static long plus(long x, long y, long signs) {
        return (x & ~signs) + (y & ~signs) ^ (x ^ y) & signs;
    }

    private static long minus(long x, long y, long signs) {
        return (x | signs) - (y & ~signs) ^ (x ^ ~y) & signs;
    }

    /// All ones in the elements whose sign bit is set.
    private static long spreadBytes(long x) {
        return ((x & BYTES) >>> 7) * 0xff;
    }

    private static long spreadWords(long x) {
        return ((x & WORDS) >>> 15) * 0xffff;
    }

    private static long spreadDwords(long x) {
        return ((x & DWORDS) >>> 31) * LOW;
    }

    /// Sign bits where x is below y, both unsigned: the borrow of x - y.
    private static long borrow(long x, long y, long signs) {
        return ~x & y | ~(x ^ y) & minus(x, y, signs);
    }

    /// Sign bits where x is not y.
    private static long differs(long x, long y, long signs) {
        long z = x ^ y;
        return (z & ~signs) + ~signs | z;
    }

    private static long choose(long mask, long ones, long zeros) {
        return ones & mask | zeros & ~mask;
    }

    private static int word(long x, int i) {
        return (short) (x >>> 16 * i);
    }

    private static int uword(long x, int i) {
        return (int) (x >>> 16 * i) & 0xffff;
    }

    private static int clamp(int x, int min, int max) {
        return Math.min(Math.max(x, min), max);
    }

    private static long words(int w0, int w1, int w2, int w3) {
        return w0 & 0xffffL | (w1 & 0xffffL) << 16 | (w2 & 0xffffL) << 32 | (long) w3 << 48;
    }

    private static long dwords(int low, int high) {
        return (long) high << 32 | low & LOW;
    }

    public static long paddb(long x, long y) {
        return plus(x, y, BYTES);
    }

    public static long paddw(long x, long y) {
        return plus(x, y, WORDS);
    }

    public static long paddd(long x, long y) {
        return plus(x, y, DWORDS);
    }

    public static long paddq(long x, long y) {
        return x + y;
    }

    public static long psubb(long x, long y) {
        return minus(x, y, BYTES);
    }

    public static long psubw(long x, long y) {
        return minus(x, y, WORDS);
    }

    public static long psubd(long x, long y) {
        return minus(x, y, DWORDS);
    }

    public static long psubq(long x, long y) {
        return x - y;
    }

    public static long paddusb(long x, long y) {
        long sum = plus(x, y, BYTES);
        return sum | spreadBytes(x & y | (x | y) & ~sum);
    }

    public static long psubusb(long x, long y) {
        return minus(x, y, BYTES) & ~spreadBytes(borrow(x, y, BYTES));
    }

    public static long paddsb(long x, long y) {
        long sum = plus(x, y, BYTES);
        long limit = ~BYTES + ((x & BYTES) >>> 7);
        return choose(spreadBytes(~(x ^ y) & (x ^ sum)), limit, sum);
    }

    public static long psubsb(long x, long y) {
        long difference = minus(x, y, BYTES);
        long limit = ~BYTES + ((x & BYTES) >>> 7);
        return choose(spreadBytes((x ^ y) & (x ^ difference)), limit, difference);
    }

    public static long paddusw(long x, long y) {
        long sum = plus(x, y, WORDS);
        return sum | spreadWords(x & y | (x | y) & ~sum);
    }

    public static long psubusw(long x, long y) {
        return minus(x, y, WORDS) & ~spreadWords(borrow(x, y, WORDS));
    }

    public static long paddsw(long x, long y) {
        long sum = plus(x, y, WORDS);
        long limit = ~WORDS + ((x & WORDS) >>> 15);
        return choose(spreadWords(~(x ^ y) & (x ^ sum)), limit, sum);
    }

    public static long psubsw(long x, long y) {
        long difference = minus(x, y, WORDS);
        long limit = ~WORDS + ((x & WORDS) >>> 15);
        return choose(spreadWords((x ^ y) & (x ^ difference)), limit, difference);
    }

    public static long pcmpeqb(long x, long y) {
        return ~spreadBytes(differs(x, y, BYTES));
    }

    public static long pcmpeqw(long x, long y) {
        return ~spreadWords(differs(x, y, WORDS));
    }

    public static long pcmpeqd(long x, long y) {
        return ~spreadDwords(differs(x, y, DWORDS));
    }

    public static long pcmpeqq(long x, long y) {
        return x == y ? -1 : 0;
    }

    public static long pcmpgtb(long x, long y) {
        return spreadBytes(borrow(y ^ BYTES, x ^ BYTES, BYTES));
    }

    public static long pcmpgtw(long x, long y) {
        return spreadWords(borrow(y ^ WORDS, x ^ WORDS, WORDS));
    }

    public static long pcmpgtd(long x, long y) {
        return spreadDwords(borrow(y ^ DWORDS, x ^ DWORDS, DWORDS));
    }

    public static long pcmpgtq(long x, long y) {
        return x > y ? -1 : 0;
    }

    public static long pminub(long x, long y) {
        return choose(spreadBytes(borrow(x, y, BYTES)), x, y);
    }

    public static long pmaxub(long x, long y) {
        return choose(spreadBytes(borrow(x, y, BYTES)), y, x);
    }

    public static long pminsb(long x, long y) {
        return choose(pcmpgtb(x, y), y, x);
    }

    public static long pmaxsb(long x, long y) {
        return choose(pcmpgtb(x, y), x, y);
    }

    public static long pminuw(long x, long y) {
        return choose(spreadWords(borrow(x, y, WORDS)), x, y);
    }

    public static long pmaxuw(long x, long y) {
        return choose(spreadWords(borrow(x, y, WORDS)), y, x);
    }

    public static long pminsw(long x, long y) {
        return choose(pcmpgtw(x, y), y, x);
    }

    public static long pmaxsw(long x, long y) {
        return choose(pcmpgtw(x, y), x, y);
    }

    public static long pminud(long x, long y) {
        return choose(spreadDwords(borrow(x, y, DWORDS)), x, y);
    }

    public static long pmaxud(long x, long y) {
        return choose(spreadDwords(borrow(x, y, DWORDS)), y, x);
    }

    public static long pminsd(long x, long y) {
        return choose(pcmpgtd(x, y), y, x);
    }

    public static long pmaxsd(long x, long y) {
        return choose(pcmpgtd(x, y), x, y);
    }

    public static long pavgb(long x, long y) {
        return (x | y) - (((x ^ y) & ~0x0101_0101_0101_0101L) >>> 1);
    }

    public static long pavgw(long x, long y) {
        return (x | y) - (((x ^ y) & ~0x0001_0001_0001_0001L) >>> 1);
    }

    public static long pand(long x, long y) {
        return x & y;
    }

    public static long pandn(long x, long y) {
        return ~x & y;
    }

    public static long por(long x, long y) {
        return x | y;
    }

    public static long pxor(long x, long y) {
        return x ^ y;
    }

    public static long pmullw(long x, long y) {
        return words(
                word(x, 0) * word(y, 0),
                word(x, 1) * word(y, 1),
                word(x, 2) * word(y, 2),
                word(x, 3) * word(y, 3));
    }

    public static long pmulhw(long x, long y) {
        return words(
                word(x, 0) * word(y, 0) >> 16,
                word(x, 1) * word(y, 1) >> 16,
                word(x, 2) * word(y, 2) >> 16,
                word(x, 3) * word(y, 3) >> 16);
    }

    public static long pmulhuw(long x, long y) {
        return words(
                uword(x, 0) * uword(y, 0) >>> 16,
                uword(x, 1) * uword(y, 1) >>> 16,
                uword(x, 2) * uword(y, 2) >>> 16,
                uword(x, 3) * uword(y, 3) >>> 16);
    }

    public static long pmulhrsw(long x, long y) {
        return words(
                (word(x, 0) * word(y, 0) >> 14) + 1 >> 1,
                (word(x, 1) * word(y, 1) >> 14) + 1 >> 1,
                (word(x, 2) * word(y, 2) >> 14) + 1 >> 1,
                (word(x, 3) * word(y, 3) >> 14) + 1 >> 1);
    }

    public static long pmaddwd(long x, long y) {
        return dwords(
                word(x, 0) * word(y, 0) + word(x, 1) * word(y, 1),
                word(x, 2) * word(y, 2) + word(x, 3) * word(y, 3));
    }

    public static long pmaddubsw(long x, long y) {
        long result = 0;
        for (int i = 0; i < 64; i += 16) {
            int even = (int) (x >>> i) & 0xff;
            int odd = (int) (x >>> i + 8) & 0xff;
            int sum = even * (byte) (y >>> i) + odd * (byte) (y >>> i + 8);
            result |= (clamp(sum, -0x8000, 0x7fff) & 0xffffL) << i;
        }
        return result;
    }

    public static long pmuludq(long x, long y) {
        return (x & LOW) * (y & LOW);
    }

    public static long pmuldq(long x, long y) {
        return (long) (int) x * (int) y;
    }

    public static long pmulld(long x, long y) {
        return dwords((int) x * (int) y, (int) (x >>> 32) * (int) (y >>> 32));
    }

    public static long psadbw(long x, long y) {
        int sum = 0;
        for (int i = 0; i < 64; i += 8) {
            sum += Math.abs(((int) (x >>> i) & 0xff) - ((int) (y >>> i) & 0xff));
        }
        return sum;
    }

    public static long pabsb(long x) {
        long negative = spreadBytes(x);
        return minus(x ^ negative, negative, BYTES);
    }

    public static long pabsw(long x) {
        long negative = spreadWords(x);
        return minus(x ^ negative, negative, WORDS);
    }

    public static long pabsd(long x) {
        long negative = spreadDwords(x);
        return minus(x ^ negative, negative, DWORDS);
    }

    public static long psignb(long x, long y) {
        long negative = spreadBytes(y);
        return minus(x ^ negative, negative, BYTES) & spreadBytes(differs(y, 0, BYTES));
    }

    public static long psignw(long x, long y) {
        long negative = spreadWords(y);
        return minus(x ^ negative, negative, WORDS) & spreadWords(differs(y, 0, WORDS));
    }

    public static long psignd(long x, long y) {
        long negative = spreadDwords(y);
        return minus(x ^ negative, negative, DWORDS) & spreadDwords(differs(y, 0, DWORDS));
    }

    public static long phaddw(long x, long y) {
        return words(
                word(x, 0) + word(x, 1),
                word(x, 2) + word(x, 3),
                word(y, 0) + word(y, 1),
                word(y, 2) + word(y, 3));
    }

    public static long phaddd(long x, long y) {
        return dwords((int) x + (int) (x >>> 32), (int) y + (int) (y >>> 32));
    }

    public static long phaddsw(long x, long y) {
        return words(
                clamp(word(x, 0) + word(x, 1), -0x8000, 0x7fff),
                clamp(word(x, 2) + word(x, 3), -0x8000, 0x7fff),
                clamp(word(y, 0) + word(y, 1), -0x8000, 0x7fff),
                clamp(word(y, 2) + word(y, 3), -0x8000, 0x7fff));
    }

    public static long phsubw(long x, long y) {
        return words(
                word(x, 0) - word(x, 1),
                word(x, 2) - word(x, 3),
                word(y, 0) - word(y, 1),
                word(y, 2) - word(y, 3));
    }

    public static long phsubd(long x, long y) {
        return dwords((int) x - (int) (x >>> 32), (int) y - (int) (y >>> 32));
    }

    public static long phsubsw(long x, long y) {
        return words(
                clamp(word(x, 0) - word(x, 1), -0x8000, 0x7fff),
                clamp(word(x, 2) - word(x, 3), -0x8000, 0x7fff),
                clamp(word(y, 0) - word(y, 1), -0x8000, 0x7fff),
                clamp(word(y, 2) - word(y, 3), -0x8000, 0x7fff));
    }

    public static long packsswb(long x, long y) {
        return dwords(saturateBytes(x, -0x80, 0x7f), saturateBytes(y, -0x80, 0x7f));
    }

    public static long packuswb(long x, long y) {
        return dwords(saturateBytes(x, 0, 0xff), saturateBytes(y, 0, 0xff));
    }

    private static int saturateBytes(long x, int min, int max) {
        return clamp(word(x, 0), min, max) & 0xff
                | (clamp(word(x, 1), min, max) & 0xff) << 8
                | (clamp(word(x, 2), min, max) & 0xff) << 16
                | clamp(word(x, 3), min, max) << 24;
    }

    public static long packssdw(long x, long y) {
        return words(
                clamp((int) x, -0x8000, 0x7fff),
                clamp((int) (x >>> 32), -0x8000, 0x7fff),
                clamp((int) y, -0x8000, 0x7fff),
                clamp((int) (y >>> 32), -0x8000, 0x7fff));
    }

    public static long packusdw(long x, long y) {
        return words(
                clamp((int) x, 0, 0xffff),
                clamp((int) (x >>> 32), 0, 0xffff),
                clamp((int) y, 0, 0xffff),
                clamp((int) (y >>> 32), 0, 0xffff));
    }

    /// The four low bytes of an int, each at the bottom of a word.
    private static long bytesApart(long x) {
        long pairs = (x & LOW | x << 16) & EVEN_WORDS;
        return (pairs | pairs << 8) & EVEN_BYTES;
    }

    private static long wordsApart(long x) {
        return (x & LOW | x << 16) & EVEN_WORDS;
    }

    public static long punpcklbw(long x, long y) {
        return bytesApart(x) | bytesApart(y) << 8;
    }

    public static long punpckhbw(long x, long y) {
        return bytesApart(x >>> 32) | bytesApart(y >>> 32) << 8;
    }

    public static long punpcklwd(long x, long y) {
        return wordsApart(x) | wordsApart(y) << 16;
    }

    public static long punpckhwd(long x, long y) {
        return wordsApart(x >>> 32) | wordsApart(y >>> 32) << 16;
    }

    public static long punpckldq(long x, long y) {
        return x & LOW | y << 32;
    }

    public static long punpckhdq(long x, long y) {
        return x >>> 32 | y & ~LOW;
    }

    private static boolean beyond(long count, int width) {
        return (count & -width) != 0;
    }

    public static long psllw(long x, long count) {
        if (beyond(count, 16)) {
            return 0;
        }
        return x << count & (0xffffL << count & 0xffff) * 0x0001_0001_0001_0001L;
    }

    public static long psrlw(long x, long count) {
        if (beyond(count, 16)) {
            return 0;
        }
        return x >>> count & (0xffffL >>> count) * 0x0001_0001_0001_0001L;
    }

    public static long psraw(long x, long count) {
        long n = beyond(count, 16) ? 15 : count;
        long kept = (0xffffL >>> n) * 0x0001_0001_0001_0001L;
        return x >>> n & kept | spreadWords(x) & ~kept;
    }

    public static long pslld(long x, long count) {
        if (beyond(count, 32)) {
            return 0;
        }
        return x << count & (LOW << count & LOW) * 0x0000_0001_0000_0001L;
    }

    public static long psrld(long x, long count) {
        if (beyond(count, 32)) {
            return 0;
        }
        return x >>> count & (LOW >>> count) * 0x0000_0001_0000_0001L;
    }

    public static long psrad(long x, long count) {
        long n = beyond(count, 32) ? 31 : count;
        return dwords((int) x >> (int) n, (int) (x >>> 32) >> (int) n);
    }

    public static long psllq(long x, long count) {
        return beyond(count, 64) ? 0 : x << count;
    }

    public static long psrlq(long x, long count) {
        return beyond(count, 64) ? 0 : x >>> count;
    }

    public static long pshufw(long x, int imm) {
        return words(
                uword(x, imm & 3),
                uword(x, imm >> 2 & 3),
                uword(x, imm >> 4 & 3),
                uword(x, imm >> 6 & 3));
    }

    public static long pshufb(long x, long y) {
        long result = 0;
        for (int i = 0; i < 64; i += 8) {
            int index = (int) (y >>> i);
            if ((index & 0x80) == 0) {
                result |= (x >>> 8 * (index & 7) & 0xff) << i;
            }
        }
        return result;
    }

    /// The eight bytes from byte `imm` on of x:y.
    public static long palignr(long x, long y, int imm) {
        if (imm >= 8) {
            return imm >= 16 ? 0 : x >>> 8 * imm - 64;
        }
        return imm == 0 ? y : y >>> 8 * imm | x << 64 - 8 * imm;
    }

    /// The sign bits of the eight bytes.
    public static int pmovmskb(long x) {
        return (int) ((x & BYTES) * 0x0002_0408_1020_4081L >>> 56);
    }

    public static int pextrw(long x, int imm) {
        return uword(x, imm & 3);
    }

    public static long pinsrw(long x, int value, int imm) {
        int shift = 16 * (imm & 3);
        return x & ~(0xffffL << shift) | (value & 0xffffL) << shift;
    }
}
