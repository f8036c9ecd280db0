package straddle.linux.user;

import java.nio.ByteBuffer;
import straddle.core.user.BadAddressException;
import straddle.core.user.UserIsa;
import straddle.core.user.UserMemory;
import straddle.core.user.UserVcpu;

/// x86-64 (System V ABI, AMD64 supplement, A.2; arch/x86/include/uapi/asm).
final class X86_64Abi extends GuestAbi {
    private static final int[] ARGUMENTS = {7, 6, 2, 10, 8, 9};
    private static final int RAX = 0;
    private static final int RDX = 2;
    private static final int RSP = 4;
    private static final int RSI = 6;
    private static final int RDI = 7;

    private static final int FXSAVE_BYTES = 512;
    private static final int RED_ZONE = 128;

    // struct rt_sigframe: return address, ucontext, siginfo.
    private static final int UCONTEXT = 8;
    private static final int SIGCONTEXT = UCONTEXT + 40;
    private static final int FPSTATE = SIGCONTEXT + 184;
    private static final int SIGMASK = SIGCONTEXT + 256;
    private static final int SIGINFO = SIGMASK + 8;
    private static final int FRAME_BYTES = SIGINFO + 128;

    // sw_reserved of the FXSAVE image: struct _fpx_sw_bytes.
    private static final int SW_RESERVED = 464;
    private static final int MAGIC1 = 0x4650_5853;
    private static final int MAGIC2 = 0x4650_5845;

    /// The order of the registers in struct sigcontext.
    private static final int[] SAVED = {8, 9, 10, 11, 12, 13, 14, 15, 7, 6, 5, 3, 2, 0, 1, 4};

    X86_64Abi() {
        super(UserIsa.X86_64, RSP, RAX, RAX, ARGUMENTS);
    }

    @Override
    String platform() {
        return "x86_64";
    }

    /// Has room behind each time (asm/sembuf.h).
    @Override
    byte[] semaphores(SystemV.Semaphores of) {
        ByteBuffer b = permissions(of, 104);
        b.putLong(48, of.operated).putLong(64, of.changed).putLong(80, of.values.length);
        return GuestAbi.bytes(b);
    }

    @Override
    byte[] stat(FileStatus s) {
        ByteBuffer b = buffer(144);
        b.putLong(s.device()).putLong(s.inode()).putLong(s.links());
        b.putInt(s.mode()).putInt(s.uid()).putInt(s.gid()).putInt(0);
        b.putLong(s.specialDevice()).putLong(s.size()).putLong(s.blockBytes());
        b.putLong(s.blocks());
        for (long each : s.times()) {
            b.putLong(each);
        }
        return GuestAbi.bytes(b);
    }

    @Override
    int epollEventBytes() {
        return 12;
    }

    @Override
    int epollDataOffset() {
        return 4;
    }

    @Override
    void enterHandler(GuestThread t, Signal.Info info, Signal.Action action, long mask)
            throws BadAddressException {
        UserVcpu v = t.vcpu;
        UserMemory memory = t.memory();
        byte[] floats = v.saveFloats();
        long top = frameTop(t, action, RED_ZONE);
        long fpstate = top - floats.length - 4 & -64;
        long frame = (fpstate - FRAME_BYTES & -16) - 8;
        ByteBuffer b = buffer(FRAME_BYTES);
        b.putLong(0, action.restorer());
        b.putLong(UCONTEXT, floats.length > FXSAVE_BYTES ? 7 : 6);
        t.altStack.write(this, b, UCONTEXT + 16);
        for (int i = 0; i < SAVED.length; i++) {
            b.putLong(SIGCONTEXT + 8 * i, v.register(SAVED[i]));
        }
        b.putLong(SIGCONTEXT + 128, v.pc());
        b.putLong(SIGCONTEXT + 136, v.status());
        b.putShort(SIGCONTEXT + 144, (short) 0x33);
        b.putShort(SIGCONTEXT + 150, (short) 0x2b);
        b.putLong(SIGCONTEXT + 160, info.signal() == Signal.SIGSEGV ? 14 : 0);
        b.putLong(SIGCONTEXT + 168, mask);
        b.putLong(SIGCONTEXT + 176, info.address());
        b.putLong(FPSTATE, fpstate);
        b.putLong(SIGMASK, mask);
        b.put(SIGINFO, siginfo(info));
        ByteBuffer image = buffer(java.util.Arrays.copyOf(floats, floats.length + 4));
        if (floats.length > FXSAVE_BYTES) {
            image.putInt(SW_RESERVED, MAGIC1);
            image.putInt(SW_RESERVED + 4, floats.length + 4);
            image.putLong(SW_RESERVED + 8, 7);
            image.putInt(SW_RESERVED + 16, floats.length);
            image.putInt(floats.length, MAGIC2);
        }
        memory.put(fpstate, GuestAbi.bytes(image));
        memory.put(frame, GuestAbi.bytes(b));
        v.setRegister(RDI, info.signal());
        v.setRegister(RSI, frame + SIGINFO);
        v.setRegister(RDX, frame + UCONTEXT);
        v.setRegister(RAX, 0);
        v.setRegister(RSP, frame);
        v.setStatus(v.status() & ~0x500L); // TF and DF
        v.setPc(action.handler());
    }

    @Override
    long leaveHandler(GuestThread t, boolean withInfo) throws BadAddressException {
        UserVcpu v = t.vcpu;
        UserMemory memory = t.memory();
        long frame = v.register(RSP) - 8;
        ByteBuffer b = buffer(memory.bytes(frame, FRAME_BYTES));
        long fpstate = b.getLong(FPSTATE);
        if (fpstate != 0) {
            byte[] legacy = memory.bytes(fpstate, FXSAVE_BYTES);
            ByteBuffer image = buffer(legacy);
            int bytes = image.getInt(SW_RESERVED + 16);
            boolean extended =
                    image.getInt(SW_RESERVED) == MAGIC1 && bytes > FXSAVE_BYTES && bytes <= 4096;
            v.loadFloats(extended ? memory.bytes(fpstate, bytes) : legacy);
        }
        for (int i = 0; i < SAVED.length; i++) {
            v.setRegister(SAVED[i], b.getLong(SIGCONTEXT + 8 * i));
        }
        v.setPc(b.getLong(SIGCONTEXT + 128));
        v.setStatus(b.getLong(SIGCONTEXT + 136));
        t.altStack.read(this, b, UCONTEXT + 16);
        return b.getLong(SIGMASK);
    }
}
