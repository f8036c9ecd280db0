package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static straddle.core.arch.x86.X86.*;

import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import straddle.core.bus.IoDevice;
import straddle.core.memory.RamAllocator;
import straddle.core.memory.RamBlock;

/// Guests that do what no sane one does get the architecture's answer, interpreted or as machine code.
@ParameterizedClass
@EnumSource(names = {"INTERPRETER", "MACHINE_CODE"})
class BadInputTest {
    private static final int ROM = 0x40_0000;
    private static final int DEVICE = 0x60_0000;
    private static final int PREFIX = 0x66;
    private static final int NOP = 0x90;
    private static final int LONGEST = 15;

    @Parameter Tier tier;

    private final Snippet snippet = new Snippet();

    @BeforeEach
    void chooseTier() {
        snippet.use(tier);
    }

    @AfterEach
    void close() {
        snippet.close();
    }

    private void put(int at, int... bytes) {
        ByteBuffer to = snippet.bytes(at, bytes.length);
        for (int each : bytes) {
            to.put((byte) each);
        }
    }

    /// What was pushed after the error code, if there was one.
    private long returnAddress(boolean hasError) {
        return snippet.stack(hasError ? 1 : 0);
    }

    @Test
    void codeThatRunsOffMappedMemoryFaultsWhereMemoryEnds() {
        put(Snippet.HOLE - 2, NOP, NOP);
        for (int i = 0; i < 100; i++) {
            snippet.state.gpr[RSP] = 0;
            assertEquals(PF, snippet.runAt(Snippet.HOLE - 2));
            assertEquals(Snippet.HOLE, snippet.state.cr2);
            assertEquals(Snippet.HOLE, returnAddress(true));
        }
    }

    @Test
    void anInstructionWhoseSecondPageFaultsHasNotBegun() {
        put(Snippet.HOLE - 4, NOP, 0x48, 0xb8, 0x11); // movabs
        assertEquals(PF, snippet.runAt(Snippet.HOLE - 4));
        assertEquals(Snippet.HOLE, snippet.state.cr2);
        assertEquals(Snippet.HOLE - 3, returnAddress(true));
        assertEquals(0, snippet.state.gpr[RAX]);
    }

    @ParameterizedTest(name = "{0} prefixes at {1}")
    @CsvSource({
        "14, 0x30ff8, 3",
        "15, 0x30ff8, 13",
        "15, 0x30ff1, 13",
        "14, 0x30ff2, 3",
        "15, 0xffff1, 13",
        "14, 0xffff2, 14",
    })
    void fifteenBytesAreTheLongestInstructionAcrossPagesToo(int prefixes, String at, int vector) {
        int[] code = new int[prefixes + 2];
        Arrays.fill(code, PREFIX);
        code[prefixes] = NOP;
        code[prefixes + 1] = 0xcc;
        int start = Integer.decode(at);
        put(start, start + prefixes + 2 > Snippet.HOLE ? Arrays.copyOf(code, prefixes) : code);
        assertTrue(prefixes <= LONGEST);
        assertEquals(vector, snippet.runAt(start));
        assertEquals(vector == BP ? start + prefixes + 2 : start, returnAddress(vector != BP));
    }

    @ParameterizedTest
    @ValueSource(longs = {0x8000_0000_0000_0000L, Snippet.HOLE + 0x800, 0x7fff_ffff_ffffL, 4, -8})
    void aStackThatIsNowhereEndsInAShutdown(long rsp) {
        int at = snippet.nextCode();
        put(at, 0x50); // push rax
        snippet.state.gpr[RSP] = rsp;
        snippet.map(0, 0);
        assertEquals(Snippet.SHUT_DOWN, snippet.runAt(at));
    }

    @Test
    void aFaultWhoseHandlerFaultsIsADoubleFaultAndThenAShutdown() {
        int at = snippet.nextCode();
        put(at, 0x0f, 0x0b); // ud2
        snippet.state.idtBase = Snippet.HOLE;
        assertEquals(Snippet.SHUT_DOWN, snippet.runAt(at));
    }

    @Test
    void aDescriptorTableInRomIsReadAndNotMarked() throws Exception {
        try (Arena arena = Arena.ofShared()) {
            RamBlock block = RamBlock.allocate("rom", 0x1000, RamAllocator.OFF_HEAP, arena);
            ByteBuffer table = block.bytes().asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
            long notAccessed = 0x00af_9a00_0000_ffffL;
            table.putLong(8, notAccessed);
            table.putLong(0x10, 0x00cf_9200_0000_ffffL);
            table.putLong(0x18, ROM + 0x100L << 16 | 0x67 | 0x89L << 40);
            snippet.memory().mapRam("rom", ROM, block, 0, 0x1000, true);
            snippet.putLong(Snippet.DIRECTORY + 8 * (ROM >> 21), ROM | 0x83);
            snippet.state.gdtBase = ROM;
            snippet.state.gdtLimit = 0xfff;
            // mov $16, %eax; mov %eax, %ss; mov %eax, %ds; mov $24, %eax; ltr %ax; ud2, through a
            // gate to
            // segment 8
            int at = snippet.nextCode();
            put(at, 0xb8, 0x10, 0, 0, 0, 0x8e, 0xd0, 0x8e, 0xd8, 0xb8, 0x18, 0, 0, 0);
            put(at + 14, 0x0f, 0x00, 0xd8, 0x0f, 0x0b);
            assertEquals(UD, snippet.runAt(at));
            assertEquals(notAccessed, table.getLong(8));
            assertEquals(ROM + 0x100L, snippet.state.tr.base);
            assertEquals(0x10, snippet.state.segments[DS].selector);
        }
    }

    @Test
    void pageTablesInADeviceAreReadFromIt() {
        snippet.memory()
                .mapMmio(
                        "tables",
                        DEVICE,
                        0x1000,
                        new IoDevice() {
                            @Override
                            public long read(int offset, int width) {
                                return (Snippet.DATA | 3L) >>> 8 * (offset & 7);
                            }

                            @Override
                            public void write(int offset, int width, long value) {}
                        });
        snippet.putLong(Snippet.DIRECTORY + 8 * 5, DEVICE | 3);
        snippet.putLong(Snippet.DATA, 0x1234);
        snippet.state.gpr[RSI] = 5L << 21;
        assertEquals(Snippet.COMPLETED, snippet.run("48 8b 06"));
        assertEquals(0x1234, snippet.state.gpr[RAX]);
    }
}
