package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.HostVerdict.GuestMode;

class AccelCommandTest {
    private static final AcceleratorProvider TCG = MadeUpEngine.available("tcg");
    private static final AcceleratorProvider HYBRID = MadeUpEngine.available("hybrid");

    @Test
    void whereEverythingIsNativeAutoIsKvm() {
        CommandRun run = CommandRun.of(List.of(MadeUpEngine.kvm(allAt(5000)), TCG), "accel");

        assertEquals(ExitCodes.OK, run.code());
        assertTrue(run.out().contains("--accel=auto chooses kvm"), run.out());
        assertFalse(run.out().contains("interpreted"), run.out());
    }

    @Test
    void whereOnlyUserCodeIsNativeAutoIsHybrid() {
        CommandRun run = CommandRun.of(List.of(MadeUpEngine.kvm(userOnly()), HYBRID, TCG), "accel");

        assertTrue(run.out().contains("--accel=auto chooses hybrid"), run.out());
        assertTrue(run.out().contains("interpreted by the host's kernel"), run.out());
        assertTrue(run.out().contains("6,000"), run.out());
    }

    @Test
    void withoutKvmTheReasonAndTheRemedyAreShown() {
        AcceleratorProvider none =
                MadeUpEngine.unavailable("kvm", "/dev/kvm is missing", "Load the kvm module.");
        CommandRun run = CommandRun.of(List.of(none, TCG), "accel");

        assertEquals(ExitCodes.OK, run.code());
        assertTrue(run.out().contains("unavailable, because /dev/kvm is missing"), run.out());
        assertTrue(run.out().contains("Load the kvm module."), run.out());
        assertTrue(run.out().contains("--accel=auto chooses tcg"), run.out());
    }

    @Test
    void aModeThatCouldNotBeEnteredHasNoFigure() {
        CommandRun run =
                CommandRun.of(
                        List.of(MadeUpEngine.kvm(Map.of(GuestMode.LONG_USER, 6000.0))), "accel");

        assertTrue(run.out().contains("could not be entered"), run.out());
    }

    @Test
    void jsonSaysTheSame() {
        CommandRun run =
                CommandRun.of(List.of(MadeUpEngine.kvm(userOnly()), TCG), "accel", "--json");
        JsonObject root = JsonParser.parseString(run.out()).getAsJsonObject();

        assertEquals("tcg", root.getAsJsonObject("auto").get("accelerator").getAsString());
        JsonObject modes = root.getAsJsonObject("kvm").getAsJsonObject("modes");
        assertTrue(modes.getAsJsonObject("long_user").get("native").getAsBoolean());
        assertFalse(modes.getAsJsonObject("long_kernel").get("native").getAsBoolean());
        assertEquals(2, root.getAsJsonArray("accelerators").size());
    }

    private static Map<GuestMode, Double> allAt(double speed) {
        return new EnumMap<>(
                Arrays.stream(GuestMode.values())
                        .collect(Collectors.toMap(Function.identity(), _ -> speed)));
    }

    private static Map<GuestMode, Double> userOnly() {
        Map<GuestMode, Double> speeds = allAt(4);
        speeds.put(GuestMode.LONG_USER, 6000.0);
        return speeds;
    }
}
