package straddle.core.accel;

import java.util.Optional;
import java.util.Set;
import straddle.core.accel.HostVerdict.GuestMode;

/// What `--accel=auto` chooses, and why.
///
/// @param accelerator `kvm`, `hybrid` or `tcg`
/// @param because a clause that completes "chosen, because"
public record AutoChoice(String accelerator, String because) {

    /// @param host the host's own architecture, or null
    /// @param verdict of the host's KVM; empty where there is none
    /// @param installed names of the engines that are available
    public static AutoChoice choose(
            GuestArchitecture guest,
            GuestArchitecture host,
            Optional<HostVerdict> verdict,
            Set<String> installed) {
        if (guest != host) {
            return new AutoChoice(
                    "tcg",
                    "a guest of another architecture than the host's can only be translated");
        }
        if (verdict.isEmpty()) {
            return new AutoChoice("tcg", "this host has no usable KVM");
        }
        if (verdict.get().allNative() && installed.contains("kvm")) {
            return new AutoChoice("kvm", "this host's KVM runs every guest mode on the processor");
        }
        if (!verdict.get().isNative(GuestMode.LONG_USER)) {
            return new AutoChoice("tcg", "this host's KVM interprets even 64-bit user code");
        }
        if (installed.contains("hybrid")) {
            return new AutoChoice("hybrid", "this host's KVM runs only user code on the processor");
        }
        return new AutoChoice(
                "tcg",
                "this host's KVM runs only user code on the processor, and the hybrid engine is not available");
    }
}
