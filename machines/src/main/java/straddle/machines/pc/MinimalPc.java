package straddle.machines.pc;

import static straddle.core.arch.x86.X86.*;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;
import java.util.function.LongSupplier;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.GuestArchitecture;
import straddle.core.arch.x86.Segment;
import straddle.core.arch.x86.X86State;
import straddle.core.bus.PortBus;
import straddle.core.memory.RamAllocator;
import straddle.core.memory.RamBlock;
import straddle.core.memory.RamUnavailableException;
import straddle.devices.ByteSink;
import straddle.devices.debug.DebugConsole;
import straddle.devices.debug.PostCode;
import straddle.devices.irq.PicPair;
import straddle.machines.SerialPort;
import straddle.machines.chassis.Chassis;
import straddle.machines.chassis.RamSize;
import straddle.machines.embedded.EmbeddedGuest;
import straddle.machines.embedded.PhaseObserver;
import straddle.machines.embedded.PhasePort;

/// A PC with the least that a bare-metal guest needs: one vCPU, RAM from 0 on without a hole, the PIC
/// pair, the PIT, the clock chip, one serial port and the debug ports. No firmware, no PCI, no APIC.
///
/// It has no real date: its clock starts at the same moment in every run.
public final class MinimalPc extends PcBoard {
    /// 2026-01-01T00:00:00Z.
    private static final long BOOT_SECOND = 1_767_225_600;

    /// What a board is made of.
    ///
    /// @param ramBytes a positive multiple of 4,096, at least what the guest needs
    /// @param ram where the guest's memory comes from
    /// @param serialOut what the guest sends to COM1 and to the debug console
    /// @param hostNanos the host's monotonic time
    /// @param phases follows the guest's phases
    /// @param hook misbehaviour that a test asks for (`HOOK_*` in `protocol.h`); 0 for none
    public record Config(
            long ramBytes,
            RamAllocator ram,
            ByteSink serialOut,
            LongSupplier hostNanos,
            PhaseObserver phases,
            int hook) {
        public Config {
            Objects.requireNonNull(ram);
            Objects.requireNonNull(serialOut);
            Objects.requireNonNull(hostNanos);
            Objects.requireNonNull(phases);
        }
    }

    private final PicPair pics;
    private final SerialPort com1;

    private MinimalPc(Chassis chassis, Config config, EmbeddedGuest guest) {
        super(chassis);
        pics = chassis.add("pics", new PicPair(chassis.lock));
        com1 = PcSerialPorts.map(chassis, pics::line, List.of(config.serialOut())).getFirst();
        mapPics(pics);
        mapPit(pics.line(PcAddresses.PIT_IRQ));
        mapRtc(pics.line(PcAddresses.RTC_IRQ), BOOT_SECOND, PcCmos.contents(config.ramBytes(), ""));
        mapDebugPorts(config, guest);
        pics.onPending(chassis::interrupt);
    }

    /// Builds the board, loads the guest and creates its vCPU; nothing runs yet.
    ///
    /// @throws RamUnavailableException if the size is not possible, with a sentence
    /// @throws AcceleratorException if the engine can't be had, with a sentence
    public static MinimalPc create(Config config, EmbeddedGuest guest, AcceleratorProvider engine)
            throws AcceleratorException, RamUnavailableException {
        RamSize.check(config.ramBytes(), guest.minRamBytes());
        Chassis chassis = new Chassis(config.hostNanos());
        boolean complete = false;
        try {
            mapRam(chassis, config);
            chassis.memory.write(guest.loadGpa(), MemorySegment.ofArray(guest.bytes()));
            MinimalPc pc = new MinimalPc(chassis, config, guest);
            chassis.power(engine, GuestArchitecture.X86_64, 1);
            chassis.addVcpu(pc.pics.source(0)).load(entry(guest));
            complete = true;
            return pc;
        } finally {
            if (!complete) {
                chassis.close();
            }
        }
    }

    private static void mapRam(Chassis chassis, Config config) throws RamUnavailableException {
        RamBlock ram = RamBlock.allocate("ram", config.ramBytes(), config.ram(), chassis.arena);
        long low = Math.min(ram.length(), PcAddresses.LOW_RAM_END);
        chassis.memory.mapRam("ram below 4 GiB", 0, ram, 0, low, false);
        if (ram.length() > low) {
            chassis.memory.mapRam(
                    "ram above 4 GiB", PcAddresses.HIGH_RAM, ram, low, ram.length() - low, false);
        }
    }

    private void mapDebugPorts(Config config, EmbeddedGuest guest) {
        PortBus ports = chassis.ports;
        ports.map("POST code", PcAddresses.POST_CODE, 1, chassis.add("postCode", new PostCode()));
        ports.map(
                "debug console",
                PcAddresses.DEBUG_CONSOLE,
                1,
                new DebugConsole(config.serialOut()));
        mapDebugExit();
        ports.map(
                "phases",
                PcAddresses.PHASES,
                PhasePort.LENGTH,
                chassis.add(
                        "phases", new PhasePort(guest.phases(), config.phases(), config.hook())));
    }

    /// Real mode at the image's first byte, caches on, as firmware would hand over.
    private static X86State entry(EmbeddedGuest guest) {
        X86State state = new X86State();
        state.cr0 = CR0_ET;
        state.segments[CS].set(
                (int) (guest.loadGpa() >>> 4),
                guest.loadGpa(),
                0xffff,
                Segment.P | Segment.S | 0xb);
        state.rip = 0;
        return state;
    }

    @Override
    public List<SerialPort> serialPorts() {
        return List.of(com1);
    }

    @Override
    public String describe(String topic) {
        return topic.equals("irq") ? pics.describe() : "";
    }
}
