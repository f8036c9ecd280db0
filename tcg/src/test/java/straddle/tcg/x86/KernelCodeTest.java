package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static straddle.core.arch.x86.X86.*;
import static straddle.tcg.x86.Snippet.*;

import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import straddle.core.irq.InterruptSource;
import straddle.core.time.HostCounter;

/// What kernels use much, in machine code as interpreted.
class KernelCodeTest {
    private static final int ROUNDS = 1000;
    private static final int INTERRUPT = 31;
    private static final int HANDLER = 0x1_3000;
    private static final int BUFFER = 0x5_0000;

    /// A local APIC that interrupts with each write to its registers.
    private static InterruptSource interrupting() {
        FakeApic apic = new FakeApic();
        return new InterruptSource() {
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
        };
    }

    private static Snippet machine(Consumer<Snippet> prepare) {
        Snippet snippet = new Snippet(interrupting());
        // add (%rsp), %r14; inc %r15; iretq
        snippet.put(HANDLER, "4c033424 49ffc7 48cf");
        snippet.putLong(
                IDT + 16 * INTERRUPT, HANDLER & 0xffff | 8 << 16 | 0x8e00L << 32 | 1L << 48);
        snippet.putLong(GDT, 0);
        prepare.accept(snippet);
        return snippet;
    }

    /// Runs code in machine code, checked machine code and interpreted.
    ///
    /// @return what the first left
    private static Snippet same(int ending, Consumer<Snippet> prepare, String code) {
        Snippet first = machine(prepare.andThen(Snippet::machineCode));
        assertEquals(ending, first.run(code));
        for (Consumer<Snippet> way :
                java.util.List.<Consumer<Snippet>>of(_ -> {}, Snippet::verifyMachineCode)) {
            try (Snippet other = machine(prepare.andThen(way))) {
                assertEquals(ending, other.run(code));
                assertEquals("", StateDifference.of(other.state, first.state));
                assertEquals(other.retired(), first.retired());
            }
        }
        return first;
    }

    private static long left(Snippet snippet, String way) {
        return snippet.statistics().of("machine code", "left to " + way);
    }

    @Test
    void interruptsComeBehindTheInstructionAfterSti() {
        int at = CODE;
        // mov $1000, %ebx; 1: mov $0x838, %ecx; test $3, %ebx; jnz 2f; wrmsr; 2: sti; inc %r12;
        // cli;
        // pushf; pop %rdx; add %rdx, %r13; dec %ebx; jnz 1b
        String code =
                "bbe8030000 b938080000 f7c303000000 7502 0f30 fb 49ffc4 fa 9c 5a 4901d5 ffcb 75e3";
        try (Snippet snippet = same(COMPLETED, _ -> {}, code)) {
            assertEquals(ROUNDS / 4, snippet.state.gpr[15]);
            assertEquals(ROUNDS / 4L * (at + 0x18), snippet.state.gpr[14]);
            assertTrue(left(snippet, "leave") < ROUNDS, "STI leaves where interrupts wait alone");
            assertTrue(left(snippet, "call") < 100);
        }
    }

    @Test
    void swapgsExchangesBases() {
        // mov $1000, %ebx; 1: swapgs; mov %gs:0, %rax; add %rax, %r12; swapgs; mov %gs:0, %rax; add
        // %rax, %r13; dec %ebx; jnz 1b; swapgs; rdmsr of both
        String code =
                "bbe8030000 0f01f8 65488b042500000000 4901c4 0f01f8 65488b042500000000 4901c5"
                        + " ffcb 75de 0f01f8 b9010100c0 0f32 89c6 ffc1 0f32";
        Consumer<Snippet> bases =
                snippet -> {
                    snippet.state.segments[GS].base = BUFFER;
                    snippet.state.msrs.put(MSR_KERNEL_GS_BASE, BUFFER + 8L);
                    snippet.putLong(BUFFER, 3);
                    snippet.putLong(BUFFER + 8, 5);
                };
        try (Snippet snippet = same(COMPLETED, bases, code)) {
            assertEquals(5 * ROUNDS, snippet.state.gpr[12]);
            assertEquals(3 * ROUNDS, snippet.state.gpr[13]);
            assertEquals(BUFFER + 8, snippet.state.gpr[RSI]);
            assertEquals(BUFFER, snippet.state.gpr[RAX]);
            assertEquals(BUFFER + 8, snippet.state.segments[GS].base);
            assertTrue(left(snippet, "leave") < 100);
        }
    }

    @Test
    void userPagesAreAccessibleBetweenStacAndClacAlone() {
        // mov $1000, %ebx; mov $0x50000, %esi; 1: stac; mov (%rsi), %rax; inc %rax; mov %rax,
        // (%rsi);
        // clac; dec %ebx; jnz 1b; mov (%rsi), %rdx
        String code = "bbe8030000 be00000500 0f01cb 488b06 48ffc0 488906 0f01ca ffcb 75ed 488b16";
        Consumer<Snippet> guarded =
                snippet -> {
                    snippet.letUserIn();
                    snippet.map(BUFFER, BUFFER | PRESENT | WRITABLE | USER);
                    snippet.state.cr4 |= CR4_SMAP;
                };
        try (Snippet snippet = same(PF, guarded, code)) {
            assertEquals(BUFFER, snippet.state.cr2);
            assertEquals(ROUNDS, snippet.getLong(BUFFER));
            assertEquals(ROUNDS, snippet.state.gpr[RAX]);
            assertTrue(left(snippet, "leave") < 100);
        }
    }

    /// Copies and fills of any length from and to anywhere in 16 KiB, upwards and at times downwards, then a sum of all.
    @Test
    void stringsAreCopiedAndFilledAlike() {
        String code =
                "bbe8030000 41b839300000 4569c06d4ec641 4181c039300000 4489c6 c1ee08 81e6ff3f0000"
                        + " 488db600000500 4489c7 c1ef0e 81e7ff3f0000 488dbf00000500 4489c1 c1e914"
                        + " 81e1ff030000 4c89c0 f6c307 7501 fd f3a4 4489c1 83e11f f366a5 4489c1 83e11f"
                        + " f3ab 4489c1 83e13f f348a5 fc b907000000 f3aa 4901f1 4901fa ffcb 7589"
                        + " be00800400 b900400000 49d1c3 4c031e 4883c608 ffc9 75f2";
        Consumer<Snippet> filled =
                snippet -> {
                    for (int at = 0; at < 0x5000; at += 8) {
                        snippet.putLong(BUFFER + at, at * 0x9e37_79b9_7f4a_7c15L);
                    }
                };
        same(COMPLETED, filled, code).close();
    }

    @Test
    void aFillThatFaultsHasDoneWhatCameBefore() {
        // mov $300, %ebx; mov $0xff000, %edi; 1: mov $3, %ecx; mov %rbx, %rax; rep stosq; dec %ebx;
        // jnz 1b
        String code = "bb2c010000 bf00f00f00 b903000000 4889d8 f348ab ffcb 75f1";
        try (Snippet snippet = same(PF, _ -> {}, code)) {
            assertEquals(HOLE, snippet.state.cr2);
            assertEquals(HOLE, snippet.state.gpr[RDI]);
            assertEquals(3 - 512 % 3, snippet.state.gpr[RCX]);
            assertEquals(300 - 512 / 3, snippet.state.gpr[RBX]);
            assertEquals(300 - 511 / 3, snippet.getLong(HOLE - 8));
        }
    }

    @Test
    void divisionsThatFaultDoSoInTheirPlace() {
        // mov $200, %ebx; 1: mov $-5, %eax; mov $3, %esi; cdq; idiv %esi; add %eax, %r12d; add
        // %edx,
        // %r13d; mov $7, %edx; mov %ebx, %esi; sub $10, %esi; mov $0x12345678, %eax; div %esi; add
        // %eax, %r14d; add %edx, %r15d; dec %ebx; jmp 1b
        String code =
                "bbc8000000 b8fbffffff be03000000 99 f7fe 4101c4 4101d5 ba07000000 89de 83ee0a"
                        + " b878563412 f7f6 4101c6 4101d7 ffcb ebd2";
        try (Snippet snippet = same(DE, _ -> {}, code)) {
            assertEquals(17, snippet.state.gpr[RBX]);
            assertEquals(7, snippet.state.gpr[RDX]);
            assertTrue(left(snippet, "call") < 10);
        }
    }

    /// SHRD, SHLD, TZCNT, LZCNT, and BTS and BT of bits beyond their operand.
    @Test
    void bitsAreShiftedCountedAndTestedAlike() {
        String code =
                "bbd0070000 41b839300000 4569c06d4ec641 4181c039300000 4489c1 c1e909 4c89c0 480fafc0"
                        + " 480fadc2 9c 5e 81e6c5080000 4901f1 0fa5c2 4901d2 f3480fbcf2 4911f3 f30fbdf0"
                        + " 4911f4 4489c6 c1ee11 480fab37 4983d500 0fa3b700080000 4983d600 ffcb 75a4";
        same(COMPLETED, _ -> {}, code).close();
    }

    @Test
    void theHostsCounterIsReadWithoutLeaving() {
        HostCounter counter =
                new HostCounter() {
                    @Override
                    public boolean isAvailable() {
                        return true;
                    }

                    @Override
                    public long getAsLong() {
                        return 0; // until machine code reads another
                    }
                };
        Consumer<Snippet> counting =
                snippet -> {
                    snippet.cpu.useCounter(counter);
                    snippet.state.msrs.put(MSR_TSC_AUX, 7L);
                };
        try (Snippet snippet = machine(counting.andThen(Snippet::machineCode))) {
            // mov $1000, %ebx; 1: rdtsc; shl $32, %rdx; or %rdx, %rax; cmp %rax, %r12; ja 3f; mov
            // %rax, %r12; rdtscp; add %rcx, %r13; dec %ebx; jnz 1b; 3:
            String code =
                    "bbe8030000 0f31 48c1e220 4809d0 4939c4 770d 4989c4 0f01f9 4901cd ffcb 75e5";
            assertEquals(COMPLETED, snippet.run(code));
            assertEquals(0, snippet.state.gpr[RBX]);
            assertEquals(7 * ROUNDS, snippet.state.gpr[13]);
            assertTrue(snippet.state.gpr[12] > 0);
            assertTrue(left(snippet, "call") < 100);
        }
    }
}
