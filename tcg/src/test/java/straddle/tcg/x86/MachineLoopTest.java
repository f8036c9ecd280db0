package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static straddle.core.arch.x86.X86.*;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import straddle.core.arch.x86.X86State;
import straddle.tcg.RandomLoops;

/// Random loops, which become machine code as a whole, against the interpreter.
class MachineLoopTest {
    private static final int CODE_BYTES = 400;
    private static final int DATA_PAGES = 3;
    private static final int PAGE_TABLE = 0x4000;

    /// Where the data's pages are in memory: not beside each other.
    private static final int[] FRAMES = {0x5_0000, 0x4_0000, 0x7_0000};

    @Test
    void randomLoopsGiveWhatTheInterpreterGives() {
        RandomLoops.run(MachineLoopTest::compare);
    }

    private static long compare(long seed) {
        try (Snippet interpreted = new Snippet();
                Snippet compiled = new Snippet()) {
            compiled.machineCode();
            int expected = run(interpreted, seed);
            int found = run(compiled, seed);
            String what = "seed " + seed + ": " + new Program(seed).hex();
            assertEquals(expected, found, what);
            for (int i = 0; i < 16; i++) {
                assertEquals(
                        Long.toHexString(interpreted.state.gpr[i]),
                        Long.toHexString(compiled.state.gpr[i]),
                        what + ", register " + i);
            }
            assertEquals(interpreted.state.rip, compiled.state.rip, what);
            assertEquals(interpreted.state.rflags, compiled.state.rflags, what);
            assertEquals(interpreted.state.cr2, compiled.state.cr2, what);
            assertArrayEquals(interpreted.state.xsave, compiled.state.xsave, what);
            for (int frame : FRAMES) {
                // Beside the frames lies what no access should reach.
                for (int at = frame - 4096; at < frame + 8192; at += 8) {
                    assertEquals(
                            interpreted.getLong(at), compiled.getLong(at), what + ", at " + at);
                }
            }
            return compiled.statistics().of("machine code", "loops compiled");
        }
    }

    private static int run(Snippet snippet, long seed) {
        SplittableRandom random = new SplittableRandom(~seed);
        X86State state = snippet.state;
        for (int i = 0; i < 16; i++) {
            state.gpr[i] = random.nextInt(4) == 0 ? random.nextInt(16) : random.nextLong();
        }
        state.gpr[RDI] = Snippet.DATA;
        state.gpr[15] = 24_000L + random.nextInt(16_000);
        ByteBuffer area = state.xsaveBuffer();
        area.putInt(
                24,
                0x1f80
                        | random.nextInt(64)
                        | (random.nextInt(4) == 0 ? random.nextInt(4) << 13 : 0));
        for (int i = 0; i < 32; i++) {
            area.putLong(160 + 8 * i, number(random));
        }
        state.xsave[X86State.XSTATE_BV_OFFSET] |= 3;
        for (int page = 0; page < DATA_PAGES; page++) {
            int frame = FRAMES[page];
            snippet.putLong(PAGE_TABLE + 8 * ((Snippet.DATA >> 12) + page), frame | 3);
            for (int at = 0; at < 4096; at += 8) {
                snippet.putLong(frame + at, number(random));
            }
        }
        return snippet.run(new Program(seed).hex());
    }

    private static long number(SplittableRandom random) {
        return switch (random.nextInt(6)) {
            case 0 -> random.nextLong();
            case 1 ->
                    Double.doubleToRawLongBits(Double.longBitsToDouble(random.nextLong(1L << 52)));
            case 2 -> Double.doubleToRawLongBits(random.nextInt(3) - 1);
            case 3 -> 0;
            default -> Double.doubleToRawLongBits(random.nextDouble() * 4 - 2);
        };
    }

    /// A loop whose counter is R15 and whose data RDI points to; it may go on at its beginning from several places.
    private static final class Program {
        private static final int[] REGISTERS = {RAX, RCX, RDX, RBX, RBP, RSI, 8, 9, 10, 12, 13, 14};

        private final SplittableRandom random;
        private final ByteArrayOutputStream code = new ByteArrayOutputStream();

        /// Behind the distances of jumps to the end.
        private final List<Integer> ends = new ArrayList<>();

        Program(long seed) {
            random = new SplittableRandom(seed);
            int instructions = 4 + random.nextInt(20);
            int fault = random.nextInt(3) == 0 ? random.nextInt(instructions) : -1;
            for (int i = 0; i < instructions && code.size() < CODE_BYTES - 60; i++) {
                if (i == fault) {
                    fault();
                }
                instruction();
                if (random.nextInt(8) == 0) {
                    goBackEarly();
                }
            }
            count();
            emit(0x0f, 0x85);
            emit32(-(code.size() + 4));
            byte[] all = code.toByteArray();
            for (int end : ends) {
                ByteBuffer.wrap(all)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putInt(end - 4, all.length - end);
            }
            code.reset();
            code.writeBytes(all);
        }

        private void count() {
            if (random.nextBoolean()) {
                emit(0x49, 0xff, 0xcf);
            } else {
                emit(0x49, 0x83, 0xef, 1);
            }
        }

        private void goBackEarly() {
            count();
            emit(0x0f, 0x84);
            emit32(0);
            ends.add(code.size());
            registers(0, random.nextBoolean(), register(), register(), 0x39);
            emit(0x0f, 0x80 + random.nextInt(16));
            emit32(-(code.size() + 4));
        }

        String hex() {
            return HexFormat.of().formatHex(code.toByteArray());
        }

        private void emit(int... bytes) {
            for (int each : bytes) {
                code.write(each);
            }
        }

        private void emit32(int value) {
            code.writeBytes(
                    ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
        }

        private int register() {
            return REGISTERS[random.nextInt(REGISTERS.length)];
        }

        /// Prefixes, opcode, and two registers.
        private void registers(int prefix, boolean wide, int reg, int rm, int... opcode) {
            prefixes(prefix, wide, reg, rm);
            emit(opcode);
            emit(0xc0 | (reg & 7) << 3 | rm & 7);
        }

        private void prefixes(int prefix, boolean wide, int reg, int rm) {
            if (prefix != 0) {
                emit(prefix);
            }
            emit(0x40 | (wide ? 8 : 0) | reg >> 3 << 2 | rm >> 3);
        }

        /// With the memory that RDI points to, somewhere in it.
        private void memory(int prefix, boolean wide, int reg, int alignment, int... opcode) {
            prefixes(prefix, wide, reg, 0);
            emit(opcode);
            emit(0x80 | (reg & 7) << 3 | RDI);
            int place =
                    random.nextInt(3) == 0 ? 0xff0 + random.nextInt(0x20) : random.nextInt(0x200);
            emit32(place & -alignment);
        }

        /// A store where nothing is, once the loop has run for a while.
        private void fault() {
            emit(0x49, 0x81, 0xff);
            emit32(1 + random.nextInt(4000));
            emit(0x75, 8);
            emit(0x48, 0x89, 0x04, 0x25);
            emit32(Snippet.HOLE + random.nextInt(64));
        }

        private void instruction() {
            int prefix = random.nextInt(8) == 0 ? 0x66 : 0;
            boolean wide = prefix == 0 && random.nextBoolean();
            int d = register();
            int s = register();
            int operation = random.nextInt(8);
            switch (random.nextInt(27)) {
                case 0, 1 -> registers(prefix, wide, s, d, operation * 8 + 1);
                case 2 -> registers(0, false, s, d, operation * 8);
                case 3 -> {
                    registers(prefix, wide, operation, d, 0x83);
                    emit(random.nextInt(256));
                }
                case 4, 24, 25 -> registers(prefix, wide, s, d, 0x89);
                case 26 -> inJava();
                case 5 ->
                        registers(
                                0,
                                wide,
                                d,
                                s,
                                0x0f,
                                new int[] {0xb6, 0xb7, 0xbe, 0xbf}[random.nextInt(4)]);
                case 6 -> {
                    prefixes(0, wide, d, 0);
                    emit(
                            0x8d,
                            0x44 | (d & 7) << 3,
                            random.nextInt(4) << 6 | RBX << 3 | RSI,
                            random.nextInt(256));
                }
                case 7 -> {
                    registers(
                            prefix,
                            wide,
                            new int[] {0, 1, 4, 5, 7, 2, 3}[random.nextInt(7)],
                            d,
                            0xc1);
                    emit(random.nextInt(64));
                }
                case 8 ->
                        registers(
                                prefix,
                                wide,
                                new int[] {0, 1, 4, 5, 7}[random.nextInt(5)],
                                d,
                                0xd3);
                case 9 -> registers(prefix, wide, random.nextInt(2), d, 0xff);
                case 10 -> registers(prefix, wide, 2 + random.nextInt(2), d, 0xf7);
                case 11 -> registers(prefix, wide, d, s, 0x0f, 0xaf);
                case 12 -> registers(prefix, wide, d, s, 0x0f, 0x40 + random.nextInt(16));
                case 13 -> registers(0, false, 0, d, 0x0f, 0x90 + random.nextInt(16));
                case 14 -> registers(prefix, wide, s, d, random.nextBoolean() ? 0x85 : 0x39);
                case 15 -> memory(prefix, wide, d, 1, random.nextBoolean() ? 0x8b : 0x89);
                case 16 ->
                        memory(prefix, wide, d, 1, operation * 8 + (random.nextBoolean() ? 1 : 3));
                case 17 -> memory(0, wide, d, 1, random.nextBoolean() ? 0x8a : 0x88);
                case 18 -> jumpOver();
                case 19 -> {
                    emit(0x89, 0xc6 | RAX << 3, 0x81, 0xe6);
                    emit32(0x1ff8);
                    emit(0x48, random.nextBoolean() ? 0x8b : 0x03, 0x04, 0x37);
                }
                default -> vector(d);
            }
        }

        /// LAHF, CLD and CPUID, after which nothing is in the host's registers.
        private void inJava() {
            switch (random.nextInt(5)) {
                case 0, 1 -> emit(0x9f);
                case 2, 3 -> emit(0xfc);
                default -> emit(0x0f, 0xa2);
            }
        }

        /// A conditional jump over one or two instructions.
        private void jumpOver() {
            int at = code.size();
            emit(0x70 + random.nextInt(16), 0);
            instruction();
            if (random.nextBoolean()) {
                instruction();
            }
            byte[] all = code.toByteArray();
            int distance = all.length - at - 2;
            if (distance > 127) {
                throw new IllegalStateException("a jump over " + distance + " bytes");
            }
            all[at + 1] = (byte) distance;
            code.reset();
            code.writeBytes(all);
        }

        private void vector(int general) {
            int d = random.nextInt(10);
            int s = random.nextInt(10);
            int arithmetic =
                    new int[] {0x51, 0x58, 0x59, 0x5c, 0x5d, 0x5e, 0x5f}[random.nextInt(7)];
            switch (random.nextInt(14)) {
                case 0, 1 -> registers(0xf2, false, d, s, 0x0f, arithmetic);
                case 2 -> registers(0x66, false, d, s, 0x0f, arithmetic);
                case 3 -> registers(0xf3, false, d, s, 0x0f, arithmetic);
                case 4 -> memory(0xf2, false, d, 1, 0x0f, random.nextBoolean() ? 0x10 : 0x11);
                case 5 -> memory(0x66, false, d, 16, 0x0f, random.nextBoolean() ? 0x28 : 0x29);
                case 6 -> registers(0x66, false, d, s, 0x0f, 0x28);
                case 7 ->
                        registers(
                                0x66,
                                false,
                                d,
                                s,
                                0x0f,
                                new int[] {0x14, 0x15, 0xef, 0xfe, 0xd4, 0x62, 0x6c}
                                        [random.nextInt(7)]);
                case 8 -> {
                    registers(0x66, false, d, s, 0x0f, 0x70);
                    emit(random.nextInt(256));
                }
                case 9 -> registers(0xf2, random.nextBoolean(), d, general, 0x0f, 0x2a);
                case 10 -> registers(0xf2, false, general, d, 0x0f, 0x2c);
                case 11 -> registers(random.nextBoolean() ? 0x66 : 0, false, d, s, 0x0f, 0x2e);
                case 12 ->
                        registers(
                                0x66,
                                random.nextBoolean(),
                                d,
                                general,
                                0x0f,
                                random.nextBoolean() ? 0x6e : 0x7e);
                default -> registers(0xf2, false, d, s, 0x0f, 0x10);
            }
        }
    }
}
