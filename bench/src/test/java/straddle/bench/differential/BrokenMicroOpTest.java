package straddle.bench.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.OperatorInstruction;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import straddle.bench.Tier;
import straddle.bench.differential.InstructionTable.Cell;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;

/// A test of the test: a translator whose micro-op for XOR of two registers computes OR is found out in each tier, though
/// only what that tier runs is broken: the interpreter's method, or the description that both compilers read.
class BrokenMicroOpTest {
    private static final long SEED = 20261123;
    private static final long SLICE_NANOS = 20_000_000_000L;
    private static final int XOR = 6;
    private static final List<String> CHOICES =
            List.of("interpret", "machine", "hot", "compileAtOnce", "warm", "stretch", "loop");

    private final Map<String, String> before = new HashMap<>();

    @BeforeEach
    void noteTier() {
        for (String each : CHOICES) {
            before.put(each, System.getProperty("straddle.tcg." + each));
        }
    }

    @AfterEach
    void restoreTier() {
        before.forEach((name, value) -> {
            if (value == null) {
                System.clearProperty("straddle.tcg." + name);
            } else {
                System.setProperty("straddle.tcg." + name, value);
            }
        });
    }

    @ParameterizedTest
    @EnumSource(Tier.class)
    void aBrokenMicroOpIsFoundInEachTier(Tier tier) throws AcceleratorException {
        List<Cell> cells = InstructionTable.cells(InstructionTable.rows(Set.of("alu", "move")));
        tier.chooseAtOnce();
        int rehearsals = tier == Tier.REGIONS ? 2 : 0;
        try (Subject good = Differential.open("tcg");
                Subject broken = new Engine(brokenTranslator(tier), rehearsals)) {
            DifferentialRun run = new DifferentialRun(good, broken, cells, SEED);
            run.run(1_000_000, System.nanoTime() + SLICE_NANOS, 2, _ -> {});
            assertEquals(
                    Set.of("XOR"),
                    run.found().keySet().stream()
                            .map(row -> row.replaceAll(" .*", ""))
                            .collect(Collectors.toSet()));
        }
    }

    private static AcceleratorProvider brokenTranslator(Tier tier) {
        String method = tier == Tier.INTERPRETER ? "exec" : "emit";
        try {
            return (AcceleratorProvider)
                    new BrokenClasses(method)
                            .loadClass("straddle.tcg.TcgProvider")
                            .getConstructor()
                            .newInstance();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Loads the translator a second time, with one method of one micro-op changed.
    private static final class BrokenClasses extends ClassLoader {
        private static final String PACKAGES = "straddle.tcg.";
        private static final String MICRO_OP = "straddle.tcg.op.Alu$XorRegister";

        private final String method;

        BrokenClasses(String method) {
            super(BrokenMicroOpTest.class.getClassLoader());
            this.method = method;
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            synchronized (getClassLoadingLock(name)) {
                Class<?> loaded = findLoadedClass(name);
                if (loaded == null && name.startsWith(PACKAGES)) {
                    byte[] bytes = bytes(name);
                    loaded = defineClass(name, bytes, 0, bytes.length);
                }
                return loaded == null ? super.loadClass(name, resolve) : loaded;
            }
        }

        private byte[] bytes(String name) throws ClassNotFoundException {
            String path = name.replace('.', '/') + ".class";
            try (InputStream in = getParent().getResourceAsStream(path)) {
                if (in == null) {
                    throw new ClassNotFoundException(name);
                }
                byte[] bytes = in.readAllBytes();
                return name.equals(MICRO_OP) ? changed(bytes) : bytes;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private byte[] changed(byte[] bytes) {
            ClassFile file = ClassFile.of();
            return file.transformClass(
                    file.parse(bytes),
                    ClassTransform.transformingMethodBodies(
                            each -> each.methodName().equalsString(method),
                            BrokenClasses::orInsteadOfXor));
        }

        private static void orInsteadOfXor(CodeBuilder to, CodeElement element) {
            if (element instanceof OperatorInstruction operator
                    && operator.opcode() == Opcode.LXOR) {
                to.lor();
            } else if (element instanceof ConstantInstruction constant
                    && Objects.equals(constant.constantValue(), XOR)) {
                to.iconst_1();
            } else {
                to.with(element);
            }
        }
    }
}
