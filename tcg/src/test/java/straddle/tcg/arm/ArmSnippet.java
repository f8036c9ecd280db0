package straddle.tcg.arm;

import java.lang.foreign.Arena;
import java.util.HexFormat;
import straddle.core.memory.HostCode;
import straddle.core.memory.RamAllocator;
import straddle.core.user.BadAddressException;
import straddle.core.user.Frames;
import straddle.core.user.UserIsa;
import straddle.core.user.UserMemory;
import straddle.core.user.UserStop;
import straddle.core.vcpu.Statistics;
import straddle.tcg.machine.MachineCode;

/// A processor with a page of code and two of data, which do not lie beside each other in memory, and nothing mapped behind
/// either.
final class ArmSnippet implements AutoCloseable {
    static final int CODE = 0x1_0000;
    static final int DATA = 0x2_0000;
    static final int DATA_BYTES = 0x2000;
    static final int DATA_END = DATA + DATA_BYTES;

    private static final long T = 1 << 5;

    private final Frames frames = new Frames(RamAllocator.OFF_HEAP, 1 << 20);
    private final Arena arena = Arena.ofShared();
    private final UserMemory memory = new UserMemory(UserIsa.ARM, frames);
    final ArmCpu cpu;
    private int next = CODE;

    ArmSnippet() {
        int rights = UserMemory.READ | UserMemory.WRITE;
        memory.map(CODE, 4096, rights | UserMemory.EXEC, false, null, 0, "");
        memory.map(DATA, DATA_BYTES, rights, false, null, 0, "");
        put(memory, DATA + 4096, 4, 0);
        put(memory, DATA, 4, 0);
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
            put(memory, next + 4 * i, 4, words[i]);
        }
        return go(4 * words.length, 0);
    }

    /// Runs halfwords of T32.
    UserStop t32(String halfwords) {
        return go(put(memory, next, halfwords) + 3 & -4, T);
    }

    /// Runs the code at an address, which has been run before.
    UserStop t32Again(int at) {
        cpu.setStatus(T);
        cpu.setPc(at);
        return cpu.run();
    }

    /// From now on warm blocks become machine code.
    void machineCode() {
        cpu.machine = new MachineCode(cpu, HostCode.ofHost().orElseThrow(), ArmCpu.ZERO, arena);
    }

    /// How many loops were compiled as such.
    long loops() {
        Statistics statistics = new Statistics();
        cpu.statistics(statistics);
        return statistics.of("machine code", "loops compiled");
    }

    int word(int address) {
        try {
            return (int) memory.get(address, 4);
        } catch (BadAddressException e) {
            throw new AssertionError(e);
        }
    }

    void putWord(int address, int value) {
        put(memory, address, 4, value);
    }

    /// Shares all pages with a copy, so that the next store to each must copy it.
    void fork() {
        memory.fork();
    }

    /// Has the processor run another program's T32 at an address.
    void otherProgram(int at, String halfwords) {
        UserMemory other = new UserMemory(UserIsa.ARM, frames);
        other.map(
                CODE,
                4096,
                UserMemory.READ | UserMemory.WRITE | UserMemory.EXEC,
                false,
                null,
                0,
                "");
        cpu.use(other);
        put(other, at, halfwords);
        t32Again(at);
        cpu.use(memory);
    }

    private int put(UserMemory into, int at, String halfwords) {
        byte[] bytes = HexFormat.of().parseHex(halfwords.replace(" ", ""));
        for (int i = 0; i < bytes.length; i += 2) {
            put(into, at + i, 2, (bytes[i] & 0xff) << 8 | bytes[i + 1] & 0xff);
        }
        return bytes.length;
    }

    private UserStop go(int bytes, long state) {
        cpu.setStatus(cpu.status() & 0xf80f_0000L | state);
        cpu.setPc(next);
        next += bytes;
        return cpu.run();
    }

    private static void put(UserMemory into, int at, int width, int value) {
        try {
            into.put(at, width, value);
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
