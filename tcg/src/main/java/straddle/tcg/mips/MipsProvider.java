package straddle.tcg.mips;

import java.util.Set;
import straddle.core.user.Frames;
import straddle.core.user.UserIsa;
import straddle.core.user.UserTranslator;
import straddle.core.user.UserTranslatorProvider;
import straddle.tcg.user.TcgUserTranslator;

/// MIPS32 release 2 for Linux programs, in both byte orders.
public final class MipsProvider implements UserTranslatorProvider {
    private static final String MODEL = "24Kf";

    public MipsProvider() {}

    @Override
    public Set<UserIsa> isas() {
        return Set.of(UserIsa.MIPS, UserIsa.MIPSEL);
    }

    @Override
    public String cpuHelp() {
        return MODEL + "  MIPS32 release 2 with a 64-bit floating-point unit\n";
    }

    @Override
    public UserTranslator create(UserIsa isa, String cpu, Frames frames) {
        if (!cpu.isEmpty() && !cpu.equalsIgnoreCase(MODEL)) {
            throw new IllegalArgumentException("There is no MIPS processor " + cpu + ": " + MODEL);
        }
        return new TcgUserTranslator(
                frames, MipsCpu.ZERO, (memory, arena) -> new MipsCpu(isa, memory, arena));
    }
}
