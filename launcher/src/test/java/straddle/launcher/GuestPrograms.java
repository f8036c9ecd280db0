package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.HostVerdict;
import straddle.core.accel.HostVerdict.GuestMode;

/// Programs for a Linux guest, made of the C sources in `src/test/guest` by the host's gcc.
final class GuestPrograms {
    private GuestPrograms() {}

    /// Debian's static busybox for an architecture by Debian's name; skips the test where it was not fetched.
    static Path busybox(String architecture) {
        String cache =
                Optional.ofNullable(System.getenv("XDG_CACHE_HOME"))
                        .orElse(System.getProperty("user.home") + "/.cache");
        Path there = Path.of(cache, "straddle", "packages", architecture, "root", "bin", "busybox");
        assumeTrue(
                Files.exists(there), "no busybox: '.ci/packages " + architecture + "' fetches it");
        return there;
    }

    static Path source(String name) {
        return source(name, ".c");
    }

    private static Path source(String name, String kind) {
        return Path.of("src", "test", "guest", name + kind);
    }

    /// A static program.
    static Path compiled(String name, Path directory) throws IOException, InterruptedException {
        return compiled(name, directory, "gcc");
    }

    /// A static program by another compiler, such as one for another architecture.
    static Path compiled(String name, Path directory, String compiler)
            throws IOException, InterruptedException {
        return compile(compiler, source(name), directory, "-O1", "-static", "-pthread");
    }

    /// A 32-bit one without a C library.
    static Path compiled32(String name, Path directory) throws IOException, InterruptedException {
        return compile(
                "gcc",
                source(name),
                directory,
                "-m32",
                "-O1",
                "-static",
                "-nostdlib",
                "-ffreestanding",
                "-fno-pie",
                "-no-pie",
                "-fno-stack-protector");
    }

    /// The bytes of a 64-bit kernel in assembly, which starts with its first instruction wherever it lies.
    static byte[] assembled(String name, Path directory) throws IOException, InterruptedException {
        return Files.readAllBytes(
                compile(
                        "gcc",
                        source(name, ".S"),
                        directory,
                        "-nostdlib",
                        "-static",
                        "-no-pie",
                        "-Wl,-N,-Ttext=0,-e,0,--build-id=none,--oformat=binary"));
    }

    private static Path compile(String compiler, Path source, Path directory, String... options)
            throws IOException, InterruptedException {
        String name = source.getFileName().toString().replaceFirst("\\.\\w+$", "");
        Path program = directory.resolve(name);
        Path log = directory.resolve(name + ".log");
        List<String> line = new ArrayList<>(List.of(compiler, "-Wall", "-Wextra", "-Werror"));
        line.addAll(Arrays.asList(options));
        line.addAll(List.of("-o", program.toString(), source.toString()));
        Process gcc;
        try {
            gcc =
                    new ProcessBuilder(line)
                            .redirectErrorStream(true)
                            .redirectOutput(log.toFile())
                            .start();
        } catch (IOException e) {
            assumeTrue(false, "the guest's programs need " + compiler + ": " + e.getMessage());
            throw e;
        }
        assertEquals(0, gcc.waitFor(), Files.readString(log));
        return program;
    }

    /// Skips the test on hosts where user code would be translated.
    static void requireNativeUserCode() throws AcceleratorException {
        for (AcceleratorProvider engine : AcceleratorProvider.installed()) {
            if (engine.probe(false).map(GuestPrograms::runsUserCode).orElse(false)) {
                return;
            }
        }
        assumeTrue(false, "this host has no KVM that runs user code on the processor");
    }

    private static boolean runsUserCode(HostVerdict verdict) {
        return verdict.isNative(GuestMode.LONG_USER);
    }
}
