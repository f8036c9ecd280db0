package straddle.tcg.a64;

import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import straddle.core.memory.Region;
import straddle.core.user.UserIsa;
import straddle.core.user.UserMemory;
import straddle.core.user.UserVcpu;
import straddle.tcg.block.Tb;
import straddle.tcg.simd.FpCpu;

/// A processor of ARMv8.0-A in AArch64 state at EL0, with FP and Advanced SIMD, CRC32, AES, SHA1 and SHA256
/// (Arm ARM DDI 0487).
public final class A64Cpu extends FpCpu {
    /// The slot that always holds 0.
    public static final int ZERO = Slots.ZERO;

    static final long NOTHING_EXCLUSIVE = -1;

    private static final int FLOATS_BYTES = 520;

    /// What the exclusive monitor holds: an address, and what was loaded from it.
    long exclusiveAddress = NOTHING_EXCLUSIVE;

    long exclusiveLow;
    long exclusiveHigh;

    /// What an instruction has loaded before it commits to any of it.
    final long[] scratch = new long[8];

    private final Translator translator = new Translator(this);

    /// @param arena outlives this CPU
    public A64Cpu(UserMemory memory, Arena arena) {
        super(UserIsa.AARCH64, Slots.COUNT, memory, arena, false);
        ignoreTopByte();
        reset();
    }

    @Override
    protected long mode() {
        return 0;
    }

    @Override
    public int stackSlot() {
        return Slots.SP;
    }

    @Override
    protected Tb translate(long gpa) {
        return translator.translate(gpa, modeKey());
    }

    Region.Ram code(long gpa) {
        return ramAt(gpa);
    }

    // ---- as the system sees it

    @Override
    public long register(int number) {
        return r[number & 31];
    }

    @Override
    public void setRegister(int number, long value) {
        r[number & 31] = value;
    }

    @Override
    public long status() {
        return (long) Conditions.nzcv(this) << 28;
    }

    @Override
    public void setStatus(long status) {
        Conditions.set(this, (int) (status >>> 28) & 15);
    }

    @Override
    public long threadPointer() {
        return r[Slots.TPIDR_EL0];
    }

    @Override
    public void setThreadPointer(long address) {
        r[Slots.TPIDR_EL0] = address;
    }

    @Override
    public byte[] saveFloats() {
        ByteBuffer image = ByteBuffer.allocate(FLOATS_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 64; i++) {
            image.putLong(r[Slots.V + i]);
        }
        image.putInt(fp.status());
        image.putInt(fp.control());
        return image.array();
    }

    @Override
    public void loadFloats(byte[] bytes) {
        ByteBuffer image =
                ByteBuffer.wrap(Arrays.copyOf(bytes, FLOATS_BYTES)).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 64; i++) {
            r[Slots.V + i] = image.getLong();
        }
        fp.setStatus(image.getInt());
        fp.setControl(image.getInt());
    }

    @Override
    public void copyFrom(UserVcpu other) {
        A64Cpu from = (A64Cpu) other;
        System.arraycopy(from.r, 0, r, 0, r.length);
        setFlags(from.flagKind, from.flagResult, from.flagA, from.flagB);
        fp.setControl(from.fp.control());
        fp.setStatus(from.fp.status());
        exclusiveAddress = NOTHING_EXCLUSIVE;
        pc = from.pc;
    }

    @Override
    public void reset() {
        Arrays.fill(r, 0);
        Conditions.set(this, 0);
        fp.setControl(0);
        fp.setStatus(0);
        exclusiveAddress = NOTHING_EXCLUSIVE;
        pc = 0;
    }
}
