package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import straddle.core.accel.AcceleratorProvider;

class DisasmCommandTest {
    @TempDir private Path directory;

    private static CommandRun disasm(String... args) {
        String[] all = new String[args.length + 1];
        all[0] = "disasm";
        System.arraycopy(args, 0, all, 1, args.length);
        return CommandRun.of(AcceleratorProvider.installed(), all);
    }

    @Test
    void bytesOnTheCommandLineAreDisassembled() {
        CommandRun run = disasm("48 01 d8", "c3");

        assertEquals(ExitCodes.OK, run.code(), run.err());
        assertEquals(
                List.of("0:  48 01 d8  add rax,rbx", "3:  c3  ret"),
                run.out().lines().map(line -> line.strip().replaceAll("  +", "  ")).toList());
    }

    @Test
    void aFilesBytesAreDisassembledFromTheGivenAddressOn() throws IOException {
        Path file = directory.resolve("boot.bin");
        Files.write(file, HexFormat.of().parseHex("ffffea5be000f0"));
        CommandRun run = disasm("--mode", "16", "--base", "0x7c00", "--offset", "2", "" + file);

        assertEquals(ExitCodes.OK, run.code(), run.err());
        assertTrue(run.out().contains("7c00:"), run.out());
        assertTrue(run.out().contains("jmp far 0xf000:0xe05b"), run.out());
    }

    @Test
    void microOpsAndBytecodeFollowOnRequest() {
        CommandRun run = disasm("--micro-ops", "--bytecode", "48 01 d8");

        assertTrue(run.out().contains("addRegister d=rax s=rbx"), run.out());
        assertTrue(run.out().contains("lload rbx"), run.out());
    }

    @ParameterizedTest
    @CsvSource({
        "--mode, 8, 90",
        "--base, here, 90",
        "--offset, 9, 90",
        "--length, 9, 90",
        "--mode, 64, 9",
        "--mode, 64, /no/such/file"
    })
    void whatMakesNoSenseIsTheUsersMistake(String option, String value, String code) {
        CommandRun run = disasm(option, value, code);

        assertEquals(ExitCodes.USAGE, run.code());
        assertTrue(run.err().startsWith("straddle: "), run.err());
        assertEquals("", run.out());
    }
}
