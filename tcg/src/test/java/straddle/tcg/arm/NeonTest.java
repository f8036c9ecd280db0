package straddle.tcg.arm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static straddle.tcg.arm.ArmSnippet.DATA;
import static straddle.tcg.arm.ArmSnippet.DATA_END;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import straddle.core.user.UserStop;

/// What programs of random instructions can't show about Advanced SIMD.
class NeonTest {
    private static final int SVC = 0xef00_0000;
    private static final int READ_D0 = 0xec55_4b10;
    private static final int READ_FPSCR = 0xeef1_6a10;
    private static final int IOC = 1;
    private static final int IDC = 1 << 7;
    private static final int QC = 1 << 27;

    private final ArmSnippet snippet = new ArmSnippet();

    @AfterEach
    void close() {
        snippet.close();
    }

    private long register(int number) {
        return snippet.cpu.register(number);
    }

    @Test
    void aVectorOf64BitsLeavesItsNeighbourAlone() {
        // vmov.i8 d0, #1; vmov.i8 d1, #0x7f; vadd.i8 d0, d0, d0; vmov r4, r5, d0; vmov r2, r3, d1
        snippet.a32(0xf280_0e11, 0xf287_1e1f, 0xf200_0800, READ_D0, 0xec53_2b11, SVC);
        assertEquals(0x0202_0202, register(5));
        assertEquals(0x7f7f_7f7f, register(2));
    }

    @Test
    void theFpscrRemembersSaturation() {
        // vmov.i8 d1, #0x7f; vqadd.s8 d0, d1, d1; vmrs r6, fpscr
        snippet.a32(0xf287_1e1f, 0xf201_0011, READ_FPSCR, SVC);
        assertEquals(QC, register(6));
    }

    @ParameterizedTest
    @CsvSource({"00000001, 00000000, 128", "7fa00000, 7fc00000, 1", "3f800000, 40000000, 0"})
    void subnormalNumbersAreFlushedAndNaNsReplacedWhateverTheFpscrSays(
            String operand, String sum, int exceptions) {
        snippet.cpu.setRegister(2, Integer.parseUnsignedInt(operand, 16));
        // vmov d1, r2, r2; vadd.f32 d0, d1, d1; vmov r4, r5, d0; vmrs r6, fpscr
        snippet.a32(0xec42_2b11, 0xf201_0d01, READ_D0, READ_FPSCR, SVC);
        assertEquals(Integer.parseUnsignedInt(sum, 16), register(4));
        assertEquals(exceptions, register(6));
        assertEquals(0, exceptions & ~(IOC | IDC));
    }

    @Test
    void threeRegistersAlternateInMemory() {
        for (int i = 0; i < 6; i++) {
            snippet.cpu.setRegister(
                    2 + i, 0x0302_0100L + 0x1010_1010L * (i / 2) + i % 2 * 0x404_0404L);
        }
        // vmov d0, r2, r3; vmov d1, r4, r5; vmov d2, r6, r7; vst3.8 {d0-d2}, [r1]; ldr r6, [r1]
        snippet.a32(0xec43_2b10, 0xec45_4b11, 0xec47_6b12, 0xf401_040f, 0xe591_6000, SVC);
        assertEquals(0x0120_1000, register(6));
        // vmov.i8 d2, #1; vld3.8 {d0-d2}, [r1]!; vmov r4, r5, d2
        snippet.a32(0xf280_2e11, 0xf421_040d, 0xec55_4b12, SVC);
        assertEquals(0x2322_2120, register(4));
        assertEquals(DATA + 24, register(1));
    }

    @Test
    void anAccessThatIsSaidToBeAlignedMustBe() {
        snippet.cpu.setRegister(3, DATA + 4);
        // vld1.8 {d0}, [r3]; vld1.8 {d0}, [r3 :64]
        int at = snippet.next();
        assertEquals(UserStop.MISALIGNED, snippet.a32(0xf423_070f, 0xf423_071f, SVC));
        assertEquals(at + 4, snippet.cpu.pc());
        assertEquals(DATA + 4, snippet.cpu.faultAddress());
    }

    @Test
    void anAccessThatFaultsLeavesItsBase() {
        snippet.cpu.setRegister(3, DATA_END - 8);
        // vld1.32 {d0-d3}, [r3]!
        assertEquals(UserStop.NOT_MAPPED, snippet.a32(0xf423_028d, SVC));
        assertEquals(DATA_END - 8, register(3));
        assertEquals(DATA_END, snippet.cpu.faultAddress());
    }

    @Test
    void instructionsOfT32MayBeInAnItBlock() {
        // vmov.i8 q0, #3; cmp r0, #1; ite eq; vaddeq.i8 d0, d0, d0; movne r6, #1; vmov r4, r5, d0;
        // svc
        snippet.t32("ef800e53 2801 bf0c ef000800 2601 ec554b10 df00");
        assertEquals(0x0303_0303, register(4));
        assertEquals(1, register(6));
    }

    @ParameterizedTest
    @CsvSource({
        "f2010840, vadd.i8 of vectors of 128 bits with an odd register",
        "f4a10fcf, vld4 to all lanes of 64 bits",
        "f421073f, vld1 of one register that is 32 bytes aligned",
        "f461f20d, vld1 of registers behind the last",
        "f2900e10, vcvt of halfwords",
        "f2800f30, vmov of an immediate for doubles",
        "f3b00c00, vdup of no element",
        "f2a00e00, vmull of polynomials of words"
    })
    void whatIsNotThereIsAnIllegalInstruction(String word, String text) {
        UserStop stop = snippet.a32(Integer.parseUnsignedInt(word, 16), SVC);
        assertEquals(UserStop.ILLEGAL_INSTRUCTION, stop, text);
    }
}
