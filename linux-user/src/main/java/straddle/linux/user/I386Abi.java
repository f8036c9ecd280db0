package straddle.linux.user;

import java.nio.ByteBuffer;
import straddle.core.user.BadAddressException;
import straddle.core.user.UserIsa;
import straddle.core.user.UserMemory;
import straddle.core.user.UserVcpu;

/// i386 (arch/x86/include/uapi/asm; arch/x86/kernel/signal_32.c).
final class I386Abi extends GuestAbi {
    private static final int EAX = 0;
    private static final int ECX = 1;
    private static final int EDX = 2;
    private static final int ESP = 4;
    private static final int[] ARGUMENTS = {3, 1, 2, 6, 7, 5};
    private static final int TLS_ENTRY = 12;

    // struct sigcontext_32, and where it is in the two frames.
    private static final int SIGCONTEXT_BYTES = 88;
    private static final int FRAME_CONTEXT = 8;
    private static final int FRAME_EXTRA_MASK = FRAME_CONTEXT + SIGCONTEXT_BYTES + 112 + 512;
    private static final int FRAME_BYTES = FRAME_EXTRA_MASK + 4 + 8;
    private static final int RT_SIGINFO = 16;
    private static final int RT_UCONTEXT = RT_SIGINFO + 128;
    private static final int RT_CONTEXT = RT_UCONTEXT + 20;
    private static final int RT_MASK = RT_CONTEXT + SIGCONTEXT_BYTES;
    private static final int RT_FRAME_BYTES = RT_MASK + 8 + 8;

    /// Where in sigcontext the registers EAX to EDI are, by number.
    private static final int[] SAVED = {44, 40, 36, 32, 28, 24, 20, 16};

    private static final int FSAVE_BYTES = 112;
    private static final int FXSAVE_BYTES = 512;

    I386Abi() {
        super(UserIsa.I386, ESP, EAX, EAX, ARGUMENTS);
    }

    @Override
    String machine() {
        return "i686";
    }

    @Override
    String platform() {
        return "i686";
    }

    @Override
    long mmapTop() {
        return 0xf700_0000L;
    }

    @Override
    long stackTop() {
        return 0xffff_0000L;
    }

    @Override
    boolean alignsPairs() {
        return false;
    }

    /// The old mmap and select have theirs in memory.
    @Override
    long word(UserVcpu vcpu, int index) throws BadAddressException {
        int number = callNumber(vcpu);
        if (number == 90 || number == 82) {
            return vcpu.memory().get(vcpu.register(ARGUMENTS[0]) + 4L * index, 4);
        }
        return super.word(vcpu, index);
    }

    /// struct user_desc: there is one entry.
    @Override
    long setThreadArea(GuestThread t, long argument) throws BadAddressException {
        setCloneTls(t.vcpu, t.memory(), argument);
        return 0;
    }

    @Override
    void setCloneTls(UserVcpu vcpu, UserMemory memory, long tls) throws BadAddressException {
        vcpu.setThreadPointer(memory.get(tls + 4, 4));
        memory.put(tls, 4, TLS_ENTRY);
    }

    @Override
    byte[] stat(FileStatus s) {
        ByteBuffer b = buffer(96);
        b.putLong(0, s.device()).putInt(12, (int) s.inode());
        b.putInt(16, s.mode()).putInt(20, (int) s.links()).putInt(24, s.uid()).putInt(28, s.gid());
        b.putLong(32, s.specialDevice()).putLong(44, s.size());
        b.putInt(52, (int) s.blockBytes()).putLong(56, s.blocks());
        for (int i = 0; i < 6; i++) {
            b.putInt(64 + 4 * i, (int) s.times()[i]);
        }
        b.putLong(88, s.inode());
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
    byte[] trampolines() {
        return new byte[] {
            0x58,
            (byte) 0xb8,
            119,
            0,
            0,
            0,
            (byte) 0xcd,
            (byte) 0x80, // POP EAX; MOV EAX, 119; INT 80H
            (byte) 0xb8,
            (byte) 173,
            0,
            0,
            0,
            (byte) 0xcd,
            (byte) 0x80, // MOV EAX, 173; INT 80H
        };
    }

    @Override
    void enterHandler(GuestThread t, Signal.Info info, Signal.Action action, long mask)
            throws BadAddressException {
        UserVcpu v = t.vcpu;
        UserMemory memory = t.memory();
        boolean withInfo = action.has(Signal.SA_SIGINFO);
        byte[] floats = v.saveFloats();
        long fpstate = frameTop(t, action, 0) - FSAVE_BYTES - FXSAVE_BYTES - 64 & -64;
        fpstate += 64 - FSAVE_BYTES % 64;
        ByteBuffer image = buffer(FSAVE_BYTES + FXSAVE_BYTES);
        image.putInt(FSAVE_BYTES - 4, 0x0000_ffff);
        image.put(FSAVE_BYTES, floats, 0, FXSAVE_BYTES);
        memory.put(fpstate, GuestAbi.bytes(image));
        int bytes = withInfo ? RT_FRAME_BYTES : FRAME_BYTES;
        long frame = (fpstate - bytes + 4 & -16) - 4;
        ByteBuffer b = buffer(bytes);
        boolean restorer = action.has(Signal.SA_RESTORER) && action.restorer() != 0;
        b.putInt(
                0,
                (int) (restorer ? action.restorer() : t.process.trampoline() + (withInfo ? 8 : 0)));
        b.putInt(4, info.signal());
        int context = withInfo ? RT_CONTEXT : FRAME_CONTEXT;
        if (withInfo) {
            b.putInt(8, (int) frame + RT_SIGINFO).putInt(12, (int) frame + RT_UCONTEXT);
            b.put(RT_SIGINFO, siginfo(info));
            t.altStack.write(this, b, RT_UCONTEXT + 8);
            b.putLong(RT_MASK, mask);
        } else {
            b.putInt(FRAME_EXTRA_MASK, (int) (mask >>> 32));
        }
        b.putInt(context, 0x63).putInt(context + 8, 0x2b).putInt(context + 12, 0x2b);
        for (int i = 0; i < SAVED.length; i++) {
            b.putInt(context + SAVED[i], (int) v.register(i));
        }
        b.putInt(context + 56, (int) v.pc()).putInt(context + 60, 0x23);
        b.putInt(context + 64, (int) v.status());
        b.putInt(context + 68, (int) v.register(ESP)).putInt(context + 72, 0x2b);
        b.putInt(context + 76, (int) fpstate).putInt(context + 80, (int) mask);
        b.putInt(context + 84, (int) info.address());
        memory.put(frame, GuestAbi.bytes(b));
        v.setRegister(ESP, frame);
        v.setRegister(EAX, info.signal());
        v.setRegister(EDX, withInfo ? frame + RT_SIGINFO : 0);
        v.setRegister(ECX, withInfo ? frame + RT_UCONTEXT : 0);
        v.setStatus(v.status() & ~0x500L);
        v.setPc(action.handler());
    }

    @Override
    long leaveHandler(GuestThread t, boolean withInfo) throws BadAddressException {
        UserVcpu v = t.vcpu;
        UserMemory memory = t.memory();
        long frame = v.register(ESP) - (withInfo ? 4 : 8);
        int bytes = withInfo ? RT_FRAME_BYTES : FRAME_BYTES;
        ByteBuffer b = buffer(memory.bytes(frame, bytes));
        int context = withInfo ? RT_CONTEXT : FRAME_CONTEXT;
        long fpstate = b.getInt(context + 76) & 0xffff_ffffL;
        if (fpstate != 0) {
            v.loadFloats(memory.bytes(fpstate + FSAVE_BYTES, FXSAVE_BYTES));
        }
        for (int i = 0; i < SAVED.length; i++) {
            v.setRegister(i, b.getInt(context + SAVED[i]));
        }
        v.setPc(b.getInt(context + 56) & 0xffff_ffffL);
        v.setStatus(b.getInt(context + 64) & 0xffff_ffffL);
        if (withInfo) {
            t.altStack.read(this, b, RT_UCONTEXT + 8);
            return b.getLong(RT_MASK);
        }
        return b.getInt(context + 80) & 0xffff_ffffL | (long) b.getInt(FRAME_EXTRA_MASK) << 32;
    }
}
