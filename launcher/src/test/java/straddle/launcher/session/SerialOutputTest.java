package straddle.launcher.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class SerialOutputTest {

    @Test
    void everyByteArrivesUnchanged() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (SerialOutput serial = new SerialOutput(new PrintStream(bytes), () -> {})) {
            for (int i = 0; i < 100_000; i++) {
                serial.write(i & 0xff);
            }
        }

        assertEquals(100_000, bytes.size());
        assertEquals((byte) 99_999, bytes.toByteArray()[99_999]);
    }

    @Test
    void aReaderThatWentAwayIsReportedOnce() throws InterruptedException {
        CountDownLatch gone = new CountDownLatch(1);
        SerialOutput serial = new SerialOutput(new PrintStream(new Broken()), gone::countDown);
        serial.write('x');

        assertTrue(gone.await(20, TimeUnit.SECONDS));
        assertTrue(serial.readerGone());
        serial.close();
    }

    @Test
    void abandonedOutputBlocksNobody() throws InterruptedException {
        CountDownLatch release = new CountDownLatch(1);
        SerialOutput serial = new SerialOutput(new PrintStream(new Stuck(release)), () -> {});
        Thread guest = Thread.ofVirtual().start(() -> flood(serial));
        serial.abandon();

        assertTrue(guest.join(java.time.Duration.ofSeconds(20)));
        release.countDown();
        serial.close();
        assertFalse(serial.readerGone());
    }

    private static void flood(SerialOutput serial) {
        for (int i = 0; i < 1_000_000; i++) {
            serial.write('x');
        }
    }

    /// A pipe whose reader has gone.
    private static final class Broken extends OutputStream {
        @Override
        public void write(int b) throws IOException {
            throw new IOException("Broken pipe");
        }
    }

    /// A terminal whose user has pressed Ctrl-S.
    private static final class Stuck extends OutputStream {
        private final CountDownLatch release;

        Stuck(CountDownLatch release) {
            this.release = release;
        }

        @Override
        public void write(int b) throws IOException {
            try {
                release.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }
    }
}
