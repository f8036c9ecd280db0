package straddle.machines.pc;

import java.util.function.Consumer;
import straddle.core.irq.MessageSink;
import straddle.devices.block.BlockBackend;
import straddle.devices.pci.PciHost;
import straddle.devices.virtio.NetworkBackend;
import straddle.devices.virtio.VirtioBlock;
import straddle.devices.virtio.VirtioConsole;
import straddle.devices.virtio.VirtioDevice;
import straddle.devices.virtio.VirtioNet;
import straddle.devices.virtio.VirtioPci;
import straddle.devices.virtio.VirtioRng;
import straddle.machines.chassis.Chassis;

/// The virtio devices of a [Pc], put on its PCI bus one after another before it starts.
public final class PcVirtio {
    private static final int FIRST_SLOT = 4;

    private final Chassis chassis;
    private final PciHost pci;
    private final MessageSink messages;
    private int nextSlot = FIRST_SLOT;
    private int disks;

    PcVirtio(Chassis chassis, PciHost pci, MessageSink messages) {
        this.chassis = chassis;
        this.pci = pci;
        this.messages = messages;
    }

    /// Adds a disk, which guests call `vda`, `vdb`, ...
    ///
    /// @param disk stays the caller's, who closes it after the machine
    /// @param serial the serial number that the guest sees: up to 20 characters of ASCII
    /// @throws IllegalStateException if the bus is full
    public void addDisk(BlockBackend disk, String serial) {
        plug(new VirtioBlock(disk, "disk-" + disks++, serial, chassis.lock));
    }

    /// Adds a source of randomness.
    ///
    /// @param source fills an array, without blocking
    public void addRng(Consumer<byte[]> source) {
        plug(new VirtioRng(source));
    }

    /// Adds a network card.
    ///
    /// @param address its six bytes; the first is even
    public void addNetwork(NetworkBackend backend, byte[] address) {
        plug(new VirtioNet(backend, address));
    }

    /// Adds a console, `hvc0` and so on to Linux.
    ///
    /// @param output gets what the guest writes, under the machine lock: it must not block
    /// @return to be used under the machine lock
    public VirtioConsole addConsole(Consumer<byte[]> output) {
        VirtioConsole console = new VirtioConsole(output);
        plug(console);
        return console;
    }

    private void plug(VirtioDevice device) {
        if (nextSlot == PciHost.SLOTS) {
            throw new IllegalStateException("The PCI bus has no slot left for another device");
        }
        int slot = nextSlot++;
        pci.add(slot, 0, new VirtioPci(device, chassis.memory, pci.intx(slot, 1), messages));
        chassis.onClose(device::close);
    }
}
