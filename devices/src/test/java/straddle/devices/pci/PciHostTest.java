package straddle.devices.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import straddle.core.bus.ByteDevice;
import straddle.core.bus.MachineLock;
import straddle.core.bus.PortBus;
import straddle.core.irq.IrqLine;
import straddle.core.memory.AddressSpace;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.devices.acpi.ResetControl;
import straddle.devices.contract.DeviceContract;
import straddle.devices.contract.TestLine;

class PciHostTest implements DeviceContract {
    private final MachineLock lock = new MachineLock();
    private final PortBus ports = new PortBus(lock);
    private final AddressSpace memory = new AddressSpace(lock);
    private final TestLine[] pirqs = {
        new TestLine(), new TestLine(), new TestLine(), new TestLine()
    };
    private int resets;
    private final PciHost host =
            new PciHost(ports, memory, new ResetControl(() -> resets++), i -> pirqs[i]);

    /// Two register blocks whose bytes read as 0x42.
    private static final class Card extends PciFunction {
        Card() {
            super("card", new Identity(0x1234, 0x5678, 9, 0xff_0000));
            ByteDevice registers =
                    new ByteDevice() {
                        @Override
                        public int read(int offset) {
                            return 0x42;
                        }

                        @Override
                        public void write(int offset, int value) {}
                    };
            addBar(0, true, 32, registers);
            addBar(1, false, 4096, registers);
        }
    }

    @Override
    public Subject subject() {
        PortBus bus = new PortBus(lock);
        PciHost device =
                new PciHost(
                        bus,
                        new AddressSpace(lock),
                        new ResetControl(() -> {}),
                        _ -> IrqLine.UNCONNECTED);
        device.add(0, 0, new I440fx(ShadowControl.NONE));
        device.add(1, 0, new Piix3Isa(new PirqRouter(_ -> IrqLine.UNCONNECTED)));
        device.add(3, 0, new Card());
        return new Subject(
                device,
                List.of(new Registers(device, PciHost.LENGTH)),
                () -> {
                    device.write(0, 4, 0x8000_1810L);
                    device.write(4, 4, 0xc000);
                });
    }

    @BeforeEach
    void plug() {
        host.add(0, 0, new I440fx(ShadowControl.NONE));
        host.add(1, 0, new Piix3Isa(new PirqRouter(_ -> IrqLine.UNCONNECTED)));
        host.add(3, 0, new Card());
        ports.map("PCI", 0xcf8, PciHost.LENGTH, host);
    }

    private int config(int slot, int register, int width) {
        ports.write(0xcf8, 4, 0x8000_0000 | slot << 11 | register & 0xfc);
        return ports.read(0xcfc + (register & 3), width);
    }

    private void config(int slot, int register, int width, int value) {
        ports.write(0xcf8, 4, 0x8000_0000 | slot << 11 | register & 0xfc);
        ports.write(0xcfc + (register & 3), width, value);
    }

    @Test
    void functionsTellWhatTheyAre() {
        assertEquals(0x1237_8086, config(0, 0, 4));
        assertEquals(0x7000, config(1, 2, 2));
        assertEquals(0x06, config(1, 0x0b, 1));
        assertEquals(0x5678_1234, config(3, 0, 4));
        assertEquals(-1, config(2, 0, 4));
        assertEquals(0xffff, config(2, 0, 2));
    }

    @Test
    void withoutTheEnableBitNothingAnswers() {
        ports.write(0xcf8, 4, 0);
        assertEquals(-1, ports.read(0xcfc, 4));
        ports.write(0xcf8, 4, 0x8001_0000);
        assertEquals(-1, ports.read(0xcfc, 4));
    }

    @Test
    void identityIsReadOnly() {
        config(3, 0, 4, 0);
        config(3, 8, 4, 0);
        assertEquals(0x5678_1234, config(3, 0, 4));
        assertEquals(0xff00_0009, config(3, 8, 4));
    }

    @Test
    void registersTellTheirSizes() {
        config(3, 0x10, 4, -1);
        config(3, 0x14, 4, -1);
        config(3, 0x18, 4, -1);
        assertEquals(-32 | 1, config(3, 0x10, 4));
        assertEquals(-4096, config(3, 0x14, 4));
        assertEquals(0, config(3, 0x18, 4));
    }

    @Test
    void blocksAppearWhenEnabledAndMove() {
        config(3, 0x10, 4, 0xc000);
        config(3, 0x14, 4, 0xe000_0000);
        assertEquals(0xff, ports.read(0xc000, 1));
        config(3, 4, 2, 3);
        assertEquals(0x42, ports.read(0xc01f, 1));
        assertEquals(0x42, memory.read(0xe000_0fffL, 1));
        config(3, 0x10, 4, 0xd000);
        config(3, 0x14, 4, 0xe100_0000);
        assertEquals(0xff, ports.read(0xc000, 1));
        assertEquals(0x42, ports.read(0xd000, 1));
        assertEquals(0xff, memory.read(0xe000_0000L, 1));
        assertEquals(0x42, memory.read(0xe100_0000L, 1));
        config(3, 4, 2, 0);
        assertEquals(0xff, ports.read(0xd000, 1));
        assertEquals(0xff, memory.read(0xe100_0000L, 1));
    }

    @Test
    void aBlockThatWouldCoverAnotherStaysAway() {
        config(3, 4, 2, 3);
        config(3, 0x10, 4, 0x0ce0);
        assertEquals(0xff, ports.read(0x0ce0, 1));
        assertEquals(0x1237_8086, config(0, 0, 4));
        config(3, 0x10, 4, 0x0c00);
        assertEquals(0x42, ports.read(0x0c00, 1));
    }

    @Test
    void restoringMapsTheBlocksAgain() throws SnapshotException {
        config(3, 0x10, 4, 0xc000);
        config(3, 4, 2, 1);
        byte[] saved = SnapshotWriter.bytesOf(host);
        host.reset();
        assertEquals(0xff, ports.read(0xc000, 1));
        host.restore(SnapshotReader.from(new ByteArrayInputStream(saved)));
        assertEquals(0x42, ports.read(0xc000, 1));
    }

    @Test
    void aSnapshotOfOtherDevicesIsRefused() {
        PciHost other =
                new PciHost(
                        new PortBus(lock),
                        memory,
                        new ResetControl(() -> {}),
                        _ -> IrqLine.UNCONNECTED);
        other.add(0, 0, new I440fx(ShadowControl.NONE));
        other.add(1, 0, new Card());
        other.add(3, 0, new Card());
        byte[] saved = SnapshotWriter.bytesOf(other);
        assertThrows(
                SnapshotException.class,
                () -> host.restore(SnapshotReader.from(new ByteArrayInputStream(saved))));
    }

    @Test
    void theResetControlLiesAmongTheAddressBytes() {
        ports.write(0xcf9, 1, ResetControl.RESET);
        assertEquals(1, resets);
        assertEquals(ResetControl.RESET, ports.read(0xcf9, 1));
    }

    @Test
    void pinsShareFourLines() {
        IrqLine one = host.intx(3, 1);
        IrqLine other = host.intx(7, 1);
        one.raise();
        other.raise();
        one.lower();
        assertTrue(pirqs[2].isHigh());
        other.lower();
        assertFalse(pirqs[2].isHigh());
        host.intx(3, 2).raise();
        assertTrue(pirqs[3].isHigh());
    }

    @Test
    void aSlotTakesOneFunctionOfANumber() {
        assertThrows(IllegalArgumentException.class, () -> host.add(3, 0, new Card()));
        assertThrows(IllegalArgumentException.class, () -> host.add(32, 0, new Card()));
    }
}
