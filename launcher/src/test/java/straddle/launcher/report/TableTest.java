package straddle.launcher.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class TableTest {

    @Test
    void wordsAreLeftAndFiguresRight() {
        Table table = Table.of(Table.left("phase"), Table.right("time")).row("crc", "1.00 ms");

        assertEquals("phase     time\ncrc    1.00 ms\n", printed(table, false));
    }

    @Test
    void headingsAreBoldOnlyWhereAnsiIsUnderstood() {
        Table table = Table.of(Table.left("a")).row("b");

        assertEquals("\u001b[1ma\u001b[0m\nb\n", printed(table, true));
    }

    @Test
    void aTableWithoutHeadingsHasNoEmptyFirstLine() {
        assertEquals("b\n", printed(Table.of(Table.left("")).row("b"), true));
    }

    @Test
    void aLongSentenceWrapsWithinAHundredColumns() {
        Table table =
                Table.of(Table.left("what"), Table.wrapped("meaning"))
                        .row("TSC", "the guest sees the host's own counter ".repeat(6).strip());

        assertTrue(printed(table, false).lines().allMatch(line -> line.length() <= Table.WIDTH));
        assertEquals(4, printed(table, false).lines().count());
    }

    @Test
    void aWordLongerThanItsColumnStaysWhole() {
        assertEquals("[a, bbbbbb, c]", Table.wrap("a bbbbbb c", 3).toString());
    }

    @Test
    void aRowOfAnotherLengthIsTheProgrammersMistake() {
        Table table = Table.of(Table.left("a"), Table.left("b"));

        assertThrows(IllegalArgumentException.class, () -> table.row("one"));
    }

    private static String printed(Table table, boolean ansi) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        table.print(new PrintStream(bytes, true, StandardCharsets.UTF_8), ansi);
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
