package straddle.bench.fuzz;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import straddle.core.accel.AcceleratorException;

/// A slice of [CodeFuzz], whose long run is a command.
class CodeFuzzTest {
    private static final long SEED = 20261122;
    private static final int CASES = 150;

    @ParameterizedTest(name = "{0} runs")
    @ValueSource(ints = {1, 2})
    void randomBytesAsCodeGetTheArchitecturesAnswer(int runs) {
        CompletableFuture<List<String>> findings = new CompletableFuture<>();
        Thread.ofPlatform()
                .name("fuzz")
                .daemon()
                .start(() -> {
                    try {
                        findings.complete(slice(runs, findings));
                    } catch (AcceleratorException | RuntimeException e) {
                        findings.completeExceptionally(e);
                    }
                });
        assertEquals(List.of(), findings.join());
    }

    /// Runs on a thread of its own: one that does not stop is left behind.
    private static List<String> slice(int runs, CompletableFuture<List<String>> answer)
            throws AcceleratorException {
        CodeFuzz fuzz = new CodeFuzz(SEED, runs);
        var _ = fuzz.hang().thenAccept(what -> answer.complete(List.of(what)));
        List<String> findings =
                new ArrayList<>(
                        LongStream.range(0, CASES)
                                .mapToObj(fuzz::perform)
                                .filter(Objects::nonNull)
                                .toList());
        fuzz.close();
        return findings;
    }

    @Test
    void aSeedAndANumberGiveTheSameCaseAgain() {
        FuzzCase one = new FuzzCase(SEED, 77);
        FuzzCase two = new FuzzCase(SEED, 77);
        assertArrayEquals(one.memory, two.memory);
        assertEquals(one.toString(), two.toString());
    }

    @Test
    void everyModeComesSoon() {
        assertEquals(
                FuzzCase.Mode.values().length,
                IntStream.range(0, 60)
                        .mapToObj(i -> new FuzzCase(SEED, i).mode)
                        .distinct()
                        .count());
    }
}
