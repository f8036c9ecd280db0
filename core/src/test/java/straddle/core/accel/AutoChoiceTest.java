package straddle.core.accel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import straddle.core.accel.HostVerdict.GuestMode;

class AutoChoiceTest {
    private static final Set<String> ALL = Set.of("kvm", "hybrid", "tcg");

    /// A processor with virtualization of its own: every mode is fast. Such a host was not at hand.
    private static HostVerdict hardware() {
        Map<GuestMode, Double> speeds = new EnumMap<>(GuestMode.class);
        for (GuestMode mode : GuestMode.values()) {
            speeds.put(mode, 3000.0);
        }
        return verdict(speeds);
    }

    /// A cloud machine whose KVM interprets all but 64-bit user code, as measured.
    private static HostVerdict software() {
        Map<GuestMode, Double> speeds = new EnumMap<>(hardware().speeds());
        speeds.replaceAll((mode, speed) -> mode == GuestMode.LONG_USER ? 6000.0 : 4.0);
        return verdict(speeds);
    }

    private static HostVerdict verdict(Map<GuestMode, Double> speeds) {
        return new HostVerdict("a host", speeds, 66, 31, 11, List.of());
    }

    private static AutoChoice choose(HostVerdict verdict, Set<String> installed) {
        return AutoChoice.choose(
                GuestArchitecture.X86_64,
                GuestArchitecture.X86_64,
                Optional.ofNullable(verdict),
                installed);
    }

    @Test
    void aHostThatRunsEveryModeGetsKvm() {
        assertEquals("kvm", choose(hardware(), ALL).accelerator());
    }

    @Test
    void aHostThatRunsOnlyUserCodeGetsHybrid() {
        AutoChoice choice = choose(software(), ALL);
        assertEquals("hybrid", choice.accelerator());
        assertTrue(choice.because().contains("only user code"), choice::because);
    }

    @Test
    void withoutTheHybridEngineSuchAHostTranslatesAndSaysWhy() {
        AutoChoice choice = choose(software(), Set.of("kvm", "tcg"));
        assertEquals("tcg", choice.accelerator());
        assertTrue(choice.because().contains("hybrid engine is not available"), choice::because);
    }

    @Test
    void aHostThatInterpretsEverythingTranslates() {
        Map<GuestMode, Double> speeds = new EnumMap<>(software().speeds());
        speeds.put(GuestMode.LONG_USER, 4.0);
        assertEquals("tcg", choose(verdict(speeds), ALL).accelerator());
    }

    @Test
    void aModeThatCouldNotBeEnteredIsNotNative() {
        Map<GuestMode, Double> speeds = new EnumMap<>(hardware().speeds());
        speeds.remove(GuestMode.REAL);
        assertEquals("hybrid", choose(verdict(speeds), ALL).accelerator());
    }

    @Test
    void aHostWithoutKvmTranslates() {
        AutoChoice choice = choose(null, Set.of("tcg"));
        assertEquals(new AutoChoice("tcg", "this host has no usable KVM"), choice);
    }

    @Test
    void aForeignGuestIsTranslatedWhateverTheHostCan() {
        AutoChoice choice =
                AutoChoice.choose(
                        GuestArchitecture.ARM,
                        GuestArchitecture.X86_64,
                        Optional.of(hardware()),
                        ALL);
        assertEquals("tcg", choice.accelerator());
        assertTrue(choice.because().contains("another architecture"), choice::because);
    }
}
