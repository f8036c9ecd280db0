package straddle.machines.pc;

import straddle.devices.rtc.Mc146818;

/// What a PC's firmware leaves in the clock chip's RAM (places as RBIL's CMOS.LST and QEMU have them).
final class PcCmos {
    private static final int BASE_KIB = 0x15;
    private static final int EXTENDED_KIB = 0x17;
    private static final int EXTENDED_KIB_AGAIN = 0x30;
    private static final int ABOVE_16_MIB = 0x34;
    private static final int ABOVE_4_GIB = 0x5b;
    private static final int EQUIPMENT = 0x14;

    private static final int BOOT_ORDER_3 = 0x38;
    private static final int BOOT_ORDER_1_AND_2 = 0x3d;

    /// Devices to boot from, by SeaBIOS's numbers from 1 on.
    private static final String BOOT_DEVICES = "acdn";

    private static final int EQUIPMENT_FPU = 1 << 1;
    private static final long KIB = 1 << 10;
    private static final long UNIT_64_KIB = 1 << 16;
    private static final long MIB = 1 << 20;

    private PcCmos() {}

    /// @param ramBytes the guest's RAM; below and above 4 GiB as [PcAddresses#LOW_RAM_END] has it
    /// @param order what firmware boots from, up to three letters of [Firmware#order]; further ones are not told
    static byte[] contents(long ramBytes, String order) {
        byte[] cmos = new byte[Mc146818.CMOS_BYTES];
        long low = Math.min(ramBytes, PcAddresses.LOW_RAM_END);
        cmos[EQUIPMENT] = EQUIPMENT_FPU;
        put(cmos, BASE_KIB, 2, 640);
        put(cmos, EXTENDED_KIB, 2, (low - MIB) / KIB);
        put(cmos, EXTENDED_KIB_AGAIN, 2, (low - MIB) / KIB);
        put(cmos, ABOVE_16_MIB, 2, (low - 16 * MIB) / UNIT_64_KIB);
        put(cmos, ABOVE_4_GIB, 3, (ramBytes - low) / UNIT_64_KIB);
        cmos[BOOT_ORDER_1_AND_2] = (byte) (device(order, 0) | device(order, 1) << 4);
        cmos[BOOT_ORDER_3] = (byte) (device(order, 2) << 4);
        return cmos;
    }

    private static int device(String order, int place) {
        return place < order.length() ? BOOT_DEVICES.indexOf(order.charAt(place)) + 1 : 0;
    }

    /// A little-endian number, as large as fits.
    private static void put(byte[] cmos, int at, int length, long value) {
        long fitting = Math.clamp(value, 0, (1L << 8 * length) - 1);
        for (int i = 0; i < length; i++) {
            cmos[at + i] = (byte) (fitting >>> 8 * i);
        }
    }
}
