package straddle.launcher.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FiguresTest {

    @ParameterizedTest
    @CsvSource({
        "0, 0.00 ns",
        "12.34, 12.3 ns",
        "999, 999 ns",
        "4560, 4.56 µs",
        "789000000, 789 ms",
        "1200000000, 1.20 s"
    })
    void aTimeHasThreeDigitsAndAUnitThatFits(double nanos, String expected) {
        assertEquals(expected, Figures.time(nanos));
    }

    @ParameterizedTest
    @CsvSource({"0.054, 0.05", "9.994, 9.99", "9.996, 10.0", "99.96, 100", "6000.4, '6,000'"})
    void roundingNeverShowsAFourthDigit(double value, String expected) {
        assertEquals(expected, Figures.significant(value));
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0 bytes",
        "512, 512 bytes",
        "1536, 1.5 KiB",
        "67108864, 64 MiB",
        "9223372036854775807, 8 EiB"
    })
    void memoryIsInBinaryUnits(long bytes, String expected) {
        assertEquals(expected, Figures.bytes(bytes));
    }
}
