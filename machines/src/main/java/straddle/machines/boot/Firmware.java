package straddle.machines.boot;

import java.nio.file.Path;
import java.util.Optional;
import straddle.core.arch.x86.X86State;
import straddle.core.memory.AddressSpace;

/// A PC's firmware and what it is told: its image lies below 4 GiB, where the processor starts. Unchangeable.
public final class Firmware implements Boot {
    private static final int GRANULARITY = 0x1_0000;
    private static final int MAX_BYTES = 16 << 20;
    private static final int RESET_VECTOR_BYTES = 16;

    /// Firmware needs little, but nothing boots in less.
    private static final long MIN_RAM = 2 << 20;

    private final byte[] rom;
    private final String order;
    private final boolean menu;
    private final boolean serialConsole;

    private Firmware(byte[] rom, String order, boolean menu, boolean serialConsole) {
        this.rom = rom;
        this.order = order;
        this.menu = menu;
        this.serialConsole = serialConsole;
    }

    /// Reads an image such as SeaBIOS's `bios-256k.bin`, with its own boot order, no menu, and the serial console.
    ///
    /// @throws KernelImageException with a sentence, if it can be none
    public static Firmware read(Path file) throws KernelImageException {
        byte[] rom = BootFile.read("firmware", file, MAX_BYTES + 1);
        if (rom.length == 0) {
            throw new KernelImageException("The firmware " + file + " is empty.");
        }
        if (rom.length > MAX_BYTES || rom.length % GRANULARITY != 0) {
            throw new KernelImageException(
                    "%s is no PC firmware: it has %s, not a multiple of 64 KiB up to 16 MiB."
                            .formatted(
                                    file,
                                    rom.length > MAX_BYTES
                                            ? "more than 16 MiB"
                                            : "%,d bytes".formatted(rom.length)));
        }
        if (isBlank(rom)) {
            throw new KernelImageException(
                    "%s is no PC firmware: there is no code in its last 16 bytes, where a processor starts."
                            .formatted(file));
        }
        return of(rom);
    }

    /// @param rom a multiple of 64 KiB, 64 KiB to 16 MiB
    public static Firmware of(byte[] rom) {
        if (rom.length == 0 || rom.length > MAX_BYTES || rom.length % GRANULARITY != 0) {
            throw new IllegalArgumentException(rom.length + " bytes are no firmware");
        }
        return new Firmware(rom.clone(), "", false, true);
    }

    @Override
    public long minRamBytes() {
        return MIN_RAM;
    }

    /// Loads nothing: the image is ROM, and the processor starts as a reset leaves it.
    @Override
    public X86State load(AddressSpace memory, Surroundings where) {
        return new X86State();
    }

    @Override
    public Optional<Firmware> firmware() {
        return Optional.of(this);
    }

    public byte[] rom() {
        return rom.clone();
    }

    /// What it boots from, first to last: `c` a disk, `d` a CD-ROM, `a` a floppy, `n` the network; empty for its own choice.
    public String order() {
        return order;
    }

    /// Whether it offers its boot menu.
    public boolean hasMenu() {
        return menu;
    }

    /// Whether its messages and menus go to COM1, as there is no display.
    public boolean hasSerialConsole() {
        return serialConsole;
    }

    /// Whether nothing could start at the reset vector.
    private static boolean isBlank(byte[] rom) {
        int first = rom[rom.length - RESET_VECTOR_BYTES];
        return first == 0 || first == -1;
    }

    /// @param newOrder as [#order()]: letters of `acdn`, each at most once
    public Firmware withOrder(String newOrder) {
        if (!newOrder.matches("[acdn]*")
                || newOrder.chars().distinct().count() < newOrder.length()) {
            throw new IllegalArgumentException(newOrder + " is no boot order");
        }
        return new Firmware(rom, newOrder, menu, serialConsole);
    }

    public Firmware withMenu(boolean newMenu) {
        return new Firmware(rom, order, newMenu, serialConsole);
    }

    public Firmware withSerialConsole(boolean newSerialConsole) {
        return new Firmware(rom, order, menu, newSerialConsole);
    }

    @Override
    public String toString() {
        return "firmware of %,d KiB".formatted(rom.length >>> 10);
    }
}
