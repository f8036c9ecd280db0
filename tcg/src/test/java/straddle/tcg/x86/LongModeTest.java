package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static straddle.core.arch.x86.X86.*;

import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import straddle.core.arch.x86.Segment;

/// What 64-bit mode checks of gates, stacks, task segments and MSRs.
class LongModeTest {
    private static final int GDT = 0x6000;
    private static final int IDT = 0x7000;
    private static final int TSS = 0x3_0000;
    private static final int CALL_GATE = 0x20;

    private final Snippet snippet = new Snippet();

    @AfterEach
    void close() {
        snippet.close();
    }

    private long stack(int slot) {
        return snippet.getLong((int) snippet.state.gpr[RSP] + 8 * slot);
    }

    @ParameterizedTest(name = "a task segment of {0} bytes")
    @CsvSource({"0x2c, -3", "0x2b, 10"})
    void anInterruptStackMustLieInTheTaskSegment(String bytes, int vector) {
        snippet.putLong(IDT + 16 * UD, snippet.getLong(IDT + 16 * UD) | 1L << 32); // IST 1
        snippet.putLong(TSS + 0x24, 0x5_0000);
        snippet.state.tr.set(0x18, TSS, Integer.decode(bytes) - 1, Segment.P | 0xb);
        int end = snippet.run("0f0b");
        assertEquals(vector == TS ? TS : UD, end);
        assertEquals(vector == TS ? 0xf000 - 48 : 0x5_0000 - 40, snippet.state.gpr[RSP]);
        assertEquals(vector == TS ? 0x18 | 1 : 0x1_0000, stack(0));
    }

    @Test
    void anExceptionOnAStackThatIsNotCanonicalIsADoubleFault() {
        snippet.putLong(IDT + 16 * DF, snippet.getLong(IDT + 16 * DF) | 1L << 32);
        snippet.putLong(TSS + 0x24, 0x5_0000);
        snippet.state.tr.set(0x18, TSS, 0x67, Segment.P | 0xb);
        // mov rsp, 1 << 63; div by 0: a contributory exception, then #SS
        assertEquals(DF, snippet.run("6a01 5c 48c1e43f 31c9 f7f1"));
        assertEquals(0, stack(0));
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
        snippet.putLong(Snippet.DATA + 8, CALL_GATE);
        assertEquals(vector, snippet.run("ff5f04 90909090"));
    }

    @Test
    void aFarCallWhoseStackEndsInAPageFaultChangesNothing() {
        // lea rsp, [HOLE + 0x1008]; call far [rdi]
        snippet.putLong(Snippet.DATA, 0x8L << 32 | 0x1_0000);
        snippet.putLong(IDT + 16 * PF, snippet.getLong(IDT + 16 * PF) | 1L << 32);
        snippet.putLong(TSS + 0x24, 0x5_0000);
        snippet.state.tr.set(0x18, TSS, 0x67, Segment.P | 0xb);
        assertEquals(PF, snippet.run("488d2425 04101000 ff1f"));
        assertEquals(Snippet.HOLE + 0x1004, stack(4));
        assertEquals(Snippet.HOLE + 0xffc, snippet.state.cr2);
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
        assertEquals(0x18, stack(0));
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
        snippet.putLong(0x1000 + 8 * 255, 0x2003);
        snippet.putLong(0x2000 + 8 * 511, 0x3003);
        snippet.putLong(0x3000 + 8 * 511, 0x4003);
        snippet.putLong(0x4000 + 8 * 511, 0x6_0003);
        snippet.state.rflags |= RFLAGS_ZF;
        snippet.bytes(0x6_0000, 16).put(HexFormat.of().parseHex(code));
        snippet.state.gpr[RAX] = top;
        assertEquals(GP, snippet.run("ffe0"), name);
        assertEquals(top, stack(1), name);
        assertEquals(0xf000 - 48, snippet.state.gpr[RSP], name);
    }
}
