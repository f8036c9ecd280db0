package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static straddle.core.arch.x86.X86.*;
import static straddle.tcg.x86.ProtectedMachine.*;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import straddle.core.arch.x86.X86State;

/// 32-bit and PAE paging (SDM volume 3, 5.3 and 5.4), of 32-bit code at privilege level 0.
class LegacyPagingTest {
    private static final int DATA = 0x40_0000;
    private static final int DIRECTORY = 0x2_0000;
    private static final int POINTERS = 0x2_4000;
    private static final int OTHER_DIRECTORY = 0x2_5000;
    private static final long LARGE = 0x83;
    private static final int RESERVED = 9;

    private ProtectedMachine machine;
    private X86State state;

    @BeforeEach
    void makeMachine() throws Exception {
        machine = new ProtectedMachine(32, 0x8e00);
        state = machine.state;
        state.cr0 |= CR0_PG;
        state.cr4 = CR4_PSE;
        state.cr3 = DIRECTORY;
    }

    @AfterEach
    void close() {
        machine.close();
    }

    /// PAE paging, the first 2 MiB one to one and the next as well.
    private void enterPae() {
        state.cr4 |= CR4_PAE;
        state.cr3 = POINTERS;
        machine.putLong(POINTERS, DIRECTORY | 1);
        machine.putLong(DIRECTORY, LARGE);
        machine.putLong(OTHER_DIRECTORY, LARGE);
        machine.putLong(DIRECTORY + 8, LARGE);
    }

    @ParameterizedTest(name = "a 4 MiB page''s entry {0}")
    @CsvSource({
        "0x83, -1, 0",
        "0x200083, 14, 9", // bit 21
        "0x1e0083, -1, 0", // bits 39 to 36 of the address: no memory there
    })
    void bit21OfALargePagesEntryIsReserved(String entry, int vector, int error) {
        machine.putLong(DIRECTORY, LARGE | Long.decode(entry) << 32);
        assertEquals(vector, machine.run("a1 00004000")); // mov eax, [0x400000]
        assertEquals(error, vector == PF ? machine.stack(0) : 0);
    }

    @ParameterizedTest(name = "a PAE entry {0}")
    @CsvSource({"0x0000000000000083, -1", "0x0010000000000083, 14", "0x4000000000000083, 14"})
    void upperBitsOfPaeEntriesAreReserved(String entry, int vector) {
        enterPae();
        machine.putLong(DIRECTORY + 16, Long.decode(entry));
        assertEquals(vector, machine.run("a1 00004000"));
        assertEquals(vector == PF ? RESERVED : 0, vector == PF ? machine.stack(0) : 0);
    }

    @Test
    void paeDirectoryPointersAreReadWhenCr3IsLoaded() {
        enterPae();
        machine.putLong(DIRECTORY + 16, LARGE);
        // mov dword [POINTERS], OTHER_DIRECTORY | 1; invlpg [DATA]; mov eax, [DATA]; mov ecx, cr3;
        // mov cr3, ecx;
        // mov eax, [DATA]
        int end =
                machine.run(
                        "c705 00400200 01500200 0f013d 00004000 a1 00004000 0f20d9 0f22d9"
                                + " a1 00004000");
        assertEquals(PF, end);
        assertEquals(0, machine.stack(0));
        assertEquals(CODE + 10 + 7 + 5 + 3 + 3, machine.stack(1));
        assertEquals(DATA, state.cr2);
    }

    @ParameterizedTest(name = "{0}, {1}")
    @CsvSource({
        "0x01, 0x25001, -1",
        "'a reserved bit', 0x25003, 13",
        "'one beyond the address', 0x8000000000025001, 13",
        "'what is not present', 0x8000000000025006, -1",
    })
    void aPaeDirectoryPointerWithReservedBitsIsRefusedByMovToCr3(
            String name, String entry, int vector) {
        enterPae();
        machine.putLong(POINTERS + 0x20, DIRECTORY | 1);
        machine.putLong(POINTERS + 0x38, Long.parseUnsignedLong(entry.substring(2), 16));
        state.gpr[RAX] = POINTERS + 0x20;
        assertEquals(vector, machine.run("0f22d8"), name);
        assertEquals(vector == GP ? POINTERS : POINTERS + 0x20, state.cr3);
    }
}
