package straddle.launcher.debian;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/// An architecture that Debian has a kernel for, and the package that depends on its newest.
public enum DebianArchitecture {
    AMD64("linux-image-cloud-amd64"),
    ARM64("linux-image-cloud-arm64"),
    ARMHF("linux-image-armmp"),
    I386("linux-image-686"),
    MIPS64EL("linux-image-5kc-malta"),
    MIPSEL("linux-image-4kc-malta"),
    PPC64EL("linux-image-powerpc64le"),
    S390X("linux-image-s390x");

    private final String kernelPackage;

    DebianArchitecture(String kernelPackage) {
        this.kernelPackage = kernelPackage;
    }

    String kernelPackage() {
        return kernelPackage;
    }

    /// As Debian writes it: `amd64`.
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    public static Optional<DebianArchitecture> of(String label) {
        return Stream.of(values()).filter(each -> each.label().equals(label)).findFirst();
    }

    public static List<String> labels() {
        return Stream.of(values()).map(DebianArchitecture::label).toList();
    }
}
