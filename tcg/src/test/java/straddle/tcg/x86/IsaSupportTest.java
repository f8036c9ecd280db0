package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The opcode table as a whole.
class IsaSupportTest {
    private static final Path DOCUMENT = Path.of("..", "docs", "isa-support.md");

    @Test
    void theDocumentIsWhatTheTablesSay() throws IOException {
        if (Boolean.getBoolean("straddle.docs.write")) {
            Files.writeString(DOCUMENT, IsaSupport.markdown());
        }
        assertEquals(
                Files.readString(DOCUMENT),
                IsaSupport.markdown(),
                "to be made anew with -Dstraddle.docs.write=true, as it says");
    }

    /// A row that another hides would never be decoded.
    @Test
    void everyRowIsDecodedFromItsOwnEncoding() {
        List<Row> hidden =
                OpcodeTable.all().stream().filter(row -> IsaSupport.forms(row).isEmpty()).toList();
        assertEquals(List.of(), hidden);
    }
}
