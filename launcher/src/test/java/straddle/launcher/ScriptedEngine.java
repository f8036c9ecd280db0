package straddle.launcher;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import straddle.core.accel.Accelerator;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.Availability;
import straddle.core.accel.GuestArchitecture;
import straddle.core.accel.VmResources;
import straddle.core.arch.x86.X86State;
import straddle.core.irq.InterruptSource;
import straddle.core.irq.IrqChip;
import straddle.core.vcpu.Exit;
import straddle.core.vcpu.Statistics;
import straddle.core.vcpu.Vcpu;
import straddle.machines.embedded.EmbeddedGuest;
import straddle.machines.embedded.Phase;

/// An engine whose vCPU plays a guest that is written in Java, in the words of `protocol.h`.
record ScriptedEngine(String name, Script script) implements AcceleratorProvider {
    private static final int EVENT = 0x5a0;
    private static final int OPS = 0x5a4;
    private static final int RESULT_LOW = 0x5a8;
    private static final int RESULT_HIGH = 0x5ac;
    private static final int DEBUG_CONSOLE = 0xe9;
    private static final int DEBUG_EXIT = 0xf4;

    /// What the guest does. It ends by powering off, or by an exit of its own.
    interface Script {
        void run(Ports cpu) throws InterruptedException;
    }

    /// A guest that does all its phases and gets every result right.
    static ScriptedEngine wellBehaved(String name) {
        return new ScriptedEngine(
                name,
                cpu -> {
                    cpu.say("hello\r\n");
                    for (Phase phase : EmbeddedGuest.builtIn().phases()) {
                        cpu.phase(phase, phase.expected());
                    }
                    cpu.powerOff(0);
                });
    }

    @Override
    public String description() {
        return "scripted";
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
                return name;
            }

            @Override
            public Optional<IrqChip> kernelIrqChip() {
                return Optional.empty();
            }

            @Override
            public Vcpu createVcpu(int id, InterruptSource interrupts) {
                return new ScriptedVcpu(script);
            }

            @Override
            public void close() {}
        };
    }

    /// What a script sees of its CPU.
    static final class Ports {
        private final BlockingQueue<Exit> exits = new LinkedBlockingQueue<>();
        private final BlockingQueue<Exit> served = new LinkedBlockingQueue<>();
        private final MemorySegment data = MemorySegment.ofArray(new byte[8]);

        void out(int port, int width, int value) throws InterruptedException {
            Exit.PortWrite write = new Exit.PortWrite();
            fill(write, port, width);
            write.set(0, value);
            exit(write);
        }

        int in(int port, int width) throws InterruptedException {
            Exit.PortRead read = new Exit.PortRead();
            fill(read, port, width);
            exit(read);
            return read.get(0);
        }

        private void fill(Exit.Port access, int port, int width) {
            access.port = port;
            access.width = width;
            access.count = 1;
            access.data = data;
        }

        /// Leaves guest code, and returns when the host has served it.
        void exit(Exit exit) throws InterruptedException {
            exits.add(exit);
            served.take();
        }

        void say(String text) throws InterruptedException {
            for (int i = 0; i < text.length(); i++) {
                out(DEBUG_CONSOLE, 1, text.charAt(i));
            }
        }

        void phase(Phase phase, long checksum) throws InterruptedException {
            out(EVENT, 4, 3 << 24 | phase.id());
            int operations = in(OPS, 4);
            if (operations == 0) {
                return;
            }
            out(EVENT, 4, 1 << 24 | phase.id());
            out(EVENT, 4, 2 << 24 | phase.id());
            out(RESULT_LOW, 4, (int) checksum);
            out(RESULT_HIGH, 4, (int) (checksum >>> 32));
            out(EVENT, 4, (checksum == phase.expected() ? 4 : 5) << 24 | phase.id());
        }

        void powerOff(int code) throws InterruptedException {
            out(DEBUG_EXIT, 4, code);
            Thread.sleep(Long.MAX_VALUE);
        }
    }

    private static final class ScriptedVcpu implements Vcpu {
        private final Ports ports = new Ports();
        private final Thread guest;
        private Exit last;

        ScriptedVcpu(Script script) {
            guest =
                    Thread.ofVirtual()
                            .unstarted(() -> {
                                try {
                                    script.run(ports);
                                } catch (InterruptedException _) {
                                    Thread.currentThread().interrupt();
                                }
                            });
        }

        @Override
        public int id() {
            return 0;
        }

        @Override
        public Exit run() throws AcceleratorException {
            if (guest.getState() == Thread.State.NEW) {
                guest.start();
            } else if (last != Exit.Kicked.KICKED) {
                ports.served.add(last);
            }
            try {
                last = ports.exits.take();
                return last;
            } catch (InterruptedException e) {
                throw new AcceleratorException("interrupted", e);
            }
        }

        @Override
        public void kick() {
            ports.exits.add(Exit.Kicked.KICKED);
        }

        @Override
        public void save(X86State to) {}

        @Override
        public void load(X86State from) {}

        @Override
        public void statistics(Statistics to) {
            to.count("script", "lines not executed", 7);
        }

        @Override
        public void close() {
            guest.interrupt();
        }
    }
}
