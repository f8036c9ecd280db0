package straddle.bench.differential;

import static straddle.core.arch.x86.X86.*;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import straddle.bench.differential.InstructionTable.Cell;
import straddle.bench.differential.InstructionTable.Prefix;
import straddle.bench.differential.TestCase.Step;
import straddle.core.arch.x86.X86State;

/// Makes cases from a seed: case n of a seed and a set of cells is always the same.
///
/// Each case takes the next cells of a permutation of all, so that every cell comes equally often.
/// All but the last instruction are given operands with which they don't fault.
final class Generator {
    /// Cells that a case takes from the permutation.
    static final int CELLS_PER_CASE = 20;

    static final int FEWEST_ROUNDS = 2;

    /// From this one of twenty kinds of cases on, they loop.
    private static final int LOOPS = 12;

    private static final int MAX_START = 0x1000;

    /// How often a case may run its instructions, one after another, unless said otherwise.
    static final int ROUNDS = 32;

    private static final long RSP_START = UserSandbox.STACK + 0x1000;

    private final long seed;
    private final int leastRounds;
    private final int maxRounds;
    private final List<Cell> ordinary = new ArrayList<>();
    private final List<Cell> terminal = new ArrayList<>();
    private int[] order = new int[0];
    private long orderEpoch = -1;

    Generator(List<Cell> cells, long seed) {
        this(cells, seed, FEWEST_ROUNDS, ROUNDS);
    }

    /// With more than [#FEWEST_ROUNDS] at least, nearly all cases loop, and each instruction is a block of its own.
    ///
    /// @param leastRounds of a case that loops: [#FEWEST_ROUNDS] or more
    /// @param maxRounds at least as many
    Generator(List<Cell> cells, long seed, int leastRounds, int maxRounds) {
        this.seed = seed;
        this.leastRounds = leastRounds;
        this.maxRounds = maxRounds;
        for (Cell cell : cells) {
            (isTerminal(cell) ? terminal : ordinary).add(cell);
        }
    }

    /// Whether it ends a case, as it always faults or traps.
    static boolean isTerminal(Cell cell) {
        return cell.row().is("last") || cell.prefix() == Prefix.BAD_LOCK;
    }

    TestCase make(long number) {
        SplittableRandom random = new SplittableRandom(mix(seed, number));
        X86State state = UserSandbox.userState();
        byte[] memory = new byte[UserSandbox.COMPARED_BYTES];
        fillMemory(random, memory);
        fillState(random, state);
        int drawn = random.nextInt(20);
        int kind = leastRounds > FEWEST_ROUNDS && drawn > 0 ? LOOPS : drawn;
        boolean ends = kind < 4 || ordinary.isEmpty();
        boolean faults = !ends && kind < 9;
        int rounds =
                ends || faults || kind < LOOPS
                        ? 1
                        : leastRounds + random.nextInt(maxRounds - leastRounds + 1);
        int start =
                random.nextInt(5) == 0
                        ? MAX_START - 1 - random.nextInt(200)
                        : random.nextInt(64) * 16 + random.nextInt(4) * random.nextInt(2);
        state.rip = UserSandbox.CODE + start;
        CodeBuffer code = new CodeBuffer(state.rip);
        List<Step> steps = new ArrayList<>();
        code.loadImmediate(RSP, RSP_START + (random.nextInt(10) == 0 ? random.nextInt(16) : 0));
        steps.add(new Step(0, code.size(), 0, null, 0));
        StepEncoder encoder =
                new StepEncoder(code, state.segments[FS].base, state.segments[GS].base);
        if (!ordinary.isEmpty()) {
            for (int i = 0; i < CELLS_PER_CASE; i++) {
                boolean hostile = faults && i == CELLS_PER_CASE - 1;
                Cell cell = ordinaryCell(number * CELLS_PER_CASE + i);
                steps.add(encoder.step(cell, random.nextLong(), hostile));
                if (leastRounds > FEWEST_ROUNDS) {
                    code.emit(0xeb, 0); // blocks are short then, none too long for a region
                }
            }
        }
        if (ends && !terminal.isEmpty()) {
            long any = ordinary.isEmpty() ? number : mix(number, seed);
            Cell cell = terminal.get(Math.floorMod(any, terminal.size()));
            steps.add(encoder.step(cell, random.nextLong(), true));
        }
        if (rounds > 1) {
            loopTail(code, encoder.changesBases() ? state : null);
        }
        code.emit(0xcc);
        setRounds(memory, rounds);
        return new TestCase(
                "seed %d case %d".formatted(seed, number),
                state,
                code.toArray(),
                memory,
                List.copyOf(steps),
                rounds);
    }

    /// The same code from another state and other memory.
    ///
    /// @param number which of the states, from 1 on
    TestCase restarted(TestCase test, int number) {
        SplittableRandom random = new SplittableRandom(mix(test.name().hashCode(), number));
        X86State state = UserSandbox.userState();
        byte[] memory = new byte[UserSandbox.COMPARED_BYTES];
        fillMemory(random, memory);
        fillState(random, state);
        state.rip = test.entry();
        setRounds(memory, test.rounds());
        return new TestCase(
                test.name() + " restart " + number,
                state,
                test.code(),
                memory,
                test.steps(),
                test.rounds());
    }

    private Cell ordinaryCell(long position) {
        long epoch = position / ordinary.size();
        if (epoch != orderEpoch) {
            orderEpoch = epoch;
            order = new int[ordinary.size()];
            SplittableRandom random = new SplittableRandom(mix(epoch, ~seed));
            for (int i = 0; i < order.length; i++) {
                int j = random.nextInt(i + 1);
                order[i] = order[j];
                order[j] = i;
            }
        }
        return ordinary.get(order[(int) (position % ordinary.size())]);
    }

    /// @param bases what the segment bases were, if they have changed
    private static void loopTail(CodeBuffer code, X86State bases) {
        code.noteFlags(StepEncoder.FLAGS_LOG);
        if (bases != null) {
            code.loadImmediate(RAX, bases.segments[FS].base);
            code.emit(0xf3, 0x48, 0x0f, 0xae, 0xd0);
            code.loadImmediate(RAX, bases.segments[GS].base);
            code.emit(0xf3, 0x48, 0x0f, 0xae, 0xd8);
        }
        code.emit(0xff, 0x0c, 0x25);
        code.emitValue(StepEncoder.ROUNDS_LEFT, 4);
        code.emit(0x0f, 0x85);
        code.emitValue(-(code.size() + 4L), 4);
    }

    /// Puts the number of rounds where a case's code counts them.
    static void setRounds(byte[] memory, int rounds) {
        ByteBuffer.wrap(memory)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(
                        (int) (UserSandbox.LOG_OFFSET + StepEncoder.ROUNDS_LEFT - UserSandbox.LOG),
                        rounds);
    }

    /// Rounds that a run had not finished.
    static int roundsLeft(byte[] memory) {
        return ByteBuffer.wrap(memory)
                .order(ByteOrder.LITTLE_ENDIAN)
                .getInt((int) (UserSandbox.LOG_OFFSET + StepEncoder.ROUNDS_LEFT - UserSandbox.LOG));
    }

    private static void fillMemory(SplittableRandom random, byte[] memory) {
        ByteBuffer bytes = ByteBuffer.wrap(memory).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at < UserSandbox.READ_ONLY_OFFSET; at += 64) {
            fillBlock(random, bytes, at);
        }
        for (int i = 0; i < StepEncoder.POOL_VECTORS; i++) {
            EdgeValues.vector(random, bytes, UserSandbox.READ_ONLY_OFFSET + i * 16);
        }
        StepEncoder.fillIndices(random, bytes);
        for (int i = StepEncoder.POOL_VECTORS; i < 256; i++) {
            EdgeValues.extended(random, bytes, UserSandbox.READ_ONLY_OFFSET + i * 16);
        }
        for (int at = 0x7000 - 0x200; at < 0x7000 + 0x200; at += 8) {
            bytes.putLong(at, EdgeValues.integer(random));
        }
    }

    private static void fillBlock(SplittableRandom random, ByteBuffer bytes, int at) {
        switch (random.nextInt(4)) {
            case 0 -> {
                for (int i = 0; i < 64; i += 16) {
                    EdgeValues.vector(random, bytes, at + i);
                }
            }
            case 1 -> {
                for (int i = 0; i < 64; i += 8) {
                    bytes.putLong(at + i, EdgeValues.integer(random));
                }
            }
            case 2 -> {
                long repeated = new long[] {0, -1, 0x4141_4141_4141_4141L}[random.nextInt(3)];
                for (int i = 0; i < 64; i += 8) {
                    bytes.putLong(at + i, repeated);
                }
            }
            default -> {
                for (int i = 0; i < 64; i += 16) {
                    EdgeValues.extended(random, bytes, at + i);
                    bytes.putInt(at + i + 10, random.nextInt());
                }
            }
        }
    }

    private static void fillState(SplittableRandom random, X86State state) {
        for (int i = 0; i < state.gpr.length; i++) {
            state.gpr[i] = EdgeValues.integer(random);
        }
        state.gpr[RSP] = RSP_START;
        int flags = UndefinedFlags.ARITHMETIC | RFLAGS_DF | RFLAGS_ID;
        state.rflags |= random.nextInt() & flags;
        if (random.nextInt(64) == 0) {
            state.rflags |= RFLAGS_AC;
        }
        state.segments[FS].base = base(random);
        state.segments[GS].base = base(random);
        ByteBuffer area = state.xsaveBuffer();
        boolean masked = random.nextInt(25) != 0;
        int control = 0x40 | (masked ? 0x3f : random.nextInt(64));
        control |= random.nextInt(3) == 0 ? random.nextInt(4) << 10 : 0;
        control |= random.nextInt(3) == 0 ? new int[] {0, 2, 3}[random.nextInt(3)] << 8 : 3 << 8;
        area.putShort(0, (short) control);
        int status = random.nextInt(8) << 11 | random.nextInt() & 0x4700;
        area.putShort(2, (short) (masked ? status | random.nextInt(64) : status));
        area.put(4, (byte) (random.nextInt(3) == 0 ? random.nextInt() : 0));
        area.putInt(24, mxcsr(random));
        for (int i = 0; i < 8; i++) {
            EdgeValues.extended(random, area, 32 + i * 16);
        }
        for (int i = 0; i < 16; i++) {
            EdgeValues.vector(random, area, 160 + i * 16);
        }
        state.xsave[X86State.XSTATE_BV_OFFSET] |= Outcome.AVX;
        for (int i = 0; i < 16; i++) {
            if (random.nextInt(4) != 0) {
                EdgeValues.vector(random, area, Outcome.YMM + i * 16);
            }
        }
    }

    /// MXCSR with any rounding, now and then FTZ and DAZ, rarely an exception unmasked.
    static int mxcsr(SplittableRandom random) {
        int value = 0x1f80 | random.nextInt(64);
        if (random.nextInt(2) == 0) {
            value |= random.nextInt(4) << 13;
        }
        if (random.nextInt(6) == 0) {
            value |= 0x8000;
        }
        if (random.nextInt(6) == 0) {
            value |= 0x40;
        }
        return random.nextInt(12) == 0 ? value & ~(random.nextInt(64) << 7) : value;
    }

    private static long base(SplittableRandom random) {
        return switch (random.nextInt(3)) {
            case 0 -> UserSandbox.DATA + random.nextInt(0x1000);
            case 1 -> random.nextInt(0x1_0000);
            default -> -(long) random.nextInt(0x1_0000);
        };
    }

    private static long mix(long a, long b) {
        long z = a * 0x9e37_79b9_7f4a_7c15L + b + 0x6a09_e667_f3bc_c909L;
        z = (z ^ z >>> 30) * 0xbf58_476d_1ce4_e5b9L;
        z = (z ^ z >>> 27) * 0x94d0_49bb_1331_11ebL;
        return z ^ z >>> 31;
    }
}
