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

/// What segments allow in 32-bit protected mode, where most of them end at 4 GiB (SDM volume 3, 6.3 to 6.5): FS and GS, one
/// of which is null in a 32-bit Linux kernel, have the others neither checked more nor less.
class SegmentLimitTest {
    private static final int DATA = 0x2_0000;

    private ProtectedMachine machine;
    private X86State state;

    @BeforeEach
    void makeMachine() throws Exception {
        machine = new ProtectedMachine(32, 0x8e00);
        state = machine.state;
        machine.putInt(DATA, 0x1234_5678);
        // FS ends with the first word of the data, GS is null.
        state.segments[FS].set(0x18, 0, DATA + 3, Segment.P | Segment.S | Segment.DB | 3);
        state.segments[GS].set(0, 0, 0, Segment.UNUSABLE);
    }

    @AfterEach
    void close() {
        machine.close();
    }

    @Test
    void aNullSegmentLeavesTheOthersAsTheyAre() {
        // mov eax,[0x20000]; push 0x11; pop ecx
        assertEquals(NO_EXCEPTION, machine.run("a1 00000200 6a11 59"));
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
        machine.limitCode(bytes);
        assertEquals(exception, machine.run(code));
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
        assertEquals(exception, machine.run(code));
    }
}
