package straddle.launcher;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// The class files of all modules of this build.
final class BuiltClasses {
    private static final List<String> MODULES =
            List.of(
                    "core",
                    "native-headers",
                    "host",
                    "accel-kvm",
                    "tcg",
                    "devices",
                    "machines",
                    "linux-user",
                    "launcher");

    private BuiltClasses() {}

    /// A directory a module.
    static List<Path> directories() {
        Path root =
                Path.of(System.getProperty("basedir", "."))
                        .toAbsolutePath()
                        .normalize()
                        .getParent();
        return MODULES.stream()
                .map(module -> root.resolve(module).resolve("target/classes"))
                .toList();
    }

    /// Every class but jextract's.
    static List<ClassModel> written() {
        return directories().stream()
                .filter(directory -> !directory.toString().contains("native-headers"))
                .flatMap(directory -> in(directory).stream())
                .toList();
    }

    private static List<ClassModel> in(Path directory) {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(file -> file.toString().endsWith(".class"))
                    .map(BuiltClasses::parse)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static ClassModel parse(Path file) {
        try {
            return ClassFile.of().parse(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
