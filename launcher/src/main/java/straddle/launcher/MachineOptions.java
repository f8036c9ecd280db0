package straddle.launcher;

import java.nio.file.Path;
import picocli.CommandLine.Option;
import straddle.core.memory.RamAllocator;
import straddle.host.SharedMemory;
import straddle.launcher.report.Figures;
import straddle.machines.boot.Boot;
import straddle.machines.embedded.EmbeddedGuest;
import straddle.machines.embedded.GuestImageException;

/// What `run`, `demo` and `compare` take about the guest and its memory.
final class MachineOptions {
    private static final boolean LINUX = "Linux".equals(System.getProperty("os.name"));

    @Option(
            names = {"-m", "--memory"},
            paramLabel = "SIZE",
            description =
                    "The guest's memory, as in 64M or 1G. Default: 64M, and 256M for a kernel.")
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
        return ramBytes("64M", guest.minRamBytes());
    }

    /// @return bytes that this kernel and its initrd can start with
    long ramBytes(Boot boot) throws CommandFailure {
        return ramBytes("256M", boot.minRamBytes());
    }

    private long ramBytes(String usual, long least) throws CommandFailure {
        long bytes = MemorySize.parse(memory == null ? usual : memory);
        if (bytes < least) {
            throw CommandFailure.usage(
                    "This guest needs at least "
                            + Figures.bytes(least)
                            + " of memory; -m gives it "
                            + Figures.bytes(bytes)
                            + ".");
        }
        return bytes;
    }

    /// @throws CommandFailure if there is an image, beside another option that names a guest
    void requireNoImage(String other) throws CommandFailure {
        if (image != null) {
            throw CommandFailure.usage(
                    "--guest and " + other + " both name a guest: give one of them.");
        }
    }

    /// Memory that KVM, the translator and devices share.
    static RamAllocator ram() {
        return LINUX
                ? (name, bytes, arena) ->
                        SharedMemory.RAM.allocate("straddle-" + name, bytes, arena)
                : RamAllocator.OFF_HEAP;
    }
}
