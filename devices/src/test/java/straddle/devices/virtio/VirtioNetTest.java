package straddle.devices.virtio;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import straddle.devices.contract.DeviceContract;

@Timeout(30)
class VirtioNetTest implements DeviceContract {
    private static final byte[] ADDRESS = {2, 1, 2, 3, 4, 5};
    private static final long SENT = 0x2_0000;
    private static final long RECEIVED = 0x3_0000;
    private static final int HEADER = 12;

    private static TestDriver plugged(NetworkBackend backend) {
        return new TestDriver().plug(new VirtioNet(backend, ADDRESS));
    }

    @Override
    public Subject subject() {
        TestDriver fresh = plugged(NetworkBackend.LOOPBACK);
        return new Subject(
                fresh.function,
                List.of(
                        new Registers(
                                fresh.block(TestDriver.REGISTERS), TestDriver.REGISTERS_LENGTH),
                        new Registers(fresh.block(TestDriver.MESSAGES), 0x1000)),
                () -> fresh.common(0x14, 1, 3));
    }

    private static void send(TestDriver driver, int frameBytes) {
        byte[] packet = new byte[HEADER + frameBytes];
        Arrays.fill(packet, HEADER, packet.length, (byte) 7);
        driver.put(SENT, packet);
        driver.describe(1, 0, SENT, packet.length, 0, 0);
        driver.offer(1, 0);
    }

    @Test
    void theGuestSeesItsAddress() {
        TestDriver driver = plugged(NetworkBackend.NOWHERE);
        assertEquals(0x0302_0102, driver.common(0x2000, 4));
        assertEquals(1, driver.common(0x2006, 2));
        assertThrows(
                IllegalArgumentException.class,
                () -> new VirtioNet(NetworkBackend.NOWHERE, new byte[] {1, 0, 0, 0, 0, 0}));
    }

    @Test
    void whatIsSentThroughALoopbackComesBackBehindAHeader() {
        TestDriver driver = plugged(NetworkBackend.LOOPBACK).start(TestDriver.ALL);
        driver.describe(0, 0, RECEIVED, 2000, TestDriver.WRITE, 0);
        driver.offer(0, 0);
        send(driver, 60);
        assertEquals(1, driver.usedIndex(1));
        assertEquals(HEADER + 60, driver.usedLength(0, 0));
        byte[] packet = driver.bytes(RECEIVED, HEADER + 61);
        assertArrayEquals(new byte[] {0, 0, 1, 0, 7}, Arrays.copyOfRange(packet, 8, 13));
        assertArrayEquals(new byte[] {7, 0}, Arrays.copyOfRange(packet, HEADER + 59, HEADER + 61));
    }

    @Test
    void aFrameThatTheGuestHasNoRoomForIsLost() {
        TestDriver driver = plugged(NetworkBackend.LOOPBACK).start(TestDriver.ALL);
        send(driver, 60);
        assertEquals(0, driver.usedIndex(0));
        driver.describe(0, 0, RECEIVED, 20, TestDriver.WRITE, 0);
        driver.offer(0, 0);
        send(driver, 60);
        assertEquals(0, driver.usedLength(0, 0));
        assertEquals(2, driver.usedIndex(1));
    }

    @Test
    void whatIsNoFrameIsNotSent() {
        TestDriver driver =
                plugged(
                                (_, _) -> {
                                    throw new AssertionError("sent");
                                })
                        .start(TestDriver.ALL);
        send(driver, 13);
        driver.describe(1, 0, 0, 0xf_0000, 0, 0);
        driver.offer(1, 0);
        assertEquals(2, driver.usedIndex(1));
    }
}
