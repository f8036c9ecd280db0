package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
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
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What the translator makes of vector instructions: operands, exceptions, and what they leave alone. That
/// the operations compute the right thing is for the tests of their own package.
class VectorsTest {
    private static final long ONES = 0x1111_1111_1111_1111L;
    private static final long TWOS = 0x2222_2222_2222_2222L;
    private static final long THREES = 0x3333_3333_3333_3333L;
    private static final long FOURS = 0x4444_4444_4444_4444L;
    private static final int DIVISION_BY_ZERO = 4;
    private static final int DIVISION_BY_ZERO_MASK = 0x200;

    private final Snippet snippet = new Snippet();

    @AfterEach
    void close() {
        snippet.close();
    }

    // ---- all of them

    /// Every row that goes to this code, as a register form and as a memory form where it has one.
    static List<String> everyEncoding() {
        List<String> codes = new ArrayList<>();
        for (Row row : OpcodeTable.all()) {
            if (row.has(Row.VEX)) {
                continue;
            }
            if (Vectors.isVector(row) || Group.of(row.op()) == Group.FPU_STATE) {
                if (row.mod() != Row.MEMORY) {
                    codes.add(encoding(row, 0xc7));
                }
                if (row.mod() != Row.REGISTER && row.hasModRm()) {
                    codes.add(encoding(row, 0x07));
                }
            }
        }
        return codes;
    }

    private static String encoding(Row row, int modrm) {
        String prefix =
                switch (row.prefix()) {
                    case Row.P66 -> "66";
                    case Row.PF3 -> "f3";
                    case Row.PF2 -> "f2";
                    default -> "";
                };
        String map =
                switch (row.map()) {
                    case 0 -> "";
                    case 1 -> "0f";
                    case 2 -> "0f38";
                    default -> "0f3a";
                };
        String rest =
                row.hasModRm()
                        ? "%02x".formatted(modrm | (row.reg() < 0 ? 1 : row.reg()) << 3)
                        : "";
        return prefix
                + map
                + "%02x".formatted(row.opcode())
                + rest
                + (row.operands().contains(Operand.Ib) ? "01" : "");
    }

    @ParameterizedTest
    @MethodSource("everyEncoding")
    void everyVectorInstructionCanBeRun(String code) {
        snippet.setMxcsr(0x1f80);
        snippet.putLong(DATA + 24, 0x1f80);
        assertEquals(COMPLETED, snippet.run(code));
    }

    @ParameterizedTest
    @MethodSource("everyEncoding")
    void noVectorInstructionRunsAfterATaskSwitch(String code) {
        snippet.state.cr0 |= CR0_TS;
        assertEquals(NM, snippet.run(code));
    }

    // ---- moves

    @ParameterizedTest
    @CsvSource({
        "f30f1007, 11111111, 0", // movss
        "f20f1007, 1111111111111111, 0", // movsd
        "660f6e07, 11111111, 0", // movd
        "66480f6e07, 1111111111111111, 0", // movq from an integer
        "f30f7e07, 1111111111111111, 0", // movq
        "0f1007, 1111111111111111, 2222222222222222", // movups
        "0f1207, 1111111111111111, 4444444444444444", // movlps
        "0f1607, 3333333333333333, 1111111111111111" // movhps
    })
    void aLoadClearsWhatItDoesNotFill(String code, String low, String high) {
        snippet.putLong(DATA, ONES);
        snippet.putLong(DATA + 8, TWOS);
        snippet.setXmm(0, THREES, FOURS);
        assertEquals(COMPLETED, snippet.run(code));
        assertAll(
                () -> assertEquals(low, Long.toHexString(snippet.low(0))),
                () -> assertEquals(high, Long.toHexString(snippet.high(0))));
    }

    @ParameterizedTest
    @CsvSource({
        "f30f10c1, 3333333311111111, 4444444444444444", // movss
        "f20f10c1, 1111111111111111, 4444444444444444", // movsd
        "f30f7ec1, 1111111111111111, 0", // movq
        "0f28c1, 1111111111111111, 2222222222222222", // movaps
        "0f12c1, 2222222222222222, 4444444444444444", // movhlps
        "0f16c1, 3333333333333333, 1111111111111111" // movlhps
    })
    void aMoveBetweenRegistersKeepsWhatItDoesNotName(String code, String low, String high) {
        snippet.setXmm(1, ONES, TWOS);
        snippet.setXmm(0, THREES, FOURS);
        assertEquals(COMPLETED, snippet.run(code));
        assertAll(
                () -> assertEquals(low, Long.toHexString(snippet.low(0))),
                () -> assertEquals(high, Long.toHexString(snippet.high(0))));
    }

    @ParameterizedTest
    @CsvSource({
        "f30f1107, ffffffff11111111, ffffffffffffffff", // movss
        "f20f1107, 1111111111111111, ffffffffffffffff", // movsd
        "660f7e07, ffffffff11111111, ffffffffffffffff", // movd
        "66480f7e07, 1111111111111111, ffffffffffffffff", // movq to an integer
        "660fd607, 1111111111111111, ffffffffffffffff", // movq
        "660f2907, 1111111111111111, 2222222222222222", // movapd
        "0f1707, 2222222222222222, ffffffffffffffff", // movhps
        "660f3a140703, ffffffffffffff11, ffffffffffffffff", // pextrb
        "660f3a150703, ffffffffffff1111, ffffffffffffffff", // pextrw
        "660f3a170702, ffffffff22222222, ffffffffffffffff" // extractps
    })
    void aStoreWritesItsWidthAndNoMore(String code, String low, String high) {
        snippet.putLong(DATA, -1);
        snippet.putLong(DATA + 8, -1);
        snippet.setXmm(0, ONES, TWOS);
        assertEquals(COMPLETED, snippet.run(code));
        assertAll(
                () -> assertEquals(low, Long.toHexString(snippet.getLong(DATA))),
                () -> assertEquals(high, Long.toHexString(snippet.getLong(DATA + 8))));
    }

    @Test
    void aMaskedStoreWritesTheBytesThatTheMaskNames() {
        snippet.putLong(DATA, -1);
        snippet.putLong(DATA + 8, -1);
        snippet.setXmm(0, ONES, TWOS);
        snippet.setXmm(1, 0x0000_8000_0000_0080L, 0x8000_0000_0000_0000L);
        assertEquals(COMPLETED, snippet.run("660ff7c1"));
        assertAll(
                () -> assertEquals(0xffff_11ff_ffff_ff11L, snippet.getLong(DATA)),
                () -> assertEquals(0x22ff_ffff_ffff_ffffL, snippet.getLong(DATA + 8)));
    }

    // ---- memory operands

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0f284701",
                "0f294701",
                "660f6f4701",
                "660ffe4701",
                "0f584701",
                "0f2b4701",
                "660f382a4701",
                "f30f124701",
                "660f544701",
                "0fc6470100"
            })
    void anOperandOf16BytesMustBeAligned(String code) {
        assertEquals(GP, snippet.run(code));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0f104701",
                "0f114701",
                "f30f6f4701",
                "f20ff04701",
                "660f3a63470100",
                "f20f104701",
                "f30fe64701",
                "660f38204701",
                "f20f124701"
            })
    void unalignedMovesAndShorterOperandsNeedNotBe(String code) {
        assertEquals(COMPLETED, snippet.run(code));
    }

    @Test
    void aStoreThatFaultsInItsSecondPageLeavesTheFirst() {
        snippet.state.gpr[RDI] = HOLE - 8;
        snippet.setXmm(0, ONES, TWOS);
        assertEquals(PF, snippet.run("0f1107"));
        assertAll(
                () -> assertEquals(0, snippet.getLong(HOLE - 8)),
                () -> assertEquals(HOLE, snippet.state.cr2));
    }

    @Test
    void aLoadThatFaultsInItsSecondPageLeavesTheRegister() {
        snippet.state.gpr[RDI] = HOLE - 8;
        snippet.putLong(HOLE - 8, ONES);
        snippet.setXmm(0, THREES, FOURS);
        assertEquals(PF, snippet.run("0f1007"));
        assertAll(
                () -> assertEquals(THREES, snippet.low(0)),
                () -> assertEquals(FOURS, snippet.high(0)));
    }

    @Test
    void aScalarOperandDoesNotReachIntoTheNextPage() {
        snippet.state.gpr[RDI] = HOLE - 4;
        assertEquals(COMPLETED, snippet.run("f30f5807"));
    }

    @Test
    void interleavingMmxBytesReadsFourOfThem() {
        snippet.state.gpr[RDI] = HOLE - 4;
        assertEquals(COMPLETED, snippet.run("0f6007"));
    }

    @Test
    void insertpsFromMemoryTakesItsOnlyElement() {
        snippet.putLong(DATA, ONES);
        snippet.setXmm(0, 0, 0);
        assertEquals(COMPLETED, snippet.run("660f3a2107d0"));
        assertEquals(0x1111_1111_0000_0000L, snippet.low(0));
    }

    // ---- what allows them

    @ParameterizedTest
    @ValueSource(strings = {"0f58c1", "660fefc0", "0fefc0", "660f6ec0"})
    void emulationMakesVectorInstructionsUndefined(String code) {
        snippet.state.cr0 |= CR0_EM;
        assertEquals(UD, snippet.run(code));
    }

    @Test
    void withoutOsfxsrSseIsUndefinedAndMmxIsNot() {
        snippet.state.cr4 &= ~CR4_OSFXSR;
        assertEquals(UD, snippet.run("660fefc0"));
        assertEquals(COMPLETED, snippet.run("0fefc0"));
    }

    @Test
    void aSystemCallMayTurnSseOffInTheMiddle() {
        // pxor; mov rax, cr0; or eax, 8; mov cr0, rax; pxor
        assertEquals(NM, snippet.run("660fefc0 0f20c0 83c808 0f22c0 660fefc9"));
    }

    // ---- floating-point exceptions

    private int divideByZero() {
        snippet.setXmm(0, Double.doubleToRawLongBits(1), 0);
        snippet.setXmm(1, 0, 0);
        return snippet.run("f20f5ec1");
    }

    @Test
    void aMaskedExceptionIsNotedInMxcsr() {
        assertEquals(COMPLETED, divideByZero());
        assertAll(
                () -> assertEquals(0x1f80 | DIVISION_BY_ZERO, snippet.mxcsr()),
                () ->
                        assertEquals(
                                Double.POSITIVE_INFINITY, Double.longBitsToDouble(snippet.low(0))));
    }

    @Test
    void anUnmaskedExceptionLeavesTheDestination() {
        snippet.setMxcsr(0x1f80 & ~DIVISION_BY_ZERO_MASK);
        assertEquals(XM, divideByZero());
        assertAll(
                () -> assertEquals(1.0, Double.longBitsToDouble(snippet.low(0))),
                () -> assertEquals(DIVISION_BY_ZERO, snippet.mxcsr() & DIVISION_BY_ZERO));
    }

    @Test
    void withoutOsxmmexcptAnUnmaskedExceptionIsUndefined() {
        snippet.state.cr4 &= ~CR4_OSXMMEXCPT;
        snippet.setMxcsr(0x1f80 & ~DIVISION_BY_ZERO_MASK);
        assertEquals(UD, divideByZero());
    }

    @Test
    void anUnmaskedExceptionOfAConversionLeavesTheGeneralRegister() {
        snippet.setMxcsr(0);
        snippet.setXmm(0, Double.doubleToRawLongBits(1e300), 0);
        snippet.state.gpr[RAX] = 7;
        assertEquals(XM, snippet.run("f20f2cc0"));
        assertEquals(7, snippet.state.gpr[RAX]);
    }

    // ---- general registers and flags

    @Test
    void aConversionToAnIntegerClearsTheUpperHalf() {
        snippet.state.gpr[RAX] = -1;
        snippet.setXmm(0, Double.doubleToRawLongBits(-2), 0);
        assertEquals(COMPLETED, snippet.run("f20f2cc0"));
        assertEquals(0xffff_fffeL, snippet.state.gpr[RAX]);
    }

    @ParameterizedTest
    @CsvSource({"f20f2ac0, -1", "f2480f2ac0, 4294967295"})
    void aConversionFromAnIntegerTakesItsWidth(String code, double expected) {
        snippet.state.gpr[RAX] = 0xffff_ffffL;
        assertEquals(COMPLETED, snippet.run(code));
        assertEquals(expected, Double.longBitsToDouble(snippet.low(0)));
    }

    @ParameterizedTest
    @CsvSource({"1, 2, 1", "2, 1, 0", "1, 1, 40", "NaN, 1, 45"})
    void aComparisonSetsTheFlags(double a, double b, String flags) {
        snippet.state.rflags |= 0x8d5;
        snippet.setXmm(0, Double.doubleToRawLongBits(a), 0);
        snippet.setXmm(1, Double.doubleToRawLongBits(b), 0);
        assertEquals(COMPLETED, snippet.run("660f2ec1"));
        assertEquals(flags, Long.toHexString(snippet.state.rflags & 0x8d5));
    }

    @Test
    void stringComparisonsAnswerInEcxAndFlags() {
        snippet.setXmm(0, 'b', 0);
        snippet.setXmm(1, 'a' | 'b' << 8, 0);
        snippet.state.gpr[RCX] = -1;
        assertEquals(COMPLETED, snippet.run("660f3a63c100"));
        assertAll(
                () -> assertEquals(1, snippet.state.gpr[RCX]),
                () -> assertEquals(1, snippet.state.rflags & 1));
    }

    // ---- MMX

    @Test
    void mmxRegistersAreTheX87Significands() {
        // fld1; movq rax, mm7
        assertEquals(COMPLETED, snippet.run("d9e8 480f7ef8"));
        assertEquals(Long.MIN_VALUE, snippet.state.gpr[RAX]);
    }

    @Test
    void anMmxInstructionMarksAllRegistersUsedAndEmmsFreesThem() {
        assertEquals(COMPLETED, snippet.run("d9e8 0fefc0"));
        assertAll(
                () -> assertEquals(0xff, snippet.tags()),
                () -> assertEquals(0, snippet.fsw() & 0x3800));
        assertEquals(COMPLETED, snippet.run("0f77"));
        assertEquals(0, snippet.tags());
    }

    @Test
    void anMmxResultIsANanToX87() {
        // pcmpeqb mm0, mm0; fstp qword [rdi]
        assertEquals(COMPLETED, snippet.run("0f74c0 dd1f"));
        assertEquals(-1, snippet.getLong(DATA));
    }

    @Test
    void aConversionOfAnMmxOperandInMemoryLeavesX87Alone() {
        snippet.putLong(DATA, 5 | 6L << 32);
        assertEquals(COMPLETED, snippet.run("660f2a07"));
        assertAll(
                () -> assertEquals(0, snippet.tags()),
                () -> assertEquals(6.0, Double.longBitsToDouble(snippet.high(0))));
    }

    @Test
    void anMmxInstructionRaisesAPendingX87Exception() {
        // fldcw [rdi]; fld1; fldz; fdivp; pxor mm0, mm0
        snippet.putLong(DATA, 0x37b);
        assertEquals(MF, snippet.run("d92f d9e8 d9ee def9 0fefc0"));
    }
}
