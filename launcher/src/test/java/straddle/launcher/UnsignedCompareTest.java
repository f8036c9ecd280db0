package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.instruction.InvokeInstruction;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Pins `docs/decisions/0005-unsigned-compares.md`: the shapes that we use are right when compiled hot,
/// and the one that C2 of JDK 25 gets wrong is not in our class files.
class UnsignedCompareTest {
    private static final int CALLS = 1_000_000;
    private static final long SEED = 0x5eed;

    @Test
    void theXorBiasIsRightNextToASignedCompare() {
        RandomGenerator random = random();
        int wrong = 0;
        for (int i = 0; i < CALLS; i++) {
            int a = random.nextInt();
            int b = random.nextInt();
            wrong += biased(a, b) == widened(a, b) ? 0 : 1;
        }

        assertEquals(0, wrong, "of " + CALLS + ", seed " + SEED);
    }

    private static boolean biased(int a, int b) {
        return a > b || (b ^ Integer.MIN_VALUE) > (a ^ Integer.MIN_VALUE);
    }

    private static boolean widened(int a, int b) {
        return (long) a > (long) b || (b & 0xffff_ffffL) > (a & 0xffff_ffffL);
    }

    @Test
    void theXorBiasIsRightForLongsToo() {
        RandomGenerator random = random();
        int wrong = 0;
        for (int i = 0; i < CALLS; i++) {
            long a = random.nextLong();
            long b = random.nextLong();
            wrong += biased(a, b) == inHalves(a, b) ? 0 : 1;
        }

        assertEquals(0, wrong, "of " + CALLS + ", seed " + SEED);
    }

    private static boolean biased(long a, long b) {
        return a > b || (b ^ Long.MIN_VALUE) > (a ^ Long.MIN_VALUE);
    }

    private static boolean inHalves(long a, long b) {
        if (a >> 32 == b >> 32) {
            return low(a) != low(b);
        }
        return a >> 32 > b >> 32 || b >>> 32 > a >>> 32;
    }

    private static long low(long value) {
        return value & 0xffff_ffffL;
    }

    @Test
    void theBorrowFormulaIsRightNextToASignedCompare() {
        RandomGenerator random = random();
        int wrong = 0;
        for (int i = 0; i < CALLS; i++) {
            int a = random.nextInt();
            int b = random.nextInt();
            wrong += borrowed(a, b) == widened(a, b) ? 0 : 1;
        }

        assertEquals(0, wrong, "of " + CALLS + ", seed " + SEED);
    }

    private static boolean borrowed(int a, int b) {
        return a > b || ((~a & b) | (~(a ^ b) & (a - b))) >>> 31 != 0;
    }

    @Test
    void noClassOfTheTranslatorOrTheCoreCallsCompareUnsigned() {
        List<String> calls =
                BuiltClasses.written().stream()
                        .filter(UnsignedCompareTest::isOnTheGuestsPath)
                        .flatMap(UnsignedCompareTest::calls)
                        .toList();

        assertEquals(List.of(), calls, "use (a ^ MIN_VALUE) < (b ^ MIN_VALUE)");
    }

    private static boolean isOnTheGuestsPath(ClassModel type) {
        String name = type.thisClass().asInternalName();
        return name.startsWith("straddle/tcg/") || name.startsWith("straddle/core/");
    }

    private static Stream<String> calls(ClassModel type) {
        return type.methods().stream()
                .filter(UnsignedCompareTest::comparesUnsigned)
                .map(method ->
                        type.thisClass().asInternalName()
                                + "."
                                + method.methodName().stringValue());
    }

    private static boolean comparesUnsigned(MethodModel method) {
        return method.code().stream()
                .flatMap(code -> code.elementStream())
                .anyMatch(element ->
                        element instanceof InvokeInstruction call
                                && call.name().equalsString("compareUnsigned"));
    }

    private static RandomGenerator random() {
        return RandomGeneratorFactory.of("L64X128MixRandom").create(SEED);
    }
}
