package straddle.accel.kvm;

import java.util.Locale;
import straddle.core.accel.Accelerator;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.Availability;
import straddle.core.accel.GuestArchitecture;
import straddle.core.accel.VmResources;
import straddle.host.HostException;

/// The `kvm` engine: the guest runs on the processor, under Linux's KVM.
public final class KvmProvider implements AcceleratorProvider {
    static final String NAME = "kvm";

    private final String device;

    /// With `/dev/kvm`.
    public KvmProvider() {
        this(KvmDevice.PATH);
    }

    /// @param device in place of `/dev/kvm`, for tests of what goes wrong
    KvmProvider(String device) {
        this.device = device;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String description() {
        return "run the guest on the processor, under Linux's KVM";
    }

    @Override
    public Availability availability(GuestArchitecture guest) {
        if (!System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("linux")) {
            return new Availability.Unavailable(
                    "KVM is Linux's, and this host runs " + System.getProperty("os.name"), "");
        }
        if (GuestArchitecture.ofHost() != GuestArchitecture.X86_64) {
            return new Availability.Unavailable(
                    "Straddle's KVM engine is for x86-64 hosts, and this one is "
                            + System.getProperty("os.arch"),
                    "");
        }
        if (guest != GuestArchitecture.X86_64) {
            return new Availability.Unavailable(
                    "KVM runs guests of the host's own architecture only", "");
        }
        try (KvmDevice _ = KvmDevice.open(device)) {
            return Availability.Available.AVAILABLE;
        } catch (HostException e) {
            return KvmRefusal.ofDevice(device, e);
        }
    }

    @Override
    public Accelerator create(VmResources resources) throws AcceleratorException {
        if (availability(resources.architecture())
                instanceof Availability.Unavailable(String because, String remedy)) {
            throw new AcceleratorException(
                    "The kvm engine is unavailable, because " + because + ". " + remedy);
        }
        try {
            return KvmAccelerator.create(KvmDevice.open(device), resources);
        } catch (HostException e) {
            throw KvmRefusal.of(e);
        }
    }
}
