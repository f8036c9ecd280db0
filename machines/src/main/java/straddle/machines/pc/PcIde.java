package straddle.machines.pc;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import straddle.core.irq.IrqLine;
import straddle.devices.block.BlockBackend;
import straddle.devices.block.DiskQueue;
import straddle.devices.ide.AtaDisk;
import straddle.devices.ide.AtapiCdrom;
import straddle.devices.ide.BlockRequests;
import straddle.devices.ide.Piix3Ide;
import straddle.devices.irq.PcIrqChip;
import straddle.devices.pci.PciHost;
import straddle.machines.chassis.Chassis;

/// The two IDE channels of a [Pc] with places for four drives: 0 and 1 on the first channel, 2 and 3 on the second. Each
/// channel's requests are made by a thread of its own, `ide-0` and `ide-1`.
public final class PcIde {
    /// How many drives there can be.
    public static final int PLACES = Piix3Ide.CHANNELS * Piix3Ide.DRIVES;

    private static final int CONTROL_LENGTH = 1;

    private final Piix3Ide controller;

    PcIde(Chassis chassis, PciHost pci, PcIrqChip irqs, boolean bare) {
        List<IrqLine> lines = new ArrayList<>();
        List<BlockRequests> requests = new ArrayList<>();
        for (int i = 0; i < Piix3Ide.CHANNELS; i++) {
            DiskQueue queue = new DiskQueue("ide-" + i, chassis.lock);
            chassis.onClose(queue::close);
            requests.add(BlockRequests.of(queue, chassis.lock));
            lines.add(irqs.line(PcAddresses.IDE_IRQS.get(i)));
        }
        controller =
                pci.add(
                        PcAddresses.ISA_BRIDGE_SLOT,
                        PcAddresses.IDE_FUNCTION,
                        new Piix3Ide(chassis.memory, lines, requests));
        for (int i = 0; i < Piix3Ide.CHANNELS; i++) {
            chassis.ports.map(
                    "IDE " + i,
                    PcAddresses.IDE_COMMANDS.get(i),
                    Piix3Ide.COMMAND_LENGTH,
                    controller.commandBlock(i));
            chassis.ports.map(
                    "IDE " + i + " control",
                    PcAddresses.IDE_CONTROLS.get(i),
                    CONTROL_LENGTH,
                    controller.controlBlock(i));
        }
        if (bare) {
            controller.enableChannels();
        }
    }

    /// Adds a disk.
    ///
    /// @param place 0 to 3
    /// @param disk stays the caller's, who closes it after the machine
    /// @param serial the serial number that the guest sees: up to 20 characters of ASCII
    /// @throws IllegalArgumentException if the place is taken, or there is none
    public void addDisk(int place, BlockBackend disk, String serial) {
        check(place);
        controller.attach(
                place / Piix3Ide.DRIVES, place % Piix3Ide.DRIVES, new AtaDisk(disk, serial));
    }

    /// Adds a CD-ROM drive; returns it, for its disc to be changed.
    ///
    /// @param place 0 to 3
    /// @param disc stays the caller's, who closes it after the machine; empty for none
    /// @param serial as a disk's
    /// @throws IllegalArgumentException if the place is taken, or there is none
    public AtapiCdrom addCdrom(int place, Optional<BlockBackend> disc, String serial) {
        check(place);
        AtapiCdrom drive = new AtapiCdrom(disc, serial);
        controller.attach(place / Piix3Ide.DRIVES, place % Piix3Ide.DRIVES, drive);
        return drive;
    }

    private static void check(int place) {
        if (place < 0 || place >= PLACES) {
            throw new IllegalArgumentException("There is no IDE place " + place);
        }
    }
}
