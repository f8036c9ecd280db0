package straddle.devices.acpi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static straddle.devices.acpi.AcpiPm.*;

import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import straddle.devices.contract.DeviceContract;
import straddle.devices.contract.TestLine;
import straddle.devices.contract.TestTime;

class AcpiPmTest implements DeviceContract {
    private static final long SECOND = 1_000_000_000;

    private final TestTime time = new TestTime();
    private final TestLine sci = new TestLine();
    private int powerOffs;
    private final AcpiPm pm = new AcpiPm(time.clock, sci, () -> powerOffs++);

    @Override
    public Subject subject() {
        AcpiPm device = new AcpiPm(new TestTime().clock, new TestLine(), () -> {});
        return new Subject(
                device, List.of(new Registers(device, LENGTH)), () -> device.write(PM1_EN, 2, 1));
    }

    @Nested
    class ResetControlContract implements DeviceContract {
        @Override
        public Subject subject() {
            ResetControl device = new ResetControl(() -> {});
            return new Subject(device, List.of(new Registers(device, 1)), () -> device.write(0, 2));
        }
    }

    @Test
    void thePowerButtonInterruptsWhenEnabledUntilItIsAcknowledged() {
        pm.pressPowerButton();
        assertFalse(sci.isHigh());
        assertEquals(PWRBTN_STS, pm.read(PM1_STS, 2));
        pm.write(PM1_EN, 2, PWRBTN_STS);
        assertTrue(sci.isHigh());
        pm.write(PM1_STS, 2, PWRBTN_STS);
        assertFalse(sci.isHigh());
    }

    @Test
    void statusAndEnableAreOneDoublewordToo() {
        pm.write(0, 4, (long) PWRBTN_STS << 16);
        pm.pressPowerButton();
        assertEquals((long) PWRBTN_STS << 16 | PWRBTN_STS, pm.read(0, 4));
        pm.write(1, 1, 1);
        assertEquals((long) PWRBTN_STS << 16, pm.read(0, 4));
    }

    @Test
    void softOffNeedsItsSleepTypeAndTheEnable() {
        pm.write(PM1_CONTROL, 2, SLEEP_TYPE_S5 << SLP_TYP_SHIFT);
        pm.write(PM1_CONTROL, 2, 1 << SLP_TYP_SHIFT | SLP_EN);
        assertEquals(0, powerOffs);
        pm.write(PM1_CONTROL, 2, SLEEP_TYPE_S5 << SLP_TYP_SHIFT | SLP_EN);
        assertEquals(1, powerOffs);
    }

    @Test
    void itIsAlwaysInAcpiMode() {
        pm.write(PM1_CONTROL, 2, 0);
        assertEquals(SCI_EN, pm.read(PM1_CONTROL, 2) & SCI_EN);
    }

    @Test
    void theTimerRunsAtItsFrequency() {
        time.pass(SECOND);
        assertEquals(TIMER_HERTZ, pm.read(PM_TIMER, 4));
        pm.write(PM_TIMER, 4, 0);
        assertEquals(TIMER_HERTZ, pm.read(PM_TIMER, 4));
    }

    @Test
    void itsCarryInterrupts() {
        pm.write(PM1_EN, 2, TMR_STS);
        time.pass(599 * SECOND);
        assertFalse(sci.isHigh());
        time.pass(SECOND);
        assertTrue(sci.isHigh());
    }

    @Test
    void aResetIsOneEdge() {
        int[] resets = new int[1];
        ResetControl port = new ResetControl(() -> resets[0]++);
        port.write(0, 2);
        assertEquals(0, resets[0]);
        port.write(0, ResetControl.RESET);
        port.write(0, ResetControl.RESET);
        assertEquals(1, resets[0]);
        assertEquals(ResetControl.RESET, port.read(0));
    }
}
