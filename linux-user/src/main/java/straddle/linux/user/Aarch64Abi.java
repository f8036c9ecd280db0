package straddle.linux.user;

import java.nio.ByteBuffer;
import straddle.core.user.BadAddressException;
import straddle.core.user.UserIsa;
import straddle.core.user.UserMemory;
import straddle.core.user.UserVcpu;

/// AArch64 (arch/arm64/include/uapi/asm).
final class Aarch64Abi extends GuestAbi {
    private static final int SP = 31;
    private static final int LR = 30;
    private static final int FP = 29;
    private static final int CALL = 8;
    private static final int RESULT = 0;
    private static final int[] ARGUMENTS = {0, 1, 2, 3, 4, 5};

    // struct rt_sigframe: siginfo, ucontext; then a frame record.
    private static final int UCONTEXT = 128;
    private static final int STACK = UCONTEXT + 16;
    private static final int SIGMASK = UCONTEXT + 40;
    private static final int SIGCONTEXT = UCONTEXT + 176;
    private static final int REGISTERS = SIGCONTEXT + 8;
    private static final int SAVED_SP = REGISTERS + 31 * 8;
    private static final int SAVED_PC = SAVED_SP + 8;
    private static final int PSTATE = SAVED_PC + 8;
    private static final int RESERVED = SIGCONTEXT + 288;
    private static final int FRAME_BYTES = RESERVED + 4096;

    private static final int FPSIMD_MAGIC = 0x4650_8001;
    private static final int FPSIMD_BYTES = 528;
    private static final int VECTORS = 512;

    Aarch64Abi() {
        super(UserIsa.AARCH64, SP, CALL, RESULT, ARGUMENTS);
    }

    @Override
    String platform() {
        return "aarch64";
    }

    /// FP and ASIMD; AES, PMULL, SHA1, SHA2 and CRC32.
    @Override
    long hwcap() {
        return 0xfb;
    }

    @Override
    byte[] stat(FileStatus s) {
        ByteBuffer b = buffer(128);
        b.putLong(s.device()).putLong(s.inode());
        b.putInt(s.mode()).putInt((int) s.links()).putInt(s.uid()).putInt(s.gid());
        b.putLong(s.specialDevice()).putLong(0).putLong(s.size());
        b.putInt((int) s.blockBytes()).putInt(0).putLong(s.blocks());
        for (long each : s.times()) {
            b.putLong(each);
        }
        return GuestAbi.bytes(b);
    }

    // O_DIRECTORY, O_NOFOLLOW, O_DIRECT and O_LARGEFILE are numbered otherwise (asm/fcntl.h).
    @Override
    int openFlagsToHost(int flags) {
        return ArmFlags.openToHost(flags);
    }

    @Override
    int openFlagsToGuest(int flags) {
        return ArmFlags.openToGuest(flags);
    }

    /// MOV X8, #139; SVC #0.
    @Override
    byte[] trampolines() {
        return buffer(8).putInt(0xd280_1168).putInt(0xd400_0001).array();
    }

    @Override
    void enterHandler(GuestThread t, Signal.Info info, Signal.Action action, long mask)
            throws BadAddressException {
        UserVcpu v = t.vcpu;
        long record = frameTop(t, action, 0) - 16 & -16;
        long frame = record - FRAME_BYTES & -16;
        ByteBuffer b = buffer(FRAME_BYTES);
        b.put(0, siginfo(info));
        t.altStack.write(this, b, STACK);
        b.putLong(SIGMASK, mask);
        b.putLong(SIGCONTEXT, info.address());
        for (int i = 0; i < 31; i++) {
            b.putLong(REGISTERS + 8 * i, v.register(i));
        }
        b.putLong(SAVED_SP, v.register(SP));
        b.putLong(SAVED_PC, v.pc());
        b.putLong(PSTATE, v.status());
        byte[] floats = v.saveFloats();
        b.putInt(RESERVED, FPSIMD_MAGIC);
        b.putInt(RESERVED + 4, FPSIMD_BYTES);
        b.put(RESERVED + 8, floats, VECTORS, 8);
        b.put(RESERVED + 16, floats, 0, VECTORS);
        UserMemory memory = t.memory();
        memory.put(frame, GuestAbi.bytes(b));
        memory.put(record, 8, v.register(FP));
        memory.put(record + 8, 8, v.register(LR));
        v.setRegister(0, info.signal());
        v.setRegister(1, frame);
        v.setRegister(2, frame + UCONTEXT);
        v.setRegister(FP, record);
        v.setRegister(LR, action.restorer() != 0 ? action.restorer() : t.process.trampoline());
        v.setRegister(SP, frame);
        v.setPc(action.handler());
    }

    @Override
    long leaveHandler(GuestThread t, boolean withInfo) throws BadAddressException {
        UserVcpu v = t.vcpu;
        ByteBuffer b = buffer(t.memory().bytes(v.register(SP), FRAME_BYTES));
        if (b.getInt(RESERVED) == FPSIMD_MAGIC) {
            byte[] floats = new byte[VECTORS + 8];
            b.get(RESERVED + 16, floats, 0, VECTORS);
            b.get(RESERVED + 8, floats, VECTORS, 8);
            v.loadFloats(floats);
        }
        for (int i = 0; i < 31; i++) {
            v.setRegister(i, b.getLong(REGISTERS + 8 * i));
        }
        v.setRegister(SP, b.getLong(SAVED_SP));
        v.setPc(b.getLong(SAVED_PC));
        v.setStatus(b.getLong(PSTATE));
        t.altStack.read(this, b, STACK);
        return b.getLong(SIGMASK);
    }
}
