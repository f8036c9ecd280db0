package straddle.tcg;

import java.util.Optional;
import java.util.function.LongSupplier;
import straddle.core.accel.Accelerator;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.Availability;
import straddle.core.accel.CodeLister;
import straddle.core.accel.GuestArchitecture;
import straddle.core.accel.NoSuchCpuException;
import straddle.core.accel.Observation;
import straddle.core.accel.Translator;
import straddle.core.accel.VmResources;
import straddle.core.time.HostCounter;
import straddle.tcg.x86.CpuModel;
import straddle.tcg.x86.CpuModels;
import straddle.tcg.x86.X86CodeLister;

/// The translator as an accelerator: works on any host, for the guests it has a front end for.
public final class TcgProvider implements AcceleratorProvider {
    static final String NAME = "tcg";

    private final Observation observation;

    public TcgProvider() {
        this(Observation.NONE);
    }

    private TcgProvider(Observation observation) {
        this.observation = observation;
    }

    @Override
    public AcceleratorProvider observing(Observation asked) {
        return new TcgProvider(asked);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String description() {
        return "translates guest code: any host, any guest";
    }

    @Override
    public Availability availability(GuestArchitecture guest) {
        return guest == GuestArchitecture.X86_64
                ? Availability.Available.AVAILABLE
                : new Availability.Unavailable(
                        "the translator has no front end for " + guest + " guests yet", "");
    }

    @Override
    public String cpuHelp() {
        return CpuModels.help();
    }

    @Override
    public Optional<CodeLister> lister(GuestArchitecture guest) {
        return guest == GuestArchitecture.X86_64
                ? Optional.of(new X86CodeLister())
                : Optional.empty();
    }

    @Override
    public Accelerator create(VmResources resources) throws AcceleratorException {
        if (!availability(resources.architecture()).isAvailable()) {
            throw new AcceleratorException(
                    "The translator has no front end for " + resources.architecture() + ".");
        }
        if (observation.verify() > 0 && resources.vcpus() > 1) {
            throw new AcceleratorException(
                    "--verify works with one vCPU: several change each other's memory, so that"
                            + " nothing can be run again.");
        }
        Optional<Translator> former =
                resources.former().flatMap(each -> each.share(resources, observation));
        if (former.isPresent()) {
            return former.get();
        }
        try {
            CpuModel model = CpuModel.of(resources.cpu());
            LongSupplier counter = resources.wantsCommonCpu() ? hostCounter() : null;
            return new TcgAccelerator(
                    new TranslatedGuest(resources.afresh(), model, counter, observation));
        } catch (IllegalArgumentException e) {
            throw new NoSuchCpuException(e.getMessage(), e);
        }
    }

    private static LongSupplier hostCounter() throws AcceleratorException {
        return HostCounter.ofHost()
                .orElseThrow(() ->
                        new NoSuchCpuException(
                                "The processor '%s' has the host's time-stamp counter, which can't be read on this host; 'max' is the same without it."
                                        .formatted(VmResources.COMMON_CPU)));
    }
}
