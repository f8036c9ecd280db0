package straddle.accel.kvm;

import java.util.Optional;
import straddle.accel.kvm.HybridAccelerator.ProtectedMode;
import straddle.accel.kvm.HybridAccelerator.UserCodeHost;
import straddle.core.accel.Accelerator;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.Availability;
import straddle.core.accel.GuestArchitecture;
import straddle.core.accel.HostVerdict;
import straddle.core.accel.HostVerdict.GuestMode;
import straddle.core.accel.Observation;
import straddle.core.accel.Translator;
import straddle.core.accel.VmResources;
import straddle.host.HostException;

/// The `hybrid` engine: user code on the processor under KVM, everything else translated.
public final class HybridProvider implements AcceleratorProvider {
    static final String NAME = "hybrid";

    /// Where a probe could not tell, in µs.
    private static final double USUAL_EXCEPTION = 45;

    private static final double USUAL_SYSTEM_CALL = 25;

    /// A system property that has 32-bit and 16-bit user code run under KVM even where that interprets it, for tests.
    private static final String ALL_MODES = "straddle.hybrid.all-modes";

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
        UserCodeHost host = host();
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
                    host,
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

    private UserCodeHost host() {
        Optional<HostVerdict> verdict;
        try {
            verdict = kvm.probe(false);
        } catch (AcceleratorException _) {
            verdict = Optional.empty();
        }
        return host(verdict, keepsSelectors(), Boolean.getBoolean(ALL_MODES));
    }

    private static boolean keepsSelectors() {
        try {
            return ThreadSelectors.find() == null;
        } catch (AcceleratorException | HostException _) {
            return false;
        }
    }

    /// What a probe's verdict means for user code.
    ///
    /// @param keepsSelectors whether KVM has native code's selectors with its vCPU, not with its thread: those of 32-bit code are part of what
    ///     it computes
    /// @param allModes to have KVM run what it interprets, too
    static UserCodeHost host(
            Optional<HostVerdict> found, boolean keepsSelectors, boolean allModes) {
        boolean isNative =
                keepsSelectors
                        && found.filter(each -> each.isNative(GuestMode.COMPATIBILITY_USER))
                                .isPresent();
        ProtectedMode mode =
                isNative
                        ? ProtectedMode.NATIVE
                        : allModes ? ProtectedMode.INTERPRETED : ProtectedMode.TRANSLATED;
        double exception = found.map(HostVerdict::userExitMicros).orElse(0.0);
        if (exception <= 0) {
            return new UserCodeHost(USUAL_EXCEPTION, USUAL_SYSTEM_CALL, mode);
        }
        double systemCall = found.get().systemCallMicros();
        return new UserCodeHost(exception, systemCall > 0 ? systemCall : exception, mode);
    }
}
