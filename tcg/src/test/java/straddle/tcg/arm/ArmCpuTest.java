package straddle.tcg.arm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static straddle.tcg.arm.ArmSnippet.DATA;
import static straddle.tcg.arm.ArmSnippet.DATA_END;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import straddle.core.observe.Trace;
import straddle.core.user.Access;
import straddle.core.user.UserStop;

class ArmCpuTest {
    private static final int SVC = 0xef00_0000;
    private static final String SVC_T32 = " df00";

    private final ArmSnippet snippet = new ArmSnippet();

    @AfterEach
    void close() {
        snippet.close();
    }

    private long register(int number) {
        return snippet.cpu.register(number);
    }

    @Test
    void aSystemCallLeavesTheProgramCounterBehindItself() {
        int at = snippet.next();
        assertEquals(UserStop.SYSTEM_CALL, snippet.a32(SVC));
        assertEquals(at + 4, snippet.cpu.pc());
        snippet.cpu.rewindSystemCall();
        assertEquals(at, snippet.cpu.pc());
    }

    @Test
    void aConditionThatFailsSkipsTheInstruction() {
        // cmp r0, #0; movne r2, #1; moveq r3, #2; svcne; svc
        snippet.a32(0xe350_0000, 0x13a0_2001, 0x03a0_3002, 0x1f00_0000, SVC);
        assertEquals(0, register(2));
        assertEquals(2, register(3));
    }

    @Test
    void subtractionClearsCarryWhenItBorrows() {
        // mov r0, #1; subs r0, r0, #2; svc
        snippet.a32(0xe3a0_0001, 0xe250_0002, SVC);
        assertEquals(0x8, snippet.cpu.status() >>> 28);
        // subs r0, r0, r0
        snippet.a32(0xe050_0000, SVC);
        assertEquals(0x6, snippet.cpu.status() >>> 28);
    }

    @Test
    void instructionsOfAnItBlockHaveItsConditions() {
        // cmp r0, #0; ite eq; moveq r2, #1; movne r3, #2; movs r4, #3; svc
        snippet.t32("2800 bf0c 2201 2302 2403" + SVC_T32);
        assertEquals(1, register(2));
        assertEquals(0, register(3));
        assertEquals(3, register(4));
    }

    @Test
    void aFaultInAnItBlockShowsWhatIsLeftOfTheBlock() {
        // cmp r0, #0; itt eq; moveq r2, #1; ldreq r3, [r0]; svc
        int at = snippet.next();
        assertEquals(UserStop.NOT_MAPPED, snippet.t32("2800 bf04 2201 6803" + SVC_T32));
        assertEquals(at + 6, snippet.cpu.pc());
        assertEquals(1, register(2));
        long status = snippet.cpu.status();
        assertEquals(0x08, status >>> 25 & 3 | status >>> 8 & 0xfc);
    }

    @Test
    void aStoreInAnItBlockIsRepeatedWithWhatIsLeftOfTheBlockWhateverElseTheProcessorRan() {
        // cmp r0, #0; ite eq; streq r2, [r1]; movne r4, #1; svc
        int at = snippet.next();
        snippet.t32("2800 bf0c 600a 2401" + SVC_T32);
        snippet.otherProgram(at, "2000 2000 2000 2000" + SVC_T32);
        snippet.fork();
        snippet.t32Again(at);
        assertEquals(0, register(4));
    }

    @Test
    void aTraceShowsInstructionsWithTheirMicroOpsAndEndsAtItsLimit() {
        List<String> lines = new ArrayList<>();
        Trace.Filter filter = new Trace.Filter(0, -1, -1, -1, 1, 2);
        Set<Trace.Event> events = EnumSet.of(Trace.Event.INSN, Trace.Event.TB);
        snippet.cpu.trace(new Trace(events, filter, lines::add), 7);
        // movs r0, #5; movs r2, #6; svc
        snippet.t32("2005 2206" + SVC_T32);
        assertEquals(6, register(2));
        assertEquals(2, lines.size());
        assertEquals("7 insn  0000000000010000  0520", lines.getFirst().substring(0, 30));
        assertTrue(lines.getFirst().contains("constant d=r0 value=0x5"), lines.getFirst());
    }

    @Test
    void aProgramGoesOnWithinAnItBlock() {
        // movne r2, #1; svc: as the second instruction of ITT NE, of which the first has left Z set
        int it = 0x18;
        snippet.cpu.setStatus(1 << 30 | 1 << 5 | (it & 3L) << 25 | (it & 0xfcL) << 8);
        long status = snippet.cpu.status();
        assertEquals(it, status >>> 25 & 3 | status >>> 8 & 0xfc);
    }

    @Test
    void loadingTheProgramCounterChangesTheInstructionSet() {
        // adr r0, +5; bx r0; T32: movs r2, #7; svc
        snippet.a32(0xe28f_0001, 0xe12f_ff10, 0xdf00_2207);
        assertEquals(7, register(2));
        assertEquals(1 << 5, snippet.cpu.status() & 1 << 5);
    }

    @Test
    void accessesNeedNotBeAlignedButExclusiveAndFloatingPointOnesMust() {
        // str r1, [r1, #1]; ldr r2, [r1, #1]; svc
        assertEquals(UserStop.SYSTEM_CALL, snippet.a32(0xe581_1001, 0xe591_2001, SVC));
        assertEquals(DATA, register(2));
        // add r3, r1, #1; ldrex r2, [r3]
        assertEquals(UserStop.MISALIGNED, snippet.a32(0xe281_3001, 0xe193_2f9f));
        assertEquals(DATA + 1, snippet.cpu.faultAddress());
        // ldrd r4, r5, [r3]; ldm r3, {r6, r7}; add r3, r1, #4; vldr d0, [r3]; svc
        assertEquals(
                UserStop.SYSTEM_CALL,
                snippet.a32(0xe1c3_40d0, 0xe893_00c0, 0xe281_3004, 0xed93_0b00, SVC));
        assertEquals(register(4), register(6));
        // add r3, r1, #2; vldr d0, [r3, #8]
        assertEquals(UserStop.MISALIGNED, snippet.a32(0xe281_3002, 0xed93_0b02));
        assertEquals(DATA + 10, snippet.cpu.faultAddress());
        // vstr s1, [r3]
        assertEquals(UserStop.MISALIGNED, snippet.a32(0xedc3_0a00));
        assertEquals(Access.STORE, snippet.cpu.faultAccess());
    }

    @Test
    void aLoadOfSeveralThatFaultsHasNotMovedItsBase() {
        snippet.cpu.setRegister(1, DATA_END - 8);
        int at = snippet.next();
        // ldmia r1!, {r2-r5}
        assertEquals(UserStop.NOT_MAPPED, snippet.a32(0xe8b1_003c));
        assertEquals(at, snippet.cpu.pc());
        assertEquals(DATA_END - 8, register(1));
        assertEquals(DATA_END, snippet.cpu.faultAddress());
    }

    @ParameterizedTest
    @CsvSource({
        "e7f000f0, ILLEGAL_INSTRUCTION, udf",
        "e1200070, BREAK_INSTRUCTION, bkpt",
        "ee110f10, ILLEGAL_INSTRUCTION, mrc p15 SCTLR",
        "f1010000, ILLEGAL_INSTRUCTION, setend le",
        "eef70a10, ILLEGAL_INSTRUCTION, vmrs MVFR0",
        "fe000000, ILLEGAL_INSTRUCTION, a hole",
        "e6000010, ILLEGAL_INSTRUCTION, a hole of the media space"
    })
    void whatIsNotThereIsAnIllegalInstruction(String word, UserStop stop, String text) {
        assertEquals(stop, snippet.a32(Integer.parseUnsignedInt(word, 16), SVC), text);
    }

    @Test
    void theThreadPointerIsReadThroughCoprocessor15() {
        snippet.cpu.setThreadPointer(0x1234_5678);
        // mrc p15, 0, r2, c13, c0, 3
        snippet.a32(0xee1d_2f70, SVC);
        assertEquals(0x1234_5678, register(2));
    }

    @Test
    void floatsSurviveASignalFrame() {
        snippet.cpu.setRegister(2, 0x4000_0000);
        // vmov s1, r2; vmov s3, r2; svc
        snippet.a32(0xee00_2a90, 0xee01_2a90, SVC);
        byte[] image = snippet.cpu.saveFloats();
        snippet.a32(0xe3a0_2000, 0xee00_2a90, 0xee01_2a90, SVC);
        snippet.cpu.loadFloats(image);
        // vmov r3, s1; vmov r4, s3
        snippet.a32(0xee10_3a90, 0xee11_4a90, SVC);
        assertEquals(0x4000_0000, register(3));
        assertEquals(0x4000_0000, register(4));
    }
}
