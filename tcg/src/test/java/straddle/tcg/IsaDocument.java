package straddle.tcg;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// A page of `docs/` that lists an architecture's instructions, made from the decoder's tables.
public final class IsaDocument {
    private final StringBuilder text;

    public IsaDocument(String introduction, int rows) {
        text = new StringBuilder(introduction).append("%d rows.%n".formatted(rows));
    }

    public void chapter(String title, List<String> columns) {
        text.append("%n## %s%n%n".formatted(title));
        text.append('|');
        for (String column : columns) {
            text.append(column.isEmpty() ? " |" : " " + column + " |");
        }
        text.append("\n|").append(" --- |".repeat(columns.size())).append('\n');
    }

    public void row(List<String> cells) {
        text.append('|');
        for (String cell : cells) {
            text.append(' ').append(cell).append(" |");
        }
        text.append('\n');
    }

    public String markdown() {
        return text.toString();
    }

    /// Whether the page is there as it should be; with `-Dstraddle.docs.write=true` it is made so.
    ///
    /// @param page its name without the extension
    public static void assertUpToDate(String page, String markdown) throws IOException {
        Path document = Path.of("..", "docs", page + ".md");
        if (Boolean.getBoolean("straddle.docs.write")) {
            Files.writeString(document, markdown);
        }
        assertEquals(
                Files.readString(document),
                markdown,
                "to be made anew with -Dstraddle.docs.write=true, as it says");
    }
}
