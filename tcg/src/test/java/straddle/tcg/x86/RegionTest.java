package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Compiled regions against the interpreter: the same code from the same state must leave the same.
class RegionTest {
    private static final int LOOPS = Integer.getInteger("straddle.region.loops", 40);

    /// Enough for a block to become hot and for its region to run several times.
    private static final int ITERATIONS = 12_000;

    private static final int DATA_BYTES = 0x200;

    static LongStream seeds() {
        long first = Long.getLong("straddle.seed", System.nanoTime());
        return LongStream.range(first, first + LOOPS);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void aLoopOfRandomInstructionsLeavesTheSameState(long seed) {
        String code = new LoopGenerator(seed).loop(ITERATIONS);
        Outcome interpreted = run(new Snippet(), false, code, seed);
        Outcome compiled = run(compiling(), true, code, seed);
        assertTrue(compiled.regions > 0, "no region was made of " + code);
        assertEquals(interpreted.vector, compiled.vector, code);
        assertEquals(interpreted.registers, compiled.registers, code);
        assertEquals(interpreted.flags, compiled.flags, code);
        assertEquals(interpreted.data, compiled.data, code);
    }

    @Test
    void aFaultInARegionShowsTheRegistersOfItsInstruction() {
        // mov rsi, DATA; l: add rsi, 64; inc rbx; mov rax, [rsi]; jmp l: runs into the hole.
        String code = "48 c7 c6 00 00 02 00 48 83 c6 40 48 ff c3 48 8b 06 eb f4";
        try (Snippet snippet = compiling()) {
            assertEquals(14, snippet.run(code));
            assertEquals(Snippet.HOLE, snippet.state.cr2);
            assertEquals(Snippet.HOLE, snippet.state.gpr[6]);
            assertEquals((Snippet.HOLE - Snippet.DATA) / 64, snippet.state.gpr[3]);
            assertTrue(snippet.regions() > 0);
        }
    }

    @Test
    void aRegionThatOverwritesItselfRunsTheNewCode() {
        // mov ecx, 20000; l: inc rbx; cmp ecx, 10; jne m; mov byte [rip+k], 0xcb (inc rbx becomes
        // dec rbx);
        // m: dec ecx; jnz l
        String code =
                "b9 20 4e 00 00"
                        + "48 ff c3"
                        + "83 f9 0a"
                        + "75 07"
                        + "c6 05 f3 ff ff ff cb"
                        + "ff c9"
                        + "75 ed";
        try (Snippet snippet = compiling()) {
            assertEquals(Snippet.COMPLETED, snippet.run(code));
            assertEquals(20_000 - 10 + 1 - 9, snippet.state.gpr[3]);
            assertTrue(snippet.regions() > 0);
        }
    }

    @Test
    void functionsThatALoopCallsRunWithinItsRegion() {
        // mov ecx, 20000; l: call f; lea rax, [rip+g]; call rax; dec ecx; jnz l; jmp end
        // f: inc rbx; ret; g: call f; add rbx, 2; ret
        String code =
                "b9 20 4e 00 00"
                        + "e8 14 00 00 00"
                        + "48 8d 05 11 00 00 00"
                        + "ff d0"
                        + "ff c9"
                        + "75 ee"
                        + "eb 13"
                        + "90 90 90 90 90"
                        + "48 ff c3 c3"
                        + "e8 f7 ff ff ff"
                        + "48 83 c3 02"
                        + "c3";
        try (Snippet interpreted = new Snippet();
                Snippet compiled = compiling()) {
            assertEquals(Snippet.COMPLETED, interpreted.run(code));
            assertEquals(Snippet.COMPLETED, compiled.run(code));
            assertEquals(20_000 * 4, compiled.state.gpr[3]);
            assertEquals(interpreted.state.gpr[4], compiled.state.gpr[4]);
            assertEquals(interpreted.retired(), compiled.retired());
            assertTrue(compiled.retiredInRegions() > compiled.retired() / 2);
        }
    }

    @Test
    void retiredInstructionsAreCountedAlikeInBothTiers() {
        String code = new LoopGenerator(7).loop(ITERATIONS);
        try (Snippet interpreted = new Snippet();
                Snippet compiled = compiling()) {
            interpreted.run(code);
            compiled.run(code);
            assertEquals(interpreted.retired(), compiled.retired());
            assertEquals(0, interpreted.retiredInRegions());
            assertTrue(compiled.retiredInRegions() > compiled.retired() / 2);
        }
    }

    @Test
    void anAccessForgetsItsPageWhenThatIsMappedElsewhere() {
        // mov ecx, 20000; l: add rbx, [rdi]; cmp ecx, 10; jne m; mov qword [PTE], 0x30003; invlpg
        // [rdi];
        // m: dec ecx; jnz l
        String code =
                "b9 20 4e 00 00"
                        + "48 03 1f"
                        + "83 f9 0a"
                        + "75 0f"
                        + "48 c7 04 25 00 41 00 00 03 00 03 00"
                        + "0f 01 3f"
                        + "ff c9"
                        + "75 e5";
        try (Snippet snippet = compiling()) {
            snippet.putLong(Snippet.DATA, 1);
            snippet.putLong(0x3_0000, 1000);
            assertEquals(Snippet.COMPLETED, snippet.run(code));
            assertEquals(20_000 - 9 + 9 * 1000, snippet.state.gpr[3]);
            assertTrue(snippet.regions() > 0);
        }
    }

    @Test
    void aStoreThatKnowsItsPageNoticesCodeThatHasComeThere() {
        // mov eax, 0xcb; mov rsi, rdi; add rsi, 0x300; mov ecx, 20000; call f; lea rdx,
        // [rdi+0x200]; call rdx;
        // lea rsi, [rdi+0x202]; mov ecx, 1; call f (inc rbx becomes dec rbx); call rdx; jmp end;
        // f: mov [rsi], al; dec ecx; jnz f; ret
        String code =
                "b8 cb 00 00 00"
                        + "48 89 fe"
                        + "48 81 c6 00 03 00 00"
                        + "b9 20 4e 00 00"
                        + "e8 1e 00 00 00"
                        + "48 8d 97 00 02 00 00"
                        + "ff d2"
                        + "48 8d b7 02 02 00 00"
                        + "b9 01 00 00 00"
                        + "e8 04 00 00 00"
                        + "ff d2"
                        + "eb 07"
                        + "88 06"
                        + "ff c9"
                        + "75 fa"
                        + "c3";
        try (Snippet snippet = compiling()) {
            snippet.putLong(Snippet.DATA + 0x200, 0xc3c3_ff48L);
            assertEquals(Snippet.COMPLETED, snippet.run(code));
            assertEquals(0, snippet.state.gpr[3]);
            assertTrue(snippet.regions() > 0);
        }
    }

    @Test
    void codeThatWouldMakeTooLongAMethodRunsInShorterOnes() {
        // mov ecx, 20000; l: six times (ten times (add rbx, [rdi]); jmp on); dec ecx; jnz l
        String block = "48 03 1f".repeat(10) + "eb 00";
        String code = "b9 20 4e 00 00" + block.repeat(6) + "ff c9" + "0f 85 38 ff ff ff";
        try (Snippet interpreted = new Snippet();
                Snippet compiled = compiling()) {
            interpreted.putLong(Snippet.DATA, 3);
            compiled.putLong(Snippet.DATA, 3);
            assertEquals(Snippet.COMPLETED, interpreted.run(code));
            assertEquals(Snippet.COMPLETED, compiled.run(code));
            assertEquals(20_000 * 180, interpreted.state.gpr[3]);
            assertEquals(interpreted.state.gpr[3], compiled.state.gpr[3]);
            assertTrue(compiled.retiredInRegions() > compiled.retired() / 2);
        }
    }

    private static Snippet compiling() {
        Snippet snippet = new Snippet();
        snippet.compile();
        return snippet;
    }

    private record Outcome(int vector, String registers, long flags, String data, long regions) {}

    private static Outcome run(Snippet fresh, boolean compiling, String code, long seed) {
        try (Snippet snippet = fresh) {
            RandomGenerator random = random(seed);
            for (int register : LoopGenerator.REGISTERS) {
                snippet.state.gpr[register] = random.nextLong() >> random.nextInt(64);
            }
            byte[] data = new byte[DATA_BYTES];
            random.nextBytes(data);
            snippet.bytes(Snippet.DATA, DATA_BYTES).put(data);
            int vector = snippet.run(code);
            byte[] after = new byte[DATA_BYTES];
            snippet.bytes(Snippet.DATA, DATA_BYTES).get(after);
            return new Outcome(
                    vector,
                    Arrays.toString(snippet.state.gpr),
                    snippet.state.rflags,
                    HexFormat.of().formatHex(after),
                    compiling ? snippet.regions() : 0);
        }
    }

    private static RandomGenerator random(long seed) {
        return RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    }

    /// Writes a loop of random general-purpose instructions that leave RCX, RSP and RDI alone.
    private static final class LoopGenerator {
        static final int[] REGISTERS = {0, 2, 3, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15};
        private static final int INSTRUCTIONS = 14;

        private final RandomGenerator random;
        private StringBuilder text = new StringBuilder();

        LoopGenerator(long seed) {
            random = random(seed);
        }

        String loop(int iterations) {
            StringBuilder body = new StringBuilder();
            for (int i = 0; i < INSTRUCTIONS; i++) {
                text = new StringBuilder();
                instruction();
                String one = text.toString();
                if (random.nextInt(5) == 0) {
                    body.append(hex(0x70 + random.nextInt(16), one.length() / 2));
                }
                body.append(one);
            }
            int length = body.length() / 2;
            String start = hex(0xb9) + little(iterations, 4);
            // dec ecx; jnz to the body, which is near enough for a 32-bit displacement
            return start + body + hex(0xff, 0xc9, 0x0f, 0x85) + little(-(length + 8), 4);
        }

        private void instruction() {
            int kind = random.nextInt(26);
            int op = random.nextInt(8);
            switch (kind) {
                case 0, 1 -> modRm(8 * op + random.nextInt(4));
                case 2 -> modRmGroup(0x83, op).append(hex(random.nextInt(256)));
                case 3 -> modRmGroup(0x80, op).append(hex(random.nextInt(256)));
                case 4 -> modRm(0x84 + random.nextInt(2));
                case 5 -> modRm(0x88 + random.nextInt(4));
                case 6 -> modRmGroup(0xc0 + random.nextInt(2), op).append(hex(random.nextInt(256)));
                case 7 -> modRmGroup(0xd0 + random.nextInt(4), op);
                case 8 -> modRmGroup(0xf6 + random.nextInt(2), 2 + random.nextInt(4));
                case 9 -> modRmGroup(0xfe + random.nextInt(2), random.nextInt(2));
                case 10 -> modRm(0x0f_b6 + random.nextInt(2) + 8 * random.nextInt(2));
                case 11 -> modRm(0x0f_40 + random.nextInt(16));
                case 12 -> modRmGroup(0x0f_90 + random.nextInt(16), 0);
                case 13 -> modRm(0x0f_af);
                case 14 -> modRm(0x6b).append(hex(random.nextInt(256)));
                case 15 -> {
                    int push = register();
                    int pop = register();
                    text.append(
                            hex(
                                    0x40 | push >> 3,
                                    0x50 | push & 7,
                                    0x40 | pop >> 3,
                                    0x58 | pop & 7));
                }
                case 16 -> modRmGroup(0x0f_ba, 4 + op % 4).append(hex(random.nextInt(256)));
                case 17 -> registers(0x0f_a3 + 8 * (op % 4));
                case 18 -> modRm(0x0f_bc + random.nextInt(2));
                case 19 -> {
                    text.append(hex(0xf3));
                    modRm(0x0f_b8);
                }
                case 20 -> {
                    int swapped = register();
                    text.append(
                            hex(
                                    0x40 | 8 * random.nextInt(2) | swapped >> 3,
                                    0x0f,
                                    0xc8 | swapped & 7));
                }
                case 21 -> modRm(0x0f_a4 + 8 * random.nextInt(2)).append(hex(random.nextInt(256)));
                case 22 -> text.append(hex(0x40 | 8 * random.nextInt(2), 0x98 + random.nextInt(2)));
                case 23 -> modRmGroup(0xd2 + random.nextInt(2), op);
                case 24 -> division();
                default -> {
                    int source = register();
                    int index = register();
                    int target = register();
                    int rex =
                            0x40
                                    | 8 * random.nextInt(2)
                                    | target >> 3 << 2
                                    | index >> 3 << 1
                                    | source >> 3;
                    int sib = random.nextInt(4) << 6 | (index & 7) << 3 | source & 7;
                    text.append(hex(rex, 0x8d, 0x44 | (target & 7) << 3, sib, random.nextInt(256)));
                }
            }
        }

        private int register() {
            return REGISTERS[random.nextInt(REGISTERS.length)];
        }

        /// An odd divisor, and a dividend whose high half is zero or the sign.
        private void division() {
            int divisor = 8 + random.nextInt(8);
            int wide = 8 * random.nextInt(2);
            boolean signed = random.nextBoolean();
            text.append(hex(0x49, 0x83, 0xc8 | divisor & 7, 1));
            text.append(signed ? hex(0x40 | wide, 0x99) : hex(0x31, 0xd2));
            text.append(hex(0x41 | wide, 0xf7, (signed ? 0xf8 : 0xf0) | divisor & 7));
        }

        private void registers(int opcode) {
            int reg = register();
            int rm = register();
            text.append(hex(0x40 | 8 * random.nextInt(2) | reg >> 3 << 2 | rm >> 3, 0x0f))
                    .append(hex(opcode & 0xff, 0xc0 | (reg & 7) << 3 | rm & 7));
        }

        private StringBuilder modRm(int opcode) {
            return encode(opcode, register());
        }

        private StringBuilder modRmGroup(int opcode, int group) {
            return encode(opcode, group);
        }

        /// With a register or a place in the data as the other operand.
        private StringBuilder encode(int opcode, int reg) {
            boolean memory = random.nextInt(3) == 0;
            int rm = memory ? 7 : register();
            if (random.nextInt(6) == 0) {
                text.append(hex(0x66));
            }
            text.append(hex(0x40 | 8 * random.nextInt(2) | reg >> 3 << 2 | rm >> 3));
            if (opcode > 0xff) {
                text.append(hex(0x0f));
            }
            text.append(hex(opcode & 0xff));
            if (memory) {
                text.append(hex(0x80 | (reg & 7) << 3 | 7))
                        .append(little(random.nextInt(DATA_BYTES - 8), 4));
            } else {
                text.append(hex(0xc0 | (reg & 7) << 3 | rm & 7));
            }
            return text;
        }

        private static String hex(int... bytes) {
            StringBuilder hex = new StringBuilder();
            for (int b : bytes) {
                hex.append(HexFormat.of().toHexDigits((byte) b));
            }
            return hex.toString();
        }

        private static String little(int value, int bytes) {
            StringBuilder hex = new StringBuilder();
            for (int i = 0; i < bytes; i++) {
                hex.append(hex(value >>> 8 * i));
            }
            return hex.toString();
        }
    }
}
