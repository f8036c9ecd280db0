package straddle.devices.input;

import java.util.HexFormat;

/// How an 8042 translates set 2 to set 1 (IBM PS/2 Hardware Interface Technical Reference, "Keyboard and
/// auxiliary device controller", table of the translate mode), and back.
final class ScanCodes {
    /// What precedes a key's release in set 2.
    static final int BREAK_2 = 0xf0;

    /// The bit of a key's release in set 1.
    static final int BREAK_1 = 0x80;

    static final int EXTENDED = 0xe0;

    /// By set 2's code, 0 to 0x7f.
    private static final byte[] TO_SET_1 =
            HexFormat.of()
                    .parseHex(
                            "ff43413f3d3b3c58644442403e0f2959"
                                    + "65382a701d10025a66712c1f1e11035b"
                                    + "672e2d201205045c68392f211413065d"
                                    + "693130232215075e6a7232241608095f"
                                    + "6b332517180b0a606c34352627190c61"
                                    + "6d7328741a0d626e3a361c1b752b6376"
                                    + "55567778797a0e7b7c4f7d4b477e7f6f"
                                    + "5253504c4d48014557"
                                    + "4e514a37494654");

    private static final int F7_2 = 0x83;
    private static final int F7_1 = 0x41;
    private static final int SYSTEM_REQUEST_2 = 0x84;
    private static final int SYSTEM_REQUEST_1 = 0x54;

    private static final byte[] TO_SET_2 = inverse();

    private ScanCodes() {}

    private static byte[] inverse() {
        byte[] codes = new byte[0x80];
        for (int code = 1; code < TO_SET_1.length; code++) {
            codes[TO_SET_1[code] & 0x7f] = (byte) code;
        }
        codes[F7_1] = (byte) F7_2;
        codes[SYSTEM_REQUEST_1] = (byte) SYSTEM_REQUEST_2;
        return codes;
    }

    /// @param code any byte of set 2 but the break prefix
    static int toSet1(int code) {
        if (code < TO_SET_1.length) {
            return Byte.toUnsignedInt(TO_SET_1[code]);
        }
        return switch (code) {
            case F7_2 -> F7_1;
            case SYSTEM_REQUEST_2 -> SYSTEM_REQUEST_1;
            default -> code;
        };
    }

    /// @param code of set 1, 0 to 0x7f
    static int toSet2(int code) {
        return Byte.toUnsignedInt(TO_SET_2[code]);
    }
}
