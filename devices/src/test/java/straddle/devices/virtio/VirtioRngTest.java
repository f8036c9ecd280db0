package straddle.devices.virtio;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import straddle.devices.contract.DeviceContract;

@Timeout(30)
class VirtioRngTest implements DeviceContract {
    private static final long DATA = 0x2_0000;

    private static TestDriver plugged() {
        return new TestDriver().plug(new VirtioRng(bytes -> Arrays.fill(bytes, (byte) 0x5a)));
    }

    @Override
    public Subject subject() {
        TestDriver fresh = plugged();
        return new Subject(
                fresh.function,
                List.of(
                        new Registers(
                                fresh.block(TestDriver.REGISTERS), TestDriver.REGISTERS_LENGTH),
                        new Registers(fresh.block(TestDriver.MESSAGES), 0x1000)),
                () -> fresh.common(0x14, 1, 3));
    }

    @Test
    void aBufferIsFilled() {
        TestDriver driver = plugged().start(TestDriver.ALL);
        driver.describe(0, 0, DATA, 5, TestDriver.WRITE, 0);
        driver.offer(0, 0);
        assertEquals(5, driver.usedLength(0, 0));
        assertArrayEquals(new byte[] {0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0}, driver.bytes(DATA, 6));
    }

    @Test
    void aLargeBufferGetsAPart() {
        TestDriver driver = plugged().start(0);
        driver.describe(0, 0, DATA, 0x1_0000, TestDriver.WRITE, 0);
        driver.offer(0, 0);
        assertEquals(4096, driver.usedLength(0, 0));
    }
}
