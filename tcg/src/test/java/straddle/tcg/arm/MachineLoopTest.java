package straddle.tcg.arm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import straddle.core.memory.HostCode;
import straddle.core.user.UserStop;
import straddle.tcg.RandomLoops;

/// Random loops of A32, which become machine code as a whole, against the interpreter: with predicated instructions, and
/// several ways back to their beginning.
class MachineLoopTest {
    private static final int NUMBERS = 60_000;

    private static final int COUNTER = 11;
    private static final int BASE = 10;
    private static final int ALWAYS = 0xe;
    private static final int NOT_EQUAL = 1;
    private static final int EQUAL = 0;
    private static final int MOVE = 13;
    private static final int MOVE_NOT = 15;
    private static final int SUPERVISOR_CALL = 0xef00_0000;

    @BeforeEach
    void needsTheHosts() {
        assumeTrue(HostCode.ofHost().isPresent(), "This host has no machine code of ours");
    }

    @Test
    void randomLoopsGiveWhatTheInterpreterGives() {
        RandomLoops.run(MachineLoopTest::compare);
    }

    /// For each of R7 random numbers looks for its bits as an allocator looks for free lists, sums up where they are in R4, and
    /// counts in R8 what can't be. Where the inner loop goes back, R3, N and Z are in one register of the host; where the
    /// outer one does, each is in memory.
    private static final String SEARCH =
            "fb00f505 3501 4629 2301 2200" // 0: mul r5, r0, r5; adds r5, #1; mov r1, r5; movs r3,
                    // #1; movs r2, #0
                    + "fab3f683 0976 428b bf88 f0460601" // 1: clz r6, r3; lsrs r6, #5; cmp r3, r1;
                    // it hi; orrhi r6, #1
                    + "b11e e00c" // cbz r6, 2; b 5
                    + "3208 005b d007" // 3: adds r2, #8; lsls r3, #1; beq 4
                    + "420b d0fa" // 2: tst r3, r1; beq 3
                    + "ea210103 3208 005b 18a4 e7eb" // bic r1, r3; adds r2, #8; lsls r3, #1; adds
                    // r4, r2; b 1
                    + "f1180801" // 4: adds r8, #1
                    + "3f01 d1e1 df00"; // 5: subs r7, #1; bne 0; svc 0

    @Test
    void slotsThatShareARegisterMayComeBackFromMemory() {
        try (ArmSnippet interpreted = new ArmSnippet();
                ArmSnippet compiled = new ArmSnippet()) {
            compiled.machineCode();
            for (ArmSnippet each : List.of(interpreted, compiled)) {
                each.cpu.setRegister(0, 1_664_525);
                each.cpu.setRegister(4, 0);
                each.cpu.setRegister(5, RandomLoops.SEED);
                each.cpu.setRegister(7, NUMBERS);
                each.cpu.setRegister(8, 0);
                assertEquals(UserStop.SYSTEM_CALL, each.t32(SEARCH));
            }
            assertEquals(0, compiled.cpu.register(8));
            assertEquals(interpreted.cpu.register(4), compiled.cpu.register(4));
            assertTrue(compiled.loops() > 0);
        }
    }

    private static long compare(long seed) {
        try (ArmSnippet interpreted = new ArmSnippet();
                ArmSnippet compiled = new ArmSnippet()) {
            compiled.machineCode();
            int[] program = new Program(seed).words();
            UserStop expected = run(interpreted, seed, program);
            UserStop found = run(compiled, seed, program);
            String what =
                    "seed %d: %s"
                            .formatted(
                                    seed,
                                    Arrays.stream(program)
                                            .mapToObj("%08x"::formatted)
                                            .collect(Collectors.joining(" ")));
            assertEquals(expected, found, what);
            for (int i = 0; i < 15; i++) {
                assertEquals(
                        Long.toHexString(interpreted.cpu.register(i)),
                        Long.toHexString(compiled.cpu.register(i)),
                        what + ", register " + i);
            }
            assertEquals(interpreted.cpu.pc(), compiled.cpu.pc(), what);
            assertEquals(interpreted.cpu.status(), compiled.cpu.status(), what);
            for (int at = 0; at < ArmSnippet.DATA_BYTES; at += 4) {
                int address = ArmSnippet.DATA + at;
                assertEquals(
                        interpreted.word(address), compiled.word(address), what + ", at " + at);
            }
            return compiled.loops();
        }
    }

    private static UserStop run(ArmSnippet snippet, long seed, int... program) {
        SplittableRandom random = new SplittableRandom(~seed);
        for (int i = 0; i < 15; i++) {
            int value = random.nextInt(4) == 0 ? random.nextInt(16) : random.nextInt();
            snippet.cpu.setRegister(i, value);
        }
        snippet.cpu.setRegister(COUNTER, 24_000 + random.nextInt(16_000));
        snippet.cpu.setRegister(BASE, ArmSnippet.DATA + 0xff0);
        snippet.cpu.setRegister(ArmCpu.SP, ArmSnippet.DATA + 0xff0);
        for (int at = 0; at < ArmSnippet.DATA_BYTES; at += 4) {
            snippet.putWord(ArmSnippet.DATA + at, random.nextInt());
        }
        return snippet.a32(program);
    }

    /// A loop that counts R11 down; R10 and SP point to data that crosses a page.
    private static final class Program {
        private static final int[] REGISTERS = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 14};

        private final SplittableRandom random;
        private final List<Integer> code = new ArrayList<>();
        private final List<Integer> ends = new ArrayList<>();

        Program(long seed) {
            random = new SplittableRandom(seed);
            int instructions = 4 + random.nextInt(20);
            for (int i = 0; i < instructions; i++) {
                instruction();
                if (random.nextInt(8) == 0) {
                    count();
                    ends.add(code.size());
                    code.add(0);
                    // cmp, and back
                    code.add(ALWAYS << 28 | 0x15 << 20 | register() << 16 | register());
                    branch(random.nextInt(14), 0);
                }
            }
            count();
            branch(NOT_EQUAL, 0);
            for (int end : ends) {
                code.set(end, branchFrom(end, EQUAL, code.size()));
            }
            code.add(SUPERVISOR_CALL);
        }

        int[] words() {
            return code.stream().mapToInt(Integer::intValue).toArray();
        }

        private void count() {
            code.add(ALWAYS << 28 | 0x25 << 20 | COUNTER << 16 | COUNTER << 12 | 1);
        }

        private void branch(int condition, int to) {
            code.add(branchFrom(code.size(), condition, to));
        }

        private static int branchFrom(int at, int condition, int to) {
            return condition << 28 | 0xa << 24 | to - at - 2 & 0xff_ffff;
        }

        private int register() {
            return REGISTERS[random.nextInt(REGISTERS.length)];
        }

        private void instruction() {
            int condition = random.nextInt(3) == 0 ? random.nextInt(14) : ALWAYS;
            int operation = random.nextInt(16);
            int n = operation == MOVE || operation == MOVE_NOT ? 0 : register();
            int d = register();
            int m = register();
            boolean compares = operation >> 2 == 2;
            int flags = compares || random.nextInt(3) == 0 ? 1 : 0;
            int head =
                    condition << 28
                            | operation << 21
                            | flags << 20
                            | n << 16
                            | (compares ? 0 : d << 12);
            int memory = condition << 28 | (random.nextBoolean() ? BASE : 13) << 16 | d << 12;
            int offset = random.nextInt(0x20);
            code.add(
                    switch (random.nextInt(12)) {
                        case 0, 1 -> head | 1 << 25 | random.nextInt(0x1000);
                        case 2, 3 -> head | m;
                        case 4 -> head | random.nextInt(32) << 7 | random.nextInt(4) << 5 | m;
                        case 5 -> head | register() << 8 | random.nextInt(4) << 5 | 0x10 | m;
                        // mov, which has two registers share a value
                        case 6, 7 -> condition << 28 | 0x1a << 20 | flags << 20 | d << 12 | m;
                        // mul, clz
                        case 8 ->
                                condition << 28
                                        | flags << 20
                                        | d << 16
                                        | register() << 8
                                        | 0x90
                                        | m;
                        case 9 -> condition << 28 | 0x016f_0f10 | d << 12 | m;
                        // ldr, str, ldrb, strb
                        case 10 -> memory | 0x058 << 20 | random.nextInt(2) << 20 | offset;
                        default ->
                                memory
                                        | 0x05c << 20
                                        | random.nextInt(2) << 20
                                        | random.nextInt(0x20);
                    });
        }
    }
}
