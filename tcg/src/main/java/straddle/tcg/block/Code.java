package straddle.tcg.block;

/// What a vCPU runs: a [Tb] or a region of several.
public interface Code {
    /// Whether it was translated from a byte in a range of guest-physical addresses.
    boolean overlaps(long from, long length);
}
