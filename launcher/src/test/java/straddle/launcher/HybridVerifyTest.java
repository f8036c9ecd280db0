package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.OperatorInstruction;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.launcher.debian.TestGuest;

/// `--verify` under `hybrid`, with all user code on the processor: the interpreter does the same, and if it does not, that is
/// found.
@Timeout(300)
class HybridVerifyTest {
    private static final String ALL_NATIVE = "-Dstraddle.hybrid.always=true";

    /// Checks of `checks.c` that most depend on what a slice leaves behind, or on what surrounds it.
    private static final String CHECKS =
            "faults alignment protection copy_on_write made_code changing_code aliased_code signals_and_fpu"
                    + " fpu_between_processes avx_between_processes system_calls replaced_pages";

    private static final String WORK =
            "sha256sum /bin/busybox; seq 500 | sort -r | tail -n 1;"
                    + " awk 'BEGIN { for (i = 1; i < 2000; i++) s += 1 / (i * i); printf \"%.6f\\n\", s }'; ";

    @TempDir private Path directory;

    @BeforeEach
    void requireNativeUserCode() throws AcceleratorException {
        GuestPrograms.requireNativeUserCode();
    }

    @Test
    @Tag("boot")
    void nothingDiffersOfABootAndOfProgramsWithEachSliceChecked() throws Exception {
        Path cache = Files.createDirectory(directory.resolve("cache"));
        TestGuest.in(cache);
        Path checks = GuestPrograms.compiled("checks", directory);
        Path stats = directory.resolve("stats");
        List<String> line = new ArrayList<>(List.of("run", "debian", "--accel=hybrid", "--verify"));
        line.addAll(List.of("--stats=" + stats, "--timeout=250", "--file", checks + ":/checks"));
        line.addAll(List.of("--exec", WORK + "ALL_NATIVE=1 /checks " + CHECKS));
        try (CommandProcess command = start(ALL_NATIVE, cache, line)) {
            assertEquals(ExitCodes.OK, command.await(), command::everything);
            assertTrue(command.out().contains("\n1.644434\n"), command::everything);
            assertTrue(command.out().contains("replaced_pages ok"), command::everything);
        }
        JsonObject figures = figures(stats);
        assertTrue(count(figures, "slicesChecked") > 5_000, figures::toString);
        assertTrue(count(figures, "instructionsChecked") > 500_000, figures::toString);
        assertEquals(
                count(figures, "slicesOnTheProcessor"),
                count(figures, "slicesChecked")
                        + count(figures, "slicesLeftBeforeTheirCheckEnded")
                        + excluded(figures),
                figures::toString);
        assertTrue(
                4 * excluded(figures) < count(figures, "slicesOnTheProcessor"), figures::toString);
    }

    @Test
    void nothingDiffersWithoutABug() throws Exception {
        Path stats = directory.resolve("stats");
        try (CommandProcess command =
                start(
                        ALL_NATIVE,
                        directory,
                        List.of("run", "--accel=hybrid", "--verify", "--stats=" + stats))) {
            assertEquals(ExitCodes.OK, command.await(), command::everything);
        }
        assertTrue(count(figures(stats), "slicesChecked") > 500);
    }

    /// In the interpreter, of a module that is the product's but for one class.
    @ParameterizedTest
    @CsvSource({
        "straddle.tcg.op.Alu$XorRegister, LXOR, LOR, r[a-d0-9sb][0-9xip]? .interpreted [0-9a-f]+. natively [0-9a-f]+.",
        "straddle.tcg.x86.VectorRuntime, DMUL, DADD, xmm[0-9]+"
    })
    void aPlantedBugIsFound(String name, Opcode right, Opcode wrong, String difference)
            throws Exception {
        Path patch = directory.resolve("patch");
        plant(patch, name, right, wrong);
        Path stats = directory.resolve("stats");
        try (CommandProcess command =
                start(
                        ALL_NATIVE + " --patch-module=straddle.tcg=" + patch,
                        directory,
                        List.of("run", "--accel=hybrid", "--verify", "--stats=" + stats))) {
            assertEquals(ExitCodes.GUEST, command.await(), command::everything);
            String told = command.err();
            assertTrue(
                    told.matches(
                            "(?s).*The processor and the interpreter disagree after [0-9,]+ instructions:"
                                    + " they differ in [^\n]*"
                                    + difference
                                    + ".*"),
                    told);
            for (String part :
                    List.of("before", "as interpreted", "as the processor left it", "instr")) {
                assertTrue(told.contains("\n-- " + part), told);
            }
            assertFalse(told.contains("Exception"), told);
        }
        assertTrue(count(figures(stats), "slicesOnTheProcessor") > 0);
    }

    private CommandProcess start(String jvmOptions, Path cache, List<String> line)
            throws IOException {
        return CommandProcess.start(
                Files.createDirectory(directory.resolve("run")),
                Map.of("XDG_CACHE_HOME", cache.toString(), "JDK_JAVA_OPTIONS", jvmOptions),
                line.toArray(String[]::new));
    }

    /// Puts a class of the translator there in which all instructions of one kind are of another.
    private static void plant(Path patch, String name, Opcode right, Opcode wrong)
            throws IOException {
        String file = name.replace('.', '/') + ".class";
        Path changed = patch.resolve(file);
        Files.createDirectories(changed.getParent());
        CodeTransform planting =
                (to, element) ->
                        to.with(
                                element instanceof OperatorInstruction operator
                                                && operator.opcode() == right
                                        ? OperatorInstruction.of(wrong)
                                        : element);
        ClassFile format = ClassFile.of();
        Files.write(
                changed,
                format.transformClass(
                        format.parse(bytes(file)),
                        ClassTransform.transformingMethodBodies(planting)));
    }

    private static byte[] bytes(String file) throws IOException {
        Module translator =
                AcceleratorProvider.installed().stream()
                        .filter(each -> each.name().equals("tcg"))
                        .findFirst()
                        .orElseThrow()
                        .getClass()
                        .getModule();
        try (InputStream in = translator.getResourceAsStream(file)) {
            return in.readAllBytes();
        }
    }

    private static JsonObject figures(Path stats) throws IOException {
        return JsonParser.parseString(Files.readString(stats))
                .getAsJsonObject()
                .getAsJsonObject("verification");
    }

    private static long count(JsonObject figures, String name) {
        return figures.get(name).getAsLong();
    }

    /// Slices that could not be checked, for any reason.
    private static long excluded(JsonObject figures) {
        return figures.keySet().stream()
                .filter(each -> each.startsWith("slicesThatBeganWith"))
                .mapToLong(each -> count(figures, each))
                .sum();
    }
}
