package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static straddle.core.arch.x86.X86.*;
import static straddle.tcg.x86.Snippet.*;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import straddle.core.irq.InterruptSource;

/// Page tables as an operating system uses and abuses them (SDM volume 3, chapter 5).
class PagingTest {
    // Pages that a snippet's code does not use.
    private static final int PAGE = 0x8_0000;
    private static final int OTHER = 0x9_0000;

    private static final int FIFTH_TABLE = 0x5000;
    private static final int LARGE = 0x80;
    private static final int GLOBAL = 0x100;

    private final Snippet snippet = new Snippet();

    @AfterEach
    void close() {
        snippet.close();
    }

    private int errorCode() {
        return (int) snippet.stack(0);
    }

    private void preparePages() {
        snippet.putLong(PAGE, 1);
        snippet.putLong(OTHER, 2);
        snippet.state.gpr[RSI] = PAGE;
        snippet.state.gpr[RBX] = entryOf(PAGE);
        snippet.state.gpr[RAX] = OTHER | PRESENT | WRITABLE;
    }

    @Test
    void aGlobalPageOutlivesAChangeOfAddressSpace() {
        snippet.state.cr4 |= CR4_PGE;
        snippet.map(PAGE, PAGE | PRESENT | WRITABLE | GLOBAL);
        preparePages();
        // mov rdx, [rsi]; mov [rbx], rax; mov rax, cr3; mov cr3, rax; mov rcx, [rsi]
        assertEquals(COMPLETED, snippet.run("48 8b 16 48 89 03 0f 20 d8 0f 22 d8 48 8b 0e"));
        assertEquals(1, snippet.state.gpr[RDX]);
        assertEquals(1, snippet.state.gpr[RCX]);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "'mov rax, cr3; mov cr3, rax', 0f20d80f22d8, 0",
        "'invlpg [rsi], of a global page', 0f013e, 0x100",
        "'mov rax, cr4; xor al, 0x80; mov cr4, rax', 0f20e034800f22e0, 0x100",
    })
    void whatFlushesLetsTheNewMappingBeSeen(String name, String flush, String kind) {
        snippet.state.cr4 = snippet.state.cr4 & ~CR4_OSXSAVE | CR4_PGE;
        snippet.map(PAGE, PAGE | PRESENT | WRITABLE | Integer.decode(kind));
        preparePages();
        assertEquals(COMPLETED, snippet.run("48 8b 16 48 89 03" + flush + "48 8b 0e"), name);
        assertEquals(1, snippet.state.gpr[RDX]);
        assertEquals(2, snippet.state.gpr[RCX]);
    }

    @Test
    void invlpgDropsAllOfALargePage() {
        // The second 2 MiB: first themselves, then the first 2 MiB again.
        snippet.putLong(DIRECTORY + 8, PRESENT | WRITABLE | LARGE);
        snippet.putLong(PAGE, 1);
        snippet.putLong(OTHER, 2);
        snippet.state.gpr[RSI] = 0x20_0000 + PAGE;
        snippet.state.gpr[RBX] = DIRECTORY + 8;
        // mov rdx, [rsi]; and qword [rbx], 0; invlpg [rsi+0x1000]; mov rcx, [rsi]
        assertEquals(PF, snippet.run("48 8b 16 48 83 23 00 0f 01 be 00 10 00 00 48 8b 0e"));
        assertEquals(1, snippet.state.gpr[RDX]);
        assertEquals(0x20_0000 + PAGE, snippet.state.cr2);
    }

    @Test
    void aSupervisorMayNotRunUsersPagesUnderSmep() {
        snippet.map(PAGE, PAGE | PRESENT | WRITABLE | USER);
        snippet.letUserIn();
        snippet.state.cr4 |= CR4_SMEP;
        snippet.state.gpr[RAX] = PAGE;
        assertEquals(PF, snippet.run("ff e0")); // jmp rax
        assertEquals(ERROR_PRESENT | ERROR_FETCH, errorCode());
        assertEquals(PAGE, snippet.state.cr2);
    }

    @Test
    void aSupervisorReadsUsersPagesUnderSmapOnlyWithAlignmentCheck() {
        snippet.map(PAGE, PAGE | PRESENT | WRITABLE | USER);
        snippet.letUserIn();
        snippet.state.cr4 |= CR4_SMAP;
        snippet.state.gpr[RSI] = PAGE;
        assertEquals(COMPLETED, snippet.run("0f 01 cb 48 8b 06 0f 01 ca")); // stac, clac
        assertEquals(PF, snippet.run("48 8b 06"));
        assertEquals(ERROR_PRESENT, errorCode());
    }

    @Test
    void tablesThatPointToThemselvesAreWalkedAllTheSame() {
        // Entry 511 of the top level is the top level: the tables appear at the end of the address
        // space.
        snippet.putLong(TABLES + 8 * 511, TABLES | PRESENT | WRITABLE);
        snippet.state.gpr[RSI] = 0xffff_ffff_ffff_fff8L;
        assertEquals(COMPLETED, snippet.run("48 8b 06"));
        assertEquals(TABLES | PRESENT | WRITABLE, snippet.state.gpr[RAX] & 0xfff_ffdf);
    }

    @Test
    void tablesBeyondMemoryReadAllOnesWhichIsReserved() {
        snippet.putLong(TABLES + 8, 0x80_0000_0000L - 0x1000 | PRESENT | WRITABLE);
        snippet.state.gpr[RSI] = 1L << 39;
        assertEquals(PF, snippet.run("48 8b 06"));
        assertEquals(ERROR_PRESENT | ERROR_RESERVED, errorCode());
    }

    @Test
    void anAddressBitBeyondTheProcessorsIsReserved() {
        snippet.map(PAGE, 1L << 45 | PAGE | PRESENT);
        snippet.state.gpr[RSI] = PAGE;
        assertEquals(PF, snippet.run("48 8b 06"));
        assertEquals(ERROR_PRESENT | ERROR_RESERVED, errorCode());
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "type 4, 4, 0, 0, 13",
        "a PCID without CR4.PCIDE, 1, 5, 0, 13",
        "reserved bits, 2, 0x1000, 0, 13",
        "an address that is not canonical, 0, 0, 0x800000000000, 13",
        "one address, 0, 0, 0x80000, -1",
        "everything, 2, 0, 0, -1",
        "all but global pages, 3, 0, 0, -1",
    })
    void invpcidChecksItsOperands(String name, int type, String pcid, String linear, int vector) {
        snippet.putLong(DATA, Long.decode(pcid));
        snippet.putLong(DATA + 8, Long.decode(linear));
        snippet.state.gpr[RAX] = type;
        assertEquals(vector, snippet.run("66 0f 38 82 07"), name); // invpcid rax, [rdi]
    }

    @Test
    void mwaitEndsWithAStoreToTheLineAndAlsoWithout() {
        snippet.state.gpr[RAX] = DATA;
        snippet.state.gpr[RCX] = 0;
        // monitor; inc qword [rdi]; xor ecx, ecx; mwait; inc rbx
        assertEquals(COMPLETED, snippet.run("0f 01 c8 48 ff 07 31 c9 0f 01 c9 48 ff c3"));
        assertEquals(1, snippet.state.gpr[RBX]);
        assertEquals(COMPLETED, snippet.run("0f 01 c9"));
        assertEquals(COMPLETED, snippet.run("0f 01 c8 0f 01 c9"));
    }

    @Test
    void anAddressThatIsNotCanonicalIsAGeneralProtectionFault() {
        snippet.state.gpr[RSI] = 0x8000_0000_0000L;
        assertEquals(GP, snippet.run("48 8b 06"));
        assertEquals(0, errorCode());
    }

    /// A processor with five levels of tables, the uppermost over [Snippet]'s.
    private static Snippet withFiveLevels() {
        Snippet five = new Snippet(CpuModels.parse("max,+la57"), InterruptSource.NONE);
        five.putLong(FIFTH_TABLE, TABLES | PRESENT | WRITABLE);
        five.state.cr3 = FIFTH_TABLE;
        five.state.cr4 |= CR4_LA57;
        return five;
    }

    @Test
    void fiveLevelsOfTablesReach57Bits() {
        try (Snippet five = withFiveLevels()) {
            five.putLong(FIFTH_TABLE + 8 * 3, TABLES | PRESENT | WRITABLE);
            five.putLong(PAGE, 5);
            five.state.gpr[RSI] = 3L << 48 | PAGE;
            assertEquals(COMPLETED, five.run("48 8b 06"));
            assertEquals(5, five.state.gpr[RAX]);
            five.state.gpr[RSI] = 4L << 48;
            assertEquals(PF, five.run("48 8b 06"));
            assertEquals(4L << 48, five.state.cr2);
            five.state.gpr[RSI] = 1L << 56;
            assertEquals(GP, five.run("48 8b 06"));
        }
    }

    @Test
    void theNumberOfLevelsStaysAsItIsInLongMode() {
        try (Snippet five = withFiveLevels()) {
            // mov rax, cr4; btc rax, 12; mov cr4, rax
            assertEquals(GP, five.run("0f20e0 480fbaf80c 0f22e0"));
        }
        assertEquals(GP, snippet.run("0f20e0 480fbaf80c 0f22e0")); // which has no LA57
    }
}
