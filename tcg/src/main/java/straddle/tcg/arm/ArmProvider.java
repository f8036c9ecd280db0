package straddle.tcg.arm;

import java.util.Set;
import straddle.core.user.Frames;
import straddle.core.user.UserIsa;
import straddle.core.user.UserTranslator;
import straddle.core.user.UserTranslatorProvider;
import straddle.tcg.user.TcgUserTranslator;

/// ARMv7-A for Linux programs.
public final class ArmProvider implements UserTranslatorProvider {
    private static final String MODEL = "cortex-a15";

    public ArmProvider() {}

    @Override
    public Set<UserIsa> isas() {
        return Set.of(UserIsa.ARM);
    }

    @Override
    public String cpuHelp() {
        return MODEL + "  ARMv7-A with division, VFPv4 and Advanced SIMD\n";
    }

    @Override
    public UserTranslator create(UserIsa isa, String cpu, Frames frames) {
        if (!cpu.isEmpty() && !cpu.equalsIgnoreCase(MODEL)) {
            throw new IllegalArgumentException("There is no ARM processor " + cpu + ": " + MODEL);
        }
        return new TcgUserTranslator(
                frames, ArmCpu.ZERO, (memory, arena) -> new ArmCpu(memory, arena));
    }
}
