package straddle.machines.pc;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.LongSupplier;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.GuestArchitecture;
import straddle.core.arch.x86.X86;
import straddle.core.arch.x86.X86State;
import straddle.core.bus.PortBus;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.RamAllocator;
import straddle.core.memory.RamBlock;
import straddle.core.memory.RamUnavailableException;
import straddle.core.vcpu.StopReason;
import straddle.core.vcpu.Vcpu;
import straddle.core.vcpu.VcpuLoop;
import straddle.devices.ByteSink;
import straddle.devices.acpi.AcpiPm;
import straddle.devices.acpi.ResetControl;
import straddle.devices.debug.DebugConsole;
import straddle.devices.dma.DmaPair;
import straddle.devices.firmware.FwCfg;
import straddle.devices.input.I8042;
import straddle.devices.input.Ps2Keyboard;
import straddle.devices.input.Ps2Mouse;
import straddle.devices.input.SystemControlA;
import straddle.devices.irq.PcIrqChip;
import straddle.devices.irq.ProcessorSignals;
import straddle.devices.pci.I440fx;
import straddle.devices.pci.PciHost;
import straddle.devices.pci.Piix3Isa;
import straddle.devices.pci.Piix4Pm;
import straddle.devices.pci.PirqRouter;
import straddle.devices.timer.Hpet;
import straddle.machines.SerialPort;
import straddle.machines.boot.Boot;
import straddle.machines.boot.Firmware;
import straddle.machines.chassis.Chassis;
import straddle.machines.chassis.RamSize;

/// A PC that boots unmodified systems: PIC pair, I/O APIC and local APICs, PIT, clock chip, serial port, PCI as on an
/// i440FX board, ACPI power management and tables, keyboard and mouse. It starts with a kernel that is loaded
/// without firmware, or with firmware. A reset that the guest asks for ends it: whoever runs it makes another.
public final class Pc extends PcBoard {
    /// The guest's time-stamp counter, where the engine's can be chosen.
    public static final long TSC_HERTZ = 1_000_000_000;

    /// The most processors that the APICs' 8-bit IDs can tell apart.
    public static final int MAX_VCPUS = 255;

    /// COM1 to COM4.
    public static final int MAX_SERIAL_PORTS = 4;

    /// What a board is made of.
    ///
    /// @param ramBytes a positive multiple of 4,096, at least what the guest needs
    /// @param ram where the guest's memory comes from
    /// @param vcpus 1 to 255
    /// @param serialOut where what the guest sends to COM1, COM2, ... goes: a port for each, 0 to 4
    /// @param debugOut what it sends to the debug console, port 0xe9
    /// @param hostNanos the host's monotonic time
    /// @param bootSecond UTC when it starts, in seconds since 1970
    public record Config(
            long ramBytes,
            RamAllocator ram,
            int vcpus,
            List<ByteSink> serialOut,
            ByteSink debugOut,
            LongSupplier hostNanos,
            long bootSecond) {
        public Config {
            Objects.requireNonNull(ram);
            serialOut = List.copyOf(serialOut);
            Objects.requireNonNull(debugOut);
            Objects.requireNonNull(hostNanos);
            if (vcpus < 1 || vcpus > MAX_VCPUS) {
                throw new IllegalArgumentException(vcpus + " vCPUs are not 1 to " + MAX_VCPUS);
            }
            if (serialOut.size() > MAX_SERIAL_PORTS) {
                throw new IllegalArgumentException(
                        serialOut.size() + " serial ports are not 0 to " + MAX_SERIAL_PORTS);
            }
        }
    }

    private final PcIrqChip irqs;
    private final List<SerialPort> serialPorts;
    private final AcpiPm power;
    private final PciHost pci;
    private final I8042 keyboardController;
    private final FwCfg fwCfg;
    private final PcVirtio virtio;
    private final PcIde ide;

    private Pc(Chassis chassis, Config config, Optional<Firmware> firmware)
            throws RamUnavailableException {
        super(chassis);
        PcMemory memory = mapMemory(config, firmware);
        irqs =
                chassis.add(
                        "irqs",
                        new PcIrqChip(
                                chassis.clock,
                                config.vcpus(),
                                TSC_HERTZ,
                                chassis::currentVcpu,
                                this::signal));
        serialPorts = PcSerialPorts.map(chassis, irqs::line, config.serialOut());
        mapInterruptControllers();
        mapClocks(config, firmware);
        mapDebugPorts(config);
        mapDma();
        keyboardController = mapKeyboard(memory);
        power = mapPower();
        pci = mapPci(memory, firmware.isEmpty());
        fwCfg = mapFirmwareConfiguration(config, firmware);
        virtio = new PcVirtio(chassis, pci, irqs::message);
        ide = new PcIde(chassis, pci, irqs, firmware.isEmpty());
        irqs.onPending(chassis::interrupt);
    }

    /// Builds the board, loads what it starts with and creates the vCPUs; nothing runs yet.
    ///
    /// @throws RamUnavailableException if the size is not possible, with a sentence
    /// @throws AcceleratorException if the engine can't be had, with a sentence
    public static Pc create(Config config, Boot boot, AcceleratorProvider engine)
            throws AcceleratorException, RamUnavailableException {
        RamSize.check(config.ramBytes(), boot.minRamBytes());
        Chassis chassis = new Chassis(config.hostNanos());
        boolean complete = false;
        try {
            Pc pc = new Pc(chassis, config, boot.firmware());
            pc.power(config, engine, pc.load(config, boot));
            complete = true;
            return pc;
        } finally {
            if (!complete) {
                chassis.close();
            }
        }
    }

    /// Does firmware's work where there is none: tables, and a kernel in memory.
    private X86State load(Config config, Boot boot) {
        PcMemoryMap map = new PcMemoryMap(config.ramBytes());
        if (boot.firmware().isEmpty()) {
            int serialPorts = config.serialOut().size();
            PcAcpi acpi = new PcAcpi(config.vcpus(), serialPorts, PcAddresses.ACPI);
            write(PcAddresses.ACPI, acpi.build().inPlace());
            write(PcAddresses.MP_TABLE, new PcMpTable(config.vcpus()).build());
        }
        return boot.load(
                chassis.memory,
                new Boot.Surroundings(map.e820(), map.lowRamEnd(), PcAddresses.ACPI));
    }

    private void write(long gpa, byte[] bytes) {
        chassis.memory.write(gpa, MemorySegment.ofArray(bytes));
    }

    private void power(Config config, AcceleratorProvider engine, X86State entry)
            throws AcceleratorException {
        chassis.power(engine, GuestArchitecture.X86_64, config.vcpus());
        for (int i = 0; i < config.vcpus(); i++) {
            Vcpu vcpu = chassis.addVcpu(irqs.source(i));
            if (i == 0) {
                vcpu.load(entry);
            } else {
                chassis.loops().get(i).holdForStartup();
            }
        }
    }

    /// What a local APIC's message does to a processor (SDM volume 3, 10.4.2 and 12.4.7).
    private void signal(int vcpu, ProcessorSignals.Kind kind, int vector) {
        if (vcpu == 0 && kind == ProcessorSignals.Kind.INIT) {
            chassis.control.stop(
                    new StopReason.Reset()); // the boot processor starts from firmware again
            return;
        }
        chassis.post(
                vcpu,
                switch (kind) {
                    case NMI ->
                            new VcpuLoop.Signal(
                                    VcpuLoop.Effect.NONE,
                                    state -> {
                                        state.nmiPending = true;
                                        state.halted = false;
                                    });
                    case INIT -> new VcpuLoop.Signal(VcpuLoop.Effect.HOLD, X86State::reset);
                    case STARTUP ->
                            new VcpuLoop.Signal(
                                    VcpuLoop.Effect.START,
                                    state -> {
                                        state.segments[X86.CS].selector = vector << 8;
                                        state.segments[X86.CS].base = (long) vector << 12;
                                        state.rip = 0;
                                        state.halted = false;
                                    });
                });
    }

    private PcMemory mapMemory(Config config, Optional<Firmware> firmware)
            throws RamUnavailableException {
        RamBlock ram = RamBlock.allocate("ram", config.ramBytes(), config.ram(), chassis.arena);
        if (firmware.isEmpty()) {
            return new PcMemory(chassis.memory, ram, Optional.empty());
        }
        byte[] image = firmware.get().rom();
        RamBlock rom = RamBlock.allocate("rom", image.length, config.ram(), chassis.arena);
        MemorySegment.copy(MemorySegment.ofArray(image), 0, rom.bytes(), 0, image.length);
        return new PcMemory(chassis.memory, ram, Optional.of(rom));
    }

    private void mapInterruptControllers() {
        mapPics(irqs.pics());
        AddressSpace memory = chassis.memory;
        memory.mapMmio("I/O APIC", PcAddresses.IO_APIC, PcIrqChip.IO_APIC_LENGTH, irqs.ioApic());
        memory.mapMmio(
                "local APIC",
                PcAddresses.LOCAL_APIC,
                PcIrqChip.LOCAL_APIC_LENGTH,
                irqs.localApic());
    }

    private void mapClocks(Config config, Optional<Firmware> firmware) {
        Hpet hpet =
                chassis.add(
                        "hpet",
                        new Hpet(
                                chassis.clock,
                                irqs.line(PcAddresses.PIT_IRQ),
                                irqs.line(PcAddresses.RTC_IRQ),
                                irqs::line));
        chassis.memory.mapMmio("HPET", PcAddresses.HPET, Hpet.LENGTH, hpet);
        mapPit(hpet.pitLine());
        mapRtc(
                hpet.rtcLine(),
                config.bootSecond(),
                PcCmos.contents(config.ramBytes(), firmware.map(Firmware::order).orElse("")));
    }

    private AcpiPm mapPower() {
        PortBus ports = chassis.ports;
        AcpiPm pm =
                chassis.add(
                        "acpiPm",
                        new AcpiPm(
                                chassis.clock,
                                irqs.line(PcAddresses.SCI_IRQ),
                                () -> chassis.control.stop(new StopReason.PoweredOff(0))));
        ports.map("ACPI PM", PcAddresses.ACPI_PM, AcpiPm.LENGTH, pm);
        return pm;
    }

    private PciHost mapPci(PcMemory memory, boolean bare) {
        ResetControl reset = new ResetControl(this::resetByGuest);
        PirqRouter router = new PirqRouter(irqs::line);
        PciHost host =
                chassis.add("pci", new PciHost(chassis.ports, chassis.memory, reset, router::line));
        I440fx bridge = host.add(0, 0, new I440fx(memory));
        Piix3Isa isa = host.add(PcAddresses.ISA_BRIDGE_SLOT, 0, new Piix3Isa(router));
        host.add(
                PcAddresses.ISA_BRIDGE_SLOT,
                PcAddresses.POWER_FUNCTION,
                new Piix4Pm(PcAddresses.ACPI_PM, PcAddresses.SCI_IRQ));
        if (bare) {
            bridge.shadowAll();
            for (int i = 0; i < PcAddresses.PIRQ_IRQS.size(); i++) {
                isa.route(i, PcAddresses.PIRQ_IRQS.get(i));
            }
        }
        chassis.ports.map("PCI configuration", PcAddresses.PCI_CONFIG, PciHost.LENGTH, host);
        return host;
    }

    private void resetByGuest() {
        chassis.control.stop(new StopReason.Reset());
    }

    private I8042 mapKeyboard(PcMemory memory) {
        PortBus ports = chassis.ports;
        SystemControlA[] gate = new SystemControlA[1];
        gate[0] =
                chassis.add(
                        "systemControlA",
                        new SystemControlA(
                                () -> memory.openA20(gate[0].isOpen()), this::resetByGuest));
        ports.map("system control A", PcAddresses.SYSTEM_CONTROL_A, 1, gate[0]);
        I8042 controller =
                chassis.add(
                        "i8042",
                        new I8042(
                                irqs.line(PcAddresses.KEYBOARD_IRQ),
                                irqs.line(PcAddresses.MOUSE_IRQ),
                                gate[0],
                                this::resetByGuest,
                                new Ps2Keyboard(_ -> {}),
                                new Ps2Mouse()));
        ports.map("keyboard data", PcAddresses.KEYBOARD_DATA, 1, controller.data());
        ports.map("keyboard command", PcAddresses.KEYBOARD_COMMAND, 1, controller.command());
        return controller;
    }

    private void mapDma() {
        PortBus ports = chassis.ports;
        DmaPair dma = chassis.add("dma", new DmaPair(chassis.memory));
        ports.map("DMA 1", PcAddresses.DMA_1, DmaPair.FIRST_LENGTH, dma.firstPorts());
        ports.map("DMA 2", PcAddresses.DMA_2, DmaPair.SECOND_LENGTH, dma.secondPorts());
        ports.map("DMA pages", PcAddresses.DMA_PAGES, DmaPair.PAGES_LENGTH, dma.pagePorts());
    }

    private FwCfg mapFirmwareConfiguration(Config config, Optional<Firmware> firmware) {
        FwCfg items = chassis.add("fwCfg", new FwCfg(chassis.memory));
        chassis.ports.map("fw_cfg", PcAddresses.FW_CFG, FwCfg.LENGTH, items);
        firmware.ifPresent(each -> PcFirmwareItems.add(items, each, config));
        return items;
    }

    private void mapDebugPorts(Config config) {
        PortBus ports = chassis.ports;
        DebugConsole console = new DebugConsole(config.debugOut());
        ports.map("debug console", PcAddresses.DEBUG_CONSOLE, 1, console);
        ports.map("firmware's debug console", PcAddresses.FIRMWARE_DEBUG, 1, console);
        mapDebugExit();
    }

    /// The PCI bus, to put devices on before the machine starts.
    public PciHost pci() {
        return pci;
    }

    /// The IDE channels, to put disks and CD-ROM drives on before the machine starts.
    public PcIde ide() {
        return ide;
    }

    /// The keyboard controller, with the keyboard and the mouse to be used under the machine lock.
    public I8042 keyboardController() {
        return keyboardController;
    }

    /// What firmware reads, to add files before the machine starts.
    public FwCfg fwCfg() {
        return fwCfg;
    }

    /// The virtio devices, to be added before the machine starts.
    public PcVirtio virtio() {
        return virtio;
    }

    @Override
    public List<SerialPort> serialPorts() {
        return serialPorts;
    }

    @Override
    public boolean pressPowerButton() {
        chassis.lock.lock();
        try {
            power.pressPowerButton();
        } finally {
            chassis.lock.unlock();
        }
        return true;
    }

    @Override
    public String describe(String topic) {
        return switch (topic) {
            case "irq" -> irqs.describe();
            case "pci" -> pci.describe();
            default -> "";
        };
    }
}
