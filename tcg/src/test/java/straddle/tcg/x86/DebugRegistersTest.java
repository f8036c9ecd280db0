package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static straddle.core.arch.x86.X86.*;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import straddle.core.arch.x86.X86State;

/// Hardware breakpoints (SDM volume 3, 19.2 and 19.3).
class DebugRegistersTest {
    private static final int EXECUTE = 0;
    private static final int WRITE = 1;
    private static final int PORT = 2;
    private static final int READ_WRITE = 3;
    private static final long DR6_BD = 1 << 13;
    private static final long DR6_BS = 1 << 14;
    private static final long GD = 1 << 13;

    private final Snippet snippet = new Snippet();

    @AfterEach
    void close() {
        snippet.close();
    }

    /// Sets breakpoint 0.
    private void watch(long address, int kind, int bytes) {
        snippet.state.dr[0] = address;
        int length = bytes == 8 ? 2 : bytes - 1;
        snippet.state.dr[7] = 0x402L | kind << 16 | length << 18;
    }

    private long returnAddress() {
        return snippet.getLong((int) snippet.state.gpr[RSP]);
    }

    @Test
    void anInstructionIsStoppedBeforeItRuns() {
        int code = snippet.nextCode();
        watch(code + 3L, EXECUTE, 1);
        assertEquals(DB, snippet.run("48 ff c3 48 ff c3 48 ff c3")); // inc rbx, three times
        assertEquals(1, snippet.state.gpr[RBX]);
        assertEquals(code + 3L, returnAddress());
        assertEquals(1, snippet.state.dr[6] & 15);
    }

    @Test
    void theResumeFlagLetsItRunOnce() {
        watch(snippet.nextCode(), EXECUTE, 1);
        snippet.state.rflags |= RFLAGS_RF;
        // inc rbx; cmp rbx, 2; jb to it: the second time it is met without RF
        assertEquals(DB, snippet.run("48 ff c3 48 83 fb 02 72 f7"));
        assertEquals(1, snippet.state.gpr[RBX]);
    }

    @ParameterizedTest(name = "{0}: {2} bytes at {1}")
    @CsvSource({
        "inc rbx; mov [rdi] from rax; inc rbx, 0, 8, 48ffc348890748ffc3, true",
        "the same a byte before, -1, 1, 48ffc348890748ffc3, false",
        "the same at the last byte, 7, 1, 48ffc348890748ffc3, true",
        "the same a byte behind, 8, 1, 48ffc348890748ffc3, false",
        "inc rbx; add [rdi] from al; inc rbx, 0, 4, 48ffc3000748ffc3, true",
        "inc rbx; movups [rdi] from xmm0; inc rbx, 8, 2, 48ffc30f110748ffc3, true",
        "inc rbx; lock inc qword [rdi]; inc rbx, 0, 8, 48ffc3f048ff0748ffc3, true",
        "inc rbx; mov rax from [rdi]; inc rbx, 0, 8, 48ffc3488b0748ffc3, false",
    })
    void aStoreIsFollowedByATrap(String name, int distance, int bytes, String code, boolean stops) {
        watch(Snippet.DATA + distance, WRITE, bytes);
        assertEquals(stops ? DB : Snippet.COMPLETED, snippet.run(code), name);
        assertEquals(stops ? 1 : 2, snippet.state.gpr[RBX]);
        assertEquals(stops ? 1 : 0, snippet.state.dr[6] & 15);
    }

    @Test
    void aLoadIsFollowedByATrapIfLoadsAreWatchedToo() {
        watch(Snippet.DATA, READ_WRITE, 4);
        snippet.putLong(Snippet.DATA, 7);
        assertEquals(DB, snippet.run("48 8b 07 48 ff c3")); // mov rax, [rdi]; inc rbx
        assertEquals(7, snippet.state.gpr[RAX]);
        assertEquals(0, snippet.state.gpr[RBX]);
    }

    @Test
    void aCompiledLoopIsStoppedAtTheStore() {
        snippet.compile();
        watch(Snippet.DATA + 8 * 15_000L, WRITE, 8);
        // l: mov [rdi+rbx*8], rax; inc rbx; cmp rbx, 20000; jb l
        assertEquals(DB, snippet.run("48 89 04 df 48 ff c3 48 81 fb 20 4e 00 00 72 f0"));
        assertEquals(15_000, snippet.state.gpr[RBX]);
    }

    @Test
    void aRepeatedStoreStopsAfterTheElement() {
        watch(Snippet.DATA + 20, WRITE, 1);
        snippet.state.gpr[RCX] = 64;
        assertEquals(DB, snippet.run("f3 aa")); // rep stosb
        assertEquals(64 - 21, snippet.state.gpr[RCX]);
    }

    @Test
    void aPortIsWatchedUnderDebuggingExtensions() {
        watch(0x80, PORT, 1);
        assertEquals(Snippet.COMPLETED, snippet.run("e6 80"));
        snippet.state.cr4 |= CR4_DE;
        assertEquals(DB, snippet.run("e6 80 48 ff c3")); // out 0x80, al; inc rbx
        assertEquals(0, snippet.state.gpr[RBX]);
    }

    @Test
    void guardedRegistersCanNotBeTouched() {
        snippet.state.dr[7] = 0x400 | GD;
        assertEquals(DB, snippet.run("0f 21 c0")); // mov rax, dr0
        assertEquals(DR6_BD, snippet.state.dr[6] & DR6_BD);
        assertEquals(0, snippet.state.dr[7] & GD);
    }

    @Test
    void aBreakpointSetByTheGuestCounts() {
        // mov dr0, rdi; mov eax, 0xd0402; mov dr7, rax; mov [rdi], rax; inc rbx
        assertEquals(DB, snippet.run("0f 23 c7 b8 02 04 0d 00 0f 23 f8 48 89 07 48 ff c3"));
        assertEquals(0, snippet.state.gpr[RBX]);
    }

    @Test
    void aTrapThatIsDueGoesAlongWithTheState() {
        snippet.cpu.trapPending = true;
        X86State moved = new X86State();
        snippet.cpu.save(moved);
        assertEquals(DB, moved.pendingVector);
        assertEquals(DR6_BS, moved.dr[6] & DR6_BS);
        long pc = moved.rip;
        snippet.cpu.load(moved);
        snippet.cpu.save(moved);
        assertEquals(-1, moved.pendingVector);
        assertEquals(pc, snippet.getLong((int) moved.gpr[RSP] & 0xffff) & 0xffff);
    }
}
