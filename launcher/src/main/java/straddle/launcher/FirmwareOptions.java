package straddle.launcher;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import picocli.CommandLine.Option;
import straddle.devices.block.BlockBackend;
import straddle.devices.block.ImageException;
import straddle.devices.block.RawImage;
import straddle.machines.boot.Firmware;
import straddle.machines.boot.KernelImageException;
import straddle.machines.pc.Pc;
import straddle.machines.pc.PcIde;

/// Firmware for a PC, what it boots from, and CD-ROMs.
final class FirmwareOptions {
    /// The second channel's first place, where PCs have their CD-ROM drive, and then the others.
    private static final List<Integer> PLACES = List.of(2, 3, 1, 0);

    private static final String ORDER_KEY = "order";
    private static final String MENU_KEY = "menu";

    @Option(
            names = "--bios",
            paramLabel = "FILE",
            description =
                    "Start with this firmware on a whole PC, such as SeaBIOS's bios-256k.bin. Its messages and menus are on the serial line.")
    private Path bios;

    @Option(
            names = "--boot",
            paramLabel = "KEY=VALUE,...",
            description =
                    "What the firmware does: order=dc boots from CD-ROM (d), then from disk (c); menu=on offers its menu.")
    private String boot;

    @Option(
            names = "--cdrom",
            paramLabel = "FILE",
            description =
                    "Put this image, as of a CD or DVD, into an IDE CD-ROM drive. Up to four.")
    private List<Path> cdroms = new ArrayList<>();

    /// Whether there is firmware to start with.
    boolean given() {
        return bios != null;
    }

    /// @throws CommandFailure if there are options for a guest that takes none
    void requireNone() throws CommandFailure {
        requireNoFirmware();
        if (!cdroms.isEmpty()) {
            throw CommandFailure.usage(
                    "--cdrom needs a guest that runs on a whole PC: run debian, or add --kernel FILE or --bios FILE.");
        }
    }

    /// @throws CommandFailure if there is something else to start with than firmware
    void requireNoFirmware() throws CommandFailure {
        if (bios != null) {
            throw CommandFailure.usage(
                    "--bios starts firmware, which loads no kernel from here: leave out --kernel, or boot it without firmware.");
        }
        if (boot != null) {
            throw CommandFailure.usage("--boot tells firmware what to do: add --bios FILE.");
        }
    }

    /// Reads the firmware.
    Firmware firmware() throws CommandFailure {
        try {
            return told(Firmware.read(bios));
        } catch (KernelImageException e) {
            throw CommandFailure.usage(e.getMessage());
        }
    }

    private Firmware told(Firmware firmware) throws CommandFailure {
        Firmware told = firmware;
        for (String part : boot == null ? List.<String>of() : List.of(boot.split(",", -1))) {
            int equals = part.indexOf('=');
            String key = equals < 0 ? ORDER_KEY : part.substring(0, equals);
            String value = part.substring(equals + 1);
            told =
                    switch (key) {
                        case ORDER_KEY -> told.withOrder(order(value));
                        case MENU_KEY -> told.withMenu(isOn(value));
                        default ->
                                throw CommandFailure.usage(
                                        "--boot "
                                                + boot
                                                + ": there is no '"
                                                + key
                                                + "'; it takes order=LETTERS and menu=on or off.");
                    };
        }
        return told;
    }

    private String order(String letters) throws CommandFailure {
        if (letters.isEmpty()
                || !letters.matches("[acdn]+")
                || letters.chars().distinct().count() < letters.length()) {
            throw CommandFailure.usage(
                    "--boot "
                            + boot
                            + ": an order is letters of a (floppy), c (disk), d (CD-ROM) and n (network), each once at most.");
        }
        return letters;
    }

    private boolean isOn(String value) throws CommandFailure {
        return switch (value) {
            case "on" -> true;
            case "off" -> false;
            default -> throw CommandFailure.usage("--boot " + boot + ": menu is on or off.");
        };
    }

    /// How many CD-ROM drives there are.
    int cdroms() {
        return cdroms.size();
    }

    /// Opens the discs' images.
    ///
    /// @param trouble gets a sentence when the host fails one for the first time
    /// @return to be closed after the last machine
    Discs open(Consumer<String> trouble) throws CommandFailure {
        if (cdroms.size() > PcIde.PLACES) {
            throw CommandFailure.usage(
                    "A PC has room for "
                            + PcIde.PLACES
                            + " CD-ROM drives; these are "
                            + cdroms.size()
                            + ".");
        }
        Discs discs = new Discs();
        boolean complete = false;
        try {
            for (Path each : cdroms) {
                discs.images.add(RawImage.open(each, true, Disks.locker(), trouble));
            }
            complete = true;
            return discs;
        } catch (ImageException e) {
            throw CommandFailure.usage(e.getMessage());
        } finally {
            if (!complete) {
                discs.close();
            }
        }
    }

    /// Open images of discs, which outlive a guest's resets.
    static final class Discs implements AutoCloseable {
        private final List<BlockBackend> images = new ArrayList<>();

        private Discs() {}

        void attachTo(Pc machine) {
            for (int i = 0; i < images.size(); i++) {
                machine.ide()
                        .addCdrom(PLACES.get(i), Optional.of(images.get(i)), "straddle-cd" + i);
            }
        }

        @Override
        public void close() {
            images.forEach(BlockBackend::close);
        }
    }
}
