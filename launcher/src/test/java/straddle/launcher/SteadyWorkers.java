package straddle.launcher;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What `src/test/guest/steady.c` must print.
final class SteadyWorkers {
    private static final int PAGE_WORDS = 4 * 4096 / 8;
    private static final int STEPS = 100_000;

    private SteadyWorkers() {}

    /// How many workers have printed anything, right or wrong: quickly.
    static long spoken(List<String> lines) {
        return lines.stream().map(line -> line.split(" ", 2)[0]).distinct().count();
    }

    private static Map<Long, Long> rounds(List<String> lines, List<String> wrong) {
        Map<Long, Long> next = new HashMap<>();
        for (String line : lines) {
            long[] said = parse(line);
            if (said.length == 3
                    && said[1] == next.getOrDefault(said[0], 0L)
                    && said[2] == sum(said[0], said[1])) {
                next.merge(said[0], 1L, Long::sum);
            } else {
                wrong.add(line);
            }
        }
        return next;
    }

    /// Lines that must not be there.
    static List<String> wrong(List<String> lines) {
        List<String> wrong = new ArrayList<>();
        rounds(lines, wrong);
        return wrong;
    }

    private static long[] parse(String line) {
        String[] words = line.split(" ", -1);
        try {
            return words.length == 3
                    ? new long[] {
                        Long.parseLong(words[0]),
                        Long.parseLong(words[1]),
                        Long.parseUnsignedLong(words[2], 16)
                    }
                    : new long[0];
        } catch (NumberFormatException _) {
            return new long[0];
        }
    }

    private static long sum(long worker, long round) {
        long x = integers(worker << 32 | round);
        x ^= numbers(x);
        return x ^ pages(x);
    }

    private static long integers(long x) {
        long sum = x;
        for (int i = 0; i < STEPS; i++) {
            sum = sum * 6364136223846793005L + 1442695040888963407L;
            sum ^= sum >>> 29;
        }
        return sum;
    }

    private static long numbers(long from) {
        double x = from >>> 11;
        for (int i = 1; i <= STEPS; i++) {
            x = x * 0.75 + 1.0 / i;
        }
        return Double.doubleToRawLongBits(x);
    }

    private static long pages(long seed) {
        long sum = 0;
        for (int i = 0; i < PAGE_WORDS; i++) {
            sum = sum * 31 + seed + i;
        }
        return sum;
    }
}
