package straddle.devices.pci;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntFunction;
import straddle.core.bus.IoDevice;
import straddle.core.bus.PortBus;
import straddle.core.irq.IrqLine;
import straddle.core.memory.AddressSpace;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.devices.Device;
import straddle.devices.acpi.ResetControl;
import straddle.devices.irq.SharedLine;

/// PCI bus 0 and its configuration mechanism 1 (PCI Local Bus Specification 3.0, 3.2.2.3.2): the address
/// at offset 0 of eight ports, the data at offset 4, and the PIIX3's reset control at offset 1.
///
/// Slots share four interrupt lines, rotated by the slot's number as on an i440FX board.
public final class PciHost implements IoDevice, Device {
    /// Bytes of port space.
    public static final int LENGTH = 8;

    public static final int SLOTS = 32;

    private static final int FUNCTIONS = 8;
    private static final int PIRQS = 4;
    private static final int CONFIG_ADDRESS = 0;
    private static final int RESET_CONTROL = 1;
    private static final int CONFIG_DATA = 4;

    private static final int ENABLE = 1 << 31;
    private static final int ADDRESS_BITS = 0x80ff_fffc;

    private final PciSpaces spaces;
    private final ResetControl resetControl;
    private final Map<Integer, PciFunction> functions = new TreeMap<>();
    private final SharedLine[] pirqs = new SharedLine[PIRQS];
    private int address;

    /// @param pirq the four lines that the slots' interrupt pins share, by number
    public PciHost(
            PortBus ports,
            AddressSpace memory,
            ResetControl resetControl,
            IntFunction<IrqLine> pirq) {
        spaces = new PciSpaces(ports, memory);
        this.resetControl = resetControl;
        for (int i = 0; i < PIRQS; i++) {
            pirqs[i] = new SharedLine(pirq.apply(i));
        }
    }

    /// Puts a function into a slot of bus 0.
    ///
    /// @throws IllegalArgumentException if there is one, or no such slot
    public <T extends PciFunction> T add(int slot, int number, T function) {
        if (slot < 0 || slot >= SLOTS || number < 0 || number >= FUNCTIONS) {
            throw new IllegalArgumentException(
                    function.name() + ": there is no PCI slot " + slot + "." + number);
        }
        if (functions.putIfAbsent(slot << 3 | number, function) != null) {
            throw new IllegalArgumentException(
                    function.name() + ": PCI slot " + slot + "." + number + " is taken");
        }
        function.connect(spaces);
        return function;
    }

    /// An interrupt pin of a slot, one driver's end of a shared line.
    ///
    /// @param pin 1 for INTA to 4 for INTD
    public IrqLine intx(int slot, int pin) {
        return pirqs[pirq(slot, pin)].driver();
    }

    /// Which of the four lines a pin is wired to.
    public static int pirq(int slot, int pin) {
        return slot + pin - 2 & PIRQS - 1;
    }

    @Override
    public void reset() {
        address = 0;
        resetControl.reset();
        functions.values().forEach(PciFunction::reset);
    }

    @Override
    public int widths() {
        return 1 | 2 | 4;
    }

    @Override
    public long read(int offset, int width) {
        if (offset == CONFIG_ADDRESS && width == 4) {
            return address & 0xffff_ffffL;
        }
        if (offset == RESET_CONTROL && width == 1) {
            return resetControl.read(0);
        }
        if (offset < CONFIG_DATA) {
            return -1;
        }
        PciFunction function = selected();
        int register = address & 0xfc | offset & 3;
        return function == null || (register & 3) + width > 4
                ? -1
                : function.readConfig(register, width);
    }

    @Override
    public void write(int offset, int width, long value) {
        if (offset == CONFIG_ADDRESS && width == 4) {
            address = (int) value & ADDRESS_BITS;
        } else if (offset == RESET_CONTROL && width == 1) {
            resetControl.write(0, (int) value);
        } else if (offset >= CONFIG_DATA) {
            PciFunction function = selected();
            int register = address & 0xfc | offset & 3;
            if (function != null && (register & 3) + width <= 4) {
                function.writeConfig(register, width, value);
            }
        }
    }

    /// The function that the address names, or null; buses beyond 0 have none.
    private PciFunction selected() {
        boolean here = (address & ENABLE) != 0 && (address >>> 16 & 0xff) == 0;
        return here ? functions.get(address >>> 8 & 0xff) : null;
    }

    /// The functions on the bus, in lines for a reader. Under the machine lock.
    public String describe() {
        StringBuilder text = new StringBuilder();
        functions.forEach((place, function) ->
                text.append("%02x.%d  %s".formatted(place >>> 3, place & 7, function.describe())));
        return text.toString();
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putInt("address", address);
        out.putSection("resetControl", 1, resetControl);
        functions.forEach((place, function) -> out.putSection("function" + place, 1, function));
    }

    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        address = in.getInt("address") & ADDRESS_BITS;
        resetControl.restore(in.section("resetControl"));
        for (Map.Entry<Integer, PciFunction> each : functions.entrySet()) {
            each.getValue().restore(in.section("function" + each.getKey()));
        }
    }
}
