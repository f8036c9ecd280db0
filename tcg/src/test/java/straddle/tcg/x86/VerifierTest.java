package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static straddle.core.arch.x86.X86.RBX;
import static straddle.core.arch.x86.X86.RCX;
import static straddle.core.arch.x86.X86.RSI;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.objectweb.asm.Opcodes;
import straddle.core.vcpu.Exit;
import straddle.tcg.Cpu;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.MicroOp;

class VerifierTest {
    private static final String COUNTDOWN = "ff c9" + "75 ";
    private static final int MANY = 20_000;

    private final Snippet snippet = new Snippet();

    @AfterEach
    void close() {
        snippet.close();
    }

    private long checked(String figure) {
        return snippet.statistics().of("verification", figure);
    }

    @Test
    void computationsStoresAndAtomicsAgree() {
        snippet.verify();
        snippet.state.gpr[RCX] = MANY;
        snippet.state.gpr[RSI] = Snippet.DATA;
        // add rbx,rcx; mov [rsi],rbx; inc dword [rsi+4]; lock xadd [rsi+8],rbx; xor [rsi+rcx],cl
        String body = "48 01 cb" + "48 89 1e" + "ff 46 04" + "f0 48 0f c1 5e 08" + "30 0c 0e";
        assertEquals(Snippet.COMPLETED, snippet.run(body + COUNTDOWN + "ea"));

        assertTrue(checked("runs checked") > 0);
        assertTrue(checked("instructions checked") > MANY);
        assertEquals(0, checked("runs that could not be checked"));
    }

    @Test
    void resultsAreThoseOfAnUncheckedRun() {
        String body = "48 01 cb" + "48 31 1e" + "48 03 1e" + COUNTDOWN + "f3";
        long[] results = new long[2];
        for (int i = 0; i < 2; i++) {
            try (Snippet fresh = new Snippet()) {
                if (i == 0) {
                    fresh.verify();
                } else {
                    fresh.compile();
                }
                fresh.state.gpr[RCX] = MANY;
                fresh.state.gpr[RSI] = Snippet.DATA;
                fresh.run(body);
                results[i] = fresh.state.gpr[RBX] ^ fresh.getLong(Snippet.DATA);
            }
        }
        assertEquals(results[1], results[0]);
    }

    @Test
    void aFaultInARegionIsCompared() {
        snippet.verify();
        snippet.state.gpr[RCX] = MANY;
        snippet.state.gpr[RSI] = Snippet.HOLE - MANY + 10;
        // inc rsi; mov [rsi],al
        assertEquals(14, snippet.run("48 ff c6" + "88 06" + COUNTDOWN + "f7"));

        assertEquals(1, checked("runs that ended in an exception"));
    }

    @Test
    void theTimeIsReadOnce() {
        snippet.verify();
        snippet.state.gpr[RCX] = MANY;
        assertEquals(Snippet.COMPLETED, snippet.run("51" + "0f 31" + "59" + COUNTDOWN + "f8"));

        assertTrue(checked("values replayed") > 0);
    }

    @Test
    void devicesAreReadOnceAndOutsideOfRegions() {
        snippet.verify();
        snippet.state.gpr[RCX] = MANY;
        assertEquals(Snippet.COMPLETED, snippet.run("48 ff c3" + "e4 80" + COUNTDOWN + "f7"));

        assertEquals(MANY, snippet.state.gpr[RBX]);
        assertEquals(MANY, snippet.statistics().of("exits", "port read"));
    }

    @Test
    void aBrokenMicroOpIsFound() {
        snippet.verify();
        snippet.state.gpr[RCX] = 2;
        snippet.run("48 ff c3" + COUNTDOWN + "f9");
        MicroOp head = snippet.block(Snippet.CODE).head;
        Broken broken = new Broken(head.next);
        head.next = broken;
        snippet.state.gpr[RCX] = MANY;
        snippet.runAgain(Snippet.CODE);

        Exit.Unhandled found = assertInstanceOf(Exit.Unhandled.class, snippet.exit());
        assertTrue(found.sentence().contains("disagree at 0x10000"), found.sentence());
        assertTrue(found.sentence().contains("rbx"), found.sentence());
        assertTrue(found.report().contains("inc rbx"), found.report());
        assertTrue(found.report().contains("lload rbx"), found.report());
        assertTrue(found.report().contains("after the interpreter"), found.report());
    }

    @Test
    void machineCodeAgreesToo() {
        snippet.verifyMachineCode();
        snippet.state.gpr[RCX] = MANY;
        snippet.state.gpr[RSI] = Snippet.DATA;
        // add rbx,rcx; mov [rsi],rbx; inc dword [rsi+4]; lock xadd [rsi+8],rbx; jmp +0; rdtsc; mov
        // [rsi+16],eax; call +0; pop rdx
        String body =
                "48 01 cb 48 89 1e ff 46 04 f0 48 0f c1 5e 08 eb 00 51 0f 31 59 89 46 10 e8 00000000 5a";
        assertEquals(Snippet.COMPLETED, snippet.run(body + COUNTDOWN + "de"));

        assertTrue(checked("runs of machine code") > 0);
        assertTrue(checked("instructions checked") > 10L * MANY);
        assertEquals(0, checked("runs that could not be checked"));
    }

    @Test
    void aFaultInMachineCodeIsCompared() {
        snippet.verifyMachineCode();
        snippet.state.gpr[RCX] = MANY;
        snippet.state.gpr[RSI] = Snippet.HOLE - MANY + 10;
        // inc rsi; mov [rsi],al
        assertEquals(14, snippet.run("48 ff c6" + "88 06" + COUNTDOWN + "f7"));

        assertEquals(1, checked("runs that ended in an exception"));
        assertEquals(11, snippet.state.gpr[RCX]);
        assertEquals(0, checked("runs that could not be checked"));
    }

    @Test
    void aFetchThatFailsBehindMachineCodeIsCompared() {
        snippet.verifyMachineCode();
        int at = snippet.nextCode();
        snippet.state.gpr[RBX] = at;
        snippet.state.gpr[RSI] = Snippet.HOLE;
        snippet.state.gpr[RCX] = MANY;
        // dec rcx; cmovz rbx,rsi; jmp rbx
        assertEquals(14, snippet.run("48 ff c9" + "48 0f 44 de" + "ff e3"));

        assertEquals(Snippet.HOLE, snippet.state.cr2);
        assertEquals(1, checked("runs that ended in an exception"));
        assertEquals(0, checked("runs that could not be checked"));
        assertTrue(snippet.retired() >= 3 * MANY);
    }

    @Test
    void aBrokenMicroOpIsFoundInTheBlockOfMachineCodeThatItIsIn() {
        snippet.verifyMachineCode();
        // xor eax,eax; jmp 1f; 1: inc rbx; dec ecx; jnz back
        String code = "31 c0 eb 00" + "48 ff c3" + COUNTDOWN + "f5";
        snippet.state.gpr[RCX] = 2;
        snippet.run(code);
        MicroOp head = snippet.block(Snippet.CODE + 4).head;
        head.next = new Broken(head.next);
        snippet.state.gpr[RCX] = MANY;
        snippet.runAgain(Snippet.CODE);

        Exit.Unhandled found = assertInstanceOf(Exit.Unhandled.class, snippet.exit());
        assertTrue(found.sentence().contains("Machine code and"), found.sentence());
        assertTrue(found.sentence().contains("disagree at 0x10004"), found.sentence());
        assertTrue(found.report().startsWith("after 3 instructions"), found.report());
        assertTrue(found.report().contains("after the machine code"), found.report());
    }

    /// INC RBX, whose bytecode adds two.
    private static final class Broken extends MicroOp {
        private final MicroOp right;

        Broken(MicroOp right) {
            this.right = right;
            next = right.next;
            pc = right.pc;
            index = right.index;
        }

        @Override
        public MicroOp exec(Cpu c) {
            return right.exec(c);
        }

        @Override
        public void emit(Emitter e) {
            e.get(RBX);
            e.constant(2);
            e.op(Opcodes.LADD);
            e.set(RBX);
        }

        @Override
        public int emittedBytes() {
            return 16;
        }
    }
}
