package straddle.machines.kernel;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import straddle.machines.boot.Boot;
import straddle.machines.boot.BootFile;
import straddle.machines.boot.KernelImageException;
import straddle.machines.linux.LinuxBoot;

/// Finds out what kind of kernel a file is, by its content: a Linux bzImage, a Multiboot kernel, or an ELF file with a PVH
/// note such as Linux's `vmlinux`.
public final class Kernels {
    private static final long MAX_BYTES = 1L << 30;
    private static final int START_BYTES = 8192;

    private Kernels() {}

    /// Reads a kernel and what belongs to it.
    ///
    /// @param initrd for a Multiboot kernel a list of modules: `FILE,FILE ARGUMENTS,...`
    /// @param deviceTree Linux's bzImages alone take one
    /// @throws KernelImageException with a sentence, whatever is wrong with them
    public static Boot read(
            Path kernel, Optional<String> initrd, String commandLine, Optional<Path> deviceTree)
            throws KernelImageException {
        byte[] start = BootFile.read("kernel", kernel, START_BYTES);
        int header = MultibootBoot.header(start);
        if (header < 0 && !ElfFile.isElf(start)) {
            LinuxBoot linux = LinuxBoot.read(kernel, initrd.map(Path::of), commandLine);
            return deviceTree.isPresent() ? linux.withDeviceTree(deviceTree.get()) : linux;
        }
        if (deviceTree.isPresent()) {
            throw new KernelImageException(
                    "The kernel "
                            + kernel
                            + " takes no device tree: only Linux's bzImages do, among x86's kernels.");
        }
        byte[] file = whole(kernel);
        if (header >= 0) {
            return MultibootBoot.of(
                    file,
                    header,
                    kernel,
                    modules(initrd.orElse("")),
                    (kernel + " " + commandLine).strip());
        }
        byte[] ramdisk =
                initrd.isPresent() ? LinuxBoot.readInitrd(Path.of(initrd.get())) : new byte[0];
        return PvhBoot.of(ElfFile.parse(file, kernel), kernel, ramdisk, commandLine);
    }

    private static byte[] whole(Path kernel) throws KernelImageException {
        if (BootFile.size("kernel", kernel) > MAX_BYTES) {
            throw new KernelImageException("The kernel " + kernel + " is larger than 1 GiB.");
        }
        return BootFile.read("kernel", kernel, MAX_BYTES);
    }

    private static List<MultibootBoot.Module> modules(String list) throws KernelImageException {
        List<MultibootBoot.Module> modules = new ArrayList<>();
        for (String each : list.split(",", -1)) {
            String text = each.strip();
            if (!text.isEmpty()) {
                Path file = Path.of(text.split(" ", 2)[0]);
                modules.add(
                        new MultibootBoot.Module(
                                MemorySegment.ofArray(BootFile.read("module", file, MAX_BYTES)),
                                text));
            }
        }
        return modules;
    }
}
