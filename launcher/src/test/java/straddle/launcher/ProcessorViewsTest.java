package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.VmResources;

/// What CPUID and XGETBV answer to a guest that can move between all engines: to its kernel and to its user code, each leaf and
/// subleaf, in each engine and tier.
///
/// Where one differs from the guest's model, in native code and under `kvm`, it is the host's, and never a third; see
/// `docs/hybrid.md`.
@Tag("kvm")
@Timeout(120)
class ProcessorViewsTest {
    private static final String COMMON = VmResources.COMMON_CPU + ",-x2apic";
    private static final String USER = "f1000000.00000000";
    private static final String ALWAYS = "straddle.hybrid.always";
    private static final int DONE = 42;

    /// Fields that number the processor: of the host's, in native code (SDM volume 2, CPUID; AMD's manual, volume 3, appendix E).
    private static final Map<String, long[]> NUMBERS =
            Map.of(
                    "00000001",
                    new long[] {0, 0xff00_0000L, 0, 0},
                    "0000000b",
                    new long[] {0, 0, 0, 0xffff_ffffL},
                    "0000001f",
                    new long[] {0, 0, 0, 0xffff_ffffL},
                    "8000001e",
                    new long[] {0xffff_ffffL, 0xff, 0xff, 0},
                    "80000026",
                    new long[] {0, 0, 0, 0xffff_ffffL});

    /// Leaves of which a KVM that interprets kernels shows the host's features to these too, whatever it is told.
    private static final List<String> KEPT = List.of("00000001.", "00000007.", "0000000d.");

    /// Who answers, where.
    private enum View {
        INTERPRETER("tcg", COMMON, "interpret=true"),
        MACHINE_CODE("tcg", COMMON, "interpret=false machine=true warm=1 stretch=512 loop=1"),
        REGIONS("tcg", COMMON, "interpret=false machine=false hot=1 compileAtOnce=true"),
        HYBRID("hybrid", COMMON, ""),
        HYBRID_NATIVELY("hybrid", COMMON, ""),
        KVM("kvm", COMMON, ""),
        HOST("kvm", "", "");

        private final String engine;
        private final String cpu;
        private final String tiers;

        View(String engine, String cpu, String tiers) {
            this.engine = engine;
            this.cpu = cpu;
            this.tiers = tiers;
        }
    }

    /// Registers by leaf and subleaf: what a kernel was answered, and its user code.
    private record Answers(Map<String, long[]> kernel, Map<String, long[]> user) {
        static Answers of(String printed) {
            Answers found = new Answers(new TreeMap<>(), new TreeMap<>());
            Map<String, long[]> now = found.kernel;
            for (String line : printed.strip().split("\\s*\\n", -1)) {
                String[] words = line.split(" ", -1);
                if (words[0].equals(USER)) {
                    now = found.user;
                } else {
                    long[] registers = new long[4];
                    for (int i = 0; i < 4; i++) {
                        registers[i] = Long.parseLong(words[i + 1], 16);
                    }
                    now.put(words[0], registers);
                }
            }
            return found;
        }
    }

    @TempDir private static Path directory;
    private static final Map<String, String> BEFORE = new HashMap<>();
    private static final Map<View, Answers> ANSWERS = new HashMap<>();

    @BeforeAll
    static void ask() throws Exception {
        GuestPrograms.requireNativeUserCode();
        Path file = KernelFile.of(GuestPrograms.assembled("processor", directory), directory);
        for (View view : View.values()) {
            ANSWERS.put(view, ask(view, file));
        }
    }

    private static Answers ask(View view, Path kernel) {
        for (String each : view.tiers.split(" ", -1)) {
            String[] words = each.split("=", -1);
            if (words.length == 2) {
                set("straddle.tcg." + words[0], words[1]);
            }
        }
        set(ALWAYS, Boolean.toString(view == View.HYBRID_NATIVELY));
        List<String> line = new ArrayList<>(List.of("run", "--accel", view.engine, "--timeout=60"));
        line.addAll(List.of("--stats", "--kernel", kernel.toString()));
        if (!view.cpu.isEmpty()) {
            line.addAll(List.of("--cpu", view.cpu));
        }
        try {
            CommandRun run =
                    CommandRun.of(AcceleratorProvider.installed(), line.toArray(String[]::new));
            assertEquals(DONE, run.code(), () -> view + ": " + run.err());
            assertEquals(
                    view == View.HYBRID_NATIVELY,
                    run.err().matches("(?s).* [1-9]\\d*  slices on the processor.*"),
                    () -> view + ": " + run.err());
            return Answers.of(run.out());
        } finally {
            restore();
        }
    }

    private static void set(String property, String value) {
        String before = System.setProperty(property, value);
        BEFORE.putIfAbsent(property, before == null ? "" : before);
    }

    @AfterAll
    static void restore() {
        BEFORE.forEach((property, value) -> {
            if (value.isEmpty()) {
                System.clearProperty(property);
            } else {
                System.setProperty(property, value);
            }
        });
        BEFORE.clear();
    }

    @ParameterizedTest
    @EnumSource(names = {"INTERPRETER", "MACHINE_CODE", "REGIONS", "HYBRID"})
    void translatedCodeHasOneAnswer(View view) {
        Map<String, long[]> model = ANSWERS.get(View.INTERPRETER).kernel;

        assertTrue(model.size() > 400, () -> model.size() + " answers");
        assertEquals(text(model), text(ANSWERS.get(view).kernel));
        assertEquals(text(model), text(ANSWERS.get(view).user));
    }

    @Test
    void theKernelOfNativeCodeIsAnsweredWhatTranslatedCodeIs() {
        assertEquals(
                text(ANSWERS.get(View.INTERPRETER).kernel),
                text(ANSWERS.get(View.HYBRID_NATIVELY).kernel));
    }

    /// Which answers KVM keeps for itself depends on the host.
    @Test
    void kvmsKernelIsAnsweredTheSameButForFeaturesThatKvmKeeps() {
        Map<String, long[]> model = new TreeMap<>(ANSWERS.get(View.INTERPRETER).kernel);
        Map<String, long[]> found = new TreeMap<>(ANSWERS.get(View.KVM).kernel);

        assertEquals(List.of(), neither(found, model, ANSWERS.get(View.HOST).kernel));
        model.keySet().removeIf(ProcessorViewsTest::isKept);
        found.keySet().removeIf(ProcessorViewsTest::isKept);
        assertEquals(text(model), text(found));
    }

    private static boolean isKept(String leaf) {
        return KEPT.stream().anyMatch(leaf::startsWith);
    }

    @ParameterizedTest
    @EnumSource(names = {"HYBRID_NATIVELY", "KVM"})
    void nativeCodeHasTheGuestsAnswerOrTheHosts(View view) {
        Map<String, long[]> model = ANSWERS.get(View.INTERPRETER).user;
        Map<String, long[]> host = ANSWERS.get(View.HOST).user;
        Map<String, long[]> found = ANSWERS.get(view).user;

        assertEquals(List.of(), neither(found, model, host));
        assertTrue(found.keySet().containsAll(model.keySet()), found.keySet()::toString);
    }

    private static List<String> neither(
            Map<String, long[]> found, Map<String, long[]> model, Map<String, long[]> host) {
        List<String> others = new ArrayList<>();
        found.forEach((leaf, registers) -> {
            long[] numbers = numbers(leaf);
            for (int i = 0; i < 4; i++) {
                if (!answers(model, leaf, i, registers[i], ~numbers[i])
                        && !answers(host, leaf, i, registers[i], ~numbers[i])) {
                    others.add("%s.%d: %x".formatted(leaf, i, registers[i]));
                }
            }
        });
        return others;
    }

    private static long[] numbers(String leaf) {
        return NUMBERS.getOrDefault(leaf.substring(0, 8), new long[4]);
    }

    private static boolean answers(
            Map<String, long[]> all, String leaf, int register, long value, long counts) {
        long[] there = all.get(leaf);
        return there != null && ((there[register] ^ value) & counts) == 0;
    }

    @Test
    void nativeCodeIsAnsweredTheSameInBothEngines() {
        assertEquals(
                text(unnumbered(ANSWERS.get(View.KVM).user)),
                text(unnumbered(ANSWERS.get(View.HYBRID_NATIVELY).user)));
    }

    private static Map<String, long[]> unnumbered(Map<String, long[]> all) {
        Map<String, long[]> rest = new TreeMap<>();
        all.forEach((leaf, registers) -> {
            long[] numbers = numbers(leaf);
            long[] kept = new long[4];
            for (int i = 0; i < 4; i++) {
                kept[i] = registers[i] & ~numbers[i];
            }
            rest.put(leaf, kept);
        });
        return rest;
    }

    private static String text(Map<String, long[]> all) {
        StringBuilder text = new StringBuilder();
        all.forEach((leaf, r) ->
                text.append("%s %x %x %x %x%n".formatted(leaf, r[0], r[1], r[2], r[3])));
        return text.toString();
    }
}
