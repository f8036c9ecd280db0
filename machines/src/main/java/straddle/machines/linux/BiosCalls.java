package straddle.machines.linux;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.List;
import straddle.core.memory.AddressSpace;
import straddle.machines.boot.E820;

/// The few BIOS calls that a kernel's real-mode setup code can't do without, where there is no firmware: INT 15h,
/// function E820h, tells the memory map, and every other call of any interrupt says that it failed.
final class BiosCalls {
    /// Where the code lies: in the BIOS's area.
    private static final long CODE = 0xf_f000;

    private static final int SEGMENT = (int) (CODE >>> 4);
    private static final int FAIL = 0;
    private static final int INT_15 = 0x10;
    private static final int COUNT = 0x7e;
    private static final int MAP = 0x80;
    private static final int ENTRY_BYTES = 20;
    private static final int VECTORS = 256;

    private static final long BDA_EBDA_SEGMENT = 0x40e;
    private static final long BDA_BASE_KIB = 0x413;

    /// FAIL sets the carry flag of the caller. INT_15 compares AX with E820h and BX with the count at COUNT, copies entry BX
    /// of the map to ES:DI, and returns `SMAP`, the entry's length and the next index, or 0 at the end.
    private static final byte[] INSTRUCTIONS =
            HexFormat.of()
                    .parseHex(
                            "5589e5804e06015dcf00000000000000"
                                    + "3d20e875eb2e3b1e7e0073e41e56570e1f6bf31481c68000b90a00fcf3a55f5e"
                                    + "1f66b850414d5366b914000000432e3b1e7e0072036631db5589e5806606fe5dcf");

    private BiosCalls() {}

    static void install(AddressSpace memory, List<E820> map) {
        for (int i = 0; i < VECTORS; i++) {
            memory.write(4L * i, 4, (long) SEGMENT << 16 | (i == 0x15 ? INT_15 : FAIL));
        }
        long reserved = map.get(1).start();
        memory.write(BDA_EBDA_SEGMENT, 2, reserved >>> 4);
        memory.write(BDA_BASE_KIB, 2, reserved >>> 10);
        memory.write(CODE, MemorySegment.ofArray(INSTRUCTIONS));
        memory.write(CODE + COUNT, 2, map.size());
        ByteBuffer entries =
                ByteBuffer.allocate(ENTRY_BYTES * map.size()).order(ByteOrder.LITTLE_ENDIAN);
        map.forEach(
                each -> entries.putLong(each.start()).putLong(each.length()).putInt(each.type()));
        memory.write(CODE + MAP, MemorySegment.ofArray(entries.array()));
    }
}
