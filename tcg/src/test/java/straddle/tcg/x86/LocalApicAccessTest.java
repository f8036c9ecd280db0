package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static straddle.core.arch.x86.X86.*;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// How a processor reaches its local APIC: model-specific registers, CR8 and CPUID; and NMIs.
class LocalApicAccessTest {
    private static final String CPUID = "0f a2";
    private static final String RDMSR = "0f 32";
    private static final String WRMSR = "0f 30";
    private static final int NMI_VECTOR = 2;

    private final FakeApic apic = new FakeApic();
    private final Snippet snippet = new Snippet(apic);

    @AfterEach
    void close() {
        snippet.close();
    }

    private int rdmsr(int number) {
        snippet.state.gpr[RCX] = number;
        return snippet.run(RDMSR);
    }

    private int wrmsr(int number, long value) {
        snippet.state.gpr[RCX] = number;
        snippet.state.gpr[RAX] = value & 0xffff_ffffL;
        snippet.state.gpr[RDX] = value >>> 32;
        return snippet.run(WRMSR);
    }

    private void cpuid(int leaf, int subleaf) {
        snippet.state.gpr[RAX] = leaf & 0xffff_ffffL;
        snippet.state.gpr[RCX] = subleaf;
        assertEquals(Snippet.COMPLETED, snippet.run(CPUID));
    }

    @Test
    void registersOfTheLocalApicAreItsOwn() {
        assertEquals(Snippet.COMPLETED, wrmsr(MSR_X2APIC + 0x30, 0x1_0000_4041L));
        assertEquals(0x1_0000_4041L, apic.registers.get(MSR_X2APIC + 0x30));
        assertEquals(Snippet.COMPLETED, rdmsr(MSR_X2APIC + 0x30));
        assertEquals(0x4041, snippet.state.gpr[RAX]);
        assertEquals(1, snippet.state.gpr[RDX]);
    }

    @Test
    void aWriteThatTheLocalApicRefusesIsAGeneralProtectionFault() {
        assertEquals(GP, wrmsr(FakeApic.REFUSED, 1));
    }

    @Test
    void theDeadlineIsToldInTheClocksTicks() {
        assertEquals(Snippet.COMPLETED, wrmsr(MSR_TSC_ADJUST, 1000));
        assertEquals(Snippet.COMPLETED, wrmsr(MSR_TSC_DEADLINE, 5000));
        assertEquals(4000, apic.registers.get(MSR_TSC_DEADLINE));
        assertEquals(Snippet.COMPLETED, rdmsr(MSR_TSC_DEADLINE));
        assertEquals(5000, snippet.state.gpr[RAX]);
    }

    @Test
    void cr8IsTheTaskPriority() {
        snippet.state.gpr[RAX] = 9;
        // mov cr8, rax; mov rbx, cr8
        assertEquals(Snippet.COMPLETED, snippet.run("44 0f 22 c0 44 0f 20 c3"));
        assertEquals(9, apic.taskPriority());
        assertEquals(9, snippet.state.gpr[RBX]);
        snippet.state.gpr[RAX] = 16;
        assertEquals(GP, snippet.run("44 0f 22 c0"));
    }

    @Test
    void anInterruptComesInOnceThePriorityAllowsIt() {
        apic.vectors.add(0x1f); // class 1
        snippet.state.cr8 = 1;
        snippet.state.rflags |= RFLAGS_IF;
        // nop; mov cr8, rax; nop
        snippet.state.gpr[RAX] = 1;
        assertEquals(Snippet.COMPLETED, snippet.run("90 44 0f 22 c0 90 fa"));
        snippet.state.gpr[RAX] = 0;
        snippet.state.rflags |= RFLAGS_IF;
        assertEquals(0x1f, snippet.run("90 44 0f 22 c0 90 fa"));
    }

    @Test
    void aNonMaskableInterruptNeedsNoInterruptFlagAndBlocksTheNext() {
        snippet.state.nmiPending = true;
        assertEquals(NMI_VECTOR, snippet.run("90"));
        assertEquals(true, snippet.state.nmiBlocked);
        snippet.state.nmiPending = true;
        assertEquals(Snippet.COMPLETED, snippet.run("90"));
        assertEquals(true, snippet.state.nmiPending);
    }

    @Test
    void cpuidTellsTheApicAndTheTopology() {
        snippet.place(2, 3);
        cpuid(1, 0);
        assertEquals(2, snippet.state.gpr[RBX] >>> 24);
        assertEquals(4, snippet.state.gpr[RBX] >>> 16 & 0xff);
        assertEquals(1, snippet.state.gpr[RDX] >>> 9 & 1);
        assertEquals(1, snippet.state.gpr[RDX] >>> 28 & 1);
        assertEquals(1, snippet.state.gpr[RCX] >>> 21 & 1);
        cpuid(0xb, 1);
        assertEquals(2, snippet.state.gpr[RAX]);
        assertEquals(3, snippet.state.gpr[RBX]);
        assertEquals(2, snippet.state.gpr[RDX]);
        cpuid(0x8000_0008, 0);
        assertEquals(0x2002, snippet.state.gpr[RCX]);
    }

    @Test
    void theApicsFlagFollowsItsEnableBit() {
        apic.registers.put(MSR_APIC_BASE, 0xfee0_0100L);
        cpuid(1, 0);
        assertEquals(0, snippet.state.gpr[RDX] >>> 9 & 1);
    }

    @Test
    void withoutALocalApicItsRegistersAreUnknown() {
        try (Snippet without = new Snippet()) {
            without.state.gpr[RCX] = MSR_TSC_DEADLINE;
            assertEquals(GP, without.run(RDMSR));
            without.state.gpr[RAX] = 1;
            without.run(CPUID);
            assertEquals(0, without.state.gpr[RDX] >>> 9 & 1);
        }
    }
}
