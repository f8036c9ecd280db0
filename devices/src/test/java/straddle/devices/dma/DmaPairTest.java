package straddle.devices.dma;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import straddle.core.bus.ByteDevice;
import straddle.core.bus.MachineLock;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.RamAllocator;
import straddle.core.memory.RamBlock;
import straddle.core.memory.RamUnavailableException;
import straddle.devices.contract.DeviceContract;

class DmaPairTest implements DeviceContract {
    private static final int SINGLE = 0x40;
    private static final int AUTO = 0x10;
    private static final int DOWN = 0x20;
    private static final int WRITE = 1 << 2;
    private static final int READ = 2 << 2;

    private final Arena arena = Arena.ofConfined();
    private final AddressSpace memory = new AddressSpace(new MachineLock());
    private final DmaPair dma = new DmaPair(memory);
    private final ByteDevice first = dma.firstPorts();
    private final ByteDevice second = dma.secondPorts();
    private final ByteDevice pages = dma.pagePorts();

    @BeforeEach
    void ram() throws RamUnavailableException {
        memory.mapRam(0, RamBlock.allocate("ram", 1 << 20, RamAllocator.OFF_HEAP, arena));
        second.write(0xd6 - 0xc0, 0xc0);
        second.write(0xd4 - 0xc0, 0);
    }

    @AfterEach
    void free() {
        arena.close();
    }

    @Override
    public Subject subject() {
        DmaPair device = new DmaPair(new AddressSpace(new MachineLock()));
        return new Subject(
                device,
                List.of(
                        new Registers(device.firstPorts(), DmaPair.FIRST_LENGTH),
                        new Registers(device.secondPorts(), DmaPair.SECOND_LENGTH),
                        new Registers(device.pagePorts(), DmaPair.PAGES_LENGTH)),
                () -> device.firstPorts().write(0, 1));
    }

    /// As a floppy's driver does for channel 2.
    private void program(int mode, int page, int address, int count) {
        first.write(10, 6);
        first.write(12, 0);
        first.write(11, mode | 2);
        first.write(4, address & 0xff);
        first.write(4, address >>> 8);
        pages.write(1, page);
        first.write(5, count & 0xff);
        first.write(5, count >>> 8);
        first.write(10, 2);
    }

    @Test
    void aDevicesBytesReachMemoryUntilTheTerminalCount() {
        program(SINGLE | WRITE, 3, 0x1000, 3);
        assertEquals(4, dma.toMemory(2, new byte[] {1, 2, 3, 4, 5, 6}, 6));
        assertEquals(0x0403_0201, memory.read(0x3_1000, 4));
        assertEquals(0, memory.read(0x3_1004, 1));
        assertTrue(dma.isTerminal(2));
        assertEquals(4, first.read(8));
        assertEquals(0, first.read(8));
        assertEquals(0, dma.toMemory(2, new byte[6], 6));
    }

    @Test
    void memoryReachesADevice() {
        memory.write(0x2_0010, 4, 0x1122_3344);
        program(SINGLE | READ, 2, 0x10, 99);
        byte[] bytes = new byte[4];
        assertEquals(4, dma.fromMemory(2, bytes, 4));
        assertArrayEquals(new byte[] {0x44, 0x33, 0x22, 0x11}, bytes);
        assertEquals(0x14, first.read(4));
        assertEquals(0, first.read(4));
        assertEquals(95, first.read(5));
    }

    @Test
    void theWrongDirectionMovesNothing() {
        program(SINGLE | READ, 2, 0x10, 99);
        assertEquals(0, dma.toMemory(2, new byte[4], 4));
    }

    @Test
    void aVerifyCountsOnly() {
        program(SINGLE, 2, 0x10, 1);
        assertEquals(2, dma.toMemory(2, new byte[] {9, 9, 9}, 3));
        assertEquals(0, memory.read(0x2_0010, 2));
    }

    @Test
    void anAddressWrapsWithinItsPage() {
        program(SINGLE | WRITE, 1, 0xffff, 1);
        dma.toMemory(2, new byte[] {1, 2}, 2);
        assertEquals(1, memory.read(0x1_ffff, 1));
        assertEquals(2, memory.read(0x1_0000, 1));
        program(SINGLE | DOWN | WRITE, 1, 0, 1);
        dma.toMemory(2, new byte[] {3, 4}, 2);
        assertEquals(3, memory.read(0x1_0000, 1));
        assertEquals(4, memory.read(0x1_ffff, 1));
    }

    @Test
    void anAutomaticChannelStartsAnew() {
        program(SINGLE | AUTO | WRITE, 1, 0, 1);
        assertEquals(4, dma.toMemory(2, new byte[] {1, 2, 3, 4}, 4));
        assertEquals(0x0403, memory.read(0x1_0000, 2));
        assertEquals(4, first.read(8) & 4);
    }

    @Test
    void theSecondControllerMovesWords() {
        second.write(0xd6 - 0xc0, SINGLE | WRITE | 1);
        second.write(0xc4 - 0xc0, 0x00);
        second.write(0xc4 - 0xc0, 0x80);
        pages.write(0xb, 4);
        second.write(0xc6 - 0xc0, 0);
        second.write(0xc6 - 0xc0, 0);
        second.write(0xd4 - 0xc0, 1);
        assertEquals(2, dma.toMemory(5, new byte[] {1, 2, 3, 4}, 4));
        assertEquals(0x0201, memory.read(0x5_0000, 4));
    }

    @Test
    void withoutTheCascadeTheFirstControllerStandsStill() {
        program(SINGLE | WRITE, 3, 0x1000, 3);
        second.write(0xd4 - 0xc0, 4);
        assertEquals(0, dma.toMemory(2, new byte[1], 1));
    }

    @Test
    void firmwaresProgressIsSeen() {
        pages.write(0, 0x55);
        assertEquals(0x55, dma.postCode());
        assertEquals(0x55, pages.read(0));
    }
}
