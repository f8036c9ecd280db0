package straddle.tcg.x86.fp;

/// RCPPS and RSQRTPS: estimates with an error of at most 1.5 * 2^-12 (SDM volume 2, RCPPS).
///
/// Each maker's processors have their own estimates; these are those of AMD's Zen 4, which depend
/// on twelve bits of the operand's fraction and are the sum of two small tables: bits 11:4 choose
/// where to start, bits 11:8 and 3:0 how far to drop. No exception is raised, and MXCSR has no say.
public final class Estimate {
    private static final String RECIPROCAL_START =
            "ffefdefbff9ff81f62f43f25f07ee9ecbeaee91e74e57e3ae1ce00de4dc9dadd92d77d5cd41d26d0ccf2cd8cbeca4c8b"
                    + "c70c57c3ec25c0dbf4bdcbc4bacb94b7db65b4eb37b20b09af1adbac4aaea98a82a6ca56a41a2ba16a019ec9d79c29ae"
                    + "99898497095c94893492090d8f98e68d28bf8ac89988687486184f83c82a8188067f47e27d07bf7ad79c78a779768757"
                    + "7457347247137026f26e26d16c16b16a16916816726626526426336236146055f65e75d85c95ba5ac59d58f580572563"
                    + "55554753852a51d50f5014f34e64d84ca4bd4b04a249548847a46d46045344743a42d4204144073fb3ee3e23d63c93bd"
                    + "3b13a539938d38137536935e35234633b32f32431830d3022f62eb2e02d52ca2bf2b42a929e29328827e27326925e253"
                    + "24823e23422921f21520b2011f61ec1e21d81cf1c51bb1b11a719e19418a18117716e16415b15114813f13612c12311a"
                    + "1101070fe0f50ec0e30db0d20c90c00b70af0a609d09508c08407b07306a06205a051049041039030028020018010008";

    private static final String RECIPROCAL_DROP =
            "0002030507090b0d0f11121416181a1c0001030506080a0b0d0f101214151719"
                    + "000103040507080a0b0d0e101113141600010204050608090a0c0d0e10111214"
                    + "0001020304060708090b0c0d0e0f11120001020405060708090a0b0c0e0f1011"
                    + "000102030405060708090a0b0c0d0e0f00010203040505060708090a0b0c0d0e"
                    + "0001020203040506070808090a0b0c0d000101020304050506070809090a0b0c"
                    + "000102020304040506070708090a0a0b0001010203030405050607070809090a"
                    + "0000010202030304050506070708080900000102020303040505060607080809"
                    + "0000010102020303040505060607070800000101020203040405050606070708";

    private static final String ROOT_ODD_START =
            "ffffeffdffd0fc0fb0fa1f92f82f73f64f55f46f37f28f1af0befceeeedfed1ec3eb5ea7e99e8be7de6fe61e54e46e39"
                    + "e2be1ee10e03df6de9ddcdcfdc2db5da9d9cd8fd83d76d6ad5dd51d44d38d2cd20d14d08cfccf0ce5cd9ccdcc2cb6cab"
                    + "c9ec93c88c7cc71c66c5bc50c45c3ac2fc24c19c0ec04bf9beebe4bd9bcfbc4bbabafba5b9bb91b86b7cb72b68b5eb54"
                    + "b4ab40b36b2cb22b19b0fb05afcaf2ae9adfad6accac3abaab0aa7a9ea94a8ba82a79a70a67a5ea55a4ca43a3ba32a29"
                    + "a21a18a0fa079fe9f69ed9e59dc9d49cb9c39bb9b29aa9a299999198998197997196996195995194994193993292a922"
                    + "91a91290b9038fb8f48ec8e58dd8d68ce8c78bf8b88b18a98a289b89488d88587e87787086986285b85484d84683f838"
                    + "83082982281c81580e8078007fa7f37ec7e67df7d87d27cb7c57be7b87b17ab7a479e79779178b78477e77877176b765"
                    + "75e75875274c74674073a73372d72772171b71570f7097036fd6f76f16eb6e56e06da6d46ce6c86c36bd6b76b16ac6a6";

    private static final String ROOT_ODD_DROP =
            "00010203040506070708090a0b0c0d0e00010203030405060708090a0a0b0c0d"
                    + "0001020203040506060708090a0b0b0c000102020304040506070708090a0a0b"
                    + "0000010202030405050607070809090a0001010203030405050606070808090a"
                    + "0000010202030304040506060708080900000101020203040405050606070808"
                    + "0001010202030304040505060607070800000101020203030404050506060707"
                    + "0000010102020303030404050506060700010102020203030404050506060607"
                    + "0000010101020203030304040505060600000101020202030304040405050506"
                    + "0000010101020203030304040505050600000001010102020303030404040505";

    private static final String ROOT_EVEN_START =
            "6a069568a67e67366965e65364863d63362861d6136085fe5f35e95df5d45ca5c05b65ac5a259958f58557b57256855f"
                    + "55554b54253952f52651d51450b5024f94f04e74de4d54cc4c34bb4b24a94a149849048747f47746e46645e45544d445"
                    + "43d43542d42541d41540d4053fd3f53ee3e63de3d73cf3c83c03b93b13aa3a239b39438c38537e37736f36836135a353"
                    + "34c34533e33733032932231b31530e3073002fa2f32ec2e62df2d92d22cc2c52bf2b82b22ac2a529f29929228c286280"
                    + "27927326d26726125b25524f24924323d23723122b22522021a21420e2092031fd1f71f21ec1e71e11db1d61d01cb1c5"
                    + "1c01bb1b51b01aa1a51a019a19519018a18518017b17617016b16616115c15715214d14814313e13913412f12a125120"
                    + "11a11611110c1071020fd0f90f40ef0ea0e60e10dc0d80d30ce0ca0c50c10bc0b70b30ae0aa0a50a109c09809308f08b"
                    + "08608207d07907507006c06806305f05b05705204e04a04604103d03903503102d02902402001c01801401000c008004";

    private static final String ROOT_EVEN_DROP =
            "0001010203030405050607070809090a00000102020303040505060707080909"
                    + "0000010202030304040506060707080800000102020303040405050606070708"
                    + "0000010102020303040405050606070700010101020203030404050506060607"
                    + "0000010102020203030404050505060600000101020202030304040405050606"
                    + "0000000101020202030303040405050500000101010202020303030404040505"
                    + "0000010101020202030303040404050500010101020202030303040404040505"
                    + "0000000101010202020203030304040400000001010102020202030303040404"
                    + "0000010101010202020203030303040400000101010102020202030303030404";

    private static final short[] RECIPROCALS = table(RECIPROCAL_START, RECIPROCAL_DROP);
    private static final short[] ODD_ROOTS = table(ROOT_ODD_START, ROOT_ODD_DROP);
    private static final short[] EVEN_ROOTS = table(ROOT_EVEN_START, ROOT_EVEN_DROP);

    private static final int SIGN = Integer.MIN_VALUE;
    private static final int INFINITY = 0x7f80_0000;
    private static final int QUIET = 0x0040_0000;
    private static final long LOW = 0xffff_ffffL;

    private Estimate() {}

    /// Fractions in units of 2^-12 by the operand's.
    private static short[] table(String starts, String drops) {
        short[] table = new short[1 << 12];
        for (int i = 0; i < table.length; i++) {
            int start = 3 * (i >> 4);
            int drop = 2 * (i >> 8 << 4 | i & 15);
            table[i] =
                    (short)
                            (Integer.parseInt(starts, start, start + 3, 16)
                                    - Integer.parseInt(drops, drop, drop + 2, 16));
        }
        return table;
    }

    /// An estimate of 1 / x.
    static int reciprocal(int x) {
        int sign = x & SIGN;
        int field = x >>> 23 & 0xff;
        if (field == 0) {
            return sign | INFINITY;
        }
        if (field == 0xff) {
            return (x & 0x7f_ffff) == 0 ? sign : x | QUIET;
        }
        int exponent = 253 - field;
        return exponent <= 0 ? sign : sign | exponent << 23 | RECIPROCALS[x >>> 11 & 0xfff] << 11;
    }

    /// An estimate of 1 / sqrt(x).
    static int reciprocalRoot(int x) {
        int field = x >>> 23 & 0xff;
        if (field == 0) {
            return x & SIGN | INFINITY;
        }
        if (field == 0xff && (x & 0x7f_ffff) != 0) {
            return x | QUIET;
        }
        if (x < 0) {
            return FpControl.DEFAULT_NAN32;
        }
        if (field == 0xff) {
            return 0;
        }
        boolean odd = (field & 1) != 0;
        int exponent = 126 - (field - (odd ? 127 : 128)) / 2;
        return exponent << 23 | (odd ? ODD_ROOTS : EVEN_ROOTS)[x >>> 11 & 0xfff] << 11;
    }

    private static long reciprocals(long x) {
        return (long) reciprocal((int) (x >>> 32)) << 32 | reciprocal((int) x) & LOW;
    }

    private static long reciprocalRoots(long x) {
        return (long) reciprocalRoot((int) (x >>> 32)) << 32 | reciprocalRoot((int) x) & LOW;
    }

    public static void rcpps(long[] v, int d, int s) {
        v[d] = reciprocals(v[s]);
        v[d + 1] = reciprocals(v[s + 1]);
    }

    public static void rcpss(long[] v, int d, int s) {
        v[d] = v[d] & ~LOW | reciprocal((int) v[s]) & LOW;
    }

    public static void rsqrtps(long[] v, int d, int s) {
        v[d] = reciprocalRoots(v[s]);
        v[d + 1] = reciprocalRoots(v[s + 1]);
    }

    public static void rsqrtss(long[] v, int d, int s) {
        v[d] = v[d] & ~LOW | reciprocalRoot((int) v[s]) & LOW;
    }
}
