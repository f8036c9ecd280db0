package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static straddle.core.arch.x86.X86.*;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import straddle.core.vcpu.Exit;
import straddle.tcg.Cpu;

/// Blocks as machine code, from their warm entries on.
class MachineCodeTest {
    private final Snippet snippet = new Snippet();

    @BeforeEach
    void needsTheHosts() {
        snippet.machineCode();
    }

    @AfterEach
    void close() {
        snippet.close();
    }

    @Test
    void aWarmLoopIsCompiledAndGivesTheSame() {
        // mov $1000, %ecx; xor %eax, %eax; 1: lea 1(%rax, %rcx), %rax; dec %ecx; jnz 1b
        assertEquals(Snippet.COMPLETED, snippet.run("b9e8030000 31c0 488d440801 ffc9 75f7"));
        assertEquals(500_500 + 1000, snippet.state.gpr[RAX]);
        assertEquals(0, snippet.state.gpr[RCX]);
        assertTrue(snippet.cpu.machine.retired() > 2000);
    }

    @Test
    void whatWasRetiredIsCountedOnceInWhateverTier() {
        snippet.run("b9e8030000 31c0 488d440801 ffc9 75f7");
        assertEquals(2 + 3 * 1000 + 1, snippet.retired());
    }

    @Test
    void aFaultFindsTheRegistersAsTheInstructionsBeforeLeftThem() {
        // mov $100, %ecx; mov %edi, %esi; mov $HOLE, %ebx; 1: mov %ecx, %edx; add $0x100, %edx; cmp
        // $1, %ecx;
        // cmove %ebx, %esi; mov %rdx, (%rsi); dec %ecx; jnz 1b
        int vector =
                snippet.run(
                        "b964000000 89fe bb00001000 89ca 81c200010000 83f901 0f44f3 488916 ffc9 75eb");
        assertEquals(PF, vector);
        assertEquals(0x101, snippet.state.gpr[RDX]);
        assertEquals(1, snippet.state.gpr[RCX]);
        assertEquals(Snippet.HOLE, snippet.state.cr2);
        assertEquals(Snippet.HOLE, snippet.state.gpr[RSI]);
        assertEquals(0x102, snippet.getLong(Snippet.DATA));
    }

    @Test
    void flagsOutliveTheBlockThatMadeThem() {
        // mov $100, %ecx; xor %eax, %eax; 1: cmp $50, %ecx; jmp 2f; 2: adc $0, %eax; dec %ecx; jnz
        // 1b
        snippet.run("b964000000 31c0 83f932 eb00 83d000 ffc9 75f4");
        assertEquals(49, snippet.state.gpr[RAX]);
    }

    @Test
    void aRotationKeepsTheOtherFlags() {
        // mov $100, %ecx; xor %eax, %eax; mov $0x80000001, %edx; 1: cmp %ecx, %ecx; rol $1, %edx;
        // setz %bl;
        // setc %bh; movzx %bl, %esi; add %esi, %eax; movzx %bh, %esi; add %esi, %eax; dec %ecx; jnz
        // 1b
        snippet.run(
                "b964000000 31c0 ba01000080 39c9 d1c2 0f94c3 0f92c7 0fb6f3 01f0 0fb6f7 01f0 ffc9 75e8");
        int carries = 0;
        int value = 0x8000_0001;
        for (int i = 0; i < 100; i++) {
            value = Integer.rotateLeft(value, 1);
            carries += value & 1;
        }
        assertEquals(100 + carries, snippet.state.gpr[RAX]);
    }

    @Test
    void aBlockThatOverwritesWhatFollowsInItRunsTheNewCode() {
        // mov $100, %ecx; xor %eax, %eax; lea 2f+1(%rip), %rdx; 1: mov %cl, (%rdx); 2: add $0,
        // %eax; dec %ecx; jnz 1b
        snippet.run("b964000000 31c0 488d1504000000 880a 83c000 ffc9 75f7");
        assertEquals(5050, snippet.state.gpr[RAX]);
    }

    @Test
    void callsAndReturnsGoOnToEachOther() {
        // mov $1000, %ecx; xor %eax, %eax; 1: call 2f; dec %ecx; jnz 1b; jmp 3f; 2: inc %eax; ret;
        // 3:
        snippet.run("b9e8030000 31c0 e806000000 ffc9 75f7 eb03 ffc0 c3");
        assertEquals(1000, snippet.state.gpr[RAX]);
        assertTrue(snippet.statistics().of("machine code", "left to leave") < 100);
    }

    @Test
    void accessesAcrossPagesAndUnalignedOnesAreTheSame() {
        // mov $100, %ecx; lea 0xffd(%rdi), %rsi; mov $0x0102030405060708, %rax; 1: mov %rax,
        // (%rsi); mov (%rsi), %rbx;
        // add %rbx, %rdx; dec %ecx; jnz 1b
        snippet.run(
                "b964000000 488db7fd0f0000 48b80807060504030201 488906 488b1e 4801da ffc9 75f3");
        assertEquals(0x0102_0304_0506_0708L, snippet.getLong(Snippet.DATA + 0xffd));
        assertEquals(0x0102_0304_0506_0708L, snippet.state.gpr[RBX]);
    }

    @Test
    void anEndlessLoopStopsWhenSomebodyWants() {
        Thread kicker =
                Thread.ofPlatform()
                        .start(() -> {
                            while (snippet.cpu.machine.retired() == 0) {
                                Thread.onSpinWait();
                            }
                            snippet.cpu.request(Cpu.ATTENTION_KICK);
                        });
        assertTimeoutPreemptively(
                Duration.ofSeconds(60),
                () -> {
                    // jmp .
                    int at = snippet.nextCode();
                    snippet.bytes(at, 2).put(new byte[] {(byte) 0xeb, (byte) 0xfe});
                    snippet.runAgain(at);
                    kicker.join();
                });
        assertEquals(Exit.Kicked.KICKED, snippet.exit());
    }

    @Test
    void codeThatIsReplacedIsNotJumpedToAnyMore() {
        // Two calls in a loop, of which the callee's constant changes between the runs.
        String code = "b964000000 31c0 e806000000 ffc9 75f7 eb04 83c001 c3";
        int at = snippet.nextCode();
        snippet.run(code);
        assertEquals(100, snippet.state.gpr[RAX]);
        // mov $5, callee's constant: a store by the guest itself
        int callee = at + 5 + 2 + 5 + 2 + 2 + 2;
        snippet.state.gpr[RSI] = callee + 2L;
        snippet.run("c60605");
        snippet.runAgain(at);
        snippet.cpu.save(snippet.state);
        assertEquals(500, snippet.state.gpr[RAX]);
    }

    @Test
    void aFullCacheIsMadeAnew() {
        snippet.machineCode(300 << 10);
        for (int i = 0; i < 300; i++) {
            // mov $100, %ecx; xor %eax, %eax; 1: add %ecx, %eax and 30 more; dec %ecx; jnz 1b
            String adds = "01c8".repeat(30);
            snippet.run("b964000000 31c0 " + adds + " ffc9 75c0");
            assertEquals(5050 * 30, snippet.state.gpr[RAX]);
        }
        assertNotEquals(0, snippet.statistics().of("machine code", "flushes"));
    }
}
