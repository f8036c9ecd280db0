package straddle.devices.timer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static straddle.devices.timer.Hpet.*;

import java.util.List;
import org.junit.jupiter.api.Test;
import straddle.core.irq.IrqLine;
import straddle.devices.contract.DeviceContract;
import straddle.devices.contract.TestLine;
import straddle.devices.contract.TestTime;

class HpetTest implements DeviceContract {
    private static final long TICK = 10;
    private static final int TIMER_1 = TIMER_0 + TIMER_STEP;
    private static final int TIMER_2 = TIMER_1 + TIMER_STEP;
    private static final int ROUTE_20 = 20 << TN_ROUTE_SHIFT;

    private final TestTime time = new TestTime();
    private final TestLine irq0 = new TestLine();
    private final TestLine irq8 = new TestLine();
    private final TestLine gsi20 = new TestLine();
    private final Hpet hpet =
            new Hpet(time.clock, irq0, irq8, gsi -> gsi == 20 ? gsi20 : IrqLine.UNCONNECTED);

    @Override
    public Subject subject() {
        Hpet device =
                new Hpet(
                        new TestTime().clock,
                        IrqLine.UNCONNECTED,
                        IrqLine.UNCONNECTED,
                        _ -> IrqLine.UNCONNECTED);
        return new Subject(
                device,
                List.of(new Registers(device, LENGTH)),
                () -> device.write(MAIN_CNT, 8, 12345));
    }

    private void enable(int conf) {
        hpet.write(GEN_CONF, 4, CONF_ENABLE | conf);
    }

    @Test
    void itSaysWhatItIs() {
        assertEquals(10_000_000, hpet.read(GCAP_ID + 4, 4));
        assertEquals(0x8086_a201L, hpet.read(GCAP_ID, 4));
        assertEquals(0x00ff_0000L, hpet.read(TIMER_0 + 4, 4));
    }

    @Test
    void theCounterRunsWhileItIsEnabled() {
        time.pass(1000);
        assertEquals(0, hpet.read(MAIN_CNT, 8));
        hpet.write(MAIN_CNT, 8, 0xffff_fff0L);
        enable(0);
        time.pass(100 * TICK);
        assertEquals(0x1_0000_0054L, hpet.read(MAIN_CNT, 8));
        assertEquals(0x54, hpet.read(MAIN_CNT, 4));
        assertEquals(1, hpet.read(MAIN_CNT + 4, 4));
        hpet.write(GEN_CONF, 4, 0);
        time.pass(100 * TICK);
        assertEquals(0x1_0000_0054L, hpet.read(MAIN_CNT, 8));
    }

    @Test
    void aOneShotFiresOnceAtItsComparator() {
        enable(0);
        hpet.write(TIMER_2 + TN_CONF, 4, TN_INT_ENABLE | ROUTE_20);
        hpet.write(TIMER_2 + TN_COMPARATOR, 8, 500);
        time.pass(499 * TICK);
        assertEquals(0, gsi20.rises());
        time.pass(TICK);
        assertEquals(1, gsi20.rises());
        time.pass(100_000 * TICK);
        assertEquals(1, gsi20.rises());
    }

    @Test
    void aComparatorInThePastOf64BitsNeverMatches() {
        enable(0);
        time.pass(1000 * TICK);
        hpet.write(TIMER_2 + TN_CONF, 4, TN_INT_ENABLE | ROUTE_20);
        hpet.write(TIMER_2 + TN_COMPARATOR, 8, 500);
        time.pass(1_000_000_000_000L);
        assertEquals(0, gsi20.rises());
    }

    @Test
    void aComparatorOf32BitsMatchesAgainAfterTheWrap() {
        enable(0);
        hpet.write(TIMER_2 + TN_CONF, 4, TN_INT_ENABLE | TN_32_BITS | ROUTE_20);
        hpet.write(TIMER_2 + TN_COMPARATOR, 4, 500);
        time.pass((1L << 32) * TICK + 499 * TICK);
        assertEquals(1, gsi20.rises());
        time.pass(TICK);
        assertEquals(2, gsi20.rises());
    }

    @Test
    void aPeriodicTimerStartsWhereItIsSetAndGoesOn() {
        enable(0);
        hpet.write(TIMER_2 + TN_CONF, 4, TN_INT_ENABLE | TN_PERIODIC | TN_VAL_SET | ROUTE_20);
        hpet.write(TIMER_2 + TN_COMPARATOR, 8, 5000);
        hpet.write(TIMER_2 + TN_COMPARATOR, 8, 2000);
        time.pass(5000 * TICK);
        assertEquals(1, gsi20.rises());
        assertEquals(7000, hpet.read(TIMER_2 + TN_COMPARATOR, 8));
        time.pass(20_000 * TICK);
        assertEquals(11, gsi20.rises());
    }

    @Test
    void aPeriodThatIsTooShortDoesNotTakeTheHostOver() {
        enable(0);
        hpet.write(TIMER_2 + TN_CONF, 4, TN_INT_ENABLE | TN_PERIODIC | TN_VAL_SET | ROUTE_20);
        hpet.write(TIMER_2 + TN_COMPARATOR, 8, 1);
        time.pass(1_000_000);
        assertTrue(gsi20.rises() <= 101);
    }

    @Test
    void aLevelStaysUntilItIsAcknowledged() {
        enable(0);
        hpet.write(TIMER_2 + TN_CONF, 4, TN_INT_ENABLE | TN_LEVEL | ROUTE_20);
        hpet.write(TIMER_2 + TN_COMPARATOR, 8, 500);
        time.pass(1000 * TICK);
        assertTrue(gsi20.isHigh());
        assertEquals(4, hpet.read(GINTR_STA, 4));
        hpet.write(GINTR_STA, 4, 4);
        assertFalse(gsi20.isHigh());
    }

    @Test
    void legacyReplacementCutsTheOldTimersOff() {
        hpet.pitLine().raise();
        assertTrue(irq0.isHigh());
        hpet.rtcLine().raise();
        enable(CONF_LEGACY);
        assertFalse(irq0.isHigh());
        assertFalse(irq8.isHigh());
        hpet.pitLine().pulse();
        assertEquals(1, irq0.rises());
        hpet.write(TIMER_0 + TN_CONF, 4, TN_INT_ENABLE);
        hpet.write(TIMER_0 + TN_COMPARATOR, 8, 100);
        hpet.write(TIMER_1 + TN_CONF, 4, TN_INT_ENABLE);
        hpet.write(TIMER_1 + TN_COMPARATOR, 8, 100);
        time.pass(100 * TICK);
        assertEquals(2, irq0.rises());
        assertEquals(2, irq8.rises());
        hpet.pitLine().raise();
        enable(0);
        assertTrue(irq0.isHigh());
    }

    @Test
    void aTimerThatComesLateKeepsItsPace() {
        enable(0);
        hpet.write(TIMER_2 + TN_CONF, 4, TN_INT_ENABLE | TN_PERIODIC | TN_VAL_SET | ROUTE_20);
        hpet.write(TIMER_2 + TN_COMPARATOR, 8, 2000);
        time.jump(5500 * TICK);
        assertEquals(1, gsi20.rises());
        assertEquals(6000, hpet.read(TIMER_2 + TN_COMPARATOR, 8));
    }

    @Test
    void periodsThatABusyHostMissedAreMadeUpFor() {
        enable(0);
        hpet.write(TIMER_2 + TN_CONF, 4, TN_INT_ENABLE | TN_PERIODIC | TN_VAL_SET | ROUTE_20);
        hpet.write(TIMER_2 + TN_COMPARATOR, 8, 400_000);
        time.jump(4_000_000 * TICK);
        assertEquals(1, gsi20.rises());
        time.pass(1_000_000 * TICK);
        assertEquals(11, gsi20.rises());
        time.pass(4_000_000 * TICK);
        assertEquals(22, gsi20.rises());
    }
}
