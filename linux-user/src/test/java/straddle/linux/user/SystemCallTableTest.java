package straddle.linux.user;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class SystemCallTableTest {
    private static final Path DOCUMENT = Path.of("..", "docs", "system-calls.md");

    @Test
    void theDocumentIsWhatTheTableSays() throws IOException {
        if (Boolean.getBoolean("straddle.docs.write")) {
            Files.writeString(DOCUMENT, markdown());
        }
        assertEquals(
                Files.readString(DOCUMENT),
                markdown(),
                "to be made anew with -Dstraddle.docs.write=true, as it says");
    }

    @Test
    void everyCallIsOneOfTheKernels() throws IOException {
        Set<String> known = kernelNames();
        for (SystemCall each : SystemCall.values()) {
            assertTrue(known.contains(each.linuxName()), each.linuxName());
        }
    }

    @Test
    void whatIsPartialSaysWhatIsMissing() {
        for (SystemCall each : SystemCall.values()) {
            if (each.support() == SystemCall.Support.PARTIAL) {
                assertNotEquals("", each.missing(), each.linuxName());
            }
        }
    }

    private static Set<String> kernelNames() throws IOException {
        try (var in = SystemCall.class.getResourceAsStream("syscalls.txt")) {
            return new String(in.readAllBytes(), java.nio.charset.StandardCharsets.US_ASCII)
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(line -> line.substring(0, line.indexOf(' ')))
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    private static String markdown() throws IOException {
        StringBuilder text =
                new StringBuilder(
                        """
                        # System calls of `straddle user`

                        Made from the table in the code; after a change of it, anew with `mvn -pl linux-user -am test -Dtest=SystemCallTableTest -Dsurefire.failIfNoSpecifiedTests=false -Dstraddle.docs.write=true`.
                        What is absent answers ENOSYS, as a kernel without the call does.

                        | Call | Support | |
                        | --- | --- | --- |
                        """);
        Set<String> absent = kernelNames();
        for (SystemCall each : SystemCall.values()) {
            absent.remove(each.linuxName());
            if (each.support() == SystemCall.Support.ABSENT) {
                absent.add(each.linuxName());
            } else {
                text.append(
                        "| `%s` | %s | %s |\n"
                                .formatted(
                                        each.linuxName(),
                                        each.support().name().toLowerCase(Locale.ROOT),
                                        each.missing()));
            }
        }
        text.append("\nAbsent: `").append(String.join("`, `", absent)).append("`.\n");
        return text.toString();
    }
}
