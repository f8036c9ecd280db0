package straddle.bench.user;

import java.util.SplittableRandom;

/// Values that instructions are likely to treat in a way of their own.
final class Operands {
    private static final int[] SINGLES = {
        0, 1, 0x7f_ffff, 0x80_0000, 0x7f7f_ffff, 0x7f80_0000, 0x7fa0_0000, 0x7fc0_0001
    };
    private static final long[] DOUBLES = {
        0,
        1,
        0xf_ffff_ffff_ffffL,
        0x7fef_ffff_ffff_ffffL,
        0x7ff0_0000_0000_0000L,
        0x7ff4_0000_0000_0000L,
        0x7ff8_0000_0000_0001L,
        0x0010_0000_0000_0000L
    };

    private Operands() {}

    static int word(SplittableRandom random) {
        return switch (random.nextInt(6)) {
            case 0 -> random.nextInt(-4, 5);
            case 1 -> Integer.MIN_VALUE + random.nextInt(3);
            case 2 -> Integer.MAX_VALUE - random.nextInt(3);
            case 3 -> random.nextInt() >> random.nextInt(32);
            default -> random.nextInt();
        };
    }

    /// A double, or two singles.
    static long floats(SplittableRandom random) {
        return switch (random.nextInt(11)) {
            case 8 -> threshold(random);
            case 9 -> pair(thresholdSingle(random), thresholdSingle(random));
            case 10 -> Double.doubleToRawLongBits((float) random.nextDouble(-9, 9));
            case 0 -> random.nextLong();
            case 1 -> pair(word(random), word(random));
            case 2 -> Double.doubleToRawLongBits(random.nextInt(-5, 6));
            case 3 -> Double.doubleToRawLongBits(random.nextDouble(-3e9, 3e9));
            case 4 -> Double.doubleToRawLongBits(Math.scalb(1.0, random.nextInt(-1080, 1024)));
            case 5 -> pair(random.nextInt(), Float.floatToRawIntBits(random.nextInt(-9, 9)));
            case 6 ->
                    pair(
                            special(random),
                            Float.floatToRawIntBits((float) random.nextDouble(-1e5, 1e5)));
            default ->
                    random.nextInt(2) == 0 ? pair(special(random), special(random)) : wide(random);
        };
    }

    /// One whose products, quotients and sums with others lie where numbers overflow, underflow, or stand halfway between two.
    private static long threshold(SplittableRandom random) {
        int[] exponents = {-1074, -1023, -1022, -1021, -537, -512, -511, -1, 0, 53, 511, 512, 1023};
        int exponent = exponents[random.nextInt(exponents.length)] + random.nextInt(2);
        long fraction = fraction(random, 52);
        return (long) Math.clamp(exponent + 1023, 0, 2046) << 52
                | fraction
                | random.nextLong() & 1L << 63;
    }

    private static int thresholdSingle(SplittableRandom random) {
        int[] exponents = {-149, -127, -126, -125, -75, -64, -63, -1, 0, 24, 63, 64, 127};
        int exponent = exponents[random.nextInt(exponents.length)] + random.nextInt(2);
        int fraction = (int) fraction(random, 23);
        return Math.clamp(exponent + 127, 0, 254) << 23 | fraction | random.nextInt() & 1 << 31;
    }

    private static long fraction(SplittableRandom random, int bits) {
        long all = (1L << bits) - 1;
        return switch (random.nextInt(5)) {
            case 0 -> 0;
            case 1 -> all - random.nextInt(2);
            case 2 -> 1 + random.nextInt(2);
            case 3 -> 1L << random.nextInt(bits);
            default -> random.nextLong() & all;
        };
    }

    private static long pair(int high, int low) {
        return (long) high << 32 | low & 0xffff_ffffL;
    }

    private static int special(SplittableRandom random) {
        return SINGLES[random.nextInt(SINGLES.length)] | random.nextInt(2) << 31;
    }

    private static long wide(SplittableRandom random) {
        return DOUBLES[random.nextInt(DOUBLES.length)] | (long) random.nextInt(2) << 63;
    }
}
