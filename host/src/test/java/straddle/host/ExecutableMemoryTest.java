package straddle.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(value = OS.LINUX, disabledReason = "mmap(2) as Linux has it")
class ExecutableMemoryTest {
    /// ret; then lea rax, [rdi + rsi]; ret.
    private static final byte[] ADD = {(byte) 0xc3, 0x48, (byte) 0x8d, 0x04, 0x37, (byte) 0xc3};

    @Test
    void aFunctionAtAnOffsetRuns() throws Throwable {
        assumeTrue("amd64".equals(System.getProperty("os.arch")), "the code is x86-64's");
        try (Arena arena = Arena.ofConfined()) {
            MethodHandle add =
                    ExecutableMemory.of(ADD, arena)
                            .function(
                                    1,
                                    FunctionDescriptor.of(
                                            ValueLayout.JAVA_LONG,
                                            ValueLayout.JAVA_LONG,
                                            ValueLayout.JAVA_LONG));
            assertEquals(42, (long) add.invokeExact(40L, 2L));
        }
    }

    @Test
    void noPageIsWritableAndExecutable() throws Exception {
        try (Arena arena = Arena.ofConfined()) {
            ExecutableMemory code = ExecutableMemory.of(ADD, arena);
            String start = Long.toHexString(code.bytes().address());
            try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
                assertTrue(lines.anyMatch(line -> line.matches("0*" + start + "-\\w+ r-xp.*")));
            }
            assertTrue(code.bytes().isReadOnly());
        }
    }

    @Test
    void noCodeIsRefused() {
        assertThrows(
                IllegalArgumentException.class,
                () -> ExecutableMemory.of(new byte[0], Arena.global()));
    }
}
