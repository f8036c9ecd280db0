package straddle.launcher.report;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/// A table of plain text, at most [#WIDTH] columns wide if one of its columns may wrap.
///
/// Headings are bold where the reader understands ANSI; nothing else is ever coloured, so that what is
/// copied from a terminal and what is piped into a file read the same.
public final class Table {
    /// The widest that a report gets.
    public static final int WIDTH = 100;

    private static final String GAP = "  ";
    private static final String BOLD = "\u001b[1m";
    private static final String PLAIN = "\u001b[0m";

    private final List<Column> columns;
    private final List<List<String>> rows = new ArrayList<>();

    /// How a column's cells lie in it.
    public enum Alignment {
        LEFT,
        RIGHT,
        WRAPPED
    }

    /// A column, made by [#left], [#right] or [#wrapped].
    public record Column(String heading, Alignment alignment) {}

    private Table(List<Column> columns) {
        this.columns = columns;
    }

    public static Table of(Column... columns) {
        return new Table(List.of(columns));
    }

    public static Table of(List<Column> columns) {
        return new Table(List.copyOf(columns));
    }

    /// For words.
    public static Column left(String heading) {
        return new Column(heading, Alignment.LEFT);
    }

    /// For figures.
    public static Column right(String heading) {
        return new Column(heading, Alignment.RIGHT);
    }

    /// For sentences: takes what width is left and goes on in the next line. At most one a table, the last.
    public static Column wrapped(String heading) {
        return new Column(heading, Alignment.WRAPPED);
    }

    /// Adds a row of as many cells as there are columns.
    public Table row(String... cells) {
        return row(List.of(cells));
    }

    public Table row(List<String> cells) {
        if (cells.size() != columns.size()) {
            throw new IllegalArgumentException(
                    cells.size() + " cells for " + columns.size() + " columns: " + cells);
        }
        rows.add(List.copyOf(cells));
        return this;
    }

    /// @param ansi whether the stream understands ANSI escapes
    public void print(PrintStream out, boolean ansi) {
        int[] widths = widths();
        List<String> headings = columns.stream().map(Column::heading).toList();
        if (headings.stream().anyMatch(heading -> !heading.isEmpty())) {
            for (String line : lines(headings, widths)) {
                out.println(ansi ? BOLD + line + PLAIN : line);
            }
        }
        for (List<String> row : rows) {
            lines(row, widths).forEach(out::println);
        }
    }

    private int[] widths() {
        int[] widths = new int[columns.size()];
        int left = WIDTH;
        for (int i = 0; i < widths.length; i++) {
            int column = i;
            widths[i] =
                    rows.stream()
                            .mapToInt(row -> row.get(column).length())
                            .reduce(columns.get(i).heading().length(), Math::max);
            if (columns.get(i).alignment() == Alignment.WRAPPED) {
                widths[i] = Math.clamp(left, 20, Math.max(20, widths[i]));
            }
            left -= widths[i] + GAP.length();
        }
        return widths;
    }

    /// A row as lines: one, unless a wrapped cell needs more.
    private List<String> lines(List<String> cells, int[] widths) {
        List<List<String>> wrapped = new ArrayList<>();
        int height = 1;
        for (int i = 0; i < widths.length; i++) {
            List<String> parts =
                    columns.get(i).alignment() == Alignment.WRAPPED
                            ? wrap(cells.get(i), widths[i])
                            : List.of(cells.get(i));
            wrapped.add(parts);
            height = Math.max(height, parts.size());
        }
        List<String> lines = new ArrayList<>();
        for (int line = 0; line < height; line++) {
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                List<String> parts = wrapped.get(i);
                String part = line < parts.size() ? parts.get(line) : "";
                String padding = " ".repeat(Math.max(0, widths[i] - part.length()));
                boolean right = columns.get(i).alignment() == Alignment.RIGHT;
                text.append(i == 0 ? "" : GAP)
                        .append(right ? padding : "")
                        .append(part)
                        .append(right ? "" : padding);
            }
            lines.add(text.toString().stripTrailing());
        }
        return lines;
    }

    /// Breaks a text at spaces into lines of at most `width` characters; a longer word stays whole.
    public static List<String> wrap(String text, int width) {
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        for (String word : text.split(" ", -1)) {
            if (!line.isEmpty() && line.length() + 1 + word.length() > width) {
                lines.add(line.toString());
                line.setLength(0);
            }
            line.append(line.isEmpty() ? "" : " ").append(word);
        }
        lines.add(line.toString());
        return lines;
    }
}
