package straddle.tcg.op;

import straddle.tcg.Cpu;
import straddle.tcg.mmu.Raw;
import straddle.tcg.mmu.Tlb;

/// What emitted regions call: small enough for HotSpot to inline all of it.
///
/// The TLB's address is passed along, so that C2 need not read it again after each store.
public final class RegionRuntime {
    private RegionRuntime() {}

    public static long load8(long virtual, Cpu c, long tlb) {
        long entry = Tlb.entry(tlb, virtual);
        return Raw.getLong(entry + Tlb.READ) == (virtual & -4096)
                ? Raw.getByte(virtual + Raw.getLong(entry + Tlb.ADDEND)) & 0xffL
                : c.loadSlowly(virtual, 1);
    }

    public static long load16(long virtual, Cpu c, long tlb) {
        long entry = Tlb.entry(tlb, virtual);
        return Raw.getLong(entry + Tlb.READ) == (virtual + 1 & -4096)
                ? Raw.getShort(virtual + Raw.getLong(entry + Tlb.ADDEND)) & 0xffffL
                : c.loadSlowly(virtual, 2);
    }

    public static long load32(long virtual, Cpu c, long tlb) {
        long entry = Tlb.entry(tlb, virtual);
        return Raw.getLong(entry + Tlb.READ) == (virtual + 3 & -4096)
                ? Raw.getInt(virtual + Raw.getLong(entry + Tlb.ADDEND)) & 0xffff_ffffL
                : c.loadSlowly(virtual, 4);
    }

    public static long load64(long virtual, Cpu c, long tlb) {
        long entry = Tlb.entry(tlb, virtual);
        return Raw.getLong(entry + Tlb.READ) == (virtual + 7 & -4096)
                ? Raw.getLong(virtual + Raw.getLong(entry + Tlb.ADDEND))
                : c.loadSlowly(virtual, 8);
    }

    public static void store8(long virtual, long value, Cpu c, long tlb) {
        long entry = Tlb.entry(tlb, virtual);
        if (Raw.getLong(entry + Tlb.WRITE) == (virtual & -4096)) {
            Raw.putByte(virtual + Raw.getLong(entry + Tlb.ADDEND), (byte) value);
        } else {
            c.storeSlowly(virtual, 1, value);
        }
    }

    public static void store16(long virtual, long value, Cpu c, long tlb) {
        long entry = Tlb.entry(tlb, virtual);
        if (Raw.getLong(entry + Tlb.WRITE) == (virtual + 1 & -4096)) {
            Raw.putShort(virtual + Raw.getLong(entry + Tlb.ADDEND), (short) value);
        } else {
            c.storeSlowly(virtual, 2, value);
        }
    }

    public static void store32(long virtual, long value, Cpu c, long tlb) {
        long entry = Tlb.entry(tlb, virtual);
        if (Raw.getLong(entry + Tlb.WRITE) == (virtual + 3 & -4096)) {
            Raw.putInt(virtual + Raw.getLong(entry + Tlb.ADDEND), (int) value);
        } else {
            c.storeSlowly(virtual, 4, value);
        }
    }

    public static void store64(long virtual, long value, Cpu c, long tlb) {
        long entry = Tlb.entry(tlb, virtual);
        if (Raw.getLong(entry + Tlb.WRITE) == (virtual + 7 & -4096)) {
            Raw.putLong(virtual + Raw.getLong(entry + Tlb.ADDEND), value);
        } else {
            c.storeSlowly(virtual, 8, value);
        }
    }

    /// Where other vCPUs run too, x86's order between accesses: none comes before an earlier load, ...
    public static void afterLoad() {
        Raw.loadFence();
    }

    /// ... and no store before any earlier access (SDM volume 3, 10.2.2).
    public static void beforeStore() {
        Raw.storeFence();
    }

    public static int carry(int kind, long result, long a, long b) {
        return Flags.carry(kind, result, a, b) ? 1 : 0;
    }

    public static int condition(int kind, long result, long a, long b, int cond) {
        return Cond.test(kind, result, a, b, cond) ? 1 : 0;
    }

    public static int equals(long a, long b) {
        return a == b ? 1 : 0;
    }

    public static int isLess(long a, long b) {
        return a < b ? 1 : 0;
    }

    public static int isAtLeast(long a, long b) {
        return a >= b ? 1 : 0;
    }

    public static int isAtMost(long a, long b) {
        return a <= b ? 1 : 0;
    }

    public static long choose(long yes, long no, int condition) {
        return condition != 0 ? yes : no;
    }

    public static long equal(long a, long b) {
        return a == b ? 1 : 0;
    }

    /// The flags before, with carry and overflow replaced: what rotates leave.
    ///
    /// @param rotated the zero-extended result
    /// @param rotation its width in bits times 2, plus 1 if to the left
    public static long rotated(int kind, long result, long a, long b, long rotated, long rotation) {
        int bits = (int) rotation >>> 1;
        long top = rotated >>> bits - 1 & 1;
        boolean left = (rotation & 1) != 0;
        long carry = left ? rotated & 1 : top;
        long overflow = top ^ (left ? carry : rotated >>> bits - 2 & 1);
        long others = Arith.eager(kind, result, a, b) & ~(Flags.CF | Flags.OF);
        return others | (carry != 0 ? Flags.CF : 0) | (overflow != 0 ? Flags.OF : 0);
    }

    /// The flags before, with another carry.
    public static long withCarry(int kind, long result, long a, long b, long carry) {
        return Arith.eager(kind, result, a, b) & ~Flags.CF | carry & 1;
    }

    /// The number of the lowest bit that is set, or `otherwise` if there is none.
    public static long lowestBit(long value, long otherwise) {
        return value == 0 ? otherwise : Long.numberOfTrailingZeros(value);
    }

    /// The number of the highest bit that is set, or `otherwise` if there is none.
    public static long highestBit(long value, long otherwise) {
        return value == 0 ? otherwise : 63 - Long.numberOfLeadingZeros(value);
    }

    public static long bitCount(long value) {
        return Long.bitCount(value);
    }
}
