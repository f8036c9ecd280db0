package straddle.core.memory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import straddle.core.bus.IoDevice;
import straddle.core.bus.MachineLock;

class AddressSpaceTest {
    private static final int PAGE = RamAllocator.PAGE_BYTES;

    private final Arena arena = Arena.ofShared();
    private final AddressSpace memory = new AddressSpace(new MachineLock());
    private final List<String> told = new ArrayList<>();
    private RamBlock block;

    @BeforeEach
    void allocate() throws RamUnavailableException {
        block = RamBlock.allocate("ram", 4 * PAGE, RamAllocator.OFF_HEAP, arena);
    }

    @AfterEach
    void free() {
        arena.close();
    }

    private final class Listener implements MemoryListener {
        @Override
        public void added(Region region) {
            told.add("+" + region);
        }

        @Override
        public void removed(Region region) {
            told.add("-" + region);
        }

        @Override
        public void written(long gpa, int readers) {
            told.add("written %x by %x".formatted(gpa, readers));
        }

        @Override
        public void tableWritten(long gpa, long length) {
            told.add("table %x+%x".formatted(gpa, length));
        }
    }

    /// Answers with its offset, and notes writes.
    private IoDevice device() {
        return new IoDevice() {
            @Override
            public int widths() {
                return 1 | 2 | 4 | 8;
            }

            @Override
            public long read(int offset, int width) {
                return offset;
            }

            @Override
            public void write(int offset, int width, long value) {
                told.add("%x@%d/%d".formatted(value, offset, width));
            }
        };
    }

    @Test
    void whatIsWrittenReadsBackInEveryWidth() {
        memory.mapRam(0, block);
        memory.write(0x101, 8, 0x8877_6655_4433_2211L);
        assertEquals(0x8877_6655_4433_2211L, memory.read(0x101, 8));
        assertEquals(0x8877_6655L, memory.read(0x105, 4));
        assertEquals(0x8877L, memory.read(0x107, 2));
        assertEquals(0x88L, memory.read(0x108, 1));
    }

    @Test
    void nothingFloats() {
        assertEquals(0xff, memory.read(0x1000, 1));
        assertEquals(-1L, memory.read(0x1000, 8));
        assertEquals(0xffff, memory.read(-2, 2));
        memory.write(0x1000, 8, 5);
        assertNull(memory.at(0x1000));
    }

    @Test
    void anAccessAcrossTheEndOfRamFloatsBeyondIt() {
        memory.mapRam(0, block);
        memory.write(4 * PAGE - 2, 4, 0x4433_2211);
        assertEquals(0xffff_2211L, memory.read(4 * PAGE - 2, 4));
    }

    @Test
    void adjacentRegionsAreCrossed() {
        memory.mapRam("second half first", 0, block, 2 * PAGE, 2 * PAGE, false);
        memory.mapRam("first half second", 2 * PAGE, block, 0, 2 * PAGE, false);
        memory.write(2 * PAGE - 1, 2, 0xbbaa);
        assertEquals(0xbbaaL, memory.read(2 * PAGE - 1, 2));
        assertEquals((byte) 0xaa, block.bytes().get(ValueLayout.JAVA_BYTE, 4 * PAGE - 1));
        assertEquals((byte) 0xbb, block.bytes().get(ValueLayout.JAVA_BYTE, 0));
    }

    @Test
    void romIsReadAndNotWritten() {
        block.bytes().set(ValueLayout.JAVA_BYTE, 0, (byte) 7);
        memory.mapRam("rom", 0xf_0000, block, 0, PAGE, true);
        memory.write(0xf_0000, 1, 9);
        memory.write(0xf_0000, MemorySegment.ofArray(new byte[] {9}));
        assertEquals(7, memory.read(0xf_0000, 1));
    }

    @Test
    void devicesSeeOffsets() {
        memory.mapMmio("device", 0xfee0_0000L, 0x1000, device());
        assertEquals(0x20, memory.read(0xfee0_0020L, 4));
        memory.write(0xfee0_0030L, 8, -1L);
        assertEquals(List.of("ffffffffffffffff@48/8"), told);
    }

    @Test
    void overlapsAreRefusedAndLeaveTheMapAsItWas() {
        memory.mapRam(PAGE, block);
        IllegalArgumentException refused =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> memory.mapMmio("late", 0x4ff0, 0x20, device()));
        assertEquals("late at 0x4ff0-0x500f overlaps ram at 0x1000-0x4fff", refused.getMessage());
        assertThrows(
                IllegalArgumentException.class,
                () -> memory.mapMmio("early", 0xff0, 0x20, device()));
        assertThrows(
                IllegalArgumentException.class,
                () -> memory.mapMmio("inside", 0x2000, 1, device()));
        assertEquals(1, memory.regions().size());
    }

    @Test
    void regionsBeyondTheArchitecturesLimitAreRefused() {
        assertThrows(
                IllegalArgumentException.class,
                () -> memory.mapMmio("high", (1L << 52) - 1, 2, device()));
        assertThrows(IllegalArgumentException.class, () -> memory.mapMmio("low", -1, 1, device()));
        assertThrows(IllegalArgumentException.class, () -> memory.mapMmio("empty", 0, 0, device()));
        memory.mapMmio("highest", (1L << 52) - 1, 1, device());
    }

    @Test
    void partsOfBlocksMustBeWholePagesWithinThem() {
        assertThrows(IllegalArgumentException.class, () -> memory.mapRam(5, block));
        assertThrows(
                IllegalArgumentException.class,
                () -> memory.mapRam("x", 0, block, PAGE, 4 * PAGE, false));
        assertThrows(
                IllegalArgumentException.class,
                () -> memory.mapRam("x", 0, block, -PAGE, PAGE, false));
    }

    @Test
    void listenersHearOfWhatIsThereAndOfEveryChange() {
        Region.Ram ram = memory.mapRam(0, block);
        Listener listener = new Listener();
        memory.addListener(listener);
        memory.unmap(ram);
        memory.removeListener(listener);
        memory.mapRam(0, block);
        assertEquals(List.of("+ram at 0x0-0x3fff", "-ram at 0x0-0x3fff"), told);
    }

    @Test
    void whatIsNotMappedCannotBeUnmapped() {
        Region.Ram ram = memory.mapRam(0, block);
        memory.unmap(ram);
        assertThrows(IllegalArgumentException.class, () -> memory.unmap(ram));
    }

    @Test
    void aRegionIsFoundByAnyOfItsAddresses() {
        for (int i = 0; i < 9; i++) {
            memory.mapMmio("device " + i, 0x100L * i, 0x10, device());
        }
        assertEquals("device 7", memory.at(0x70f).name());
        assertEquals("device 0", memory.at(0).name());
        assertNull(memory.at(0x710));
        assertSame(memory.regions().get(3), memory.at(0x300));
    }

    @Test
    void watchersOfAPageHearOfItsNextWriteOnce() {
        memory.mapRam("ram", 0x10_0000, block, PAGE, PAGE, false);
        memory.addListener(new Listener());
        told.clear();
        block.dirty().arm(PAGE, DirtyPages.CODE | DirtyPages.DISPLAY);
        memory.write(0x10_0010, 4, 1);
        memory.write(0x10_0010, 4, 2);
        assertEquals(List.of("written 100000 by 5"), told);
    }

    @Test
    void bulkWritesTellEveryWatchedPage() {
        memory.mapRam(0, block);
        memory.addListener(new Listener());
        told.clear();
        block.dirty().arm(0, DirtyPages.CODE);
        block.dirty().arm(2 * PAGE, DirtyPages.PT);
        block.dirty().arm(3 * PAGE, DirtyPages.PT);
        memory.write(PAGE - 1, MemorySegment.ofArray(new byte[2 * PAGE]));
        assertEquals(List.of("written 0 by 1", "table 2000+fff"), told);
    }

    @Test
    void aPageTablesReaderHearsOfEachWriteThere() {
        memory.mapRam("ram", 0x10_0000, block, PAGE, PAGE, false);
        memory.addListener(new Listener());
        told.clear();
        block.dirty().arm(PAGE, DirtyPages.PT | DirtyPages.CODE);
        memory.write(0x10_0010, 4, 1);
        memory.write(0x10_0018, 8, 2);
        assertEquals(List.of("written 100000 by 1", "table 100010+4", "table 100018+8"), told);
    }

    @Test
    void bulkCopiesCrossRegionsAndHoles() {
        memory.mapRam("a", 0, block, 0, PAGE, false);
        memory.mapRam("b", 2 * PAGE, block, PAGE, PAGE, false);
        byte[] out = new byte[PAGE + 2];
        java.util.Arrays.fill(out, (byte) 3);
        memory.write(PAGE - 1, MemorySegment.ofArray(out));
        byte[] in = new byte[PAGE + 3];
        memory.read(PAGE - 1, MemorySegment.ofArray(in));
        byte[] expected = new byte[PAGE + 3];
        java.util.Arrays.fill(expected, (byte) 0xff);
        expected[0] = 3;
        expected[PAGE + 1] = 3;
        expected[PAGE + 2] = 0;
        assertArrayEquals(expected, in);
    }

    @Test
    void ramOfOddSizesIsRefused() {
        assertThrows(
                IllegalArgumentException.class,
                () -> RamBlock.allocate("odd", 4097, RamAllocator.OFF_HEAP, arena));
        assertThrows(
                IllegalArgumentException.class,
                () -> RamBlock.allocate("none", 0, RamAllocator.OFF_HEAP, arena));
    }
}
