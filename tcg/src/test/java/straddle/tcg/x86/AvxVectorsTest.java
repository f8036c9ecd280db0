package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static straddle.core.arch.x86.X86.*;
import static straddle.tcg.x86.Snippet.COMPLETED;
import static straddle.tcg.x86.Snippet.DATA;
import static straddle.tcg.x86.Snippet.HOLE;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Instructions with a VEX prefix: that each runs, and what the tables can't say of them. What they compute is the
/// differential test's to compare.
class AvxVectorsTest {

    private final Snippet snippet = new Snippet();

    @AfterEach
    void close() {
        snippet.close();
    }

    // ---- all of them

    private static List<String> everyEncoding() {
        List<String> codes = new ArrayList<>();
        for (Row row : OpcodeTable.all()) {
            if (!row.has(Row.VEX)) {
                continue;
            }
            if (row.mod() != Row.MEMORY) {
                addEncodings(codes, row, "%02x".formatted(0xc7 | reg(row) << 3));
            }
            if (row.mod() != Row.REGISTER && row.hasModRm()) {
                String modrm = row.hasVectorIndex() ? "%02x27" : "%02x";
                int rm = row.hasVectorIndex() ? 4 : 7;
                addEncodings(codes, row, modrm.formatted(rm | reg(row) << 3));
            }
        }
        return codes;
    }

    private static int reg(Row row) {
        return row.reg() < 0 ? 1 : row.reg();
    }

    private static void addEncodings(List<String> codes, Row row, String modrm) {
        for (int w = 0; w <= 1; w++) {
            for (int l = 0; l <= 1; l++) {
                if (!row.has(w == 0 ? Row.W1 : Row.W0) && !row.has(l == 0 ? Row.L1 : Row.L0)) {
                    int vvvv = row.usesVvvv() ? ~5 & 15 : 15;
                    int pp =
                            switch (row.prefix()) {
                                case Row.P66 -> 1;
                                case Row.PF3 -> 2;
                                case Row.PF2 -> 3;
                                default -> 0;
                            };
                    boolean immediate =
                            row.operands().contains(Operand.Ib)
                                    || row.operands().contains(Operand.Lx);
                    codes.add(
                            "c4%02x%02x%02x"
                                            .formatted(
                                                    0xe0 | row.map(),
                                                    w << 7 | vvvv << 3 | l << 2 | pp,
                                                    row.opcode())
                                    + (row.hasModRm() ? modrm : "")
                                    + (immediate ? "01" : ""));
                }
            }
        }
    }

    private List<String> answersOtherThan(int expected, List<String> codes) {
        List<String> others = new ArrayList<>();
        for (String code : codes) {
            snippet.setMxcsr(0x1f80);
            snippet.putLong(DATA + 24, 0x1f80);
            snippet.putLong(DATA, 0x1f80);
            snippet.state.gpr[RDI] = DATA;
            int answer = snippet.run(code);
            if (answer != expected) {
                others.add(code + " -> " + answer);
            }
        }
        return others;
    }

    @Test
    void everyInstructionCanBeRun() {
        assertEquals(List.of(), answersOtherThan(COMPLETED, everyEncoding()));
    }

    @Test
    void noneRunsWithAPrefixBeforeVex() {
        List<String> codes = new ArrayList<>();
        for (String prefix : List.of("66", "f2", "f3", "f0", "48")) {
            codes.add(prefix + "c5f058c7"); // vaddps
            codes.add(prefix + "c4e270f2c7"); // andn
        }
        assertEquals(List.of(), answersOtherThan(UD, codes));
    }

    // ---- what allows them

    @Test
    void theyNeedXcr0AndOsxsaveAndNoTaskSwitch() {
        snippet.state.xcr0 = 3;
        assertEquals(UD, snippet.run("c5f058c7"));
        snippet.state.xcr0 = 7;
        snippet.state.cr4 &= ~CR4_OSXSAVE;
        assertEquals(UD, snippet.run("c5f058c7"));
        snippet.state.cr4 |= CR4_OSXSAVE;
        snippet.state.cr0 |= CR0_TS;
        assertEquals(NM, snippet.run("c5f058c7"));
    }

    @Test
    void bitFieldInstructionsOnGeneralRegistersNeedNoneOfThat() {
        snippet.state.xcr0 = 1;
        snippet.state.gpr[RBX] = 0xf0;
        snippet.state.gpr[RCX] = 0x30;
        assertEquals(COMPLETED, snippet.run("c4e260f2c1")); // andn eax, ebx, ecx
        assertEquals(0, snippet.state.gpr[RAX]);
        assertEquals(COMPLETED, snippet.run("c4e270f2c3")); // andn eax, ecx, ebx
        assertEquals(0xc0, snippet.state.gpr[RAX]);
    }

    @ParameterizedTest
    @CsvSource({"c5f428c0, UD", "c5f877, COMPLETED", "c5f077, UD", "c4e3791800, UD"})
    void whatVvvvDoesNotNameMustBeOnes(String code, String answer) {
        assertEquals(answer.equals("UD") ? UD : COMPLETED, snippet.run(code));
    }

    // ---- upper halves

    @ParameterizedTest
    @ValueSource(strings = {"c5f058c1", "c5f358c1", "c5f96fc1", "c5f96ec0", "c5fa1007"})
    void instructionsOf128BitsClearTheRest(String code) {
        snippet.setUpper(0, 1, 2);
        assertEquals(COMPLETED, snippet.run(code));
        assertEquals(0, snippet.upperLow(0) | snippet.upperHigh(0));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0f58c1", "f30f58c1", "660f6fc1", "660f6ec0", "f30f1007", "0f1007"})
    void instructionsWithoutVexLeaveTheRest(String code) {
        snippet.setUpper(0, 1, 2);
        assertEquals(COMPLETED, snippet.run(code));
        assertEquals(1, snippet.upperLow(0));
        assertEquals(2, snippet.upperHigh(0));
    }

    @Test
    void vzeroupperLeavesTheLowerHalves() {
        snippet.setXmm(15, 3, 4);
        snippet.setUpper(15, 1, 2);
        assertEquals(COMPLETED, snippet.run("c5f877"));
        assertEquals(3, snippet.low(15));
        assertEquals(0, snippet.upperLow(15) | snippet.upperHigh(15));
    }

    // ---- exceptions

    @Test
    void anUnmaskedExceptionOfTheUpperHalfLeavesTheWholeDestination() {
        snippet.setMxcsr(0x1f80 & ~0x200);
        double one = 1;
        snippet.setXmm(1, Double.doubleToRawLongBits(one), Double.doubleToRawLongBits(one));
        snippet.setXmm(2, Double.doubleToRawLongBits(one), Double.doubleToRawLongBits(one));
        snippet.setUpper(1, Double.doubleToRawLongBits(one), 0);
        snippet.setUpper(2, 0, 0);
        snippet.setXmm(0, 5, 6);
        snippet.setUpper(0, 7, 8);
        assertEquals(XM, snippet.run("c5f55ec2")); // vdivpd ymm0, ymm1, ymm2
        assertEquals(5, snippet.low(0));
        assertEquals(8, snippet.upperHigh(0));
        assertEquals(4 | 1, snippet.mxcsr() & 0x3f);
    }

    @Test
    void aMaskedLoadDoesNotTouchWhatTheMaskLeavesOut() {
        snippet.state.gpr[RDI] = HOLE - 8;
        snippet.putLong(HOLE - 8, 0x2222_2222_1111_1111L);
        snippet.setXmm(1, Long.MIN_VALUE >> 32, 0);
        assertEquals(COMPLETED, snippet.run("c4e2712c07")); // vmaskmovps xmm0, xmm1, [rdi]
        assertEquals(0x2222_2222_1111_1111L, snippet.low(0));
        snippet.setXmm(1, 0, Long.MIN_VALUE);
        assertEquals(PF, snippet.run("c4e2712c07"));
    }

    @Test
    void aMaskedStoreThatFaultsStoresNothing() {
        snippet.state.gpr[RDI] = HOLE - 8;
        snippet.putLong(HOLE - 8, 0x77);
        snippet.setXmm(1, -1, -1);
        assertEquals(PF, snippet.run("c4e2712e07")); // vmaskmovps [rdi], xmm1, xmm0
        assertEquals(0x77, snippet.getLong(HOLE - 8));
    }

    @Test
    void aGatherGoesOnWhereItFaulted() {
        snippet.putLong(DATA, 0x1111);
        snippet.state.gpr[RDI] = DATA;
        snippet.setXmm(1, -1, -1);
        snippet.setXmm(2, 0, HOLE - DATA);
        assertEquals(PF, snippet.run("c4e2f1910417")); // vpgatherqq xmm0, [rdi+xmm2], xmm1
        assertEquals(0x1111, snippet.low(0));
        assertEquals(0, snippet.low(1));
        assertEquals(-1, snippet.high(1));
    }

    // ---- decoding

    private static Insn decode(int mode, int... bytes) {
        return new Decoder().decode(at -> at < bytes.length ? bytes[at] : 0x90, mode);
    }

    @Test
    void outside64BitModeMemoryFormsOfC4AndC5LoadFarPointers() {
        assertEquals(Op.LES, decode(32, 0xc4, 0x07).op);
        assertEquals(Op.LDS, decode(32, 0xc5, 0x07).op);
        assertEquals(Op.ADDPS, decode(32, 0xc5, 0xf0, 0x58, 0xc7).op);
        assertEquals(Op.ADDPS, decode(64, 0xc5, 0x70, 0x58, 0xc7).op);
        assertEquals(8, decode(64, 0xc5, 0x70, 0x58, 0xc7).reg);
    }

    @Test
    void outside64BitModeRegistersEndAtSeven() {
        Insn insn = decode(32, 0xc4, 0xc1, 0x30, 0x58, 0xc7);
        assertEquals(Op.ADDPS, insn.op);
        assertEquals(1, insn.vvvv);
        assertEquals(7, insn.rm);
    }

    @Test
    void vectorIndicesNeedASibByte() {
        assertNull(decode(64, 0xc4, 0xe2, 0x71, 0x90, 0x00).row);
        assertNull(decode(64, 0xc4, 0xe2, 0x71, 0x90, 0xc4).row);
        assertNull(decode(16, 0xc4, 0xe2, 0x71, 0x90, 0x00).row);
    }
}
