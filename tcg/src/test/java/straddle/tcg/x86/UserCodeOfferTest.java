package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static straddle.core.arch.x86.X86.*;
import static straddle.tcg.x86.Snippet.*;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import straddle.core.arch.x86.Segment;
import straddle.core.vcpu.Exit;
import straddle.core.vcpu.UserCodeTaker;

/// User code is offered to another engine.
class UserCodeOfferTest {
    private static final int USER_CODE = 0x1_8000;
    private static final int ROUNDS = 1_000_000;

    private final Snippet snippet = new Snippet();
    private final Taker taker = new Taker();

    /// Takes the second slice that it is told of.
    private static final class Taker implements UserCodeTaker {
        final List<Long> slices = new ArrayList<>();

        @Override
        public boolean wants(long cr3) {
            return slices.size() > 1;
        }

        @Override
        public boolean wantsUndefined(long pc) {
            return false;
        }

        @Override
        public void translated(long cr3, long instructions) {
            slices.add(instructions);
        }

        @Override
        public void codeFound(long gpa) {}

        @Override
        public void keepOut() {}

        @Override
        public void letIn() {}
    }

    @BeforeEach
    void mapUserCode() {
        snippet.letUserIn();
        snippet.map(USER_CODE, USER_CODE | PRESENT | WRITABLE | USER);
        int rights = Segment.P | Segment.S | Segment.G | 3 << Segment.DPL_SHIFT;
        snippet.state.segments[CS].set(0x33, 0, -1, rights | Segment.L | 0xb);
        snippet.state.segments[SS].set(0x2b, 0, -1, rights | Segment.DB | 3);
        snippet.state.rflags = RFLAGS_IF | 2;
        snippet.machineCode();
        snippet.cpu.offerUserCode(taker);
    }

    @AfterEach
    void close() {
        snippet.close();
    }

    @Test
    void userCodeThatComputesIsOfferedAgain() {
        // dec rcx; jne back; a word that is no instruction
        snippet.putLong(USER_CODE, 0x0b0f_fb75_c9ff_48L);
        snippet.state.gpr[RCX] = ROUNDS;
        snippet.runAgain(USER_CODE);

        assertSame(Exit.UserCode.USER_CODE, snippet.exit());
        assertEquals(2, taker.slices.size(), taker.slices::toString);
        assertTrue(taker.slices.getFirst() >= 200_000, taker.slices::toString);
        assertTrue(snippet.cpu.r[RCX] > 0, () -> "RCX is " + snippet.cpu.r[RCX]);
        assertTrue(snippet.cpu.isAtUserCode());
    }
}
