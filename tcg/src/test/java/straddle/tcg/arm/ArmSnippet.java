package straddle.tcg.arm;

import java.lang.foreign.Arena;
import java.util.HexFormat;
import straddle.core.memory.RamAllocator;
import straddle.core.user.BadAddressException;
import straddle.core.user.Frames;
import straddle.core.user.UserIsa;
import straddle.core.user.UserMemory;
import straddle.core.user.UserStop;

/// A processor with a page of code and one of data, and nothing mapped behind either.
final class ArmSnippet implements AutoCloseable {
    static final int CODE = 0x1_0000;
    static final int DATA = 0x2_0000;

    private static final long T = 1 << 5;

    private final Frames frames = new Frames(RamAllocator.OFF_HEAP, 1 << 20);
    private final Arena arena = Arena.ofShared();
    private final UserMemory memory = new UserMemory(UserIsa.ARM, frames);
    final ArmCpu cpu;
    private int next = CODE;

    ArmSnippet() {
        int rights = UserMemory.READ | UserMemory.WRITE;
        memory.map(CODE, 4096, rights | UserMemory.EXEC, false, null, 0, "");
        memory.map(DATA, 4096, rights, false, null, 0, "");
        cpu = new ArmCpu(memory, arena);
        cpu.setRegister(1, DATA);
    }

    /// Where the next code will be.
    int next() {
        return next;
    }

    /// Runs words of A32, behind the code of the last run.
    UserStop a32(int... words) {
        for (int i = 0; i < words.length; i++) {
            put(next + 4 * i, 4, words[i]);
        }
        return go(4 * words.length, 0);
    }

    /// Runs halfwords of T32.
    UserStop t32(String halfwords) {
        byte[] bytes = HexFormat.of().parseHex(halfwords.replace(" ", ""));
        for (int i = 0; i < bytes.length; i += 2) {
            put(next + i, 2, (bytes[i] & 0xff) << 8 | bytes[i + 1] & 0xff);
        }
        return go(bytes.length + 3 & -4, T);
    }

    private UserStop go(int bytes, long state) {
        cpu.setStatus(cpu.status() & 0xf80f_0000L | state);
        cpu.setPc(next);
        next += bytes;
        return cpu.run();
    }

    private void put(int at, int width, int value) {
        try {
            memory.put(at, width, value);
        } catch (BadAddressException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        cpu.close();
        arena.close();
        frames.close();
    }
}
