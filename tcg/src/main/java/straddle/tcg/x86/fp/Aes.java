package straddle.tcg.x86.fp;

/// AES-NI, PCLMULQDQ and the SSE forms of GFNI (SDM volume 1, 12.13; volume 2, GF2P8MULB).
///
/// Register files as in [Sse]. A byte of the AES state is row r, column c at byte r + 4c. Table
/// look-ups depend on data: a guest's keys are as safe from its neighbours on the host as in any
/// software AES, not more.
public final class Aes {
    private static final byte[] BOX = new byte[256];
    private static final byte[] INVERSE_BOX = new byte[256];

    /// A substituted byte times MixColumns' first column; the other rows' are rotations.
    private static final int[] ENCRYPT = new int[256];

    private static final int[] DECRYPT = new int[256];

    /// A byte times InvMixColumns' first column.
    private static final int[] INVERSE_MIX = new int[256];

    private static final byte[] RECIPROCAL = new byte[256];

    static {
        for (int i = 0; i < 256; i++) {
            int inverse = power254(i);
            RECIPROCAL[i] = (byte) inverse;
            int s = inverse;
            for (int n = 1; n <= 4; n++) {
                s ^= inverse << n | inverse >>> 8 - n;
            }
            s = (s ^ 0x63) & 0xff;
            BOX[i] = (byte) s;
            INVERSE_BOX[s] = (byte) i;
            INVERSE_MIX[i] = column(i, 14, 9, 13, 11);
        }
        for (int i = 0; i < 256; i++) {
            ENCRYPT[i] = column(BOX[i] & 0xff, 2, 1, 1, 3);
            DECRYPT[i] = INVERSE_MIX[INVERSE_BOX[i] & 0xff];
        }
    }

    private Aes() {}

    /// Product in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1.
    private static int multiply(int a, int b) {
        int product = 0;
        int x = a;
        for (int rest = b; rest != 0; rest >>= 1) {
            if ((rest & 1) != 0) {
                product ^= x;
            }
            x = x << 1 ^ (x & 0x80) / 0x80 * 0x11b;
        }
        return product;
    }

    /// The multiplicative inverse, and 0 for 0.
    private static int power254(int a) {
        int power = 1;
        for (int i = 0; i < 254; i++) {
            power = multiply(power, a);
        }
        return power;
    }

    private static int column(int x, int a, int b, int c, int d) {
        return multiply(x, a) | multiply(x, b) << 8 | multiply(x, c) << 16 | multiply(x, d) << 24;
    }

    private static int at(long low, long high, int i) {
        return (int) ((i & 8) == 0 ? low >>> 8 * (i & 7) : high >>> 8 * (i & 7)) & 0xff;
    }

    /// A column after ShiftRows (step 1) or InvShiftRows (step 3), substitution and mixing.
    private static long mixed(int[] table, long low, long high, int c, int step) {
        int column =
                table[at(low, high, 4 * c)]
                        ^ Integer.rotateLeft(table[at(low, high, 4 * (c + step & 3) + 1)], 8)
                        ^ Integer.rotateLeft(table[at(low, high, 4 * (c + 2 & 3) + 2)], 16)
                        ^ Integer.rotateLeft(table[at(low, high, 4 * (c - step & 3) + 3)], 24);
        return column & 0xffff_ffffL;
    }

    /// The same for a last round, which doesn't mix.
    private static long substituted(byte[] box, long low, long high, int c, int step) {
        int column =
                box[at(low, high, 4 * c)] & 0xff
                        | (box[at(low, high, 4 * (c + step & 3) + 1)] & 0xff) << 8
                        | (box[at(low, high, 4 * (c + 2 & 3) + 2)] & 0xff) << 16
                        | box[at(low, high, 4 * (c - step & 3) + 3)] << 24;
        return column & 0xffff_ffffL;
    }

    private static void round(long[] v, int d, int s, int[] table, int step) {
        long low = v[d];
        long high = v[d + 1];
        long keyLow = v[s];
        long keyHigh = v[s + 1];
        v[d] = keyLow ^ (mixed(table, low, high, 0, step) | mixed(table, low, high, 1, step) << 32);
        v[d + 1] =
                keyHigh
                        ^ (mixed(table, low, high, 2, step)
                                | mixed(table, low, high, 3, step) << 32);
    }

    private static void lastRound(long[] v, int d, int s, byte[] box, int step) {
        long low = v[d];
        long high = v[d + 1];
        long keyLow = v[s];
        long keyHigh = v[s + 1];
        v[d] =
                keyLow
                        ^ (substituted(box, low, high, 0, step)
                                | substituted(box, low, high, 1, step) << 32);
        v[d + 1] =
                keyHigh
                        ^ (substituted(box, low, high, 2, step)
                                | substituted(box, low, high, 3, step) << 32);
    }

    public static void aesenc(long[] v, int d, int s) {
        round(v, d, s, ENCRYPT, 1);
    }

    public static void aesenclast(long[] v, int d, int s) {
        lastRound(v, d, s, BOX, 1);
    }

    public static void aesdec(long[] v, int d, int s) {
        round(v, d, s, DECRYPT, 3);
    }

    public static void aesdeclast(long[] v, int d, int s) {
        lastRound(v, d, s, INVERSE_BOX, 3);
    }

    public static void aesimc(long[] v, int d, int s) {
        v[d] = inverseMix((int) v[s]) | inverseMix((int) (v[s] >>> 32)) << 32;
        v[d + 1] = inverseMix((int) v[s + 1]) | inverseMix((int) (v[s + 1] >>> 32)) << 32;
    }

    private static long inverseMix(int column) {
        int mixed =
                INVERSE_MIX[column & 0xff]
                        ^ Integer.rotateLeft(INVERSE_MIX[column >>> 8 & 0xff], 8)
                        ^ Integer.rotateLeft(INVERSE_MIX[column >>> 16 & 0xff], 16)
                        ^ Integer.rotateLeft(INVERSE_MIX[column >>> 24], 24);
        return mixed & 0xffff_ffffL;
    }

    public static void aeskeygenassist(long[] v, int d, int s, int imm) {
        v[d] = keyPart((int) (v[s] >>> 32), imm);
        v[d + 1] = keyPart((int) (v[s + 1] >>> 32), imm);
    }

    private static long keyPart(int word, int imm) {
        int substituted =
                BOX[word & 0xff] & 0xff
                        | (BOX[word >>> 8 & 0xff] & 0xff) << 8
                        | (BOX[word >>> 16 & 0xff] & 0xff) << 16
                        | BOX[word >>> 24] << 24;
        return substituted & 0xffff_ffffL
                | (long) (Integer.rotateRight(substituted, 8) ^ imm & 0xff) << 32;
    }

    /// Bits 0 and 4 of `imm` choose the halves.
    public static void pclmulqdq(long[] v, int d, int s, int imm) {
        long x = v[d + (imm & 1)];
        long y = v[s + (imm >> 4 & 1)];
        v[d] = carryless(x, y);
        v[d + 1] = Long.reverse(carryless(Long.reverse(x), Long.reverse(y))) >>> 1;
    }

    /// The low 64 bits of a carry-less product: integer products of every fourth bit, whose carries
    /// stay in the gaps.
    private static long carryless(long x, long y) {
        long m0 = 0x1111_1111_1111_1111L;
        long m1 = m0 << 1;
        long m2 = m0 << 2;
        long m3 = m0 << 3;
        long x0 = x & m0;
        long x1 = x & m1;
        long x2 = x & m2;
        long x3 = x & m3;
        long y0 = y & m0;
        long y1 = y & m1;
        long y2 = y & m2;
        long y3 = y & m3;
        return (x0 * y0 ^ x1 * y3 ^ x2 * y2 ^ x3 * y1) & m0
                | (x0 * y1 ^ x1 * y0 ^ x2 * y3 ^ x3 * y2) & m1
                | (x0 * y2 ^ x1 * y1 ^ x2 * y0 ^ x3 * y3) & m2
                | (x0 * y3 ^ x1 * y2 ^ x2 * y1 ^ x3 * y0) & m3;
    }

    public static void gf2p8mulb(long[] v, int d, int s) {
        v[d] = products(v[d], v[s]);
        v[d + 1] = products(v[d + 1], v[s + 1]);
    }

    private static long products(long x, long y) {
        long result = 0;
        for (int i = 0; i < 64; i += 8) {
            int product = multiply((int) (x >>> i) & 0xff, (int) (y >>> i) & 0xff);
            result |= (product & 0xffL) << i;
        }
        return result;
    }

    public static void gf2p8affineqb(long[] v, int d, int s, int imm) {
        long low = affine(v[d], v[s], imm);
        v[d + 1] = affine(v[d + 1], v[s + 1], imm);
        v[d] = low;
    }

    public static void gf2p8affineinvqb(long[] v, int d, int s, int imm) {
        long low = affine(reciprocals(v[d]), v[s], imm);
        v[d + 1] = affine(reciprocals(v[d + 1]), v[s + 1], imm);
        v[d] = low;
    }

    private static long reciprocals(long x) {
        long result = 0;
        for (int i = 0; i < 64; i += 8) {
            result |= (RECIPROCAL[(int) (x >>> i) & 0xff] & 0xffL) << i;
        }
        return result;
    }

    /// Each byte times the 8 by 8 bit matrix, whose first row is its top byte, plus `imm`.
    private static long affine(long x, long matrix, int imm) {
        long result = 0;
        for (int i = 0; i < 64; i += 8) {
            int octet = (int) (x >>> i) & 0xff;
            int product = imm & 0xff;
            for (int bit = 0; bit < 8; bit++) {
                int row = (int) (matrix >>> 8 * (7 - bit)) & 0xff;
                product ^= (Integer.bitCount(row & octet) & 1) << bit;
            }
            result |= (long) product << i;
        }
        return result;
    }
}
