package straddle.bench;

import static straddle.core.arch.x86.X86.*;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import straddle.core.accel.AcceleratorException;
import straddle.core.arch.x86.X86State;
import straddle.core.bus.IoDevice;
import straddle.core.memory.RamAllocator;
import straddle.core.vcpu.Exit;
import straddle.core.vcpu.Statistics;

/// How long a guest stands still when the translator's caches are full.
///
/// The guest runs through more blocks than they hold, round after round, and writes to a port after every thousandth: the
/// time between two of these is what a person could notice, with translating anew and the JVM's collections in it.
final class CachePressure {
    private static final int RAM_BYTES = 32 << 20;
    private static final int CODE = 0x20_0000;
    private static final int STACK = 0x1_0000;

    /// More than the cache of blocks holds.
    private static final int BLOCKS = 240_000;

    private static final int BLOCK_BYTES = 64;
    private static final int BLOCKS_PER_TICK = 1000;
    private static final int ROUNDS = 10;
    private static final double MOST_MILLIS = 100;

    private CachePressure() {}

    static void print() throws AcceleratorException {
        Tier.MACHINE_CODE.chooseAtOnce();
        print(Tier.MACHINE_CODE);
        Tier.INTERPRETER.choose();
        print(Tier.INTERPRETER);
    }

    private static void print(Tier tier) throws AcceleratorException {
        Ticks ticks = new Ticks();
        Statistics statistics = new Statistics();
        try (TrialMachine machine =
                new TrialMachine(
                        TrialMachine.provider("tcg"),
                        RamAllocator.OFF_HEAP,
                        RAM_BYTES,
                        ticks,
                        1,
                        1_000_000_000,
                        () -> {})) {
            install(machine);
            machine.vcpu.load(state());
            ticks.last = System.nanoTime();
            while (!(machine.vcpu.run() instanceof Exit.Halt)) {
                // it has been kicked
            }
            machine.vcpu.statistics(statistics);
        }
        long[] sorted = Arrays.stream(ticks.nanos, 0, ticks.count).sorted().toArray();
        long flushes = statistics.of("machine code", "flushes");
        System.out.printf(
                "%s, %,d blocks: %,d displaced; %,d flushes of machine code, %.1f ms each%n",
                tier,
                BLOCKS,
                statistics.of("translation", "blocks displaced"),
                flushes,
                statistics.of("machine code", "time to flush") / 1e6 / Math.max(1, flushes));
        double longest = sorted[sorted.length - 1] / 1e6;
        System.out.printf(
                "    %,d blocks take %.2f ms, half of the times, and %.1f ms at most (at most %.0f): %s%n",
                BLOCKS_PER_TICK,
                sorted[sorted.length / 2] / 1e6,
                longest,
                MOST_MILLIS,
                Bench.verdict(longest <= MOST_MILLIS));
    }

    private static void install(TrialMachine machine) {
        FlatGuest.map(machine.memory, RAM_BYTES);
        ByteBuffer code =
                ByteBuffer.allocate(BLOCKS * BLOCK_BYTES + BLOCK_BYTES)
                        .order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < BLOCKS; i++) {
            int at = i * BLOCK_BYTES;
            code.position(at);
            code.put(new byte[] {0x48, (byte) 0xff, (byte) 0xc3}); // inc %rbx
            code.put(new byte[] {0x48, 0x01, (byte) 0xd8}); // add %rbx, %rax
            code.put(new byte[] {0x48, (byte) 0x89, 0x47, 0x08}); // mov %rax, 8(%rdi)
            if (i % BLOCKS_PER_TICK == 0) {
                code.put(new byte[] {(byte) 0xe6, 0}); // out %al, $0
            }
            boolean last = i == BLOCKS - 1;
            if (last) {
                code.put(new byte[] {(byte) 0xff, (byte) 0xc9, 0x0f, (byte) 0x85}); // dec, jnz
                code.putInt(-(code.position() + 4));
                code.put((byte) 0xf4);
            } else {
                code.put((byte) 0xe9); // jmp
                code.putInt(at + BLOCK_BYTES - (code.position() + 4));
            }
        }
        machine.memory.write(CODE, MemorySegment.ofArray(code.array()));
    }

    private static X86State state() {
        X86State state = FlatGuest.state(CODE);
        state.gpr[RDI] = STACK;
        state.gpr[RCX] = ROUNDS;
        return state;
    }

    /// Takes the time between two writes.
    private static final class Ticks implements IoDevice {
        private final long[] nanos = new long[ROUNDS * (BLOCKS / BLOCKS_PER_TICK)];
        private int count;
        private long last;

        @Override
        public long read(int offset, int width) {
            return -1;
        }

        @Override
        public void write(int offset, int width, long value) {
            long now = System.nanoTime();
            nanos[count++] = now - last;
            last = now;
        }
    }
}
