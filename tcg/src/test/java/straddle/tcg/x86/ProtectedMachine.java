package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static straddle.core.arch.x86.X86.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import straddle.core.arch.x86.Segment;
import straddle.core.arch.x86.X86State;
import straddle.core.bus.MachineLock;
import straddle.core.bus.PortBus;
import straddle.core.irq.InterruptSource;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.RamAllocator;
import straddle.core.memory.RamBlock;
import straddle.core.memory.RamUnavailableException;
import straddle.core.time.VirtualClock;
import straddle.core.vcpu.Exit;

/// A processor in protected mode without paging over 1 MiB of RAM, at privilege level 0 with flat segments, and with an IDT
/// whose handlers halt. [#state] is what it starts with, and what its code left.
final class ProtectedMachine implements AutoCloseable {
    static final int GDT = 0x1000;
    static final int IDT = 0x2000;

    /// The handler of each vector is a byte further on.
    static final int HANDLERS = 0x3000;

    /// Above all of the above.
    static final int CODE = 0x8000;

    static final int STACK = 0x1_0000;

    static final int CODE_SELECTOR = 0x08;
    static final int DATA_SELECTOR = 0x10;

    /// Answered when code came to its HLT.
    static final int NO_EXCEPTION = -1;

    /// Answered when the processor could not go on.
    static final int SHUTDOWN = -2;

    private static final String HLT = "f4";

    private final Arena arena = Arena.ofShared();
    final X86State state = new X86State();
    private final MemorySegment ram;
    private final X86Cpu cpu;

    /// @param vectors how many have a gate
    /// @param gate the gates' attributes, at their place in the upper half
    ProtectedMachine(int vectors, int gate) throws RamUnavailableException {
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
        putLong(GDT + CODE_SELECTOR, 0x00cf_9b00_0000_ffffL);
        putLong(GDT + DATA_SELECTOR, 0x00cf_9300_0000_ffffL);
        for (int vector = 0; vector < vectors; vector++) {
            putLong(IDT + 8 * vector, HANDLERS + vector | CODE_SELECTOR << 16 | (long) gate << 32);
            put(HANDLERS + vector, HLT);
        }
        state.cr0 = CR0_PE | CR0_ET | CR0_NE;
        state.gdtBase = GDT;
        state.gdtLimit = 0xff;
        state.idtBase = IDT;
        state.idtLimit = 0x1ff;
        useFlatSegments(CODE_SELECTOR, DATA_SELECTOR);
        state.gpr[RSP] = STACK;
    }

    /// Has all segments be flat ones, at the selectors' level.
    void useFlatSegments(int codeSelector, int dataSelector) {
        int level = codeSelector & 3;
        int data = Segment.P | Segment.S | Segment.DB | Segment.G | level << Segment.DPL_SHIFT | 3;
        for (Segment segment : state.segments) {
            segment.set(dataSelector, 0, -1, data);
        }
        state.segments[CS].set(codeSelector, 0, -1, data | 8);
    }

    /// Puts an available 32-bit task with flat segments at level 0 into memory and the GDT.
    void putTask(int selector, int at, int eip, int eflags, int esp) {
        putTaskDescriptor(selector, at, 0x67, 0x89);
        putInt(at + 0x20, eip);
        putInt(at + 0x24, eflags);
        putInt(at + 0x38, esp);
        for (int segment = 0x48; segment < 0x60; segment += 4) {
            putInt(at + segment, segment == 0x4c ? CODE_SELECTOR : DATA_SELECTOR);
        }
    }

    /// @param type and the other attributes beside it
    void putTaskDescriptor(int selector, int base, int limit, int type) {
        putLong(GDT + selector, limit | (long) base << 16 | (long) type << 40);
    }

    /// Has the code segment end with the first bytes of the code.
    void limitCode(int bytes) {
        state.segments[CS].limit = CODE + bytes - 1;
        state.segments[CS].attributes &= ~Segment.G;
    }

    /// Runs code given in hexadecimal, to which HLT is added; the exception that ended it, [#NO_EXCEPTION], or [#SHUTDOWN].
    int run(String hex) {
        put(CODE, hex + HLT);
        return runFrom(CODE);
    }

    /// The same of what lies in memory, from an instruction pointer on.
    int runFrom(int rip) {
        state.rip = rip;
        state.halted = false;
        cpu.load(state);
        cpu.run();
        cpu.save(state);
        if (cpu.exit instanceof Exit.Shutdown) {
            return SHUTDOWN;
        }
        assertInstanceOf(Exit.Halt.class, cpu.exit);
        return state.rip < CODE ? (int) state.rip - 1 - HANDLERS : NO_EXCEPTION;
    }

    /// A word of the present stack, counted from its top.
    int stack(int slot) {
        return getInt(state.gpr[RSP] + 4L * slot);
    }

    /// Bytes given in hexadecimal.
    void put(int at, String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
        MemorySegment.copy(bytes, 0, ram, ValueLayout.JAVA_BYTE, at, bytes.length);
    }

    void putShort(int at, int value) {
        ram.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, (short) value);
    }

    void putInt(int at, int value) {
        ram.set(ValueLayout.JAVA_INT_UNALIGNED, at, value);
    }

    void putLong(int at, long value) {
        ram.set(ValueLayout.JAVA_LONG_UNALIGNED, at, value);
    }

    int getInt(long at) {
        return ram.get(ValueLayout.JAVA_INT_UNALIGNED, at);
    }

    @Override
    public void close() {
        arena.close();
    }
}
