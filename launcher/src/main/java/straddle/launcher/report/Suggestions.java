package straddle.launcher.report;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/// What a mistyped word was probably meant to be.
public final class Suggestions {
    private Suggestions() {}

    /// The known words nearest to one that is unknown, the nearest first; none if all are far off.
    public static List<String> of(String unknown, Collection<String> known) {
        int tolerance = Math.max(1, unknown.length() / 3);
        return known.stream()
                .filter(word -> edits(unknown, word) <= tolerance)
                .sorted(Comparator.comparingInt(word -> edits(unknown, word)))
                .limit(2)
                .toList();
    }

    /// How many insertions, deletions, replacements and swaps of neighbours turn one word into another.
    static int edits(String from, String to) {
        int[][] edits = new int[from.length() + 1][to.length() + 1];
        for (int i = 0; i <= from.length(); i++) {
            for (int j = 0; j <= to.length(); j++) {
                edits[i][j] = i == 0 || j == 0 ? i + j : cheapest(edits, from, i, to, j);
            }
        }
        return edits[from.length()][to.length()];
    }

    private static int cheapest(int[][] edits, String from, int i, String to, int j) {
        boolean same = from.charAt(i - 1) == to.charAt(j - 1);
        int best = edits[i - 1][j - 1] + (same ? 0 : 1);
        best = Math.min(best, 1 + Math.min(edits[i - 1][j], edits[i][j - 1]));
        boolean swapped =
                i > 1
                        && j > 1
                        && from.charAt(i - 1) == to.charAt(j - 2)
                        && from.charAt(i - 2) == to.charAt(j - 1);
        return swapped ? Math.min(best, edits[i - 2][j - 2] + 1) : best;
    }
}
