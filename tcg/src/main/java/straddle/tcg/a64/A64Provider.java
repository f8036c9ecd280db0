package straddle.tcg.a64;

import java.util.Set;
import straddle.core.user.Frames;
import straddle.core.user.UserIsa;
import straddle.core.user.UserTranslator;
import straddle.core.user.UserTranslatorProvider;
import straddle.tcg.user.TcgUserTranslator;

/// ARMv8.0-A in AArch64 state for Linux programs.
public final class A64Provider implements UserTranslatorProvider {
    private static final String MODEL = "cortex-a57";

    public A64Provider() {}

    @Override
    public Set<UserIsa> isas() {
        return Set.of(UserIsa.AARCH64);
    }

    @Override
    public String cpuHelp() {
        return MODEL + "  ARMv8.0-A with Advanced SIMD, CRC32, AES, SHA1 and SHA256\n";
    }

    @Override
    public UserTranslator create(UserIsa isa, String cpu, Frames frames) {
        if (!cpu.isEmpty() && !cpu.equalsIgnoreCase(MODEL)) {
            throw new IllegalArgumentException(
                    "There is no AArch64 processor " + cpu + ": " + MODEL);
        }
        return new TcgUserTranslator(frames, A64Cpu.ZERO, A64Cpu::new);
    }
}
