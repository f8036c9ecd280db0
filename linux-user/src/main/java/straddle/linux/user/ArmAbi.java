package straddle.linux.user;

import java.nio.ByteBuffer;
import java.util.Arrays;
import straddle.core.user.BadAddressException;
import straddle.core.user.UserIsa;
import straddle.core.user.UserMemory;
import straddle.core.user.UserVcpu;

/// ARM's EABI (arch/arm/include/uapi/asm; arch/arm/kernel/signal.c).
final class ArmAbi extends GuestAbi {
    private static final int SP = 13;
    private static final int LR = 14;
    private static final int CALL = 7;
    private static final int RESULT = 0;
    private static final int[] ARGUMENTS = {0, 1, 2, 3, 4, 5, 6};
    private static final long T32 = 1 << 5;

    // struct sigframe: ucontext, then code.
    private static final int STACK = 8;
    private static final int SIGCONTEXT = 20;
    private static final int REGISTERS = SIGCONTEXT + 12;
    private static final int CPSR = REGISTERS + 64;
    private static final int SIGMASK = SIGCONTEXT + 84;
    private static final int VFP = SIGMASK + 128;
    private static final int VFP_BYTES = 288;
    private static final int VFP_MAGIC = 0x5646_5001;
    private static final int UCONTEXT_BYTES = VFP + 512;
    private static final int FRAME_BYTES = UCONTEXT_BYTES + 16;
    private static final int SIGINFO_BYTES = 128;
    private static final int D_REGISTERS = 256;

    ArmAbi() {
        super(UserIsa.ARM, SP, CALL, RESULT, ARGUMENTS);
    }

    @Override
    void start(UserVcpu vcpu, long entry, long stack) {
        setStackPointer(vcpu, stack);
        setPc(vcpu, entry);
    }

    private static void setPc(UserVcpu vcpu, long target) {
        boolean thumb = (target & 1) != 0;
        vcpu.setStatus(thumb ? vcpu.status() | T32 : vcpu.status() & ~T32);
        vcpu.setPc(target & (thumb ? -2 : -4));
    }

    @Override
    String platform() {
        return "v7l";
    }

    @Override
    String machine() {
        return "armv7l";
    }

    /// SWP, half, Thumb, fast multiplication, VFP, EDSP, NEON, VFPv3, TLS, VFPv4, IDIVA, IDIVT, VFPD32, LPAE.
    @Override
    long hwcap() {
        return 0x1f_b0d7;
    }

    @Override
    int openFlagsToHost(int flags) {
        return ArmFlags.openToHost(flags);
    }

    @Override
    int openFlagsToGuest(int flags) {
        return ArmFlags.openToGuest(flags);
    }

    @Override
    byte[] stat(FileStatus s) {
        ByteBuffer b = buffer(104);
        b.putLong(0, s.device()).putInt(12, (int) s.inode());
        b.putInt(16, s.mode()).putInt(20, (int) s.links()).putInt(24, s.uid()).putInt(28, s.gid());
        b.putLong(32, s.specialDevice()).putLong(48, s.size());
        b.putInt(56, (int) s.blockBytes()).putLong(64, s.blocks());
        for (int i = 0; i < 6; i++) {
            b.putInt(72 + 4 * i, (int) s.times()[i]);
        }
        b.putLong(96, s.inode());
        return GuestAbi.bytes(b);
    }

    /// MOV R7, #119; SVC 0; MOV R7, #173; SVC 0.
    @Override
    byte[] trampolines() {
        return buffer(16)
                .putInt(0xe3a0_7077)
                .putInt(0xef00_0000)
                .putInt(0xe3a0_70ad)
                .putInt(0xef00_0000)
                .array();
    }

    @Override
    void enterHandler(GuestThread t, Signal.Info info, Signal.Action action, long mask)
            throws BadAddressException {
        UserVcpu v = t.vcpu;
        boolean withInfo = action.has(Signal.SA_SIGINFO);
        int before = withInfo ? SIGINFO_BYTES : 0;
        long frame = frameTop(t, action, 0) - FRAME_BYTES - before & -8;
        ByteBuffer b = buffer(FRAME_BYTES);
        t.altStack.write(this, b, STACK);
        b.putInt(SIGCONTEXT + 8, (int) mask);
        for (int i = 0; i < 15; i++) {
            b.putInt(REGISTERS + 4 * i, (int) v.register(i));
        }
        b.putInt(REGISTERS + 60, (int) v.pc());
        b.putInt(CPSR, (int) v.status());
        b.putInt(CPSR + 4, (int) info.address());
        b.putLong(SIGMASK, mask);
        byte[] floats = v.saveFloats();
        b.putInt(VFP, VFP_MAGIC).putInt(VFP + 4, VFP_BYTES);
        b.put(VFP + 8, floats, 0, D_REGISTERS + 4);
        UserMemory memory = t.memory();
        if (withInfo) {
            memory.put(frame, siginfo(info));
            v.setRegister(1, frame);
            v.setRegister(2, frame + SIGINFO_BYTES);
        }
        memory.put(frame + before, GuestAbi.bytes(b));
        v.setRegister(0, info.signal());
        boolean restorer = (action.flags() & Signal.SA_RESTORER) != 0 && action.restorer() != 0;
        v.setRegister(
                LR, restorer ? action.restorer() : t.process.trampoline() + (withInfo ? 8 : 0));
        v.setRegister(SP, frame);
        setPc(v, action.handler());
    }

    @Override
    long leaveHandler(GuestThread t, boolean withInfo) throws BadAddressException {
        UserVcpu v = t.vcpu;
        long frame = v.register(SP) + (withInfo ? SIGINFO_BYTES : 0);
        ByteBuffer b = buffer(t.memory().bytes(frame, UCONTEXT_BYTES));
        if (b.getInt(VFP) == VFP_MAGIC) {
            v.loadFloats(Arrays.copyOfRange(GuestAbi.bytes(b), VFP + 8, VFP + 8 + D_REGISTERS + 4));
        }
        for (int i = 0; i < 15; i++) {
            v.setRegister(i, b.getInt(REGISTERS + 4 * i) & 0xffff_ffffL);
        }
        v.setStatus(b.getInt(CPSR) & 0xffff_ffffL);
        v.setPc(b.getInt(REGISTERS + 60) & 0xffff_ffffL);
        t.altStack.read(this, b, STACK);
        return b.getLong(SIGMASK);
    }
}
