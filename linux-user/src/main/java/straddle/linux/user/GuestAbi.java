package straddle.linux.user;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import straddle.core.user.BadAddressException;
import straddle.core.user.UserIsa;
import straddle.core.user.UserMemory;
import straddle.core.user.UserVcpu;

/// How programs of one architecture call the system: numbers, where arguments and results are, structures, signal
/// frames. What is not overridden is what most architectures share (asm-generic).
///
/// Neutral values are the host's: x86-64's flags, signals and error numbers.
abstract class GuestAbi {
    private static final int SIGINFO_BYTES = 128;

    /// NCCS of the host's kernel.
    private static final int HOST_CONTROL_CHARACTERS = 19;

    final UserIsa isa;
    private final Map<Integer, SystemCall> calls = new HashMap<>();
    private final Map<Integer, String> names = new HashMap<>();
    private final int stackRegister;
    private final int numberRegister;
    private final int resultRegister;
    private final int[] argumentRegisters;

    /// @param stackRegister the general register that is the stack pointer
    /// @param numberRegister the one with a call's number
    /// @param resultRegister the one that its result goes to
    /// @param argumentRegisters those that its arguments are in
    GuestAbi(
            UserIsa isa,
            int stackRegister,
            int numberRegister,
            int resultRegister,
            int... argumentRegisters) {
        this.isa = isa;
        this.stackRegister = stackRegister;
        this.numberRegister = numberRegister;
        this.resultRegister = resultRegister;
        this.argumentRegisters = argumentRegisters;
        int column =
                switch (isa) {
                    case X86_64 -> 1;
                    case I386 -> 2;
                    case AARCH64 -> 3;
                    case ARM -> 4;
                    case MIPS, MIPSEL -> 5;
                };
        Map<String, SystemCall> known = HashMap.newHashMap(512);
        for (SystemCall each : SystemCall.values()) {
            known.put(each.linuxName(), each);
        }
        String table = table();
        int line = 0;
        for (int end = table.indexOf('\n'); end >= 0; end = table.indexOf('\n', line)) {
            if (table.charAt(line) != '#') {
                addLine(table, line, column, known);
            }
            line = end + 1;
        }
    }

    /// The names of calls and their numbers of each architecture, a line a call.
    private static String table() {
        try (InputStream in = GuestAbi.class.getResourceAsStream("syscalls.txt")) {
            return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void addLine(String table, int line, int column, Map<String, SystemCall> known) {
        int at = line;
        for (int i = 0; i < column; i++) {
            at = table.indexOf(' ', at) + 1;
        }
        if (table.charAt(at) == '-') {
            return;
        }
        int number = 0;
        for (char digit = table.charAt(at); digit >= '0'; digit = table.charAt(++at)) {
            number = number * 10 + digit - '0';
        }
        String name = table.substring(line, table.indexOf(' ', line));
        names.put(number, name);
        SystemCall call = known.get(name);
        if (call != null) {
            calls.put(number, call);
        }
    }

    static GuestAbi of(UserIsa isa) {
        return switch (isa) {
            case X86_64 -> new X86_64Abi();
            case I386 -> new I386Abi();
            case AARCH64 -> new Aarch64Abi();
            case ARM -> new ArmAbi();
            case MIPS, MIPSEL -> new MipsAbi(isa);
        };
    }

    /// The call with a number, or null.
    final SystemCall call(int number) {
        return calls.get(number);
    }

    /// What the kernel calls a number, for messages.
    final String callName(int number) {
        return names.getOrDefault(number, "system call " + number);
    }

    final int wordBytes() {
        return isa.bits() / 8;
    }

    /// The page size that programs are told.
    static final int PAGE_BYTES = UserMemory.PAGE_BYTES;

    // ---- calling

    final int callNumber(UserVcpu vcpu) {
        return (int) vcpu.register(numberRegister);
    }

    /// The word of an argument; 0 if there are not so many.
    long word(UserVcpu vcpu, int index) throws BadAddressException {
        return index < argumentRegisters.length ? vcpu.register(argumentRegisters[index]) : 0;
    }

    /// Whether numbers of 64 bits begin at even words, where words have 32.
    boolean alignsPairs() {
        return true;
    }

    /// Arguments by their letters, see [SystemCall].
    final long[] arguments(UserVcpu vcpu, String letters) throws BadAddressException {
        long[] values = new long[Math.max(6, letters.length())];
        int at = 0;
        for (int i = 0; i < letters.length(); i++) {
            char letter = letters.charAt(i);
            if (letter == 'l' && !isa.is64()) {
                at += alignsPairs() ? at & 1 : 0;
                long first = word(vcpu, at) & 0xffff_ffffL;
                long second = word(vcpu, at + 1) & 0xffff_ffffL;
                boolean big = isa.order() == java.nio.ByteOrder.BIG_ENDIAN;
                values[i] = big ? first << 32 | second : second << 32 | first;
                at += 2;
                continue;
            }
            long word = word(vcpu, at++);
            values[i] =
                    switch (letter) {
                        case 'f', 'd' -> (int) word;
                        case 'i' -> isa.is64() ? word : (int) word;
                        default -> isa.is64() ? word : word & 0xffff_ffffL;
                    };
        }
        return values;
    }

    /// Stores what a call returns.
    ///
    /// @param value a result, or minus an error number of the host's
    void result(UserVcpu vcpu, long value) {
        vcpu.setRegister(resultRegister, value);
    }

    /// Has the call that stopped the program called again, with the arguments it had.
    void restart(UserVcpu vcpu, CallRegisters before) {
        vcpu.setRegister(resultRegister, before.result());
        vcpu.rewindSystemCall();
    }

    /// What a call's registers held that its result overwrites.
    ///
    /// @param error of the register that tells errors, if there is one
    record CallRegisters(long result, long error) {}

    CallRegisters callRegisters(UserVcpu vcpu) {
        return new CallRegisters(vcpu.register(resultRegister), 0);
    }

    static boolean isError(long value) {
        return value < 0 && value >= -4095;
    }

    final long stackPointer(UserVcpu vcpu) {
        return vcpu.register(stackRegister);
    }

    final void setStackPointer(UserVcpu vcpu, long address) {
        vcpu.setRegister(stackRegister, address);
    }

    /// Registers of a new program, which are 0 otherwise.
    void start(UserVcpu vcpu, long entry, long stack) {
        setStackPointer(vcpu, stack);
        vcpu.setPc(entry);
    }

    /// Which floating-point registers a new program has, where there is a choice.
    void chooseFloats(UserVcpu vcpu, boolean wide) {}

    /// What AT_HWCAP and AT_HWCAP2 say.
    long hwcap() {
        return 0;
    }

    long hwcap2() {
        return 0;
    }

    /// What AT_PLATFORM says, or null.
    String platform() {
        return null;
    }

    String machine() {
        return isa.machineName();
    }

    /// Where mappings go from, downwards.
    long mmapTop() {
        return isa.is64() ? 0x7fff_0000_0000L : 0xb700_0000L;
    }

    /// The end of the stack.
    long stackTop() {
        return isa.is64() ? 0x7fff_ff00_0000L : 0xbfff_0000L;
    }

    /// Where a program goes that can lie anywhere.
    long pieBase() {
        return isa.is64() ? 0x5555_5555_4000L : 0x5655_5000L;
    }

    /// Whether getgroups(2) and its like have numbers of 16 bits.
    boolean has16BitGroups() {
        return isa == UserIsa.I386 || isa == UserIsa.ARM;
    }

    /// set_thread_area(2).
    long setThreadArea(GuestThread t, long argument) throws BadAddressException {
        return -Errno.ENOSYS;
    }

    /// clone(2)'s CLONE_SETTLS.
    void setCloneTls(UserVcpu vcpu, UserMemory memory, long tls) throws BadAddressException {
        vcpu.setThreadPointer(tls);
    }

    // ---- numbers that some architectures have otherwise

    int signalToHost(int signal) {
        return signal;
    }

    int signalToGuest(int signal) {
        return signal;
    }

    /// Turns a set of signals, bit n - 1 being signal n.
    final long signalsToHost(long set) {
        long turned = 0;
        for (long rest = set; rest != 0; rest &= rest - 1) {
            turned |= Signal.bit(signalToHost(Long.numberOfTrailingZeros(rest) + 1));
        }
        return turned;
    }

    final long signalsToGuest(long set) {
        long turned = 0;
        for (long rest = set; rest != 0; rest &= rest - 1) {
            turned |= Signal.bit(signalToGuest(Long.numberOfTrailingZeros(rest) + 1));
        }
        return turned;
    }

    /// A sigset_t as the host's set: words of signals, those with the lowest numbers first.
    final long readSignals(UserMemory memory, long address) throws BadAddressException {
        return signalsToHost(
                isa.is64()
                        ? memory.get(address, 8)
                        : memory.get(address, 4) | memory.get(address + 4, 4) << 32);
    }

    final void writeSignals(UserMemory memory, long address, long set) throws BadAddressException {
        long turned = signalsToGuest(set);
        if (isa.is64()) {
            memory.put(address, 8, turned);
        } else {
            memory.put(address, 4, turned);
            memory.put(address + 4, 4, turned >>> 32);
        }
    }

    /// sigprocmask(2)'s first argument.
    int maskHowToHost(int how) {
        return how;
    }

    int errnoToGuest(int errno) {
        return errno;
    }

    int openFlagsToHost(int flags) {
        return flags;
    }

    int openFlagsToGuest(int flags) {
        return flags;
    }

    int mmapFlagsToHost(int flags) {
        return flags;
    }

    int socketTypeToHost(int type) {
        return type;
    }

    int socketTypeToGuest(int type) {
        return type;
    }

    /// A level and an option of sockets, the level in the upper half.
    long socketOptionToHost(int level, int option) {
        return (long) level << 32 | option & 0xffff_ffffL;
    }

    int ioctlToHost(int request) {
        return request;
    }

    /// struct termios of the kernel's interface (asm/termbits.h): four sets of flags, the line discipline, characters.
    int termiosBytes() {
        return 36;
    }

    /// Where a control character of the host's is in the program's structure.
    int controlCharacter(int host) {
        return host;
    }

    /// Flags of c_lflag.
    int localFlagsToGuest(int flags) {
        return flags;
    }

    int localFlagsToHost(int flags) {
        return flags;
    }

    final void termiosToHost(byte[] guest, MemorySegment to) {
        ByteBuffer b = buffer(guest);
        for (int i = 0; i < 16; i += 4) {
            to.set(ValueLayout.JAVA_INT, i, i == 12 ? localFlagsToHost(b.getInt(i)) : b.getInt(i));
        }
        to.set(ValueLayout.JAVA_BYTE, 16, b.get(16));
        for (int i = 0; i < HOST_CONTROL_CHARACTERS; i++) {
            to.set(ValueLayout.JAVA_BYTE, 17 + i, b.get(17 + controlCharacter(i)));
        }
    }

    final byte[] termiosToGuest(MemorySegment from) {
        ByteBuffer b = buffer(termiosBytes());
        for (int i = 0; i < 16; i += 4) {
            int flags = from.get(ValueLayout.JAVA_INT, i);
            b.putInt(i, i == 12 ? localFlagsToGuest(flags) : flags);
        }
        b.put(16, from.get(ValueLayout.JAVA_BYTE, 16));
        for (int i = 0; i < HOST_CONTROL_CHARACTERS; i++) {
            b.put(17 + controlCharacter(i), from.get(ValueLayout.JAVA_BYTE, 17 + i));
        }
        return bytes(b);
    }

    int resourceToHost(int resource) {
        return resource;
    }

    /// fcntl(2)'s commands.
    int fcntlToHost(int command) {
        return command;
    }

    int pollToHost(int events) {
        return events;
    }

    // ---- structures

    /// A buffer in the program's byte order.
    final ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(isa.order());
    }

    final ByteBuffer buffer(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(isa.order());
    }

    /// What is in a buffer, all of it.
    static byte[] bytes(ByteBuffer of) {
        byte[] all = new byte[of.capacity()];
        of.get(0, all);
        return all;
    }

    final void putWord(ByteBuffer to, int at, long value) {
        if (isa.is64()) {
            to.putLong(at, value);
        } else {
            to.putInt(at, (int) value);
        }
    }

    final long getWord(ByteBuffer from, int at) {
        return isa.is64() ? from.getLong(at) : from.getInt(at) & 0xffff_ffffL;
    }

    /// struct stat of the newest call.
    abstract byte[] stat(FileStatus s);

    // ---- System V IPC (asm-generic/ipcbuf.h, shmbuf.h, sembuf.h, msgbuf.h)

    /// A structure of a kind's own, with the permissions that all begin with.
    final ByteBuffer permissions(SystemV.Thing of, int bytes) {
        ByteBuffer b = buffer(bytes);
        b.putInt(0, of.key).putInt(4, of.owner).putInt(8, of.ownerGroup);
        b.putInt(12, of.creator).putInt(16, of.creatorGroup).putInt(20, of.mode);
        return b;
    }

    /// Of struct ipc64_perm.
    final int permissionBytes() {
        return isa.is64() ? 48 : 36;
    }

    /// Where words have 32 bits, a time has two, of which the second is its upper half.
    private void putIpcTimes(ByteBuffer to, int at, long... times) {
        for (int i = 0; i < times.length; i++) {
            if (isa.is64()) {
                to.putLong(at + 8 * i, times[i]);
            } else {
                boolean big = isa.order() == java.nio.ByteOrder.BIG_ENDIAN;
                to.putInt(at + 8 * i, (int) (big ? times[i] >>> 32 : times[i]));
                to.putInt(at + 8 * i + 4, (int) (big ? times[i] : times[i] >>> 32));
            }
        }
    }

    /// struct shmid64_ds.
    byte[] segment(SystemV.Segment of, int attachments) {
        int w = wordBytes();
        int times = permissionBytes() + w;
        ByteBuffer b = permissions(of, times + 24 + 8 + 3 * w);
        putWord(b, permissionBytes(), of.bytes);
        putIpcTimes(b, times, of.attached, of.detached, of.changed);
        b.putInt(times + 24, of.creatorProcess).putInt(times + 28, of.lastProcess);
        putWord(b, times + 32, attachments);
        return GuestAbi.bytes(b);
    }

    /// struct semid64_ds.
    byte[] semaphores(SystemV.Semaphores of) {
        int times = permissionBytes();
        ByteBuffer b = permissions(of, times + 16 + 3 * wordBytes());
        putIpcTimes(b, times, of.operated, of.changed);
        putWord(b, times + 16, of.values.length);
        return GuestAbi.bytes(b);
    }

    /// struct msqid64_ds.
    final byte[] queue(SystemV.Queue of) {
        int w = wordBytes();
        int times = permissionBytes();
        int counts = times + 24;
        ByteBuffer b = permissions(of, counts + 3 * w + 8 + 2 * w);
        putIpcTimes(b, times, of.sent, of.received, of.changed);
        putWord(b, counts, of.bytes);
        putWord(b, counts + w, of.messages.size());
        putWord(b, counts + 2 * w, of.mostBytes);
        b.putInt(counts + 3 * w, of.lastSender).putInt(counts + 3 * w + 4, of.lastReceiver);
        return GuestAbi.bytes(b);
    }

    /// msg_qbytes of a struct msqid64_ds.
    final long queueBytes(UserMemory memory, long address) throws BadAddressException {
        return memory.get(address + permissionBytes() + 24 + 2L * wordBytes(), wordBytes());
    }

    /// Of epoll_event: x86-64's alone is packed.
    int epollEventBytes() {
        return 16;
    }

    int epollDataOffset() {
        return 8;
    }

    /// Of the kernel's sigset_t.
    int signalSetBytes() {
        return 8;
    }

    /// struct sigaction of rt_sigaction(2).
    Signal.Action readAction(UserMemory memory, long address) throws BadAddressException {
        int w = wordBytes();
        long flags = memory.get(address + w, w);
        return new Signal.Action(
                memory.get(address, w),
                flags,
                (flags & Signal.SA_RESTORER) != 0 ? memory.get(address + 2L * w, w) : 0,
                memory.get(address + 3L * w, 8));
    }

    void writeAction(UserMemory memory, long address, Signal.Action action)
            throws BadAddressException {
        int w = wordBytes();
        memory.put(address, w, action.handler());
        memory.put(address + w, w, action.flags());
        memory.put(address + 2L * w, w, action.restorer());
        memory.put(address + 3L * w, 8, action.mask());
    }

    /// struct old_sigaction of sigaction(2).
    Signal.Action readOldAction(UserMemory memory, long address) throws BadAddressException {
        return new Signal.Action(
                memory.get(address, 4),
                memory.get(address + 8, 4),
                memory.get(address + 12, 4),
                memory.get(address + 4, 4));
    }

    void writeOldAction(UserMemory memory, long address, Signal.Action action)
            throws BadAddressException {
        memory.put(address, 4, action.handler());
        memory.put(address + 4, 4, action.mask());
        memory.put(address + 8, 4, action.flags());
        memory.put(address + 12, 4, action.restorer());
    }

    /// siginfo_t.
    final byte[] siginfo(Signal.Info info) {
        ByteBuffer b = buffer(SIGINFO_BYTES);
        b.putInt(0, signalToGuest(info.signal()));
        codeAndErrno(b, info.code());
        int fields = isa.is64() ? 16 : 12;
        boolean fault = info.code() > 0 && isFault(info.signal());
        if (fault) {
            putWord(b, fields, info.address());
        } else {
            b.putInt(fields, info.pid());
            b.putInt(fields + 4, info.uid());
            if (info.signal() == Signal.SIGCHLD) {
                b.putInt(fields + 8, childStatus(info));
            } else {
                putWord(b, fields + 8, info.status());
            }
        }
        return GuestAbi.bytes(b);
    }

    /// Of a child that a signal has done something to, its number.
    final int childStatus(Signal.Info info) {
        int status = (int) info.status();
        return info.code() == Signal.CLD_EXITED ? status : signalToGuest(status);
    }

    private static boolean isFault(int signal) {
        return signal == Signal.SIGSEGV
                || signal == Signal.SIGBUS
                || signal == Signal.SIGILL
                || signal == 8
                || signal == 5;
    }

    void codeAndErrno(ByteBuffer siginfo, int code) {
        siginfo.putInt(8, code);
    }

    // ---- signals

    /// Code that returns from handlers, for a page of its own; empty where programs bring theirs.
    byte[] trampolines() {
        return new byte[0];
    }

    /// Has a handler called: builds its frame and sets registers.
    ///
    /// @param mask to restore afterwards
    abstract void enterHandler(GuestThread t, Signal.Info info, Signal.Action action, long mask)
            throws BadAddressException;

    /// sigreturn(2): takes a frame down.
    ///
    /// @param withInfo rt_sigreturn(2)
    /// @return the mask to restore
    abstract long leaveHandler(GuestThread t, boolean withInfo) throws BadAddressException;

    /// Where a frame of some bytes goes: on the alternate stack, if that is wanted.
    final long frameTop(GuestThread t, Signal.Action action, long redZone) {
        long sp = stackPointer(t.vcpu);
        if (action.has(Signal.SA_ONSTACK) && t.altStack.usable(sp)) {
            return t.altStack.start() + t.altStack.size();
        }
        return sp - redZone;
    }
}
