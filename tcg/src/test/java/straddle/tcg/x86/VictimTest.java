package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static straddle.core.arch.x86.X86.*;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import straddle.tcg.mmu.Tlb;

/// Pages that want the same place in the TLB, in machine code.
class VictimTest {
    /// As far as pages lie apart that share a place.
    private static final long APART = (long) Tlb.ENTRIES << 12;

    private static final int ROUNDS = 1000;
    private static final int FIRST_PAGE = Snippet.DATA;
    private static final int SECOND_PAGE = Snippet.DATA + 0x2000;
    private static final int OTHER_TABLE = 0xa000;

    private final Snippet snippet = new Snippet();

    @BeforeEach
    void makePages() {
        snippet.machineCode();
        // The second page is seen again so far above the first's address.
        int rights = Snippet.PRESENT | Snippet.WRITABLE;
        snippet.putLong(Snippet.DIRECTORY + 8 * (int) (APART >>> 21), OTHER_TABLE | rights);
        int entry = (int) ((FIRST_PAGE + APART) >>> 12) & 511;
        snippet.putLong(OTHER_TABLE + 8 * entry, SECOND_PAGE | rights);
        snippet.state.gpr[RCX] = ROUNDS;
        snippet.state.gpr[RSI] = FIRST_PAGE + APART;
    }

    @AfterEach
    void close() {
        snippet.close();
    }

    @Test
    void twoPagesTakeTurnsWithoutJava() {
        // 1: inc dword (%rdi); add (%rsi), %rax; incl 8(%rsi); add 8(%rdi), %rbx; dec %ecx; jnz 1b
        String loop = "ff07 480306 ff4608 48035f08 ffc9 75f0";
        snippet.putLong(SECOND_PAGE, 3);
        snippet.putLong(FIRST_PAGE + 8, 5);
        assertEquals(Snippet.COMPLETED, snippet.run(loop));
        assertEquals(ROUNDS, snippet.getLong(FIRST_PAGE));
        assertEquals(ROUNDS, snippet.getLong(SECOND_PAGE + 8));
        assertEquals(3L * ROUNDS, snippet.state.gpr[RAX]);
        assertEquals(5L * ROUNDS, snippet.state.gpr[RBX]);
        assertTrue(snippet.statistics().of("machine code", "left to load") < ROUNDS / 10);
        assertTrue(snippet.statistics().of("machine code", "left to store") < ROUNDS / 10);
    }

    @Test
    void whatWasFlushedIsNoVictim() {
        // 1: add (%rdi), %rax; add (%rsi), %rbx; dec %ecx; jnz 1b; invlpg (%rdi); mov (%rdi), %rdx
        String loop = "480307 48031e ffc9 75f6 0f013f 488b17";
        assertEquals(Snippet.COMPLETED, snippet.run(loop));
        snippet.map(FIRST_PAGE, 0);
        snippet.state.gpr[RCX] = ROUNDS;
        snippet.state.gpr[RSI] = FIRST_PAGE + APART;
        // invlpg (%rdi); mov (%rsi), %rbx; mov (%rdi), %rdx
        assertEquals(PF, snippet.run("0f013f 488b1e 488b17"));
    }

    @Test
    void theFirstPageIsNoVictimThatIsAlwaysFound() {
        snippet.map(0, 0);
        // 1: add (%rdi), %rax; dec %ecx; jnz 1b; mov 8, %eax
        String code = "480307 ffc9 75f9 8b042508000000";
        assertEquals(PF, snippet.run(code));
        assertEquals(8, snippet.state.cr2);
        // 1: mov %ecx, %edx; dec %edx; cmovz %rbx, %rdi; mov (%rdi), %rax; dec %ecx; jnz 1b
        snippet.state.gpr[RCX] = ROUNDS;
        snippet.state.gpr[RDI] = FIRST_PAGE;
        snippet.state.gpr[RBX] = 0x10;
        assertEquals(PF, snippet.run("89ca ffca 480f44fb 488b07 ffc9 75f1"));
        assertEquals(0x10, snippet.state.cr2);
    }
}
