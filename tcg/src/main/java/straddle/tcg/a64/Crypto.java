package straddle.tcg.a64;

import straddle.tcg.Cpu;

/// AES, SHA1 and SHA256 (FIPS 197 and FIPS 180-4, as Arm ARM DDI 0487, C7.2 divides them into instructions).
final class Crypto {
    private static final byte[] BOX = new byte[256];
    private static final byte[] INVERSE_BOX = new byte[256];

    static {
        for (int i = 0; i < 256; i++) {
            int inverse = inverse(i);
            int value = 0x63;
            for (int turn = 0; turn < 5; turn++) {
                value ^= (inverse << turn | inverse >>> 8 - turn) & 0xff;
            }
            BOX[i] = (byte) value;
            INVERSE_BOX[value] = (byte) i;
        }
    }

    private Crypto() {}

    private static int multiply(int a, int b) {
        int product = 0;
        int x = a;
        for (int y = b; y != 0; y >>>= 1) {
            product ^= (y & 1) != 0 ? x : 0;
            x = x << 1 ^ ((x & 0x80) != 0 ? 0x11b : 0);
        }
        return product;
    }

    /// In GF(2^8): the 254th power.
    private static int inverse(int a) {
        int result = 1;
        for (int i = 0; i < 254; i++) {
            result = multiply(result, a);
        }
        return result;
    }

    static void run(Simd row, Cpu c, int d, int n, int m) {
        long[] r = c.r;
        switch (row) {
            case AESE -> substitute(r, d, n, BOX, 5);
            case AESD -> substitute(r, d, n, INVERSE_BOX, 13);
            case AESMC -> mix(r, d, n, 2, 3, 1, 1);
            case AESIMC -> mix(r, d, n, 14, 11, 13, 9);
            case SHA1C, SHA1P, SHA1M -> sha1Rounds(row, r, d, n, m);
            case SHA1SU0 -> {
                long low = r[d] ^ r[d + 1];
                long high = r[d + 1] ^ r[n];
                r[d] = low ^ r[m];
                r[d + 1] = high ^ r[m + 1];
            }
            case SHA256H -> sha256Rounds(r, d, n, m, d, true);
            case SHA256H2 -> sha256Rounds(r, n, d, m, d, false);
            case SHA256SU1 -> sha256Schedule1(r, d, n, m);
            case SHA1H -> {
                r[d] = Integer.rotateLeft((int) r[n], 30) & 0xffff_ffffL;
                r[d + 1] = 0;
            }
            case SHA1SU1 -> sha1Schedule1(r, d, n);
            case SHA256SU0 -> sha256Schedule0(r, d, n);
            default -> throw new IllegalArgumentException(row.name());
        }
    }

    private static int at(long low, long high, int i) {
        return (int) ((i < 8 ? low : high) >>> 8 * (i & 7)) & 0xff;
    }

    /// AddRoundKey, then ShiftRows and SubBytes.
    ///
    /// @param step from a byte to the one that comes to the next column's place
    private static void substitute(long[] r, int d, int n, byte[] box, int step) {
        long low = r[d] ^ r[n];
        long high = r[d + 1] ^ r[n + 1];
        long newLow = 0;
        long newHigh = 0;
        for (int i = 0; i < 16; i++) {
            // Row i % 4 comes from that many columns further on, or back for the inverse.
            int column = i / 4 + (step == 5 ? i % 4 : 4 - i % 4) & 3;
            long value = box[at(low, high, 4 * column + i % 4)] & 0xff;
            if (i < 8) {
                newLow |= value << 8 * i;
            } else {
                newHigh |= value << 8 * (i - 8);
            }
        }
        r[d] = newLow;
        r[d + 1] = newHigh;
    }

    private static void mix(long[] r, int d, int n, int k0, int k1, int k2, int k3) {
        long low = r[n];
        long high = r[n + 1];
        long newLow = 0;
        long newHigh = 0;
        for (int i = 0; i < 16; i++) {
            int column = i & ~3;
            long value =
                    multiply(at(low, high, i), k0)
                            ^ multiply(at(low, high, column | i + 1 & 3), k1)
                            ^ multiply(at(low, high, column | i + 2 & 3), k2)
                            ^ multiply(at(low, high, column | i + 3 & 3), k3);
            if (i < 8) {
                newLow |= value << 8 * i;
            } else {
                newHigh |= value << 8 * (i - 8);
            }
        }
        r[d] = newLow;
        r[d + 1] = newHigh;
    }

    private static int word(long[] r, int s, int i) {
        return (int) (r[s + i / 2] >>> 32 * (i & 1));
    }

    private static long pair(int low, int high) {
        return low & 0xffff_ffffL | (long) high << 32;
    }

    private static void sha1Rounds(Simd row, long[] r, int d, int n, int m) {
        int a = word(r, d, 0);
        int b = word(r, d, 1);
        int cc = word(r, d, 2);
        int dd = word(r, d, 3);
        int e = (int) r[n];
        for (int i = 0; i < 4; i++) {
            int f =
                    switch (row) {
                        case SHA1C -> (cc ^ dd) & b ^ dd;
                        case SHA1P -> b ^ cc ^ dd;
                        default -> b & cc | (b | cc) & dd;
                    };
            int next = Integer.rotateLeft(a, 5) + f + e + word(r, m, i);
            e = dd;
            dd = cc;
            cc = Integer.rotateLeft(b, 30);
            b = a;
            a = next;
        }
        r[d] = pair(a, b);
        r[d + 1] = pair(cc, dd);
    }

    private static void sha1Schedule1(long[] r, int d, int n) {
        int t0 = word(r, d, 0) ^ word(r, n, 1);
        int t1 = word(r, d, 1) ^ word(r, n, 2);
        int t2 = word(r, d, 2) ^ word(r, n, 3);
        int t3 = word(r, d, 3);
        int first = Integer.rotateLeft(t0, 1);
        r[d] = pair(first, Integer.rotateLeft(t1, 1));
        r[d + 1] =
                pair(
                        Integer.rotateLeft(t2, 1),
                        Integer.rotateLeft(t3, 1) ^ Integer.rotateLeft(t0, 2));
    }

    /// Four rounds: x is A to D, y is E to H; one of them goes to `to`.
    private static void sha256Rounds(long[] r, int x, int y, int m, int to, boolean first) {
        int a = word(r, x, 0);
        int b = word(r, x, 1);
        int cc = word(r, x, 2);
        int dd = word(r, x, 3);
        int e = word(r, y, 0);
        int f = word(r, y, 1);
        int g = word(r, y, 2);
        int h = word(r, y, 3);
        for (int i = 0; i < 4; i++) {
            int choice = (f ^ g) & e ^ g;
            int majority = a & b | (a | b) & cc;
            int sum1 =
                    Integer.rotateRight(e, 6)
                            ^ Integer.rotateRight(e, 11)
                            ^ Integer.rotateRight(e, 25);
            int sum0 =
                    Integer.rotateRight(a, 2)
                            ^ Integer.rotateRight(a, 13)
                            ^ Integer.rotateRight(a, 22);
            int t = h + sum1 + choice + word(r, m, i);
            h = g;
            g = f;
            f = e;
            e = dd + t;
            dd = cc;
            cc = b;
            b = a;
            a = t + sum0 + majority;
        }
        r[to] = first ? pair(a, b) : pair(e, f);
        r[to + 1] = first ? pair(cc, dd) : pair(g, h);
    }

    private static void sha256Schedule0(long[] r, int d, int n) {
        int[] next = {word(r, d, 1), word(r, d, 2), word(r, d, 3), (int) r[n]};
        int[] sums = new int[4];
        for (int i = 0; i < 4; i++) {
            int x = next[i];
            sums[i] =
                    word(r, d, i)
                            + (Integer.rotateRight(x, 7) ^ Integer.rotateRight(x, 18) ^ x >>> 3);
        }
        r[d] = pair(sums[0], sums[1]);
        r[d + 1] = pair(sums[2], sums[3]);
    }

    private static void sha256Schedule1(long[] r, int d, int n, int m) {
        int w0 = word(r, d, 0) + word(r, n, 1) + sigma1(word(r, m, 2));
        int w1 = word(r, d, 1) + word(r, n, 2) + sigma1(word(r, m, 3));
        int w2 = word(r, d, 2) + word(r, n, 3) + sigma1(w0);
        int w3 = word(r, d, 3) + word(r, m, 0) + sigma1(w1);
        r[d] = pair(w0, w1);
        r[d + 1] = pair(w2, w3);
    }

    private static int sigma1(int x) {
        return Integer.rotateRight(x, 17) ^ Integer.rotateRight(x, 19) ^ x >>> 10;
    }
}
