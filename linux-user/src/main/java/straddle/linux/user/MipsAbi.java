package straddle.linux.user;

import java.nio.ByteBuffer;
import straddle.core.user.BadAddressException;
import straddle.core.user.UserIsa;
import straddle.core.user.UserMemory;
import straddle.core.user.UserVcpu;

/// MIPS's o32 ABI (arch/mips/include/uapi/asm; arch/mips/kernel/signal.c): the one whose numbers are its own throughout.
final class MipsAbi extends GuestAbi {
    private static final int V0 = 2;
    private static final int V1 = 3;
    private static final int A0 = 4;
    private static final int A3 = 7;
    private static final int T9 = 25;
    private static final int SP = 29;
    private static final int RA = 31;
    private static final int HI = 32;
    private static final int LO = 33;
    private static final int PIPE = 4042;

    // Of termios' c_lflag, where the host has them.
    private static final int TOSTOP = 0400;
    private static final int FLUSHO = 010000;
    private static final int IEXTEN = 0100000;

    // struct sigframe: 24 bytes, then sigcontext and mask; rt_sigframe: 24 bytes, siginfo,
    // ucontext.
    private static final int HEAD = 24;
    private static final int SIGINFO_BYTES = 128;
    private static final int UCONTEXT = HEAD + SIGINFO_BYTES;
    private static final int STACK = UCONTEXT + 8;
    private static final int RT_SIGCONTEXT = UCONTEXT + 24;
    private static final int SIGCONTEXT_BYTES = 592;
    private static final int PC = 8;
    private static final int REGISTERS = 16;
    private static final int FLOATS = 272;
    private static final int FCSR = 532;
    private static final int SAVED_HI = 552;
    private static final int SAVED_LO = 560;
    private static final int RT_FRAME_BYTES = RT_SIGCONTEXT + SIGCONTEXT_BYTES + 16;
    private static final int FRAME_BYTES = HEAD + SIGCONTEXT_BYTES + 16;
    private static final int FLOAT_BYTES = 256;
    private static final long STATUS_FR = 1 << 26;

    /// The host's number of MIPS's signals (asm/signal.h).
    private static final int[] SIGNALS = {
        0, 1, 2, 3, 4, 5, 6, 16, 8, 9, 7, 11, 31, 13, 14, 15, 10, 12, 17, 30, 28, 23, 29, 19, 20,
        18, 21, 22, 26, 27, 24, 25
    };

    private static final int[] OPEN = {
        0x8, 0x80, 0x100, 0x200, 0x400, 0x800, 0x10, 0x8000, 0x2000, 0x4010, 0x1000
    };

    /// O_APPEND, O_NONBLOCK, O_CREAT, O_TRUNC, O_EXCL, O_NOCTTY, O_DSYNC, O_DIRECT, O_LARGEFILE, O_SYNC, FASYNC of the host's.
    private static final int[] HOST_OPEN = {
        02000, 04000, 0100, 01000, 0200, 0400, 010000, 040000, 0100000, 04010000, 020000
    };

    /// From EDEADLK on, by the host's number (asm/errno.h).
    private static final int[] ERRORS = {
        45, 78, 46, 89, 93, 90, 0, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 50, 51, 52, 53, 54, 55,
        0, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 73, 74, 77, 79, 80, 81, 82, 83, 84,
        85, 86, 87, 88, 91, 92, 94, 95, 96, 97, 98, 99, 120, 121, 122, 123, 124, 125, 126, 127, 128,
        129, 130, 131, 132, 133, 134, 143, 144, 145, 146, 147, 148, 149, 150, 151, 135, 137, 138,
        139, 140, 1133, 159, 160, 158, 161, 162, 163, 164, 165, 166, 167, 168
    };

    private static final int FIRST_OWN_ERROR = 35;

    MipsAbi(UserIsa isa) {
        super(isa, SP, V0, V0, A0, A0 + 1, A0 + 2, A3);
    }

    @Override
    String machine() {
        return "mips";
    }

    @Override
    long mmapTop() {
        return 0x7700_0000L;
    }

    @Override
    long stackTop() {
        return 0x7fff_0000L;
    }

    /// The fifth and later ones are on the stack.
    @Override
    long word(UserVcpu vcpu, int index) throws BadAddressException {
        return index < 4
                ? super.word(vcpu, index)
                : vcpu.memory().get(vcpu.register(SP) + 4L * index, 4);
    }

    /// A3 tells errors, whose numbers are positive.
    @Override
    void result(UserVcpu vcpu, long value) {
        boolean error = value < 0 && value >= -1133;
        vcpu.setRegister(A3, error ? 1 : 0);
        vcpu.setRegister(V0, error ? -value : value);
    }

    @Override
    CallRegisters callRegisters(UserVcpu vcpu) {
        return new CallRegisters(vcpu.register(V0), vcpu.register(A3));
    }

    @Override
    void restart(UserVcpu vcpu, CallRegisters before) {
        vcpu.setRegister(A3, before.error());
        super.restart(vcpu, before);
    }

    /// pipe(2) has its two results in registers.
    boolean returnsPairs(GuestThread t) {
        return callNumber(t.vcpu) == PIPE;
    }

    long pair(UserVcpu vcpu, long first, long second) {
        vcpu.setRegister(V1, second);
        return first;
    }

    @Override
    void start(UserVcpu vcpu, long entry, long stack) {
        super.start(vcpu, entry, stack);
        vcpu.setRegister(T9, entry);
    }

    @Override
    void chooseFloats(UserVcpu vcpu, boolean wide) {
        vcpu.setStatus(wide ? STATUS_FR : 0);
    }

    @Override
    long setThreadArea(GuestThread t, long argument) {
        t.vcpu.setThreadPointer(argument);
        return 0;
    }

    // ---- numbers

    @Override
    int signalToHost(int signal) {
        return signal > 0 && signal < SIGNALS.length ? SIGNALS[signal] : signal;
    }

    @Override
    int signalToGuest(int signal) {
        for (int i = 1; i < SIGNALS.length; i++) {
            if (SIGNALS[i] == signal) {
                return i;
            }
        }
        return signal == 16 ? 7 : signal;
    }

    @Override
    int errnoToGuest(int errno) {
        int own = errno - FIRST_OWN_ERROR;
        return own >= 0 && own < ERRORS.length && ERRORS[own] != 0 ? ERRORS[own] : errno;
    }

    @Override
    int openFlagsToHost(int flags) {
        int sync = (flags & 0x4010) == 0x4010 ? 04010000 : 0;
        return ArmFlags.map(flags & ~0x4000, OPEN, HOST_OPEN) | sync;
    }

    @Override
    int openFlagsToGuest(int flags) {
        return ArmFlags.map(flags, HOST_OPEN, OPEN);
    }

    @Override
    int mmapFlagsToHost(int flags) {
        return flags & 0x1f | ((flags & 0x800) != 0 ? 0x20 : 0) | flags & 0x10_0000;
    }

    @Override
    int socketTypeToHost(int type) {
        int kind = type & 15;
        int flags = (type & 0x80) != 0 ? 04000 : 0;
        int turned = kind == 1 ? 2 : kind == 2 ? 1 : kind;
        return turned | flags | type & Paths.O_CLOEXEC;
    }

    @Override
    int socketTypeToGuest(int type) {
        return type == 1 ? 2 : type == 2 ? 1 : type;
    }

    /// SOL_SOCKET's options as asm/socket.h has them.
    @Override
    long socketOptionToHost(int level, int option) {
        if (level != 0xffff) {
            return super.socketOptionToHost(level, option);
        }
        int host =
                switch (option) {
                    case 0x0004 -> 2; // SO_REUSEADDR
                    case 0x0008 -> 9; // SO_KEEPALIVE
                    case 0x0010 -> 5; // SO_DONTROUTE
                    case 0x0020 -> 6; // SO_BROADCAST
                    case 0x0080 -> 13; // SO_LINGER
                    case 0x0100 -> 10; // SO_OOBINLINE
                    case 0x0200 -> 15; // SO_REUSEPORT
                    case 0x1001 -> 7; // SO_SNDBUF
                    case 0x1002 -> 8; // SO_RCVBUF
                    case 0x1003 -> 19; // SO_SNDLOWAT
                    case 0x1004 -> 18; // SO_RCVLOWAT
                    case 0x1005 -> 21; // SO_SNDTIMEO
                    case 0x1006 -> 20; // SO_RCVTIMEO
                    case 0x1007 -> 4; // SO_ERROR
                    case 0x1008 -> 3; // SO_TYPE
                    case 0x1009 -> 30; // SO_ACCEPTCONN
                    case 0x1028 -> 38; // SO_PROTOCOL
                    case 0x1029 -> 39; // SO_DOMAIN
                    case 17 -> 16; // SO_PASSCRED
                    case 18 -> 17; // SO_PEERCRED
                    default -> option;
                };
        return 1L << 32 | host;
    }

    @Override
    int ioctlToHost(int request) {
        return switch (request) {
            case 0x540d -> 0x5401; // TCGETS
            case 0x540e -> 0x5402;
            case 0x540f -> 0x5403;
            case 0x5410 -> 0x5404;
            case 0x4008_7468 -> 0x5413; // TIOCGWINSZ
            case 0x8008_7467 -> 0x5414; // TIOCSWINSZ
            case 0x467f -> 0x541b; // FIONREAD
            case 0x667e -> 0x5421; // FIONBIO
            case 0x6601 -> 0x5451; // FIOCLEX
            case 0x6602 -> 0x5450;
            case 0x4004_7477 -> 0x540f; // TIOCGPGRP
            case 0x8004_7476 -> 0x5410; // TIOCSPGRP
            case 0x7472 -> 0x5411; // TIOCOUTQ
            case 0x7416 -> 0x5429; // TIOCGSID
            case 0x5480 -> 0x540e; // TIOCSCTTY
            case 0x5471 -> 0x5422; // TIOCNOTTY
            case 0x5405 -> 0x5409; // TCSBRK
            case 0x5406 -> 0x540a;
            case 0x5407 -> 0x540b;
            case 0x740d -> 0x540c; // TIOCEXCL
            case 0x740e -> 0x540d;
            case 0x5470 -> 0x5420; // TIOCPKT
            case 0x7400 -> 0x5424; // TIOCGETD
            case 0x7401 -> 0x5423;
            case 0x4004_5432 -> 0x8004_5432; // TIOCGDEV
            case 0x8004_5436 -> 0x4004_5436; // TIOCSIG
            case 0x4004_5438 -> 0x8004_5438; // TIOCGPKT
            case 0x4004_5439 -> 0x8004_5439; // TIOCGPTLCK
            case 0x4004_5440 -> 0x8004_5440; // TIOCGEXCL
            case 0x2000_5441 -> 0x5441; // TIOCGPTPEER
            case 0x4004_5430 -> 0x8004_5430; // TIOCGPTN
            case 0x8004_5431 -> 0x4004_5431; // TIOCSPTLCK
            default -> request;
        };
    }

    @Override
    int termiosBytes() {
        return 40;
    }

    /// VMIN, VEOF, VEOL and VEOL2 have other places; the two that neither uses keep theirs.
    @Override
    int controlCharacter(int host) {
        return switch (host) {
            case 4 -> 16; // VEOF
            case 6 -> 4; // VMIN
            case 11 -> 17; // VEOL
            case 16 -> 6; // VEOL2
            case 17 -> 11;
            default -> host;
        };
    }

    @Override
    int localFlagsToGuest(int flags) {
        int exchanged = exchangeLocalFlags(flags);
        return exchanged & ~FLUSHO | (exchanged & FLUSHO) << 1;
    }

    @Override
    int localFlagsToHost(int flags) {
        int exchanged = exchangeLocalFlags(flags);
        return exchanged & ~(FLUSHO << 1) | (exchanged & FLUSHO << 1) >>> 1;
    }

    /// Each of the two has the other's place.
    private static int exchangeLocalFlags(int flags) {
        return flags & ~(TOSTOP | IEXTEN) | (flags & TOSTOP) << 7 | (flags & IEXTEN) >>> 7;
    }

    /// RLIMIT_NOFILE, AS, RSS, NPROC and MEMLOCK have other places.
    @Override
    int resourceToHost(int resource) {
        return switch (resource) {
            case 5 -> 7;
            case 6 -> 9;
            case 7 -> 5;
            case 8 -> 6;
            case 9 -> 8;
            default -> resource;
        };
    }

    @Override
    int fcntlToHost(int command) {
        return switch (command) {
            case 14 -> 5; // F_GETLK
            case 33 -> 12; // F_GETLK64
            case 34 -> 13;
            case 35 -> 14;
            case 24 -> 8; // F_SETOWN
            case 23 -> 9;
            default -> command;
        };
    }

    @Override
    int maskHowToHost(int how) {
        return how - 1;
    }

    // ---- structures

    /// Upper halves of times are behind everything else (asm/shmbuf.h, asm/sembuf.h).
    @Override
    byte[] segment(SystemV.Segment of, int attachments) {
        ByteBuffer b = permissions(of, 72);
        b.putInt(36, (int) of.bytes).putInt(40, (int) of.attached).putInt(44, (int) of.detached);
        b.putInt(48, (int) of.changed).putInt(52, of.creatorProcess).putInt(56, of.lastProcess);
        b.putInt(60, attachments);
        b.putShort(64, (short) (of.attached >>> 32)).putShort(66, (short) (of.detached >>> 32));
        return GuestAbi.bytes(b.putShort(68, (short) (of.changed >>> 32)));
    }

    @Override
    byte[] semaphores(SystemV.Semaphores of) {
        ByteBuffer b = permissions(of, 56);
        b.putInt(36, (int) of.operated).putInt(40, (int) of.changed).putInt(44, of.values.length);
        b.putInt(48, (int) (of.operated >>> 32)).putInt(52, (int) (of.changed >>> 32));
        return GuestAbi.bytes(b);
    }

    @Override
    byte[] stat(FileStatus s) {
        ByteBuffer b = buffer(104);
        b.putInt(0, (int) s.device()).putLong(16, s.inode());
        b.putInt(24, s.mode()).putInt(28, (int) s.links()).putInt(32, s.uid()).putInt(36, s.gid());
        b.putInt(40, (int) s.specialDevice()).putLong(56, s.size());
        for (int i = 0; i < 6; i++) {
            b.putInt(64 + 4 * i, (int) s.times()[i]);
        }
        b.putInt(88, (int) s.blockBytes()).putLong(96, s.blocks());
        return GuestAbi.bytes(b);
    }

    @Override
    int signalSetBytes() {
        return 16;
    }

    /// Flags come first, and there is no restorer.
    @Override
    Signal.Action readAction(UserMemory memory, long address) throws BadAddressException {
        long flags = memory.get(address, 4);
        long neutral = flags & ~(0x8L | 0x1_0000L);
        neutral |= (flags & 0x8) != 0 ? Signal.SA_SIGINFO : 0;
        neutral |= (flags & 0x1_0000) != 0 ? Signal.SA_NOCLDWAIT : 0;
        return new Signal.Action(
                memory.get(address + 4, 4),
                neutral,
                0,
                signalsToHost(memory.get(address + 8, 4) | memory.get(address + 12, 4) << 32));
    }

    @Override
    void writeAction(UserMemory memory, long address, Signal.Action action)
            throws BadAddressException {
        long flags = action.flags() & ~(Signal.SA_SIGINFO | Signal.SA_NOCLDWAIT);
        flags |= action.has(Signal.SA_SIGINFO) ? 8 : 0;
        flags |= action.has(Signal.SA_NOCLDWAIT) ? 0x1_0000 : 0;
        long mask = signalsToGuest(action.mask());
        memory.put(address, 4, flags);
        memory.put(address + 4, 4, action.handler());
        memory.put(address + 8, 4, mask);
        memory.put(address + 12, 4, mask >>> 32);
        memory.put(address + 16, 8, 0);
    }

    @Override
    Signal.Action readOldAction(UserMemory memory, long address) throws BadAddressException {
        return readAction(memory, address);
    }

    @Override
    void writeOldAction(UserMemory memory, long address, Signal.Action action)
            throws BadAddressException {
        writeAction(memory, address, action);
    }

    @Override
    void codeAndErrno(ByteBuffer siginfo, int code) {
        siginfo.putInt(4, code);
    }

    // ---- signals

    /// LI V0, 4119; SYSCALL; LI V0, 4193; SYSCALL.
    @Override
    byte[] trampolines() {
        return buffer(16)
                .putInt(0x2402_1017)
                .putInt(0x0000_000c)
                .putInt(0x2402_1061)
                .putInt(0x0000_000c)
                .array();
    }

    @Override
    void enterHandler(GuestThread t, Signal.Info info, Signal.Action action, long mask)
            throws BadAddressException {
        UserVcpu v = t.vcpu;
        boolean withInfo = action.has(Signal.SA_SIGINFO);
        int bytes = withInfo ? RT_FRAME_BYTES : FRAME_BYTES;
        long frame = frameTop(t, action, 32) - bytes & -8;
        ByteBuffer b = buffer(bytes);
        int context = withInfo ? RT_SIGCONTEXT : HEAD;
        if (withInfo) {
            b.put(HEAD, siginfo(info));
            t.altStack.write(this, b, STACK);
        }
        b.putLong(context + PC, v.pc());
        for (int i = 1; i < 32; i++) {
            b.putLong(context + REGISTERS + 8 * i, signed(v.register(i)));
        }
        b.putLong(context + SAVED_HI, signed(v.register(HI)));
        b.putLong(context + SAVED_LO, signed(v.register(LO)));
        byte[] floats = v.saveFloats();
        b.put(context + FLOATS, floats, 0, FLOAT_BYTES);
        b.put(context + FCSR, floats, FLOAT_BYTES, 4);
        putMask(b, context + SIGCONTEXT_BYTES, signalsToGuest(mask));
        t.memory().put(frame, GuestAbi.bytes(b));
        v.setRegister(A0, signalToGuest(info.signal()));
        v.setRegister(A0 + 1, withInfo ? frame + HEAD : 0);
        v.setRegister(A0 + 2, withInfo ? frame + UCONTEXT : frame + HEAD);
        v.setRegister(SP, frame);
        v.setRegister(RA, t.process.trampoline() + (withInfo ? 8 : 0));
        v.setRegister(T9, action.handler());
        v.setPc(action.handler());
    }

    /// As registers of 32 bits are in contexts of 64.
    private static long signed(long register) {
        return (int) register;
    }

    private static void putMask(ByteBuffer b, int at, long mask) {
        b.putInt(at, (int) mask);
        b.putInt(at + 4, (int) (mask >>> 32));
    }

    @Override
    long leaveHandler(GuestThread t, boolean withInfo) throws BadAddressException {
        UserVcpu v = t.vcpu;
        int bytes = withInfo ? RT_FRAME_BYTES : FRAME_BYTES;
        ByteBuffer b = buffer(t.memory().bytes(v.register(SP), bytes));
        int context = withInfo ? RT_SIGCONTEXT : HEAD;
        byte[] floats = new byte[FLOAT_BYTES + 4];
        b.get(context + FLOATS, floats, 0, FLOAT_BYTES);
        b.get(context + FCSR, floats, FLOAT_BYTES, 4);
        v.loadFloats(floats);
        for (int i = 1; i < 32; i++) {
            v.setRegister(i, b.getLong(context + REGISTERS + 8 * i));
        }
        v.setRegister(HI, b.getLong(context + SAVED_HI));
        v.setRegister(LO, b.getLong(context + SAVED_LO));
        v.setPc(b.getLong(context + PC) & 0xffff_ffffL);
        if (withInfo) {
            t.altStack.read(this, b, STACK);
        }
        int at = context + SIGCONTEXT_BYTES;
        long mask = b.getInt(at) & 0xffff_ffffL | (long) b.getInt(at + 4) << 32;
        return signalsToHost(mask);
    }
}
