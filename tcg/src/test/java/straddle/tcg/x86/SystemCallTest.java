package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static straddle.core.arch.x86.X86.*;
import static straddle.tcg.x86.Snippet.*;

import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import straddle.core.arch.x86.Segment;
import straddle.core.irq.InterruptSource;

/// SYSCALL and SYSRET between a program and its kernel, in machine code and interpreted.
class SystemCallTest {
    private static final int KERNEL = 0x1_1000;
    private static final int PROGRAM = 0x1_2000;
    private static final int HANDLER = 0x1_3000;
    private static final int TASK = 0x1_4000;
    private static final int INTERRUPT_STACK = 0x1_6000;
    private static final int STACK_PAGE = 0x1_6000;
    private static final int INTERRUPT = 31;
    private static final int ROUNDS = 1000;

    /// Sums up R11, flags, CS and SS; writes an MSR every 64th time that RBX has; halts when RBX is 0.
    private static final String KERNEL_CODE =
            "4d01dc 9c 415d 4d01ee 8cc8 4801c5 8cd0 4801c5 85db 7415 f6c33f 750d 4989c8"
                    + " b938080000 0f30 4c89c1 480f07 f4";

    /// Makes two calls a round, with flags of a comparison and of DEC, and sums up carries and CS.
    private static final String PROGRAM_CODE =
            "bbe8030000 488d049b 3dbc020000 0f05 0f92c2 0fb6d2 4901d1 8cc8 4801c6 ffcb 0f05 ebe1";

    /// inc %r15; iretq
    private static final String HANDLER_CODE = "49ffc7 48cf";

    /// An interrupt waits from each write to its registers on.
    private static final class InterruptingApic implements InterruptSource {
        private final FakeApic apic = new FakeApic();

        @Override
        public boolean pending() {
            return apic.pending();
        }

        @Override
        public int acknowledge() {
            return apic.acknowledge();
        }

        @Override
        public boolean hasMsr(int number) {
            return apic.hasMsr(number);
        }

        @Override
        public boolean writeMsr(int number, long value) {
            apic.vectors.add(INTERRUPT);
            return apic.writeMsr(number, value);
        }
    }

    private static Snippet machine() {
        Snippet snippet = new Snippet(new InterruptingApic());
        snippet.letUserIn();
        for (int page : new int[] {PROGRAM, STACK_PAGE}) {
            snippet.map(page, page | PRESENT | WRITABLE | USER);
        }
        snippet.putLong(GDT + 0x10, 0x00cf_9300_0000_ffffL);
        snippet.putLong(GDT + 0x28, 0x00cf_f300_0000_ffffL);
        snippet.putLong(GDT + 0x30, 0x00af_fb00_0000_ffffL);
        snippet.putLong(TASK + 4, INTERRUPT_STACK);
        snippet.putLong(
                IDT + 16 * INTERRUPT, HANDLER & 0xffff | 8 << 16 | 0x8e00L << 32 | 1L << 48);
        snippet.putLong(IDT + 16 * INTERRUPT + 8, 0);
        snippet.put(KERNEL, KERNEL_CODE);
        snippet.put(PROGRAM, PROGRAM_CODE);
        snippet.put(HANDLER, HANDLER_CODE);
        snippet.state.tr.set(0x40, TASK, 0x67, Segment.P | 0xb);
        snippet.state.efer |= EFER_SCE;
        snippet.state.msrs.put(MSR_STAR, 0x20L << 48 | 8L << 32);
        snippet.state.msrs.put(MSR_LSTAR, (long) KERNEL);
        snippet.state.msrs.put(
                MSR_SFMASK, (long) (RFLAGS_IF | RFLAGS_TF | RFLAGS_DF | RFLAGS_AC | RFLAGS_CF));
        snippet.state.gpr[RCX] = PROGRAM;
        snippet.state.gpr[11] = RFLAGS_IF | RFLAGS_FIXED;
        return snippet;
    }

    /// Runs the program until its kernel halts.
    private static Snippet run(Consumer<Snippet> prepare) {
        Snippet snippet = machine();
        prepare.accept(snippet);
        int start = snippet.nextCode();
        snippet.put(start, "480f07");
        snippet.runAgain(start);
        snippet.cpu.save(snippet.state);
        return snippet;
    }

    private static void assertSame(Snippet expected, Snippet actual) {
        for (int i = 0; i < 16; i++) {
            assertEquals(expected.state.gpr[i], actual.state.gpr[i], "register " + i);
        }
        assertEquals(expected.state.rip, actual.state.rip);
        assertEquals(expected.state.rflags, actual.state.rflags);
        assertEquals(expected.state.segments[CS].toString(), actual.state.segments[CS].toString());
        assertEquals(expected.state.segments[SS].toString(), actual.state.segments[SS].toString());
        assertEquals(expected.retired(), actual.retired());
    }

    @Test
    void programAndKernelSeeTheSameInMachineCode() {
        try (Snippet expected = run(_ -> {});
                Snippet actual = run(Snippet::machineCode)) {
            assertSame(expected, actual);
            assertEquals(0, actual.state.gpr[RBX]);
            assertEquals(0x33L * ROUNDS, actual.state.gpr[RSI]);
            // What reads CS and SS ends a block in Java, five times a round; nothing else does.
            assertTrue(actual.statistics().of("machine code", "left to leave") < 6 * ROUNDS);
        }
    }

    @Test
    void anInterruptThatTheKernelHeldOffComesInAfterSysret() {
        try (Snippet snippet = run(Snippet::machineCode)) {
            // Two calls in each round that the kernel picks, but for the last.
            assertEquals(2 * (ROUNDS / 64), snippet.state.gpr[15]);
        }
    }

    @Test
    void aCheckedRunAgrees() {
        try (Snippet expected = run(_ -> {});
                Snippet actual = run(Snippet::verifyMachineCode)) {
            assertSame(expected, actual);
            assertTrue(actual.statistics().of("verification", "instructions checked") > ROUNDS);
        }
    }

    @Test
    void unusualFlagsTakeTheLongWay() {
        for (int flags : new int[] {RFLAGS_AC, RFLAGS_NT, RFLAGS_IOPL, RFLAGS_DF, RFLAGS_ID}) {
            Consumer<Snippet> withFlags = snippet -> snippet.state.gpr[11] |= flags;
            try (Snippet expected = run(withFlags);
                    Snippet actual = run(withFlags.andThen(Snippet::machineCode))) {
                assertSame(expected, actual);
            }
        }
    }
}
