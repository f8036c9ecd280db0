package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class RawWordsTest {
    @Test
    void theEnvironmentIsThisProcesss() {
        String path = "PATH=" + System.getenv("PATH");
        assertTrue(
                RawWords.environment().stream()
                        .anyMatch(each -> path.equals(new String(each, StandardCharsets.UTF_8))));
    }

    @Test
    void wordsThatAreNotTheCommandLinesAreTakenAsDecoded() {
        List<byte[]> words = RawWords.last(List.of("no such word", "é"));
        assertEquals(2, words.size());
        assertArrayEquals(new byte[] {(byte) 0xc3, (byte) 0xa9}, words.get(1));
    }
}
