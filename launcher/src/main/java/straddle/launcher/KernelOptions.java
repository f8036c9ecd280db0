package straddle.launcher;

import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;
import straddle.machines.boot.Boot;
import straddle.machines.boot.KernelImageException;
import straddle.machines.kernel.Kernels;

/// What is loaded without firmware: a kernel, its initrd and its command line.
final class KernelOptions {
    @Option(
            names = "--kernel",
            paramLabel = "FILE",
            description =
                    "Boot this kernel on a whole PC: a Linux bzImage, an ELF file with a PVH entry such as vmlinux, or a Multiboot kernel.")
    private Path kernel;

    @Option(
            names = "--initrd",
            paramLabel = "FILE",
            description =
                    "Its initial RAM disk; for a Multiboot kernel its modules: FILE,'FILE ARGUMENTS',...")
    private String initrd;

    @Option(
            names = "--dtb",
            paramLabel = "FILE",
            description = "A device tree for it. Linux's bzImages take one.")
    private Path deviceTree;

    @Option(
            names = "--append",
            paramLabel = "TEXT",
            description =
                    "Its command line. Default: console=ttyS0, so that the kernel speaks on the serial line. With a guest's name: added to the guest's own.")
    private String append;

    /// Whether there is a kernel to boot.
    boolean given() {
        return kernel != null;
    }

    /// @throws CommandFailure if a kernel's options came without a kernel
    void requireNone() throws CommandFailure {
        if (initrd != null || append != null || deviceTree != null) {
            String option = initrd != null ? "--initrd" : append != null ? "--append" : "--dtb";
            throw CommandFailure.usage(option + " belongs to a kernel: add --kernel FILE.");
        }
    }

    /// What the user adds to a named guest's command line.
    String appended() throws CommandFailure {
        if (kernel != null || initrd != null || deviceTree != null) {
            throw CommandFailure.usage(
                    (kernel != null ? "--kernel" : initrd != null ? "--initrd" : "--dtb")
                            + " and a guest's name both say what to boot: give one of them.");
        }
        return append == null ? "" : append;
    }

    /// Reads the files.
    Boot boot() throws CommandFailure {
        try {
            return Kernels.read(
                    kernel,
                    Optional.ofNullable(initrd),
                    append == null ? "console=ttyS0" : append,
                    Optional.ofNullable(deviceTree));
        } catch (KernelImageException e) {
            throw CommandFailure.usage(e.getMessage());
        }
    }
}
