package straddle.launcher;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import straddle.core.user.UserIsa;
import straddle.core.user.UserTranslatorProvider;
import straddle.core.vcpu.Statistics;
import straddle.host.HostException;
import straddle.host.LinuxCall;
import straddle.launcher.session.GuestRun;
import straddle.launcher.session.HostSignals;
import straddle.linux.user.Emulation;
import straddle.linux.user.ProgramException;
import straddle.linux.user.UserOptions;

/// `straddle user`: a Linux program of any architecture, its system calls carried out on this host.
@Command(
        name = "user",
        mixinStandardHelpOptions = true,
        header = "Runs a Linux program built for another kind of processor.",
        synopsisHeading = "Usage: ",
        descriptionHeading = "%n",
        description = {
            "The program's instructions are translated; what it asks of Linux, this host's Linux does: files,",
            "the terminal and the network are this host's, with your rights. Its exit code is passed on.",
            "",
            "What it starts is run in the same way. Programs that use shared libraries need those of their",
            "architecture: give their directory as --sysroot."
        },
        optionListHeading = "%nOptions:%n",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            " N:the program's own, 0 to 255; if a signal ended it, so does it this command",
            " 126:there is no such program, or it can't be run here",
            " 3:this host lacks something"
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  straddle user ./hello                        a static program",
            "  straddle user -L /usr/aarch64-linux-gnu ./a.out",
            "                                               libraries of Debian's cross compiler",
            "  straddle user --root ~/debian-arm64 --no-net /bin/sh",
            "                                               nothing outside that directory can be named",
            "  straddle user --strace ./program 2>calls     which system calls it makes",
            "  straddle user --binfmt aarch64               how Linux starts such programs by itself"
        })
final class UserCommand implements Callable<Integer> {
    private static final int CANNOT_RUN = 126;
    private static final int SIGNALLED = 128;
    private static final int SIGQUIT = 3;
    private static final Map<String, Integer> FORWARDED =
            Map.of("INT", 2, "TERM", 15, "HUP", 1, "WINCH", 28, "TSTP", 20, "CONT", 18);

    private final Surroundings surroundings;

    @Option(
            names = {"-L", "--sysroot"},
            paramLabel = "DIR",
            description =
                    "where absolute paths are looked for first: libraries of the program's architecture")
    private Path sysroot;

    @Option(
            names = "--root",
            paramLabel = "DIR",
            description = "the directory that the program sees as /; it can name nothing outside")
    private Path root;

    @Option(names = "--no-net", description = "no sockets other than local ones")
    private boolean noNet;

    @Option(
            names = "-E",
            paramLabel = "VAR=VALUE",
            description = "an environment variable more, or another value; without = one less")
    private List<String> environment = List.of();

    @Option(
            names = "--cpu",
            paramLabel = "MODEL",
            description = "the processor that the program sees; 'help' lists them")
    private String cpu = "";

    @Option(
            names = "--accel",
            paramLabel = "ENGINE",
            description = {
                "what runs x86-64 programs: tcg translates them, kvm has the processor run their own code;",
                "auto (the usual) does that with those that compute, where it pays"
            })
    private String accel = "auto";

    @Option(
            names = {"-m", "--memory"},
            paramLabel = "SIZE",
            description =
                    "what all of its processes may use together (default: three quarters of the host's)")
    private String memory;

    @Option(names = "--strace", description = "print every system call on standard error")
    private boolean strace;

    @Option(names = "--stats", description = "say afterwards what the translator did")
    private boolean stats;

    @Mixin private TraceOptions tracing = new TraceOptions();

    @Option(
            names = "--binfmt",
            paramLabel = "ARCH",
            description =
                    "print the line that has Linux start programs of an architecture with this command")
    private String binfmt;

    @Parameters(
            arity = "0..*",
            paramLabel = "PROGRAM [ARGUMENT...]",
            description = "the program; without / it is looked for in PATH")
    private List<String> line = List.of();

    UserCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    /// Reads a command line of plain options and a program, as picocli would.
    ///
    /// @param args the whole line, the sub-command first
    /// @return false for anything else, mistakes among it: then nothing is to be made of this object
    boolean takes(String... args) {
        List<String> variables = new ArrayList<>();
        int at = 1;
        for (; at < args.length && args[at].startsWith("-"); at++) {
            String value = at + 1 < args.length ? args[at + 1] : "-";
            switch (args[at]) {
                case "--no-net" -> noNet = true;
                case "--strace" -> strace = true;
                case "--stats" -> stats = true;
                case "-L", "--sysroot", "--root", "-E", "--cpu", "--accel", "-m", "--memory" -> {
                    if (value.startsWith("-")) {
                        return false;
                    }
                    switch (args[at]) {
                        case "-L", "--sysroot" -> sysroot = Path.of(value);
                        case "--root" -> root = Path.of(value);
                        case "-E" -> variables.add(value);
                        case "--cpu" -> cpu = value;
                        case "--accel" -> accel = value;
                        default -> memory = value;
                    }
                    at++;
                }
                default -> {
                    return false;
                }
            }
        }
        environment = variables;
        line = List.of(args).subList(Math.min(at, args.length), args.length);
        return !line.isEmpty();
    }

    @Override
    public Integer call() throws CommandFailure {
        if (binfmt != null) {
            return printBinfmt();
        }
        if (cpu.equals("help")) {
            return printModels();
        }
        if (line.isEmpty()) {
            throw CommandFailure.usage(
                    "Say which program to run: 'straddle user ./program'. 'straddle user --help' explains.");
        }
        PrintStream err = surroundings.err();
        try (Emulation emulation = new Emulation(options(err))) {
            long start = System.nanoTime();
            emulation.start();
            surroundings.interruption().disarm();
            Runnable end = forwardSignals(emulation);
            int status = emulation.await();
            end.run();
            tracing.close();
            if (stats) {
                report(emulation, System.nanoTime() - start);
            }
            return exit(status);
        } catch (ProgramException e) {
            throw CommandFailure.guest(
                    CANNOT_RUN, line.getFirst() + " can't be run: " + e.getMessage() + ".");
        } catch (HostException e) {
            throw CommandFailure.host(e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return ExitCodes.INTERRUPTED;
        } finally {
            tracing.close();
        }
    }

    private static int exit(int status) {
        int signal = status & 0x7f;
        if (signal == 0) {
            return status >>> 8 & 0xff;
        }
        Emulation.dieOf(signal);
        return SIGNALLED + signal;
    }

    /// The terminal's and the shell's signals are the program's.
    ///
    /// @return has nothing wait for them any more
    private static Runnable forwardSignals(Emulation emulation) throws HostException {
        FORWARDED.forEach(
                (name, number) -> HostSignals.register(name, () -> emulation.signal(number)));
        return LinuxCall.onSignal(SIGQUIT, () -> emulation.signal(SIGQUIT));
    }

    private UserOptions options(PrintStream err) throws CommandFailure {
        List<byte[]> words = RawWords.last(line);
        String there = root == null ? found(line.getFirst()) : line.getFirst();
        boolean asGiven = there.equals(line.getFirst());
        return new UserOptions(
                asGiven ? latin(words.getFirst()) : latin(there.getBytes(StandardCharsets.UTF_8)),
                words,
                variables(),
                sysroot == null ? "" : directory(sysroot, "--sysroot"),
                root == null ? "" : directory(root, "--root"),
                cpu,
                engine(),
                !noNet,
                strace ? err : null,
                tracing.open(err),
                memoryBytes());
    }

    private String engine() throws CommandFailure {
        if (!List.of("auto", "kvm", "tcg").contains(accel)) {
            throw CommandFailure.usage(
                    "--accel: there is no engine '" + accel + "': it is auto, kvm or tcg.");
        }
        return accel;
    }

    private static String directory(Path path, String option) throws CommandFailure {
        if (!Files.isDirectory(path)) {
            throw CommandFailure.usage(option + ": " + path + " is no directory.");
        }
        return path.toAbsolutePath().normalize().toString();
    }

    private long memoryBytes() throws CommandFailure {
        if (memory != null) {
            return MemorySize.parse(memory);
        }
        try {
            for (String each : Files.readAllLines(Path.of("/proc/meminfo"))) {
                if (each.startsWith("MemTotal:")) {
                    String kilobytes = each.substring("MemTotal:".length(), each.indexOf(" kB"));
                    return Long.parseLong(kilobytes.strip()) * 1024 / 4 * 3;
                }
            }
        } catch (IOException | NumberFormatException | IndexOutOfBoundsException _) {
            // As if it said nothing.
        }
        return 1L << 32;
    }

    /// As a shell looks for it.
    private String found(String program) {
        if (program.contains("/")) {
            return program;
        }
        if (Files.exists(Path.of(program))) {
            return program;
        }
        for (String directory :
                surroundings.environment().getOrDefault("PATH", "").split(":", -1)) {
            Path there = Path.of(directory.isEmpty() ? "." : directory, program);
            if (Files.isExecutable(there) && !Files.isDirectory(there)) {
                return there.toString();
            }
        }
        return program;
    }

    /// The process's own environment, byte for byte, with what the options change.
    private List<byte[]> variables() {
        Map<String, byte[]> all = new LinkedHashMap<>();
        List<byte[]> own = RawWords.environment();
        if (own.isEmpty()) {
            surroundings
                    .environment()
                    .forEach((name, value) ->
                            all.put(
                                    latin(name.getBytes(StandardCharsets.UTF_8)),
                                    (name + "=" + value).getBytes(StandardCharsets.UTF_8)));
        }
        own.forEach(each -> all.put(name(each), each));
        for (byte[] each : RawWords.values("-E", environment, line.size())) {
            if (latin(each).indexOf('=') < 0) {
                all.remove(latin(each));
            } else {
                all.put(name(each), each);
            }
        }
        return List.copyOf(all.values());
    }

    private static String name(byte[] variable) {
        String text = latin(variable);
        int equals = text.indexOf('=', 1);
        return equals < 0 ? text : text.substring(0, equals);
    }

    private static String latin(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private void report(Emulation emulation, long nanos) {
        Statistics figures = new Statistics();
        emulation.statistics(figures);
        long instructions =
                figures.tiers().stream().mapToLong(tier -> Math.max(0, tier.instructions())).sum();
        new StatsReport("user", new GuestRun(null, false, nanos, Map.of(), instructions, figures))
                .print(surroundings.err());
    }

    private Integer printModels() {
        for (UserIsa isa : UserIsa.values()) {
            UserTranslatorProvider.of(isa)
                    .ifPresent(provider -> {
                        surroundings.out().println(isa.machineName() + ":");
                        surroundings.out().println(provider.cpuHelp());
                    });
        }
        return ExitCodes.OK;
    }

    /// Of the kernel's Documentation/admin-guide/binfmt-misc.rst: the first bytes of the file, and which bits of them count.
    private Integer printBinfmt() throws CommandFailure {
        UserIsa isa = null;
        for (UserIsa each : UserIsa.values()) {
            isa = each.machineName().equals(binfmt) ? each : isa;
        }
        if (isa == null) {
            throw CommandFailure.usage(
                    "--binfmt: there is no architecture '"
                            + binfmt
                            + "': it is one of x86_64, i386, aarch64, arm, mips, mipsel.");
        }
        boolean big = isa.order() == java.nio.ByteOrder.BIG_ENDIAN;
        StringBuilder magic = new StringBuilder("\\x7fELF");
        magic.append(isa.is64() ? "\\x02" : "\\x01")
                .append(big ? "\\x02" : "\\x01")
                .append("\\x01");
        magic.append("\\x00".repeat(9));
        String machine = "\\x%02x".formatted(isa.elfMachine());
        magic.append(big ? "\\x00\\x02\\x00" + machine : "\\x02\\x00" + machine + "\\x00");
        String type = big ? "\\xff\\xfe\\xff\\xff" : "\\xfe\\xff\\xff\\xff";
        String mask = "\\xff".repeat(7) + "\\x00" + "\\xff".repeat(8) + type;
        PrintStream out = surroundings.out();
        out.println(
                "# As root. The kernel starts the command with the program's path as its first argument.");
        out.println(
                "echo ':straddle-%s:M::%s:%s:/usr/local/bin/straddle-%s:' > /proc/sys/fs/binfmt_misc/register"
                        .formatted(isa.machineName(), magic, mask, isa.machineName()));
        out.println("# /usr/local/bin/straddle-%s, executable:".formatted(isa.machineName()));
        out.println("#   #!/bin/sh");
        out.println("#   exec /path/to/straddle user \"$@\"");
        return ExitCodes.OK;
    }
}
