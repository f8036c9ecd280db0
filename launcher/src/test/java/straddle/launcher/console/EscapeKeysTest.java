package straddle.launcher.console;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static straddle.launcher.console.EscapeKeys.*;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EscapeKeysTest {
    private final EscapeKeys keys = new EscapeKeys();

    @Test
    void everyByteButTheEscapeIsTheGuests() {
        for (int b = 0; b < 256; b++) {
            assertEquals(b == ESCAPE ? ESCAPE : b, b == ESCAPE ? doubled() : keys.next(b));
        }
    }

    private int doubled() {
        assertEquals(NOTHING_YET, keys.next(ESCAPE));
        return keys.next(ESCAPE);
    }

    @ParameterizedTest
    @CsvSource({
        "h, -2", "H, -2", "?, -2", "x, -3", "X, -3", "c, -4", "C, -4", "b, -5", "s, -6", "a, 1",
        "A, 1"
    })
    void aLetterAfterTheEscapeIsACommand(char letter, int meaning) {
        assertEquals(NOTHING_YET, keys.next(ESCAPE));
        assertEquals(meaning, keys.next(letter));
        assertEquals(letter, keys.next(letter));
    }

    @Test
    void utf8PassesAsItIs() {
        byte[] typed = "grüße → 𝄞\n".getBytes(StandardCharsets.UTF_8);
        byte[] passed = new byte[typed.length];
        for (int i = 0; i < typed.length; i++) {
            passed[i] = (byte) keys.next(Byte.toUnsignedInt(typed[i]));
        }
        assertArrayEquals(typed, passed);
    }
}
