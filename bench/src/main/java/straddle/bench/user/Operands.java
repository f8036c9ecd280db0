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
        return switch (random.nextInt(8)) {
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
