package straddle.launcher;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import straddle.core.accel.Accelerator;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.Availability;
import straddle.core.accel.GuestArchitecture;
import straddle.core.accel.HostVerdict;
import straddle.core.accel.HostVerdict.GuestMode;
import straddle.core.accel.VmResources;

/// An engine in name only, of a made-up host.
record MadeUpEngine(String name, Availability state, Optional<HostVerdict> verdict)
        implements AcceleratorProvider {

    static MadeUpEngine available(String name) {
        return new MadeUpEngine(name, Availability.Available.AVAILABLE, Optional.empty());
    }

    static MadeUpEngine unavailable(String name, String because, String remedy) {
        return new MadeUpEngine(
                name, new Availability.Unavailable(because, remedy), Optional.empty());
    }

    /// A `kvm` on a host that runs these modes at these millions of instructions a second.
    static MadeUpEngine kvm(Map<GuestMode, Double> speeds) {
        HostVerdict verdict =
                new HostVerdict(
                        "Made-up CPU, Linux 6.1",
                        speeds,
                        66,
                        31,
                        12,
                        List.of(
                                new HostVerdict.Section(
                                        "what native code sees",
                                        List.of(
                                                new HostVerdict.Row(
                                                        "TSC",
                                                        "the host's",
                                                        "time can't be hidden")))));
        return new MadeUpEngine("kvm", Availability.Available.AVAILABLE, Optional.of(verdict));
    }

    @Override
    public String description() {
        return "made up";
    }

    @Override
    public Availability availability(GuestArchitecture guest) {
        return state;
    }

    @Override
    public Optional<HostVerdict> probe(boolean fresh) {
        return verdict;
    }

    @Override
    public Accelerator create(VmResources resources) throws AcceleratorException {
        throw new AcceleratorException("A made-up engine runs nothing.");
    }
}
