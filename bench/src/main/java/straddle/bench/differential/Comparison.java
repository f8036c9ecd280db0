package straddle.bench.differential;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import straddle.core.accel.AcceleratorException;
import straddle.core.arch.x86.X86;
import straddle.core.arch.x86.X86State;

/// Runs cases on a reference and a subject, and narrows a difference down to the first instruction
/// and the state that it takes.
final class Comparison {
    private final Subject reference;
    private final Subject subject;

    Comparison(Subject reference, Subject subject) {
        this.reference = reference;
        this.subject = subject;
    }

    /// A case on which the two differ.
    ///
    /// @param test reduced to what the difference needs
    /// @param expected the reference's outcome of it
    /// @param differences what the subject has otherwise, a line each
    record Difference(TestCase test, Outcome expected, List<String> differences) {
        /// The row that it is about, or the case's name.
        String subject() {
            return test.steps().isEmpty() || test.steps().getLast().cell() == null
                    ? test.name()
                    : test.steps().getLast().cell().row().text();
        }
    }

    /// Both outcomes of a case.
    record Pair(Outcome expected, Outcome got) {}

    Pair run(TestCase test) throws AcceleratorException {
        return new Pair(reference.run(test), subject.run(test));
    }

    static List<String> differences(TestCase test, Pair pair) {
        int at = pair.expected.isFailure() ? -1 : test.stepAt(pair.expected.state().rip);
        boolean eitherFault = pair.expected.vector() == X86.AC && pair.got.vector() == X86.PF;
        if (eitherFault
                || isVectorAlignment(test, pair.expected, at)
                || isStackOrAlignment(test, pair, at)) {
            return List.of();
        }
        int undefined = at < 0 ? 0 : test.steps().get(at).undefined();
        return pair.expected.differences(pair.got, undefined);
    }

    /// See [InstructionTable#LEFT_OUT].
    private static boolean isStackOrAlignment(TestCase test, Pair pair, int at) {
        return pair.expected.vector() == X86.STACK_FAULT
                && pair.got.vector() == X86.GP
                && at >= 0
                && test.steps().get(at).cell() != null
                && wantsAlignment(test.steps().get(at).cell().row())
                && pair.expected.isWithoutEffect(pair.got);
    }

    private static boolean wantsAlignment(InstructionTable.Row row) {
        return row.isVector() || row.mnemonic().equals("CMPXCHG16B");
    }

    /// See [InstructionTable#LEFT_OUT].
    private static boolean isVectorAlignment(TestCase test, Outcome expected, int at) {
        return expected.vector() == X86.AC
                && at >= 0
                && test.steps().get(at).cell() != null
                && test.steps().get(at).cell().row().isVector();
    }

    private Optional<Difference> difference(TestCase test) throws AcceleratorException {
        Pair pair = run(test);
        List<String> found = differences(test, pair);
        return found.isEmpty()
                ? Optional.empty()
                : Optional.of(new Difference(test, pair.expected, found));
    }

    /// Finds the shortest prefix of a case that differs, then tries its last step alone.
    Difference narrow(TestCase test, Pair pair) throws AcceleratorException {
        Difference found = new Difference(test, pair.expected, differences(test, pair));
        TestCase base = test;
        if (test.rounds() > 1) {
            int rounds = 1;
            while (rounds < test.rounds() && difference(withRounds(test, rounds)).isEmpty()) {
                rounds++;
            }
            if (rounds > 1) {
                Outcome before = reference.run(withRounds(test, rounds - 1));
                X86State state = before.userState();
                state.rip = test.entry();
                base = test.with(state, before.memory());
            }
        }
        for (int count = 1; count <= base.steps().size(); count++) {
            TestCase prefix = base.first(count);
            Optional<Difference> differs = difference(prefix);
            if (differs.isPresent()) {
                Outcome before = reference.run(base.first(count - 1));
                Optional<Difference> alone = difference(base.only(count - 1, before));
                return alone.isPresent() ? simplify(alone.get()) : differs.get();
            }
        }
        return found;
    }

    private static TestCase withRounds(TestCase test, int rounds) {
        byte[] memory = test.memory().clone();
        Generator.setRounds(memory, rounds);
        return new TestCase(test.name(), test.initial(), test.code(), memory, test.steps(), rounds);
    }

    /// Zeroes what the difference does not need of memory and registers.
    private Difference simplify(Difference from) throws AcceleratorException {
        Difference best = from;
        for (int size = UserSandbox.COMPARED_BYTES; size >= 64; size /= 8) {
            for (int at = 0; at < UserSandbox.COMPARED_BYTES; at += size) {
                byte[] memory = best.test().memory().clone();
                Arrays.fill(memory, at, at + size, (byte) 0);
                if (!Arrays.equals(memory, best.test().memory())) {
                    best = better(best, best.test().with(best.test().initial(), memory));
                }
            }
        }
        for (int i = 0; i < 16; i++) {
            X86State state = new X86State();
            state.copyFrom(best.test().initial());
            state.gpr[i] = i == 4 ? state.gpr[i] : 0;
            best = better(best, best.test().with(state, best.test().memory()));
        }
        for (int at = 32; at < Outcome.YMM + Outcome.YMM_BYTES; at += 16) {
            if (at >= Outcome.XSAVE_COMPARED && at < Outcome.YMM) {
                continue;
            }
            X86State state = new X86State();
            state.copyFrom(best.test().initial());
            Arrays.fill(state.xsave, at, at + 16, (byte) 0);
            best = better(best, best.test().with(state, best.test().memory()));
        }
        return best;
    }

    /// A simpler case counts only if what differs is of the same kind.
    private Difference better(Difference best, TestCase simpler) throws AcceleratorException {
        Optional<Difference> found = difference(simpler);
        return found.isPresent() && kind(found.get()).equals(kind(best)) ? found.get() : best;
    }

    private static List<String> kind(Difference difference) {
        return difference.differences().stream()
                .map(line -> line.substring(0, line.indexOf(':')))
                .toList();
    }
}
