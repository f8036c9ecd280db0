package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static straddle.core.arch.x86.X86.*;
import static straddle.tcg.x86.Snippet.*;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import straddle.core.arch.x86.Segment;

/// What 64-bit mode checks of gates, stacks, task segments and MSRs.
class LongModeTest {
    private static final int TSS = 0x3_0000;
    private static final int CALL_GATE = 0x20;
    private static final int INTERRUPT_STACK = 0x5_0000;

    private final Snippet snippet = new Snippet();

    @AfterEach
    void close() {
        snippet.close();
    }

    /// Has an exception taken on the first interrupt stack of a task segment.
    private void useInterruptStack(int vector, int taskBytes) {
        snippet.putLong(IDT + 16 * vector, snippet.getLong(IDT + 16 * vector) | 1L << 32);
        snippet.putLong(TSS + 0x24, INTERRUPT_STACK);
        snippet.state.tr.set(0x18, TSS, taskBytes - 1, Segment.P | 0xb);
    }

    @ParameterizedTest(name = "a task segment of {0} bytes")
    @CsvSource({"0x2c, -3", "0x2b, 10"})
    void anInterruptStackMustLieInTheTaskSegment(String bytes, int vector) {
        useInterruptStack(UD, Integer.decode(bytes));
        int end = snippet.run("0f0b");
        assertEquals(vector == TS ? TS : UD, end);
        assertEquals(vector == TS ? STACK - 48 : INTERRUPT_STACK - 40, snippet.state.gpr[RSP]);
        assertEquals(vector == TS ? 0x18 | 1 : 0x1_0000, snippet.stack(0));
    }

    @Test
    void anExceptionOnAStackThatIsNotCanonicalIsADoubleFault() {
        useInterruptStack(DF, 0x68);
        // mov rsp, 1 << 63; div by 0: a contributory exception, then #SS
        assertEquals(DF, snippet.run("6a01 5c 48c1e43f 31c9 f7f1"));
        assertEquals(0, snippet.stack(0));
    }

    @ParameterizedTest(name = "code {0}, upper half {1}")
    @CsvSource({
        "0x00af9b000000ffff, 0, -1",
        "0x00cf9b000000ffff, 0, 13", // 32-bit code
        "0x00ef9b000000ffff, 0, 13", // both L and D
        "0x00af9b000000ffff, 0x0000010000000000, 13", // a type where there is none
    })
    void aCallGateLeadsTo64BitCodeAlone(String code, String upper, int vector) {
        int target = snippet.nextCode() + 7;
        snippet.putLong(GDT + 0x10, Long.decode(code));
        long gate = target & 0xffff | 0x10 << 16 | 0x8c00L << 32 | (long) target >>> 16 << 48;
        snippet.putLong(GDT + CALL_GATE, gate);
        snippet.putLong(GDT + CALL_GATE + 8, Long.decode(upper));
        snippet.putLong(DATA + 8, CALL_GATE);
        assertEquals(vector, snippet.run("ff5f04 90909090"));
    }

    @Test
    void aFarCallWhoseStackEndsInAPageFaultChangesNothing() {
        // lea rsp, [HOLE + 0x1008]; call far [rdi]
        snippet.putLong(DATA, 0x8L << 32 | 0x1_0000);
        useInterruptStack(PF, 0x68);
        assertEquals(PF, snippet.run("488d2425 04101000 ff1f"));
        assertEquals(HOLE + 0x1004, snippet.stack(4));
        assertEquals(HOLE + 0xffc, snippet.state.cr2);
    }

    @ParameterizedTest(name = "upper half {0}")
    @CsvSource({"0, -1", "0x0000010000000000, 13"})
    void ltrWantsNoTypeInTheUpperHalf(String upper, int vector) {
        snippet.putLong(GDT + 0x18, 0x67 | (long) TSS << 16 | 0x89L << 40);
        snippet.putLong(GDT + 0x20, Long.decode(upper));
        snippet.state.gpr[RAX] = 0x18;
        assertEquals(vector, snippet.run("0f00d8"));
    }

    @Test
    void ltrWantsBothHalvesInTheTable() {
        snippet.putLong(GDT + 0x18, 0x67 | (long) TSS << 16 | 0x89L << 40);
        snippet.state.gdtLimit = 0x1f;
        snippet.state.gpr[RAX] = 0x18;
        assertEquals(GP, snippet.run("0f00d8"));
        assertEquals(0x18, snippet.stack(0));
    }

    @ParameterizedTest(name = "RDX {0}, RCX {1}")
    @CsvSource({"0x800000000000, 0x1000, 13", "0x1000, 0x800000000000, 13"})
    void sysexitGoesToCanonicalAddressesAlone(String rdx, String rcx, int vector) {
        snippet.state.msrs.put(MSR_SYSENTER_CS, 8L);
        snippet.state.gpr[RDX] = Long.decode(rdx);
        snippet.state.gpr[RCX] = Long.decode(rcx);
        assertEquals(vector, snippet.run("480f35"));
    }

    @ParameterizedTest(name = "WRMSR {0} = {1}")
    @CsvSource({
        "0x277, 0x0007040600070406, -1",
        "0x277, 0x0007040600070402, 13",
        "0x277, 0x0807040600070406, 13",
        "0x2ff, 0x0000000000000c06, -1",
        "0x2ff, 0x0000000000000c07, 13",
        "0x2ff, 0x0000000000001006, 13",
        "0x200, 0x00000000fee00006, -1",
        "0x200, 0x00000000fee00106, 13",
        "0x201, 0x000000ffffe00800, -1",
        "0x201, 0x0000010000000800, 13",
        "0x250, 0x0606060606060606, -1",
        "0x250, 0x0606060606060602, 13",
        "0x1d9, 0x0000000000000002, -1",
        "0x1d9, 0x0000000000000100, 13",
        "0xc0000082, 0x0000800000000000, 13",
        "0xc0000082, 0x00007ffffffff000, -1",
        "0x12345678, 0, 13",
    })
    void wrmsrRefusesWhatARegisterCantHold(String number, String value, int vector) {
        snippet.state.gpr[RCX] = Long.decode(number);
        snippet.state.gpr[RAX] = Long.decode(value) & 0xffff_ffffL;
        snippet.state.gpr[RDX] = Long.decode(value) >>> 32;
        assertEquals(vector, snippet.run("0f30"));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"jmp, e9ffffff7f", "jz, 0f84ffffff7f", "call, e8ffffff7f"})
    void aBranchIntoTheHoleFaultsAtTheBranch(String name, String code) {
        long top = 0x7fff_ffff_f000L; // the last page below the hole
        snippet.putLong(TABLES + 8 * 255, 0x2003);
        snippet.putLong(0x2000 + 8 * 511, DIRECTORY | PRESENT | WRITABLE);
        snippet.putLong(DIRECTORY + 8 * 511, PAGE_TABLE | PRESENT | WRITABLE);
        snippet.putLong(PAGE_TABLE + 8 * 511, 0x6_0003);
        snippet.state.rflags |= RFLAGS_ZF;
        snippet.put(0x6_0000, code);
        snippet.state.gpr[RAX] = top;
        assertEquals(GP, snippet.run("ffe0"), name);
        assertEquals(top, snippet.stack(1), name);
        assertEquals(STACK - 48, snippet.state.gpr[RSP], name);
    }
}
