package straddle.tcg.op;

import straddle.tcg.Cpu;

/// An effective address: ((base + (index << scale) + displacement) & mask) + segment base, each part but
/// the displacement by slot; a part that is absent names a slot that always holds 0.
///
/// @param mask the guest's address size: all ones, 0xffff_ffff or 0xffff
/// @param linearMask what the sum with the segment base is cut to: all ones in 64-bit mode, else 0xffff_ffff
public record Ea(
        int base,
        int index,
        int scale,
        long displacement,
        long mask,
        int segment,
        long linearMask) {
    /// The offset within the segment.
    public long offset(Cpu c) {
        long[] r = c.r;
        return r[base] + (r[index] << scale) + displacement & mask;
    }

    /// The virtual (x86: linear) address.
    public long address(Cpu c) {
        long[] r = c.r;
        return (r[base] + (r[index] << scale) + displacement & mask) + r[segment] & linearMask;
    }

    @Override
    public String toString() {
        return "[s%d + r%d + r%d<<%d + 0x%x]".formatted(segment, base, index, scale, displacement);
    }
}
