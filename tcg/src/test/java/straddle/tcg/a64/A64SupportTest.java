package straddle.tcg.a64;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import straddle.tcg.IsaDocument;

class A64SupportTest {
    @Test
    void theDocumentIsWhatTheTablesSay() throws IOException {
        IsaDocument.assertUpToDate("isa-support-a64", A64Support.markdown());
    }
}
