package straddle.tcg.simd;

/// Constants that instructions have in 8 bits and a few that say how they are spread (pseudocode AdvSIMDExpandImm and VFPExpandImm).
public final class Constants {
    private Constants() {}

    /// Half a vector. Reserved combinations are the caller's to know.
    public static long expand(int op, int cmode, int imm8) {
        return switch (cmode >>> 1) {
            case 0, 1, 2, 3 -> LaneRuntime.each((long) imm8 << 8 * (cmode >>> 1), 2);
            case 4, 5 -> LaneRuntime.each((long) imm8 << 8 * (cmode >>> 1 & 1), 1);
            case 6 -> {
                int shift = (cmode & 1) != 0 ? 16 : 8;
                yield LaneRuntime.each((long) imm8 << shift | (1L << shift) - 1, 2);
            }
            default -> {
                if (cmode == 14) {
                    yield op == 0 ? LaneRuntime.each(imm8, 0) : spread(imm8);
                }
                yield op == 0 ? LaneRuntime.each(number(false, imm8), 2) : number(true, imm8);
            }
        };
    }

    /// Whether the constant is or'ed to the register, or cleared in it.
    public static boolean combines(int cmode) {
        return cmode < 12 && (cmode & 1) != 0;
    }

    /// Whether a constant that replaces the register is inverted first.
    public static boolean isInverted(int op, int cmode) {
        return op != 0 && cmode < 14;
    }

    /// Each bit as a byte.
    private static long spread(long imm8) {
        long value = 0;
        for (int i = 0; i < 8; i++) {
            value |= (imm8 >>> i & 1) != 0 ? 0xffL << 8 * i : 0;
        }
        return value;
    }

    /// A floating-point number.
    public static long number(boolean dbl, int imm8) {
        long bits = imm8;
        long sign = bits >>> 7;
        long b = bits >>> 6 & 1;
        long low = bits & 63;
        return dbl
                ? sign << 63 | (b ^ 1) << 62 | (b == 0 ? 0 : 0xffL << 54) | low << 48
                : sign << 31 | (b ^ 1) << 30 | (b == 0 ? 0 : 0x1fL << 25) | low << 19;
    }
}
