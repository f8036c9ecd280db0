package straddle.devices.ide;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import straddle.core.bus.IoDevice;
import straddle.core.bus.MachineLock;
import straddle.core.bus.PortBus;
import straddle.core.irq.IrqLine;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.RamAllocator;
import straddle.core.memory.RamBlock;
import straddle.core.memory.RamUnavailableException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.devices.acpi.ResetControl;
import straddle.devices.block.BlockStatus;
import straddle.devices.block.DiskQueue;
import straddle.devices.contract.DeviceContract;
import straddle.devices.contract.TestLine;
import straddle.devices.pci.PciHost;

class Piix3IdeTest implements DeviceContract {
    private static final int COMMAND = 0x1f0;
    private static final int CONTROL = 0x3f6;
    private static final int STATUS = COMMAND + 7;
    private static final int MASTER = 0xc000;
    private static final int TABLE = 0x8000;
    private static final int BUFFER = 0x1_0000;
    private static final int SECTORS = 1000;

    private final Arena arena = Arena.ofConfined();
    private final MachineLock lock = new MachineLock();
    private final PortBus ports = new PortBus(lock);
    private final AddressSpace memory = new AddressSpace(lock);
    private final TestLine irq = new TestLine();
    private final MemoryDisk disk = new MemoryDisk(SECTORS);
    private final MemoryDisk disc = new MemoryDisk(400);
    private final AtapiCdrom cdrom = new AtapiCdrom(Optional.of(disc), "CD1");
    private final Piix3Ide ide =
            new Piix3Ide(
                    memory,
                    List.of(irq, IrqLine.UNCONNECTED),
                    List.of(BlockRequests.atOnce(), BlockRequests.atOnce()));

    @BeforeEach
    void plug() throws RamUnavailableException {
        memory.mapRam(0, RamBlock.allocate("ram", 1 << 20, RamAllocator.OFF_HEAP, arena));
        ide.attach(0, 0, new AtaDisk(disk, "SER1"));
        ide.attach(0, 1, cdrom);
        PciHost host =
                new PciHost(ports, memory, new ResetControl(() -> {}), _ -> IrqLine.UNCONNECTED);
        host.add(1, 1, ide);
        ide.writeConfig(0x20, 4, MASTER);
        ide.writeConfig(4, 2, 5);
        ports.map("IDE", COMMAND, 8, ide.commandBlock(0));
        ports.map("IDE control", CONTROL, 1, ide.controlBlock(0));
    }

    @AfterEach
    void free() {
        arena.close();
    }

    @Override
    public Subject subject() {
        MachineLock own = new MachineLock();
        PortBus bus = new PortBus(own);
        AddressSpace space = new AddressSpace(own);
        Piix3Ide device =
                new Piix3Ide(
                        space,
                        List.of(IrqLine.UNCONNECTED, IrqLine.UNCONNECTED),
                        List.of(BlockRequests.atOnce(), BlockRequests.atOnce()));
        device.attach(0, 0, new AtaDisk(new MemoryDisk(64), "A"));
        device.attach(1, 0, new AtapiCdrom(Optional.of(new MemoryDisk(64)), "B"));
        PciHost host =
                new PciHost(bus, space, new ResetControl(() -> {}), _ -> IrqLine.UNCONNECTED);
        host.add(1, 1, device);
        device.writeConfig(0x20, 4, MASTER);
        device.writeConfig(4, 2, 5);
        IoDevice masters = bus.at(MASTER).device();
        return new Subject(
                device,
                List.of(
                        new Registers(device.commandBlock(0), 8),
                        new Registers(device.controlBlock(0), 1),
                        new Registers(device.commandBlock(1), 8),
                        new Registers(device.controlBlock(1), 1),
                        new Registers(masters, 16)),
                () -> device.commandBlock(0).write(7, 1, 0xec));
    }

    private void command(int drive, int count, long lba, int command) {
        ports.write(COMMAND + 6, 1, 0x40 | drive << 4 | (int) (lba >>> 24) & 0xf);
        ports.write(COMMAND + 2, 1, count & 0xff);
        ports.write(COMMAND + 3, 1, (int) lba & 0xff);
        ports.write(COMMAND + 4, 1, (int) (lba >>> 8) & 0xff);
        ports.write(COMMAND + 5, 1, (int) (lba >>> 16) & 0xff);
        ports.write(STATUS, 1, command);
    }

    private void wideCommand(int count, long lba, int command) {
        ports.write(COMMAND + 6, 1, 0x40);
        for (int shift : new int[] {24, 0}) {
            ports.write(COMMAND + 2, 1, count >>> (shift == 0 ? 0 : 8) & 0xff);
            ports.write(COMMAND + 3, 1, (int) (lba >>> shift) & 0xff);
            ports.write(COMMAND + 4, 1, (int) (lba >>> shift + 8) & 0xff);
            ports.write(COMMAND + 5, 1, (int) (lba >>> shift + 16) & 0xff);
        }
        ports.write(STATUS, 1, command);
    }

    private byte[] readData(int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i += 2) {
            int word = ports.read(COMMAND, 2);
            bytes[i] = (byte) word;
            bytes[i + 1] = (byte) (word >>> 8);
        }
        return bytes;
    }

    private void writeData(byte[] bytes) {
        for (int i = 0; i < bytes.length; i += 4) {
            int word = 0;
            for (int j = 0; j < 4; j++) {
                word |= (bytes[i + j] & 0xff) << 8 * j;
            }
            ports.write(COMMAND, 4, word);
        }
    }

    private int status() {
        return ports.read(STATUS, 1);
    }

    private int error() {
        return ports.read(COMMAND + 1, 1);
    }

    private byte[] sectors(int first, int count) {
        return Arrays.copyOfRange(disk.bytes, first * 512, (first + count) * 512);
    }

    private static byte[] pattern(int length, long seed) {
        byte[] bytes = new byte[length];
        new SplittableRandom(seed).nextBytes(bytes);
        return bytes;
    }

    private void entry(int index, int address, int count, boolean last) {
        memory.write(TABLE + 8 * index, 4, address);
        memory.write(TABLE + 8 * index + 4, 4, count & 0xffff | (last ? 0x8000_0000L : 0));
    }

    private void startMaster(boolean toMemory) {
        ports.write(MASTER + 4, 4, TABLE);
        ports.write(MASTER + 2, 1, 6);
        ports.write(MASTER, 1, toMemory ? 9 : 1);
    }

    private byte[] memoryBytes(int length) {
        byte[] bytes = new byte[length];
        memory.read(BUFFER, MemorySegment.ofArray(bytes));
        return bytes;
    }

    @Test
    void aDiskIdentifiesItself() {
        command(0, 0, 0, 0xec);
        assertTrue(irq.isHigh());
        assertEquals(0x58, status());
        assertFalse(irq.isHigh());
        byte[] identity = readData(512);
        assertEquals(0x50, status());
        assertEquals("ES1R", new String(identity, 20, 4, StandardCharsets.US_ASCII));
        assertEquals(SECTORS & 0xff, identity[120] & 0xff);
        assertEquals(SECTORS >>> 8, identity[201] & 0xff);
        assertEquals(0x74, identity[167]);
    }

    @Test
    void sectorsAreReadOneByOne() {
        command(0, 3, 5, 0x20);
        for (int i = 0; i < 3; i++) {
            assertEquals(i + 1, irq.rises());
            assertEquals(0x58, status());
            assertArrayEquals(sectors(5 + i, 1), readData(512));
        }
        assertEquals(0x50, status());
        assertEquals(-1, ports.read(COMMAND, 4));
    }

    @Test
    void aCountOfZeroIs256AndWideCommandsReachFurther() {
        command(0, 0, 0, 0x20);
        assertArrayEquals(sectors(0, 256), readData(256 * 512));
        assertEquals(0x50, status());
        wideCommand(0x101, 700, 0x24);
        assertArrayEquals(sectors(700, 257), readData(257 * 512));
        assertEquals(0x50, status());
    }

    @Test
    void cylindersHeadsAndSectorsWorkToo() {
        ports.write(COMMAND + 6, 1, 0xa3);
        ports.write(COMMAND + 2, 1, 1);
        ports.write(COMMAND + 3, 1, 7);
        ports.write(COMMAND + 4, 1, 0);
        ports.write(COMMAND + 5, 1, 0);
        ports.write(STATUS, 1, 0x20);
        assertArrayEquals(sectors(3 * 63 + 6, 1), readData(512));
    }

    @Test
    void multipleSectorsInterruptOnceABlock() {
        command(0, 4, 0, 0xc4);
        assertEquals(0x51, status());
        command(0, 16, 0, 0xc6);
        int before = irq.rises();
        command(0, 20, 100, 0xc4);
        assertArrayEquals(sectors(100, 16), readData(16 * 512));
        assertEquals(0x58, status());
        assertArrayEquals(sectors(116, 4), readData(4 * 512));
        assertEquals(0x50, status());
        assertTrue(irq.rises() - before <= 3);
    }

    @Test
    void sectorsAreWritten() {
        byte[] data = pattern(3 * 512, 1);
        command(0, 3, 9, 0x30);
        assertFalse(irq.isHigh());
        assertEquals(0x58, status());
        writeData(data);
        assertTrue(irq.isHigh());
        assertEquals(0x50, status());
        assertArrayEquals(data, sectors(9, 3));
        command(0, 0, 0, 0xe7);
        assertEquals(0x50, status());
        assertEquals(1, disk.flushes);
    }

    @Test
    void withoutACacheEveryWriteIsFlushed() {
        ports.write(COMMAND + 1, 1, 0x82);
        command(0, 0, 0, 0xef);
        assertEquals(1, disk.flushes);
        command(0, 1, 9, 0x30);
        writeData(new byte[512]);
        assertEquals(2, disk.flushes);
    }

    @Test
    void theBusMasterReadsThroughItsTable() {
        entry(0, BUFFER, 512, false);
        entry(1, BUFFER + 512, 0, false);
        entry(2, BUFFER + 512 + 0x1_0000, 0x1_0000 - 512, true);
        command(0, 256, 3, 0xc8);
        assertFalse(irq.isHigh());
        startMaster(true);
        assertTrue(irq.isHigh());
        assertEquals(4, ports.read(MASTER + 2, 1));
        assertEquals(0x50, status());
        assertArrayEquals(sectors(3, 256), memoryBytes(256 * 512));
    }

    @Test
    void theBusMasterWrites() {
        byte[] data = pattern(300 * 512, 2);
        memory.write(BUFFER, MemorySegment.ofArray(data));
        for (int i = 0; i < 3; i++) {
            entry(i, BUFFER + 100 * 512 * i, 100 * 512, i == 2);
        }
        startMaster(false);
        assertEquals(1, ports.read(MASTER + 2, 1));
        wideCommand(300, 200, 0x35);
        assertEquals(4, ports.read(MASTER + 2, 1));
        assertArrayEquals(data, sectors(200, 300));
    }

    @Test
    void aTableThatIsTooLongStaysActive() {
        entry(0, BUFFER, 1024, true);
        command(0, 1, 0, 0xc8);
        startMaster(true);
        assertEquals(5, ports.read(MASTER + 2, 1));
        ports.write(MASTER, 1, 0);
        assertEquals(4, ports.read(MASTER + 2, 1));
    }

    @Test
    void aTableThatIsTooShortIsAnError() {
        entry(0, BUFFER, 512, true);
        command(0, 2, 0, 0xc8);
        startMaster(true);
        assertEquals(6, ports.read(MASTER + 2, 1));
        assertEquals(0x51, status());
    }

    @Test
    void dmaToNowhereAndFromNowhereIsHarmless() {
        entry(0, 0xffff_fff0, 0, true);
        command(0, 128, 0, 0xc8);
        startMaster(true);
        assertEquals(0x50, status());
        ports.write(MASTER, 1, 0);
        ports.write(MASTER + 4, 4, 0xffff_fffc);
        command(0, 1, 0, 0xca);
        ports.write(MASTER, 1, 1);
        assertEquals(0x50, status());
    }

    @Test
    void withoutMasteringNothingMoves() {
        ide.writeConfig(4, 2, 1);
        entry(0, BUFFER, 512, true);
        command(0, 1, 0, 0xc8);
        startMaster(true);
        assertEquals(0, ports.read(MASTER + 2, 1) & 4);
        assertEquals(0x80, status() & 0x80);
        ports.write(MASTER, 1, 0);
        assertEquals(0x51, status());
    }

    @Test
    void whatIsNotThereIsRefused() {
        command(0, 1, SECTORS, 0x20);
        assertEquals(0x51, status());
        assertEquals(0x10, error());
        wideCommand(2, SECTORS - 1, 0x35);
        assertEquals(0x10, error());
        wideCommand(1, 0xffff_ffff_ffffL, 0x24);
        assertEquals(0x10, error());
        command(0, 1, 0, 0xb0);
        assertEquals(4, error());
    }

    @Test
    void theHostsErrorsReachTheGuest() {
        disk.next = BlockStatus.IO_ERROR;
        command(0, 1, 0, 0x20);
        assertEquals(0x51, status());
        assertEquals(0x40, error());
        command(0, 1, 0, 0x30);
        writeData(new byte[512]);
        assertEquals(0x40, error());
        disk.next = BlockStatus.OK;
        disk.readOnly = true;
        command(0, 1, 0, 0x30);
        assertEquals(4, error());
    }

    @Test
    void aSoftwareResetSignsBothDrives() {
        command(0, 5, 5, 0x20);
        ports.write(CONTROL, 1, 4);
        assertEquals(0x80, ports.read(CONTROL, 1));
        ports.write(CONTROL, 1, 0);
        assertEquals(0x50, ports.read(CONTROL, 1));
        assertEquals(0, ports.read(COMMAND + 4, 1));
        ports.write(COMMAND + 6, 1, 0x10);
        assertEquals(0x14, ports.read(COMMAND + 4, 1));
        assertEquals(0xeb, ports.read(COMMAND + 5, 1));
        assertEquals(0, ports.read(CONTROL, 1));
    }

    @Test
    void interruptsCanBeDisabled() {
        ports.write(CONTROL, 1, 2);
        command(0, 1, 0, 0x20);
        assertFalse(irq.isHigh());
        ports.write(CONTROL, 1, 0);
        assertTrue(irq.isHigh());
    }

    @Test
    void aMissingDriveReadsAsZeros() {
        assertEquals(0, ide.commandBlock(1).read(7, 1));
        ide.commandBlock(1).write(7, 1, 0xec);
        assertEquals(0, ide.controlBlock(1).read(0, 1));
    }

    @Test
    void aPlaceIsTakenOnce() {
        AtaDisk other = new AtaDisk(disk, "X");
        assertThrows(IllegalArgumentException.class, () -> ide.attach(0, 0, other));
        assertThrows(IllegalArgumentException.class, () -> new AtaDisk(disk, "x".repeat(21)));
    }

    @Test
    void aTransferMovesToAnotherMachine() throws Exception {
        command(0, 4, 50, 0x20);
        readData(700);
        byte[] saved = SnapshotWriter.bytesOf(ide);
        readData(300);
        ide.restore(SnapshotReader.from(new ByteArrayInputStream(saved)));
        assertArrayEquals(saved, SnapshotWriter.bytesOf(ide));
        assertArrayEquals(Arrays.copyOfRange(sectors(50, 4), 700, 2048), readData(2048 - 700));
        assertEquals(0x50, status());
    }

    @Test
    void aThreadCanMakeTheRequests() throws Exception {
        TestLine line = new TestLine();
        try (DiskQueue queue = new DiskQueue("disk", lock)) {
            Piix3Ide other =
                    new Piix3Ide(
                            memory,
                            List.of(line, IrqLine.UNCONNECTED),
                            List.of(BlockRequests.of(queue, lock), BlockRequests.atOnce()));
            other.attach(0, 0, new AtaDisk(disk, "T"));
            lock.lock();
            try {
                IoDevice registers = other.commandBlock(0);
                registers.write(6, 1, 0x40);
                registers.write(2, 1, 1);
                registers.write(3, 1, 8);
                registers.write(7, 1, 0x20);
                assertEquals(0x80, registers.read(7, 1));
                queue.drain();
                assertTrue(line.isHigh());
                assertEquals(8, registers.read(0, 2));
            } finally {
                lock.unlock();
            }
        }
    }

    // The CD-ROM drive.

    private void packet(int limit, int... bytes) {
        ports.write(COMMAND + 6, 1, 0x10);
        ports.write(COMMAND + 1, 1, limit == 0 ? 1 : 0);
        ports.write(COMMAND + 4, 1, limit & 0xff);
        ports.write(COMMAND + 5, 1, limit >>> 8);
        ports.write(STATUS, 1, 0xa0);
        assertEquals(0x58, status());
        assertEquals(1, ports.read(COMMAND + 2, 1));
        byte[] packet = new byte[12];
        for (int i = 0; i < bytes.length; i++) {
            packet[i] = (byte) bytes[i];
        }
        writeData(packet);
    }

    private byte[] answer(int... bytes) {
        packet(0x8000, bytes);
        assertEquals(2, ports.read(COMMAND + 2, 1));
        int length = ports.read(COMMAND + 4, 1) | ports.read(COMMAND + 5, 1) << 8;
        byte[] answer = readData(length);
        assertEquals(3, ports.read(COMMAND + 2, 1));
        assertEquals(0x50, status());
        return answer;
    }

    private byte[] discBytes(int first, int count) {
        return Arrays.copyOfRange(disc.bytes, first * 2048, (first + count) * 2048);
    }

    @Test
    void aCdromIdentifiesItself() {
        command(1, 0, 0, 0xec);
        assertEquals(0x51, status());
        assertEquals(0xeb, ports.read(COMMAND + 5, 1));
        command(1, 0, 0, 0xa1);
        byte[] identity = readData(512);
        assertEquals(0xc0, identity[0] & 0xff);
        assertEquals(5, answer(0x12, 0, 0, 0, 36)[0]);
    }

    @Test
    void discSectorsComeInTheBlocksThatTheGuestTakes() {
        packet(4096, 0x28, 0, 0, 0, 0, 2, 0, 0, 3);
        assertEquals(0x10, ports.read(COMMAND + 5, 1));
        assertArrayEquals(discBytes(2, 2), readData(4096));
        assertEquals(0x08, ports.read(COMMAND + 5, 1));
        assertArrayEquals(discBytes(4, 1), readData(2048));
        assertEquals(3, ports.read(COMMAND + 2, 1));
        assertEquals(0x50, status());
    }

    @Test
    void discSectorsComeByDma() {
        entry(0, BUFFER, 4096, true);
        packet(0, 0xa8, 0, 0, 0, 0, 2, 0, 0, 0, 2);
        startMaster(true);
        assertEquals(4, ports.read(MASTER + 2, 1));
        assertArrayEquals(discBytes(2, 2), memoryBytes(4096));
        assertEquals(3, ports.read(COMMAND + 2, 1));
    }

    @Test
    void capacityAndContentsAreTold() {
        assertArrayEquals(new byte[] {0, 0, 0, 99, 0, 0, 8, 0}, answer(0x25));
        byte[] toc = answer(0x43, 0, 0, 0, 0, 0, 0, 0, 100);
        assertEquals(20, toc.length);
        assertEquals(18, toc[1]);
        assertEquals(100, toc[19]);
        assertEquals(48, answer(0x43, 2, 2, 0, 0, 0, 0, 0, 200).length);
        assertEquals(0x2a, answer(0x5a, 0, 0x2a, 0, 0, 0, 0, 0, 100)[8]);
        assertEquals(8, answer(0x46, 0, 0, 0, 0, 0, 0, 0, 8)[7]);
        assertEquals(34, answer(0x51, 0, 0, 0, 0, 0, 0, 0, 100).length);
    }

    @Test
    void whatIsBehindTheDiscIsRefused() {
        packet(2048, 0x28, 0, 0, 0, 0, 100, 0, 0, 1);
        assertEquals(0x51, status());
        assertEquals(0x54, error());
        byte[] sense = answer(0x03, 0, 0, 0, 18);
        assertEquals(5, sense[2]);
        assertEquals(0x21, sense[12]);
        packet(2048, 0xff);
        assertEquals(0x20, answer(0x03, 0, 0, 0, 18)[12]);
    }

    @Test
    void aNewDiscIsNoticed() {
        cdrom.insert(Optional.empty());
        packet(2048, 0);
        assertEquals(0x24, error());
        assertEquals(0x3a, answer(0x03, 0, 0, 0, 18)[12]);
        cdrom.insert(Optional.of(new MemoryDisk(4)));
        assertEquals(2, answer(0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8)[4]);
        packet(2048, 0);
        assertEquals(0x64, error());
        packet(2048, 0);
        assertEquals(0x50, status());
    }

    @Test
    void aLockedDiscStays() {
        packet(2048, 0x1e, 0, 0, 0, 1);
        packet(2048, 0x1b, 0, 0, 0, 2);
        assertEquals(0x51, status());
        packet(2048, 0x1e, 0, 0, 0, 0);
        packet(2048, 0x1b, 0, 0, 0, 2);
        assertEquals(0x50, status());
        packet(2048, 0);
        assertEquals(0x51, status());
    }

    @Test
    void parametersAreTakenWithoutEffect() {
        packet(0x8000, 0x55, 0, 0, 0, 0, 0, 0, 0, 16);
        assertEquals(0x58, status());
        writeData(new byte[16]);
        assertEquals(3, ports.read(COMMAND + 2, 1));
        assertEquals(0x50, status());
    }
}
