package straddle.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/// What this process holds of the host: for tests that look for leaks.
///
/// @param descriptors open files
/// @param mappings of memory
public record ProcessUsage(long descriptors, long mappings) {

    /// Counts now. The count itself opens one file, as it does every time.
    public static ProcessUsage now() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"));
                Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
            return new ProcessUsage(files.count(), maps.count());
        }
    }
}
