package straddle.machines.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static straddle.core.arch.x86.X86.*;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import straddle.core.arch.x86.X86State;
import straddle.core.bus.MachineLock;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.RamAllocator;
import straddle.core.memory.RamBlock;
import straddle.core.memory.RamUnavailableException;
import straddle.machines.boot.Boot;
import straddle.machines.boot.E820;
import straddle.machines.boot.KernelImageException;
import straddle.machines.linux.TinyKernel;

class KernelsTest {
    private static final int RAM_BYTES = 32 << 20;
    private static final int KERNEL = 0x20_0000;
    private static final int CODE_OFFSET = 0x1000;

    /// mov $0x2a, %al; out %al, $0xf4; hlt
    private static final byte[] CODE = {(byte) 0xb0, 0x2a, (byte) 0xe6, (byte) 0xf4, (byte) 0xf4};

    @TempDir private Path folder;
    private final Arena arena = Arena.ofConfined();
    private final AddressSpace memory = new AddressSpace(new MachineLock());

    @BeforeEach
    void ram() throws RamUnavailableException {
        memory.mapRam(0, RamBlock.allocate("ram", RAM_BYTES, RamAllocator.OFF_HEAP, arena));
    }

    @AfterEach
    void free() {
        arena.close();
    }

    private static ByteBuffer little(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.capacity()];
        buffer.get(0, bytes);
        return bytes;
    }

    /// An executable of one segment at [#KERNEL], with a PVH note if that is wished.
    private static ByteBuffer elf(boolean wide, boolean pvh) {
        ByteBuffer elf = little(CODE_OFFSET + 64);
        elf.putInt(0, 0x464c_457f);
        elf.put(4, (byte) (wide ? 2 : 1));
        elf.put(5, (byte) 1);
        elf.putShort(16, (short) 2);
        elf.putShort(18, (short) (wide ? 62 : 3));
        int headers = wide ? 64 : 52;
        int size = wide ? 56 : 32;
        if (wide) {
            elf.putLong(24, KERNEL);
            elf.putLong(32, headers);
            elf.putShort(54, (short) size);
            elf.putShort(56, (short) 2);
        } else {
            elf.putInt(24, KERNEL);
            elf.putInt(28, headers);
            elf.putShort(42, (short) size);
            elf.putShort(44, (short) 2);
        }
        putSegment(elf, headers, wide, 1, CODE_OFFSET, 64, KERNEL, 0x1_0000);
        putSegment(elf, headers + size, wide, pvh ? 4 : 0, 0x200, 20, 0, 20);
        elf.putInt(0x200, 4).putInt(0x204, 4).putInt(0x208, 18);
        elf.put(0x20c, "Xen\0".getBytes(StandardCharsets.US_ASCII));
        elf.putInt(0x210, KERNEL);
        elf.put(CODE_OFFSET, CODE);
        return elf;
    }

    private static void putSegment(
            ByteBuffer elf,
            int at,
            boolean wide,
            int type,
            int from,
            int length,
            int gpa,
            int all) {
        elf.putInt(at, type);
        if (wide) {
            elf.putLong(at + 8, from).putLong(at + 16, gpa).putLong(at + 24, gpa);
            elf.putLong(at + 32, length).putLong(at + 40, all);
        } else {
            elf.putInt(at + 4, from).putInt(at + 8, gpa).putInt(at + 12, gpa);
            elf.putInt(at + 16, length).putInt(at + 20, all);
        }
    }

    private static void putMultibootHeader(ByteBuffer image, int at, int flags) {
        image.putInt(at, 0x1bad_b002).putInt(at + 4, flags);
        image.putInt(at + 8, -(0x1bad_b002 + flags));
    }

    /// An image that its header places at [#KERNEL], with zeros behind it.
    private static ByteBuffer placedImage() {
        ByteBuffer image = little(4096);
        putMultibootHeader(image, 64, 0x1_0003);
        image.putInt(76, KERNEL + 64).putInt(80, KERNEL).putInt(84, KERNEL + 4096);
        image.putInt(88, KERNEL + 0x8000).putInt(92, KERNEL + 128);
        image.put(128, CODE);
        return image;
    }

    private Path file(String name, byte[] content) throws IOException {
        return Files.write(folder.resolve(name), content);
    }

    private Boot read(byte[] kernel, String initrd) throws IOException, KernelImageException {
        Optional<String> added = initrd.isEmpty() ? Optional.empty() : Optional.of(initrd);
        return Kernels.read(file("kernel", kernel), added, "a=b", Optional.empty());
    }

    private X86State load(Boot boot) {
        List<E820> map =
                List.of(
                        new E820(0, 0x9_fc00, E820.RAM),
                        new E820(0x9_fc00, 0x400, E820.RESERVED),
                        new E820(0x10_0000, RAM_BYTES - 0x10_0000, E820.RAM));
        return boot.load(memory, new Boot.Surroundings(map, RAM_BYTES, 0xe_0000));
    }

    private String text(long gpa) {
        StringBuilder text = new StringBuilder();
        for (long at = gpa; memory.read(at, 1) != 0; at++) {
            text.append((char) memory.read(at, 1));
        }
        return text.toString();
    }

    private byte[] memoryBytes(long gpa, int length) {
        byte[] bytes = new byte[length];
        memory.read(gpa, MemorySegment.ofArray(bytes));
        return bytes;
    }

    private String refusal(byte[] kernel) throws IOException {
        Path path = file("kernel", kernel);
        return assertThrows(
                        KernelImageException.class,
                        () -> Kernels.read(path, Optional.empty(), "", Optional.empty()))
                .getMessage()
                .replace(path.toString(), "FILE");
    }

    private void assertFlat(X86State state, long entry) {
        assertEquals(entry, state.rip);
        assertEquals(CR0_PE | CR0_ET, state.cr0);
        assertEquals(0, state.efer);
        assertEquals(-1, state.segments[CS].limit);
        assertTrue(state.segments[CS].has(straddle.core.arch.x86.Segment.DB));
        assertArrayEquals(CODE, memoryBytes(entry, CODE.length));
    }

    @Test
    void anElfKernelWithAPvhNoteGetsItsStartInformation() throws Exception {
        Path initrd = file("initrd", new byte[] {5, 6, 7});
        X86State state = load(read(bytes(elf(true, true)), initrd.toString()));
        assertFlat(state, KERNEL);
        long info = state.gpr[RBX];
        assertEquals(0x336e_c578, memory.read(info, 4));
        assertEquals(1, memory.read(info + 12, 4));
        long module = memory.read(info + 16, 8);
        assertEquals(3, memory.read(module + 8, 8));
        assertArrayEquals(new byte[] {5, 6, 7}, memoryBytes(memory.read(module, 8), 3));
        assertEquals("a=b", text(memory.read(info + 24, 8)));
        assertEquals(0xe_0000, memory.read(info + 32, 8));
        assertEquals(3, memory.read(info + 48, 4));
        long map = memory.read(info + 40, 8);
        assertEquals(0x10_0000, memory.read(map + 48, 8));
        assertEquals(E820.RESERVED, memory.read(map + 24 + 16, 4));
    }

    @Test
    void anElfKernelOf32BitsIsBootedByItsNoteToo() throws Exception {
        assertFlat(load(read(bytes(elf(false, true)), "")), KERNEL);
    }

    @Test
    void anElfFileWithoutAnEntryForUsIsRefused() throws IOException {
        assertTrue(refusal(bytes(elf(true, false))).contains("neither a PVH note"));
    }

    @Test
    void aMultibootElfGetsItsModules() throws Exception {
        ByteBuffer elf = elf(false, false);
        putMultibootHeader(elf, 0x300, 3);
        Path one = file("one", new byte[] {1, 2});
        Path two = file("two", new byte[] {3});
        Boot boot = read(bytes(elf), one + " x y," + two);
        X86State state = load(boot);
        assertFlat(state, KERNEL);
        assertEquals(0x2bad_b002, state.gpr[RAX]);
        long info = state.gpr[RBX];
        assertEquals(0x24d, memory.read(info, 4));
        assertEquals(639, memory.read(info + 4, 4));
        assertEquals(31 << 10, memory.read(info + 8, 4));
        assertTrue(text(memory.read(info + 16, 4)).endsWith("kernel a=b"));
        assertEquals(2, memory.read(info + 20, 4));
        long modules = memory.read(info + 24, 4);
        assertEquals(KERNEL + 0x1_0000, memory.read(modules, 4));
        assertEquals(2, memory.read(modules + 4, 4) - memory.read(modules, 4));
        assertArrayEquals(new byte[] {1, 2}, memoryBytes(memory.read(modules, 4), 2));
        assertTrue(text(memory.read(modules + 8, 4)).endsWith("one x y"));
        assertEquals(3, memory.read(memory.read(modules + 16, 4), 1));
        assertEquals(72, memory.read(info + 44, 4));
        assertEquals(20, memory.read(memory.read(info + 48, 4), 4));
        assertEquals(4 << 20, boot.minRamBytes());
    }

    @Test
    void aMultibootHeaderCanPlaceItsImage() throws Exception {
        assertFlat(load(read(bytes(placedImage()), "")), KERNEL + 128);
    }

    @Test
    void multibootKernelsThatCannotBeAreRefused() throws IOException {
        ByteBuffer asking = placedImage();
        putMultibootHeader(asking, 64, 0x1_0013);
        assertTrue(refusal(bytes(asking)).contains("asks for features"));
        ByteBuffer wide = elf(true, false);
        putMultibootHeader(wide, 0x300, 0);
        assertTrue(refusal(bytes(wide)).contains("64-bit ELF file"));
        ByteBuffer low = placedImage();
        low.putInt(76, 0x1064).putInt(80, 0x1000);
        assertTrue(refusal(bytes(low)).contains("can't be"));
        assertTrue(
                refusal(Arrays.copyOf(bytes(placedImage()), 2000))
                        .contains("truncated: it has 2,000 of 4,096 bytes"));
        ByteBuffer plain = little(4096);
        putMultibootHeader(plain, 0, 0);
        assertTrue(refusal(bytes(plain)).contains("no ELF file"));
    }

    @Test
    void damagedElfFilesAreRefused() throws IOException {
        byte[] good = bytes(elf(true, true));
        assertTrue(refusal(Arrays.copyOf(good, 60)).contains("ends within its header"));
        assertTrue(refusal(Arrays.copyOf(good, 100)).contains("program headers"));
        assertTrue(refusal(Arrays.copyOf(good, CODE_OFFSET + 3)).contains("a segment lies behind"));
        ByteBuffer other = elf(true, true);
        other.putShort(18, (short) 183);
        assertEquals("FILE is an ELF file, but not for x86.", refusal(bytes(other)));
        ByteBuffer object = elf(true, true);
        object.putShort(16, (short) 1);
        assertTrue(refusal(bytes(object)).contains("no executable"));
        ByteBuffer low = elf(true, true);
        low.putLong(64 + 24, 0x1000);
        assertTrue(refusal(bytes(low)).contains("can't be: 1 MiB to 3 GiB can"));
        ByteBuffer astray = elf(true, true);
        astray.putInt(0x210, 0x30_0000);
        assertTrue(refusal(bytes(astray)).contains("PVH entry"));
    }

    @Test
    void damagedHeadersAreReadOrRefusedButNeverWorse() throws IOException {
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        List<ByteBuffer> good = List.of(elf(true, true), elf(false, true), placedImage());
        for (int i = 0; i < 600; i++) {
            byte[] bad = bytes(good.get(i % 3));
            bad[4 + random.nextInt(i % 2 == 0 ? 200 : 0x220)] = (byte) random.nextInt();
            bad[4 + random.nextInt(200)] = (byte) random.nextInt();
            assertTrue(isLoadedOrRefused(bad), () -> "seed " + seed);
        }
    }

    private boolean isLoadedOrRefused(byte[] kernel) throws IOException {
        try {
            Boot boot = read(kernel, "");
            if (boot.minRamBytes() <= RAM_BYTES) {
                load(boot);
            }
            return true;
        } catch (KernelImageException e) {
            return e.getMessage().endsWith(".");
        }
    }

    @Test
    void aBzImageIsLinux() throws Exception {
        Boot boot = read(TinyKernel.bytes(TinyKernel.image()), "");
        assertEquals(0x100_0200, load(boot).rip);
    }

    @Test
    void aKernelWithoutA64BitEntryStartsInItsSetupCode() throws Exception {
        ByteBuffer old = TinyKernel.image();
        old.putShort(0x206, (short) 0x202);
        old.putShort(0x236, (short) 0);
        Path initrd = file("initrd", new byte[] {9});
        X86State state = load(read(TinyKernel.bytes(old), initrd.toString()));
        assertEquals(CR0_ET, state.cr0);
        assertEquals(0x1020, state.segments[CS].selector);
        assertEquals(0x1_0200, state.segments[CS].base);
        assertEquals(0x1000, state.segments[SS].selector);
        assertEquals(0, state.rip);
        assertEquals(0x5372_6448, memory.read(0x1_0202, 4));
        assertEquals(0x80, memory.read(0x1_0211, 1) & 0x80);
        assertEquals("a=b", text(memory.read(0x1_0228, 4)));
        assertEquals(9, memory.read(memory.read(0x1_0218, 4), 1));
        assertEquals(0x55, memory.read(0x10_0000, 1));
        assertEquals(0xff00_0010L, memory.read(4 * 0x15, 4));
        assertEquals(0xff00_0000L, memory.read(4 * 0x10, 4));
        assertEquals(3, memory.read(0xf_f07e, 2));
    }

    @Test
    void aDeviceTreeIsInTheSetupData() throws Exception {
        ByteBuffer tree = ByteBuffer.allocate(64);
        tree.putInt(0, 0xd00d_feed).putInt(4, 60);
        Path file = file("tree.dtb", tree.array());
        Path kernel = file("kernel", TinyKernel.bytes(TinyKernel.image()));
        X86State state = load(Kernels.read(kernel, Optional.empty(), "", Optional.of(file)));
        long data = memory.read(state.gpr[RSI] + 0x250, 8);
        assertEquals(0, memory.read(data, 8));
        assertEquals(2, memory.read(data + 8, 4));
        assertEquals(60, memory.read(data + 12, 4));
        assertEquals(0xedfe_0dd0L, memory.read(data + 16, 4));
        Path elf = file("elf", bytes(elf(true, true)));
        assertTrue(refusedTree(elf, file).contains("takes no device tree"));
        assertTrue(refusedTree(kernel, kernel).contains("is no device tree"));
        tree.putInt(4, 65);
        Files.write(file, tree.array());
        assertTrue(refusedTree(kernel, file).contains("truncated: it has 64 of 65 bytes"));
    }

    private static String refusedTree(Path kernel, Path tree) {
        return assertThrows(
                        KernelImageException.class,
                        () -> Kernels.read(kernel, Optional.empty(), "", Optional.of(tree)))
                .getMessage();
    }

    @Test
    void missingModulesAreNamed() throws Exception {
        byte[] kernel = bytes(placedImage());
        String message =
                assertThrows(KernelImageException.class, () -> read(kernel, "/none,/other"))
                        .getMessage();
        assertEquals("There is no module /none.", message);
        assertFalse(message.contains("other"));
    }
}
