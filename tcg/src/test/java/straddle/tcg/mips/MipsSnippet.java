package straddle.tcg.mips;

import java.lang.foreign.Arena;
import straddle.core.memory.RamAllocator;
import straddle.core.user.BadAddressException;
import straddle.core.user.Frames;
import straddle.core.user.UserIsa;
import straddle.core.user.UserMemory;
import straddle.core.user.UserStop;

/// A processor with a page of code and one of data, and nothing mapped behind either.
final class MipsSnippet implements AutoCloseable {
    static final int CODE = 0x40_0000;
    static final int DATA = 0x41_0000;

    private final Frames frames = new Frames(RamAllocator.OFF_HEAP, 1 << 20);
    private final Arena arena = Arena.ofShared();
    final UserMemory memory;
    final MipsCpu cpu;
    private int next = CODE;

    MipsSnippet() {
        this(UserIsa.MIPSEL);
    }

    MipsSnippet(UserIsa isa) {
        memory = new UserMemory(isa, frames);
        int rights = UserMemory.READ | UserMemory.WRITE;
        memory.map(CODE, 4096, rights | UserMemory.EXEC, false, null, 0, "");
        memory.map(DATA, 4096, rights, false, null, 0, "");
        cpu = new MipsCpu(isa, memory, arena);
        cpu.setRegister(28, DATA);
    }

    /// Runs instructions from a place in the code page on.
    UserStop runAt(int at, int... words) {
        try {
            for (int i = 0; i < words.length; i++) {
                memory.put(at + 4L * i, 4, words[i]);
            }
        } catch (BadAddressException e) {
            throw new AssertionError(e);
        }
        cpu.setPc(at);
        return cpu.run();
    }

    /// The same behind the code of the last run: what was translated is not looked at again.
    UserStop run(int... words) {
        int at = next;
        next += 4 * words.length;
        return runAt(at, words);
    }

    @Override
    public void close() {
        cpu.close();
        arena.close();
        frames.close();
    }
}
