package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CyclicBarrier;
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
import straddle.core.vcpu.UserCodeTaker;
import straddle.tcg.CpuGroup;

/// Several processors in 64-bit mode over 16 MiB of RAM mapped one to one, each with a few bytes of machine code that
/// they run at the same time. The code ends in HLT.
final class SmpMachine implements AutoCloseable {
    /// Free for data: from here to the end.
    static final int DATA = 0x40_0000;

    private static final int BYTES = 16 << 20;
    private static final int TABLES = 0x1000;
    private static final int CODE = 0x1_0000;
    private static final int SPACING = 0x1_0000;
    private static final int STACK = 0x20_0000;
    private static final int HLT = 0xf4;
    private static final int PRESENT_AND_WRITABLE = 3;
    private static final int LARGE = 0x80;

    private final Arena arena = Arena.ofShared();
    private final MachineLock lock = new MachineLock();
    private final AddressSpace memory = new AddressSpace(lock);
    private final MemorySegment ram;
    private final CpuGroup group = new CpuGroup(Optional.empty());
    private final List<X86Cpu> cpus = new ArrayList<>();
    final List<X86State> states = new ArrayList<>();
    private volatile boolean late;

    /// Without machine code of ours on this host, what needs it is skipped.
    SmpMachine(int processors, Tier tier) {
        try {
            RamBlock block = RamBlock.allocate("ram", BYTES, RamAllocator.OFF_HEAP, arena);
            memory.mapRam(0, block);
            ram = block.bytes();
        } catch (RamUnavailableException e) {
            throw new IllegalStateException(e);
        }
        putLong(TABLES, TABLES + 0x1000 | PRESENT_AND_WRITABLE);
        putLong(TABLES + 0x1000, TABLES + 0x2000 | PRESENT_AND_WRITABLE);
        for (int i = 0; i < BYTES >> 21; i++) {
            putLong(TABLES + 0x2000 + 8 * i, (long) i << 21 | PRESENT_AND_WRITABLE | LARGE);
        }
        for (int i = 0; i < processors; i++) {
            X86Cpu cpu =
                    new X86Cpu(
                            CpuModel.of(CpuModels.MAX),
                            memory,
                            new PortBus(lock),
                            new VirtualClock(() -> 0, lock),
                            InterruptSource.NONE,
                            arena);
            cpu.join(group, true);
            tier.runCodeOf(cpu, arena);
            cpus.add(cpu);
            states.add(state(i));
        }
    }

    private static X86State state(int processor) {
        X86State state = new X86State();
        Snippet.enterLongMode(state, TABLES);
        state.gpr[RSP] = STACK + 0x1000L * processor;
        return state;
    }

    /// Gives a processor its code; the registers that it starts with.
    X86State state(int processor, String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
        int at = CODE + SPACING * processor;
        putBytes(at, bytes);
        ram.set(ValueLayout.JAVA_BYTE, at + bytes.length, (byte) HLT);
        X86State state = states.get(processor);
        state.rip = at;
        return state;
    }

    /// Runs all processors to their ends.
    ///
    /// @throws AssertionError if one has not ended within the limit, or ends otherwise
    void run(Duration limit) throws InterruptedException {
        CyclicBarrier start = new CyclicBarrier(cpus.size());
        Exit[] exits = new Exit[cpus.size()];
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < cpus.size(); i++) {
            int processor = i;
            threads.add(
                    Thread.ofPlatform()
                            .daemon()
                            .start(() -> exits[processor] = runOne(processor, start)));
        }
        long end = System.nanoTime() + limit.toNanos();
        for (Thread thread : threads) {
            thread.join(Duration.ofNanos(Math.max(1, end - System.nanoTime())));
        }
        late = threads.stream().anyMatch(Thread::isAlive);
        for (int i = 0; i < cpus.size(); i++) {
            cpus.get(i).request(straddle.tcg.Cpu.ATTENTION_KICK);
            threads.get(i).join();
            cpus.get(i).save(states.get(i));
        }
        for (int i = 0; i < exits.length; i++) {
            if (exits[i] != Exit.Halt.HALT) {
                throw new AssertionError("processor " + i + ": " + exits[i] + "\n" + states.get(i));
            }
        }
    }

    private Exit runOne(int processor, CyclicBarrier start) {
        X86Cpu cpu = cpus.get(processor);
        cpu.load(states.get(processor));
        try {
            start.await();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
        do {
            cpu.run();
        } while (cpu.exit == Exit.Kicked.KICKED && !late);
        return cpu.exit;
    }

    void offerUserCode(int processor, UserCodeTaker taker) {
        cpus.get(processor).offerUserCode(taker);
    }

    long regions() {
        return cpus.stream().mapToLong(cpu -> cpu.regions.installed()).sum();
    }

    long retiredInMachineCode() {
        return cpus.stream().mapToLong(cpu -> cpu.machine.retired()).sum();
    }

    void putBytes(int at, byte[] bytes) {
        MemorySegment.copy(bytes, 0, ram, ValueLayout.JAVA_BYTE, at, bytes.length);
    }

    void putLong(int at, long value) {
        ram.set(ValueLayout.JAVA_LONG_UNALIGNED, at, value);
    }

    long getLong(int at) {
        return ram.get(ValueLayout.JAVA_LONG_UNALIGNED, at);
    }

    /// 8-byte elements of an array in memory.
    long[] array(int at, int elements) {
        return ram.asSlice(at, 8L * elements).toArray(ValueLayout.JAVA_LONG);
    }

    @Override
    public void close() {
        arena.close();
    }
}
