package straddle.tcg.x86.fp;

/// Packed integer arithmetic on XMM registers, SSE2 to SSE4.2 (SDM volume 1, chapters 11 and 12).
///
/// Register files as in [Sse]. Nothing here raises an exception or looks at MXCSR. The operations
/// on halves are [Mmx]'s.
public final class SseInteger {
    private static final long LOW = 0xffff_ffffL;

    private SseInteger() {}

    public static void paddb(long[] v, int d, int s) {
        v[d] = Mmx.paddb(v[d], v[s]);
        v[d + 1] = Mmx.paddb(v[d + 1], v[s + 1]);
    }

    public static void paddw(long[] v, int d, int s) {
        v[d] = Mmx.paddw(v[d], v[s]);
        v[d + 1] = Mmx.paddw(v[d + 1], v[s + 1]);
    }

    public static void paddd(long[] v, int d, int s) {
        v[d] = Mmx.paddd(v[d], v[s]);
        v[d + 1] = Mmx.paddd(v[d + 1], v[s + 1]);
    }

    public static void paddq(long[] v, int d, int s) {
        v[d] = Mmx.paddq(v[d], v[s]);
        v[d + 1] = Mmx.paddq(v[d + 1], v[s + 1]);
    }

    public static void psubb(long[] v, int d, int s) {
        v[d] = Mmx.psubb(v[d], v[s]);
        v[d + 1] = Mmx.psubb(v[d + 1], v[s + 1]);
    }

    public static void psubw(long[] v, int d, int s) {
        v[d] = Mmx.psubw(v[d], v[s]);
        v[d + 1] = Mmx.psubw(v[d + 1], v[s + 1]);
    }

    public static void psubd(long[] v, int d, int s) {
        v[d] = Mmx.psubd(v[d], v[s]);
        v[d + 1] = Mmx.psubd(v[d + 1], v[s + 1]);
    }

    public static void psubq(long[] v, int d, int s) {
        v[d] = Mmx.psubq(v[d], v[s]);
        v[d + 1] = Mmx.psubq(v[d + 1], v[s + 1]);
    }

    public static void paddusb(long[] v, int d, int s) {
        v[d] = Mmx.paddusb(v[d], v[s]);
        v[d + 1] = Mmx.paddusb(v[d + 1], v[s + 1]);
    }

    public static void psubusb(long[] v, int d, int s) {
        v[d] = Mmx.psubusb(v[d], v[s]);
        v[d + 1] = Mmx.psubusb(v[d + 1], v[s + 1]);
    }

    public static void paddsb(long[] v, int d, int s) {
        v[d] = Mmx.paddsb(v[d], v[s]);
        v[d + 1] = Mmx.paddsb(v[d + 1], v[s + 1]);
    }

    public static void psubsb(long[] v, int d, int s) {
        v[d] = Mmx.psubsb(v[d], v[s]);
        v[d + 1] = Mmx.psubsb(v[d + 1], v[s + 1]);
    }

    public static void paddusw(long[] v, int d, int s) {
        v[d] = Mmx.paddusw(v[d], v[s]);
        v[d + 1] = Mmx.paddusw(v[d + 1], v[s + 1]);
    }

    public static void psubusw(long[] v, int d, int s) {
        v[d] = Mmx.psubusw(v[d], v[s]);
        v[d + 1] = Mmx.psubusw(v[d + 1], v[s + 1]);
    }

    public static void paddsw(long[] v, int d, int s) {
        v[d] = Mmx.paddsw(v[d], v[s]);
        v[d + 1] = Mmx.paddsw(v[d + 1], v[s + 1]);
    }

    public static void psubsw(long[] v, int d, int s) {
        v[d] = Mmx.psubsw(v[d], v[s]);
        v[d + 1] = Mmx.psubsw(v[d + 1], v[s + 1]);
    }

    public static void pcmpeqb(long[] v, int d, int s) {
        v[d] = Mmx.pcmpeqb(v[d], v[s]);
        v[d + 1] = Mmx.pcmpeqb(v[d + 1], v[s + 1]);
    }

    public static void pcmpeqw(long[] v, int d, int s) {
        v[d] = Mmx.pcmpeqw(v[d], v[s]);
        v[d + 1] = Mmx.pcmpeqw(v[d + 1], v[s + 1]);
    }

    public static void pcmpeqd(long[] v, int d, int s) {
        v[d] = Mmx.pcmpeqd(v[d], v[s]);
        v[d + 1] = Mmx.pcmpeqd(v[d + 1], v[s + 1]);
    }

    public static void pcmpeqq(long[] v, int d, int s) {
        v[d] = Mmx.pcmpeqq(v[d], v[s]);
        v[d + 1] = Mmx.pcmpeqq(v[d + 1], v[s + 1]);
    }

    public static void pcmpgtb(long[] v, int d, int s) {
        v[d] = Mmx.pcmpgtb(v[d], v[s]);
        v[d + 1] = Mmx.pcmpgtb(v[d + 1], v[s + 1]);
    }

    public static void pcmpgtw(long[] v, int d, int s) {
        v[d] = Mmx.pcmpgtw(v[d], v[s]);
        v[d + 1] = Mmx.pcmpgtw(v[d + 1], v[s + 1]);
    }

    public static void pcmpgtd(long[] v, int d, int s) {
        v[d] = Mmx.pcmpgtd(v[d], v[s]);
        v[d + 1] = Mmx.pcmpgtd(v[d + 1], v[s + 1]);
    }

    public static void pcmpgtq(long[] v, int d, int s) {
        v[d] = Mmx.pcmpgtq(v[d], v[s]);
        v[d + 1] = Mmx.pcmpgtq(v[d + 1], v[s + 1]);
    }

    public static void pminub(long[] v, int d, int s) {
        v[d] = Mmx.pminub(v[d], v[s]);
        v[d + 1] = Mmx.pminub(v[d + 1], v[s + 1]);
    }

    public static void pmaxub(long[] v, int d, int s) {
        v[d] = Mmx.pmaxub(v[d], v[s]);
        v[d + 1] = Mmx.pmaxub(v[d + 1], v[s + 1]);
    }

    public static void pminsb(long[] v, int d, int s) {
        v[d] = Mmx.pminsb(v[d], v[s]);
        v[d + 1] = Mmx.pminsb(v[d + 1], v[s + 1]);
    }

    public static void pmaxsb(long[] v, int d, int s) {
        v[d] = Mmx.pmaxsb(v[d], v[s]);
        v[d + 1] = Mmx.pmaxsb(v[d + 1], v[s + 1]);
    }

    public static void pminuw(long[] v, int d, int s) {
        v[d] = Mmx.pminuw(v[d], v[s]);
        v[d + 1] = Mmx.pminuw(v[d + 1], v[s + 1]);
    }

    public static void pmaxuw(long[] v, int d, int s) {
        v[d] = Mmx.pmaxuw(v[d], v[s]);
        v[d + 1] = Mmx.pmaxuw(v[d + 1], v[s + 1]);
    }

    public static void pminsw(long[] v, int d, int s) {
        v[d] = Mmx.pminsw(v[d], v[s]);
        v[d + 1] = Mmx.pminsw(v[d + 1], v[s + 1]);
    }

    public static void pmaxsw(long[] v, int d, int s) {
        v[d] = Mmx.pmaxsw(v[d], v[s]);
        v[d + 1] = Mmx.pmaxsw(v[d + 1], v[s + 1]);
    }

    public static void pminud(long[] v, int d, int s) {
        v[d] = Mmx.pminud(v[d], v[s]);
        v[d + 1] = Mmx.pminud(v[d + 1], v[s + 1]);
    }

    public static void pmaxud(long[] v, int d, int s) {
        v[d] = Mmx.pmaxud(v[d], v[s]);
        v[d + 1] = Mmx.pmaxud(v[d + 1], v[s + 1]);
    }

    public static void pminsd(long[] v, int d, int s) {
        v[d] = Mmx.pminsd(v[d], v[s]);
        v[d + 1] = Mmx.pminsd(v[d + 1], v[s + 1]);
    }

    public static void pmaxsd(long[] v, int d, int s) {
        v[d] = Mmx.pmaxsd(v[d], v[s]);
        v[d + 1] = Mmx.pmaxsd(v[d + 1], v[s + 1]);
    }

    public static void pavgb(long[] v, int d, int s) {
        v[d] = Mmx.pavgb(v[d], v[s]);
        v[d + 1] = Mmx.pavgb(v[d + 1], v[s + 1]);
    }

    public static void pavgw(long[] v, int d, int s) {
        v[d] = Mmx.pavgw(v[d], v[s]);
        v[d + 1] = Mmx.pavgw(v[d + 1], v[s + 1]);
    }

    /// ANDPS and ANDPD too.
    public static void pand(long[] v, int d, int s) {
        v[d] &= v[s];
        v[d + 1] &= v[s + 1];
    }

    /// ANDNPS and ANDNPD too.
    public static void pandn(long[] v, int d, int s) {
        v[d] = ~v[d] & v[s];
        v[d + 1] = ~v[d + 1] & v[s + 1];
    }

    /// ORPS and ORPD too.
    public static void por(long[] v, int d, int s) {
        v[d] |= v[s];
        v[d + 1] |= v[s + 1];
    }

    /// XORPS and XORPD too.
    public static void pxor(long[] v, int d, int s) {
        v[d] ^= v[s];
        v[d + 1] ^= v[s + 1];
    }

    public static void pmullw(long[] v, int d, int s) {
        v[d] = Mmx.pmullw(v[d], v[s]);
        v[d + 1] = Mmx.pmullw(v[d + 1], v[s + 1]);
    }

    public static void pmulhw(long[] v, int d, int s) {
        v[d] = Mmx.pmulhw(v[d], v[s]);
        v[d + 1] = Mmx.pmulhw(v[d + 1], v[s + 1]);
    }

    public static void pmulhuw(long[] v, int d, int s) {
        v[d] = Mmx.pmulhuw(v[d], v[s]);
        v[d + 1] = Mmx.pmulhuw(v[d + 1], v[s + 1]);
    }

    public static void pmulhrsw(long[] v, int d, int s) {
        v[d] = Mmx.pmulhrsw(v[d], v[s]);
        v[d + 1] = Mmx.pmulhrsw(v[d + 1], v[s + 1]);
    }

    public static void pmaddwd(long[] v, int d, int s) {
        v[d] = Mmx.pmaddwd(v[d], v[s]);
        v[d + 1] = Mmx.pmaddwd(v[d + 1], v[s + 1]);
    }

    public static void pmaddubsw(long[] v, int d, int s) {
        v[d] = Mmx.pmaddubsw(v[d], v[s]);
        v[d + 1] = Mmx.pmaddubsw(v[d + 1], v[s + 1]);
    }

    public static void pmuludq(long[] v, int d, int s) {
        v[d] = Mmx.pmuludq(v[d], v[s]);
        v[d + 1] = Mmx.pmuludq(v[d + 1], v[s + 1]);
    }

    public static void pmuldq(long[] v, int d, int s) {
        v[d] = Mmx.pmuldq(v[d], v[s]);
        v[d + 1] = Mmx.pmuldq(v[d + 1], v[s + 1]);
    }

    public static void pmulld(long[] v, int d, int s) {
        v[d] = Mmx.pmulld(v[d], v[s]);
        v[d + 1] = Mmx.pmulld(v[d + 1], v[s + 1]);
    }

    public static void psadbw(long[] v, int d, int s) {
        v[d] = Mmx.psadbw(v[d], v[s]);
        v[d + 1] = Mmx.psadbw(v[d + 1], v[s + 1]);
    }

    public static void pabsb(long[] v, int d, int s) {
        v[d] = Mmx.pabsb(v[s]);
        v[d + 1] = Mmx.pabsb(v[s + 1]);
    }

    public static void pabsw(long[] v, int d, int s) {
        v[d] = Mmx.pabsw(v[s]);
        v[d + 1] = Mmx.pabsw(v[s + 1]);
    }

    public static void pabsd(long[] v, int d, int s) {
        v[d] = Mmx.pabsd(v[s]);
        v[d + 1] = Mmx.pabsd(v[s + 1]);
    }

    public static void psignb(long[] v, int d, int s) {
        v[d] = Mmx.psignb(v[d], v[s]);
        v[d + 1] = Mmx.psignb(v[d + 1], v[s + 1]);
    }

    public static void psignw(long[] v, int d, int s) {
        v[d] = Mmx.psignw(v[d], v[s]);
        v[d + 1] = Mmx.psignw(v[d + 1], v[s + 1]);
    }

    public static void psignd(long[] v, int d, int s) {
        v[d] = Mmx.psignd(v[d], v[s]);
        v[d + 1] = Mmx.psignd(v[d + 1], v[s + 1]);
    }

    public static void phaddw(long[] v, int d, int s) {
        long low = Mmx.phaddw(v[d], v[d + 1]);
        v[d + 1] = Mmx.phaddw(v[s], v[s + 1]);
        v[d] = low;
    }

    public static void phaddd(long[] v, int d, int s) {
        long low = Mmx.phaddd(v[d], v[d + 1]);
        v[d + 1] = Mmx.phaddd(v[s], v[s + 1]);
        v[d] = low;
    }

    public static void phaddsw(long[] v, int d, int s) {
        long low = Mmx.phaddsw(v[d], v[d + 1]);
        v[d + 1] = Mmx.phaddsw(v[s], v[s + 1]);
        v[d] = low;
    }

    public static void phsubw(long[] v, int d, int s) {
        long low = Mmx.phsubw(v[d], v[d + 1]);
        v[d + 1] = Mmx.phsubw(v[s], v[s + 1]);
        v[d] = low;
    }

    public static void phsubd(long[] v, int d, int s) {
        long low = Mmx.phsubd(v[d], v[d + 1]);
        v[d + 1] = Mmx.phsubd(v[s], v[s + 1]);
        v[d] = low;
    }

    public static void phsubsw(long[] v, int d, int s) {
        long low = Mmx.phsubsw(v[d], v[d + 1]);
        v[d + 1] = Mmx.phsubsw(v[s], v[s + 1]);
        v[d] = low;
    }

    public static void packsswb(long[] v, int d, int s) {
        long low = Mmx.packsswb(v[d], v[d + 1]);
        v[d + 1] = Mmx.packsswb(v[s], v[s + 1]);
        v[d] = low;
    }

    public static void packuswb(long[] v, int d, int s) {
        long low = Mmx.packuswb(v[d], v[d + 1]);
        v[d + 1] = Mmx.packuswb(v[s], v[s + 1]);
        v[d] = low;
    }

    public static void packssdw(long[] v, int d, int s) {
        long low = Mmx.packssdw(v[d], v[d + 1]);
        v[d + 1] = Mmx.packssdw(v[s], v[s + 1]);
        v[d] = low;
    }

    public static void packusdw(long[] v, int d, int s) {
        long low = Mmx.packusdw(v[d], v[d + 1]);
        v[d + 1] = Mmx.packusdw(v[s], v[s + 1]);
        v[d] = low;
    }

    public static void psllw(long[] v, int d, int s) {
        psllwBy(v, d, v[s]);
    }

    /// The form with an immediate count.
    public static void psllwBy(long[] v, int d, long count) {
        v[d] = Mmx.psllw(v[d], count);
        v[d + 1] = Mmx.psllw(v[d + 1], count);
    }

    public static void psrlw(long[] v, int d, int s) {
        psrlwBy(v, d, v[s]);
    }

    /// The form with an immediate count.
    public static void psrlwBy(long[] v, int d, long count) {
        v[d] = Mmx.psrlw(v[d], count);
        v[d + 1] = Mmx.psrlw(v[d + 1], count);
    }

    public static void psraw(long[] v, int d, int s) {
        psrawBy(v, d, v[s]);
    }

    /// The form with an immediate count.
    public static void psrawBy(long[] v, int d, long count) {
        v[d] = Mmx.psraw(v[d], count);
        v[d + 1] = Mmx.psraw(v[d + 1], count);
    }

    public static void pslld(long[] v, int d, int s) {
        pslldBy(v, d, v[s]);
    }

    /// The form with an immediate count.
    public static void pslldBy(long[] v, int d, long count) {
        v[d] = Mmx.pslld(v[d], count);
        v[d + 1] = Mmx.pslld(v[d + 1], count);
    }

    public static void psrld(long[] v, int d, int s) {
        psrldBy(v, d, v[s]);
    }

    /// The form with an immediate count.
    public static void psrldBy(long[] v, int d, long count) {
        v[d] = Mmx.psrld(v[d], count);
        v[d + 1] = Mmx.psrld(v[d + 1], count);
    }

    public static void psrad(long[] v, int d, int s) {
        psradBy(v, d, v[s]);
    }

    /// The form with an immediate count.
    public static void psradBy(long[] v, int d, long count) {
        v[d] = Mmx.psrad(v[d], count);
        v[d + 1] = Mmx.psrad(v[d + 1], count);
    }

    public static void psllq(long[] v, int d, int s) {
        psllqBy(v, d, v[s]);
    }

    /// The form with an immediate count.
    public static void psllqBy(long[] v, int d, long count) {
        v[d] = Mmx.psllq(v[d], count);
        v[d + 1] = Mmx.psllq(v[d + 1], count);
    }

    public static void psrlq(long[] v, int d, int s) {
        psrlqBy(v, d, v[s]);
    }

    /// The form with an immediate count.
    public static void psrlqBy(long[] v, int d, long count) {
        v[d] = Mmx.psrlq(v[d], count);
        v[d + 1] = Mmx.psrlq(v[d + 1], count);
    }

    /// By `imm` bytes.
    public static void pslldq(long[] v, int d, int imm) {
        long low = v[d];
        if (imm == 0) {
            return;
        }
        if (imm < 8) {
            v[d + 1] = v[d + 1] << 8 * imm | low >>> 64 - 8 * imm;
            v[d] = low << 8 * imm;
        } else {
            v[d + 1] = imm < 16 ? low << 8 * imm - 64 : 0;
            v[d] = 0;
        }
    }

    public static void psrldq(long[] v, int d, int imm) {
        long high = v[d + 1];
        if (imm == 0) {
            return;
        }
        if (imm < 8) {
            v[d] = v[d] >>> 8 * imm | high << 64 - 8 * imm;
            v[d + 1] = high >>> 8 * imm;
        } else {
            v[d] = imm < 16 ? high >>> 8 * imm - 64 : 0;
            v[d + 1] = 0;
        }
    }

    /// ZF when the AND is zero, CF when the AND with the destination's complement is; the others 0.
    public static int ptest(long[] v, int d, int s) {
        long and = v[d] & v[s] | v[d + 1] & v[s + 1];
        long andNot = ~v[d] & v[s] | ~v[d + 1] & v[s + 1];
        return (and == 0 ? FpControl.ZF : 0) | (andNot == 0 ? FpControl.CF : 0);
    }

    /// The smallest word and, in bits 18:16, which it is.
    public static void phminposuw(long[] v, int d, int s) {
        int best = 0x10000;
        int index = 0;
        for (int i = 0; i < 8; i++) {
            int word = (int) (v[s + (i >> 2)] >>> 16 * (i & 3)) & 0xffff;
            if (word < best) {
                best = word;
                index = i;
            }
        }
        v[d] = (long) index << 16 | best;
        v[d + 1] = 0;
    }

    public static void mpsadbw(long[] v, int d, int s, int imm) {
        int shift = 32 * (imm & 1);
        long block = v[s + (imm >> 1 & 1)] >>> shift & LOW;
        boolean fromHalf = (imm & 4) != 0;
        long x = fromHalf ? v[d] >>> 32 | v[d + 1] << 32 : v[d];
        long y = fromHalf ? v[d + 1] >>> 32 : v[d + 1];
        v[d] = sads(x, y, block);
        v[d + 1] = sads(x >>> 32 | y << 32, y >>> 32, block);
    }

    /// Sums of absolute differences of the block with the four bytes at 0 to 3 of y:x.
    private static long sads(long x, long y, long block) {
        long result = 0;
        for (int i = 0; i < 4; i++) {
            long bytes = (i == 0 ? x : x >>> 8 * i | y << 64 - 8 * i) & LOW;
            result |= Mmx.psadbw(bytes, block) << 16 * i;
        }
        return result;
    }
}
