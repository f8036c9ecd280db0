package straddle.tcg.a64;

/// Bitmask immediates (Arm ARM DDI 0487, "DecodeBitMasks").
final class BitMasks {
    private BitMasks() {}

    /// The constant of a logical instruction, sign-extended from 32 bits where it has as many; 0 if the encoding is
    /// reserved, which no constant is.
    static long decode(int n, int imms, int immr, boolean wide) {
        if (!wide && n != 0) {
            return 0;
        }
        int length = 31 - Integer.numberOfLeadingZeros(n << 6 | ~imms & 0x3f);
        if (length < 1) {
            return 0;
        }
        int size = 1 << length;
        int ones = (imms & size - 1) + 1;
        if (ones == size) {
            return 0;
        }
        int rotation = immr & size - 1;
        long element = -1L >>> 64 - ones;
        if (rotation != 0) {
            element = element >>> rotation | element << size - rotation;
            element &= -1L >>> 64 - size;
        }
        for (int filled = size; filled < 64; filled *= 2) {
            element |= element << filled;
        }
        return wide ? element : (int) element;
    }
}
