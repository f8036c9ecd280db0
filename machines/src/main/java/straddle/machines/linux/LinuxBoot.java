package straddle.machines.linux;

import static straddle.core.arch.x86.X86.*;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import straddle.core.arch.x86.Segment;
import straddle.core.arch.x86.X86State;
import straddle.core.memory.AddressSpace;
import straddle.machines.boot.Boot;
import straddle.machines.boot.BootFile;
import straddle.machines.boot.E820;
import straddle.machines.boot.KernelImageException;

/// Puts a Linux kernel into memory without firmware and enters it by the 64-bit boot protocol
/// (Documentation/arch/x86/boot.rst, "64-bit Boot Protocol"; zero-page.rst for the parameters).
public final class LinuxBoot implements Boot {
    private static final long GDT = 0x6000;
    private static final long BOOT_PARAMS = 0x7000;
    private static final long STACK_TOP = 0x9000;
    private static final long PML4 = 0x9000;
    private static final long PDPT = 0xa000;
    private static final long PAGE_DIRECTORIES = 0xb000;
    private static final long COMMAND_LINE = 0x2_0000;

    private static final int BOOT_PARAMS_BYTES = 4096;
    private static final int ACPI_RSDP_ADDR = 0x070;
    private static final int E820_ENTRIES = 0x1e8;
    private static final int TYPE_OF_LOADER = 0x210;
    private static final int RAMDISK_IMAGE = 0x218;
    private static final int RAMDISK_SIZE = 0x21c;
    private static final int CMD_LINE_PTR = 0x228;
    private static final int E820_TABLE = 0x2d0;
    private static final int E820_ENTRY_BYTES = 20;
    private static final int UNDEFINED_LOADER = 0xff;

    private static final int ENTRY_64 = 0x200;
    private static final int BOOT_CS = 0x10;
    private static final int BOOT_DS = 0x18;
    private static final long CODE_64 = 0x00af_9a00_0000_ffffL;
    private static final long DATA = 0x00cf_9200_0000_ffffL;

    private static final long PAGE_PRESENT_WRITABLE = 3;
    private static final long PAGE_LARGE = 1 << 7;
    private static final int GIBIBYTES_MAPPED = 4;
    private static final long MAX_INITRD = 1L << 30;
    private static final long MIB = 1L << 20;

    private final BzImage kernel;
    private final byte[] initrd;
    private final String commandLine;

    private LinuxBoot(BzImage kernel, byte[] initrd, String commandLine) {
        this.kernel = kernel;
        this.initrd = initrd;
        this.commandLine = commandLine;
    }

    /// Reads kernel and initrd.
    ///
    /// @throws KernelImageException with a sentence, whatever is wrong with them
    public static LinuxBoot read(Path kernel, Optional<Path> initrd, String commandLine)
            throws KernelImageException {
        byte[] ramdisk = initrd.isPresent() ? readInitrd(initrd.get()) : new byte[0];
        return read(kernel, ramdisk, commandLine);
    }

    /// Reads the kernel; the initrd is there already.
    ///
    /// @throws KernelImageException with a sentence, whatever is wrong with them
    public static LinuxBoot read(Path kernel, byte[] initrd, String commandLine)
            throws KernelImageException {
        BzImage image = BzImage.read(kernel);
        if (initrd.length > image.initrdLimit() - image.loadAddress() - image.memoryBytes()
                && initrd.length > 0) {
            throw new KernelImageException(
                    "The kernel can't reach an initrd of %,d bytes: it must end below 0x%x."
                            .formatted(initrd.length, image.initrdLimit()));
        }
        int length = commandLine.getBytes(StandardCharsets.UTF_8).length;
        if (length > image.maxCommandLine()) {
            throw new KernelImageException(
                    "The kernel's command line has %d bytes; this kernel takes at most %d."
                            .formatted(length, image.maxCommandLine()));
        }
        return new LinuxBoot(image, initrd, commandLine);
    }

    private static byte[] readInitrd(Path initrd) throws KernelImageException {
        byte[] bytes = BootFile.read("initrd", initrd, MAX_INITRD + 1);
        if (bytes.length == 0) {
            throw new KernelImageException("The initrd " + initrd + " is empty.");
        }
        if (bytes.length > MAX_INITRD) {
            throw new KernelImageException("The initrd " + initrd + " is larger than 1 GiB.");
        }
        return bytes;
    }

    @Override
    public long minRamBytes() {
        long end = kernel.loadAddress() + kernel.memoryBytes() + initrd.length;
        return (end + 2 * MIB - 1) / MIB * MIB;
    }

    @Override
    public X86State load(AddressSpace memory, Surroundings where) {
        write(memory, kernel.loadAddress(), kernel.body());
        write(memory, COMMAND_LINE, (commandLine + "\0").getBytes(StandardCharsets.UTF_8));
        long initrdAt = placeOfInitrd(where.lowRamEnd());
        write(memory, initrdAt, initrd);
        write(memory, BOOT_PARAMS, parameters(where, initrdAt));
        writePageTables(memory);
        memory.write(GDT + BOOT_CS, 8, CODE_64);
        memory.write(GDT + BOOT_DS, 8, DATA);
        return entry();
    }

    /// As high as the kernel lets it, so that nothing which it allocates early meets it.
    private long placeOfInitrd(long lowRamEnd) {
        long end = Math.min(lowRamEnd, kernel.initrdLimit() + 1);
        return end - initrd.length & -4096L;
    }

    private byte[] parameters(Surroundings where, long initrdAt) {
        List<E820> map = where.map();
        ByteBuffer parameters =
                ByteBuffer.allocate(BOOT_PARAMS_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        parameters.put(BzImage.setupHeaderOffset(), kernel.setupHeader());
        parameters.put(TYPE_OF_LOADER, (byte) UNDEFINED_LOADER);
        parameters.putInt(CMD_LINE_PTR, (int) COMMAND_LINE);
        if (initrd.length > 0) {
            parameters.putInt(RAMDISK_IMAGE, (int) initrdAt);
            parameters.putInt(RAMDISK_SIZE, initrd.length);
        }
        parameters.putLong(ACPI_RSDP_ADDR, where.rsdp());
        parameters.put(E820_ENTRIES, (byte) map.size());
        for (int i = 0; i < map.size(); i++) {
            int at = E820_TABLE + i * E820_ENTRY_BYTES;
            parameters.putLong(at, map.get(i).start());
            parameters.putLong(at + 8, map.get(i).length());
            parameters.putInt(at + 16, map.get(i).type());
        }
        return parameters.array();
    }

    /// The first 4 GiB, one to one by 2 MiB pages.
    private static void writePageTables(AddressSpace memory) {
        memory.write(PML4, 8, PDPT | PAGE_PRESENT_WRITABLE);
        for (int gib = 0; gib < GIBIBYTES_MAPPED; gib++) {
            long directory = PAGE_DIRECTORIES + gib * 4096L;
            memory.write(PDPT + gib * 8L, 8, directory | PAGE_PRESENT_WRITABLE);
            for (int i = 0; i < 512; i++) {
                long page = ((long) gib << 30) + 2L * MIB * i;
                memory.write(directory + i * 8L, 8, page | PAGE_PRESENT_WRITABLE | PAGE_LARGE);
            }
        }
    }

    private X86State entry() {
        X86State state = new X86State();
        state.cr0 = CR0_PE | CR0_ET | CR0_NE | CR0_PG;
        state.cr3 = PML4;
        state.cr4 = CR4_PAE;
        state.efer = EFER_LME | EFER_LMA;
        state.gdtBase = GDT;
        state.gdtLimit = BOOT_DS + 7;
        state.idtLimit = 0;
        int flat = Segment.P | Segment.S | Segment.G;
        for (Segment segment : state.segments) {
            segment.set(BOOT_DS, 0, -1, flat | Segment.DB | 3);
        }
        state.segments[CS].set(BOOT_CS, 0, -1, flat | Segment.L | 0xb);
        state.gpr[RSI] = BOOT_PARAMS;
        state.gpr[RSP] = STACK_TOP;
        state.gpr[RDX] = 0;
        state.rip = kernel.loadAddress() + ENTRY_64;
        return state;
    }

    private static void write(AddressSpace memory, long gpa, byte[] bytes) {
        memory.write(gpa, MemorySegment.ofArray(bytes));
    }

    /// What is booted, in a line.
    @Override
    public String toString() {
        return String.format(
                Locale.ROOT, "Linux %s, initrd %,d KiB", kernel.version(), initrd.length >>> 10);
    }
}
