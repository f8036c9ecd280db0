package straddle.tcg.a64;

/// CRC32 and CRC32C (Arm ARM DDI 0487, C6.2, "CRC32B" and following), a byte at a time by table.
public final class Checksums {
    /// The polynomials with their bits reversed.
    private static final int[] ISO = table(0xedb8_8320);

    private static final int[] CASTAGNOLI = table(0x82f6_3b78);

    private Checksums() {}

    private static int[] table(int polynomial) {
        int[] table = new int[256];
        for (int i = 0; i < table.length; i++) {
            int crc = i;
            for (int bit = 0; bit < 8; bit++) {
                crc = crc >>> 1 ^ (crc & 1) * polynomial;
            }
            table[i] = crc;
        }
        return table;
    }

    /// @param value its lower `bytes` count
    public static long crc(boolean castagnoli, long before, long value, int bytes) {
        int[] table = castagnoli ? CASTAGNOLI : ISO;
        int crc = (int) before;
        for (int i = 0; i < bytes; i++) {
            crc = crc >>> 8 ^ table[(crc ^ (int) (value >>> 8 * i)) & 0xff];
        }
        return crc & 0xffff_ffffL;
    }
}
