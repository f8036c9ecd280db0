package straddle.devices.virtio;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import straddle.core.bus.IoDevice;
import straddle.core.bus.MachineLock;
import straddle.core.bus.PortBus;
import straddle.core.irq.IrqLine;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.RamAllocator;
import straddle.core.memory.RamBlock;
import straddle.core.memory.RamUnavailableException;
import straddle.devices.acpi.ResetControl;
import straddle.devices.contract.TestLine;
import straddle.devices.pci.PciHost;

/// A driver's end of a virtio device on a PCI bus: 1 MiB of RAM from 0 on, register blocks at fixed addresses, and for each queue
/// rings of its own.
final class TestDriver {
    static final long REGISTERS = 0xe000_0000L;
    static final long MESSAGES = 0xe100_0000L;
    static final int REGISTERS_LENGTH = 0x4000;
    static final int RAM_BYTES = 1 << 20;
    static final int SIZE = 16;
    static final int NEXT = 1;
    static final int WRITE = 2;
    static final int INDIRECT = 4;
    static final int RUNNING = 0xf;
    static final int NEEDS_RESET = 0x40;
    static final long ALL = -1;

    private static final long RINGS = 0x1000;
    private static final int QUEUE_BYTES = 0x1000;

    final MachineLock lock = new MachineLock();
    final AddressSpace memory = new AddressSpace(lock);
    final PortBus ports = new PortBus(lock);
    final TestLine line = new TestLine();
    final List<Integer> messages = new ArrayList<>();
    final RamBlock ram;
    final PciHost host;
    VirtioPci function;
    VirtioDevice device;

    TestDriver() {
        try {
            ram = RamBlock.allocate("ram", RAM_BYTES, RamAllocator.OFF_HEAP, Arena.ofAuto());
        } catch (RamUnavailableException e) {
            throw new AssertionError(e);
        }
        memory.mapRam(0, ram);
        host = new PciHost(ports, memory, new ResetControl(() -> {}), _ -> IrqLine.UNCONNECTED);
        ports.map("PCI", 0xcf8, PciHost.LENGTH, host);
    }

    /// Plugs a device in, as firmware leaves it.
    TestDriver plug(VirtioDevice plugged) {
        device = plugged;
        function =
                host.add(
                        4,
                        0,
                        new VirtioPci(plugged, memory, line, (_, data) -> messages.add(data)));
        place();
        return this;
    }

    private void place() {
        config(0x20, 4, (int) REGISTERS);
        config(0x14, 4, (int) MESSAGES);
        config(4, 2, 6);
    }

    int config(int register, int width) {
        ports.write(0xcf8, 4, 0x8000_2000 | register & 0xfc);
        return ports.read(0xcfc + (register & 3), width);
    }

    void config(int register, int width, int value) {
        ports.write(0xcf8, 4, 0x8000_2000 | register & 0xfc);
        ports.write(0xcfc + (register & 3), width, value);
    }

    /// A register block as a device, wherever it lies now.
    IoDevice block(long address) {
        return new IoDevice() {
            @Override
            public int widths() {
                return 1 | 2 | 4;
            }

            @Override
            public long read(int offset, int width) {
                return memory.read(address + offset, width);
            }

            @Override
            public void write(int offset, int width, long value) {
                memory.write(address + offset, width, value);
            }
        };
    }

    long common(int offset, int width) {
        return memory.read(REGISTERS + offset, width);
    }

    void common(int offset, int width, long value) {
        memory.write(REGISTERS + offset, width, value);
    }

    int status() {
        return (int) common(0x14, 1);
    }

    long deviceFeatures() {
        common(0, 4, 0);
        long low = common(4, 4);
        common(0, 4, 1);
        return low | common(4, 4) << 32;
    }

    /// Acknowledges the device and offers features; says whether it takes them.
    boolean negotiate(long features) {
        common(0x14, 1, 0);
        common(0x14, 1, 1);
        common(0x14, 1, 3);
        common(8, 4, 0);
        common(0xc, 4, features & 0xffff_ffffL);
        common(8, 4, 1);
        common(0xc, 4, features >>> 32);
        common(0x14, 1, 0xb);
        return (status() & 8) != 0;
    }

    /// Brings the device up with those of the features that it offers.
    TestDriver start(long features) {
        negotiate(features & deviceFeatures() | VirtioDevice.VERSION_1);
        for (int queue = 0; queue < common(0x12, 2); queue++) {
            common(0x16, 2, queue);
            common(0x18, 2, SIZE);
            common(0x20, 8, descriptors(queue));
            common(0x28, 8, available(queue));
            common(0x30, 8, used(queue));
            common(0x1c, 2, 1);
            memory.write(available(queue), 4, 0);
            memory.write(used(queue), 4, 0);
        }
        common(0x14, 1, RUNNING);
        return this;
    }

    /// Lets the device interrupt by messages: configuration 0x40, queue 0 0x41, ...
    void enableMessages() {
        int vectors = (int) common(0x12, 2) + 1;
        for (int vector = 0; vector < vectors; vector++) {
            memory.write(MESSAGES + 16L * vector, 4, 0xfee0_0000L);
            memory.write(MESSAGES + 16L * vector + 8, 4, 0x40L + vector);
            memory.write(MESSAGES + 16L * vector + 12, 4, 0);
        }
        config(capability(0x11) + 2, 2, 0x8000);
        common(0x10, 2, 0);
        for (int queue = 0; queue + 1 < vectors; queue++) {
            common(0x16, 2, queue);
            common(0x1a, 2, queue + 1);
        }
    }

    /// The register of the first capability of an ID.
    int capability(int id) {
        int at = config(0x34, 1);
        while (config(at, 1) != id) {
            at = config(at + 1, 1);
        }
        return at;
    }

    static long descriptors(int queue) {
        return RINGS + (long) queue * QUEUE_BYTES;
    }

    static long available(int queue) {
        return descriptors(queue) + 16 * SIZE;
    }

    static long used(int queue) {
        return available(queue) + 0x100;
    }

    void describe(int queue, int index, long address, long length, int flags, int next) {
        describe(descriptors(queue) + 16L * index, address, length, flags, next);
    }

    void describe(long at, long address, long length, int flags, int next) {
        memory.write(at, 8, address);
        memory.write(at + 8, 4, length);
        memory.write(at + 12, 2, flags);
        memory.write(at + 14, 2, next);
    }

    /// Makes a chain available and notifies the device.
    void offer(int queue, int head) {
        long index = memory.read(available(queue) + 2, 2);
        memory.write(available(queue) + 4 + index % SIZE * 2, 2, head);
        memory.write(available(queue) + 2, 2, index + 1);
        notifyQueue(queue);
    }

    void notifyQueue(int queue) {
        memory.write(REGISTERS + 0x3000 + 4L * queue, 2, queue);
    }

    int usedIndex(int queue) {
        return (int) memory.read(used(queue) + 2, 2);
    }

    /// The bytes that the device says it wrote, of the answer of that number.
    long usedLength(int queue, int number) {
        return memory.read(used(queue) + 4 + number % SIZE * 8L + 4, 4);
    }

    byte[] bytes(long gpa, int length) {
        byte[] bytes = new byte[length];
        memory.read(gpa, MemorySegment.ofArray(bytes));
        return bytes;
    }

    void put(long gpa, byte[] bytes) {
        memory.write(gpa, MemorySegment.ofArray(bytes));
    }
}
