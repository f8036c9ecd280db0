package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static straddle.core.arch.x86.X86.*;
import static straddle.tcg.x86.ProtectedMachine.*;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import straddle.core.arch.x86.Segment;
import straddle.core.arch.x86.X86State;
import straddle.core.vcpu.Exit;

/// Branches, calls and exceptions of 32-bit protected mode at the edges of what descriptors allow (SDM volume 2, CALL, INT n,
/// IRET, JMP, RET; volume 3, chapter 7): what fails changes nothing, and is reported at the instruction that did it.
class ProtectionTest {
    private static final int CODE = 0x8000;
    private static final int STACK = 0x1_0000;
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
    private static final int NO_EXCEPTION = -1;
    private static final int SHUTDOWN = -2;
    private static final String CALL_GATE = "9a 00000000 3b00";

    private ProtectedMachine machine;
    private X86State state;
    private MemorySegment ram;
    private X86Cpu cpu;

    @BeforeEach
    void makeMachine() throws Exception {
        machine = new ProtectedMachine(32, 0x8e00);
        state = machine.state;
        ram = machine.ram;
        cpu = machine.cpu;
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
        putInt(TSS + 4, INNER);
        putInt(TSS + 8, DATA_SELECTOR);
        putInt(TSS + 12, INNER + 0x100);
        putInt(TSS + 16, DATA1);
        put(TARGET, "f4");
        enterLevel(0);
        state.tr.set(0x78, TSS, 0x67, Segment.P | 0xb);
        state.gpr[RSP] = STACK;
    }

    @AfterEach
    void close() {
        machine.close();
    }

    private void enterLevel(int level) {
        int data = Segment.P | Segment.S | Segment.DB | Segment.G | level << Segment.DPL_SHIFT | 3;
        for (Segment segment : state.segments) {
            segment.set(level == 0 ? DATA_SELECTOR : DATA3, 0, -1, data);
        }
        state.segments[CS].set(level == 0 ? CODE_SELECTOR : CODE3, 0, -1, data | 8);
    }

    private void put(int at, String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
        MemorySegment.copy(bytes, 0, ram, ValueLayout.JAVA_BYTE, at, bytes.length);
    }

    private void putInt(int at, int value) {
        ram.set(ValueLayout.JAVA_INT_UNALIGNED, at, value);
    }

    private int getInt(long at) {
        return ram.get(ValueLayout.JAVA_INT_UNALIGNED, at);
    }

    /// A word of the present stack.
    private int stack(int slot) {
        return getInt(state.gpr[RSP] + 4L * slot);
    }

    /// Runs code, to which HLT is added; answers the exception that ended it.
    private int run(String hex) {
        put(CODE, hex + "f4");
        state.rip = CODE;
        cpu.load(state);
        cpu.run();
        cpu.save(state);
        if (cpu.exit instanceof Exit.Shutdown) {
            return SHUTDOWN;
        }
        assertInstanceOf(Exit.Halt.class, cpu.exit);
        return state.rip < CODE ? (int) state.rip - 1 - HANDLERS : NO_EXCEPTION;
    }

    /// Has the code segment end with the first bytes of the code.
    private void limitCode(int bytes) {
        state.segments[CS].limit = CODE + bytes - 1;
        state.segments[CS].attributes &= ~Segment.G;
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
        limitCode(0x10);
        state.rflags |= RFLAGS_ZF;
        state.gpr[RAX] = CODE + 0x100;
        state.gpr[RCX] = name.startsWith("jecxz") ? 0x10000 : 5; // CX alone is zero
        putInt(STACK, CODE + 0x100);
        assertEquals(GP, run(code), name);
        assertEquals(CODE, stack(1), name);
        assertEquals(STACK - 16, state.gpr[RSP], name);
        assertEquals(name.startsWith("jecxz") ? 0x10000 : 5, state.gpr[RCX], name);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"jnz, 750e, 5", "loop to its end, e20e, 1", "loopne, e00e, 5", "jecxz, e30e, 5"})
    void aNearBranchThatIsNotTakenMayLeadAnywhere(String name, String code, int count) {
        limitCode(0x10);
        state.rflags |= RFLAGS_ZF;
        state.gpr[RCX] = count;
        assertEquals(NO_EXCEPTION, run(code), name);
        assertEquals(name.startsWith("loop") ? count - 1 : count, state.gpr[RCX], name);
    }

    @Test
    void aWideJumpOf16BitCodeEndsAt64KiB() {
        state.segments[CS].limit = 0xffff;
        state.segments[CS].attributes &= ~(Segment.G | Segment.DB);
        assertEquals(GP, run("66 e9 00000100"));
        assertEquals(CODE, stack(1));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"ud2, 0f0b, 0x33", "int1, f1, 0x0b", "int 0x30, cd30, 0x182", "int3, cc, 0x1a"})
    void anErrorCodeTellsWhetherTheEventCameOfAnInt(String name, String code, String error) {
        for (int vector : new int[] {DB, BP, UD, 0x30}) {
            machine.putLong(IDT + 8 * vector, 0); // no gate
        }
        assertEquals(GP, run(code), name);
        assertEquals(Integer.decode(error), stack(0), name);
    }

    @Test
    void anExceptionThatFindsNoRoomOnItsStackEndsInAShutdown() {
        state.segments[SS].limit = STACK - 5; // one word less than a frame
        state.segments[SS].attributes &= ~Segment.G;
        state.gpr[RSP] = 8;
        assertEquals(SHUTDOWN, run("0f0b"));
    }

    @Test
    void anInnerStackWithoutRoomIsADoubleFaultThatATaskCanServe() {
        enterLevel(3);
        putInt(TSS + 4, 0x110); // beyond its limit
        putInt(TSS + 8, SHORT_DATA);
        int task = 0x5000;
        machine.putLong(GDT + TASK, 0x67 | (long) task << 16 | 0x89L << 40);
        machine.putLong(IDT + 8 * DF, (long) TASK << 16 | 0x8500L << 32);
        putInt(task + 0x20, TARGET);
        putInt(task + 0x24, RFLAGS_FIXED);
        putInt(task + 0x38, INNER);
        for (int at = 0x48; at < 0x60; at += 4) {
            putInt(task + at, at == 0x4c ? CODE_SELECTOR : DATA_SELECTOR);
        }
        assertEquals(NO_EXCEPTION, run("0f0b"));
        assertEquals(TARGET + 1, state.rip);
        assertEquals(0, stack(0)); // the double fault's error code
        assertEquals(CODE, getInt(TSS + 0x20));
        assertEquals(STACK, getInt(TSS + 0x38));
    }

    @Test
    void aCallGateCopiesParametersToTheInnerStack() {
        enterLevel(3);
        putInt(STACK, 0x11);
        putInt(STACK + 4, 0x22);
        run(CALL_GATE);
        assertEquals(GP, (int) state.rip - 1 - HANDLERS); // HLT at level 1
        // Of the exception's frame, on the stack of level 0.
        assertEquals(TARGET, stack(1));
        assertEquals(CODE1, stack(2));
        assertEquals(DATA1, stack(5));
        long inner = stack(4);
        assertEquals(INNER + 0x100 - 6 * 4, inner);
        int[] frame = {CODE + 7, CODE3, 0x11, 0x22, STACK, DATA3};
        for (int i = 0; i < frame.length; i++) {
            assertEquals(frame[i], getInt(inner + 4L * i));
        }
        assertEquals(1, getInt(GDT + (DATA1 & ~7) + 4) >>> 8 & 1); // accessed
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
        enterLevel(3);
        putInt(TSS + 12, Integer.decode(pointer));
        putInt(TSS + 16, Integer.decode(selector));
        int limit = Integer.decode(codeLimit);
        if (limit != 0) {
            machine.putLong(GDT + (CODE1 & ~7), 0x0040_bb00_0000_0000L | limit);
        }
        assertEquals(vector, run(CALL_GATE), name);
        assertEquals(Integer.decode(code), stack(0), name);
        assertEquals(CODE, stack(1), name);
        assertEquals(CODE3, stack(2), name);
        assertEquals(STACK, stack(4), name);
        assertEquals(DATA3, stack(5), name);
    }

    @Test
    void virtual8086CodeIsNotInterruptedByConformingHandlers() {
        machine.putLong(IDT + 8 * UD, HANDLERS + UD | CONFORMING << 16 | 0x8e00L << 32);
        state.rflags |= RFLAGS_VM;
        for (int i = 0; i < 6; i++) {
            state.segments[i].set(i == CS ? CODE >> 4 : 0, i == CS ? CODE : 0, 0xffff, 0xf3);
        }
        put(CODE, "0f0b");
        state.rip = 0;
        cpu.load(state);
        cpu.run();
        cpu.save(state);
        assertEquals(GP, (int) state.rip - 1 - HANDLERS);
        assertEquals(CONFORMING | 1, stack(0));
    }

    @Test
    void anIretToVirtual8086ModeNeedsAnInstructionPointerOf16Bits() {
        int[] frame = {0x1_0000, 0, RFLAGS_VM | RFLAGS_FIXED, STACK, 0, 0, 0, 0, 0};
        for (int i = 0; i < frame.length; i++) {
            putInt(STACK + 4 * i, frame[i]);
        }
        assertEquals(GP, run("cf"));
        assertEquals(0, stack(0));
        assertEquals(STACK - 16, state.gpr[RSP]);
    }

    @Test
    void anIretUnblocksNmisEvenIfItFaults() {
        state.nmiBlocked = true;
        assertEquals(GP, run("cf")); // to a null code segment
        assertEquals(false, state.nmiBlocked);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"'mov eax, dr4', 0f21e0, 6, 0", "'mov eax, dr6', 0f21f0, 1, 0x2000"})
    void debugRegistersThatDoNotExistComeBeforeTheirGuard(
            String name, String code, int vector, String detected) {
        state.cr4 |= CR4_DE;
        state.dr[7] = 0x2400; // GD
        assertEquals(vector, run(code), name);
        assertEquals((long) Integer.decode(detected), state.dr[6] & 0x2000, name);
    }

    @Test
    void anExceptionsFrameOnAMisalignedStackOfUserCodeIsNotCheckedForAlignment() {
        enterLevel(3);
        state.cr0 |= CR0_AM;
        state.rflags |= RFLAGS_AC | RFLAGS_IOPL;
        state.gpr[RSP] = STACK + 1;
        machine.putLong(IDT + 8 * UD, TARGET | CODE3 << 16 | 0x8e00L << 32);
        put(TARGET, "f4");
        assertEquals(GP, run("0f0b")); // HLT at level 3
        assertEquals(TARGET, stack(1));
        assertEquals(STACK + 1 - 12, stack(4));
    }
}
