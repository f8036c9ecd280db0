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

/// What segments allow in 32-bit protected mode, where most of them end at 4 GiB (SDM volume 3, 6.3 to 6.5): FS and GS, one
/// of which is null in a 32-bit Linux kernel, have the others neither checked more nor less.
class SegmentLimitTest {
    private static final int CODE = 0x8000;
    private static final int STACK = 0x1_0000;
    private static final int DATA = 0x2_0000;
    private static final int NO_EXCEPTION = -1;

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
        ram.set(ValueLayout.JAVA_INT, DATA, 0x1234_5678);
        int data = Segment.P | Segment.S | Segment.DB | Segment.G | 3;
        for (Segment segment : state.segments) {
            segment.set(0x10, 0, -1, data);
        }
        state.segments[CS].set(CODE_SELECTOR, 0, -1, data | 8);
        // FS ends with the first word of the data, GS is null.
        state.segments[FS].set(0x18, 0, DATA + 3, Segment.P | Segment.S | Segment.DB | 3);
        state.segments[GS].set(0, 0, 0, Segment.UNUSABLE);
        state.gpr[RSP] = STACK;
    }

    @AfterEach
    void close() {
        machine.close();
    }

    /// Runs code, to which HLT is added.
    ///
    /// @return the exception that ended it, or [#NO_EXCEPTION]
    private int run(String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", "") + "f4");
        MemorySegment.copy(bytes, 0, ram, ValueLayout.JAVA_BYTE, CODE, bytes.length);
        state.rip = CODE;
        cpu.load(state);
        cpu.run();
        cpu.save(state);
        assertInstanceOf(Exit.Halt.class, cpu.exit);
        return state.rip < CODE ? (int) state.rip - 1 - HANDLERS : NO_EXCEPTION;
    }

    @Test
    void aNullSegmentLeavesTheOthersAsTheyAre() {
        // mov eax,[0x20000]; push 0x11; pop ecx
        assertEquals(NO_EXCEPTION, run("a1 00000200 6a11 59"));
        assertEquals(0x1234_5678, state.gpr[RAX]);
        assertEquals(0x11, state.gpr[RCX]);
    }

    @ParameterizedTest(name = "{0} in a code segment with {1} bytes of it")
    @CsvSource({
        "90 90, 3, -1",
        "90 90, 2, 13",
        "90 90, 1, 13",
        "b8 01020304, 6, -1", // mov eax, 0x04030201
        "b8 01020304, 4, 13",
        "eb 02 90 90, 5, -1", // jmp to the HLT
        "eb 02 90 90, 4, 13",
        "ea 07800000 0800, 7, -1", // jmp far to the HLT, in a flat segment
    })
    void codeEndsWithItsSegment(String code, int bytes, int exception) {
        state.segments[CS].limit = CODE + bytes - 1;
        state.segments[CS].attributes &= ~Segment.G;
        assertEquals(exception, run(code));
    }

    @ParameterizedTest
    @CsvSource({
        "65 a1 00000200, 13", // mov eax, gs:[0x20000]
        "64 a1 00000200, -1", // mov eax, fs:[0x20000]
        "64 a1 01000200, 13",
        "2e a1 00000200, -1", // mov eax, cs:[0x20000]
        "2e a3 00000200, 13",
        "3e a3 00000200, -1", // mov ds:[0x20000], eax
        "64 a3 00000200, -1",
        "65 a3 00000200, 13",
        "64 a3 04000200, 13"
    })
    void anAccessIsCheckedByItsOwnSegment(String code, int exception) {
        assertEquals(exception, run(code));
    }
}
