package straddle.machines.pc;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;
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
import straddle.core.snapshot.Snapshotable;
import straddle.core.time.VirtualClock;
import straddle.core.vcpu.RunControl;
import straddle.core.vcpu.StopReason;
import straddle.core.vcpu.Vcpu;
import straddle.core.vcpu.VcpuLoop;
import straddle.devices.ByteSink;
import straddle.devices.acpi.AcpiPm;
import straddle.devices.acpi.ResetControl;
import straddle.devices.debug.DebugConsole;
import straddle.devices.debug.DebugExit;
import straddle.devices.debug.PostCode;
import straddle.devices.irq.PcIrqChip;
import straddle.devices.irq.PicPair;
import straddle.devices.irq.ProcessorSignals;
import straddle.devices.pci.I440fx;
import straddle.devices.pci.PciHost;
import straddle.devices.pci.Piix3Isa;
import straddle.devices.rtc.Mc146818;
import straddle.devices.timer.Pit8254;
import straddle.devices.timer.SystemControlB;
import straddle.machines.Machine;
import straddle.machines.SerialPort;
import straddle.machines.chassis.Chassis;
import straddle.machines.chassis.RamSize;
import straddle.machines.linux.LinuxBoot;

/// A PC that boots unmodified systems: PIC pair, I/O APIC and local APICs, PIT, clock chip, serial port, PCI as on an
/// i440FX board, ACPI power management and tables. A reset that the guest asks for ends it: whoever runs it makes another.
public final class Pc implements Machine {
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

    private final Chassis chassis;
    private final PcIrqChip irqs;
    private final List<SerialPort> serialPorts;
    private final AcpiPm power;
    private final PciHost pci;

    private Pc(Chassis chassis, Config config) {
        this.chassis = chassis;
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
        mapClocks(config);
        mapDebugPorts(config);
        power = mapPower();
        pci = mapPci();
        irqs.onPending(chassis::interrupt);
    }

    /// Builds the board, loads a kernel and creates the vCPUs; nothing runs yet.
    ///
    /// @throws RamUnavailableException if the size is not possible, with a sentence
    /// @throws AcceleratorException if the engine can't be had, with a sentence
    public static Pc create(Config config, LinuxBoot boot, AcceleratorProvider engine)
            throws AcceleratorException, RamUnavailableException {
        RamSize.check(config.ramBytes(), boot.minRamBytes());
        Chassis chassis = new Chassis(config.hostNanos());
        boolean complete = false;
        try {
            RamBlock ram = RamBlock.allocate("ram", config.ramBytes(), config.ram(), chassis.arena);
            PcMemoryMap map = new PcMemoryMap(ram.length());
            map.map(chassis.memory, ram);
            Pc pc = new Pc(chassis, config);
            chassis.memory.write(
                    PcAddresses.ACPI,
                    MemorySegment.ofArray(
                            new PcAcpi(config.vcpus(), config.serialOut().size()).build()));
            X86State entry =
                    boot.load(chassis.memory, map.e820(), map.lowRamEnd(), PcAddresses.ACPI);
            pc.power(config, engine, entry);
            complete = true;
            return pc;
        } finally {
            if (!complete) {
                chassis.close();
            }
        }
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

    private void mapInterruptControllers() {
        PortBus ports = chassis.ports;
        PicPair pics = irqs.pics();
        ports.map("PIC 1", PcAddresses.PIC_1, PcAddresses.PIC_LENGTH, pics.firstPorts());
        ports.map("PIC 2", PcAddresses.PIC_2, PcAddresses.PIC_LENGTH, pics.secondPorts());
        ports.map("PIC 1 ELCR", PcAddresses.ELCR_1, 1, pics.firstElcr());
        ports.map("PIC 2 ELCR", PcAddresses.ELCR_2, 1, pics.secondElcr());
        AddressSpace memory = chassis.memory;
        memory.mapMmio("I/O APIC", PcAddresses.IO_APIC, PcIrqChip.IO_APIC_LENGTH, irqs.ioApic());
        memory.mapMmio(
                "local APIC",
                PcAddresses.LOCAL_APIC,
                PcIrqChip.LOCAL_APIC_LENGTH,
                irqs.localApic());
    }

    private void mapClocks(Config config) {
        PortBus ports = chassis.ports;
        Pit8254 pit =
                chassis.add("pit", new Pit8254(chassis.clock, irqs.line(PcAddresses.PIT_IRQ)));
        ports.map("PIT", PcAddresses.PIT, Pit8254.LENGTH, pit);
        ports.map(
                "system control B",
                PcAddresses.SYSTEM_CONTROL_B,
                1,
                chassis.add("systemControlB", new SystemControlB(pit, chassis.clock)));
        Mc146818 rtc =
                chassis.add(
                        "rtc",
                        new Mc146818(
                                chassis.clock,
                                irqs.line(PcAddresses.RTC_IRQ),
                                config.bootSecond(),
                                PcCmos.contents(config.ramBytes())));
        ports.map("RTC", PcAddresses.RTC, Mc146818.LENGTH, rtc);
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

    private PciHost mapPci() {
        ResetControl reset = new ResetControl(() -> chassis.control.stop(new StopReason.Reset()));
        PciHost host =
                chassis.add(
                        "pci",
                        new PciHost(
                                chassis.ports,
                                chassis.memory,
                                reset,
                                pirq -> irqs.line(PcAddresses.PIRQ_IRQS.get(pirq))));
        host.add(0, 0, new I440fx());
        Piix3Isa bridge = host.add(PcAddresses.ISA_BRIDGE_SLOT, 0, new Piix3Isa());
        for (int i = 0; i < PcAddresses.PIRQ_IRQS.size(); i++) {
            bridge.route(i, PcAddresses.PIRQ_IRQS.get(i));
        }
        chassis.ports.map("PCI configuration", PcAddresses.PCI_CONFIG, PciHost.LENGTH, host);
        return host;
    }

    private void mapDebugPorts(Config config) {
        PortBus ports = chassis.ports;
        ports.map("POST code", PcAddresses.POST_CODE, 1, chassis.add("postCode", new PostCode()));
        ports.map(
                "debug console", PcAddresses.DEBUG_CONSOLE, 1, new DebugConsole(config.debugOut()));
        ports.map(
                "debug exit",
                PcAddresses.DEBUG_EXIT,
                PcAddresses.DEBUG_EXIT_LENGTH,
                new DebugExit(code -> chassis.control.stop(new StopReason.PoweredOff(code))));
    }

    /// The PCI bus, to put devices on before the machine starts.
    public PciHost pci() {
        return pci;
    }

    /// The clock and every chip, to be saved and restored while the machine is paused.
    public Snapshotable devices() {
        return chassis;
    }

    @Override
    public AddressSpace memory() {
        return chassis.memory;
    }

    @Override
    public PortBus ports() {
        return chassis.ports;
    }

    @Override
    public VirtualClock clock() {
        return chassis.clock;
    }

    @Override
    public RunControl control() {
        return chassis.control;
    }

    @Override
    public List<VcpuLoop> loops() {
        return chassis.loops();
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
    public String accelerator() {
        return chassis.accelerator();
    }

    @Override
    public void start() throws AcceleratorException {
        chassis.start();
    }

    @Override
    public StopReason awaitStop() throws InterruptedException {
        return chassis.control.awaitStop();
    }

    @Override
    public void close() {
        chassis.close();
    }
}
