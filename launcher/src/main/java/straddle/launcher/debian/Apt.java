package straddle.launcher.debian;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.DoubleConsumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import straddle.launcher.session.Interruption;

/// Debian's packages of one architecture, by way of the host's apt-get and with a configuration of our own:
/// nothing is installed, nothing outside a directory of ours is written, and root is not needed.
///
/// Of the host's configuration it takes how to reach the network, the keys that it trusts and, on a Debian host,
/// the sources. apt verifies the archive's signature, and by it every package.
final class Apt {
    private static final String STATUS = "dlstatus:";
    private static final Path KEYRING = Path.of("/usr/share/keyrings/debian-archive-keyring.gpg");
    private static final String RELEASE = "bookworm";

    private final Path directory;
    private final Path configuration;
    private final DebianArchitecture architecture;
    private final Interruption interruption;

    private record Output(int code, List<String> lines) {
        String complaints() {
            String text =
                    lines.stream()
                            .filter(line -> line.startsWith("E:") || line.startsWith("W:"))
                            .map(line -> "  " + line)
                            .distinct()
                            .limit(8)
                            .collect(Collectors.joining("\n"));
            return text.isEmpty() ? "  (apt gave no reason)" : text;
        }
    }

    /// @param directory for the archive's lists; kept from one time to the next
    Apt(Path directory, DebianArchitecture architecture, Interruption interruption)
            throws GuestException, IOException, InterruptedException {
        this.directory = directory;
        this.architecture = architecture;
        this.interruption = interruption;
        this.configuration = directory.resolve("apt.conf");
        Files.createDirectories(directory.resolve("lists/partial"));
        Files.deleteIfExists(configuration); // what follows asks for the host's
        Files.write(configuration, configuration());
    }

    private List<String> configuration() throws GuestException, IOException, InterruptedException {
        List<String> lines = new ArrayList<>();
        Output host = run(List.of("apt-config", "dump"), _ -> {});
        host.lines().stream().filter(line -> line.startsWith("Acquire::")).forEach(lines::add);
        lines.add("Acquire::AllowInsecureRepositories \"false\";");
        lines.add("Acquire::Languages { \"none\"; };");
        lines.add("APT::Get::AllowUnauthenticated \"false\";");
        lines.add("APT::Architecture \"" + architecture.label() + "\";");
        lines.add("APT::Architectures { \"" + architecture.label() + "\"; };");
        lines.add("APT::Sandbox::User \"" + System.getProperty("user.name") + "\";");
        lines.add("APT::Status-Fd \"1\";");
        lines.add("Dir::Etc::parts \"/dev/null\";");
        lines.add("Dir::Etc::main \"/dev/null\";");
        lines.add("Dir::Etc::preferences \"/dev/null\";");
        lines.add("Dir::Etc::preferencesparts \"/dev/null\";");
        lines.add("Dir::State \"" + directory + "\";");
        lines.add("Dir::State::lists \"" + directory.resolve("lists") + "\";");
        lines.add("Dir::State::status \"/dev/null\";");
        lines.add("Dir::Cache \"" + directory + "\";");
        lines.add("Dir::Cache::pkgcache \"\";");
        lines.add("Dir::Cache::srcpkgcache \"\";");
        if (!isDebian()) {
            lines.add("Dir::Etc::sourceparts \"/dev/null\";");
            lines.add("Dir::Etc::sourcelist \"" + ownSources() + "\";");
        }
        return lines;
    }

    private static boolean isDebian() {
        try (Stream<String> lines = Files.lines(Path.of("/etc/os-release"))) {
            return lines.anyMatch("ID=debian"::equals);
        } catch (IOException | UncheckedIOException _) {
            return false;
        }
    }

    private Path ownSources() throws GuestException, IOException {
        if (!Files.isReadable(KEYRING)) {
            throw new GuestException(
                    "This host is no Debian, and lacks Debian's keys to verify packages with: install the package debian-archive-keyring.");
        }
        String entry = "deb [signed-by=" + KEYRING + "] http://deb.debian.org/debian";
        return Files.write(
                directory.resolve("sources.list"),
                List.of(
                        entry + " " + RELEASE + " main",
                        entry + "-security " + RELEASE + "-security main"));
    }

    /// Fetches what the archive has.
    ///
    /// @param progress told percentages
    void update(DoubleConsumer progress) throws GuestException, IOException, InterruptedException {
        // A source of the host's that fails is no reason to stop: what is needed is looked for
        // below.
        Output output = run(List.of("apt-get", "-q", "update"), percentages(progress));
        if (newest(architecture.kernelPackage()).isEmpty()) {
            throw new GuestException(
                    "Debian's archive can't be reached, or has no "
                            + architecture.kernelPackage()
                            + ". apt-get update said:\n"
                            + output.complaints());
        }
    }

    /// The control fields of the newest version of a package.
    Optional<List<String>> newest(String name)
            throws GuestException, IOException, InterruptedException {
        Output output = run(List.of("apt-cache", "show", "--no-all-versions", name), _ -> {});
        return output.code() == 0 && !output.lines().isEmpty()
                ? Optional.of(output.lines())
                : Optional.empty();
    }

    /// What packages a package depends on, by name.
    List<String> dependencies(String name)
            throws GuestException, IOException, InterruptedException {
        return newest(name).orElse(List.of()).stream()
                .filter(line -> line.startsWith("Depends: "))
                .flatMap(line -> Stream.of(line.substring("Depends: ".length()).split(", *", -1)))
                .map(dependency -> dependency.split("[ (|]", 2)[0])
                .toList();
    }

    /// Downloads packages into a directory and verifies them.
    ///
    /// @param progress told percentages
    void download(Path into, List<String> packages, DoubleConsumer progress)
            throws GuestException, IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of("apt-get", "-q", "download"));
        line.addAll(packages);
        Output output = run(line, into, percentages(progress));
        if (output.code() != 0) {
            throw new GuestException(
                    "The packages "
                            + String.join(", ", packages)
                            + " can't be had. apt-get download said:\n"
                            + output.complaints());
        }
    }

    private static Consumer<String> percentages(DoubleConsumer progress) {
        return line -> {
            String[] fields = line.split(":", 4);
            if (line.startsWith(STATUS) && fields.length == 4) {
                try {
                    progress.accept(Double.parseDouble(fields[2]));
                } catch (NumberFormatException _) {
                    // A status line of another kind: the next one will do.
                }
            }
        };
    }

    private Output run(List<String> line, Consumer<String> each)
            throws GuestException, IOException, InterruptedException {
        return run(line, directory, each);
    }

    private Output run(List<String> line, Path workingDirectory, Consumer<String> each)
            throws GuestException, IOException, InterruptedException {
        ProcessBuilder builder =
                new ProcessBuilder(line)
                        .directory(workingDirectory.toFile())
                        .redirectErrorStream(true)
                        .redirectInput(Path.of("/dev/null").toFile());
        builder.environment().put("LC_ALL", "C");
        if (Files.exists(configuration)) {
            builder.environment().put("APT_CONFIG", configuration.toString());
        }
        Process process;
        try {
            process = builder.start();
        } catch (IOException e) {
            throw new GuestException(
                    "Debian's packages are fetched with "
                            + line.getFirst()
                            + ", which this host lacks or refuses. Where there is a kernel already, use 'straddle run --kernel'.",
                    e);
        }
        try (Interruption.Guard guard = interruption.guard();
                BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
            guard.onInterrupt(process::destroy);
            List<String> lines = new ArrayList<>();
            for (String text = reader.readLine(); text != null; text = reader.readLine()) {
                each.accept(text);
                if (!text.toLowerCase(Locale.ROOT).startsWith(STATUS)) {
                    lines.add(text);
                }
            }
            int code = process.waitFor();
            if (interruption.happened()) {
                throw new InterruptedException();
            }
            return new Output(code, lines);
        } finally {
            process.destroy();
        }
    }
}
