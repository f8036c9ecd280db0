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

/// Virtual-8086 code under IOPL 0, with a monitor whose handlers halt.
class VirtualInterruptsTest {
    private static final int TSS = 0x4000;
    private static final int IO_MAP = 0x88;
    private static final int TASK_SELECTOR = 0x18;
    private static final String UD2 = "0f0b";

    private ProtectedMachine machine;
    private X86State state;

    @BeforeEach
    void makeMachine() throws Exception {
        machine = new ProtectedMachine(64, 0xee00);
        state = machine.state;
        machine.putLong(TSS + 4, 0x1_0000); // ESP0
        machine.putLong(TSS + 8, 16);
        machine.putLong(TSS + 100, (long) IO_MAP << 16);
        state.cr4 = CR4_VME;
        state.tr.set(TASK_SELECTOR, TSS, 0xff, Segment.P | 0xb);
        enter(0);
    }

    /// Enters virtual-8086 mode.
    private void enter(int iopl) {
        state.rflags = RFLAGS_FIXED | RFLAGS_VM | RFLAGS_IF | iopl;
        for (Segment segment : state.segments) {
            segment.set(0, 0, 0xffff, Segment.P | Segment.S | 3 | 3 << Segment.DPL_SHIFT);
        }
        state.gpr[RSP] = 0x7000;
    }

    @AfterEach
    void close() {
        machine.close();
    }

    private int word(long at) {
        return machine.getInt(at) & 0xffff;
    }

    /// Runs code, to which UD2 is added; the vector whose handler it ended in.
    private int run(String hex) {
        machine.put(CODE, hex + UD2);
        return machine.runFrom(CODE);
    }

    /// EFLAGS that the monitor was entered with by #UD.
    private int flags() {
        return machine.stack(2);
    }

    @Test
    void stiAndCliChangeTheVirtualFlag() {
        assertEquals(UD, run("fb")); // sti
        assertEquals(RFLAGS_VIF | RFLAGS_IF, flags() & (RFLAGS_VIF | RFLAGS_IF));
    }

    @Test
    void cliClearsIt() {
        state.rflags |= RFLAGS_VIF;
        assertEquals(UD, run("fa"));
        assertEquals(RFLAGS_IF, flags() & (RFLAGS_VIF | RFLAGS_IF));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "sti with an interrupt pending, fb, 0x100000, 1",
        "sti without the extension, fb, 0, 0",
        "pushfd, 669c, 0, 1",
        "popf with TF, 6802029d, 0, 1",
        "popf with IF and an interrupt pending, 6802029d, 0x100000, 1",
        "int 0x21 without the extension, cd21, 0, 0",
    })
    void whatIsTheMonitorsFaults(String name, String code, String pending, int extension) {
        state.rflags |= Long.decode(pending);
        state.cr4 = extension == 0 ? 0 : CR4_VME;
        String image = name.contains("TF") ? code.replace("0202", "0201") : code;
        assertEquals(GP, run(image), name);
    }

    @Test
    void pushfShowsTheVirtualFlagAndPopfSetsIt() {
        // pushf; push 0x200; popf; pushf
        assertEquals(UD, run("9c 68 00 02 9d 9c"));
        assertEquals(RFLAGS_IOPL, word(0x6ffe) & (RFLAGS_IF | RFLAGS_IOPL));
        assertEquals(RFLAGS_IOPL | RFLAGS_IF, word(0x6ffc) & (RFLAGS_IF | RFLAGS_IOPL));
        assertEquals(RFLAGS_VIF, flags() & RFLAGS_VIF);
    }

    @Test
    void anInterruptThatTheMapLeavesAloneIsHandledAsOnAn8086() {
        state.rflags |= RFLAGS_VIF;
        machine.putLong(0x21 * 4, 0x9000); // 0000:9000
        machine.put(0x9000, "43 cf");
        assertEquals(UD, run("cd 21 41")); // int 0x21: inc bx; iret. inc cx
        assertEquals(1, state.gpr[RBX]);
        assertEquals(1, state.gpr[RCX]);
        assertEquals(RFLAGS_VIF, flags() & RFLAGS_VIF);
    }

    @Test
    void oneThatTheMapKeepsIsTheMonitors() {
        machine.put(TSS + IO_MAP - 32 + (0x21 >> 3), "02");
        assertEquals(GP, run("cd 21"));
        enter(RFLAGS_IOPL);
        assertEquals(0x21, run("cd 21"));
    }
}
