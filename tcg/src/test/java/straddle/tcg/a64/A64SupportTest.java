package straddle.tcg.a64;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class A64SupportTest {
    private static final Path DOCUMENT = Path.of("..", "docs", "isa-support-a64.md");

    @Test
    void theDocumentIsWhatTheTablesSay() throws IOException {
        if (Boolean.getBoolean("straddle.docs.write")) {
            Files.writeString(DOCUMENT, A64Support.markdown());
        }
        assertEquals(
                Files.readString(DOCUMENT),
                A64Support.markdown(),
                "to be made anew with -Dstraddle.docs.write=true, as it says");
    }
}
