package straddle.bench.differential;

import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/// Operands where arithmetic goes wrong: 0, ±1, extremes, sign boundaries; for floating point also
/// denormals, NaNs, infinities and halfway cases.
final class EdgeValues {
    private static final int[] COUNTS = {
        0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 128, 255
    };
    private static final int[] FLOATS = {
        0,
        0x8000_0000,
        0x3f80_0000,
        0xbf80_0000,
        1,
        0x8000_0001,
        0x007f_ffff,
        0x0080_0000,
        0x7f7f_ffff,
        0xff7f_ffff,
        0x7f80_0000,
        0xff80_0000,
        0x7fc0_0000,
        0xffc0_0000,
        0x7f80_0001,
        0xffbf_ffff,
        0x4f00_0000,
        0xcf00_0000,
        0x5f00_0000,
        0xdf00_0000,
        0x3f00_0000,
        0x3fc0_0000,
        0x4020_0000,
        0x4b00_0001,
        0x3f7f_ffff,
        0x4f80_0000,
    };
    private static final long[] DOUBLES = {
        0,
        1L << 63,
        0x3ff0_0000_0000_0000L,
        0xbff0_0000_0000_0000L,
        1,
        0x8000_0000_0000_0001L,
        0x000f_ffff_ffff_ffffL,
        0x0010_0000_0000_0000L,
        0x7fef_ffff_ffff_ffffL,
        0xffef_ffff_ffff_ffffL,
        0x7ff0_0000_0000_0000L,
        0xfff0_0000_0000_0000L,
        0x7ff8_0000_0000_0000L,
        0xfff8_0000_0000_0000L,
        0x7ff0_0000_0000_0001L,
        0xfff7_ffff_ffff_ffffL,
        0x41df_ffff_ffc0_0000L,
        0x41e0_0000_0000_0000L,
        0xc1e0_0000_0000_0000L,
        0xc1e0_0000_0020_0000L,
        0x43e0_0000_0000_0000L,
        0xc3e0_0000_0000_0000L,
        0x3fe0_0000_0000_0000L,
        0x3ff8_0000_0000_0000L,
        0x4004_0000_0000_0000L,
        0x4330_0000_0000_0001L,
        0x3810_0000_0000_0000L,
        0x36a0_0000_0000_0000L,
        0x47ef_ffff_f000_0000L,
    };

    private EdgeValues() {}

    static long integer(SplittableRandom random) {
        int bits = 8 << random.nextInt(4);
        long top = 1L << bits - 1;
        return switch (random.nextInt(12)) {
            case 0 -> 0;
            case 1 -> 1;
            case 2 -> -1;
            case 3 -> top;
            case 4 -> top - 1;
            case 5 -> -top;
            case 6 -> -top - 1;
            case 7 -> top + top - 1;
            case 8 -> random.nextInt(256) - 128;
            case 9 -> 1L << random.nextInt(64);
            case 10 -> random.nextInt();
            default -> random.nextLong();
        };
    }

    static int count(SplittableRandom random) {
        return random.nextInt(3) == 0 ? random.nextInt(256) : COUNTS[random.nextInt(COUNTS.length)];
    }

    static int single(SplittableRandom random) {
        return switch (random.nextInt(4)) {
            case 0, 1 -> FLOATS[random.nextInt(FLOATS.length)];
            case 2 -> Float.floatToRawIntBits((float) (random.nextInt(2001) - 1000) / 8);
            default -> random.nextInt();
        };
    }

    static long wide(SplittableRandom random) {
        return switch (random.nextInt(4)) {
            case 0, 1 -> DOUBLES[random.nextInt(DOUBLES.length)];
            case 2 -> Double.doubleToRawLongBits((random.nextInt(2001) - 1000) / 8.0);
            default -> random.nextLong();
        };
    }

    /// Fills 16 bytes with lanes of one kind.
    static void vector(SplittableRandom random, ByteBuffer to, int at) {
        switch (random.nextInt(4)) {
            case 0 -> {
                for (int i = 0; i < 4; i++) {
                    to.putInt(at + i * 4, single(random));
                }
            }
            case 1 -> {
                to.putLong(at, wide(random));
                to.putLong(at + 8, wide(random));
            }
            case 2 -> {
                to.putLong(at, integer(random));
                to.putLong(at + 8, integer(random));
            }
            default -> {
                to.putLong(at, random.nextLong());
                to.putLong(at + 8, random.nextLong());
            }
        }
    }

    /// Fills 10 bytes with an extended-precision number: SDM volume 1, table 8-3 has the kinds.
    static void extended(SplittableRandom random, ByteBuffer to, int at) {
        int sign = random.nextInt(2) << 15;
        long integerBit = 1L << 63;
        int exponent;
        long significand;
        switch (random.nextInt(10)) {
            case 0 -> {
                exponent = 0;
                significand = 0;
            }
            case 1 -> {
                exponent = 0x3fff;
                significand = integerBit;
            }
            case 2 -> {
                exponent = 0x7fff;
                significand = integerBit;
            }
            case 3 -> {
                exponent = 0x7fff;
                significand = integerBit | random.nextLong();
            }
            case 4 -> {
                exponent = 0;
                significand = random.nextLong() >>> 1 + random.nextInt(62);
            }
            case 5 -> {
                exponent = random.nextInt(2) == 0 ? 1 : 0x7ffe;
                significand = integerBit | random.nextLong();
            }
            case 6 -> {
                exponent = 0x3fff + random.nextInt(66);
                significand = integerBit | random.nextLong() << random.nextInt(64);
            }
            case 7 -> {
                exponent = random.nextInt(0x8000);
                significand = random.nextLong();
            }
            default -> {
                exponent = 0x3fff + random.nextInt(129) - 64;
                significand = integerBit | random.nextLong();
            }
        }
        to.putLong(at, significand);
        to.putShort(at + 8, (short) (sign | exponent));
    }
}
