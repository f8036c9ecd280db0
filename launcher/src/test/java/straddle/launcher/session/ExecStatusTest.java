package straddle.launcher.session;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExecStatusTest {
    private final AtomicInteger ends = new AtomicInteger();
    private final ExecStatus status = new ExecStatus(ends::incrementAndGet);

    private void say(String text) {
        for (byte each : text.getBytes(StandardCharsets.ISO_8859_1)) {
            status.write(each & 0xff);
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "7, 7", "127, 127", "255, 255"})
    void aWholeLineTellsTheExitCode(String said, int code) {
        say("exit " + said);
        assertEquals(OptionalInt.empty(), status.code());
        say("\r\n");
        assertEquals(OptionalInt.of(code), status.code());
        assertEquals(1, ends.get());
    }

    @Test
    void anythingElseTellsNone() {
        say("exit with a bang, and so on for ever and ever\n".repeat(1000));
        assertEquals(OptionalInt.empty(), status.code());
        assertEquals(0, ends.get());
    }
}
