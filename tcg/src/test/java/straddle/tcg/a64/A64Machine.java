package straddle.tcg.a64;

import java.lang.foreign.Arena;
import straddle.core.memory.RamAllocator;
import straddle.core.user.BadAddressException;
import straddle.core.user.Frames;
import straddle.core.user.UserIsa;
import straddle.core.user.UserMemory;
import straddle.core.user.UserStop;
import straddle.tcg.region.Regions;

/// A processor with a page of code that it may write and some data, without a system.
final class A64Machine implements AutoCloseable {
    static final long CODE = 0x40_0000;
    static final long DATA = 0x50_0000;
    static final int DATA_BYTES = 1 << 14;

    private final Frames frames = new Frames(RamAllocator.OFF_HEAP, 1 << 22);
    private final UserMemory memory = new UserMemory(UserIsa.AARCH64, frames);
    private final Arena arena = Arena.ofShared();
    final A64Cpu cpu;

    A64Machine() {
        int data = UserMemory.READ | UserMemory.WRITE;
        memory.map(CODE, 1 << 12, data | UserMemory.EXEC, false, null, 0, "code");
        memory.map(DATA, DATA_BYTES, data, false, null, 0, "data");
        cpu = new A64Cpu(memory, arena);
    }

    byte[] read(long address, int length) {
        try {
            return memory.bytes(address, length);
        } catch (BadAddressException e) {
            throw new AssertionError(e);
        }
    }

    void writeCode(int... words) {
        try {
            for (int i = 0; i < words.length; i++) {
                memory.put(CODE + 4L * i, 4, words[i]);
            }
        } catch (BadAddressException e) {
            throw new AssertionError(e);
        }
    }

    /// Has the block at an address compiled at once.
    void compile(long pc) {
        cpu.regions = new Regions(cpu, Runnable::run, A64Cpu.ZERO);
        cpu.pc = pc;
        cpu.regions.request(cpu.block());
        cpu.regions.install();
    }

    /// From the first instruction on.
    UserStop run() {
        cpu.pc = CODE;
        return cpu.run();
    }

    @Override
    public void close() {
        cpu.close();
        arena.close();
        frames.close();
    }
}
