package straddle.tcg.mips;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static straddle.tcg.mips.MipsSnippet.CODE;
import static straddle.tcg.mips.MipsSnippet.DATA;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import straddle.core.user.Access;
import straddle.core.user.BadAddressException;
import straddle.core.user.UserIsa;
import straddle.core.user.UserStop;

class MipsCpuTest {
    private static final int NOP = 0;
    private static final int SYSCALL = 0x0000_000c;

    private final MipsSnippet snippet = new MipsSnippet();

    @AfterEach
    void close() {
        snippet.close();
    }

    private long register(int number) {
        return snippet.cpu.register(number);
    }

    @Test
    void aSystemCallLeavesTheProgramCounterBehindItself() {
        assertEquals(UserStop.SYSTEM_CALL, snippet.run(NOP, SYSCALL));
        assertEquals(CODE + 8, snippet.cpu.pc());
        snippet.cpu.rewindSystemCall();
        assertEquals(CODE + 4, snippet.cpu.pc());
    }

    @Test
    void aBranchThatIsTakenRunsItsSlotFirst() {
        // beq $0, $0, +2; addiu $2, $0, 1; addiu $3, $0, 1; syscall
        snippet.run(0x1000_0002, 0x2402_0001, 0x2403_0001, SYSCALL);
        assertEquals(1, register(2));
        assertEquals(0, register(3));
    }

    @Test
    void aLikelyBranchThatIsNotTakenSkipsItsSlot() {
        // bnel $0, $0, +2; addiu $2, $0, 1; addiu $3, $0, 1; syscall
        snippet.run(0x5400_0002, 0x2402_0001, 0x2403_0001, SYSCALL);
        assertEquals(0, register(2));
        assertEquals(1, register(3));
    }

    @Test
    void aBranchIsDecidedBeforeItsSlotChangesWhatItCompares() {
        snippet.cpu.setRegister(2, 5);
        // beq $2, $0, +2; addiu $2, $0, 0; addiu $3, $0, 1; syscall
        snippet.run(0x1040_0002, 0x2402_0000, 0x2403_0001, SYSCALL);
        assertEquals(1, register(3));
    }

    @Test
    void aJumpThroughARegisterIgnoresWhatItsSlotMakesOfIt() {
        snippet.cpu.setRegister(2, CODE + 12);
        // jr $2; addiu $2, $0, 0; break; syscall
        assertEquals(
                UserStop.SYSTEM_CALL, snippet.run(0x0040_0008, 0x2402_0000, 0x0000_000d, SYSCALL));
    }

    @Test
    void aFaultInASlotIsTheBranches() {
        // jal CODE + 16; lw $2, 0($0)
        assertEquals(UserStop.NOT_MAPPED, snippet.run(NOP, 0x0c10_0004, 0x8c02_0000));
        assertEquals(CODE + 4, snippet.cpu.pc());
        assertEquals(0, snippet.cpu.faultAddress());
    }

    @Test
    void aSlotOnAPageThatIsNotThereIsTheBranchesFault() {
        assertEquals(UserStop.NOT_MAPPED, snippet.runAt(CODE + 4096 - 8, NOP, 0x1000_0001));
        assertEquals(CODE + 4092, snippet.cpu.pc());
        assertEquals(CODE + 4096, snippet.cpu.faultAddress());
        assertEquals(Access.FETCH, snippet.cpu.faultAccess());
    }

    @Test
    void aBranchInASlotIsReserved() {
        assertEquals(UserStop.RESERVED_INSTRUCTION, snippet.run(0x1000_0001, 0x1000_0001));
    }

    @ParameterizedTest
    @CsvSource({
        "00632020, INTEGER_OVERFLOW, add $4 $3 $3",
        "2064ffff, INTEGER_OVERFLOW, addi $4 $3 -1",
        "00432022, INTEGER_OVERFLOW, sub $4 $2 $3",
        "000001f4, INTEGER_DIVIDE, teq $0 $0 7",
        "0007000d, INTEGER_DIVIDE, break 7",
        "0006000d, INTEGER_OVERFLOW, break 6",
        "0000000d, BREAK_INSTRUCTION, break",
        "00000034, BREAKPOINT, teq $0 $0",
        "7000003f, BREAK_INSTRUCTION, sdbbp"
    })
    void whatTrapsBecomesTheKernelsSignal(String word, UserStop stop, String text) {
        snippet.cpu.setRegister(2, 0x7fff_ffff);
        snippet.cpu.setRegister(3, 0x8000_0000L);
        int insn = Integer.parseUnsignedInt(word, 16);
        snippet.cpu.setRegister(4, 77);
        assertEquals(stop, snippet.run(insn, SYSCALL), text);
        assertEquals(77, register(4));
    }

    @ParameterizedTest
    @CsvSource({"8f820001, LOAD", "a7820001, STORE", "d7800004, LOAD", "c3820002, LOAD"})
    void anAccessThatIsNotAlignedStopsTheProgram(String word, Access access) {
        assertEquals(UserStop.MISALIGNED, snippet.run(Integer.parseUnsignedInt(word, 16)));
        assertEquals(access, snippet.cpu.faultAccess());
        assertEquals(DATA + (Integer.parseUnsignedInt(word, 16) & 7), snippet.cpu.faultAddress());
    }

    @Test
    void codeAtAnOddAddressIsMisaligned() {
        snippet.cpu.setRegister(2, CODE + 2);
        assertEquals(UserStop.MISALIGNED, snippet.run(0x0040_0008, NOP));
        assertEquals(CODE + 2, snippet.cpu.pc());
    }

    @ParameterizedTest
    @CsvSource({
        "7c00003f, the unused end of SPECIAL3",
        "00000001, MOVF into nothing is an instruction",
        "42000018, ERET",
        "40026000, MFC0",
        "4a000000, COP2",
        "bc000000, CACHE",
        "00000005, a hole of SPECIAL",
        "7c02203b, RDHWR of a register there is not",
        "44c20001, CTC1 with a bit too many",
        "4620000c, ROUND.W.D is an instruction",
        "46200809, TRUNC.L.D of an odd register"
    })
    void whatNoRowFitsIsReservedAndWhatOneFitsIsNot(String word, String text) {
        int insn = Integer.parseUnsignedInt(word, 16);
        boolean is = text.endsWith("is an instruction");
        assertEquals(
                is ? UserStop.SYSTEM_CALL : UserStop.RESERVED_INSTRUCTION,
                snippet.run(insn, SYSCALL),
                text);
    }

    @ParameterizedTest
    @EnumSource(
            value = UserIsa.class,
            names = {"MIPS", "MIPSEL"})
    void partsOfAWordMeetInARegister(UserIsa isa) throws BadAddressException {
        try (MipsSnippet other = new MipsSnippet(isa)) {
            other.memory.put(DATA + 1, 4, 0x1234_5678);
            int left = isa == UserIsa.MIPS ? 1 : 4;
            // lwl $2, left($28); lwr $2, 5 - left($28); swl $2, 16 + left($28); swr $2, 21 -
            // left($28); syscall
            other.run(
                    0x8b82_0000 | left,
                    0x9b82_0000 | 5 - left,
                    0xab82_0010 | 16 + left,
                    0xbb82_0010 | 21 - left,
                    SYSCALL);
            assertEquals(0x1234_5678, other.cpu.register(2));
            assertEquals(0x1234_5678, other.memory.get(DATA + 17, 4));
        }
    }

    @Test
    void aConditionalStoreFailsAfterSomebodyElsesStore() {
        // ll $2, 0($28); sw $28, 0($28); sc $3, 0($28); syscall
        snippet.cpu.setRegister(3, 9);
        snippet.run(0xc382_0000, 0xaf9c_0000, 0xe383_0000, SYSCALL);
        assertEquals(0, register(3));
        // ll $2, 0($28); sc $3, 0($28); syscall
        snippet.run(0xc382_0000, 0xe383_0000, SYSCALL);
        assertEquals(1, register(3));
    }

    @Test
    void theThreadPointerIsReadAsHardwareRegister29() {
        snippet.cpu.setThreadPointer(0x1234_5000);
        snippet.run(0x7c03_e83b, SYSCALL);
        assertEquals(0x1234_5000, register(3));
    }

    @Test
    void anEnabledFloatingPointExceptionStopsBeforeTheResult() {
        // ctc1 $2, $31; mtc1 $0, $f0; mtc1 $3, $f1 - as pairs 1.0 / 0.0: div.d $f4, $f2, $f0
        snippet.cpu.setRegister(2, Fpu.Z << Fpu.ENABLES_SHIFT);
        snippet.cpu.setRegister(3, 0x3ff0_0000);
        UserStop stop =
                snippet.run(
                        0x44c2_f800,
                        0x4480_0000,
                        0x4480_0800,
                        0x4480_1000,
                        0x4483_1800,
                        0x4620_1103);
        assertEquals(UserStop.FLOAT_DIVIDE, stop);
        assertEquals(CODE + 20, snippet.cpu.pc());
        assertEquals(Fpu.Z, snippet.cpu.fpu.fcsr >>> Fpu.CAUSE_SHIFT & 0x3f);
        assertEquals(0, snippet.cpu.fpu.fcsr >>> Fpu.FLAGS_SHIFT & 0x1f);
    }

    @Test
    void oddSinglesAreUpperHalvesWhileStatusFrIsClear() {
        // mtc1 $2, $f1; mfhc1 $3, $f0; syscall
        snippet.cpu.setRegister(2, 0x1234_5678);
        snippet.run(0x4482_0800, 0x4463_0000, SYSCALL);
        assertEquals(0x1234_5678, register(3));
        snippet.cpu.setStatus(1 << 26);
        snippet.run(0x4480_0800, 0x4463_0000, SYSCALL);
        assertEquals(0x1234_5678, register(3));
    }

    @Test
    void floatsSurviveASignalFrame() {
        snippet.cpu.setRegister(2, 0x3ff0_0000);
        snippet.run(0x4482_0800, 0x4482_1000, SYSCALL);
        byte[] image = snippet.cpu.saveFloats();
        snippet.run(0x4480_0800, 0x4480_1000, SYSCALL);
        snippet.cpu.loadFloats(image);
        snippet.run(0x4403_0800, 0x4404_1000, SYSCALL);
        assertEquals(0x3ff0_0000, register(3));
        assertEquals(0x3ff0_0000, register(4));
    }
}
