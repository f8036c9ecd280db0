package straddle.tcg.machine;

import java.util.HashMap;
import java.util.Map;

/// Floating-point operations that one instruction of the host's does, by the names of the methods that do them in Java,
/// which are the mnemonics of x86's (SDM volume 2). MXCSR has to be the guest's.
///
/// Encodings are as in [HostVectors].
final class HostFloats {
    private static final int PD = 0x66 << 16;
    private static final int SD = 0xf2 << 16;
    private static final int SS = 0xf3 << 16;
    private static final int MAP_3A = 0x3a00;

    /// Of two vectors, or of one.
    private static final Map<String, Integer> OPERATIONS = new HashMap<>();

    /// With an immediate byte besides.
    private static final Map<String, Integer> IMMEDIATES = new HashMap<>();

    static {
        allFormats("sqrt", 0x51);
        allFormats("add", 0x58);
        allFormats("mul", 0x59);
        allFormats("sub", 0x5c);
        allFormats("min", 0x5d);
        allFormats("div", 0x5e);
        allFormats("max", 0x5f);
        OPERATIONS.put("haddpd", PD | 0x7c);
        OPERATIONS.put("haddps", SD | 0x7c);
        OPERATIONS.put("hsubpd", PD | 0x7d);
        OPERATIONS.put("hsubps", SD | 0x7d);
        OPERATIONS.put("addsubpd", PD | 0xd0);
        OPERATIONS.put("addsubps", SD | 0xd0);
        OPERATIONS.put("cvtps2pd", 0x5a);
        OPERATIONS.put("cvtpd2ps", PD | 0x5a);
        OPERATIONS.put("cvtss2sd", SS | 0x5a);
        OPERATIONS.put("cvtsd2ss", SD | 0x5a);
        OPERATIONS.put("cvtdq2ps", 0x5b);
        OPERATIONS.put("cvtps2dq", PD | 0x5b);
        OPERATIONS.put("cvttps2dq", SS | 0x5b);
        OPERATIONS.put("cvttpd2dq", PD | 0xe6);
        OPERATIONS.put("cvtpd2dq", SD | 0xe6);
        IMMEDIATES.put("roundps", PD | MAP_3A + 8);
        IMMEDIATES.put("roundpd", PD | MAP_3A + 9);
        IMMEDIATES.put("roundss", PD | MAP_3A + 0xa);
        IMMEDIATES.put("roundsd", PD | MAP_3A + 0xb);
    }

    private HostFloats() {}

    private static void allFormats(String name, int opcode) {
        OPERATIONS.put(name + "ps", opcode);
        OPERATIONS.put(name + "pd", PD | opcode);
        OPERATIONS.put(name + "ss", SS | opcode);
        OPERATIONS.put(name + "sd", SD | opcode);
    }

    /// The encoding, or [HostVectors#UNKNOWN].
    static int operation(String name) {
        return OPERATIONS.getOrDefault(name, HostVectors.UNKNOWN);
    }

    static int withImmediate(String name) {
        return IMMEDIATES.getOrDefault(name, HostVectors.UNKNOWN);
    }

    /// Of scalars, for CF, PF and ZF.
    static int comparison(String name) {
        return switch (name) {
            case "ucomiss" -> 0x2e;
            case "ucomisd" -> PD | 0x2e;
            case "comiss" -> 0x2f;
            case "comisd" -> PD | 0x2f;
            default -> HostVectors.UNKNOWN;
        };
    }
}
