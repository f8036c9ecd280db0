package straddle.accel.kvm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import straddle.core.accel.Accelerator;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.Availability;
import straddle.core.accel.GuestArchitecture;
import straddle.core.accel.HostVerdict;
import straddle.core.accel.NoSuchCpuException;
import straddle.core.accel.VmResources;
import straddle.host.HostException;

/// The `kvm` engine: the guest runs on the processor, under Linux's KVM.
public final class KvmProvider implements AcceleratorProvider {
    static final String NAME = "kvm";

    /// Ways to ask for the host's own processor.
    private static final Set<String> OWN_PROCESSOR = Set.of("", "max", "host");

    private final String device;
    private final VerdictCache cache;

    /// With `/dev/kvm`, and the user's cache directory for what is measured of it.
    public KvmProvider() {
        this(KvmDevice.PATH, cacheDirectory());
    }

    /// @param device in place of `/dev/kvm`, for tests of what goes wrong
    KvmProvider(String device, Path cacheDirectory) {
        this.device = device;
        cache = new VerdictCache(cacheDirectory.resolve("kvm-verdict"));
    }

    /// As the XDG Base Directory Specification has it.
    private static Path cacheDirectory() {
        String xdg = System.getenv("XDG_CACHE_HOME");
        return xdg != null && xdg.startsWith("/")
                ? Path.of(xdg, "straddle")
                : Path.of(System.getProperty("user.home"), ".cache", "straddle");
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

    /// Takes some 100 ms when it measures, never more than three seconds.
    @Override
    public Optional<HostVerdict> probe(boolean fresh) throws AcceleratorException {
        if (!availability(GuestArchitecture.X86_64).isAvailable()) {
            return Optional.empty();
        }
        String host = describeHost();
        String key = host + "; Straddle " + version();
        if (!fresh) {
            Optional<HostVerdict> known = cache.find(key);
            if (known.isPresent()) {
                return known;
            }
        }
        try (HostProbe probe = new HostProbe(KvmDevice.open(device))) {
            HostVerdict verdict = probe.measure(host);
            cache.put(key, verdict);
            return Optional.of(verdict);
        } catch (HostException e) {
            throw KvmRefusal.of(e);
        }
    }

    private static String describeHost() {
        return cpuModel() + ", Linux " + System.getProperty("os.version");
    }

    private static String cpuModel() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("model name"))
                    .findFirst()
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .orElse("an unnamed processor");
        } catch (IOException _) {
            return "an unknown processor";
        }
    }

    private static String version() {
        return KvmProvider.class.getModule().getDescriptor().rawVersion().orElse("of no version");
    }

    @Override
    public String cpuHelp() {
        return "The host's own processor, as 'max' or 'host' (default); or '%s', which every engine can show, so that the guest can be moved between them.\n"
                .formatted(VmResources.COMMON_CPU);
    }

    @Override
    public Accelerator create(VmResources resources) throws AcceleratorException {
        if (availability(resources.architecture())
                instanceof Availability.Unavailable(String because, String remedy)) {
            throw new AcceleratorException(
                    "The kvm engine is unavailable, because " + because + ". " + remedy);
        }
        requireOwnProcessor(resources);
        try {
            boolean losesSyscalls = ProbeGuest.losesSyscalls(KvmDevice.open(device));
            return KvmAccelerator.create(KvmDevice.open(device), resources, losesSyscalls);
        } catch (HostException e) {
            throw KvmRefusal.of(e);
        }
    }

    /// Native code is the host's processor's.
    static void requireOwnProcessor(VmResources resources) throws AcceleratorException {
        if (!OWN_PROCESSOR.contains(resources.cpu()) && !resources.wantsCommonCpu()) {
            throw new NoSuchCpuException(
                    "KVM runs a guest on the host's own processor, whose instructions and counter nothing can take away: the processor '%s' can't be had there. --accel tcg can be any of its models; a guest with --cpu %s can be moved between engines."
                            .formatted(resources.cpu(), VmResources.COMMON_CPU));
        }
    }
}
