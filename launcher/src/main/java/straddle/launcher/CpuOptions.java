package straddle.launcher;

import java.io.PrintStream;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;
import straddle.core.accel.Accelerator;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.Availability;
import straddle.core.accel.GuestArchitecture;
import straddle.core.accel.HostVerdict;
import straddle.core.accel.Observation;
import straddle.core.accel.VmResources;

/// `--cpu`: which processor a guest sees.
final class CpuOptions {
    private static final String HELP = "help";

    @Option(
            names = "--cpu",
            paramLabel = "MODEL",
            defaultValue = "",
            description =
                    "The processor that the guest sees, as in x86-64-v1,+aes,-cx16; 'help' lists models and features. "
                            + "KVM runs guests on the host's own. Default: the engine's.")
    private String cpu;

    CpuOptions() {}

    /// Whether only the list of what there is was asked for.
    boolean isHelp() {
        return cpu.equals(HELP);
    }

    /// Lists what each engine offers.
    static void printHelp(List<AcceleratorProvider> engines, PrintStream out) {
        for (AcceleratorProvider engine : engines) {
            String help = engine.cpuHelp();
            if (!help.isEmpty()) {
                out.println("--accel " + engine.name() + ":");
                out.println(help.stripTrailing().indent(2).stripTrailing());
            }
        }
    }

    /// An engine that gives its guests the processor chosen.
    AcceleratorProvider applyTo(AcceleratorProvider engine) {
        return cpu.isEmpty() ? engine : new WithCpu(engine, cpu);
    }

    /// An engine whose guests see another processor.
    record WithCpu(AcceleratorProvider engine, String cpu) implements AcceleratorProvider {
        @Override
        public String name() {
            return engine.name();
        }

        @Override
        public String description() {
            return engine.description();
        }

        @Override
        public Availability availability(GuestArchitecture guest) {
            return engine.availability(guest);
        }

        @Override
        public String cpuHelp() {
            return engine.cpuHelp();
        }

        @Override
        public Accelerator create(VmResources resources) throws AcceleratorException {
            return engine.create(resources.withCpu(cpu));
        }

        @Override
        public AcceleratorProvider observing(Observation observation) {
            return new WithCpu(engine.observing(observation), cpu);
        }

        @Override
        public Optional<HostVerdict> probe(boolean fresh) throws AcceleratorException {
            return engine.probe(fresh);
        }
    }
}
