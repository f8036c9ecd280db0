package straddle.launcher.report;

import java.util.Locale;

/// Numbers as a reader wants them: three significant digits and a unit that fits.
public final class Figures {
    private Figures() {}

    /// A time, given in nanoseconds: `12.3 ns`, `4.56 µs`, `789 ms`, `1.20 s`.
    public static String time(double nanos) {
        if (nanos < 1e3) {
            return significant(nanos) + " ns";
        }
        if (nanos < 1e6) {
            return significant(nanos / 1e3) + " µs";
        }
        return nanos < 1e9 ? significant(nanos / 1e6) + " ms" : significant(nanos / 1e9) + " s";
    }

    /// A number of at least three digits' worth: `0.05`, `3.14`, `27.1`, `6,000`.
    public static String significant(double value) {
        double size = Math.abs(value);
        String format = size >= 99.95 ? "%,.0f" : size >= 9.995 ? "%.1f" : "%.2f";
        return String.format(Locale.ROOT, format, value);
    }

    /// How many times: `1.02x`.
    public static String ratio(double value) {
        return significant(value) + "x";
    }

    /// A number of things: `1,234,567`.
    public static String count(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }

    /// A number of things in five characters at most: `1500`, `12.3k`, `300k`, `5.0M`.
    public static String brief(long value) {
        if (value < 10_000) {
            return Long.toString(value);
        }
        boolean thousands = value < 999_500;
        double scaled = value / (thousands ? 1e3 : 1e6);
        String digits = scaled < 99.95 ? "%.1f" : "%.0f";
        return String.format(Locale.ROOT, digits, scaled) + (thousands ? "k" : "M");
    }

    /// Memory, given in bytes, in the largest binary unit that leaves no more than two decimals: `64 MiB`.
    public static String bytes(long bytes) {
        String[] units = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
        double value = bytes;
        int unit = 0;
        while (value >= 1024 && unit < units.length - 1) {
            value /= 1024;
            unit++;
        }
        String digits = value == Math.rint(value) ? "%.0f" : "%.1f";
        return String.format(Locale.ROOT, digits + " %s", value, units[unit]);
    }
}
