package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// Instructions of a program of the host's, as another disassembler cuts them.
class ObjdumpTest {
    private static final Path OBJDUMP = Path.of("/usr/bin/objdump");
    private static final Path PROGRAM = Path.of("/usr/bin/env");
    private static final Pattern LINE =
            Pattern.compile(" *([0-9a-f]+):\t([0-9a-f ]+?) *\t([a-z0-9]+).*");

    @SuppressWarnings("ArrayRecordComponent")
    private record Known(long address, byte[] bytes, String mnemonic) {}

    @Test
    void lengthsAndMnemonicsAgreeWithBinutils() throws IOException, InterruptedException {
        assumeTrue(Files.isExecutable(OBJDUMP) && Files.isReadable(PROGRAM), "needs binutils");
        assumeTrue("amd64".equals(System.getProperty("os.arch")), "needs an x86-64 program");
        List<Known> known = known();
        int named = 0;
        Disassembler disassembler = new Disassembler();
        for (Known each : known) {
            Disassembler.Line line = disassembler.at(each.bytes, 0, 64, each.address);
            assertEquals(each.bytes.length, line.length(), () -> each.mnemonic + ": " + line);
            named += (" " + line.text() + " ").contains(" " + each.mnemonic + " ") ? 1 : 0;
        }
        assertTrue(known.size() > 1_000, () -> known.size() + " instructions");
        // Prefixes and string instructions are spelt otherwise.
        assertTrue(named > 0.98 * known.size(), named + " of " + known.size());
    }

    private static List<Known> known() throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder(
                                OBJDUMP.toString(),
                                "-d",
                                "-w",
                                "-M",
                                "intel,intel-mnemonic",
                                "-j",
                                ".text",
                                PROGRAM.toString())
                        .redirectErrorStream(true)
                        .start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), out);
        List<Known> known = new ArrayList<>();
        for (String line : out.lines().toList()) {
            Matcher matcher = LINE.matcher(line);
            if (matcher.matches()) {
                known.add(
                        new Known(
                                Long.parseUnsignedLong(matcher.group(1), 16),
                                HexFormat.of().parseHex(matcher.group(2).replace(" ", "")),
                                matcher.group(3)));
            }
        }
        return known;
    }
}
