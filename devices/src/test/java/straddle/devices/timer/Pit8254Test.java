package straddle.devices.timer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.devices.contract.DeviceContract;
import straddle.devices.contract.TestLine;
import straddle.devices.contract.TestTime;

class Pit8254Test implements DeviceContract {
    private static final int CONTROL = 3;
    private static final int SECOND = 1_000_000_000;
    private static final int MILLISECOND = 1_000_000;

    private final TestTime time = new TestTime();
    private final TestLine irq0 = new TestLine();
    private final Pit8254 pit = new Pit8254(time.clock, irq0);
    private int risesBefore;
    private final SystemControlB portB = new SystemControlB(pit, time.clock);

    @Override
    public Subject subject() {
        Pit8254 device = new Pit8254(new TestTime().clock, new TestLine());
        return new Subject(
                device,
                List.of(new Registers(device, Pit8254.LENGTH)),
                () -> device.write(CONTROL, 0x12));
    }

    @Nested
    class SystemControlBContract implements DeviceContract {
        @Override
        public Subject subject() {
            TestTime still = new TestTime();
            Pit8254 device = new Pit8254(still.clock, new TestLine());
            SystemControlB port = new SystemControlB(device, still.clock);
            return new Subject(port, List.of(new Registers(port, 1)), () -> port.write(0, 2));
        }
    }

    /// Programs a channel with both count bytes.
    private void program(int channel, int mode, int count) {
        pit.write(CONTROL, channel << 6 | 0x30 | mode << 1);
        pit.write(channel, count & 0xff);
        pit.write(channel, count >>> 8);
        risesBefore = irq0.rises();
    }

    /// Edges of IRQ 0 since the count was written.
    private int edges() {
        return irq0.rises() - risesBefore;
    }

    private int latched(int channel) {
        pit.write(CONTROL, channel << 6);
        return pit.read(channel) | pit.read(channel) << 8;
    }

    private void passTicks(long ticks) {
        time.pass(Ticks.toNanos(ticks, Pit8254.HERTZ) - Ticks.toNanos(0, Pit8254.HERTZ));
    }

    private int status(int channel) {
        pit.write(CONTROL, 0xe0 | 2 << channel);
        return pit.read(channel);
    }

    @Test
    void aHundredHertzAreAHundredEdgesASecond() {
        program(0, 2, 11_932);
        time.pass(SECOND);
        assertEquals(99, edges());
        assertTrue(irq0.isHigh());
    }

    @Test
    void squareWavesTickAsOftenAsRates() {
        program(0, 3, 11_932);
        time.pass(SECOND);
        assertEquals(99, edges());
    }

    @Test
    void aLateTimerKeepsItsPhaseAndTicksOnce() {
        program(0, 2, 11_932);
        time.jump(55 * MILLISECOND);
        assertEquals(1, edges());
        time.pass(6 * MILLISECOND);
        assertEquals(2, edges());
    }

    @Test
    void countZeroMeansTheLargest() {
        program(0, 2, 0);
        time.pass(54 * MILLISECOND);
        assertEquals(0, edges());
        time.pass(MILLISECOND);
        assertEquals(1, edges());
    }

    @Test
    void terminalCountRisesOnceAndCountsOn() {
        program(0, 0, 1000);
        assertFalse(irq0.isHigh());
        passTicks(400);
        assertEquals(600, latched(0));
        passTicks(601);
        assertTrue(irq0.isHigh());
        assertEquals(0xffff, latched(0));
        time.pass(SECOND);
        assertEquals(1, edges());
    }

    @Test
    void aStrobeRisesOneTickAfterItsCount() {
        program(0, 4, 1000);
        assertTrue(irq0.isHigh());
        passTicks(2000);
        assertEquals(1, edges());
    }

    @Test
    void aStrobeThatIsOverBeforeTheTimerFiresStillInterrupts() {
        program(0, 4, 10);
        time.late(MILLISECOND);
        pit.write(CONTROL, 0);
        assertEquals(1, edges());
        program(0, 4, 10);
        time.late(MILLISECOND);
        time.pass(0);
        assertEquals(1, edges());
    }

    @Test
    void rateGeneratorsCountDownToOneAndStartAgain() {
        program(2, 2, 10);
        portB.write(0, 1);
        passTicks(9);
        assertEquals(1, latched(2));
        passTicks(1);
        assertEquals(10, latched(2));
    }

    @Test
    void squareWavesCountDownByTwo() {
        portB.write(0, 1);
        program(2, 3, 100);
        passTicks(10);
        assertEquals(80, latched(2));
        assertTrue(pit.out2());
        passTicks(45);
        assertEquals(90, latched(2));
        assertFalse(pit.out2());
    }

    @Test
    void theGateHoldsTerminalCount() {
        program(2, 0, 1000);
        passTicks(100);
        assertEquals(1000, latched(2));
        portB.write(0, 1);
        passTicks(100);
        portB.write(0, 0);
        passTicks(500);
        assertEquals(900, latched(2));
        portB.write(0, 1);
        passTicks(901);
        assertEquals(0x20, portB.read(0) & 0x20);
    }

    @Test
    void aOneShotStartsWithItsGate() {
        program(2, 1, 100);
        passTicks(200);
        assertTrue(pit.out2());
        portB.write(0, 1);
        assertFalse(pit.out2());
        passTicks(100);
        assertTrue(pit.out2());
        portB.write(0, 0);
        portB.write(0, 1);
        assertFalse(pit.out2(), "it can be triggered again");
    }

    @Test
    void aHardwareStrobeIsLowForOneTick() {
        program(2, 5, 100);
        portB.write(0, 1);
        passTicks(100);
        assertFalse(pit.out2());
        passTicks(1);
        assertTrue(pit.out2());
    }

    @Test
    void aNewRateTakesEffectWhenThePeriodEnds() {
        portB.write(0, 1);
        program(2, 2, 100);
        passTicks(10);
        pit.write(2, 50);
        pit.write(2, 0);
        assertEquals(0x40, status(2) & 0x40);
        assertEquals(90, latched(2));
        passTicks(95);
        assertEquals(45, latched(2));
        assertEquals(0, status(2) & 0x40);
    }

    @Test
    void aLatchedCountStaysUntilItIsRead() {
        program(0, 2, 0x1234);
        pit.write(CONTROL, 0);
        passTicks(0x100);
        pit.write(CONTROL, 0);
        assertEquals(0x34, pit.read(0));
        assertEquals(0x12, pit.read(0));
        assertEquals(0x34, pit.read(0));
        assertEquals(0x11, pit.read(0));
    }

    @Test
    void readBackLatchesStatusBeforeCount() {
        program(1, 3, 500);
        pit.write(CONTROL, 0xc0 | 2 << 1);
        assertEquals(0x80 | 0x30 | 3 << 1, pit.read(1));
        assertEquals(500, pit.read(1) | pit.read(1) << 8);
    }

    @Test
    void beforeItsCountIsWrittenAChannelHasNone() {
        pit.write(CONTROL, 0x34);
        assertEquals(0x40, status(0) & 0x40);
        pit.write(0, 1);
        assertEquals(0x40, status(0) & 0x40);
        pit.write(0, 1);
        assertEquals(0, status(0) & 0x40);
    }

    @Test
    void bcdCountsInDecimal() {
        portB.write(0, 1);
        pit.write(CONTROL, 0xb1);
        pit.write(2, 0x00);
        pit.write(2, 0x10);
        passTicks(1);
        assertEquals(0x0999, latched(2));
        passTicks(1000);
        assertEquals(0x9999, latched(2));
    }

    @Test
    void singleByteAccessesReadAndWriteOneHalf() {
        pit.write(CONTROL, 0x54);
        pit.write(1, 18);
        assertEquals(18, pit.read(1));
        pit.write(CONTROL, 0x64);
        pit.write(1, 18);
        assertEquals(18, pit.read(1));
    }

    @Test
    void theRefreshBitToggles() {
        int before = portB.read(0) & 0x10;
        time.pass(15_085);
        assertEquals(before ^ 0x10, portB.read(0) & 0x10);
    }

    @Test
    void aRestoredTimerTicksOn() throws SnapshotException {
        program(0, 2, 11_932);
        time.pass(SECOND);
        TestTime other = new TestTime();
        TestLine line = new TestLine();
        Pit8254 restored = new Pit8254(other.clock, line);
        other.clock.restore(
                SnapshotReader.from(new ByteArrayInputStream(SnapshotWriter.bytesOf(time.clock))));
        restored.restore(
                SnapshotReader.from(new ByteArrayInputStream(SnapshotWriter.bytesOf(pit))));
        int before = line.rises();
        other.pass(100 * MILLISECOND);
        assertEquals(10, line.rises() - before);
    }

    @Test
    void ticksAndNanosecondsConvertForCenturies() {
        long century = 100L * 365 * 86_400 * SECOND;
        long ticks = Ticks.ofNanos(century, Pit8254.HERTZ);
        assertEquals(century / SECOND * Pit8254.HERTZ, ticks);
        assertEquals(century, Ticks.toNanos(ticks, Pit8254.HERTZ));
        assertEquals(1, Ticks.ofNanos(Ticks.toNanos(1, Pit8254.HERTZ), Pit8254.HERTZ));
    }
}
