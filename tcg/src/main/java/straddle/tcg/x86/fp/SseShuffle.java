package straddle.tcg.x86.fp;

/// Moves of elements within and between XMM registers, SSE to SSE4.1 (SDM volume 1, chapters 10 to
/// 12).
///
/// Register files as in [Sse]. Nothing here raises an exception or looks at MXCSR.
public final class SseShuffle {
    private static final long LOW = 0xffff_ffffL;
    private static final long HIGH = LOW << 32;

    private SseShuffle() {}

    private static long dword(long low, long high, int i) {
        return ((i & 2) == 0 ? low : high) >>> 32 * (i & 1) & LOW;
    }

    public static void pshufd(long[] v, int d, int s, int imm) {
        long low = v[s];
        long high = v[s + 1];
        v[d] = dword(low, high, imm) | dword(low, high, imm >> 2) << 32;
        v[d + 1] = dword(low, high, imm >> 4) | dword(low, high, imm >> 6) << 32;
    }

    public static void pshuflw(long[] v, int d, int s, int imm) {
        v[d] = Mmx.pshufw(v[s], imm);
        v[d + 1] = v[s + 1];
    }

    public static void pshufhw(long[] v, int d, int s, int imm) {
        v[d] = v[s];
        v[d + 1] = Mmx.pshufw(v[s + 1], imm);
    }

    public static void shufps(long[] v, int d, int s, int imm) {
        long low = dword(v[d], v[d + 1], imm) | dword(v[d], v[d + 1], imm >> 2) << 32;
        v[d + 1] = dword(v[s], v[s + 1], imm >> 4) | dword(v[s], v[s + 1], imm >> 6) << 32;
        v[d] = low;
    }

    public static void shufpd(long[] v, int d, int s, int imm) {
        long low = v[d + (imm & 1)];
        v[d + 1] = v[s + (imm >> 1 & 1)];
        v[d] = low;
    }

    public static void pshufb(long[] v, int d, int s) {
        long low = v[d];
        long high = v[d + 1];
        long indices = v[s];
        long highIndices = v[s + 1];
        v[d] = pick(low, high, indices);
        v[d + 1] = pick(low, high, highIndices);
    }

    private static long pick(long low, long high, long indices) {
        long result = 0;
        for (int i = 0; i < 64; i += 8) {
            int index = (int) (indices >>> i);
            if ((index & 0x80) == 0) {
                result |= (((index & 8) == 0 ? low : high) >>> 8 * (index & 7) & 0xff) << i;
            }
        }
        return result;
    }

    public static void palignr(long[] v, int d, int s, int imm) {
        int bytes = imm & 7;
        long a = part(v, d, s, imm >> 3);
        long b = part(v, d, s, (imm >> 3) + 1);
        long c = part(v, d, s, (imm >> 3) + 2);
        v[d] = Mmx.palignr(b, a, bytes);
        v[d + 1] = Mmx.palignr(c, b, bytes);
    }

    /// 64 bits of destination:source, then zeros.
    private static long part(long[] v, int d, int s, int i) {
        return i < 2 ? v[s + i] : i < 4 ? v[d + i - 2] : 0;
    }

    public static void punpcklbw(long[] v, int d, int s) {
        long x = v[d];
        long y = v[s];
        v[d] = Mmx.punpcklbw(x, y);
        v[d + 1] = Mmx.punpckhbw(x, y);
    }

    public static void punpckhbw(long[] v, int d, int s) {
        long x = v[d + 1];
        long y = v[s + 1];
        v[d] = Mmx.punpcklbw(x, y);
        v[d + 1] = Mmx.punpckhbw(x, y);
    }

    public static void punpcklwd(long[] v, int d, int s) {
        long x = v[d];
        long y = v[s];
        v[d] = Mmx.punpcklwd(x, y);
        v[d + 1] = Mmx.punpckhwd(x, y);
    }

    public static void punpckhwd(long[] v, int d, int s) {
        long x = v[d + 1];
        long y = v[s + 1];
        v[d] = Mmx.punpcklwd(x, y);
        v[d + 1] = Mmx.punpckhwd(x, y);
    }

    /// UNPCKLPS too.
    public static void punpckldq(long[] v, int d, int s) {
        long x = v[d];
        long y = v[s];
        v[d] = Mmx.punpckldq(x, y);
        v[d + 1] = Mmx.punpckhdq(x, y);
    }

    /// UNPCKHPS too.
    public static void punpckhdq(long[] v, int d, int s) {
        long x = v[d + 1];
        long y = v[s + 1];
        v[d] = Mmx.punpckldq(x, y);
        v[d + 1] = Mmx.punpckhdq(x, y);
    }

    /// UNPCKLPD and MOVLHPS too.
    public static void punpcklqdq(long[] v, int d, int s) {
        v[d + 1] = v[s];
    }

    /// UNPCKHPD too.
    public static void punpckhqdq(long[] v, int d, int s) {
        v[d] = v[d + 1];
        v[d + 1] = v[s + 1];
    }

    public static void movhlps(long[] v, int d, int s) {
        v[d] = v[s + 1];
    }

    public static void movss(long[] v, int d, int s) {
        v[d] = v[d] & HIGH | v[s] & LOW;
    }

    public static void movsd(long[] v, int d, int s) {
        v[d] = v[s];
    }

    public static void movddup(long[] v, int d, int s) {
        long x = v[s];
        v[d] = x;
        v[d + 1] = x;
    }

    public static void movsldup(long[] v, int d, int s) {
        v[d] = v[s] & LOW | v[s] << 32;
        v[d + 1] = v[s + 1] & LOW | v[s + 1] << 32;
    }

    public static void movshdup(long[] v, int d, int s) {
        v[d] = v[s] & HIGH | v[s] >>> 32;
        v[d + 1] = v[s + 1] & HIGH | v[s + 1] >>> 32;
    }

    public static int movmskps(long[] v, int s) {
        return (int)
                (v[s] >>> 31 & 1 | v[s] >>> 62 & 2 | v[s + 1] >>> 29 & 4 | v[s + 1] >>> 60 & 8);
    }

    public static int movmskpd(long[] v, int s) {
        return (int) (v[s] >>> 63 | v[s + 1] >>> 62 & 2);
    }

    public static int pmovmskb(long[] v, int s) {
        return Mmx.pmovmskb(v[s]) | Mmx.pmovmskb(v[s + 1]) << 8;
    }

    public static int pextrb(long[] v, int s, int imm) {
        return (int) (v[s + (imm >> 3 & 1)] >>> 8 * (imm & 7)) & 0xff;
    }

    public static int pextrw(long[] v, int s, int imm) {
        return (int) (v[s + (imm >> 2 & 1)] >>> 16 * (imm & 3)) & 0xffff;
    }

    /// EXTRACTPS too.
    public static int pextrd(long[] v, int s, int imm) {
        return (int) (v[s + (imm >> 1 & 1)] >>> 32 * (imm & 1));
    }

    public static long pextrq(long[] v, int s, int imm) {
        return v[s + (imm & 1)];
    }

    public static void pinsrb(long[] v, int d, int value, int imm) {
        insert(v, d + (imm >> 3 & 1), value, 8 * (imm & 7), 0xff);
    }

    public static void pinsrw(long[] v, int d, int value, int imm) {
        insert(v, d + (imm >> 2 & 1), value, 16 * (imm & 3), 0xffff);
    }

    public static void pinsrd(long[] v, int d, int value, int imm) {
        insert(v, d + (imm >> 1 & 1), value, 32 * (imm & 1), LOW);
    }

    public static void pinsrq(long[] v, int d, long value, int imm) {
        v[d + (imm & 1)] = value;
    }

    private static void insert(long[] v, int i, long value, int shift, long mask) {
        v[i] = v[i] & ~(mask << shift) | (value & mask) << shift;
    }

    /// From a register: bits 7:6 of `imm` choose the source's element. From memory, bring the dword
    /// into the source's element 0 and clear those bits.
    public static void insertps(long[] v, int d, int s, int imm) {
        int value = pextrd(v, s, imm >> 6);
        pinsrd(v, d, value, imm >> 4);
        v[d] &= ((imm & 1) != 0 ? 0 : LOW) | ((imm & 2) != 0 ? 0 : HIGH);
        v[d + 1] &= ((imm & 4) != 0 ? 0 : LOW) | ((imm & 8) != 0 ? 0 : HIGH);
    }

    private static void blend(long[] v, int d, int s, long low, long high) {
        v[d] = v[s] & low | v[d] & ~low;
        v[d + 1] = v[s + 1] & high | v[d + 1] & ~high;
    }

    public static void blendps(long[] v, int d, int s, int imm) {
        long low = ((imm & 1) != 0 ? LOW : 0) | ((imm & 2) != 0 ? HIGH : 0);
        long high = ((imm & 4) != 0 ? LOW : 0) | ((imm & 8) != 0 ? HIGH : 0);
        blend(v, d, s, low, high);
    }

    public static void blendpd(long[] v, int d, int s, int imm) {
        blend(v, d, s, -(imm & 1L), -(imm >> 1 & 1L));
    }

    public static void pblendw(long[] v, int d, int s, int imm) {
        blend(v, d, s, wordMask(imm), wordMask(imm >> 4));
    }

    private static long wordMask(int bits) {
        return (bits & 1 | (bits & 2L) << 15 | (bits & 4L) << 30 | (bits & 8L) << 45) * 0xffff;
    }

    /// XMM0 is the mask, at index 0.
    public static void blendvps(long[] v, int d, int s) {
        blend(v, d, s, Mmx.pcmpgtd(0, v[0]), Mmx.pcmpgtd(0, v[1]));
    }

    public static void blendvpd(long[] v, int d, int s) {
        blend(v, d, s, v[0] >> 63, v[1] >> 63);
    }

    public static void pblendvb(long[] v, int d, int s) {
        blend(v, d, s, Mmx.pcmpgtb(0, v[0]), Mmx.pcmpgtb(0, v[1]));
    }

    /// The mask is a register of its own, as in AVX.
    public static void vblendvps(long[] v, int d, int s, int mask) {
        blend(v, d, s, Mmx.pcmpgtd(0, v[mask]), Mmx.pcmpgtd(0, v[mask + 1]));
    }

    public static void vblendvpd(long[] v, int d, int s, int mask) {
        blend(v, d, s, v[mask] >> 63, v[mask + 1] >> 63);
    }

    public static void vpblendvb(long[] v, int d, int s, int mask) {
        blend(v, d, s, Mmx.pcmpgtb(0, v[mask]), Mmx.pcmpgtb(0, v[mask + 1]));
    }

    public static void pmovzxbw(long[] v, int d, int s) {
        long x = v[s];
        v[d] = Mmx.punpcklbw(x, 0);
        v[d + 1] = Mmx.punpckhbw(x, 0);
    }

    public static void pmovzxbd(long[] v, int d, int s) {
        long words = Mmx.punpcklbw(v[s], 0);
        v[d] = Mmx.punpcklwd(words, 0);
        v[d + 1] = Mmx.punpckhwd(words, 0);
    }

    public static void pmovzxbq(long[] v, int d, int s) {
        long x = v[s];
        v[d] = x & 0xff;
        v[d + 1] = x >>> 8 & 0xff;
    }

    public static void pmovzxwd(long[] v, int d, int s) {
        long x = v[s];
        v[d] = Mmx.punpcklwd(x, 0);
        v[d + 1] = Mmx.punpckhwd(x, 0);
    }

    public static void pmovzxwq(long[] v, int d, int s) {
        long x = v[s];
        v[d] = x & 0xffff;
        v[d + 1] = x >>> 16 & 0xffff;
    }

    public static void pmovzxdq(long[] v, int d, int s) {
        long x = v[s];
        v[d] = x & LOW;
        v[d + 1] = x >>> 32;
    }

    public static void pmovsxbw(long[] v, int d, int s) {
        long x = v[s];
        long signs = Mmx.pcmpgtb(0, x);
        v[d] = Mmx.punpcklbw(x, signs);
        v[d + 1] = Mmx.punpckhbw(x, signs);
    }

    public static void pmovsxbd(long[] v, int d, int s) {
        long x = v[s];
        v[d] = (byte) x & LOW | (long) (byte) (x >>> 8) << 32;
        v[d + 1] = (byte) (x >>> 16) & LOW | (long) (byte) (x >>> 24) << 32;
    }

    public static void pmovsxbq(long[] v, int d, int s) {
        long x = v[s];
        v[d] = (byte) x;
        v[d + 1] = (byte) (x >>> 8);
    }

    public static void pmovsxwd(long[] v, int d, int s) {
        long x = v[s];
        long signs = Mmx.pcmpgtw(0, x);
        v[d] = Mmx.punpcklwd(x, signs);
        v[d + 1] = Mmx.punpckhwd(x, signs);
    }

    public static void pmovsxwq(long[] v, int d, int s) {
        long x = v[s];
        v[d] = (short) x;
        v[d + 1] = (short) (x >>> 16);
    }

    public static void pmovsxdq(long[] v, int d, int s) {
        long x = v[s];
        v[d] = (int) x;
        v[d + 1] = x >> 32;
    }

    /// MASKMOVQ's and MASKMOVDQU's mask: all ones in the bytes to store.
    public static long byteMask(long mask) {
        return Mmx.pcmpgtb(0, mask);
    }
}
