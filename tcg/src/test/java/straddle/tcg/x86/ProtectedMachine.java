package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import straddle.core.arch.x86.X86State;
import straddle.core.bus.MachineLock;
import straddle.core.bus.PortBus;
import straddle.core.irq.InterruptSource;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.RamAllocator;
import straddle.core.memory.RamBlock;
import straddle.core.memory.RamUnavailableException;
import straddle.core.time.VirtualClock;

/// A processor in protected mode without paging over 1 MiB of RAM, with flat segments in its GDT and an IDT whose handlers
/// halt. Its state is not loaded yet.
final class ProtectedMachine implements AutoCloseable {
    static final int GDT = 0x1000;
    static final int IDT = 0x2000;

    /// The handler of each vector is a byte further on.
    static final int HANDLERS = 0x3000;

    static final int CODE_SELECTOR = 0x08;
    static final int DATA_SELECTOR = 0x10;

    private static final byte HLT = (byte) 0xf4;

    private final Arena arena = Arena.ofShared();
    final X86State state = new X86State();
    final MemorySegment ram;
    final X86Cpu cpu;

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
            ram.set(ValueLayout.JAVA_BYTE, HANDLERS + vector, HLT);
        }
        state.cr0 = CR0_PE | CR0_ET | CR0_NE;
        state.gdtBase = GDT;
        state.gdtLimit = 0xff;
        state.idtBase = IDT;
        state.idtLimit = 0x1ff;
    }

    void putLong(int at, long value) {
        ram.set(ValueLayout.JAVA_LONG_UNALIGNED, at, value);
    }

    @Override
    public void close() {
        arena.close();
    }
}
