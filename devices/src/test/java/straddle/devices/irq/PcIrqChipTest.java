package straddle.devices.irq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static straddle.core.arch.x86.X86.MSR_APIC_BASE;
import static straddle.core.arch.x86.X86.MSR_TSC_DEADLINE;
import static straddle.devices.irq.LocalApic.*;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import straddle.core.irq.InterruptSource;
import straddle.devices.contract.DeviceContract;
import straddle.devices.contract.TestTime;

class PcIrqChipTest implements DeviceContract {
    private static final long TSC_HERTZ = 2_000_000_000;
    private static final int MICROSECOND = 1_000;
    private static final int X2 = 0x800;
    private static final int LOGICAL = 1 << 11;

    private final TestTime time = new TestTime();
    private final List<String> signals = new ArrayList<>();
    private final List<Integer> kicks = new ArrayList<>();
    private int current;
    private final PcIrqChip chip =
            new PcIrqChip(
                    time.clock,
                    3,
                    TSC_HERTZ,
                    () -> current,
                    (vcpu, kind, vector) -> signals.add(vcpu + " " + kind + " " + vector));

    @Override
    public Subject subject() {
        PcIrqChip device =
                new PcIrqChip(new TestTime().clock, 2, TSC_HERTZ, () -> 0, ProcessorSignals.NONE);
        return new Subject(
                device,
                List.of(
                        new Registers(device.localApic(), PcIrqChip.LOCAL_APIC_LENGTH),
                        new Registers(device.ioApic(), PcIrqChip.IO_APIC_LENGTH)),
                () -> device.localApic().write(TPR << 4, 4, 0x50));
    }

    @Nested
    class IoApicContract implements DeviceContract {
        @Override
        public Subject subject() {
            PcIrqChip device =
                    new PcIrqChip(
                            new TestTime().clock, 1, TSC_HERTZ, () -> 0, ProcessorSignals.NONE);
            return new Subject(
                    device,
                    List.of(new Registers(device.ioApic(), PcIrqChip.IO_APIC_LENGTH)),
                    () -> device.ioApic().write(0, 4, 0x12));
        }
    }

    @BeforeEach
    void enableAll() {
        chip.onPending(kicks::add);
        for (current = 0; current < 3; current++) {
            apic(SVR, SVR_ENABLE | 0xff);
        }
        current = 0;
    }

    private void apic(int register, long value) {
        chip.localApic().write(register << 4, 4, value & 0xffff_ffffL);
    }

    private long apic(int register) {
        return chip.localApic().read(register << 4, 4);
    }

    private void redirect(int input, long entry) {
        chip.ioApic().write(0, 4, 0x11 + 2 * input);
        chip.ioApic().write(0x10, 4, entry >>> 32);
        chip.ioApic().write(0, 4, 0x10 + 2 * input);
        chip.ioApic().write(0x10, 4, entry & 0xffff_ffffL);
    }

    private long redirection(int input) {
        chip.ioApic().write(0, 4, 0x10 + 2 * input);
        return chip.ioApic().read(0x10, 4);
    }

    private InterruptSource cpu(int vcpu) {
        return chip.source(vcpu);
    }

    @Test
    void anEdgeIsDeliveredWithItsVector() {
        redirect(4, 0x41);
        chip.line(4).raise();
        assertTrue(cpu(0).pending());
        assertEquals(List.of(0), kicks);
        assertEquals(0x41, cpu(0).acknowledge());
        assertFalse(cpu(0).pending());
        assertEquals(-1, cpu(0).acknowledge());
        assertEquals(1 << 1, apic(ISR + 2));
        apic(EOI, 0);
        assertEquals(0, apic(ISR + 2));
    }

    @Test
    void anEdgeAtAMaskedInputIsLost() {
        chip.line(4).raise();
        redirect(4, 0x41);
        assertFalse(cpu(0).pending());
    }

    @Test
    void aLevelAsksAgainUntilItFalls() {
        redirect(20, 0x61 | 1 << 15);
        chip.line(20).raise();
        assertEquals(0x61, cpu(0).acknowledge());
        assertEquals(1 << 14, redirection(20) & 1 << 14);
        assertEquals(1 << 1, apic(TMR + 3));
        apic(EOI, 0);
        assertEquals(0x61, cpu(0).acknowledge());
        chip.line(20).lower();
        apic(EOI, 0);
        assertFalse(cpu(0).pending());
        assertEquals(0, redirection(20) & 1 << 14);
    }

    @Test
    void aMaskedLevelIsDeliveredOnceUnmasked() {
        redirect(20, 0x61 | 1 << 15 | 1 << 16);
        chip.line(20).raise();
        assertFalse(cpu(0).pending());
        redirect(20, 0x61 | 1 << 15);
        assertEquals(0x61, cpu(0).acknowledge());
    }

    @Test
    void theTimersInputIsTwo() {
        redirect(2, 0x30);
        chip.line(0).pulse();
        assertEquals(0x30, cpu(0).acknowledge());
    }

    @Test
    void higherVectorsComeFirstAndLowerOnesWait() {
        redirect(4, 0x41);
        redirect(5, 0x52);
        redirect(6, 0x53);
        chip.line(4).raise();
        chip.line(5).raise();
        assertEquals(0x52, cpu(0).acknowledge());
        chip.line(6).raise();
        assertFalse(cpu(0).pending(), "the same class waits");
        apic(EOI, 0);
        assertEquals(0x53, cpu(0).acknowledge());
        apic(EOI, 0);
        assertEquals(0x41, cpu(0).acknowledge());
    }

    @Test
    void theTaskPriorityHoldsLowerClassesBack() {
        redirect(4, 0x41);
        cpu(0).setTaskPriority(4);
        assertEquals(0x40, apic(TPR));
        chip.line(4).raise();
        assertFalse(cpu(0).pending());
        apic(TPR, 0x3f);
        assertEquals(3, cpu(0).taskPriority());
        assertEquals(0x41, cpu(0).acknowledge());
        assertEquals(0x40, apic(PPR));
    }

    @Test
    void asFirmwareLeavesItThePicsPassThrough() {
        PcIrqChip fresh = new PcIrqChip(time.clock, 2, TSC_HERTZ, () -> 0, ProcessorSignals.NONE);
        fresh.pics().firstPorts().write(0, 0x11);
        fresh.pics().firstPorts().write(1, 0x20);
        fresh.pics().firstPorts().write(1, 4);
        fresh.pics().firstPorts().write(1, 1);
        fresh.line(1).raise();
        assertTrue(fresh.source(0).pending());
        assertFalse(fresh.source(1).pending());
        assertEquals(0x21, fresh.source(0).acknowledge());
    }

    @Test
    void aMaskedLint0StopsThePics() {
        apic(LVT_LINT0, LVT_MASKED | MODE_EXTINT << LVT_MODE_SHIFT);
        chip.pics().firstPorts().write(0, 0x11);
        chip.pics().firstPorts().write(1, 0x20);
        chip.pics().firstPorts().write(1, 4);
        chip.pics().firstPorts().write(1, 1);
        chip.line(1).raise();
        assertFalse(cpu(0).pending());
        assertTrue(cpu(0).writeMsr(MSR_APIC_BASE, cpu(0).readMsr(MSR_APIC_BASE) & ~BASE_ENABLE));
        assertEquals(0x21, cpu(0).acknowledge(), "a disabled APIC lets INTR pass");
    }

    @Test
    void processorsInterruptEachOtherByIdAndByShorthand() {
        apic(ICR_HIGH, 2 << 24);
        apic(ICR_LOW, 0x40);
        assertEquals(0x40, cpu(2).acknowledge());
        apic(ICR_LOW, 0x50 | 3 << 18);
        assertFalse(cpu(0).pending());
        assertEquals(0x50, cpu(1).acknowledge());
        apic(ICR_LOW, 0x60 | 1 << 18);
        assertEquals(0x60, cpu(0).acknowledge());
        apic(ICR_LOW, 0x70 | 2 << 18);
        assertTrue(cpu(0).pending() && cpu(1).pending());
        assertEquals(2L << 24, apic(ICR_HIGH) & 0xffff_ffffL);
    }

    @Test
    void logicalDestinationsAreBitsInTheFlatModel() {
        current = 1;
        apic(LDR, 2 << 24);
        current = 2;
        apic(LDR, 4 << 24);
        current = 0;
        apic(LDR, 1 << 24);
        apic(ICR_HIGH, 6 << 24);
        apic(ICR_LOW, 0x80 | LOGICAL);
        assertFalse(cpu(0).pending());
        assertTrue(cpu(1).pending() && cpu(2).pending());
    }

    @Test
    void lowestPriorityChoosesTheIdlestProcessor() {
        for (current = 0; current < 3; current++) {
            apic(LDR, 1L << 24 + current);
        }
        current = 0;
        cpu(0).setTaskPriority(5);
        cpu(1).setTaskPriority(2);
        cpu(2).setTaskPriority(8);
        redirect(4, 7L << 56 | LOGICAL | 1 << 8 | 0x91);
        chip.line(4).raise();
        assertEquals(0x91, cpu(1).acknowledge());
    }

    @Test
    void initAndStartupReachTheProcessorsPins() {
        apic(ICR_HIGH, 1 << 24);
        apic(ICR_LOW, MODE_INIT << 8 | 1 << 14 | 1 << 15);
        apic(ICR_LOW, MODE_INIT << 8 | 1 << 15);
        apic(ICR_LOW, MODE_STARTUP << 8 | 0x9a);
        apic(ICR_LOW, MODE_NMI << 8);
        assertEquals(List.of("1 INIT 0", "1 STARTUP 154", "1 NMI 0"), signals);
    }

    @Test
    void illegalVectorsAreErrors() {
        apic(ICR_LOW, 5 | 1 << 18);
        assertFalse(cpu(0).pending());
        apic(ESR, 0);
        assertEquals(1 << 5, apic(ESR));
        apic(ESR, 0);
        assertEquals(0, apic(ESR));
    }

    @Test
    void theOneShotTimerCountsDownAndFiresOnce() {
        apic(DIVIDE, 0xb);
        apic(LVT_TIMER, 0xec);
        apic(INITIAL_COUNT, 100 * MICROSECOND);
        time.pass(40 * MICROSECOND);
        assertEquals(60 * MICROSECOND, apic(CURRENT_COUNT));
        assertFalse(cpu(0).pending());
        time.pass(60 * MICROSECOND);
        assertEquals(0xec, cpu(0).acknowledge());
        assertEquals(0, apic(CURRENT_COUNT));
        apic(EOI, 0);
        time.pass(200 * MICROSECOND);
        assertFalse(cpu(0).pending());
    }

    @Test
    void thePeriodicTimerFiresAgainAndAgain() {
        apic(DIVIDE, 0x3);
        apic(LVT_TIMER, 0xec | 1 << 17);
        apic(INITIAL_COUNT, 10 * MICROSECOND);
        int fired = 0;
        for (int i = 0; i < 10; i++) {
            time.pass(160 * MICROSECOND);
            fired += cpu(0).acknowledge() == 0xec ? 1 : 0;
            apic(EOI, 0);
        }
        assertEquals(10, fired);
        time.pass(16 * MICROSECOND);
        assertEquals(9 * MICROSECOND, apic(CURRENT_COUNT));
        apic(INITIAL_COUNT, 0);
        time.pass(1000 * MICROSECOND);
        assertFalse(cpu(0).pending());
    }

    @Test
    void aMaskedTimerCountsInSilence() {
        apic(DIVIDE, 0xb);
        apic(LVT_TIMER, 0xec | LVT_MASKED);
        apic(INITIAL_COUNT, 100);
        time.pass(200);
        assertFalse(cpu(0).pending());
        assertEquals(0, apic(CURRENT_COUNT));
    }

    @Test
    void theDeadlineTimerFiresAtItsTsc() {
        apic(LVT_TIMER, 0xec | 2 << 17);
        assertTrue(cpu(0).hasMsr(MSR_TSC_DEADLINE));
        cpu(0).writeMsr(MSR_TSC_DEADLINE, TSC_HERTZ / 1000);
        time.pass(999 * MICROSECOND);
        assertFalse(cpu(0).pending());
        assertEquals(TSC_HERTZ / 1000, cpu(0).readMsr(MSR_TSC_DEADLINE));
        time.pass(MICROSECOND);
        assertEquals(0xec, cpu(0).acknowledge());
        assertEquals(0, cpu(0).readMsr(MSR_TSC_DEADLINE));
    }

    @Test
    void x2ApicAnswersAsRegistersAndNoLongerInMemory() {
        assertFalse(cpu(0).hasMsr(X2 + ID));
        assertTrue(cpu(0).writeMsr(MSR_APIC_BASE, 0xfee0_0d00L));
        assertTrue(cpu(0).hasMsr(X2 + ID));
        assertEquals(0, apic(VERSION));
        assertEquals(0x5_0014, cpu(0).readMsr(X2 + VERSION));
        assertTrue(cpu(2).writeMsr(MSR_APIC_BASE, 0xfee0_0c00L));
        assertEquals(2, cpu(2).readMsr(X2 + ID));
        assertEquals(1 << 2, cpu(2).readMsr(X2 + LDR));
        cpu(0).writeMsr(X2 + ICR_LOW, 2L << 32 | 0xf0);
        assertEquals(0xf0, cpu(2).acknowledge());
        cpu(0).writeMsr(X2 + SELF_IPI, 0xf3);
        assertEquals(0xf3, cpu(0).acknowledge());
    }

    @Test
    void impossibleChangesOfModeFault() {
        assertFalse(cpu(0).writeMsr(MSR_APIC_BASE, 0xfee0_0500L), "x2 without enable");
        assertTrue(cpu(0).writeMsr(MSR_APIC_BASE, 0xfee0_0d00L));
        assertFalse(cpu(0).writeMsr(MSR_APIC_BASE, 0xfee0_0900L), "x2 back to x");
        assertTrue(cpu(0).writeMsr(MSR_APIC_BASE, 0xfee0_0100L));
        assertFalse(cpu(0).writeMsr(MSR_APIC_BASE, 0xfee0_0d00L), "off to x2");
        assertFalse(cpu(0).writeMsr(MSR_APIC_BASE, 0xfee0_0901L), "a reserved bit");
    }

    @Test
    void messagesOfDevicesAreDelivered() {
        chip.message(0xfee0_1000L, 0x71);
        assertEquals(0x71, cpu(1).acknowledge());
    }

    @Test
    void aSoftwareDisabledApicTakesNothing() {
        redirect(4, 0x41);
        apic(SVR, 0xff);
        chip.line(4).raise();
        assertFalse(cpu(0).pending());
        assertEquals(LVT_MASKED, apic(LVT_TIMER) & LVT_MASKED);
    }

    @Test
    void thereAreTwentyFourInputs() {
        chip.line(23).raise();
        assertThrows(IllegalArgumentException.class, () -> chip.line(24));
        chip.ioApic().write(0, 4, 1);
        assertEquals(23 << 16 | 0x11, chip.ioApic().read(0x10, 4));
    }
}
