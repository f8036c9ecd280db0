package straddle.launcher;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Memory as options give it: `64M`, `1G`, `1.5G` is none.
final class MemorySize {
    private static final Pattern SHAPE = Pattern.compile("(\\d+)([kKmMgGtT])(?:i?[bB])?");
    private static final String UNITS = "kmgt";

    private MemorySize() {}

    /// @return bytes, at least 1
    static long parse(String text) throws CommandFailure {
        Matcher matcher = SHAPE.matcher(text);
        if (!matcher.matches()) {
            throw CommandFailure.usage(
                    "'"
                            + text
                            + "' is no memory size: give a whole number and a unit, as in 64M or 1G.");
        }
        int shift = 10 * (UNITS.indexOf(Character.toLowerCase(matcher.group(2).charAt(0))) + 1);
        long number;
        try {
            number = Long.parseLong(matcher.group(1));
        } catch (NumberFormatException _) {
            number = Long.MAX_VALUE;
        }
        if (number == 0) {
            throw CommandFailure.usage("A guest can't run with 0 bytes of memory; try -m 64M.");
        }
        if (number > Long.MAX_VALUE >> shift) {
            throw CommandFailure.usage("No computer has " + text + " of memory; try -m 64M.");
        }
        return number << shift;
    }
}
