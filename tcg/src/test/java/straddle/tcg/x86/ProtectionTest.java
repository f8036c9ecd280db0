package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static straddle.core.arch.x86.X86.*;
import static straddle.tcg.x86.ProtectedMachine.*;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import straddle.core.arch.x86.Segment;
import straddle.core.arch.x86.X86State;

/// Branches, calls and exceptions of 32-bit protected mode at the edges of what descriptors allow (SDM volume 2, CALL, INT n,
/// IRET, JMP, RET; volume 3, chapter 7): what fails changes nothing, and is reported at the instruction that did it.
class ProtectionTest {
    private static final int INNER = 0x1_2000;
    private static final int TARGET = 0x9000;
    private static final int TSS = 0x4000;
    private static final int CODE3 = 0x18 | 3;
    private static final int DATA3 = 0x20 | 3;
    private static final int CODE1 = 0x28 | 1;
    private static final int DATA1 = 0x30 | 1;
    private static final int GATE = 0x38 | 3;
    private static final int CONFORMING = 0x40;
    private static final int TASK = 0x48;
    private static final int SHORT_DATA = 0x58;
    private static final String CALL_GATE = "9a 00000000 3b00";

    private ProtectedMachine machine;
    private X86State state;

    @BeforeEach
    void makeMachine() throws Exception {
        machine = new ProtectedMachine(32, 0x8e00);
        state = machine.state;
        machine.putLong(GDT + (CODE3 & ~7), 0x00cf_fb00_0000_ffffL);
        machine.putLong(GDT + (DATA3 & ~7), 0x00cf_f300_0000_ffffL);
        machine.putLong(GDT + (CODE1 & ~7), 0x00cf_bb00_0000_ffffL);
        machine.putLong(GDT + (DATA1 & ~7), 0x00cf_b200_0000_ffffL); // not accessed yet
        machine.putLong(GDT + CONFORMING, 0x00cf_9f00_0000_ffffL);
        // Segments of 256 bytes.
        machine.putLong(GDT + 0x50, 0x0040_b300_0000_00ffL);
        machine.putLong(GDT + SHORT_DATA, 0x0040_9300_0000_00ffL);
        // A call gate to level 1 with two parameters.
        machine.putLong(GDT + (GATE & ~7), 0xec02L << 32 | CODE1 << 16 | TARGET);
        machine.putInt(TSS + 4, INNER);
        machine.putInt(TSS + 8, DATA_SELECTOR);
        machine.putInt(TSS + 12, INNER + 0x100);
        machine.putInt(TSS + 16, DATA1);
        machine.put(TARGET, "f4");
        state.tr.set(0x78, TSS, 0x67, Segment.P | 0xb);
    }

    @AfterEach
    void close() {
        machine.close();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "jmp short, eb40",
        "jmp, e900010000",
        "jz, 740e",
        "jz near, 0f8400010000",
        "loop, e20e",
        "jecxz with a zero, 67e30e",
        "jmp eax, ffe0",
        "call, e800010000",
        "call eax, ffd0",
        "ret, c3",
        "'ret 8', c20800",
    })
    void aNearBranchBeyondTheCodeSegmentFaultsAtTheBranch(String name, String code) {
        machine.limitCode(0x10);
        state.rflags |= RFLAGS_ZF;
        state.gpr[RAX] = CODE + 0x100;
        state.gpr[RCX] = name.startsWith("jecxz") ? 0x10000 : 5; // CX alone is zero
        machine.putInt(STACK, CODE + 0x100);
        assertEquals(GP, machine.run(code), name);
        assertEquals(CODE, machine.stack(1), name);
        assertEquals(STACK - 16, state.gpr[RSP], name);
        assertEquals(name.startsWith("jecxz") ? 0x10000 : 5, state.gpr[RCX], name);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"jnz, 750e, 5", "loop to its end, e20e, 1", "loopne, e00e, 5", "jecxz, e30e, 5"})
    void aNearBranchThatIsNotTakenMayLeadAnywhere(String name, String code, int count) {
        machine.limitCode(0x10);
        state.rflags |= RFLAGS_ZF;
        state.gpr[RCX] = count;
        assertEquals(NO_EXCEPTION, machine.run(code), name);
        assertEquals(name.startsWith("loop") ? count - 1 : count, state.gpr[RCX], name);
    }

    @Test
    void aWideJumpOf16BitCodeEndsAt64KiB() {
        state.segments[CS].limit = 0xffff;
        state.segments[CS].attributes &= ~(Segment.G | Segment.DB);
        assertEquals(GP, machine.run("66 e9 00000100"));
        assertEquals(CODE, machine.stack(1));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"ud2, 0f0b, 0x33", "int1, f1, 0x0b", "int 0x30, cd30, 0x182", "int3, cc, 0x1a"})
    void anErrorCodeTellsWhetherTheEventCameOfAnInt(String name, String code, String error) {
        for (int vector : new int[] {DB, BP, UD, 0x30}) {
            machine.putLong(IDT + 8 * vector, 0); // no gate
        }
        assertEquals(GP, machine.run(code), name);
        assertEquals(Integer.decode(error), machine.stack(0), name);
    }

    @Test
    void anExceptionThatFindsNoRoomOnItsStackEndsInAShutdown() {
        state.segments[SS].limit = STACK - 5; // one word less than a frame
        state.segments[SS].attributes &= ~Segment.G;
        state.gpr[RSP] = 8;
        assertEquals(SHUTDOWN, machine.run("0f0b"));
    }

    @Test
    void anInnerStackWithoutRoomIsADoubleFaultThatATaskCanServe() {
        machine.useFlatSegments(CODE3, DATA3);
        machine.putInt(TSS + 4, 0x110); // beyond its limit
        machine.putInt(TSS + 8, SHORT_DATA);
        machine.putTask(TASK, 0x5000, TARGET, RFLAGS_FIXED, INNER);
        machine.putLong(IDT + 8 * DF, (long) TASK << 16 | 0x8500L << 32);
        assertEquals(NO_EXCEPTION, machine.run("0f0b"));
        assertEquals(TARGET + 1, state.rip);
        assertEquals(0, machine.stack(0)); // the double fault's error code
        assertEquals(CODE, machine.getInt(TSS + 0x20));
        assertEquals(STACK, machine.getInt(TSS + 0x38));
    }

    @Test
    void aCallGateCopiesParametersToTheInnerStack() {
        machine.useFlatSegments(CODE3, DATA3);
        machine.putInt(STACK, 0x11);
        machine.putInt(STACK + 4, 0x22);
        assertEquals(GP, machine.run(CALL_GATE)); // HLT at level 1
        // Of the exception's frame, on the stack of level 0.
        assertEquals(TARGET, machine.stack(1));
        assertEquals(CODE1, machine.stack(2));
        assertEquals(DATA1, machine.stack(5));
        long inner = machine.stack(4);
        assertEquals(INNER + 0x100 - 6 * 4, inner);
        int[] frame = {CODE + 7, CODE3, 0x11, 0x22, STACK, DATA3};
        for (int i = 0; i < frame.length; i++) {
            assertEquals(frame[i], machine.getInt(inner + 4L * i));
        }
        assertEquals(1, machine.getInt(GDT + (DATA1 & ~7) + 4) >>> 8 & 1); // accessed
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "stack without room, 0x10c, 0x51, 0, 12, 0x50",
        "stack with room, 0x100, 0x51, 0x8fff, 13, 0",
        "null stack, 0x1000, 0, 0, 10, 0",
        "stack of another level, 0x1000, 0x10, 0, 10, 0x10",
        "stack with another RPL, 0x1000, 0x30, 0, 10, 0x30",
        "code beyond its limit, 0x1000, 0x31, 0x8fff, 13, 0",
    })
    void aCallInwardsThatFailsLeavesTheCallerAsItWas(
            String name,
            String pointer,
            String selector,
            String codeLimit,
            int vector,
            String code) {
        machine.useFlatSegments(CODE3, DATA3);
        machine.putInt(TSS + 12, Integer.decode(pointer));
        machine.putInt(TSS + 16, Integer.decode(selector));
        int limit = Integer.decode(codeLimit);
        if (limit != 0) {
            machine.putLong(GDT + (CODE1 & ~7), 0x0040_bb00_0000_0000L | limit);
        }
        assertEquals(vector, machine.run(CALL_GATE), name);
        assertEquals(Integer.decode(code), machine.stack(0), name);
        assertEquals(CODE, machine.stack(1), name);
        assertEquals(CODE3, machine.stack(2), name);
        assertEquals(STACK, machine.stack(4), name);
        assertEquals(DATA3, machine.stack(5), name);
    }

    @Test
    void virtual8086CodeIsNotInterruptedByConformingHandlers() {
        machine.putLong(IDT + 8 * UD, HANDLERS + UD | CONFORMING << 16 | 0x8e00L << 32);
        state.rflags |= RFLAGS_VM;
        for (int i = 0; i < 6; i++) {
            state.segments[i].set(i == CS ? CODE >> 4 : 0, i == CS ? CODE : 0, 0xffff, 0xf3);
        }
        machine.put(CODE, "0f0b");
        assertEquals(GP, machine.runFrom(0));
        assertEquals(CONFORMING | 1, machine.stack(0));
    }

    @Test
    void anIretToVirtual8086ModeNeedsAnInstructionPointerOf16Bits() {
        int[] frame = {0x1_0000, 0, RFLAGS_VM | RFLAGS_FIXED, STACK, 0, 0, 0, 0, 0};
        for (int i = 0; i < frame.length; i++) {
            machine.putInt(STACK + 4 * i, frame[i]);
        }
        assertEquals(GP, machine.run("cf"));
        assertEquals(0, machine.stack(0));
        assertEquals(STACK - 16, state.gpr[RSP]);
    }

    @Test
    void anIretUnblocksNmisEvenIfItFaults() {
        state.nmiBlocked = true;
        assertEquals(GP, machine.run("cf")); // to a null code segment
        assertEquals(false, state.nmiBlocked);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"'mov eax, dr4', 0f21e0, 6, 0", "'mov eax, dr6', 0f21f0, 1, 0x2000"})
    void debugRegistersThatDoNotExistComeBeforeTheirGuard(
            String name, String code, int vector, String detected) {
        state.cr4 |= CR4_DE;
        state.dr[7] = 0x2400; // GD
        assertEquals(vector, machine.run(code), name);
        assertEquals((long) Integer.decode(detected), state.dr[6] & 0x2000, name);
    }

    @Test
    void anExceptionsFrameOnAMisalignedStackOfUserCodeIsNotCheckedForAlignment() {
        machine.useFlatSegments(CODE3, DATA3);
        state.cr0 |= CR0_AM;
        state.rflags |= RFLAGS_AC | RFLAGS_IOPL;
        state.gpr[RSP] = STACK + 1;
        machine.putLong(IDT + 8 * UD, TARGET | CODE3 << 16 | 0x8e00L << 32);
        machine.put(TARGET, "f4");
        assertEquals(GP, machine.run("0f0b")); // HLT at level 3
        assertEquals(TARGET, machine.stack(1));
        assertEquals(STACK + 1 - 12, machine.stack(4));
    }
}
