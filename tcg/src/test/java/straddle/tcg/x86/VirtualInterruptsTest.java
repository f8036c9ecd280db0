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

/// Virtual-8086 code under IOPL 0, with a monitor whose handlers halt.
class VirtualInterruptsTest {
    private static final int TSS = 0x4000;
    private static final int IO_MAP = 0x88;
    private static final int CODE = 0x8000;
    private static final int TASK_SELECTOR = 0x18;
    private static final int UD2 = 0x0b0f;

    private ProtectedMachine machine;
    private X86State state;
    private MemorySegment ram;
    private X86Cpu cpu;

    @BeforeEach
    void makeMachine() throws Exception {
        machine = new ProtectedMachine(64, 0xee00);
        state = machine.state;
        ram = machine.ram;
        cpu = machine.cpu;
        machine.putLong(TSS + 4, 0x1_0000); // ESP0
        machine.putLong(TSS + 8, 16);
        machine.putLong(TSS + 100, (long) IO_MAP << 16);
        state.cr4 = CR4_VME;
        state.tr.set(TASK_SELECTOR, TSS, 0xff, Segment.P | 0xb);
        state.rflags = RFLAGS_FIXED | RFLAGS_VM | RFLAGS_IF;
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
        return ram.get(ValueLayout.JAVA_SHORT_UNALIGNED, at) & 0xffff;
    }

    /// Runs code, to which UD2 is added; the vector whose handler it ended in, and flags and stack before.
    private int run(String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
        MemorySegment.copy(bytes, 0, ram, ValueLayout.JAVA_BYTE, CODE, bytes.length);
        ram.set(ValueLayout.JAVA_SHORT_UNALIGNED, CODE + bytes.length, (short) UD2);
        state.rip = CODE;
        state.halted = false;
        cpu.load(state);
        cpu.run();
        cpu.save(state);
        assertInstanceOf(Exit.Halt.class, cpu.exit);
        return (int) state.rip - 1 - HANDLERS;
    }

    /// EFLAGS that the monitor was entered with by #UD.
    private int flags() {
        return ram.get(ValueLayout.JAVA_INT_UNALIGNED, state.gpr[RSP] + 8);
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
        MemorySegment.copy(
                new byte[] {0x43, (byte) 0xcf}, 0, ram, ValueLayout.JAVA_BYTE, 0x9000, 2);
        assertEquals(UD, run("cd 21 41")); // int 0x21: inc bx; iret. inc cx
        assertEquals(1, state.gpr[RBX]);
        assertEquals(1, state.gpr[RCX]);
        assertEquals(RFLAGS_VIF, flags() & RFLAGS_VIF);
    }

    @Test
    void oneThatTheMapKeepsIsTheMonitors() {
        ram.set(ValueLayout.JAVA_BYTE, TSS + IO_MAP - 32 + (0x21 >> 3), (byte) 2);
        assertEquals(GP, run("cd 21"));
        state.rflags = RFLAGS_FIXED | RFLAGS_VM | RFLAGS_IF | RFLAGS_IOPL;
        for (Segment segment : state.segments) {
            segment.set(0, 0, 0xffff, Segment.P | Segment.S | 3 | 3 << Segment.DPL_SHIFT);
        }
        state.gpr[RSP] = 0x7000;
        assertEquals(0x21, run("cd 21"));
    }
}
