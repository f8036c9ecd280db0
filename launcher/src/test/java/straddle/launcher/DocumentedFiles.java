package straddle.launcher;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import straddle.launcher.debian.TestGuest;

/// The files that the documents' commands name, as small as they can be, and Debian's guest in a cache.
final class DocumentedFiles {
    private static final int MIB = 1 << 20;
    private static final int CODE = 0x1000;
    private static final int KERNEL = 0x20_0000;

    private final Path directory;
    private final Map<String, Path> files = new LinkedHashMap<>();

    private DocumentedFiles(Path directory) {
        this.directory = directory;
    }

    /// Writes them.
    ///
    /// @return where each lies, by its name in the documents
    static Map<String, Path> in(Path directory) throws Exception {
        TestGuest.fake(directory, KernelFile.bytes());
        DocumentedFiles made = new DocumentedFiles(directory);
        made.put("./prog", new byte[] {'#', '!'});
        made.put("src", Files.createDirectory(directory.resolve("src")));
        made.put("vmlinuz", KernelFile.bytes());
        made.put("initrd.gz", new byte[512]);
        made.put("vmlinux", pvhKernel());
        made.put("mykernel.elf", multibootKernel());
        made.put("module1", new byte[16]);
        made.put("module2", new byte[16]);
        made.put("board.dtb", deviceTree());
        made.put("/usr/share/seabios/bios-256k.bin", firmware());
        made.put("installer.iso", new byte[MIB]);
        made.put("disk.img", new byte[MIB]);
        made.put("other.img", new byte[MIB]);
        made.put("boot.log", directory.resolve("boot.log"));
        made.put("/tmp/monitor", directory.resolve("monitor"));
        return made.files;
    }

    private void put(String name, byte[] content) throws IOException {
        put(name, Files.write(directory.resolve(Path.of(name).getFileName()), content));
    }

    private void put(String name, Path path) {
        files.put(name, path);
    }

    /// An ELF file of one segment, and a note that names its 32-bit entry (Xen's number 18).
    private static byte[] pvhKernel() {
        ByteBuffer elf = ByteBuffer.allocate(CODE + 64).order(ByteOrder.LITTLE_ENDIAN);
        elf.putInt(0, 0x464c_457f).put(4, (byte) 2).put(5, (byte) 1);
        elf.putShort(16, (short) 2).putShort(18, (short) 62);
        elf.putLong(24, KERNEL).putLong(32, 64).putShort(54, (short) 56).putShort(56, (short) 2);
        putSegment(elf, 64, 1, CODE, KERNEL, 64);
        putSegment(elf, 64 + 56, 4, 0x200, 0, 20);
        elf.putInt(0x200, 4).putInt(0x204, 4).putInt(0x208, 18);
        elf.put(0x20c, "Xen\0".getBytes(StandardCharsets.US_ASCII)).putInt(0x210, KERNEL);
        return elf.array();
    }

    private static void putSegment(
            ByteBuffer elf, int at, int type, int offset, int address, int bytes) {
        elf.putInt(at, type).putLong(at + 8, offset).putLong(at + 24, address);
        elf.putLong(at + 32, bytes).putLong(at + 40, bytes);
    }

    /// A Multiboot header that places its file.
    private static byte[] multibootKernel() {
        int flags = 1 << 16;
        return ByteBuffer.allocate(64)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(0x1bad_b002)
                .putInt(flags)
                .putInt(-(0x1bad_b002 + flags))
                .putInt(KERNEL)
                .putInt(KERNEL)
                .putInt(0)
                .putInt(0)
                .putInt(KERNEL + 32)
                .array();
    }

    private static byte[] deviceTree() {
        return ByteBuffer.allocate(64).putInt(0xd00d_feed).putInt(64).array();
    }

    private static byte[] firmware() {
        byte[] rom = new byte[MIB / 4];
        rom[rom.length - 16] = (byte) 0xea;
        return rom;
    }
}
