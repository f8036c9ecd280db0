package straddle.launcher.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SuggestionsTest {

    @ParameterizedTest
    @CsvSource({"kvm, kvm, 0", "kmv, kvm, 1", "--hlp, --help, 1", "'', abc, 3", "tcg, kvm, 3"})
    void editsAreCounted(String from, String to, int edits) {
        assertEquals(edits, Suggestions.edits(from, to));
    }

    @ParameterizedTest
    @CsvSource({"--hlp, [--help]", "--acel, [--accel]", "--nonsense, []"})
    void onlyWhatIsNearIsSuggested(String unknown, String suggested) {
        assertEquals(
                suggested,
                Suggestions.of(unknown, List.of("--help", "--accel", "--stats")).toString());
    }
}
