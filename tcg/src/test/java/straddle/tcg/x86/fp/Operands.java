package straddle.tcg.x86.fp;

import java.util.SplittableRandom;

/// Operands that find mistakes: edges, neighbours of edges, pairs that cancel, and anything.
final class Operands {
    private static final long[] EDGES64 = {
        0L,
        1L,
        2L,
        0x000f_ffff_ffff_ffffL,
        0x0008_0000_0000_0000L,
        0x0010_0000_0000_0000L,
        0x0010_0000_0000_0001L,
        0x0020_0000_0000_0000L,
        0x3ff0_0000_0000_0000L,
        0x3ff0_0000_0000_0001L,
        0x3fef_ffff_ffff_ffffL,
        0x3fe0_0000_0000_0000L,
        0x4000_0000_0000_0000L,
        0x4008_0000_0000_0000L,
        0x41df_ffff_ffc0_0000L,
        0x41df_ffff_ffe0_0000L,
        0x41e0_0000_0000_0000L,
        0x41e0_0000_0010_0000L,
        0x43df_ffff_ffff_ffffL,
        0x43e0_0000_0000_0000L,
        0x4330_0000_0000_0001L,
        0x4320_0000_0000_0001L,
        0x7fef_ffff_ffff_ffffL,
        0x7fe0_0000_0000_0000L,
        0x7ff0_0000_0000_0000L,
        0x7ff8_0000_0000_0000L,
        0x7ff8_0000_1234_5678L,
        0x7fff_ffff_ffff_ffffL,
        0x7ff0_0000_0000_0001L,
        0x7ff4_abcd_ef01_2345L,
        0x47ef_ffff_e000_0000L,
        0x47ef_ffff_f000_0000L,
        0x3810_0000_0000_0000L,
        0x380f_ffff_ffff_ffffL,
        0x36a0_0000_0000_0000L,
        0x3690_0000_0000_0000L,
        0x3690_0000_0000_0001L
    };
    private static final int[] EDGES32 = {
        0,
        1,
        2,
        0x007f_ffff,
        0x0040_0000,
        0x0080_0000,
        0x0080_0001,
        0x0100_0000,
        0x3f80_0000,
        0x3f80_0001,
        0x3f7f_ffff,
        0x3f00_0000,
        0x4000_0000,
        0x4040_0000,
        0x4eff_ffff,
        0x4f00_0000,
        0x4f00_0001,
        0x5eff_ffff,
        0x5f00_0000,
        0x4b00_0001,
        0x4a80_0001,
        0x7f7f_ffff,
        0x7f00_0000,
        0x7f80_0000,
        0x7fc0_0000,
        0x7fc1_2345,
        0x7fff_ffff,
        0x7f80_0001,
        0x7fa5_4321
    };
    private static final long[] EDGES_INTEGER = {
        0,
        1,
        -1,
        2,
        0x7f,
        0x80,
        0xff,
        0x7fff,
        0x8000,
        0xffff,
        Integer.MAX_VALUE,
        Integer.MIN_VALUE,
        0xffff_ffffL,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        0x0102_0304_0506_0708L,
        0x8080_8080_8080_8080L,
        0x7fff_8000_7fff_8000L,
        0x0020_0001_0000_0000L
    };

    private final SplittableRandom random;

    Operands(long seed) {
        random = new SplittableRandom(seed);
    }

    int below(int bound) {
        return random.nextInt(bound);
    }

    long bits() {
        return random.nextLong();
    }

    long binary64() {
        return switch (random.nextInt(8)) {
            case 0, 1, 2 -> EDGES64[random.nextInt(EDGES64.length)] ^ random.nextLong() & 1L << 63;
            case 3 -> random.nextLong();
            case 4 -> Double.doubleToRawLongBits((double) random.nextInt(-1000, 1000));
            case 5 ->
                    Double.doubleToRawLongBits(
                            (random.nextDouble() - 0.5) * Math.scalb(1.0, random.nextInt(70)));
            case 6 -> random.nextLong() & 0x800f_ffff_ffff_ffffL | tinyOrHuge(0x7ff) << 52;
            default -> Double.doubleToRawLongBits((random.nextDouble() - 0.5) * 4);
        };
    }

    private long tinyOrHuge(int maximum) {
        return random.nextBoolean() ? random.nextInt(60) : maximum - random.nextInt(60);
    }

    int binary32() {
        return switch (random.nextInt(8)) {
            case 0, 1, 2 -> EDGES32[random.nextInt(EDGES32.length)] ^ random.nextInt() & 1 << 31;
            case 3 -> random.nextInt();
            case 4 -> Float.floatToRawIntBits((float) random.nextInt(-1000, 1000));
            case 5 ->
                    Float.floatToRawIntBits(
                            ((float) random.nextDouble() - 0.5f)
                                    * Math.scalb(1f, random.nextInt(70)));
            case 6 -> random.nextInt() & 0x807f_ffff | (int) tinyOrHuge(0xff) << 23;
            default -> Float.floatToRawIntBits((float) (random.nextDouble() - 0.5) * 4);
        };
    }

    long integers() {
        return switch (random.nextInt(6)) {
            case 0 -> EDGES_INTEGER[random.nextInt(EDGES_INTEGER.length)];
            case 1 -> random.nextLong() & Long.rotateLeft(random.nextLong(), 1);
            case 2 -> random.nextInt(70);
            default -> random.nextLong();
        };
    }

    long halves() {
        if (random.nextBoolean()) {
            return random.nextLong();
        }
        return (long) nearHalf() << 32 | nearHalf() & 0xffff_ffffL;
    }

    private int nearHalf() {
        int exponent = random.nextInt(127 - 30, 127 + 18);
        int cut = random.nextBoolean() ? -1 : -1 << random.nextInt(23);
        return random.nextInt() & (0x807f_ffff & cut | Integer.MIN_VALUE) | exponent << 23;
    }

    long text() {
        long x = random.nextLong() & 0x8303_0303_0383_0303L;
        return switch (random.nextInt(4)) {
            case 0 -> x & 0x00ff_00ff_00ff_00ffL;
            case 1 -> x | 0x0101_0101_0101_0101L;
            case 2 -> x | 0x0404_0404_0404_0404L;
            default -> x;
        };
    }

    long length() {
        return random.nextInt(8) == 0 ? integers() : random.nextInt(-20, 20);
    }

    /// A number near another one: the same, its negative, or a few units in the last place off.
    long near(long x, int lane) {
        long offset = random.nextInt(-2, 3);
        long flip = random.nextBoolean() ? 1L << lane - 1 : 0;
        return lane == 64 ? x + offset ^ flip : (int) (x + offset) ^ flip;
    }

    /// MXCSR with every exception masked and anything else in it, most often as programs have it.
    int mxcsr() {
        int flags = random.nextInt(4) == 0 ? 0 : random.nextInt(64);
        int mode = random.nextInt(3) == 0 ? 0 : random.nextInt(1 << 16) & 0xe040;
        return 0x1f80 | flags | mode;
    }

    private static final int[] EXPONENTS80 = {
        0, 1, 2, 0x3f80, 0x3f81, 0x3c00, 0x3c01, 0x3bcc, 0x3bcd, 0x3f6a, 0x3ffe, 0x3fff, 0x4000,
        0x400e, 0x401e, 0x403e, 0x403d, 0x4039, 0x407e, 0x407f, 0x43fe, 0x43ff, 0x7ffe, 0x7fff
    };
    private static final long[] SIGNIFICANDS80 = {
        0L,
        1L,
        1L << 62,
        3L << 62,
        1L << 63,
        (1L << 63) + 1,
        -1L,
        -1L << 11,
        -1L << 10,
        -1L << 40,
        -1L << 39,
        Long.MAX_VALUE,
        (1L << 63) + 0x400,
        0xc90f_daa2_2168_c235L,
        (1L << 63) + (1L << 39),
        0x9000_0000_0000_0000L
    };

    /// Sign and exponent of an extended number; most often one that fits the significand's integer
    /// bit.
    int exponent80() {
        int sign = random.nextInt() & 0x8000;
        return sign
                | switch (random.nextInt(8)) {
                    case 0, 1, 2 -> EXPONENTS80[random.nextInt(EXPONENTS80.length)];
                    case 3 -> random.nextInt(0x8000);
                    case 4 -> random.nextInt(0x3fff - 70, 0x3fff + 70);
                    default -> random.nextInt(0x3fff - 4, 0x3fff + 5);
                };
    }

    int moderateExponent80() {
        return random.nextInt() & 0x8000 | random.nextInt(0x3fff - 12, 0x3fff + 6);
    }

    long significand80(int exponent) {
        long any =
                switch (random.nextInt(4)) {
                    case 0 -> SIGNIFICANDS80[random.nextInt(SIGNIFICANDS80.length)];
                    case 1 -> random.nextLong() << random.nextInt(64);
                    default -> random.nextLong();
                };
        if (random.nextInt(40) == 0) {
            return any;
        }
        return (exponent & 0x7fff) == 0 ? any & Long.MAX_VALUE : any | Long.MIN_VALUE;
    }
}
