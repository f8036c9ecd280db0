package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static straddle.core.arch.x86.X86.*;
import static straddle.tcg.x86.ProtectedMachine.*;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import straddle.core.arch.x86.Segment;
import straddle.core.arch.x86.X86State;

/// Hardware task switches in 32-bit protected mode without paging (SDM volume 3, chapter 9).
class TaskSwitchTest {
    private static final int TSS_OLD = 0x4000;
    private static final int TSS_NEW = 0x5000;
    private static final int TSS_16 = 0x6000;
    private static final int CODE_NEW = 0x9000;
    private static final int STACK_NEW = 0x1_2000;
    private static final int OLD = 0x18;
    private static final int NEW = 0x20;
    private static final int GATE = 0x28;
    private static final int OLD_STYLE = 0x30;
    private static final int ABSENT_DATA = 0x38;
    private static final String TO_NEW = "ea 00000000 2000";
    private static final String CALL_GATE = "9a 00000000 2800";
    private static final int BUSY = 2;

    private ProtectedMachine machine;
    private X86State state;

    @BeforeEach
    void makeMachine() throws Exception {
        machine = new ProtectedMachine(32, 0x8e00);
        state = machine.state;
        machine.putTaskDescriptor(OLD, TSS_OLD, 0x67, 0x8b);
        machine.putTask(NEW, TSS_NEW, CODE_NEW, RFLAGS_FIXED | RFLAGS_CF, STACK_NEW);
        machine.putInt(TSS_NEW + 0x2c, 0x1234_5678); // ECX
        machine.putTaskDescriptor(OLD_STYLE, TSS_16, 0x2b, 0x81);
        machine.putLong(GDT + GATE, (long) NEW << 16 | 0xe500L << 32);
        machine.putLong(GDT + ABSENT_DATA, 0x00cf_1300_0000_ffffL);
        machine.putShort(TSS_16 + 0x0e, CODE_NEW);
        machine.putShort(TSS_16 + 0x10, RFLAGS_FIXED);
        machine.putShort(TSS_16 + 0x14, 0x4321); // CX
        for (int at = 0x22; at < 0x2a; at += 2) {
            machine.putShort(TSS_16 + at, at == 0x24 ? CODE_SELECTOR : DATA_SELECTOR);
        }
        machine.put(CODE_NEW, "f4");
        state.tr.set(OLD, TSS_OLD, 0x67, Segment.P | 0xb);
        state.gpr[RCX] = 0x77;
    }

    @AfterEach
    void close() {
        machine.close();
    }

    private int typeOf(int selector) {
        return machine.getInt(GDT + selector + 4) >>> 8 & 15;
    }

    private void assertVector(int vector, int error) {
        assertEquals(HANDLERS + vector + 1, state.rip, "at the end of vector's handler");
        assertEquals(error, machine.stack(0));
    }

    @Test
    void aJumpLeavesTheOldTaskAndLoadsTheNew() {
        machine.run(TO_NEW);
        assertEquals(CODE_NEW + 1, state.rip);
        assertEquals(0x1234_5678, state.gpr[RCX]);
        assertEquals(STACK_NEW, state.gpr[RSP]);
        assertEquals(NEW, state.tr.selector);
        assertEquals(RFLAGS_CF, state.rflags & (RFLAGS_CF | RFLAGS_NT));
        assertNotEquals(0, state.cr0 & CR0_TS);
        assertEquals(CODE + 7, machine.getInt(TSS_OLD + 0x20));
        assertEquals(0x77, machine.getInt(TSS_OLD + 0x2c));
        assertEquals(0, typeOf(OLD) & BUSY);
        assertEquals(BUSY, typeOf(NEW) & BUSY);
    }

    @Test
    void aCallThroughAGateComesBackWithIret() {
        machine.put(CODE_NEW, "41 cf"); // inc ecx; iret
        machine.run(CALL_GATE + "42"); // inc edx
        assertEquals(CODE + 9, state.rip);
        assertEquals(0x601, state.gpr[RDX]);
        assertEquals(0x77, state.gpr[RCX]);
        assertEquals(OLD, state.tr.selector);
        assertEquals(0x1234_5679, machine.getInt(TSS_NEW + 0x2c));
        assertEquals(CODE_NEW + 2, machine.getInt(TSS_NEW + 0x20));
        assertEquals(0, machine.getInt(TSS_NEW + 0x24) & RFLAGS_NT);
        assertEquals(OLD, machine.getInt(TSS_NEW) & 0xffff);
        assertEquals(0, typeOf(NEW) & BUSY);
        assertEquals(BUSY, typeOf(OLD) & BUSY);
    }

    @Test
    void aSixteenBitTaskHasNarrowRegisters() {
        machine.run("ea 00000000 3000");
        assertEquals(CODE_NEW + 1, state.rip);
        assertEquals(0x4321, state.gpr[RCX] & 0xffff);
        assertEquals(OLD_STYLE, state.tr.selector);
    }

    @Test
    void anExceptionThroughATaskGatePushesItsErrorCodeInTheNewTask() {
        machine.putLong(IDT + 8 * GP, (long) NEW << 16 | 0x8500L << 32);
        machine.run(
                "b8 50 00 00 00 8e d8"); // mov eax, 0x50; mov ds, eax: beyond what the table has
        assertEquals(CODE_NEW + 1, state.rip);
        assertEquals(STACK_NEW - 4, state.gpr[RSP]);
        assertEquals(0x50, machine.getInt(STACK_NEW - 4));
        assertEquals(CODE + 5, machine.getInt(TSS_OLD + 0x20));
        assertNotEquals(0, state.rflags & RFLAGS_NT);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "a busy task, 0x67, 0x8b, 13",
        "one that is absent, 0x67, 0x09, 11",
        "one that is too short, 0x66, 0x89, 10",
        "a segment that is no task, 0x67, 0x82, 13",
    })
    void aTaskThatCanNotBeEnteredIsTheOldTasksFault(
            String name, String limit, String type, int vector) {
        machine.putTaskDescriptor(NEW, TSS_NEW, Integer.decode(limit), Integer.decode(type));
        machine.run(TO_NEW);
        assertVector(vector, NEW);
        assertEquals(CODE, machine.stack(1), name);
        assertEquals(OLD, state.tr.selector);
    }

    @Test
    void aSegmentThatIsAbsentIsTheNewTasksFault() {
        machine.putInt(TSS_NEW + 0x54, ABSENT_DATA); // DS
        machine.run(TO_NEW);
        assertVector(NP, ABSENT_DATA);
        assertEquals(CODE_NEW, machine.stack(1));
        assertEquals(NEW, state.tr.selector);
    }

    @Test
    void theTrapFlagOfATaskTrapsBeforeItsFirstInstruction() {
        machine.putInt(TSS_NEW + 0x64, 1);
        machine.run(TO_NEW);
        assertEquals(HANDLERS + DB + 1, state.rip);
        assertEquals(CODE_NEW, machine.stack(0));
        assertEquals(1 << 15, state.dr[6] & 1 << 15);
    }
}
