package straddle.bench.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import straddle.bench.Tier;
import straddle.bench.differential.InstructionTable.Cell;
import straddle.core.accel.AcceleratorException;

/// The engines side by side, for seconds: [Differential] is the long run.
class EnginesTest {
    private static final long SEED = 20261122;
    private static final long SLICE_NANOS = 5_000_000_000L;
    private static final long SLICE_EXECUTIONS = 500_000;
    private static final int RANDOM_CASES = 1500;

    @AfterEach
    void anyTier() {
        System.clearProperty("straddle.tcg.interpret");
        System.clearProperty("straddle.tcg.machine");
    }

    @ParameterizedTest
    @EnumSource(Tier.class)
    @Tag("kvm")
    void userCodeDoesTheSameOnTheProcessorAndInEachTier(Tier tier) throws AcceleratorException {
        tier.choose();
        List<Cell> cells = InstructionTable.cells(InstructionTable.rows(Set.of()));
        try (Subject kvm = kvm();
                Subject tcg = Differential.open("tcg")) {
            DifferentialRun run = new DifferentialRun(kvm, tcg, cells, SEED);
            run.run(SLICE_EXECUTIONS, System.nanoTime() + SLICE_NANOS, 5, _ -> {});
            assertEquals(List.of(), described(run), "seed " + SEED);
        }
    }

    /// A test of the test: a wrong bit in the result of one instruction is found, and blamed on that instruction.
    @Test
    void aBrokenInstructionIsFoundByName() throws AcceleratorException {
        List<Cell> cells = InstructionTable.cells(InstructionTable.rows(Set.of("alu", "move")));
        try (Subject good = Differential.open("tcg");
                Subject broken =
                        new Broken(
                                Differential.open("tcg"),
                                cell -> cell.row().text().equals("SBB Gv,Ev"))) {
            DifferentialRun run = new DifferentialRun(good, broken, cells, SEED);
            run.run(1_000_000, System.nanoTime() + SLICE_NANOS, 3, _ -> {});
            assertEquals(Set.of("SBB Gv,Ev"), run.found().keySet());
        }
    }

    @Test
    void anEngineAgreesWithItself() throws AcceleratorException {
        List<Cell> cells = InstructionTable.cells(InstructionTable.rows(Set.of()));
        try (Subject one = Differential.open("tcg");
                Subject two = Differential.open("tcg")) {
            DifferentialRun run = new DifferentialRun(one, two, cells, SEED);
            run.run(50_000, System.nanoTime() + SLICE_NANOS, 3, _ -> {});
            assertEquals(List.of(), described(run), "seed " + SEED);
        }
    }

    @Test
    void whatAlwaysFaultsDoesSoFromAnyState() throws AcceleratorException {
        List<Cell> cells =
                InstructionTable.faulting(InstructionTable.cells(InstructionTable.rows(Set.of())));
        try (Subject one = Differential.open("tcg");
                Subject two = Differential.open("tcg")) {
            Generator generator = new Generator(cells, SEED);
            DifferentialRun run = new DifferentialRun(one, two, cells, generator, 4);
            run.run(4L * cells.size(), System.nanoTime() + SLICE_NANOS, 3, _ -> {});
            assertEquals(List.of(), described(run), "seed " + SEED);
            assertEquals(4, run.coverage().least());
        }
    }

    /// Whatever bytes are code, the guest gets an exception, and the engine has none.
    @Test
    void randomBytesAsCodeEndInTheGuestsExceptions() throws AcceleratorException {
        Generator generator =
                new Generator(InstructionTable.cells(InstructionTable.rows(Set.of())), SEED);
        SplittableRandom random = new SplittableRandom(SEED);
        List<String> failures = new ArrayList<>();
        try (Subject tcg = Differential.open("tcg")) {
            for (int i = 0; i < RANDOM_CASES; i++) {
                TestCase base = generator.make(i);
                byte[] code = new byte[32];
                random.nextBytes(code);
                TestCase test =
                        new TestCase(
                                HexFormat.of().formatHex(code),
                                base.initial(),
                                code,
                                base.memory(),
                                List.of(),
                                1);
                Outcome outcome = tcg.run(test);
                failures.add(test.name() + ": " + outcome.failure());
            }
        }
        failures.removeIf(each -> each.endsWith(": null") || each.endsWith(": does not end"));
        assertEquals(List.of(), failures, "seed " + SEED);
    }

    /// What once differed, with what the processor does.
    @ParameterizedTest
    @MethodSource("savedCases")
    void aSavedCaseGivesWhatTheProcessorGave(Path file) throws AcceleratorException, IOException {
        Reproducer saved = Reproducer.parse(file.toString(), Files.readAllLines(file));
        try (Subject tcg = Differential.open("tcg")) {
            assertEquals(List.of(), saved.differences(tcg.run(saved.test())));
        }
    }

    static Stream<Path> savedCases() {
        try {
            Path directory =
                    Path.of(
                                    Objects.requireNonNull(
                                                    EnginesTest.class.getResource("clwb.case"))
                                            .toURI())
                            .resolveSibling(".");
            try (Stream<Path> files = Files.list(directory)) {
                return files
                        .filter(file -> file.toString().endsWith(".case"))
                        .sorted()
                        .toList()
                        .stream();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Subject kvm() {
        Subject kvm;
        try {
            kvm = Differential.open("kvm");
        } catch (AcceleratorException e) {
            assumeTrue(false, e.getMessage());
            throw new IllegalStateException(e);
        }
        try {
            TestCase trap =
                    new Generator(InstructionTable.cells(InstructionTable.rows(Set.of("INT3"))), 1)
                            .make(0);
            Outcome outcome = kvm.run(trap);
            assumeFalse(
                    outcome.isFailure(), "KVM can't run 64-bit user code: " + outcome.failure());
        } catch (AcceleratorException e) {
            assumeTrue(false, e.getMessage());
        }
        return kvm;
    }

    private static List<String> described(DifferentialRun run) {
        return run.found().values().stream()
                .flatMap(List::stream)
                .map(each ->
                        each.subject() + " in " + each.test().name() + ": " + each.differences())
                .toList();
    }

    /// Flips a bit of R12 in the outcome of every case that executed an instruction.
    private record Broken(Subject engine, Predicate<Cell> instruction) implements Subject {
        @Override
        public String name() {
            return "broken " + engine.name();
        }

        @Override
        public Outcome run(TestCase test) throws AcceleratorException {
            Outcome outcome = engine.run(test);
            int stopped = test.stepAt(outcome.state().rip);
            boolean executed =
                    test.steps().stream()
                            .limit(stopped < 0 ? test.steps().size() : stopped)
                            .anyMatch(step -> step.cell() != null && instruction.test(step.cell()));
            if (executed) {
                outcome.state().gpr[12] ^= 1L << 40;
            }
            return outcome;
        }

        @Override
        public void close() {
            engine.close();
        }
    }
}
