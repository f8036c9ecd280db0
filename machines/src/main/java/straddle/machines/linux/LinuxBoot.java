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
/// (Documentation/arch/x86/boot.rst, "64-bit Boot Protocol"; zero-page.rst for the parameters), or, if it has no 64-bit
/// entry, in real mode, where its own setup code begins.
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
    private static final int LOADFLAGS = 0x211;
    private static final int CAN_USE_HEAP = 0x80;
    private static final int HEAP_END_PTR = 0x224;
    private static final int RAMDISK_IMAGE = 0x218;
    private static final int RAMDISK_SIZE = 0x21c;
    private static final int CMD_LINE_PTR = 0x228;
    private static final int SETUP_DATA = 0x250;
    private static final int SETUP_DATA_BYTES = 16;
    private static final int SETUP_DTB = 2;
    private static final int E820_TABLE = 0x2d0;
    private static final int E820_ENTRY_BYTES = 20;
    private static final int UNDEFINED_LOADER = 0xff;

    /// Where the setup code lies, with its heap and stack in the same 64 KiB.
    private static final long REAL_MODE_CODE = 0x1_0000;

    private static final int REAL_MODE_STACK = 0xfff0;
    private static final int HEAP_END_GAP = 0x400;
    private static final int SETUP_ENTRY = 0x200;

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
    private final byte[] deviceTree;
    private final String commandLine;
    private final boolean realMode;

    private LinuxBoot(
            BzImage kernel,
            byte[] initrd,
            byte[] deviceTree,
            String commandLine,
            boolean realMode) {
        this.kernel = kernel;
        this.initrd = initrd;
        this.deviceTree = deviceTree;
        this.commandLine = commandLine;
        this.realMode = realMode;
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
        return new LinuxBoot(image, initrd, new byte[0], commandLine, !image.has64BitEntry());
    }

    /// The same with a device tree, which the kernel finds in its setup data (boot.rst, "setup_data").
    ///
    /// @throws KernelImageException with a sentence, if it is none, or the kernel takes none
    public LinuxBoot withDeviceTree(Path file) throws KernelImageException {
        if (!kernel.takesSetupData()) {
            throw new KernelImageException(
                    "This kernel takes no device tree: its boot protocol is older than 2.09.");
        }
        return new LinuxBoot(kernel, initrd, DeviceTree.read(file), commandLine, realMode);
    }

    /// The same, entered in real mode although there is a 64-bit entry.
    public LinuxBoot inRealMode() {
        return new LinuxBoot(kernel, initrd, deviceTree, commandLine, true);
    }

    /// Reads an initial RAM disk.
    ///
    /// @throws KernelImageException with a sentence, if it can't be one
    public static byte[] readInitrd(Path initrd) throws KernelImageException {
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
        return (end + deviceTree.length + 2 * MIB - 1) / MIB * MIB;
    }

    @Override
    public X86State load(AddressSpace memory, Surroundings where) {
        write(memory, COMMAND_LINE, (commandLine + "\0").getBytes(StandardCharsets.UTF_8));
        long initrdAt = placeOfInitrd(where.lowRamEnd());
        write(memory, initrdAt, initrd);
        long dataAt = initrdAt - SETUP_DATA_BYTES - deviceTree.length & -4096L;
        if (deviceTree.length > 0) {
            memory.write(dataAt, 8, 0);
            memory.write(dataAt + 8, 4, SETUP_DTB);
            memory.write(dataAt + 12, 4, deviceTree.length);
            write(memory, dataAt + SETUP_DATA_BYTES, deviceTree);
        }
        if (realMode) {
            return loadInRealMode(memory, where.map(), initrdAt, dataAt);
        }
        write(memory, kernel.loadAddress(), kernel.body());
        write(memory, BOOT_PARAMS, parameters(where, initrdAt, dataAt));
        writePageTables(memory);
        memory.write(GDT + BOOT_CS, 8, CODE_64);
        memory.write(GDT + BOOT_DS, 8, DATA);
        return entry();
    }

    /// Boot.rst, "Loading the rest of the kernel" and "Running the kernel".
    private X86State loadInRealMode(
            AddressSpace memory, List<E820> map, long initrdAt, long dataAt) {
        byte[] setup = kernel.setup();
        ByteBuffer header = ByteBuffer.wrap(setup).order(ByteOrder.LITTLE_ENDIAN);
        putLoadersFields(header, initrdAt, dataAt);
        header.put(LOADFLAGS, (byte) (header.get(LOADFLAGS) | CAN_USE_HEAP));
        header.putShort(HEAP_END_PTR, (short) (REAL_MODE_STACK - HEAP_END_GAP));
        write(memory, REAL_MODE_CODE, setup);
        write(memory, MIB, kernel.body());
        BiosCalls.install(memory, map);
        X86State state = new X86State();
        for (Segment segment : state.segments) {
            segment.selector = (int) (REAL_MODE_CODE >>> 4);
            segment.base = REAL_MODE_CODE;
        }
        state.segments[CS].selector += SETUP_ENTRY >>> 4;
        state.segments[CS].base += SETUP_ENTRY;
        state.cr0 = CR0_ET;
        state.idtLimit = 0x3ff;
        state.gpr[RSP] = REAL_MODE_STACK;
        state.gpr[RDX] = 0;
        state.rip = 0;
        return state;
    }

    /// What a loader writes into the setup header.
    private void putLoadersFields(ByteBuffer header, long initrdAt, long dataAt) {
        header.put(TYPE_OF_LOADER, (byte) UNDEFINED_LOADER);
        header.putInt(CMD_LINE_PTR, (int) COMMAND_LINE);
        if (initrd.length > 0) {
            header.putInt(RAMDISK_IMAGE, (int) initrdAt);
            header.putInt(RAMDISK_SIZE, initrd.length);
        }
        if (deviceTree.length > 0) {
            header.putLong(SETUP_DATA, dataAt);
        }
    }

    /// As high as the kernel lets it, so that nothing which it allocates early meets it.
    private long placeOfInitrd(long lowRamEnd) {
        long end = Math.min(lowRamEnd, kernel.initrdLimit() + 1);
        return end - initrd.length & -4096L;
    }

    private byte[] parameters(Surroundings where, long initrdAt, long dataAt) {
        List<E820> map = where.map();
        ByteBuffer parameters =
                ByteBuffer.allocate(BOOT_PARAMS_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        parameters.put(BzImage.setupHeaderOffset(), kernel.setupHeader());
        putLoadersFields(parameters, initrdAt, dataAt);
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
                Locale.ROOT, "Linux %s, initrd %,d KiB", kernel.release(), initrd.length >>> 10);
    }
}
