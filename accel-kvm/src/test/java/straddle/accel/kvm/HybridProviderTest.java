package straddle.accel.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import straddle.accel.kvm.HybridAccelerator.ProtectedMode;
import straddle.accel.kvm.HybridAccelerator.UserCodeHost;
import straddle.core.accel.HostVerdict;
import straddle.core.accel.HostVerdict.GuestMode;

/// What made-up verdicts mean for user code: no host with all of them is at hand.
class HybridProviderTest {
    private static Optional<HostVerdict> verdict(double speedOf32BitCode, double systemCall) {
        Map<GuestMode, Double> speeds =
                Map.of(GuestMode.LONG_USER, 3000.0, GuestMode.COMPATIBILITY_USER, speedOf32BitCode);
        return Optional.of(new HostVerdict("made up", speeds, 2, systemCall, 1, List.of()));
    }

    @Test
    void codeOf32BitsRunsWhereItIsNative() {
        UserCodeHost found = HybridProvider.host(verdict(3000, 1.5), true, false);

        assertEquals(new UserCodeHost(2, 1.5, ProtectedMode.NATIVE), found);
    }

    @Test
    void codeOf32BitsIsTranslatedWhereKvmInterpretsIt() {
        UserCodeHost found = HybridProvider.host(verdict(4, 0), true, false);

        assertEquals(new UserCodeHost(2, 2, ProtectedMode.TRANSLATED), found);
    }

    @Test
    void codeOf32BitsIsTranslatedWhereItsSegmentsAreLost() {
        assertEquals(
                ProtectedMode.TRANSLATED,
                HybridProvider.host(verdict(3000, 2), false, false).protectedMode());
    }

    @Test
    void whoAsksForAllModesGetsThem() {
        assertEquals(
                ProtectedMode.INTERPRETED,
                HybridProvider.host(verdict(4, 2), false, true).protectedMode());
        assertEquals(
                ProtectedMode.NATIVE,
                HybridProvider.host(verdict(3000, 2), true, true).protectedMode());
    }

    @Test
    void withoutAVerdictTheCostsAreUsualOnes() {
        assertEquals(
                new UserCodeHost(45, 25, ProtectedMode.TRANSLATED),
                HybridProvider.host(Optional.empty(), true, false));
    }
}
