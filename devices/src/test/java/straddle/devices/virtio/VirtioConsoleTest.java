package straddle.devices.virtio;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import straddle.devices.contract.DeviceContract;

@Timeout(30)
class VirtioConsoleTest implements DeviceContract {
    private static final long DATA = 0x2_0000;
    private static final long ROOM = 0x3_0000;

    private final ByteArrayOutputStream said = new ByteArrayOutputStream();
    private final VirtioConsole console = new VirtioConsole(said::writeBytes);
    private final TestDriver driver = new TestDriver().plug(console);

    @Override
    public Subject subject() {
        TestDriver fresh = new TestDriver().plug(new VirtioConsole(_ -> {}));
        return new Subject(
                fresh.function,
                List.of(
                        new Registers(
                                fresh.block(TestDriver.REGISTERS), TestDriver.REGISTERS_LENGTH),
                        new Registers(fresh.block(TestDriver.MESSAGES), 0x1000)),
                () -> fresh.common(0x14, 1, 3));
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void whatTheGuestWritesComesOutInOnePiece() {
        driver.start(TestDriver.ALL);
        driver.put(DATA, text("hello, world"));
        driver.describe(1, 0, DATA, 5, TestDriver.NEXT, 1);
        driver.describe(1, 1, DATA + 5, 7, 0, 0);
        driver.offer(1, 0);
        assertArrayEquals(text("hello, world"), said.toByteArray());
        assertEquals(1, driver.usedIndex(1));
    }

    @Test
    void whatIsTypedWaitsForTheGuestsRoom() {
        assertEquals(5, console.receive(text("typed")));
        driver.start(TestDriver.ALL);
        driver.describe(0, 0, ROOM, 3, TestDriver.WRITE, 0);
        driver.offer(0, 0);
        assertArrayEquals(text("typ"), driver.bytes(ROOM, 3));
        driver.offer(0, 0);
        assertArrayEquals(text("ed"), driver.bytes(ROOM, 2));
        assertEquals(2, driver.usedLength(0, 1));
    }

    @Test
    void aGuestThatDoesNotListenFillsTheBuffer() {
        assertEquals(64 << 10, console.receive(new byte[100_000]));
        assertEquals(0, console.receive(new byte[1]));
    }

    @Test
    void theWindowsSizeChangesWithAnInterrupt() {
        driver.start(TestDriver.ALL);
        long generation = driver.common(0x15, 1);
        console.resize(132, 43);
        assertEquals(132 | 43 << 16, driver.common(0x2000, 4));
        assertTrue(driver.common(0x15, 1) != generation);
        assertEquals(2, driver.memory.read(TestDriver.REGISTERS + 0x1000, 1));
    }
}
