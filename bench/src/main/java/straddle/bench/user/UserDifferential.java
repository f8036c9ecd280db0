package straddle.bench.user;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import straddle.bench.Tier;
import straddle.core.user.BadAddressException;
import straddle.core.user.UserIsa;
import straddle.core.user.UserTranslatorProvider;

/// Programs of random instructions in the interpreter, as machine code, as compiled regions, and in QEMU's user-mode emulation: all must
/// print the same.
public final class UserDifferential {
    private static final int SEQUENCES = 400;
    private static final long MINUTES = 2;

    private UserDifferential() {}

    /// The sources that there are.
    static ProgramSource source(UserIsa isa) {
        return source(isa, _ -> true);
    }

    private static ProgramSource source(UserIsa isa, Predicate<String> rows) {
        return switch (isa) {
            case AARCH64 -> new A64Programs(rows);
            case MIPS, MIPSEL -> new MipsPrograms(isa, rows);
            case ARM -> new ArmPrograms(rows);
            default -> throw new IllegalArgumentException("There are no programs for " + isa);
        };
    }

    /// What a program prints in the translator.
    ///
    /// @param tier takes what gets warm
    static byte[] translated(ProgramSource.Program program, UserIsa isa, Tier tier)
            throws BadAddressException {
        tier.choose();
        UserTranslatorProvider provider = UserTranslatorProvider.of(isa).orElseThrow();
        try (GuestProgram guest = new GuestProgram(provider, isa)) {
            return guest.run(program);
        }
    }

    /// What it prints under QEMU.
    static byte[] underQemu(ProgramSource.Program program, UserIsa isa)
            throws IOException, InterruptedException {
        Path file = Files.createTempFile("straddle-", ".elf");
        Path output = Files.createTempFile("straddle-", ".out");
        try {
            Files.write(file, Elf.of(isa, flags(isa), program));
            if (!file.toFile().setExecutable(true)) {
                throw new IOException("Cannot make " + file + " executable");
            }
            Process qemu =
                    new ProcessBuilder("qemu-" + isa.machineName() + "-static", file.toString())
                            .redirectOutput(output.toFile())
                            .redirectError(ProcessBuilder.Redirect.INHERIT)
                            .start();
            if (!qemu.waitFor(MINUTES, TimeUnit.MINUTES)) {
                qemu.destroyForcibly();
            }
            return Files.readAllBytes(output);
        } finally {
            Files.delete(file);
            Files.delete(output);
        }
    }

    /// e_flags: MIPS32r2 with the o32 ABI, ARM's EABI 5.
    private static int flags(UserIsa isa) {
        return switch (isa) {
            case MIPS, MIPSEL -> 0x7000_1001;
            case ARM -> 0x0500_0400;
            default -> 0;
        };
    }

    /// The first sequence whose output differs, as text, or an empty one.
    static String difference(ProgramSource.Program program, byte[] expected, byte[] actual) {
        int at = Arrays.mismatch(expected, actual);
        if (at < 0) {
            return "";
        }
        int block = program.blockBytes();
        int sequence = at / block;
        StringBuilder text = new StringBuilder();
        text.append("sequence %d of %d%n".formatted(sequence, expected.length / block));
        for (int i = sequence * block; i < (sequence + 1) * block; i += 4) {
            if (i + 4 > expected.length || i + 4 > actual.length) {
                text.append("  ends at %x and %x%n".formatted(expected.length, actual.length));
                int from = Math.max(0, actual.length - 80);
                text.append(
                        new String(
                                actual,
                                from,
                                actual.length - from,
                                java.nio.charset.StandardCharsets.ISO_8859_1));
                break;
            }
            if (!Arrays.equals(expected, i, i + 4, actual, i, i + 4)) {
                HexFormat hex = HexFormat.of();
                text.append(
                        "  +%03x: expected %s, is %s%n"
                                .formatted(
                                        i - sequence * block,
                                        hex.formatHex(expected, i, i + 4),
                                        hex.formatHex(actual, i, i + 4)));
            }
        }
        return text.toString();
    }

    /// @param args `--isa NAME`, `--seed N`, `--programs N`, `--sequences N`, `--rows REGEX` for those rows of the decode
    /// table alone
    public static void main(String[] args) throws Exception {
        UserIsa isa = UserIsa.MIPSEL;
        long seed = 1;
        int programs = 1;
        int sequences = SEQUENCES;
        Predicate<String> rows = _ -> true;
        for (int i = 0; i + 1 < args.length; i += 2) {
            String value = args[i + 1];
            switch (args[i]) {
                case "--isa" ->
                        isa =
                                Arrays.stream(UserIsa.values())
                                        .filter(each -> each.machineName().equals(value))
                                        .findFirst()
                                        .orElseThrow();
                case "--seed" -> seed = Long.parseLong(value);
                case "--programs" -> programs = Integer.parseInt(value);
                case "--sequences" -> sequences = Integer.parseInt(value);
                case "--rows" -> rows = Pattern.compile(value).asMatchPredicate();
                default -> throw new IllegalArgumentException("No such option: " + args[i]);
            }
        }
        ProgramSource source = source(isa, rows);
        System.exit(compare(source, seed, programs, sequences) ? 0 : 1);
    }

    private static boolean compare(
            ProgramSource source, long firstSeed, int programs, int sequences)
            throws IOException, InterruptedException, BadAddressException {
        UserIsa isa = source.isa();
        long executions = 0;
        List<String> failures = new ArrayList<>();
        for (int i = 0; i < programs; i++) {
            long seed = firstSeed + i;
            ProgramSource.Program program = source.program(seed, sequences);
            byte[] expected = underQemu(program, isa);
            executions += program.executions();
            check(
                    failures,
                    seed,
                    program,
                    expected,
                    translated(program, isa, Tier.INTERPRETER),
                    "interpreter");
            check(
                    failures,
                    seed,
                    program,
                    expected,
                    translated(program, isa, Tier.MACHINE_CODE),
                    "machine code");
            check(
                    failures,
                    seed,
                    program,
                    expected,
                    translated(program, isa, Tier.REGIONS),
                    "regions");
        }
        failures.forEach(System.out::println);
        report(source);
        System.out.printf(
                "%s: %d programs, %,d instruction executions, %d differ%n",
                isa.machineName(), programs, executions, failures.size());
        return failures.isEmpty() && least(source) > 0;
    }

    private static void check(
            List<String> failures,
            long seed,
            ProgramSource.Program program,
            byte[] expected,
            byte[] actual,
            String tier)
            throws IOException {
        String difference = difference(program, expected, actual);
        if (!difference.isEmpty()) {
            Path saved = Path.of("target", "user-%d.bin".formatted(seed));
            Files.createDirectories(saved.getParent());
            Files.write(saved, program.image());
            failures.add("seed %d, %s, %s: %s".formatted(seed, tier, saved, difference));
        }
    }

    private static long least(ProgramSource source) {
        return source.executions().values().stream().mapToLong(Long::longValue).min().orElse(0);
    }

    /// The coverage table: each row that was not reached fails the run.
    private static void report(ProgramSource source) {
        source.executions().forEach((row, count) -> System.out.printf("%-64s %,12d%n", row, count));
        for (Map.Entry<String, String> each : source.exempt().entrySet()) {
            System.out.printf("%-12s left out: %s%n", each.getKey(), each.getValue());
        }
    }
}
