package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.Gson;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jline.reader.LineReader;
import org.jline.terminal.Terminal;
import picocli.CommandLine;

/// The command as users start it: a process of its own, with the modules of this build.
final class CommandProcess implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 300;

    private final Process process;
    private final Path out;
    private final Path err;
    private final Path scratch;

    private CommandProcess(Process process, Path out, Path err, Path scratch) {
        this.process = process;
        this.out = out;
        this.err = err;
        this.scratch = scratch;
    }

    /// @param directory an empty one, for the process's temporary files and for what it prints
    static CommandProcess start(Path directory, String... args) throws IOException {
        return start(directory, false, args);
    }

    /// @param environment added to this process's own
    static CommandProcess start(Path directory, Map<String, String> environment, String... args)
            throws IOException {
        return start(directory, environment, false, args);
    }

    /// @param piped whether standard output is a pipe that the test reads, instead of a file
    static CommandProcess start(Path directory, boolean piped, String... args) throws IOException {
        return start(directory, Map.of(), piped, args);
    }

    private static CommandProcess start(
            Path directory, Map<String, String> environment, boolean piped, String... args)
            throws IOException {
        Path out = directory.resolve("out");
        return start(
                directory,
                out,
                environment,
                builder -> {
                    if (!piped) {
                        builder.redirectOutput(out.toFile());
                    }
                },
                args);
    }

    /// Somebody's terminal is its standard input and output.
    static CommandProcess atTerminal(
            Path directory, Path terminal, Map<String, String> environment, String... args)
            throws IOException {
        return start(
                directory,
                terminal,
                environment,
                builder ->
                        builder.redirectInput(terminal.toFile()).redirectOutput(terminal.toFile()),
                args);
    }

    private static CommandProcess start(
            Path directory,
            Path out,
            Map<String, String> environment,
            Consumer<ProcessBuilder> redirect,
            String... args)
            throws IOException {
        Path scratch = Files.createDirectory(directory.resolve("tmp"));
        Path err = directory.resolve("err");
        List<String> line = new ArrayList<>();
        // A parent that ignores Ctrl-C, as a background job's does, must not pass that on.
        line.addAll(List.of("env", "--default-signal=INT,TERM"));
        line.addAll(command(scratch));
        line.addAll(List.of(args));
        ProcessBuilder builder = new ProcessBuilder(line).redirectError(err.toFile());
        builder.environment().putAll(environment);
        redirect.accept(builder);
        return new CommandProcess(builder.start(), out, err, scratch);
    }

    private static List<String> command(Path scratch) {
        List<String> line = new ArrayList<>(java(modulePath()));
        line.add("-Djava.io.tmpdir=" + scratch);
        line.addAll(List.of("-m", "straddle.launcher/straddle.launcher.Main"));
        return line;
    }

    /// The command as a file that a shell can start.
    ///
    /// @param directory an empty one, for the file and for the command's temporary files
    static Path script(Path directory) throws IOException {
        String words =
                command(directory).stream()
                        .map(word -> "'" + word + "'")
                        .collect(Collectors.joining(" "));
        Path script =
                Files.writeString(
                        directory.resolve("straddle"), "#!/bin/sh\nexec " + words + " \"$@\"\n");
        assertTrue(script.toFile().setExecutable(true));
        return script;
    }

    /// The JVM with the module path and the flags of the `straddle` script that matter here.
    static List<String> java(String modulePath) {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:-UsePerfData",
                "--add-exports=java.base/jdk.internal.misc=straddle.tcg",
                "--enable-native-access=straddle.host,straddle.linux,straddle.accel.kvm",
                "--add-modules=straddle.accel.kvm,straddle.tcg",
                "-p",
                modulePath);
    }

    static String modulePath() {
        Stream<String> ours = BuiltClasses.directories().stream().map(Path::toString);
        Stream<String> theirs =
                Stream.of(CommandLine.class, Gson.class, LineReader.class, Terminal.class)
                        .map(CommandProcess::jarOf);
        Stream<String> unnamedHere =
                Stream.of("jdk.module.path", "java.class.path", "surefire.test.class.path")
                        .flatMap(key -> Stream.of(System.getProperty(key, "").split(":", -1)))
                        .filter(path -> path.matches(".*/(asm|xz|commons-[a-z0-9]+)-[0-9.]+\\.jar"))
                        .distinct();
        return String.join(
                File.pathSeparator,
                Stream.of(ours, theirs, unnamedHere).flatMap(paths -> paths).toList());
    }

    /// A copy of the module path that every user of this host may read.
    static String publicModulePath(Path directory) throws IOException, InterruptedException {
        List<String> copies = new ArrayList<>();
        for (String original : modulePath().split(File.pathSeparator, -1)) {
            Path copy = directory.resolve("module-" + copies.size());
            Files.createDirectory(copy);
            run("cp", "-r", original, copy.toString());
            copies.add(copy.resolve(Path.of(original).getFileName()).toString());
        }
        run("chmod", "-R", "a+rX", directory.toString());
        return String.join(File.pathSeparator, copies);
    }

    private static void run(String... line) throws IOException, InterruptedException {
        new ProcessBuilder(line).start().waitFor();
    }

    private static String jarOf(Class<?> type) {
        return Path.of(type.getProtectionDomain().getCodeSource().getLocation().getPath())
                .toString();
    }

    /// The running process.
    Process process() {
        return process;
    }

    /// Sends what Ctrl-C sends.
    void interrupt() throws IOException, InterruptedException {
        signal("INT");
    }

    void signal(String name) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
    }

    /// Waits for the end and returns the exit code.
    int await() throws InterruptedException {
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("still running after " + PATIENCE_SECONDS + " s");
        }
        return process.exitValue();
    }

    String out() throws IOException {
        return Files.readString(out, StandardCharsets.ISO_8859_1);
    }

    String err() throws IOException {
        return Files.readString(err);
    }

    /// What it printed, for when a test fails.
    String everything() {
        try {
            return out() + err();
        } catch (IOException e) {
            return e.toString();
        }
    }

    /// Waits until standard error has a text.
    void awaitErr(String text) throws IOException, InterruptedException {
        awaitIn(err, text);
    }

    /// Waits until standard output has a text.
    void awaitOut(String text) throws IOException, InterruptedException {
        awaitIn(out, text);
    }

    private void awaitIn(Path file, String text) throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!Files.readString(file, StandardCharsets.ISO_8859_1).contains(text)
                && process.isAlive()
                && System.nanoTime() - end < 0) {
            Thread.sleep(20);
        }
    }

    /// What it left behind in its directory for temporary files.
    List<Path> leftBehind() throws IOException {
        try (Stream<Path> files = Files.list(scratch)) {
            return files.toList();
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
