package straddle.core.bus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class PortBusTest {
    private final PortBus bus = new PortBus(new MachineLock());

    @Test
    void portsWithoutADeviceFloat() {
        assertEquals(0xff, bus.read(0x10, 1));
        assertEquals(0xffff, bus.read(0x10, 2));
        assertEquals(-1, bus.read(0x10, 4));
        bus.write(0x10, 4, 5);
    }

    @Test
    void aWideAccessToByteRegistersGoesByteByByte() {
        Echo echo = new Echo(1);
        bus.map("echo", 0x40, 4, echo);
        assertEquals(0x0302_0100, bus.read(0x40, 4));
        bus.write(0x42, 2, 0xbbaa);
        assertEquals(List.of("r1@0", "r1@1", "r1@2", "r1@3", "w1@2=aa", "w1@3=bb"), echo.asked);
    }

    @Test
    void aDeclaredWidthArrivesWhole() {
        Echo echo = new Echo(1 | 4);
        bus.map("echo", 0x40, 4, echo);
        bus.read(0x40, 4);
        bus.write(0x40, 4, 0x8765_4321);
        bus.read(0x40, 2);
        assertEquals(List.of("r4@0", "w4@0=87654321", "r1@0", "r1@1"), echo.asked);
    }

    @Test
    void aNarrowerAccessThanDeclaredFloats() {
        Echo echo = new Echo(4);
        bus.map("echo", 0x40, 4, echo);
        assertEquals(0xff, bus.read(0x41, 1));
        bus.write(0x40, 2, 7);
        assertEquals(List.of(), echo.asked);
    }

    @Test
    void anAccessAcrossTwoDevicesReachesBoth() {
        Echo low = new Echo(1);
        Echo high = new Echo(1);
        bus.map("low", 0x40, 2, low);
        bus.map("high", 0x42, 1, high);
        assertEquals(0xff00_0100, bus.read(0x40, 4));
        bus.write(0x41, 2, 0x2211);
        assertEquals(List.of("w1@0=22"), high.asked.subList(1, 2));
        assertEquals("w1@1=11", low.asked.getLast());
    }

    @Test
    void theLastPortWrapsToTheFirst() {
        Echo first = new Echo(1);
        bus.map("first", 0, 1, first);
        assertEquals(0x00ff, bus.read(0xffff, 2));
        bus.write(0xffff, 2, 0x1200);
        assertEquals(List.of("r1@0", "w1@0=12"), first.asked);
    }

    @Test
    void overlapsAreRefusedByName() {
        bus.map("one", 0x40, 4, new Echo(1));
        IllegalArgumentException refused =
                assertThrows(
                        IllegalArgumentException.class, () -> bus.map("two", 0x43, 1, new Echo(1)));
        assertEquals("two at 0x43-0x43 overlaps one at 0x40-0x43", refused.getMessage());
        assertNull(bus.at(0x44));
    }

    @Test
    void portsBeyondTheLastAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> bus.map("far", 0xffff, 2, new Echo(1)));
        assertThrows(IllegalArgumentException.class, () -> bus.map("none", 1, 0, new Echo(1)));
        assertThrows(IllegalArgumentException.class, () -> bus.map("odd", 1, 1, new Echo(0)));
        assertThrows(IllegalArgumentException.class, () -> bus.map("odd", 1, 1, new Echo(16)));
    }

    @Test
    void anUnmappedDeviceLeavesItsPortsFloating() {
        IoRange range = bus.map("echo", 0x40, 4, new Echo(1));
        bus.unmap(range);
        assertEquals(0xff, bus.read(0x40, 1));
        bus.map("another", 0x40, 4, new Echo(1));
    }

    @Test
    void aDeviceIsCalledUnderTheMachineLock() {
        ByteDevice device =
                new ByteDevice() {
                    @Override
                    public int read(int offset) {
                        return bus.lock().isHeldByCurrentThread() ? 1 : 0;
                    }

                    @Override
                    public void write(int offset, int value) {}
                };
        bus.map("device", 0x40, 1, device);
        assertEquals(1, bus.read(0x40, 1));
        assertTrue(!bus.lock().isLocked());
    }

    @Test
    void aDeviceOfQuadwordsOnTheMemoryBusIsSplitByWidth() {
        Echo echo = new Echo(4);
        IoRange range = new IoRange("echo", 0xfee0_0000L, 16, echo, new MachineLock());
        assertEquals(0x0706_0504_0302_0100L, range.read(0, 8));
        range.write(8, 8, 0x1122_3344_5566_7788L);
        assertEquals(List.of("r4@0", "r4@4", "w4@8=55667788", "w4@12=11223344"), echo.asked);
    }

    @Test
    void bytesBeyondARangesEndFloat() {
        IoRange range = new IoRange("echo", 0, 2, new Echo(1), new MachineLock());
        assertEquals(0xffff_0100L, range.read(0, 4));
        range.write(0, 4, -1);
    }
}
