package straddle.tcg.x86.fp;

/// Packed and scalar floating-point arithmetic of SSE to SSE4.1 (SDM volume 1, chapters 10 to 12).
///
/// XMM register n is `v[2n]` (bits 63:0) and `v[2n + 1]` of a register file; `d` and `s` are such
/// indices. A memory operand is put into a spare register first. Each method returns true for an
/// unmasked exception, with the destination as it was: the caller raises #XM. Pure but for the
/// register file and MXCSR.
public final class Sse {
    private static final long LOW = 0xffff_ffffL;
    private static final long HIGH = LOW << 32;

    private Sse() {}

    private static boolean put(FpControl c, long[] v, int d, long low, long high) {
        if (c.raised != 0 && c.signals()) {
            return true;
        }
        v[d] = low;
        v[d + 1] = high;
        return false;
    }

    private static boolean putLow(FpControl c, long[] v, int d, long low) {
        if (c.raised != 0 && c.signals()) {
            return true;
        }
        v[d] = low;
        return false;
    }

    private static long pair(int low, int high) {
        return (long) high << 32 | low & LOW;
    }

    public static boolean addps(FpControl c, long[] v, int d, int s) {
        long low = Binary32.addPair(c, v[d], v[s]);
        long high = Binary32.addPair(c, v[d + 1], v[s + 1]);
        return put(c, v, d, low, high);
    }

    public static boolean addpd(FpControl c, long[] v, int d, int s) {
        long low = Binary64.add(c, v[d], v[s]);
        long high = Binary64.add(c, v[d + 1], v[s + 1]);
        return put(c, v, d, low, high);
    }

    public static boolean addss(FpControl c, long[] v, int d, int s) {
        int low = Binary32.add(c, (int) v[d], (int) v[s]);
        return putLow(c, v, d, v[d] & HIGH | low & LOW);
    }

    public static boolean addsd(FpControl c, long[] v, int d, int s) {
        return putLow(c, v, d, Binary64.add(c, v[d], v[s]));
    }

    public static boolean subps(FpControl c, long[] v, int d, int s) {
        long low = Binary32.subPair(c, v[d], v[s]);
        long high = Binary32.subPair(c, v[d + 1], v[s + 1]);
        return put(c, v, d, low, high);
    }

    public static boolean subpd(FpControl c, long[] v, int d, int s) {
        long low = Binary64.sub(c, v[d], v[s]);
        long high = Binary64.sub(c, v[d + 1], v[s + 1]);
        return put(c, v, d, low, high);
    }

    public static boolean subss(FpControl c, long[] v, int d, int s) {
        int low = Binary32.sub(c, (int) v[d], (int) v[s]);
        return putLow(c, v, d, v[d] & HIGH | low & LOW);
    }

    public static boolean subsd(FpControl c, long[] v, int d, int s) {
        return putLow(c, v, d, Binary64.sub(c, v[d], v[s]));
    }

    public static boolean mulps(FpControl c, long[] v, int d, int s) {
        long low = Binary32.mulPair(c, v[d], v[s]);
        long high = Binary32.mulPair(c, v[d + 1], v[s + 1]);
        return put(c, v, d, low, high);
    }

    public static boolean mulpd(FpControl c, long[] v, int d, int s) {
        long low = Binary64.mul(c, v[d], v[s]);
        long high = Binary64.mul(c, v[d + 1], v[s + 1]);
        return put(c, v, d, low, high);
    }

    public static boolean mulss(FpControl c, long[] v, int d, int s) {
        int low = Binary32.mul(c, (int) v[d], (int) v[s]);
        return putLow(c, v, d, v[d] & HIGH | low & LOW);
    }

    public static boolean mulsd(FpControl c, long[] v, int d, int s) {
        return putLow(c, v, d, Binary64.mul(c, v[d], v[s]));
    }

    public static boolean divps(FpControl c, long[] v, int d, int s) {
        long low = Binary32.divPair(c, v[d], v[s]);
        long high = Binary32.divPair(c, v[d + 1], v[s + 1]);
        return put(c, v, d, low, high);
    }

    public static boolean divpd(FpControl c, long[] v, int d, int s) {
        long low = Binary64.div(c, v[d], v[s]);
        long high = Binary64.div(c, v[d + 1], v[s + 1]);
        return put(c, v, d, low, high);
    }

    public static boolean divss(FpControl c, long[] v, int d, int s) {
        int low = Binary32.div(c, (int) v[d], (int) v[s]);
        return putLow(c, v, d, v[d] & HIGH | low & LOW);
    }

    public static boolean divsd(FpControl c, long[] v, int d, int s) {
        return putLow(c, v, d, Binary64.div(c, v[d], v[s]));
    }

    public static boolean minps(FpControl c, long[] v, int d, int s) {
        long low = Binary32.minPair(c, v[d], v[s]);
        long high = Binary32.minPair(c, v[d + 1], v[s + 1]);
        return put(c, v, d, low, high);
    }

    public static boolean minpd(FpControl c, long[] v, int d, int s) {
        long low = Binary64.min(c, v[d], v[s]);
        long high = Binary64.min(c, v[d + 1], v[s + 1]);
        return put(c, v, d, low, high);
    }

    public static boolean minss(FpControl c, long[] v, int d, int s) {
        int low = Binary32.min(c, (int) v[d], (int) v[s]);
        return putLow(c, v, d, v[d] & HIGH | low & LOW);
    }

    public static boolean minsd(FpControl c, long[] v, int d, int s) {
        return putLow(c, v, d, Binary64.min(c, v[d], v[s]));
    }

    public static boolean maxps(FpControl c, long[] v, int d, int s) {
        long low = Binary32.maxPair(c, v[d], v[s]);
        long high = Binary32.maxPair(c, v[d + 1], v[s + 1]);
        return put(c, v, d, low, high);
    }

    public static boolean maxpd(FpControl c, long[] v, int d, int s) {
        long low = Binary64.max(c, v[d], v[s]);
        long high = Binary64.max(c, v[d + 1], v[s + 1]);
        return put(c, v, d, low, high);
    }

    public static boolean maxss(FpControl c, long[] v, int d, int s) {
        int low = Binary32.max(c, (int) v[d], (int) v[s]);
        return putLow(c, v, d, v[d] & HIGH | low & LOW);
    }

    public static boolean maxsd(FpControl c, long[] v, int d, int s) {
        return putLow(c, v, d, Binary64.max(c, v[d], v[s]));
    }

    public static boolean sqrtps(FpControl c, long[] v, int d, int s) {
        long low = sqrtPair(c, v[s]);
        long high = sqrtPair(c, v[s + 1]);
        return put(c, v, d, low, high);
    }

    private static long sqrtPair(FpControl c, long x) {
        return pair(Binary32.sqrt(c, (int) x), Binary32.sqrt(c, (int) (x >>> 32)));
    }

    public static boolean sqrtpd(FpControl c, long[] v, int d, int s) {
        long low = Binary64.sqrt(c, v[s]);
        long high = Binary64.sqrt(c, v[s + 1]);
        return put(c, v, d, low, high);
    }

    public static boolean sqrtss(FpControl c, long[] v, int d, int s) {
        return putLow(c, v, d, v[d] & HIGH | Binary32.sqrt(c, (int) v[s]) & LOW);
    }

    public static boolean sqrtsd(FpControl c, long[] v, int d, int s) {
        return putLow(c, v, d, Binary64.sqrt(c, v[s]));
    }

    /// Only bits 2:0 of the predicate count; AVX's are [Avx#vcmpps] and its kin.
    public static boolean cmpps(FpControl c, long[] v, int d, int s, int predicate) {
        long low = Binary32.cmpPair(c, v[d], v[s], predicate & 7);
        long high = Binary32.cmpPair(c, v[d + 1], v[s + 1], predicate & 7);
        return put(c, v, d, low, high);
    }

    public static boolean cmppd(FpControl c, long[] v, int d, int s, int predicate) {
        long low = Binary64.cmp(c, v[d], v[s], predicate & 7);
        long high = Binary64.cmp(c, v[d + 1], v[s + 1], predicate & 7);
        return put(c, v, d, low, high);
    }

    public static boolean cmpss(FpControl c, long[] v, int d, int s, int predicate) {
        int low = Binary32.cmp(c, (int) v[d], (int) v[s], predicate & 7);
        return putLow(c, v, d, v[d] & HIGH | low & LOW);
    }

    public static boolean cmpsd(FpControl c, long[] v, int d, int s, int predicate) {
        return putLow(c, v, d, Binary64.cmp(c, v[d], v[s], predicate & 7));
    }

    /// ZF, PF and CF, the other arithmetic flags being 0; or [FpControl#UNMASKED].
    public static int comiss(FpControl c, long[] v, int d, int s) {
        return flags(c, Binary32.comi(c, (int) v[d], (int) v[s], true));
    }

    public static int ucomiss(FpControl c, long[] v, int d, int s) {
        return flags(c, Binary32.comi(c, (int) v[d], (int) v[s], false));
    }

    public static int comisd(FpControl c, long[] v, int d, int s) {
        return flags(c, Binary64.comi(c, v[d], v[s], true));
    }

    public static int ucomisd(FpControl c, long[] v, int d, int s) {
        return flags(c, Binary64.comi(c, v[d], v[s], false));
    }

    private static int flags(FpControl c, int flags) {
        return c.raised != 0 && c.signals() ? FpControl.UNMASKED : flags;
    }

    public static boolean addsubps(FpControl c, long[] v, int d, int s) {
        long low = addsubPair(c, v[d], v[s]);
        long high = addsubPair(c, v[d + 1], v[s + 1]);
        return put(c, v, d, low, high);
    }

    private static long addsubPair(FpControl c, long x, long y) {
        return pair(
                Binary32.sub(c, (int) x, (int) y),
                Binary32.add(c, (int) (x >>> 32), (int) (y >>> 32)));
    }

    public static boolean addsubpd(FpControl c, long[] v, int d, int s) {
        long low = Binary64.sub(c, v[d], v[s]);
        long high = Binary64.add(c, v[d + 1], v[s + 1]);
        return put(c, v, d, low, high);
    }

    public static boolean haddps(FpControl c, long[] v, int d, int s) {
        long low = haddPair(c, v[d], v[d + 1]);
        long high = haddPair(c, v[s], v[s + 1]);
        return put(c, v, d, low, high);
    }

    private static long haddPair(FpControl c, long x, long y) {
        return pair(
                Binary32.add(c, (int) x, (int) (x >>> 32)),
                Binary32.add(c, (int) y, (int) (y >>> 32)));
    }

    public static boolean haddpd(FpControl c, long[] v, int d, int s) {
        long low = Binary64.add(c, v[d], v[d + 1]);
        long high = Binary64.add(c, v[s], v[s + 1]);
        return put(c, v, d, low, high);
    }

    public static boolean hsubps(FpControl c, long[] v, int d, int s) {
        long low = hsubPair(c, v[d], v[d + 1]);
        long high = hsubPair(c, v[s], v[s + 1]);
        return put(c, v, d, low, high);
    }

    private static long hsubPair(FpControl c, long x, long y) {
        return pair(
                Binary32.sub(c, (int) x, (int) (x >>> 32)),
                Binary32.sub(c, (int) y, (int) (y >>> 32)));
    }

    public static boolean hsubpd(FpControl c, long[] v, int d, int s) {
        long low = Binary64.sub(c, v[d], v[d + 1]);
        long high = Binary64.sub(c, v[s], v[s + 1]);
        return put(c, v, d, low, high);
    }

    public static boolean roundps(FpControl c, long[] v, int d, int s, int imm) {
        long low = roundPair(c, v[s], imm);
        long high = roundPair(c, v[s + 1], imm);
        return put(c, v, d, low, high);
    }

    private static long roundPair(FpControl c, long x, int imm) {
        return pair(c.integral32((int) x, imm), c.integral32((int) (x >>> 32), imm));
    }

    public static boolean roundpd(FpControl c, long[] v, int d, int s, int imm) {
        long low = c.integral64(v[s], imm);
        long high = c.integral64(v[s + 1], imm);
        return put(c, v, d, low, high);
    }

    public static boolean roundss(FpControl c, long[] v, int d, int s, int imm) {
        return putLow(c, v, d, v[d] & HIGH | c.integral32((int) v[s], imm) & LOW);
    }

    public static boolean roundsd(FpControl c, long[] v, int d, int s, int imm) {
        return putLow(c, v, d, c.integral64(v[s], imm));
    }

    /// The sum of the products that bits 7:4 of `imm` choose, into the elements of bits 3:0. An
    /// exception that is unmasked stops at the step that found it (SDM volume 2, DPPS).
    public static boolean dpps(FpControl c, long[] v, int d, int s, int imm) {
        int p0 = (imm & 0x10) == 0 ? 0 : Binary32.mul(c, (int) v[d], (int) v[s]);
        int p1 = (imm & 0x20) == 0 ? 0 : Binary32.mul(c, (int) (v[d] >>> 32), (int) (v[s] >>> 32));
        int p2 = (imm & 0x40) == 0 ? 0 : Binary32.mul(c, (int) v[d + 1], (int) v[s + 1]);
        int p3 =
                (imm & 0x80) == 0
                        ? 0
                        : Binary32.mul(c, (int) (v[d + 1] >>> 32), (int) (v[s + 1] >>> 32));
        if (c.stops(0)) {
            return true;
        }
        int q0 = Binary32.add(c, p0, p1);
        int q1 = Binary32.add(c, p2, p3);
        if (c.stops(1)) {
            return true;
        }
        int sum = Binary32.add(c, q0, q1);
        long low = pair((imm & 1) == 0 ? 0 : sum, (imm & 2) == 0 ? 0 : sum);
        long high = pair((imm & 4) == 0 ? 0 : sum, (imm & 8) == 0 ? 0 : sum);
        return put(c, v, d, low, high);
    }

    public static boolean dppd(FpControl c, long[] v, int d, int s, int imm) {
        long p0 = (imm & 0x10) == 0 ? 0 : Binary64.mul(c, v[d], v[s]);
        long p1 = (imm & 0x20) == 0 ? 0 : Binary64.mul(c, v[d + 1], v[s + 1]);
        if (c.stops(0)) {
            return true;
        }
        long sum = Binary64.add(c, p0, p1);
        return put(c, v, d, (imm & 1) == 0 ? 0 : sum, (imm & 2) == 0 ? 0 : sum);
    }
}
