package straddle.bench.user;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.util.Arrays;
import java.util.SortedMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import straddle.bench.Tier;
import straddle.core.user.UserIsa;

/// A slice of what `bench/user-differential` does for as long as it is asked to.
class UserDifferentialTest {
    private static final int SEQUENCES = 60;

    private static boolean isInstalled(String program) {
        return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(directory -> new File(directory, program).canExecute());
    }

    @ParameterizedTest
    @CsvSource({
        "MIPS, 1",
        "MIPS, 2",
        "MIPSEL, 1",
        "MIPSEL, 2",
        "AARCH64, 1",
        "AARCH64, 2",
        "ARM, 1",
        "ARM, 2"
    })
    void allTiersPrintTheSame(UserIsa isa, long seed) throws Exception {
        ProgramSource.Program program = UserDifferential.source(isa).program(seed, SEQUENCES);
        byte[] interpreted = UserDifferential.translated(program, isa, Tier.INTERPRETER);
        byte[] machineCode = UserDifferential.translated(program, isa, Tier.MACHINE_CODE);
        assertEquals("", UserDifferential.difference(program, interpreted, machineCode));
        byte[] regions = UserDifferential.translated(program, isa, Tier.REGIONS);
        assertEquals("", UserDifferential.difference(program, interpreted, regions));
        assertEquals(SEQUENCES * program.blockBytes(), interpreted.length);
    }

    @ParameterizedTest
    @CsvSource({"MIPS, 3", "MIPSEL, 4", "AARCH64, 5", "ARM, 5", "ARM, 6"})
    void qemuPrintsTheSame(UserIsa isa, long seed) throws Exception {
        assumeTrue(
                isInstalled("qemu-" + isa.machineName() + "-static"),
                "QEMU's user-mode emulation is not installed");
        ProgramSource.Program program = UserDifferential.source(isa).program(seed, SEQUENCES);
        byte[] expected = UserDifferential.underQemu(program, isa);
        byte[] actual = UserDifferential.translated(program, isa, Tier.MACHINE_CODE);
        assertEquals("", UserDifferential.difference(program, expected, actual));
    }

    @ParameterizedTest
    @ValueSource(strings = {"MIPS", "MIPSEL", "AARCH64", "ARM"})
    void everyRowIsReachedOrLeftOutForAReason(UserIsa isa) {
        ProgramSource source = UserDifferential.source(isa);
        source.program(1, 400);
        source.program(2, 400);
        SortedMap<String, Long> executions = source.executions();
        executions.forEach((row, count) -> assertNotEquals(0, count, row));
    }
}
