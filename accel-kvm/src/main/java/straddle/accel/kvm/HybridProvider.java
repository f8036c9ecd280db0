package straddle.accel.kvm;

import straddle.accel.kvm.HybridAccelerator.ExitCosts;
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

    /// Where a probe could not tell.
    private static final ExitCosts USUAL_COSTS = new ExitCosts(45, 25);

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
        ExitCosts costs = exitCosts();
        VmResources all = observation.verify() > 0 ? resources.afresh() : resources;
        Translator translator =
                Rescuer.start(all.withCpu(cpu(resources)), observation.withoutVerify());
        if (translator == null) {
            throw new AcceleratorException(
                    "The hybrid engine needs the translator, which is not part of this installation.");
        }
        try {
            return HybridAccelerator.create(
                    KvmDevice.open(KvmDevice.PATH),
                    translator,
                    resources,
                    costs,
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

    private ExitCosts exitCosts() {
        try {
            return kvm.probe(false)
                    .filter(verdict -> verdict.userExitMicros() > 0)
                    .map(HybridProvider::exitCosts)
                    .orElse(USUAL_COSTS);
        } catch (AcceleratorException _) {
            return USUAL_COSTS;
        }
    }

    private static ExitCosts exitCosts(HostVerdict verdict) {
        double exception = verdict.userExitMicros();
        double systemCall = verdict.systemCallMicros();
        return new ExitCosts(exception, systemCall > 0 ? systemCall : exception);
    }
}
