package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static straddle.core.arch.x86.X86.RAX;
import static straddle.core.arch.x86.X86.RSP;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import straddle.core.arch.x86.X86State;

class ExtendedElsewhereTest {
    private static final int CODE = 0x1_0000;
    private static final int STACK = 0xf000;
    private static final long THEIRS = 0x1234_5678_9abc_def0L;

    private final Snippet snippet = new Snippet();
    private final X86State theirs = new X86State();
    private int brought;

    @AfterEach
    void close() {
        snippet.close();
    }

    /// Runs code with XMM0's low half, and x87 in its initial state, with another engine.
    private void runWithoutExtended(String hex) {
        snippet.run(hex);
        theirs.xsaveBuffer().putLong(X86State.XSTATE_BV_OFFSET, 2);
        theirs.xsaveBuffer().putLong(160, THEIRS);
        theirs.xsaveBuffer().putInt(24, 0x1f80);
        X86State start = snippet.state;
        start.rip = CODE;
        start.gpr[RAX] = 0;
        start.gpr[RSP] = STACK;
        start.halted = false;
        snippet.cpu.load(start);
        snippet.cpu.leaveExtended(this::bring);
        snippet.cpu.run();
    }

    private void bring() {
        brought++;
        snippet.cpu.loadExtended(theirs);
    }

    @Test
    void codeThatTouchesNoVectorsLeavesThemWhereTheyAre() {
        runWithoutExtended("48 ff c0" + "50" + "58");

        assertEquals(1, snippet.cpu.r[RAX]);
        assertEquals(0, brought);
    }

    @Test
    void theFirstVectorInstructionBringsThemOnce() {
        // movq rax,xmm0; movq xmm1,rax; paddq xmm1,xmm0; movq rax,xmm1
        runWithoutExtended("66480f7ec0" + "66480f6ec8" + "660fd4c8" + "66480f7ec8");

        assertEquals(2 * THEIRS, snippet.cpu.r[RAX]);
        assertEquals(1, brought);
    }

    /// FXSAVE, XSAVE, FWAIT, FLDZ, EMMS, STMXCSR, VZEROUPPER, XGETBV with ECX = 1.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "0fae07",
                "0fae27",
                "9b",
                "d9ee",
                "0f77",
                "0fae1f",
                "c5f877",
                "b901000000 0f01d0"
            })
    void whateverLooksAtThemBringsThem(String hex) {
        runWithoutExtended(hex);

        assertEquals(1, brought);
    }

    @Test
    void whoeverSavesTheStateGetsThem() {
        runWithoutExtended("90");
        X86State saved = new X86State();
        snippet.cpu.save(saved);
        snippet.cpu.save(saved);

        assertEquals(THEIRS, saved.xsaveBuffer().getLong(160));
        assertEquals(1, brought);
    }

    @Test
    void stateThatIsLoadedTakesTheirPlace() {
        runWithoutExtended("90");
        snippet.cpu.load(snippet.state);
        snippet.cpu.save(new X86State());

        assertEquals(0, brought);
    }
}
