package straddle.launcher.monitor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static straddle.core.arch.x86.X86.*;

import java.lang.foreign.Arena;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import straddle.core.arch.x86.X86State;
import straddle.core.bus.MachineLock;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.RamAllocator;
import straddle.core.memory.RamBlock;

class PageTablesTest {
    private final Arena arena = Arena.ofShared();
    private final AddressSpace memory = new AddressSpace(new MachineLock());
    private final X86State state = new X86State();

    @BeforeEach
    void mapRam() throws Exception {
        memory.mapRam(0, RamBlock.allocate("ram", 1 << 20, RamAllocator.OFF_HEAP, arena));
        state.cr0 |= CR0_PE | CR0_PG;
        state.cr3 = 0x1000;
    }

    @AfterEach
    void free() {
        arena.close();
    }

    private PageTables tables() {
        return new PageTables(state, memory);
    }

    @Test
    void fourLevelsLeadToSmallAndLargePages() {
        state.efer = EFER_LME | EFER_LMA;
        state.cr4 = CR4_PAE;
        memory.write(0x1000 + 8 * 511, 8, 0x2003);
        memory.write(0x2000 + 8 * 510, 8, 0x3003);
        memory.write(0x3000, 8, 0x4003);
        memory.write(0x3008, 8, 0x8000_0000_0020_0083L);
        memory.write(0x4000 + 8 * 3, 8, 0x9003);
        memory.write(0x4000 + 8 * 4, 8, 0xa003);

        assertEquals(0x9abc, tables().translate(0xffff_ffff_8000_3abcL));
        assertEquals(0x21_2345, tables().translate(0xffff_ffff_8021_2345L));
        assertEquals(-1, tables().translate(0xffff_ffff_8000_5000L));
        assertTrue(
                tables().toString()
                        .contains(
                                "ffffffff80003000-ffffffff80004fff  000000009000      8 KiB  swx"),
                tables().toString());
        assertTrue(
                tables().toString()
                        .contains(
                                "ffffffff80200000-ffffffff803fffff  000000200000      2 MiB  sw-"),
                tables().toString());
    }

    @Test
    void twoLevelsLeadToSmallAndLargePages() {
        state.cr4 = CR4_PSE;
        memory.write(0x1000 + 4 * 768, 4, 0x2007);
        memory.write(0x1000 + 4 * 769, 4, 0x40_0083);
        memory.write(0x2000 + 4 * 5, 4, 0x9005);

        assertEquals(0x9123, tables().translate(0xc000_5123L));
        assertEquals(0x41_2345, tables().translate(0xc041_2345L));
        assertTrue(tables().toString().contains("4 KiB  urx"), tables().toString());
    }

    @Test
    void threeLevelsOfPaeLeadToAPage() {
        state.cr4 = CR4_PAE;
        state.cr3 = 0x1020;
        memory.write(0x1020 + 8 * 3, 8, 0x2001);
        memory.write(0x2000, 8, 0x3003);
        memory.write(0x3000 + 8, 8, 0x9003);

        assertEquals(0x9004, tables().translate(0xc000_1004L));
        assertTrue(tables().toString().contains("swx"), tables().toString());
    }

    @Test
    void withoutPagingAddressesAreWhatTheyAre() {
        state.cr0 &= ~CR0_PG;
        assertEquals(0x1234, tables().translate(0x1234));
        assertTrue(tables().toString().contains("Paging is off"));
    }

    @Test
    void tablesThatLeadIntoThemselvesEnd() {
        state.efer = EFER_LME | EFER_LMA;
        state.cr4 = CR4_PAE;
        for (int i = 0; i < 512; i++) {
            memory.write(
                    0x1000 + 8L * i,
                    8,
                    0x1003 | (long) i << 60 & 0x7000_0000_0000_0000L | (i & 1L) << 63);
        }
        assertTrue(tables().toString().contains("and so on"));
    }
}
