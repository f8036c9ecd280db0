package straddle.launcher.console;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import straddle.core.accel.Accelerator;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.Availability;
import straddle.core.accel.GuestArchitecture;
import straddle.core.accel.VmResources;
import straddle.core.arch.x86.X86State;
import straddle.core.irq.InterruptSource;
import straddle.core.irq.IrqChip;
import straddle.core.memory.RamAllocator;
import straddle.core.vcpu.Exit;
import straddle.core.vcpu.Vcpu;
import straddle.devices.ByteSink;
import straddle.machines.Machine;
import straddle.machines.embedded.EmbeddedGuest;
import straddle.machines.embedded.PhaseObserver;
import straddle.machines.pc.MinimalPc;

/// A machine whose guest sends back on COM1 whatever it gets there; a zero byte powers it off.
public final class EchoMachine {
    private static final int COM1 = 0x3f8;
    private static final int LSR = COM1 + 5;
    private static final int DEBUG_EXIT = 0xf4;
    private static final long RAM_BYTES = 64 << 20;

    private EchoMachine() {}

    /// Not started yet.
    public static Machine create(ByteSink serial) throws Exception {
        MinimalPc.Config config =
                new MinimalPc.Config(
                        RAM_BYTES,
                        RamAllocator.OFF_HEAP,
                        serial,
                        System::nanoTime,
                        PhaseObserver.NONE,
                        0);
        return MinimalPc.create(config, EmbeddedGuest.builtIn(), new Provider());
    }

    private record Provider() implements AcceleratorProvider {
        @Override
        public String name() {
            return "echo";
        }

        @Override
        public String description() {
            return "echo";
        }

        @Override
        public Availability availability(GuestArchitecture guest) {
            return Availability.Available.AVAILABLE;
        }

        @Override
        public Accelerator create(VmResources resources) {
            return new Accelerator() {
                @Override
                public String name() {
                    return "echo";
                }

                @Override
                public Optional<IrqChip> kernelIrqChip() {
                    return Optional.empty();
                }

                @Override
                public Vcpu createVcpu(int id, InterruptSource interrupts) {
                    return new Echo(resources);
                }

                @Override
                public void close() {}
            };
        }
    }

    /// Polls LSR, then answers; its registers hold the square of their number.
    private static final class Echo implements Vcpu {
        private final VmResources resources;
        private final Exit.PortWrite powerOff = new Exit.PortWrite();
        private volatile boolean kicked;

        Echo(VmResources resources) {
            this.resources = resources;
        }

        @Override
        public int id() {
            return 0;
        }

        @Override
        public Exit run() {
            while (!kicked) {
                int status = resources.ports().read(LSR, 1);
                if ((status & 1) != 0 && (status & 0x20) != 0) {
                    int b = resources.ports().read(COM1, 1);
                    if (b == 0) {
                        powerOff.port = DEBUG_EXIT;
                        powerOff.width = 1;
                        powerOff.count = 1;
                        powerOff.data = MemorySegment.ofArray(new byte[1]);
                        return powerOff;
                    }
                    resources.ports().write(COM1, 1, b);
                } else {
                    java.util.concurrent.locks.LockSupport.parkNanos(100_000);
                }
            }
            kicked = false;
            return Exit.Kicked.KICKED;
        }

        @Override
        public void kick() {
            kicked = true;
        }

        @Override
        public void save(X86State to) {
            for (int i = 0; i < to.gpr.length; i++) {
                to.gpr[i] = (long) i * i;
            }
        }

        @Override
        public void load(X86State from) {}

        @Override
        public void close() {}
    }
}
