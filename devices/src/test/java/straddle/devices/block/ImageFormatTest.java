package straddle.devices.block;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ImageFormatTest {
    @ParameterizedTest
    @CsvSource({
        "QCOW2, 0, 51 46 49 fb",
        "VMDK, 0, 4b 44 4d 56",
        "VDI, 64, 7f 10 da be",
        "RAW, 0, 51 46 49 fc",
        "RAW, 510, 55 aa"
    })
    void aFormatIsKnownByItsMagic(ImageFormat format, int offset, String magic) {
        MemoryDisk disk = new MemoryDisk(1024, true);
        String[] bytes = magic.split(" ", -1);
        for (int i = 0; i < bytes.length; i++) {
            disk.content[offset + i] = (byte) Integer.parseInt(bytes[i], 16);
        }
        assertEquals(format, ImageFormat.of(disk));
    }

    @Test
    void whatCantBeReadIsTakenAsRaw() {
        MemoryDisk disk = new MemoryDisk(1024, true);
        disk.breakDown();
        assertEquals(ImageFormat.RAW, ImageFormat.of(disk));
    }
}
