package straddle.devices.firmware;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static straddle.devices.firmware.FwCfg.*;

import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import straddle.core.bus.MachineLock;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.RamAllocator;
import straddle.core.memory.RamBlock;
import straddle.core.memory.RamUnavailableException;
import straddle.devices.contract.DeviceContract;

class FwCfgTest implements DeviceContract {
    private static final long DESCRIPTOR = 0x2000;
    private static final long TARGET = 0x1000;

    private final Arena arena = Arena.ofConfined();
    private final AddressSpace memory = new AddressSpace(new MachineLock());
    private final FwCfg items = new FwCfg(memory);

    @BeforeEach
    void ram() throws RamUnavailableException {
        memory.mapRam(0, RamBlock.allocate("ram", 0x4000, RamAllocator.OFF_HEAP, arena));
        items.addFile("etc/first", 0x1122, 4);
        items.addFile("etc/second", "hello".getBytes(StandardCharsets.US_ASCII));
    }

    @AfterEach
    void free() {
        arena.close();
    }

    @Override
    public Subject subject() {
        FwCfg device = new FwCfg(new AddressSpace(new MachineLock()));
        return new Subject(
                device,
                List.of(new Registers(device, LENGTH)),
                () -> device.write(SELECTOR, 2, FIRST_FILE));
    }

    private String read(int key, int length) {
        items.write(SELECTOR, 2, key);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append((char) items.read(DATA, 1));
        }
        return text.toString();
    }

    private static long big(long value) {
        return Integer.toUnsignedLong(Integer.reverseBytes((int) value));
    }

    private long transfer(long control, long length, long address) {
        memory.write(DESCRIPTOR, 4, big(control));
        memory.write(DESCRIPTOR + 4, 4, big(length));
        memory.write(DESCRIPTOR + 8, 4, big(address >>> 32));
        memory.write(DESCRIPTOR + 12, 4, big(address));
        items.write(DMA_HIGH, 4, 0);
        items.write(DMA_LOW, 4, big(DESCRIPTOR));
        return big(memory.read(DESCRIPTOR, 4));
    }

    @Test
    void itsSignatureAndItsFeaturesAreThere() {
        assertEquals("QEMU\0", read(SIGNATURE, 5));
        assertEquals("\3\0\0\0", read(ID, 4));
        assertEquals(big(0x5145_4d55L), items.read(DMA_HIGH, 4));
        assertEquals(big(0x2043_4647L), items.read(DMA_LOW, 4));
    }

    @Test
    void filesAreFoundInTheDirectory() {
        String directory = read(FILE_DIRECTORY, 4 + 128);
        assertEquals("\0\0\0\2", directory.substring(0, 4));
        assertEquals("\0\0\0\4\0\40\0\0etc/first\0", directory.substring(4, 22));
        assertEquals("\0\0\0\5\0\41\0\0etc/second\0", directory.substring(68, 87));
        assertEquals("hello\0\0", read(FIRST_FILE + 1, 7));
        assertEquals("\42\21\0\0", read(FIRST_FILE, 4));
    }

    @Test
    void whatIsNotThereReadsAsZero() {
        assertEquals("\0\0", read(0x1234, 2));
    }

    @Test
    void dmaSelectsSkipsAndCopies() {
        memory.write(TARGET, 8, -1);
        long select = (long) (FIRST_FILE + 1) << 16 | CONTROL_SELECT | CONTROL_SKIP;
        assertEquals(0, transfer(select, 1, 0));
        assertEquals(0, transfer(CONTROL_READ, 6, TARGET));
        assertEquals(0xffff_0000_6f6c_6c65L, memory.read(TARGET, 8));
    }

    @Test
    void dmaThatWritesOrIsEndlessFails() {
        assertEquals(CONTROL_ERROR, transfer(CONTROL_WRITE, 4, TARGET));
        assertEquals(CONTROL_ERROR, transfer(CONTROL_READ, 0xffff_ffffL, TARGET));
    }

    @Test
    void dmaToNowhereIsLost() {
        assertEquals(0, transfer(CONTROL_READ, 0x10000, 0xf_ffff_0000_0000L));
    }

    @Test
    void aNameIsTakenOnce() {
        assertThrows(IllegalArgumentException.class, () -> items.addFile("etc/first", new byte[1]));
        assertThrows(
                IllegalArgumentException.class, () -> items.addFile("x".repeat(56), new byte[1]));
    }
}
