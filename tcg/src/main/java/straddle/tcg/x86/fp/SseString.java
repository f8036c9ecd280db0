package straddle.tcg.x86.fp;

/// The string comparisons of SSE4.2 and CRC32 (SDM volume 2, 4.1 and CRC32).
///
/// Comparisons return the index for ECX in bits 15:0, and CF, ZF, SF and OF at their places in
/// RFLAGS shifted left by 16; AF and PF are 0. Register files as in [Sse].
public final class SseString {
    /// Where the answer has RFLAGS.
    public static final int FLAGS_SHIFT = 16;

    private static final int CF = 1, ZF = 0x40, SF = 0x80, OF = 0x800;

    /// Bits of the immediate byte.
    private static final int WORDS = 1, SIGNED = 2, NEGATIVE = 0x10, MASKED = 0x20, LAST = 0x40;

    private static final int ANY = 0, RANGES = 1, EACH = 2;

    /// Castagnoli's polynomial, bits reversed.
    private static final int POLYNOMIAL = 0x82f6_3b78;

    private static final int[] CRC = crcTable();

    private SseString() {}

    /// Lengths are EAX and EDX sign-extended, or with REX.W RAX and RDX.
    public static int pcmpestri(long[] v, int d, int s, int imm, long lengthD, long lengthS) {
        return index(compare(v, d, s, imm, explicit(lengthD, imm), explicit(lengthS, imm)), imm);
    }

    /// Its mask goes to XMM0; the answer's index has no meaning.
    public static int pcmpestrm(long[] v, int d, int s, int imm, long lengthD, long lengthS) {
        return mask(v, compare(v, d, s, imm, explicit(lengthD, imm), explicit(lengthS, imm)), imm);
    }

    public static int pcmpistri(long[] v, int d, int s, int imm) {
        return index(compare(v, d, s, imm, implicit(v, d, imm), implicit(v, s, imm)), imm);
    }

    /// Its mask goes to XMM0; the answer's index has no meaning.
    public static int pcmpistrm(long[] v, int d, int s, int imm) {
        return mask(v, compare(v, d, s, imm, implicit(v, d, imm), implicit(v, s, imm)), imm);
    }

    private static int elements(int imm) {
        return (imm & WORDS) != 0 ? 8 : 16;
    }

    private static int explicit(long length, int imm) {
        int all = elements(imm);
        // The smallest number has no absolute value; it is long enough.
        return length == Long.MIN_VALUE ? all : (int) Math.min(Math.abs(length), all);
    }

    private static int implicit(long[] v, int s, int imm) {
        int all = elements(imm);
        int n = 0;
        while (n < all && element(v, s, imm & ~SIGNED, n) != 0) {
            n++;
        }
        return n;
    }

    private static int element(long[] v, int s, int imm, int i) {
        if ((imm & WORDS) != 0) {
            int word = (int) (v[s + (i >> 2)] >>> 16 * (i & 3));
            return (imm & SIGNED) != 0 ? (short) word : word & 0xffff;
        }
        int octet = (int) (v[s + (i >> 3)] >>> 8 * (i & 7));
        return (imm & SIGNED) != 0 ? (byte) octet : octet & 0xff;
    }

    /// IntRes2 in bits 15:0, flags above.
    private static int compare(long[] v, int d, int s, int imm, int lengthD, int lengthS) {
        int all = elements(imm);
        int bits = 0;
        for (int j = 0; j < all; j++) {
            boolean matches =
                    switch (imm >> 2 & 3) {
                        case ANY -> j < lengthS && isAny(v, d, s, imm, lengthD, j);
                        case RANGES -> j < lengthS && isInRange(v, d, s, imm, lengthD, j);
                        case EACH ->
                                j < lengthD && j < lengthS
                                        ? element(v, d, imm, j) == element(v, s, imm, j)
                                        : j >= lengthD && j >= lengthS;
                        default -> startsHere(v, d, s, imm, lengthD, lengthS, j);
                    };
            if (matches) {
                bits |= 1 << j;
            }
        }
        if ((imm & NEGATIVE) != 0) {
            bits ^= (1 << ((imm & MASKED) != 0 ? lengthS : all)) - 1;
        }
        int flags =
                (bits != 0 ? CF : 0)
                        | (lengthS < all ? ZF : 0)
                        | (lengthD < all ? SF : 0)
                        | ((bits & 1) != 0 ? OF : 0);
        return flags << FLAGS_SHIFT | bits;
    }

    private static boolean isAny(long[] v, int d, int s, int imm, int lengthD, int j) {
        int x = element(v, s, imm, j);
        for (int i = 0; i < lengthD; i++) {
            if (element(v, d, imm, i) == x) {
                return true;
            }
        }
        return false;
    }

    private static boolean isInRange(long[] v, int d, int s, int imm, int lengthD, int j) {
        int x = element(v, s, imm, j);
        for (int i = 0; i + 1 < lengthD; i += 2) {
            if (x >= element(v, d, imm, i) && x <= element(v, d, imm, i + 1)) {
                return true;
            }
        }
        return false;
    }

    private static boolean startsHere(
            long[] v, int d, int s, int imm, int lengthD, int lengthS, int j) {
        int end = Math.min(lengthD, elements(imm) - j);
        for (int i = 0; i < end; i++) {
            if (j + i >= lengthS || element(v, d, imm, i) != element(v, s, imm, j + i)) {
                return false;
            }
        }
        return true;
    }

    private static int index(int answer, int imm) {
        int bits = answer & 0xffff;
        int index;
        if (bits == 0) {
            index = elements(imm);
        } else if ((imm & LAST) != 0) {
            index = 31 - Integer.numberOfLeadingZeros(bits);
        } else {
            index = Integer.numberOfTrailingZeros(bits);
        }
        return answer & ~0xffff | index;
    }

    private static int mask(long[] v, int answer, int imm) {
        int bits = answer & 0xffff;
        if ((imm & LAST) == 0) {
            v[0] = bits;
            v[1] = 0;
        } else if ((imm & WORDS) != 0) {
            v[0] = wordMask(bits);
            v[1] = wordMask(bits >> 4);
        } else {
            v[0] = byteMask(bits);
            v[1] = byteMask(bits >> 8);
        }
        return answer;
    }

    private static long wordMask(int bits) {
        return (bits & 1 | (bits & 2L) << 15 | (bits & 4L) << 30 | (bits & 8L) << 45) * 0xffff;
    }

    private static long byteMask(int bits) {
        long result = 0;
        for (int i = 0; i < 8; i++) {
            result |= (bits >> i & 1) * 0xffL << 8 * i;
        }
        return result;
    }

    private static int[] crcTable() {
        int[] table = new int[256];
        for (int i = 0; i < 256; i++) {
            int crc = i;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc & 1) != 0 ? crc >>> 1 ^ POLYNOMIAL : crc >>> 1;
            }
            table[i] = crc;
        }
        return table;
    }

    /// CRC32 of 1, 2, 4 or 8 bytes, least significant first, on top of a sum; the result is
    /// zero-extended.
    public static long crc32(long sum, long value, int bytes) {
        int crc = (int) sum;
        long rest = value;
        for (int i = 0; i < bytes; i++) {
            crc = CRC[(crc ^ (int) rest) & 0xff] ^ crc >>> 8;
            rest >>>= 8;
        }
        return crc & 0xffff_ffffL;
    }
}
