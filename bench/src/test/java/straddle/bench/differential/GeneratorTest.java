package straddle.bench.differential;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import straddle.bench.differential.InstructionTable.Cell;

class GeneratorTest {
    private static final List<Cell> CELLS = InstructionTable.cells(InstructionTable.rows(Set.of()));

    @Test
    void aSeedAndANumberGiveTheSameCaseAgain() {
        TestCase one = new Generator(CELLS, 7).make(12345);
        Generator other = new Generator(CELLS, 7);
        other.make(3);
        TestCase two = other.make(12345);
        assertArrayEquals(one.code(), two.code());
        assertArrayEquals(one.memory(), two.memory());
        assertEquals(one.initial().toString(), two.initial().toString());
    }

    @Test
    void onePassOverThePermutationHasEveryOrdinaryCell() {
        Generator generator = new Generator(CELLS, 1);
        Set<Cell> seen = new HashSet<>();
        int cases = Math.ceilDiv(CELLS.size(), Generator.CELLS_PER_CASE);
        for (int i = 0; i < cases; i++) {
            generator.make(i).steps().forEach(step -> seen.add(step.cell()));
        }
        List<Cell> missing =
                CELLS.stream()
                        .filter(cell -> !Generator.isTerminal(cell) && !seen.contains(cell))
                        .toList();
        assertEquals(List.of(), missing);
    }

    @Test
    void codeFitsItsPages() {
        Generator generator = new Generator(CELLS, 2);
        for (int i = 0; i < 2000; i++) {
            TestCase test = generator.make(i);
            long end = test.entry() + test.code().length;
            assertTrue(end <= UserSandbox.CODE + UserSandbox.CODE_BYTES, test.name());
        }
    }
}
