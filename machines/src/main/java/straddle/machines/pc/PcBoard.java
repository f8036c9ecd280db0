package straddle.machines.pc;

import java.time.Duration;
import java.util.List;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.bus.PortBus;
import straddle.core.irq.IrqLine;
import straddle.core.memory.AddressSpace;
import straddle.core.snapshot.Snapshotable;
import straddle.core.time.VirtualClock;
import straddle.core.vcpu.RunControl;
import straddle.core.vcpu.StopReason;
import straddle.core.vcpu.VcpuLoop;
import straddle.devices.debug.DebugExit;
import straddle.devices.irq.PicPair;
import straddle.devices.rtc.Mc146818;
import straddle.devices.timer.Pit8254;
import straddle.devices.timer.SystemControlB;
import straddle.machines.Machine;
import straddle.machines.chassis.Chassis;

/// What all PCs have: a chassis that they are built on, and the chips of the first ones.
abstract class PcBoard implements Machine {
    final Chassis chassis;

    PcBoard(Chassis chassis) {
        this.chassis = chassis;
    }

    // ---- the first PCs' chips

    final void mapPics(PicPair pics) {
        PortBus ports = chassis.ports;
        ports.map("PIC 1", PcAddresses.PIC_1, PcAddresses.PIC_LENGTH, pics.firstPorts());
        ports.map("PIC 2", PcAddresses.PIC_2, PcAddresses.PIC_LENGTH, pics.secondPorts());
        ports.map("PIC 1 ELCR", PcAddresses.ELCR_1, 1, pics.firstElcr());
        ports.map("PIC 2 ELCR", PcAddresses.ELCR_2, 1, pics.secondElcr());
    }

    /// The PIT, with the speaker's control.
    final void mapPit(IrqLine irq) {
        PortBus ports = chassis.ports;
        Pit8254 pit = chassis.add("pit", new Pit8254(chassis.clock, irq));
        ports.map("PIT", PcAddresses.PIT, Pit8254.LENGTH, pit);
        ports.map(
                "system control B",
                PcAddresses.SYSTEM_CONTROL_B,
                1,
                chassis.add("systemControlB", new SystemControlB(pit, chassis.clock)));
    }

    /// @param bootSecond UTC when it starts, in seconds since 1970
    final void mapRtc(IrqLine irq, long bootSecond, byte[] cmos) {
        Mc146818 rtc = chassis.add("rtc", new Mc146818(chassis.clock, irq, bootSecond, cmos));
        chassis.ports.map("RTC", PcAddresses.RTC, Mc146818.LENGTH, rtc);
    }

    /// A port that ends the machine.
    final void mapDebugExit() {
        chassis.ports.map(
                "debug exit",
                PcAddresses.DEBUG_EXIT,
                PcAddresses.DEBUG_EXIT_LENGTH,
                new DebugExit(code -> chassis.control.stop(new StopReason.PoweredOff(code))));
    }

    // ---- what the chassis does

    /// The clock and every chip, to be saved and restored while the machine is paused.
    public final Snapshotable devices() {
        return chassis;
    }

    @Override
    public final AddressSpace memory() {
        return chassis.memory;
    }

    @Override
    public final PortBus ports() {
        return chassis.ports;
    }

    @Override
    public final VirtualClock clock() {
        return chassis.clock;
    }

    @Override
    public final RunControl control() {
        return chassis.control;
    }

    @Override
    public final List<VcpuLoop> loops() {
        return chassis.loops();
    }

    @Override
    public final String accelerator() {
        return chassis.accelerator();
    }

    @Override
    public final Duration switchTo(AcceleratorProvider engine)
            throws AcceleratorException, InterruptedException {
        return chassis.switchTo(engine);
    }

    @Override
    public final void start() throws AcceleratorException {
        chassis.start();
    }

    @Override
    public final StopReason awaitStop() throws InterruptedException {
        return chassis.control.awaitStop();
    }

    @Override
    public final void close() {
        chassis.close();
    }
}
