package straddle.devices.rtc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static straddle.devices.rtc.Mc146818.*;

import java.util.List;
import org.junit.jupiter.api.Test;
import straddle.devices.contract.DeviceContract;
import straddle.devices.contract.TestLine;
import straddle.devices.contract.TestTime;

class Mc146818Test implements DeviceContract {
    private static final long SECOND = 1_000_000_000;

    /// 2024-02-28T23:59:58Z, a Wednesday.
    private static final long BOOT = 1_709_164_798;

    private final TestTime time = new TestTime();
    private final TestLine irq8 = new TestLine();
    private final Mc146818 rtc = new Mc146818(time.clock, irq8, BOOT, new byte[] {});

    @Override
    public Subject subject() {
        Mc146818 device =
                new Mc146818(new TestTime().clock, new TestLine(), BOOT, new byte[CMOS_BYTES]);
        return new Subject(
                device, List.of(new Registers(device, LENGTH)), () -> device.write(0, 0x41));
    }

    private int get(int register) {
        rtc.write(0, register);
        return rtc.read(1);
    }

    private void put(int register, int value) {
        rtc.write(0, register);
        rtc.write(1, value);
    }

    private String shown() {
        return "%02x%02x-%02x-%02x %02x:%02x:%02x day %x"
                .formatted(
                        get(CENTURY),
                        get(YEAR),
                        get(MONTH),
                        get(DAY_OF_MONTH),
                        get(HOURS),
                        get(MINUTES),
                        get(SECONDS),
                        get(DAY_OF_WEEK));
    }

    @Test
    void itShowsTheTimeItWasGivenAndRuns() {
        assertEquals("2024-02-28 23:59:58 day 4", shown());
        time.pass(3 * SECOND);
        assertEquals("2024-02-29 00:00:01 day 5", shown());
    }

    @Test
    void theTimeCanBeSetWhileItIsStopped() {
        put(REG_B, REG_B_SET | REG_B_24H);
        put(CENTURY, 0x19);
        put(YEAR, 0x99);
        put(MONTH, 0x12);
        put(DAY_OF_MONTH, 0x31);
        put(HOURS, 0x23);
        put(MINUTES, 0x59);
        put(SECONDS, 0x59);
        time.pass(10 * SECOND);
        assertEquals(0x59, get(SECONDS));
        put(REG_B, REG_B_24H);
        time.pass(SECOND);
        assertEquals("2000-01-01 00:00:00 day 7", shown());
    }

    @Test
    void aByteSetWhileItRunsKeepsThePhaseOfTheSecond() {
        time.pass(SECOND / 2);
        put(MINUTES, 0x10);
        assertEquals("2024-02-28 23:10:58 day 4", shown());
        time.pass(SECOND / 2);
        assertEquals(0x59, get(SECONDS));
    }

    @Test
    void binaryAndTwelveHourFormsAreKnown() {
        put(REG_B, REG_B_DM);
        assertEquals(0x80 | 11, get(HOURS));
        assertEquals(58, get(SECONDS));
        time.pass(2 * SECOND);
        assertEquals(12, get(HOURS), "midnight is 12 AM");
    }

    @Test
    void anUpdateIsAnnouncedShortlyBefore() {
        assertEquals(0, get(REG_A) & REG_A_UIP);
        time.pass(SECOND - 200_000);
        assertEquals(REG_A_UIP, get(REG_A) & REG_A_UIP);
        time.pass(200_000);
        assertEquals(0, get(REG_A) & REG_A_UIP);
    }

    @Test
    void updatesInterruptEachSecond() {
        put(REG_B, REG_B_24H | REG_B_UIE);
        time.pass(SECOND);
        assertTrue(irq8.isHigh());
        assertEquals(REG_C_IRQF | REG_C_UF, get(REG_C) & (REG_C_IRQF | REG_C_UF));
        assertFalse(irq8.isHigh());
        time.pass(SECOND);
        assertEquals(2, irq8.rises());
    }

    @Test
    void theAlarmInterruptsAtItsTime() {
        put(HOURS_ALARM, 0x00);
        put(MINUTES_ALARM, 0x01);
        put(SECONDS_ALARM, 0x30);
        put(REG_B, REG_B_24H | REG_B_AIE);
        time.pass(91 * SECOND);
        assertFalse(irq8.isHigh());
        time.pass(SECOND);
        assertTrue(irq8.isHigh());
        assertEquals(REG_C_AF, get(REG_C) & REG_C_AF);
    }

    @Test
    void anAlarmThatDoesNotCareComesEachMinute() {
        put(HOURS_ALARM, 0xff);
        put(MINUTES_ALARM, 0xc0);
        put(SECONDS_ALARM, 0x05);
        put(REG_B, REG_B_24H | REG_B_AIE);
        time.pass(7 * SECOND);
        assertEquals(1, irq8.rises());
        get(REG_C);
        time.pass(60 * SECOND);
        assertEquals(2, irq8.rises());
    }

    @Test
    void periodsInterruptAtTheirRate() {
        put(REG_A, 0x2f);
        put(REG_B, REG_B_24H | REG_B_PIE);
        for (int i = 0; i < 4; i++) {
            time.pass(SECOND / 2);
            assertEquals(REG_C_IRQF | REG_C_PF, get(REG_C) & (REG_C_IRQF | REG_C_PF));
        }
        assertEquals(4, irq8.rises());
    }

    @Test
    void flagsAreSetWithoutTheirInterrupts() {
        time.pass(SECOND);
        assertEquals(REG_C_UF, get(REG_C) & (REG_C_IRQF | REG_C_UF));
        assertEquals(0, get(REG_C));
        assertEquals(0, irq8.rises());
    }

    @Test
    void ramKeepsWhatIsWrittenAndWhatItStartedWith() {
        Mc146818 filled =
                new Mc146818(
                        time.clock,
                        irq8,
                        BOOT,
                        new byte[] {9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 0x12});
        filled.write(0, 0x0f);
        assertEquals(0x12, filled.read(1));
        put(0x40, 0x77);
        rtc.reset();
        assertEquals(0x77, get(0x40));
        assertEquals(REG_D_VRT, get(REG_D));
    }

    @Test
    void theIndexPortsTopBitIsNotOfTheIndex() {
        put(0x8f, 0x33);
        assertEquals(0x33, get(0x0f));
    }
}
