package straddle.machines.chassis;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import straddle.core.memory.RamAllocator;
import straddle.core.memory.RamUnavailableException;

/// Whether a guest can have as much RAM as it was given.
public final class RamSize {
    private static final Path MEMINFO = Path.of("/proc/meminfo");
    private static final long KIB = 1024;
    private static final long MIB = 1 << 20;

    private RamSize() {}

    /// @param minimum bytes that the guest needs
    /// @throws RamUnavailableException with a sentence, if the size is 0, odd, too small or beyond the host's
    public static void check(long bytes, long minimum) throws RamUnavailableException {
        check(bytes, minimum, hostBytes());
    }

    static void check(long bytes, long minimum, OptionalLong host) throws RamUnavailableException {
        if (bytes <= 0) {
            throw new RamUnavailableException(
                    "A guest can't run with "
                            + bytes
                            + " bytes of RAM; give it "
                            + mib(minimum)
                            + " or more.");
        }
        if (bytes % RamAllocator.PAGE_BYTES != 0) {
            throw new RamUnavailableException(
                    "The guest's RAM of " + bytes + " bytes is no multiple of 4096 bytes.");
        }
        if (bytes < minimum) {
            throw new RamUnavailableException(
                    "This guest needs at least "
                            + mib(minimum)
                            + " of RAM; it was given "
                            + mib(bytes)
                            + ".");
        }
        if (host.isPresent() && bytes > host.getAsLong()) {
            throw new RamUnavailableException(
                    "The guest was given "
                            + mib(bytes)
                            + " of RAM; this host has only "
                            + mib(host.getAsLong())
                            + ".");
        }
    }

    private static String mib(long bytes) {
        return bytes % MIB == 0 || bytes > 1024 * MIB
                ? String.format(Locale.ROOT, "%,d MiB", bytes / MIB)
                : String.format(Locale.ROOT, "%,d KiB", bytes / KIB);
    }

    /// The host's RAM, where the host tells.
    private static OptionalLong hostBytes() {
        try {
            return total(Files.readAllLines(MEMINFO));
        } catch (IOException _) {
            return OptionalLong.empty();
        }
    }

    /// MemTotal of proc_meminfo(5), in bytes.
    static OptionalLong total(List<String> meminfo) {
        return meminfo.stream()
                .filter(line -> line.startsWith("MemTotal:") && line.endsWith(" kB"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) * KIB)
                .findFirst();
    }
}
