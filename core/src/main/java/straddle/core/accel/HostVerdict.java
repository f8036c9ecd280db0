package straddle.core.accel;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/// What a probe found of the host's KVM: which guest modes run on the processor itself, and what
/// leaving guest code costs.
///
/// @param host the processor, kernel and KVM that were probed, in a line
/// @param speeds instructions a second of a spin loop, in millions, for each mode that could be entered
/// @param userExitMicros native CPL-3 code left by an exception and entered again, in µs
/// @param systemCallMicros native CPL-3 code left by SYSCALL and entered again, in µs
/// @param portExitMicros a port access from CPL 0, served by the host, in µs
/// @param sections everything else that was found, for `straddle accel`
public record HostVerdict(
        String host,
        Map<GuestMode, Double> speeds,
        double userExitMicros,
        double systemCallMicros,
        double portExitMicros,
        List<Section> sections) {

    /// A mode counts as native from here on: interpreting kernels reach some 5, processors thousands.
    public static final double NATIVE_MIPS = 200;

    /// A guest mode as `straddle accel` lists them.
    public enum GuestMode {
        REAL("real mode"),
        PROTECTED_KERNEL("32-bit protected, CPL 0"),
        PROTECTED_USER("32-bit protected, CPL 3"),
        LONG_KERNEL("long mode, CPL 0"),
        COMPATIBILITY_USER("32-bit compatibility, CPL 3"),
        LONG_USER("64-bit, CPL 3");

        private final String label;

        GuestMode(String label) {
            this.label = label;
        }

        public String label() {
            return label;
        }
    }

    /// A titled table of what was found.
    public record Section(String title, List<Row> rows) {}

    /// @param meaning what follows for Straddle; may be empty
    public record Row(String name, String value, String meaning) {}

    public HostVerdict {
        speeds = speeds.isEmpty() ? Map.of() : new EnumMap<>(speeds);
        sections = List.copyOf(sections);
    }

    /// Millions of instructions a second, or empty where the mode could not be entered.
    public OptionalDouble speed(GuestMode mode) {
        Double speed = speeds.get(mode);
        return speed == null ? OptionalDouble.empty() : OptionalDouble.of(speed);
    }

    public boolean isNative(GuestMode mode) {
        return speed(mode).orElse(0) >= NATIVE_MIPS;
    }

    public boolean allNative() {
        return List.of(GuestMode.values()).stream().allMatch(this::isNative);
    }
}
