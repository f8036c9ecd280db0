package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static straddle.core.arch.x86.X86.*;

import java.lang.foreign.Arena;
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
import straddle.core.bus.MachineLock;
import straddle.core.bus.PortBus;
import straddle.core.irq.InterruptSource;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.RamAllocator;
import straddle.core.memory.RamBlock;
import straddle.core.time.VirtualClock;
import straddle.core.vcpu.Exit;

/// What segments allow in 32-bit protected mode, where most of them end at 4 GiB (SDM volume 3, 6.3 to 6.5): FS and GS, one
/// of which is null in a 32-bit Linux kernel, have the others neither checked more nor less.
class SegmentLimitTest {
    private static final int GDT = 0x1000;
    private static final int IDT = 0x2000;
    private static final int HANDLERS = 0x3000;
    private static final int CODE = 0x8000;
    private static final int STACK = 0x1_0000;
    private static final int DATA = 0x2_0000;
    private static final int CODE_SELECTOR = 0x08;
    private static final int NO_EXCEPTION = -1;

    private final Arena arena = Arena.ofShared();
    private final X86State state = new X86State();
    private MemorySegment ram;
    private X86Cpu cpu;

    @BeforeEach
    void makeMachine() throws Exception {
        MachineLock lock = new MachineLock();
        AddressSpace memory = new AddressSpace(lock);
        RamBlock block = RamBlock.allocate("ram", 1 << 20, RamAllocator.OFF_HEAP, arena);
        memory.mapRam(0, block);
        ram = block.bytes();
        cpu =
                new X86Cpu(
                        CpuModel.of(CpuModels.MAX),
                        memory,
                        new PortBus(lock),
                        new VirtualClock(() -> 0, lock),
                        InterruptSource.NONE,
                        arena);
        ram.set(ValueLayout.JAVA_LONG, GDT + CODE_SELECTOR, 0x00cf_9b00_0000_ffffL);
        for (int vector = 0; vector < 32; vector++) {
            long gate = HANDLERS + vector | CODE_SELECTOR << 16 | 0x8e00L << 32;
            ram.set(ValueLayout.JAVA_LONG, IDT + 8 * vector, gate);
            ram.set(ValueLayout.JAVA_BYTE, HANDLERS + vector, (byte) 0xf4);
        }
        ram.set(ValueLayout.JAVA_INT, DATA, 0x1234_5678);
        state.cr0 = CR0_PE | CR0_ET | CR0_NE;
        state.gdtBase = GDT;
        state.gdtLimit = 0xff;
        state.idtBase = IDT;
        state.idtLimit = 0x1ff;
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
        arena.close();
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
