package straddle.devices.irq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import straddle.core.bus.MachineLock;
import straddle.core.irq.InterruptSource;
import straddle.devices.contract.DeviceContract;

class PicPairTest implements DeviceContract {
    private static final int EOI = 0x20;
    private static final int SPECIFIC_EOI = 0x60;
    private static final int ROTATE_ON_EOI = 0xa0;
    private static final int READ_IRR = 0x0a;
    private static final int READ_ISR = 0x0b;
    private static final int POLL = 0x0c;

    private final PicPair pics = new PicPair(new MachineLock());
    private final InterruptSource cpu = pics.source(0);
    private int kicks;

    @Override
    public Subject subject() {
        PicPair pair = new PicPair(new MachineLock());
        return new Subject(
                pair,
                List.of(
                        new Registers(pair.firstPorts(), 2),
                        new Registers(pair.secondPorts(), 2),
                        new Registers(pair.firstElcr(), 1),
                        new Registers(pair.secondElcr(), 1)),
                () -> pair.firstElcr().write(0, 0x20));
    }

    @BeforeEach
    void startAsAPcDoes() {
        initialize(1);
        pics.onPending(_ -> kicks++);
    }

    private void initialize(int icw4) {
        first(0, 0x11);
        first(1, 0x20);
        first(1, 4);
        first(1, icw4);
        second(0, 0x11);
        second(1, 0x28);
        second(1, 2);
        second(1, icw4);
    }

    private void first(int offset, int value) {
        pics.firstPorts().write(offset, value);
    }

    private void second(int offset, int value) {
        pics.secondPorts().write(offset, value);
    }

    private int isr() {
        first(0, READ_ISR);
        return pics.firstPorts().read(0);
    }

    private int irr() {
        first(0, READ_IRR);
        return pics.firstPorts().read(0);
    }

    @Test
    void anEdgeIsDeliveredOnceAndKicks() {
        pics.line(4).raise();
        assertTrue(cpu.pending());
        assertEquals(1, kicks);
        assertEquals(0x24, cpu.acknowledge());
        assertFalse(cpu.pending());
        assertEquals(1 << 4, isr());
        first(0, EOI);
        assertFalse(cpu.pending(), "the line is still high, yet there was one edge");
        assertEquals(0, isr());
    }

    @Test
    void aPulseIsLatched() {
        pics.line(1).pulse();
        assertEquals(1 << 1, irr());
        assertEquals(0x21, cpu.acknowledge());
    }

    @Test
    void aMaskedRequestWaits() {
        first(1, 1 << 4);
        pics.line(4).raise();
        assertFalse(cpu.pending());
        first(1, 0);
        assertEquals(0x24, cpu.acknowledge());
    }

    @Test
    void theSecondChipsRequestsComeThroughTheFirst() {
        pics.line(8).raise();
        assertEquals(0x28, cpu.acknowledge());
        assertEquals(1 << 2, isr());
        second(0, EOI);
        first(0, EOI);
        pics.line(15).raise();
        assertEquals(0x2f, cpu.acknowledge());
    }

    @Test
    void aLowerPriorityWaitsForTheEndOfAHigherOne() {
        pics.line(3).raise();
        assertEquals(0x23, cpu.acknowledge());
        pics.line(5).raise();
        assertFalse(cpu.pending());
        pics.line(1).raise();
        assertEquals(0x21, cpu.acknowledge());
        first(0, EOI);
        assertFalse(cpu.pending());
        first(0, EOI);
        assertEquals(0x25, cpu.acknowledge());
    }

    @Test
    void aRequestThatHasGoneReadsAsIrq7WithNothingInService() {
        pics.firstElcr().write(0, 1 << 5);
        pics.line(5).raise();
        assertTrue(cpu.pending());
        pics.line(5).lower();
        assertEquals(0x27, cpu.acknowledge());
        assertEquals(0, isr());
    }

    @Test
    void onTheSecondChipItReadsAsIrq15WithTheCascadeInService() {
        pics.secondElcr().write(0, 1 << 3);
        pics.line(11).raise();
        pics.line(11).lower();
        assertEquals(0x2f, cpu.acknowledge());
        assertEquals(1 << 2, isr());
    }

    @Test
    void aLevelAsksAgainAfterItsEnd() {
        pics.secondElcr().write(0, 1 << 3);
        pics.line(11).raise();
        assertEquals(0x2b, cpu.acknowledge());
        second(0, EOI);
        first(0, EOI);
        assertEquals(0x2b, cpu.acknowledge());
        pics.line(11).lower();
        second(0, EOI);
        first(0, EOI);
        assertFalse(cpu.pending());
    }

    @Test
    void someInputsAreAlwaysEdgeTriggered() {
        pics.firstElcr().write(0, 0xff);
        pics.secondElcr().write(0, 0xff);
        assertEquals(0xf8, pics.firstElcr().read(0));
        assertEquals(0xde, pics.secondElcr().read(0));
    }

    @Test
    void automaticEndLeavesNothingInService() {
        initialize(3);
        pics.line(3).raise();
        assertEquals(0x23, cpu.acknowledge());
        assertEquals(0, isr());
        pics.line(9).raise();
        pics.line(12).raise();
        assertEquals(0x29, cpu.acknowledge());
        assertEquals(0x2c, cpu.acknowledge());
        assertFalse(cpu.pending());
    }

    @Test
    void rotationMakesTheEndedOneTheLowest() {
        pics.line(3).pulse();
        assertEquals(0x23, cpu.acknowledge());
        first(0, ROTATE_ON_EOI);
        pics.line(3).pulse();
        pics.line(5).pulse();
        pics.line(1).pulse();
        assertEquals(0x25, cpu.acknowledge());
        first(0, EOI);
        assertEquals(0x21, cpu.acknowledge());
        first(0, EOI);
        assertEquals(0x23, cpu.acknowledge());
    }

    @Test
    void thePriorityCanBeSet() {
        first(0, 0xc0 | 4);
        pics.line(4).pulse();
        pics.line(5).pulse();
        assertEquals(0x25, cpu.acknowledge());
    }

    @Test
    void aSpecificEndNamesItsInput() {
        pics.line(4).pulse();
        cpu.acknowledge();
        pics.line(1).pulse();
        cpu.acknowledge();
        first(0, SPECIFIC_EOI | 4);
        assertEquals(1 << 1, isr());
    }

    @Test
    void specialMaskModeLetsLowerOnesThrough() {
        pics.line(3).pulse();
        assertEquals(0x23, cpu.acknowledge());
        first(1, 1 << 3);
        first(0, 0x68);
        pics.line(6).pulse();
        assertEquals(0x26, cpu.acknowledge());
        first(0, 0x48);
        pics.line(7).pulse();
        assertFalse(cpu.pending());
    }

    @Test
    void aPollTakesTheRequestWithoutTheProcessor() {
        first(0, POLL);
        assertEquals(0, pics.firstPorts().read(0) & 0x80);
        pics.line(6).pulse();
        first(0, POLL);
        assertEquals(0x86, pics.firstPorts().read(0));
        assertEquals(1 << 6, isr());
        assertFalse(cpu.pending());
    }

    @Test
    void theMaskReadsBack() {
        first(1, 0xa5);
        assertEquals(0xa5, pics.firstPorts().read(1));
    }

    @Test
    void thereAreSixteenLines() {
        assertThrows(IllegalArgumentException.class, () -> pics.line(16));
        assertThrows(IllegalArgumentException.class, () -> pics.line(-1));
    }

    @Test
    void onlyTheBootProcessorIsInterrupted() {
        pics.line(4).raise();
        assertFalse(pics.source(1).pending());
    }
}
