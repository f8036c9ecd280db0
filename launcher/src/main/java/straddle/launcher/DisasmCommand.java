package straddle.launcher;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.CodeLister;
import straddle.core.accel.GuestArchitecture;

/// `straddle disasm`: guest code as text, and what the translator makes of it.
@Command(
        name = "disasm",
        mixinStandardHelpOptions = true,
        header = "Disassembles guest code, and shows what the translator makes of it.",
        descriptionHeading = "%n",
        description = {
            "Takes a file of raw machine code, or the bytes themselves in hexadecimal. With --micro-ops, each",
            "instruction is followed by the steps that the interpreter takes for it; with --bytecode, each block",
            "by the JVM bytecode that it becomes once it is hot."
        },
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  straddle disasm '48 01 d8 c3'",
            "  straddle disasm --micro-ops --bytecode '48 ff c0 48 39 d8 75 f8'",
            "  straddle disasm --mode 16 --base 0x7c00 boot.bin"
        })
final class DisasmCommand implements Callable<Integer> {
    private static final HexFormat SPACED = HexFormat.ofDelimiter(" ");
    private static final int MAX_BYTES = 256 << 20;

    private final Surroundings surroundings;

    @Parameters(
            paramLabel = "FILE|HEX",
            arity = "1..*",
            description = "A file of machine code, or its bytes in hexadecimal.")
    private List<String> code;

    @Option(
            names = "--mode",
            paramLabel = "BITS",
            defaultValue = "64",
            description = "16, 32 or 64-bit code. Default: ${DEFAULT-VALUE}.")
    private int bits;

    @Option(
            names = "--base",
            paramLabel = "ADDRESS",
            defaultValue = "0",
            description = "The address of the first byte, in hexadecimal with 0x. Default: 0.")
    private String base;

    @Option(
            names = "--offset",
            paramLabel = "BYTES",
            defaultValue = "0",
            description = "Begin so many bytes into the file. Default: 0.")
    private String offset;

    @Option(
            names = "--length",
            paramLabel = "BYTES",
            description = "So many bytes and no more. Default: to the end.")
    private String length;

    @Option(names = "--micro-ops", description = "Show the micro-ops of each instruction.")
    private boolean microOps;

    @Option(names = "--bytecode", description = "Show the JVM bytecode of each block.")
    private boolean bytecode;

    DisasmCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    @Override
    public Integer call() throws CommandFailure {
        CodeLister.Mode mode = mode();
        long at = number("--base", base);
        byte[] bytes = bytes();
        CodeLister lister = lister();
        PrintStream out =
                new PrintStream(
                        new BufferedOutputStream(surroundings.out(), 1 << 16),
                        false,
                        surroundings.out().charset());
        try {
            if (microOps || bytecode) {
                lister.blocks(bytes, at, mode).forEach(block -> print(block, out));
            } else {
                lister.instructions(bytes, at, mode).forEach(each -> print(each, out));
            }
        } catch (IllegalArgumentException e) {
            throw CommandFailure.usage(e.getMessage() + ".");
        }
        out.flush();
        return ExitCodes.OK;
    }

    private CodeLister lister() throws CommandFailure {
        for (AcceleratorProvider engine : surroundings.engines().get()) {
            var lister = engine.lister(GuestArchitecture.X86_64);
            if (lister.isPresent()) {
                return lister.get();
            }
        }
        throw CommandFailure.host("This build has no translator, which would decode the code.");
    }

    private CodeLister.Mode mode() throws CommandFailure {
        for (CodeLister.Mode mode : CodeLister.Mode.values()) {
            if (mode.bits() == bits) {
                return mode;
            }
        }
        throw CommandFailure.usage("--mode takes 16, 32 or 64; it was " + bits + ".");
    }

    private static long number(String option, String text) throws CommandFailure {
        try {
            String digits = text.replace("_", "").toLowerCase(Locale.ROOT);
            return digits.startsWith("0x")
                    ? Long.parseUnsignedLong(digits.substring(2), 16)
                    : Long.parseLong(digits);
        } catch (NumberFormatException e) {
            throw CommandFailure.usage(
                    option + " takes a number, such as 4096 or 0x1000; it was '" + text + "'.");
        }
    }

    private byte[] bytes() throws CommandFailure {
        byte[] all = code.size() == 1 && isFile(code.getFirst()) ? file() : hex();
        long from = number("--offset", offset);
        long count = length == null ? all.length - from : number("--length", length);
        if (from < 0 || count < 0 || from > all.length || count > all.length - from) {
            throw CommandFailure.usage(
                    "--offset and --length go beyond the end: there are " + all.length + " bytes.");
        }
        return java.util.Arrays.copyOfRange(all, (int) from, (int) (from + count));
    }

    private static boolean isFile(String text) {
        return !text.matches("[0-9a-fA-F \\t\\n]*") || Files.exists(Path.of(text));
    }

    private byte[] file() throws CommandFailure {
        Path path = Path.of(code.getFirst());
        try {
            if (Files.size(path) > MAX_BYTES) {
                throw CommandFailure.usage("'" + path + "' is too large: 256 MiB are the limit.");
            }
            return Files.readAllBytes(path);
        } catch (IOException e) {
            throw CommandFailure.usage(
                    "'" + path + "' is neither a file that can be read nor hexadecimal bytes.");
        }
    }

    private byte[] hex() throws CommandFailure {
        String digits = String.join("", code).replaceAll("\\s", "");
        try {
            return HexFormat.of().parseHex(digits);
        } catch (IllegalArgumentException e) {
            throw CommandFailure.usage(
                    "Hexadecimal bytes have two digits each, and nothing else: '"
                            + String.join(" ", code)
                            + "'.");
        }
    }

    private static void print(CodeLister.Instruction instruction, PrintStream out) {
        String address = Long.toHexString(instruction.address());
        String bytes = SPACED.formatHex(instruction.bytes());
        out.println(
                " ".repeat(Math.max(0, 8 - address.length()))
                        + address
                        + ":  "
                        + bytes
                        + " ".repeat(Math.max(0, 30 - bytes.length()))
                        + "  "
                        + instruction.text());
    }

    private void print(CodeLister.Block block, PrintStream out) {
        List<CodeLister.MicroOpLine> left = new ArrayList<>(block.microOps());
        for (CodeLister.Instruction instruction : block.instructions()) {
            print(instruction, out);
            if (microOps) {
                left.removeIf(line -> {
                    boolean here = line.address() == instruction.address();
                    if (here) {
                        out.println("             " + line.text());
                    }
                    return here;
                });
            }
        }
        if (microOps) {
            left.forEach(line -> out.println("             " + line.text()));
        }
        if (bytecode) {
            out.println();
            block.bytecode().forEach(line -> out.println("        " + line));
        }
        out.println();
    }
}
