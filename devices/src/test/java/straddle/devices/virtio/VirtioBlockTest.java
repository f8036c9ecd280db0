package straddle.devices.virtio;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import straddle.core.memory.DirtyPages;
import straddle.devices.block.MemoryDisk;
import straddle.devices.contract.DeviceContract;

@Timeout(60)
class VirtioBlockTest implements DeviceContract {
    private static final int DISK_BYTES = 1 << 20;
    private static final long HEADER = 0x1_0000;
    private static final long DATA = 0x2_0000;
    private static final long STATUS = 0x1_8000;
    private static final long FLUSH = 1L << 9;

    private final MemoryDisk disk = new MemoryDisk(DISK_BYTES, false);
    private final TestDriver driver = new TestDriver();
    private final VirtioBlock block = new VirtioBlock(disk, "disk-0", "SN0123456789", driver.lock);

    VirtioBlockTest() {
        driver.plug(block);
    }

    @AfterEach
    void close() {
        block.close();
    }

    @Override
    public Subject subject() {
        TestDriver fresh = new TestDriver();
        fresh.plug(new VirtioBlock(new MemoryDisk(DISK_BYTES, false), "disk-0", "", fresh.lock));
        return new Subject(
                fresh.function,
                List.of(
                        new Registers(
                                fresh.block(TestDriver.REGISTERS), TestDriver.REGISTERS_LENGTH),
                        new Registers(fresh.block(TestDriver.MESSAGES), 0x1000)),
                () -> fresh.common(0x14, 1, 3));
    }

    /// Sends a request of a header, data and a status, and waits for its end; returns the status.
    private int request(int type, long sector, long length, boolean toGuest) {
        header(type, sector);
        driver.describe(0, 0, HEADER, 16, TestDriver.NEXT, 1);
        driver.describe(0, 1, DATA, length, TestDriver.NEXT | (toGuest ? TestDriver.WRITE : 0), 2);
        driver.describe(0, 2, STATUS, 1, TestDriver.WRITE, 0);
        return finish();
    }

    private void header(int type, long sector) {
        driver.memory.write(HEADER, 4, type);
        driver.memory.write(HEADER + 8, 8, sector);
    }

    private int finish() {
        driver.memory.write(STATUS, 1, 0xff);
        driver.offer(0, 0);
        driver.device.stop();
        return (int) driver.memory.read(STATUS, 1);
    }

    private static byte[] pattern(int bytes) {
        byte[] pattern = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            pattern[i] = (byte) (i * 7 + (i >>> 8));
        }
        return pattern;
    }

    @Test
    void itTellsWhatItIs() {
        assertEquals(0x1042_1af4, driver.config(0, 4));
        assertEquals(1, driver.config(0x3d, 1));
        assertEquals(1, driver.common(0x12, 2));
        assertEquals(DISK_BYTES / 512, driver.common(0x2000, 8));
        assertEquals(512, driver.common(0x2014, 4));
        assertEquals(254, driver.common(0x200c, 4));
    }

    @Test
    void itsStructuresAreFoundThroughTheCapabilityList() {
        assertEquals(0x10, driver.config(6, 2) & 0x10);
        assertEquals(0x11, driver.config(driver.capability(0x11), 1));
        int common = driver.capability(9);
        assertEquals(1, driver.config(common + 3, 1));
        assertEquals(4, driver.config(common + 4, 1));
        assertEquals(0, driver.config(common + 8, 4));
        assertEquals(0x38, driver.config(common + 12, 4));
    }

    @Test
    void registersAreReachedThroughConfigurationSpaceToo() {
        int window = driver.capability(9);
        while (driver.config(window + 3, 1) != 5) {
            window = driver.config(window + 1, 1);
        }
        driver.config(window + 4, 1, 4);
        driver.config(window + 8, 4, 0x14);
        driver.config(window + 12, 4, 1);
        driver.config(window + 16, 1, 3);
        assertEquals(3, driver.status());
        assertEquals(3, driver.config(window + 16, 1));
        driver.config(window + 8, 4, 0x7fff_fff0);
        assertDoesNotThrow(() -> driver.config(driver.capability(9), 4));
    }

    @Test
    void featuresThatItLacksAreRefused() {
        assertTrue(driver.negotiate(VirtioDevice.VERSION_1 | FLUSH));
        assertFalse(driver.negotiate(VirtioDevice.VERSION_1 | 1L << 40));
        assertFalse(driver.negotiate(FLUSH));
    }

    @Test
    void whatIsWrittenIsReadBack() {
        driver.start(TestDriver.ALL);
        byte[] sent = pattern(4096);
        driver.put(DATA, sent);
        assertEquals(0, request(1, 3, 4096, false));
        assertArrayEquals(sent, Arrays.copyOfRange(disk.content, 1536, 1536 + 4096));
        driver.put(DATA, new byte[4096]);
        assertEquals(0, request(0, 3, 4096, true));
        assertArrayEquals(sent, driver.bytes(DATA, 4096));
        assertEquals(4097, driver.usedLength(0, 1));
        assertEquals(2, driver.usedIndex(0));
    }

    @ParameterizedTest
    @ValueSource(ints = {512, 1024, 4096, 700})
    void aTransferOfManyRangesReachesEachOfThem(int rangeBytes) {
        driver.start(TestDriver.ALL);
        byte[] content = pattern(16 * 512);
        System.arraycopy(content, 0, disk.content, 0, content.length);
        header(0, 0);
        driver.describe(0, 0, HEADER, 16, TestDriver.NEXT, 1);
        int index = 1;
        int done = 0;
        while (done < content.length) {
            int length = Math.min(rangeBytes, content.length - done);
            driver.describe(
                    0,
                    index,
                    DATA + 2L * done,
                    length,
                    TestDriver.NEXT | TestDriver.WRITE,
                    index + 1 == 15 ? 15 : index + 1);
            done = index == 14 ? content.length : done + length;
            index++;
        }
        driver.describe(0, index, STATUS, 1, TestDriver.WRITE, 0);
        int bytes = Math.min(content.length, 14 * rangeBytes) / 512 * 512;
        int expected = Math.min(content.length, 14 * rangeBytes) % 512 == 0 ? 0 : 1;
        assertEquals(expected, finish());
        int first = Math.min(rangeBytes, bytes);
        assertArrayEquals(
                Arrays.copyOf(expected == 0 ? content : new byte[first], first),
                driver.bytes(DATA, first));
    }

    @Test
    void anIndirectTableServesAsWell() {
        driver.start(TestDriver.ALL);
        disk.content[0] = 42;
        header(0, 0);
        long table = 0x1_9000;
        driver.describe(table, HEADER, 16, TestDriver.NEXT, 1);
        driver.describe(table + 16, DATA, 512, TestDriver.NEXT | TestDriver.WRITE, 2);
        driver.describe(table + 32, STATUS, 1, TestDriver.WRITE, 0);
        driver.describe(0, 0, table, 48, TestDriver.INDIRECT, 0);
        assertEquals(0, finish());
        assertEquals(42, driver.memory.read(DATA, 1));
    }

    @Test
    void readingTellsThePagesReaders() {
        driver.start(TestDriver.ALL);
        driver.ram.dirty().arm(DATA, DirtyPages.CODE);
        driver.ram.dirty().arm(DATA + 0x1000, DirtyPages.CODE);
        assertEquals(0, request(0, 0, 4096, true));
        assertEquals(0, driver.ram.dirty().readersAt(DATA));
        assertEquals(DirtyPages.CODE, driver.ram.dirty().readersAt(DATA + 0x1000));
    }

    @ParameterizedTest
    @CsvSource({
        "0, 2048, 512",
        "0, 2047, 1024",
        "0, -1, 512",
        "0, 9223372036854775807, 512",
        "0, 0, 100",
        "1, 2048, 512"
    })
    void sectorsThatThereAreNotAreErrors(int type, long sector, long length) {
        driver.start(TestDriver.ALL);
        assertEquals(1, request(type, sector, length, type == 0));
        assertEquals(TestDriver.RUNNING, driver.status());
    }

    @Test
    void aMediumThatFailsIsAnErrorAndTheNextRequestIsAnswered() {
        driver.start(TestDriver.ALL);
        disk.breakDown();
        assertEquals(1, request(0, 0, 512, true));
        assertEquals(1, request(4, 0, 0, false));
        assertEquals(1, request(1, 0, 512, false));
        assertEquals(3, driver.usedIndex(0));
    }

    @Test
    void anUnknownRequestIsUnsupported() {
        driver.start(TestDriver.ALL);
        assertEquals(2, request(77, 0, 512, true));
    }

    @Test
    void theSerialNumberIsTold() {
        driver.start(TestDriver.ALL);
        assertEquals(0, request(8, 0, 20, true));
        assertArrayEquals(
                "SN0123456789\0\0\0\0\0\0\0\0".getBytes(StandardCharsets.US_ASCII),
                driver.bytes(DATA, 20));
    }

    @Test
    void writesAreFlushedForADriverThatCant() {
        driver.start(FLUSH);
        request(1, 0, 512, false);
        assertEquals(0, disk.flushes());
        request(4, 0, 0, false);
        assertEquals(1, disk.flushes());
        driver.start(0);
        request(1, 0, 512, false);
        assertEquals(2, disk.flushes());
    }

    @Test
    void aReadOnlyDiskSaysSo() {
        TestDriver other = new TestDriver();
        other.plug(new VirtioBlock(new MemoryDisk(512, true), "disk-1", "", other.lock));
        assertEquals(1L << 5, other.deviceFeatures() & 1L << 5);
        assertEquals(0, driver.deviceFeatures() & 1L << 5);
    }

    @Test
    void itInterruptsByItsPinUntilTheStatusIsRead() {
        driver.start(0);
        request(0, 0, 512, true);
        assertTrue(driver.line.isHigh());
        assertEquals(1, driver.memory.read(TestDriver.REGISTERS + 0x1000, 1));
        assertFalse(driver.line.isHigh());
        assertEquals(0, driver.memory.read(TestDriver.REGISTERS + 0x1000, 1));
    }

    @Test
    void thePinStaysLowWhileTheCommandRegisterDisablesIt() {
        driver.config(4, 2, 0x406);
        driver.start(0);
        request(0, 0, 512, true);
        assertFalse(driver.line.isHigh());
        assertEquals(8, driver.config(6, 2) & 8);
        driver.config(4, 2, 6);
        assertTrue(driver.line.isHigh());
    }

    @Test
    void itInterruptsByMessagesWhereTheyAreEnabled() {
        driver.start(0);
        driver.enableMessages();
        request(0, 0, 512, true);
        assertEquals(List.of(0x41), driver.messages);
        assertFalse(driver.line.isHigh());
    }

    @Test
    void aMaskedMessageComesWhenItIsUnmasked() {
        driver.start(0);
        driver.enableMessages();
        driver.memory.write(TestDriver.MESSAGES + 16 + 12, 4, 1);
        request(0, 0, 512, true);
        assertEquals(List.of(), driver.messages);
        assertEquals(2, driver.memory.read(TestDriver.MESSAGES + 0x800, 4));
        driver.memory.write(TestDriver.MESSAGES + 16 + 12, 4, 0);
        assertEquals(List.of(0x41), driver.messages);
        assertEquals(0, driver.memory.read(TestDriver.MESSAGES + 0x800, 4));
    }

    @Test
    void aDriverThatWantsNoInterruptGetsNone() {
        driver.start(0);
        driver.memory.write(TestDriver.available(0), 2, 1);
        request(0, 0, 512, true);
        assertFalse(driver.line.isHigh());
    }

    @Test
    void withEventIndicesItInterruptsWhenTheDriverSaid() {
        driver.start(TestDriver.ALL);
        long event = TestDriver.available(0) + 4 + 2 * TestDriver.SIZE;
        driver.memory.write(event, 2, 1);
        request(0, 0, 512, true);
        assertFalse(driver.line.isHigh());
        request(0, 0, 512, true);
        assertTrue(driver.line.isHigh());
        assertEquals(2, driver.memory.read(TestDriver.used(0) + 4 + 8 * TestDriver.SIZE, 2));
    }

    @Test
    void withoutBusMasteringNothingHappens() {
        driver.start(0);
        driver.config(4, 2, 2);
        assertEquals(0xff, request(0, 0, 512, true));
    }

    private void expectNeedsReset() {
        driver.offer(0, 0);
        driver.device.stop();
        assertEquals(TestDriver.NEEDS_RESET, driver.status() & TestDriver.NEEDS_RESET);
        driver.start(TestDriver.ALL);
        assertEquals(0, request(0, 0, 512, true));
    }

    @Test
    void aLoopOfDescriptorsNeedsAReset() {
        driver.start(TestDriver.ALL);
        driver.describe(0, 0, HEADER, 16, TestDriver.NEXT, 1);
        driver.describe(0, 1, DATA, 16, TestDriver.NEXT, 0);
        expectNeedsReset();
    }

    @ParameterizedTest
    @CsvSource({
        "0x100000, 16, 0",
        "0xffff0, 17, 0",
        "-1, 16, 0",
        "0xfff0, 0xffffffff, 0",
        "0xe0000000, 4, 2",
        "0x10000, 16, 7"
    })
    void aDescriptorThatIsNoRamNeedsAReset(String address, String length, int flags) {
        driver.start(TestDriver.ALL);
        driver.describe(0, 0, Long.decode(address), Long.decode(length), flags, 1);
        expectNeedsReset();
    }

    @ParameterizedTest
    @CsvSource({"0, 4", "15, 4", "24, 4", "16, 5", "0x100000, 4"})
    void anIndirectTableThatIsNoneNeedsAReset(String length, int flags) {
        driver.start(TestDriver.ALL);
        driver.describe(0, 0, 0x1_9000, Long.decode(length), flags, 0);
        expectNeedsReset();
    }

    @Test
    void aTableInATableNeedsAReset() {
        driver.start(TestDriver.ALL);
        driver.describe(0x1_9000, 0x1_9000, 16, TestDriver.INDIRECT, 0);
        driver.describe(0, 0, 0x1_9000, 16, TestDriver.INDIRECT, 0);
        expectNeedsReset();
    }

    @Test
    void moreRequestsThanEntriesNeedAReset() {
        driver.start(TestDriver.ALL);
        driver.memory.write(TestDriver.available(0) + 2, 2, TestDriver.SIZE);
        expectNeedsReset();
    }

    @Test
    void ringsOutsideRamNeedAReset() {
        driver.negotiate(VirtioDevice.VERSION_1);
        driver.common(0x20, 8, 0x7fff_ffff_ffff_fff0L);
        driver.common(0x1c, 2, 1);
        driver.common(0x14, 1, TestDriver.RUNNING);
        assertEquals(TestDriver.RUNNING | TestDriver.NEEDS_RESET, driver.status());
        driver.notifyQueue(0);
        driver.common(0x14, 1, 0);
        assertEquals(0, driver.status());
    }

    @Test
    void aRequestWithoutPlaceForAStatusIsGivenBack() {
        driver.start(TestDriver.ALL);
        driver.describe(0, 0, HEADER, 16, 0, 0);
        driver.offer(0, 0);
        assertEquals(1, driver.usedIndex(0));
        driver.describe(0, 0, HEADER, 8, TestDriver.NEXT, 1);
        driver.describe(0, 1, STATUS, 1, TestDriver.WRITE, 0);
        driver.offer(0, 0);
        assertEquals(2, driver.usedIndex(0));
    }

    @Test
    void randomRingsHarmNothing() {
        long seed = System.nanoTime();
        assertDoesNotThrow(() -> fuzzRings(seed), () -> "seed " + seed);
    }

    private void fuzzRings(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        driver.enableMessages();
        for (int round = 0; round < 400; round++) {
            driver.start(random.nextBoolean() ? TestDriver.ALL : 0);
            for (int i = 0; i < 200; i++) {
                long gpa = TestDriver.descriptors(0) + random.nextInt(0x300);
                driver.memory.write(gpa, 1 << random.nextInt(4), plausible(random));
            }
            for (int i = 0; i < 4; i++) {
                driver.put(HEADER, new byte[] {(byte) random.nextInt(15)});
                long index = driver.memory.read(TestDriver.available(0) + 2, 2);
                driver.memory.write(TestDriver.available(0) + 2, 2, index + random.nextInt(18));
                driver.notifyQueue(0);
            }
            driver.device.stop();
        }
        driver.start(TestDriver.ALL);
        assertEquals(0, request(0, 0, 512, true));
    }

    /// Addresses in and just out of RAM, small numbers, and anything.
    private static long plausible(SplittableRandom random) {
        return switch (random.nextInt(4)) {
            case 0 -> HEADER + random.nextInt(32);
            case 1 -> random.nextInt(18);
            case 2 -> TestDriver.RAM_BYTES - 600 + random.nextInt(1200);
            default -> random.nextLong() >>> random.nextInt(64);
        };
    }
}
