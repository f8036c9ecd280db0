package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static straddle.core.arch.x86.X86.*;

import java.time.Duration;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import straddle.core.memory.DirtyPages;
import straddle.core.memory.MemoryListener;
import straddle.core.memory.Region;
import straddle.core.vcpu.Exit;
import straddle.core.vcpu.Statistics;

/// Code that is written thousands of times while it runs: it does what it says at each time, and the translator gives up
/// compiling it.
class InvalidationStormTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int MOST_COMPILATIONS = 100;

    private final Snippet snippet = new Snippet();

    @AfterEach
    void close() {
        snippet.close();
    }

    private static String little(int value) {
        return HexFormat.of().toHexDigits(Integer.reverseBytes(value));
    }

    private long figure(String group, String name) {
        return snippet.statistics().of(group, name);
    }

    private long compilations() {
        Statistics statistics = snippet.statistics();
        return statistics.of("machine code", "blocks compiled")
                + statistics.of("machine code", "loops compiled")
                + statistics.of("regions", "requested");
    }

    @ParameterizedTest
    @EnumSource
    void aBlockThatWritesItsNextInstructionRunsItAsWritten(Tier tier) {
        snippet.use(tier);
        int writes = 20_000;
        // mov $writes, %ecx; 1: mov %ecx, constant(%rip); add $constant, %rbx; dec %ecx; jnz 1b
        snippet.run("b9" + little(writes) + "890d03000000 4881c300000000 ffc9 75ed");
        assertEquals(writes * (writes + 1L) / 2, snippet.state.gpr[RBX]);
        assertTrue(figure("translation", "blocks translated") < 4L * writes);
        assertTrue(compilations() <= MOST_COMPILATIONS);
    }

    /// A function is called often enough to be compiled, then its constant is written, and so on.
    @ParameterizedTest
    @CsvSource({
        "INTERPRETER, 2000, 100",
        "MACHINE_CODE, 2000, 100",
        "MACHINE_CODE, 2000, 1500",
        "REGIONS, 400, 6000"
    })
    void codeThatIsWrittenWheneverItIsWarmIsNotCompiledEachTime(Tier tier, int writes, int calls) {
        snippet.use(tier);
        // mov $writes, %esi; 1: mov %esi, constant(%rip); mov $calls, %ecx; 2: call f; dec %ecx;
        // jnz 2b; dec %esi; jnz 1b; jmp end; f: add $constant, %rbx; ret
        snippet.run(
                "be"
                        + little(writes)
                        + "893517000000 b9"
                        + little(calls)
                        + "e80a000000 ffc9 75f7 ffce 75e8 eb08"
                        + "4881c300000000 c3");
        assertEquals(calls * (writes * (writes + 1L) / 2), snippet.state.gpr[RBX]);
        assertTrue(figure("translation", "blocks translated") < 4L * writes);
        assertTrue(compilations() <= MOST_COMPILATIONS, () -> compilations() + " compilations");
    }

    @ParameterizedTest
    @EnumSource
    void dataBesideCodeIsWrittenWithoutLosingTheCode(Tier tier) {
        snippet.use(tier);
        int writes = 100_000;
        // mov $writes, %ecx; 1: add %rcx, data(%rip); dec %ecx; jnz 1b; jmp end; data: .quad 0
        int at = snippet.nextCode();
        snippet.run("b9" + little(writes) + "48010d06000000 ffc9 75f5 eb08 0000000000000000");
        assertEquals(writes * (writes + 1L) / 2, snippet.getLong(at + 18));
        assertTrue(figure("translation", "blocks invalidated") < 10);
    }

    /// The numbers that code finds in a byte of itself only grow, and it ends when it has found the last.
    @ParameterizedTest
    @EnumSource
    void codeThatADeviceWritesIsSeenToChangeInOrder(Tier tier) throws InterruptedException {
        snippet.use(tier);
        snippet.memory().addListener(new CodeListener());
        int last = 250;
        int at = snippet.nextCode();
        // 1: mov $number, %eax; cmp %edx, %eax; jb 2f; mov %eax, %edx; cmp $last, %eax; jne 1b;
        // jmp end; 2: ud2
        byte[] code =
                HexFormat.of()
                        .parseHex("b80000000039d0720b89c23d" + little(last) + "75eeeb020f0bf4");
        snippet.bytes(at, code.length).put(code);
        snippet.state.gpr[RDX] = 0;
        Thread device =
                Thread.ofPlatform()
                        .daemon()
                        .start(() -> {
                            for (int write = 20; write <= 20 * last; write++) {
                                snippet.memory().write(at + 1, 1, write / 20);
                            }
                        });
        assertTimeoutPreemptively(LIMIT, () -> snippet.runAgain(at));
        device.join();
        snippet.cpu.save(snippet.state);
        assertEquals(Exit.Halt.HALT, snippet.exit());
        assertEquals(at + code.length, snippet.state.rip);
        assertTrue(compilations() <= MOST_COMPILATIONS, () -> compilations() + " compilations");
    }

    /// Tells the processor what a VM tells its processors.
    private final class CodeListener implements MemoryListener {
        @Override
        public void added(Region region) {}

        @Override
        public void removed(Region region) {}

        @Override
        public void written(long gpa, int readers) {
            if ((readers & DirtyPages.CODE) != 0) {
                snippet.cpu.codeWritten(gpa & -4096, 4096);
            }
        }
    }
}
