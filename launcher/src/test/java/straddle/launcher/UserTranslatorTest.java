package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import straddle.core.memory.RamAllocator;
import straddle.core.user.Frames;
import straddle.core.user.UserIsa;
import straddle.core.user.UserMemory;
import straddle.core.user.UserTranslator;
import straddle.core.user.UserTranslatorProvider;
import straddle.core.user.UserVcpu;

/// The installed translators, with the host's machine code.
class UserTranslatorTest {
    private static final int VCPUS = 8;
    private static final long SOME = 32L << 20;

    /// Memory of this process that may be written and executed, in bytes.
    private static long executable() throws IOException {
        try (var maps = Files.lines(Path.of("/proc/self/maps"))) {
            return maps.filter(line -> line.contains(" rwxp "))
                    .map(line -> line.substring(0, line.indexOf(' ')).split("-"))
                    .mapToLong(ends -> Long.parseLong(ends[1], 16) - Long.parseLong(ends[0], 16))
                    .sum();
        }
    }

    @Test
    void aVcpuThatIsClosedLeavesNoMachineCodeBehind() throws IOException {
        Frames frames = new Frames(RamAllocator.OFF_HEAP, 1 << 20);
        UserIsa isa = UserIsa.ARM;
        UserTranslator translator =
                UserTranslatorProvider.of(isa).orElseThrow().create(isa, "", frames);
        long before = executable();
        List<UserVcpu> all =
                IntStream.range(0, VCPUS)
                        .mapToObj(_ -> translator.newVcpu(new UserMemory(isa, frames)))
                        .toList();
        assertTrue(executable() - before >= VCPUS * SOME, "what is looked at here is theirs");
        for (UserVcpu each : all) {
            each.park();
            each.close();
        }
        assertTrue(executable() - before < SOME, "the memory has been given back");
    }
}
