package straddle.bench.differential;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReproducerTest {
    @Test
    void whatIsWrittenIsReadAgain(@TempDir Path directory) throws IOException {
        TestCase test =
                new Generator(InstructionTable.cells(InstructionTable.rows(Set.of("alu"))), 5)
                        .make(1);
        byte[] after = test.memory().clone();
        after[100] ^= 1;
        Outcome outcome = new Outcome(14, null, 6, test.initial(), after);
        Path file = directory.resolve("a.case");
        new Reproducer(test, outcome, 0x810).write(file, List.of("a comment"));
        Reproducer read = Reproducer.parse("a", Files.readAllLines(file));
        assertArrayEquals(test.code(), read.test().code());
        assertArrayEquals(test.memory(), read.test().memory());
        assertEquals(0x810, read.undefined());
        assertEquals(List.of(), read.differences(outcome));
    }

    @Test
    void aFileThatIsNoneIsRefused() {
        assertThrows(
                IllegalArgumentException.class,
                () -> Reproducer.parse("empty", List.of("# nothing")));
    }
}
