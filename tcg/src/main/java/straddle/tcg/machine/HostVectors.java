package straddle.tcg.machine;

import java.util.HashMap;
import java.util.Map;

/// Operations on whole vectors that one instruction of the host's does, by the names of the methods that do them in
/// Java, which are the mnemonics of x86's (SDM volume 2).
///
/// An encoding is the mandatory prefix in bits 31:16 and the opcode, as [Assembler#vector] has it.
final class HostVectors {
    static final int UNKNOWN = -1;

    private static final int PREFIX = 0x66 << 16;
    private static final int MAP_38 = 0x3800;
    private static final int MAP_3A = 0x3a00;

    /// Of two registers, or of one.
    private static final Map<String, Integer> OPERATIONS = new HashMap<>();

    /// With an immediate byte besides.
    private static final Map<String, Integer> IMMEDIATES = new HashMap<>();

    /// Shifts by an immediate: the opcode, and the operation among those that share it.
    private static final Map<String, int[]> SHIFTS = new HashMap<>();

    static {
        fill(0x60, "punpcklbw punpcklwd punpckldq packsswb pcmpgtb pcmpgtw pcmpgtd packuswb");
        fill(0x68, "punpckhbw punpckhwd punpckhdq packssdw punpcklqdq punpckhqdq");
        fill(0x74, "pcmpeqb pcmpeqw pcmpeqd");
        fill(0xd1, "psrlw psrld psrlq paddq pmullw");
        fill(0xd8, "psubusb psubusw pminub pand paddusb paddusw pmaxub pandn");
        fill(0xe0, "pavgb psraw psrad pavgw pmulhuw pmulhw");
        fill(0xe8, "psubsb psubsw pminsw por paddsb paddsw pmaxsw pxor");
        fill(0xf1, "psllw pslld psllq pmuludq pmaddwd psadbw");
        fill(0xf8, "psubb psubw psubd psubq paddb paddw paddd");
        fill(MAP_38, "pshufb phaddw phaddd phaddsw pmaddubsw phsubw phsubd phsubsw");
        fill(MAP_38 + 8, "psignb psignw psignd pmulhrsw");
        fill(MAP_38 + 0x1c, "pabsb pabsw pabsd");
        fill(MAP_38 + 0x20, "pmovsxbw pmovsxbd pmovsxbq pmovsxwd pmovsxwq pmovsxdq");
        fill(MAP_38 + 0x28, "pmuldq pcmpeqq");
        fill(MAP_38 + 0x2b, "packusdw");
        fill(MAP_38 + 0x30, "pmovzxbw pmovzxbd pmovzxbq pmovzxwd pmovzxwq pmovzxdq");
        fill(MAP_38 + 0x37, "pcmpgtq pminsb pminsd pminuw pminud pmaxsb pmaxsd pmaxuw pmaxud");
        fill(MAP_38 + 0x40, "pmulld");
        IMMEDIATES.put("pshufd", PREFIX | 0x70);
        IMMEDIATES.put("shufpd", PREFIX | 0xc6);
        IMMEDIATES.put("blendps", PREFIX | MAP_3A + 0xc);
        IMMEDIATES.put("blendpd", PREFIX | MAP_3A + 0xd);
        IMMEDIATES.put("pblendw", PREFIX | MAP_3A + 0xe);
        IMMEDIATES.put("palignr", PREFIX | MAP_3A + 0xf);
        shifts(0x71, 'w');
        shifts(0x72, 'd');
        shifts(0x73, 'q');
        SHIFTS.remove("psraqBy");
        SHIFTS.put("psrldq", new int[] {0x73, 3});
        SHIFTS.put("pslldq", new int[] {0x73, 7});
    }

    private HostVectors() {}

    private static void fill(int first, String names) {
        int opcode = first;
        for (String name : names.split(" ", -1)) {
            OPERATIONS.put(name, PREFIX | opcode++);
        }
    }

    private static void shifts(int opcode, char element) {
        SHIFTS.put("psrl" + element + "By", new int[] {opcode, 2});
        SHIFTS.put("psra" + element + "By", new int[] {opcode, 4});
        SHIFTS.put("psll" + element + "By", new int[] {opcode, 6});
    }

    /// The encoding, or [#UNKNOWN].
    static int operation(String name) {
        return OPERATIONS.getOrDefault(name, UNKNOWN);
    }

    static int withImmediate(String name) {
        return IMMEDIATES.getOrDefault(name, UNKNOWN);
    }

    static boolean isShift(String name) {
        return SHIFTS.containsKey(name);
    }

    /// Whether what the destination was does not matter.
    static boolean isUnary(String name) {
        return name.startsWith("pabs")
                || name.startsWith("pmovsx")
                || name.startsWith("pmovzx")
                || name.equals("pshufd");
    }

    /// d shifted.
    static void shift(Assembler asm, String name, int d, long count) {
        int[] encoding = SHIFTS.get(name);
        asm.vector(0x66, encoding[0], encoding[1], d, (int) Math.min(count, 255));
    }
}
