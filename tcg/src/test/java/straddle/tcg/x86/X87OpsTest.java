package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static straddle.core.arch.x86.X86.*;
import static straddle.tcg.x86.Snippet.COMPLETED;
import static straddle.tcg.x86.Snippet.DATA;
import static straddle.tcg.x86.Snippet.HOLE;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// x87 instructions as the processor decodes them: operands, pending exceptions, pointers and images.
class X87OpsTest {
    /// fldcw [rdi+64]; fld1; fldz; fdivp: a division by zero, which [#unmask] makes an exception.
    private static final String DIVIDE = "d96f40 d9e8 d9ee def9";

    private final Snippet snippet = new Snippet();

    @AfterEach
    void close() {
        snippet.close();
    }

    private void unmask() {
        snippet.putLong(DATA + 64, 0x37b);
    }

    // ---- operands

    @ParameterizedTest
    @CsvSource({
        "dd07 dc4708 dd5f10, 5.5", // fld m64; fadd m64; fstp m64
        "dd07 dd4708 def1 dd5f10, 1.75", // fld; fld; fdivrp
        "dd07 d9fa dd5f10, 1.4142135623730951", // fsqrt
        "dd07 d95f20 d94720 dd5f10, 2.0", // fstp m32; fld m32
        "dd07 db7f20 db6f20 dd5f10, 2.0", // fstp m80; fld m80
        "dd4708 df5f20 df4720 dd5f10, 4.0", // fistp m16; fild m16
        "dd4708 db5f20 db4720 dd5f10, 4.0", // fistp m32; fild m32
        "dd4708 df7f20 df6f20 dd5f10, 4.0", // fistp m64; fild m64
        "dd4708 df7720 df6720 dd5f10, 4.0", // fbstp; fbld
        "dd4708 db4f20 db4720 dd5f10, 3.0", // fisttp m32; fild m32
        "d9eb dd5f10, 3.141592653589793" // fldpi
    })
    void operandsInMemoryAreOfEverySize(String code, double expected) {
        snippet.putDouble(DATA, 2);
        snippet.putDouble(DATA + 8, 3.5);
        assertEquals(COMPLETED, snippet.run(code));
        assertEquals(expected, snippet.getDouble(DATA + 16));
    }

    @ParameterizedTest
    @ValueSource(strings = {"d90f", "db27", "db37", "dd2f", "d9d1", "ded8", "dfe1", "dbf8"})
    void whatTheManualLeavesOutIsUndefined(String code) {
        assertEquals(UD, snippet.run(code));
    }

    @Test
    void aStoreThatFaultsKeepsTheStack() {
        snippet.state.gpr[RDI] = HOLE - 4;
        assertEquals(PF, snippet.run("d9e8 dd1f"));
        assertEquals(0x80, snippet.tags());
    }

    // ---- flags and conditions

    @ParameterizedTest
    @CsvSource({"d9e8 d9ee dbf1, 1", "d9ee d9e8 dbf1, 0", "d9e8 d9e8 dff1, 40"})
    void fcomiSetsTheFlags(String code, String flags) {
        snippet.state.rflags |= 0x8d5;
        assertEquals(COMPLETED, snippet.run(code));
        assertEquals(flags, Long.toHexString(snippet.state.rflags & 0x8d5));
    }

    @ParameterizedTest
    @CsvSource({"0, 0.0", "1, 1.0"})
    void fcmovFollowsTheFlags(int carry, double expected) {
        snippet.state.rflags |= carry;
        // fld1; fldz; fcmovb st, st1; fstp [rdi]
        assertEquals(COMPLETED, snippet.run("d9e8 d9ee dac1 dd1f"));
        assertEquals(expected, snippet.getDouble(DATA));
    }

    @Test
    void theStatusWordGoesToAx() {
        snippet.state.gpr[RAX] = -1;
        assertEquals(COMPLETED, snippet.run("d9e8 dfe0"));
        assertEquals(0xffff_ffff_ffff_3800L, snippet.state.gpr[RAX]);
    }

    // ---- exceptions

    @ParameterizedTest
    @ValueSource(strings = {"d9e8", "9b", "dd1f", "d9eb"})
    void anExceptionWaitsForTheNextInstruction(String next) {
        unmask();
        assertEquals(COMPLETED, snippet.run(DIVIDE));
        assertEquals(MF, snippet.run(next));
    }

    @ParameterizedTest
    @ValueSource(strings = {"dbe3", "dbe2", "d93f", "dfe0", "dd7f20", "d937", "dd37"})
    void controlInstructionsDoNotWait(String next) {
        unmask();
        assertEquals(COMPLETED, snippet.run(DIVIDE + next));
    }

    @Test
    void withoutCr0NeAnExceptionIsIgnored() {
        unmask();
        snippet.state.cr0 &= ~CR0_NE;
        assertEquals(COMPLETED, snippet.run(DIVIDE + "d9e8"));
    }

    @Test
    void aTaskSwitchOrEmulationMakesTheUnitUnavailable() {
        snippet.state.cr0 |= CR0_TS;
        assertEquals(NM, snippet.run("d9e8"));
        assertEquals(NM, snippet.run("9b"));
        snippet.state.cr0 ^= CR0_TS | CR0_EM;
        assertEquals(NM, snippet.run("d9e8"));
        assertEquals(COMPLETED, snippet.run("9b"));
    }

    // ---- pointers and images

    @Test
    void theEnvironmentTellsTheLastInstructionAndItsOperand() {
        // fld qword [rdi+8]; fnstenv [rdi+32]
        assertEquals(COMPLETED, snippet.run("dd4708 d97720"));
        assertAll(
                () -> assertEquals(0x1_0000, (int) snippet.getLong(DATA + 32 + 12)),
                () -> assertEquals(0x547, snippet.getLong(DATA + 32 + 18) & 0x7ff),
                () -> assertEquals(DATA + 8, (int) snippet.getLong(DATA + 32 + 20)));
    }

    @ParameterizedTest
    @CsvSource({"dd7720, dd6720, 28", "66dd7720, 66dd6720, 14"})
    void aSavedStateComesBack(String save, String restore, int environment) {
        // fldpi; fld1; fnsave
        assertEquals(COMPLETED, snippet.run("d9eb d9e8" + save));
        assertAll(
                () -> assertEquals(0, snippet.tags()),
                () -> assertEquals(Long.MIN_VALUE, snippet.getLong(DATA + 32 + environment)));
        assertEquals(COMPLETED, snippet.run(restore + "dd1f dd5f08"));
        assertAll(
                () -> assertEquals(1.0, snippet.getDouble(DATA)),
                () -> assertEquals(Math.PI, snippet.getDouble(DATA + 8)));
    }
}
