package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static straddle.core.arch.x86.X86.*;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Accesses across two pages that do not lie beside each other in memory, among accesses to the second one.
class PageCrossingTest {
    private static final int FIRST = Snippet.DATA;
    private static final int SECOND = Snippet.DATA + 0x1000;

    // Where the two are in memory.
    private static final int FIRST_FRAME = 0x4_0000;
    private static final int SECOND_FRAME = 0x3_0000;

    private static final int CROSSING = SECOND - 4;
    private static final int ROUNDS = 400_000;

    private final Snippet snippet = new Snippet();

    @AfterEach
    void close() {
        snippet.close();
    }

    private void use(Tier tier) {
        snippet.use(tier);
        snippet.map(FIRST, FIRST_FRAME | Snippet.PRESENT | Snippet.WRITABLE);
        snippet.map(SECOND, SECOND_FRAME | Snippet.PRESENT | Snippet.WRITABLE);
        snippet.state.gpr[RCX] = ROUNDS;
        snippet.state.gpr[RBX] = SECOND;
        snippet.state.gpr[RDX] = CROSSING;
    }

    /// What is read on every other round crosses: 0x0000_0002_0000_0001.
    private void putNumbers() {
        snippet.putLong(FIRST_FRAME + 0xff8, 1L << 32);
        snippet.putLong(SECOND_FRAME, 2);
    }

    private static long sum() {
        return ROUNDS / 2 * (2L << 32 | 1) + ROUNDS / 2 * 2L;
    }

    @ParameterizedTest
    @EnumSource
    void loads(Tier tier) {
        use(tier);
        putNumbers();
        // 1: mov %rbx, %rdi; test $1, %cl; cmovz %rdx, %rdi; add (%rdi), %rax; dec %ecx; jnz 1b
        snippet.run("4889df f6c101 480f44fa 480307 ffc9 75ef");
        assertEquals(sum(), snippet.state.gpr[RAX]);
    }

    @ParameterizedTest
    @EnumSource
    void vectors(Tier tier) {
        use(tier);
        putNumbers();
        // 1: mov %rbx, %rdi; test $1, %cl; cmovz %rdx, %rdi; movups (%rdi), %xmm1; paddq %xmm1,
        // %xmm0; dec %ecx;
        // jnz 1b; movq %xmm0, %rax
        snippet.run("4889df f6c101 480f44fa 0f100f 660fd4c1 ffc9 75eb 66480f7ec0");
        assertEquals(sum(), snippet.state.gpr[RAX]);
    }

    @ParameterizedTest
    @EnumSource
    void stores(Tier tier) {
        use(tier);
        // 1: mov %rbx, %rdi; test $1, %cl; cmovz %rdx, %rdi; mov %rcx, (%rdi); dec %ecx; jnz 1b
        snippet.run("4889df f6c101 480f44fa 48890f ffc9 75ef");
        assertEquals(2L << 32, snippet.getLong(FIRST_FRAME + 0xff8));
        assertEquals(1, snippet.getLong(SECOND_FRAME));
        assertEquals(0, snippet.getLong(SECOND_FRAME - 8));
    }

    @ParameterizedTest
    @EnumSource
    void theStack(Tier tier) {
        use(tier);
        putNumbers();
        // 1: mov %rbx, %rsp; test $1, %cl; cmovz %rdx, %rsp; pop %rsi; add %rsi, %rax; push %rsi;
        // dec %ecx; jnz 1b
        snippet.run("4889dc f6c101 480f44e2 5e 4801f0 56 ffc9 75ed");
        assertEquals(sum(), snippet.state.gpr[RAX]);
        assertEquals(2, snippet.getLong(SECOND_FRAME));
        assertEquals(0, snippet.getLong(SECOND_FRAME - 8));
    }
}
