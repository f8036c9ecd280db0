package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.classfile.Attributes;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// HotSpot never compiles a method of more than 8,000 bytecode bytes (`HugeMethodLimit`): it runs 5 to 30 times slower for ever.
class MethodSizeTest {
    private static final int HUGE_METHOD_LIMIT = 8000;

    @Test
    void noMethodIsTooLargeToBeCompiled() {
        List<String> huge = BuiltClasses.written().stream().flatMap(MethodSizeTest::huge).toList();

        assertEquals(List.of(), huge);
    }

    @Test
    void theClassesOfEveryModuleAreLookedAt() {
        assertTrue(BuiltClasses.written().size() > 50);
    }

    private static Stream<String> huge(ClassModel type) {
        return type.methods().stream()
                .filter(method -> size(method) > HUGE_METHOD_LIMIT)
                .map(method ->
                        type.thisClass().asInternalName()
                                + "."
                                + method.methodName().stringValue()
                                + ": "
                                + size(method)
                                + " bytes");
    }

    private static int size(MethodModel method) {
        return method.findAttribute(Attributes.code()).map(code -> code.codeLength()).orElse(0);
    }
}
