package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class UserCommandTest {
    static Stream<Arguments> lines() {
        return Stream.of(
                arguments("user -L dir --no-net -E A=b --stats ./program --help", true),
                arguments("user ./program", true),
                arguments("user --accel kvm ./program", true),
                arguments("user --help", false),
                arguments("user --strace", false),
                arguments("user --rot dir ./program", false),
                arguments("user -L --strace ./program", false),
                arguments("user --root=dir ./program", false));
    }

    @ParameterizedTest
    @MethodSource("lines")
    void plainLinesAreReadAtOnceAndOthersLeftToPicocli(String line, boolean plain) {
        assertEquals(plain, new UserCommand(Surroundings.ofProcess()).takes(line.split(" ", -1)));
    }
}
