package straddle.accel.kvm;

import java.util.Optional;
import straddle.core.accel.Accelerator;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.Availability;
import straddle.core.accel.GuestArchitecture;
import straddle.core.accel.HostVerdict;
import straddle.core.accel.Observation;
import straddle.core.accel.Translator;
import straddle.core.accel.VmResources;
import straddle.host.HostException;

/// The `hybrid` engine: user code on the processor under KVM, everything else translated.
public final class HybridProvider implements AcceleratorProvider {
    static final String NAME = "hybrid";

    /// What leaving user code costs, in µs, where a probe could not tell.
    private static final double USUAL_EXIT_MICROS = 45;

    private final KvmProvider kvm = new KvmProvider();

    private final Observation observation;

    public HybridProvider() {
        this(Observation.NONE);
    }

    private HybridProvider(Observation observation) {
        this.observation = observation;
    }

    @Override
    public AcceleratorProvider observing(Observation asked) {
        return new HybridProvider(asked);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String description() {
        return "run user code on the processor under KVM, translate the rest";
    }

    @Override
    public Availability availability(GuestArchitecture guest) {
        return kvm.availability(guest);
    }

    @Override
    public String cpuHelp() {
        return kvm.cpuHelp();
    }

    @Override
    public Accelerator create(VmResources resources) throws AcceleratorException {
        if (availability(resources.architecture())
                instanceof Availability.Unavailable(String because, String remedy)) {
            throw new AcceleratorException(
                    "The hybrid engine is unavailable, because " + because + ". " + remedy);
        }
        KvmProvider.requireOwnProcessor(resources);
        if (observation.verify() > 0 && resources.vcpus() > 1) {
            throw new AcceleratorException(
                    "--verify works with one vCPU: several change each other's memory, so that"
                            + " nothing can be run again.");
        }
        double exitMicros = exitMicros();
        Translator translator =
                Rescuer.start(resources.withCpu(cpu(resources)), observation.withoutVerify());
        if (translator == null) {
            throw new AcceleratorException(
                    "The hybrid engine needs the translator, which is not part of this installation.");
        }
        try {
            return HybridAccelerator.create(
                    KvmDevice.open(KvmDevice.PATH),
                    translator,
                    resources,
                    exitMicros,
                    observation.verify());
        } catch (HostException e) {
            translator.close();
            throw KvmRefusal.of(e);
        } catch (AcceleratorException e) {
            translator.close();
            throw e;
        }
    }

    /// The processor of all this engine's guests: native code can't be another one, nor read another counter.
    static String cpu(VmResources resources) {
        return resources.wantsCommonCpu() ? resources.cpu() : VmResources.COMMON_CPU;
    }

    private double exitMicros() {
        try {
            Optional<HostVerdict> verdict = kvm.probe(false);
            return verdict.map(HostVerdict::userExitMicros)
                    .filter(micros -> micros > 0)
                    .orElse(USUAL_EXIT_MICROS);
        } catch (AcceleratorException _) {
            return USUAL_EXIT_MICROS;
        }
    }
}
