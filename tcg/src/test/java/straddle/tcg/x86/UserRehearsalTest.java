package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static straddle.core.arch.x86.X86.RAX;
import static straddle.core.arch.x86.X86.RBX;
import static straddle.core.arch.x86.X86.RCX;
import static straddle.core.arch.x86.X86.RSI;
import static straddle.core.arch.x86.X86.RSP;
import static straddle.tcg.x86.Snippet.*;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import straddle.core.arch.x86.Segment;
import straddle.core.arch.x86.X86;
import straddle.core.arch.x86.X86State;
import straddle.core.vcpu.Rehearsal;
import straddle.core.vcpu.Rehearsal.Obstacle;

class UserRehearsalTest {
    private static final int MOST = 1000;

    /// ADD RBX, RCX, then a store of RBX to where RSI points, then MOVQ XMM3, RBX.
    private static final String STORING = "48 01 cb" + "48 89 1e" + "66 48 0f 6e db";

    private final Snippet snippet = new Snippet();
    private Rehearsal rehearsal;

    @AfterEach
    void close() {
        snippet.close();
    }

    private Obstacle rehearse(String hex) {
        snippet.run(hex);
        begin();
        rehearsal = snippet.cpu.rehearsal();
        return rehearsal.rehearse(MOST);
    }

    private void begin() {
        X86State start = snippet.state;
        start.rip = CODE;
        start.gpr[RAX] = 0;
        start.gpr[RBX] = 7;
        start.gpr[RCX] = 5;
        start.gpr[RSI] = DATA;
        start.gpr[RSP] = STACK;
        start.rflags = 2;
        start.halted = false;
        snippet.putLong(DATA, 0);
        snippet.cpu.load(start);
    }

    /// Runs the same code in earnest, up to the HLT behind it.
    private void runInEarnest() {
        snippet.cpu.run();
        snippet.cpu.save(snippet.state);
        snippet.state.rip--;
        snippet.state.halted = false;
        snippet.cpu.load(snippet.state);
    }

    @Test
    void nothingIsLeftOfARehearsal() {
        assertEquals(Obstacle.NONE, rehearse(STORING));

        assertEquals(3, rehearsal.instructions());
        assertEquals(CODE + 11, rehearsal.end());
        assertEquals(0, snippet.getLong(DATA));
        assertEquals(7, snippet.cpu.r[RBX]);
        assertEquals(CODE, snippet.cpu.pc);
    }

    @Test
    void whatItForesawComesTrue() {
        rehearse(STORING);
        runInEarnest();

        assertEquals("", rehearsal.difference());
    }

    @Test
    void anotherRegisterIsFound() {
        rehearse(STORING);
        runInEarnest();
        snippet.state.gpr[RBX] ^= 1;
        snippet.cpu.load(snippet.state);

        assertEquals("rbx (interpreted c, natively d)", rehearsal.difference());
        assertTrue(rehearsal.report().contains("add rbx,rcx"), rehearsal.report());
    }

    @Test
    void anotherVectorIsFound() {
        rehearse(STORING);
        runInEarnest();
        snippet.setXmm(3, 1, 2);
        snippet.cpu.load(snippet.state);

        assertEquals("xmm3", rehearsal.difference());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 100})
    void anotherByteOfAPageThatWasStoredToIsFound(int at) {
        rehearse(STORING);
        runInEarnest();
        snippet.putLong(DATA + at, -1);

        assertTrue(rehearsal.difference().startsWith("memory at byte "), rehearsal.difference());
    }

    /// RDTSC, RDRAND EAX, CPUID, SYSCALL, INT3, INT 0x80, MOV DS,AX, POPF.
    @ParameterizedTest
    @CsvSource({"0f31", "0fc7f0", "0fa2", "0f05", "cc", "cd80", "8ed8", "9d"})
    void itEndsInFrontOfWhatHasNoResultToForesee(String hex) {
        assertEquals(Obstacle.NONE, rehearse("48 ff c3" + hex));

        assertEquals(CODE + 3, rehearsal.end());
        assertEquals(Obstacle.UNREPEATABLE, rehearseFrom(CODE + 3));
    }

    private Obstacle rehearseFrom(int from) {
        snippet.state.rip = from;
        snippet.cpu.load(snippet.state);
        return rehearsal.rehearse(MOST);
    }

    /// Whoever is to stop there would overwrite what is to stop it.
    @Test
    void itEndsInFrontOfCodeThatItStores() {
        // inc rbx; mov byte [rip+6],0x90, to behind six NOPs
        assertEquals(
                Obstacle.NONE, rehearse("48 ff c3" + "c6 05 06 00 00 00 90" + "90".repeat(20)));

        assertEquals(CODE + 15, rehearsal.end());
        assertEquals(7, rehearsal.instructions());
        snippet.state.gpr[RBX]++;
        snippet.state.rip = CODE + 15;
        snippet.cpu.load(snippet.state);
        assertEquals("", rehearsal.difference());
    }

    @Test
    void aStoreToTheCodeBehindItLeavesNothingToForesee() {
        // mov byte [rip],0x90, to a NOP
        assertEquals(Obstacle.OWN_CODE, rehearse("c6 05 00 00 00 00 90" + "90"));
    }

    @Test
    void itEndsInFrontOfAnException() {
        // inc rbx; mov [0x100000],rbx
        assertEquals(Obstacle.NONE, rehearse("48 ff c3" + "48 89 1c 25 00 00 10 00"));

        assertEquals(1, rehearsal.instructions());
        assertEquals(Obstacle.EXCEPTION, rehearseFrom(CODE + 3));
    }

    @Test
    void aLoopCountsUpToTheLastPlaceThatIsNew() {
        // inc rbx; inc rax; jmp back
        assertEquals(Obstacle.NONE, rehearseUnrun("48 ff c3" + "48 ff c0" + "eb f8"));

        assertEquals(2, rehearsal.instructions());
        assertEquals(CODE + 6, rehearsal.end());
    }

    @Test
    void aLoopOfOneInstructionHasNoEnd() {
        assertEquals(Obstacle.LOOP, rehearseUnrun("eb fe"));
    }

    private Obstacle rehearseUnrun(String hex) {
        snippet.run("f4" + "90".repeat(16));
        snippet.put(CODE, hex);
        begin();
        snippet.cpu.tbs.clear();
        rehearsal = snippet.cpu.rehearsal();
        return rehearsal.rehearse(MOST);
    }

    /// Division leaves every flag undefined; an addition behind it defines them again.
    @ParameterizedTest
    @CsvSource({"48 f7 f1, true", "48 f7 f1 48 ff c3 f8, true", "48 f7 f1 48 01 db, false"})
    void undefinedFlagsAreLeftOut(String hex, boolean leftOut) {
        rehearse("31 d2" + hex);
        runInEarnest();
        snippet.state.rflags ^= hex.contains("ff c3") ? 0 : 0x8d5;
        snippet.cpu.load(snippet.state);

        assertEquals(leftOut, rehearsal.difference().isEmpty(), rehearsal.difference());
    }

    /// In a segment with a base, too.
    @Test
    void codeOf32BitsIsForeseen() {
        // inc eax, which is a prefix elsewhere; add ebx,ecx; mov [esi],ebx; pop es
        snippet.run("40 01cb 891e 07");
        begin();
        X86State start = snippet.state;
        int rights = Segment.P | Segment.S | Segment.G | Segment.DB;
        start.segments[X86.CS].set(8, CODE - 0x10, -1, rights | 0xb);
        start.rip = 0x10;
        snippet.cpu.load(start);
        rehearsal = snippet.cpu.rehearsal();

        assertEquals(Obstacle.NONE, rehearsal.rehearse(MOST));
        assertEquals(3, rehearsal.instructions());
        assertEquals(0x15, rehearsal.end());
        assertTrue(rehearsal.report().contains("inc eax"), rehearsal.report());
    }
}
