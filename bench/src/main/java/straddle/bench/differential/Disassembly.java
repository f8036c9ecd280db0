package straddle.bench.differential;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Code as text, by objdump where the host has it, else as bytes.
final class Disassembly {
    private static final int MAX_SECONDS = 5;

    private Disassembly() {}

    static List<String> of(byte[] code, long address) {
        try {
            Path file = Files.createTempFile("straddle-code", ".bin");
            try {
                Files.write(file, code);
                return objdump(file, address);
            } finally {
                Files.delete(file);
            }
        } catch (IOException _) {
            return List.of(HexFormat.of().formatHex(code));
        }
    }

    private static List<String> objdump(Path file, long address) throws IOException {
        Process process =
                new ProcessBuilder(
                                "objdump",
                                "-D",
                                "-b",
                                "binary",
                                "-m",
                                "i386:x86-64",
                                "-M",
                                "intel",
                                "--adjust-vma=0x" + Long.toHexString(address),
                                file.toString())
                        .redirectErrorStream(true)
                        .start();
        try {
            String text =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(MAX_SECONDS, TimeUnit.SECONDS)) {
                process.destroy();
            }
            return text.lines()
                    .filter(line -> line.matches(" *[0-9a-f]+:\t.*"))
                    .map(line -> line.strip().replace('\t', ' '))
                    .toList();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }
}
