package straddle.tcg.x86;

import static straddle.tcg.x86.Feature.*;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import straddle.core.accel.VmResources;
import straddle.tcg.x86.CpuModel.Identity;

/// The processors that `--cpu` offers: historic ones, the levels of the x86-64 psABI (section 3.1.1), and all that the
/// translator can do.
public final class CpuModels {
    /// What a guest gets when nothing is said.
    public static final String DEFAULT = "x86-64-v2";

    /// All that the translator implements.
    public static final String MAX = "max";

    private static final Map<String, Model> MODELS = new LinkedHashMap<>();

    private record Model(String description, Identity identity, Set<Feature> features) {}

    static {
        Identity i486 = new Identity("GenuineIntel", 0x480, 1);
        Identity pentium3 = new Identity("GenuineIntel", 0x683, 2);
        Identity k8 = new Identity("AuthenticAMD", 0x0006_0fb1, 0xd);
        Set<Feature> base = EnumSet.of(FPU, VME, APIC, HYPERVISOR);
        add("486", "a 486DX4: no CMPXCHG8B, TSC, model-specific registers or MMX", i486, base);
        Set<Feature> p3 =
                with(base, DE, PSE, TSC, MSR, PAE, MCE, CX8, SEP, MTRR, PGE, MCA, CMOV, PAT, PSE36);
        p3 = with(p3, MMX, FXSR, SSE);
        add("pentium3", "a Pentium III: MMX and SSE, 32 bits", pentium3, p3);
        // What systems need besides the level's own instructions.
        Set<Feature> system = with(p3, CLFSH, NX, RDTSCP, INVTSC, X2APIC, TSC_DEADLINE, PREFETCHW);
        system = with(system, FSGSBASE, TSC_ADJUST, SMEP, SMAP, UMIP);
        Set<Feature> v1 = with(system, SSE2, SYSCALL, LM);
        add(
                "qemu64",
                "the least that 64-bit systems expect: v1 with SSE3, CX16 and LAHF",
                k8,
                with(with(p3, CLFSH, NX, SSE2, SYSCALL, LM, X2APIC), SSE3, CX16, LAHF));
        add("x86-64-v1", "the level's instructions: CMOV to SSE2", k8, v1);
        Set<Feature> v2 = with(v1, SSE3, SSSE3, SSE4_1, SSE4_2, CX16, LAHF, POPCNT);
        add("x86-64-v2", "the level's instructions: to SSE4.2, POPCNT and CMPXCHG16B", k8, v2);
        Set<Feature> v3 = with(v2, AVX, AVX2, BMI1, BMI2, F16C, FMA, LZCNT, MOVBE, XSAVE);
        add("x86-64-v3", "the level's instructions: to AVX2, FMA and BMI2", k8, v3);
        Set<Feature> max = EnumSet.allOf(Feature.class);
        max.removeIf(each -> !each.isImplemented());
        max.remove(LA57); // every walk would be longer, and native code of `hybrid` has four levels
        add(MAX, "all that the translator implements, but for la57", k8, max);
        add(
                VmResources.COMMON_CPU,
                "max with the host's time-stamp counter: under every engine the same",
                k8,
                max);
    }

    private CpuModels() {}

    private static void add(
            String name, String description, Identity identity, Set<Feature> features) {
        MODELS.put(name, new Model(description, identity, EnumSet.copyOf(features)));
    }

    private static Set<Feature> with(Set<Feature> some, Feature... more) {
        Set<Feature> all = EnumSet.copyOf(some);
        all.addAll(Arrays.asList(more));
        return all;
    }

    /// The models' names.
    public static Set<String> names() {
        return Set.copyOf(MODELS.keySet());
    }

    static CpuModel parse(String choice) {
        String[] parts = choice.strip().split(",", -1);
        String name = parts[0].isEmpty() ? DEFAULT : parts[0];
        Model model = MODELS.get(name);
        if (model == null) {
            throw new IllegalArgumentException(
                    "There is no processor model '"
                            + name
                            + "'. There are "
                            + String.join(", ", MODELS.keySet())
                            + "; --cpu help says more.");
        }
        Set<Feature> features = EnumSet.copyOf(model.features);
        Set<Feature> asked = EnumSet.noneOf(Feature.class);
        for (String part : Arrays.asList(parts).subList(1, parts.length)) {
            Feature feature = feature(part);
            if (part.startsWith("+")) {
                asked.add(feature);
                features.add(feature);
            } else {
                asked.remove(feature);
                features.remove(feature);
            }
        }
        dropUnsupported(features, asked);
        requireImplemented(name, features);
        return new CpuModel(name, model.identity, features);
    }

    private static Feature feature(String part) {
        if (part.startsWith("+") || part.startsWith("-")) {
            Optional<Feature> feature = Feature.labelled(part.substring(1));
            if (feature.isPresent()) {
                return feature.get();
            }
        }
        throw new IllegalArgumentException(
                "'"
                        + part
                        + "' is no feature of a processor: --cpu takes MODEL,+FEATURE,-FEATURE,"
                        + " and --cpu help lists them.");
    }

    /// A feature goes with those it needs, unless it was asked for.
    private static void dropUnsupported(Set<Feature> features, Set<Feature> asked) {
        boolean changed = true;
        while (changed) {
            changed = false;
            for (Feature each : EnumSet.copyOf(features)) {
                List<Feature> lacking =
                        each.needs().stream().filter(need -> !features.contains(need)).toList();
                if (lacking.isEmpty()) {
                    continue;
                }
                if (asked.contains(each)) {
                    throw new IllegalArgumentException(
                            "A processor with "
                                    + each.label()
                                    + " needs "
                                    + labels(EnumSet.copyOf(lacking))
                                    + " too.");
                }
                features.remove(each);
                changed = true;
            }
        }
    }

    private static void requireImplemented(String name, Set<Feature> features) {
        Set<Feature> missing = EnumSet.copyOf(features);
        missing.removeIf(Feature::isImplemented);
        if (!missing.isEmpty()) {
            throw new IllegalArgumentException(
                    "The translator can't be "
                            + name
                            + " yet: it does not implement "
                            + labels(missing)
                            + ".");
        }
    }

    private static String labels(Set<Feature> features) {
        return features.stream().map(Feature::label).collect(Collectors.joining(", "));
    }

    /// What `--cpu help` says.
    public static String help() {
        StringBuilder text = new StringBuilder("Processor models:\n");
        MODELS.forEach((name, model) ->
                text.append(
                        "  %-12s%s%s\n"
                                .formatted(
                                        name,
                                        model.description,
                                        name.equals(DEFAULT) ? " (default)" : "")));
        text.append("Features, to add (+) or to leave out (-):\n");
        StringBuilder line = new StringBuilder(" ");
        for (Feature each : Feature.values()) {
            if (line.length() + each.label().length() > 90) {
                text.append(line).append('\n');
                line = new StringBuilder(" ");
            }
            if (each.isImplemented()) {
                line.append(' ').append(each.label());
            }
        }
        return text.append(line).append('\n').toString();
    }
}
