package straddle.tcg.op;

/// Parts of register slots. A register operand is a slot number, or'ed with [#HIGH] for bits 8 to 15 of it.
public final class Reg {
    public static final int HIGH = 0x100;

    private static final int SLOT = 0xff;

    private Reg() {}

    /// The low `width` bytes, zero-extended.
    public static long get(long[] r, int reg, int width) {
        return switch (width) {
            case 1 -> r[reg & SLOT] >>> (reg >>> 5 & 8) & 0xff;
            case 2 -> r[reg] & 0xffff;
            case 4 -> r[reg] & 0xffff_ffffL;
            default -> r[reg];
        };
    }

    /// Sets the low `width` bytes: 4 clear the upper half as x86-64 does, 1 and 2 leave the rest.
    public static void set(long[] r, int reg, int width, long value) {
        switch (width) {
            case 1 -> {
                int shift = reg >>> 5 & 8;
                r[reg & SLOT] = r[reg & SLOT] & ~(0xffL << shift) | (value & 0xff) << shift;
            }
            case 2 -> r[reg] = r[reg] & ~0xffffL | value & 0xffff;
            case 4 -> r[reg] = value & 0xffff_ffffL;
            default -> r[reg] = value;
        }
    }

    /// Sign-extends the low `width` bytes.
    public static long signed(long value, int width) {
        int shift = 64 - 8 * width;
        return value << shift >> shift;
    }

    /// Zero-extends the low `width` bytes.
    public static long unsigned(long value, int width) {
        return width == 8 ? value : value & (1L << 8 * width) - 1;
    }
}
