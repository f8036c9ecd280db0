package straddle.launcher;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import picocli.CommandLine.Option;
import straddle.core.memory.RamAllocator;
import straddle.core.memory.RamUnavailableException;
import straddle.host.HostException;
import straddle.host.SharedMemory;
import straddle.launcher.report.Figures;
import straddle.machines.embedded.EmbeddedGuest;
import straddle.machines.embedded.GuestImageException;

/// What `run`, `demo` and `compare` take about the guest and its memory.
final class MachineOptions {
    private static final boolean LINUX = "Linux".equals(System.getProperty("os.name"));

    @Option(
            names = {"-m", "--memory"},
            paramLabel = "SIZE",
            defaultValue = "64M",
            description = "The guest's memory, as in 64M or 1G. Default: ${DEFAULT-VALUE}.")
    private String memory;

    @Option(
            names = "--guest",
            paramLabel = "IMAGE",
            description =
                    "A guest image in the format of machines/src/guest/README.md. Default: the built-in one.")
    private Path image;

    EmbeddedGuest guest() throws CommandFailure {
        if (image == null) {
            return EmbeddedGuest.builtIn();
        }
        try {
            return EmbeddedGuest.read(image);
        } catch (GuestImageException e) {
            throw CommandFailure.usage(e.getMessage());
        }
    }

    /// @return bytes that this guest can start with
    long ramBytes(EmbeddedGuest guest) throws CommandFailure {
        long bytes = MemorySize.parse(memory);
        if (bytes < guest.minRamBytes()) {
            throw CommandFailure.usage(
                    "This guest needs at least "
                            + Figures.bytes(guest.minRamBytes())
                            + " of memory; -m gives it "
                            + Figures.bytes(bytes)
                            + ".");
        }
        return bytes;
    }

    /// Memory that KVM, the translator and devices share.
    static RamAllocator ram() {
        return LINUX ? MachineOptions::shared : RamAllocator.OFF_HEAP;
    }

    private static MemorySegment shared(String name, long bytes, Arena arena)
            throws RamUnavailableException {
        try {
            return SharedMemory.allocate("straddle-" + name, bytes, arena);
        } catch (HostException e) {
            throw new RamUnavailableException(e.getMessage(), e);
        }
    }
}
