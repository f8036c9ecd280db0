package straddle.tcg.x86.fp;

/// The SHA extensions (SDM volume 2, SHA1RNDS4 to SHA256RNDS2; FIPS 180-4). Register files as in
/// [Sse].
public final class Sha {
    private static final int[] K1 = {0x5a82_7999, 0x6ed9_eba1, 0x8f1b_bcdc, 0xca62_c1d6};

    private Sha() {}

    private static int word(long[] v, int s, int i) {
        return (int) (v[s + (i >> 1)] >>> 32 * (i & 1));
    }

    private static long pair(int low, int high) {
        return (long) high << 32 | low & 0xffff_ffffL;
    }

    /// Four rounds of the function and constant that bits 1:0 of `imm` choose.
    public static void sha1rnds4(long[] v, int d, int s, int imm) {
        int a = word(v, d, 3);
        int b = word(v, d, 2);
        int c = word(v, d, 1);
        int dd = word(v, d, 0);
        int e = 0;
        int k = K1[imm & 3];
        for (int i = 3; i >= 0; i--) {
            int f =
                    switch (imm & 3) {
                        case 0 -> b & c ^ ~b & dd;
                        case 2 -> b & c ^ b & dd ^ c & dd;
                        default -> b ^ c ^ dd;
                    };
            int next = f + Integer.rotateLeft(a, 5) + word(v, s, i) + e + k;
            e = dd;
            dd = c;
            c = Integer.rotateLeft(b, 30);
            b = a;
            a = next;
        }
        v[d] = pair(dd, c);
        v[d + 1] = pair(b, a);
    }

    public static void sha1nexte(long[] v, int d, int s) {
        int e = Integer.rotateLeft(word(v, d, 3), 30);
        v[d] = v[s];
        v[d + 1] = pair(word(v, s, 2), word(v, s, 3) + e);
    }

    public static void sha1msg1(long[] v, int d, int s) {
        int w4 = word(v, s, 3);
        int w5 = word(v, s, 2);
        int w3 = word(v, d, 0);
        int w2 = word(v, d, 1);
        int w1 = word(v, d, 2);
        int w0 = word(v, d, 3);
        v[d] = pair(w5 ^ w3, w4 ^ w2);
        v[d + 1] = pair(w3 ^ w1, w2 ^ w0);
    }

    public static void sha1msg2(long[] v, int d, int s) {
        int w3 = Integer.rotateLeft(word(v, d, 3) ^ word(v, s, 2), 1);
        int w2 = Integer.rotateLeft(word(v, d, 2) ^ word(v, s, 1), 1);
        int w1 = Integer.rotateLeft(word(v, d, 1) ^ word(v, s, 0), 1);
        int w0 = Integer.rotateLeft(word(v, d, 0) ^ w3, 1);
        v[d] = pair(w0, w1);
        v[d + 1] = pair(w2, w3);
    }

    /// Two rounds; XMM0, at index 0, has the sums of message and constants.
    public static void sha256rnds2(long[] v, int d, int s) {
        int a = word(v, s, 3);
        int b = word(v, s, 2);
        int c = word(v, d, 3);
        int dd = word(v, d, 2);
        int e = word(v, s, 1);
        int f = word(v, s, 0);
        int g = word(v, d, 1);
        int h = word(v, d, 0);
        for (int i = 0; i < 2; i++) {
            int t =
                    (e & f ^ ~e & g)
                            + (Integer.rotateRight(e, 6)
                                    ^ Integer.rotateRight(e, 11)
                                    ^ Integer.rotateRight(e, 25))
                            + word(v, 0, i)
                            + h;
            int next =
                    t
                            + (a & b ^ a & c ^ b & c)
                            + (Integer.rotateRight(a, 2)
                                    ^ Integer.rotateRight(a, 13)
                                    ^ Integer.rotateRight(a, 22));
            h = g;
            g = f;
            f = e;
            e = t + dd;
            dd = c;
            c = b;
            b = a;
            a = next;
        }
        v[d] = pair(f, e);
        v[d + 1] = pair(b, a);
    }

    private static int sigma0(int x) {
        return Integer.rotateRight(x, 7) ^ Integer.rotateRight(x, 18) ^ x >>> 3;
    }

    private static int sigma1(int x) {
        return Integer.rotateRight(x, 17) ^ Integer.rotateRight(x, 19) ^ x >>> 10;
    }

    public static void sha256msg1(long[] v, int d, int s) {
        int w4 = word(v, s, 0);
        int w3 = word(v, d, 3);
        int w2 = word(v, d, 2);
        int w1 = word(v, d, 1);
        int w0 = word(v, d, 0);
        v[d] = pair(w0 + sigma0(w1), w1 + sigma0(w2));
        v[d + 1] = pair(w2 + sigma0(w3), w3 + sigma0(w4));
    }

    public static void sha256msg2(long[] v, int d, int s) {
        int w14 = word(v, s, 2);
        int w15 = word(v, s, 3);
        int w16 = word(v, d, 0) + sigma1(w14);
        int w17 = word(v, d, 1) + sigma1(w15);
        int w18 = word(v, d, 2) + sigma1(w16);
        int w19 = word(v, d, 3) + sigma1(w17);
        v[d] = pair(w16, w17);
        v[d + 1] = pair(w18, w19);
    }
}
